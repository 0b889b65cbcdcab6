//! How samples are distributed, thinned for drawing.

/// The cumulative distribution of times: a few hundred of its steps, among them
/// those at the least and the greatest sample.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Curve {
    /// How many samples there are.
    pub samples: usize,
    /// Ascending in both coordinates; the last has all samples.
    pub points: Vec<Point>,
}

/// A step of a [`Curve`].
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Point {
    /// A sample, in microseconds.
    pub value: f32,
    /// How many samples are at most that.
    pub count: usize,
}

/// The logarithms of all values are cut into so many stretches, of each of which
/// the last step is kept. A chart is not much wider in pixels.
const STRETCHES: usize = 400;

/// What clocks cannot tell from nothing, in microseconds.
const LEAST: f32 = 0.001;

impl Curve {
    /// The curve of samples in ascending order.
    pub(crate) fn of(sorted: &[f32]) -> Curve {
        let [first, .., last] = *sorted else {
            let point = |&value: &f32| Point { value, count: 1 };
            return Curve {
                samples: sorted.len(),
                points: sorted.iter().map(point).collect(),
            };
        };
        let log = |value: f32| f64::from(value.max(LEAST)).ln();
        let scale = STRETCHES as f64 / (log(last) - log(first)).max(f64::MIN_POSITIVE);
        let stretch = |value: f32| ((log(value) - log(first)) * scale) as usize;

        let mut points = vec![Point {
            value: first,
            count: sorted.partition_point(|&value| value <= first),
        }];
        for (at, &value) in sorted.iter().enumerate() {
            let next = sorted.get(at + 1);
            if next.is_none_or(|&next| stretch(next) != stretch(value)) && value > first {
                let count = at + 1;
                points.push(Point { value, count });
            }
        }
        Curve {
            samples: sorted.len(),
            points,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(sorted: &[f32]) -> Vec<(f32, usize)> {
        let curve = Curve::of(sorted);
        assert_eq!(curve.samples, sorted.len());
        curve.points.iter().map(|p| (p.value, p.count)).collect()
    }

    #[test]
    fn few_samples_are_all_there() {
        assert_eq!(points(&[]), []);
        assert_eq!(points(&[2.0]), [(2.0, 1)]);
        assert_eq!(points(&[2.0, 2.0]), [(2.0, 2)]);
        assert_eq!(
            points(&[1.0, 1.0, 5.0, 9.0, 9.0]),
            [(1.0, 2), (5.0, 3), (9.0, 5)]
        );
        assert_eq!(points(&[0.0, 0.0, 3.0]), [(0.0, 2), (3.0, 3)]);
    }

    #[test]
    fn thinning_keeps_the_ends_and_every_count() {
        let sorted: Vec<f32> = (0..200_000).map(|n| 0.5 + n as f32 * 0.01).collect();
        let curve = Curve::of(&sorted);
        let ends = [curve.points[0], *curve.points.last().unwrap()];
        let expected = [(0.5, 1), (*sorted.last().unwrap(), sorted.len())];
        assert_eq!(ends.map(|p| (p.value, p.count)), expected);
        assert!((200..=STRETCHES + 2).contains(&curve.points.len()));
        assert!(
            curve
                .points
                .is_sorted_by(|a, b| a.value < b.value && a.count < b.count)
        );
        for point in &curve.points {
            let count = sorted.partition_point(|&value| value <= point.value);
            assert_eq!(point.count, count);
        }
        // No step in between is wider than a stretch.
        let widest = (sorted[sorted.len() - 1] / sorted[0]).ln() / STRETCHES as f32;
        for pair in curve.points.windows(2) {
            assert!((pair[1].value / pair[0].value).ln() < 2.0 * widest);
        }
    }
}
