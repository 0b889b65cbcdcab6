//! Structural tags: free text with tool calls in it, as JSON.
//!
//! The form is that of XGrammar and vLLM: an object with `"type":
//! "structural_tag"` and a `format`, a format alone, or the older object with
//! `structures` and `triggers`. A format is a text, a schema, a regular
//! expression, a grammar in GBNF, free text, a token, or made of other formats;
//! see [`formats`] for each.
//!
//! Free text ends where one of its *markers* first occurs: a trigger, the end of
//! the tag around it, or something excluded. So it is known at every place of a
//! text whether it is free, and no text can be read in two ways for want of a
//! rule. Without a marker, free text goes on to the end.
//!
//! Refused, since their meaning is not one of texts or not JSON: `max_tokens`, and
//! a `style` other than `json`.

mod formats;
mod free;
mod reader;

use super::draft::{Draft, Symbol};
use super::error::Fault;
use super::options::{SyntaxLimits, SyntaxOptions};
use super::{SyntaxErrors, lower};
use crate::ir::{Expr, Grammar, Rule, RuleId, Span, TerminalId};

/// The definitions of a text, and the symbol to start from.
pub(super) fn read(text: &str, options: &SyntaxOptions) -> Result<(Draft, Symbol), Vec<Fault>> {
    let mut draft = Draft::default();
    let whole = Span {
        start: 0,
        end: text.len(),
    };
    let body = formats::Formats::new(text, &mut draft, options).document();
    let start = body.and_then(|body| draft.define("root", whole, body));
    start
        .map(|start| (draft, start))
        .map_err(|fault| vec![fault])
}

/// Thinks first: the texts of `then`, each after `begin`, any text without `end`
/// in it, and `end`. Without a `begin` the thinking has begun before.
///
/// # Errors
///
/// [`SyntaxErrors`] if `end` is empty or too long.
///
/// ```
/// use formwork_cfg::CfgLimits;
/// use formwork_cfg::syntax::{SyntaxLimits, choice, think_first};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let limits = SyntaxLimits::default();
/// let answer = choice(["yes", "no"], &limits)?;
/// let grammar = think_first("<think>", "</think>", &answer, &limits)?;
/// formwork_cfg::compile(&grammar, &CfgLimits::default())?;
/// # Ok(())
/// # }
/// ```
pub fn think_first(
    begin: &str,
    end: &str,
    then: &Grammar,
    limits: &SyntaxLimits,
) -> Result<Grammar, SyntaxErrors> {
    let options = SyntaxOptions {
        limits: limits.clone(),
        ..SyntaxOptions::default()
    };
    let fail = |faults| SyntaxErrors::new(end, faults);
    let thinking = || -> Result<(Draft, Symbol), Fault> {
        let mut draft = Draft::default();
        let body = free::thought(begin, end, &options.limits)?;
        let start = draft.define("thinking", Span::default(), body)?;
        Ok((draft, start))
    };
    let (draft, start) = thinking().map_err(|fault| fail(vec![fault]))?;
    let thinking = lower::lower(draft, start, &options).map_err(fail)?;
    Ok(one_after_the_other(thinking, then))
}

/// The texts of one grammar, each followed by one of another.
fn one_after_the_other(mut grammar: Grammar, then: &Grammar) -> Grammar {
    let (rules, terminals) = (grammar.rules.len() as u32, grammar.terminals.len() as u32);
    let foreign = grammar.foreign.len() as u32;
    for rule in &then.rules {
        let mut rule = rule.clone();
        rule.body.each_leaf(&mut |leaf| match leaf {
            Expr::Rule(RuleId(id)) => *id += rules,
            Expr::Terminal(TerminalId(id)) => *id += terminals,
            Expr::Foreign(id) => id.0 += foreign,
            _ => {}
        });
        grammar.rules.push(rule);
    }
    grammar.terminals.extend_from_slice(&then.terminals);
    grammar.foreign.extend_from_slice(&then.foreign);
    let (first, second) = (grammar.start, RuleId(then.start.0 + rules));
    grammar.start = RuleId(grammar.rules.len() as u32);
    grammar.rules.push(Rule {
        name: "root".to_owned(),
        span: Span::default(),
        body: Expr::Sequence(vec![Expr::Rule(first), Expr::Rule(second)]),
    });
    grammar
}

#[cfg(test)]
mod tests;
