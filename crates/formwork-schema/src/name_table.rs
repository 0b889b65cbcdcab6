//! The member names of an object: listed ones, and classes of all others.

#![expect(
    clippy::indexing_slicing,
    reason = "nodes, words and states are numbered as they are made"
)]

use std::sync::Arc;

use formwork_automata::Dfa;
use rustc_hash::FxHashMap;

/// Classes of unlisted names are told apart by which patterns they match; a
/// class is a bit in a word.
pub(crate) const MAX_CLASSES: usize = 64;

/// A trie of words over characters.
#[derive(Debug)]
pub(crate) struct Trie {
    nodes: Vec<TrieNode>,
    /// The children of all nodes, node after node.
    children: Vec<(char, u32)>,
}

#[derive(Debug, Default)]
struct TrieNode {
    /// Where the children are.
    children: (u32, u32),
    /// The number of the word that ends here.
    word: Option<u32>,
    /// The words that end here or below, as a range of ranks.
    words: (u32, u32),
    /// Characters from the root.
    depth: u32,
}

/// A node while the trie is built: its siblings are a list. The root is no child, so 0 is none.
#[derive(Clone, Copy, Default)]
struct Link {
    c: char,
    first: u32,
    last: u32,
    next: u32,
}

impl Trie {
    /// The trie of distinct words; also returns their ranks, in the order of
    /// which every subtree is a range.
    pub(crate) fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> (Trie, Vec<u32>) {
        let mut nodes = vec![TrieNode::default()];
        let mut links = vec![Link::default()];
        let mut count = 0u32;
        for (number, word) in words.into_iter().enumerate() {
            let mut at = 0;
            for c in word.chars() {
                let mut child = links[at].first as usize;
                while child > 0 && links[child].c != c {
                    child = links[child].next as usize;
                }
                if child == 0 {
                    child = nodes.len();
                    nodes.push(TrieNode {
                        depth: nodes[at].depth + 1,
                        ..TrieNode::default()
                    });
                    links.push(Link {
                        c,
                        ..Link::default()
                    });
                    match links[at].last as usize {
                        0 => links[at].first = child as u32,
                        last => links[last].next = child as u32,
                    }
                    links[at].last = child as u32;
                }
                at = child;
            }
            nodes[at].word = Some(number as u32);
            count += 1;
        }
        let mut children = Vec::with_capacity(nodes.len() - 1);
        for (node, link) in nodes.iter_mut().zip(&links) {
            node.children.0 = children.len() as u32;
            let mut child = link.first;
            while child > 0 {
                let link = links[child as usize];
                children.push((link.c, child));
                child = link.next;
            }
            node.children.1 = children.len() as u32;
        }
        let mut trie = Trie { nodes, children };
        let ranks = trie.rank(count);
        (trie, ranks)
    }

    /// Numbers the words in depth-first order. Names can be long, so without
    /// recursion.
    fn rank(&mut self, count: u32) -> Vec<u32> {
        let mut ranks = vec![0; count as usize];
        let mut next = 0;
        let mut open = vec![(0u32, false)];
        while let Some((at, done)) = open.pop() {
            let node = &mut self.nodes[at as usize];
            if done {
                node.words.1 = next;
                continue;
            }
            node.words.0 = next;
            if let Some(word) = node.word {
                ranks[word as usize] = next;
                next += 1;
            }
            open.push((at, true));
            let (from, to) = node.children;
            let children = &self.children[from as usize..to as usize];
            open.extend(children.iter().map(|&(_, child)| (child, false)));
        }
        ranks
    }

    pub(crate) fn child(&self, node: u32, c: char) -> Option<u32> {
        let children = self.children(node).iter();
        let mut found = children.filter(|&&(b, _)| b == c);
        found.next().map(|&(_, child)| child)
    }

    pub(crate) fn children(&self, node: u32) -> &[(char, u32)] {
        let range = self.nodes.get(node as usize).map(|node| node.children);
        let (from, to) = range.unwrap_or_default();
        &self.children[from as usize..to as usize]
    }

    pub(crate) fn word(&self, node: u32) -> Option<u32> {
        self.nodes.get(node as usize)?.word
    }

    /// The characters on the way to a node.
    pub(crate) fn depth(&self, node: u32) -> usize {
        self.nodes
            .get(node as usize)
            .map_or(0, |node| node.depth as usize)
    }

    /// The ranks of the words at or below a node.
    pub(crate) fn words(&self, node: u32) -> (u32, u32) {
        self.nodes
            .get(node as usize)
            .map_or((0, 0), |node| node.words)
    }
}

/// All names that an object may have, without regard to what was seen.
#[derive(Debug)]
pub(crate) struct NameTable {
    pub(crate) listed: Box<[Box<str>]>,
    pub(crate) trie: Trie,
    /// Rank of each listed name in the trie, and the names by rank.
    pub(crate) ranks: Box<[u32]>,
    pub(crate) by_rank: Box<[u32]>,
    /// Labels every name with its class, listed ones included.
    pub(crate) classes: Arc<Dfa>,
    /// Per state of `classes`: the classes some name reaches, and those that
    /// infinitely many do.
    reach: Arc<[(u64, u64)]>,
    /// Whether no start of an unlisted name ever runs out of names of a class.
    pub(crate) names_abound: bool,
    /// Per class: how many names it holds that are not listed.
    unlisted: Box<[u64]>,
    /// Per class: characters of its shortest name.
    shortest: Arc<[u32]>,
}

impl NameTable {
    /// Heap use in bytes, about.
    pub(crate) fn heap_bytes(&self) -> usize {
        let names = self.listed.iter().map(|name| 24 + name.len());
        let classes = self.classes.heap_bytes() + size_of_val(&*self.reach);
        names.sum::<usize>()
            + self.trie.nodes.len() * size_of::<TrieNode>()
            + self.trie.children.len() * size_of::<(char, u32)>()
            + classes / Arc::strong_count(&self.classes)
    }
}

/// Classes of names, and what is known of them whatever names are listed.
#[derive(Clone, Debug)]
pub(crate) struct Classes {
    pub(crate) dfa: Arc<Dfa>,
    reach: Arc<[(u64, u64)]>,
    shortest: Arc<[u32]>,
}

impl Classes {
    /// `dfa` has at most [`MAX_CLASSES`] labels.
    pub(crate) fn new(dfa: Arc<Dfa>) -> Classes {
        let states = 0..dfa.state_count() as u32;
        let count = states
            .filter_map(|s| dfa.label(s))
            .max()
            .map_or(0, |label| label + 1);
        Classes {
            reach: reach(&dfa),
            shortest: (0..count).map(|class| shortest_name(&dfa, class)).collect(),
            dfa,
        }
    }
}

impl NameTable {
    /// The table of some names and of classes of all others.
    pub(crate) fn new(listed: Vec<Box<str>>, classes: Classes) -> NameTable {
        let (trie, ranks) = Trie::new(listed.iter().map(|name| &**name));
        let mut by_rank = vec![0; ranks.len()];
        for (word, &rank) in ranks.iter().enumerate() {
            by_rank[rank as usize] = word as u32;
        }
        let count = classes.shortest.len() as u32;
        let mut table = NameTable {
            listed: listed.into(),
            trie,
            by_rank: by_rank.into(),
            ranks: ranks.into(),
            classes: classes.dfa,
            names_abound: classes.reach.iter().all(|(some, many)| some == many),
            reach: classes.reach,
            unlisted: Box::default(),
            shortest: classes.shortest,
        };
        table.unlisted = (0..count)
            .map(|class| unlisted_names(&table, 1 << class))
            .collect();
        table
    }

    /// The classes reached from a state: by some name, by infinitely many.
    pub(crate) fn reach(&self, state: u32) -> (u64, u64) {
        self.reach.get(state as usize).copied().unwrap_or_default()
    }

    /// How many unlisted names a class holds; `u64::MAX` if without end, or too
    /// many to count.
    pub(crate) fn unlisted(&self, class: usize) -> u64 {
        self.unlisted.get(class).copied().unwrap_or(0)
    }

    /// The characters of a shortest name of a class, listed ones included.
    pub(crate) fn shortest(&self, class: usize) -> u32 {
        self.shortest.get(class).copied().unwrap_or(0)
    }

    /// The set of all classes.
    pub(crate) fn every_class(&self) -> u64 {
        match self.unlisted.len() {
            count @ 0..64 => (1 << count) - 1,
            _ => u64::MAX,
        }
    }

    /// The class of a name.
    pub(crate) fn class_of(&self, name: &str) -> Option<u32> {
        self.classes.label(self.classes.walk(name)?)
    }
}

/// Breadth first over the states.
fn shortest_name(classes: &Dfa, label: u32) -> u32 {
    let mut seen = vec![false; classes.state_count()];
    let mut open = std::collections::VecDeque::new();
    open.extend(classes.start().map(|start| (start, 0)));
    while let Some((state, chars)) = open.pop_front() {
        if std::mem::replace(&mut seen[state as usize], true) {
            continue;
        }
        if classes.label(state) == Some(label) {
            return chars;
        }
        let next = classes
            .classes()
            .filter_map(|(id, _)| classes.next_class(state, id));
        open.extend(next.map(|next| (next, chars + 1)));
    }
    0
}

fn unlisted_names(names: &NameTable, mask: u64) -> u64 {
    let Some(start) = names.classes.start() else {
        return 0;
    };
    let (some, many) = names.reach(start);
    if many & mask != 0 {
        return u64::MAX;
    }
    if some & mask == 0 {
        return 0;
    }
    // Finite: count paths, each state once, then leave out the listed names.
    let mut memo: FxHashMap<u32, u64> = FxHashMap::default();
    let mut open = vec![(start, false)];
    while let Some((state, done)) = open.pop() {
        if memo.contains_key(&state) || names.reach(state).0 & mask == 0 {
            continue;
        }
        let next = |(id, ranges): (_, &[(u32, u32)])| {
            let next = names.classes.next_class(state, id)?;
            let chars: u64 = ranges.iter().map(|&(l, h)| u64::from(h - l) + 1).sum();
            Some((next, chars))
        };
        let successors: Vec<(u32, u64)> = names.classes.classes().filter_map(next).collect();
        if done {
            let here = names
                .classes
                .label(state)
                .is_some_and(|l| mask & 1 << l != 0);
            let below = successors
                .iter()
                .map(|&(next, chars)| memo.get(&next).copied().unwrap_or(0).saturating_mul(chars));
            let count = below.fold(u64::from(here), u64::saturating_add);
            memo.insert(state, count);
        } else {
            open.push((state, true));
            open.extend(successors.into_iter().map(|(next, _)| (next, false)));
        }
    }
    let listed = names
        .listed
        .iter()
        .filter(|name| names.class_of(name).is_some_and(|l| mask & 1 << l != 0));
    memo.get(&start)
        .copied()
        .unwrap_or(0)
        .saturating_sub(listed.count() as u64)
}

fn reach(dfa: &Dfa) -> Arc<[(u64, u64)]> {
    let n = dfa.state_count();
    let successors: Vec<Vec<u32>> = (0..n as u32)
        .map(|state| {
            let classes = 0..dfa.class_count() as u32;
            let steps = classes.filter_map(|class| dfa.next_class(state, class));
            let mut next: Vec<u32> = Vec::new();
            for to in steps {
                // Neighbouring classes mostly lead to the same state.
                if next.last() != Some(&to) {
                    next.push(to);
                }
            }
            next.sort_unstable();
            next.dedup();
            next
        })
        .collect();
    let on_cycle = cyclic(&successors);
    let mut reach: Vec<(u64, u64)> = (0..n as u32)
        .map(|state| (dfa.label(state).map_or(0, |label| 1u64 << (label & 63)), 0))
        .collect();
    // Least fixpoint; every round adds a bit somewhere, and automata of names
    // are small.
    loop {
        let mut changed = false;
        for state in (0..n).rev() {
            let (mut some, mut many) = reach[state];
            for &next in &successors[state] {
                some |= reach[next as usize].0;
                many |= reach[next as usize].1;
            }
            if on_cycle[state] {
                many |= some;
            }
            if (some, many) != reach[state] {
                reach[state] = (some, many);
                changed = true;
            }
        }
        if !changed {
            return reach.into();
        }
    }
}

/// Which nodes lie on a cycle: those that survive peeling off, from both
/// sides, nodes without predecessors or successors, and reach themselves.
fn cyclic(successors: &[Vec<u32>]) -> Vec<bool> {
    // Kosaraju without recursion: a node is on a cycle if its strongly
    // connected component has two nodes or it is its own successor.
    let n = successors.len();
    let mut predecessors: Vec<Vec<u32>> = vec![Vec::new(); n];
    for (from, list) in successors.iter().enumerate() {
        for &to in list {
            predecessors[to as usize].push(from as u32);
        }
    }
    let mut order = Vec::with_capacity(n);
    let mut seen = vec![false; n];
    for root in 0..n {
        let mut open = vec![(root as u32, false)];
        while let Some((at, done)) = open.pop() {
            if done {
                order.push(at);
            } else if !std::mem::replace(&mut seen[at as usize], true) {
                open.push((at, true));
                open.extend(successors[at as usize].iter().map(|&next| (next, false)));
            }
        }
    }
    let mut result = vec![false; n];
    let mut component = vec![u32::MAX; n];
    for &root in order.iter().rev() {
        let mut members = Vec::new();
        let mut open = vec![root];
        while let Some(at) = open.pop() {
            if component[at as usize] == u32::MAX {
                component[at as usize] = root;
                members.push(at);
                open.extend(&predecessors[at as usize]);
            }
        }
        for &at in &members {
            result[at as usize] = members.len() > 1 || successors[at as usize].contains(&at);
        }
    }
    result
}
