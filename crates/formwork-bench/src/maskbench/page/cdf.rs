//! Distributions of times, drawn.
//!
//! Time is on a logarithmic axis. The same curve is drawn twice: as the share of
//! samples that took at most a time, which shows where most are, and as the share
//! that took longer, on a logarithmic axis as well, which shows the tail.

use std::fmt::Write;

use super::axis::Decades;
use super::html::time;
use crate::Percentiles;
use crate::maskbench::Curve;

/// A curve with a name.
pub(super) struct Series<'a> {
    pub(super) name: &'static str,
    pub(super) curve: &'a Curve,
    pub(super) percentiles: &'a Percentiles,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 86.0; // room for shares of a millionth
const RIGHT: f64 = 100.0; // room for the name of the greatest
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;

/// What is drawn upwards.
#[derive(Clone, Copy)]
enum Share {
    /// Of samples that took at most a time.
    AtMost,
    /// Of samples that took longer.
    Longer(Decades),
}

/// Both drawings, or a sentence if there is nothing to draw. `what` the samples
/// are of, in the plural.
pub(super) fn figures(series: &[Series<'_>], what: &str) -> String {
    let points = series.iter().flat_map(|series| &series.curve.points);
    let values = points
        .map(|point| f64::from(point.value))
        .filter(|&value| value > 0.0);
    let Some((least, greatest)) = values.fold(None, |range: Option<(f64, f64)>, value| {
        let (least, greatest) = range.unwrap_or((value, value));
        Some((least.min(value), greatest.max(value)))
    }) else {
        return format!("<p>No {what} were timed.</p>\n");
    };
    let across = Decades::around(least, greatest);
    let samples = series.iter().map(|series| series.curve.samples).max();
    let rarest = 1.0 / samples.unwrap_or(1).max(1) as f64;
    let longer = Share::Longer(Decades::around(rarest, 1.0));

    let mut html = legend(series);
    for (share, caption) in [
        (Share::AtMost, "that took at most so long"),
        (longer, "that took longer"),
    ] {
        let caption = format!("Share of {what} {caption}");
        let _ = writeln!(html, "<figure>\n<figcaption>{caption}</figcaption>");
        let drawing = Drawing { across, share };
        html.push_str(&drawing.draw(series, &caption));
        html.push_str("</figure>\n");
    }
    html
}

/// Which colour is which, if there are several.
fn legend(series: &[Series<'_>]) -> String {
    if series.len() < 2 {
        return String::new();
    }
    let mut html = "<p class=\"legend\">".to_owned();
    for (number, Series { name, .. }) in series.iter().enumerate() {
        let _ = write!(html, "<span class=\"s{number}\">&#9632;</span> {name} ");
    }
    html.push_str("</p>\n");
    html
}

struct Drawing {
    across: Decades,
    share: Share,
}

impl Drawing {
    fn draw(&self, series: &[Series<'_>], caption: &str) -> String {
        let mut svg = String::new();
        let _ = writeln!(
            svg,
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{caption}\">"
        );
        self.grid(&mut svg);
        for (number, series) in series.iter().enumerate() {
            let mean = series.percentiles.mean;
            let (x, top, bottom) = (self.x(mean), TOP, HEIGHT - BOTTOM);
            let _ = writeln!(
                svg,
                "<path class=\"mean s{number}\" d=\"M{x:.1} {top}V{bottom}\"><title>mean {}</title></path>",
                time(mean)
            );
            if number == 0 && !self.is_tail() {
                let _ = writeln!(
                    svg,
                    "<text class=\"mark\" x=\"{:.1}\" y=\"{:.1}\">mean {}</text>",
                    x + 4.0,
                    bottom - 6.0,
                    time(mean)
                );
            }
            let path = self.path(series.curve);
            let _ = writeln!(svg, "<path class=\"curve s{number}\" d=\"{path}\"/>");
        }
        for (number, series) in series.iter().enumerate() {
            self.marks(&mut svg, number, series.percentiles);
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn is_tail(&self) -> bool {
        matches!(self.share, Share::Longer(_))
    }

    fn x(&self, micros: f64) -> f64 {
        LEFT + self.across.place(micros) * (WIDTH - LEFT - RIGHT)
    }

    /// The height of a share of samples that took at most a time.
    fn y(&self, at_most: f64) -> f64 {
        let up = match self.share {
            Share::AtMost => at_most,
            Share::Longer(axis) => axis.place(1.0 - at_most),
        };
        HEIGHT - BOTTOM - up * (HEIGHT - BOTTOM - TOP)
    }

    fn grid(&self, svg: &mut String) {
        let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        for tick in self.across.ticks() {
            let x = self.x(tick.value);
            let class = if tick.is_major { "grid" } else { "grid minor" };
            let _ = writeln!(
                svg,
                "<path class=\"{class}\" d=\"M{x:.1} {TOP}V{bottom}\"/>"
            );
            if tick.is_major {
                let _ = writeln!(
                    svg,
                    "<text class=\"across\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
                    bottom + 18.0,
                    power(tick.value)
                );
            }
        }
        for at_most in self.shares() {
            let shown = match self.share {
                Share::AtMost => at_most,
                Share::Longer(_) => 1.0 - at_most,
            };
            let y = self.y(at_most);
            let _ = writeln!(svg, "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right}\"/>");
            let _ = writeln!(
                svg,
                "<text class=\"up\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                LEFT - 6.0,
                y + 4.0,
                percent(shown)
            );
        }
    }

    /// Shares of at most a time that have a line.
    fn shares(&self) -> Vec<f64> {
        match self.share {
            Share::AtMost => vec![0.0, 0.25, 0.5, 0.75, 1.0],
            Share::Longer(axis) => {
                let ticks = axis.ticks().into_iter();
                ticks
                    .filter(|tick| tick.is_major)
                    .map(|tick| 1.0 - tick.value)
                    .collect()
            }
        }
    }

    /// Steps: across to a value, then up, or down, to its share.
    fn path(&self, curve: &Curve) -> String {
        let Some(first) = curve.points.first() else {
            return String::new();
        };
        let mut path = format!("M{:.1} {:.1}", self.x(f64::from(first.value)), self.y(0.0));
        for point in &curve.points {
            let share = point.count as f64 / curve.samples as f64;
            let (x, y) = (self.x(f64::from(point.value)), self.y(share));
            let _ = write!(path, "H{x:.1}V{y:.1}");
        }
        path
    }

    /// Percentiles as dots, named where there is room: in the body the lower two,
    /// in the tail all, and of the first series only.
    fn marks(&self, svg: &mut String, number: usize, percentiles: &Percentiles) {
        let p = percentiles;
        for (name, at_most, value) in [
            ("p50", 0.5, p.p50),
            ("p90", 0.9, p.p90),
            ("p99", 0.99, p.p99),
            ("p99.9", 0.999, p.p999),
            ("max", 1.0, p.max),
        ] {
            let (x, y) = (self.x(value), self.y(at_most));
            let shown = time(value);
            let _ = writeln!(
                svg,
                "<circle class=\"s{number}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"><title>{name} {shown}</title></circle>"
            );
            if number == 0 && (self.is_tail() || at_most < 0.95) {
                let _ = writeln!(
                    svg,
                    "<text class=\"mark\" x=\"{:.1}\" y=\"{:.1}\">{name} {shown}</text>",
                    x + 6.0,
                    y + if self.is_tail() { -5.0 } else { 12.0 }
                );
            }
        }
    }
}

/// A power of ten microseconds.
fn power(micros: f64) -> String {
    match micros {
        _ if micros < 0.9 => format!("{:.0} ns", micros * 1e3),
        _ if micros < 900.0 => format!("{micros:.0} µs"),
        _ if micros < 900_000.0 => format!("{:.0} ms", micros / 1e3),
        _ => format!("{:.0} s", micros / 1e6),
    }
}

/// A share with as many digits as it needs.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let decimals = if percent >= 0.999 || percent == 0.0 {
        0
    } else {
        (-(percent.log10() + 1e-9).floor()) as usize
    };
    format!("{percent:.decimals$} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        let powers = [0.001, 0.1, 1.0, 100.0, 1e3, 1e5, 1e6].map(power);
        assert_eq!(
            powers,
            ["1 ns", "100 ns", "1 µs", "100 µs", "1 ms", "100 ms", "1 s"]
        );
        let percents = [0.0, 1.0, 0.25, 0.1, 0.01, 0.001, 1e-6].map(percent);
        assert_eq!(
            percents,
            ["0 %", "100 %", "25 %", "10 %", "1 %", "0.1 %", "0.0001 %"]
        );
    }

    #[test]
    fn nothing_to_draw() {
        let (curve, percentiles) = (Curve::default(), Percentiles::default());
        let none = Series {
            name: "none",
            curve: &curve,
            percentiles: &percentiles,
        };
        assert_eq!(figures(&[none], "tokens"), "<p>No tokens were timed.</p>\n");
    }

    #[test]
    fn curves_run_from_corner_to_corner() {
        let curve = Curve::of(&[1.0, 10.0, 100.0]);
        let across = Decades::around(1.0, 100.0);
        let (left, middle, right) = (LEFT, (LEFT + WIDTH - RIGHT) / 2.0, WIDTH - RIGHT);
        let (top, bottom) = (TOP, HEIGHT - BOTTOM);
        let share = Share::AtMost;
        let path = Drawing { across, share }.path(&curve);
        assert!(
            path.starts_with(&format!("M{left:.1} {bottom:.1}H{left:.1}V")),
            "{path}"
        );
        assert!(path.contains(&format!("H{middle:.1}V")), "{path}");
        assert!(path.ends_with(&format!("H{right:.1}V{top:.1}")), "{path}");
        let share = Share::Longer(Decades::around(0.1, 1.0));
        let path = Drawing { across, share }.path(&curve);
        assert!(path.starts_with(&format!("M{left:.1} {top:.1}")), "{path}");
        assert!(
            path.ends_with(&format!("H{right:.1}V{bottom:.1}")),
            "{path}"
        );
    }
}
