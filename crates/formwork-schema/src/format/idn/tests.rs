//! The longest Punycode of a label, by dynamic programming over the deltas of RFC 3492.

use super::*;

/// The digits of a delta (section 3.3).
fn digits(mut delta: u64, bias: u64) -> u64 {
    for count in 1.. {
        let k = 36 * count;
        let t = if k <= bias { 1 } else { (k - bias).min(26) };
        if delta < t {
            return count;
        }
        delta = (delta - t) / (36 - t);
    }
    unreachable!()
}

/// The bias after a delta (section 3.4).
fn adapt(delta: u64, points: u64, first: bool) -> u64 {
    let mut delta = delta / if first { 700 } else { 2 };
    delta += delta / points;
    let mut k = 0;
    while delta > 455 {
        delta /= 35;
        k += 36;
    }
    k + 36 * delta / (delta + 38)
}

/// The smallest argument up to `max` for each value of a growing function.
fn steps(max: u64, value: impl Fn(u64) -> u64) -> Vec<u64> {
    let mut found = vec![0];
    let mut last = 0;
    while value(last) != value(max) {
        let (mut low, mut high) = (last, max);
        while high - low > 1 {
            let middle = low.midpoint(high);
            if value(middle) == value(last) {
                low = middle;
            } else {
                high = middle;
            }
        }
        last = high;
        found.push(last);
    }
    found
}

const BIASES: usize = 220;

/// The most digits for `others` characters beside `basic` ones in ASCII, where the others lie below
/// U+0080 + `span`. Code points only grow from one delta to the next, so all deltas together
/// cross `span` at most; what they cross is counted in units of `unit`, rounded down.
fn longest(others: u64, basic: u64, span: u64, unit: u64) -> u64 {
    let room = span.div_ceil(unit) as usize;
    // By bias and room: the most digits from here on.
    let mut rest = vec![vec![0; room + 1]; BIASES];
    for done in (0..others).rev() {
        let points = basic + done + 1;
        let max = (span + 1) * points - 1;
        let by_bias = steps(max, |delta| adapt(delta, points, done == 0));
        let mut now = vec![vec![0; room + 1]; BIASES];
        for bias in if done == 0 { 72..73 } else { 0..BIASES as u64 } {
            let mut deltas = steps(max, |delta| digits(delta, bias));
            deltas.extend(&by_bias);
            for delta in deltas {
                let cost = (delta / points / unit) as usize;
                let then = &rest[adapt(delta, points, done == 0) as usize];
                let count = digits(delta, bias);
                let row = now[bias as usize].iter_mut().skip(cost);
                for (best, after) in row.zip(then) {
                    *best = (*best).max(count + after);
                }
            }
        }
        rest = now;
    }
    rest[72][room]
}

#[test]
fn bounded_labels_fit() {
    for (max, span, unit) in [
        (MAX_NARROW, 0x800 - 0x80, 16),
        (MAX_WIDE, 0x4_0000 - 0x80, 0x2000),
    ] {
        for (length, fits) in [(max, MAX_LABEL), (max - 1, MAX_LABEL - 2)] {
            for others in 1..=u64::from(length) {
                let basic = u64::from(length) - others;
                let delimiter = u64::from(basic > 0);
                let octets = 4 + basic + delimiter + longest(others, basic, span, unit);
                assert!(octets <= u64::from(fits), "{others} and {basic}: {octets}");
            }
        }
    }
}
