//! The representation that every front end reads a grammar into: rules whose
//! bodies are expressions over terminals and rules.

use std::sync::Arc;

use formwork_automata::Dfa;

/// A rule, by its place in [`Grammar::rules`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RuleId(pub u32);

/// A terminal, by its place in [`Grammar::terminals`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TerminalId(pub u32);

/// Something foreign, by its place in [`Grammar::foreign`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ForeignId(pub u32);

/// A range of bytes in the source of a grammar.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// What a rule derives.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Expr {
    /// A terminal.
    Terminal(TerminalId),
    /// Whatever a rule derives.
    Rule(RuleId),
    /// Something that is not the grammar's own.
    Foreign(ForeignId),
    /// All of these in a row; the empty list derives the empty text.
    Sequence(Vec<Expr>),
    /// Any of these; the empty list derives nothing.
    Choice(Vec<Expr>),
    /// An expression `min` to `max` times.
    Repeat {
        /// What is repeated.
        inner: Box<Expr>,
        /// How often at least.
        min: u32,
        /// How often at most; without end if absent.
        max: Option<u32>,
    },
}

impl Expr {
    /// Calls `f` with every terminal, rule and foreign part in the expression.
    pub(crate) fn each_leaf(&mut self, f: &mut impl FnMut(&mut Expr)) {
        match self {
            Expr::Terminal(_) | Expr::Rule(_) | Expr::Foreign(_) => f(self),
            Expr::Sequence(parts) | Expr::Choice(parts) => {
                parts.iter_mut().for_each(|part| part.each_leaf(f));
            }
            Expr::Repeat { inner, .. } => inner.each_leaf(f),
        }
    }
}

/// A rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Its name in the source, or one that a front end made up.
    pub name: String,
    /// Where the source defines it.
    pub span: Span,
    /// What it derives.
    pub body: Expr,
}

/// What a grammar reads that rules and terminals do not say.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Foreign {
    /// What it is.
    pub kind: ForeignKind,
    /// Where the source has it.
    pub span: Span,
}

/// What kind of thing something [`Foreign`] is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ForeignKind {
    /// A JSON text that a schema describes; the text of the schema.
    JsonSchema(String),
    /// One token of a vocabulary, read by its number and whatever its bytes.
    Token(TokenPattern),
}

/// Which tokens of a vocabulary, whichever that is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TokenPattern {
    /// The tokens listed.
    pub listed: Vec<TokenName>,
    /// Whether all others are meant instead. Tokens that stop a generation are
    /// never among those.
    pub is_negated: bool,
}

/// Some tokens of a vocabulary.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum TokenName {
    /// The special token with a name.
    Name(String),
    /// The tokens from one number to another, both included.
    Numbers(u32, u32),
}

/// A context-free grammar. Terminals are languages of characters.
#[derive(Clone, Debug)]
pub struct Grammar {
    /// The rules.
    pub rules: Vec<Rule>,
    /// The terminals, none of which has to be used.
    pub terminals: Vec<Arc<Dfa>>,
    /// What is not its own, none of which has to be used.
    pub foreign: Vec<Foreign>,
    /// The rule of whole texts.
    pub start: RuleId,
    /// How a lexer cuts texts into terminals. Without, a terminal may end wherever
    /// one of its words does.
    pub lexing: Option<LongestMatch>,
}

/// That texts are cut by longest match before rules apply, and which terminal wins.
///
/// At each place of a text, the longest non-empty word of *any* of the grammar's
/// terminals, used or not, is the next token; all of them compete everywhere. Of the
/// terminals that have this word, the one with the highest priority takes it, then
/// a text before a pattern, then the one that comes first. Where no word fits, the
/// text is not of the language. Tokens of ignored terminals are dropped, and the
/// rules have to derive the others.
///
/// Length comes before priority. No terminal may have the empty word.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LongestMatch {
    /// What is said of each terminal, in the order of [`Grammar::terminals`]; of
    /// terminals beyond the end of the list, [`Lexeme::default`].
    pub lexemes: Vec<Lexeme>,
}

/// What a lexer has to know of a terminal besides its words.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lexeme {
    /// Its name, or its source if it has none.
    pub name: String,
    /// Where the source defines it.
    pub span: Span,
    /// Of terminals that match the same words, the one with the highest wins.
    pub priority: i32,
    /// Whether it is a text rather than a pattern, which it beats.
    pub is_text: bool,
    /// Whether its tokens are dropped. No rule can read them.
    pub is_ignored: bool,
}
