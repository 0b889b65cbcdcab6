//! What an earlier run came to, to hold a new one against.
//!
//! A golden result has counts but no times, since those belong to a machine. A
//! new result is worse if fewer schemas of a split pass, or more are wrong:
//! passing may only rise, everything else may only fall.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::BenchError;
use crate::maskbench::{Report, Split};

/// The counts of a run.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Golden {
    /// Files.
    pub schemas: usize,
    /// Whether disguised keywords were restored, which makes other data of a
    /// data set.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restored: bool,
    /// Schemas about which everything was right.
    pub passing: usize,
    /// Schemas that did not compile.
    pub refused: usize,
    /// Schemas with a valid instance rejected.
    pub over: usize,
    /// Schemas with an invalid instance accepted.
    pub under: usize,
    /// Schemas that panicked.
    pub panics: usize,
    /// Schemas that ran into the time limit.
    pub timeouts: usize,
    /// Schemas with an instance that exceeded a limit of the engine.
    pub engine_errors: usize,
    /// Masks that contradicted a push.
    pub disagreements: usize,
    /// The parts of the data set.
    pub splits: BTreeMap<String, Split>,
}

/// One way in which a run is worse than a golden one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Regression {
    /// What was counted.
    pub what: String,
    /// The golden count.
    pub golden: usize,
    /// The new count.
    pub new: usize,
}

impl Golden {
    /// The counts of a report.
    pub fn of(report: &Report) -> Golden {
        Golden {
            schemas: report.schemas,
            restored: report.restored,
            passing: report.passing,
            refused: report.refused,
            over: report.over,
            under: report.under,
            panics: report.panics,
            timeouts: report.timeouts,
            engine_errors: report.engine_errors,
            disagreements: report.disagreements,
            splits: report.splits.clone(),
        }
    }

    /// Reads a golden result.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is no golden result.
    pub fn read(path: &Path) -> Result<Golden, BenchError> {
        let text = std::fs::read_to_string(path).map_err(BenchError::io(path))?;
        serde_json::from_str(&text).map_err(|error| BenchError::layout(path, error))
    }

    /// Writes a golden result.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), BenchError> {
        let mut text =
            serde_json::to_string_pretty(self).map_err(|error| BenchError::layout(path, error))?;
        text.push('\n');
        std::fs::write(path, text).map_err(BenchError::io(path))
    }

    /// How `new` is worse than this; nothing if it is not. Results of different
    /// data always are.
    pub fn regressions(&self, new: &Golden) -> Vec<Regression> {
        let mut found = Vec::new();
        let mut check = |bad: bool, what: String, golden: usize, new: usize| {
            if bad {
                found.push(Regression { what, golden, new });
            }
        };
        for name in new.splits.keys().chain(self.splits.keys()) {
            let old = self.splits.get(name).copied().unwrap_or_default();
            let now = new.splits.get(name).copied().unwrap_or_default();
            if !self.splits.contains_key(name) || now.schemas != old.schemas {
                check(true, format!("schemas in {name}"), old.schemas, now.schemas);
            } else if new.splits.contains_key(name) {
                let worse = now.passing < old.passing;
                check(
                    worse,
                    format!("passing in {name}"),
                    old.passing,
                    now.passing,
                );
            }
        }
        let (old, now) = (self.restored.into(), new.restored.into());
        check(old != now, "restored".to_owned(), old, now);
        for (what, old, now) in [
            ("over", self.over, new.over),
            ("under", self.under, new.under),
            ("panics", self.panics, new.panics),
            ("timeouts", self.timeouts, new.timeouts),
            ("engine errors", self.engine_errors, new.engine_errors),
            ("disagreements", self.disagreements, new.disagreements),
        ] {
            check(now > old, what.to_owned(), old, now);
        }
        found.sort_by(|a, b| a.what.cmp(&b.what));
        found.dedup();
        found
    }
}

impl fmt::Display for Regression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: was {}, is {}", self.what, self.golden, self.new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden(passing: [usize; 2], over: usize) -> Golden {
        let split = |passing| Split {
            schemas: 10,
            passing,
            refused: 10 - passing,
        };
        Golden {
            schemas: 20,
            passing: passing[0] + passing[1],
            over,
            splits: BTreeMap::from([
                ("a".to_owned(), split(passing[0])),
                ("b".to_owned(), split(passing[1])),
            ]),
            ..Golden::default()
        }
    }

    fn check(old: &Golden, new: &Golden, expected: &[&str]) {
        let found: Vec<_> = old
            .regressions(new)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn better_is_fine() {
        check(&golden([5, 5], 1), &golden([5, 5], 1), &[]);
        check(&golden([5, 5], 1), &golden([6, 9], 0), &[]);
    }

    #[test]
    fn every_split_counts() {
        let expected = ["over: was 0, is 1", "passing in a: was 5, is 4"];
        check(&golden([5, 5], 0), &golden([4, 9], 1), &expected);
    }

    #[test]
    fn other_data_is_no_comparison() {
        let mut new = golden([5, 5], 0);
        new.splits.remove("a");
        check(&golden([5, 5], 0), &new, &["schemas in a: was 10, is 0"]);
        check(&new, &golden([5, 5], 0), &["schemas in a: was 0, is 10"]);
        let mut new = golden([5, 5], 0);
        new.restored = true;
        check(&golden([5, 5], 0), &new, &["restored: was 0, is 1"]);
    }

    #[test]
    fn files() {
        let path = std::env::temp_dir().join(format!("formwork-golden-{}", std::process::id()));
        let before = golden([1, 2], 3);
        before.write(&path).unwrap();
        assert_eq!(Golden::read(&path).unwrap(), before);
        std::fs::remove_file(&path).unwrap();
        assert!(Golden::read(&path).is_err());
    }
}
