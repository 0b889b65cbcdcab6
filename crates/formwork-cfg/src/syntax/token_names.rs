//! References to tokens of a vocabulary: `<name>`, `<[12]>`, `<[^3-5,9]>`, `<[*]>`.

use super::error::Fault;
use crate::ir::{Span, TokenName, TokenPattern};

/// The tokens that `source`, which begins with `<` and ends with `>`, means. A name
/// has the angle brackets in it, as special tokens do.
pub(super) fn parse(source: &str, span: Span) -> Result<TokenPattern, Fault> {
    let inside = source
        .strip_prefix("<[")
        .and_then(|rest| rest.strip_suffix("]>"));
    let Some(inside) = inside else {
        return Ok(TokenPattern {
            listed: vec![TokenName::Name(source.to_owned())],
            is_negated: false,
        });
    };
    if inside == "*" {
        return Ok(TokenPattern {
            listed: Vec::new(),
            is_negated: true,
        });
    }
    let (ranges, is_negated) = match inside.strip_prefix('^') {
        Some(rest) => (rest, true),
        None => (inside, false),
    };
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>().ok().filter(|_| digits)
    };
    let range = |text: &str| {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        Some(TokenName::Numbers(number(first)?, number(last)?))
    };
    let listed: Option<Vec<TokenName>> = ranges.split(',').map(range).collect();
    let is_forward = |name: &TokenName| !matches!(name, TokenName::Numbers(a, b) if a > b);
    match listed {
        Some(listed) if listed.iter().all(is_forward) => Ok(TokenPattern { listed, is_negated }),
        _ => {
            let message = "expected numbers of tokens or ranges of them, as in `<[12,20-29]>`";
            Err(Fault::malformed(span, message))
        }
    }
}
