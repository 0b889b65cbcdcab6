//! The table that is printed.

use formwork_bench::Percentiles;

use crate::Measured;

/// What an engine made of a set of files.
#[derive(Default)]
pub(crate) struct Row {
    files: usize,
    compiled: usize,
    passing: usize,
    over: usize,
    under: usize,
    /// In microseconds, as all times.
    tbm: Vec<f32>,
    ttfm: Vec<f32>,
}

impl Row {
    pub(crate) fn add(&mut self, measured: &Measured) {
        self.files += 1;
        self.over += usize::from(measured.over);
        self.under += usize::from(measured.under);
        self.tbm.extend_from_slice(&measured.tbm);
        if let Some(ttfm) = measured.ttfm {
            self.compiled += 1;
            self.passing += usize::from(!measured.over && !measured.under);
            self.ttfm.push((ttfm.as_secs_f64() * 1e6) as f32);
        }
    }
}

/// Prints the rows of two engines, and how the second compares with the first.
pub(crate) fn print(set: &str, names: [&str; 2], rows: &mut [Row; 2]) {
    println!("{set}, {} files", rows[0].files);
    println!(
        "{:<12} {:>8} {:>7} {:>5} {:>5}   TBM {:>9} {:>9} {:>9} {:>9} {:>10}   TTFM {:>9} {:>9} {:>10}",
        "",
        "compiled",
        "passing",
        "over",
        "under",
        "mean",
        "p50",
        "p99",
        "p99.9",
        "max",
        "p50",
        "p99",
        "max"
    );
    let times = rows.each_mut().map(|row| {
        let tbm = Percentiles::of(&mut row.tbm);
        let ttfm = Percentiles::of(&mut row.ttfm);
        [
            tbm.mean, tbm.p50, tbm.p99, tbm.p999, tbm.max, ttfm.p50, ttfm.p99, ttfm.max,
        ]
    });
    for ((name, row), times) in names.into_iter().zip(rows.iter()).zip(&times) {
        let Row {
            compiled,
            passing,
            over,
            under,
            ..
        } = row;
        println!(
            "{name:<12} {compiled:>8} {passing:>7} {over:>5} {under:>5}   {}",
            line(times, 1)
        );
    }
    let mut ratios = times[1];
    ratios
        .iter_mut()
        .zip(times[0])
        .for_each(|(theirs, ours)| *theirs /= ours);
    println!("{:<12} {:>28}   {}\n", "ratio", "", line(&ratios, 2));
}

fn line(times: &[f64; 8], digits: usize) -> String {
    let [mean, p50, p99, p999, max, ready, ready_p99, ready_max] = times;
    format!(
        "    {mean:>9.digits$} {p50:>9.digits$} {p99:>9.digits$} {p999:>9.digits$} {max:>10.digits$}        \
         {ready:>9.digits$} {ready_p99:>9.digits$} {ready_max:>10.digits$}"
    )
}
