//! Damaged grammars end in a grammar or in errors with places, never in a panic.

use std::fs;
use std::path::Path;

use super::{EbnfDialect, Format, SyntaxLimits, SyntaxOptions, parse_with};

/// A linear congruential generator (Knuth, MMIX).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005);
        self.0 = self.0.wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % n.max(1)
    }
}

/// A few changes of `text`: characters dropped, doubled, exchanged or put in.
fn damage(text: &str, random: &mut Random) -> String {
    const SIGNS: &[char] = &[
        '(',
        ')',
        '[',
        ']',
        '{',
        '}',
        '\\',
        '"',
        '\'',
        '/',
        '|',
        '-',
        '*',
        '?',
        '+',
        '~',
        '#',
        'é',
        '\n',
        '<',
        '>',
        ',',
        ':',
        '=',
        '.',
        '%',
        '^',
        '\u{1F600}',
        'x',
        '9',
        '\0',
        ';',
        '_',
    ];
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(4) {
        let at = random.below(chars.len());
        match random.below(5) {
            0 if !chars.is_empty() => drop(chars.remove(at)),
            1 if !chars.is_empty() => chars.insert(at, chars[at]),
            2 if !chars.is_empty() => {
                let other = random.below(chars.len());
                chars.swap(at, other);
            }
            3 => chars.truncate(at),
            _ => chars.insert(at.min(chars.len()), SIGNS[random.below(SIGNS.len())]),
        }
    }
    chars.into_iter().collect()
}

#[test]
fn damaged_grammars() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../grammars");
    let mut random = Random(1);
    let formats = [Format::Gbnf, Format::Lark, Format::Ebnf, Format::Regex];
    let limits = SyntaxLimits {
        max_work: 200_000,
        max_pattern_work: 2_000_000,
        ..SyntaxLimits::default()
    };
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        let Some(format) = extension.and_then(Format::from_extension) else {
            continue;
        };
        let text = fs::read_to_string(&path).unwrap();
        for round in 0..60 {
            // Short texts leave less to be right about.
            let from = text.char_indices().nth(random.below(text.chars().count()));
            let from = from.map_or(0, |(at, _)| at);
            let part = if round % 2 == 0 { &text } else { &text[from..] };
            let damaged = damage(part, &mut random);
            let format = if round % 7 == 0 {
                formats[random.below(formats.len())]
            } else {
                format
            };
            let ebnf = [EbnfDialect::Detect, EbnfDialect::Iso, EbnfDialect::W3c];
            let options = SyntaxOptions {
                ebnf: ebnf[random.below(ebnf.len())],
                limits: limits.clone(),
                ..SyntaxOptions::default()
            };
            if let Err(errors) = parse_with(&damaged, format, &options) {
                assert!(!errors.errors().is_empty());
                for error in errors.errors() {
                    assert!(error.span.end <= damaged.len() && error.span.start <= error.span.end);
                    assert!(error.to_string().contains('^'), "{error}");
                }
            }
        }
    }
}
