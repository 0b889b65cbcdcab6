//! A content hash that is the same in every run and on every platform.

#![expect(
    clippy::indexing_slicing,
    reason = "what is left is shorter than a block"
)]

/// Hashes words and byte strings, eight bytes a step.
///
/// Each step is FNV-1a's, exclusive-or and multiply, with a fold added so that
/// high bits reach low ones; it is invertible, so no step loses anything. Not
/// meant to withstand an attacker.
#[derive(Clone, Copy, Debug)]
pub struct Hasher(u64);

impl Hasher {
    /// Of nothing yet.
    pub const fn new() -> Hasher {
        Hasher(0xcbf2_9ce4_8422_2325)
    }

    /// Hashes a word.
    pub fn word(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 32;
    }

    /// Hashes the length, then the bytes as little-endian words.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.word(u64::from_le_bytes(last));
    }

    /// The hash of all that was given.
    pub fn finish(mut self) -> u64 {
        self.word(0x5bd1_e995);
        self.0
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Hasher::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Hasher;

    #[test]
    fn known_value() {
        // Saved files are keyed by this hash: a change of value is a format change.
        let mut h = Hasher::new();
        h.bytes(b"formwork vocab");
        h.word(7);
        assert_eq!(h.finish(), 0x2445_8357_3336_c1eb);
    }
}
