//! Bytes shown to people.

/// The bytes as text in quotes; backslashes and what is not printable are
/// escaped, so that different bytes look different.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    format!("\"{}\"", escape(bytes, |c| matches!(c, '"' | '\'')))
}

/// The bytes as text in backticks, to be read at a glance; what is not
/// printable is escaped.
pub(crate) fn code(bytes: &[u8]) -> String {
    format!("`{}`", plain(bytes))
}

/// The same without backticks.
pub(crate) fn plain(bytes: &[u8]) -> String {
    escape(bytes, |c| matches!(c, '"' | '\'' | '\\'))
}

fn escape(bytes: &[u8], is_plain: impl Fn(char) -> bool) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if is_plain(c) {
                out.push(c);
            } else {
                out.extend(c.escape_debug());
            }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting() {
        assert_eq!(quoted(b" a\n"), "\" a\\n\"");
        assert_eq!(quoted("é\u{0}".as_bytes()), "\"é\\0\"");
        assert_eq!(quoted(b"{\"a"), "\"{\"a\"");
        assert_eq!(quoted(b"\xc3("), "\"\\xc3(\"");
        assert_eq!(quoted(b"\\n"), "\"\\\\n\"");
    }

    #[test]
    fn code_shows_backslashes_as_they_are() {
        assert_eq!(code(b"\"a\\"), "`\"a\\`");
        assert_eq!(code(b"\n"), "`\\n`");
    }
}
