//! Characters beyond ASCII, by the first byte of their UTF-8.

#![expect(
    clippy::indexing_slicing,
    reason = "a leading byte has a list; errors are found in the bytes"
)]

use formwork_vocab::{TokenId, Vocab, mask};

/// Which first bytes occur in tokens: by first byte from 0xC0 on, the tokens that are
/// whole UTF-8 in which it occurs.
pub(crate) struct Leads(Box<[Tokens]>);

enum Tokens {
    List(Box<[TokenId]>),
    Row(Box<[u32]>),
}

/// Clearing so many tokens one by one takes as long as clearing a row.
const MAX_LIST: usize = 1000;

impl Leads {
    /// Reads every token once.
    pub(crate) fn new(vocab: &Vocab) -> Leads {
        let mut lists: Vec<Vec<TokenId>> = vec![Vec::new(); 64];
        for id in (0..vocab.len() as u32).map(TokenId) {
            let signature = vocab.signature(id);
            if !signature.has_non_ascii || !signature.whole_utf8 {
                continue;
            }
            let mut seen = 0u64;
            for &byte in vocab.bytes(id) {
                let bit = lead(byte);
                if bit & !seen != 0 {
                    lists[usize::from(byte - FIRST)].push(id);
                    seen |= bit;
                }
            }
        }
        let tokens = |list: Vec<TokenId>| match list.len() {
            0..=MAX_LIST => Tokens::List(list.into()),
            _ => {
                let mut row = vec![0; vocab.mask_words()];
                mask::set_all(&mut row, &list);
                Tokens::Row(row.into())
            }
        };
        Leads(lists.into_iter().map(tokens).collect())
    }

    /// Heap use, in bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        let tokens = self.0.iter().map(|tokens| match tokens {
            Tokens::List(list) => size_of_val(&**list),
            Tokens::Row(row) => size_of_val(&**row),
        });
        size_of_val(&*self.0) + tokens.sum::<usize>()
    }

    /// Clears the tokens in which other first bytes occur.
    pub(crate) fn keep_within(&self, leads: u64, row: &mut [u32]) {
        for (at, tokens) in self.0.iter().enumerate() {
            if leads >> at & 1 == 1 {
                continue;
            }
            match tokens {
                Tokens::List(list) => list.iter().for_each(|&id| mask::clear(row, id)),
                Tokens::Row(others) => row.iter_mut().zip(others).for_each(|(a, b)| *a &= !b),
            }
        }
    }
}

const FIRST: u8 = 0xC0;
/// The bit of a byte that begins no character: some bytes are not UTF-8.
pub(crate) const BROKEN: u64 = 1;

/// The bit of a first byte; 0 for any other byte.
pub(crate) fn lead(byte: u8) -> u64 {
    byte.checked_sub(FIRST).map_or(0, |at| 1 << at)
}

/// The last place at which no character goes on or begins, but at the end.
pub(crate) fn last_broken(bytes: &[u8]) -> Option<usize> {
    let mut last = None;
    let mut from = 0;
    while let Err(error) = std::str::from_utf8(&bytes[from..])
        && error.error_len().is_some()
    {
        let at = from + error.valid_up_to();
        last = Some(at);
        from = at + 1;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocab() -> Vocab {
        let mut builder = Vocab::builder();
        let bytes = (0..=u8::MAX).map(|byte| vec![byte]);
        let words = ["é", "né", "ñé–", "中文", "a–b", "ab", "😀", "é😀"];
        let broken = [
            &b"a\x80"[..],
            b"\x99b",
            b"x\xE4\xB8",
            b"xy\xED\xA0",
            b"n\xC3n",
        ];
        let words = words.iter().map(|word| word.as_bytes());
        let all = bytes.chain(words.chain(broken).map(<[u8]>::to_vec));
        for (id, token) in all.enumerate() {
            builder.token(TokenId(id as u32), &token);
        }
        builder.build().expect("a vocabulary")
    }

    fn all(bytes: &[u8]) -> u64 {
        bytes.iter().fold(0, |all, &byte| all | lead(byte))
    }

    #[test]
    fn tokens_by_first_bytes() {
        let vocab = vocab();
        let leads = Leads::new(&vocab);
        for set in [0, all("é".as_bytes()), all("–😀".as_bytes()), u64::MAX] {
            let mut row = vec![u32::MAX; vocab.mask_words()];
            leads.keep_within(set, &mut row);
            for id in (0..vocab.len() as u32).map(TokenId) {
                let bytes = vocab.bytes(id);
                let whole = std::str::from_utf8(bytes).is_ok();
                let within = all(bytes) & !set == 0;
                assert_eq!(mask::get(&row, id), within || !whole, "{bytes:?}");
            }
        }
    }
}
