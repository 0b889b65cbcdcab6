//! From a chart to what of it is of use.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{Class, Column, Instance, List, Live, NOWHERE, Ret};
use crate::bits::Bits;
use crate::chart::{Chart, ClassId, ExitKey, InstanceId, MAIN, MAIN_CLASS};
use crate::lists::Lists;
use crate::row::{Row, any, insert, meet, ones, unite};
use crate::rules::Rules;
use crate::useful::Useful;

/// An arrival, and where a gap began that may end there.
type Skip = (u32, (u32, u32));

pub(super) struct Building<'a> {
    chart: &'a Chart,
    useful: &'a Useful,
    rules: &'a Rules,
    live: Live,
    /// By instance of the chart: the same here, if it is of use.
    instances: Vec<u32>,
    /// By column and source: its node, if it is of use.
    sources: Vec<Vec<u32>>,
    /// By column and exit.
    exits: Vec<FxHashMap<ExitKey, u32>>,
}

impl<'a> Building<'a> {
    pub(super) fn new(chart: &'a Chart, useful: &'a Useful, rules: &'a Rules) -> Building<'a> {
        let mut live = Live::default();
        live.classes.extend(chart.classes.iter().map(|class| Class {
            rets: vec![Ret::default(); class.rets.len()],
            ..Class::default()
        }));
        let mut instances = Vec::with_capacity(chart.instances.len());
        for (id, instance) in chart.instances.iter().enumerate() {
            let column = instance.column as usize;
            let starts = &useful.of[column][instance.start as usize];
            if id as InstanceId != MAIN && !starts.contains(instance.bit) {
                instances.push(NOWHERE);
                continue;
            }
            let number = live.instances.len() as u32;
            let members = &mut live.classes[instance.class as usize].instances;
            live.instances.push(Instance {
                class: instance.class,
                bit: members.len() as u32,
                column: instance.column,
                start: NOWHERE,
                lists: SmallVec::new(),
                ends: Row::new(),
            });
            members.push(number);
            instances.push(number);
        }
        Building {
            chart,
            useful,
            rules,
            live,
            instances,
            sources: Vec::with_capacity(chart.columns.len()),
            exits: Vec::with_capacity(chart.columns.len()),
        }
    }

    /// A set of instances of the chart.
    fn row(&self, class: ClassId, bits: &Bits) -> Row {
        let members = &self.chart.classes[class as usize].instances;
        let mut row = Row::new();
        for bit in bits.iter() {
            let number = self.instances[members[bit as usize] as usize];
            if let Some(instance) = self.live.instances.get(number as usize) {
                insert(&mut row, instance.bit as usize);
            }
        }
        row
    }

    /// Makes the nodes of a column.
    pub(super) fn nodes(&mut self, y: usize, closable: bool) {
        let column = &self.chart.columns[y];
        let instances = &self.live.instances;
        let before = |y: usize| instances.partition_point(|of| (of.column as usize) < y);
        let mut made = Column {
            closable,
            instances: before(y)..before(y + 1),
            ..Column::default()
        };
        let mut sources = Vec::with_capacity(column.sources.len());
        let mut depths = Vec::new();
        for (at, (source, useful)) in column.sources.iter().zip(&self.useful.of[y]).enumerate() {
            let row = self.row(source.class, useful);
            let is_arrival = at < column.arrived as usize;
            sources.push(match any(&row) {
                true => made.node(source.class, &row),
                false => NOWHERE,
            });
            depths.extend(any(&row).then_some(source.depth));
            if is_arrival && any(&row) && self.rules.is_captured(source.item) {
                made.captured.push(made.class.len() as u32 - 1);
            }
            if at + 1 == column.arrived as usize {
                made.arrived = made.class.len();
            }
        }
        made.sources = made.class.len();
        let mut exits = FxHashMap::default();
        for (&key, useful) in &self.useful.exits[y] {
            let (class, rest, _) = key;
            let row = self.row(class, useful);
            if !any(&row) {
                continue;
            }
            let node = made.node(class, &row);
            depths.push(self.rules.lexer.rests.depth(rest));
            if class == MAIN_CLASS && rest == column.rest {
                made.accepts.push(node);
            }
            let class = &mut self.live.classes[class as usize];
            for bit in ones(&row) {
                let instance = &mut self.live.instances[class.instances[bit] as usize];
                insert(&mut instance.ends, class.exits.len());
            }
            class.exits.push((y as u32, node));
            exits.insert(key, node);
        }
        // What leads to a node comes before it, but for rules that read nothing.
        made.rows
            .arrange(|node| (depths[node], node < made.sources, node));
        for class in &mut self.live.classes {
            let instances = &self.live.instances;
            let before = |y: usize| {
                let members = &class.instances;
                members.partition_point(|&id| (instances[id as usize].column as usize) < y)
            };
            class.columns.push(before(y)..before(y + 1));
        }
        self.live.columns.push(made);
        self.sources.push(sources);
        self.exits.push(exits);
    }

    /// Joins the sources of a column with those of the next and with its exits.
    pub(super) fn edges(&mut self, y: usize) {
        let column = &self.chart.columns[y];
        let (mut stays, mut ends) = (Lists::default(), Lists::default());
        let (mut preds, mut feeders) = (Vec::new(), Vec::new());
        let now = &self.live.columns[y];
        let next = self.live.columns.get(y + 1);
        for (source, &node) in column.sources.iter().zip(&self.sources[y]) {
            if node == NOWHERE {
                continue;
            }
            let row = now.rows.live(node as usize);
            let targets = column.targets.iter().skip(source.targets as usize);
            for (&(_, set), &target) in source.moves.stays.iter().zip(targets) {
                let Some(next) = next else { continue };
                let to = self.sources[y + 1][target as usize];
                if to != NOWHERE && meet(row, next.rows.live(to as usize)) {
                    stays.push((to, set));
                    preds.push((to, node));
                }
            }
            stays.close();
            for &(rest, last) in &source.moves.exits {
                if let Some(&exit) = self.exits[y].get(&(source.class, rest, last))
                    && meet(row, now.rows.live(exit as usize))
                {
                    ends.push(exit);
                    feeders.push((exit - now.sources as u32, node));
                }
            }
            ends.close();
        }
        let exits = now.class.len() - now.sources;
        let now = &mut self.live.columns[y];
        (now.stays, now.ends) = (stays, ends);
        now.feeders = Lists::by_first(exits, feeders);
        if let Some(next) = self.live.columns.get_mut(y + 1) {
            next.preds = Lists::by_first(next.arrived, preds);
        }
    }

    /// Who calls what in a column.
    pub(super) fn calls(&mut self, y: usize) {
        let column = &self.chart.columns[y];
        let mut calls = Lists::default();
        let now = &self.live.columns[y];
        for &id in column.called.values() {
            let number = self.instances[id as usize];
            if let Some(instance) = self.live.instances.get_mut(number as usize) {
                let start = self.chart.instances[id as usize].start;
                instance.start = self.sources[y][start as usize];
            }
        }
        for (source, &node) in column.sources.iter().zip(&self.sources[y]) {
            if node == NOWHERE {
                continue;
            }
            let row = now.rows.live(node as usize);
            for &(callee, rest, ret) in &source.moves.calls {
                let id = column.called.get(&(callee, rest));
                let number = id.map_or(NOWHERE, |&id| self.instances[id as usize]);
                let Some(instance) = self.live.instances.get_mut(number as usize) else {
                    continue;
                };
                let class = &self.chart.classes[instance.class as usize];
                let Some(ret) = class.known_ret((ret, source.class)) else {
                    continue;
                };
                let class = &mut self.live.classes[instance.class as usize];
                let list = list_of(instance, &mut class.rets[ret as usize], ret);
                let of = &mut instance.lists[list as usize];
                if of.callers.last() != Some(&node) {
                    of.callers.push(node);
                    unite(&mut of.above, row);
                }
                calls.push((number, list));
            }
            calls.close();
        }
        let now = &mut self.live.columns[y];
        now.calls = calls;
        for instance in &self.live.instances[now.instances.clone()] {
            let rets = &mut self.live.classes[instance.class as usize].rets;
            for list in &instance.lists {
                let called = &mut rets[list.ret as usize].called;
                for caller in ones(&list.above) {
                    let len = called.len().max(caller + 1);
                    called.resize(len, Row::new());
                    insert(&mut called[caller], instance.bit as usize);
                }
            }
        }
    }

    /// Where callers go on in a column.
    pub(super) fn returns(&mut self, y: usize) {
        let now = &self.live.columns[y];
        let mut targets: Vec<Vec<u32>> = vec![Vec::new(); now.class.len() - now.sources];
        let mut returned = Vec::new();
        for (key, exit) in &self.chart.columns[y].exits {
            let Some(&node) = self.exits[y].get(key) else {
                continue;
            };
            let rets = &self.live.classes[key.0 as usize].rets;
            let row = now.rows.live(node as usize);
            for (source, ret) in exit.targets() {
                let target = self.sources[y][source as usize];
                if target == NOWHERE || !meet(row, &rets[ret as usize].of) {
                    continue;
                }
                let targets = &mut targets[node as usize - now.sources];
                targets.resize(ret as usize, NOWHERE);
                targets.push(target);
                returned.push((target, (node, ret)));
            }
        }
        let now = &mut self.live.columns[y];
        now.returned = Lists::by_first(now.sources, returned);
        for targets in targets {
            for target in targets {
                now.targets.push(target);
            }
            now.targets.close();
        }
    }

    /// Where a gap may end that a position is part of.
    pub(super) fn skips(&mut self, y: usize, after: usize) {
        let (before, end) = (&self.chart.columns[y], &self.chart.columns[after]);
        let mut pairs = Vec::new();
        for (source, &node) in before.sources.iter().zip(&self.sources[y]) {
            let is_arrival = (node as usize) < self.live.columns[y].arrived;
            let to = end.arrival(source.item, source.class);
            if let Some(to) = to.filter(|_| is_arrival) {
                let to = self.sources[after][to as usize];
                if to != NOWHERE {
                    pairs.push((node, (after as u32, to)));
                }
            }
        }
        let now = &mut self.live.columns[y];
        now.skips = Lists::by_first(now.arrived, pairs);
    }

    pub(super) fn finish(mut self) -> Live {
        let columns = &mut self.live.columns;
        let mut skipped: FxHashMap<u32, Vec<Skip>> = FxHashMap::default();
        for (y, column) in columns.iter().enumerate() {
            for node in 0..column.arrived {
                for &(after, to) in column.skips.get(node) {
                    let from = (y as u32, node as u32);
                    skipped.entry(after).or_default().push((to, from));
                }
            }
        }
        for (after, pairs) in skipped {
            let column = &mut columns[after as usize];
            column.skipped = Lists::by_first(column.arrived, pairs);
        }
        if let Some(main) = self.live.instances.first_mut() {
            main.start = self.sources[0][0];
        }
        self.live
    }
}

/// The list of callers of an instance that go on at a place, made if it is new.
fn list_of(instance: &mut Instance, at: &mut Ret, ret: u32) -> u32 {
    let lists = &mut instance.lists;
    if let Some(known) = lists.iter().position(|list| list.ret == ret) {
        return known as u32;
    }
    let list = lists.len() as u32;
    lists.push(List {
        ret,
        callers: SmallVec::new(),
        above: Row::new(),
    });
    let bit = instance.bit as usize;
    insert(&mut at.of, bit);
    let len = at.lists.len().max(bit + 1);
    at.lists.resize(len, NOWHERE);
    at.lists[bit] = list;
    list
}
