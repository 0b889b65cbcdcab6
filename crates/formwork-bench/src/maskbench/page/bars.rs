//! What became of the schemas of each split, drawn.

use std::fmt::Write;

use super::html::{escape, grouped};
use crate::maskbench::{Report, Split};

const WIDTH: f64 = 760.0;
const LEFT: f64 = 190.0;
const BAR: f64 = 330.0;
const LINE: f64 = 22.0;

/// A bar for every split, and one for all.
pub(super) fn splits(report: &Report) -> String {
    let all = Split {
        schemas: report.schemas,
        passing: report.passing,
        refused: report.refused,
    };
    let mut rows: Vec<(&str, &Split)> = Vec::new();
    rows.extend(
        report
            .splits
            .iter()
            .map(|(name, split)| (name.as_str(), split)),
    );
    if rows.len() > 1 {
        rows.push(("all", &all));
    }
    let height = LINE * rows.len() as f64 + 4.0;
    let mut html = "<p class=\"legend\"><span class=\"passing\">&#9632;</span> passing \
         <span class=\"refused\">&#9632;</span> refused \
         <span class=\"wrong\">&#9632;</span> wrong</p>\n"
        .to_owned();
    let _ = writeln!(
        html,
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"Coverage by split\">"
    );
    for (at, (name, split)) in rows.into_iter().enumerate() {
        bar(&mut html, LINE * at as f64, name, split);
    }
    html.push_str("</svg>\n");
    html
}

/// Schemas that were neither right nor refused.
pub(super) fn wrong(split: &Split) -> usize {
    split.schemas - (split.passing + split.refused).min(split.schemas)
}

fn bar(svg: &mut String, top: f64, name: &str, split: &Split) {
    let parts = [
        ("passing", split.passing),
        ("refused", split.refused),
        ("wrong", wrong(split)),
    ];
    let base = top + 15.0;
    let name = escape(name);
    let _ = writeln!(
        svg,
        "<text class=\"up\" x=\"{:.1}\" y=\"{base:.1}\">{name}</text>",
        LEFT - 8.0
    );
    let mut x = LEFT;
    for (class, width) in parts
        .map(|(class, _)| class)
        .iter()
        .zip(widths(parts.map(|(_, n)| n)))
    {
        if width > 0.0 {
            let _ = writeln!(
                svg,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\"/>",
                top + 3.0,
                LINE - 6.0
            );
            x += width;
        }
    }
    let share = 100.0 * split.passing as f64 / split.schemas.max(1) as f64;
    let [passing, refused, wrong] = parts.map(|(_, count)| grouped(count));
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{base:.1}\">{passing} of {} ({share:.1} %)",
        LEFT + BAR + 8.0,
        grouped(split.schemas)
    );
    let _ = writeln!(
        svg,
        "<title>{passing} passing, {refused} refused, {wrong} wrong</title></text>"
    );
}

/// How wide the parts of a bar are: what is there at all can be seen.
fn widths(counts: [usize; 3]) -> [f64; 3] {
    const LEAST: f64 = 2.0;
    let total: usize = counts.iter().sum();
    let exact = counts.map(|count| BAR * count as f64 / total.max(1) as f64);
    let seen = exact.map(|width| if width > 0.0 { width.max(LEAST) } else { 0.0 });
    let excess = seen.iter().sum::<f64>() - exact.iter().sum::<f64>();
    let widest = seen.iter().copied().fold(0.0, f64::max);
    let mut is_taken = false;
    seen.map(|width| {
        // The widest part gives what the narrow ones took.
        if width == widest && !std::mem::replace(&mut is_taken, true) {
            width - excess
        } else {
            width
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_fill_the_bar() {
        for counts in [[1000, 1, 0], [1, 1, 1], [0, 5, 1000], [0, 0, 0], [7, 0, 0]] {
            let widths = widths(counts);
            let total: f64 = widths.iter().sum();
            let expected = if counts == [0; 3] { 0.0 } else { BAR };
            assert!((total - expected).abs() < 1e-9, "{counts:?}");
            for (count, width) in counts.into_iter().zip(widths) {
                assert_eq!(count > 0, width > 0.0, "{counts:?}");
            }
        }
    }
}
