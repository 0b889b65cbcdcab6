//! The seam between front ends and the engine: rules as a graph of dots.

use std::sync::Arc;

use crate::status::Status;
use crate::terminal::{Label, Terminal};
use crate::tokens::TokenSet;

/// A position in a rule, registers included. Numbers are dense from 0 and
/// belong to the [`Language`] that made them.
pub type Dot = u32;

/// A set of byte values: bit `b % 64` of word `b / 64`.
pub type Bytes = [u64; 4];

/// One way on from a dot.
#[derive(Clone)]
pub enum Edge {
    /// Read a terminal; [`Language::follow`] says which dot its exit leads to.
    Terminal(Arc<dyn Terminal>),
    /// Read one token of a set, by its number and whatever its bytes.
    /// [`Language::follow`] is asked with label 0 and no text.
    Token(TokenSet),
    /// Read what `callee` derives, then go on at `ret`.
    Call {
        /// The dot at which the called rule starts.
        callee: Dot,
        /// The dot of the caller after the call.
        ret: Dot,
    },
}

/// All ways on from a dot.
#[derive(Clone, Default)]
pub struct Expansion {
    /// Whether the rule may end here, without reading another byte.
    pub is_final: bool,
    /// Whether a caller learns from which final dot the rule ended: see
    /// [`Language::resume`].
    pub returns: bool,
    /// The edges; an index into this list names an edge in
    /// [`Language::follow`].
    pub edges: Vec<Edge>,
}

/// A grammar whose dots are made on demand.
///
/// The engine memoises every answer, so an implementation need not.
pub trait Language: Send + Sync {
    /// The dot at which a whole text starts. The text is complete when this
    /// rule has ended.
    fn start(&self) -> Dot;

    /// The edges of `dot`.
    fn expand(&mut self, dot: Dot) -> Expansion;

    /// The dot after terminal `edge` of `dot` was left through `label`, or after
    /// a token of that edge.
    ///
    /// `text` holds the bytes of the terminal if it
    /// [captures](Terminal::captures) them. For such a terminal the engine may
    /// pass `None` while it computes a mask: it then asks for the dot after
    /// *some* text of that label which never occurred before, which is exact
    /// as long as the rest of the token is too short to repeat that text.
    fn follow(&mut self, dot: Dot, edge: u32, label: Label, text: Option<&[u8]>) -> Dot;

    /// The dot at which a caller goes on after a call that ended in `last`, a
    /// final dot that [returns](Expansion::returns); `ret` is the return dot of
    /// the call.
    fn resume(&mut self, ret: Dot, _last: Dot) -> Dot {
        ret
    }

    /// Whether no caller of the rule of `dot` learns how it
    /// [ended](Expansion::returns). Then a call after which this rule can only
    /// end goes straight back to the rule's own caller, and right recursion needs
    /// no stack.
    fn has_plain_returns(&self, _dot: Dot) -> bool {
        false
    }

    /// Whether what can be read from `dot` to the end of its rule, twice in a
    /// row, is what can be read from there once. Asked only if
    /// [returns are plain](Language::has_plain_returns); then a call that returns
    /// there, within one that does too, needs no frame of its own. `false` is
    /// always right.
    fn is_repetition(&mut self, _dot: Dot) -> bool {
        false
    }

    /// Whether the rule that begins at a dot is one of those through which all cycles of
    /// calls go: without them, no rule would be called within itself. `true` is always
    /// right; other rules an engine may read in place where they are called, which is
    /// worth it if they have few positions.
    fn breaks_cycles(&mut self, _callee: Dot) -> bool {
        true
    }

    /// Whether every terminal is a [`ByteDfa`](crate::ByteDfa), no label matters and
    /// no rule [returns](Expansion::returns) anything. Then what a text can do from
    /// a dot to the end of its rule does not depend on the callers, and the engine
    /// sums it up once for all of them.
    fn is_plain(&self) -> bool {
        false
    }

    /// A set that holds every byte that comes next after `dot` in any text, be it
    /// in the rule of the dot or after its end. Asked only if the language is
    /// [plain](Language::is_plain).
    fn next_bytes(&mut self, _dot: Dot) -> Bytes {
        [u64::MAX; 4]
    }

    /// An upper bound, in bytes, on the length of one way to complete the rule
    /// of `dot`, such that some edge always leads to a smaller total. Used to
    /// steer a generation to its end. A token read by number counts as one byte.
    fn min_bytes(&mut self, dot: Dot) -> u32;

    /// A lower bound, in bytes, on the length of every text of the language; a
    /// token read by number counts as one.
    /// Where some text is as short, it is known to be a shortest one.
    fn least_bytes(&mut self) -> u32 {
        0
    }

    /// What the source calls the rule that begins at a dot, if it has a name. For
    /// people only.
    fn name(&self, _dot: Dot) -> Option<String> {
        None
    }

    /// How this language relates to the one that its source means. Fixed once
    /// it is compiled.
    fn status(&self) -> Status {
        Status::Exact
    }

    /// Approximate heap use, in bytes.
    fn heap_bytes(&self) -> usize;
}
