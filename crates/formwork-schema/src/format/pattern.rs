//! `regex`: the patterns of ECMA-262, section 22.2.1, with the flag `u`.
//!
//! Groups nest, so that no automaton knows all patterns; this one knows those with groups nested
//! [`MAX_DEPTH`] deep. What else it leaves out would cost states rather than be impossible: the
//! ends of a range or of a repetition are remembered exactly outside of groups, where patterns
//! have most of them, and the coarser the deeper they stand.
//!
//! Without the flag every pattern accepted here is valid as well, but for ranges that end in a
//! character outside of the basic plane.

use std::cmp::Ordering;

use formwork_automata::{CharSet, Dfa, Limits, TooLarge};

/// What [`patterns`] leaves out.
pub(super) const LEFT_OUT: &str = "patterns with groups nested more than six deep or \
     lookarounds more than two, named groups, backreferences, properties but general categories, \
     and some ranges of characters and repetitions whose ends are close to each other";

const MAX_DEPTH: u32 = 6;
/// The most lookarounds around each other.
const MAX_ASSERTIONS: u32 = 2;

/// The language of patterns.
pub(super) fn patterns(limits: &Limits) -> Result<Dfa, TooLarge> {
    let syntax = Syntax::new();
    Dfa::unfold(
        State::START,
        &syntax.alphabet(),
        |state, c| syntax.step(*state, c),
        |state| state.groups.depth == 0 && state.place.ends_term(),
        limits,
    )
}

/// A language with every pattern in it, those of Annex B included: what ends neither in an escape
/// nor in a class, begins with no quantifier, and closes its groups, as far as those are counted.
pub(super) fn outer(limits: &Limits) -> Result<Dfa, TooLarge> {
    #[derive(Clone, Copy, PartialEq, Eq, Hash)]
    enum At {
        Start,
        Plain,
        Escape,
        Class,
        ClassEscape,
    }
    /// From here on the depth is not known.
    const DEEP: u32 = 9;
    let step = |&(at, depth): &(At, u32), c: char| {
        let (at, depth) = match (at, c) {
            (At::Start, '*' | '+' | '?') => return None,
            (At::Class, ']') | (At::Escape, _) => (At::Plain, depth),
            (At::ClassEscape, _) => (At::Class, depth),
            (At::Class, '\\') => (At::ClassEscape, depth),
            (At::Class, _) => (At::Class, depth),
            (_, '\\') => (At::Escape, depth),
            (_, '[') => (At::Class, depth),
            (_, '(') => (At::Plain, (depth + 1).min(DEEP)),
            (_, ')') if depth < DEEP => (At::Plain, depth.checked_sub(1)?),
            _ => (At::Plain, depth),
        };
        Some((at, depth))
    };
    let ends = |&(at, depth): &(At, u32)| {
        matches!(at, At::Start | At::Plain) && (depth == 0 || depth == DEEP)
    };
    let sets: Vec<CharSet> = r"*+?\[]()".chars().map(CharSet::single).collect();
    Dfa::unfold((At::Start, 0), &sets, step, ends, limits)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct State {
    groups: Groups,
    place: Place,
}

/// The groups around a place. Lookarounds are told from others, since none may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Groups {
    depth: u32,
    /// A bit for each group, 1 for a lookaround; the innermost is the lowest.
    assertions: u32,
}

impl Groups {
    fn enter(self) -> Option<Self> {
        (self.depth < MAX_DEPTH).then(|| Self {
            depth: self.depth + 1,
            assertions: self.assertions << 1,
        })
    }

    /// The innermost group is a lookaround.
    fn mark(self) -> Option<Self> {
        let assertions = self.assertions | 1;
        (assertions.count_ones() <= MAX_ASSERTIONS).then_some(Self { assertions, ..self })
    }

    /// The groups outside of the innermost one, and what that one was.
    fn leave(self) -> Option<State> {
        let groups = Self {
            depth: self.depth.checked_sub(1)?,
            assertions: self.assertions >> 1,
        };
        let place = if self.assertions & 1 == 0 {
            Place::Atom
        } else {
            Place::Term
        };
        Some(State { groups, place })
    }
}

/// A place in a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    /// Where a term may begin and nothing may be repeated.
    Term,
    /// After what may be repeated.
    Atom,
    /// After a quantifier, which may become lazy.
    Quantified,
    /// After `\0`, which no digit may follow: `Nul(None)` outside of classes.
    Nul(Option<InClass>),
    /// After `(`, after `(?` and after `(?<`.
    Group,
    GroupKind,
    Lookbehind,
    Braces(Braces),
    /// After the backslash, outside of classes and inside.
    Escape(Sink),
    /// After `\c`.
    Control(Sink),
    Hex(Hex),
    /// After `\u`.
    Unicode(Sink),
    /// In `\u{`, after so many digits that count, and perhaps zeros before them.
    Point {
        in_class: bool,
        digits: u32,
        zeros: bool,
    },
    /// After `\p`, in a class or not.
    Property(bool, Property),
    /// After `[`.
    ClassStart,
    Class(InClass),
}

impl Place {
    fn ends_term(self) -> bool {
        matches!(
            self,
            Self::Term | Self::Atom | Self::Quantified | Self::Nul(None)
        )
    }
}

impl State {
    const START: Self = Self {
        groups: Groups {
            depth: 0,
            assertions: 0,
        },
        place: Place::Term,
    };
}

/// A code point from which a range may begin, rounded up to one of those that are remembered.
type Low = u32;

/// No range begins here, as after a class such as `\d`.
const NO_RANGE: Low = char::MAX as u32 + 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum InClass {
    /// Where any member may begin.
    Next,
    /// After a single character, from which a range may begin.
    Single(Low),
    /// After the dash of a range.
    Dash(Low),
    /// After a dash that has to be the last member.
    LastDash,
}

/// Where an escape stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Sink {
    Atom,
    /// In a class; maybe the beginning of a range.
    Low,
    /// The end of a range from a code point.
    High(Low),
}

/// A hexadecimal escape: what is known of its value, and how many digits are to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Hex {
    value: Value,
    left: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Value {
    /// Not of interest: outside of classes.
    Atom,
    /// The digits read so far.
    Low(u32),
    /// Rounded already.
    Rounded(Low),
    /// The digits read so far, and the beginning of the range.
    High(u32, Low),
    /// Surely no less than the beginning of the range.
    Settled,
}

/// The inside of `{n}`, `{n,}` and `{n,m}`.
///
/// Numbers have no leading zeros and at most [`MAX_DIGITS`] digits, so that of two numbers the one
/// with more digits is the larger one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Braces {
    Open,
    /// In the first number.
    First(Least),
    Comma(Least),
    /// In a second number of two digits that begins like the first: its least last digit.
    Tied(u32),
    /// In a second number that so many digits more make large enough, with room for so many.
    More {
        need: u32,
        room: u32,
    },
    Close,
}

/// What the second number of a repetition has to be: either it has more than so many digits, or
/// as many and at least that value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Least {
    digits: u32,
    value: u32,
}

const MAX_DIGITS: u32 = 4;

/// The inside of `\p{...}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Property {
    Open,
    Brace,
    /// After the first letter.
    Major(char),
    Close,
}

/// The general categories: what may follow each first letter. Surrogates are left out: no
/// character of a string is one.
const CATEGORIES: [(char, &str); 7] = [
    ('C', "cfno"),
    ('L', "Clmotu"),
    ('M', "cen"),
    ('N', "dlo"),
    ('P', "cdefios"),
    ('S', "ckmo"),
    ('Z', "lps"),
];

/// `SyntaxCharacter`, and the solidus, which may be escaped like them.
const SYNTAX: &str = r"^$\.*+?()[]{}|/";

/// How much is remembered at one depth.
struct Memory {
    /// The beginnings of ranges, ascending.
    lows: Vec<Low>,
    /// Whether ranges may begin or end in hexadecimal escapes, and end in others.
    escaped_ranges: bool,
    /// How much of a repetition of two digits is remembered.
    tens: Tens,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tens {
    Exact,
    FirstDigit,
    Nothing,
}

impl Memory {
    fn round(&self, c: u32) -> Low {
        let at = self.lows.partition_point(|&low| low < c);
        self.lows.get(at).copied().unwrap_or(NO_RANGE)
    }

    /// Of an escape: a surrogate may be the first half of a character.
    fn round_escaped(&self, c: u32) -> Low {
        if self.escaped_ranges && !(0xD800..0xE000).contains(&c) {
            self.round(c)
        } else {
            NO_RANGE
        }
    }

    /// Forgets digits that no longer matter; `None` when the end of a range is too small.
    fn settle(&self, hex: Hex) -> Option<Hex> {
        let span = |digits: u32| {
            let lo = digits << (4 * hex.left);
            (lo, lo + (1 << (4 * hex.left)) - 1)
        };
        let value = match hex.value {
            Value::Low(digits) => {
                let (lo, hi) = span(digits);
                let low = self.round_escaped(lo);
                if low == self.round_escaped(hi) {
                    Value::Rounded(low)
                } else {
                    hex.value
                }
            }
            Value::High(digits, low) => {
                let (lo, hi) = span(digits);
                if hi < low {
                    return None;
                }
                if lo >= low { Value::Settled } else { hex.value }
            }
            value => value,
        };
        Some(Hex { value, ..hex })
    }
}

struct Syntax {
    /// At depth 0, at depths 1 and 2, and deeper.
    memories: [Memory; 3],
}

impl Syntax {
    fn new() -> Self {
        let letters = |letters: &'static str| letters.chars().map(u32::from);
        let memory = |lows: Vec<Low>, escaped_ranges, tens| {
            let mut lows = lows;
            lows.sort_unstable();
            lows.dedup();
            Memory {
                lows,
                escaped_ranges,
                tens,
            }
        };
        let fine = (0x20..0x80)
            .chain([0, 1, 0x80, 0xA0, 0xC0, 0xE0, 0x100, 0x180, 0x250])
            .chain([0x370, 0x3C0, 0x400, 0x410, 0x430, 0x500, 0x600])
            .chain([0x900, 0x1000, 0x2000, 0x3000, 0x3050, 0x30B0, 0x4000])
            .chain([0x5000, 0xB000, 0xE000, 0x1_0000, 0x2_0000]);
        let medium = letters("!0123456789AFNZafnz")
            .chain([0, 0x80, 0xC0, 0x100, 0x400, 0x500])
            .chain([0x1000, 0x5000, 0xE000]);
        let coarse = letters("0126AFafz").chain([0x100]);
        Self {
            memories: [
                memory(fine.collect(), true, Tens::Exact),
                memory(medium.collect(), true, Tens::FirstDigit),
                memory(coarse.collect(), false, Tens::Nothing),
            ],
        }
    }

    fn memory(&self, groups: Groups) -> &Memory {
        match groups.depth {
            0 => &self.memories[0],
            1 | 2 => &self.memories[1],
            _ => &self.memories[2],
        }
    }

    /// Every printable ASCII character, and the code points that are remembered with what lies
    /// between them.
    fn alphabet(&self) -> Vec<CharSet> {
        let lows = self.memories.iter().flat_map(|memory| &memory.lows);
        let parts = lows.flat_map(|&low| [(low, low), (low, char::MAX as u32)]);
        let parts = parts.map(|range| CharSet::from_ranges([range]));
        (' '..='~').map(CharSet::single).chain(parts).collect()
    }

    fn step(&self, state: State, c: char) -> Option<State> {
        let groups = state.groups;
        let memory = self.memory(groups);
        let place = match (state.place, c) {
            (Place::Atom | Place::Nul(None), '*' | '+' | '?') => Place::Quantified,
            (Place::Atom | Place::Nul(None), '{') => Place::Braces(Braces::Open),
            (Place::Nul(None), '0'..='9') => return None,
            (Place::Quantified, '?') => Place::Term,
            (Place::Group, '?') => Place::GroupKind,
            (
                Place::Term | Place::Atom | Place::Quantified | Place::Nul(None) | Place::Group,
                _,
            ) => {
                return term(groups, c);
            }
            (Place::GroupKind, ':') => Place::Term,
            (Place::GroupKind, '<') => Place::Lookbehind,
            (Place::GroupKind | Place::Lookbehind, '=' | '!') => {
                let groups = groups.mark()?;
                let place = Place::Term;
                return Some(State { groups, place });
            }
            (Place::GroupKind | Place::Lookbehind, _) => return None,
            (Place::Braces(braces), _) => braces.step(c, memory)?,
            (Place::Escape(sink), _) => escape(sink, c, memory)?,
            (Place::Control(sink), _) => {
                let value = c.is_ascii_alphabetic().then_some(c as u32 % 32)?;
                sink.take(value, memory)?
            }
            (Place::Hex(hex), _) => hex.step(c, memory)?,
            (Place::Unicode(Sink::High(_)), '{') => return None,
            (Place::Unicode(sink), '{') => Place::Point {
                in_class: sink != Sink::Atom,
                digits: 0,
                zeros: false,
            },
            (Place::Unicode(sink), _) => Hex::new(sink, 4, memory)?.step(c, memory)?,
            (
                Place::Point {
                    in_class,
                    digits,
                    zeros,
                },
                _,
            ) => point(in_class, digits, zeros, c)?,
            (Place::Property(in_class, property), _) => property.step(in_class, c)?,
            (Place::ClassStart, '^') => Place::Class(InClass::Next),
            (Place::ClassStart, _) => InClass::Next.step(c, memory)?,
            (Place::Nul(Some(_)), '0'..='9') => return None,
            (Place::Class(at) | Place::Nul(Some(at)), _) => at.step(c, memory)?,
        };
        Some(State { groups, place })
    }
}

/// The beginning of a term, or what stands between terms.
fn term(groups: Groups, c: char) -> Option<State> {
    let place = match c {
        '(' => {
            let (groups, place) = (groups.enter()?, Place::Group);
            return Some(State { groups, place });
        }
        ')' => return groups.leave(),
        '|' | '^' | '$' => Place::Term,
        '[' => Place::ClassStart,
        '\\' => Place::Escape(Sink::Atom),
        '*' | '+' | '?' | '{' | '}' | ']' => return None,
        _ => Place::Atom,
    };
    Some(State { groups, place })
}

/// The character after a backslash.
fn escape(sink: Sink, c: char, memory: &Memory) -> Option<Place> {
    let in_class = sink != Sink::Atom;
    let value = match c {
        'b' | 'B' if !in_class => return Some(Place::Term),
        'd' | 'D' | 's' | 'S' | 'w' | 'W' => return sink.take_set(),
        'p' | 'P' => {
            sink.take_set()?;
            return Some(Place::Property(in_class, Property::Open));
        }
        'c' => return Some(Place::Control(sink)),
        'x' => return Some(Place::Hex(Hex::new(sink, 2, memory)?)),
        'u' => return Some(Place::Unicode(sink)),
        '0' => {
            let place = sink.take(0, memory)?;
            return Some(Place::Nul(match place {
                Place::Class(at) => Some(at),
                _ => None,
            }));
        }
        't' => 0x09,
        'n' => 0x0A,
        'v' => 0x0B,
        'f' => 0x0C,
        'r' => 0x0D,
        'b' => 0x08,
        '-' if in_class => 0x2D,
        _ if SYNTAX.contains(c) => c as u32,
        _ => return None,
    };
    sink.take(value, memory)
}

/// A character of `\u{...}`: at most five digits but for leading zeros, which keeps the value in
/// Unicode.
fn point(in_class: bool, digits: u32, zeros: bool, c: char) -> Option<Place> {
    if c == '}' {
        let any = zeros || digits > 0;
        return any.then_some(set_or_atom(in_class));
    }
    let leading = c == '0' && digits == 0;
    let digits = digits + u32::from(!leading);
    let fits = c.is_ascii_hexdigit() && digits <= 5;
    fits.then_some(Place::Point {
        in_class,
        digits,
        zeros: digits == 0,
    })
}

/// After a class such as `\d`.
fn set_or_atom(in_class: bool) -> Place {
    if in_class {
        Place::Class(InClass::Single(NO_RANGE))
    } else {
        Place::Atom
    }
}

impl Sink {
    /// The place after an escape of the code point `c`.
    fn take(self, c: u32, memory: &Memory) -> Option<Place> {
        match self {
            Self::Atom => Some(Place::Atom),
            Self::Low => Some(Place::Class(InClass::Single(memory.round(c)))),
            Self::High(low) => (c >= low).then_some(Place::Class(InClass::Next)),
        }
    }

    /// The place after a class, which no range may end in.
    fn take_set(self) -> Option<Place> {
        match self {
            Self::High(_) => None,
            _ => Some(set_or_atom(self == Self::Low)),
        }
    }
}

impl Hex {
    fn new(sink: Sink, left: u32, memory: &Memory) -> Option<Self> {
        let value = match sink {
            Sink::Atom => Value::Atom,
            Sink::Low => Value::Low(0),
            Sink::High(low) => Value::High(0, low),
        };
        memory.settle(Self { value, left })
    }

    fn step(self, c: char, memory: &Memory) -> Option<Place> {
        let digit = c.to_digit(16)?;
        let value = match self.value {
            Value::Low(digits) => Value::Low(digits << 4 | digit),
            Value::High(digits, low) => Value::High(digits << 4 | digit, low),
            value => value,
        };
        let left = self.left - 1;
        let hex = memory.settle(Self { value, left })?;
        if left > 0 {
            return Some(Place::Hex(hex));
        }
        Some(match hex.value {
            Value::Atom => Place::Atom,
            Value::Low(c) => Place::Class(InClass::Single(memory.round_escaped(c))),
            Value::Rounded(low) => Place::Class(InClass::Single(low)),
            Value::High(..) | Value::Settled => Place::Class(InClass::Next),
        })
    }
}

impl Property {
    fn step(self, in_class: bool, c: char) -> Option<Place> {
        let inside = |property| Some(Place::Property(in_class, property));
        let minors = |major| CATEGORIES.iter().find(|category| category.0 == major);
        match self {
            Self::Open if c == '{' => inside(Self::Brace),
            Self::Brace if minors(c).is_some() => inside(Self::Major(c)),
            Self::Major(_) | Self::Close if c == '}' => Some(set_or_atom(in_class)),
            Self::Major(major) if minors(major)?.1.contains(c) => inside(Self::Close),
            _ => None,
        }
    }
}

impl InClass {
    fn step(self, c: char, memory: &Memory) -> Option<Place> {
        Some(match (self, c) {
            (_, ']') => Place::Atom,
            (Self::LastDash, _) => return None,
            (Self::Single(NO_RANGE), '-') => Place::Class(Self::LastDash),
            (Self::Single(low), '-') => Place::Class(Self::Dash(low)),
            (Self::Dash(_), '\\') if !memory.escaped_ranges => return None,
            (Self::Dash(low), '\\') => Place::Escape(Sink::High(low)),
            (Self::Dash(low), _) => return Sink::High(low).take(c as u32, memory),
            (_, '\\') => Place::Escape(Sink::Low),
            _ => return Sink::Low.take(c as u32, memory),
        })
    }
}

impl Braces {
    fn step(self, c: char, memory: &Memory) -> Option<Place> {
        if c == '}' {
            let done = match self {
                Self::First(_) | Self::Comma(_) | Self::Close => true,
                Self::More { need, .. } => need == 0,
                Self::Open | Self::Tied(_) => false,
            };
            return done.then_some(Place::Quantified);
        }
        if let (Self::First(least), ',') = (self, c) {
            return Some(Place::Braces(Self::Comma(least)));
        }
        let digit = c.to_digit(10)?;
        let next = match self {
            Self::Open => Self::First(Least {
                digits: 1,
                value: digit,
            }),
            Self::First(least) => Self::First(least.push(digit, memory)?),
            Self::Comma(least) if digit == 0 => {
                (least.digits == 1 && least.value == 0).then_some(Self::Close)?
            }
            Self::Comma(Least { digits, value }) => {
                // Of two digits the first one decides unless it is equal.
                let (first, last) = match digits {
                    1 => (value, 0),
                    _ => (value / 10, value % 10),
                };
                match digit.cmp(&first) {
                    Ordering::Equal if last > 0 => Self::Tied(last),
                    Ordering::Less => Self::more(digits, MAX_DIGITS - 1)?,
                    _ => Self::more(digits - 1, MAX_DIGITS - 1)?,
                }
            }
            Self::Tied(last) => Self::more(u32::from(digit < last), MAX_DIGITS - 2)?,
            Self::More { need, room } => Self::more(need.saturating_sub(1), room.checked_sub(1)?)?,
            Self::Close => return None,
        };
        Some(Place::Braces(next))
    }

    fn more(need: u32, room: u32) -> Option<Self> {
        (need <= room).then_some(Self::More { need, room })
    }
}

impl Least {
    fn push(self, digit: u32, memory: &Memory) -> Option<Self> {
        let value = match self.digits {
            1 if self.value == 0 => return None,
            1 if memory.tens == Tens::Exact => 10 * self.value + digit,
            1 if memory.tens == Tens::FirstDigit => 10 * (self.value + u32::from(digit > 0)),
            MAX_DIGITS => return None,
            // More than any number of two digits: the second number needs more of them.
            _ => 100,
        };
        let digits = self.digits + 1;
        Some(Self { digits, value })
    }
}

#[cfg(test)]
mod tests;
