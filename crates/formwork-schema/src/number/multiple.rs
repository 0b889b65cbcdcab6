//! `multipleOf`, exactly: remainders in decimal.

#![expect(
    clippy::indexing_slicing,
    reason = "places are found in the list before"
)]

use crate::decimal::Decimal;
use crate::error::SchemaError;
use crate::node::Literal;

/// Remainders told apart at most.
const MAX_MODULUS: u64 = 100_000;

/// The plain decimals of which each of some numbers is a divisor, or is not, by remainders. The
/// syntax of numbers is taken for granted.
///
/// The numbers have as many digits after the point, so that one remainder tells all of theirs.
pub(super) struct Residues {
    places: u64,
    modulus: u64,
    /// The numbers, scaled to integers, and whether they have to be divisors.
    divisors: Vec<(u64, bool)>,
}

impl Residues {
    pub(super) const START: u32 = 0;
    /// Some digit beyond the places of the numbers is not zero.
    const ODD: u32 = 1;
    /// Remainders, row after row. Row 0 is the integer part, row 1 + j the fraction after j digits.
    const FIRST: u64 = 2;

    /// Few of them for the literals about multiples among some.
    pub(super) fn group(literals: &[Literal]) -> Result<Vec<Residues>, SchemaError> {
        let mut groups: Vec<Residues> = Vec::new();
        for literal in literals {
            let Literal::Multiple { of, holds } = literal else {
                continue;
            };
            let places = of.fraction_len();
            let divisor = of
                .scaled(places)
                .filter(|m| m * (places + 1) <= MAX_MODULUS);
            let Some(divisor) = divisor else {
                return Err(SchemaError::Limit {
                    name: "multipleOf",
                    limit: MAX_MODULUS,
                    place: format!("multipleOf {of}, which has more remainders than that"),
                });
            };
            let joined = groups
                .iter_mut()
                .filter(|group| group.places == places)
                .find_map(|group| Some((lcm(group.modulus, divisor)?, group)))
                .filter(|(modulus, _)| Self::count(*modulus, places).is_some());
            match joined {
                Some((modulus, group)) => {
                    group.modulus = modulus;
                    group.divisors.push((divisor, *holds));
                }
                None => groups.push(Residues {
                    places,
                    modulus: divisor,
                    divisors: vec![(divisor, *holds)],
                }),
            }
        }
        Ok(groups)
    }

    /// The number of states, if it is one.
    fn count(modulus: u64, places: u64) -> Option<u32> {
        let rows = modulus.checked_mul(places + 2)?;
        u32::try_from(rows.checked_add(Self::FIRST)?).ok()
    }

    fn state(&self, row: u64, remainder: u64) -> u32 {
        (Self::FIRST + row * self.modulus + remainder) as u32
    }

    pub(super) fn step(&self, state: u32, byte: u8) -> Option<u32> {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
        let (row, remainder) = match (state, digit) {
            (Self::START, Some(digit)) => return Some(self.state(0, digit % self.modulus)),
            (Self::START, None) => return (byte == b'-').then_some(state),
            (Self::ODD, _) => return digit.map(|_| Self::ODD),
            _ => {
                let at = u64::from(state) - Self::FIRST;
                (at / self.modulus, at % self.modulus)
            }
        };
        let Some(digit) = digit else {
            let next = byte == b'.' && row == 0 && self.is_live(1, remainder);
            return next.then(|| self.state(1, remainder));
        };
        if row <= self.places {
            let next = (remainder * 10 + digit) % self.modulus;
            let row = row + u64::from(row > 0);
            return self.is_live(row, next).then(|| self.state(row, next));
        }
        // Beyond the places of the divisors only zeros keep a multiple.
        match digit {
            0 => Some(state),
            _ => (!self.divisors.iter().any(|&(_, holds)| holds)).then_some(Self::ODD),
        }
    }

    /// Whether the digits left can make a multiple of each number that has to be a divisor.
    fn is_live(&self, row: u64, remainder: u64) -> bool {
        if row == 0 {
            return true;
        }
        let missing = self.places + 1 - row;
        let scale = (0..missing).fold(1u64, |scale, _| scale.saturating_mul(10));
        let possible = |&(divisor, holds): &(u64, bool)| {
            let over = self.scaled(remainder, missing) % divisor;
            !holds || over == 0 || divisor - over < scale
        };
        self.divisors.iter().all(possible)
    }

    /// A remainder after so many zeros more.
    fn scaled(&self, remainder: u64, zeros: u64) -> u64 {
        (0..zeros).fold(remainder, |value, _| value * 10 % self.modulus)
    }

    pub(super) fn accepts(&self, state: u32) -> bool {
        if state == Self::START || state == Self::ODD {
            return state == Self::ODD;
        }
        let at = u64::from(state) - Self::FIRST;
        let (row, remainder) = (at / self.modulus, at % self.modulus);
        let missing = match row {
            0 => self.places,
            _ => self.places + 1 - row,
        };
        let value = self.scaled(remainder, missing);
        let right = |&(divisor, holds): &(u64, bool)| value.is_multiple_of(divisor) == holds;
        self.divisors.iter().all(right)
    }
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
    // What a multiple of all that must divide is a multiple of, if it is one of `of`.
    let with_divisor = |of: &Decimal| {
        let (first, places) = (joined.first()?, of.fraction_len());
        let places = places.max(first.fraction_len());
        let both = lcm(first.scaled(places)?, of.scaled(places)?)?;
        Some(Decimal::from_scaled(both, places))
    };
    // For all of them or for none: what implies what has to be an order.
    let excluded_then: Option<Vec<Decimal>> = excluded.iter().map(with_divisor).collect();
    let excluded_then = excluded_then.unwrap_or_else(|| excluded.clone());
    rest.extend(joined.into_iter().map(|of| literal(of, true)));
    for (at, of) in excluded.iter().enumerate() {
        let then = &excluded_then[at];
        let implied = |&(other_at, other): &(usize, &Decimal)| {
            let same = is_multiple(&excluded_then[other_at], of);
            other_at != at && is_multiple(then, other) && (!same || other_at < at)
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
    let both = lcm(a.scaled(places)?, b.scaled(places)?)?;
    let fits = both.saturating_mul(places + 1) <= MAX_MODULUS;
    fits.then(|| Decimal::from_scaled(both, places))
}

fn lcm(a: u64, b: u64) -> Option<u64> {
    let (mut divisor, mut rest) = (a, b);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    (a / divisor).checked_mul(b)
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
