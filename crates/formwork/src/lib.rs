//! formwork makes language models answer in a given form: it compiles JSON
//! Schema and context-free grammars into exact token masks. A mask costs
//! microseconds; compiling a typical schema takes well under a millisecond.
//!
//! ```
//! use std::sync::Arc;
//! use formwork::{Compiler, Spec, Vocab};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let compiler = Compiler::new(Arc::new(Vocab::embedded()?))?;
//! let schema = r#"{"type": "object", "properties": {"ok": {"type": "boolean"}},
//!                  "required": ["ok"], "additionalProperties": false}"#;
//! let grammar = compiler.compile(&Spec::json_schema(schema))?;
//! let mut matcher = grammar.matcher();
//! let mut mask = vec![0u32; compiler.vocab().mask_words()];
//!
//! matcher.push_bytes(br#"{"ok": tr"#)?; // or push(token), one token at a time
//! matcher.fill_mask(&mut mask)?;
//! let allowed: Vec<_> = formwork::mask::iter_ones(&mask).collect();
//! assert!(allowed.iter().all(|&t| b"ue".starts_with(&compiler.vocab().bytes(t)[..1])
//!     || compiler.vocab().bytes(t)[0] == b'u'));
//! matcher.push_bytes(b"ue}")?;
//! assert!(matcher.is_complete());
//! # Ok(())
//! # }
//! ```
//!
//! # Should I use this crate?
//!
//! If texts have to have a form that can be written down as a schema or a grammar, and you
//! sample tokens yourself: yes. It does not run models (`formwork-model` and `formwork-burn`
//! do), does not fill canvases of diffusion models (`formwork-infill`), and a masked model no
//! longer follows its own distribution (`formwork-sample` mends that).
//!
//! # Verbs
//!
//! A [`Compiler`] belongs to a vocabulary and keeps what all grammars share; it
//! compiles a [`Spec`] to a [`Grammar`], which is cheap to clone and `Send + Sync`; that makes
//! [`Matcher`]s, one per text.
//!
//! | verb | what | cost |
//! |-|-|-|
//! | [`Compiler::compile`] | text to grammar | linear in the text, but for what multiplies out, which has a budget; a hash where it was compiled before |
//! | [`Grammar::matcher`], [`Matcher::fork`] | a text at its start, or where another one is | O(1) |
//! | [`Matcher::fill_mask`] | the tokens that may come next | a copy of the row where the state was met before; else what the terminals in reach read of all tokens |
//! | [`Matcher::push`], [`push_bytes`](Matcher::push_bytes) | reads on | O(bytes) |
//! | [`Matcher::validate_tokens`] | how many of these could be read | O(bytes) |
//! | [`Matcher::rollback`], [`reset`](Matcher::reset) | back | O(pushes taken back) |
//! | [`Matcher::forced_tokens`], [`forced_bytes`](Matcher::forced_bytes) | what must come, as a draft | 256 steps a byte |
//! | [`Matcher::is_complete`], [`is_terminated`](Matcher::is_terminated) | whether it may end; whether it has | O(1) |
//! | [`fill_masks`] | rows of a batch | on several threads with `parallel` |
//!
//! A failed call leaves a matcher as it was.
//!
//! # Mask layout
//!
//! Bit `i % 32` of word `i / 32`, least significant first, is 1 if token `i` is
//! allowed. Bits beyond the vocabulary are 0, in padded rows too.
//!
//! # Base masks
//!
//! A server whose logits are on an accelerator can keep the rows that masks share there,
//! by number, and send what differs: see [`MaskParts`].
//!
//! ```
//! use std::collections::HashMap;
//! # use std::sync::Arc;
//! # use formwork::{Compiler, SchemaOptions, Vocab, mask};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let compiler = Compiler::new(Arc::new(Vocab::embedded()?))?;
//! let grammar = compiler.json_schema(r#"{"type": "string"}"#, &SchemaOptions::default())?;
//! let mut matcher = grammar.matcher();
//! matcher.push_bytes(br#""in a stri"#)?;
//!
//! let mut kept: HashMap<u64, Vec<u32>> = HashMap::new(); // on the accelerator
//! let parts = matcher.mask_parts()?;
//! let mut row = vec![0u32; compiler.vocab().mask_words()];
//! for base in &parts.bases {
//!     let words = kept.entry(base.id()).or_insert_with(|| base.words().to_vec());
//!     mask::or_into(&mut row, words);
//! }
//! parts.set.iter().for_each(|&token| mask::set(&mut row, token));
//! parts.clear.iter().for_each(|&token| mask::clear(&mut row, token));
//!
//! let mut wanted = row.clone();
//! matcher.fill_mask(&mut wanted)?;
//! assert_eq!(row, wanted);
//! # Ok(())
//! # }
//! ```
//!
//! # Untrusted input
//!
//! Schemas, grammars and tokens may come from strangers.
//!
//! * *Nothing panics*, overflows the stack or prints; there is no global state, no panic hook,
//!   and no environment variable is read.
//! * *Compiling ends.* It burns [`Fuel`]: at most [`Limits::fuel`], or what a caller gives to
//!   [`Compiler::compile_with`], who can stop it by a flag or at a time. What is
//!   large without being much work has limits of its own, in the options of a [`Spec`]. Each
//!   ends in a typed error; [`CompileError::is_user_error`] tells who is to blame.
//! * *Running ends.* A token is read in time linear in its bytes and the readings of the text
//!   that are open, which [`EngineLimits`] bounds as it bounds memory. Tokens are any numbers.
//! * *Nothing is fetched.* A `$ref` names documents that the caller supplied, or is refused.
//! * *Caches are bounded* in bytes ([`Limits::cache_bytes`]), and their keys are hashed with
//!   secrets of the process. What one caller sends changes nothing for another but time.
//! * *Messages are short*: what they quote of what was sent is cut off, and control
//!   characters are escaped. The fields of errors are not.
//!
//! In a server, compile off the threads that answer, as the example `tokio_server` of
//! `formwork-server` does; a first mask may take some milliseconds, later ones microseconds.
//!
//! # Features
//!
//! `embedded` (default): [`Vocab::embedded`]. `encode`: text to tokens.
//! `parallel`: [`fill_masks`] and [`fill_mask_parts`] on rayon's pool.

mod cache;
mod compiler;
mod error;
mod limits;
mod prepare;
mod random;
mod spec;
mod tokens;
mod witness;

pub use compiler::Compiler;
pub use error::CompileError;
/// Context-free grammars: the representation that [`Compiler::cfg`] takes.
pub use formwork_cfg as cfg;
pub use formwork_cfg::{CfgError, CfgLimits};
pub use formwork_core::{
    BaseMask, ByteSet, Completion, EngineError, EngineLimits, Grammar, IndexError, MaskError,
    MaskKind, MaskParts, Matcher, PushError, RestoreError, TokenIndex, fill_mask_parts, fill_masks,
};
pub use formwork_grammar::graphviz::DrawLimits;
pub use formwork_grammar::{Language, TokenSet};
pub use formwork_schema::{
    Annotation, Explain, ExplainedArray, ExplainedMember, ExplainedNumbers, ExplainedObject,
    ExplainedStrings, ExplainedValue, Fuel, PropertyOrder, Refusal, Restriction, SchemaError,
    SchemaLimits, SchemaOptions, Spent, Status, TerminalCache, Whitespace,
};
#[cfg(feature = "encode")]
pub use formwork_vocab::Encoder;
pub use formwork_vocab::{LoadOptions, TokenId, Vocab, VocabError, mask};
pub use limits::Limits;
pub use spec::Spec;
pub use witness::{Samples, Witness, samples, witness};

/// Checks a schema without a vocabulary: whether it compiles, exactly or only
/// in part.
///
/// # Errors
///
/// See [`SchemaError`].
pub fn check_json_schema(text: &str, options: &SchemaOptions) -> Result<Status, SchemaError> {
    let language = formwork_schema::compile(text, options, &TerminalCache::default())?;
    Ok(Language::status(&language))
}

/// Describes what a schema becomes, without a vocabulary: every value that a
/// text can reach, and the keywords that say nothing. For people who debug
/// schemas.
///
/// # Errors
///
/// See [`SchemaError`]. A schema that no value satisfies is described all the
/// same.
pub fn explain_json_schema(text: &str, options: &SchemaOptions) -> Result<Explain, SchemaError> {
    formwork_schema::explain(text, options, &TerminalCache::default())
}

/// Checks a context-free grammar without a vocabulary: whether it compiles, and
/// whether schemas in it do, exactly or only in part. Tokens that it names are not
/// looked up.
///
/// # Errors
///
/// As [`Compiler::cfg`].
pub fn check_cfg(
    grammar: &cfg::Grammar,
    limits: &CfgLimits,
    schemas: &SchemaOptions,
) -> Result<Status, CompileError> {
    let cache = TerminalCache::default();
    let language = compiler::cfg_language(grammar, limits, schemas, &cache, None)?;
    Ok(Language::status(&language))
}

/// Draws what a schema becomes, in the notation of Graphviz.
///
/// # Errors
///
/// See [`SchemaError`].
pub fn draw_json_schema(
    text: &str,
    options: &SchemaOptions,
    limits: &DrawLimits,
) -> Result<String, SchemaError> {
    let mut language = formwork_schema::compile(text, options, &TerminalCache::default())?;
    Ok(formwork_grammar::graphviz::draw(&mut language, limits))
}

/// Draws what a context-free grammar becomes, in the notation of Graphviz. Tokens
/// that it names are not looked up, and drawn as token 0.
///
/// # Errors
///
/// As [`Compiler::cfg`].
pub fn draw_cfg(
    grammar: &cfg::Grammar,
    limits: &CfgLimits,
    schemas: &SchemaOptions,
    draw: &DrawLimits,
) -> Result<String, CompileError> {
    let cache = TerminalCache::default();
    let mut language = compiler::cfg_language(grammar, limits, schemas, &cache, None)?;
    Ok(formwork_grammar::graphviz::draw(&mut language, draw))
}

#[doc = include_str!("../../../README.md")]
#[cfg(doctest)]
struct Readme;
