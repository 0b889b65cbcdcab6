//! The useful part of a chart, kept up to date while positions are filled.
//!
//! A token that is put into an open position only ever takes ways away. So what is of use
//! afterwards was of use before: every *fact*, an instance at a node, stays as long as
//! something leads to it and it leads to something. What a fact loses its last support by
//! is found by following the edges of what was lost, to the right first and then to the
//! left, as arcs are made consistent (Mackworth 1977, AC-3; Bessière 1994 looks for
//! one support at a time, too). All that happens between an open canvas and a full one
//! costs at most each fact once, and a look for another support for each of its edges.
//!
//! Instances are numbered by the rule they are of, their *class*: a node belongs to one
//! class, and its row has a bit for each instance of that class alone.

mod building;
pub(crate) mod inside;

use std::ops::Range;
use std::sync::OnceLock;

use formwork_vocab::TokenId;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::canvas::{Cell, closable};
use crate::chart::Chart;
use crate::lists::Lists;
use crate::node_rows::{
    NodeRows, Row, Side, any, between, both, has, meet, one, ones, ones_down, unite, without,
};
use crate::rules::Rules;
use crate::token_sets::{SetId, TokenSets};
use crate::useful::Useful;
use building::Building;

/// No node.
const NOWHERE: u32 = u32::MAX;
/// The rule of the whole text: its instance, and the class that it is alone in.
const MAIN: u32 = 0;
const MAIN_CLASS: u32 = 0;

/// Of more instances it is not asked one by one what their ends led to.
const MANY: usize = 4;

/// What is of use on a canvas.
#[derive(Clone, Default)]
pub(crate) struct Live {
    columns: Vec<Column>,
    instances: Vec<Instance>,
    classes: Vec<Class>,
    /// Whether any instance lost callers in the pass under way.
    any_lost: bool,
}

/// A rule, and all places where it was called.
#[derive(Clone, Default)]
struct Class {
    /// By bit.
    instances: Vec<u32>,
    /// By column, the bits of those that were called there.
    columns: Vec<Range<usize>>,
    rets: Vec<Ret>,
    /// The instances that lost callers in the pass under way, and those that lost ends.
    uncalled: Row,
    unended: Row,
}

/// A place where callers of a rule go on: an item, and the class that it is in.
#[derive(Clone, Default)]
struct Ret {
    /// Whether there is but one instance that callers can be in.
    is_alone: bool,
    /// The instances with callers that go on there.
    of: Row,
    /// By bit: which of the instance's lists that is.
    lists: Vec<u32>,
    /// In which instances callers were that were lost in the pass under way.
    uncalled: Row,
    /// In which instances they do not go on any more, and after which ones.
    unreturned: Row,
    returning: Row,
}

/// A rule that was called at some place.
#[derive(Clone)]
struct Instance {
    class: u32,
    bit: u32,
    column: u32,
    /// The source at which it starts.
    start: u32,
    lists: SmallVec<[List; 1]>,
    /// The columns and exits at which it ends.
    ends: Vec<(u32, u32)>,
}

/// The callers of an instance that go on alike.
#[derive(Clone)]
struct List {
    /// Where they go on, by number within the class of the instance.
    ret: u32,
    callers: SmallVec<[u32; 2]>,
    /// The instances the callers are in.
    above: Row,
}

/// What is of use at one position. Its nodes are its sources, those that were reached
/// from earlier positions first, and then its exits.
#[derive(Clone, Default)]
struct Column {
    arrived: usize,
    sources: usize,
    rows: NodeRows,
    /// The class of each node.
    class: Vec<u32>,
    /// By source: sources of the next column, and the tokens that lead there.
    stays: Lists<(u32, SetId)>,
    /// By arrival: the sources of the column before.
    preds: Lists<u32>,
    /// By arrival: the same in a later column, if the positions between may be left out.
    skips: Lists<(u32, u32)>,
    /// By arrival: the same in earlier columns.
    skipped: Lists<(u32, u32)>,
    /// By source: instances called, and in which list.
    calls: Lists<(u32, u32)>,
    /// The instances that were called here.
    instances: Range<usize>,
    /// By source: exits.
    ends: Lists<u32>,
    /// By source: the exits that callers come from, and where those go on.
    returned: Lists<(u32, u32)>,
    /// By exit: the sources that end there.
    feeders: Lists<u32>,
    /// By exit and number of where callers go on: that source.
    targets: Lists<u32>,
    /// The arrivals inside of texts that the language wants to see.
    captured: Vec<u32>,
    /// The exits of whole texts before this position.
    accepts: Vec<u32>,
    /// Whether the text may end here for all that follows.
    closable: bool,
    /// The sets of tokens that lead to the next position, once somebody asked.
    tokens: OnceLock<Box<[SetId]>>,
}

impl Live {
    /// Takes over what is of use.
    pub(crate) fn of(
        chart: &Chart,
        useful: &Useful,
        rules: &Rules,
        cells: &[Cell],
        closable: &[bool],
    ) -> Live {
        let mut building = Building::new(chart, useful, rules);
        for (y, &closable) in closable.iter().enumerate() {
            building.nodes(y, closable);
        }
        for y in 0..chart.columns.len() {
            building.edges(y);
            building.calls(y);
            building.returns(y);
            if let Some(Cell::Optional { after }) = cells.get(y) {
                building.skips(y, *after);
            }
        }
        building.finish()
    }

    /// Whether a whole text may end before a position.
    pub(crate) fn accepts(&self, y: usize) -> bool {
        self.columns.get(y).is_some_and(|column| {
            let mut accepts = column.accepts.iter();
            column.closable && accepts.any(|&exit| column.rows.has(exit as usize, 0))
        })
    }

    /// Whether a text that the language wants to see may go on at a position.
    pub(crate) fn captures(&self, y: usize) -> bool {
        self.columns.get(y).is_some_and(|column| {
            let mut captured = column.captured.iter();
            captured.any(|&node| any(column.rows.live(node as usize)))
        })
    }

    /// The sets of the tokens that some whole text has at a position, but for its end.
    pub(crate) fn tokens(&self, y: usize) -> &[SetId] {
        let (Some(column), Some(next)) = (self.columns.get(y), self.columns.get(y + 1)) else {
            return &[];
        };
        column.tokens.get_or_init(|| {
            let mut found = Vec::new();
            for source in 0..column.sources {
                let row = column.rows.live(source);
                let stays = column.stays.get(source).iter();
                let alive = stays.filter(|&&(to, _)| meet(row, next.rows.live(to as usize)));
                found.extend(alive.map(|&(_, set)| set));
            }
            found.sort_unstable();
            found.dedup();
            found.into()
        })
    }

    /// Takes away what does not fit any more after a position was filled.
    pub(crate) fn restrict(
        &mut self,
        position: usize,
        cells: &[Cell],
        ends: &[TokenId],
        sets: &TokenSets,
    ) {
        let closable = closable(cells, ends);
        for (column, closes) in self.columns.iter_mut().zip(closable) {
            if column.closable && !closes {
                for &exit in &column.accepts {
                    column.rows.mark(Side::Behind, exit as usize, &[1]);
                }
            }
            column.closable = closes;
        }
        let mut keep = |set| match cells.get(position) {
            Some(&Cell::Token(token)) => sets.contains(set, token),
            _ => false,
        };
        self.cut(position, &mut keep);
        for y in position + 1..self.columns.len() {
            self.forward(y);
        }
        for y in (0..self.columns.len()).rev() {
            self.unended_at(y);
            while let Some(node) = self.columns[y].rows.next(Side::Behind) {
                let mut need = self.columns[y].rows.take(Side::Behind, node);
                if !self.find_useful(y, node, &mut need) {
                    self.lose(y, node, &need, false);
                }
            }
        }
        self.any_lost = false;
        for class in &mut self.classes {
            class.uncalled.clear();
            class.unended.clear();
            for ret in &mut class.rets {
                ret.uncalled.clear();
                ret.unreturned.clear();
                ret.returning.clear();
            }
        }
    }

    /// Cuts the ways over a position by other tokens.
    fn cut(&mut self, position: usize, keep: &mut impl FnMut(SetId) -> bool) {
        let (before, after) = self.columns.split_at_mut(position + 1);
        let (Some(now), Some(next)) = (before.last_mut(), after.first_mut()) else {
            return;
        };
        let mut kept = Lists::default();
        let mut known: FxHashMap<SetId, bool> = FxHashMap::default();
        for source in 0..now.sources {
            for &(to, set) in now.stays.get(source) {
                if *known.entry(set).or_insert_with(|| keep(set)) {
                    kept.push((to, set));
                } else {
                    next.rows
                        .mark(Side::Ahead, to as usize, now.rows.live(source));
                    now.rows
                        .mark(Side::Behind, source, next.rows.live(to as usize));
                }
            }
            kept.close();
        }
        now.stays = kept;
        now.tokens = OnceLock::new();
        let sources = 0..now.sources;
        let preds = sources.flat_map(|source| {
            let stays = now.stays.get(source).iter();
            stays.map(move |&(to, _)| (to, source as u32))
        });
        next.preds = Lists::by_first(next.arrived, preds.collect());
    }

    /// Finds what nothing leads to any more in a column.
    fn forward(&mut self, y: usize) {
        if self.any_lost {
            self.uncalled_at(y);
        }
        while let Some(node) = self.columns[y].rows.next(Side::Ahead) {
            let mut need = self.columns[y].rows.take(Side::Ahead, node);
            if !self.find_reached(y, node, &mut need) {
                self.lose(y, node, &need, true);
            }
        }
    }

    /// Marks the ends of instances that lost callers, and where those went on.
    fn uncalled_at(&mut self, y: usize) {
        let column = &mut self.columns[y];
        for exit in 0..column.class.len() - column.sources {
            let node = column.sources + exit;
            let class = &self.classes[column.class[node] as usize];
            if !meet(&class.uncalled, column.rows.live(node)) {
                continue;
            }
            column.rows.mark(Side::Behind, node, &class.uncalled);
            for (ret, &target) in class.rets.iter().zip(column.targets.get(exit)) {
                if target != NOWHERE {
                    column
                        .rows
                        .mark(Side::Ahead, target as usize, &ret.uncalled);
                }
            }
        }
    }

    /// Marks callers of instances that were called in a column and lost ends later on.
    fn unended_at(&mut self, y: usize) {
        let (before, after) = self.columns.split_at_mut(y + 1);
        let Some(now) = before.last_mut() else { return };
        for id in now.instances.clone() {
            let instance = &mut self.instances[id];
            let class = &self.classes[instance.class as usize];
            let bit = instance.bit as usize;
            let lost_ends = has(&class.unended, bit);
            if lost_ends {
                instance.ends.retain(|&(column, exit)| {
                    let column = match (column as usize).checked_sub(y + 1) {
                        Some(later) => &after[later],
                        None => &*now,
                    };
                    column.rows.has(exit as usize, bit)
                });
            }
            for list in &instance.lists {
                let ret = &class.rets[list.ret as usize];
                let bits = match lost_ends {
                    true => list.above.clone(),
                    false if has(&ret.returning, bit) => both(&list.above, &ret.unreturned),
                    false => continue,
                };
                for &caller in &list.callers {
                    now.rows.mark(Side::Behind, caller as usize, &bits);
                }
            }
        }
    }

    /// Takes from `need`, facts of a node, those that something leads to; whether none
    /// is left.
    fn find_reached(&self, y: usize, node: usize, need: &mut Row) -> bool {
        let now = &self.columns[y];
        if node >= now.sources {
            let mut feeders = now.feeders.get(node - now.sources).iter();
            return feeders.any(|&source| without(need, now.rows.live(source as usize)));
        }
        if node < now.arrived {
            let before = y.checked_sub(1).map(|before| &self.columns[before]);
            let mut preds = now.preds.get(node).iter();
            let is_reached = before.is_some_and(|before| {
                preds.any(|&pred| without(need, before.rows.live(pred as usize)))
            });
            let mut skipped = now.skipped.get(node).iter();
            let is_reached = is_reached
                || skipped.any(|&(column, source)| {
                    let column = &self.columns[column as usize];
                    without(need, column.rows.live(source as usize))
                });
            if is_reached {
                return true;
            }
        }
        for &(exit, ret) in now.returned.get(node) {
            let class = &self.classes[now.class[exit as usize] as usize];
            let ret = &class.rets[ret as usize];
            if ret.is_alone {
                if meet(now.rows.live(exit as usize), &ret.of) && without(need, &[1]) {
                    return true;
                }
                continue;
            }
            // The later an instance was called, the more its callers are in.
            for bit in ones_down(&both(now.rows.live(exit as usize), &ret.of)) {
                let instance = &self.instances[class.instances[bit] as usize];
                if without(need, &instance.lists[ret.lists[bit] as usize].above) {
                    return true;
                }
            }
        }
        let class = &self.classes[now.class[node] as usize];
        for bit in ones(&need.clone()) {
            let id = class.instances[bit];
            let instance = &self.instances[id as usize];
            let starts = (instance.column as usize, instance.start as usize) == (y, node);
            let is_called = id == MAIN || instance.lists.iter().any(|list| any(&list.above));
            if starts && is_called {
                need[bit / 64] &= !(1 << (bit % 64));
            }
        }
        !any(need)
    }

    /// Takes from `need`, facts of a node, those that lead to something; whether none is
    /// left.
    fn find_useful(&self, y: usize, node: usize, need: &mut Row) -> bool {
        let now = &self.columns[y];
        if node >= now.sources {
            return self.keep_ends(y, node, need);
        }
        let mut stays = now.stays.get(node).iter();
        let mut ends = now.ends.get(node).iter();
        let mut skips = now.skips.get(node).iter();
        let mut calls = now.calls.get(node).iter();
        let next = self.columns.get(y + 1);
        next.is_some_and(|next| stays.any(|&(to, _)| without(need, next.rows.live(to as usize))))
            || ends.any(|&exit| without(need, now.rows.live(exit as usize)))
            || skips.any(|&(column, source)| {
                let column = &self.columns[column as usize];
                without(need, column.rows.live(source as usize))
            })
            || calls.any(|&(id, list)| self.goes_on(id, list, need))
    }

    /// Takes from `need` the instances in which callers go on after an instance; whether
    /// nothing is left.
    fn goes_on(&self, id: u32, list: u32, need: &mut Row) -> bool {
        let instance = &self.instances[id as usize];
        let bit = instance.bit as usize;
        let ret = instance.lists[list as usize].ret;
        let called = &self.columns[instance.column as usize];
        if !called.rows.has(instance.start as usize, bit) {
            return false;
        }
        for &(column, exit) in &instance.ends {
            let column = &self.columns[column as usize];
            if !column.rows.has(exit as usize, bit) {
                continue;
            }
            if let Some(target) = column.target(exit as usize, ret)
                && without(need, column.rows.live(target))
            {
                return true;
            }
        }
        false
    }

    /// Takes from `need` the instances whose end at an exit is of use; whether none is
    /// left.
    fn keep_ends(&self, y: usize, node: usize, need: &mut Row) -> bool {
        let now = &self.columns[y];
        let class = &self.classes[now.class[node] as usize];
        let is_accept = now.accepts.contains(&(node as u32));
        let targets = now.targets.get(node - now.sources);
        for (ret, &target) in class.rets.iter().zip(targets) {
            if ret.is_alone
                && target != NOWHERE
                && now.rows.has(target as usize, 0)
                && without(need, &ret.of)
            {
                return true;
            }
        }
        let asked = need.clone();
        for bit in ones(&asked) {
            let id = class.instances[bit];
            let mut lists = self.instances[id as usize].lists.iter();
            let kept = id == MAIN && is_accept && now.closable
                || lists.any(|list| {
                    let target = now.target(node, list.ret);
                    target.is_some_and(|to| meet(&list.above, now.rows.live(to)))
                });
            if kept {
                need[bit / 64] &= !(1 << (bit % 64));
            }
        }
        !any(need)
    }

    /// The nodes with facts that nothing leads to, or that lead to nothing.
    #[cfg(test)]
    pub(crate) fn unsupported(&self) -> Vec<(usize, usize)> {
        let columns = self.columns.iter().enumerate();
        let nodes = columns.flat_map(|(y, column)| (0..column.class.len()).map(move |n| (y, n)));
        nodes
            .filter(|&(y, node)| {
                let live: Row = self.columns[y].rows.live(node).into();
                let is_dead = !any(&live);
                let is_reached = self.find_reached(y, node, &mut live.clone());
                let is_useful = self.find_useful(y, node, &mut live.clone());
                !(is_dead || is_reached && is_useful)
            })
            .collect()
    }

    /// Drops facts, and marks what they supported.
    fn lose(&mut self, y: usize, node: usize, lost: &Row, onward: bool) {
        let (before, rest) = self.columns.split_at_mut(y);
        let Some((now, after)) = rest.split_first_mut() else {
            return;
        };
        now.rows.drop(node, lost);
        if node >= now.sources {
            self.lose_exit(y, node, lost, onward);
            return;
        }
        now.tokens = OnceLock::new();
        if onward {
            if let Some(next) = after.first_mut() {
                for &(to, _) in now.stays.get(node) {
                    next.rows.mark(Side::Ahead, to as usize, lost);
                }
            }
            for &exit in now.ends.get(node) {
                now.rows.mark(Side::Ahead, exit as usize, lost);
            }
        }
        if node < now.arrived {
            if onward {
                for &(column, source) in now.skips.get(node) {
                    let column = &mut after[column as usize - y - 1];
                    column.rows.mark(Side::Ahead, source as usize, lost);
                }
            }
            if let Some(last) = before.last_mut() {
                last.tokens = OnceLock::new();
                for &pred in now.preds.get(node) {
                    last.rows.mark(Side::Behind, pred as usize, lost);
                }
            }
            for &(column, source) in now.skipped.get(node) {
                let column = &mut before[column as usize];
                column.rows.mark(Side::Behind, source as usize, lost);
            }
        }
        for &(id, list) in now.calls.get(node) {
            let instance = &mut self.instances[id as usize];
            let list = &mut instance.lists[list as usize];
            let mut gone = list.above.clone();
            let mut callers = list.callers.iter();
            if callers.any(|&caller| without(&mut gone, now.rows.live(caller as usize))) {
                continue;
            }
            without(&mut list.above, &gone);
            if onward {
                self.any_lost = true;
                let class = &mut self.classes[instance.class as usize];
                let bit = one(instance.bit);
                unite(&mut class.uncalled, &bit);
                unite(&mut class.rets[list.ret as usize].uncalled, &gone);
                if !any(&list.above) {
                    without(&mut class.rets[list.ret as usize].of, &bit);
                }
                let ends = instance.ends.iter();
                for &(_, exit) in ends.take_while(|&&(column, _)| column as usize == y) {
                    now.rows.mark(Side::Behind, exit as usize, &bit);
                    if let Some(target) = now.target(exit as usize, list.ret) {
                        now.rows.mark(Side::Ahead, target, &gone);
                    }
                }
                now.rows.mark(Side::Ahead, instance.start as usize, &bit);
            }
        }
        // Those that it was the place to go on for.
        for &(exit, ret) in now.returned.get(node) {
            let class = &mut self.classes[now.class[exit as usize] as usize];
            let ret = &mut class.rets[ret as usize];
            let mut ends = both(now.rows.live(exit as usize), &ret.of);
            let asked = match ret.is_alone {
                // All of them return; only callers in this column are due now.
                true => between(&ends, &class.columns[y]),
                false => ends.clone(),
            };
            for bit in ones(&asked) {
                let instance = &self.instances[class.instances[bit] as usize];
                let list = &instance.lists[ret.lists[bit] as usize];
                if !meet(&list.above, lost) {
                    ends[bit / 64] &= !(1 << (bit % 64));
                } else if instance.column as usize == y {
                    for &caller in &list.callers {
                        now.rows.mark(Side::Behind, caller as usize, lost);
                    }
                }
            }
            if any(&ends) {
                unite(&mut ret.unreturned, lost);
                unite(&mut ret.returning, &ends);
                now.rows.mark(Side::Behind, exit as usize, &ends);
            }
        }
    }

    fn lose_exit(&mut self, y: usize, node: usize, lost: &Row, onward: bool) {
        let now = &mut self.columns[y];
        let exit = node - now.sources;
        for &source in now.feeders.get(exit) {
            now.rows.mark(Side::Behind, source as usize, lost);
        }
        let class = &mut self.classes[now.class[node] as usize];
        unite(&mut class.unended, lost);
        if onward {
            for (ret, &target) in class.rets.iter().zip(now.targets.get(exit)) {
                if target == NOWHERE {
                    continue;
                }
                let ended = both(lost, &ret.of);
                if ones(&ended).nth(MANY).is_some() {
                    // What is left is soon found.
                    let all: Row = now.rows.live(target as usize).into();
                    now.rows.mark(Side::Ahead, target as usize, &all);
                    continue;
                }
                for bit in ones(&ended) {
                    let instance = &self.instances[class.instances[bit] as usize];
                    let above = &instance.lists[ret.lists[bit] as usize].above;
                    now.rows.mark(Side::Ahead, target as usize, above);
                }
            }
        }
        // Those that were called here; callers in earlier columns have their turn.
        for bit in ones(&between(lost, &class.columns[y])) {
            let instance = &self.instances[class.instances[bit] as usize];
            for list in &instance.lists {
                for &caller in &list.callers {
                    now.rows.mark(Side::Behind, caller as usize, &list.above);
                }
            }
        }
    }
}

impl Column {
    /// Where callers go on after an exit.
    fn target(&self, exit: usize, ret: u32) -> Option<usize> {
        let targets = self.targets.get(exit - self.sources);
        let target = targets.get(ret as usize).copied();
        target.filter(|&to| to != NOWHERE).map(|to| to as usize)
    }
}
