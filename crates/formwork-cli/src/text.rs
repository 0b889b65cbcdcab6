//! Bytes shown to people.

/// The bytes as text in quotes; what is not printable is escaped.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\'' => out.push(c), // readable as they are
                _ => out.extend(c.escape_debug()),
            }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out.push('"');
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
    }
}
