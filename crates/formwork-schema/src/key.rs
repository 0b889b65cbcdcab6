//! The next member name of an open object, as an automaton of characters.
//!
//! It depends on the object's registers: names already used are not accepted
//! again, whatever their spelling, and a prefix is live only if an unused name
//! goes on from it.

#![expect(
    clippy::indexing_slicing,
    reason = "words are those of the table; a byte has a bit"
)]

use std::sync::Arc;

use formwork_automata::Chars;
use formwork_grammar::json_text::{CharState, char_bytes};
use formwork_grammar::{AnyContent, Bulk, CharAutomaton, Label, Run, Terminal};
use rustc_hash::FxHashSet;

use crate::name_table::{NameTable, Trie};
use crate::text::plain;

/// Which names may come next. Labels: the index of a listed name, or the number
/// of listed names plus the class of another one.
pub(crate) struct Key {
    table: Arc<NameTable>,
    /// Per listed name.
    allowed: Vec<bool>,
    /// Per listed name: whether it has to come some time. May be empty.
    needed: Vec<bool>,
    /// Classes of which some name has to come.
    needed_classes: u64,
    /// By rank in the trie: how many allowed names come before.
    allowed_before: Vec<u32>,
    /// Classes from which an unlisted name may be taken.
    classes: u64,
    /// Unlisted names already used.
    used: Trie,
    used_names: Vec<Box<str>>,
    /// The terminal of all names of the table.
    wider: Option<Arc<dyn Terminal>>,
}

/// See [`Key::identity`].
pub(crate) type KeyIdentity = (usize, Vec<(bool, bool)>, [u64; 2], Vec<Box<str>>);

/// See [`formwork_grammar::Terminal::scope`]; of names that abound, and of others.
const NAME_SCOPES: [u32; 2] = [0, 1];

/// A node or state that was left, as a word of the state; others are plus one.
const OUT: u32 = 0;

impl Key {
    pub(crate) fn new<'a>(
        table: Arc<NameTable>,
        allowed: Vec<bool>,
        classes: u64,
        used: impl IntoIterator<Item = &'a str>,
    ) -> Key {
        let used = used.into_iter().map(Box::from).collect();
        Key::with(table, allowed, classes, used)
    }

    fn with(
        table: Arc<NameTable>,
        allowed: Vec<bool>,
        classes: u64,
        mut used: Vec<Box<str>>,
    ) -> Key {
        used.sort_unstable();
        used.dedup();
        let mut by_rank = vec![0u32; allowed.len() + 1];
        for (&rank, &allowed) in table.ranks.iter().zip(&allowed) {
            by_rank[rank as usize + 1] = u32::from(allowed);
        }
        let allowed_before = by_rank
            .iter()
            .scan(0, |sum, &n| {
                *sum += n;
                Some(*sum)
            })
            .collect();
        Key {
            table,
            allowed,
            allowed_before,
            classes,
            used: Trie::new(used.iter().map(|name| &**name)).0,
            used_names: used,
            wider: None,
            needed: Vec::new(),
            needed_classes: 0,
        }
    }

    /// The same without some more names.
    pub(crate) fn without(mut self, names: &FxHashSet<Box<str>>) -> Key {
        if names.is_empty() {
            return self;
        }
        for (name, allowed) in self.table.listed.iter().zip(&mut self.allowed) {
            *allowed &= !names.contains(name);
        }
        let mut used = std::mem::take(&mut self.used_names);
        let listed = &self.table.listed;
        used.extend(names.iter().filter(|&name| !listed.contains(name)).cloned());
        Key {
            needed: self.needed,
            needed_classes: self.needed_classes,
            ..Key::with(self.table, self.allowed, self.classes, used)
        }
    }

    /// What tells this automaton from others over name tables that stay where
    /// they are.
    pub(crate) fn identity(&self) -> KeyIdentity {
        let table = Arc::as_ptr(&self.table) as usize;
        let allowed = self
            .allowed
            .iter()
            .zip(self.needed.iter().chain(std::iter::repeat(&false)));
        let allowed = allowed
            .map(|(&allowed, &needed)| (allowed, needed))
            .collect();
        let classes = [self.classes, self.needed_classes];
        (table, allowed, classes, self.used_names.clone())
    }

    /// Every name of a table.
    pub(crate) fn all(table: &Arc<NameTable>, classes: usize) -> Key {
        let allowed = vec![true; table.listed.len()];
        let classes = if classes < 64 {
            (1 << classes) - 1
        } else {
            u64::MAX
        };
        Key::new(Arc::clone(table), allowed, classes, [])
    }

    /// Says which listed names and classes of others have to come some time, to
    /// steer towards them.
    pub(crate) fn set_needed(&mut self, listed: Vec<bool>, classes: u64) {
        self.needed = listed;
        self.needed_classes = classes & self.classes;
    }

    /// Lets the engine share what it learns of the terminal of [`Key::all`].
    pub(crate) fn set_wider(&mut self, wider: Arc<dyn Terminal>) {
        self.wider = Some(wider);
    }

    /// Whether some name can be taken at all.
    pub(crate) fn is_live(&self) -> bool {
        self.live(self.start())
    }

    fn live(&self, [listed, class, used]: CharState) -> bool {
        self.live_listed(listed) || self.live_class(class, listed, used)
    }

    fn live_listed(&self, listed: u32) -> bool {
        if listed == OUT {
            return false;
        }
        let (low, high) = self.table.trie.words(listed - 1);
        let before = |rank: u32| self.allowed_before.get(rank as usize);
        before(low) < before(high)
    }

    /// Whether an unlisted, unused name of an allowed class goes on from here.
    fn live_class(&self, class: u32, listed: u32, used: u32) -> bool {
        if class == OUT || self.classes == 0 {
            return false;
        }
        let (some, many) = self.table.reach(class - 1);
        if many & self.classes != 0 {
            return true;
        }
        some & self.classes != 0 && self.find_unused(class - 1, listed, used)
    }

    /// Looks for a name word by word. Ends soon: the allowed classes are finite
    /// here, and every word met but one is listed or used.
    fn find_unused(&self, class: u32, listed: u32, used: u32) -> bool {
        let mut open = vec![(class, listed, used)];
        while let Some((class, listed, used)) = open.pop() {
            if self.table.reach(class).0 & self.classes == 0 {
                continue;
            }
            if listed == OUT && used == OUT {
                return true;
            }
            if self.takes_class([listed, class + 1, used]).is_some() {
                return true;
            }
            for (id, ranges) in self.table.classes.classes() {
                let Some(next) = self.table.classes.next_class(class, id) else {
                    continue;
                };
                if self.table.reach(next).0 & self.classes == 0 {
                    continue;
                }
                // A character that leaves both tries settles it; all others
                // are children in one of them.
                let mut special: Vec<char> = self.known_children(listed, used);
                special.retain(|&c| in_ranges(ranges, c));
                let total: u64 = ranges.iter().map(|&(l, h)| u64::from(h - l) + 1).sum();
                if (special.len() as u64) < total {
                    return true;
                }
                for c in special {
                    let step = |node: u32, trie: &Trie| child(trie, node, c);
                    open.push((next, step(listed, &self.table.trie), step(used, &self.used)));
                }
            }
        }
        false
    }

    fn known_children(&self, listed: u32, used: u32) -> Vec<char> {
        let of = |trie: &Trie, node: u32| -> Vec<char> {
            match node {
                OUT => Vec::new(),
                node => trie.children(node - 1).iter().map(|&(c, _)| c).collect(),
            }
        };
        let mut all = of(&self.table.trie, listed);
        all.extend(of(&self.used, used));
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The class under which an unlisted, unused name may end here.
    fn takes_class(&self, [listed, class, used]: CharState) -> Option<u32> {
        let label = self.table.classes.label(class.checked_sub(1)?)?;
        let is_word = |trie: &Trie, node: u32| node != OUT && trie.word(node - 1).is_some();
        let taken = is_word(&self.table.trie, listed) || is_word(&self.used, used);
        (!taken && self.classes & 1 << label != 0).then_some(label)
    }

    /// Whether every string whatsoever is the start of an unlisted name.
    fn is_open(&self, class: u32) -> bool {
        class != OUT && self.table.classes.is_total(class - 1) && self.always_open(class - 1)
    }

    /// Whether from every state that can follow, infinitely many allowed names
    /// go on.
    fn always_open(&self, class: u32) -> bool {
        let classes = &self.table.classes;
        let mut seen = vec![class];
        let mut done = 0;
        while let Some(&state) = seen.get(done) {
            done += 1;
            if self.table.reach(state).1 & self.classes == 0 || done > 64 {
                return false;
            }
            for (id, _) in classes.classes() {
                match classes.next_class(state, id) {
                    Some(next) if !seen.contains(&next) => seen.push(next),
                    _ => {}
                }
            }
        }
        true
    }
}

/// Whether there is, after the value of a name, the whole name of a later member.
fn has_later_name(rest: &[u8]) -> bool {
    let mut bytes = rest.iter();
    // The last byte outside of strings but for white space.
    let mut last = b'"';
    while let Some(&byte) = bytes.next() {
        match byte {
            b'"' => {
                let is_name = last == b',';
                loop {
                    match bytes.next() {
                        None => return false,
                        Some(b'\\') => {
                            bytes.next();
                        }
                        Some(b'"') => break,
                        Some(_) => {}
                    }
                }
                if is_name {
                    return true;
                }
                last = b'"';
            }
            byte if byte.is_ascii_whitespace() => {}
            byte => last = byte,
        }
    }
    false
}

fn in_ranges(ranges: &[(u32, u32)], c: char) -> bool {
    ranges
        .iter()
        .any(|&(low, high)| (low..=high).contains(&u32::from(c)))
}

fn child(trie: &Trie, node: u32, c: char) -> u32 {
    match node {
        OUT => OUT,
        node => trie.child(node - 1, c).map_or(OUT, |child| child + 1),
    }
}

impl CharAutomaton for Key {
    fn start(&self) -> CharState {
        [1, self.table.classes.start().map_or(OUT, |s| s + 1), 1]
    }

    fn next(&self, [listed, class, used]: CharState, c: char) -> Option<CharState> {
        let class = match class {
            OUT => OUT,
            class => self.table.classes.next(class - 1, c).map_or(OUT, |s| s + 1),
        };
        let next = [
            child(&self.table.trie, listed, c),
            class,
            child(&self.used, used, c),
        ];
        self.live(next).then_some(next)
    }

    fn live_in(&self, state: CharState, low: u32, high: u32) -> bool {
        let [listed, class, used] = state;
        if class == OUT || self.classes == 0 {
            let children = match listed {
                OUT => &[],
                node => self.table.trie.children(node - 1),
            };
            let inside = children
                .iter()
                .filter(|&&(c, _)| (low..=high).contains(&u32::from(c)));
            return inside
                .into_iter()
                .any(|&(_, child)| self.live_listed(child + 1));
        }
        let special = self.known_children(listed, used);
        let inside = |c: &&char| (low..=high).contains(&u32::from(**c));
        if special
            .iter()
            .filter(inside)
            .any(|&c| self.next(state, c).is_some())
        {
            return true;
        }
        let classes = &self.table.classes;
        classes.classes_in(low, high).any(|id| {
            let Some(next) = classes.next_class(class - 1, id) else {
                return false;
            };
            // Characters outside both tries lead here.
            let ranges = classes.class_ranges(id).iter();
            let clipped = ranges.map(|&(l, h)| (l.max(low), h.min(high)));
            let total: u64 = clipped
                .clone()
                .filter(|(l, h)| l <= h)
                .map(|(l, h)| u64::from(h - l) + 1)
                .sum();
            let known = special.iter().filter(|&&c| {
                clipped
                    .clone()
                    .any(|(l, h)| (l..=h).contains(&u32::from(c)))
            });
            (known.count() as u64) < total && self.live([OUT, next + 1, OUT])
        })
    }

    fn after_any(&self, state: CharState, low: u32, high: u32) -> Option<CharState> {
        let [listed, class, used] = state;
        let known = self.known_children(listed, used);
        let in_range = |c: &char| (low..=high).contains(&u32::from(*c));
        if class == OUT || known.iter().any(in_range) {
            return None;
        }
        let table = &self.table.classes;
        let mut classes = table.classes_in(low, high);
        let first = table.next_class(class - 1, classes.next()?)?;
        let alike = classes.all(|id| table.next_class(class - 1, id) == Some(first));
        let any = char::from_u32(low).or_else(|| char::from_u32(high))?;
        self.next(state, any).filter(|_| alike)
    }

    fn exit(&self, state: CharState) -> Option<Label> {
        if state[0] != OUT
            && let Some(word) = self.table.trie.word(state[0] - 1)
        {
            let allowed = self.allowed.get(word as usize).copied().unwrap_or(false);
            return allowed.then_some(word);
        }
        let class = self.takes_class(state)?;
        Some(self.table.listed.len() as u32 + class)
    }

    fn next_chars(&self, [listed, class, _]: CharState) -> ([u64; 2], u64) {
        if class != OUT && self.classes != 0 {
            return ([u64::MAX; 2], u64::MAX);
        }
        let (mut ascii, mut leads) = ([0; 2], 0);
        let children = match listed {
            OUT => &[],
            node => self.table.trie.children(node - 1),
        };
        for &(c, _) in children {
            match ascii.get_mut(c as usize / 64) {
                Some(word) => *word |= 1 << (c as u32 % 64),
                None => leads = u64::MAX,
            }
        }
        (ascii, leads)
    }

    fn captures(&self) -> bool {
        self.classes != 0
    }

    fn scope(&self) -> Option<u32> {
        Some(NAME_SCOPES[usize::from(!self.table.names_abound)])
    }

    /// A name that was used is one name less to come.
    fn only_forbids(&self) -> bool {
        true
    }

    fn depends_on_text(&self, rest: &[u8]) -> bool {
        // Only the same name once more is forbidden, or all ways to another one.
        let goes_on = rest.trim_ascii_start().first() == Some(&b':');
        goes_on
            && match self.table.names_abound {
                true => has_later_name(rest),
                false => rest.contains(&b','),
            }
    }

    fn wider(&self, [listed, class, used]: CharState) -> Option<(Arc<dyn Terminal>, CharState)> {
        // Where any string can start a name, only exits differ; and only those
        // of listed names and whole classes, once off the used names.
        let off = used == OUT || self.used_names.is_empty();
        let same = off && self.classes != 0 && self.is_open(class);
        let terminal = self.wider.as_ref().filter(|_| same)?;
        Some((Arc::clone(terminal), [listed, class, OUT]))
    }

    fn allows(&self, label: Label) -> bool {
        match self.allowed.get(label as usize) {
            Some(&allowed) => allowed,
            None => self.classes >> (label as usize - self.allowed.len()) & 1 == 1,
        }
    }

    fn any_content(&self, [listed, class, used]: CharState) -> Option<AnyContent> {
        // Where no character changes the class, and off all known names.
        let state = class.checked_sub(1)?;
        let label = self.table.classes.label(state)?;
        if self.classes >> label & 1 == 0 || !self.table.classes.is_sink(state) {
            return None;
        }
        let mut but = [0; 4];
        if listed != OUT || used != OUT {
            but[0] |= 1 << b'"';
            but[1] |= 1 << (b'\\' - 64);
            for c in self.known_children(listed, used) {
                let first = c.encode_utf8(&mut [0; 4]).as_bytes()[0];
                but[usize::from(first / 64)] |= 1 << (first % 64);
            }
        }
        Some(AnyContent {
            max_chars: None,
            close: self.table.listed.len() as u32 + label,
            but,
        })
    }

    fn bulk(&self, [listed, class, _]: CharState) -> Bulk {
        if self.classes != 0 && self.is_open(class) {
            Bulk::Content {
                max_chars: None,
                exact: true,
            }
        } else {
            self.region(listed, class).unwrap_or(Bulk::Walk)
        }
    }

    fn ways_out(&self, state: CharState, out: &mut Vec<(Label, u32)>) {
        if let Some(label) = self.exit(state) {
            out.push((label, 0));
        }
        if state[0] != OUT {
            let node = state[0] - 1;
            let depth = self.table.trie.depth(node);
            for word in self.goals(self.table.trie.words(node)) {
                let name = &self.table.listed[word as usize];
                out.push((word, name.chars().skip(depth).map(char_bytes).sum()));
            }
        }
        for class in (0..64).filter(|class| self.needed_classes >> class & 1 == 1) {
            out.extend(self.shortest_other(state, 1 << class));
        }
        if out.is_empty() || !self.live_listed(state[0]) {
            out.extend(self.shortest_other(state, self.classes));
        }
    }

    fn words(&self) -> Vec<&str> {
        let listed = self.table.listed.iter().zip(&self.allowed);
        let allowed = listed.filter(|&(_, &allowed)| allowed);
        allowed.map(|(name, _)| &**name).collect()
    }
}

impl Key {
    /// Characters that lead from class to class, as many as leave room for more names
    /// than are listed or used.
    fn region(&self, listed: u32, class: u32) -> Option<Bulk> {
        let class = class.checked_sub(1)?;
        let names = &self.table.classes;
        let by = |state: u32| self.table.reach(state).0 & self.classes != 0;
        let every = self.classes == self.table.every_class();
        let safe = match every {
            true => names.safe_chars(class, false),
            false => names.safe_chars_by(class, by),
        };
        let ascii = plain(safe.ascii);
        let known = self.table.listed.len() + self.used_names.len();
        let ways = (ascii[0].count_ones() + ascii[1].count_ones()) as usize;
        let max_chars = match safe.depth {
            None => None,
            Some(depth) => {
                let spare = (1..=depth).find(|&n| ways.saturating_pow(n) > known)?;
                Some(depth - spare)
            }
        };
        if ascii == [0; 2] || max_chars == Some(0) {
            return None;
        }
        let reach = match listed {
            OUT if every => names.all_chars(),
            OUT => names.chars_to(by),
            _ => Chars {
                ascii: [u64::MAX; 2],
                leads: u64::MAX,
            },
        };
        Some(Bulk::Region {
            inside: Run {
                ascii,
                leads: safe.leads,
                max_chars,
            },
            reach: Run {
                ascii: plain(reach.ascii),
                leads: reach.leads,
                max_chars: names.max_len(class).filter(|_| listed == OUT),
            },
            exact: false,
            brief: None,
        })
    }

    /// A few allowed listed names of a range of ranks, needed ones first. From
    /// deeper in the trie the same ones are chosen, so a text can be steered
    /// towards one.
    fn goals(&self, (low, high): (u32, u32)) -> Vec<u32> {
        const MAX: usize = 8;
        let ranked = &self.table.by_rank[low as usize..high as usize];
        let is_allowed = |word: &&u32| self.allowed[**word as usize];
        let is_needed = |word: &&u32| self.needed.get(**word as usize) == Some(&true);
        let needed = ranked.iter().filter(is_allowed).filter(is_needed);
        let mut goals: Vec<u32> = needed.take(MAX).copied().collect();
        if goals.is_empty() {
            goals.extend(ranked.iter().filter(is_allowed).take(MAX));
        }
        goals
    }

    /// A shortest unlisted name of some classes from here: its label and bytes,
    /// found breadth first over the states that are left.
    fn shortest_other(&self, state: CharState, classes: u64) -> Option<(Label, u32)> {
        if classes == 0 {
            return None;
        }
        let mut seen = FxHashSet::default();
        let mut open = std::collections::VecDeque::from([(state, 0u32)]);
        while let Some((at, bytes)) = open.pop_front() {
            if let Some(class) = self.takes_class(at)
                && classes >> class & 1 == 1
            {
                return Some((self.table.listed.len() as u32 + class, bytes));
            }
            let reaches = |class: u32| self.table.reach(class).0 & classes != 0;
            if !at[1].checked_sub(1).is_some_and(reaches) {
                continue;
            }
            for (_, ranges) in self.table.classes.classes() {
                // A plain representative, and what the tries know.
                let special = self.known_children(at[0], at[2]);
                let fresh = ranges
                    .iter()
                    .flat_map(|&(low, high)| low..=high)
                    .filter_map(char::from_u32)
                    .filter(|&c| char_bytes(c) == 1 && !special.contains(&c))
                    .take(1)
                    .next();
                let any = ranges.iter().find_map(|&(low, _)| char::from_u32(low));
                let known = special.iter().copied().filter(|&c| in_ranges(ranges, c));
                for c in known.chain(fresh).chain(any) {
                    if let Some(next) = self.next(at, c)
                        && seen.insert(next)
                    {
                        open.push_back((next, bytes + char_bytes(c)));
                    }
                }
            }
        }
        None
    }
}
