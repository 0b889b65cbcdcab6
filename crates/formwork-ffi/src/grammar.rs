//! Compiled grammars.

use formwork::{Grammar, Status as Coverage};

use crate::error::{Error, Status};
use crate::matcher::FormworkMatcher;
use crate::pointers::{borrow, drop_box, hand_out, need};

/// A compiled grammar.
pub struct FormworkGrammar(pub(crate) Grammar);

/// Whether masks allow every text that the source means. If not, it is a part of them, never
/// more. False for null.
///
/// # Safety
///
/// `grammar` is null or came from a function of this library and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_grammar_is_exact(grammar: *const FormworkGrammar) -> bool {
    // SAFETY: as the caller promises.
    let grammar = unsafe { borrow(grammar) };
    grammar.is_some_and(|grammar| matches!(grammar.0.status(), Coverage::Exact))
}

/// Bytes that the grammar takes by now, about; it learns while it runs. 0 for null.
///
/// # Safety
///
/// `grammar` is null or came from a function of this library and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_grammar_heap_bytes(grammar: *const FormworkGrammar) -> usize {
    // SAFETY: as the caller promises.
    unsafe { borrow(grammar) }.map_or(0, |grammar| grammar.0.heap_bytes())
}

/// Makes a matcher at the start of a text. Takes no time to speak of.
///
/// # Safety
///
/// `grammar` is null or came from a function of this library and was not freed. Each of `out`
/// and `error` is null or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_matcher_new(
    grammar: *const FormworkGrammar,
    out: *mut *mut FormworkMatcher,
    error: *mut *mut Error,
) -> Status {
    // SAFETY: as the caller promises.
    let grammar = unsafe { need(grammar, "grammar") };
    let matcher = grammar.map(|grammar| FormworkMatcher(grammar.0.matcher()));
    // SAFETY: as the caller promises.
    unsafe { hand_out(matcher, out, error) }
}

/// Frees a grammar; matchers that it made live on.
///
/// # Safety
///
/// `grammar` is null or came from a function of this library and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_grammar_free(grammar: *mut FormworkGrammar) {
    // SAFETY: as the caller promises.
    unsafe { drop_box(grammar) }
}
