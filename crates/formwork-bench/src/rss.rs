//! The memory high-water mark of this process.

/// The peak resident set size in MiB, where the system tells.
pub(crate) fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    Some((parse_kib(&status)? / 1024.0 * 10.0).round() / 10.0)
}

fn parse_kib(status: &str) -> Option<f64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn high_water_mark() {
        let status = "Name:\tx\nVmPeak:\t 9 kB\nVmHWM:\t  2048 kB\nVmRSS:\t 7 kB\n";
        assert_eq!(parse_kib(status), Some(2048.0));
        assert_eq!(parse_kib("Name:\tx\n"), None);
    }
}
