//! Which bytes a token is made of, and whole-vocabulary scans over that.
//!
//! A set of ASCII bytes is a `[u64; 2]`: byte `b` is bit `b % 64` of word
//! `b / 64`.

#![expect(
    clippy::indexing_slicing,
    reason = "a byte has a bit; the place was found before"
)]

mod counts;
mod planes;
mod scan;

use counts::Counts;
use planes::Planes;

use crate::{TokenId, mask};

/// What a token is made of; see [`Vocab::signature`](crate::Vocab::signature).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ByteSig {
    /// The ASCII bytes that occur in the token.
    pub ascii: [u64; 2],
    /// Whether a byte of 0x80 or above occurs in the token.
    pub has_non_ascii: bool,
    /// Whether the token is a text token and valid UTF-8 by itself: it neither
    /// starts nor ends inside a code point.
    pub whole_utf8: bool,
}

impl ByteSig {
    /// Whether the ASCII byte `b` occurs; `false` for other bytes.
    #[inline]
    pub fn contains(&self, b: u8) -> bool {
        b.is_ascii() && self.ascii[usize::from(b / 64)] >> (b % 64) & 1 == 1
    }
}

/// Adds `b` to a set of ASCII bytes; other bytes are ignored.
#[inline]
pub fn add_byte(set: &mut [u64; 2], b: u8) {
    if b.is_ascii() {
        set[usize::from(b / 64)] |= 1 << (b % 64);
    }
}

/// The set of the ASCII bytes in `bytes`.
pub fn ascii_set(bytes: impl IntoIterator<Item = u8>) -> [u64; 2] {
    let mut set = [0; 2];
    for b in bytes {
        add_byte(&mut set, b);
    }
    set
}

/// In `chars`: not whole UTF-8, or more code points than a byte can say.
pub(crate) const NO_COUNT: u8 = u8::MAX;

/// The signatures of a vocabulary: flat arrays with one entry an id, and the
/// same turned around, bit rows with one bit an id.
#[derive(Clone, Debug)]
pub(crate) struct Signatures {
    pub(crate) ascii: Vec<[u64; 2]>,
    pub(crate) chars: Vec<u8>,
    /// Whole-UTF-8 tokens with [`NO_COUNT`] or more code points, by id.
    long: Vec<(TokenId, u32)>,
    pub(crate) whole: Vec<u32>,
    non_ascii: Vec<u32>,
    planes: Planes,
    counts: Counts,
}

impl Signatures {
    /// `tokens` are the bytes of all ids in order, none where an id is special
    /// or unused.
    pub(crate) fn new<'a>(tokens: impl ExactSizeIterator<Item = &'a [u8]>) -> Signatures {
        let words = mask::words(tokens.len());
        let (mut whole, mut non_ascii) = (vec![0; words], vec![0; words]);
        let (mut ascii, mut chars) = (Vec::new(), Vec::new());
        let mut long = Vec::new();
        for (id, bytes) in tokens.enumerate() {
            let id = TokenId(id as u32);
            ascii.push(ascii_set(bytes.iter().copied()));
            if !bytes.is_ascii() {
                mask::set(&mut non_ascii, id);
            }
            let count = count_chars(bytes);
            if let Some(count) = count {
                mask::set(&mut whole, id);
                if count >= u32::from(NO_COUNT) {
                    long.push((id, count));
                }
            }
            chars.push(count.and_then(|n| u8::try_from(n).ok()).unwrap_or(NO_COUNT));
        }
        let (planes, counts) = (Planes::new(&ascii), Counts::new(&chars));
        Signatures {
            ascii,
            chars,
            long,
            whole,
            non_ascii,
            planes,
            counts,
        }
    }

    pub(crate) fn get(&self, id: TokenId) -> ByteSig {
        ByteSig {
            ascii: self.ascii.get(id.index()).copied().unwrap_or_default(),
            has_non_ascii: mask::get(&self.non_ascii, id),
            whole_utf8: mask::get(&self.whole, id),
        }
    }

    pub(crate) fn char_len(&self, id: TokenId) -> Option<u32> {
        match *self.chars.get(id.index())? {
            NO_COUNT => {
                let at = self.long.binary_search_by_key(&id, |&(id, _)| id).ok()?;
                Some(self.long[at].1)
            }
            n => Some(u32::from(n)),
        }
    }
}

/// The number of code points of a whole-UTF-8 token.
fn count_chars(bytes: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(bytes)
        .ok()
        .filter(|text| !text.is_empty())?;
    Some(text.chars().count() as u32)
}

#[cfg(test)]
mod tests;
