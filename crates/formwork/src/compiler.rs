//! The compiler: what all grammars over a vocabulary share.

use std::io::{self, Read, Write};
use std::sync::Arc;

use formwork_cfg::{CfgError, CfgLanguage, CfgLimits, Foreign, ForeignKind, Resolved, Span};
use formwork_core::{EngineError, EngineLimits, Grammar, IndexError, RestoreError, TokenIndex};
use formwork_grammar::{Language, TokenSet};
use formwork_schema::{SchemaError, SchemaOptions, TerminalCache};
use formwork_vocab::Vocab;

use crate::tokens;

/// Compiles grammars for one vocabulary. `Send + Sync`; share one.
#[derive(Debug)]
pub struct Compiler {
    index: Arc<TokenIndex>,
    cache: TerminalCache,
    limits: EngineLimits,
}

/// Why a grammar was not compiled.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CompileError {
    /// The schema is at fault, or one of its limits.
    Schema(SchemaError),
    /// The context-free grammar is at fault, or one of its limits.
    Cfg(CfgError),
    /// A schema inside a context-free grammar is at fault, or one of its limits.
    Nested {
        /// Where the source of the grammar has the schema.
        span: Span,
        /// What is wrong there.
        error: SchemaError,
    },
    /// A limit of the engine was reached at the very start of the text.
    Engine(EngineError),
}

impl CompileError {
    /// Whether the caller's input is to blame, so that a server should answer
    /// 400 rather than 500.
    pub fn is_user_error(&self) -> bool {
        match self {
            CompileError::Schema(error) | CompileError::Nested { error, .. } => {
                error.is_user_error()
            }
            CompileError::Cfg(error) => error.is_user_error(),
            CompileError::Engine(_) => false,
        }
    }
}

impl std::fmt::Display for CompileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CompileError::Schema(error) => error.fmt(f),
            CompileError::Cfg(error) => error.fmt(f),
            CompileError::Nested { span, error } => write!(
                f,
                "in the schema at bytes {} to {} of the grammar: {error}",
                span.start, span.end
            ),
            CompileError::Engine(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CompileError {}

impl From<SchemaError> for CompileError {
    fn from(error: SchemaError) -> Self {
        CompileError::Schema(error)
    }
}

impl From<CfgError> for CompileError {
    fn from(error: CfgError) -> Self {
        CompileError::Cfg(error)
    }
}

impl From<EngineError> for CompileError {
    fn from(error: EngineError) -> Self {
        CompileError::Engine(error)
    }
}

impl Compiler {
    /// Reads the vocabulary once, about 10 ms for 128,000 tokens.
    ///
    /// # Errors
    ///
    /// If exact masks are impossible over the vocabulary.
    pub fn new(vocab: Arc<Vocab>) -> Result<Compiler, IndexError> {
        Compiler::with_limits(vocab, EngineLimits::default())
    }

    /// The same with other limits for its grammars.
    ///
    /// # Errors
    ///
    /// If exact masks are impossible over the vocabulary.
    pub fn with_limits(vocab: Arc<Vocab>, limits: EngineLimits) -> Result<Compiler, IndexError> {
        Ok(Compiler {
            index: Arc::new(TokenIndex::new(vocab)?),
            cache: TerminalCache::default(),
            limits,
        })
    }

    /// The vocabulary.
    pub fn vocab(&self) -> &Arc<Vocab> {
        self.index.vocab()
    }

    /// Approximate heap use, in bytes, of what the grammars so far have taught about
    /// the vocabulary; bounded.
    pub fn learnt_bytes(&self) -> usize {
        self.index.learnt_bytes()
    }

    /// Forgets that, as if no grammar had run yet. Grammars in use keep what they
    /// know.
    pub fn forget(&self) {
        self.index.forget();
    }

    /// Writes what was learnt of the vocabulary whatever the grammar, for a later
    /// [`restore`](Compiler::restore); see [`TokenIndex::save`]. That saves about a third
    /// of what [`prepare`](Compiler::prepare) takes, and no more.
    ///
    /// # Errors
    ///
    /// If `to` cannot be written to.
    pub fn save(&self, to: impl Write) -> io::Result<()> {
        self.index.save(to)
    }

    /// Takes what was [saved](Compiler::save) for the same vocabulary; returns how many
    /// rows that is. See [`TokenIndex::restore`].
    ///
    /// # Errors
    ///
    /// If this is anything else than was saved; then nothing is taken.
    pub fn restore(&self, from: impl Read) -> Result<usize, RestoreError> {
        self.index.restore(from)
    }

    /// Compiles a JSON Schema.
    ///
    /// # Errors
    ///
    /// See [`SchemaError`]; nothing is ignored or loosened.
    pub fn json_schema(
        &self,
        text: &str,
        options: &SchemaOptions,
    ) -> Result<Grammar, CompileError> {
        let language = self.json_schema_language(text, options)?;
        let index = Arc::clone(&self.index);
        Ok(Grammar::new(language, index, self.limits)?)
    }

    /// The language of a JSON Schema, for engines that do not read from left to right.
    ///
    /// # Errors
    ///
    /// See [`SchemaError`].
    pub fn json_schema_language(
        &self,
        text: &str,
        options: &SchemaOptions,
    ) -> Result<Box<dyn Language>, CompileError> {
        Ok(Box::new(formwork_schema::compile(
            text,
            options,
            &self.cache,
        )?))
    }

    /// Compiles a context-free grammar, of whatever kind: ambiguous,
    /// left-recursive, with rules that may be empty.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use formwork::{Compiler, Vocab};
    /// use formwork::cfg::{CfgLimits, Expr, Grammar, Rule, RuleId, Span, TerminalId};
    /// use formwork_automata::{Dfa, Limits, regex};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // sum: sum "+" number | number
    /// let sum = Expr::Choice(vec![
    ///     Expr::Sequence(vec![
    ///         Expr::Rule(RuleId(0)),
    ///         Expr::Terminal(TerminalId(0)),
    ///         Expr::Terminal(TerminalId(1)),
    ///     ]),
    ///     Expr::Terminal(TerminalId(1)),
    /// ]);
    /// let number = regex::compile("^[0-9]+$", &Limits::default())?;
    /// let grammar = Grammar {
    ///     rules: vec![Rule { name: "sum".into(), span: Span::default(), body: sum }],
    ///     terminals: vec![Arc::new(Dfa::from_words(["+"])), Arc::new(number)],
    ///     foreign: vec![],
    ///     start: RuleId(0),
    ///     lexing: None,
    /// };
    /// let compiler = Compiler::new(Arc::new(Vocab::embedded()?))?;
    /// let grammar = compiler.cfg(&grammar, &CfgLimits::default())?;
    /// let mut matcher = grammar.matcher();
    /// matcher.push_bytes(b"1+23")?;
    /// assert!(matcher.is_complete());
    /// assert!(matcher.push_bytes(b"++").is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Schemas in the grammar are compiled with the default options.
    ///
    /// # Errors
    ///
    /// See [`CfgError`] and [`CompileError::Nested`]; nothing is approximated.
    pub fn cfg(
        &self,
        grammar: &formwork_cfg::Grammar,
        limits: &CfgLimits,
    ) -> Result<Grammar, CompileError> {
        self.cfg_with(grammar, limits, &SchemaOptions::default())
    }

    /// The same with a choice of options for the schemas in the grammar.
    ///
    /// # Errors
    ///
    /// As [`Compiler::cfg`].
    pub fn cfg_with(
        &self,
        grammar: &formwork_cfg::Grammar,
        limits: &CfgLimits,
        schemas: &SchemaOptions,
    ) -> Result<Grammar, CompileError> {
        let language = self.cfg_language(grammar, limits, schemas)?;
        let index = Arc::clone(&self.index);
        Ok(Grammar::new(language, index, self.limits)?)
    }

    /// The language of a context-free grammar, for engines that do not read from left to
    /// right.
    ///
    /// # Errors
    ///
    /// As [`Compiler::cfg`].
    pub fn cfg_language(
        &self,
        grammar: &formwork_cfg::Grammar,
        limits: &CfgLimits,
        schemas: &SchemaOptions,
    ) -> Result<Box<dyn Language>, CompileError> {
        formwork_cfg::check_spelling(grammar, self.index.missing())?;
        let language = cfg_language(grammar, limits, schemas, &self.cache, Some(self.vocab()))?;
        Ok(Box::new(language))
    }
}

/// The language of a grammar with schemas in it. Without a vocabulary, tokens are
/// taken to be there.
pub(crate) fn cfg_language(
    grammar: &formwork_cfg::Grammar,
    limits: &CfgLimits,
    schemas: &SchemaOptions,
    cache: &TerminalCache,
    vocab: Option<&Vocab>,
) -> Result<CfgLanguage, CompileError> {
    let mut foreign = Vec::with_capacity(grammar.foreign.len());
    for Foreign { kind, span } in &grammar.foreign {
        let span = *span;
        foreign.push(match (kind, vocab) {
            (ForeignKind::JsonSchema(text), _) => {
                let language = formwork_schema::compile(text, schemas, cache);
                let language = language.map_err(|error| CompileError::Nested { span, error })?;
                Resolved::Language(Box::new(language))
            }
            (ForeignKind::Token(pattern), Some(vocab)) => {
                Resolved::Token(tokens::resolve(pattern, span, vocab)?)
            }
            (ForeignKind::Token(_), None) => Resolved::Token(TokenSet::new([0])),
        });
    }
    Ok(formwork_cfg::compile_with(grammar, foreign, limits)?)
}
