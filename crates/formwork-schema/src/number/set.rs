//! Finite sets of numbers, in every spelling.

use formwork_grammar::{ByteDfa, ByteDfaBuilder};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::decimal::Decimal;

/// The automaton of a sorted set of values: plain decimals with any number of
/// trailing zeros, and normalised scientific form. Zero may have a minus: it
/// does not change the value.
pub(super) fn values(values: &[Decimal]) -> ByteDfa {
    let mut b = ByteDfaBuilder::default();
    let start = b.state();
    let minus = b.state();
    b.edge(start, b'-', minus);
    let mut plain = Fractions::default();
    let mut scientific = Fractions::default();
    let mut exponents_of: FxHashMap<u32, Vec<i64>> = FxHashMap::default();
    for value in values {
        let signs: &[u32] = match (value.is_zero(), value.is_negative()) {
            (true, _) => &[start, minus],
            (_, true) => &[minus],
            _ => &[start],
        };
        let (int, frac) = value.plain();
        for &sign in signs {
            let end = path(&mut b, sign, &int);
            plain.add(end, &frac);
        }
        if let (Some((first, rest)), [sign, ..]) = (value.digits().split_first(), signs) {
            let point = path(&mut b, *sign, &[*first]);
            let end = scientific.add_exact(&mut b, point, rest);
            let list = exponents_of.entry(end).or_default();
            list.push(value.scientific_exponent());
        }
    }
    plain.build(&mut b);
    for (from, list) in exponents_of {
        let entry = b.state();
        b.edge(from, b'e', entry);
        b.edge(from, b'E', entry);
        for exponent in list {
            spell_exponent(&mut b, entry, exponent);
        }
    }
    b.build(start)
}

/// Adds the digits as a path of the trie; returns its end.
fn path(b: &mut ByteDfaBuilder, from: u32, digits: &[u8]) -> u32 {
    digits.iter().fold(from, |at, digit| {
        let byte = b'0' + digit;
        b.target(at, byte).unwrap_or_else(|| {
            let next = b.state();
            b.edge(at, byte, next);
            next
        })
    })
}

/// Adds every spelling of one exponent of at most three digits.
fn spell_exponent(b: &mut ByteDfaBuilder, entry: u32, exponent: i64) {
    if exponent.abs() > 999 {
        return;
    }
    let magnitude = exponent.unsigned_abs().to_string();
    let signs: &[&str] = match exponent {
        0 => &["", "+", "-"],
        1.. => &["", "+"],
        _ => &["-"],
    };
    for sign in signs {
        for width in magnitude.len()..=3 {
            let mut at = entry;
            for byte in format!("{sign}{magnitude:0>width$}").bytes() {
                at = b.target(at, byte).unwrap_or_else(|| {
                    let next = b.state();
                    b.edge(at, byte, next);
                    next
                });
            }
            b.label(at, 0);
        }
    }
}

/// Fractions by the state of the integer part they follow.
#[derive(Default)]
struct Fractions {
    by_int: FxHashMap<u32, FxHashSet<Vec<u8>>>,
}

impl Fractions {
    fn add(&mut self, int: u32, frac: &[u8]) {
        self.by_int.entry(int).or_default().insert(frac.to_vec());
    }

    /// Adds a mantissa's fraction without spare zeros; returns its end.
    fn add_exact(&mut self, b: &mut ByteDfaBuilder, int: u32, frac: &[u8]) -> u32 {
        if frac.is_empty() {
            return int;
        }
        let point = b.target(int, b'.').unwrap_or_else(|| {
            let point = b.state();
            b.edge(int, b'.', point);
            point
        });
        path(b, point, frac)
    }

    /// Adds the fractions with any number of trailing zeros.
    fn build(self, b: &mut ByteDfaBuilder) {
        for (int, fractions) in self.by_int {
            if fractions.contains(&Vec::new()) {
                b.label(int, 0);
            }
            let point = b.target(int, b'.').unwrap_or_else(|| {
                let point = b.state();
                b.edge(int, b'.', point);
                point
            });
            for frac in &fractions {
                path(b, point, frac);
            }
            let zeros = b.state();
            b.label(zeros, 0);
            b.edge(zeros, b'0', zeros);
            // Every state of this trie whose digits, zeros dropped, are one of
            // the fractions accepts, and goes on with zeros.
            let mut open = vec![(point, Vec::new())];
            while let Some((state, digits)) = open.pop() {
                for digit in 0..10u8 {
                    if let Some(next) = b.target(state, b'0' + digit) {
                        let mut longer = digits.clone();
                        longer.push(digit);
                        open.push((next, longer));
                    }
                }
                let mut value = digits.clone();
                while value.last() == Some(&0) {
                    value.pop();
                }
                if fractions.contains(&value) {
                    if !digits.is_empty() {
                        b.label(state, 0);
                    }
                    b.edge(state, b'0', zeros);
                }
            }
        }
    }
}
