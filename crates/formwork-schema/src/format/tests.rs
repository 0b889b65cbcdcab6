//! Against the official suite, and against a validator on words near and in each language.

use std::path::PathBuf;

use jsonschema::Validator;
use serde_json::{Value, json};

use super::*;

const SUPPORTED: [&str; 19] = [
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

fn language(name: &str) -> Dfa {
    let language = compile(name, Draft::V2020, &Limits::default())
        .unwrap()
        .unwrap();
    Dfa::clone(&language.dfa)
}

fn validator(name: &str) -> Validator {
    jsonschema::options()
        .should_validate_formats(true)
        .build(&json!({ "format": name }))
        .unwrap()
}

/// A format next to the validator's opinion of it.
pub(super) struct Pair {
    name: &'static str,
    dfa: Dfa,
    outer: Option<Arc<Dfa>>,
    validator: Validator,
}

impl Pair {
    pub(super) fn new(name: &'static str) -> Self {
        let language = compile(name, Draft::V2020, &Limits::default())
            .unwrap()
            .unwrap();
        // The validator asserts these only with features that it does not have here.
        let judge = match name {
            "idn-email" => "email",
            "idn-hostname" => "hostname",
            name => name,
        };
        Self {
            name,
            dfa: Dfa::clone(&language.dfa),
            outer: language.gap.map(|gap| gap.outer),
            validator: validator(judge),
        }
    }

    pub(super) fn is_valid(&self, word: &str) -> bool {
        let word = match self.name {
            "idn-email" => ascii_mailbox(word),
            "idn-hostname" => to_ascii(&word.replace(['\u{3002}', '\u{FF0E}', '\u{FF61}'], ".")),
            _ => word.to_owned(),
        };
        has_its_digits(self.name, &word) && self.validator.is_valid(&Value::String(word))
    }

    /// Whether the two agree on `word`, but for words left out on purpose.
    #[track_caller]
    fn check(&self, word: &str) {
        let (accepted, valid) = (self.dfa.accepts(word), self.is_valid(word));
        assert!(
            !accepted || valid,
            "{} accepts {word:?}, which is invalid",
            self.name
        );
        if valid && !accepted {
            assert!(is_left_out(self.name, word), "{} lacks {word:?}", self.name);
            let outer = self.outer.as_ref();
            assert!(
                outer.is_some_and(|outer| outer.accepts(word)),
                "{}: {word:?}",
                self.name
            );
        }
    }
}

/// Whether there are digits where dates and times need them: the validator, before its version
/// 0.61, takes the characters from `*` to `/` for digits as well.
fn has_its_digits(name: &str, word: &str) -> bool {
    let shape = word.replace(|c: char| c.is_ascii_digit(), "0");
    let is_date = |shape: &str| shape == "0000-00-00";
    let is_time = |shape: &str| {
        let rest = shape.strip_prefix("00:00:00").unwrap_or("");
        let offset = match rest.strip_prefix('.') {
            Some(fraction) => fraction.trim_start_matches('0'),
            None => rest,
        };
        matches!(offset, "Z" | "z" | "+00:00" | "-00:00")
    };
    match name {
        "date" => is_date(&shape),
        "time" => is_time(&shape),
        "date-time" => shape
            .split_once(['T', 't'])
            .is_some_and(|(date, time)| is_date(date) && is_time(time)),
        _ => true,
    }
}

fn ascii_mailbox(word: &str) -> String {
    let (local, domain) = word.rsplit_once('@').unwrap_or(("", word));
    let mut masked: String = local
        .chars()
        .map(|c| if c.is_ascii() { c } else { 'a' })
        .collect();
    masked.push_str(&word[local.len()..word.len() - domain.len()]);
    masked + &to_ascii(domain)
}

/// The name in Punycode. Contextual rules ask for scripts where the validator looks at blocks, so
/// some characters become others of their script.
fn to_ascii(name: &str) -> String {
    let japanese = |c: char| match c {
        '\u{3005}' | '\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3038}'..='\u{303B}' => '語',
        '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}' | '\u{1AFF0}'..='\u{1B16F}' => '語',
        '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' | '\u{16FE0}'..='\u{16FFF}' => '語',
        c => c,
    };
    let greek = |c: char| match c {
        '\u{1F00}'..='\u{1FFF}' | '\u{1D26}'..='\u{1D2A}' | '\u{AB65}' => 'α',
        c => c,
    };
    // It knows the viramas of an older Unicode.
    let virama = |c: char| match unicode_normalization::char::canonical_combining_class(c) {
        9 => '\u{94D}',
        _ => c,
    };
    let replaced: String = name
        .chars()
        .map(|c| {
            if name.contains('\u{200D}') {
                virama(c)
            } else {
                c
            }
        })
        .map(|c| if name.contains('・') { japanese(c) } else { c })
        .map(|c| {
            if name.contains('\u{375}') {
                greek(c)
            } else {
                c
            }
        })
        .collect();
    let name = replaced;
    let labels = name.split('.').map(|label| {
        if label.is_ascii() {
            label.to_owned()
        } else {
            format!("xn--{}", punycode(label))
        }
    });
    labels.collect::<Vec<_>>().join(".")
}

/// RFC 3492, section 6.3.
fn punycode(label: &str) -> String {
    let points: Vec<u32> = label.chars().map(u32::from).collect();
    let mut out: String = label.chars().filter(char::is_ascii).collect();
    let (basic, mut done) = (out.len() as u32, out.len() as u32);
    if basic > 0 {
        out.push('-');
    }
    let (mut n, mut delta, mut bias) = (0x80, 0_u32, 72);
    while (done as usize) < points.len() {
        let next = *points.iter().filter(|&&c| c >= n).min().unwrap();
        delta += (next - n) * (done + 1);
        n = next;
        for &c in &points {
            delta += u32::from(c < n);
            if c != n {
                continue;
            }
            let mut q = delta;
            for k in (36..).step_by(36) {
                let t = if k <= bias { 1 } else { (k - bias).min(26) };
                let digit = if q < t { q } else { t + (q - t) % (36 - t) };
                // Letters come before digits.
                out.extend(char::from_digit((digit + 10) % 36, 36));
                if q < t {
                    break;
                }
                q = (q - t) / (36 - t);
            }
            delta /= if done == basic { 700 } else { 2 };
            done += 1;
            delta += delta / done;
            let mut k = 0;
            while delta > 455 {
                delta /= 35;
                k += 36;
            }
            bias = k + 36 * delta / (delta + 38);
            delta = 0;
        }
        delta += 1;
        n += 1;
    }
    out
}

/// The gaps that the documentation of each language names.
fn is_left_out(name: &str, word: &str) -> bool {
    if matches!(name, "regex" | "idn-hostname") {
        return true;
    }
    let Some((local, domain)) = word.rsplit_once('@') else {
        return name == "hostname" && is_domain_left_out(word);
    };
    // RFC 6531 has no escapes of other characters than ASCII; masking them hides that.
    let escaped = |(at, _)| !local[at + 1..].starts_with(|c: char| c.is_ascii());
    match name {
        "email" => word.contains(" <") || is_domain_left_out(domain),
        "idn-email" => {
            is_left_out("email", word)
                || domain.split('.').count() > 4
                || local.match_indices('\\').any(escaped)
        }
        _ => false,
    }
}

fn is_domain_left_out(domain: &str) -> bool {
    let (front, last) = domain.rsplit_once('.').unwrap_or(("", domain));
    let labels = front.split('.').filter(|label| !label.is_empty());
    let steps: usize = labels
        .map(|label| (label.len() + 1).next_multiple_of(UNIT))
        .sum();
    domain.split('.').any(|label| label.starts_with("xn--"))
        || steps + last.len() > MAX_DOMAIN
        || !domain.is_ascii()
}

/// SplitMix64.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }
}

/// An accepted word, of some `wander` random characters and a shortest way to a match.
pub(super) fn random_word(dfa: &Dfa, wander: usize, random: &mut Random) -> String {
    let mut word = String::new();
    let mut at = dfa.start().unwrap();
    for _ in 0..random.below(wander + 1) {
        let live: Vec<_> = dfa
            .classes()
            .filter_map(|(class, ranges)| Some((ranges, dfa.next_class(at, class)?)))
            .collect();
        if live.is_empty() {
            break;
        }
        let (ranges, next) = live[random.below(live.len())];
        let (lo, hi) = ranges[random.below(ranges.len())];
        let c = lo + random.below((hi - lo + 1) as usize) as u32;
        word.extend(char::from_u32(c));
        at = next;
    }
    word + &dfa.shortest_word(at).unwrap()
}

fn mutate(word: &str, pieces: &[&str], random: &mut Random) -> String {
    let chars: Vec<char> = word.chars().collect();
    let from = random.below(chars.len() + 1);
    let to = (from + random.below(3)).min(chars.len());
    let mut mutant: String = chars[..from].iter().collect();
    match random.below(4) {
        0 => {}
        1 => mutant.extend(&chars[from..to]),
        _ => mutant += random.pick(pieces),
    }
    mutant.extend(&chars[to - random.below(2).min(to - from)..]);
    mutant
}

/// Valid words, and pieces to spoil them with and to string together.
fn samples(name: &str) -> (&'static [&'static str], &'static [&'static str]) {
    const URI_PIECES: &[&str] = &[
        "a",
        "Z",
        "1",
        "+",
        "-",
        ".",
        "_",
        ":",
        "/",
        "//",
        "?",
        "#",
        "@",
        "[",
        "]",
        "[::1]",
        "%41",
        "%4",
        "%",
        "[v1.a:]",
        "[V.a]",
        "é",
        "\u{E000}",
        "\u{FDD0}",
        "\u{9F}",
        "\u{A0}",
        "\u{1FFFE}",
        "\u{10FFFD}",
        "\u{E0100}",
        "\u{E1000}",
        " ",
        "\"",
        "<",
        "\\",
        "^",
        "`",
        "{",
        "|",
        "~",
        "!",
        "'",
        "(",
        "*",
        ";",
        "=",
        "http:",
        "80",
        "\n",
        "\0",
    ];
    const URIS: &[&str] = &[
        "http://user:pw@example.com:8042/over/there?name=ferret#nose",
        "ftp://[2001:db8::7]:21/c=GB?objectClass?one",
        "urn:example:animal:ferret:nose",
        "mailto:John.Doe@example.com",
        "tel:+1-816-555-1212",
        "http://[v1f.a:b]/%7Efoo",
        "file:///etc/fstab",
        "x:/a//b",
        "a:",
    ];
    const REFERENCES: &[&str] = &[
        "//example.com:/a?b#c",
        "/abs/path",
        "rel@x/path:with",
        "",
        "?q",
        "#f",
        "../..",
        "http://a@b:1/",
        "//[::ffff:1.2.3.4]",
    ];
    const EMAIL_PIECES: &[&str] = &[
        "a",
        "B",
        "1",
        ".",
        "..",
        "-",
        "--",
        "@",
        "\"",
        "\\",
        "\\\"",
        " ",
        " <",
        "<",
        ">",
        "\t",
        "[",
        "]",
        "[127.0.0.1]",
        "[IPv6:::1]",
        "[ipV6:1::]",
        "[IPv5:::1]",
        "_",
        "+",
        "é",
        "한",
        "\u{7F}",
        "\0",
        "xn--a",
        "example.com",
        "(",
        ",",
        "!",
        "~",
        "\"a\"",
        "@example.com",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ];
    const DATES: &[&str] = &[
        "2024-02-29",
        "1900-02-28",
        "0000-02-29",
        "1999-12-31",
        "2000-04-30",
    ];
    const TIME_PIECES: &[&str] = &[
        "0",
        "1",
        "2",
        "3",
        "5",
        "9",
        "60",
        "59",
        "23",
        ":",
        ".",
        "Z",
        "z",
        "+",
        "-",
        "00",
        " ",
        "T",
        "t",
        "২",
        ",",
        "/",
        "2024-02-30",
        "23:59:60Z",
        "\n",
    ];
    match name {
        "date" => (DATES, TIME_PIECES),
        "date-time" => (
            &[
                "1985-04-12T23:20:50.52Z",
                "1990-12-31t15:59:60-08:00",
                "1998-12-31T23:59:60.123z",
                "2024-02-29T00:00:00+23:59",
            ],
            TIME_PIECES,
        ),
        "time" => (
            &[
                "23:59:60Z",
                "00:29:60+00:30",
                "23:58:60-00:01",
                "12:00:00.000000001-00:00",
                "08:30:06z",
            ],
            TIME_PIECES,
        ),
        "duration" => (
            &[
                "P1Y2M3DT4H5M6S",
                "PT36H",
                "P4W",
                "P1DT12H",
                "PT1M",
                "P10Y",
                "P1M1D",
            ],
            &[
                "P", "T", "Y", "M", "W", "D", "H", "S", "1", "02", "1Y", "1M", "1D", "1H", "1S",
                "-", ".", "২", " ",
            ],
        ),
        "email" | "idn-email" => (
            &[
                "joe.bloggs@example.com",
                "\"joe \\\"@ bloggs\"@a-b.example",
                "a@[127.0.0.1]",
                "a+b@[IPv6:2001:db8::1]",
                "\"\"@x",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.c",
                "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@\\\"\"@b.c",
            ],
            EMAIL_PIECES,
        ),
        "hostname" => (
            &[
                "www.example.com",
                "a--b.c",
                "1host",
                "x.y.z-1.xy",
                "abcdefghijklmnopqrstuvwxyz0123456789.de",
            ],
            &[
                "a",
                "Z",
                "0",
                "-",
                "--",
                ".",
                "..",
                "_",
                "xn--",
                "XN--",
                "é",
                "\u{FF0E}",
                " ",
                "\n",
                "ab--",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a",
            ],
        ),
        "idn-hostname" => (
            &[
                "실례.테스트",
                "www.bücher.example",
                "παράδειγμα.δοκιμή",
                "उदाहरण.परीक्षा",
                "例え。テスト",
                "مثال.إختبار",
                "דוגמה.טעסט.a1",
                "পরীক্ষা",
                "l·l.क्\u{200D}ष",
                "بي\u{200C}بي",
            ],
            &[
                "a",
                "l",
                "·",
                "A",
                "0",
                "-",
                "--",
                ".",
                "。",
                "ß",
                "é",
                "e\u{301}",
                "\u{301}",
                "\u{323}",
                "α",
                "\u{375}",
                "ב",
                "\u{5F3}",
                "ا",
                "\u{654}",
                "٠",
                "۰",
                "・",
                "カ",
                "\u{3099}",
                "क",
                "\u{94D}",
                "\u{200C}",
                "\u{200D}",
                "ب",
                "語",
                "\u{302E}",
                "Ü",
                "한",
                "\u{1100}",
                "aaaaaaaaaaaaaaaa",
            ],
        ),
        "ipv4" => (
            &["192.168.0.1", "255.255.255.255", "0.0.0.0", "1.20.249.250"],
            &[
                "0", "1", "25", "256", "9", ".", "..", "00", "a", " ", "+", "১", "x", "/24",
            ],
        ),
        "ipv6" => (
            &[
                "::",
                "1::",
                "::8",
                "1:2:3:4:5:6:7:8",
                "1:2:3:4:5:6:7::",
                "::2:3:4:5:6:7:8",
                "::ffff:1.2.3.4",
                "1:2:3:4:5:6:1.2.3.4",
            ],
            &[
                "1", "ABcd", "0", "00000", "g", ":", "::", ":1", "1:", "2:3:", ".", "1.2.3.4",
                "1.2.3", "%eth0", " ", "[", "/64", "৪",
            ],
        ),
        "iri" | "uri" => (URIS, URI_PIECES),
        "iri-reference" | "uri-reference" => (REFERENCES, URI_PIECES),
        "json-pointer" => (
            &["", "/", "/foo/0", "/a~1b~0", "//é\0", "/ "],
            &["/", "~", "~0", "~1", "~2", "a", "0", "#", "é", "\n"],
        ),
        "relative-json-pointer" => (
            &["0", "1/0", "120/foo~1bar", "0#", "2/", "10#"],
            &[
                "/", "#", "~", "~0", "~1", "0", "1", "01", "a", "-", "+", "১", "##",
            ],
        ),
        "regex" => (
            &[
                r"^[a-z]+(-[a-z]+)*$",
                r"^(?=.*\d)(?:\w{2,}|[^\s/]+?)\.x$",
                r"[\u0400-\u04FF]{1,3}\p{L}",
            ],
            &[
                "(", ")", "(?:", "(?!", "(?<=", "[", "[^", "]", "-", "a", "z", "0", "\\", "\\d",
                "\\b", "{2}", "{3,2}", "{10,12}", "*", "+", "?", "|", "^", "$", ".", "é", "/",
                "\\u0041",
            ],
        ),
        "uri-template" => (
            &[
                "http://example.com/~{username}{?q*,lang:30}",
                "{+path:6}/here",
                "{%41b.c_d}",
                "a'b%20",
                "é{,x}",
            ],
            &[
                "{", "}", "a", "1", "_", ".", ",", ":", "*", "0", "9999", "+", "#", "?", "=", "|",
                "%41", "%4", "%", "é", "{x}", "'", "`", "^", "\\", "\"", "<", " ", "\u{7F}",
                "\u{80}", "-", "$", "~",
            ],
        ),
        "uuid" => (
            &[
                "2EB8AA08-aa98-11ea-b4aa-73b441d16380",
                "00000000-0000-0000-0000-000000000000",
            ],
            &[
                "-", "0", "a", "F", "g", "{", "}", " ", "é", "/", ":", "@", "G", "`",
            ],
        ),
        _ => unreachable!(),
    }
}

#[test]
fn agrees_near_valid_words() {
    for name in SUPPORTED {
        let pair = Pair::new(name);
        let (words, pieces) = samples(name);
        let mut random = Random(1);
        for word in words {
            assert!(pair.dfa.accepts(word), "{name}: {word:?}");
            pair.check(word);
        }
        for _ in 0..4000 {
            let mut word = random.pick(words).to_owned();
            for _ in 0..=random.below(3) {
                word = mutate(&word, pieces, &mut random);
                pair.check(&word);
            }
        }
    }
}

#[test]
fn agrees_on_strings_of_pieces() {
    for name in SUPPORTED {
        let pair = Pair::new(name);
        let (_, pieces) = samples(name);
        let mut random = Random(2);
        for _ in 0..6000 {
            let count = random.below(10);
            let word: String = (0..count).map(|_| random.pick(pieces)).collect();
            pair.check(&word);
        }
    }
}

#[test]
fn accepts_only_valid_words() {
    for name in SUPPORTED {
        let pair = Pair::new(name);
        let (_, pieces) = samples(name);
        let mut random = Random(3);
        for wander in [8, 24, 80, 400] {
            for _ in 0..300 {
                let word = random_word(&pair.dfa, wander, &mut random);
                assert!(pair.dfa.accepts(&word));
                pair.check(&word);
                pair.check(&mutate(&word, pieces, &mut random));
            }
        }
    }
}

#[test]
fn knows_the_calendar() {
    let pair = Pair::new("date");
    for year in (0..10_000)
        .step_by(7)
        .chain((0..10_000).step_by(100))
        .chain(1995..2010)
    {
        for month in 0..=13 {
            let days: &[u32] = if year % 100 == 0 {
                &[0, 1, 28, 29, 30, 31, 32]
            } else {
                &[28, 29, 30, 31]
            };
            for day in days {
                pair.check(&format!("{year:04}-{month:02}-{day:02}"));
            }
        }
    }
}

#[test]
fn knows_every_leap_second() {
    let pair = Pair::new("time");
    let mut random = Random(4);
    for local in 0..1440_u32 {
        let (h, m) = (local / 60, local % 60);
        pair.check(&format!("{h:02}:{m:02}:60Z"));
        let ahead = (local + 1) % 1440;
        let near = |offset: u32, by: u32| (offset + by) % 1440;
        for (sign, right) in [('+', ahead), ('-', 1439 - local)] {
            let word = |offset: u32| {
                format!(
                    "{h:02}:{m:02}:60{sign}{:02}:{:02}",
                    offset / 60,
                    offset % 60
                )
            };
            assert!(pair.dfa.accepts(&word(right)), "{}", word(right));
            let any = random.below(1440) as u32;
            for offset in [
                right,
                near(right, 1),
                near(right, 1439),
                near(right, 60),
                near(right, 1380),
                any,
            ] {
                pair.check(&word(offset));
            }
        }
    }
}

#[test]
fn bounds_the_lengths_of_names() {
    let (host, email, idn) = (
        Pair::new("hostname"),
        Pair::new("email"),
        Pair::new("idn-email"),
    );
    let label = |n: usize| "a".repeat(n);
    let longest = format!("{0}.{0}.{0}.{1}", label(63), label(61));
    assert_eq!(longest.len(), MAX_DOMAIN);
    let words = [
        longest.clone(),
        format!("{longest}a"),
        label(63),
        label(64),
        format!("{}.b", label(64)),
    ];
    for word in &words {
        let fits = word == &longest || word == &label(63);
        assert_eq!(host.dfa.accepts(word), fits);
        assert_eq!(email.dfa.accepts(&format!("x@{word}")), fits);
        host.check(word);
        email.check(&format!("x@{word}"));
    }
    assert!(host.dfa.accepts(&"a.".repeat(31)[..61]));
    for local in [60, 61, 62, 63, 64, 65] {
        for local in [
            label(local),
            format!("\"{}\"", label(local)),
            format!("\"{}\\@\"", label(local)),
        ] {
            assert_eq!(
                email.dfa.accepts(&format!("{local}@b.c")),
                local.len() <= 64
            );
            email.check(&format!("{local}@b.c"));
            assert_eq!(
                idn.dfa
                    .accepts(&format!("{}@b.c", local.replace('a', "한"))),
                local.len() <= 64
            );
        }
    }
}

#[test]
fn names_only_standard_formats() {
    for name in SUPPORTED {
        assert!(
            compile(name, Draft::V2020, &Limits::default()).is_some(),
            "{name}"
        );
    }
    for name in ["", "color", "Date", "int32", "host-name"] {
        assert!(compile(name, Draft::V2020, &Limits::default()).is_none());
    }
}

#[test]
fn respects_limits() {
    let tight = Limits {
        max_states: 10,
        ..Limits::default()
    };
    for name in SUPPORTED {
        match compile(name, Draft::V2020, &tight).unwrap() {
            Ok(language) => assert!(language.dfa.state_count() <= 10),
            Err(error) => assert!(error.to_string().contains("10 automaton states"), "{error}"),
        }
    }
}

#[test]
fn passes_the_official_suite() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/json-schema-test-suite/tests");
    if !root.is_dir() {
        println!("skipped: the JSON Schema test suite is not at hand");
        return;
    }
    let (mut passed, mut left_out) = (0, 0);
    for name in SUPPORTED {
        for (draft, folder) in [
            (Draft::V4, "draft4"),
            (Draft::V6, "draft6"),
            (Draft::V7, "draft7"),
            (Draft::V2019, "draft2019-09"),
            (Draft::V2020, "draft2020-12"),
        ] {
            let file = root.join(format!("{folder}/optional/format/{name}.json"));
            let Ok(text) = std::fs::read_to_string(&file) else {
                continue;
            };
            let language = compile(name, draft, &Limits::default()).unwrap().unwrap();
            let groups: Value = serde_json::from_str(&text).unwrap();
            let cases = groups
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|g| g["tests"].as_array().unwrap());
            for case in cases {
                let Some(word) = case["data"].as_str() else {
                    continue;
                };
                let accepted = language.dfa.accepts(word);
                if accepted == case["valid"].as_bool().unwrap() {
                    passed += 1;
                } else {
                    let allowed = !accepted && is_left_out(name, word);
                    assert!(
                        allowed,
                        "{folder} {name}: {word:?}: {}",
                        case["description"]
                    );
                    assert!(
                        language
                            .gap
                            .as_ref()
                            .is_some_and(|gap| gap.outer.accepts(word))
                    );
                    left_out += 1;
                }
            }
        }
    }
    println!("{passed} passed, {left_out} left out on purpose");
    assert!(passed > 500);
}

#[test]
fn labels_are_normalised() {
    let dfa = language("idn-hostname");
    let mut random = Random(5);
    for wander in [3, 6, 12, 24] {
        for _ in 0..4000 {
            let word = random_word(&dfa, wander, &mut random);
            for label in word.split(['.', '\u{3002}', '\u{FF0E}', '\u{FF61}']) {
                assert!(unicode_normalization::is_nfc(label), "{label:?}");
            }
        }
    }
}
