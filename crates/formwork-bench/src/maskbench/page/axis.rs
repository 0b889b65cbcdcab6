//! Logarithmic axes.

/// An axis over whole decades.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Decades {
    /// Powers of ten.
    first: i32,
    last: i32,
}

/// A mark of an axis.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Tick {
    pub(super) value: f64,
    /// Whether it is a power of ten.
    pub(super) is_major: bool,
}

impl Decades {
    /// The fewest decades around two positive values, at least one.
    pub(super) fn around(least: f64, greatest: f64) -> Decades {
        let (first, last) = (power_below(least), power_above(greatest));
        let last = last.max(first + 1);
        Decades { first, last }
    }

    /// Where a value lies: 0 at the beginning, 1 at the end, never outside.
    pub(super) fn place(&self, value: f64) -> f64 {
        let decades = f64::from(self.last - self.first);
        let place = (value.log10() - f64::from(self.first)) / decades;
        place.clamp(0.0, 1.0) // 0 has no logarithm
    }

    /// Powers of ten, and between them their multiples.
    pub(super) fn ticks(&self) -> Vec<Tick> {
        let mut ticks = Vec::new();
        for power in self.first..=self.last {
            let factors = if power == self.last { 1..=1 } else { 1..=9 };
            ticks.extend(factors.map(|factor| Tick {
                value: f64::from(factor) * 10f64.powi(power),
                is_major: factor == 1,
            }));
        }
        ticks
    }
}

fn power_below(value: f64) -> i32 {
    // Powers of ten are not exact below 1, and a logarithm may be off by as much.
    (value.log10() + 1e-9).floor() as i32
}

fn power_above(value: f64) -> i32 {
    (value.log10() - 1e-9).ceil() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn powers(least: f64, greatest: f64) -> (i32, i32) {
        let axis = Decades::around(least, greatest);
        (axis.first, axis.last)
    }

    #[test]
    fn decades_hold_what_they_are_around() {
        assert_eq!(powers(0.3, 43_000.0), (-1, 5));
        assert_eq!(powers(1.0, 100.0), (0, 2));
        assert_eq!(powers(0.001, 1.0), (-3, 0));
        assert_eq!(powers(7.0, 7.0), (0, 1));
        assert_eq!(powers(10.0, 10.0), (1, 2));
    }

    #[test]
    fn ticks_are_powers_and_their_multiples() {
        let ticks = Decades::around(1.0, 100.0).ticks();
        assert_eq!(ticks.len(), 19);
        let major: Vec<f64> = ticks
            .iter()
            .filter(|t| t.is_major)
            .map(|t| t.value)
            .collect();
        assert_eq!(major, [1.0, 10.0, 100.0]);
        assert!(ticks.is_sorted_by(|a, b| a.value < b.value));
        assert_eq!((ticks[8].value, ticks[9].value), (9.0, 10.0));
    }

    #[test]
    fn places() {
        let axis = Decades::around(0.1, 10.0);
        assert_eq!(
            [0.1, 1.0, 10.0].map(|value| axis.place(value)),
            [0.0, 0.5, 1.0]
        );
        assert_eq!(
            [0.0, 1e-9, 1e9].map(|value| axis.place(value)),
            [0.0, 0.0, 1.0]
        );
    }
}
