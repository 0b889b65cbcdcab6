//! What may come next, in words.

use formwork::{Matcher, TokenId};

use crate::error::CliError;
use crate::text::code;

/// Names of more single characters than this are not listed.
const MAX_NAMED: usize = 12;

/// What `matcher` accepts next: the text that must come, or a list of what may.
pub(crate) fn describe(matcher: &Matcher) -> Result<String, CliError> {
    let forced = matcher.forced_bytes().map_err(CliError::other)?;
    if forced.len() > 1 {
        return Ok(code(&forced));
    }
    let bytes: Vec<u8> = matcher
        .next_bytes()
        .map_err(CliError::other)?
        .iter()
        .collect();
    let mut parts = describe_bytes(&bytes);
    let vocab = matcher.grammar().index().vocab();
    for set in matcher.tokens_by_number() {
        let name = set.only().and_then(|id| vocab.special_name(TokenId(id)));
        parts.push(name.map_or("a token by its number".to_owned(), |name| {
            format!("the token {}", code(name.as_bytes()))
        }));
    }
    if matcher.is_complete() {
        parts.push("the end of the text".to_owned());
    }
    Ok(alternatives(&parts))
}

/// The bytes as ranges of characters.
fn describe_bytes(bytes: &[u8]) -> Vec<String> {
    let has = |byte| bytes.contains(&byte);
    let mut parts = Vec::new();
    let mut at = 0x21u8;
    while at < 0x7F {
        let end = run_end(at, has);
        match end - at {
            0 => {}
            1 | 2 => parts.extend((at..end).map(|byte| code(&[byte]))),
            _ => parts.push(format!("{} to {}", code(&[at]), code(&[end - 1]))),
        }
        at = end.max(at + 1);
    }
    if parts.len() > MAX_NAMED {
        parts.truncate(MAX_NAMED);
        parts.push("other ASCII characters".to_owned());
    }
    if b" \t\n\r".iter().copied().any(has) {
        parts.push("white space".to_owned());
    }
    if (0xC2..=0xF4).any(has) {
        parts.push("a character beyond ASCII".to_owned());
    }
    if (0x80..=0xBF).any(has) {
        parts.push("the rest of a character".to_owned());
    }
    parts
}

/// The end of the run of accepted bytes from `at` on that are of one class:
/// digits, upper case, lower case, or punctuation.
fn run_end(at: u8, has: impl Fn(u8) -> bool) -> u8 {
    let class = |byte: u8| {
        (
            byte.is_ascii_digit(),
            byte.is_ascii_uppercase(),
            byte.is_ascii_lowercase(),
        )
    };
    let mut end = at;
    while end < 0x7F && has(end) && class(end) == class(at) {
        end += 1;
    }
    end
}

fn alternatives(parts: &[String]) -> String {
    match parts {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: &str) {
        assert_eq!(alternatives(&describe_bytes(bytes)), expected);
    }

    #[test]
    fn lists() {
        check(b"", "nothing");
        check(b"}", "`}`");
        check(b" ,}", "`,`, `}` or white space");
        check(b"-0123456789", "`-` or `0` to `9`");
        check(b"\"\xc3\xe2", "`\"` or a character beyond ASCII");
        check(b"\x80\x81", "the rest of a character");
    }

    #[test]
    fn ranges_stay_within_a_class() {
        check(b"89:;AZ", "`8`, `9`, `:`, `;`, `A` or `Z`");
        let all: Vec<u8> = (0x20..0x7F).collect();
        let expected = "`!` to `/`, `0` to `9`, `:` to `@`, `A` to `Z`, \
                        `[` to ```, `a` to `z`, `{` to `~` or white space";
        check(&all, expected);
    }
}
