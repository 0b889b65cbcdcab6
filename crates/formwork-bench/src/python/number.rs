//! Numbers as Python writes them.

/// Writes a JSON number: an integer as it is, anything else through `f64`.
pub(super) fn write(out: &mut String, text: &str) {
    let is_integer = !text.contains(['.', 'e', 'E']);
    match text.parse() {
        Ok(value) if !is_integer => out.push_str(&repr(value)),
        _ if text == "-0" => out.push('0'),
        _ => out.push_str(text),
    }
}

/// What Python's `repr` gives for a float, or `json.dumps` where that differs
/// (`Infinity` and `NaN`).
pub fn repr(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    // Rust's `Debug` also takes as few digits as read back, and changes to an
    // exponent at the same places, below 1e-4 and from 1e16 on. Python gives
    // the exponent a sign and at least two digits.
    let text = format!("{value:?}");
    match text.split_once('e') {
        None => {
            let precision = decimals(&text);
            nearest(value, format!("{value:.precision$}"), text)
        }
        Some((mantissa, _)) => {
            let precision = decimals(mantissa);
            let text = nearest(value, format!("{value:.precision$e}"), text);
            with_python_exponent(&text)
        }
    }
}

/// Of two forms of equal length, the first if it reads back. Where two such
/// decimals are equally near to the value, as `…3.12` and `…3.13` are to
/// `…3.125`, Python takes the even one and so does rounding, `Debug` does not.
fn nearest(value: f64, rounded: String, shortest: String) -> String {
    if rounded.parse() == Ok(value) {
        rounded
    } else {
        shortest
    }
}

fn decimals(text: &str) -> usize {
    text.split_once('.')
        .map_or(0, |(_, decimals)| decimals.len())
}

fn with_python_exponent(text: &str) -> String {
    match text.split_once('e') {
        None => text.to_owned(),
        Some((digits, exponent)) => match exponent.strip_prefix('-') {
            Some(exponent) => format!("{digits}e-{exponent:0>2}"),
            None => format!("{digits}e+{exponent:0>2}"),
        },
    }
}
