//! Dates for templates that tell the model what day it is.

const DAYS: [&str; 7] = [
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
];

const MONTHS: [(&str, u64); 12] = [
    ("January", 31),
    ("February", 28),
    ("March", 31),
    ("April", 30),
    ("May", 31),
    ("June", 30),
    ("July", 31),
    ("August", 31),
    ("September", 30),
    ("October", 31),
    ("November", 30),
    ("December", 31),
];

const SECONDS_OF_DAY: u64 = 86_400;

/// A date of the Gregorian calendar.
struct Date {
    year: u64,
    /// From 0.
    month: usize,
    /// From 1.
    day: u64,
    /// From 1.
    day_of_year: u64,
}

/// A time, in seconds since 1970 in UTC, in a format of `strftime`. Conversions that are
/// not known stay as they are.
pub(super) fn format(format: &str, seconds: u64) -> String {
    let date = date(seconds / SECONDS_OF_DAY);
    // 1970 began on a Thursday.
    let weekday = DAYS
        .get((seconds / SECONDS_OF_DAY % 7) as usize)
        .copied()
        .unwrap_or_default();
    let month = MONTHS.get(date.month).map_or("", |(name, _)| name);
    let (hour, minute) = (seconds / 3600 % 24, seconds / 60 % 60);
    let short = |name: &str| name.chars().take(3).collect::<String>();
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let Some(mut c) = chars.next() else {
            out.push('%');
            break;
        };
        let bare = c == '-'; // no zeros in front
        if bare {
            c = chars.next().unwrap_or('%');
        }
        let two = |n: u64| {
            if bare {
                n.to_string()
            } else {
                format!("{n:02}")
            }
        };
        let text = match c {
            'Y' => date.year.to_string(),
            'y' => two(date.year % 100),
            'm' => two(date.month as u64 + 1),
            'd' => two(date.day),
            'e' => format!("{:2}", date.day),
            'j' if bare => date.day_of_year.to_string(),
            'j' => format!("{:03}", date.day_of_year),
            'B' => month.to_owned(),
            'b' | 'h' => short(month),
            'A' => weekday.to_owned(),
            'a' => short(weekday),
            'H' => two(hour),
            'I' => two((hour + 11) % 12 + 1),
            'p' => if hour < 12 { "AM" } else { "PM" }.to_owned(),
            'M' => two(minute),
            'S' => two(seconds % 60),
            'F' => format!("{}-{:02}-{:02}", date.year, date.month + 1, date.day),
            'T' => format!("{hour:02}:{minute:02}:{:02}", seconds % 60),
            'Z' => "UTC".to_owned(),
            'z' => "+0000".to_owned(),
            '%' => "%".to_owned(),
            other => format!("%{other}"),
        };
        out.push_str(&text);
    }
    out
}

/// The date of a day, counted from 1970.
fn date(days: u64) -> Date {
    // Whole cycles of 400 years have 146,097 days; the rest is counted year by year.
    let mut year = 1970 + days / 146_097 * 400;
    let mut rest = days % 146_097;
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    while rest >= 365 + u64::from(leap(year)) {
        rest -= 365 + u64::from(leap(year));
        year += 1;
    }
    let day_of_year = rest + 1;
    let mut month = 0;
    for (at, &(_, len)) in MONTHS.iter().enumerate() {
        let len = len + u64::from(at == 1 && leap(year));
        month = at;
        if rest < len {
            break;
        }
        rest -= len;
    }
    Date {
        year,
        month,
        day: rest + 1,
        day_of_year,
    }
}

#[cfg(test)]
mod tests {
    use super::format;

    #[test]
    fn known_days() {
        for (seconds, wanted) in [
            (0, "Thursday 01 Jan 1970, day 001"),
            (951_782_400, "Tuesday 29 Feb 2000, day 060"),
            (1_735_603_200, "Tuesday 31 Dec 2024, day 366"),
            (1_735_689_600, "Wednesday 01 Jan 2025, day 001"),
            (4_107_542_400, "Monday 01 Mar 2100, day 060"),
        ] {
            assert_eq!(format("%A %d %b %Y, day %j", seconds), wanted);
        }
    }

    #[test]
    fn conversions() {
        let noon = 1_735_732_805; // 2025-01-01 12:00:05
        assert_eq!(
            format("%F %T %I %p %-d/%-m %y %%", noon),
            "2025-01-01 12:00:05 12 PM 1/1 25 %"
        );
        assert_eq!(format("%Q %", noon), "%Q %");
    }
}
