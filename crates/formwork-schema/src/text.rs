//! Strings: what a set of string literals accepts, as an automaton of
//! characters with a length register.

use std::sync::Arc;

use formwork_automata::{Dfa, LengthSets};
use formwork_grammar::json_text::{CharState, char_bytes};
use formwork_grammar::{AnyContent, Bulk, CharAutomaton, Label, Run};
use rustc_hash::FxHashMap;

use crate::bounds::window;
use crate::count::{Count, MANY, limited_add, limited_mul};
use crate::error::SchemaError;
use crate::node::{LangId, Literal, NodeId};
use crate::solver::{Solver, automaton_limit};

/// A language of strings and bounds on their length in characters. The state
/// is the automaton's and the number of characters read, counted only as far
/// as it matters, so bounds are never unrolled.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    dfa: Arc<Dfa>,
    start: u32,
    min: u32,
    max: Option<u32>,
    /// Which lengths can follow from each state; absent without bounds.
    lengths: Option<Arc<LengthSets>>,
    /// The most bytes that the cheapest character of any class takes.
    char_bytes: u32,
    /// The longest of the shortest words from any state.
    longest_rest: u32,
}

impl Text {
    /// Every string.
    pub(crate) fn any() -> Text {
        Text {
            dfa: Arc::new(Dfa::universal()),
            start: 0,
            min: 0,
            max: None,
            lengths: None,
            char_bytes: 1,
            longest_rest: 0,
        }
    }

    /// Heap use in bytes, about, of this and the terminal made of it; their part of what
    /// others use, too.
    pub(crate) fn heap_bytes(&self) -> usize {
        fn part<T>(shared: &Arc<T>, bytes: usize) -> usize {
            let others = Arc::strong_count(shared).saturating_sub(2);
            bytes / (1 + others)
        }
        let lengths = self.lengths.as_ref();
        2 * size_of::<Text>()
            + part(&self.dfa, self.dfa.heap_bytes())
            + lengths.map_or(0, |lengths| part(lengths, lengths.heap_bytes()))
    }

    /// Whether a string is accepted.
    pub(crate) fn accepts(&self, text: &str) -> bool {
        let chars = text.chars().count() as u64;
        let fits = chars >= u64::from(self.min) && self.max.is_none_or(|m| chars <= u64::from(m));
        fits && self.dfa.accepts(text)
    }

    /// Whether this is every string.
    pub(crate) fn is_any(&self) -> bool {
        self.lengths.is_none() && self.dfa.is_universal(self.start)
    }

    /// The language without the bounds on length.
    pub(crate) fn language(&self) -> &Arc<Dfa> {
        &self.dfa
    }

    /// Whether the length is bounded.
    pub(crate) fn is_bounded(&self) -> bool {
        self.lengths.is_some()
    }

    /// `None` if no string is left.
    pub(crate) fn new(
        dfa: Arc<Dfa>,
        min: u32,
        max: Option<u32>,
    ) -> Result<Option<Text>, SchemaError> {
        let Some(start) = dfa.start() else {
            return Ok(None);
        };
        let bounded = min > 0 || max.is_some();
        let lengths = if bounded {
            let sets = LengthSets::new(&dfa, max.unwrap_or(u32::MAX));
            let sets = sets.map_err(|error| automaton_limit(&error))?;
            if !sets.feasible(start, min, max) {
                return Ok(None);
            }
            Some(Arc::new(sets))
        } else {
            None
        };
        let char_bytes = dfa.classes().map(|(_, ranges)| cheapest(ranges)).max();
        let longest_rest = (0..dfa.state_count() as u32).map(|s| dfa.min_len(s)).max();
        Ok(Some(Text {
            start,
            min,
            max,
            lengths,
            char_bytes: char_bytes.unwrap_or(1),
            longest_rest: longest_rest.unwrap_or(0),
            dfa,
        }))
    }

    /// Whether more than `count` strings go on from a state; `None` if bounds on the
    /// length leave that open.
    pub(crate) fn has_more_words(&self, state: u32, read: u32, count: u64) -> Option<bool> {
        if self.lengths.is_none() {
            return Some(self.dfa.word_count(state) > count);
        }
        // Any of a million characters can come first.
        let room = |max: u32| max.saturating_sub(read) > self.longest_rest;
        let any = self.dfa.is_total(state) && self.max.is_none_or(room);
        (any && count < 1_000_000).then_some(true)
    }

    /// Whether some string goes on from `state` after `read` characters.
    fn feasible(&self, state: u32, read: u32) -> bool {
        let Some(lengths) = &self.lengths else {
            return true;
        };
        match self.max {
            Some(max) if read > max => false,
            max => lengths.feasible(
                state,
                self.min.saturating_sub(read),
                max.map(|max| max - read),
            ),
        }
    }

    fn after_one(&self, read: u32) -> u32 {
        match (self.max, self.min) {
            (Some(_), _) => read + 1,
            (None, min) => (read + 1).min(min),
        }
    }

    /// The fewest characters that complete a string.
    fn chars_left(&self, state: u32, read: u32) -> u32 {
        let least = self.dfa.min_len(state).max(self.min.saturating_sub(read));
        let Some(lengths) = &self.lengths else {
            return least;
        };
        // Lengths with gaps are rare: look for the first one that fits.
        (least..least.saturating_add(4096))
            .find(|&n| lengths.feasible(state, n, Some(n)))
            .unwrap_or(least)
    }

    /// How many strings there are: a lower bound, exact below [`MANY`] unless
    /// they are long.
    pub(crate) fn count(&self) -> Count {
        const ROUNDS: u32 = 64;
        let words = Count::from(self.dfa.word_count(self.start));
        if self.max.is_none() && (words >= MANY || self.min == 0) {
            return words.clamp(1, MANY);
        }
        // Words by length: the number of ways into each state.
        let mut ways: FxHashMap<u32, Count> = FxHashMap::from_iter([(self.start, 1)]);
        let mut total = 0;
        for length in 0..=self
            .max
            .unwrap_or(u32::MAX)
            .min(self.min.saturating_add(ROUNDS))
        {
            if length >= self.min {
                let here = ways.iter().filter(|(state, _)| self.dfa.is_match(**state));
                total = here.fold(total, |total, (_, &n)| limited_add(total, n));
            }
            if total >= MANY || ways.is_empty() {
                break;
            }
            let mut next: FxHashMap<u32, Count> = FxHashMap::default();
            for (&state, &n) in &ways {
                for (class, ranges) in self.dfa.classes() {
                    if let Some(to) = self.dfa.next_class(state, class) {
                        let chars = ranges.iter().map(|&(l, h)| Count::from(h - l) + 1).sum();
                        let sum = next.entry(to).or_default();
                        *sum = limited_add(*sum, limited_mul(n, chars));
                    }
                }
            }
            ways = next;
        }
        total.max(1)
    }

    /// The fewest characters of a string.
    pub(crate) fn min_chars(&self) -> u32 {
        self.chars_left(self.start, 0)
    }

    /// The bounds on the length in characters.
    pub(crate) fn bounds(&self) -> (u32, Option<u32>) {
        (self.min, self.max)
    }

    /// The least and the most bytes that the cheapest character of a class
    /// takes.
    pub(crate) fn char_costs(&self) -> (u32, u32) {
        let least = self.dfa.classes().map(|(_, ranges)| cheapest(ranges)).min();
        (least.unwrap_or(1), self.char_bytes)
    }

    /// Bytes of the shortest literal, quotes included.
    pub(crate) fn min_bytes(&self) -> u32 {
        2 + self
            .chars_left(self.start, 0)
            .saturating_mul(self.char_bytes)
    }
}

/// The bytes of the cheapest character in a class.
pub(crate) fn cheapest(ranges: &[(u32, u32)]) -> u32 {
    let in_range = |&(low, high): &(u32, u32)| {
        // The cost changes only at these characters.
        let steps = [
            low, high, 0x20, 0x21, 0x23, 0x5B, 0x5D, 0x7F, 8, 12, 10, 0x80, 0x800,
        ];
        let cost = |c: u32| char::from_u32(c).map_or(4, char_bytes);
        steps
            .into_iter()
            .filter(|c| (low..=high).contains(c))
            .map(cost)
            .min()
            .unwrap_or(4)
    };
    ranges.iter().map(in_range).min().unwrap_or(1)
}

impl CharAutomaton for Text {
    fn start(&self) -> CharState {
        [self.start, 0, 0]
    }

    fn next(&self, [state, read, _]: CharState, c: char) -> Option<CharState> {
        let next = self.dfa.next(state, c)?;
        if self.lengths.is_none() {
            return Some([next, 0, 0]);
        }
        let read = self.after_one(read);
        self.feasible(next, read).then_some([next, read, 0])
    }

    fn live_in(&self, [state, read, _]: CharState, low: u32, high: u32) -> bool {
        let read = self.after_one(read);
        if (low, high) == (0, 0x10_FFFF) {
            let classes = 0..self.dfa.class_count() as u32;
            return classes
                .filter_map(|class| self.dfa.next_class(state, class))
                .any(|next| self.feasible(next, read));
        }
        self.dfa
            .classes_in(low, high)
            .filter_map(|class| self.dfa.next_class(state, class))
            .any(|next| self.feasible(next, read))
    }

    fn after_any(&self, state: CharState, low: u32, high: u32) -> Option<CharState> {
        let mut classes = self.dfa.classes_in(low, high);
        let first = self.dfa.next_class(state[0], classes.next()?)?;
        let alike = classes.all(|class| self.dfa.next_class(state[0], class) == Some(first));
        let any = char::from_u32(low).or_else(|| char::from_u32(high))?;
        self.next(state, any).filter(|_| alike)
    }

    fn exit(&self, [state, read, _]: CharState) -> Option<Label> {
        (self.dfa.is_match(state) && read >= self.min).then_some(0)
    }

    fn next_chars(&self, [state, _, _]: CharState) -> ([u64; 2], u64) {
        let next = self.dfa.next_chars(state);
        (next.ascii, next.leads)
    }

    fn bulk(&self, [state, read, _]: CharState) -> Bulk {
        let dfa = &*self.dfa;
        let left = self.max.map(|max| max - read);
        if dfa.is_total(state) {
            // Any content goes on, if there is room for the shortest rest.
            let universal = dfa.is_universal(state);
            let rest = if universal { 0 } else { self.longest_rest };
            return Bulk::Content {
                max_chars: left.map(|left| left.saturating_sub(rest)),
                exact: universal || left.is_none(),
            };
        }
        // While too few were read, only from states that loop: there every length from
        // the shortest on is possible.
        let looping = self.lengths.is_some() && read < self.min;
        let safe = dfa.safe_chars(state, looping);
        let ascii = plain(safe.ascii);
        if ascii == [0; 2] && safe.leads == 0 {
            return Bulk::Walk;
        }
        let rest = match safe.stays {
            true => dfa.min_len(state),
            false => self.longest_rest,
        };
        let room = left.map(|left| left.saturating_sub(rest));
        let all = dfa.chars_from(state);
        let max_chars = least(safe.depth, room);
        // Whichever bound it is has to be the last word.
        let exact = match max_chars {
            None => true,
            Some(_) => safe.exact && max_chars == safe.depth || max_chars == left,
        };
        let brief = safe.brief.map(|(chars, n)| {
            let room = left.map(|left| left.saturating_sub(self.longest_rest));
            Run {
                ascii: plain(chars.ascii),
                leads: chars.leads,
                max_chars: least(Some(n), room),
            }
        });
        Bulk::Region {
            exact,
            brief,
            inside: Run {
                ascii,
                leads: safe.leads,
                max_chars,
            },
            reach: Run {
                ascii: plain(all.ascii),
                leads: all.leads,
                max_chars: least(dfa.max_len(state), left),
            },
        }
    }

    fn any_content(&self, [state, read, _]: CharState) -> Option<AnyContent> {
        let alike = self.dfa.is_universal(state) && read >= self.min;
        alike.then(|| AnyContent {
            max_chars: self.max.map(|max| max - read),
            close: 0,
            but: [0; 4],
        })
    }

    fn ways_out(&self, [state, read, _]: CharState, out: &mut Vec<(Label, u32)>) {
        let chars = self.chars_left(state, read);
        out.push((0, chars.saturating_mul(self.char_bytes)));
    }
}

/// The lesser of two bounds.
fn least(a: Option<u32>, b: Option<u32>) -> Option<u32> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The ASCII characters of a set that stand for themselves in a literal.
pub(crate) fn plain(ascii: [u64; 2]) -> [u64; 2] {
    const QUOTE: u64 = 1 << 0x22;
    const BACKSLASH: u64 = 1 << (0x5C - 0x40);
    [
        ascii[0] & (u64::MAX << 0x20) & !QUOTE,
        ascii[1] & !BACKSLASH,
    ]
}

impl Solver {
    /// The strings that satisfy all of a branch's literals. Finite sets come
    /// back as words, to be joined with those of other branches.
    pub(crate) fn string_branch(&mut self, literals: &[NodeId]) -> Result<Strings, SchemaError> {
        let literals = self.literals(literals);
        let smallest = literals
            .iter()
            .filter_map(|literal| match literal {
                Literal::Strings { set, holds: true } => Some(set),
                _ => None,
            })
            .min_by_key(|set| set.len());
        if let Some(set) = smallest {
            let verdict = |word: &str| {
                let verdicts = literals
                    .iter()
                    .map(|literal| self.string_satisfies(word, literal));
                verdicts.min().unwrap_or(Verdict::Yes)
            };
            let verdicts: Vec<Verdict> = set.iter().map(|word| verdict(word)).collect();
            let words = set.iter().zip(&verdicts);
            let words = words.filter(|&(_, verdict)| *verdict == Verdict::Yes);
            let words: Vec<Box<str>> = words.map(|(word, _)| word.clone()).collect();
            if verdicts.contains(&Verdict::Unknown) {
                for literal in &literals {
                    if let Literal::Matches { lang, .. } = literal {
                        self.leave_out(*lang);
                    }
                }
            }
            return Ok(Strings::Words(words));
        }
        let lengths = literals.iter().map(|literal| match literal {
            Literal::Length { min, max } => (*min, *max),
            _ => (0, None),
        });
        let Some((min, max)) = window(lengths) else {
            return Ok(Strings::Words(Vec::new()));
        };
        let mut parts: Vec<(LangId, bool)> = Vec::new();
        for literal in &literals {
            match literal {
                Literal::Matches { lang, holds } => parts.push((*lang, *holds)),
                Literal::Strings { set, holds: false } => {
                    parts.push((self.word_language(set)?, false));
                }
                _ => {}
            }
        }
        let dfa = if parts.is_empty() {
            self.any_string()?
        } else {
            self.product(&parts)?
        };
        Ok(match Text::new(dfa, min, max)? {
            Some(text) => Strings::Text(text),
            None => Strings::Words(Vec::new()),
        })
    }

    /// The strings of a branch as an automaton, bounds on length unrolled.
    /// Only for names of members.
    pub(crate) fn string_dfa(&mut self, literals: &[NodeId]) -> Result<Arc<Dfa>, SchemaError> {
        match self.string_branch(literals)? {
            Strings::Words(words) => Ok(Arc::new(Dfa::from_words(words.iter().map(|w| &**w)))),
            Strings::Text(text) if text.lengths.is_none() => Ok(text.dfa),
            Strings::Text(text) => {
                let bounds = match text.max {
                    Some(max) => format!("^[^]{{{},{max}}}$", text.min),
                    None => format!("^[^]{{{},}}$", text.min),
                };
                let limits = self.automata_limits();
                let bounds = formwork_automata::regex::compile(&bounds, &limits).map_err(|_| {
                    SchemaError::Limit {
                        name: "max_states",
                        limit: u64::from(limits.max_states),
                        place: "a bound on the length of property names".into(),
                    }
                })?;
                let both = Dfa::intersection(&[&text.dfa, &bounds], &limits);
                Ok(Arc::new(both.map_err(|error| automaton_limit(&error))?))
            }
        }
    }

    fn word_language(&mut self, words: &[Box<str>]) -> Result<LangId, SchemaError> {
        let key = words.iter().fold(String::from("="), |key, word| {
            format!("{key}{}:{word}", word.len())
        });
        self.nodes.add_language(&key, || {
            Ok((Arc::new(Dfa::from_words(words.iter().map(|w| &**w))), None))
        })
    }

    fn any_string(&mut self) -> Result<Arc<Dfa>, SchemaError> {
        let id = self.nodes.add_language("*", || {
            Ok::<_, SchemaError>((Arc::new(Dfa::universal()), None))
        })?;
        Ok(Arc::clone(self.nodes.language(id)))
    }

    /// Whether a string satisfies a literal.
    pub(crate) fn string_satisfies(&self, word: &str, literal: &Literal) -> Verdict {
        let known = match literal {
            Literal::Length { min, max } => {
                let chars = word.chars().count() as u64;
                chars >= u64::from(*min) && max.is_none_or(|max| chars <= u64::from(max))
            }
            Literal::Matches { lang, holds } => {
                let inside = self.nodes.language(*lang).accepts(word);
                if !inside && self.nodes.outer_language(*lang).accepts(word) {
                    return Verdict::Unknown;
                }
                inside == *holds
            }
            Literal::Strings { set, holds } => {
                set.binary_search_by(|known| (**known).cmp(word)).is_ok() == *holds
            }
            _ => true,
        };
        if known { Verdict::Yes } else { Verdict::No }
    }
}

/// Whether a string satisfies something, as far as known. In order: a
/// conjunction has the least verdict of its parts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Verdict {
    No,
    Unknown,
    Yes,
}

/// The strings of one branch.
pub(crate) enum Strings {
    /// A finite set.
    Words(Vec<Box<str>>),
    /// Any other set.
    Text(Text),
}
