//! Bytes to text, as they come.

/// What is left of a character that has not come to its end.
#[derive(Default)]
pub(crate) struct Pieces {
    pending: Vec<u8>,
}

impl Pieces {
    /// The text that ends with these bytes, up to the last whole character. What is not
    /// UTF-8 becomes U+FFFD.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> String {
        self.pending.extend_from_slice(bytes);
        let end = match self.pending.utf8_chunks().last() {
            Some(last) if is_begun(last.invalid()) => self.pending.len() - last.invalid().len(),
            _ => self.pending.len(),
        };
        let rest = self.pending.split_off(end);
        let text = String::from_utf8_lossy(&self.pending).into_owned();
        self.pending = rest;
        text
    }

    /// What is left, at the end.
    pub(crate) fn finish(&mut self) -> String {
        let rest = std::mem::take(&mut self.pending);
        String::from_utf8_lossy(&rest).into_owned()
    }
}

/// Whether bytes at the end of a text, which are no characters, may become one.
fn is_begun(bytes: &[u8]) -> bool {
    let error = std::str::from_utf8(bytes).err();
    error.is_some_and(|error| error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_cut_gives_the_same_text() {
        let bytes = [
            "aé€🦀z".as_bytes(),
            &[0xFF, 0xC3, b'x', 0xF0, 0x9F, b'y', 0xE2, 0x82],
        ]
        .concat();
        let whole = String::from_utf8_lossy(&bytes);
        for size in 1..=bytes.len() {
            let mut pieces = Pieces::default();
            let mut text = String::new();
            for part in bytes.chunks(size) {
                text.push_str(&pieces.push(part));
                assert!(pieces.pending.len() < 4);
            }
            text.push_str(&pieces.finish());
            assert_eq!(text, whole, "{size}");
        }
    }
}
