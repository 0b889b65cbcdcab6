//! Scores.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::{DRAFTS, Kind};

/// The scores of all drafts, by name.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct SuiteReport {
    /// The scores.
    pub drafts: BTreeMap<&'static str, DraftScore>,
}

/// The scores of a draft.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct DraftScore {
    /// Required tests.
    pub core: Score,
    /// Tests in `optional`.
    pub optional: Score,
    /// Tests in `optional/format`.
    pub format: Score,
}

/// A score, counted in tests, that is, instances.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Score {
    /// Tests that were run.
    pub total: usize,
    /// Tests with the right verdict.
    pub pass: usize,
    /// Tests whose schema was refused.
    pub refused: usize,
    /// Tests with a valid instance that was rejected by a schema of which only
    /// a part is compiled.
    pub left_out: usize,
    /// Tests with the wrong verdict or none, or with another in another
    /// spelling.
    pub wrong: usize,
    /// Tests left out, not part of the total.
    pub skipped: usize,
    /// Other spellings of instances that were read.
    pub spellings: usize,
    /// Those of them with another verdict than the instance as it stands.
    pub disagree: usize,
    /// Why schemas were refused, by number of schemas.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub refusals: BTreeMap<String, usize>,
    /// The tests with the wrong verdict or none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wrong_tests: Vec<Wrong>,
}

/// A test with the wrong verdict or none.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Wrong {
    /// Name of the file.
    pub file: String,
    /// Description of the group of tests.
    pub group: String,
    /// Description of the test.
    pub test: String,
    /// What happened instead.
    pub got: String,
}

impl SuiteReport {
    pub(super) fn score_mut(&mut self, draft: &'static str, kind: Kind) -> &mut Score {
        let score = self.drafts.entry(draft).or_default();
        match kind {
            Kind::Core => &mut score.core,
            Kind::Optional => &mut score.optional,
            Kind::Format => &mut score.format,
        }
    }

    /// All scores with their draft and kind.
    pub fn scores(&self) -> impl Iterator<Item = (&'static str, &'static str, &Score)> {
        DRAFTS.iter().flat_map(|&(draft, _)| {
            let score = self.drafts.get(draft);
            score.into_iter().flat_map(move |score| {
                [
                    (draft, "core", &score.core),
                    (draft, "optional", &score.optional),
                    (draft, "format", &score.format),
                ]
            })
        })
    }

    /// Drops the lists of wrong tests, keeping their number.
    pub fn without_lists(mut self) -> SuiteReport {
        for score in self.drafts.values_mut() {
            for score in [&mut score.core, &mut score.optional, &mut score.format] {
                score.wrong_tests.clear();
            }
        }
        self
    }
}

impl fmt::Display for SuiteReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<12}  {:<8}  {:>5}  {:>5}  {:>7}  {:>8}  {:>5}  {:>7}",
            "draft", "tests", "total", "pass", "refused", "left out", "wrong", "skipped"
        )?;
        for (draft, kind, score) in self.scores() {
            writeln!(
                f,
                "{draft:<12}  {kind:<8}  {:>5}  {:>5}  {:>7}  {:>8}  {:>5}  {:>7}",
                score.total, score.pass, score.refused, score.left_out, score.wrong, score.skipped
            )?;
        }
        for (draft, score) in &self.drafts {
            let all = [&score.core, &score.optional, &score.format];
            let texts: usize = all.iter().map(|score| score.spellings).sum();
            let disagree: usize = all.iter().map(|score| score.disagree).sum();
            writeln!(
                f,
                "{draft:<12}  spellings: {texts} texts, {disagree} disagree"
            )?;
        }
        for (draft, kind, score) in self.scores() {
            for wrong in &score.wrong_tests {
                let Wrong {
                    file,
                    group,
                    test,
                    got,
                } = wrong;
                writeln!(f, "{draft} {kind} {file}: {group}: {test}: {got}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout() {
        let mut report = SuiteReport::default();
        let score = report.score_mut("draft7", Kind::Format);
        score.total = 2;
        score.wrong_tests.push(Wrong {
            file: "date.json".to_owned(),
            group: "dates".to_owned(),
            test: "31 February".to_owned(),
            got: "accepted".to_owned(),
        });
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["draft7"]["format"]["total"], 2);
        assert_eq!(json["draft7"]["core"]["pass"], 0);
        assert_eq!(
            json["draft7"]["format"]["wrong_tests"][0]["file"],
            "date.json"
        );
        assert!(
            report
                .to_string()
                .contains("draft7 format date.json: dates: 31 February")
        );
        let json = serde_json::to_value(report.without_lists()).unwrap();
        assert!(json["draft7"]["format"].get("wrong_tests").is_none());
    }
}
