//! Intervals of numbers, with or without integers or fractions.

#![expect(
    clippy::indexing_slicing,
    reason = "a bound has two sides; states were numbered before"
)]

use std::cmp::Ordering;

use formwork_grammar::{ByteDfa, ByteDfaBuilder};
use rustc_hash::FxHashMap;

use crate::count::{Count, MANY};
use crate::decimal::Decimal;
use crate::node::{Bound, Literal, TypeSet};

use super::exponents;

/// An interval of numbers, to be built as an automaton.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Interval {
    pub(super) low: Option<Bound>,
    pub(super) high: Option<Bound>,
    /// Integers, fractions, or both.
    pub(super) kinds: TypeSet,
    /// Whether a number is an integer by its spelling (draft 4).
    pub(super) by_spelling: bool,
    /// Whether scientific spellings are read.
    pub(super) exponents: bool,
}

/// A bound on the magnitude of numbers of one sign.
struct Limit {
    /// Digits before and after the point.
    int: Vec<u8>,
    frac: Vec<u8>,
    /// Significant digits, and the exponent of the first.
    digits: Vec<u8>,
    exponent: i64,
    exclusive: bool,
}

impl Limit {
    fn new(value: &Decimal, exclusive: bool) -> Limit {
        let (int, frac) = value.plain();
        Limit {
            int,
            frac,
            digits: value.digits().to_vec(),
            exponent: value.scientific_exponent(),
            exclusive,
        }
    }

    fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }
}

/// How the digits read so far compare with a limit.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Cmp {
    /// In the integer part: digits read, and how they compare with as many of
    /// the limit's.
    Int(u32, Ordering),
    /// Equal up to so many digits of the fraction (or of the mantissa).
    Equal(u32),
    Decided(Ordering),
    /// There is no limit.
    Free,
}

impl Cmp {
    fn start(limit: Option<&Limit>) -> Cmp {
        limit.map_or(Cmp::Free, |_| Cmp::Int(0, Ordering::Equal))
    }

    /// Reads a digit of the integer part.
    fn int(self, limit: Option<&Limit>, digit: u8) -> Cmp {
        let (Cmp::Int(read, order), Some(limit)) = (self, limit) else {
            return self;
        };
        match limit.int.get(read as usize) {
            // More digits than the limit has.
            None => Cmp::Decided(Ordering::Greater),
            Some(at) => Cmp::Int(read + 1, order.then(digit.cmp(at))),
        }
    }

    /// Ends the integer part.
    fn point(self, limit: Option<&Limit>) -> Cmp {
        let (Cmp::Int(read, order), Some(limit)) = (self, limit) else {
            return self;
        };
        if (read as usize) < limit.int.len() {
            Cmp::Decided(Ordering::Less)
        } else if order.is_eq() {
            Cmp::Equal(0)
        } else {
            Cmp::Decided(order)
        }
    }

    /// Reads a digit against the digits of a limit.
    fn digit(self, digits: &[u8], digit: u8) -> Cmp {
        let Cmp::Equal(read) = self else {
            return self;
        };
        match digit.cmp(digits.get(read as usize).unwrap_or(&0)) {
            Ordering::Equal => Cmp::Equal((read + 1).min(digits.len() as u32)),
            order => Cmp::Decided(order),
        }
    }

    /// The result if no further digit follows.
    fn end(self, digits: &[u8]) -> Ordering {
        match self {
            Cmp::Equal(read) if (read as usize) < digits.len() => Ordering::Less,
            Cmp::Decided(order) => order,
            _ => Ordering::Equal,
        }
    }
}

/// The longest fraction of a mantissa that is told apart; beyond it only
/// fractions go on.
const MAX_MANTISSA: u32 = 17;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    Start,
    Sign {
        negative: bool,
    },
    /// In the integer part; `lone` is the only digit so far, if it can start a
    /// mantissa.
    Int {
        negative: bool,
        zero: bool,
        lone: u8,
        low: Cmp,
        high: Cmp,
    },
    /// In the fraction; with a lone digit before the point also a mantissa.
    Frac {
        negative: bool,
        empty: bool,
        integral: bool,
        low: Cmp,
        high: Cmp,
        mantissa: Option<Mantissa>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Mantissa {
    low: Cmp,
    high: Cmp,
    /// Digits after the point.
    places: u32,
    trailing_zero: bool,
}

/// The limits of one sign; absent if no number of that sign is in the interval.
struct Side {
    low: Option<Limit>,
    high: Option<Limit>,
}

impl Interval {
    /// How many numbers there are at least, given further literals about them.
    pub(super) fn count(&self, literals: &[Literal]) -> Count {
        let mut step: Option<f64> = None;
        let mut excluded = 0;
        for literal in literals {
            match literal {
                Literal::Multiple { of, holds: true } => {
                    let of = of.to_f64();
                    step = Some(step.map_or(of, |step| step * of.max(1.0)));
                }
                Literal::Numbers { set, holds: false } => excluded += set.len() as Count,
                Literal::Multiple { holds: false, .. } => excluded = MANY,
                _ => {}
            }
        }
        if !self.kinds.meets(TypeSet::FRACTION) {
            step = Some(step.unwrap_or(1.0).max(1.0));
        }
        let (Some(low), Some(high)) = (&self.low, &self.high) else {
            return if excluded < MANY { MANY } else { 1 };
        };
        let width = high.value.to_f64() - low.value.to_f64();
        let all = match step {
            None if width > 0.0 => MANY,
            None => 1,
            // Bounds that are whole steps count themselves too.
            Some(step) => {
                let whole = self.low_is_member(step) && !low.exclusive;
                ((width / step).floor().clamp(0.0, MANY as f64) as Count + Count::from(whole))
                    .saturating_sub(Count::from(whole && high.exclusive && width % step == 0.0))
            }
        };
        all.min(MANY).saturating_sub(excluded).max(1)
    }

    fn low_is_member(&self, step: f64) -> bool {
        let low = self.low.as_ref().map_or(0.5, |bound| bound.value.to_f64());
        low % step == 0.0
    }

    /// The bounds on magnitude for one sign.
    fn side(&self, negative: bool) -> Option<Side> {
        let (near, far) = if negative {
            (&self.high, &self.low)
        } else {
            (&self.low, &self.high)
        };
        let magnitude = |bound: &Bound| {
            if negative {
                bound.value.negate()
            } else {
                bound.value.clone()
            }
        };
        let high = match far {
            None => None,
            Some(bound) => {
                let value = magnitude(bound);
                if value.is_negative() || (value.is_zero() && bound.exclusive) {
                    return None;
                }
                Some(Limit::new(&value, bound.exclusive))
            }
        };
        let low = near.as_ref().and_then(|bound| {
            let value = magnitude(bound);
            let matters = !value.is_negative() && (!value.is_zero() || bound.exclusive);
            matters.then(|| Limit::new(&value, bound.exclusive))
        });
        Some(Side { low, high })
    }

    /// Builds the automaton. States: the product of two comparisons, which
    /// move in step, so about six per digit of the bounds.
    pub(crate) fn build(&self) -> ByteDfa {
        let sides = [self.side(false), self.side(true)];
        let mut b = ByteDfaBuilder::default();
        let mut ids: FxHashMap<State, u32> = FxHashMap::default();
        let mut exponent_states: FxHashMap<(i64, i64), Option<u32>> = FxHashMap::default();
        let start = b.state();
        ids.insert(State::Start, start);
        let mut open = vec![State::Start];
        while let Some(state) = open.pop() {
            let from = ids[&state];
            if self.accepts(state, &sides) {
                b.label(from, 0);
            }
            if let Some((low, high)) = self.exponent_range(state, &sides) {
                let entry = *exponent_states
                    .entry((low, high))
                    .or_insert_with(|| exponents(&mut b, low, high));
                if let Some(entry) = entry {
                    b.edge(from, b'e', entry);
                    b.edge(from, b'E', entry);
                }
            }
            for &byte in b"-.0123456789" {
                if let Some(next) = self.step(state, byte, &sides) {
                    let to = *ids.entry(next).or_insert_with(|| {
                        open.push(next);
                        b.state()
                    });
                    b.edge(from, byte, to);
                }
            }
        }
        b.build(start)
    }

    fn step(&self, state: State, byte: u8, sides: &[Option<Side>; 2]) -> Option<State> {
        let side = |negative: bool| sides[usize::from(negative)].as_ref();
        match state {
            State::Start if byte == b'-' => Some(State::Sign { negative: true }),
            State::Start => self.step(State::Sign { negative: false }, byte, sides),
            State::Sign { negative } => {
                let digit = byte.checked_sub(b'0').filter(|d| *d < 10)?;
                let side = side(negative)?;
                let (low, high) = (side.low.as_ref(), side.high.as_ref());
                Some(State::Int {
                    negative,
                    zero: digit == 0,
                    lone: if self.exponents { digit } else { 0 },
                    low: Cmp::start(low).int(low, digit),
                    high: Cmp::start(high).int(high, digit),
                })
            }
            State::Int {
                negative,
                zero,
                lone,
                low,
                high,
            } => {
                let side = side(negative)?;
                let (low_limit, high_limit) = (side.low.as_ref(), side.high.as_ref());
                if byte == b'.' {
                    if self.by_spelling && !self.kinds.meets(TypeSet::FRACTION) {
                        return None;
                    }
                    return Some(State::Frac {
                        negative,
                        empty: true,
                        integral: true,
                        low: low.point(low_limit),
                        high: high.point(high_limit),
                        mantissa: (lone > 0).then(|| mantissa(lone, side)),
                    });
                }
                let digit = byte.checked_sub(b'0').filter(|d| *d < 10 && !zero)?;
                Some(State::Int {
                    negative,
                    zero,
                    lone: 0,
                    low: low.int(low_limit, digit),
                    high: high.int(high_limit, digit),
                })
            }
            State::Frac {
                negative,
                integral,
                low,
                high,
                mantissa,
                ..
            } => {
                let digit = byte.checked_sub(b'0').filter(|d| *d < 10)?;
                let side = side(negative)?;
                let step = |cmp: Cmp, limit: &Option<Limit>| match limit {
                    Some(limit) => cmp.digit(&limit.frac, digit),
                    None => cmp,
                };
                Some(State::Frac {
                    negative,
                    empty: false,
                    integral: integral && digit == 0,
                    low: step(low, &side.low),
                    high: step(high, &side.high),
                    mantissa: mantissa.map(|m| m.step(digit, side)),
                })
            }
        }
    }

    fn accepts(&self, state: State, sides: &[Option<Side>; 2]) -> bool {
        let (negative, low, high, integer) = match state {
            State::Int {
                negative,
                low,
                high,
                ..
            } => {
                let Some(side) = &sides[usize::from(negative)] else {
                    return false;
                };
                let low = low.point(side.low.as_ref());
                (negative, low, high.point(side.high.as_ref()), true)
            }
            State::Frac {
                negative,
                empty: false,
                integral,
                low,
                high,
                ..
            } => (negative, low, high, integral && !self.by_spelling),
            _ => return false,
        };
        let kind = if integer {
            TypeSet::INTEGER
        } else {
            TypeSet::FRACTION
        };
        let Some(side) = &sides[usize::from(negative)] else {
            return false;
        };
        let above = side
            .low
            .as_ref()
            .is_none_or(|limit| match low.end(&limit.frac) {
                Ordering::Less => false,
                Ordering::Equal => !limit.exclusive,
                Ordering::Greater => true,
            });
        let below = side
            .high
            .as_ref()
            .is_none_or(|limit| match high.end(&limit.frac) {
                Ordering::Less => true,
                Ordering::Equal => !limit.exclusive,
                Ordering::Greater => false,
            });
        self.kinds.meets(kind) && above && below
    }

    /// The exponents that may follow a mantissa.
    fn exponent_range(&self, state: State, sides: &[Option<Side>; 2]) -> Option<(i64, i64)> {
        let (negative, m) = match state {
            State::Int { negative, lone, .. } if lone > 0 => {
                let side = sides[usize::from(negative)].as_ref()?;
                (negative, mantissa(lone, side))
            }
            State::Frac {
                negative,
                empty: false,
                mantissa: Some(m),
                ..
            } if !m.trailing_zero => (negative, m),
            _ => return None,
        };
        if self.by_spelling && !self.kinds.meets(TypeSet::FRACTION) {
            return None;
        }
        let side = sides[usize::from(negative)].as_ref()?;
        let (mut least, mut most) = (-999, 999);
        if let Some(limit) = side.low.as_ref().filter(|limit| !limit.is_zero()) {
            let enough = match m.low.end(&limit.digits) {
                Ordering::Less => false,
                Ordering::Equal => !limit.exclusive,
                Ordering::Greater => true,
            };
            least = least.max(limit.exponent + i64::from(!enough));
        }
        if let Some(limit) = &side.high {
            if limit.is_zero() {
                return None;
            }
            let fits = match m.high.end(&limit.digits) {
                Ordering::Less => true,
                Ordering::Equal => !limit.exclusive,
                Ordering::Greater => false,
            };
            most = most.min(limit.exponent - i64::from(!fits));
        }
        let places = i64::from(m.places);
        if !self.by_spelling && !self.kinds.meets(TypeSet::FRACTION) {
            if m.places >= MAX_MANTISSA {
                return None;
            }
            least = least.max(places);
        }
        if !self.by_spelling && !self.kinds.meets(TypeSet::INTEGER) {
            most = most.min(places - 1);
        }
        Some((least, most))
    }
}

fn mantissa(digit: u8, side: &Side) -> Mantissa {
    let start = |limit: &Option<Limit>| match limit {
        Some(limit) => Cmp::Equal(0).digit(&limit.digits, digit),
        None => Cmp::Free,
    };
    Mantissa {
        low: start(&side.low),
        high: start(&side.high),
        places: 0,
        trailing_zero: false,
    }
}

impl Mantissa {
    fn step(self, digit: u8, side: &Side) -> Mantissa {
        let step = |cmp: Cmp, limit: &Option<Limit>| match limit {
            Some(limit) => cmp.digit(&limit.digits, digit),
            None => cmp,
        };
        Mantissa {
            low: step(self.low, &side.low),
            high: step(self.high, &side.high),
            places: (self.places + 1).min(MAX_MANTISSA),
            trailing_zero: digit == 0,
        }
    }
}
