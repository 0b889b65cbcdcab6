//! ECMA-262 regular expressions, compiled to automata.
//!
//! The dialect is that of JSON Schema: code points as in `u` mode, with the leniency of Annex B
//! where `u` mode would refuse. `\d` and `\w` are ASCII, `.` excludes the four line ends, and `^`
//! and `$` hold at the ends of the string only. Captures and laziness do not change which strings
//! match, so both are read and ignored.
//!
//! # Limitations
//!
//! Backreferences are not regular in general, and atomic groups and inline flags are not
//! implemented: each is refused by name. So are lookbehinds inside of lookaheads, and those whose
//! body looks at what follows it. Everything accepted is exact, word boundaries and looking around
//! in any place included.
//!
//! ```
//! use formwork_automata::{Limits, regex};
//!
//! # fn main() -> Result<(), regex::RegexError> {
//! let topic = regex::compile(r"^(?!tag|category)\w+$", &Limits::default())?;
//! assert!(topic.accepts("news") && !topic.accepts("tags"));
//! assert!(regex::compile(r"b", &Limits::default())?.accepts("abc"));
//! # Ok(())
//! # }
//! ```

mod ast;
mod classes;
mod closure;
mod counts;
mod determinize;
mod error;
mod escapes;
mod looks;
mod nfa;
mod parser;

pub use error::{RegexError, RegexErrorKind, Unsupported};

use crate::dfa::Dfa;
use crate::limits::{Budget, LimitKind, Limits, TooLarge};
use closure::Before;
use looks::LookTable;
use nfa::{Ends, Nfa};

/// The strings in which `pattern` matches somewhere, as `RegExp.prototype.test` says.
///
/// Time is linear in the size of the automaton before minimisation, which is exponential in the
/// pattern at worst and bounded by `limits`.
///
/// # Errors
///
/// [`RegexError`], with the place in the pattern: a syntax error, a construct that is not
/// supported, or a limit crossed.
pub fn compile(pattern: &str, limits: &Limits) -> Result<Dfa, RegexError> {
    build(pattern, Ends::Search, limits)
}

/// The strings that `pattern` matches from end to end.
///
/// # Errors
///
/// [`RegexError`] as for [`compile`].
pub fn compile_whole(pattern: &str, limits: &Limits) -> Result<Dfa, RegexError> {
    build(pattern, Ends::Whole, limits)
}

fn build(pattern: &str, ends: Ends, limits: &Limits) -> Result<Dfa, RegexError> {
    if pattern.len() > limits.max_pattern_bytes {
        let max = limits.max_pattern_bytes as u64;
        return Err(TooLarge::new(LimitKind::PatternBytes, max).into());
    }
    let ast = parser::parse(pattern, limits)?;
    let mut budget = Budget::new(limits);
    let looks = LookTable::new(&ast, &mut budget)?;
    let behind = |body| {
        let nfa = Nfa::new(body, Ends::Suffix, limits)?;
        determinize::determinize(&nfa, &ast, &looks, &[], Before::Start, &mut budget)
    };
    let behinds: Vec<Dfa> = ast
        .behinds
        .iter()
        .map(behind)
        .collect::<Result<_, TooLarge>>()?;
    let nfa = Nfa::new(&ast.root, ends, limits)?;
    Ok(determinize::determinize(
        &nfa,
        &ast,
        &looks,
        &behinds,
        Before::Start,
        &mut budget,
    )?)
}

#[cfg(test)]
mod tests;
