//! Which characters a state can read, and which it can read without end.

#![expect(
    clippy::indexing_slicing,
    reason = "states and classes are numbers of the same automaton"
)]

use std::sync::{Mutex, OnceLock, PoisonError};

use rustc_hash::FxHashMap;

use super::finish::Predecessors;
use super::{DEAD, Dfa, StateId};
use crate::alphabet::ClassId;

/// A set of characters as far as their first bytes tell them apart.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Chars {
    /// The ASCII characters of the set: `c` is bit `c % 64` of word `c / 64`.
    pub ascii: [u64; 2],
    /// The first bytes of the UTF-8 of all others: byte `b` is bit `b - 0xC0`.
    pub leads: u64,
}

/// Characters that can be read from a state one after the other.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Safe {
    /// The ASCII characters among them.
    pub ascii: [u64; 2],
    /// The first bytes, as in [`Chars`], all of whose characters are among them.
    pub leads: u64,
    /// How many of them can be read, whichever they are; `None` if any number.
    pub depth: Option<u32>,
    /// Whether no more than `depth` of them can ever be read.
    pub exact: bool,
    /// Whether all of them lead back to the state.
    pub stays: bool,
    /// More characters of which fewer can be read: how many, whichever they are.
    pub brief: Option<(Chars, u32)>,
}

/// What the alphabet looks like from ASCII, and how long words can be.
#[derive(Clone, Debug)]
pub(super) struct CharFacts {
    classes: Box<[Chars]>,
    ever: Chars,
    max_len: Box<[u32]>,
    /// Per state, found on demand.
    next: PerState<Chars>,
    from: OnceLock<Box<[Chars]>>,
    /// Likewise; without and with the bound to loops.
    safe: [PerState<Safe>; 2],
}

/// What was found out about some states.
#[derive(Debug)]
struct PerState<T>(Mutex<FxHashMap<StateId, T>>);

impl<T> Default for PerState<T> {
    fn default() -> Self {
        PerState(Mutex::default())
    }
}

impl<T> Clone for PerState<T> {
    /// Knows nothing yet.
    fn clone(&self) -> Self {
        PerState::default()
    }
}

impl<T: Copy> PerState<T> {
    fn get(&self, s: StateId, find: impl FnOnce() -> T) -> T {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&known) = known().get(&s) {
            return known;
        }
        let found = find();
        known().insert(s, found);
        found
    }
}

/// A run of this many characters is longer than most tokens.
const LONG_RUN: u32 = 12;
/// And this many are worth it where few tokens come into question at all.
const SHORT_RUN: u32 = 3;
/// So many ASCII characters are many.
const BROAD: u32 = 40;
/// States looked at for all characters at once, for some of them, and classes tried one
/// by one.
const MAX_STATES: usize = 512;
const MAX_FEWER: usize = 64;
/// From so many transitions on, what follows a state is not looked for.
const LARGE_TABLE: usize = 100_000;
const MAX_TRIED: usize = 24;

impl CharFacts {
    fn new(dfa: &Dfa) -> CharFacts {
        let mut classes = vec![Chars::default(); dfa.class_count()];
        for (class, ranges) in dfa.classes() {
            classes[class as usize].leads = leads_of(ranges);
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
            next: PerState::default(),
            from: OnceLock::new(),
            safe: Default::default(),
        }
    }
}

impl Chars {
    fn add(&mut self, more: Chars) {
        self.ascii[0] |= more.ascii[0];
        self.ascii[1] |= more.ascii[1];
        self.leads |= more.leads;
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
        known.get(s, || self.find_next_chars(s))
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

    /// The characters that occur in any word from `s` on; in a large automaton, in any
    /// word. Found for all states at once.
    #[must_use]
    pub fn chars_from(&self, s: StateId) -> Chars {
        if self.table.len() > LARGE_TABLE {
            return self.all_chars();
        }
        let from = self.char_facts().from.get_or_init(|| self.all_chars_from());
        from.get(s as usize).copied().unwrap_or_default()
    }

    /// Least fixpoint, from the last states backwards: most transitions go forwards.
    fn all_chars_from(&self) -> Box<[Chars]> {
        let states = 0..self.state_count() as StateId;
        let mut from: Vec<Chars> = states.clone().map(|s| self.find_next_chars(s)).collect();
        let mut changed = true;
        while changed {
            changed = false;
            for s in states.clone().rev() {
                let mut chars = from[s as usize];
                for next in self.successors(s) {
                    chars.add(from[next as usize]);
                }
                changed |= chars != from[s as usize];
                from[s as usize] = chars;
            }
        }
        from.into()
    }

    /// The most characters that can be read from `s`; `None` if there is no limit.
    #[must_use]
    pub fn max_len(&self, s: StateId) -> Option<u32> {
        let max = self.char_facts().max_len.get(s as usize).copied()?;
        (max != u32::MAX).then_some(max)
    }

    /// As many characters as can well be found that can be read from `s` one after the other,
    /// whichever they are. With `looping`, only to states that some character leads back to.
    ///
    /// The first time it looks at some hundred states, and 64 for each of up to 24 classes,
    /// at most.
    #[must_use]
    pub fn safe_chars(&self, s: StateId, looping: bool) -> Safe {
        let known = &self.char_facts().safe[usize::from(looping)];
        known.get(s, || Reach::new(self, looping, |_| true).safe_chars(s))
    }

    /// The same by way of some states only. Not kept.
    #[must_use]
    pub fn safe_chars_by(&self, s: StateId, by: impl Fn(StateId) -> bool) -> Safe {
        Reach::new(self, false, by).safe_chars(s)
    }

    /// The characters that lead from anywhere to some states.
    #[must_use]
    pub fn chars_to(&self, to: impl Fn(StateId) -> bool) -> Chars {
        let classes = &self.char_facts().classes;
        let mut chars = Chars::default();
        for row in self.table.chunks_exact(self.class_count().max(1)) {
            for (&next, &more) in row.iter().zip(classes) {
                if next != DEAD && to(next) {
                    chars.add(more);
                }
            }
        }
        chars
    }

    fn has_loop(&self, s: StateId) -> bool {
        self.row(s).contains(&s)
    }
}

/// Where characters lead, by way of some states only.
struct Reach<'a, F> {
    dfa: &'a Dfa,
    facts: &'a CharFacts,
    /// Whether every state behind the first has to have a loop.
    looping: bool,
    by: F,
}

impl<'a, F: Fn(StateId) -> bool> Reach<'a, F> {
    fn new(dfa: &'a Dfa, looping: bool, by: F) -> Self {
        Reach {
            dfa,
            facts: dfa.char_facts(),
            looping,
            by,
        }
    }

    fn next(&self, s: StateId, class: ClassId) -> Option<StateId> {
        self.dfa
            .next_class(s, class)
            .filter(|&next| (self.by)(next))
    }

    fn safe_chars(&self, s: StateId) -> Safe {
        let ever = self.facts.ever;
        let broad = ever.leads != 0 || ever.count() > BROAD;
        let longest = self.dfa.max_len(s);
        let enough = |depth: Option<u32>| {
            depth.is_none_or(|depth| {
                let run = if broad { LONG_RUN } else { SHORT_RUN };
                depth >= run || longest.is_some_and(|longest| depth + 1 >= longest)
            })
        };
        let classes = 0..self.dfa.class_count() as ClassId;
        let live: Vec<ClassId> = classes
            .filter(|&class| self.next(s, class).is_some())
            .collect();
        let room = self.room(s, &live, MAX_STATES);
        if enough(room.depth) {
            return self.safe(s, &live, room);
        }
        let (mut safe, mut others): (Vec<ClassId>, Vec<ClassId>) = live
            .iter()
            .partition(|&&class| self.next(s, class) == Some(s));
        let mut safe_room = Room::ENDLESS;
        if others.len() <= MAX_TRIED {
            let size = |class: &ClassId| self.facts.classes[*class as usize].count();
            others.sort_by_key(|class| std::cmp::Reverse(size(class)));
            for class in others {
                safe.push(class);
                match self.room(s, &safe, MAX_FEWER) {
                    more if enough(more.depth) => safe_room = more,
                    _ => {
                        safe.pop();
                    }
                }
            }
        }
        match safe.is_empty() {
            true => self.safe(s, &live, room),
            false => {
                let all = self.safe(s, &live, room);
                let chars = Chars {
                    ascii: all.ascii,
                    leads: all.leads,
                };
                Safe {
                    brief: all.depth.filter(|&n| n > 0).map(|n| (chars, n)),
                    ..self.safe(s, &safe, safe_room)
                }
            }
        }
    }

    fn safe(&self, s: StateId, classes: &[ClassId], room: Room) -> Safe {
        let mut chars = Chars::default();
        let mut stays = true;
        for &class in classes {
            chars.add(self.facts.classes[class as usize]);
            stays &= self.next(s, class) == Some(s);
        }
        let all = 0..self.dfa.class_count();
        let others = all.filter(|&class| !classes.contains(&(class as ClassId)));
        let broken = others.fold(0, |leads, class| leads | self.facts.classes[class].leads);
        Safe {
            ascii: chars.ascii,
            leads: chars.leads & !broken,
            depth: room.depth,
            exact: room.exact,
            stays,
            brief: None,
        }
    }

    /// How many characters of some classes can be read from `s`, whichever they are.
    fn room(&self, s: StateId, classes: &[ClassId], max_states: usize) -> Room {
        let mut is_seen = vec![0u64; self.dfa.state_count() / 64 + 1];
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
        // Whether every state was met at one depth only.
        let mut in_levels = true;
        let at_most = |depth| Room {
            depth: Some(depth),
            exact: false,
        };
        while done < seen.len() {
            let level = seen.len();
            for at in done..level {
                let from = seen[at];
                if self.looping && from != s && !self.dfa.has_loop(from) {
                    return at_most(depth - 1);
                }
                for &class in classes {
                    match self.next(from, class) {
                        None => {
                            let dead = |&from: &StateId| {
                                classes
                                    .iter()
                                    .all(|&class| self.next(from, class).is_none())
                            };
                            return Room {
                                exact: in_levels && seen[done..level].iter().all(dead),
                                ..at_most(depth)
                            };
                        }
                        Some(next) if next == s && self.looping && !self.dfa.has_loop(s) => {
                            return at_most(depth);
                        }
                        Some(next) if !note(next) => {
                            in_levels = in_levels && seen[level..].contains(&next);
                        }
                        Some(_) if seen.len() >= max_states => return at_most(depth),
                        Some(next) => seen.push(next),
                    }
                }
            }
            done = level;
            depth += 1;
        }
        Room::ENDLESS
    }
}

/// How many characters can be read.
#[derive(Clone, Copy)]
struct Room {
    depth: Option<u32>,
    /// Whether no more can, whichever they are.
    exact: bool,
}

impl Room {
    const ENDLESS: Room = Room {
        depth: None,
        exact: true,
    };
}

/// The first bytes of the characters in some ranges.
fn leads_of(ranges: &[(u32, u32)]) -> u64 {
    (0xC2..=0xF4u8).fold(0, |leads, byte| {
        let (low, high) = led_by(byte);
        let any = ranges.iter().any(|&(l, h)| l <= high && low <= h);
        leads | u64::from(any) << (byte - 0xC0)
    })
}

/// The characters whose UTF-8 begins with a byte.
fn led_by(byte: u8) -> (u32, u32) {
    let b = u32::from(byte);
    match byte {
        0xC2..=0xDF => ((b & 0x1F) << 6, (b & 0x1F) << 6 | 0x3F),
        0xE0 => (0x800, 0xFFF),
        0xE1..=0xEF => ((b & 0xF) << 12, (b & 0xF) << 12 | 0xFFF),
        0xF0 => (0x1_0000, 0x3_FFFF),
        0xF1..=0xF3 => ((b & 7) << 18, (b & 7) << 18 | 0x3_FFFF),
        _ => (0x10_0000, 0x10_FFFF),
    }
}

/// Backwards from the ends; a state that this never settles reaches a cycle.
fn max_len(dfa: &Dfa) -> Box<[u32]> {
    let preds = Predecessors::new(&dfa.table, dfa.alphabet.len(), dfa.state_count());
    let states = 0..dfa.state_count() as StateId;
    let mut longest = vec![u32::MAX; dfa.state_count()];
    let mut open: Vec<u32> = preds.leaving().to_vec();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, regex};

    fn dfa(pattern: &str) -> Dfa {
        regex::compile(pattern, &Limits::default()).expect("a pattern")
    }

    #[test]
    fn first_bytes_are_those_of_the_encoding() {
        for byte in 0xC2..=0xF4u8 {
            let (low, high) = led_by(byte);
            for c in [low, high, (low + high) / 2] {
                if let Some(c) = char::from_u32(c) {
                    assert_eq!(c.encode_utf8(&mut [0; 4]).as_bytes()[0], byte);
                }
            }
        }
        assert_eq!(led_by(0xC2).0, 0x80);
        assert_eq!(led_by(0xF4).1, 0x10_FFFF);
    }

    /// Every run of safe characters can be read, by trying some.
    fn check(pattern: &str, looping: bool) {
        let dfa = dfa(pattern);
        for s in 0..dfa.state_count() as StateId {
            let safe = dfa.safe_chars(s, looping);
            let next = dfa.next_chars(s);
            let ascii: Vec<char> = (0..128u8)
                .filter(|c| safe.ascii[usize::from(c / 64)] >> (c % 64) & 1 == 1)
                .map(char::from)
                .collect();
            let others = "é–中😀".chars().filter(|c| {
                let first = c.encode_utf8(&mut [0; 4]).as_bytes()[0];
                safe.leads >> (first - 0xC0) & 1 == 1
            });
            let chars: Vec<char> = ascii.into_iter().chain(others).collect();
            let mut level = vec![s];
            for _ in 0..safe.depth.unwrap_or(20).min(20) {
                let mut after = Vec::new();
                for &from in &level {
                    for &c in &chars {
                        let to = dfa.next(from, c);
                        assert!(to.is_some(), "{pattern}: {c} from {from}");
                        assert!(!safe.stays || to == Some(s));
                        after.extend(to);
                    }
                }
                after.sort_unstable();
                after.dedup();
                level = after;
            }
            if let Some((brief, depth)) = safe.brief {
                let is_brief = |c: char| match c {
                    '\0'..='\x7f' => brief.ascii[c as usize / 64] >> (c as u32 % 64) & 1 == 1,
                    _ => {
                        let first = c.encode_utf8(&mut [0; 4]).as_bytes()[0];
                        brief.leads >> (first - 0xC0) & 1 == 1
                    }
                };
                let all = (0..128u8).map(char::from).chain("é–中😀".chars());
                let chars: Vec<char> = all.filter(|&c| is_brief(c)).collect();
                let mut level = vec![s];
                for _ in 0..depth {
                    let more = level
                        .iter()
                        .flat_map(|&from| chars.iter().map(move |&c| (from, c)));
                    let mut after: Vec<StateId> = more
                        .map(|(from, c)| dfa.next(from, c).expect("a brief run"))
                        .collect();
                    after.sort_unstable();
                    after.dedup();
                    level = after;
                }
            }
            if let Some(depth) = safe.depth.filter(|&depth| safe.exact && depth < 20) {
                let more = level
                    .iter()
                    .flat_map(|&from| chars.iter().map(move |&c| (from, c)));
                for (from, c) in more {
                    assert_eq!(dfa.next(from, c), None, "{pattern}: {c} after {depth}");
                }
            }
            for c in (0..128u8).map(char::from).chain("é–中😀".chars()) {
                if dfa.next(s, c).is_some() {
                    let all = dfa.all_chars();
                    for chars in [next, all, dfa.chars_from(s)] {
                        let mut bytes = [0; 4];
                        let first = c.encode_utf8(&mut bytes).as_bytes()[0];
                        let known = match first {
                            0..=127 => chars.ascii[usize::from(first / 64)] >> (first % 64),
                            _ => chars.leads >> (first - 0xC0),
                        };
                        assert!(known & 1 == 1, "{pattern}: {c}");
                    }
                }
            }
        }
    }

    #[test]
    fn safe_characters_can_be_read() {
        for pattern in [
            "^.+$",
            "^(?:\\S+\\s+){0,20}\\S+$",
            "^[0-9a-f]{8}-[0-9a-f]{4}$",
            "^([a-z]{4}|[a-z]{6})(-[0-9a-f]{5})?$",
            "^[A-Z][a-z]*( [A-Z][a-z]*)*$",
            "^([a-z0-9]+\\.)*[a-z0-9]+$",
            "^(ab|cd)*[é中]+$",
            "[^/:]{1,30}x",
            "^([^m]|m[^a])*$",
        ] {
            check(pattern, false);
            check(pattern, true);
        }
    }

    #[test]
    fn longest_words() {
        assert_eq!(dfa("^a{2,5}b?$").max_len(0), Some(6));
        assert_eq!(dfa("^a+$").max_len(0), None);
        let words = dfa("^(?:\\S+\\s+){0,20}\\S+$");
        let inside = words.walk("a").expect("a prefix");
        let depth = words.safe_chars(inside, false).depth;
        assert!(depth.is_some_and(|depth| depth >= 12));
        assert_eq!(dfa("^.*$").safe_chars(0, true).depth, None);
        let safe = dfa("^[0-9a-f]{8}-[0-9a-f]{4}$").safe_chars(0, false);
        assert!(safe.exact && safe.depth == Some(8));
    }
}
