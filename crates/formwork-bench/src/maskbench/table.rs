//! The report as a table for people.

use std::fmt;

use super::report::Report;
use crate::Percentiles;

/// Most refusal reasons and files that are listed.
const MAX_LISTED: usize = 20;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_splits(f)?;
        self.fmt_verdicts(f)?;
        self.fmt_times(f)?;
        self.fmt_refusals(f)?;
        for slow in &self.slowest {
            let max = slow.max_tbm_us.unwrap_or_default();
            writeln!(f, "slow   {max:>12.1} us  {}", slow.file)?;
        }
        fmt_files(f, "over", self.over_files.iter())?;
        fmt_files(f, "under", self.under_files.iter())?;
        fmt_files(f, "timeout", self.timeout_files.iter())?;
        let with_message = |(file, message)| format!("{file}: {message}");
        fmt_files(f, "panic", self.panic_files.iter().map(with_message))?;
        fmt_files(
            f,
            "engine",
            self.engine_error_files.iter().map(with_message),
        )
    }
}

impl Report {
    fn fmt_splits(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .splits
            .keys()
            .map(String::len)
            .max()
            .unwrap_or(0)
            .max(5);
        writeln!(f, "{:width$}  schemas  passing  refused", "split")?;
        for (name, split) in &self.splits {
            let (schemas, passing, refused) = (split.schemas, split.passing, split.refused);
            writeln!(f, "{name:width$}  {schemas:>7}  {passing:>7}  {refused:>7}")?;
        }
        let (schemas, passing, refused) = (self.schemas, self.passing, self.refused);
        writeln!(
            f,
            "{:width$}  {schemas:>7}  {passing:>7}  {refused:>7}\n",
            "all"
        )
    }

    fn fmt_verdicts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "over {}, under {}, panics {}, timeouts {}, engine errors {}, disagreements {}",
            self.over,
            self.under,
            self.panics,
            self.timeouts,
            self.engine_errors,
            self.disagreements
        )?;
        writeln!(f, "subset {}", self.subset)?;
        writeln!(
            f,
            "valid instances accepted {} of {}, invalid rejected {} of {}\n",
            self.valid.accepted, self.valid.total, self.invalid.rejected, self.invalid.total
        )
    }

    fn fmt_times(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "us    {:>10} {:>10} {:>10} {:>10} {:>10} {:>12}",
            "mean", "p50", "p90", "p99", "p99.9", "max"
        )?;
        fmt_percentiles(f, "TBM", &self.tbm_us)?;
        if let Some(again) = &self.tbm_again_us {
            fmt_percentiles(f, "again", again)?; // TBM of the second request
        }
        fmt_percentiles(f, "TTFM", &self.ttfm_us)?;
        write!(f, "{} tokens", self.tokens)?;
        if let Some(peak) = self.peak_rss_mib {
            write!(f, ", peak memory {peak:.0} MiB")?;
        }
        writeln!(f, "\n")
    }

    fn fmt_refusals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut refusals: Vec<_> = self.refusals.iter().collect();
        refusals.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        for (reason, count) in refusals.iter().take(MAX_LISTED) {
            writeln!(f, "refused {count:>6}  {reason}")?;
        }
        fmt_rest(f, "reasons", refusals.len())
    }
}

fn fmt_percentiles(f: &mut fmt::Formatter<'_>, name: &str, p: &Percentiles) -> fmt::Result {
    writeln!(
        f,
        "{name:<5} {:>10.2} {:>10.2} {:>10.2} {:>10.2} {:>10.2} {:>12.2}",
        p.mean, p.p50, p.p90, p.p99, p.p999, p.max
    )
}

fn fmt_files<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    label: &str,
    files: impl ExactSizeIterator<Item = T>,
) -> fmt::Result {
    let count = files.len();
    for file in files.take(MAX_LISTED) {
        writeln!(f, "{label:<7} {file}")?;
    }
    fmt_rest(f, label, count)
}

fn fmt_rest(f: &mut fmt::Formatter<'_>, label: &str, count: usize) -> fmt::Result {
    if count > MAX_LISTED {
        writeln!(f, "... and {} more {label}", count - MAX_LISTED)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maskbench::Split;

    #[test]
    fn everything_is_shown() {
        let mut report = Report {
            schemas: 3,
            over: 1,
            over_files: vec!["bad.json".to_owned()],
            ..Report::default()
        };
        report.splits.insert("Part".to_owned(), Split::default());
        report.refusals.insert("pattern: rare".to_owned(), 1);
        report.refusals.insert("format: common".to_owned(), 9);
        let text = report.to_string();
        assert!(text.contains("over 1, under 0"), "{text}");
        assert!(text.contains("over    bad.json"), "{text}");
        let common = text.find("format: common").unwrap();
        assert!(common < text.find("pattern: rare").unwrap(), "{text}");
    }

    #[test]
    fn long_lists_are_cut() {
        let report = Report {
            under_files: (0..25).map(|n| format!("{n}.json")).collect(),
            ..Report::default()
        };
        assert!(report.to_string().contains("... and 5 more under"));
    }
}
