//! Arrays of one alternative: which items may come, and when the end may.
//!
//! Without `contains` a count of items is all there is to know. With it, every
//! item either counts towards a `contains` or not, and the counters make a
//! finite graph, which is worked out when the schema is compiled.

#![expect(
    clippy::indexing_slicing,
    reason = "an array has its tail as its last item; nodes of its graph are numbered as they are made"
)]

use rustc_hash::FxHashMap;

use crate::bounds::window;
use crate::count::{Count, MANY};
use crate::error::SchemaError;
use crate::node::{FALSE, Literal, NodeId};
use crate::options::PropertyOrder;
use crate::repeat::Search;
use crate::shape::{EMPTY, Explorer, Shapes, ValueId};

/// Where an array stands: the number of items read as far as it matters, or a
/// node of its graph.
pub(crate) type Cursor = u32;

/// Arrays of one alternative.
pub(crate) struct Array {
    prefix: Box<[ValueId]>,
    tail: ValueId,
    min: u32,
    pub(crate) max: Option<u32>,
    /// Whether the items must differ.
    pub(crate) unique: bool,
    /// If they must: per listed item and for the tail, which of the first 64
    /// listed ones may equal it, one bit each.
    meets: Box<[u64]>,
    /// If they must, beside `contains`: values of which there have to be so many.
    wanted: Box<[(ValueId, u32)]>,
    /// Whether two items must be equal, and which they may be.
    pub(crate) repeats: bool,
    pub(crate) pairs: Box<[Pair]>,
    /// With `contains`; then the rest is unused.
    graph: Option<Box<[Node]>>,
    /// Per node of the graph, bytes to the end, a comma before every item.
    node_bytes: Vec<u32>,
}

impl Array {
    /// Heap use in bytes, about.
    pub(crate) fn heap_bytes(&self) -> usize {
        let graph = self.graph.as_deref().map_or(0, size_of_val);
        size_of::<Array>()
            + size_of_val(&*self.prefix)
            + size_of_val(&*self.meets)
            + size_of_val(&*self.wanted)
            + size_of_val(&*self.pairs)
            + graph
            + 4 * self.node_bytes.len()
    }
}

/// Items of an array: one of those listed, or any after them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Slot {
    Listed(u32),
    Tail,
}

/// Two items that may be equal, and what they may be then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) first: Slot,
    pub(crate) second: Slot,
    pub(crate) value: ValueId,
}

/// An array, described.
pub(crate) struct Parts<'a> {
    pub(crate) prefix: &'a [ValueId],
    /// The item after those, or all items of a graph.
    pub(crate) items: Vec<ValueId>,
    pub(crate) min: u32,
    pub(crate) max: Option<u32>,
    /// Nodes of the graph.
    pub(crate) counters: Option<usize>,
}

/// A node of the graph of an array with `contains`.
pub(crate) struct Node {
    may_close: bool,
    /// What an item may be, and the node after it.
    items: Box<[(ValueId, Cursor)]>,
}

/// One `contains` of an alternative.
struct Contains {
    from: u32,
    node: NodeId,
    min: u32,
    max: Option<u32>,
}

/// Nodes of one graph at most.
const MAX_NODES: usize = 50_000;
/// `contains` of one alternative at most; each item tries all subsets.
const MAX_CONTAINS: usize = 8;
/// Listed items of an array that must repeat one; each may be paired with each.
const MAX_LISTED: usize = 32;

impl Explorer<'_> {
    /// The arrays of a set of literals; `None` if the sizes contradict each
    /// other.
    pub(crate) fn array_of(&mut self, literals: &[Literal]) -> Result<Option<Array>, SchemaError> {
        let sizes = literals.iter().map(|literal| match literal {
            Literal::Size { min, max } => (*min, *max),
            _ => (0, None),
        });
        let Some((min, max)) = window(sizes) else {
            return Ok(None);
        };
        let lists: Vec<(&[NodeId], NodeId)> = literals
            .iter()
            .filter_map(|literal| match literal {
                Literal::Items { prefix, tail } => Some((&**prefix, *tail)),
                _ => None,
            })
            .collect();
        let longest = lists
            .iter()
            .map(|(prefix, _)| prefix.len())
            .max()
            .unwrap_or(0);
        let items: Vec<NodeId> = (0..=longest)
            .map(|at| {
                let parts = lists
                    .iter()
                    .map(|(prefix, tail)| *prefix.get(at).unwrap_or(tail));
                self.solver.nodes.all(parts.collect::<Vec<_>>())
            })
            .collect();
        let contains: Vec<Contains> = literals
            .iter()
            .filter_map(|literal| match *literal {
                Literal::Contains {
                    from,
                    node,
                    min,
                    max,
                } if min > 0 || max.is_some() => Some(Contains {
                    from,
                    node,
                    min,
                    max,
                }),
                _ => None,
            })
            .collect();
        let repeats = literals.contains(&Literal::Repeats);
        let unique = literals.contains(&Literal::Unique);
        if repeats && (unique || max.is_some_and(|max| max < 2)) {
            return Ok(None);
        }
        let must = min.min(longest as u32) as usize;
        let same = |(at, item): (usize, &NodeId)| {
            self.solver.nodes.is_singleton(*item) && items[..at].contains(item)
        };
        if unique && items[..must].iter().enumerate().any(same) {
            return Ok(None);
        }
        let mut pairs = Vec::new();
        if repeats {
            self.check_repeats(&items, &contains)?;
            pairs = self.pairs(&items, max);
        }
        let meets = match unique {
            true => self.meetings(&items)?,
            false => Vec::new(),
        };
        let wanted = match unique {
            true => self.wanted(&items, &contains, min),
            false => Vec::new(),
        };
        let graph = if contains.is_empty() {
            None
        } else {
            Some(self.graph(&items, &contains, min, max, unique)?)
        };
        let mut prefix: Vec<ValueId> = Vec::new();
        if graph.is_none() {
            prefix = items.iter().map(|&item| self.value(item)).collect();
        }
        let tail = prefix.pop().unwrap_or(0);
        Ok(Some(Array {
            prefix: prefix.into(),
            tail,
            min,
            max,
            unique: unique && max.is_none_or(|max| max > 1),
            meets: meets.into(),
            wanted: wanted.into(),
            repeats,
            pairs: pairs.into(),
            graph,
            node_bytes: Vec::new(),
        }))
    }

    /// The values that `contains` counts, or does not, and how many of them there
    /// have to be.
    fn wanted(&mut self, items: &[NodeId], contains: &[Contains], min: u32) -> Vec<(ValueId, u32)> {
        let item = items[items.len() - 1];
        let mut wanted = Vec::new();
        for c in contains {
            let not = self.solver.nodes.negate(c.node);
            let (counted, others) = (
                self.solver.nodes.all([item, c.node]),
                self.solver.nodes.all([item, not]),
            );
            // Several `contains` may each take values from the others.
            let all = c.min.saturating_mul(contains.len() as u32);
            wanted.push((self.value(counted), all));
            let rest = c.max.map_or(0, |max| min.saturating_sub(max));
            wanted.push((self.value(others), rest));
        }
        wanted
    }

    /// Which listed items may equal which.
    fn meetings(&mut self, items: &[NodeId]) -> Result<Vec<u64>, SchemaError> {
        let mut meets = vec![u64::MAX; items.len()];
        for (at, &item) in items.iter().enumerate() {
            for (other, &node) in items.iter().enumerate().take(items.len() - 1).take(64) {
                if other != at && self.solver.disjoint(item, node)? {
                    meets[at] &= !(1 << other);
                }
            }
        }
        Ok(meets)
    }

    /// Refuses what cannot be combined with two equal items.
    fn check_repeats(
        &mut self,
        items: &[NodeId],
        contains: &[Contains],
    ) -> Result<(), SchemaError> {
        let reason = if !contains.is_empty() {
            "the negation of `uniqueItems` beside `contains` is not supported"
        } else if items.len() > MAX_LISTED {
            "the negation of `uniqueItems` beside a long list of items is not supported"
        } else if self.solver.options.order == PropertyOrder::Schema {
            "the negation of `uniqueItems` is not supported in a fixed order of properties"
        } else {
            return Ok(());
        };
        Err(SchemaError::refused("uniqueItems", reason))
    }

    /// The pairs of items that may be equal.
    fn pairs(&mut self, items: &[NodeId], max: Option<u32>) -> Vec<Pair> {
        let listed = items.len() as u32 - 1;
        let slot = |at: u32| match at {
            at if at < listed => Slot::Listed(at),
            _ => Slot::Tail,
        };
        // Of the tail, two items stand for all.
        let pairs = (1..=listed).flat_map(|second| (0..second).map(move |first| (first, second)));
        let mut found = Vec::new();
        for (first, second) in pairs.chain([(listed, listed + 1)]) {
            let nodes = [first, second].map(|at| items[at.min(listed) as usize]);
            let node = self.solver.nodes.all(nodes);
            if node != FALSE && max.is_none_or(|max| second < max) {
                found.push(Pair {
                    first: slot(first),
                    second: slot(second),
                    value: self.value(node),
                });
            }
        }
        found
    }

    /// Works out the graph of an array with `contains`, from node 0.
    fn graph(
        &mut self,
        items: &[NodeId],
        contains: &[Contains],
        min: u32,
        max: Option<u32>,
        unique: bool,
    ) -> Result<Box<[Node]>, SchemaError> {
        if contains.len() > MAX_CONTAINS {
            return Err(SchemaError::Limit {
                name: "contains",
                limit: MAX_CONTAINS as u64,
                place: "an array with several `contains`".into(),
            });
        }
        let last_from = contains.iter().map(|c| c.from).max().unwrap_or(0);
        let settled = (items.len() as u32 - 1).max(last_from + 1).max(min);
        let mut ids: FxHashMap<(u32, Vec<u32>), Cursor> = FxHashMap::default();
        let mut states = vec![(0u32, vec![0u32; contains.len()])];
        ids.insert(states[0].clone(), 0);
        let mut nodes = Vec::new();
        while let Some((read, counts)) = states.get(nodes.len()).cloned() {
            self.solver.spend(1 + (1 << contains.len()))?;
            let enough = |(c, &n): (&Contains, &u32)| n >= c.min;
            let may_close = read >= min && contains.iter().zip(&counts).all(enough);
            let mut next_items = Vec::new();
            if max.is_none_or(|max| read < max) {
                let item = *items.get(read as usize).unwrap_or(&items[items.len() - 1]);
                let read = match max {
                    Some(_) => read + 1,
                    None => (read + 1).min(settled),
                };
                for (node, counts) in self.choices(item, contains, &counts, read, unique) {
                    let state = (read, counts);
                    let next = match ids.get(&state) {
                        Some(&next) => next,
                        None => {
                            let next = states.len() as Cursor;
                            ids.insert(state.clone(), next);
                            states.push(state);
                            next
                        }
                    };
                    next_items.push((self.value(node), next));
                }
            }
            if states.len() > MAX_NODES {
                return Err(SchemaError::Limit {
                    name: "contains",
                    limit: MAX_NODES as u64,
                    place: "the counters of an array with `contains`".into(),
                });
            }
            nodes.push(Node {
                may_close,
                items: next_items.into(),
            });
        }
        Ok(nodes.into())
    }

    /// The ways to count the next item: its formula and the counters after it.
    /// `read` counts this item too, clipped. Where items must differ, one that
    /// could count does: it would not be there again to count later.
    fn choices(
        &mut self,
        item: NodeId,
        contains: &[Contains],
        counts: &[u32],
        read: u32,
        unique: bool,
    ) -> Vec<(NodeId, Vec<u32>)> {
        let mut choices = vec![(vec![item], counts.to_vec())];
        for (at, c) in contains.iter().enumerate() {
            // Past its minimum, a `contains` without a maximum is settled.
            let settled = c.max.is_none() && counts[at] >= c.min;
            if settled || read <= c.from {
                continue;
            }
            let told_apart = c.max.is_some() || unique;
            let not = told_apart.then(|| self.solver.nodes.negate(c.node));
            let full = c.max == Some(counts[at]);
            let mut more = Vec::new();
            for (parts, counts) in choices {
                if !full {
                    let mut parts = parts.clone();
                    let mut counts = counts.clone();
                    parts.push(c.node);
                    counts[at] += 1;
                    more.push((parts, counts));
                }
                let mut parts = parts;
                parts.extend(not);
                more.push((parts, counts));
            }
            choices = more;
        }
        choices
            .into_iter()
            .map(|(parts, counts)| (self.solver.nodes.all(parts), counts))
            .collect()
    }
}

impl Array {
    /// Whether items are remembered, to be told from others.
    pub(crate) fn remembers(&self) -> bool {
        self.unique || self.repeats
    }

    /// Whether the array may end.
    pub(crate) fn may_close(&self, cursor: Cursor) -> bool {
        match &self.graph {
            Some(graph) => graph
                .get(cursor as usize)
                .is_some_and(|node| node.may_close),
            None => cursor >= self.min,
        }
    }

    /// The live ways to go on with an item: its value, and where the array
    /// stands after it.
    pub(crate) fn items(&self, shapes: &Shapes, cursor: Cursor) -> Vec<(ValueId, Cursor)> {
        if let Some(graph) = &self.graph {
            let alive = |&&(value, next): &&(ValueId, Cursor)| {
                shapes.is_alive(value) && self.node_bytes(next) != EMPTY
            };
            let node = graph.get(cursor as usize);
            let items = node.map_or(&[][..], |node| &node.items);
            return items.iter().filter(alive).copied().collect();
        }
        let value = self.item(cursor);
        if self.max.is_some_and(|max| cursor >= max) || !shapes.is_alive(value) {
            return Vec::new();
        }
        vec![(value, self.after(cursor))]
    }

    /// The cursor after an item, without a graph.
    pub(crate) fn after(&self, cursor: Cursor) -> Cursor {
        match self.max {
            Some(_) => cursor + 1,
            None => (cursor + 1).min(self.min.max(self.listed())),
        }
    }

    /// The number of items that have a formula of their own.
    pub(crate) fn listed(&self) -> u32 {
        self.prefix.len() as u32
    }

    /// Whether the item at a cursor is one of a slot.
    pub(crate) fn is_at(&self, slot: Slot, cursor: Cursor) -> bool {
        match slot {
            Slot::Listed(at) => at == cursor,
            Slot::Tail => cursor >= self.listed(),
        }
    }

    /// Every value that an item may have, pairs apart.
    pub(crate) fn values(&self) -> Vec<ValueId> {
        match &self.graph {
            Some(graph) => {
                let items = graph.iter().flat_map(|node| node.items.iter());
                items.map(|&(value, _)| value).collect()
            }
            None => self.prefix.iter().copied().chain([self.tail]).collect(),
        }
    }

    /// Whether the items that must come may not all differ. Items of a list are
    /// checked one by one: each needs more values than there are items before
    /// it that may take them.
    pub(crate) fn is_short(&self, shapes: &Shapes) -> bool {
        if !self.unique || self.min_bytes(shapes) == EMPTY {
            return false;
        }
        if let Some(graph) = &self.graph {
            let short = |&(value, n): &(ValueId, u32)| shapes.count(value) < Count::from(n);
            let few = |&(value, _): &(ValueId, Cursor)| {
                shapes.is_alive(value) && shapes.count(value) < MANY / 2
            };
            // Of listed items, those with few values may take them from each other.
            return self.wanted.iter().any(short)
                || (self.meets.len() > 1 && graph.iter().any(|node| node.items.iter().any(few)));
        }
        let listed = self.listed();
        let short = |at: u32| {
            let before = (0..at).filter(|&before| self.may_meet(before, at)).count();
            shapes.count(self.item(at)) <= before as Count
        };
        (0..self.min.min(listed)).any(short) || (self.min > listed && short(self.min - 1))
    }

    /// Whether item `before` may equal the item at a cursor.
    pub(crate) fn may_meet(&self, before: u32, cursor: Cursor) -> bool {
        let at = cursor.min(self.listed()) as usize;
        before >= self.listed().min(64)
            || self
                .meets
                .get(at)
                .is_none_or(|meets| meets >> before & 1 == 1)
    }

    /// Whether items can come without end from here on.
    pub(crate) fn is_endless(&self, cursor: Cursor) -> bool {
        self.graph.is_none() && self.max.is_none() && cursor >= self.prefix.len() as u32
    }

    /// The most items that can have been read, as far as that matters for how
    /// many values are left: [`MANY`] less a few are still many.
    pub(crate) fn read_at_most(&self, cursor: Cursor) -> Count {
        match (&self.graph, self.max) {
            (None, Some(_)) => Count::from(cursor),
            (_, max) => max.map_or(MANY / 2, Count::from),
        }
    }

    /// The array, described.
    pub(crate) fn parts(&self) -> Parts<'_> {
        let mut items = match &self.graph {
            None => vec![self.tail],
            Some(_) => self.values(),
        };
        items.sort_unstable();
        items.dedup();
        let is_full = self.graph.is_none() && self.max.is_some_and(|max| max <= self.listed());
        Parts {
            prefix: &self.prefix,
            items: if is_full { Vec::new() } else { items },
            min: self.min,
            max: self.max,
            counters: self.graph.as_ref().map(|graph| graph.len()),
        }
    }

    pub(crate) fn item(&self, at: u32) -> ValueId {
        *self.prefix.get(at as usize).unwrap_or(&self.tail)
    }

    /// Bytes from the cursor to the closing bracket, that included; a comma
    /// stands before each item but the very first, which `first` says.
    pub(crate) fn rest_bytes(&self, shapes: &Shapes, cursor: Cursor, first: bool) -> u32 {
        if self.graph.is_some() {
            let rest = self.node_bytes(cursor);
            let comma = u32::from(first && !self.may_close(cursor));
            return rest.saturating_sub(comma);
        }
        let listed = self.prefix.len() as u32;
        let mut sum = 1u32;
        for at in cursor..self.min.min(listed) {
            sum = sum.saturating_add(shapes.bytes(self.item(at)));
        }
        let rest = self.min.saturating_sub(cursor.max(listed));
        if rest > 0 {
            sum = sum.saturating_add(rest.saturating_mul(shapes.bytes(self.tail)));
        }
        let items = self.min.saturating_sub(cursor);
        sum.saturating_add(items.saturating_sub(u32::from(first)))
    }

    /// Bytes of the smallest array.
    pub(crate) fn min_bytes(&self, shapes: &Shapes) -> u32 {
        if self.repeats {
            // One bracket more, one comma less.
            return self.repeat_bytes(shapes, 0, Search::Before, 0);
        }
        self.rest_bytes(shapes, 0, true).saturating_add(1)
    }

    fn node_bytes(&self, node: Cursor) -> u32 {
        self.node_bytes.get(node as usize).copied().unwrap_or(EMPTY)
    }

    /// Brings the bytes of the graph's nodes up to date with those of their
    /// values.
    pub(crate) fn measure(&mut self, value_bytes: impl Fn(ValueId) -> u32) {
        if let Some(graph) = &self.graph {
            self.node_bytes = graph_bytes(graph, value_bytes);
        }
    }

    /// No array is shorter, given that of its items.
    pub(crate) fn least_bytes(&self, value_bytes: impl Fn(ValueId) -> u32) -> u32 {
        if let Some(graph) = &self.graph {
            let rest = graph_bytes(graph, value_bytes).first().copied();
            let comma = u32::from(!self.may_close(0));
            return match rest {
                None | Some(EMPTY) => EMPTY,
                Some(rest) => (rest - comma).saturating_add(1),
            };
        }
        let listed = self.min.min(self.prefix.len() as u32);
        let mut sum = 2 + self.min.saturating_sub(1);
        for at in 0..listed {
            sum = sum.saturating_add(value_bytes(self.item(at)));
        }
        match self.min - listed {
            0 => sum,
            rest => sum.saturating_add(rest.saturating_mul(value_bytes(self.tail))),
        }
    }
}

/// Bytes from every node of a graph to the closing bracket, a comma before every
/// item.
fn graph_bytes(graph: &[Node], value_bytes: impl Fn(ValueId) -> u32) -> Vec<u32> {
    let start = |node: &Node| if node.may_close { 1 } else { EMPTY };
    let mut bytes: Vec<u32> = graph.iter().map(start).collect();
    // Items mostly lead to later nodes, so going backwards settles most in
    // one round.
    loop {
        let mut changed = false;
        for at in (0..graph.len()).rev() {
            for &(value, next) in &graph[at].items {
                let rest = bytes[next as usize].saturating_add(1);
                let all = rest.saturating_add(value_bytes(value));
                if all < bytes[at] {
                    bytes[at] = all;
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
    bytes
}
