//! Masks: what the threads of a state read of all tokens, and what follows them reads
//! of what they leave.

#![expect(
    clippy::indexing_slicing,
    reason = "places are found in the list before"
)]

use std::sync::Arc;

use formwork_grammar::{Bytes, Dot, LexState};
use formwork_vocab::{TokenId, mask};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::error::EngineError;
use crate::index::TokenIndex;
use crate::machine::{BOTTOM, ConfigId, Frame, FrameSetId, Machine, Thread};
use crate::parts::MaskParts;
use crate::picture::Picture;
use crate::reading::{Exit, Reading};
use crate::readings::Readings;
use crate::recent::Recent;
use crate::residual::{Rest, meet};
use crate::summary::Summaries;

/// What a mask came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum MaskKind {
    /// Nothing may follow: a stop token came before.
    Stopped,
    /// One token is allowed, no other.
    One(TokenId),
    /// Several tokens are allowed.
    Many,
}

impl MaskKind {
    pub(crate) fn of(row: &[u32]) -> MaskKind {
        match mask::only(row) {
            Some(token) => MaskKind::One(token),
            None if mask::is_empty(row) => MaskKind::Stopped,
            None => MaskKind::Many,
        }
    }
}

/// Masks and readings of one grammar, under a byte budget.
pub(crate) struct MaskCache {
    budget: usize,
    used: usize,
    /// The vocabulary's, of which the numbers of residuals below are.
    shared: Arc<Readings>,
    readings: FxHashMap<(u32, LexState, Rest), Arc<Reading>>,
    /// The bytes that terminals begin with.
    first: Vec<Option<Bytes>>,
    pictures: FxHashMap<ConfigId, (Picture, MaskKind)>,
    rows: FxHashMap<ConfigId, CachedRow>,
    recent: Recent,
    summaries: Summaries,
    buffers: Buffers,
}

/// What masks are drawn with, kept so that it need not grow for each.
///
/// PERF: of a mask that was not made before, 7 % of the time went into growing lists.
#[derive(Default)]
struct Buffers {
    /// Tokens of a mask.
    drawn: Vec<TokenId>,
    /// Tokens of a reading.
    read: Vec<TokenId>,
    open: Vec<Step>,
}

/// A buffer for the next mask, unless a rare one has made it large.
fn kept<T>(buffer: Vec<T>) -> Vec<T> {
    const MOST: usize = 8192;
    match buffer.capacity() <= MOST {
        true => buffer,
        false => Vec::new(),
    }
}

/// A row is kept from its second use on: most states of a text occur once.
enum CachedRow {
    SeenOnce,
    Kept(Box<[u32]>, MaskKind),
}

/// Threads that read the same terminal from the same state.
struct Group {
    /// The terminal, or a wider one, and its state.
    key: (u32, LexState),
    threads: SmallVec<[Thread; 2]>,
}

impl MaskCache {
    pub(crate) fn new(budget: usize, index: &TokenIndex) -> MaskCache {
        MaskCache {
            budget,
            used: 0,
            shared: index.readings(),
            readings: FxHashMap::default(),
            first: Vec::new(),
            pictures: FxHashMap::default(),
            rows: FxHashMap::default(),
            recent: Recent::default(),
            summaries: Summaries::default(),
            buffers: Buffers::default(),
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let entries = 32 * self.rows.len() + 16 * self.pictures.len();
        let Buffers { drawn, read, open } = &self.buffers;
        let buffers =
            4 * (drawn.capacity() + read.capacity()) + size_of::<Step>() * open.capacity();
        self.used + self.summaries.heap_bytes() + self.recent.heap_bytes() + entries + buffers
    }

    /// Writes the mask of a state to `row`, as [`fill`](MaskCache::fill) does, if it was
    /// made before and kept.
    pub(crate) fn known(
        &self,
        index: &TokenIndex,
        config: ConfigId,
        row: &mut [u32],
    ) -> Option<MaskKind> {
        let (row, padding) = row.split_at_mut(index.vocab().mask_words());
        let kind = match (self.pictures.get(&config), self.rows.get(&config)) {
            (Some((picture, kind)), _) => {
                picture.paint(index, row);
                *kind
            }
            (None, Some(CachedRow::Kept(kept, kind))) => {
                row.copy_from_slice(kept);
                *kind
            }
            _ => return None,
        };
        padding.fill(0);
        Some(kind)
    }

    /// Writes the mask of a state to `row`, which has at least the
    /// vocabulary's words; words past those are cleared.
    pub(crate) fn fill(
        &mut self,
        machine: &mut Machine,
        index: &TokenIndex,
        config: ConfigId,
        row: &mut [u32],
    ) -> Result<MaskKind, EngineError> {
        if let Some(kind) = self.known(index, config, row) {
            return Ok(kind);
        }
        let words = index.vocab().mask_words();
        let (row, padding) = row.split_at_mut(words);
        padding.fill(0);
        // What is shared grows while this grammar runs, too.
        if self.heap_bytes() > self.budget || self.shared.is_full() {
            self.clear(index);
        }
        if let Some(kind) = self.sum_up(machine, index, config, row) {
            return Ok(kind);
        }
        let picture = self.draw(machine, index, config, row)?;
        let kind = picture.kind(row);
        self.used += picture.heap_bytes();
        self.pictures.insert(config, (picture, kind));
        Ok(kind)
    }

    /// The mask of a state in parts.
    pub(crate) fn parts(
        &mut self,
        machine: &mut Machine,
        index: &TokenIndex,
        config: ConfigId,
    ) -> Result<MaskParts, EngineError> {
        let mut row = Vec::new();
        let kind = match self.pictures.get(&config) {
            Some((_, kind)) => *kind,
            None => {
                row.resize(index.vocab().mask_words(), 0);
                self.fill(machine, index, config, &mut row)?
            }
        };
        let Some((picture, _)) = self.pictures.get_mut(&config) else {
            // Masks of plain languages are summed up as rows.
            return Ok(self.recent.parts(index, kind, &row));
        };
        let before = picture.heap_bytes();
        let parts = picture.parts(index, kind);
        self.used += picture.heap_bytes().saturating_sub(before);
        Ok(parts)
    }

    fn clear(&mut self, index: &TokenIndex) {
        self.used = 0;
        self.shared = index.readings();
        self.readings.clear();
        self.pictures.clear();
        self.rows.clear();
        self.recent.clear();
        self.summaries.clear();
    }

    /// The mask of a plain language, by summaries.
    fn sum_up(
        &mut self,
        machine: &mut Machine,
        index: &TokenIndex,
        id: ConfigId,
        row: &mut [u32],
    ) -> Option<MaskKind> {
        if !machine.is_plain() {
            return None;
        }
        row.fill(0);
        let config = machine.config(id);
        let max_bytes = 2 * self.budget;
        self.summaries
            .fill(machine, index, &config, row, max_bytes)?;
        for thread in &config.token_threads {
            for &(first, last) in machine.token_set(thread.set).ranges() {
                index.allow_range(row, first, last);
            }
        }
        if config.accepting {
            mask::set_all(row, index.vocab().stop_ids());
        }
        let kind = MaskKind::of(row);
        match self.rows.get_mut(&id) {
            None => {
                self.rows.insert(id, CachedRow::SeenOnce);
            }
            Some(slot) => {
                self.used += 4 * row.len();
                *slot = CachedRow::Kept((&*row).into(), kind);
            }
        }
        Some(kind)
    }

    /// The mask of a state, painted.
    fn draw(
        &mut self,
        machine: &mut Machine,
        index: &TokenIndex,
        id: ConfigId,
        row: &mut [u32],
    ) -> Result<Picture, EngineError> {
        let config = machine.config(id);
        let drawn = std::mem::take(&mut self.buffers.drawn);
        let mut open = std::mem::take(&mut self.buffers.open);
        open.clear();
        let mut drawing = Drawing {
            cache: self,
            machine,
            index,
            picture: Picture::within(drawn),
            open,
            seen: Seen::default(),
            exact: SmallVec::new(),
        };
        drawing.begin(&config.threads);
        drawing.go_on();
        let Drawing {
            mut picture,
            exact,
            open,
            ..
        } = drawing;
        self.buffers.open = kept(open);
        machine.check_memory()?;
        for thread in &config.token_threads {
            for &(first, last) in machine.token_set(thread.set).ranges() {
                picture.add_range(first, last);
            }
        }
        if config.accepting {
            picture.add_tokens(index.vocab().stop_ids());
        }
        picture.paint(index, row);
        for (token, only_forbids) in unique(&exact) {
            if only_forbids && !mask::get(row, token) {
                continue;
            }
            let Some((last, bytes)) = index.vocab().bytes(token).split_last() else {
                continue;
            };
            let (read, before) = machine.advance_all(id, bytes)?;
            let allowed = read == bytes.len() && machine.survives(before, *last);
            picture.decide(token, allowed, row);
        }
        self.buffers.drawn = kept(picture.settle());
        Ok(picture)
    }

    fn reading(
        &mut self,
        machine: &Machine,
        index: &TokenIndex,
        terminal: u32,
        state: LexState,
        rest: Rest,
    ) -> Arc<Reading> {
        let key = (terminal, state, rest);
        if let Some(known) = self.readings.get(&key) {
            return Arc::clone(known);
        }
        let automaton = machine.terminal(terminal);
        let (shared, buffer) = (&self.shared, &mut self.buffers.read);
        let mut read = || Reading::new(index, shared, &**automaton, state, rest, buffer);
        let reading = match automaton.is_shared() {
            true => shared.shared(automaton, state, rest, read),
            false => {
                let reading = Arc::new(read());
                self.used += reading.heap_bytes();
                reading
            }
        };
        self.buffers.read = kept(std::mem::take(buffer));
        self.readings.insert(key, Arc::clone(&reading));
        reading
    }

    /// The bytes that a terminal begins with.
    fn first(&mut self, machine: &Machine, terminal: u32) -> Bytes {
        let at = terminal as usize;
        if let Some(&Some(known)) = self.first.get(at) {
            return known;
        }
        let automaton = machine.terminal(terminal);
        let first = automaton.next_bytes(automaton.start());
        self.first.resize(self.first.len().max(at + 1), None);
        self.first[at] = Some(first);
        first
    }
}

/// Tokens to be run in full, once each; whether a token that is not allowed yet can
/// be left out.
fn unique(exact: &[(Arc<[TokenId]>, bool)]) -> Vec<(TokenId, bool)> {
    let tokens = |(tokens, only_forbids): &(Arc<[TokenId]>, bool)| -> Vec<(TokenId, bool)> {
        tokens.iter().map(|&token| (token, *only_forbids)).collect()
    };
    let mut all: Vec<(TokenId, bool)> = exact.iter().flat_map(tokens).collect();
    all.sort_unstable();
    all.dedup_by_key(|(token, _)| *token);
    all
}

/// A residual to be read from a dot.
type Step = (Dot, FrameSetId, Rest);

/// The steps taken for a mask.
#[derive(Default)]
struct Seen {
    few: SmallVec<[Step; 16]>,
    many: FxHashSet<Step>,
}

impl Seen {
    fn insert(&mut self, step: Step) -> bool {
        if self.many.is_empty() {
            if self.few.contains(&step) {
                return false;
            }
            if !self.few.spilled() || self.few.len() < 32 {
                self.few.push(step);
                return true;
            }
            self.many.extend(self.few.drain(..));
        }
        self.many.insert(step)
    }
}

/// A mask under way.
///
/// Whole residuals go through the language, where the machine would take byte by
/// byte: a terminal reads what it can of all tokens at once, its exits lead to dots
/// with what they leave, and dots to terminals, callees and callers. Residuals shrink
/// with every terminal, and no dot is left-recursive, so this ends.
struct Drawing<'a> {
    cache: &'a mut MaskCache,
    machine: &'a mut Machine,
    index: &'a TokenIndex,
    picture: Picture,
    open: Vec<Step>,
    seen: Seen,
    /// Tokens to be run in full, and whether that can only forbid them.
    exact: SmallVec<[(Arc<[TokenId]>, bool); 2]>,
}

impl Drawing<'_> {
    /// Reads all tokens from the states of threads.
    fn begin(&mut self, threads: &[Thread]) {
        // Threads in the same state of the same terminal are taken together:
        // alternatives often differ only in what comes later.
        let mut groups: SmallVec<[Group; 4]> = SmallVec::new();
        for thread in threads {
            let key = self.wider(thread.head.terminal, thread.head.state);
            match groups.iter_mut().find(|group| group.key == key) {
                Some(group) => group.threads.push(*thread),
                None => groups.push(Group {
                    key,
                    threads: SmallVec::from_slice(&[*thread]),
                }),
            }
        }
        for group in &groups {
            let reading = self.reading(group.key, Rest::ROOT);
            self.note_exact(&reading, group);
            let heads = group.threads.iter().map(|thread| thread.head.terminal);
            self.allow(&reading, heads);
            for thread in &group.threads {
                let head = thread.head;
                self.leave(&reading, head.terminal, head.dot, head.edge, thread.up);
            }
        }
    }

    fn wider(&mut self, terminal: u32, state: LexState) -> (u32, LexState) {
        match self.machine.terminal(terminal).wider(state) {
            Some((wider, state)) => (self.machine.terminal_id(wider), state),
            None => (terminal, state),
        }
    }

    fn reading(&mut self, (terminal, state): (u32, LexState), rest: Rest) -> Arc<Reading> {
        let (machine, index) = (&*self.machine, self.index);
        self.cache.reading(machine, index, terminal, state, rest)
    }

    /// Allows the tokens that end inside of a terminal, or with it; `terminals` take what
    /// was read.
    fn allow(&mut self, reading: &Reading, terminals: impl Iterator<Item = u32> + Clone) {
        let takes = |exit: &&Exit| {
            let allows = |terminal| self.machine.terminal(terminal).allows(exit.label);
            terminals.clone().any(allows)
        };
        if let (Some(row), [exit]) = (&reading.closed, &*reading.exits)
            && takes(&exit)
        {
            self.picture.add_row(row);
            return;
        }
        self.picture.add(&reading.inside);
        for exit in reading.exits.iter().filter(takes) {
            self.picture.add_tokens(&exit.ends);
        }
    }

    /// Notes the tokens that depend on the texts of threads.
    fn note_exact(&mut self, reading: &Reading, group: &Group) {
        if reading.exact.is_empty() {
            return;
        }
        let terminal = self.machine.terminal(group.key.0);
        if !terminal.only_forbids() {
            self.exact.push((Arc::clone(&reading.exact), false));
            return;
        }
        let threads = group.threads.iter();
        let texts: SmallVec<[Vec<u8>; 2]> =
            threads.map(|thread| self.machine.text_of(thread)).collect();
        let vocab = self.index.vocab();
        let may_forbid = |token: &&TokenId| {
            let bytes = vocab.bytes(**token);
            texts.iter().any(|text| terminal.may_forbid(text, bytes))
        };
        let tokens: Vec<TokenId> = reading.exact.iter().filter(may_forbid).copied().collect();
        if !tokens.is_empty() {
            self.exact.push((tokens.into(), true));
        }
    }

    /// Goes on behind the exits that a terminal takes.
    fn leave(&mut self, reading: &Reading, terminal: u32, dot: Dot, edge: u32, up: FrameSetId) {
        for exit in &reading.exits {
            if !self.machine.terminal(terminal).allows(exit.label) {
                continue;
            }
            if !exit.rests.is_empty() {
                let dot = self.machine.follow(dot, edge, exit.label, None);
                let steps = exit.rests.iter().map(|&rest| (dot, up, rest));
                self.open.extend(steps);
            }
        }
    }

    fn go_on(&mut self) {
        while let Some(step) = self.open.pop() {
            if self.seen.insert(step) {
                self.step(step);
            }
        }
    }

    fn step(&mut self, (dot, up, rest): Step) {
        let info = self.machine.dot(dot);
        if info.is_final {
            for &frame in self.machine.frame_set(up).iter() {
                if frame == BOTTOM {
                    continue;
                }
                let Frame { mut ret, up } = self.machine.frame(frame);
                if info.returns {
                    ret = self.machine.resume(ret, dot);
                }
                self.open.push((ret, up, rest));
            }
        }
        for &(terminal, edge) in &info.terminals {
            let first = self.cache.first(self.machine, terminal);
            if !meet(&first, &self.cache.shared.residuals.first(rest)) {
                continue;
            }
            let start = self.machine.terminal(terminal).start();
            let key = self.wider(terminal, start);
            let reading = self.reading(key, rest);
            if !reading.exact.is_empty() {
                let only_forbids = self.machine.terminal(terminal).only_forbids();
                self.exact.push((Arc::clone(&reading.exact), only_forbids));
            }
            self.allow(&reading, std::iter::once(terminal));
            self.leave(&reading, terminal, dot, edge, up);
        }
        for &(callee, ret) in &info.calls {
            let up = self.machine.called(&info, ret, up);
            self.open.push((callee, up, rest));
        }
    }
}
