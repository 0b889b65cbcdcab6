//! Building a vocabulary token by token.

#![expect(clippy::indexing_slicing, reason = "spans are those of the arena")]

use crate::specials::Specials;
use crate::{TokenId, Trie, Vocab, VocabError};

/// The highest number of ids in a vocabulary.
pub const MAX_TOKENS: usize = 1 << 22;

/// The highest number of bytes in one token.
pub const MAX_TOKEN_BYTES: usize = u16::MAX as usize;

/// The highest number of bytes in all tokens of a vocabulary together.
pub const MAX_TOTAL_BYTES: usize = 1 << 30;

/// Collects the tokens of a [`Vocab`].
///
/// Ids may come in any order and may leave holes. Mistakes are reported by
/// [`build`](VocabBuilder::build).
///
/// # Limits
///
/// At most [`MAX_TOKENS`] ids, [`MAX_TOKEN_BYTES`] in a token and
/// [`MAX_TOTAL_BYTES`] in all.
#[derive(Clone, Debug, Default)]
pub struct VocabBuilder {
    arena: Vec<u8>,
    tokens: Vec<Span>,
    specials: Vec<(TokenId, Box<str>)>,
    stop: Vec<TokenId>,
    overflow: bool,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    id: TokenId,
    start: u32,
    end: u32,
}

impl VocabBuilder {
    /// A builder with no tokens.
    pub fn new() -> VocabBuilder {
        VocabBuilder::default()
    }

    /// Adds a text token. With no bytes, the id exists but is unused.
    pub fn token(&mut self, id: TokenId, bytes: impl AsRef<[u8]>) -> &mut VocabBuilder {
        self.push(id, bytes.as_ref());
        self
    }

    fn push(&mut self, id: TokenId, bytes: &[u8]) {
        // Past the limit nothing is stored any more; `build` will say why.
        if self.arena.len() + bytes.len() > MAX_TOTAL_BYTES || self.tokens.len() > MAX_TOKENS {
            self.overflow = true;
            return;
        }
        let start = self.arena.len() as u32;
        self.arena.extend_from_slice(bytes);
        self.tokens.push(Span {
            id,
            start,
            end: self.arena.len() as u32,
        });
    }

    /// Adds a special token: one with a name, which never matches text.
    pub fn special(&mut self, id: TokenId, name: impl Into<Box<str>>) -> &mut VocabBuilder {
        self.specials.push((id, name.into()));
        self
    }

    /// Marks a special token as one that ends a generation.
    pub fn stop(&mut self, id: TokenId) -> &mut VocabBuilder {
        self.stop.push(id);
        self
    }

    /// Builds the vocabulary: `O(n log n)` comparisons for `n` tokens, and time
    /// linear in their bytes.
    ///
    /// # Errors
    ///
    /// If an id is given twice, a stop id is not special, or a
    /// [limit](VocabBuilder#limits) is exceeded.
    pub fn build(&self) -> Result<Vocab, VocabError> {
        let len = self.checked_len()?;
        let (bytes, offsets) = self.in_id_order(len)?;
        let specials = self.sorted_specials(len);
        let stop = self.checked_stop(&specials)?;
        let token = |(id, span): (usize, &[u32])| {
            (
                TokenId(id as u32),
                &bytes[span[0] as usize..span[1] as usize],
            )
        };
        let trie = Trie::new(offsets.windows(2).enumerate().map(token))?;
        Ok(Vocab::from_parts(bytes, offsets, trie, specials, stop))
    }

    fn sorted_specials(&self, len: usize) -> Specials {
        let mut specials = self.specials.clone();
        specials.sort_unstable_by_key(|&(id, _)| id);
        Specials::new(specials, len)
    }

    /// The number of ids.
    fn checked_len(&self) -> Result<usize, VocabError> {
        let text = self.tokens.iter().map(|span| span.id);
        let ids = text.chain(self.specials.iter().map(|&(id, _)| id));
        let len = ids.max().map_or(0, |id| id.index().saturating_add(1));
        if len > MAX_TOKENS || self.overflow {
            return Err(VocabError::limit(format!(
                "a vocabulary has at most {MAX_TOKENS} ids and {MAX_TOTAL_BYTES} bytes; \
                 the highest id given is {}",
                len.saturating_sub(1)
            )));
        }
        Ok(len)
    }

    /// The bytes of all tokens by ascending id, and where each starts.
    fn in_id_order(&self, len: usize) -> Result<(Vec<u8>, Vec<u32>), VocabError> {
        let mut spans: Vec<Option<(u32, u32)>> = vec![None; len];
        let text = self
            .tokens
            .iter()
            .map(|span| (span.id, (span.start, span.end)));
        for (id, span) in text.chain(self.specials.iter().map(|&(id, _)| (id, (0, 0)))) {
            if spans[id.index()].replace(span).is_some() {
                return Err(VocabError::duplicate(id));
            }
        }
        let mut bytes = Vec::with_capacity(self.arena.len());
        let mut offsets = Vec::with_capacity(len + 1);
        offsets.push(0);
        for span in spans {
            let (start, end) = span.unwrap_or((0, 0));
            bytes.extend_from_slice(&self.arena[start as usize..end as usize]);
            offsets.push(bytes.len() as u32);
        }
        Ok((bytes, offsets))
    }

    /// The stop ids, ascending, each once.
    fn checked_stop(&self, specials: &Specials) -> Result<Vec<TokenId>, VocabError> {
        let mut stop = self.stop.clone();
        stop.sort_unstable();
        stop.dedup();
        match stop.iter().find(|&&id| !specials.contains(id)) {
            Some(id) => Err(VocabError::bad_stop(format!(
                "stop id {id} is not a special token; add it with `special` first"
            ))),
            None => Ok(stop),
        }
    }
}
