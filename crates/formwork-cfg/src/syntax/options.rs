//! What a caller can choose about reading a grammar, and what it may cost.

use formwork_automata::{Fuel, Limits};

/// Choices and limits for reading a grammar.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct SyntaxOptions {
    /// The symbol of whole texts. The default is the notation's: `root` in GBNF,
    /// `start` in Lark, the first one in EBNF.
    pub start: Option<String>,
    /// What a symbol means that nothing defines. The default is an error.
    pub undefined: Undefined,
    /// Whether a lexer cuts a text before rules apply. The default is that none does.
    /// Only Lark has terminals for one; the other notations refuse it.
    pub lexing: Lexing,
    /// Which EBNF a text is in. The default is to tell by the text.
    pub ebnf: EbnfDialect,
    /// Bounds on the work.
    pub limits: SyntaxLimits,
}

/// What a symbol means that nothing defines.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Undefined {
    /// The grammar is refused.
    #[default]
    Refuse,
    /// The symbol derives nothing, and neither does what needs it.
    Nothing,
}

/// Whether a lexer cuts a text before rules apply.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Lexing {
    /// None does: a terminal may end wherever one of its words does.
    #[default]
    Scannerless,
    /// The longest word of any terminal is the next token, and priorities settle
    /// ties: see [`LongestMatch`](crate::ir::LongestMatch). What is ignored may stand
    /// between any two tokens and at both ends.
    ///
    /// The terminals are those with a name that a rule uses or `%ignore` names, and
    /// every text, range and regular expression in a rule. One of the latter that has
    /// the words of an earlier terminal is that terminal, if both are texts or
    /// neither is. A terminal is a text if it is defined as a single one. The order
    /// is that of the definitions; those without a name come last, as they are met.
    ///
    /// # Differences to Lark
    ///
    /// Lark's lexer `basic` tries terminals one by one, by priority and then by how
    /// long a match can be, and takes the first that matches: there a priority beats
    /// a longer match. Here, as in lex and its successors, it does not. Ties are
    /// settled by the order of definitions, in Lark by the length of patterns and by
    /// names. The lexers `contextual` and `dynamic`, for which only terminals compete
    /// that the parser can read next, have no counterpart.
    LongestMatch,
}

/// A notation called EBNF.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum EbnfDialect {
    /// Told by the sign after the first symbol: `::=` is W3C, `=` is ISO.
    #[default]
    Detect,
    /// The notation of the XML specification, section 6.
    W3c,
    /// ISO/IEC 14977.
    Iso,
}

/// Bounds on what one grammar may cost to read. Crossing one is a typed error.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SyntaxLimits {
    /// Bytes of text. The default is 1 MiB.
    pub max_bytes: usize,
    /// Nesting of brackets and of operators. The default is 200; reading recurses
    /// as deep.
    pub max_nesting: u32,
    /// Rules and terminals together, instances of templates counted. The default
    /// is 20,000.
    pub max_rules: usize,
    /// Nodes of all definitions, instances of templates counted. The default is
    /// 1,000,000.
    pub max_nodes: usize,
    /// The largest number in a repetition. The default is 100,000.
    pub max_repeat: u32,
    /// States of one terminal, before minimisation. The default is 10,000.
    pub max_states: u32,
    /// Bytes of the automata of all terminals. The default is 128 MiB.
    pub max_automata_bytes: usize,
    /// Steps of work on regular expressions and on differences, as far as known in
    /// advance. The default is 100,000,000, which is some seconds.
    pub max_pattern_work: u64,
    /// Steps of work on joining regular parts into one terminal. Parts stay
    /// apart where more would be needed, which changes no language. The default
    /// is 20,000,000, which is less than a second.
    pub max_work: u64,
    /// What the work on automata is taken from, with all else that burns the same fuel; its
    /// owner can stop it. The default is no bound.
    pub fuel: Fuel,
}

impl Default for SyntaxLimits {
    fn default() -> Self {
        Self {
            max_bytes: 1 << 20,
            max_nesting: 200,
            max_rules: 20_000,
            max_nodes: 1_000_000,
            max_repeat: 100_000,
            max_states: 10_000,
            max_automata_bytes: 128 << 20,
            max_pattern_work: 100_000_000,
            max_work: 20_000_000,
            fuel: Fuel::unlimited(),
        }
    }
}

impl SyntaxLimits {
    pub(super) fn automata(&self) -> Limits {
        Limits {
            max_states: self.max_states,
            max_pattern_bytes: self.max_bytes.min(1 << 16),
            max_nesting: self.max_nesting,
            fuel: self.fuel.clone(),
            ..Limits::default()
        }
    }
}
