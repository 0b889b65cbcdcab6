//! Why a grammar was not compiled.

use formwork_automata::Spent;
use formwork_grammar::shown_name;

use crate::ir::Span;

/// A rule that an error is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The name of the rule.
    pub rule: String,
    /// Where the source defines it.
    pub span: Span,
}

/// So many rules are named in a message.
const MAX_SHOWN: usize = 20;

/// Why a grammar was not compiled.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CfgError {
    /// The grammar derives no text at all.
    Unproductive {
        /// The rules that cannot come to an end, as far as the start reaches
        /// them.
        rules: Vec<Place>,
    },
    /// A rule or terminal is named by a number that the grammar does not have.
    Undefined {
        /// The rule that names it; `None` if it is the start itself.
        place: Option<Place>,
        /// The number.
        number: u32,
    },
    /// Something foreign was not given what it stands for: it takes
    /// [`compile_with`](crate::compile_with).
    Unresolved {
        /// Where the source has it.
        span: Span,
    },
    /// Something foreign derives the empty text.
    Nullable {
        /// Where the source has it.
        span: Span,
    },
    /// No token of the vocabulary is meant.
    NoToken {
        /// Where the source names it.
        span: Span,
        /// The first name that the vocabulary does not have, if that is why.
        name: Option<String>,
    },
    /// A lexer is asked for, and a terminal has the empty word, which is no token.
    EmptyTerminal {
        /// The terminal's name.
        name: String,
        /// Where the source defines it.
        span: Span,
    },
    /// A lexer is asked for, and something foreign, which it could not cut off.
    ForeignWithLexer {
        /// Where the source has it.
        span: Span,
    },
    /// The rules derive sequences of terminals, but a lexer cuts no text into any
    /// of them.
    NeverLexed,
    /// The vocabulary has no token for some bytes, and a word of a terminal that was
    /// begun might take one of them to end; or a lexer is asked for, which is not
    /// checked for this.
    Unspellable {
        /// The bytes without a token.
        bytes: Vec<u8>,
        /// A shortest word of the terminal, if it is one.
        word: Option<String>,
    },
    /// A limit of [`CfgLimits`](crate::CfgLimits) was reached.
    Limit {
        /// The limit's name.
        name: &'static str,
        /// Its value.
        limit: u64,
    },
    /// [`CfgLimits::fuel`](crate::CfgLimits::fuel) ran out, or its owner said stop.
    Fuel(Spent),
}

impl From<Spent> for CfgError {
    fn from(spent: Spent) -> Self {
        CfgError::Fuel(spent)
    }
}

impl CfgError {
    /// Whether the grammar is to blame rather than a limit of this process.
    pub fn is_user_error(&self) -> bool {
        !matches!(self, CfgError::Limit { .. } | CfgError::Fuel(_))
    }

    /// The rules concerned.
    pub fn places(&self) -> &[Place] {
        match self {
            CfgError::Unproductive { rules } => rules,
            CfgError::Undefined { place, .. } => place.as_slice(),
            _ => &[],
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Span { start, end } = self.span;
        let rule = shown_name(&self.rule);
        write!(f, "rule `{rule}` (bytes {start} to {end})")
    }
}

impl std::fmt::Display for CfgError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CfgError::Unproductive { rules } => {
                f.write_str("the grammar derives no text; these rules never come to an end:")?;
                for place in rules.iter().take(MAX_SHOWN) {
                    write!(f, "\n  {place}")?;
                }
                match rules.len().saturating_sub(MAX_SHOWN) {
                    0 => Ok(()),
                    more => write!(f, "\n  and {more} more"),
                }
            }
            CfgError::Undefined { place, number } => match place {
                Some(place) => write!(f, "{place} names number {number}, which is not defined"),
                None => write!(f, "the start is rule {number}, which is not defined"),
            },
            CfgError::Unresolved { span } => write!(
                f,
                "bytes {} to {} name a schema or a token, which takes a vocabulary to compile",
                span.start, span.end
            ),
            CfgError::Nullable { span } => write!(
                f,
                "what bytes {} to {} stand for may be empty; make it optional instead",
                span.start, span.end
            ),
            CfgError::Unspellable { bytes, word } => {
                let first = bytes.first().copied().unwrap_or(0);
                write!(
                    f,
                    "the vocabulary has no token for {} bytes (the first is {first:#04x}), ",
                    bytes.len()
                )?;
                match word {
                    Some(word) => {
                        let word = shown_name(word);
                        write!(f, "which a terminal such as \"{word}\" may need")
                    }
                    None => f.write_str("and a lexer takes all of them"),
                }
            }
            CfgError::NoToken { span, name } => {
                write!(f, "bytes {} to {}: ", span.start, span.end)?;
                match name {
                    Some(name) => {
                        let name = shown_name(name);
                        write!(f, "the vocabulary has no special token `{name}`")
                    }
                    None => f.write_str("no token of the vocabulary is meant"),
                }
            }
            CfgError::EmptyTerminal { name, span } => {
                let Span { start, end } = span;
                let name = shown_name(name);
                write!(
                    f,
                    "terminal `{name}` (bytes {start} to {end}) has the empty word, which a lexer \
                     cannot cut off; let it have one character at least, and make its uses optional"
                )
            }
            CfgError::ForeignWithLexer { span } => write!(
                f,
                "bytes {} to {} name a schema, a token or a grammar, which a lexer cannot cut off; \
                 read the grammar without one",
                span.start, span.end
            ),
            CfgError::NeverLexed => f.write_str(
                "the lexer cuts no text into terminals that the rules derive: wherever they \
                 would, a longer word or a terminal of higher rank wins; change the priorities \
                 or the terminals, or read the grammar without a lexer",
            ),
            CfgError::Fuel(spent) => write!(f, "compiling the grammar {spent}"),
            CfgError::Limit { name, limit } => write!(
                f,
                "the limit `{name}` of {limit} was reached; simplify the grammar or raise the limit"
            ),
        }
    }
}

impl std::error::Error for CfgError {}
