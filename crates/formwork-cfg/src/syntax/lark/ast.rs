//! Lark grammars as written.

use crate::ir::{Span, TokenPattern};

#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) rules: Vec<Definition>,
    pub(super) terminals: Vec<Definition>,
    /// What may stand between any two terminals.
    pub(super) ignored: Vec<Tree>,
    pub(super) imports: Vec<Import>,
    /// Terminals and rules that replace imported ones, or add to them.
    pub(super) changes: Vec<(Change, Definition)>,
}

/// What a definition does to an imported one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Change {
    Override,
    Extend,
}

#[derive(Debug)]
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) span: Span,
    /// The parameters of a template; empty for other rules.
    pub(super) params: Vec<String>,
    pub(super) shortest: Option<Shortest>,
    pub(super) priority: i32,
    pub(super) body: Tree,
}

/// That a rule takes as little as it can.
#[derive(Debug)]
pub(super) struct Shortest {
    /// What it ends with besides its body.
    pub(super) suffix: Option<Tree>,
}

/// A terminal taken from the common ones.
#[derive(Debug)]
pub(super) struct Import {
    pub(super) name: String,
    pub(super) span: Span,
    /// What it is called here.
    pub(super) alias: String,
}

/// Trees are no deeper than the nesting limit allows.
#[derive(Debug)]
pub(super) enum Tree {
    Seq(Vec<Tree>),
    Alt(Vec<Tree>),
    Repeat(Box<Tree>, u32, Option<u32>),
    Name(String, Span),
    /// A template with arguments.
    Call(String, Vec<Tree>, Span),
    Text {
        text: String,
        any_case: bool,
    },
    Range(char, char),
    /// Texts of all of these, in a terminal.
    And(Vec<Tree>, Span),
    /// All texts but these, in a terminal.
    Not(Box<Tree>, Span),
    /// A JSON text that the schema here describes.
    Schema(Span),
    /// A structured regular expression: the JSON text here.
    Structured(Span),
    /// The grammar here.
    Grammar(Span),
    /// A token of a vocabulary.
    Token(TokenPattern, Span),
    /// The source of a regular expression, and the letters of its flags.
    Regex {
        source: String,
        flags: String,
        span: Span,
    },
}

/// Whether `name` is that of a terminal: its first letter is a capital.
pub(super) fn is_terminal(name: &str) -> bool {
    let first = name.trim_start_matches('_').chars().next();
    first.is_some_and(|c| c.is_ascii_uppercase())
}
