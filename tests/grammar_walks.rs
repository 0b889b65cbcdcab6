//! Random walks over the grammars of `grammars/`, from the start or from anywhere in
//! a sample: no mask is empty before the end, what it allows can be pushed and
//! nothing else can, and from wherever a walk has got it ends within the bytes that
//! were promised.

use formwork::{EngineError, Grammar, MaskError, Matcher, PushError, TokenId, Vocab, mask};
use formwork_testkit::walk::{brute_mask, differences, show};
use formwork_testkit::{Rng, vocab};

use crate::{grammars, support};

/// Tokens at random at most, before a walk is steered to its end.
const TOKENS: usize = 60;
/// Tokens that are tried at each step: so many allowed, as many of all.
const TRIED: usize = 4;

/// Why a walk was left.
enum Left {
    Limit(EngineError),
    Wrong(String),
}

impl From<EngineError> for Left {
    fn from(error: EngineError) -> Left {
        Left::Limit(error)
    }
}

#[test]
fn walks_with_a_toy_vocabulary() {
    walks(vocab::toy(9), support::cases(25), true);
}

#[test]
fn walks_with_the_embedded_vocabulary() {
    let vocab = Vocab::embedded().expect("the embedded vocabulary");
    walks(vocab, support::cases(6), false);
}

/// Walks over each grammar; masks are compared with brute force now and then if
/// the vocabulary is `small`.
fn walks(vocab: Vocab, count: u32, small: bool) {
    let compiler = support::compiler(vocab);
    let mut rng = Rng::new(support::seed());
    let (mut done, mut limited) = (0, 0);
    for path in grammars::files() {
        let mut grammar = grammars::compile(&compiler, &path);
        let samples = grammars::samples_of(&path, "valid");
        for _ in 0..count {
            let sample = rng.pick(&samples).1.as_bytes();
            let begin = &sample[..rng.below(sample.len() + 1) * rng.below(2)];
            let mut walk = Walk {
                vocab: compiler.vocab(),
                matcher: grammar.matcher(),
                text: Vec::new(),
            };
            done += 1;
            match walk.run(begin, small, &mut rng) {
                Ok(()) => assert!(reads(&grammar, &walk.text), "{}", show(&walk.text)),
                // States are kept for as long as the grammar is.
                Err(Left::Limit(_)) => {
                    limited += 1;
                    grammar = grammars::compile(&compiler, &path);
                }
                Err(Left::Wrong(why)) => {
                    let name = grammars::name(&path);
                    panic!("{name}: {why}, after {}", show(&walk.text));
                }
            }
        }
    }
    assert!(
        limited * 50 <= done,
        "{limited} of {done} walks reach a limit"
    );
}

/// Whether the text is read byte by byte, too.
fn reads(grammar: &Grammar, text: &[u8]) -> bool {
    let mut matcher = grammar.matcher();
    matcher.push_bytes(text).is_ok() && matcher.is_complete()
}

/// A random text.
pub(crate) fn text(grammar: &Grammar, rng: &mut Rng) -> String {
    let mut walk = Walk {
        vocab: grammar.index().vocab(),
        matcher: grammar.matcher(),
        text: Vec::new(),
    };
    match walk.run(b"", false, rng) {
        Ok(()) => String::from_utf8(walk.text).expect("UTF-8"),
        Err(Left::Limit(error)) => panic!("{error}, after {}", show(&walk.text)),
        Err(Left::Wrong(why)) => panic!("{why}, after {}", show(&walk.text)),
    }
}

struct Walk<'a> {
    vocab: &'a Vocab,
    matcher: Matcher,
    text: Vec<u8>,
}

impl Walk<'_> {
    /// From `begin` on, to an end.
    fn run(&mut self, begin: &[u8], small: bool, rng: &mut Rng) -> Result<(), Left> {
        self.push_bytes(begin)?;
        let budget = rng.below(TOKENS);
        let compared = rng.below(budget);
        for step in 0..budget {
            let row = self.mask(rng)?;
            if small && step == compared {
                self.compare(&row)?;
            }
            let mut allowed: Vec<TokenId> = mask::iter_ones(&row).collect();
            allowed.retain(|token| !self.vocab.stop_ids().contains(token));
            if allowed.is_empty() {
                return Ok(());
            }
            let token = *rng.pick(&allowed);
            self.matcher.push(token).map_err(|error| refused(&error))?;
            self.text.extend_from_slice(self.vocab.bytes(token));
        }
        self.steer(rng)
    }

    fn push_bytes(&mut self, bytes: &[u8]) -> Result<(), Left> {
        let pushed = self.matcher.push_bytes(bytes);
        self.text.extend_from_slice(bytes);
        pushed.map_err(|error| refused(&error))
    }

    /// The mask here, some of its bits tried.
    fn mask(&self, rng: &mut Rng) -> Result<Vec<u32>, Left> {
        let mut row = vec![0; self.vocab.mask_words()];
        self.matcher
            .fill_mask(&mut row)
            .map_err(|error| match error {
                MaskError::Engine(error) => Left::Limit(error),
                error => Left::Wrong(error.to_string()),
            })?;
        let allowed: Vec<TokenId> = mask::iter_ones(&row).collect();
        if allowed.is_empty() {
            return Err(Left::Wrong("nothing may follow".into()));
        }
        for _ in 0..TRIED {
            for token in [
                *rng.pick(&allowed),
                TokenId(rng.below(self.vocab.len()) as u32),
            ] {
                let pushed = match self.matcher.fork().push(token) {
                    Err(PushError::Engine(error)) => return Err(error.into()),
                    result => result.is_ok(),
                };
                if pushed != mask::get(&row, token) {
                    let what = show(self.vocab.bytes(token));
                    return Err(Left::Wrong(format!("the mask is wrong on {what}")));
                }
            }
        }
        Ok(row)
    }

    /// Every bit of the mask against a push.
    fn compare(&self, row: &[u32]) -> Result<(), Left> {
        match brute_mask(&self.matcher) {
            Some(brute) if brute != row => Err(Left::Wrong(
                differences(&self.matcher, row, &brute).join(", "),
            )),
            _ => Ok(()),
        }
    }

    /// On to the end, along ways that bring it nearer.
    fn steer(&mut self, rng: &mut Rng) -> Result<(), Left> {
        let promised = self.text.len() + self.matcher.min_completion_bytes() as usize;
        while !self.matcher.is_complete() {
            let before = self.matcher.min_completion_bytes();
            let ways = self.matcher.ways_to_end()?;
            if ways.is_empty() {
                return Err(Left::Wrong("no way to the end".into()));
            }
            let way = rng.pick(&ways);
            self.push_bytes(way)?;
            if self.matcher.min_completion_bytes() >= before {
                return Err(Left::Wrong("a way that is no nearer to the end".into()));
            }
        }
        if self.text.len() > promised {
            let over = self.text.len() - promised;
            return Err(Left::Wrong(format!("{over} bytes more than promised")));
        }
        let stop = *rng.pick(self.vocab.stop_ids());
        let mut stopped = self.matcher.fork();
        stopped.push(stop).map_err(|error| refused(&error))?;
        Ok(())
    }
}

fn refused(error: &PushError) -> Left {
    match error {
        PushError::Engine(error) => Left::Limit(*error),
        error => Left::Wrong(format!("a push is refused: {error}")),
    }
}
