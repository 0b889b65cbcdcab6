//! What is known of readings whatever the grammar: white space, string content, and
//! the terminals that many grammars share.
//!
//! Nothing is worked out while a lock is held: two threads may do the same work, and
//! the first one's result is kept.

use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use formwork_grammar::{Bytes, LexState, Terminal, Whitespace};
use formwork_vocab::{TokenId, Vocab, mask};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::closers::{Below, Closer, Closers};
use crate::index::{Row, TokenIndex};
use crate::reading::{Content, Reading};
use crate::residual::{Residuals, Rest};
use crate::token_set::TokenSet;

/// White space read of a residual.
#[derive(Debug)]
pub(crate) struct Spaced {
    /// Tokens that end with it.
    pub(crate) inside: TokenSet,
    /// What goes on behind it, or behind none.
    pub(crate) rest: Rest,
}

/// What the grammars over a vocabulary have taught about it, until it is full.
/// Residuals of one mean nothing to another.
pub(crate) struct Readings {
    pub(crate) residuals: Residuals,
    vocab: Arc<Vocab>,
    closers: Closers,
    closed: OnceLock<Row>,
    spaces: Memo<(Rest, Option<u32>), Arc<Spaced>>,
    closing: Memo<(usize, Bytes), Arc<Below>>,
    contents: Memo<Rest, Arc<Content>>,
    begun: Memo<Rest, Begun>,
    exact: Memo<(u32, Rest), Arc<[TokenId]>>,
    /// By address: the terminals are kept, so an address stays their own.
    shared: Memo<(usize, LexState, Rest), Arc<Reading>>,
    terminals: Memo<usize, Arc<dyn Terminal>>,
    bytes: AtomicUsize,
}

/// String content by its first letter.
type Begun = Arc<[(u8, Content)]>;

/// Above so many bytes a vocabulary starts anew. Grammars in use keep what they have.
const MAX_BYTES: usize = 48 << 20;

/// Longer lists of white space become rows.
const MAX_SPARSE: usize = 64;

/// A table that only grows.
struct Memo<K, V>(RwLock<FxHashMap<K, V>>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Memo(RwLock::default())
    }
}

impl<K: Eq + Hash, V: Clone> Memo<K, V> {
    fn get(&self, key: &K) -> Option<V> {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        table.get(key).cloned()
    }

    /// Keeps a value unless there is one; returns the one kept.
    fn keep(&self, key: K, value: V) -> V {
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        table.entry(key).or_insert(value).clone()
    }
}

impl Readings {
    pub(crate) fn new(vocab: &Arc<Vocab>, closers: &[Closer]) -> Readings {
        let residuals = Residuals::new(Arc::clone(vocab));
        let readings = Readings {
            vocab: Arc::clone(vocab),
            closers: Closers::new(vocab.trie(), closers, &residuals),
            residuals,
            closed: OnceLock::new(),
            spaces: Memo::default(),
            closing: Memo::default(),
            contents: Memo::default(),
            begun: Memo::default(),
            exact: Memo::default(),
            shared: Memo::default(),
            terminals: Memo::default(),
            bytes: AtomicUsize::new(0),
        };
        // What every schema begins with.
        let spaced = readings.space(Rest::ROOT, Whitespace::default().max());
        let all = [u64::MAX; 4];
        readings.residuals.branches(spaced.rest, &all, |_, _, _| {});
        readings
    }

    /// Approximate heap use, in bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed) + self.residuals.heap_bytes()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.heap_bytes() > MAX_BYTES
    }

    fn count(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn closers(&self) -> &Closers {
        &self.closers
    }

    /// What up to `max` bytes of JSON white space read of a residual.
    pub(crate) fn space(&self, rest: Rest, max: Option<u32>) -> Arc<Spaced> {
        const SPACE: [u64; 4] = [1 << b' ' | 1 << b'\t' | 1 << b'\n' | 1 << b'\r', 0, 0, 0];
        if let Some(known) = self.spaces.get(&(rest, max)) {
            return known;
        }
        let mut inside = Vec::new();
        let mut rests = vec![rest];
        let mut open: SmallVec<[(Rest, u32); 16]> = SmallVec::new();
        open.push((rest, 0));
        while let Some((rest, read)) = open.pop() {
            if max.is_some_and(|max| read >= max) {
                continue;
            }
            self.residuals.branches(rest, &SPACE, |_, tokens, rest| {
                inside.extend_from_slice(tokens);
                if !rest.is_none() {
                    rests.push(rest);
                    open.push((rest, read + 1));
                }
            });
        }
        // Many are quicker as a row, and shared as one.
        let inside = TokenSet::with(&self.vocab, None, &inside, MAX_SPARSE);
        self.count(96 + inside.heap_bytes());
        let spaced = Spaced {
            inside,
            rest: self.residuals.union_all(&rests),
        };
        self.spaces.keep((rest, max), Arc::new(spaced))
    }

    /// What of the closers ends at or below a node, without content that begins there
    /// with one of some bytes.
    pub(crate) fn closing(&self, node: usize, but: &Bytes) -> Arc<Below> {
        let mut but = *but;
        for (word, first) in but.iter_mut().zip(self.closers.first(node)) {
            *word &= first;
        }
        if let Some(known) = self.closing.get(&(node, but)) {
            return known;
        }
        let below = self.closers.below(node, &but, &self.residuals);
        self.count(96 + 4 * below.ends.len());
        self.closing.keep((node, but), Arc::new(below))
    }

    /// String content, and what ends with the quote after it.
    pub(crate) fn closed_content(&self, index: &TokenIndex) -> Row {
        let closed = self.closed.get_or_init(|| {
            let mut row = index.content(None).to_vec();
            mask::set_all(&mut row, &self.closing(0, &[0; 4]).ends);
            row.into()
        });
        Row::clone(closed)
    }

    /// What string content reads of a residual; `walk` works it out.
    pub(crate) fn content(&self, rest: Rest, walk: impl FnOnce(Rest) -> Content) -> Arc<Content> {
        if let Some(known) = self.contents.get(&rest) {
            return known;
        }
        let content = walk(rest);
        self.count(128 + 4 * (content.inside.len() + content.ends.len()));
        self.contents.keep(rest, Arc::new(content))
    }

    /// What string content that begins with a letter reads of a residual; `walk` works
    /// it out.
    pub(crate) fn begun(&self, rest: Rest, walk: impl FnOnce(Rest) -> Vec<(u8, Content)>) -> Begun {
        if let Some(known) = self.begun.get(&rest) {
            return known;
        }
        let begun = walk(rest);
        let tokens = |(_, content): &(u8, Content)| content.inside.len() + content.ends.len();
        let tokens = begun.iter().map(tokens).sum::<usize>();
        self.count(64 + 72 * begun.len() + 4 * tokens);
        self.begun.keep(rest, begun.into())
    }

    /// The tokens of a residual that may depend on text captured by a terminal of
    /// some scope; `find` looks for them.
    pub(crate) fn exact(
        &self,
        scope: u32,
        rest: Rest,
        find: impl FnOnce() -> Arc<[TokenId]>,
    ) -> Arc<[TokenId]> {
        if let Some(known) = self.exact.get(&(scope, rest)) {
            return known;
        }
        let found = find();
        self.count(48 + 4 * found.len());
        self.exact.keep((scope, rest), found)
    }

    /// What a terminal that many grammars share reads of a residual; `read` works it
    /// out.
    pub(crate) fn shared(
        &self,
        terminal: &Arc<dyn Terminal>,
        state: LexState,
        rest: Rest,
        read: impl FnOnce() -> Reading,
    ) -> Arc<Reading> {
        let address = Arc::as_ptr(terminal).cast::<()>() as usize;
        let key = (address, state, rest);
        if let Some(known) = self.shared.get(&key) {
            return known;
        }
        let reading = read();
        self.count(64 + reading.heap_bytes());
        self.terminals.keep(address, Arc::clone(terminal));
        self.shared.keep(key, Arc::new(reading))
    }
}
