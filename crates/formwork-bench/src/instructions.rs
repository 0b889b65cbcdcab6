//! Counts of instructions, held against recorded ones.
//!
//! On a machine that others share, times tell little about a change of a few
//! percent. The number of instructions that a compiled program executes is nearly
//! the same in every run: within one part in a thousand, from what the environment
//! does to addresses. The example `instructions` counts them under callgrind; here
//! is what reads its dumps, and the table of what is expected.
//!
//! # Limitations
//!
//! Counts know nothing of caches and of mispredicted branches. They differ by
//! toolchain, C library and architecture, so a table belongs to those it names.

mod callgrind;

use std::fmt;

pub use callgrind::dumps;

/// What is counted of a schema.
pub const COLUMNS: [&str; 3] = ["compile", "first", "second"];

/// By how much a count of one schema may rise.
pub const TOLERANCE: f64 = 0.05;
/// By how much the sum over all schemas may rise.
pub const TOLERANCE_OF_SUMS: f64 = 0.02;

/// Counts by [column](COLUMNS).
pub type Counts = [u64; 3];

/// Schemas by name in the order in which they are run, with counts if there are
/// any.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Table {
    /// What the counts belong to: the lines of comment above them.
    pub notes: Vec<String>,
    /// The schemas.
    pub rows: Vec<(String, Option<Counts>)>,
}

/// A count that is not what was expected.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// The schema and the column.
    pub what: String,
    /// What was recorded, if anything.
    pub expected: Option<u64>,
    /// What was counted.
    pub counted: u64,
    /// Whether it is more than may be.
    pub is_worse: bool,
}

impl Table {
    /// Reads lines of a name with no counts or all; `#` begins a line of comment.
    ///
    /// # Errors
    ///
    /// With the first line that is none of these.
    pub fn parse(text: &str) -> Result<Table, String> {
        let mut table = Table::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Some(note) = line.strip_prefix('#') {
                table.notes.push(note.trim().to_owned());
                continue;
            }
            let mut words = line.split_whitespace();
            let name = words.next().unwrap_or_default().to_owned();
            let counts: Result<Vec<u64>, _> = words.map(str::parse).collect();
            let counts = match counts {
                Ok(counts) if counts.is_empty() => None,
                Ok(counts) => Some(Counts::try_from(counts).map_err(|_| line.to_owned())?),
                Err(_) => return Err(line.to_owned()),
            };
            table.rows.push((name, counts));
        }
        Ok(table)
    }

    /// The same schemas with counts of a run.
    pub fn with(&self, counts: &[Counts]) -> Table {
        let names = self.rows.iter().map(|(name, _)| name.clone());
        let counts = counts.iter().copied().map(Some);
        Table {
            notes: self.notes.clone(),
            rows: names.zip(counts).collect(),
        }
    }

    /// What is not as recorded here in a run of the same schemas: counts that rose
    /// or fell by more than they may, the sums first.
    pub fn changes(&self, run: &Table) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut sums = [[0; 2]; COLUMNS.len()];
        let mut rows = Vec::new();
        for ((name, expected), (_, counted)) in self.rows.iter().zip(&run.rows) {
            let Some(counted) = counted else { continue };
            for (column, &counted) in counted.iter().enumerate() {
                let expected = expected.map(|expected| expected[column]);
                if let Some(expected) = expected {
                    sums[column][0] += expected;
                    sums[column][1] += counted;
                }
                let what = format!("{name} {}", COLUMNS[column]);
                rows.extend(change(what, expected, counted, TOLERANCE));
            }
        }
        for (column, [expected, counted]) in COLUMNS.iter().zip(sums) {
            let what = format!("all {column}");
            changes.extend(change(what, Some(expected), counted, TOLERANCE_OF_SUMS));
        }
        changes.extend(rows);
        changes
    }
}

fn change(what: String, expected: Option<u64>, counted: u64, tolerance: f64) -> Option<Change> {
    let allowed = expected.map(|expected| expected as f64 * tolerance);
    let rise = expected.map_or(0.0, |expected| counted as f64 - expected as f64);
    let is_within = allowed.is_some_and(|allowed| rise.abs() <= allowed);
    (!is_within).then_some(Change {
        what,
        expected,
        counted,
        is_worse: rise > 0.0,
    })
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for note in &self.notes {
            writeln!(f, "{}", format!("# {note}").trim_end())?;
        }
        let names = self.rows.iter().map(|(name, _)| name.len());
        let width = names.max().unwrap_or_default();
        for (name, counts) in &self.rows {
            match counts {
                Some([compile, first, second]) => {
                    writeln!(f, "{name:width$} {compile:>11} {first:>11} {second:>11}")?;
                }
                None => writeln!(f, "{name}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Change { what, counted, .. } = self;
        match self.expected {
            None => write!(f, "new     {what}: {counted}, nothing recorded"),
            Some(expected) => {
                let kind = if self.is_worse { "worse " } else { "better" };
                let percent = 100.0 * (*counted as f64 / expected.max(1) as f64 - 1.0);
                write!(
                    f,
                    "{kind}  {what}: {expected} to {counted}, {percent:+.1} %"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# of some toolchain\na 100 200 300\nlonger 1000 2000 3000\n";

    fn shown(changes: &[Change]) -> Vec<String> {
        changes.iter().map(Change::to_string).collect()
    }

    #[test]
    fn tables_are_read_as_they_are_written() {
        let table = Table::parse(TEXT).unwrap();
        assert_eq!(table.notes, ["of some toolchain"]);
        assert_eq!(table.rows[1].1, Some([1000, 2000, 3000]));
        let again = Table::parse(&table.to_string()).unwrap();
        assert_eq!(again, table);
        let names = Table::parse("a\nb\n").unwrap();
        assert_eq!(names.to_string(), "a\nb\n");
        let run = names.with(&[[1, 2, 3], [4, 5, 6]]);
        assert_eq!(run.rows[1], ("b".to_owned(), Some([4, 5, 6])));
        for bad in ["a 1", "a 1 2 3 4", "a 1 2 x", "a -1 2 3"] {
            assert_eq!(Table::parse(bad), Err(bad.to_owned()));
        }
    }

    #[test]
    fn small_changes_pass() {
        let table = Table::parse(TEXT).unwrap();
        assert_eq!(table.changes(&table), []);
        let run = table.with(&[[105, 190, 300], [1000, 2000, 3000]]);
        assert_eq!(table.changes(&run), []);
    }

    #[test]
    fn large_changes_are_told() {
        let table = Table::parse(TEXT).unwrap();
        let run = table.with(&[[106, 100, 300], [1000, 2000, 3100]]);
        let changes = table.changes(&run);
        assert_eq!(
            shown(&changes),
            [
                "better  all first: 2200 to 2100, -4.5 %",
                "worse   all second: 3300 to 3400, +3.0 %",
                "worse   a compile: 100 to 106, +6.0 %",
                "better  a first: 200 to 100, -50.0 %",
            ]
        );
        let worse: Vec<bool> = changes.iter().map(|change| change.is_worse).collect();
        assert_eq!(worse, [false, true, true, false]);
    }

    #[test]
    fn what_was_never_counted_is_told() {
        let table = Table::parse("a\n").unwrap();
        let changes = table.changes(&table.with(&[[1, 2, 3]]));
        assert_eq!(changes.len(), 3);
        assert!(changes.iter().all(|change| !change.is_worse));
        assert_eq!(shown(&changes)[0], "new     a compile: 1, nothing recorded");
    }
}
