//! What a run came to.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Options;
use super::curve::Curve;
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
    /// The same when the grammar reads all instances once more, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tbm_again_us: Option<Percentiles>,
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
    /// What only the [`Page`](super::Page) shows.
    #[serde(skip)]
    pub details: Details,
}

/// What a page shows and an object does not.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Details {
    /// How the times between masks are distributed.
    pub tbm: Curve,
    /// The same of the second request.
    pub tbm_again: Curve,
    /// How the times to first mask are distributed.
    pub ttfm: Curve,
    /// The files with the slowest tokens, at most [`Details::SLOWEST`].
    pub slowest_tokens: Vec<Slow>,
    /// The files whose schemas took longest to compile, at most as many.
    pub slowest_schemas: Vec<Slow>,
}

impl Details {
    /// How many of the slowest are kept.
    pub const SLOWEST: usize = 20;
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

/// A file and its times, in microseconds.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Slow {
    /// The file.
    pub file: String,
    /// The part of the data set that it belongs to.
    pub split: String,
    /// Of its slowest mask and push, if any token was read.
    pub max_tbm_us: Option<f32>,
    /// Of a mask and a push, the median.
    pub p50_tbm_us: Option<f32>,
    /// Of its slowest mask and push in the second request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_again_us: Option<f32>,
    /// From schema to matcher.
    pub ttfm_us: Option<f32>,
}

impl Report {
    /// Sums up the results of files, given with their name and split.
    pub(crate) fn of(files: Vec<(String, String, Measured)>, options: &Options) -> Report {
        let peak_rss_mib = rss::peak_mib(); // before the samples are copied
        let mut report = Report {
            restored: options.restore_disguised,
            peak_rss_mib,
            ..Report::default()
        };
        let (mut tbm, mut again, mut ttfm) = (Vec::new(), Vec::new(), Vec::new());
        let mut times = Vec::with_capacity(files.len());
        for (name, split, measured) in files {
            tbm.extend_from_slice(&measured.tbm_us);
            again.extend_from_slice(&measured.again_us);
            ttfm.extend(measured.ttfm_us);
            times.push(Slow::of(&name, &split, &measured));
            report.add(name, split, measured);
        }
        report.tokens = tbm.len();
        report.tbm_us = Percentiles::of(&mut tbm);
        report.tbm_again_us = options.again.then(|| Percentiles::of(&mut again));
        report.ttfm_us = Percentiles::of(&mut ttfm);
        report.slowest = slowest(&times, options.slowest, |slow| slow.max_tbm_us);
        report.details = Details {
            tbm: Curve::of(&tbm),
            tbm_again: Curve::of(&again),
            ttfm: Curve::of(&ttfm),
            slowest_tokens: slowest(&times, Details::SLOWEST, |slow| slow.max_tbm_us),
            slowest_schemas: slowest(&times, Details::SLOWEST, |slow| slow.ttfm_us),
        };
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

impl Slow {
    fn of(file: &str, split: &str, measured: &Measured) -> Slow {
        let max = |times: &[f32]| times.iter().copied().max_by(f32::total_cmp);
        let mut sorted = measured.tbm_us.clone();
        sorted.sort_unstable_by(f32::total_cmp);
        Slow {
            file: file.to_owned(),
            split: split.to_owned(),
            max_tbm_us: sorted.last().copied(),
            p50_tbm_us: sorted.get(sorted.len().saturating_sub(1) / 2).copied(),
            max_again_us: max(&measured.again_us),
            ttfm_us: measured.ttfm_us,
        }
    }
}

/// The first `count` of those that have a time, the longest time first; equal
/// ones by name.
fn slowest(times: &[Slow], count: usize, time: impl Fn(&Slow) -> Option<f32>) -> Vec<Slow> {
    let mut found: Vec<(f32, &Slow)> = times
        .iter()
        .filter_map(|slow| Some((time(slow)?, slow)))
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.file.cmp(&b.1.file)));
    let found = found.into_iter().take(count);
    found.map(|(_, slow)| slow.clone()).collect()
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
        let options = Options {
            slowest: 1,
            ..Options::default()
        };
        let report = Report::of(files, &options);
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
        let slow = &report.slowest[0];
        assert_eq!((slow.file.as_str(), slow.p50_tbm_us), ("a", Some(1.0)));
        assert_eq!(report.tbm_again_us, None);
        let files =
            |slow: &[Slow]| -> Vec<String> { slow.iter().map(|s| s.file.clone()).collect() };
        assert_eq!(files(&report.details.slowest_tokens), ["a", "b"]);
        assert_eq!(files(&report.details.slowest_schemas), ["a", "b", "c"]);
    }

    #[test]
    fn second_requests_are_told_apart() {
        let mut measured = ran([1, 1], [0, 0], &[3.0, 5.0]);
        measured.again_us = vec![1.0, 2.0];
        let options = Options {
            again: true,
            ..Options::default()
        };
        let report = Report::of(vec![file("a", measured)], &options);
        assert_eq!((report.tokens, report.tbm_us.max), (2, 5.0));
        assert_eq!(report.tbm_again_us.map(|again| again.max), Some(2.0));
        assert_eq!(report.details.slowest_tokens[0].max_again_us, Some(2.0));
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
