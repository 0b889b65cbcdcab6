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
//! As in the chart, a node belongs to one class of instances, and its row has a bit for each
//! of those that are of use.
//!
//! `building` takes it over from a chart, `restrict` follows what was lost, `support` finds
//! what is left to hold a fact, `inside` weighs whole texts.

mod building;
pub(crate) mod inside;
mod restrict;
mod support;

use std::ops::Range;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::canvas::Cell;
use crate::chart::Chart;
use crate::lists::Lists;
use crate::node_rows::NodeRows;
use crate::row::{Row, any, meet};
use crate::rules::Rules;
use crate::token_sets::SetId;
use crate::useful::Useful;
use building::Building;

/// No node.
const NOWHERE: u32 = u32::MAX;

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
    /// The columns and exits at which rules of it end, ascending by column.
    exits: Vec<(u32, u32)>,
    /// The instances that lost callers in the pass under way, and those that lost ends.
    uncalled: Row,
    unended: Row,
    /// Whether any lost ends in that pass, or places to go on after them.
    lost_ends: bool,
}

/// A place where callers of a rule go on: an item, and the class that it is in.
#[derive(Clone, Default)]
struct Ret {
    /// The instances with callers that go on there.
    of: Row,
    /// Those by instance that callers are in, which [`List::above`] has the other way round.
    called: Vec<Row>,
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
    /// At which of the exits of its class it ends.
    ends: Row,
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

    /// Whether some whole text has a token at a position that is in sets of a kind.
    ///
    /// PERF: without the list of all sets of the position, a commit of SMILES takes 0.045 ms
    /// in the median instead of 0.073; of JSON, no less than before beyond noise.
    pub(crate) fn leads(&self, y: usize, mut is_kind: impl FnMut(SetId) -> bool) -> bool {
        let (Some(column), Some(next)) = (self.columns.get(y), self.columns.get(y + 1)) else {
            return false;
        };
        if let Some(sets) = column.tokens.get() {
            return sets.iter().any(|&set| is_kind(set));
        }
        let mut known: FxHashMap<SetId, bool> = FxHashMap::default();
        (0..column.sources).any(|source| {
            let row = column.rows.live(source);
            column.stays.get(source).iter().any(|&(to, set)| {
                *known.entry(set).or_insert_with(|| is_kind(set))
                    && meet(row, next.rows.live(to as usize))
            })
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
}

impl Column {
    /// Adds a node.
    fn node(&mut self, class: u32, row: &[u64]) -> u32 {
        let node = self.class.len() as u32;
        self.class.push(class);
        self.rows.push(row);
        node
    }

    /// Where callers go on after an exit.
    fn target(&self, exit: usize, ret: u32) -> Option<usize> {
        let targets = self.targets.get(exit - self.sources);
        let target = targets.get(ret as usize).copied();
        target.filter(|&to| to != NOWHERE).map(|to| to as usize)
    }
}
