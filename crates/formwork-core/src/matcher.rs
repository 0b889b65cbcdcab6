//! A matcher: one text being generated under a grammar.

#![expect(
    clippy::indexing_slicing,
    reason = "a byte has a bit; no more is read than there is"
)]

use formwork_grammar::TokenSet;
use formwork_vocab::TokenId;

use crate::error::{EngineError, MaskError, PushError};
use crate::grammar::Grammar;
use crate::history::History;
use crate::machine::{ConfigId, DEAD, Machine};
use crate::mask::MaskKind;
use crate::parts::MaskParts;
use crate::shortest::{self, Completion};

/// The state after a stop token.
const STOPPED: ConfigId = ConfigId::MAX;
/// Longest run of forced bytes reported at once.
const MAX_FORCED: usize = 1 << 16;

/// A set of bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ByteSet([u64; 4]);

impl ByteSet {
    /// Adds a byte.
    pub fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    /// Whether the byte is in the set.
    pub fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] & 1 << (byte & 63) != 0
    }

    /// The bytes, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u8> + '_ {
        (0..=255).filter(|&byte| self.contains(byte))
    }
}

/// One text under a grammar. `Send`; cloning it is O(1), and clones go their
/// own ways.
#[derive(Clone)]
pub struct Matcher {
    grammar: Grammar,
    start: ConfigId,
    at: ConfigId,
    history: History,
    pushed: usize,
}

impl Matcher {
    pub(crate) fn new(grammar: Grammar, start: ConfigId) -> Matcher {
        Matcher {
            grammar,
            start,
            at: start,
            history: History::default(),
            pushed: 0,
        }
    }

    /// The grammar.
    pub fn grammar(&self) -> &Grammar {
        &self.grammar
    }

    /// Writes the mask of the next token: bit `i % 32` of word `i / 32` is 1 if
    /// token `i` is allowed. A row longer than the vocabulary (padded logits)
    /// is cleared to its end.
    ///
    /// Stop tokens are allowed where the text may end. After a stop token
    /// nothing is.
    ///
    /// # Errors
    ///
    /// If the row is shorter than the vocabulary's
    /// [`mask_words`](formwork_vocab::Vocab::mask_words), or a limit is
    /// reached; the contents of the row are then unspecified.
    pub fn fill_mask(&self, row: &mut [u32]) -> Result<MaskKind, MaskError> {
        let index = self.grammar.index();
        let needed = index.vocab().mask_words();
        if row.len() < needed {
            return Err(MaskError::RowTooShort {
                words: row.len(),
                needed,
            });
        }
        if self.at == STOPPED {
            row.fill(0);
            return Ok(MaskKind::Stopped);
        }
        let known = self.grammar.known().masks.known(index, self.at, row);
        if let Some(kind) = known {
            return Ok(kind);
        }
        let mut engine = self.grammar.engine();
        let engine = &mut *engine;
        Ok(engine
            .masks
            .fill(&mut engine.machine, index, self.at, row)?)
    }

    /// The mask of the next token in parts: base masks by number, and the tokens that
    /// differ. Costs what [`fill_mask`](Matcher::fill_mask) costs and a sort of those
    /// tokens; for a state that was asked for before, a copy of the lists. Where masks are
    /// summed up as rows (context-free grammars without schemas), a look at a few bases
    /// each time.
    ///
    /// # Errors
    ///
    /// If a limit is reached.
    pub fn mask_parts(&self) -> Result<MaskParts, MaskError> {
        let index = self.grammar.index();
        if self.at == STOPPED {
            return Ok(MaskParts::stopped(index.vocab().mask_words()));
        }
        let mut engine = self.grammar.engine();
        let engine = &mut *engine;
        Ok(engine.masks.parts(&mut engine.machine, index, self.at)?)
    }

    /// Reads one token: its bytes, or the token itself where the grammar names it
    /// by its number, or either if both can be.
    ///
    /// A stop token ends the text where it may end, and is read like any other
    /// token elsewhere.
    ///
    /// # Errors
    ///
    /// If the token is not allowed; the matcher is then unchanged.
    pub fn push(&mut self, token: TokenId) -> Result<(), PushError> {
        let next = self.after(self.at, token)?;
        self.enter(next);
        Ok(())
    }

    /// Reads bytes, whatever the tokens. Counts as one push.
    ///
    /// # Errors
    ///
    /// If they are not allowed; the error says how many could have been read,
    /// and the matcher is unchanged.
    pub fn push_bytes(&mut self, bytes: &[u8]) -> Result<(), PushError> {
        let next = self.after_bytes(self.at, bytes)?;
        self.enter(next);
        Ok(())
    }

    /// How many of `tokens` can be read one after the other from here, without
    /// reading them.
    ///
    /// # Errors
    ///
    /// If a limit is reached.
    pub fn validate_tokens(&self, tokens: &[TokenId]) -> Result<usize, EngineError> {
        let mut at = self.at;
        for (read, &token) in tokens.iter().enumerate() {
            match self.after(at, token) {
                Ok(next) => at = next,
                Err(PushError::Engine(error)) => return Err(error),
                Err(_) => return Ok(read),
            }
        }
        Ok(tokens.len())
    }

    /// Takes back the last `n` pushes, stop tokens included; all of them, if
    /// there were fewer. O(n).
    pub fn rollback(&mut self, n: usize) {
        for _ in 0..n {
            match self.history.pop() {
                Some(before) => {
                    self.at = before;
                    self.pushed -= 1;
                }
                None => return,
            }
        }
    }

    /// Back to the start of the text.
    pub fn reset(&mut self) {
        self.at = self.start;
        self.history = History::default();
        self.pushed = 0;
    }

    /// A second matcher at the same place; the same as cloning it. O(1).
    pub fn fork(&self) -> Matcher {
        self.clone()
    }

    /// The number of pushes that can be rolled back.
    pub fn len(&self) -> usize {
        self.pushed
    }

    /// Whether nothing was pushed.
    pub fn is_empty(&self) -> bool {
        self.pushed == 0
    }

    /// Whether the text may end here, so that stop tokens are allowed.
    pub fn is_complete(&self) -> bool {
        self.at != STOPPED && self.grammar.known().machine.is_accepting(self.at)
    }

    /// Whether a stop token was read.
    pub fn is_terminated(&self) -> bool {
        self.at == STOPPED
    }

    /// The bytes that may come next; a token read by number counts for none.
    ///
    /// # Errors
    ///
    /// If a limit is reached.
    pub fn next_bytes(&self) -> Result<ByteSet, EngineError> {
        let mut set = ByteSet::default();
        if self.at != STOPPED {
            let mut engine = self.grammar.engine();
            for byte in 0..=255 {
                if engine.machine.advance(self.at, byte)? != DEAD {
                    set.insert(byte);
                }
            }
        }
        Ok(set)
    }

    /// The tokens that may come next by their number, whatever their bytes: one set
    /// for each place in the grammar that names some.
    pub fn tokens_by_number(&self) -> Vec<TokenSet> {
        if self.at == STOPPED {
            return Vec::new();
        }
        let engine = self.grammar.known();
        let config = engine.machine.config(self.at);
        let threads = config.token_threads.iter();
        let mut sets: Vec<u32> = threads.map(|thread| thread.set).collect();
        sets.dedup();
        let set = |set| engine.machine.token_set(set).clone();
        sets.into_iter().map(set).collect()
    }

    /// The bytes that must come next, whatever is generated: as long as there
    /// is one choice, the text cannot end, and no token can be read by its number.
    /// At most 64 KiB.
    ///
    /// # Errors
    ///
    /// If a limit is reached.
    pub fn forced_bytes(&self) -> Result<Vec<u8>, EngineError> {
        let mut forced = Vec::new();
        if self.at == STOPPED {
            return Ok(forced);
        }
        let mut engine = self.grammar.engine();
        let machine = &mut engine.machine;
        let mut at = self.at;
        let may_differ =
            |machine: &Machine, at| machine.is_accepting(at) || machine.reads_tokens(at);
        while forced.len() < MAX_FORCED && !may_differ(machine, at) {
            let mut only = None;
            let mut choices = 0;
            for byte in 0..=255u8 {
                let next = machine.advance(at, byte)?;
                if next != DEAD {
                    choices += 1;
                    only = Some((byte, next));
                }
                if choices > 1 {
                    return Ok(forced);
                }
            }
            let Some((byte, next)) = only else { break };
            forced.push(byte);
            at = next;
        }
        Ok(forced)
    }

    /// The forced bytes as tokens: longest matches, up to the first place where
    /// some token reaches past the forced bytes, since a model may prefer that
    /// one. Or, where nothing but one token can be read by its number, that one.
    /// A draft, not yet pushed.
    ///
    /// # Errors
    ///
    /// If a limit is reached.
    pub fn forced_tokens(&self) -> Result<Vec<TokenId>, EngineError> {
        let forced = self.forced_bytes()?;
        if forced.is_empty() && self.at != STOPPED {
            let only = self.grammar.known().machine.only_token(self.at);
            return Ok(only.map(TokenId).into_iter().collect());
        }
        let trie = self.grammar.index().vocab().trie();
        let mut tokens = Vec::new();
        let mut rest = &forced[..];
        while !rest.is_empty() {
            let mut node = trie.root();
            let mut longest = None;
            let mut read = 0;
            for &byte in rest {
                let Some(child) = trie.child(node, byte) else {
                    break;
                };
                node = child;
                read += 1;
                if let Some(&token) = trie.tokens(node).first() {
                    longest = Some((read, token));
                }
            }
            let reaches_past = read == rest.len() && trie.subtree_end(node).0 > node.0 + 1;
            match longest {
                Some((length, token)) if !reaches_past => {
                    tokens.push(token);
                    rest = &rest[length..];
                }
                _ => break,
            }
        }
        Ok(tokens)
    }

    /// An upper bound on the bytes that complete the text from here; 0 if it
    /// may end. A token read by number counts as one byte. Some allowed byte, or
    /// such a token, always lowers it, so a generation that keeps lowering it
    /// ends.
    pub fn min_completion_bytes(&self) -> u32 {
        if self.at == STOPPED {
            return 0;
        }
        self.grammar.engine().machine.min_bytes(self.at)
    }

    /// Ways on that bring the end nearer, each of them by lowering
    /// [`min_completion_bytes`](Matcher::min_completion_bytes): single bytes,
    /// or several at once where no single one does. A generation that takes one
    /// of them each time ends. None if the text may end here, if looking for one
    /// takes too long, or if there is no way but by a token read by number.
    ///
    /// # Errors
    ///
    /// If a limit is reached.
    pub fn ways_to_end(&self) -> Result<Vec<Vec<u8>>, EngineError> {
        if self.at == STOPPED || self.is_complete() {
            return Ok(Vec::new());
        }
        let mut engine = self.grammar.engine();
        let ways = shortest::toward_end(&mut engine.machine, self.at)?;
        Ok(ways.into_iter().map(|(way, _)| way).collect())
    }

    /// A way to finish the text in few bytes, without reading them: none if it
    /// may end here. Looks at `max_states` states at most for a shorter one than
    /// that which [`ways_to_end`](Matcher::ways_to_end) lead to; the answer
    /// says whether it is shortest. `None` if it would have more than 1 MiB, or
    /// needs a token read by number.
    ///
    /// # Errors
    ///
    /// If a limit is reached.
    pub fn shortest_completion(
        &self,
        max_states: usize,
    ) -> Result<Option<Completion>, EngineError> {
        let mut engine = self.grammar.engine();
        let machine = &mut engine.machine;
        let least = match self.at {
            STOPPED => {
                return Ok(Some(Completion {
                    bytes: Vec::new(),
                    is_shortest: true,
                }));
            }
            at if at == self.start => machine.least_bytes(),
            _ => 0,
        };
        shortest::completion(machine, self.at, least, max_states)
    }

    /// Texts that the grammar lists one by one and that may come next, such as
    /// the names of properties in quotes. Sampling byte by byte would hardly
    /// meet them.
    pub fn listed_words(&self) -> Vec<Vec<u8>> {
        match self.at {
            STOPPED => Vec::new(),
            at => self.grammar.known().machine.words(at),
        }
    }

    /// The readings of the text that are open at once: what masks and pushes
    /// cost grows with it.
    pub fn threads(&self) -> usize {
        if self.at == STOPPED {
            return 0;
        }
        let config = self.grammar.known().machine.config(self.at);
        config.threads.len() + config.token_threads.len()
    }

    fn enter(&mut self, next: ConfigId) {
        self.history.push(self.at);
        self.at = next;
        self.pushed += 1;
    }

    fn after(&self, at: ConfigId, token: TokenId) -> Result<ConfigId, PushError> {
        let index = self.grammar.index();
        let vocab = index.vocab();
        if at == STOPPED {
            return Err(PushError::Stopped);
        }
        let bytes = vocab.bytes(token);
        let is_stop = vocab.stop_ids().binary_search(&token).is_ok();
        let (known, reached) = {
            let machine = &self.grammar.known().machine;
            if is_stop && machine.is_accepting(at) {
                return Ok(STOPPED);
            }
            let (known, reached) = machine.advance_known(at, bytes);
            if known == bytes.len() && !bytes.is_empty() && !machine.reads_tokens(at) {
                return Ok(reached);
            }
            (known, reached)
        };
        let mut engine = self.grammar.engine();
        let machine = &mut engine.machine;
        let by_number = match index.knows(token) {
            true => machine.advance_token(at, token.0)?,
            false => DEAD,
        };
        let (read, by_text) = match bytes {
            [] => (0, DEAD),
            bytes => {
                let (read, by_text) = machine.advance_all(reached, &bytes[known..])?;
                (known + read, by_text)
            }
        };
        let has_text = !bytes.is_empty();
        if has_text && read == bytes.len() {
            Ok(machine.either(by_text, by_number)?)
        } else if by_number != DEAD {
            Ok(by_number)
        } else if is_stop {
            Err(PushError::Incomplete)
        } else if has_text || machine.reads_tokens(at) {
            Err(PushError::Rejected { offset: read })
        } else {
            Err(PushError::NoText { token })
        }
    }

    fn after_bytes(&self, at: ConfigId, bytes: &[u8]) -> Result<ConfigId, PushError> {
        if at == STOPPED {
            return Err(PushError::Stopped);
        }
        let (known, reached) = self.grammar.known().machine.advance_known(at, bytes);
        if known == bytes.len() {
            return Ok(reached);
        }
        let mut engine = self.grammar.engine();
        let (read, next) = engine.machine.advance_all(reached, &bytes[known..])?;
        let read = known + read;
        if read < bytes.len() {
            return Err(PushError::Rejected { offset: read });
        }
        Ok(next)
    }
}

impl std::fmt::Debug for Matcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Matcher")
            .field("pushed", &self.pushed)
            .field("terminated", &self.is_terminated())
            .field("threads", &self.threads())
            .finish_non_exhaustive()
    }
}
