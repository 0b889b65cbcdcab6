//! Grammars with a lexer against brute force: languages text by text, masks bit by
//! bit, and that nothing allowed is a dead end.
//!
//! That a text can be completed is shown by a completion, which the oracle judges.
//! That it cannot is shown by trying all continuations up to some length.

use formwork::cfg::{CfgError, CfgLimits};
use formwork::{CompileError, Compiler, Matcher, TokenId, Vocab, mask};
use formwork_testkit::Rng;
use formwork_testkit::lexed::{Lexed, LexedCase};
use formwork_testkit::walk::{mask_of, show};

use crate::support;

/// Characters of the texts that are all tried.
const LENGTH: usize = 6;
/// Bytes of the states of a grammar, well below the limit of the engine.
const MEMORY: usize = 100 << 20;

fn vocab() -> Vocab {
    let texts = [
        "aa", "ab", "ba", "ac", "ca", "cc", "abc", "aba", "bab", "aca", "cab", "aaaa", "abab",
        "aé", "éè", "x", "ax",
    ];
    let halves: [&[u8]; 3] = [b"\xa9a", b"a\xc3", b"\xa8\xc3\xa9"];
    let bytes = (0..=u8::MAX).map(|byte| vec![byte]);
    let texts = texts.iter().map(|text| text.as_bytes().to_vec());
    let all = bytes.chain(texts).chain(halves.map(<[u8]>::to_vec));
    let mut builder = Vocab::builder();
    let mut count = 0;
    for (id, token) in all.enumerate() {
        builder.token(TokenId(id as u32), &token);
        count = id as u32 + 1;
    }
    builder
        .special(TokenId(count), "<end>")
        .stop(TokenId(count));
    builder.build().expect("a vocabulary")
}

/// `None` if the grammar has no text, which the oracle confirms.
fn compile(compiler: &Compiler, case: &LexedCase) -> Option<formwork::Grammar> {
    // Every second grammar is run with all of its rules as they are.
    let mut limits = CfgLimits::default();
    if case.grammar().rules.len() & 1 == 0 {
        limits.max_fused_states = 0;
    }
    match compiler.cfg(case.grammar(), &limits) {
        Ok(grammar) => Some(grammar),
        Err(CompileError::Cfg(CfgError::Unproductive { .. } | CfgError::NeverLexed)) => {
            let oracle = case.oracle();
            for text in texts(case, LENGTH) {
                assert!(!oracle.derives(&text), "{text} of {case:?}");
            }
            None
        }
        Err(error) => panic!("{error}: {case:?}"),
    }
}

/// All texts up to a length, short ones first.
fn texts(case: &LexedCase, length: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut at = 0;
    while at < all.len() {
        let text = all[at].clone();
        if text.chars().count() < length {
            all.extend(case.alphabet.iter().map(|&c| format!("{text}{c}")));
        }
        at += 1;
    }
    all
}

/// Shows that a text can be completed; returns by how many bytes at least, if that
/// is known.
fn show_alive(
    matcher: &Matcher,
    text: &[u8],
    oracle: &Lexed<'_>,
    case: &LexedCase,
) -> Option<usize> {
    if text.len() as u64 + u64::from(matcher.min_completion_bytes()) > 60 {
        return None; // too long for the oracle
    }
    let completion = matcher.shortest_completion(300).ok()?; // too ambiguous
    let completion = completion.expect("a completion");
    let whole = [text, &completion.bytes].concat();
    let whole = String::from_utf8(whole).expect("text");
    assert!(
        oracle.derives(&whole),
        "{} was completed to `{whole}` in {case:?}",
        show(text)
    );
    assert!(completion.bytes.len() <= matcher.min_completion_bytes() as usize);
    completion.is_shortest.then_some(completion.bytes.len())
}

#[test]
fn languages_are_what_brute_force_says() {
    let compiler = support::compiler(vocab());
    let mut rng = Rng::new(support::seed());
    let (mut grammars, mut members, mut dead, mut large) = (0, 0, 0, 0);
    for _ in 0..support::cases(400) {
        let case = LexedCase::any(&mut rng);
        let Some(grammar) = compile(&compiler, &case) else {
            continue;
        };
        grammars += 1;
        let oracle = case.oracle();
        let mut open = vec![(String::new(), Some(grammar.matcher()), Vec::new())];
        while let Some((text, matcher, before)) = open.pop() {
            if grammar.heap_bytes() > MEMORY {
                large += 1; // ambiguous without end
                break;
            }
            let derived = oracle.derives(&text);
            members += u32::from(derived);
            dead += u32::from(matcher.is_none());
            let is_complete = matcher.as_ref().is_some_and(Matcher::is_complete);
            assert_eq!(is_complete, derived, "{text} of {case:?}");
            // How long each text before this one has to become at least.
            let mut least: Vec<usize> = before;
            if let Some(matcher) = &matcher {
                let more = show_alive(matcher, text.as_bytes(), &oracle, &case);
                least.push(more.map_or(0, |more| text.len() + more));
            }
            if derived {
                assert!(
                    least.iter().all(|&least| least <= text.len()),
                    "{text} of {case:?}"
                );
            }
            if text.chars().count() == LENGTH {
                continue;
            }
            for &c in &case.alphabet {
                let longer = format!("{text}{c}");
                let next = matcher.as_ref().and_then(|matcher| {
                    let mut next = matcher.fork();
                    let read = next.push_bytes(&longer.as_bytes()[text.len()..]);
                    read.is_ok().then_some(next)
                });
                open.push((longer, next, least.clone()));
            }
        }
    }
    eprintln!("{grammars} grammars, {members} texts of them, {dead} dead ones; {large} too large");
    assert!(large * 100 <= grammars);
    assert!(grammars >= 150 && members >= 5_000 && dead >= 50_000);
}

#[test]
fn masks_are_what_brute_force_says() {
    let compiler = support::compiler(vocab());
    let vocab = compiler.vocab();
    let mut rng = Rng::new(support::seed() ^ 5);
    let (mut masks, mut allowed_tokens) = (0, 0);
    for _ in 0..support::cases(150) {
        let case = LexedCase::any(&mut rng);
        let Some(grammar) = compile(&compiler, &case) else {
            continue;
        };
        let oracle = case.oracle();
        let continuations = texts(&case, 3);
        let mut text: Vec<u8> = Vec::new();
        let mut matcher = grammar.matcher();
        while text.len() <= 10 {
            let row = mask_of(&matcher);
            let mut allowed = Vec::new();
            for id in (0..vocab.len() as u32).map(TokenId) {
                let bytes = vocab.bytes(id);
                let bit = mask::get(&row, id);
                if bytes.is_empty() {
                    let whole = std::str::from_utf8(&text);
                    assert_eq!(bit, whole.is_ok_and(|text| oracle.derives(text)));
                    continue;
                }
                let longer = [text.as_slice(), bytes].concat();
                let mut next = matcher.fork();
                assert_eq!(next.push(id).is_ok(), bit, "{} in {case:?}", show(&longer));
                if bit {
                    show_alive(&next, &longer, &oracle, &case);
                    allowed.push(id);
                } else if bytes.len() > 1 || bytes[0] > 127 || b"abc".contains(&bytes[0]) {
                    let member = wholes(&longer, &continuations).find(|text| oracle.derives(text));
                    assert_eq!(member, None, "after {} in {case:?}", show(&longer));
                }
            }
            masks += 1;
            allowed_tokens += allowed.len();
            if allowed.is_empty() {
                assert!(matcher.is_complete());
                break;
            }
            let token = *rng.pick(&allowed);
            matcher.push(token).expect("allowed");
            text.extend_from_slice(vocab.bytes(token));
        }
    }
    eprintln!("{masks} masks with {allowed_tokens} tokens");
    assert!(masks >= 300 && allowed_tokens >= 1_000);
}

/// Texts that begin with some bytes, the last of which may be half a character.
fn wholes<'a>(begun: &'a [u8], more: &'a [String]) -> impl Iterator<Item = String> + 'a {
    let ends: [&[u8]; 3] = [b"", b"\xa9", b"\xa8"];
    let whole = |end: &&[u8]| String::from_utf8([begun, end].concat()).ok();
    let begun: Vec<String> = ends.iter().filter_map(whole).collect();
    let longer = move |text: String| more.iter().map(move |more| format!("{text}{more}"));
    begun.into_iter().flat_map(longer)
}
