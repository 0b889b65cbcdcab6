//! Random grammars: damaged ones end in a grammar or in errors with places, and
//! lowering keeps the language of sound ones.

use std::fs;
use std::path::Path;

use super::earley::accepts;
use super::{EbnfDialect, Format, Lexing, SyntaxLimits, SyntaxOptions, parse_with};

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
    let formats = [
        Format::Gbnf,
        Format::Lark,
        Format::Ebnf,
        Format::Regex,
        Format::StructuralTag,
    ];
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
                lexing: if format == Format::Lark && round % 3 == 0 {
                    Lexing::LongestMatch
                } else {
                    Lexing::Scannerless
                },
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

/// A random expression of GBNF; `name` spells a reference to a rule.
fn expression(depth: u32, random: &mut Random, name: &dyn Fn(usize) -> String) -> String {
    let leaf = depth == 0 || random.below(4) == 0;
    match random.below(if leaf { 4 } else { 8 }) {
        0 => ["\"a\"", "\"ab\"", "\"\"", "\"b\""][random.below(4)].to_owned(),
        1 => ["[ab]", "[^a]", "[a-c]", "."][random.below(4)].to_owned(),
        2 | 3 => name(random.below(4)),
        4 | 5 => {
            let first = expression(depth - 1, random, name);
            format!("{first} {}", expression(depth - 1, random, name))
        }
        6 => {
            let first = expression(depth - 1, random, name);
            format!("({first} | {})", expression(depth - 1, random, name))
        }
        _ => {
            let sign = ["*", "+", "?", "{2}", "{1,2}", "{0,3}"][random.below(6)];
            format!("({}){sign}", expression(depth - 1, random, name))
        }
    }
}

/// Joining regular parts and unrolling calls at the ends of rules change nothing.
#[test]
fn lowering_keeps_languages() {
    let texts: Vec<String> = (0..5u32)
        .flat_map(|length| {
            (0..3u32.pow(length)).map(move |n| {
                let digit = |at| n / 3u32.pow(at) % 3;
                (0..length)
                    .map(|at| ['a', 'b', 'c'][digit(at) as usize])
                    .collect()
            })
        })
        .collect();
    let mut random = Random(7);
    let plain = SyntaxOptions {
        limits: SyntaxLimits {
            max_work: 0,
            ..SyntaxLimits::default()
        },
        ..SyntaxOptions::default()
    };
    for _ in 0..400 {
        let (mut text, mut apart) = (String::new(), String::from("e ::= \"\"\n"));
        for rule in ["root", "r1", "r2", "r3"] {
            let seed = random.below(usize::MAX) as u64;
            let name = |n: usize| ["root", "r1", "r2", "r3"][n].to_owned();
            let body = expression(3, &mut Random(seed), &name);
            text.push_str(&format!("{rule} ::= {body}\n"));
            // Calls that stand between others are at no end.
            let body = expression(3, &mut Random(seed), &|n| format!("(e {} e)", name(n)));
            apart.push_str(&format!("{rule} ::= {body}\n"));
        }
        let joined = parse_with(&text, Format::Gbnf, &SyntaxOptions::default()).unwrap();
        let apart = parse_with(&apart, Format::Gbnf, &plain).unwrap();
        for sample in &texts {
            assert_eq!(
                accepts(&joined, sample),
                accepts(&apart, sample),
                "{sample:?} by\n{text}"
            );
        }
    }
}
