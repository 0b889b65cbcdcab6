//! Finite languages, and words as witnesses.

use rustc_hash::FxHashMap;

use super::{DEAD, Dfa, Raw, StateId};
use crate::alphabet::{Alphabet, ClassId, NO_CLASS};

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
        let trie = Trie::new(words);
        let merged = trie.merge();
        merged.into_dfa()
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

/// A tree of words, or the graph left when equal subtrees are merged. Node 0 is the root.
#[derive(Default)]
struct Trie {
    nodes: Vec<TrieNode>,
}

#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct TrieNode {
    accepts: bool,
    next: Vec<(char, u32)>,
}

impl Trie {
    fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut words: Vec<&str> = words.into_iter().collect();
        words.sort_unstable();
        let mut nodes = Vec::new();
        if !words.is_empty() {
            nodes.push(TrieNode::default());
        }
        for word in words {
            let mut at = 0;
            for c in word.chars() {
                // Sorted words extend the newest branch or open one after it.
                at = match nodes[at].next.last() {
                    Some(&(last, next)) if last == c => next as usize,
                    _ => {
                        let new = nodes.len();
                        nodes[at].next.push((c, new as u32));
                        nodes.push(TrieNode::default());
                        new
                    }
                };
            }
            nodes[at].accepts = true;
        }
        Self { nodes }
    }

    /// Merges equal subtrees, from the leaves up: children have larger numbers than parents.
    fn merge(mut self) -> Self {
        let mut first: FxHashMap<TrieNode, u32> = FxHashMap::default();
        let mut merged: Vec<TrieNode> = Vec::new();
        let mut name = vec![0; self.nodes.len()];
        for (old, mut node) in std::mem::take(&mut self.nodes)
            .into_iter()
            .enumerate()
            .rev()
        {
            for (_, next) in &mut node.next {
                *next = name[*next as usize];
            }
            name[old] = *first.entry(node.clone()).or_insert_with(|| {
                merged.push(node);
                merged.len() as u32 - 1
            });
        }
        // The root was merged last, and no other node has words as long as its longest.
        merged.reverse();
        let last = merged.len().saturating_sub(1) as u32;
        for (_, next) in merged.iter_mut().flat_map(|node| &mut node.next) {
            *next = last - *next;
        }
        Self { nodes: merged }
    }

    /// Gives characters with the same transitions one class before the table is laid out, so
    /// that its size follows the language rather than the script.
    fn into_dfa(self) -> Dfa {
        let mut columns: FxHashMap<char, Vec<(u32, u32)>> = FxHashMap::default();
        for (s, node) in self.nodes.iter().enumerate() {
            for &(c, next) in &node.next {
                columns.entry(c).or_default().push((s as u32, next));
            }
        }
        let mut chars: Vec<(char, Vec<(u32, u32)>)> = columns.into_iter().collect();
        chars.sort_unstable_by_key(|&(c, _)| c);
        let mut keys: FxHashMap<&[(u32, u32)], u32> = FxHashMap::default();
        let mut segments = vec![(0, 0)];
        for (c, column) in &chars {
            let count = keys.len() as u32;
            let key = *keys.entry(column).or_insert(count + 1);
            if segments
                .last()
                .is_some_and(|&(start, _)| start == *c as u32)
            {
                segments.pop();
            }
            segments.push((*c as u32, key));
            segments.push((*c as u32 + 1, 0));
        }
        if segments
            .last()
            .is_some_and(|&(start, _)| start > char::MAX as u32)
        {
            segments.pop();
        }
        let (alphabet, class_of_key) = Alphabet::from_segments(segments, keys.len() + 1);
        let stride = alphabet.len();
        let mut table = vec![DEAD; self.nodes.len() * stride];
        for (column, key) in keys {
            let class = class_of_key[key as usize];
            if class != NO_CLASS {
                for &(s, next) in column {
                    table[s as usize * stride + class as usize] = next;
                }
            }
        }
        let labels = self
            .nodes
            .iter()
            .map(|node| node.accepts.then_some(0))
            .collect();
        Raw {
            alphabet,
            table,
            labels,
        }
        .finish()
    }
}
