//! A run as a page for browsers.
//!
//! One file of HTML that needs no other: drawings are SVG within it, and there
//! are no scripts. It follows the reader's choice of light or dark. Equal reports
//! make equal pages, byte for byte.

mod axis;
mod bars;
mod cdf;
mod html;
mod tables;

use std::fmt;

use super::report::Report;
use html::escape;

/// A [`Report`] that displays as a page.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// What is shown.
    pub report: &'a Report,
    /// How it came about: what a reader has to know to repeat it, by name.
    pub settings: &'a [(&'static str, String)],
}

/// Colours and spacing.
const STYLE: &str = include_str!("page/style.css");

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.report;
        f.write_str("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n")?;
        f.write_str("<meta name=\"viewport\" content=\"width=device-width\"/>\n")?;
        writeln!(f, "<title>{}</title>", escape(&self.title()))?;
        writeln!(f, "<style>\n{STYLE}</style>\n</head>\n<body>")?;
        writeln!(f, "<h1>{}</h1>", escape(&self.title()))?;

        f.write_str("<h2>Coverage</h2>\n")?;
        f.write_str(&tables::counts(report))?;
        f.write_str(&bars::splits(report))?;

        f.write_str("<h2>Time between masks</h2>\n")?;
        f.write_str("<p>One mask and the push of one token, once per token.")?;
        if report.tbm_again_us.is_some() {
            f.write_str(" The second request is the same text again, for the same grammar.")?;
        }
        f.write_str("</p>\n")?;
        f.write_str(&cdf::figures(&self.tbm(), "tokens"))?;
        f.write_str("<h2>Time to first mask</h2>\n")?;
        f.write_str("<p>From the text of a schema to a matcher, once per schema.</p>\n")?;
        f.write_str(&cdf::figures(&self.ttfm(), "schemas"))?;

        f.write_str("<h2>Percentiles</h2>\n")?;
        f.write_str(&tables::percentiles(report))?;
        f.write_str("<h2>The slowest tokens</h2>\n")?;
        f.write_str(&tables::slow(report, &report.details.slowest_tokens))?;
        f.write_str("<h2>The slowest schemas to compile</h2>\n")?;
        f.write_str(&tables::slow(report, &report.details.slowest_schemas))?;
        f.write_str("<h2>Settings</h2>\n")?;
        f.write_str(&tables::settings(self.settings))?;
        f.write_str("</body>\n</html>\n")
    }
}

impl Page<'_> {
    fn title(&self) -> String {
        format!("MaskBench: {} schemas", html::grouped(self.report.schemas))
    }

    fn tbm(&self) -> Vec<cdf::Series<'_>> {
        let details = &self.report.details;
        let mut series = vec![cdf::Series {
            name: "first request",
            curve: &details.tbm,
            percentiles: &self.report.tbm_us,
        }];
        if let Some(percentiles) = &self.report.tbm_again_us {
            series.push(cdf::Series {
                name: "second request",
                curve: &details.tbm_again,
                percentiles,
            });
        }
        series
    }

    fn ttfm(&self) -> Vec<cdf::Series<'_>> {
        vec![cdf::Series {
            name: "schemas",
            curve: &self.report.details.ttfm,
            percentiles: &self.report.ttfm_us,
        }]
    }
}

#[cfg(test)]
mod tests;
