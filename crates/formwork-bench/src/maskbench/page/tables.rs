//! Numbers in rows.

use std::fmt::Write;

use super::bars::wrong;
use super::html::{escape, grouped, time};
use crate::Percentiles;
use crate::maskbench::{Report, Slow, Split};

/// What the run came to.
pub(super) fn counts(report: &Report) -> String {
    let all = Split {
        schemas: report.schemas,
        passing: report.passing,
        refused: report.refused,
    };
    let share = 100.0 * report.passing as f64 / report.schemas.max(1) as f64;
    let of = |part: usize, whole: usize| format!("{} of {}", grouped(part), grouped(whole));
    let passing = format!("{} ({share:.2} %)", of(report.passing, report.schemas));
    let mut rows = vec![
        ("passing", passing),
        ("refused", grouped(report.refused)),
        ("wrong", grouped(wrong(&all))),
        (
            "valid instances accepted",
            of(report.valid.accepted, report.valid.total),
        ),
        (
            "invalid instances rejected",
            of(report.invalid.rejected, report.invalid.total),
        ),
        (
            "over, under",
            format!("{}, {}", grouped(report.over), grouped(report.under)),
        ),
        (
            "panics, time-outs, engine errors",
            format!(
                "{}, {}, {}",
                grouped(report.panics),
                grouped(report.timeouts),
                grouped(report.engine_errors)
            ),
        ),
        ("disagreements", grouped(report.disagreements)),
        ("compiled in part", grouped(report.subset)),
        ("tokens", grouped(report.tokens)),
    ];
    if let Some(peak) = report.peak_rss_mib {
        rows.push(("peak memory", format!("{peak:.0} MiB")));
    }
    settings(&rows)
}

/// Names with what they have.
pub(super) fn settings(rows: &[(&str, String)]) -> String {
    let mut html = "<table>\n".to_owned();
    for (name, value) in rows {
        let (name, value) = (escape(name), escape(value));
        let _ = writeln!(html, "<tr><th>{name}</th><td>{value}</td></tr>");
    }
    html.push_str("</table>\n");
    html
}

/// The summaries of all times.
pub(super) fn percentiles(report: &Report) -> String {
    let mut html = head(&["", "mean", "p50", "p90", "p99", "p99.9", "max"]);
    let mut row = |name: &str, p: &Percentiles| {
        let _ = write!(html, "<tr><th>{name}</th>");
        for value in [p.mean, p.p50, p.p90, p.p99, p.p999, p.max] {
            let _ = write!(html, "<td>{}</td>", time(value));
        }
        html.push_str("</tr>\n");
    };
    row("TBM, first request", &report.tbm_us);
    if let Some(again) = &report.tbm_again_us {
        row("TBM, second request", again);
    }
    row("TTFM", &report.ttfm_us);
    html.push_str("</table>\n");
    html
}

/// Files with their times, in the order given.
pub(super) fn slow(report: &Report, files: &[Slow]) -> String {
    if files.is_empty() {
        return "<p>None.</p>\n".to_owned();
    }
    let is_again = report.tbm_again_us.is_some();
    let mut names = vec!["file", "split", "TBM max", "TBM p50"];
    if is_again {
        names.push("second request max");
    }
    names.push("TTFM");
    let mut html = head(&names);
    for slow in files {
        let (file, split) = (escape(&slow.file), escape(&slow.split));
        let _ = write!(html, "<tr><th>{file}</th><td>{split}</td>");
        let mut times = vec![slow.max_tbm_us, slow.p50_tbm_us];
        if is_again {
            times.push(slow.max_again_us);
        }
        times.push(slow.ttfm_us);
        for value in times {
            let shown = value.map(|value| time(f64::from(value)));
            let _ = write!(html, "<td>{}</td>", shown.unwrap_or_default());
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</table>\n");
    html
}

/// The beginning of a table with names above its columns.
fn head(names: &[&str]) -> String {
    let mut html = "<table class=\"numbers\">\n<tr>".to_owned();
    for name in names {
        let _ = write!(html, "<th>{name}</th>");
    }
    html.push_str("</tr>\n");
    html
}
