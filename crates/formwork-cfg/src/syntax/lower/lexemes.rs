//! Terminals for a lexer: whole, apart from each other, and in the order in which
//! they win.

#![expect(
    clippy::indexing_slicing,
    reason = "symbols are given out by the draft"
)]

use std::sync::Arc;

use formwork_automata::Dfa;
use rustc_hash::FxHashMap;

use super::{Lowering, reachable};
use crate::ir::{Expr, Grammar, Lexeme, LongestMatch, TerminalId};
use crate::syntax::draft::{Draft, Node, Symbol};
use crate::syntax::error::Fault;
use crate::syntax::options::SyntaxOptions;

impl Lowering<'_> {
    /// The definition of a terminal, which becomes one automaton.
    pub(super) fn lexeme(&mut self, symbol: Symbol, body: &Node) -> Result<Expr, Fault> {
        let span = self.draft.get(symbol).span;
        if !self.is_regular(body, true) {
            let message = "a terminal cannot contain itself; make it a rule, in small letters";
            return Err(Fault::unsupported(span, message));
        }
        let dfa = self.join(std::slice::from_ref(body));
        self.whole[symbol.0 as usize] = Some(dfa.ok_or_else(|| self.too_many_states(span))?);
        Ok(Expr::Choice(Vec::new())) // it is no rule
    }
}

/// The grammar from `start` on, with a lexer. In expressions, terminals still have
/// the numbers of their symbols.
pub(super) fn grammar(
    draft: &Draft,
    exprs: Vec<Option<Expr>>,
    whole: Vec<Option<Arc<Dfa>>>,
    start: Symbol,
    options: &SyntaxOptions,
) -> Result<Grammar, Vec<Fault>> {
    let nothing = Arc::new(Dfa::from_words([""; 0]));
    let words = |dfa: Option<Arc<Dfa>>| dfa.unwrap_or_else(|| Arc::clone(&nothing));
    let words: Vec<Arc<Dfa>> = whole.into_iter().map(words).collect();
    let (mut grammar, ids) = reachable(draft, exprs, &words, start);
    let same = aliases(draft, &words);
    let mut is_used = vec![false; words.len()];
    for (symbol, definition) in draft.definitions.iter().enumerate() {
        let is_ignored = definition.lexeme.as_ref().is_some_and(|l| l.is_ignored);
        if is_ignored || ids[symbol].is_some() {
            is_used[same[symbol] as usize] = true;
        }
    }
    let mut numbers: FxHashMap<u32, u32> = FxHashMap::default();
    let mut lexemes: Vec<Lexeme> = Vec::new();
    let mut bytes = 0usize;
    grammar.terminals.clear();
    for symbol in order(draft) {
        let Some(lexeme) = &draft.get(symbol).lexeme else {
            continue;
        };
        if !is_used[symbol.0 as usize] {
            continue;
        }
        let dfa = &words[symbol.0 as usize];
        check(lexeme, dfa).map_err(|fault| vec![fault])?;
        bytes = bytes.saturating_add(dfa.heap_bytes());
        numbers.insert(symbol.0, lexemes.len() as u32);
        grammar.terminals.push(Arc::clone(dfa));
        lexemes.push(lexeme.clone());
    }
    let max = options.limits.max_automata_bytes;
    if bytes > max {
        let what = "bytes of the automata of all terminals";
        let span = draft.get(start).span;
        let fault = Fault::limit(span, what, "max_automata_bytes", max);
        return Err(vec![fault]);
    }
    let mut symbols: Vec<u32> = vec![0; ids.len()];
    for (symbol, id) in ids.iter().enumerate() {
        if let Some(id) = id {
            symbols[id.0 as usize] = symbol as u32;
        }
    }
    for rule in &mut grammar.rules {
        rule.body.each_leaf(&mut |leaf| {
            if let Expr::Terminal(terminal) = leaf {
                let symbol = same[symbols[terminal.0 as usize] as usize];
                *terminal = TerminalId(numbers.get(&symbol).copied().unwrap_or_default());
            }
        });
    }
    grammar.lexing = Some(LongestMatch { lexemes });
    Ok(grammar)
}

fn check(lexeme: &Lexeme, dfa: &Dfa) -> Result<(), Fault> {
    if dfa.start().is_some_and(|start| dfa.is_match(start)) {
        let message = format!(
            "`{}` matches the empty text, which a lexer cannot cut off; let it match one \
             character at least, and make its uses optional",
            lexeme.name
        );
        return Err(Fault::malformed(lexeme.span, message));
    }
    Ok(())
}

/// Terminals with a name in the order of their definitions, then those without in
/// the order met.
fn order(draft: &Draft) -> Vec<Symbol> {
    let mut all: Vec<Symbol> = (0..draft.definitions.len() as u32).map(Symbol).collect();
    all.sort_by_key(|&symbol| {
        let named = is_named(draft, symbol);
        (
            !named,
            if named {
                draft.get(symbol).span.start
            } else {
                0
            },
            symbol,
        )
    });
    all
}

fn is_named(draft: &Draft, symbol: Symbol) -> bool {
    draft.find(&draft.get(symbol).name) == Some(symbol)
}

/// For each symbol, the first one that is the same terminal: one without a name is
/// the same as an earlier one with its words, if both are texts or neither is.
fn aliases(draft: &Draft, words: &[Arc<Dfa>]) -> Vec<u32> {
    let mut same: Vec<u32> = (0..words.len() as u32).collect();
    let mut alike: FxHashMap<(usize, usize, bool, bool), Vec<u32>> = FxHashMap::default();
    for symbol in order(draft) {
        let Some(lexeme) = &draft.get(symbol).lexeme else {
            continue;
        };
        let dfa = &words[symbol.0 as usize];
        let (is_text, is_ignored) = (lexeme.is_text, lexeme.is_ignored);
        let group = (dfa.state_count(), dfa.class_count(), is_text, is_ignored);
        let group = alike.entry(group).or_default();
        let equal = |&&other: &&u32| words[other as usize] == *dfa;
        match group.iter().find(equal) {
            Some(&other) if !is_named(draft, symbol) => same[symbol.0 as usize] = other,
            _ => group.push(symbol.0),
        }
    }
    same
}
