//! `multipleOf`, exactly: remainders in decimal.

use formwork_grammar::{ByteDfa, ByteDfaBuilder};

use crate::decimal::Decimal;
use crate::error::SchemaError;
use crate::node::Literal;

/// Remainders told apart at most.
const MAX_MODULUS: u64 = 100_000;

/// The automaton of the plain decimals that are multiples of `of` (`holds`), or
/// are not. It takes the syntax of numbers for granted.
pub(super) fn multiples(of: &Decimal, holds: bool) -> Result<ByteDfa, SchemaError> {
    let places = of.fraction_len();
    let modulus = of
        .scaled(places)
        .filter(|m| m * (places + 1) <= MAX_MODULUS);
    let Some(modulus) = modulus else {
        return Err(SchemaError::Limit {
            name: "multipleOf",
            limit: MAX_MODULUS,
            place: format!("multipleOf {of}, which has more remainders than that"),
        });
    };
    let mut b = ByteDfaBuilder::default();
    // Row 0 is the integer part, row 1 + j the fraction after j digits; the
    // value is a multiple if remainder × 10^(places − j) is 0.
    let start = b.state();
    let rows: Vec<Vec<u32>> = (0..=places + 1)
        .map(|_| (0..modulus).map(|_| b.state()).collect())
        .collect();
    let odd = b.state();
    let at = |row: u64, remainder: u64| rows[row as usize][remainder as usize];
    b.edge(start, b'-', start);
    for digit in 0..10u64 {
        b.edge(start, b'0' + digit as u8, at(0, digit % modulus));
    }
    for remainder in 0..modulus {
        b.edge(at(0, remainder), b'.', at(1, remainder));
        for digit in 0..10u64 {
            let byte = b'0' + digit as u8;
            let next = (remainder * 10 + digit) % modulus;
            b.edge(at(0, remainder), byte, at(0, next));
            for row in 1..=places {
                b.edge(at(row, remainder), byte, at(row + 1, next));
            }
            // Beyond the places of the divisor only zeros keep a multiple.
            let last = if digit == 0 {
                at(places + 1, remainder)
            } else {
                odd
            };
            b.edge(at(places + 1, remainder), byte, last);
        }
        for row in 0..=places + 1 {
            let missing = if row == 0 { places } else { places + 1 - row };
            let scale = (0..missing).fold(1u64, |scale, _| scale * 10 % modulus);
            if (remainder * scale % modulus == 0) == holds {
                b.label(at(row, remainder), 0);
            }
        }
    }
    for digit in b'0'..=b'9' {
        b.edge(odd, digit, odd);
    }
    if !holds {
        b.label(odd, 0);
    }
    Ok(b.build(start))
}

/// Literals with the same meaning: the divisors that must divide as one, and of
/// those that must not only such as say more than the others.
pub(super) fn combine(literals: &[Literal]) -> Vec<Literal> {
    let mut rest: Vec<Literal> = Vec::new();
    let (mut divisors, mut excluded): (Vec<Decimal>, Vec<Decimal>) = (Vec::new(), Vec::new());
    for literal in literals {
        match literal {
            Literal::Multiple { of, holds: true } => divisors.push(of.clone()),
            Literal::Multiple { of, holds: false } => excluded.push(of.clone()),
            other => rest.push(other.clone()),
        }
    }
    let mut joined: Vec<Decimal> = Vec::new();
    for divisor in divisors {
        match joined
            .pop()
            .map(|last| (least_common_multiple(&last, &divisor), last))
        {
            None => joined.push(divisor),
            Some((Some(both), _)) => joined.push(both),
            Some((None, last)) => joined.extend([divisor, last]),
        }
    }
    let literal = |of: Decimal, holds| Literal::Multiple { of, holds };
    rest.extend(joined.into_iter().map(|of| literal(of, true)));
    for (at, of) in excluded.iter().enumerate() {
        let implied = |&(other_at, other): &(usize, &Decimal)| {
            let same = is_multiple(other, of);
            other_at != at && is_multiple(of, other) && (!same || other_at < at)
        };
        if !excluded.iter().enumerate().any(|other| implied(&other)) {
            rest.push(literal(of.clone(), false));
        }
    }
    rest
}

/// The multiples of a number within bounds, the bounds included; `None` if there
/// are many.
pub(super) fn within(of: &Decimal, low: &Decimal, high: &Decimal) -> Option<Vec<Decimal>> {
    const MANY: i128 = 1000;
    let places = [of, low, high].map(Decimal::fraction_len);
    let places = places.into_iter().max().unwrap_or(0);
    let scaled = |n: &Decimal| {
        let magnitude = i128::from(n.scaled(places)?);
        Some(if n.is_negative() {
            -magnitude
        } else {
            magnitude
        })
    };
    let (step, low, high) = (scaled(of)?, scaled(low)?, scaled(high)?);
    // Rounded towards the inside.
    let first = low.div_euclid(step) + i128::from(low.rem_euclid(step) != 0);
    let last = high.div_euclid(step);
    if last - first >= MANY {
        return None;
    }
    let multiples = (first..=last).map(|factor| {
        let multiple = factor * step;
        let magnitude = u64::try_from(multiple.unsigned_abs()).ok()?;
        let magnitude = Decimal::from_scaled(magnitude, places);
        Some(if multiple < 0 {
            magnitude.negate()
        } else {
            magnitude
        })
    });
    multiples.collect()
}

/// Whether some divisor must divide and, being a multiple of another one, must
/// not.
pub(crate) fn in_conflict(literals: &[Literal]) -> bool {
    let combined = combine(literals);
    let divisors = combined.iter().filter_map(|literal| match literal {
        Literal::Multiple { of, holds: true } => Some(of),
        _ => None,
    });
    let mut pairs = divisors.flat_map(|divisor| combined.iter().map(move |l| (divisor, l)));
    pairs.any(|(divisor, literal)| match literal {
        Literal::Multiple { of, holds: false } => is_multiple(divisor, of),
        _ => false,
    })
}

/// `None` if it has more remainders than an automaton may tell apart.
fn least_common_multiple(a: &Decimal, b: &Decimal) -> Option<Decimal> {
    let places = a.fraction_len().max(b.fraction_len());
    let (a, b) = (a.scaled(places)?, b.scaled(places)?);
    let (mut divisor, mut rest) = (a, b);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    let both = (a / divisor).checked_mul(b)?;
    let fits = both.saturating_mul(places + 1) <= MAX_MODULUS;
    fits.then(|| Decimal::from_scaled(both, places))
}

/// Whether `n` is a multiple of `of`.
pub(super) fn is_multiple(n: &Decimal, of: &Decimal) -> bool {
    // Long division of the digits of n, scaled so that both are integers.
    let places = n.fraction_len().max(of.fraction_len());
    let Some(modulus) = of.scaled(places) else {
        return n.is_zero();
    };
    let (int, frac) = n.plain();
    let mut remainder: u128 = 0;
    let mut feed = |digit: u8| {
        remainder = (remainder * 10 + u128::from(digit)) % u128::from(modulus);
    };
    int.iter().chain(&frac).for_each(|&digit| feed(digit));
    (frac.len() as u64..places).for_each(|_| feed(0));
    remainder == 0
}
