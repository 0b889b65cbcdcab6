//! Names, strings, numbers and patterns that generators choose from: few enough
//! to meet each other, odd enough to hurt.

use serde_json::Value;

/// Names of members.
pub const NAMES: &[&str] = &["a", "b", "ab", "é", "a\"b", ""];

/// Strings: empty, escaped, beyond ASCII and beyond the first plane.
pub const STRINGS: &[&str] = &[
    "", "a", "b", "ab", "abc", "abab", "cd", "a c", "a/c", "1", "12", "2.5", "é", "naïve", "日本",
    "😀", "a😀", "\"", "\\", "a\"b", "\n", "a\nc", "\t", "\u{0}", "\u{7f}", "\u{2028}", "null",
];

/// Numbers, as text.
pub const NUMBERS: &[&str] = &[
    "0",
    "-0.0",
    "1",
    "1.0",
    "2",
    "3",
    "-1",
    "-2.5",
    "10",
    "12",
    "100",
    "1.5",
    "2.50",
    "0.1",
    "0.3",
    "0.01",
    "1e-6",
    "1e2",
    "99.99",
    "-7",
    "1e21",
    "12345678901234567890123",
];

/// Patterns that all dialects of regular expressions read alike (`.` and `\b` are
/// not among them), each with strings that match it and some that
/// nearly do.
pub const PATTERNS: &[(&str, &[&str])] = &[
    ("^a", &["a", "ab", "ba", "a\nc"]),
    ("b$", &["b", "ab", "ba", "b\n"]),
    ("^[a-c]*$", &["", "abc", "cab", "abd"]),
    ("^\\d{2,3}$", &["12", "123", "1", "1234", "١٢"]),
    ("^[^\\n]{2}$", &["ab", "日本", "😀😀", "a\n", "abc"]),
    ("^(ab|cd)+$", &["ab", "abcd", "abc", "cdab"]),
    ("é", &["é", "naéve", "e"]),
    ("^$", &["", "a"]),
    ("a[^\\n]c", &["abc", "a😀c", "ac", "a\nc"]),
    ("^\\S+$", &["ab", "a b", "日本", ""]),
    ("[^a]", &["b", "aa", "ab", ""]),
    ("^(?!a)", &["b", "a", "ba", ""]),
    ("(^| )ab( |$)", &["ab", "x ab y", "xab"]),
];

/// Formats, each with valid strings and some that nearly are.
pub const FORMATS: &[(&str, &[&str])] = &[
    (
        "date",
        &["2024-02-29", "2023-02-29", "1999-12-31", "2024-13-01"],
    ),
    (
        "time",
        &[
            "12:30:00Z",
            "23:59:60Z",
            "12:30:00+01:30",
            "12:60:00Z",
            "12:30:00",
        ],
    ),
    (
        "date-time",
        &[
            "2024-02-29T12:30:00Z",
            "2024-02-30T12:30:00Z",
            "2024-02-29 12:30:00Z",
        ],
    ),
    ("ipv4", &["127.0.0.1", "256.0.0.1", "1.2.3", "01.2.3.4"]),
    (
        "ipv6",
        &[
            "::1",
            "1::",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7:8:9",
            "::ffff:1.2.3.4",
            ":::",
        ],
    ),
    (
        "uuid",
        &[
            "2eb8aa08-aa98-11ea-b4aa-73b441d16380",
            "2eb8aa08aa9811eab4aa73b441d16380",
        ],
    ),
    ("json-pointer", &["", "/a/b~0", "/a~2", "a"]),
    ("duration", &["P1D", "PT1H2M", "P1W", "P", "P1DT"]),
    ("hostname", &["a.example", "-a", "a..b", "A1-b"]),
    ("email", &["a@b.example", "a@", "a b@c", "a.b+c@d"]),
    ("uri", &["a:b", "http://a/b?c#d", "/a", "a: b"]),
    ("uri-reference", &["/a", "", "?b#c", "a b", "\\"]),
    ("uri-template", &["/a{b}", "{", "a{b,c}d", "{b}}"]),
    ("relative-json-pointer", &["0", "1/a", "0#", "01", "/a"]),
    ("nonsense", &["anything"]),
];

/// A number from its text, digits kept.
///
/// # Panics
///
/// If the text is no JSON number.
pub fn number(text: &str) -> Value {
    serde_json::from_str(text).expect("a number")
}
