//! What a terminal reads of a residual, from one of its states on.

#![expect(
    clippy::indexing_slicing,
    reason = "the path is as deep as the trie; a byte has a bit"
)]

use std::sync::Arc;

use formwork_grammar::{Bulk, Bytes, Label, LexState, Run, Terminal};
use formwork_vocab::{NodeId, TokenId, Trie, mask};
use smallvec::SmallVec;

use crate::index::{OddToken, Region, Row, TokenIndex};
use crate::readings::Readings;
use crate::residual::{Residuals, Rest, has};
use crate::stepper::{Stepper, inside};
use crate::token_set::TokenSet;

/// What a terminal reads of a residual.
#[derive(Debug)]
pub(crate) struct Reading {
    /// Tokens that end inside the terminal.
    pub(crate) inside: TokenSet,
    /// The same and those that end with it, if a row of them is at hand.
    pub(crate) closed: Option<Row>,
    /// What leaves it, by label.
    pub(crate) exits: Box<[Exit]>,
    /// Tokens whose rest may depend on the captured text; they have to be run in
    /// full.
    pub(crate) exact: Arc<[TokenId]>,
}

/// What leaves a terminal under one label.
#[derive(Debug)]
pub(crate) struct Exit {
    pub(crate) label: Label,
    /// Tokens that end with the terminal.
    pub(crate) ends: Arc<[TokenId]>,
    /// What goes on behind it.
    pub(crate) rests: SmallVec<[Rest; 2]>,
}

impl Reading {
    /// Approximate heap use, in bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        let ends: usize = self.exits.iter().map(|exit| exit.ends.len()).sum();
        let exits = size_of::<Exit>() * self.exits.len();
        size_of::<Reading>() + exits + 4 * (ends + self.exact.len()) + self.inside.heap_bytes()
    }

    /// Reads `rest` from `state` on. What `buffer` holds does not matter: it is where
    /// tokens are gathered, so that no list grows anew for each reading.
    ///
    /// Costs a step of the terminal for every distinct beginning of the residual
    /// that stays alive; from the body of a string, where the terminal knows of many
    /// tokens at once ([`Bulk`]), a scan of the vocabulary's signatures and a run of
    /// those tokens that these leave open.
    pub(crate) fn new(
        index: &TokenIndex,
        readings: &Readings,
        terminal: &dyn Terminal,
        state: LexState,
        rest: Rest,
        buffer: &mut Vec<TokenId>,
    ) -> Reading {
        buffer.clear();
        let mut reader = Reader {
            index,
            readings,
            terminal,
            sparse: buffer,
            dense: None,
            any_content: false,
            exits: SmallVec::new(),
        };
        let (mut state, mut rest) = (state, rest);
        if let Some(space) = terminal.space(state) {
            let spaced = readings.space(rest, space.max);
            reader.sparse.extend_from_slice(&spaced.inside.sparse);
            reader.dense.clone_from(&spaced.inside.dense);
            (state, rest) = (space.then, spaced.rest);
        }
        reader.read(state, rest);
        reader.finish()
    }
}

/// Below a node with so many others, a look at all of them at once is worth it.
const LARGE: u32 = 16;
/// So few bytes are tried one by one.
const FEW: usize = 24;
/// So many bytes lead to few tokens, and so many to most of the vocabulary.
const NARROW: u32 = 2;
const BROAD: u32 = 24;
/// So many tokens are not run one by one.
///
/// PERF: running one takes about 20 ns, a sweep with the row of a region 100 us or more.
const MANY: u32 = 6_000;

/// States with what is to be read from them.
type Open = SmallVec<[(LexState, Rest); 16]>;

/// What has left a terminal so far under one label.
struct Leaving {
    label: Label,
    ends: Vec<TokenId>,
    rests: SmallVec<[Rest; 4]>,
}

struct Reader<'a> {
    index: &'a TokenIndex,
    readings: &'a Readings,
    terminal: &'a dyn Terminal,
    sparse: &'a mut Vec<TokenId>,
    dense: Option<Row>,
    /// Whether all string content is read from the start.
    any_content: bool,
    exits: SmallVec<[Leaving; 2]>,
}

/// A walk over the trie.
struct Sweep<'a> {
    stepper: Stepper<'a>,
    /// After each depth, the terminal's state, and what is left of the region, as long
    /// as all is ASCII.
    path: Vec<(u32, Option<Run>)>,
    /// The tokens of the region.
    known: Option<Row>,
}

impl Sweep<'_> {
    /// Adds tokens that stay inside to those that are not of the region.
    fn keep(&self, tokens: &[TokenId], sparse: &mut Vec<TokenId>) {
        match &self.known {
            None => sparse.extend_from_slice(tokens),
            Some(row) => {
                let new = tokens.iter().filter(|&&token| !mask::get(row, token));
                sparse.extend(new.copied());
            }
        }
    }
}

impl Reader<'_> {
    fn read(&mut self, state: LexState, rest: Rest) {
        let mut open = Open::new();
        open.push((state, rest));
        while let Some((state, rest)) = open.pop() {
            if let Some(label) = self.any_content(state) {
                self.read_content(state, rest, label);
                continue;
            }
            let residuals = &self.readings.residuals;
            let mut live = [u64::MAX; 4];
            if residuals.fan(rest) > FEW {
                live = self.terminal.next_bytes(state);
            }
            let count = live.iter().map(|w| w.count_ones()).sum::<u32>();
            if rest == Rest::ROOT && count > NARROW {
                if count <= BROAD || !self.read_in_bulk(state, &live, &mut open) {
                    self.sweep(state, &live, None);
                }
                continue;
            }
            if self.read_below(state, rest) {
                continue;
            }
            if residuals.fan(rest) > FEW
                && let Some((label, but)) = self.most_content(state)
            {
                live = self.read_most_content(state, rest, label, &but);
            }
            residuals.branches(rest, &live, |byte, tokens, rest| {
                let Some(next) = self.terminal.step(state, byte) else {
                    return;
                };
                let goes_on = self.terminal.can_continue(next);
                if let Some(label) = self.terminal.exit(next) {
                    let ends = if goes_on { &[] } else { tokens };
                    leaving(&mut self.exits, label, ends, rest);
                }
                if goes_on {
                    self.sparse.extend_from_slice(tokens);
                    if !rest.is_none() {
                        open.push((next, rest));
                    }
                }
            });
        }
    }

    /// Every token from a state in which some bytes can be read. Those of a region are
    /// known to stay inside.
    ///
    /// PERF: goes over the nodes of the trie in their order, with the terminal's steps
    /// in a table and past whole subtrees at once: some 5,000 of 250,000 nodes for a
    /// pattern such as `[^,"]+`.
    fn sweep(&mut self, from: LexState, live: &Bytes, known: Option<(Run, Row)>) {
        let trie = self.index.vocab().trie();
        let (run, row) = known.unzip();
        let mut sweep = Sweep {
            stepper: Stepper::new(self.terminal, from),
            path: vec![(Stepper::START, run); self.index.longest() + 1],
            known: row,
        };
        let mut starts: SmallVec<[NodeId; 16]> = SmallVec::new();
        trie.children_in(trie.root(), live, |_, start| starts.push(start));
        for mut at in starts {
            let end = trie.subtree_end(at);
            while at < end {
                at = self.visit(&mut sweep, at);
            }
        }
        if let Some(row) = sweep.known {
            self.add_row(row);
        }
    }

    /// Reads a node of the trie. Returns the next that is to be read.
    fn visit(&mut self, sweep: &mut Sweep, at: NodeId) -> NodeId {
        let trie = self.index.vocab().trie();
        let node = trie.node(at);
        let (state, run) = sweep.path[node.depth - 1];
        let next = sweep.stepper.step(state, node.byte);
        if next == Stepper::DEAD {
            return node.end;
        }
        let facts = sweep.stepper.facts(next);
        if let Some(label) = facts.exit {
            let ends = if facts.goes_on { &[] } else { node.tokens };
            let rest = self.readings.residuals.after(at);
            leaving(&mut self.exits, label, ends, rest);
        }
        if !facts.goes_on {
            return node.end;
        }
        sweep.keep(node.tokens, self.sparse);
        let below = NodeId(at.0 + 1);
        if below == node.end {
            return node.end;
        }
        let run = run.and_then(|run| run.after(node.byte));
        if !self.covers(sweep.stepper.runs(next), at) {
            sweep.path[node.depth] = (next, run);
            return below;
        }
        let is_known = self.index.beneath().is_ascii(at) && self.covers(&[run], at);
        if !is_known {
            sweep.keep(tokens_below(trie, at), self.sparse);
        }
        node.end
    }

    /// Everything that is left, if it consists of characters that the terminal can
    /// read.
    fn read_below(&mut self, state: LexState, rest: Rest) -> bool {
        let trie = self.index.vocab().trie();
        let large = |node: &NodeId| trie.subtree_end(*node).0 - node.0 > LARGE;
        let Some(node) = Residuals::node(rest).filter(large) else {
            return false;
        };
        let covers = self.covers(&inside(self.terminal.bulk(state)), node);
        if covers {
            self.sparse.extend_from_slice(tokens_below(trie, node));
        }
        covers
    }

    /// Whether one of some runs covers all that is below a node.
    fn covers(&self, runs: &[Option<Run>], node: NodeId) -> bool {
        let beneath = self.index.beneath();
        runs.iter()
            .flatten()
            .any(|run| beneath.is_within(node, run))
    }

    /// The label of every closing quote, if all string content that any token has
    /// is read alike.
    fn any_content(&self, state: LexState) -> Option<Label> {
        let (label, but) = self.most_content(state)?;
        (but == [0; 4]).then_some(label)
    }

    /// The same for content that does not begin with some bytes.
    fn most_content(&self, state: LexState) -> Option<(Label, Bytes)> {
        let any = self.terminal.any_content(state)?;
        let all = self.index.affects_none(any.max_chars);
        all.then_some((any.close, any.but))
    }

    /// The same as from any such state of any terminal.
    fn read_content(&mut self, state: LexState, rest: Rest, label: Label) {
        if rest == Rest::ROOT {
            self.any_content = true;
            self.add_row(self.index.content(None));
            let all = self.readings.closing(0, &[0; 4]);
            leaving(&mut self.exits, label, &all.ends, all.rest);
            return;
        }
        let content = self
            .readings
            .content(rest, |rest| self.walk_content(state, rest));
        self.sparse.extend_from_slice(&content.inside);
        leaving(&mut self.exits, label, &content.ends, content.rest);
    }

    /// The same for content that begins with a letter, but not with some. Returns the
    /// bytes that are left to be read.
    fn read_most_content(
        &mut self,
        state: LexState,
        rest: Rest,
        label: Label,
        but: &Bytes,
    ) -> Bytes {
        let mut left = [u64::MAX; 4];
        // From where any content is read, as after each of those letters.
        let letters = (b'a'..=b'z').filter(|&letter| !has(but, letter));
        let begun = letters.filter_map(|letter| self.terminal.step(state, letter));
        let Some(any) = begun.take(1).find(|&next| self.any_content(next).is_some()) else {
            return left;
        };
        let known = self.readings.begun(rest, |rest| self.walk_begun(any, rest));
        for (byte, content) in known.iter().filter(|&&(byte, _)| !has(but, byte)) {
            left[usize::from(byte / 64)] &= !(1 << (byte % 64));
            self.sparse.extend_from_slice(&content.inside);
            leaving(&mut self.exits, label, &content.ends, content.rest);
        }
        left
    }

    /// What string content that begins with a letter reads of a residual, by letter;
    /// `any` reads what comes after it.
    fn walk_begun(&self, any: LexState, rest: Rest) -> Vec<(u8, Content)> {
        const LETTERS: Bytes = [0, 0x07FF_FFFE_07FF_FFFE, 0, 0];
        let mut begun = Vec::new();
        let residuals = &self.readings.residuals;
        residuals.branches(rest, &LETTERS, |byte, tokens, rest| {
            let mut content = self.walk_content(any, rest);
            content.inside.extend_from_slice(tokens);
            begun.push((byte, content));
        });
        begun
    }

    /// What string content and the quote after it read of a residual.
    fn walk_content(&self, state: LexState, rest: Rest) -> Content {
        let mut content = Content::default();
        let mut rests = Vec::new();
        let mut open = Open::new();
        open.push((state, rest));
        let residuals = &self.readings.residuals;
        while let Some((state, rest)) = open.pop() {
            residuals.branches(rest, &[u64::MAX; 4], |byte, tokens, rest| {
                match self.terminal.step(state, byte) {
                    Some(next) if self.terminal.can_continue(next) => {
                        content.inside.extend_from_slice(tokens);
                        if !rest.is_none() {
                            open.push((next, rest));
                        }
                    }
                    Some(_) => {
                        content.ends.extend_from_slice(tokens);
                        rests.push(rest);
                    }
                    None => {}
                }
            });
        }
        content.rest = residuals.union_all(&rests);
        content
    }

    /// All tokens at once from the body of a string, if the terminal knows of them.
    fn read_in_bulk(&mut self, state: LexState, live: &Bytes, open: &mut Open) -> bool {
        let index = self.index;
        let mut stepper = Stepper::new(self.terminal, state);
        match self.terminal.bulk(state) {
            Bulk::Walk => return false,
            Bulk::Content { max_chars, exact } => {
                let bound = index.effective(max_chars);
                let row = index.content(bound);
                let fits = |&&(_, chars): &&(TokenId, u32)| max_chars.is_none_or(|m| chars <= m);
                let long = index.long().iter().filter(fits).map(|&(token, _)| token);
                self.sparse.extend(long);
                if !exact && !index.affects_none(max_chars) {
                    let all = index.content(None);
                    self.run(&mut stepper, between(&all, &row));
                }
                self.add_row(row);
            }
            Bulk::Region {
                inside,
                reach,
                exact,
                ..
            } => {
                let row = index.region(self.region(inside));
                let all = index.region(self.region(reach));
                let known = match exact {
                    // Longer ones are known not to stay.
                    true => index.region(self.region(Run {
                        max_chars: None,
                        ..inside
                    })),
                    false => Row::clone(&row),
                };
                let left = known.iter().zip(&*all).map(|(known, all)| all & !known);
                if left.map(u32::count_ones).sum::<u32>() > MANY {
                    self.sweep(state, live, Some((inside, row)));
                    return true;
                }
                self.run(&mut stepper, between(&all, &known));
                let odd = index.odd().iter().filter(|odd| has(live, odd.first));
                let (known, odd): (Vec<&OddToken>, _) = odd.partition(|odd| odd.is_within(&inside));
                self.sparse.extend(known.iter().map(|odd| odd.id));
                self.run(&mut stepper, odd.iter().map(|odd| odd.id));
                let long = index.long().iter().map(|&(token, _)| token);
                self.run(&mut stepper, long);
                self.add_row(row);
                // Tokens that begin with an escape go on alike.
                let trie = index.vocab().trie();
                if let Some(node) = trie.child(trie.root(), b'\\')
                    && let Some(escape) = self.terminal.step(state, b'\\')
                {
                    self.sparse.extend_from_slice(trie.tokens(node));
                    open.push((escape, self.readings.residuals.after(node)));
                }
            }
        }
        self.close(state);
        true
    }

    fn region(&self, run: Run) -> Region {
        Region {
            ascii: run.ascii,
            leads: run.leads,
            max_chars: self.index.effective(run.max_chars),
        }
    }

    /// Runs tokens of string content one by one.
    fn run(&mut self, stepper: &mut Stepper, tokens: impl Iterator<Item = TokenId>) {
        let vocab = self.index.vocab();
        let survivors = tokens.filter(|&token| stepper.survives(vocab.bytes(token)));
        self.sparse.extend(survivors);
    }

    /// Adds what a closing quote leads to, for every content that some token has
    /// before one.
    fn close(&mut self, state: LexState) {
        let closers = self.readings.closers();
        let mut open: SmallVec<[(usize, LexState); 16]> = SmallVec::new();
        open.push((0, state));
        while let Some((at, state)) = open.pop() {
            let closer = closers.at(at);
            // Where content is read alike, closers end alike.
            let mut live = [u64::MAX; 4];
            if let Some((label, but)) = self.most_content(state) {
                let below = self.readings.closing(at, &but);
                leaving(&mut self.exits, label, &below.ends, below.rest);
                live = but;
            }
            if has(&live, b'"')
                && closer.closes
                && let Some(closed) = self.terminal.step(state, b'"')
                && let Some(label) = self.terminal.exit(closed)
            {
                leaving(&mut self.exits, label, &closer.ends, closer.rest);
            }
            for &(byte, child) in &closer.children {
                if has(&live, byte)
                    && let Some(next) = self.terminal.step(state, byte)
                {
                    open.push((child as usize, next));
                }
            }
        }
    }

    fn add_row(&mut self, row: Row) {
        match &mut self.dense {
            None => self.dense = Some(row),
            Some(before) => {
                let mut both = before.to_vec();
                mask::or_into(&mut both, &row);
                *before = both.into();
            }
        }
    }

    fn finish(self) -> Reading {
        let residuals = &self.readings.residuals;
        let mut exits: Vec<Exit> = self
            .exits
            .into_iter()
            .map(|leaving| Exit {
                label: leaving.label,
                ends: leaving.ends.into(),
                rests: residuals.gather(&leaving.rests),
            })
            .collect();
        exits.sort_unstable_by_key(|exit| exit.label);
        let exact = match self.terminal.captures() {
            true => exact(self.index, self.readings, self.terminal, &exits),
            false => Arc::default(),
        };
        let nothing_else = self.sparse.is_empty() && exits.len() == 1;
        let closed =
            (self.any_content && nothing_else).then(|| self.readings.closed_content(self.index));
        Reading {
            inside: TokenSet::new(self.index, self.dense, self.sparse),
            closed,
            exits: exits.into_boxed_slice(),
            exact,
        }
    }
}

fn leaving(exits: &mut SmallVec<[Leaving; 2]>, label: Label, ends: &[TokenId], rest: Rest) {
    let at = exits.iter().position(|leaving| leaving.label == label);
    let at = at.unwrap_or_else(|| {
        exits.push(Leaving {
            label,
            ends: Vec::new(),
            rests: SmallVec::new(),
        });
        exits.len() - 1
    });
    exits[at].ends.extend_from_slice(ends);
    if !rest.is_none() {
        exits[at].rests.push(rest);
    }
}

/// The tokens behind a terminal's exits that may depend on its text.
fn exact(
    index: &TokenIndex,
    readings: &Readings,
    terminal: &dyn Terminal,
    exits: &[Exit],
) -> Arc<[TokenId]> {
    let of = |rest: Rest| {
        let vocab = index.vocab();
        let trie = vocab.trie();
        let mut tokens = Vec::new();
        for node in readings.residuals.nodes(rest) {
            let depth = trie.depth(node);
            let below = tokens_below(trie, node).iter().copied();
            tokens.extend(below.filter(|&token| {
                let rest = vocab.bytes(token).get(depth..);
                rest.is_some_and(|rest| terminal.depends_on_text(rest))
            }));
        }
        tokens
    };
    let all = |rest: Rest| match terminal.scope() {
        Some(scope) => readings.exact(scope, rest, || of(rest).into()),
        None => of(rest).into(),
    };
    let mut rests = exits.iter().flat_map(|exit| exit.rests.iter().copied());
    match (rests.next(), rests.next()) {
        (None, _) => Arc::default(),
        (Some(rest), None) => all(rest),
        (Some(a), Some(b)) => {
            let every = [a, b].into_iter().chain(rests).map(all);
            let every: SmallVec<[Arc<[TokenId]>; 4]> =
                every.filter(|tokens| !tokens.is_empty()).collect();
            match &every[..] {
                [] => Arc::default(),
                [tokens] => Arc::clone(tokens),
                _ => every
                    .iter()
                    .flat_map(|tokens| tokens.iter().copied())
                    .collect(),
            }
        }
    }
}

/// The tokens that go on behind a node.
fn tokens_below(trie: &Trie, node: NodeId) -> &[TokenId] {
    // The node's own come first.
    let own = trie.tokens(node).len();
    trie.subtree_tokens(node).get(own..).unwrap_or_default()
}

/// The tokens of a row that are not in another.
fn between<'a>(all: &'a [u32], known: &'a [u32]) -> impl Iterator<Item = TokenId> + 'a {
    let words = all.iter().zip(known).enumerate();
    let left = words.filter_map(|(at, (all, known))| match all & !known {
        0 => None,
        left => Some((at as u32, left)),
    });
    left.flat_map(|(at, word)| ones(at, word))
}

/// The tokens of one word of a row.
fn ones(at: u32, word: u32) -> impl Iterator<Item = TokenId> {
    let mut left = word;
    std::iter::from_fn(move || {
        let bit = left.trailing_zeros();
        left &= left.checked_sub(1)?;
        Some(TokenId(32 * at + bit))
    })
}

/// What string content and the quote after it read of a residual.
#[derive(Default, Debug)]
pub(crate) struct Content {
    pub(crate) inside: Vec<TokenId>,
    /// Tokens that end with the quote.
    pub(crate) ends: Vec<TokenId>,
    pub(crate) rest: Rest,
}
