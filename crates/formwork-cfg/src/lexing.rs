//! Grammars over the tokens of a lexer, without the lexer.
//!
//! A text is cut by longest match ([`LongestMatch`] says how) and its tokens are derived
//! by the rules. Both at once are context-free again, so the lexer is worked into
//! the network and nothing after it changes: no state is guessed, none is a dead
//! end.
//!
//! What makes a token the longest match is decided by the text after it. That is a
//! *restriction*: how the text must not go on ([`restriction`]). Tokens lead from
//! restriction to restriction ([`tokens`]), and so do rules ([`outcomes`]). The
//! product of the network with restrictions (Bar-Hillel, Perles and Shamir 1961) is
//! the network without a lexer ([`product`]). It would be quadratic in the
//! restrictions if those that make no difference were told apart ([`context`]);
//! mostly it is hardly larger than the grammar.

mod automaton;
mod context;
mod first;
mod ignored;
mod outcomes;
mod product;
mod restriction;
mod table;
mod tokens;

#[cfg(test)]
mod tests;

use formwork_grammar::ByteDfa;

use crate::analyze::facts;
use crate::compile::{Plain, finish};
use crate::error::CfgError;
use crate::foreign::ForeignParts;
use crate::ir::{Grammar, LongestMatch};
use crate::language::CfgLanguage;
use crate::limits::{Budget, CfgLimits};
use crate::utf8::Bytes;
use crate::{corners, empty, normal};
use automaton::Lexer;
use context::Context;

/// Compiles a grammar whose texts are cut into tokens first, and which reads nothing
/// foreign.
pub(crate) fn compile(
    grammar: &Grammar,
    lexing: &LongestMatch,
    limits: &CfgLimits,
) -> Result<CfgLanguage, CfgError> {
    let mut budget = Budget::new(limits);
    let lexer = Lexer::new(grammar, lexing, &mut budget)?;
    let mut network = normal::lower(grammar, &mut budget)?;
    let is_ignored = |t: u32| {
        let lexeme = lexing.lexemes.get(t as usize);
        lexeme.is_some_and(|lexeme| lexeme.is_ignored)
    };
    ignored::drop_uses(&mut network, is_ignored);
    let words = any_words(grammar);
    let analysis = facts(grammar, &network, &words);
    analysis.check(grammar)?;
    let may_be_empty = analysis.is_nullable(grammar.start);
    let ignored: Vec<u32> = (0..grammar.terminals.len() as u32)
        .filter(|&t| is_ignored(t))
        .collect();
    let start = ignored::add(&mut network, &ignored, grammar.start.0, &mut budget)?;
    empty::remove(&mut network, &words, &mut budget)?;
    let network = corners::transform(&network, start, &mut budget)?;

    let mut context = Context::new(&network, &lexer, &mut budget)?;
    let outcomes = outcomes::of_rules(&mut context, &mut budget)?;
    if outcomes.of_start().is_empty() && !may_be_empty {
        return Err(CfgError::NeverLexed);
    }
    let product = product::build(&mut context, &outcomes, &mut budget)?;
    let plain = Plain {
        network: product.network,
        words: product.words,
        foreign: ForeignParts::default(),
        may_be_empty,
    };
    finish(grammar, plain, limits, &mut budget)
}

/// Terminals of which only matters whether they have words. None has the empty one.
fn any_words(grammar: &Grammar) -> Vec<Bytes> {
    let some = ByteDfa::from_words([(&b"x"[..], 0)]);
    let words = grammar.terminals.iter().map(|dfa| Bytes {
        dfa: (!dfa.is_empty()).then(|| some.clone()),
        is_nullable: false,
    });
    words.collect()
}
