//! The machine: one transition function on hash-consed states.
//!
//! A state is a set of *threads*: a terminal in some state, the dot and edge it
//! was entered from, and the set of frames to return to. Frames and sets of
//! frames are hash-consed too (a graph-structured stack), so a state holds no
//! position and equal situations have equal numbers, however far apart.
//!
//! A token that is read by number has threads of its own, which bytes end.
//!
//! States are closed: a terminal that may end has the threads of what follows
//! beside it. So a mask never needs empty moves.

#![expect(
    clippy::indexing_slicing,
    reason = "terminals and sets are numbered as they are interned; runs of equals are not empty"
)]

use std::sync::Arc;

use formwork_grammar::{Bytes, Dot, Edge, Label, Language, LexState, Terminal, TokenSet};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::error::EngineError;
use crate::intern::Interner;
use crate::limits::EngineLimits;

/// A state of the machine. [`DEAD`] is the one without threads.
pub(crate) type ConfigId = u32;
/// The state in which nothing can follow and the text is not complete.
pub(crate) const DEAD: ConfigId = 0;

pub(crate) type FrameId = u32;
pub(crate) type FrameSetId = u32;
/// A captured text, as a chain of bytes; 0 is empty.
type TextId = u32;

/// The frame below the outermost rule.
pub(crate) const BOTTOM: FrameId = 0;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Frame {
    pub(crate) ret: Dot,
    pub(crate) up: FrameSetId,
}

/// Where a thread is, but for its stack.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Head {
    pub(crate) terminal: u32,
    pub(crate) state: LexState,
    pub(crate) dot: Dot,
    pub(crate) edge: u32,
    text: TextId,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Thread {
    pub(crate) head: Head,
    pub(crate) up: FrameSetId,
}

/// A thread that reads a token by its number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct TokenThread {
    /// Which tokens, by number in [`Machine::token_sets`].
    pub(crate) set: u32,
    dot: Dot,
    edge: u32,
    up: FrameSetId,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Config {
    pub(crate) threads: Box<[Thread]>,
    pub(crate) token_threads: Box<[TokenThread]>,
    /// Whether the text may end here.
    pub(crate) accepting: bool,
}

pub(crate) struct DotInfo {
    pub(crate) is_final: bool,
    /// See [`Language::has_plain_returns`].
    plain_returns: bool,
    pub(crate) returns: bool,
    /// Terminals with their edges.
    pub(crate) terminals: Box<[(u32, u32)]>,
    tokens: Box<[(u32, u32)]>,
    /// Callees with the dots after them.
    pub(crate) calls: Box<[(Dot, Dot)]>,
}

impl DotInfo {
    /// Whether the rule can but end here. A call that returns here is the last
    /// of its rule and returns to that rule's callers, so that right recursion
    /// takes no more stack than iteration.
    fn only_ends(&self) -> bool {
        self.is_final
            && self.terminals.is_empty()
            && self.tokens.is_empty()
            && self.calls.is_empty()
    }
}

/// Work of one closure.
#[derive(Default)]
struct Pending {
    threads: SmallVec<[Thread; 4]>,
    token_threads: SmallVec<[TokenThread; 1]>,
    dots: SmallVec<[(Dot, FrameSetId); 4]>,
    accepting: bool,
}

pub(crate) struct Machine {
    language: Box<dyn Language>,
    /// See [`Language::is_plain`].
    is_plain: bool,
    next_bytes: FxHashMap<Dot, Bytes>,
    limits: EngineLimits,
    dots: FxHashMap<Dot, Arc<DotInfo>>,
    terminals: Vec<Arc<dyn Terminal>>,
    terminal_ids: FxHashMap<usize, u32>,
    token_sets: Vec<TokenSet>,
    token_set_ids: FxHashMap<TokenSet, u32>,
    follow: FxHashMap<(Dot, u32, Label, Option<TextId>), Dot>,
    resumed: FxHashMap<(Dot, Dot), Dot>,
    repetitions: FxHashMap<Dot, bool>,
    texts: Interner<(TextId, u8)>,
    frames: Interner<Frame>,
    frame_sets: Interner<[FrameId]>,
    frame_costs: FxHashMap<FrameId, u32>,
    /// Frames in all sets of them.
    set_frames: usize,
    configs: Interner<Config>,
    /// Threads in all states.
    config_threads: usize,
    entered: FxHashMap<(Dot, FrameSetId), ConfigId>,
    next: FxHashMap<(ConfigId, u8), ConfigId>,
    /// The same for tokens read by number.
    next_token: FxHashMap<(ConfigId, u32), ConfigId>,
    start: ConfigId,
}

impl Machine {
    pub(crate) fn new(
        language: Box<dyn Language>,
        limits: EngineLimits,
    ) -> Result<Machine, EngineError> {
        let start_dot = language.start();
        let mut machine = Machine {
            is_plain: language.is_plain(),
            next_bytes: FxHashMap::default(),
            language,
            limits,
            dots: FxHashMap::default(),
            terminals: Vec::new(),
            terminal_ids: FxHashMap::default(),
            token_sets: Vec::new(),
            token_set_ids: FxHashMap::default(),
            follow: FxHashMap::default(),
            resumed: FxHashMap::default(),
            repetitions: FxHashMap::default(),
            texts: Interner::default(),
            frames: Interner::default(),
            frame_sets: Interner::default(),
            frame_costs: FxHashMap::default(),
            set_frames: 0,
            configs: Interner::default(),
            config_threads: 0,
            entered: FxHashMap::default(),
            next: FxHashMap::default(),
            next_token: FxHashMap::default(),
            start: DEAD,
        };
        machine.configs.intern(Config {
            threads: Box::default(),
            token_threads: Box::default(),
            accepting: false,
        });
        machine.texts.intern((0, 0)); // the empty text
        let bottom = Frame {
            ret: u32::MAX,
            up: 0,
        };
        machine.frames.intern(bottom);
        let outermost = machine.frame_sets.intern_slice(&[BOTTOM]);
        machine.start = machine.enter(&[(start_dot, outermost)])?;
        Ok(machine)
    }

    pub(crate) fn start(&self) -> ConfigId {
        self.start
    }

    /// See [`Language::is_plain`].
    pub(crate) fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// See [`Language::next_bytes`]. The dot need not be expanded.
    pub(crate) fn next_bytes(&mut self, dot: Dot) -> Bytes {
        let language = &mut self.language;
        let known = self.next_bytes.entry(dot);
        *known.or_insert_with(|| language.next_bytes(dot))
    }

    pub(crate) fn frame(&self, id: FrameId) -> Frame {
        **self.frames.get(id)
    }

    pub(crate) fn frame_set(&self, id: FrameSetId) -> Arc<[FrameId]> {
        Arc::clone(self.frame_sets.get(id))
    }

    pub(crate) fn config(&self, id: ConfigId) -> Arc<Config> {
        Arc::clone(self.configs.get(id))
    }

    pub(crate) fn is_accepting(&self, id: ConfigId) -> bool {
        self.configs.get(id).accepting
    }

    /// Whether some token can be read by its number.
    pub(crate) fn reads_tokens(&self, id: ConfigId) -> bool {
        !self.configs.get(id).token_threads.is_empty()
    }

    /// The token that has to be read by its number, if the text can go on in no
    /// other way.
    pub(crate) fn only_token(&self, id: ConfigId) -> Option<u32> {
        let config = self.configs.get(id);
        let [thread] = *config.token_threads else {
            return None;
        };
        let nothing_else = config.threads.is_empty() && !config.accepting;
        self.token_set(thread.set).only().filter(|_| nothing_else)
    }

    pub(crate) fn token_set(&self, id: u32) -> &TokenSet {
        &self.token_sets[id as usize]
    }

    pub(crate) fn terminal(&self, id: u32) -> &Arc<dyn Terminal> {
        &self.terminals[id as usize]
    }

    /// Reads one byte. Bytes and [tokens](Machine::advance_token) are the only
    /// ways from one state to another.
    pub(crate) fn advance(&mut self, from: ConfigId, byte: u8) -> Result<ConfigId, EngineError> {
        if let Some(&to) = self.next.get(&(from, byte)) {
            return Ok(to);
        }
        let config = self.config(from);
        let mut pending = Pending::default();
        for thread in &config.threads {
            let head = thread.head;
            let terminal = &self.terminals[head.terminal as usize];
            let Some(state) = terminal.step(head.state, byte) else {
                continue;
            };
            let exit = terminal.exit(state);
            let goes_on = terminal.can_continue(state);
            let text = if terminal.captures() {
                self.texts.intern((head.text, byte))
            } else {
                0
            };
            if let Some(label) = exit {
                let dot = self.follow(head.dot, head.edge, label, Some(text));
                pending.dots.push((dot, thread.up));
            }
            if goes_on {
                let head = Head {
                    state,
                    text,
                    ..head
                };
                let up = thread.up;
                pending.threads.push(Thread { head, up });
            }
        }
        let to = self.close(pending)?;
        self.next.insert((from, byte), to);
        Ok(to)
    }

    /// Reads bytes as far as that was done before; returns how many, and the state after
    /// them.
    pub(crate) fn advance_known(&self, from: ConfigId, bytes: &[u8]) -> (usize, ConfigId) {
        let mut at = from;
        for (read, &byte) in bytes.iter().enumerate() {
            match self.next.get(&(at, byte)) {
                Some(&next) if next != DEAD => at = next,
                _ => return (read, at),
            }
        }
        (bytes.len(), at)
    }

    /// Reads one token by its number; [`DEAD`] if that is not how it may be read
    /// here.
    pub(crate) fn advance_token(
        &mut self,
        from: ConfigId,
        token: u32,
    ) -> Result<ConfigId, EngineError> {
        if !self.reads_tokens(from) {
            return Ok(DEAD);
        }
        if let Some(&to) = self.next_token.get(&(from, token)) {
            return Ok(to);
        }
        let mut pending = Pending::default();
        for thread in &self.config(from).token_threads {
            if self.token_set(thread.set).contains(token) {
                let dot = self.follow(thread.dot, thread.edge, 0, None);
                pending.dots.push((dot, thread.up));
            }
        }
        let to = self.close(pending)?;
        self.next_token.insert((from, token), to);
        Ok(to)
    }

    /// The state of being in either of two.
    pub(crate) fn either(&mut self, a: ConfigId, b: ConfigId) -> Result<ConfigId, EngineError> {
        if a == b || b == DEAD {
            return Ok(a);
        }
        if a == DEAD {
            return Ok(b);
        }
        let mut pending = Pending::default();
        for id in [a, b] {
            let config = self.config(id);
            pending.threads.extend_from_slice(&config.threads);
            pending
                .token_threads
                .extend_from_slice(&config.token_threads);
            pending.accepting |= config.accepting;
        }
        self.close(pending)
    }

    /// Whether reading a byte leaves a live state: some thread goes on, and
    /// whatever goes on can be completed.
    pub(crate) fn survives(&self, from: ConfigId, byte: u8) -> bool {
        self.configs.get(from).threads.iter().any(|thread| {
            let terminal = &self.terminals[thread.head.terminal as usize];
            terminal.step(thread.head.state, byte).is_some()
        })
    }

    /// Reads bytes until the state is dead; returns how many were read alive
    /// and the last live state.
    pub(crate) fn advance_all(
        &mut self,
        from: ConfigId,
        bytes: &[u8],
    ) -> Result<(usize, ConfigId), EngineError> {
        let mut at = from;
        for (read, &byte) in bytes.iter().enumerate() {
            let next = self.advance(at, byte)?;
            if next == DEAD {
                return Ok((read, at));
            }
            at = next;
        }
        Ok((bytes.len(), at))
    }

    /// The dot after an exit; `text: None` stands for a text that never
    /// occurred (see [`Language::follow`]).
    pub(crate) fn follow(
        &mut self,
        dot: Dot,
        edge: u32,
        label: Label,
        text: Option<TextId>,
    ) -> Dot {
        let key = (dot, edge, label, text);
        if let Some(&to) = self.follow.get(&key) {
            return to;
        }
        let bytes = match text {
            None | Some(0) => None,
            Some(id) => Some(self.text_bytes(id)),
        };
        let to = self.language.follow(dot, edge, label, bytes.as_deref());
        self.follow.insert(key, to);
        to
    }

    /// See [`Language::resume`].
    pub(crate) fn resume(&mut self, ret: Dot, last: Dot) -> Dot {
        if let Some(&to) = self.resumed.get(&(ret, last)) {
            return to;
        }
        let to = self.language.resume(ret, last);
        self.resumed.insert((ret, last), to);
        to
    }

    /// The bytes that a thread has read of its terminal, if that captures them.
    pub(crate) fn text_of(&self, thread: &Thread) -> Vec<u8> {
        self.text_bytes(thread.head.text)
    }

    fn text_bytes(&self, mut id: TextId) -> Vec<u8> {
        let mut bytes = Vec::new();
        while id != 0 {
            let (before, byte) = **self.texts.get(id);
            bytes.push(byte);
            id = before;
        }
        bytes.reverse();
        bytes
    }

    /// The state of being at some dots, each with a set of frames to return to.
    pub(crate) fn enter(&mut self, starts: &[(Dot, FrameSetId)]) -> Result<ConfigId, EngineError> {
        if let [start] = starts
            && let Some(&config) = self.entered.get(start)
        {
            return Ok(config);
        }
        let mut pending = Pending::default();
        pending.dots.extend_from_slice(starts);
        let config = self.close(pending)?;
        if let [start] = starts {
            self.entered.insert(*start, config);
        }
        Ok(config)
    }

    /// Expands dots until only threads are left, and interns the result.
    ///
    /// Goes in waves: dots and threads that arrive more than once are sorted
    /// together and their frames united once. In languages with plain returns,
    /// rules that end come before calls: so a frame is made once all of its
    /// callers are known, and ambiguous texts do not leave frames with some of
    /// them behind.
    ///
    /// PERF: uniting them one by one was quadratic: 70 ms for a mask with 400
    /// threads, now 3 ms.
    fn close(&mut self, mut pending: Pending) -> Result<ConfigId, EngineError> {
        let mut arrived: SmallVec<[(Dot, FrameSetId); 8]> = SmallVec::new();
        let mut changed: SmallVec<[Dot; 8]> = SmallVec::new();
        loop {
            while !pending.dots.is_empty() {
                let mut wave = std::mem::take(&mut pending.dots);
                wave.sort_unstable();
                for same in wave.chunk_by(|a, b| a.0 == b.0) {
                    let dot = same[0].0;
                    let mut up = self.union(same.iter().map(|&(_, up)| up));
                    let mut before = None;
                    match arrived.binary_search_by_key(&dot, |&(dot, _)| dot) {
                        Err(at) => arrived.insert(at, (dot, up)),
                        Ok(at) => {
                            let known = arrived[at].1;
                            up = self.union([known, up].into_iter());
                            if up == known {
                                continue;
                            }
                            before = Some(known);
                            arrived[at].1 = up;
                        }
                    }
                    let info = self.dot(dot);
                    if info.is_final {
                        self.leave(dot, &info, up, before, &mut pending);
                    }
                    if info.plain_returns {
                        changed.push(dot);
                    } else {
                        self.expand(dot, &info, up, &mut pending);
                    }
                }
                // A closure alone can make as many frames as a text is long, squared.
                self.check_memory()?;
            }
            if changed.is_empty() {
                break;
            }
            changed.sort_unstable();
            changed.dedup();
            for dot in changed.drain(..) {
                if let Ok(at) = arrived.binary_search_by_key(&dot, |&(dot, _)| dot) {
                    let info = self.dot(dot);
                    self.expand(dot, &info, arrived[at].1, &mut pending);
                }
            }
        }
        pending.threads.sort_unstable();
        let threads: Vec<Thread> = pending
            .threads
            .chunk_by(|a, b| a.head == b.head)
            .map(|same| Thread {
                head: same[0].head,
                up: self.union(same.iter().map(|thread| thread.up)),
            })
            .collect();
        pending.token_threads.sort_unstable();
        let alike =
            |a: &TokenThread, b: &TokenThread| (a.set, a.dot, a.edge) == (b.set, b.dot, b.edge);
        let token_threads: Box<[TokenThread]> = pending
            .token_threads
            .chunk_by(alike)
            .map(|same| TokenThread {
                up: self.union(same.iter().map(|thread| thread.up)),
                ..same[0]
            })
            .collect();
        let count = threads.len() + token_threads.len();
        if count > self.limits.max_threads {
            return Err(EngineError::TooManyThreads {
                limit: self.limits.max_threads,
            });
        }
        let states = self.configs.len();
        let config = self.configs.intern(Config {
            threads: threads.into(),
            token_threads,
            accepting: pending.accepting,
        });
        if self.configs.len() > states {
            self.config_threads += count;
        }
        self.check_memory()?;
        Ok(config)
    }

    pub(crate) fn check_memory(&self) -> Result<(), EngineError> {
        if self.heap_bytes() > self.limits.max_bytes {
            return Err(EngineError::TooMuchMemory {
                limit: self.limits.max_bytes,
            });
        }
        Ok(())
    }

    /// Adds the terminals and calls of a dot.
    fn expand(&mut self, dot: Dot, info: &DotInfo, up: FrameSetId, pending: &mut Pending) {
        for &(terminal, edge) in &info.terminals {
            let head = Head {
                terminal,
                state: self.terminals[terminal as usize].start(),
                dot,
                edge,
                text: 0,
            };
            pending.threads.push(Thread { head, up });
        }
        for &(set, edge) in &info.tokens {
            let thread = TokenThread { set, dot, edge, up };
            pending.token_threads.push(thread);
        }
        for &(callee, ret) in &info.calls {
            let up = self.called(info, ret, up);
            pending.dots.push((callee, up));
        }
    }

    /// The frames of a rule that a dot calls, to return to `ret`.
    pub(crate) fn called(&mut self, info: &DotInfo, ret: Dot, mut up: FrameSetId) -> FrameSetId {
        if info.plain_returns {
            let after = self.dot(ret);
            if after.only_ends() {
                return up;
            }
            if after.is_final && self.is_repetition(ret) {
                up = self.absorb(ret, up);
            }
        }
        let frame = self.frames.intern(Frame { ret, up });
        self.frame_sets.intern_slice(&[frame])
    }

    /// Adds what the end of a rule leads back to. The frames in `before` were
    /// left already.
    fn leave(
        &mut self,
        dot: Dot,
        info: &DotInfo,
        up: FrameSetId,
        before: Option<FrameSetId>,
        pending: &mut Pending,
    ) {
        let before = before.map(|set| Arc::clone(self.frame_sets.get(set)));
        for &frame in self.frame_sets.get(up).clone().iter() {
            let is_known = |set: &Arc<[FrameId]>| set.binary_search(&frame).is_ok();
            if before.as_ref().is_some_and(is_known) {
                continue;
            }
            if frame == BOTTOM {
                pending.accepting = true;
            } else {
                let Frame { ret, up } = **self.frames.get(frame);
                let ret = if info.returns {
                    self.resume(ret, dot)
                } else {
                    ret
                };
                pending.dots.push((ret, up));
            }
        }
    }

    /// The frames below a new one that returns to `ret`, a repetition: instead
    /// of those that return there too, the frames below them.
    fn absorb(&mut self, ret: Dot, up: FrameSetId) -> FrameSetId {
        let set = Arc::clone(self.frame_sets.get(up));
        // The frame at the bottom returns to no dot.
        let alike = |&&frame: &&FrameId| frame != BOTTOM && self.frames.get(frame).ret == ret;
        if !set.iter().any(|frame| alike(&frame)) {
            return up;
        }
        let below = |frame: &FrameId| self.frames.get(*frame).up;
        let sets: SmallVec<[FrameSetId; 8]> = set.iter().filter(alike).map(below).collect();
        let others: SmallVec<[FrameId; 8]> =
            set.iter().copied().filter(|frame| !alike(&frame)).collect();
        let others = (!others.is_empty()).then(|| self.intern_set(&others));
        self.union(sets.into_iter().chain(others))
    }

    /// See [`Language::is_repetition`].
    fn is_repetition(&mut self, dot: Dot) -> bool {
        let language = &mut self.language;
        let known = self.repetitions.entry(dot);
        *known.or_insert_with(|| language.has_plain_returns(dot) && language.is_repetition(dot))
    }

    fn union(&mut self, sets: impl Iterator<Item = FrameSetId> + Clone) -> FrameSetId {
        let first = sets.clone().next().unwrap_or(0);
        if sets.clone().all(|set| set == first) {
            return first;
        }
        let mut all: SmallVec<[FrameId; 8]> = SmallVec::new();
        for set in sets {
            all.extend_from_slice(self.frame_sets.get(set));
        }
        all.sort_unstable();
        all.dedup();
        self.intern_set(&all)
    }

    fn intern_set(&mut self, frames: &[FrameId]) -> FrameSetId {
        let sets = self.frame_sets.len();
        let set = self.frame_sets.intern_slice(frames);
        if self.frame_sets.len() > sets {
            self.set_frames += frames.len();
        }
        set
    }

    pub(crate) fn dot(&mut self, dot: Dot) -> Arc<DotInfo> {
        if let Some(info) = self.dots.get(&dot) {
            return Arc::clone(info);
        }
        let expansion = self.language.expand(dot);
        let mut terminals = Vec::new();
        let mut tokens = Vec::new();
        let mut calls = Vec::new();
        for (edge, way) in expansion.edges.into_iter().enumerate() {
            match way {
                Edge::Call { callee, ret } => calls.push((callee, ret)),
                Edge::Terminal(terminal) => {
                    terminals.push((self.terminal_id(terminal), edge as u32));
                }
                Edge::Token(set) => tokens.push((self.token_set_id(set), edge as u32)),
            }
        }
        let plain_returns = self.language.has_plain_returns(dot);
        let info = Arc::new(DotInfo {
            plain_returns,
            is_final: expansion.is_final,
            returns: expansion.returns,
            terminals: terminals.into_boxed_slice(),
            tokens: tokens.into_boxed_slice(),
            calls: calls.into_boxed_slice(),
        });
        self.dots.insert(dot, Arc::clone(&info));
        info
    }

    /// The number of a terminal, by identity.
    pub(crate) fn terminal_id(&mut self, terminal: Arc<dyn Terminal>) -> u32 {
        let address = Arc::as_ptr(&terminal).cast::<()>() as usize;
        *self.terminal_ids.entry(address).or_insert_with(|| {
            // Kept here, so the address is never used again.
            self.terminals.push(terminal);
            (self.terminals.len() - 1) as u32
        })
    }

    fn token_set_id(&mut self, set: TokenSet) -> u32 {
        *self.token_set_ids.entry(set).or_insert_with_key(|set| {
            self.token_sets.push(set.clone());
            (self.token_sets.len() - 1) as u32
        })
    }

    /// An upper bound on the bytes needed to complete the text, reached by
    /// always taking a byte, or a token read by number, that lowers it.
    pub(crate) fn min_bytes(&mut self, id: ConfigId) -> u32 {
        let config = self.config(id);
        if config.accepting {
            return 0;
        }
        let mut best = u32::MAX;
        let mut ways = Vec::new();
        for thread in &config.threads {
            ways.clear();
            self.terminal(thread.head.terminal)
                .ways_out(thread.head.state, &mut ways);
            let above = self.stack_cost(thread.up);
            for &(label, bytes) in &ways {
                let dot = self.follow(thread.head.dot, thread.head.edge, label, None);
                let rest = self.language.min_bytes(dot);
                best = best.min(bytes.saturating_add(rest).saturating_add(above));
            }
        }
        for thread in &config.token_threads {
            let dot = self.follow(thread.dot, thread.edge, 0, None);
            let rest = self.language.min_bytes(dot).saturating_add(1);
            best = best.min(rest.saturating_add(self.stack_cost(thread.up)));
        }
        best
    }

    /// No text of the language has fewer bytes.
    pub(crate) fn least_bytes(&mut self) -> u32 {
        self.language.least_bytes()
    }

    /// The texts that terminals about to start list one by one.
    pub(crate) fn words(&self, id: ConfigId) -> Vec<Vec<u8>> {
        let mut words = Vec::new();
        for thread in &self.configs.get(id).threads {
            let terminal = self.terminal(thread.head.terminal);
            if thread.head.state == terminal.start() {
                terminal.words(&mut words);
            }
        }
        words
    }

    fn stack_cost(&mut self, set: FrameSetId) -> u32 {
        // Frames refer to older frames only, so one pass from the oldest up
        // needs no recursion.
        let mut open: Vec<FrameId> = self.frame_sets.get(set).to_vec();
        while let Some(&frame) = open.last() {
            if frame == BOTTOM || self.frame_costs.contains_key(&frame) {
                open.pop();
                continue;
            }
            let Frame { ret, up } = **self.frames.get(frame);
            let missing: Vec<FrameId> = self
                .frame_sets
                .get(up)
                .iter()
                .copied()
                .filter(|f| *f != BOTTOM && !self.frame_costs.contains_key(f))
                .collect();
            if missing.is_empty() {
                let above = self.cheapest(up);
                let cost = self.language.min_bytes(ret).saturating_add(above);
                self.frame_costs.insert(frame, cost);
                open.pop();
            } else {
                open.extend(missing);
            }
        }
        self.cheapest(set)
    }

    fn cheapest(&self, set: FrameSetId) -> u32 {
        let cost = |frame: &FrameId| self.frame_costs.get(frame).copied().unwrap_or(0);
        self.frame_sets.get(set).iter().map(cost).min().unwrap_or(0)
    }

    /// Approximate heap use, in bytes: counts entries, not allocator overhead.
    pub(crate) fn heap_bytes(&self) -> usize {
        (self.next.len() + self.next_token.len()) * 16
            + self.configs.len() * 120
            + self.config_threads * size_of::<Thread>()
            + self.frames.len() * 48
            + self.frame_sets.len() * 56
            + self.set_frames * size_of::<FrameId>()
            + self.texts.len() * 48
            + self.follow.len() * 32
            + self.dots.len() * 160
            + self.next_bytes.len() * 48
            + self.language.heap_bytes()
    }
}
