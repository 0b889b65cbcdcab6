//! What a run came to.

use std::collections::BTreeMap;

use serde::Serialize;

use super::measure::{Measured, Outcome};
use crate::{Percentiles, rss};

/// The result of a run.
///
/// Refused, over, under, panicked, timed-out and failed schemas are none of the
/// passing ones; a schema can be both over and under.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Report {
    /// Files.
    pub schemas: usize,
    /// Whether disguised keywords were restored; see
    /// [`Options`](super::Options::restore_disguised).
    pub restored: bool,
    /// Schemas about which everything was right.
    pub passing: usize,
    /// Schemas that did not compile.
    pub refused: usize,
    /// Schemas of which only a part is compiled, passing or not.
    pub subset: usize,
    /// Schemas with a valid instance rejected.
    pub over: usize,
    /// Schemas with an invalid instance accepted.
    pub under: usize,
    /// Schemas on which the compiler or the engine panicked.
    pub panics: usize,
    /// Schemas that ran into the time limit.
    pub timeouts: usize,
    /// Schemas with an instance that exceeded a limit of the engine.
    pub engine_errors: usize,
    /// Masks that contradicted a push. Always 0, or the engine has a defect.
    pub disagreements: usize,
    /// Tokens read, and so masks timed.
    pub tokens: usize,
    /// Time of a mask and a push, in microseconds.
    pub tbm_us: Percentiles,
    /// Time from schema to matcher, in microseconds.
    pub ttfm_us: Percentiles,
    /// Peak resident memory of the process, where the system tells. The time
    /// samples are part of it, 4 bytes a token.
    pub peak_rss_mib: Option<f64>,
    /// Valid instances of the schemas that compiled.
    pub valid: Accepted,
    /// Invalid instances of the schemas that compiled.
    pub invalid: Rejected,
    /// Why schemas did not compile: the number of schemas by reason. A schema
    /// may have several.
    pub refusals: BTreeMap<String, usize>,
    /// The parts of the data set.
    pub splits: BTreeMap<String, Split>,
    /// Files with a valid instance rejected.
    pub over_files: Vec<String>,
    /// Files with an invalid instance accepted.
    pub under_files: Vec<String>,
    /// Files that panicked, with the message.
    pub panic_files: BTreeMap<String, String>,
    /// Files that ran into the time limit.
    pub timeout_files: Vec<String>,
    /// Files that exceeded a limit of the engine, with the message.
    pub engine_error_files: BTreeMap<String, String>,
    /// The files with the slowest tokens, if asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slowest: Vec<Slow>,
}

/// Counts of a part of the data set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, serde::Deserialize)]
pub struct Split {
    /// Files.
    pub schemas: usize,
    /// Schemas about which everything was right.
    pub passing: usize,
    /// Schemas that did not compile.
    pub refused: usize,
}

/// Valid instances.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Accepted {
    /// How many were accepted.
    pub accepted: usize,
    /// How many there are.
    pub total: usize,
}

/// Invalid instances.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Rejected {
    /// How many were rejected.
    pub rejected: usize,
    /// How many there are.
    pub total: usize,
}

/// A file and its slowest token.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Slow {
    /// The file.
    pub file: String,
    /// Time of its slowest mask and push, in microseconds.
    pub max_tbm_us: f32,
    /// Time from schema to matcher, in microseconds.
    pub ttfm_us: Option<f32>,
}

impl Report {
    /// Sums up the results of files, given with their name and split.
    pub(crate) fn of(files: Vec<(String, String, Measured)>, slowest: usize) -> Report {
        let peak_rss_mib = rss::peak_mib(); // before the samples are copied
        let mut report = Report {
            peak_rss_mib,
            ..Report::default()
        };
        let mut tbm = Vec::new();
        let mut ttfm = Vec::new();
        for (name, split, measured) in files {
            tbm.extend_from_slice(&measured.tbm_us);
            ttfm.extend(measured.ttfm_us);
            if slowest > 0 {
                report.slowest.extend(slow(&name, &measured));
            }
            report.add(name, split, measured);
        }
        report.tokens = tbm.len();
        report.tbm_us = Percentiles::of(&mut tbm);
        report.ttfm_us = Percentiles::of(&mut ttfm);
        report
            .slowest
            .sort_by(|a, b| b.max_tbm_us.total_cmp(&a.max_tbm_us));
        report.slowest.truncate(slowest);
        report
    }

    fn add(&mut self, name: String, split: String, measured: Measured) {
        let passing = usize::from(measured.is_passing());
        let refused = usize::from(matches!(measured.outcome, Outcome::Refused(_)));
        self.schemas += 1;
        self.passing += passing;
        self.refused += refused;
        self.subset += usize::from(measured.subset);
        let split = self.splits.entry(split).or_default();
        split.schemas += 1;
        split.passing += passing;
        split.refused += refused;

        self.disagreements += measured.disagreements;
        self.valid.accepted += measured.valid_accepted;
        self.valid.total += measured.valid_total;
        self.invalid.rejected += measured.invalid_rejected;
        self.invalid.total += measured.invalid_total;
        if measured.is_over() {
            self.over += 1;
            self.over_files.push(name.clone());
        }
        if measured.is_under() {
            self.under += 1;
            self.under_files.push(name.clone());
        }
        match measured.outcome {
            Outcome::Ran => {}
            Outcome::Refused(reasons) => {
                for reason in reasons {
                    *self.refusals.entry(reason).or_default() += 1;
                }
            }
            Outcome::Failed(message) => {
                self.engine_errors += 1;
                self.engine_error_files.insert(name, message);
            }
            Outcome::Panicked(message) => {
                self.panics += 1;
                self.panic_files.insert(name, message);
            }
            Outcome::TimedOut => {
                self.timeouts += 1;
                self.timeout_files.push(name);
            }
        }
    }
}

fn slow(name: &str, measured: &Measured) -> Option<Slow> {
    let max = measured.tbm_us.iter().copied().max_by(f32::total_cmp)?;
    Some(Slow {
        file: name.to_owned(),
        max_tbm_us: max,
        ttfm_us: measured.ttfm_us,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn file(name: &str, measured: Measured) -> (String, String, Measured) {
        (name.to_owned(), "s".to_owned(), measured)
    }

    fn ran(valid: [usize; 2], invalid: [usize; 2], tbm_us: &[f32]) -> Measured {
        Measured {
            ttfm_us: Some(100.0),
            tbm_us: tbm_us.to_vec(),
            valid_accepted: valid[0],
            valid_total: valid[1],
            invalid_rejected: invalid[0],
            invalid_total: invalid[1],
            ..Measured::only(Outcome::Ran)
        }
    }

    #[test]
    fn counts() {
        let reasons = BTreeSet::from(["pattern: x".to_owned()]);
        let files = vec![
            file("a", ran([2, 2], [1, 1], &[1.0, 3.0])),
            file("b", ran([1, 2], [0, 1], &[2.0])),
            file("c", ran([0, 0], [0, 0], &[])),
            file("d", Measured::only(Outcome::Refused(reasons))),
            file("e", Measured::only(Outcome::TimedOut)),
            file("f", Measured::only(Outcome::Panicked("boom".to_owned()))),
            file("g", Measured::only(Outcome::Failed("full".to_owned()))),
        ];
        let report = Report::of(files, 1);
        assert_eq!((report.schemas, report.passing, report.refused), (7, 2, 1));
        assert_eq!((report.over, report.under), (1, 1));
        assert_eq!(report.over_files, ["b"]);
        assert_eq!(
            (report.panics, report.timeouts, report.engine_errors),
            (1, 1, 1)
        );
        assert_eq!(
            (report.tokens, report.tbm_us.p50, report.tbm_us.max),
            (3, 2.0, 3.0)
        );
        assert_eq!(
            report.valid,
            Accepted {
                accepted: 3,
                total: 4
            }
        );
        assert_eq!(
            report.invalid,
            Rejected {
                rejected: 1,
                total: 2
            }
        );
        assert_eq!(report.refusals["pattern: x"], 1);
        assert_eq!(report.splits["s"].passing, 2);
        assert_eq!(report.slowest.len(), 1);
        assert_eq!(report.slowest[0].file, "a");
    }

    #[test]
    fn contradictions_do_not_pass() {
        let mut measured = ran([1, 1], [1, 1], &[]);
        assert!(measured.is_passing());
        measured.disagreements = 1;
        assert!(!measured.is_passing());
    }

    #[test]
    fn keys_are_stable() {
        let json = serde_json::to_value(Report::default()).unwrap();
        for key in [
            "schemas",
            "restored",
            "passing",
            "refused",
            "subset",
            "over",
            "under",
            "panics",
            "timeouts",
            "tokens",
            "tbm_us",
            "ttfm_us",
            "peak_rss_mib",
            "refusals",
            "disagreements",
            "splits",
            "over_files",
            "under_files",
            "valid",
            "invalid",
        ] {
            assert!(json.get(key).is_some(), "{key}");
        }
        for key in ["mean", "p50", "p90", "p99", "p999", "max"] {
            assert!(json["tbm_us"].get(key).is_some(), "{key}");
        }
    }
}
