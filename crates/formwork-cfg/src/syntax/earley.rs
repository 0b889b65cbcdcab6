//! A small and slow recogniser, against which front ends are tested.

use std::collections::{BTreeSet, HashMap};

use crate::ir::{Expr, Grammar};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Sym {
    Rule(usize),
    Terminal(usize),
}

type Item = (usize, usize, usize); // production, dot, origin

/// Productions of plain BNF.
struct Bnf {
    left: Vec<usize>,
    right: Vec<Vec<Sym>>,
    count: usize,
}

impl Bnf {
    fn new(grammar: &Grammar) -> Self {
        let mut bnf = Self {
            left: Vec::new(),
            right: Vec::new(),
            count: grammar.rules.len(),
        };
        for (rule, definition) in grammar.rules.iter().enumerate() {
            let sym = bnf.expr(&definition.body);
            bnf.add(rule, vec![sym]);
        }
        bnf
    }

    fn add(&mut self, left: usize, right: Vec<Sym>) {
        self.left.push(left);
        self.right.push(right);
    }

    fn fresh(&mut self) -> usize {
        self.count += 1;
        self.count - 1
    }

    fn expr(&mut self, expr: &Expr) -> Sym {
        match expr {
            Expr::Terminal(id) => Sym::Terminal(id.0 as usize),
            Expr::Rule(id) => Sym::Rule(id.0 as usize),
            Expr::Foreign(_) => unreachable!("texts of the front ends' own tests"),
            Expr::Sequence(parts) => {
                let right = parts.iter().map(|part| self.expr(part)).collect();
                let rule = self.fresh();
                self.add(rule, right);
                Sym::Rule(rule)
            }
            Expr::Choice(parts) => {
                let rule = self.fresh();
                for part in parts {
                    let sym = self.expr(part);
                    self.add(rule, vec![sym]);
                }
                Sym::Rule(rule)
            }
            Expr::Repeat { inner, min, max } => {
                let sym = self.expr(inner);
                let rule = self.fresh();
                let must = vec![sym; *min as usize];
                match max {
                    None => {
                        let star = self.fresh();
                        self.add(star, vec![]);
                        self.add(star, vec![sym, Sym::Rule(star)]);
                        let right = must.into_iter().chain([Sym::Rule(star)]).collect();
                        self.add(rule, right);
                    }
                    Some(max) => {
                        let mut rest = self.fresh();
                        self.add(rest, vec![]);
                        for _ in *min..*max {
                            let more = self.fresh();
                            self.add(more, vec![]);
                            self.add(more, vec![sym, Sym::Rule(rest)]);
                            rest = more;
                        }
                        let right = must.into_iter().chain([Sym::Rule(rest)]).collect();
                        self.add(rule, right);
                    }
                }
                Sym::Rule(rule)
            }
        }
    }
}

/// Whether `grammar` derives `text`.
pub(super) fn accepts(grammar: &Grammar, text: &str) -> bool {
    let bnf = Bnf::new(grammar);
    let mut by_left: HashMap<usize, Vec<usize>> = HashMap::new();
    for (production, &left) in bnf.left.iter().enumerate() {
        by_left.entry(left).or_default().push(production);
    }
    let chars: Vec<char> = text.chars().collect();
    let mut sets: Vec<BTreeSet<Item>> = vec![BTreeSet::new(); chars.len() + 1];
    let start = grammar.start.0 as usize;
    sets[0].extend(
        by_left
            .get(&start)
            .into_iter()
            .flatten()
            .map(|&p| (p, 0, 0)),
    );
    for at in 0..=chars.len() {
        let mut work: Vec<Item> = sets[at].iter().copied().collect();
        // Rules completed here that began here: later predictions step over them at once.
        let mut empty: BTreeSet<usize> = BTreeSet::new();
        let mut waiting: HashMap<usize, Vec<Item>> = HashMap::new();
        let mut scanned: BTreeSet<usize> = BTreeSet::new();
        let mut ends: HashMap<usize, Vec<usize>> = HashMap::new();
        while let Some((production, dot, origin)) = work.pop() {
            let add = |sets: &mut Vec<BTreeSet<Item>>, work: &mut Vec<Item>, item| {
                if sets[at].insert(item) {
                    work.push(item);
                }
            };
            match bnf.right[production].get(dot) {
                Some(&Sym::Rule(rule)) => {
                    waiting
                        .entry(rule)
                        .or_default()
                        .push((production, dot, origin));
                    for &p in by_left.get(&rule).into_iter().flatten() {
                        add(&mut sets, &mut work, (p, 0, at));
                    }
                    if empty.contains(&rule) {
                        add(&mut sets, &mut work, (production, dot + 1, origin));
                    }
                }
                Some(&Sym::Terminal(terminal)) => {
                    if scanned.insert(terminal) {
                        ends.insert(terminal, scan(grammar, terminal, &chars, at));
                    }
                    for &end in &ends[&terminal] {
                        sets[end].insert((production, dot + 1, origin));
                    }
                }
                None => {
                    let left = bnf.left[production];
                    let before: Vec<Item> = if origin == at {
                        empty.insert(left);
                        waiting.get(&left).cloned().unwrap_or_default()
                    } else {
                        let waits =
                            |&(p, d, _): &Item| bnf.right[p].get(d) == Some(&Sym::Rule(left));
                        sets[origin].iter().copied().filter(waits).collect()
                    };
                    for (p, d, o) in before {
                        add(&mut sets, &mut work, (p, d + 1, o));
                    }
                }
            }
        }
    }
    let whole = |&(p, d, o): &Item| o == 0 && bnf.left[p] == start && d == bnf.right[p].len();
    sets[chars.len()].iter().any(whole)
}

/// Where a word of the terminal can end that starts at `at`.
fn scan(grammar: &Grammar, terminal: usize, chars: &[char], at: usize) -> Vec<usize> {
    let dfa = &grammar.terminals[terminal];
    let Some(mut s) = dfa.start() else {
        return Vec::new();
    };
    assert!(!dfa.is_match(s), "a terminal has the empty word");
    let mut ends = Vec::new();
    for (n, &c) in chars[at..].iter().enumerate() {
        match dfa.next(s, c) {
            Some(t) => s = t,
            None => break,
        }
        if dfa.is_match(s) {
            ends.push(at + n + 1);
        }
    }
    ends
}
