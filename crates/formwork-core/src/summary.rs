//! Masks of plain languages, summed up dot by dot.
//!
//! The *summary* of a dot and a residual is what the rule of the dot makes of the
//! residual, from there to its end and whoever called it: the tokens that end on
//! the way, and the residual that is left for the caller. It is made of the parts
//! that terminals read and the summaries of callees, and memoised; so a mask is a
//! union of what is known, along the frames that some token comes back to.
//!
//! The naive twin is the walk in `mask`, which runs the machine byte by byte.

use std::sync::Arc;

use formwork_grammar::{Bytes, Dot, Terminal};
use formwork_vocab::{TokenId, mask};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::index::{Row, TokenIndex};
use crate::machine::{BOTTOM, Config, FrameSetId, Machine};
use crate::slice::TokenSet;
use crate::store::{Part, Rest, Store};

/// What a rule makes of a residual from some dot on.
struct Summary {
    /// The tokens that end in the rule or with it.
    accepted: TokenSet,
    /// What is left for the caller.
    rest: Rest,
}

/// The summaries of one grammar.
#[derive(Default)]
pub(crate) struct Summaries {
    store: Option<Arc<Store>>,
    /// The number in the store and the first bytes of every terminal met.
    terminals: Vec<Option<(u32, Bytes)>>,
    /// By terminal, state, residual and set of next bytes.
    parts: FxHashMap<[u32; 4], Arc<Part>>,
    unions: FxHashMap<(u32, u32), Rest>,
    known: FxHashMap<(Dot, u32), Arc<Summary>>,
    bytes: usize,
}

/// A mask of one language under way.
struct Run<'a> {
    sums: &'a mut Summaries,
    store: Arc<Store>,
    machine: &'a mut Machine,
    index: &'a TokenIndex,
    max_bytes: usize,
}

/// A set of tokens that grows; it keeps at most one row of its own.
#[derive(Default)]
struct Gathered {
    dense: Option<Row>,
    own: Option<Vec<u32>>,
    sparse: Vec<TokenId>,
}

/// Longer lists become rows. A list may name a token more than once.
const MAX_SPARSE: usize = 512;

impl Summaries {
    pub(crate) fn heap_bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets everything, also which store it was.
    pub(crate) fn clear(&mut self) {
        *self = Summaries::default();
    }

    /// Sets the bits of all tokens that the threads of a state can read. `None` if
    /// that takes more than `max_bytes` of summaries, or the language is not plain.
    pub(crate) fn fill(
        &mut self,
        machine: &mut Machine,
        index: &TokenIndex,
        config: &Config,
        row: &mut [u32],
        max_bytes: usize,
    ) -> Option<()> {
        let store = Arc::clone(self.store.get_or_insert_with(|| index.store()));
        let mut run = Run {
            sums: self,
            store,
            machine,
            index,
            max_bytes,
        };
        // What is left for the frames of each set, the newest set first: frames
        // return to older sets only, so each is looked at once.
        let mut above: SmallVec<[(FrameSetId, Rest); 8]> = SmallVec::new();
        for thread in &config.threads {
            let head = thread.head;
            let dot = run.machine.follow(head.dot, head.edge, 0, None);
            let part = run.part(head.terminal, Some(head.state.0[0]), Rest::ROOT, dot)?;
            part.inside.or_into(row);
            if part.rest.meets(&run.machine.next_bytes(dot).1) {
                let summary = run.summary(dot, part.rest)?;
                summary.accepted.or_into(row);
                run.leave(&mut above, thread.up, summary.rest);
            }
        }
        while let Some((set, rest)) = above.pop() {
            for &frame in run.machine.frame_set(set).iter() {
                if frame == BOTTOM {
                    continue;
                }
                let frame = run.machine.frame(frame);
                if rest.meets(&run.machine.next_bytes(frame.ret).1) {
                    let summary = run.summary(frame.ret, rest)?;
                    summary.accepted.or_into(row);
                    run.leave(&mut above, frame.up, summary.rest);
                }
            }
        }
        Some(())
    }
}

impl Run<'_> {
    fn leave(&mut self, above: &mut SmallVec<[(FrameSetId, Rest); 8]>, up: FrameSetId, rest: Rest) {
        if rest.is_none() {
            return;
        }
        match above.binary_search_by_key(&up, |&(set, _)| set) {
            Ok(at) => above[at].1 = self.union(above[at].1, rest),
            Err(at) => above.insert(at, (up, rest)),
        }
    }

    fn union(&mut self, a: Rest, b: Rest) -> Rest {
        if a.is_none() || a.id == b.id {
            return b;
        }
        if b.is_none() {
            return a;
        }
        let (store, index) = (&self.store, self.index);
        *self
            .sums
            .unions
            .entry((a.id.min(b.id), a.id.max(b.id)))
            .or_insert_with(|| store.union(index, a, b))
    }

    /// A terminal's number in the store and first bytes.
    fn terminal(&mut self, terminal: u32) -> Option<(u32, Bytes)> {
        let at = terminal as usize;
        if let Some(&Some(known)) = self.sums.terminals.get(at) {
            return Some(known);
        }
        let dfa = self.machine.terminal(terminal).as_byte_dfa()?;
        let mut first = [0u64; 4];
        for byte in 0..=u8::MAX {
            if dfa.step(dfa.start(), byte).is_some() {
                first[usize::from(byte / 64)] |= 1 << (byte % 64);
            }
        }
        let known = (self.store.dfa(dfa), first);
        let terminals = &mut self.sums.terminals;
        terminals.resize(terminals.len().max(at + 1), None);
        terminals[at] = Some(known);
        Some(known)
    }

    /// What a terminal reads of a residual, from a state or its start, if it leads
    /// to `dot`.
    fn part(
        &mut self,
        terminal: u32,
        state: Option<u32>,
        rest: Rest,
        dot: Dot,
    ) -> Option<Arc<Part>> {
        let (next, bytes) = self.machine.next_bytes(dot);
        let state = match state {
            Some(state) => state,
            None => self.machine.terminal(terminal).start().0[0],
        };
        let key = [terminal, state, rest.id, next];
        if let Some(part) = self.sums.parts.get(&key) {
            return Some(Arc::clone(part));
        }
        let (dfa, _) = self.terminal(terminal)?;
        let part = self.store.part(self.index, dfa, state, rest, bytes);
        self.sums.bytes += 48;
        self.sums.parts.insert(key, Arc::clone(&part));
        Some(part)
    }

    /// The summary of a dot and a residual. Calls go ahead of what needs them, on a
    /// stack of their own; no rule is left-recursive, so that ends.
    fn summary(&mut self, dot: Dot, rest: Rest) -> Option<Arc<Summary>> {
        if let Some(known) = self.sums.known.get(&(dot, rest.id)) {
            return Some(Arc::clone(known));
        }
        let mut open = vec![(dot, rest)];
        let mut last = None;
        while let Some(&(dot, rest)) = open.last() {
            if let Some(known) = self.sums.known.get(&(dot, rest.id)) {
                last = Some(Arc::clone(known));
                open.pop();
                continue;
            }
            let Some(summary) = self.attempt(dot, rest, &mut open)? else {
                continue; // something it needs comes first
            };
            open.pop();
            let summary = Arc::new(summary);
            self.sums.known.insert((dot, rest.id), Arc::clone(&summary));
            last = Some(summary);
            self.sums.bytes += 128;
            if self.sums.bytes > self.max_bytes {
                return None;
            }
        }
        last
    }

    /// Sums up what is known; `None` with what is not pushed on `open`.
    fn attempt(
        &mut self,
        dot: Dot,
        rest: Rest,
        open: &mut Vec<(Dot, Rest)>,
    ) -> Option<Option<Summary>> {
        let info = self.machine.dot(dot);
        let mut found = Found::default();
        if info.is_final {
            found.left.push(rest);
        }
        let depth = open.len();
        for &(terminal, edge) in &info.terminals {
            let (_, first) = self.terminal(terminal)?;
            if !rest.meets(&first) {
                continue;
            }
            let target = self.machine.follow(dot, edge, 0, None);
            let part = self.part(terminal, None, rest, target)?;
            self.then(target, part.rest, &mut found, open);
            if !part.inside.is_empty() {
                found.parts.push(part);
            }
        }
        for &(callee, ret) in &info.calls {
            if !rest.meets(&self.machine.next_bytes(callee).1) {
                continue;
            }
            match self.sums.known.get(&(callee, rest.id)) {
                None => open.push((callee, rest)),
                Some(summary) => {
                    let summary = Arc::clone(summary);
                    self.then(ret, summary.rest, &mut found, open);
                    found.summaries.push(summary);
                }
            }
        }
        Some((open.len() == depth).then(|| found.sum(self)))
    }

    /// Adds what a dot makes of a residual, or notes that it is not known.
    fn then(&mut self, dot: Dot, rest: Rest, found: &mut Found, open: &mut Vec<(Dot, Rest)>) {
        if !rest.meets(&self.machine.next_bytes(dot).1) {
            return;
        }
        match self.sums.known.get(&(dot, rest.id)) {
            None => open.push((dot, rest)),
            Some(summary) => {
                found.left.push(summary.rest);
                found.summaries.push(Arc::clone(summary));
            }
        }
    }
}

/// What a summary is made of.
#[derive(Default)]
struct Found {
    parts: SmallVec<[Arc<Part>; 8]>,
    summaries: SmallVec<[Arc<Summary>; 8]>,
    left: SmallVec<[Rest; 8]>,
}

impl Found {
    fn sum(self, run: &mut Run<'_>) -> Summary {
        let mut gathered = Gathered::default();
        for part in &self.parts {
            gathered.add(&part.inside);
        }
        for summary in &self.summaries {
            gathered.add(&summary.accepted);
        }
        let left = self.left.iter();
        let rest = left.fold(Rest::NONE, |all, &rest| run.union(all, rest));
        let is_new = gathered.own.is_some() || gathered.sparse.len() > MAX_SPARSE;
        let accepted = gathered.finish(run.index.vocab().mask_words());
        run.sums.bytes += 4 * accepted.sparse.len();
        if is_new {
            run.sums.bytes += 4 * run.index.vocab().mask_words();
        }
        Summary { accepted, rest }
    }
}

impl Gathered {
    fn add(&mut self, set: &TokenSet) {
        self.sparse.extend_from_slice(&set.sparse);
        let Some(row) = &set.dense else {
            return;
        };
        match (&mut self.own, &self.dense) {
            (Some(own), _) => mask::or_into(own, row),
            (None, None) => self.dense = Some(Arc::clone(row)),
            (None, Some(known)) if Arc::ptr_eq(known, row) => {}
            (None, Some(known)) => {
                let mut own = known.to_vec();
                mask::or_into(&mut own, row);
                self.own = Some(own);
            }
        }
    }

    fn finish(mut self, words: usize) -> TokenSet {
        if self.sparse.len() > MAX_SPARSE && self.own.is_none() {
            let dense = self.dense.take();
            self.own = Some(dense.map_or_else(|| vec![0; words], |row| row.to_vec()));
        }
        if let Some(own) = &mut self.own {
            mask::set_all(own, &self.sparse);
            self.sparse.clear();
        }
        TokenSet {
            dense: self.own.map(Row::from).or(self.dense),
            sparse: self.sparse.into_boxed_slice(),
        }
    }
}

impl Drop for Summaries {
    fn drop(&mut self) {
        if std::env::var_os("FILES").is_some() { eprintln!("summaries {} parts {} unions {} terminals {} bytes {}", self.known.len(), self.parts.len(), self.unions.len(), self.terminals.len(), self.bytes); }
    }
}
