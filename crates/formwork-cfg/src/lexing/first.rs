//! Which terminals can be read next at a position, and whether its rule may end
//! there.

#![expect(
    clippy::indexing_slicing,
    reason = "rules and positions are numbers of the same network, sets are numbered as they are made"
)]

use petgraph::algo::kosaraju_scc;
use petgraph::graph::NodeIndex;
use rustc_hash::FxHashMap;

use crate::analyze::{Rules, empty_graph};
use crate::error::CfgError;
use crate::limits::Budget;
use crate::network::{Network, Position, Symbol};

/// A set of terminals, by number.
pub(super) type SetId = u32;
/// The set without any.
const NOTHING: SetId = 0;

/// Facts about the positions of a network without empty rules or left recursion.
pub(super) struct First {
    next: Vec<SetId>,
    may_end: Vec<bool>,
    sets: Sets,
}

impl First {
    /// Linear in the network, times the terminals.
    pub(super) fn new(
        network: &Network,
        terminals: usize,
        budget: &mut Budget<'_>,
    ) -> Result<First, CfgError> {
        let mut sets = Sets::new(terminals);
        let of_rules = of_rules(network, &mut sets, budget)?;
        let mut graph = Rules::default();
        for _ in &network.ways {
            graph.add_node(());
        }
        for (from, ways) in network.ways.iter().enumerate() {
            for &to in &ways.empty {
                graph.add_edge(NodeIndex::new(from), NodeIndex::new(to as usize), ());
            }
        }
        let mut next = vec![NOTHING; network.ways.len()];
        let mut may_end = vec![false; network.ways.len()];
        for ends in &network.rules {
            may_end[ends.end as usize] = true;
        }
        // Components come after those that they lead to.
        for component in kosaraju_scc(&graph) {
            let (mut all, mut ends) = (NOTHING, false);
            for at in &component {
                let ways = &network.ways[at.index()];
                ends |= may_end[at.index()];
                for &(symbol, _) in &ways.steps {
                    let set = match symbol {
                        Symbol::Terminal(terminal) => sets.single(terminal, budget)?,
                        Symbol::Rule(rule) => of_rules[rule as usize],
                        Symbol::Foreign(_) => NOTHING, // refused before
                    };
                    all = sets.union(all, set, budget)?;
                }
                for &to in &ways.empty {
                    all = sets.union(all, next[to as usize], budget)?;
                    ends |= may_end[to as usize];
                }
            }
            for at in &component {
                next[at.index()] = all;
                may_end[at.index()] = ends;
            }
        }
        Ok(First {
            next,
            may_end,
            sets,
        })
    }

    /// The terminals that can be read at a position before any other.
    pub(super) fn next(&self, at: Position) -> SetId {
        self.next[at as usize]
    }

    /// Whether the rule may end at a position, with nothing more read.
    pub(super) fn may_end(&self, at: Position) -> bool {
        self.may_end[at as usize]
    }

    pub(super) fn terminals(&self, set: SetId) -> Vec<u32> {
        self.sets.members(set)
    }
}

/// What rules begin with. Starts have no empty ways.
fn of_rules(
    network: &Network,
    sets: &mut Sets,
    budget: &mut Budget<'_>,
) -> Result<Vec<SetId>, CfgError> {
    let mut graph = empty_graph(network);
    for (rule, ends) in network.rules.iter().enumerate() {
        for &(symbol, _) in &network.ways[ends.start as usize].steps {
            if let Symbol::Rule(callee) = symbol {
                graph.add_edge(NodeIndex::new(rule), NodeIndex::new(callee as usize), ());
            }
        }
    }
    let mut of_rules = vec![NOTHING; network.rules.len()];
    // Callees come first, and no rule begins with itself.
    for rule in kosaraju_scc(&graph).into_iter().flatten() {
        let start = network.rules[rule.index()].start;
        let mut all = NOTHING;
        for &(symbol, _) in &network.ways[start as usize].steps {
            let set = match symbol {
                Symbol::Terminal(terminal) => sets.single(terminal, budget)?,
                Symbol::Rule(callee) => of_rules[callee as usize],
                Symbol::Foreign(_) => NOTHING, // refused before
            };
            all = sets.union(all, set, budget)?;
        }
        of_rules[rule.index()] = all;
    }
    Ok(of_rules)
}

/// Sets of terminals, equal ones once.
struct Sets {
    words: usize,
    all: Vec<Box<[u64]>>,
    ids: FxHashMap<Box<[u64]>, SetId>,
    unions: FxHashMap<(SetId, SetId), SetId>,
    singles: FxHashMap<u32, SetId>,
}

impl Sets {
    fn new(terminals: usize) -> Sets {
        let mut sets = Sets {
            words: terminals.div_ceil(64),
            all: Vec::new(),
            ids: FxHashMap::default(),
            unions: FxHashMap::default(),
            singles: FxHashMap::default(),
        };
        sets.intern(vec![0; sets.words].into());
        sets
    }

    fn intern(&mut self, bits: Box<[u64]>) -> SetId {
        if let Some(&id) = self.ids.get(&bits) {
            return id;
        }
        let id = self.all.len() as SetId;
        self.all.push(bits.clone());
        self.ids.insert(bits, id);
        id
    }

    fn single(&mut self, terminal: u32, budget: &mut Budget<'_>) -> Result<SetId, CfgError> {
        if let Some(&known) = self.singles.get(&terminal) {
            return Ok(known);
        }
        budget.work(self.words)?;
        let mut bits = vec![0; self.words];
        bits[terminal as usize / 64] |= 1 << (terminal % 64);
        let set = self.intern(bits.into());
        self.singles.insert(terminal, set);
        Ok(set)
    }

    fn union(
        &mut self,
        one: SetId,
        other: SetId,
        budget: &mut Budget<'_>,
    ) -> Result<SetId, CfgError> {
        budget.work(1)?;
        if one == other || other == NOTHING {
            return Ok(one);
        }
        let key = (one.min(other), one.max(other));
        if let Some(&known) = self.unions.get(&key) {
            return Ok(known);
        }
        budget.work(self.words)?;
        let (a, b) = (&self.all[one as usize], &self.all[other as usize]);
        let both = a.iter().zip(b).map(|(a, b)| a | b).collect();
        let union = self.intern(both);
        self.unions.insert(key, union);
        Ok(union)
    }

    fn members(&self, set: SetId) -> Vec<u32> {
        let mut members = Vec::new();
        for (at, &bits) in self.all[set as usize].iter().enumerate() {
            let mut left = bits;
            while left != 0 {
                members.push(64 * at as u32 + left.trailing_zeros());
                left &= left - 1;
            }
        }
        members
    }
}
