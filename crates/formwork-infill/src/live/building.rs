//! From a chart to what of it is of use.

use formwork_grammar::Dot;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{Class, Column, Instance, List, Live, MAIN_CLASS, NOWHERE, Ret};
use crate::bits::Bits;
use crate::chart::{Chart, InstanceId, MAIN};
use crate::lists::Lists;
use crate::rest::RestId;
use crate::row::{Row, insert, meet, ones, unite};
use crate::rules::{ItemId, Rules};
use crate::useful::Useful;

/// An arrival, and where a gap began that may end there.
type Skip = (u32, (u32, u32));

/// The nodes that a source or an exit of the chart became, by class.
type Nodes = SmallVec<[(u32, u32); 1]>;

pub(super) struct Building<'a> {
    chart: &'a Chart,
    useful: &'a Useful,
    rules: &'a Rules,
    live: Live,
    /// By instance of the chart: the same here, if it is of use.
    instances: Vec<u32>,
    classes: FxHashMap<Dot, u32>,
    /// By class: where callers go on, and in which class, by number.
    rets: Vec<FxHashMap<(ItemId, u32), u32>>,
    /// By column and source.
    sources: Vec<Vec<Nodes>>,
    /// By column and exit.
    exits: Vec<FxHashMap<(RestId, Option<Dot>), Nodes>>,
}

impl<'a> Building<'a> {
    pub(super) fn new(chart: &'a Chart, useful: &'a Useful, rules: &'a Rules) -> Building<'a> {
        let mut building = Building {
            chart,
            useful,
            rules,
            live: Live::default(),
            instances: Vec::with_capacity(chart.instances.len()),
            classes: FxHashMap::default(),
            rets: vec![FxHashMap::default()],
            sources: Vec::with_capacity(chart.columns.len()),
            exits: Vec::with_capacity(chart.columns.len()),
        };
        building.live.classes.push(Class::default());
        for (id, instance) in chart.instances.iter().enumerate() {
            let id = id as InstanceId;
            let column = instance.column as usize;
            let starts = &useful.of[column][instance.start as usize];
            if id != MAIN && !starts.contains(id) {
                building.instances.push(NOWHERE);
                continue;
            }
            let live = &mut building.live;
            let class = match id {
                MAIN => MAIN_CLASS,
                _ => {
                    let classes = &mut building.classes;
                    let class = classes.entry(instance.callee).or_insert_with(|| {
                        live.classes.push(Class::default());
                        building.rets.push(FxHashMap::default());
                        live.classes.len() as u32 - 1
                    });
                    *class
                }
            };
            let number = live.instances.len() as u32;
            let members = &mut live.classes[class as usize].instances;
            live.instances.push(Instance {
                class,
                bit: members.len() as u32,
                column: instance.column,
                start: NOWHERE,
                lists: SmallVec::new(),
                ends: Vec::new(),
            });
            members.push(number);
            building.instances.push(number);
        }
        building
    }

    /// A set of instances of the chart, class by class.
    fn rows(&self, bits: &Bits) -> SmallVec<[(u32, Row); 1]> {
        let mut rows: SmallVec<[(u32, Row); 1]> = SmallVec::new();
        for id in bits.iter() {
            let Some(instance) = self
                .live
                .instances
                .get(self.instances[id as usize] as usize)
            else {
                continue;
            };
            let known = rows.iter().position(|(class, _)| *class == instance.class);
            let at = known.unwrap_or(rows.len());
            if known.is_none() {
                rows.push((instance.class, Row::new()));
            }
            let row = &mut rows[at].1;
            insert(row, instance.bit as usize);
        }
        rows
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
        for (at, useful) in self.useful.of[y].iter().enumerate() {
            let is_captured =
                at < column.arrived as usize && self.rules.is_captured(column.sources[at].item);
            let mut nodes = Nodes::new();
            for (class, row) in self.rows(useful) {
                if is_captured {
                    made.captured.push(made.class.len() as u32);
                }
                nodes.push((class, made.class.len() as u32));
                made.class.push(class);
                made.rows.push(&row);
            }
            sources.push(nodes);
            if at + 1 == column.arrived as usize {
                made.arrived = made.class.len();
            }
        }
        made.sources = made.class.len();
        let mut exits = FxHashMap::default();
        for (&(rest, last), useful) in &self.useful.exits[y] {
            let mut nodes = Nodes::new();
            for (class, row) in self.rows(useful) {
                let node = made.class.len() as u32;
                nodes.push((class, node));
                made.class.push(class);
                made.rows.push(&row);
                if class == MAIN_CLASS && rest == column.rest {
                    made.accepts.push(node);
                }
                for bit in ones(&row) {
                    let instance = self.live.classes[class as usize].instances[bit];
                    let ends = &mut self.live.instances[instance as usize].ends;
                    ends.push((y as u32, node));
                }
            }
            exits.insert((rest, last), nodes);
        }
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
        for (source, nodes) in column.sources.iter().zip(&self.sources[y]) {
            for &(class, node) in nodes {
                let row = now.rows.live(node as usize);
                let targets = column.targets.iter().skip(source.targets as usize);
                for (&(_, set), &target) in source.moves.stays.iter().zip(targets) {
                    let Some(next) = next else { continue };
                    let target = of_class(&self.sources[y + 1][target as usize], class);
                    if let Some(to) = target
                        && meet(row, next.rows.live(to as usize))
                    {
                        stays.push((to, set));
                        preds.push((to, node));
                    }
                }
                stays.close();
                for exit in &source.moves.exits {
                    let exit = self.exits[y].get(exit);
                    let exit = exit.and_then(|nodes| of_class(nodes, class));
                    if let Some(exit) = exit
                        && meet(row, now.rows.live(exit as usize))
                    {
                        ends.push(exit);
                        feeders.push((exit - now.sources as u32, node));
                    }
                }
                ends.close();
            }
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
        let classes = self.live.classes.iter();
        let is_alone: Vec<bool> = classes.map(|class| class.instances.len() == 1).collect();
        let now = &self.live.columns[y];
        for (&(callee, _), &id) in &column.called {
            let number = self.instances[id as usize];
            let Some(instance) = self.live.instances.get_mut(number as usize) else {
                continue;
            };
            let start = self.chart.instances[id as usize].start;
            let class = self.classes[&callee];
            let start = of_class(&self.sources[y][start as usize], class);
            instance.start = start.unwrap_or(NOWHERE);
        }
        for (source, nodes) in column.sources.iter().zip(&self.sources[y]) {
            for &(class, node) in nodes {
                let row = now.rows.live(node as usize);
                for &(callee, rest, ret) in &source.moves.calls {
                    let id = column.called.get(&(callee, rest));
                    let number = id.map_or(NOWHERE, |&id| self.instances[id as usize]);
                    let Some(instance) = self.live.instances.get_mut(number as usize) else {
                        continue;
                    };
                    let rets = &mut self.rets[instance.class as usize];
                    let new = rets.len() as u32;
                    let ret = *rets.entry((ret, class)).or_insert(new);
                    let classes = &mut self.live.classes[instance.class as usize];
                    if ret as usize == classes.rets.len() {
                        classes.rets.push(Ret {
                            is_alone: is_alone[class as usize],
                            ..Ret::default()
                        });
                    }
                    let at = &mut classes.rets[ret as usize];
                    let lists = &mut instance.lists;
                    let known = lists.iter().position(|list| list.ret == ret);
                    let list = known.unwrap_or(lists.len());
                    if known.is_none() {
                        lists.push(List {
                            ret,
                            callers: SmallVec::new(),
                            above: Row::new(),
                        });
                        insert(&mut at.of, instance.bit as usize);
                        let bit = instance.bit as usize;
                        let len = at.lists.len().max(bit + 1);
                        at.lists.resize(len, NOWHERE);
                        at.lists[bit] = list as u32;
                    }
                    let of = &mut lists[list];
                    if !of.callers.contains(&node) {
                        of.callers.push(node);
                        unite(&mut of.above, row);
                    }
                    calls.push((number, list as u32));
                }
                calls.close();
            }
        }
        self.live.columns[y].calls = calls;
    }

    /// Where callers go on in a column.
    pub(super) fn returns(&mut self, y: usize) {
        let column = &self.chart.columns[y];
        let now = &self.live.columns[y];
        let mut targets: Vec<Vec<u32>> = vec![Vec::new(); now.class.len() - now.sources];
        let mut returned = Vec::new();
        for (key, exit) in &column.exits {
            for back in &exit.returns {
                let Some(sources) = self.sources[y].get(back.source as usize) else {
                    continue;
                };
                // Where callers went on who are there now.
                let mut rets: SmallVec<[(u32, ItemId); 4]> = SmallVec::new();
                for &(id, list) in &back.of {
                    let number = self.instances[id as usize];
                    if let Some(instance) = self.live.instances.get(number as usize) {
                        let ret = self.chart.instances[id as usize].callers[list as usize].0;
                        if !rets.contains(&(instance.class, ret)) {
                            rets.push((instance.class, ret));
                        }
                    }
                }
                for (class, ret) in rets {
                    let exit = self.exits[y].get(key);
                    let Some(exit) = exit.and_then(|nodes| of_class(nodes, class)) else {
                        continue;
                    };
                    for &(above, target) in sources {
                        let rets = &self.rets[class as usize];
                        let Some(&ret) = rets.get(&(ret, above)) else {
                            continue;
                        };
                        let targets = &mut targets[exit as usize - now.sources];
                        if targets.len() <= ret as usize {
                            targets.resize(ret as usize + 1, NOWHERE);
                        }
                        targets[ret as usize] = target;
                        returned.push((target, (exit, ret)));
                    }
                }
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
        for (source, nodes) in before.sources.iter().zip(&self.sources[y]) {
            let Some(to) = end.arrival(source.item) else {
                continue;
            };
            for &(class, node) in nodes {
                let is_arrival = (node as usize) < self.live.columns[y].arrived;
                let to = of_class(&self.sources[after][to as usize], class);
                if let Some(to) = to.filter(|_| is_arrival) {
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
            let start = of_class(&self.sources[0][0], MAIN_CLASS);
            main.start = start.unwrap_or(NOWHERE);
        }
        self.live
    }
}

fn of_class(nodes: &Nodes, class: u32) -> Option<u32> {
    let mut nodes = nodes.iter();
    nodes.find(|(of, _)| *of == class).map(|&(_, node)| node)
}
