//! The page as a whole.

use super::*;
use crate::maskbench::measure::{Measured, Outcome};
use crate::maskbench::{Details, Options};

fn ran(times: &[f32]) -> Measured {
    Measured {
        ttfm_us: Some(times.iter().sum()),
        tbm_us: times.to_vec(),
        again_us: times.iter().map(|time| time / 2.0).collect(),
        ..Measured::only(Outcome::Ran)
    }
}

fn report(again: bool) -> Report {
    let mut files: Vec<(String, String, Measured)> = (0..30)
        .map(|n| {
            let times: Vec<f32> = (1..50).map(|k| (n * n + k) as f32 * 0.7).collect();
            (
                format!("part---<{n}>.json"),
                "a & b".to_owned(),
                ran(&times),
            )
        })
        .collect();
    let refused = Measured::only(Outcome::Refused(Default::default()));
    files.push(("other.json".to_owned(), "other".to_owned(), refused));
    let options = Options {
        again,
        ..Options::default()
    };
    Report {
        peak_rss_mib: Some(12.0), // of this process otherwise, and so never the same
        ..Report::of(files, &options)
    }
}

fn page(report: &Report) -> String {
    let settings = [("data", "<here>".to_owned())];
    let settings = &settings;
    Page { report, settings }.to_string()
}

/// Every element ends where it should, and no stray character is left between.
#[track_caller]
fn check_well_formed(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    let body = page.strip_prefix("<!DOCTYPE html>").expect("a doctype");
    let mut rest = body;
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "{}", &rest[..start]);
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        assert!(!tag.contains('<'), "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().expect("a name"));
        }
        rest = &rest[end + 1..];
    }
    assert_eq!(open, [""; 0]);
    for (at, _) in body.match_indices('&') {
        let entity = body[at + 1..].split(';').next().expect("an entity");
        let known = ["amp", "lt", "gt", "quot", "#39", "#9632"];
        assert!(known.contains(&entity), "{entity}");
    }
}

#[test]
fn pages_are_well_formed_and_need_nothing_else() {
    for report in [Report::default(), report(false), report(true)] {
        let page = page(&report);
        check_well_formed(&page);
        for outside in ["http", "<script", "<link", "<img", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}

#[test]
fn equal_reports_make_equal_pages() {
    assert_eq!(page(&report(true)), page(&report(true)));
}

#[test]
fn everything_is_shown() {
    let (once, twice) = (page(&report(false)), page(&report(true)));
    for part in [
        "30 of 31 (96.77 %)",
        "1,470",
        "12 MiB",
        "a &amp; b",
        "part---&lt;29&gt;.json",
        "&lt;here&gt;",
        "p99.9",
        "prefers-color-scheme: dark",
    ] {
        assert!(once.contains(part), "{part}");
    }
    assert!(!once.contains("second request") && twice.contains("second request"));
    let rows = |page: &str| page.matches("<tr><th>part---").count();
    assert_eq!(rows(&once), 2 * Details::SLOWEST);
}

#[test]
fn curves_stay_small() {
    let times: Vec<f32> = (1..100_000).map(|n| n as f32).collect();
    let files = vec![("a.json".to_owned(), "s".to_owned(), ran(&times))];
    let report = Report::of(files, &Options::default());
    assert!(page(&report).len() < 60_000);
}
