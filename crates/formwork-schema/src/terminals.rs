//! Terminals that schemas have in common, kept for as long as a compiler
//! lives.

#![expect(
    clippy::indexing_slicing,
    reason = "there is a terminal for each of the combinations"
)]

use std::sync::{Arc, Mutex, PoisonError};

use formwork_automata::{Dfa, Limits};
use formwork_grammar::terminal::Shared;
use formwork_grammar::{ByteDfa, ByteDfaBuilder, JsonText, Spaced, Terminal, Whitespace};
use rustc_hash::FxHashMap;

use crate::draft::Draft;
use crate::format::{self, FormatError, FormatLanguage};
use crate::memo::Memo;
use crate::number::{Digits, any_integer, any_normalised, any_number};
use crate::text::Text;

/// Label of a comma, of whatever it separates.
pub(crate) const COMMA: u32 = 0;
/// Label of a closing bracket.
pub(crate) const CLOSE: u32 = 1;

/// The name of a format, and the draft where it matters.
type FormatKey = (Box<str>, Option<Draft>);

/// What compilers of many schemas share: punctuation, plain scalars, formats, and what else they
/// write alike.
///
/// Keeping one of these for a vocabulary lets the mask engine keep what it
/// learns of these terminals. Bounded: one set of punctuation per white-space
/// policy, at most 16 policies, the standard formats, and 16 MiB of patterns and
/// of intervals of numbers.
#[derive(Default)]
pub struct TerminalCache {
    punctuation: Mutex<FxHashMap<Whitespace, Arc<Punctuation>>>,
    formats: Mutex<FxHashMap<FormatKey, Arc<FormatLanguage>>>,
    texts: Mutex<FxHashMap<TextKey, KeptText>>,
    memo: Arc<Memo>,
}

/// White space, the address of a language, bounds on the length.
type TextKey = (Whitespace, usize, (u32, Option<u32>));

/// A language, kept so that its address stays its own, and its terminal.
type KeptText = (Arc<Dfa>, Arc<dyn Terminal>);

const MAX_POLICIES: usize = 16;
const MAX_TEXTS: usize = 1024;

impl TerminalCache {
    pub(crate) fn punctuation(&self, space: Whitespace) -> Arc<Punctuation> {
        let mut known = self
            .punctuation
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_POLICIES && !known.contains_key(&space) {
            known.clear();
        }
        let new = || Arc::new(Punctuation::new(space));
        Arc::clone(known.entry(space).or_insert_with(new))
    }

    pub(crate) fn memo(&self) -> &Arc<Memo> {
        &self.memo
    }

    /// The language of a standard format; `None` for other names.
    pub(crate) fn format(
        &self,
        name: &str,
        draft: Draft,
        limits: &Limits,
    ) -> Option<Result<Arc<FormatLanguage>, FormatError>> {
        let key = (name.into(), format::varies(name, draft).then_some(draft));
        let mut known = self.formats.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(language) = known.get(&key) {
            return Some(Ok(Arc::clone(language)));
        }
        Some(format::compile(name, draft, limits)?.map(|language| {
            let language = Arc::new(language);
            known.insert(key, Arc::clone(&language));
            language
        }))
    }

    /// Whether a language is one of the formats kept here.
    fn is_format(&self, dfa: &Arc<Dfa>) -> bool {
        let known = self.formats.lock().unwrap_or_else(PoisonError::into_inner);
        known.values().any(|format| Arc::ptr_eq(&format.dfa, dfa))
    }

    /// The terminal of strings in a language, shared if the language is.
    pub(crate) fn text(&self, space: Whitespace, text: Text) -> Arc<dyn Terminal> {
        let dfa = Arc::clone(text.language());
        let key = (space, Arc::as_ptr(&dfa) as usize, text.bounds());
        let literal = Spaced::new(space, JsonText::new(text));
        if !self.is_format(&dfa) && !self.memo.is_small_pattern(&dfa) {
            return Arc::new(literal);
        }
        let mut known = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_TEXTS {
            known.clear();
        }
        let new = || (dfa, Arc::new(Shared(literal)) as Arc<dyn Terminal>);
        Arc::clone(&known.entry(key).or_insert_with(new).1)
    }
}

impl std::fmt::Debug for TerminalCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TerminalCache").finish_non_exhaustive()
    }
}

/// Punctuation and plain scalars under one white-space policy.
pub(crate) struct Punctuation {
    pub(crate) space: Whitespace,
    pub(crate) open_object: Arc<dyn Terminal>,
    pub(crate) open_array: Arc<dyn Terminal>,
    pub(crate) colon: Arc<dyn Terminal>,
    /// After a member or an item, by what may follow: bit 0 a comma, bit 1 the
    /// closing bracket.
    object_next: [Arc<dyn Terminal>; 4],
    array_next: [Arc<dyn Terminal>; 4],
    /// White space at the end of the text; `None` if there may be none.
    pub(crate) trailing: Option<Arc<dyn Terminal>>,
    /// `null`, `false` and `true` by bits 0, 1, 2.
    literals: [Arc<dyn Terminal>; 8],
    pub(crate) any_string: Arc<dyn Terminal>,
    /// The languages of all strings and of none.
    pub(crate) any_name: Arc<Dfa>,
    pub(crate) no_name: Arc<Dfa>,
    pub(crate) any_number: Arc<dyn Terminal>,
    pub(crate) any_integer: Arc<dyn Terminal>,
    /// Numbers and integers in spellings that can be told apart.
    pub(crate) normalised: Arc<Digits>,
    pub(crate) integers: Arc<Digits>,
}

impl Punctuation {
    fn new(space: Whitespace) -> Punctuation {
        let spaced =
            |dfa: ByteDfa| -> Arc<dyn Terminal> { Arc::new(Shared(Spaced::new(space, dfa))) };
        let one = |byte: u8| spaced(ByteDfa::from_words([(&[byte][..], CLOSE)]));
        let next = |close: u8| {
            std::array::from_fn(|which| {
                let all = [(&b","[..], COMMA), (&[close][..], CLOSE)];
                let words = all.into_iter().enumerate();
                let wanted = words.filter(|(bit, _)| which >> bit & 1 == 1);
                spaced(ByteDfa::from_words(wanted.map(|(_, word)| word)))
            })
        };
        let words = [&b"null"[..], b"false", b"true"];
        Punctuation {
            space,
            open_object: one(b'{'),
            open_array: one(b'['),
            colon: one(b':'),
            object_next: next(b'}'),
            array_next: next(b']'),
            trailing: trailing(space),
            literals: std::array::from_fn(|which| {
                let wanted = words
                    .iter()
                    .enumerate()
                    .filter(|(bit, _)| which >> bit & 1 == 1);
                spaced(ByteDfa::from_words(wanted.map(|(_, word)| (*word, 0))))
            }),
            any_string: Arc::new(Shared(Spaced::new(space, JsonText::new(Text::any())))),
            any_name: Arc::new(Dfa::universal()),
            no_name: Arc::new(Dfa::empty()),
            any_number: spaced(any_number()),
            any_integer: spaced(any_integer()),
            normalised: Arc::new(Digits::many(any_normalised())),
            integers: Arc::new(Digits::many(any_integer())),
        }
    }

    pub(crate) fn object_next(&self, comma: bool, close: bool) -> Arc<dyn Terminal> {
        Arc::clone(&self.object_next[usize::from(comma) | usize::from(close) << 1])
    }

    pub(crate) fn array_next(&self, comma: bool, close: bool) -> Arc<dyn Terminal> {
        Arc::clone(&self.array_next[usize::from(comma) | usize::from(close) << 1])
    }

    pub(crate) fn literals(&self, null: bool, bools: [bool; 2]) -> Arc<dyn Terminal> {
        let bits = usize::from(null) | usize::from(bools[0]) << 1 | usize::from(bools[1]) << 2;
        Arc::clone(&self.literals[bits])
    }
}

/// White space, at least one byte.
fn trailing(space: Whitespace) -> Option<Arc<dyn Terminal>> {
    let mut b = ByteDfaBuilder::default();
    let start = b.state();
    let mut at = start;
    let count = space.max().unwrap_or(1);
    for _ in 0..count {
        let next = b.state();
        b.label(next, 0);
        for byte in *b" \t\n\r" {
            b.edge(at, byte, next);
        }
        at = next;
    }
    if space.max().is_none() {
        for byte in *b" \t\n\r" {
            b.edge(at, byte, at);
        }
    }
    (count > 0).then(|| Arc::new(Shared(b.build(start))) as Arc<dyn Terminal>)
}
