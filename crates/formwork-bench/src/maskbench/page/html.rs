//! Text and numbers as they stand in a page.

/// Text within an element or an attribute's quotes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // HTML has no way to say them.
            c if c.is_control() && !matches!(c, '\n' | '\t') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A count with its digits in groups of three.
pub(super) fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A time in the unit that suits it, with three digits.
pub(super) fn time(micros: f64) -> String {
    let (value, unit) = match micros {
        _ if micros < 999.5 => (micros, "µs"),
        _ if micros < 999_500.0 => (micros / 1e3, "ms"),
        _ => (micros / 1e6, "s"),
    };
    let decimals = match value {
        _ if value < 9.995 => 2,
        _ if value < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_an_element_or_an_attribute() {
        let escaped = escape("</td><script>\"x\" & 'y'\u{0}\n");
        assert_eq!(
            escaped,
            "&lt;/td&gt;&lt;script&gt;&quot;x&quot; &amp; &#39;y&#39;\u{fffd}\n"
        );
        assert_eq!(escape("Größe_1---x.json"), "Größe_1---x.json");
    }

    #[test]
    fn digits_are_grouped() {
        let shown = [0, 999, 1000, 1_234_567].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn times_have_three_digits() {
        let micros = [0.0, 0.25, 9.994, 9.996, 110.4, 999.6, 43_210.0, 2e6];
        let expected = [
            "0.00 µs", "0.25 µs", "9.99 µs", "10.0 µs", "110 µs", "1.00 ms", "43.2 ms", "2.00 s",
        ];
        assert_eq!(micros.map(time), expected);
    }
}
