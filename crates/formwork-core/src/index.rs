//! What can be learnt of a vocabulary without knowing the grammar.

#![expect(
    clippy::indexing_slicing,
    reason = "there is an entry for every token; its bytes are not empty"
)]

use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use formwork_grammar::Run;
use formwork_grammar::json_text::{Content, classify};
use formwork_vocab::{NodeId, TokenId, Vocab, mask, signature};
use rustc_hash::FxHashMap;

use crate::bases::{BaseMask, Bases};
use crate::beneath::Beneath;
use crate::closers::Closer;
use crate::leads::{Leads, lead};
use crate::readings::Readings;
use crate::store::Store;

/// A mask of the whole vocabulary.
pub(crate) type Row = Arc<[u32]>;

/// A class of characters and a bound on their number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Region {
    pub(crate) ascii: [u64; 2],
    /// See [`formwork_grammar::Run::leads`].
    pub(crate) leads: u64,
    pub(crate) max_chars: Option<u8>,
}

/// Rows by what they are of.
#[derive(Default)]
pub(crate) struct Rows {
    /// By the most characters.
    pub(crate) contents: Vec<(u8, Row)>,
    pub(crate) regions: Vec<(Region, Row)>,
}

/// A vocabulary together with its tables for strings and character classes.
///
/// Building one reads every token once (about 10 ms for 128,000 tokens). Share
/// it between all grammars over the vocabulary.
pub struct TokenIndex {
    vocab: Arc<Vocab>,
    /// Per token: characters as JSON string content, [`NOT_CONTENT`] if it is
    /// not content.
    content_chars: Box<[u8]>,
    closers: Box<[Closer]>,
    /// The most bytes, and so characters, in any token.
    longest: u32,
    /// The tokens that exist, with or without text.
    known: Row,
    /// Bytes of UTF-8 that are no tokens.
    missing: Box<[u8]>,
    /// Content tokens whose count does not fit a byte.
    long: Box<[(TokenId, u32)]>,
    /// Content tokens whose characters no signature tells: with escapes further on, or
    /// begun.
    odd: Box<[OddToken]>,
    /// Content tokens whose code points are not their characters.
    uncounted: Box<[TokenId]>,
    leads: Leads,
    beneath: Beneath,
    regions: Mutex<FxHashMap<Region, Row>>,
    contents: Mutex<FxHashMap<Option<u8>, Row>>,
    bases: Mutex<Bases>,
    readings: Mutex<Arc<Readings>>,
    store: Mutex<Arc<Store>>,
}

/// A content token with escapes, or whose last character is only begun.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OddToken {
    pub(crate) id: TokenId,
    pub(crate) first: u8,
    /// If it has no escapes, what it is made of.
    plain: Option<Run>,
}

impl OddToken {
    fn new(id: TokenId, bytes: &[u8], chars: u32) -> OddToken {
        let run = Run {
            ascii: signature::ascii_set(bytes.iter().copied()),
            leads: bytes.iter().fold(0, |all, &byte| all | lead(byte)),
            max_chars: Some(chars),
        };
        OddToken {
            id,
            first: bytes.first().copied().unwrap_or(0),
            plain: (!bytes.contains(&b'\\')).then_some(run),
        }
    }

    /// Whether it is one of some runs, but for what its last character becomes.
    pub(crate) fn is_within(&self, run: &Run) -> bool {
        self.plain.is_some_and(|own| {
            let fits = |max| own.max_chars.is_some_and(|chars| chars <= max);
            own.ascii[0] & !run.ascii[0] == 0
                && own.ascii[1] & !run.ascii[1] == 0
                && own.leads & !run.leads == 0
                && run.max_chars.is_none_or(fits)
        })
    }
}

const NOT_CONTENT: u8 = u8::MAX;
/// Stands for itself and all larger counts.
const SATURATED: u8 = NOT_CONTENT - 1;
/// Bounds of the shared tables, in entries. A row is 16 KiB for 128,000 tokens.
pub(crate) const MAX_REGIONS: usize = 512;

/// A vocabulary on which masks could not be exact.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum IndexError {
    /// Some bytes that texts cannot do without are no tokens, so a text that is live
    /// byte by byte might have no token to go on with.
    MissingBytes {
        /// The bytes in question.
        bytes: Vec<u8>,
    },
}

impl std::fmt::Display for IndexError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            IndexError::MissingBytes { bytes } => write!(
                f,
                "the vocabulary has no single-byte token for {} byte values (the first is {:#04x}); \
                 exact masks need every printable ASCII character, and every byte that goes on \
                 characters of UTF-8, as a token",
                bytes.len(),
                bytes.first().copied().unwrap_or(0)
            ),
        }
    }
}

impl std::error::Error for IndexError {}

impl TokenIndex {
    /// Reads a vocabulary.
    ///
    /// # Errors
    ///
    /// If a printable ASCII character, or a byte that goes on characters of UTF-8, is not
    /// a token by itself. Control characters and bytes that begin characters may be
    /// missing ([`missing`](TokenIndex::missing)): in JSON strings, escapes do without.
    pub fn new(vocab: Arc<Vocab>) -> Result<TokenIndex, IndexError> {
        let mut missing = vocab.missing_bytes();
        missing.retain(|&b| is_text_byte(b));
        let needed = |byte: &&u8| matches!(byte, 0x20..=0x7E | 0x80..=0xBF);
        let bytes: Vec<u8> = missing.iter().filter(needed).copied().collect();
        if !bytes.is_empty() {
            return Err(IndexError::MissingBytes { bytes });
        }
        let mut content_chars = vec![NOT_CONTENT; vocab.len()].into_boxed_slice();
        let mut closers: FxHashMap<Box<[u8]>, NodeId> = FxHashMap::default();
        let (mut long, mut odd, mut uncounted) = (Vec::new(), Vec::new(), Vec::new());
        for (id, chars) in content_chars.iter_mut().enumerate() {
            let bytes = vocab.bytes(TokenId(id as u32));
            if bytes.is_empty() {
                continue;
            }
            match classify(bytes) {
                Content::Inside { chars: n } => {
                    let id = TokenId(id as u32);
                    let begun = !vocab.signature(id).whole_utf8;
                    if begun || bytes.contains(&b'\\') {
                        uncounted.push(id);
                        if bytes[0] != b'\\' {
                            odd.push(OddToken::new(id, bytes, n));
                        }
                    }
                    *chars = u8::try_from(n).unwrap_or(SATURATED).min(SATURATED);
                    if *chars == SATURATED {
                        long.push((id, n));
                    }
                }
                Content::Closes { at } => {
                    let (body, rest) = bytes.split_at(at);
                    if let Entry::Vacant(slot) = closers.entry(body.into())
                        && let Some(node) = find(&vocab, body, rest)
                    {
                        slot.insert(node);
                    }
                }
                Content::Invalid => {}
            }
        }
        let mut closers: Vec<Closer> = closers
            .into_iter()
            .map(|(body, node)| Closer { node, body })
            .collect();
        closers.sort_unstable_by_key(|closer| closer.node);
        let mut known = vec![0u32; vocab.mask_words()];
        for id in (0..vocab.len() as u32).map(TokenId) {
            if !vocab.bytes(id).is_empty() || vocab.is_special(id) {
                mask::set(&mut known, id);
            }
        }
        let readings = Arc::new(Readings::new(&vocab, &closers));
        let index = TokenIndex {
            known: known.into(),
            missing: missing.into(),
            longest: vocab.trie().max_depth() as u32,
            leads: Leads::new(&vocab),
            beneath: Beneath::new(&vocab),
            vocab,
            content_chars,
            closers: closers.into_boxed_slice(),
            long: long.into_boxed_slice(),
            odd: odd.into_boxed_slice(),
            uncounted: uncounted.into_boxed_slice(),
            regions: Mutex::default(),
            contents: Mutex::default(),
            bases: Mutex::default(),
            readings: Mutex::new(readings),
            store: Mutex::default(),
        };
        index.content(None); // which every string needs
        Ok(index)
    }

    /// The vocabulary.
    pub fn vocab(&self) -> &Arc<Vocab> {
        &self.vocab
    }

    /// The bytes of UTF-8 that are no tokens by themselves: control characters, or bytes
    /// that begin characters. A grammar has to do without them.
    pub fn missing(&self) -> &[u8] {
        &self.missing
    }

    /// Whether no token has more characters than a bound.
    pub(crate) fn affects_none(&self, max_chars: Option<u32>) -> bool {
        max_chars.is_none_or(|max| max >= self.longest)
    }

    /// A bound as far as it affects any token. Counts are kept in a byte, so a
    /// larger bound is rounded down; [`TokenIndex::long`] has the rest.
    pub(crate) fn effective(&self, max_chars: Option<u32>) -> Option<u8> {
        let max = max_chars.filter(|_| !self.affects_none(max_chars))?;
        Some(u8::try_from(max).unwrap_or(u8::MAX).min(SATURATED - 1))
    }

    /// Whether a token exists, with or without text.
    pub(crate) fn knows(&self, token: TokenId) -> bool {
        mask::get(&self.known, token)
    }

    /// The length of the longest token in bytes.
    pub(crate) fn longest(&self) -> usize {
        self.longest as usize
    }

    /// Content tokens too long for [`TokenIndex::content`] to count, with their
    /// characters.
    pub(crate) fn long(&self) -> &[(TokenId, u32)] {
        &self.long
    }

    /// What is below the nodes of the trie.
    pub(crate) fn beneath(&self) -> &Beneath {
        &self.beneath
    }

    /// Content tokens that are not in any [region](TokenIndex::region), but for those
    /// that begin with an escape.
    pub(crate) fn odd(&self) -> &[OddToken] {
        &self.odd
    }

    /// Tokens that are JSON string content throughout, of at most `max`
    /// characters, begun ones included.
    pub(crate) fn content(&self, max: Option<u8>) -> Row {
        if let Some(row) = locked(&self.contents).get(&max) {
            return Arc::clone(row);
        }
        let row = match max {
            None => self.all_content(),
            Some(most) => {
                // Code points are characters, but for escapes and what is begun.
                let mut row = self.content(None).to_vec();
                self.vocab.keep_up_to(most, &mut row);
                for &token in &self.uncounted {
                    match self.content_chars[token.index()] <= most {
                        true => mask::set(&mut row, token),
                        false => mask::clear(&mut row, token),
                    }
                }
                row
            }
        };
        let mut rows = locked(&self.contents);
        Arc::clone(rows.entry(max).or_insert_with(|| row.into()))
    }

    fn all_content(&self) -> Vec<u32> {
        let mut row = vec![0u32; self.vocab.mask_words()];
        for (word, chunk) in row.iter_mut().zip(self.content_chars.chunks(32)) {
            for (bit, &chars) in chunk.iter().enumerate() {
                *word |= u32::from(chars != NOT_CONTENT) << bit;
            }
        }
        row
    }

    /// Tokens made of the characters of a region.
    pub(crate) fn region(&self, region: Region) -> Row {
        if let Some(row) = locked(&self.regions).get(&region) {
            return Arc::clone(row);
        }
        let row: Row = match region.max_chars {
            Some(max) => {
                let all = Region {
                    max_chars: None,
                    ..region
                };
                let mut row = self.region(all).to_vec();
                self.vocab.keep_up_to(max, &mut row);
                row.into()
            }
            None => {
                let mut row = vec![0u32; self.vocab.mask_words()];
                let leads = region.leads;
                self.vocab
                    .scan_within(region.ascii, leads != 0, None, &mut row);
                if leads != 0 {
                    self.leads.keep_within(leads, &mut row);
                }
                row.into()
            }
        };
        let mut rows = locked(&self.regions);
        if rows.len() >= MAX_REGIONS {
            rows.clear();
        }
        rows.insert(region, Arc::clone(&row));
        row
    }

    /// The rows made so far, but for that of all content, in the order of what they are
    /// of.
    pub(crate) fn rows(&self) -> Rows {
        let contents = locked(&self.contents);
        let contents = contents.iter();
        let contents = contents.filter_map(|(max, row)| Some(((*max)?, Row::clone(row))));
        let mut rows = Rows {
            contents: contents.collect(),
            regions: Vec::new(),
        };
        let regions = locked(&self.regions);
        let regions = regions.iter();
        rows.regions
            .extend(regions.map(|(region, row)| (*region, Row::clone(row))));
        rows.contents.sort_unstable_by_key(|&(max, _)| max);
        rows.regions.sort_unstable_by_key(|&(region, _)| region);
        rows
    }

    /// Adds rows where there is room and none yet.
    pub(crate) fn add_rows(&self, rows: Rows) {
        let mut contents = locked(&self.contents);
        for (max, row) in rows.contents {
            contents.entry(Some(max)).or_insert(row);
        }
        let mut regions = locked(&self.regions);
        for (region, row) in rows.regions {
            if regions.len() < MAX_REGIONS {
                regions.entry(region).or_insert(row);
            }
        }
    }

    /// The base mask with the bits of a row; see [`Bases::of`].
    pub(crate) fn base(&self, row: &Row) -> BaseMask {
        locked(&self.bases).of(row)
    }

    /// What is known of terminals, for all grammars; made anew once it is full.
    pub(crate) fn readings(&self) -> Arc<Readings> {
        let mut readings = locked(&self.readings);
        if readings.is_full() {
            *readings = Arc::new(Readings::new(&self.vocab, &self.closers));
        }
        Arc::clone(&readings)
    }

    /// What is known of automata, for all grammars; a new store once the last one
    /// is full.
    pub(crate) fn store(&self) -> Arc<Store> {
        let mut store = locked(&self.store);
        if store.is_full() {
            *store = Arc::default();
        }
        Arc::clone(&store)
    }

    /// Approximate heap use of what was learnt of terminals, in bytes.
    pub fn learnt_bytes(&self) -> usize {
        let rows = locked(&self.regions).len() + locked(&self.contents).len();
        let rows = 4 * self.vocab.mask_words() * rows + locked(&self.bases).heap_bytes();
        locked(&self.store).heap_bytes() + locked(&self.readings).heap_bytes() + rows
    }

    /// Approximate heap use of the tables that are made of a vocabulary at once, in bytes:
    /// without the vocabulary, and without what was learnt.
    pub fn heap_bytes(&self) -> usize {
        let closers = self.closers.iter().map(|closer| closer.body.len());
        self.content_chars.len()
            + size_of_val(&*self.closers)
            + closers.sum::<usize>()
            + size_of_val(&*self.known)
            + size_of_val(&*self.long)
            + size_of_val(&*self.odd)
            + size_of_val(&*self.uncounted)
            + self.leads.heap_bytes()
            + self.beneath.heap_bytes()
    }

    /// Forgets what was learnt of terminals, as if no grammar had run yet. Base masks get
    /// new numbers.
    pub fn forget(&self) {
        *locked(&self.store) = Arc::default();
        *locked(&self.readings) = Arc::new(Readings::new(&self.vocab, &self.closers));
        locked(&self.bases).forget();
        locked(&self.regions).clear();
        locked(&self.contents).retain(|max, _| max.is_none());
    }

    /// Sets the bits of the tokens from `first` to `last` that exist.
    pub(crate) fn allow_range(&self, row: &mut [u32], first: u32, last: u32) {
        let Some(end) = self.vocab.len().checked_sub(1) else {
            return;
        };
        let last = last.min(end as u32);
        if first > last {
            return;
        }
        let (low, high) = (first as usize / 32, last as usize / 32);
        for (word, known) in self.known.iter().enumerate().take(high + 1).skip(low) {
            let mut bits = u32::MAX;
            if word == low {
                bits &= u32::MAX << (first % 32);
            }
            if word == high {
                bits &= u32::MAX >> (31 - last % 32);
            }
            row[word] |= bits & known;
        }
    }
}

impl std::fmt::Debug for TokenIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenIndex")
            .field("tokens", &self.vocab.len())
            .field("closers", &self.closers.len())
            .finish_non_exhaustive()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every table is consistent after each insertion.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes that occur in well-formed UTF-8.
fn is_text_byte(byte: u8) -> bool {
    !matches!(byte, 0xC0 | 0xC1 | 0xF5..=0xFF)
}

/// The node after `body` and the first byte of `rest`.
fn find(vocab: &Vocab, body: &[u8], rest: &[u8]) -> Option<NodeId> {
    let trie = vocab.trie();
    body.iter()
        .chain(rest.first())
        .try_fold(trie.root(), |node, &byte| trie.child(node, byte))
}
