//! How texts come near to the model's distribution, one after the other.

use formwork::Vocab;
use formwork_sample::{Certificate, Sample, Tally};

use crate::plot::{Curve, Diagram};

/// What is known after each text.
#[derive(Default)]
pub(super) struct Curves {
    bounds: Vec<f64>,
    attempts: Vec<u64>,
    rows: Vec<u64>,
}

impl Curves {
    pub(super) fn add(&mut self, sample: &Sample, certificate: Certificate) {
        self.bounds.push(certificate.kl);
        self.attempts.push(sample.attempts);
        self.rows.push(sample.model_rows);
    }

    /// The divergence of what came so far, its floor, and what is certified of what comes
    /// next; attempts and rows of the model per text, over the last ten.
    pub(super) fn diagrams(
        &self,
        method: &str,
        samples: &[Sample],
        log_p_grammar: f64,
        vocab: &Vocab,
    ) -> [Diagram; 2] {
        let mut tally = Tally::default();
        let (mut kl, mut floor) = (Vec::new(), Vec::new());
        for sample in samples {
            tally.add(sample, vocab);
            kl.push(Some(tally.kl(log_p_grammar)));
            floor.push(Some(tally.floor()));
        }
        let bounds = self.bounds.iter().map(|&bound| Some(bound)).collect();
        let curve = |name, color, values| Curve {
            name,
            color,
            values,
        };
        [
            Diagram {
                title: format!("{method}: distance from the model's distribution"),
                unit: "nats",
                curves: vec![
                    curve("KL of what came", "#06c", kl),
                    curve("its floor for exact samples", "#999", floor),
                    curve("certified bound of what is proposed", "#c60", bounds),
                ],
            },
            Diagram {
                title: format!("{method}: what a text costs"),
                unit: "mean of the last ten",
                curves: vec![
                    curve("attempts", "#06c", recent(&self.attempts)),
                    curve("rows of the model", "#c60", recent(&self.rows)),
                ],
            },
        ]
    }
}

fn recent(counts: &[u64]) -> Vec<Option<f64>> {
    let mean = |end: usize| {
        let last = counts.get(end.saturating_sub(10)..end).unwrap_or_default();
        Some(last.iter().sum::<u64>() as f64 / last.len().max(1) as f64)
    };
    (1..=counts.len()).map(mean).collect()
}
