//! Finite languages, and words as witnesses.

#![expect(
    clippy::indexing_slicing,
    reason = "nodes are numbers that the interner gave out, and begin with a flag"
)]

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::{DEAD, Dfa, Raw, StateId};
use crate::alphabet::{Alphabet, ClassId};
use crate::interner::Interner;

impl Dfa {
    /// The automaton that accepts every string.
    #[must_use]
    pub fn universal() -> Self {
        Raw {
            alphabet: Alphabet::trivial(),
            table: vec![0],
            labels: vec![Some(0)],
        }
        .finish()
    }

    /// The automaton that accepts nothing, and has no state.
    #[must_use]
    pub fn empty() -> Self {
        Raw {
            alphabet: Alphabet::trivial(),
            table: Vec::new(),
            labels: Vec::new(),
        }
        .finish()
    }

    /// The minimal automaton of a finite language, labelled 0.
    ///
    /// Linear in the total length of `words`, but for sorting and for the table of the result.
    #[must_use]
    pub fn from_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        Graph::new(words).into_dfa()
    }

    /// A shortest word that leads from `s` to a match; letters and digits are preferred where a
    /// class offers a choice.
    #[must_use]
    pub fn shortest_word(&self, s: StateId) -> Option<String> {
        if s as usize >= self.state_count() {
            return None;
        }
        let faces: Vec<char> = (0..self.alphabet.len() as ClassId)
            .map(|c| self.face(c))
            .collect();
        let mut word = String::new();
        let mut s = s;
        for left in (0..self.min_len(s)).rev() {
            let steps = self.row(s).iter().zip(&faces);
            let closer = steps.filter(|&(&t, _)| t != DEAD && self.min_len(t) == left);
            let (&next, &face) = closer.min_by_key(|&(_, &face)| rank(face))?;
            word.push(face);
            s = next;
        }
        Some(word)
    }

    /// The most readable member of a class.
    fn face(&self, class: ClassId) -> char {
        let first = |&(lo, _): &(u32, u32)| char::from_u32(lo);
        let ranges = self.alphabet.ranges(class);
        let favourites = ('a'..='z')
            .chain('0'..='9')
            .chain('A'..='Z')
            .chain(' '..='~')
            .chain('¡'..='ſ');
        let latin = favourites
            .into_iter()
            .find(|&c| self.alphabet.class_of(c as u32) == class);
        let printable = || ranges.iter().filter_map(first).find(|c| !c.is_control());
        let any = || ranges.first().and_then(first).unwrap_or('\0');
        latin.or_else(printable).unwrap_or_else(any)
    }
}

/// Smaller is easier to read.
fn rank(c: char) -> (u8, char) {
    let group = match c {
        'a'..='z' => 0,
        '0'..='9' => 1,
        'A'..='Z' => 2,
        ' '..='~' => 3,
        c if !c.is_control() => 4,
        _ => 5,
    };
    (group, c)
}

/// The tree of a list of words with equal subtrees merged, from the leaves up. Each node is kept
/// as numbers: whether a word ends there, then characters and the nodes after them.
#[derive(Default)]
struct Graph {
    nodes: Interner,
    root: Option<u32>,
}

impl Graph {
    /// Sorted words extend the newest branch, so that all others are finished: only the nodes on
    /// the way to the word at hand are open (Daciuk and others, 2000).
    fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut words: Vec<&str> = words.into_iter().collect();
        words.sort_unstable();
        let mut graph = Self::default();
        // Open nodes by depth; beyond `depth` they are spare.
        let mut open: Vec<Vec<u32>> = vec![vec![0]];
        let mut way: Vec<char> = Vec::new();
        for word in &words {
            let shared = way.iter().zip(word.chars()).take_while(|&(&a, b)| a == b);
            let shared = shared.count();
            graph.close(&mut open, &mut way, shared);
            for c in word.chars().skip(shared) {
                way.push(c);
                match open.get_mut(way.len()) {
                    Some(node) => {
                        node.clear();
                        node.push(0);
                    }
                    None => open.push(vec![0]),
                }
            }
            open[way.len()][0] = 1;
        }
        if !words.is_empty() {
            graph.close(&mut open, &mut way, 0);
            graph.root = Some(graph.nodes.intern(&open[0]));
        }
        graph
    }

    /// Finishes the open nodes deeper than `depth`.
    fn close(&mut self, open: &mut [Vec<u32>], way: &mut Vec<char>, depth: usize) {
        while way.len() > depth
            && let Some(c) = way.pop()
        {
            let node = self.nodes.intern(&open[way.len() + 1]);
            open[way.len()].extend([c as u32, node]);
        }
    }

    /// The characters and nodes after a node.
    fn steps(&self, node: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        let steps = self.nodes.get(node)[1..].chunks_exact(2);
        steps.map(|step| (step[0], step[1]))
    }

    /// Gives characters with the same transitions one class before the table is laid out, so
    /// that its size follows the language rather than the script. Nothing is left to minimise:
    /// no two nodes and no two columns are alike, and every node is on the way to a word.
    fn into_dfa(self) -> Dfa {
        let (alphabet, class_of) = self.alphabet();
        let stride = alphabet.len();
        let states = self.nodes.len();
        let mut number = vec![DEAD; states];
        let mut order: Vec<u32> = Vec::with_capacity(states);
        if let Some(root) = self.root {
            number[root as usize] = 0;
            order.push(root);
        }
        let mut table = vec![DEAD; states * stride];
        let mut labels = Vec::with_capacity(states);
        let mut steps: Vec<(ClassId, u32)> = Vec::new();
        let mut at = 0;
        while let Some(&node) = order.get(at) {
            labels.push((self.nodes.get(node)[0] == 1).then_some(0));
            steps.clear();
            steps.extend(self.steps(node).map(|(c, next)| (class_of[&c], next)));
            steps.sort_unstable();
            let row = &mut table[at * stride..][..stride];
            for &(class, next) in &steps {
                let number = &mut number[next as usize];
                if *number == DEAD {
                    *number = order.len() as StateId;
                    order.push(next);
                }
                row[class as usize] = *number;
            }
            at += 1;
        }
        Dfa {
            alphabet,
            table: table.into(),
            labels: labels.into(),
            facts: OnceLock::new(),
            chars: OnceLock::new(),
        }
    }

    /// The classes of characters, and which one each character in a word belongs to.
    fn alphabet(&self) -> (Alphabet, FxHashMap<u32, ClassId>) {
        let mut columns: FxHashMap<u32, Vec<(u32, u32)>> = FxHashMap::default();
        for node in 0..self.nodes.len() as u32 {
            for (c, next) in self.steps(node) {
                columns.entry(c).or_default().push((node, next));
            }
        }
        let mut chars: Vec<(u32, Vec<(u32, u32)>)> = columns.into_iter().collect();
        chars.sort_unstable_by_key(|&(c, _)| c);
        let mut keys: FxHashMap<&[(u32, u32)], u32> = FxHashMap::default();
        let mut key_of: FxHashMap<u32, u32> = FxHashMap::default();
        let mut segments = vec![(0, 0)];
        for (c, column) in &chars {
            let count = keys.len() as u32;
            let key = *keys.entry(column).or_insert(count + 1);
            key_of.insert(*c, key);
            if segments.last().is_some_and(|&(start, _)| start == *c) {
                segments.pop();
            }
            segments.push((*c, key));
            segments.push((*c + 1, 0));
        }
        if segments
            .last()
            .is_some_and(|&(start, _)| start > char::MAX as u32)
        {
            segments.pop();
        }
        let (alphabet, class_of_key) = Alphabet::from_segments(segments, keys.len() + 1);
        for key in key_of.values_mut() {
            *key = class_of_key[*key as usize];
        }
        (alphabet, key_of)
    }
}
