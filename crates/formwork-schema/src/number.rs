//! Numbers: what a set of number literals accepts, as an automaton over bytes.
//!
//! Values are compared exactly, digit by digit. Spellings: any plain decimal;
//! and, where no constraint but the type depends on the value, any exponent.
//! Under constraints exponents are read in normalised scientific form only,
//! `d.ddde±x` with one digit before the point, no trailing zero after it and at
//! most three digits of exponent: with free exponents the constraints would not
//! be regular. A mantissa of an integer has at most 17 digits after the point. Under
//! `multipleOf` there are plain decimals only, unless all integers are multiples
//! or bounds leave so few that they are listed.

#![expect(clippy::indexing_slicing, reason = "a digit was read before")]

mod interval;
mod multiple;
mod product;
mod set;

pub(crate) use interval::Interval;
pub(crate) use multiple::in_conflict as multiples_conflict;

use formwork_grammar::{ByteDfa, ByteDfaBuilder};

use crate::bounds::range;
use crate::count::{Count, MANY};
use crate::decimal::Decimal;
use crate::error::SchemaError;
use crate::node::{Literal, NodeId, TypeSet};
use crate::solver::Solver;

use multiple::Residues;
use product::Part;

/// The numbers of one branch.
pub(crate) enum Numbers {
    /// A finite set.
    Values(Vec<Decimal>),
    /// Any other set.
    Digits(Digits),
}

/// A set of numbers as an automaton, and how many there are at least.
#[derive(Clone, Debug)]
pub(crate) struct Digits {
    pub(crate) dfa: ByteDfa,
    pub(crate) count: Count,
}

impl Digits {
    pub(crate) fn many(dfa: ByteDfa) -> Digits {
        Digits { dfa, count: MANY }
    }
}

impl Solver {
    /// The numbers that satisfy all of a branch's literals.
    pub(crate) fn number_branch(
        &mut self,
        types: TypeSet,
        literals: &[NodeId],
    ) -> Result<Numbers, SchemaError> {
        let literals = self.literals(literals);
        let by_spelling = self.integers_by_spelling;
        let literals = multiple::combine(&literals);
        let Some((low, high)) = range(literals.iter()) else {
            return Ok(Numbers::Values(Vec::new()));
        };
        let sets = literals.iter().filter_map(|literal| match literal {
            Literal::Numbers { set, holds: true } => Some(set.to_vec()),
            Literal::Multiple { of, holds: true } => {
                multiple::within(of, &low.as_ref()?.value, &high.as_ref()?.value)
            }
            _ => None,
        });
        if let Some(set) = sets.min_by_key(Vec::len)
            && (types.and(TypeSet::NUMBER) == TypeSet::NUMBER || !by_spelling)
        {
            let kind = |n: &Decimal| {
                let kind = if n.is_integer() {
                    TypeSet::INTEGER
                } else {
                    TypeSet::FRACTION
                };
                types.meets(kind)
            };
            let satisfies = |n: &&Decimal| kind(n) && literals.iter().all(|l| satisfies(n, l));
            return Ok(Numbers::Values(
                set.iter().filter(satisfies).cloned().collect(),
            ));
        }
        let mut others: Vec<Part> = Vec::new();
        let mut divisors: Vec<Literal> = Vec::new();
        let mut none = false;
        let integers = !types.meets(TypeSet::FRACTION);
        for literal in &literals {
            match literal {
                // Every integer is a multiple of what 1 is a multiple of.
                Literal::Multiple { of, holds }
                    if integers && multiple::is_multiple(&Decimal::one(), of) =>
                {
                    none |= !holds;
                }
                Literal::Multiple { .. } => divisors.push(literal.clone()),
                Literal::Numbers { set, holds } => {
                    others.push(Part::Dfa(set::values(set), *holds));
                }
                _ => {}
            }
        }
        if none {
            return Ok(Numbers::Values(Vec::new()));
        }
        let exponents = divisors.is_empty();
        others.extend(Residues::group(&divisors)?.into_iter().map(Part::Residues));
        let interval = Interval {
            low,
            high,
            kinds: types.and(TypeSet::NUMBER),
            by_spelling,
            exponents,
        };
        let count = interval.count(&literals);
        let base = self.memo.interval(&interval);
        self.spend(base.state_count() as u64)?;
        if others.is_empty() {
            return Ok(Numbers::Digits(Digits { dfa: base, count }));
        }
        others.insert(0, Part::Dfa(base, true));
        let limit = self.options.limits.max_states;
        let Some(product) = product::product(&others, limit as usize) else {
            return Err(SchemaError::Limit {
                name: "max_states",
                limit: u64::from(limit),
                place: "combining bounds and multipleOf".into(),
            });
        };
        self.spend(4 * product.state_count() as u64)?;
        Ok(Numbers::Digits(Digits {
            dfa: product,
            count,
        }))
    }
}

/// The automaton of a finite set of numbers.
pub(crate) fn finite(mut values: Vec<Decimal>) -> ByteDfa {
    values.sort_unstable();
    values.dedup();
    set::values(&values)
}

/// Whether a number satisfies a literal.
pub(crate) fn satisfies(n: &Decimal, literal: &Literal) -> bool {
    match literal {
        Literal::Range { low, high } => {
            let above = low
                .as_ref()
                .is_none_or(|b| *n > b.value || (*n == b.value && !b.exclusive));
            let below = high
                .as_ref()
                .is_none_or(|b| *n < b.value || (*n == b.value && !b.exclusive));
            above && below
        }
        Literal::Multiple { of, holds } => multiple::is_multiple(n, of) == *holds,
        Literal::Numbers { set, holds } => set.binary_search(n).is_ok() == *holds,
        _ => true,
    }
}

/// Any integer by value.
pub(crate) fn any_integer() -> ByteDfa {
    Interval {
        low: None,
        high: None,
        kinds: TypeSet::INTEGER,
        by_spelling: false,
        exponents: true,
    }
    .build()
}

/// Any number, exponents in normalised form only: for values that must be told
/// apart.
pub(crate) fn any_normalised() -> ByteDfa {
    Interval {
        low: None,
        high: None,
        kinds: TypeSet::NUMBER,
        by_spelling: false,
        exponents: true,
    }
    .build()
}

/// Any JSON number (RFC 8259, section 6).
pub(crate) fn any_number() -> ByteDfa {
    let mut b = ByteDfaBuilder::default();
    let [start, minus, zero, int, point, frac, e, sign, exp] = std::array::from_fn(|_| b.state());
    b.edge(start, b'-', minus);
    for from in [start, minus] {
        b.edge(from, b'0', zero);
        for digit in b'1'..=b'9' {
            b.edge(from, digit, int);
        }
    }
    for digit in b'0'..=b'9' {
        b.edge(int, digit, int);
        b.edge(point, digit, frac);
        b.edge(frac, digit, frac);
        b.edge(e, digit, exp);
        b.edge(sign, digit, exp);
        b.edge(exp, digit, exp);
    }
    for from in [zero, int] {
        b.edge(from, b'.', point);
    }
    for from in [zero, int, frac] {
        b.edge(from, b'e', e);
        b.edge(from, b'E', e);
    }
    b.edge(e, b'+', sign);
    b.edge(e, b'-', sign);
    for end in [zero, int, frac, exp] {
        b.label(end, 0);
    }
    b.build(start)
}

/// Shared by the parts: the exponents from `low` to `high` (both within ±999),
/// to be read after `e`. Returns the state to enter, or `None` if there are
/// none.
fn exponents(b: &mut ByteDfaBuilder, low: i64, high: i64) -> Option<u32> {
    let (low, high) = (low.max(-999), high.min(999));
    if low > high {
        return None;
    }
    let start = b.state();
    let plus = b.state();
    let minus = b.state();
    b.edge(start, b'+', plus);
    b.edge(start, b'-', minus);
    if high >= 0 {
        let range = (low.max(0) as u32, high as u32);
        digits(b, &[start, plus], range);
    }
    if low <= 0 {
        let range = ((-high).max(0) as u32, (-low) as u32);
        digits(b, &[minus], range);
    }
    Some(start)
}

/// Adds, after each of `from`, one to three digits with a value in a range.
fn digits(b: &mut ByteDfaBuilder, from: &[u32], (low, high): (u32, u32)) {
    // States by (value so far, digits read); `full[n]`: whatever follows fits.
    let full: Vec<u32> = (0..3).map(|_| b.state()).collect();
    for (read, &state) in full.iter().enumerate() {
        b.label(state, 0);
        if let Some(&next) = full.get(read + 1) {
            for digit in b'0'..=b'9' {
                b.edge(state, digit, next);
            }
        }
    }
    let fits = |value: u32, read: u32| {
        (0..=3 - read).all(|more| {
            let scale = 10u32.pow(more);
            value * scale >= low && value * scale + scale - 1 <= high
        })
    };
    let mut open: Vec<(Vec<u32>, u32, u32)> = vec![(from.to_vec(), 0, 0)];
    while let Some((states, value, read)) = open.pop() {
        for digit in 0..10u32 {
            let (value, read) = (value * 10 + digit, read + 1);
            let scale = 10u32.pow(3 - read);
            if value > high || value * scale + scale - 1 < low {
                continue;
            }
            let byte = b'0' + digit as u8;
            if fits(value, read) {
                for &state in &states {
                    b.edge(state, byte, full[read as usize - 1]);
                }
                continue;
            }
            let next = b.state();
            if (low..=high).contains(&value) {
                b.label(next, 0);
            }
            for &state in &states {
                b.edge(state, byte, next);
            }
            if read < 3 {
                open.push((vec![next], value, read));
            }
        }
    }
}

#[cfg(test)]
mod tests;
