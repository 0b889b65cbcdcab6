//! Random context-free grammars, and which texts they derive: by relations
//! between places of a text, made larger until nothing changes. Works on
//! expressions as they stand; no normal form, no automata.

use std::sync::Arc;

use formwork::cfg::{Expr, Grammar, Rule, RuleId, Span, TerminalId};
use formwork_automata::Dfa;

use crate::rng::Rng;

/// A grammar and the words of its terminals, up to a length that matters.
#[derive(Clone, Debug)]
pub struct Case {
    /// The grammar.
    pub grammar: Grammar,
    /// For each terminal, its words; then, for each foreign part, those.
    pub words: Vec<Vec<Vec<u8>>>,
}

impl Case {
    /// The words of a terminal or a foreign part.
    fn words_of(&self, leaf: &Expr) -> &[Vec<u8>] {
        match leaf {
            Expr::Terminal(terminal) => &self.words[terminal.0 as usize],
            Expr::Foreign(part) => &self.words[self.grammar.terminals.len() + part.0 as usize],
            _ => &[],
        }
    }
}

/// Words of which terminals are made; a few begin or end alike.
const WORDS: &[&[&str]] = &[
    &["a"],
    &["b"],
    &["c"],
    &["ab"],
    &["a", "ab"],
    &["", "b"],
    &["ba", "b", "bab"],
    &["é"],
    &["è", "é", "c"],
    &[""],
    &["aa", "c"],
    &["a", "aa", "aaa", "aaaa", "aaaaa", "aaaaaa", "aaaaaaa"],
];

/// A random grammar: recursion of every kind, ambiguity, rules that may be
/// empty or never end, repetitions.
pub fn any_case(rng: &mut Rng) -> Case {
    let terminal_count = 1 + rng.below(4);
    let mut words: Vec<Vec<Vec<u8>>> = Vec::new();
    let mut terminals = Vec::new();
    for _ in 0..terminal_count {
        let list = *rng.pick(WORDS);
        words.push(list.iter().map(|word| word.as_bytes().to_vec()).collect());
        terminals.push(Arc::new(Dfa::from_words(list.iter().copied())));
    }
    Case {
        grammar: Grammar {
            rules: any_rules(rng, terminal_count),
            terminals,
            start: RuleId(0),
            lexing: None,
            foreign: Vec::new(),
        },
        words,
    }
}

/// Random rules over so many terminals.
pub(crate) fn any_rules(rng: &mut Rng, terminals: usize) -> Vec<Rule> {
    let count = 1 + rng.below(5);
    let rules = (0..count).map(|number| Rule {
        name: format!("r{number}"),
        span: Span::default(),
        body: body(rng, count, terminals),
    });
    rules.collect()
}

fn body(rng: &mut Rng, rules: usize, terminals: usize) -> Expr {
    let choices = 1 + rng.below(3);
    let mut list: Vec<Expr> = (0..choices)
        .map(|_| expr(rng, rules, terminals, 2))
        .collect();
    // Most rules should be able to end.
    if rng.chance(60) {
        list.push(Expr::Terminal(TerminalId(rng.below(terminals) as u32)));
    }
    if rng.chance(10) {
        list.push(Expr::Sequence(Vec::new()));
    }
    Expr::Choice(list)
}

fn expr(rng: &mut Rng, rules: usize, terminals: usize, depth: usize) -> Expr {
    match rng.below(if depth == 0 { 5 } else { 10 }) {
        0..=1 => Expr::Terminal(TerminalId(rng.below(terminals) as u32)),
        2..=4 => Expr::Rule(RuleId(rng.below(rules) as u32)),
        5..=7 => {
            let parts = rng.below(4);
            Expr::Sequence(
                (0..parts)
                    .map(|_| expr(rng, rules, terminals, depth - 1))
                    .collect(),
            )
        }
        8 => Expr::Choice(
            (0..rng.below(3))
                .map(|_| expr(rng, rules, terminals, depth - 1))
                .collect(),
        ),
        _ => {
            let min = *rng.pick(&[0, 0, 1, 2, 3, 17]);
            let more = *rng.pick(&[Some(0), Some(1), Some(2), Some(20), None, None]);
            Expr::Repeat {
                inner: Box::new(expr(rng, rules, terminals, depth - 1)),
                min,
                max: more.map(|more| min + more),
            }
        }
    }
}

/// A relation between the places of a text: bit `j` of row `i` says that what is
/// between `i` and `j` can be read.
type Relation = Vec<u64>;

/// What a grammar derives.
#[derive(Clone, Debug)]
pub struct Derives<'a> {
    case: &'a Case,
    productive: Vec<bool>,
}

impl<'a> Derives<'a> {
    /// The oracle of a grammar.
    pub fn new(case: &'a Case) -> Derives<'a> {
        let mut oracle = Derives {
            case,
            productive: vec![false; case.grammar.rules.len()],
        };
        loop {
            let rules = case.grammar.rules.iter();
            let next: Vec<bool> = rules.map(|rule| oracle.can_end(&rule.body)).collect();
            if next == oracle.productive {
                return oracle;
            }
            oracle.productive = next;
        }
    }

    /// Whether any text is derived.
    pub fn is_productive(&self) -> bool {
        self.productive[self.case.grammar.start.0 as usize]
    }

    fn can_end(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Terminal(_) | Expr::Foreign(_) => !self.case.words_of(expr).is_empty(),
            Expr::Rule(rule) => self.productive[rule.0 as usize],
            Expr::Sequence(parts) => parts.iter().all(|part| self.can_end(part)),
            Expr::Choice(parts) => parts.iter().any(|part| self.can_end(part)),
            Expr::Repeat { inner, min, max } => {
                max.is_none_or(|max| *min <= max) && (*min == 0 || self.can_end(inner))
            }
        }
    }

    /// Whether `text` is derived, and whether a derived text begins with it.
    ///
    /// # Panics
    ///
    /// If the text has more than 62 bytes.
    pub fn read(&self, text: &[u8]) -> (bool, bool) {
        assert!(text.len() < 63);
        let (rules, start) = (&self.case.grammar.rules, self.case.grammar.start.0 as usize);
        let mut whole: Vec<Relation> = vec![vec![0; text.len() + 1]; rules.len()];
        loop {
            let next: Vec<Relation> = rules
                .iter()
                .map(|rule| self.relation(&rule.body, text, &whole))
                .collect();
            if next == whole {
                break;
            }
            whole = next;
        }
        // Bit `i`: what is read from `i` on may run into the end of the text.
        let mut begun: Vec<u64> = vec![0; rules.len()];
        loop {
            let next: Vec<u64> = rules
                .iter()
                .map(|rule| self.begins(&rule.body, text, &whole, &begun))
                .collect();
            if next == begun {
                break;
            }
            begun = next;
        }
        let derived = whole[start][0] >> text.len() & 1 == 1;
        (derived, begun[start] & 1 == 1)
    }

    /// Whether a derived text begins with `text`, tried byte by byte after what
    /// is known to begin one.
    pub fn begins_with(&self, known: usize, text: &[u8]) -> bool {
        (known + 1..=text.len()).all(|to| self.read(&text[..to]).1)
    }

    fn relation(&self, expr: &Expr, text: &[u8], whole: &[Relation]) -> Relation {
        let places = text.len() + 1;
        match expr {
            Expr::Rule(rule) => whole[rule.0 as usize].clone(),
            Expr::Terminal(_) | Expr::Foreign(_) => {
                let mut relation = vec![0; places];
                for (from, row) in relation.iter_mut().enumerate() {
                    for word in self.case.words_of(expr) {
                        if text[from..].starts_with(word) {
                            *row |= 1 << (from + word.len());
                        }
                    }
                }
                relation
            }
            Expr::Sequence(parts) => parts.iter().fold(identity(places), |before, part| {
                compose(&before, &self.relation(part, text, whole))
            }),
            Expr::Choice(parts) => parts.iter().fold(vec![0; places], |before, part| {
                union(&before, &self.relation(part, text, whole))
            }),
            Expr::Repeat { inner, min, max } => {
                let once = self.relation(inner, text, whole);
                powers(&once, *min, *max, places)
            }
        }
    }

    /// From which places `expr` can be read into the end of the text, and ended
    /// beyond it.
    fn begins(&self, expr: &Expr, text: &[u8], whole: &[Relation], begun: &[u64]) -> u64 {
        let places = text.len() + 1;
        match expr {
            Expr::Rule(rule) => begun[rule.0 as usize],
            Expr::Terminal(_) | Expr::Foreign(_) => {
                let words = self.case.words_of(expr);
                let fits = |from: &usize| words.iter().any(|word| word.starts_with(&text[*from..]));
                (0..places)
                    .filter(fits)
                    .fold(0, |bits, from| bits | 1 << from)
            }
            Expr::Sequence(parts) => {
                let mut bits = 0;
                let mut before = identity(places);
                for (at, part) in parts.iter().enumerate() {
                    if parts[at + 1..].iter().all(|part| self.can_end(part)) {
                        let inside = self.begins(part, text, whole, begun);
                        bits |= preimage(&before, inside);
                    }
                    before = compose(&before, &self.relation(part, text, whole));
                }
                bits | preimage(&before, 1 << text.len())
            }
            Expr::Choice(parts) => parts
                .iter()
                .fold(0, |bits, part| bits | self.begins(part, text, whole, begun)),
            Expr::Repeat { inner, min, max } => {
                if max.is_some_and(|max| *min > max) {
                    return 0;
                }
                let once = self.relation(inner, text, whole);
                let mut bits = preimage(&powers(&once, *min, *max, places), 1 << text.len());
                if *max != Some(0) {
                    // Some times in full, then once more, not in full.
                    let most = max.map(|max| max - 1);
                    let inside = self.begins(inner, text, whole, begun);
                    bits |= preimage(&powers(&once, 0, most, places), inside);
                }
                bits
            }
        }
    }
}

fn identity(places: usize) -> Relation {
    (0..places).map(|at| 1 << at).collect()
}

fn compose(one: &Relation, other: &Relation) -> Relation {
    let row = |&bits: &u64| {
        let (mut left, mut all) = (bits, 0);
        while left != 0 {
            all |= other[left.trailing_zeros() as usize];
            left &= left - 1;
        }
        all
    };
    one.iter().map(row).collect()
}

fn union(one: &Relation, other: &Relation) -> Relation {
    one.iter().zip(other).map(|(a, b)| a | b).collect()
}

fn preimage(relation: &Relation, of: u64) -> u64 {
    let hits = (0..relation.len()).filter(|&from| relation[from] & of != 0);
    hits.fold(0, |bits, from| bits | 1 << from)
}

/// A relation `min` to `max` times.
fn powers(once: &Relation, min: u32, max: Option<u32>, places: usize) -> Relation {
    if max.is_some_and(|max| min > max) {
        return vec![0; places];
    }
    let mut power = identity(places);
    for _ in 0..min {
        power = compose(&power, once);
    }
    let mut all = power.clone();
    let mut left = max.map(|max| max - min);
    while left != Some(0) {
        power = compose(&power, once);
        let next = union(&all, &power);
        if next == all {
            break;
        }
        all = next;
        left = left.map(|left| left - 1);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balanced_texts() {
        // s: "a" s "b" s | empty
        let s = || Expr::Rule(RuleId(0));
        let t = |t| Expr::Terminal(TerminalId(t));
        let body = Expr::Choice(vec![
            Expr::Sequence(vec![t(0), s(), t(1), s()]),
            Expr::Sequence(vec![]),
        ]);
        let case = Case {
            grammar: Grammar {
                rules: vec![Rule {
                    name: "s".into(),
                    span: Span::default(),
                    body,
                }],
                terminals: vec![],
                foreign: vec![],
                start: RuleId(0),
                lexing: None,
            },
            words: vec![vec![b"a".to_vec()], vec![b"b".to_vec()]],
        };
        let oracle = Derives::new(&case);
        assert_eq!(oracle.read(b""), (true, true));
        assert_eq!(oracle.read(b"aabb"), (true, true));
        assert_eq!(oracle.read(b"aab"), (false, true));
        assert_eq!(oracle.read(b"abb"), (false, false));
    }
}
