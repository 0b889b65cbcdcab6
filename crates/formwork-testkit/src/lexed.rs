//! Random grammars with a lexer, and which texts they derive: the longest match is
//! found by trying every prefix with every terminal, and the tokens are derived by
//! brute force. Terminals are predicates written by hand; no automata.

use std::cmp::Reverse;
use std::sync::Arc;

use formwork::cfg::{Grammar, Lexeme, LongestMatch, RuleId, Span};
use formwork_automata::{Limits, regex};

use crate::cfg::{Case, Derives, any_rules};
use crate::rng::Rng;

/// Whether a text is a word.
type Words = fn(&str) -> bool;

/// A terminal: its pattern, whether it is a text, and its words.
type Terminal = (&'static str, bool, Words);

/// Terminals that get in each other's way: words that begin others, with a way
/// back to a word only after many characters.
const TERMINALS: &[Terminal] = &[
    ("a", true, |w| w == "a"),
    ("b", true, |w| w == "b"),
    ("c", true, |w| w == "c"),
    ("ab", true, |w| w == "ab"),
    ("ba", true, |w| w == "ba"),
    ("aa", true, |w| w == "aa"),
    ("abc", true, |w| w == "abc"),
    ("aca", true, |w| w == "aca"),
    ("a+", false, |w| all(w, "a")),
    ("[ab]+", false, |w| all(w, "ab")),
    ("[abc]", false, |w| w.len() == 1 && all(w, "abc")),
    ("c+", false, |w| all(w, "c")),
    ("(aa)+", false, |w| all(w, "a") && w.len() % 2 == 0),
    ("ab*", false, |w| begins(w, 'a', |rest| every(rest, "b"))),
    ("ab*c", false, |w| {
        begins(w, 'a', |w| ends(w, 'c', |w| every(w, "b")))
    }),
    ("c[ab]*c", false, |w| {
        begins(w, 'c', |w| ends(w, 'c', |w| every(w, "ab")))
    }),
    ("ca*b?", false, |w| {
        begins(w, 'c', |w| every(w, "a") || ends(w, 'b', |w| every(w, "a")))
    }),
    ("a[^b]*ba", false, comment),
    ("a[^]*b", false, |w| {
        begins(w, 'a', |w| ends(w, 'b', |_| true))
    }),
    ("é", true, |w| w == "é"),
    ("[éè]+", false, |w| all(w, "éè")),
    ("aé", true, |w| w == "aé"),
    ("é[^c]*è", false, |w| {
        begins(w, 'é', |w| ends(w, 'è', |w| !w.contains('c')))
    }),
];

fn every(word: &str, set: &str) -> bool {
    word.chars().all(|c| set.contains(c))
}

fn all(word: &str, set: &str) -> bool {
    !word.is_empty() && every(word, set)
}

fn begins(word: &str, c: char, rest: fn(&str) -> bool) -> bool {
    word.strip_prefix(c).is_some_and(rest)
}

fn ends(word: &str, c: char, rest: fn(&str) -> bool) -> bool {
    word.strip_suffix(c).is_some_and(rest)
}

/// From `a` to the first `b` after it, and an `a`.
fn comment(word: &str) -> bool {
    let inner = word.strip_prefix('a').and_then(|w| w.strip_suffix("ba"));
    inner.is_some_and(|inner| !inner.contains('b'))
}

/// A grammar with a lexer.
#[derive(Clone)]
pub struct LexedCase {
    /// The grammar over numbers of tokens, one byte each.
    tokens: Case,
    words: Vec<Words>,
    /// The patterns of the terminals.
    pub patterns: Vec<&'static str>,
    /// The characters of which texts are made.
    pub alphabet: Vec<char>,
}

impl LexedCase {
    /// A random one.
    ///
    /// # Panics
    ///
    /// If a pattern is malformed.
    pub fn any(rng: &mut Rng) -> LexedCase {
        let count = 2 + rng.below(5);
        // A few cases leave ASCII.
        let pool = if rng.chance(20) {
            TERMINALS.len()
        } else {
            TERMINALS.len() - 4
        };
        let chosen: Vec<Terminal> = (0..count).map(|_| TERMINALS[rng.below(pool)]).collect();
        let priorities = [0, 0, 0, 1, -1];
        let lexemes = chosen.iter().map(|&(pattern, is_text, _)| Lexeme {
            name: pattern.into(),
            span: Span::default(),
            priority: *rng.pick(&priorities),
            is_text,
            is_ignored: rng.chance(15),
        });
        let lexemes = lexemes.collect();
        let is_wide = chosen.iter().any(|(pattern, ..)| !pattern.is_ascii());
        let dfa = |&(pattern, ..): &Terminal| {
            let dfa = regex::compile(&format!("^(?:{pattern})$"), &Limits::default());
            Arc::new(dfa.expect("a pattern"))
        };
        let grammar = Grammar {
            rules: any_rules(rng, count),
            terminals: chosen.iter().map(dfa).collect(),
            start: RuleId(0),
            lexing: Some(LongestMatch { lexemes }),
            foreign: Vec::new(),
        };
        LexedCase {
            tokens: Case {
                words: (0..count).map(|token| vec![vec![token as u8]]).collect(),
                grammar,
            },
            words: chosen.iter().map(|&(_, _, words)| words).collect(),
            patterns: chosen.iter().map(|&(pattern, ..)| pattern).collect(),
            alphabet: if is_wide {
                vec!['a', 'é', 'è']
            } else {
                vec!['a', 'b', 'c']
            },
        }
    }

    /// The grammar.
    pub fn grammar(&self) -> &Grammar {
        &self.tokens.grammar
    }

    /// What is derived.
    pub fn oracle(&self) -> Lexed<'_> {
        Lexed {
            case: self,
            derives: Derives::new(&self.tokens),
        }
    }

    fn lexeme(&self, token: usize) -> &Lexeme {
        let lexing = self.grammar().lexing.as_ref().expect("a lexer");
        &lexing.lexemes[token]
    }
}

impl std::fmt::Debug for LexedCase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for rule in &self.grammar().rules {
            writeln!(f, "{}: {:?}", rule.name, rule.body)?;
        }
        let lexemes = (0..self.words.len()).map(|token| self.lexeme(token));
        f.debug_list().entries(lexemes).finish()
    }
}

/// Which texts a grammar with a lexer derives.
#[derive(Clone, Debug)]
pub struct Lexed<'a> {
    case: &'a LexedCase,
    derives: Derives<'a>,
}

impl Lexed<'_> {
    /// The tokens of a text, ignored ones included; `None` if it cannot be cut.
    pub fn tokens(&self, text: &str) -> Option<Vec<usize>> {
        let mut tokens = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8());
            let longest = ends.rev().find_map(|end| {
                let word = &rest[..end];
                let fit = (0..self.case.words.len()).filter(|&t| (self.case.words[t])(word));
                let best = fit.min_by_key(|&t| {
                    let lexeme = self.case.lexeme(t);
                    (Reverse(lexeme.priority), !lexeme.is_text, t)
                });
                best.map(|token| (token, end))
            });
            let (token, end) = longest?;
            tokens.push(token);
            rest = &rest[end..];
        }
        Some(tokens)
    }

    /// Whether a text is derived.
    ///
    /// # Panics
    ///
    /// If the text has more than 62 tokens.
    pub fn derives(&self, text: &str) -> bool {
        let Some(tokens) = self.tokens(text) else {
            return false;
        };
        let kept = tokens.iter().filter(|&&t| !self.case.lexeme(t).is_ignored);
        let kept: Vec<u8> = kept.map(|&token| token as u8).collect();
        self.derives.read(&kept).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_their_predicates() {
        let mut texts = vec![String::new()];
        for at in 0..1500 {
            for c in ['a', 'b', 'c', 'é', 'è'] {
                let text: String = texts[at].chars().chain([c]).collect();
                texts.push(text);
            }
        }
        for (pattern, _, words) in TERMINALS {
            let dfa = regex::compile(&format!("^(?:{pattern})$"), &Limits::default());
            let dfa = dfa.expect("a pattern");
            for text in &texts {
                assert_eq!(dfa.accepts(text), words(text), "{text} and {pattern}");
            }
        }
    }

    #[test]
    fn the_longest_match_wins_and_then_the_rank() {
        let lexeme = |priority, is_text| Lexeme {
            priority,
            is_text,
            ..Lexeme::default()
        };
        let mut case = LexedCase::any(&mut Rng::new(1));
        case.words = vec![|w| all(w, "ab"), |w| w == "ab", |w| w == "a", |w| w == "a"];
        case.tokens.grammar.lexing = Some(LongestMatch {
            lexemes: vec![
                lexeme(0, false),
                lexeme(0, true),
                lexeme(-1, true),
                lexeme(1, false),
            ],
        });
        let oracle = case.oracle();
        assert_eq!(oracle.tokens("ab"), Some(vec![1]));
        assert_eq!(oracle.tokens("aba"), Some(vec![0]));
        assert_eq!(oracle.tokens("a"), Some(vec![3]));
        assert_eq!(oracle.tokens("ac"), None);
    }
}
