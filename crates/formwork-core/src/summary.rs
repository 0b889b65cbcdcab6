//! Masks of plain languages, summed up dot by dot.
//!
//! The *summary* of a dot and a residual is what the rule of the dot makes of the
//! residual, from there to its end and whoever called it: the tokens that end on
//! the way, and the residual that is left for the caller. It is made of the parts
//! that terminals read and the summaries of callees, and memoised; so a mask is a
//! union of what is known, along the frames that some token comes back to.
//!
//! The naive twin is the walk in `mask`, which runs the machine byte by byte.
//!
//! PERF: masks over the 164 programs of HumanEval-X under `grammars/cpp.lark` with
//! the vocabulary of Llama 3.1, a new grammar for each program, in µs; `cargo run --release -p formwork-bench --example humaneval`:
//!
//! | | mean | p50 | p90 | p99 | max |
//! |-|-|-|-|-|-|
//! | the walk | 3935 | 0.4 | 13253 | 25630 | 57725 |
//! | summaries, the store empty for each program | 152 | 0.9 | 294 | 2662 | 5355 |
//! | summaries, one store | 24 | 0.9 | 40 | 429 | 4341 |
//!
//! (The clock of the last two takes 0.3.) What a new grammar pays is some 3,800
//! summaries with two parts each, and 360 dots, per program.

#![expect(
    clippy::indexing_slicing,
    reason = "summaries and lists are numbered as they are made"
)]

use std::ops::Range;
use std::sync::{Arc, OnceLock, RwLockReadGuard};

use formwork_grammar::{Bytes, Dot, Terminal};
use formwork_vocab::{TokenId, mask};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::index::{Row, TokenIndex};
use crate::machine::{BOTTOM, Config, FrameSetId, Machine};
use crate::store::{Part, PartKey, Rest, Store, Tables};
use crate::token_set::TokenSet;

/// What a rule makes of a residual from some dot on.
#[derive(Clone, Copy)]
struct Summary {
    /// The tokens that end in the rule or with it.
    accepted: Accepted,
    /// What is left for the caller.
    rest: Rest,
}

/// A set of tokens: some in a list, more than once perhaps, others in a row.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Accepted {
    /// A range of [`Summaries::tokens`].
    from: u32,
    to: u32,
    /// A number in [`Summaries::rows`], or [`NO_ROW`].
    row: u32,
}

const NO_ROW: u32 = u32::MAX;

impl Accepted {
    const NONE: Accepted = Accepted {
        from: 0,
        to: 0,
        row: NO_ROW,
    };

    fn list(self) -> Range<usize> {
        self.from as usize..self.to as usize
    }

    fn is_empty(self) -> bool {
        self.from == self.to && self.row == NO_ROW
    }
}

/// The ways on from a dot, with all that is asked of them often.
struct Ways {
    is_final: bool,
    terminals: Box<[TerminalWay]>,
    calls: Box<[CallWay]>,
}

struct TerminalWay {
    /// The terminal in the store, and its start.
    dfa: u32,
    start: u32,
    /// The bytes it begins with.
    first: Bytes,
    edge: u32,
    /// Looked up when a token first comes so far: few ever do.
    after: OnceLock<After>,
}

/// Where a terminal leads.
#[derive(Clone, Copy)]
struct After {
    target: Dot,
    /// What comes next there, by number in the store.
    next: (u32, Bytes),
}

struct CallWay {
    callee: Dot,
    /// What comes next at the callee, and after the call.
    first: Bytes,
    ret: Dot,
    next: Bytes,
}

/// The summaries of one grammar.
#[derive(Default)]
pub(crate) struct Summaries {
    /// Whether the grammar needs too much memory for summaries.
    given_up: bool,
    store: Option<Arc<Store>>,
    /// The number in the store and the first bytes of every terminal met.
    terminals: Vec<Option<(u32, Bytes)>>,
    ways: Vec<Option<Arc<Ways>>>,
    /// The number of a summary, by dot and residual.
    known: FxHashMap<(Dot, u32), u32>,
    summaries: Vec<Summary>,
    tokens: Vec<TokenId>,
    rows: Vec<Row>,
    own_rows: usize,
    unions: FxHashMap<(u32, u32), Rest>,
    heap_bytes: usize,
}

/// A mask of one language under way.
struct Run<'a> {
    sums: &'a mut Summaries,
    store: &'a Store,
    /// Open but while something new is learnt.
    tables: Option<RwLockReadGuard<'a, Tables>>,
    machine: &'a mut Machine,
    index: &'a TokenIndex,
    max_bytes: usize,
}

/// Summaries are made by recursion so deep, which takes some ten kilobytes of stack.
const MAX_DEPTH: u32 = 64;

/// Longer lists become rows.
const MAX_SPARSE: usize = 512;

impl Summaries {
    /// Approximate heap use, in bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.heap_bytes
    }

    fn count_bytes(&mut self, words: usize) {
        self.heap_bytes = 24 * self.known.len()
            + size_of::<Summary>() * self.summaries.len()
            + 4 * self.tokens.len()
            + 4 * words * self.own_rows
            + 56 * self.unions.len();
    }

    /// Forgets everything, also which store it was.
    pub(crate) fn clear(&mut self) {
        *self = Summaries {
            given_up: self.given_up,
            ..Summaries::default()
        };
    }

    /// Sets the bits of all tokens that the threads of a state can read. `None` if
    /// the language is not plain, or once a mask took more than `max_bytes` of
    /// summaries or too much of the store.
    pub(crate) fn fill(
        &mut self,
        machine: &mut Machine,
        index: &TokenIndex,
        config: &Config,
        row: &mut [u32],
        max_bytes: usize,
    ) -> Option<()> {
        if self.given_up || !machine.is_plain() {
            return None;
        }
        if self.store.as_ref().is_some_and(|store| store.is_full()) {
            self.clear();
        }
        let store = Arc::clone(self.store.get_or_insert_with(|| index.store()));
        let done = Run {
            sums: self,
            tables: Some(store.tables()),
            store: &store,
            machine,
            index,
            max_bytes,
        }
        .fill(config, row);
        self.count_bytes(row.len());
        if done.is_none() {
            self.given_up = true;
            self.clear();
        }
        done
    }

    fn or_into(&self, accepted: Accepted, row: &mut [u32]) {
        if let Some(more) = self.rows.get(accepted.row as usize) {
            mask::or_into(row, more);
        }
        mask::set_all(row, &self.tokens[accepted.list()]);
    }
}

impl<'a> Run<'a> {
    fn fill(&mut self, config: &Config, row: &mut [u32]) -> Option<()> {
        // What is left for the frames of each set, the newest set last: frames
        // return to older sets only, so each is looked at once.
        let mut above: SmallVec<[(FrameSetId, Rest); 8]> = SmallVec::new();
        for thread in &config.threads {
            let head = thread.head;
            let dot = self.machine.follow(head.dot, head.edge, 0, None);
            let bytes = self.machine.next_bytes(dot);
            let (dfa, _) = self.terminal(head.terminal)?;
            let next = self.byte_set(bytes);
            let key = PartKey {
                dfa,
                state: head.state.0[0],
                rest: Rest::ROOT.id,
                next,
            };
            let part = self.part(key);
            if let Some(tables) = &self.tables {
                tables.inside(part.inside).or_into(row);
            }
            if part.rest.meets(&bytes) {
                let summary = self.summary(dot, part.rest)?;
                self.sums.or_into(summary.accepted, row);
                self.leave(&mut above, thread.up, summary.rest);
            }
        }
        while let Some((set, rest)) = above.pop() {
            for &frame in self.machine.frame_set(set).iter() {
                if frame == BOTTOM {
                    continue;
                }
                let frame = self.machine.frame(frame);
                if rest.meets(&self.machine.next_bytes(frame.ret)) {
                    let summary = self.summary(frame.ret, rest)?;
                    self.sums.or_into(summary.accepted, row);
                    self.leave(&mut above, frame.up, summary.rest);
                }
            }
        }
        Some(())
    }

    fn leave(&mut self, above: &mut SmallVec<[(FrameSetId, Rest); 8]>, up: FrameSetId, rest: Rest) {
        if rest.is_none() {
            return;
        }
        match above.binary_search_by_key(&up, |&(set, _)| set) {
            Ok(at) => above[at].1 = self.union(above[at].1, rest),
            Err(at) => above.insert(at, (up, rest)),
        }
    }

    /// Asks the store for what may be new; meanwhile its tables are closed.
    fn learn<T>(&mut self, ask: impl FnOnce(&Store) -> T) -> T {
        self.tables = None;
        let answer = ask(self.store);
        self.tables = Some(self.store.tables());
        answer
    }

    fn union(&mut self, a: Rest, b: Rest) -> Rest {
        if a.is_none() || a.id == b.id {
            return b;
        }
        if b.is_none() {
            return a;
        }
        let key = (a.id.min(b.id), a.id.max(b.id));
        if let Some(&known) = self.sums.unions.get(&key) {
            return known;
        }
        let index = self.index;
        let known = self.tables.as_ref().and_then(|tables| tables.union(key));
        let union = known.unwrap_or_else(|| self.learn(|store| store.union(index, key)));
        self.sums.unions.insert(key, union);
        union
    }

    fn byte_set(&mut self, bytes: Bytes) -> u32 {
        let known = self
            .tables
            .as_ref()
            .and_then(|tables| tables.byte_set(&bytes));
        known.unwrap_or_else(|| self.learn(|store| store.byte_set(bytes)))
    }

    fn part(&mut self, key: PartKey) -> Part {
        let index = self.index;
        let known = self.tables.as_ref().and_then(|tables| tables.part(&key));
        known.unwrap_or_else(|| self.learn(|store| store.part(index, key)))
    }

    /// A terminal's number in the store and first bytes.
    fn terminal(&mut self, terminal: u32) -> Option<(u32, Bytes)> {
        let at = terminal as usize;
        if let Some(&Some(known)) = self.sums.terminals.get(at) {
            return Some(known);
        }
        let automaton = Arc::clone(self.machine.terminal(terminal));
        let dfa = automaton.as_byte_dfa()?;
        let mut first = [0u64; 4];
        for byte in 0..=u8::MAX {
            if dfa.step(dfa.start(), byte).is_some() {
                first[usize::from(byte / 64)] |= 1 << (byte % 64);
            }
        }
        let known = (self.learn(|store| store.dfa(dfa)), first);
        let terminals = &mut self.sums.terminals;
        terminals.resize(terminals.len().max(at + 1), None);
        terminals[at] = Some(known);
        Some(known)
    }

    fn ways(&mut self, dot: Dot) -> Option<Arc<Ways>> {
        let at = dot as usize;
        if let Some(Some(known)) = self.sums.ways.get(at) {
            return Some(Arc::clone(known));
        }
        let info = self.machine.dot(dot);
        let mut terminals = Vec::with_capacity(info.terminals.len());
        for &(terminal, edge) in &info.terminals {
            let (dfa, first) = self.terminal(terminal)?;
            terminals.push(TerminalWay {
                dfa,
                start: self.machine.terminal(terminal).start().0[0],
                first,
                edge,
                after: OnceLock::new(),
            });
        }
        let calls = info.calls.iter().map(|&(callee, ret)| CallWay {
            callee,
            first: self.machine.next_bytes(callee),
            ret,
            next: self.machine.next_bytes(ret),
        });
        let ways = Arc::new(Ways {
            is_final: info.is_final,
            calls: calls.collect(),
            terminals: terminals.into(),
        });
        if self.sums.ways.len() <= at {
            self.sums.ways.resize(at + 1, None);
        }
        self.sums.ways[at] = Some(Arc::clone(&ways));
        Some(ways)
    }

    /// Where a terminal of a dot leads.
    fn after(&mut self, dot: Dot, way: &TerminalWay) -> After {
        if let Some(known) = way.after.get() {
            return *known;
        }
        let target = self.machine.follow(dot, way.edge, 0, None);
        let bytes = self.machine.next_bytes(target);
        let next = (self.byte_set(bytes), bytes);
        *way.after.get_or_init(|| After { target, next })
    }

    /// Where a terminal of a dot leads, and what it reads of a residual.
    fn terminal_part(&mut self, dot: Dot, way: &TerminalWay, rest: Rest) -> (After, Part) {
        let after = self.after(dot, way);
        let part = self.part(PartKey {
            dfa: way.dfa,
            state: way.start,
            rest: rest.id,
            next: after.next.0,
        });
        (after, part)
    }

    fn known(&self, dot: Dot, rest: Rest) -> Option<Summary> {
        let number = self.sums.known.get(&(dot, rest.id))?;
        Some(self.sums.summaries[*number as usize])
    }

    /// The summary of a dot and a residual.
    fn summary(&mut self, dot: Dot, rest: Rest) -> Option<Summary> {
        self.nested(dot, rest, 0)
    }

    /// The same, `depth` calls deep: what it needs first, by recursion as far as that
    /// may go. No rule is left-recursive, so it ends.
    fn nested(&mut self, dot: Dot, rest: Rest, depth: u32) -> Option<Summary> {
        if let Some(known) = self.known(dot, rest) {
            return Some(known);
        }
        if depth >= MAX_DEPTH {
            return self.stacked(dot, rest);
        }
        let ways = self.ways(dot)?;
        let mut found = Found::default();
        if ways.is_final {
            found.left.push(rest);
        }
        // What goes on at the same dot goes on together.
        let mut after: SmallVec<[(Dot, Rest); 8]> = SmallVec::new();
        for way in &ways.terminals {
            if !rest.meets(&way.first) {
                continue;
            }
            let (After { target, next }, part) = self.terminal_part(dot, way, rest);
            if part.rest.meets(&next.1) {
                self.together(&mut after, target, part.rest);
            }
            if part.inside != 0 {
                found.parts.push(part.inside);
            }
        }
        for way in &ways.calls {
            if !rest.meets(&way.first) {
                continue;
            }
            let summary = self.nested(way.callee, rest, depth + 1)?;
            found.accepted.push(summary.accepted);
            if summary.rest.meets(&way.next) {
                self.together(&mut after, way.ret, summary.rest);
            }
        }
        for (dot, rest) in after {
            let summary = self.nested(dot, rest, depth + 1)?;
            found.left.push(summary.rest);
            found.accepted.push(summary.accepted);
        }
        let summary = self.sum(&found);
        self.keep(dot, rest, summary)?;
        Some(summary)
    }

    fn together(&mut self, after: &mut SmallVec<[(Dot, Rest); 8]>, dot: Dot, rest: Rest) {
        match after.iter_mut().find(|(known, _)| *known == dot) {
            Some((_, before)) => *before = self.union(*before, rest),
            None => after.push((dot, rest)),
        }
    }

    /// Notes a summary; `None` once there are too many.
    fn keep(&mut self, dot: Dot, rest: Rest, summary: Summary) -> Option<()> {
        let number = self.sums.summaries.len() as u32;
        self.sums.summaries.push(summary);
        self.sums.known.insert((dot, rest.id), number);
        let tables = self.tables.as_ref();
        if tables.is_some_and(|tables| tables.is_overfull()) {
            return None;
        }
        if number % 256 == 255 {
            self.sums.count_bytes(self.index.vocab().mask_words());
            if self.sums.heap_bytes > self.max_bytes {
                return None;
            }
        }
        Some(())
    }

    /// The summary of a dot and a residual, without recursion.
    fn stacked(&mut self, dot: Dot, rest: Rest) -> Option<Summary> {
        let mut open = vec![(dot, rest)];
        while let Some(&(dot, rest)) = open.last() {
            if self.known(dot, rest).is_some() {
                open.pop();
                continue;
            }
            let Some(summary) = self.attempt(dot, rest, &mut open)? else {
                continue; // something it needs comes first
            };
            open.pop();
            self.keep(dot, rest, summary)?;
        }
        self.known(dot, rest)
    }

    /// Sums up what is known; `None` with what is not pushed on `open`.
    fn attempt(
        &mut self,
        dot: Dot,
        rest: Rest,
        open: &mut Vec<(Dot, Rest)>,
    ) -> Option<Option<Summary>> {
        let ways = self.ways(dot)?;
        let mut found = Found::default();
        if ways.is_final {
            found.left.push(rest);
        }
        let depth = open.len();
        for way in &ways.terminals {
            if !rest.meets(&way.first) {
                continue;
            }
            let (After { target, next }, part) = self.terminal_part(dot, way, rest);
            if part.rest.meets(&next.1) {
                self.then(target, part.rest, &mut found, open);
            }
            if part.inside != 0 {
                found.parts.push(part.inside);
            }
        }
        for way in &ways.calls {
            if !rest.meets(&way.first) {
                continue;
            }
            let Some(summary) = self.known(way.callee, rest) else {
                open.push((way.callee, rest));
                continue;
            };
            found.accepted.push(summary.accepted);
            if summary.rest.meets(&way.next) {
                self.then(way.ret, summary.rest, &mut found, open);
            }
        }
        Some((open.len() == depth).then(|| self.sum(&found)))
    }

    /// Adds what a dot makes of a residual, or notes that it is not known.
    fn then(&mut self, dot: Dot, rest: Rest, found: &mut Found, open: &mut Vec<(Dot, Rest)>) {
        match self.known(dot, rest) {
            None => open.push((dot, rest)),
            Some(summary) => {
                found.left.push(summary.rest);
                found.accepted.push(summary.accepted);
            }
        }
    }

    fn sum(&mut self, found: &Found) -> Summary {
        let left = found.left.iter();
        let rest = left.fold(Rest::NONE, |all, &rest| self.union(all, rest));
        let words = self.index.vocab().mask_words();
        let accepted = match &self.tables {
            Some(tables) => self.sums.gather(found, tables, words),
            None => Accepted::NONE, // they are open but while something is learnt
        };
        Summary { accepted, rest }
    }
}

/// What a summary is made of.
#[derive(Default)]
struct Found {
    /// See [`Part::inside`].
    parts: SmallVec<[u32; 8]>,
    accepted: SmallVec<[Accepted; 8]>,
    left: SmallVec<[Rest; 8]>,
}

impl Summaries {
    fn gather(&mut self, found: &Found, tables: &Tables, words: usize) -> Accepted {
        let mut accepted = found.accepted.iter().filter(|set| !set.is_empty());
        if found.parts.is_empty() {
            let Some(&first) = accepted.next() else {
                return Accepted::NONE;
            };
            if accepted.all(|&set| set == first) {
                return first;
            }
        }
        // The parts, each once.
        let mut rows: SmallVec<[&Row; 4]> = SmallVec::new();
        let mut lists: SmallVec<[Accepted; 8]> = SmallVec::new();
        let mut total = 0;
        for &inside in &found.parts {
            let TokenSet { dense, sparse } = tables.inside(inside);
            total += sparse.len();
            rows.extend(dense);
        }
        for &accepted in &found.accepted {
            if !lists.contains(&accepted) {
                total += accepted.list().len();
                rows.extend(self.rows.get(accepted.row as usize));
                lists.push(accepted);
            }
        }
        rows.sort_unstable_by_key(|row| Arc::as_ptr(row).cast::<u32>());
        rows.dedup_by(|a, b| Arc::ptr_eq(a, b));

        let from = self.tokens.len();
        let sparse = found.parts.iter().map(|&part| &tables.inside(part).sparse);
        let row = if rows.len() > 1 || total > MAX_SPARSE {
            let mut own: Row = match rows.first() {
                Some(row) => Arc::from(&row[..]),
                None => std::iter::repeat_n(0, words).collect(),
            };
            if let Some(own) = Arc::get_mut(&mut own) {
                for row in rows.iter().skip(1) {
                    mask::or_into(own, row);
                }
                for list in &lists {
                    mask::set_all(own, &self.tokens[list.list()]);
                }
                sparse.for_each(|tokens| mask::set_all(own, tokens));
            }
            self.own_rows += 1;
            Some(own)
        } else {
            let row = rows.pop().map(Arc::clone);
            sparse.for_each(|tokens| self.tokens.extend_from_slice(tokens));
            for list in &lists {
                self.tokens.extend_from_within(list.list());
            }
            row
        };
        drop(rows);
        let row = row.map_or(NO_ROW, |row| {
            self.rows.push(row);
            (self.rows.len() - 1) as u32
        });
        Accepted {
            from: from as u32,
            to: self.tokens.len() as u32,
            row,
        }
    }
}
