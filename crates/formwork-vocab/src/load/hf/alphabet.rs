//! The GPT-2 byte-level alphabet: a printable character for each byte.
//!
//! Printable Latin-1 bytes stand for themselves; the other 68, in ascending
//! order, are U+0100 and up.

#![expect(
    clippy::indexing_slicing,
    reason = "the table has a place for every byte"
)]

/// Characters of the alphabet lie below this.
const END: usize = 0x144;

/// The byte of each character, or 256 where there is none.
const BYTE_OF: [u16; END] = {
    let mut table = [256; END];
    let mut next = 0x100;
    let mut byte = 0;
    while byte < 256 {
        if matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff) {
            table[byte] = byte as u16;
        } else {
            table[next] = byte as u16;
            next += 1;
        }
        byte += 1;
    }
    table
};

/// Appends the bytes that `piece` stands for. If a character is not of the
/// alphabet, returns `false`, and `out` is of no use.
pub(super) fn decode(piece: &str, out: &mut Vec<u8>) -> bool {
    for c in piece.chars() {
        match BYTE_OF.get(c as usize).map(|&byte| u8::try_from(byte)) {
            Some(Ok(byte)) => out.push(byte),
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{BYTE_OF, END, decode};

    #[test]
    fn every_byte_has_one_character() {
        let mut bytes: Vec<u16> = BYTE_OF.into_iter().filter(|&b| b < 256).collect();
        bytes.sort_unstable();
        assert_eq!(bytes, (0..256).collect::<Vec<u16>>());
        assert_eq!(BYTE_OF[END - 1], 0xad);
    }

    #[test]
    fn known_characters() {
        let mut out = Vec::new();
        assert!(decode("ĠaĊé", &mut out));
        assert_eq!(out, b" a\n\xe9");
        assert!(!decode("▁a", &mut out));
        assert!(
            !decode(" ", &mut out),
            "a plain space is not of the alphabet"
        );
    }
}
