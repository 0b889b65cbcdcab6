//! All choices that a piece of code can make, one after the other.

use crate::random::Chance;

/// Stands for chance: makes the choices of a script, and remembers what else could have
/// been chosen.
pub(crate) struct Script {
    /// What is chosen at each point, and the weights there.
    points: Vec<(usize, Vec<f64>)>,
    at: usize,
}

impl Chance for Script {
    fn go_to(&mut self, _: u64, _: usize) {}

    fn uniform(&mut self) -> f64 {
        panic!("a continuous choice has too many outcomes")
    }

    fn pick(&mut self, weights: &[f64]) -> Option<usize> {
        let first = weights.iter().position(|&weight| weight > 0.0)?;
        if self.at == self.points.len() {
            self.points.push((first, weights.to_vec()));
        }
        let chosen = self.points[self.at].0;
        self.at += 1;
        Some(chosen)
    }
}

impl Script {
    fn p(&self) -> f64 {
        let p =
            |(chosen, weights): &(usize, Vec<f64>)| weights[*chosen] / weights.iter().sum::<f64>();
        self.points[..self.at].iter().map(p).product()
    }

    /// On to the next script; `false` after the last one.
    fn advance(&mut self) -> bool {
        self.points.truncate(self.at);
        self.at = 0;
        while let Some((chosen, weights)) = self.points.pop() {
            let next = (chosen + 1..weights.len()).find(|&next| weights[next] > 0.0);
            if let Some(next) = next {
                self.points.push((next, weights));
                return true;
            }
        }
        false
    }
}

/// What comes of all choices that `run` can make, with their probabilities.
pub(crate) fn outcomes<T>(mut run: impl FnMut(&mut Script) -> T) -> Vec<(f64, T)> {
    let mut script = Script {
        points: Vec::new(),
        at: 0,
    };
    let mut all = Vec::new();
    loop {
        let outcome = run(&mut script);
        all.push((script.p(), outcome));
        if !script.advance() {
            return all;
        }
    }
}

#[test]
fn all_choices_are_made() {
    let mut all = outcomes(|chance| {
        let first = chance.pick(&[0.5, 0.0, 0.5]).unwrap();
        (
            first,
            if first == 0 {
                chance.pick(&[1.0, 3.0])
            } else {
                None
            },
        )
    });
    all.sort_by_key(|outcome| outcome.1);
    let expected = [
        (0.125, (0, Some(0))),
        (0.375, (0, Some(1))),
        (0.5, (2, None)),
    ];
    assert_eq!(all, expected);
}
