//! Which characters a state can read, and which it can read without end.

use std::sync::OnceLock;

use super::finish::Predecessors;
use super::{DEAD, Dfa, StateId};
use crate::alphabet::ClassId;

/// A set of characters as far as ASCII tells them apart.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Chars {
    /// The ASCII characters of the set: `c` is bit `c % 64` of word `c / 64`.
    pub ascii: [u64; 2],
    /// Whether a character beyond ASCII is in the set.
    pub beyond: bool,
}

/// Characters that can be read from a state one after the other.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Safe {
    /// The ASCII characters among them.
    pub ascii: [u64; 2],
    /// Whether they hold all characters beyond ASCII.
    pub all_beyond: bool,
    /// How many of them can be read, whichever they are; `None` if any number.
    pub depth: Option<u32>,
    /// Whether all of them lead back to the state.
    pub stays: bool,
}

/// What the alphabet looks like from ASCII, and how long words can be.
#[derive(Clone, Debug)]
pub(super) struct CharFacts {
    classes: Box<[Chars]>,
    ever: Chars,
    max_len: Box<[u32]>,
    /// Per state, found on demand.
    next: OnceLock<Box<[OnceLock<Chars>]>>,
    /// Likewise; without and with the bound to loops.
    safe: [OnceLock<Box<[OnceLock<Safe>]>>; 2],
}

/// A run of this many characters is longer than most tokens.
const LONG_RUN: u32 = 12;
/// And this many are worth it where few tokens come into question at all.
const SHORT_RUN: u32 = 3;
/// So many ASCII characters are many.
const BROAD: u32 = 40;
/// States looked at for one run, and classes tried one by one.
const MAX_STATES: usize = 64;
const MAX_TRIED: usize = 24;

impl CharFacts {
    fn new(dfa: &Dfa) -> CharFacts {
        let mut classes = vec![Chars::default(); dfa.class_count()];
        for (class, ranges) in dfa.classes() {
            classes[class as usize].beyond = ranges.iter().any(|&(_, high)| high >= 0x80);
        }
        for c in 0..0x80u32 {
            if let Some(chars) = classes.get_mut(dfa.class_of(c) as usize) {
                chars.ascii[(c / 64) as usize] |= 1 << (c % 64);
            }
        }
        let mut ever = Chars::default();
        let stride = dfa.class_count().max(1);
        for row in dfa.table.chunks_exact(stride) {
            for (&next, &chars) in row.iter().zip(&classes) {
                if next != DEAD {
                    ever.add(chars);
                }
            }
        }
        CharFacts {
            classes: classes.into(),
            ever,
            max_len: max_len(dfa),
            next: OnceLock::new(),
            safe: [const { OnceLock::new() }; 2],
        }
    }
}

impl Chars {
    fn add(&mut self, more: Chars) {
        self.ascii[0] |= more.ascii[0];
        self.ascii[1] |= more.ascii[1];
        self.beyond |= more.beyond;
    }

    fn count(self) -> u32 {
        self.ascii[0].count_ones() + self.ascii[1].count_ones()
    }
}

impl Dfa {
    fn char_facts(&self) -> &CharFacts {
        self.chars.get_or_init(|| CharFacts::new(self))
    }

    /// The characters that can be read in `s`. O(classes) the first time.
    #[must_use]
    pub fn next_chars(&self, s: StateId) -> Chars {
        let known = &self.char_facts().next;
        let known =
            known.get_or_init(|| (0..self.state_count()).map(|_| OnceLock::new()).collect());
        match known.get(s as usize) {
            Some(known) => *known.get_or_init(|| self.find_next_chars(s)),
            None => Chars::default(),
        }
    }

    fn find_next_chars(&self, s: StateId) -> Chars {
        let mut chars = Chars::default();
        for (class, &more) in self.char_facts().classes.iter().enumerate() {
            if self.next_class(s, class as ClassId).is_some() {
                chars.add(more);
            }
        }
        chars
    }

    /// The characters that occur in any word.
    #[must_use]
    pub fn all_chars(&self) -> Chars {
        self.char_facts().ever
    }

    /// The most characters that can be read from `s`; `None` if there is no limit.
    #[must_use]
    pub fn max_len(&self, s: StateId) -> Option<u32> {
        let max = self.char_facts().max_len.get(s as usize).copied()?;
        (max != u32::MAX).then_some(max)
    }

    /// As many characters as can well be found that can be read from `s` one after the other,
    /// whichever they are. With `looping`, only by way of states that some character leads
    /// back to.
    ///
    /// The first time it looks at 64 states for each of up to 24 classes at most.
    #[must_use]
    pub fn safe_chars(&self, s: StateId, looping: bool) -> Safe {
        let known = &self.char_facts().safe[usize::from(looping)];
        let known =
            known.get_or_init(|| (0..self.state_count()).map(|_| OnceLock::new()).collect());
        match known.get(s as usize) {
            Some(known) => *known.get_or_init(|| self.find_safe_chars(s, looping)),
            None => Safe::default(),
        }
    }

    fn find_safe_chars(&self, s: StateId, looping: bool) -> Safe {
        let facts = self.char_facts();
        let broad = facts.ever.beyond || facts.ever.count() > BROAD;
        let enough = |depth: Option<u32>| {
            depth.is_none_or(|depth| depth >= if broad { LONG_RUN } else { SHORT_RUN })
        };
        let classes = 0..self.class_count() as ClassId;
        let live: Vec<ClassId> = classes
            .filter(|&class| self.next_class(s, class).is_some())
            .collect();
        let depth = self.room(s, &live, looping);
        if enough(depth) {
            return self.safe(s, &live, depth);
        }
        let (mut safe, mut others): (Vec<ClassId>, Vec<ClassId>) = live
            .into_iter()
            .partition(|&class| self.next_class(s, class) == Some(s));
        let mut depth = None;
        if others.len() <= MAX_TRIED {
            let size = |class: &ClassId| facts.classes[*class as usize].count();
            others.sort_by_key(|class| std::cmp::Reverse(size(class)));
            for class in others {
                safe.push(class);
                match self.room(s, &safe, looping) {
                    more if enough(more) => depth = more,
                    _ => {
                        safe.pop();
                    }
                }
            }
        }
        self.safe(s, &safe, depth)
    }

    fn safe(&self, s: StateId, classes: &[ClassId], depth: Option<u32>) -> Safe {
        let facts = self.char_facts();
        let mut chars = Chars::default();
        let mut stays = true;
        for &class in classes {
            chars.add(facts.classes[class as usize]);
            stays &= self.next_class(s, class) == Some(s);
        }
        let beyond = |class: &usize| facts.classes[*class].beyond;
        let mut all = (0..self.class_count()).filter(beyond);
        Safe {
            ascii: chars.ascii,
            all_beyond: chars.beyond && all.all(|class| classes.contains(&(class as ClassId))),
            depth,
            stays,
        }
    }

    /// How many characters of some classes can be read from `s`, whichever they are.
    fn room(&self, s: StateId, classes: &[ClassId], looping: bool) -> Option<u32> {
        let mut is_seen = vec![0u64; self.state_count() / 64 + 1];
        let mut note = |s: StateId| {
            let (word, bit) = (&mut is_seen[s as usize / 64], 1u64 << (s % 64));
            let new = *word & bit == 0;
            *word |= bit;
            new
        };
        note(s);
        let mut seen = vec![s];
        let mut done = 0;
        let mut depth = 0;
        while done < seen.len() {
            let level = seen.len();
            for at in done..level {
                let from = seen[at];
                if looping && !self.has_loop(from) {
                    return Some(depth.max(1) - 1);
                }
                for &class in classes {
                    match self.next_class(from, class) {
                        None => return Some(depth),
                        Some(next) if !note(next) => {}
                        Some(_) if seen.len() >= MAX_STATES => return Some(depth),
                        Some(next) => seen.push(next),
                    }
                }
            }
            done = level;
            depth += 1;
        }
        None
    }

    fn has_loop(&self, s: StateId) -> bool {
        self.row(s).contains(&s)
    }
}

/// Backwards from the ends; a state that this never settles reaches a cycle.
fn max_len(dfa: &Dfa) -> Box<[u32]> {
    let preds = Predecessors::new(&dfa.table, dfa.alphabet.len(), dfa.state_count());
    let states = 0..dfa.state_count() as StateId;
    let mut longest = vec![u32::MAX; dfa.state_count()];
    let mut open: Vec<usize> = states.clone().map(|s| dfa.successors(s).count()).collect();
    let mut work: Vec<StateId> = states.filter(|&s| open[s as usize] == 0).collect();
    while let Some(s) = work.pop() {
        let after = dfa.successors(s).map(|next| longest[next as usize] + 1);
        longest[s as usize] = after.max().unwrap_or(0);
        for &p in preds.of(s) {
            open[p as usize] -= 1;
            if open[p as usize] == 0 {
                work.push(p);
            }
        }
    }
    longest.into()
}
