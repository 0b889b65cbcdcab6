//! The vocabulary itself.

#![expect(
    clippy::indexing_slicing,
    reason = "spans are those of the bytes of all tokens"
)]

use crate::fingerprint::Hasher;
use crate::signature::{NO_COUNT, Signatures};
use crate::specials::Specials;
use crate::{ByteSig, TokenId, Trie, VocabBuilder, mask};

/// An immutable vocabulary: the exact bytes of every token, special tokens,
/// stop tokens, and indexes over them.
///
/// Every id below [`len`](Vocab::len) is a text token (its bytes are not
/// empty), a special token (it has a name and no bytes; it never matches text)
/// or unused (a hole). Two text tokens may have the same bytes.
#[derive(Clone, Debug)]
pub struct Vocab {
    bytes: Box<[u8]>,
    offsets: Box<[u32]>, // one more than ids
    trie: Trie,
    sigs: Signatures,
    specials: Specials,
    stop: Box<[TokenId]>,
    fingerprint: u64,
}

impl Vocab {
    /// A builder with no tokens.
    pub fn builder() -> VocabBuilder {
        VocabBuilder::new()
    }

    pub(crate) fn from_parts(
        bytes: Vec<u8>,
        offsets: Vec<u32>,
        trie: Trie,
        specials: Specials,
        stop: Vec<TokenId>,
    ) -> Vocab {
        let spans = offsets
            .windows(2)
            .map(|span| span[0] as usize..span[1] as usize);
        let sigs = Signatures::new(spans.map(|span| &bytes[span]));
        let mut vocab = Vocab {
            bytes: bytes.into(),
            offsets: offsets.into(),
            trie,
            sigs,
            specials,
            stop: stop.into(),
            fingerprint: 0,
        };
        vocab.fingerprint = vocab.hash();
        vocab
    }

    /// The number of ids: the highest id plus one, special ids and holes
    /// included.
    #[inline]
    #[allow(clippy::len_without_is_empty)] // a vocabulary without ids is of no use
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The number of `u32` words in a [bit row](mask): `ceil(len / 32)`.
    #[inline]
    pub fn mask_words(&self) -> usize {
        mask::words(self.len())
    }

    /// The exact bytes of a token; empty for special, unused and out-of-range
    /// ids.
    #[inline]
    pub fn bytes(&self, id: TokenId) -> &[u8] {
        match self
            .offsets
            .get(id.index()..)
            .and_then(|rest| rest.first_chunk())
        {
            Some(&[start, end]) => &self.bytes[start as usize..end as usize],
            None => &[],
        }
    }

    /// Whether `id` is a special token.
    #[inline]
    pub fn is_special(&self, id: TokenId) -> bool {
        self.specials.contains(id)
    }

    /// The name of a special token; `None` for all others.
    pub fn special_name(&self, id: TokenId) -> Option<&str> {
        self.specials.name(id)
    }

    /// The special token called `name`; the lowest id if several are.
    pub fn special_by_name(&self, name: &str) -> Option<TokenId> {
        self.specials.by_name(name)
    }

    /// The special tokens with their names, by ascending id.
    pub fn specials(&self) -> impl Iterator<Item = (TokenId, &str)> {
        self.specials.iter()
    }

    /// The special tokens that end a generation, ascending. May be several or,
    /// where none is known, none.
    #[inline]
    pub fn stop_ids(&self) -> &[TokenId] {
        &self.stop
    }

    /// The byte trie over all text tokens.
    #[inline]
    pub fn trie(&self) -> &Trie {
        &self.trie
    }

    /// What the token is made of. Special, unused and out-of-range ids have no
    /// bytes and are not [whole UTF-8](ByteSig::whole_utf8).
    #[inline]
    pub fn signature(&self, id: TokenId) -> ByteSig {
        self.sigs.get(id)
    }

    /// For every id, the set of ASCII bytes that occur in it: byte `b` is bit
    /// `b % 64` of word `b / 64`.
    #[inline]
    pub fn signatures(&self) -> &[[u64; 2]] {
        &self.sigs.ascii
    }

    /// The number of code points, if the token is whole UTF-8 and has fewer
    /// than 255; see [`char_len`](Vocab::char_len) for longer ones.
    #[inline]
    pub fn char_count(&self, id: TokenId) -> Option<u8> {
        self.sigs
            .chars
            .get(id.index())
            .copied()
            .filter(|&n| n != NO_COUNT)
    }

    /// For every id, [`char_count`](Vocab::char_count), or 255 where that is
    /// `None`.
    #[inline]
    pub fn char_counts(&self) -> &[u8] {
        &self.sigs.chars
    }

    /// The number of code points, if the token is whole UTF-8, however many.
    #[inline]
    pub fn char_len(&self, id: TokenId) -> Option<u32> {
        self.sigs.char_len(id)
    }

    /// The [bit row](mask) of the tokens that are valid UTF-8 by themselves.
    #[inline]
    pub fn whole_utf8_row(&self) -> &[u32] {
        &self.sigs.whole
    }

    /// The bytes `b` such that no token is exactly `[b]`, ascending. If there
    /// are none, every byte string can be written in tokens.
    pub fn missing_bytes(&self) -> Vec<u8> {
        let root = self.trie.root();
        let has_token = |b| {
            self.trie
                .child(root, b)
                .is_some_and(|n| !self.trie.tokens(n).is_empty())
        };
        (0..=u8::MAX).filter(|&b| !has_token(b)).collect()
    }

    /// A hash of the whole content: token bytes, special names and stop ids.
    /// The same in every run and on every platform; not cryptographic.
    #[inline]
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    pub(crate) fn sigs(&self) -> &Signatures {
        &self.sigs
    }

    fn hash(&self) -> u64 {
        let mut hasher = Hasher::new();
        hasher.word(self.len() as u64);
        // Lengths first, then all bytes at once: together they determine every
        // token, and one long run hashes faster than many short ones.
        for &offset in &self.offsets {
            hasher.word(u64::from(offset));
        }
        hasher.bytes(&self.bytes);
        hasher.word(self.specials().count() as u64);
        for (id, name) in self.specials() {
            hasher.word(u64::from(id.0));
            hasher.bytes(name.as_bytes());
        }
        hasher.word(self.stop.len() as u64);
        for id in &self.stop {
            hasher.word(u64::from(id.0));
        }
        hasher.finish()
    }
}
