//! The compiler: what all grammars over a vocabulary share.

use std::io::{self, Read, Write};
use std::sync::Arc;

use formwork_cfg::{CfgLanguage, CfgLimits, Foreign, ForeignKind, Resolved};
use formwork_core::{Grammar, IndexError, RestoreError, TokenIndex};
use formwork_grammar::{Language, TokenSet};
use formwork_schema::{Fuel, SchemaOptions, TerminalCache};
use formwork_vocab::Vocab;

use crate::cache::Grammars;
use crate::error::CompileError;
use crate::limits::Limits;
use crate::spec::{Read as SpecRead, Spec};
use crate::tokens;

/// Compiles grammars for one vocabulary. `Send + Sync`; share one.
#[derive(Debug)]
pub struct Compiler {
    index: Arc<TokenIndex>,
    cache: TerminalCache,
    grammars: Grammars,
    limits: Limits,
}

impl Compiler {
    /// Reads the vocabulary once, about 10 ms for 128,000 tokens.
    ///
    /// # Errors
    ///
    /// If exact masks are impossible over the vocabulary.
    pub fn new(vocab: Arc<Vocab>) -> Result<Compiler, IndexError> {
        Compiler::with_limits(vocab, Limits::default())
    }

    /// The same with other limits for its grammars.
    ///
    /// # Errors
    ///
    /// If exact masks are impossible over the vocabulary.
    pub fn with_limits(vocab: Arc<Vocab>, limits: Limits) -> Result<Compiler, IndexError> {
        Ok(Compiler {
            index: Arc::new(TokenIndex::new(vocab)?),
            cache: TerminalCache::default(),
            grammars: Grammars::new(&limits),
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

    /// Forgets that and all grammars kept, as if none had run yet. Grammars in use keep
    /// what they know.
    pub fn forget(&self) {
        self.grammars.clear();
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

    /// How many grammars are kept, and about how many bytes they take; bounded by
    /// [`Limits::cache_bytes`].
    pub fn kept(&self) -> (usize, usize) {
        self.grammars.size()
    }

    /// The grammar of a form, if it was compiled before and is kept.
    pub fn known(&self, spec: &Spec) -> Option<Grammar> {
        self.grammars.get(spec)
    }

    /// Compiles a form, or takes it from those that were compiled before: the same
    /// [`Spec`] is one grammar, and what was learnt of it is shared.
    ///
    /// A first time takes what the form takes, some 0.2 ms for a typical schema and at most
    /// [`Limits::fuel`]; any further time the hash of the text. Nobody waits for somebody
    /// else's compilation; two that begin at once with the same form both do the work.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use formwork::{Compiler, Spec, Vocab};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let compiler = Compiler::new(Arc::new(Vocab::embedded()?))?;
    /// let grammar = compiler.compile(&Spec::choice(["yes", "no"]))?;
    /// let mut matcher = grammar.matcher();
    /// matcher.push_bytes(b"yes")?;
    /// assert!(matcher.is_complete());
    ///
    /// let error = compiler.compile(&Spec::regex("(ab")).unwrap_err();
    /// assert!(error.is_user_error());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`CompileError`]; nothing is ignored or loosened.
    pub fn compile(&self, spec: &Spec) -> Result<Grammar, CompileError> {
        self.compile_with(spec, &Fuel::unlimited())
    }

    /// The same with fuel of the caller's beside [`Limits::fuel`], by which compiling can
    /// be stopped, too: by a flag, or at a time. It is asked about every 0.1 ms.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use std::time::{Duration, Instant};
    /// use formwork::{Compiler, Fuel, Spec, Vocab};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let compiler = Compiler::new(Arc::new(Vocab::embedded()?))?;
    /// let deadline = Instant::now() + Duration::from_secs(5);
    /// let fuel = Fuel::unlimited().stop_if(move || Instant::now() > deadline);
    /// compiler.compile_with(&Spec::json_object(), &fuel)?;
    ///
    /// let never = Fuel::unlimited().stop_if(|| true);
    /// let hard = Spec::regex("(a|b)*a(a|b){12}");
    /// assert!(compiler.compile_with(&hard, &never).unwrap_err().is_stopped());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`compile`](Compiler::compile), and [`CompileError::Fuel`].
    pub fn compile_with(&self, spec: &Spec, fuel: &Fuel) -> Result<Grammar, CompileError> {
        if let Some(grammar) = self.known(spec) {
            return Ok(grammar);
        }
        let language = self.language_with(spec, fuel)?;
        let grammar = Grammar::new(language, Arc::clone(&self.index), self.limits.engine)?;
        self.grammars.keep(spec, &grammar);
        Ok(grammar)
    }

    /// The language of a form, for engines that do not read from left to right. It is not
    /// kept.
    ///
    /// # Errors
    ///
    /// As [`compile_with`](Compiler::compile_with).
    pub fn language_with(
        &self,
        spec: &Spec,
        fuel: &Fuel,
    ) -> Result<Box<dyn Language>, CompileError> {
        let fuel = fuel.at_most(self.limits.fuel);
        let spec = spec.clone().fuelled(&fuel);
        let language = spec.read().map_err(CompileError::Syntax);
        let language = language.and_then(|read| match read {
            SpecRead::JsonSchema(text) => self.json_schema_language(text, spec.schemas()),
            SpecRead::Cfg(grammar) => self.cfg_language(&grammar, spec.cfg(), spec.schemas()),
        });
        language.map_err(|error| match fuel.spent() {
            Some(spent) => CompileError::Fuel(spent),
            None => error,
        })
    }

    /// Compiles a JSON Schema.
    ///
    /// # Errors
    ///
    /// See [`SchemaError`](crate::SchemaError); nothing is ignored or loosened.
    pub fn json_schema(
        &self,
        text: &str,
        options: &SchemaOptions,
    ) -> Result<Grammar, CompileError> {
        let language = self.json_schema_language(text, options)?;
        let index = Arc::clone(&self.index);
        Ok(Grammar::new(language, index, self.limits.engine)?)
    }

    /// The language of a JSON Schema, for engines that do not read from left to right.
    ///
    /// # Errors
    ///
    /// See [`SchemaError`](crate::SchemaError).
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
    /// See [`CfgError`](crate::CfgError) and [`CompileError::Nested`]; nothing is approximated.
    pub fn cfg(
        &self,
        grammar: &formwork_cfg::Grammar,
        limits: &CfgLimits,
    ) -> Result<Grammar, CompileError> {
        self.cfg_with(grammar, limits, &SchemaOptions::default())
    }

    /// The same with a choice of options for the schemas in the grammar, each of which has
    /// all of their limits to itself; [`compile`](Compiler::compile) bounds them together.
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
        Ok(Grammar::new(language, index, self.limits.engine)?)
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
