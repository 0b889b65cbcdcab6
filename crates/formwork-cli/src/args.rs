//! The command line.

#[cfg(feature = "models")]
mod generate;
#[cfg(feature = "models")]
mod infill;
#[cfg(feature = "models")]
mod sample;
#[cfg(feature = "models")]
mod serve;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand, ValueEnum};
use formwork::cfg::syntax::{Format, Lexing, SyntaxOptions};
use formwork::{PropertyOrder, SchemaOptions, Whitespace};
use formwork_bench::documents;

use crate::error::CliError;
#[cfg(feature = "models")]
pub(crate) use generate::{ConstraintArgs, GenerateArgs, PromptArgs};
#[cfg(feature = "models")]
pub(crate) use infill::InfillArgs;
#[cfg(feature = "models")]
pub(crate) use sample::{CacheKind, MethodName, SampleArgs, StopRule, Tokens};
#[cfg(feature = "models")]
pub(crate) use serve::ServeArgs;

/// JSON Schema and context-free grammars to exact token masks.
///
/// Exit status: 0 for yes or done, 1 if the command ran and the answer is no, 2
/// for an error.
#[derive(Parser, Debug)]
#[command(name = "formwork", version)]
pub(crate) struct Args {
    /// Print nothing for people, only the exit status and JSON asked for.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Check(CheckArgs),
    Witness(WitnessArgs),
    Validate(ValidateArgs),
    Mask(MaskArgs),
    #[cfg(feature = "models")]
    Generate(GenerateArgs),
    #[cfg(feature = "models")]
    Sample(SampleArgs),
    #[cfg(feature = "models")]
    Infill(InfillArgs),
    #[cfg(feature = "models")]
    Serve(ServeArgs),
    Dot(DotArgs),
    Maskbench(MaskbenchArgs),
    Suite(SuiteArgs),
}

/// Say whether a schema or a grammar is supported, and if not, where and why.
///
/// The verdict is `exact` if masks allow all valid texts, `subset` if they leave
/// some out, which are listed, `refused` if the schema cannot be compiled,
/// `unsatisfiable` if no text is valid. Status 0 for the first two, 1 for the
/// others, 2 if the text is not a schema or a grammar.
#[derive(clap::Args, Debug)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) subject: Subject,
    #[command(flatten)]
    pub(crate) options: SchemaArgs,
    /// Print what every part of the schema became, which parts no value
    /// satisfies, and which keywords are annotations; of a grammar, which rules
    /// are recursive, may be empty, or are of no use.
    #[arg(long)]
    pub(crate) explain: bool,
    /// Print an object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Print a shortest valid text, or random ones.
///
/// Nothing is asked of a model. Every text of a schema is shown to another
/// validator before it is printed; a different verdict is an error. The default
/// white space is `compact`. Status 1 if the schema is refused or has no instance,
/// 2 if it is not a schema.
#[derive(clap::Args, Debug)]
pub(crate) struct WitnessArgs {
    #[command(flatten)]
    pub(crate) subject: Subject,
    /// Print so many random texts, one a line, all different; fewer if no more
    /// are found. Those of a grammar are printed as JSON strings.
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<usize>,
    /// Where random texts start from; the same seed prints the same texts.
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) options: SchemaArgs,
    /// Do not ask the other validator.
    #[arg(long)]
    pub(crate) no_check: bool,
    /// Print an object for each text.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Send texts through the token masks of a schema or a grammar, and say where they
/// fail.
///
/// Status 1 if a text is rejected, 2 if there is no verdict. For a schema, a line
/// end at the end of a file is not part of the text; for a grammar, every byte is.
/// If the masks leave out valid texts, standard error says which, once.
#[derive(clap::Args, Debug)]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    pub(crate) against: Against,
    /// A HF tokenizer.json. The default is a vocabulary that needs no file.
    #[arg(long, value_name = "FILE")]
    pub(crate) tokenizer: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    #[command(flatten)]
    pub(crate) options: SchemaArgs,
    /// Compare with another validator; a different verdict is an error.
    #[arg(long, conflicts_with = "grammar")]
    pub(crate) oracle: bool,
    /// Print an object for each text.
    #[arg(long)]
    pub(crate) json: bool,
    /// The texts; `-` for standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

/// List the tokens that may follow a text.
///
/// Status 1 if the text itself is not allowed.
#[derive(clap::Args, Debug)]
pub(crate) struct MaskArgs {
    #[command(flatten)]
    pub(crate) against: Against,
    /// The text before.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) prefix: String,
    /// A vocabulary: HF tokenizer.json, tiktoken rank file, or list of byte
    /// strings. The default needs no file.
    #[arg(long, value_name = "FILE")]
    pub(crate) tokenizer: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    /// List at most so many tokens.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) options: SchemaArgs,
    /// Print an object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Print what a schema or a grammar becomes as a drawing for Graphviz.
///
/// Circles are positions in rules, double ones where a rule may end; edges read
/// terminals or, dashed, what another position derives. Terminals are drawn below,
/// as automata over bytes. White space is `compact` unless said otherwise. Try
/// `formwork dot --grammar FILE | dot -Tsvg`.
#[derive(clap::Args, Debug)]
pub(crate) struct DotArgs {
    #[command(flatten)]
    pub(crate) subject: Subject,
    #[command(flatten)]
    pub(crate) options: SchemaArgs,
    /// Draw at most so many positions.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub(crate) max_dots: usize,
    /// Draw terminals of at most so many states; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 24)]
    pub(crate) max_states: usize,
}

/// Measure coverage, correctness and speed on a folder of MaskBench files.
///
/// Status 1 if the result is worse than the golden one.
#[derive(clap::Args, Debug)]
pub(crate) struct MaskbenchArgs {
    /// The folder. The default is the project's own `schemas`.
    pub(crate) folder: Option<PathBuf>,
    /// A HF tokenizer.json. The default is a vocabulary that needs no file.
    #[arg(long, value_name = "FILE")]
    pub(crate) tokenizer: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    /// Write the result as an object to a file; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write the result as a page for browsers, which needs no other file:
    /// distributions of times, coverage by split, the slowest schemas.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Let every grammar read its instances a second time, and report the times of
    /// that beside those of the first.
    #[arg(long)]
    pub(crate) again: bool,
    /// Rename the keys `_uniqueItems` and `_format` in every schema to
    /// `uniqueItems` and `format`, wherever they are, before it is compiled: the
    /// data set disguised these keywords.
    #[arg(long)]
    pub(crate) restore_disguised: bool,
    /// Measure only the first so many files.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Measure so many files at once; times become less exact.
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) threads: NonZeroUsize,
    /// Give up on a file after so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) timeout: u64,
    /// List so many schemas with the slowest tokens.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) slowest: usize,
    /// Compare with an earlier result.
    #[arg(long, value_name = "FILE")]
    pub(crate) golden: Option<PathBuf>,
    /// Write the counts for later comparisons.
    #[arg(long, value_name = "FILE")]
    pub(crate) write_golden: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) options: SchemaArgs,
}

/// Run the official JSON Schema Test Suite.
#[derive(clap::Args, Debug)]
pub(crate) struct SuiteArgs {
    /// The repository of the suite, or its folder `tests`.
    pub(crate) folder: PathBuf,
    /// A HF tokenizer.json. The default is a vocabulary that needs no file.
    #[arg(long, value_name = "FILE")]
    pub(crate) tokenizer: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    /// Write the result as an object to a file; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// List the tests with the wrong verdict.
    #[arg(long)]
    pub(crate) wrong: bool,
}

/// Where to keep what was learnt of a vocabulary.
#[derive(clap::Args, Debug)]
pub(crate) struct CacheArgs {
    /// Keep what was learnt of the vocabulary in a file of this folder, named by the
    /// vocabulary's fingerprint, and read it from there the next time. Answers are the
    /// same; a file that does not fit is written anew. It saves milliseconds, and only
    /// where many schemas are read.
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
}

impl CacheArgs {
    /// The folder, if one was named.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.cache.as_deref()
    }
}

/// What a command is about: a schema or a grammar.
#[derive(clap::Args, Debug)]
pub(crate) struct Subject {
    /// The schema; `-` for standard input.
    #[arg(required_unless_present = "grammar", conflicts_with = "grammar")]
    pub(crate) schema: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) grammar: GrammarArgs,
}

/// What texts are held against: a schema or a grammar.
#[derive(clap::Args, Debug)]
pub(crate) struct Against {
    /// The schema.
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "grammar",
        conflicts_with = "grammar"
    )]
    pub(crate) schema: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) grammar: GrammarArgs,
}

/// A context-free grammar instead of a schema.
#[derive(clap::Args, Debug)]
pub(crate) struct GrammarArgs {
    /// A context-free grammar instead of a schema; `-` for standard input. The
    /// options of schemas hold for schemas in it.
    #[arg(long, value_name = "FILE")]
    grammar: Option<PathBuf>,
    /// The notation of the grammar. The default is told by the file's name:
    /// .gbnf, .lark, .ebnf, .regex, or .json for a structural tag.
    #[arg(long, value_name = "KIND", requires = "grammar")]
    format: Option<Notation>,
    /// The rule of whole texts, if it is not the notation's own.
    #[arg(long, value_name = "RULE", requires = "grammar")]
    start: Option<String>,
    /// Cut texts by longest match first, as lexers do. Only for grammars in Lark.
    #[arg(long, requires = "grammar")]
    lexer: bool,
}

/// A notation of grammars.
#[derive(ValueEnum, Clone, Copy, Debug)]
enum Notation {
    /// That of llama.cpp.
    Gbnf,
    /// That of Lark.
    Lark,
    /// That of the XML specification, or ISO/IEC 14977.
    Ebnf,
    /// One regular expression.
    Regex,
    /// Free text with tool calls, as JSON.
    StructuralTag,
}

impl GrammarArgs {
    /// The file, if a grammar was named.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.grammar.as_deref()
    }

    /// The notation that was named, or that the file's name tells.
    pub(crate) fn format(&self) -> Result<Format, CliError> {
        match self.format {
            Some(Notation::Gbnf) => return Ok(Format::Gbnf),
            Some(Notation::Lark) => return Ok(Format::Lark),
            Some(Notation::Ebnf) => return Ok(Format::Ebnf),
            Some(Notation::Regex) => return Ok(Format::Regex),
            Some(Notation::StructuralTag) => return Ok(Format::StructuralTag),
            None => {}
        }
        let extension = self.file().and_then(Path::extension);
        let extension = extension.unwrap_or_default().to_string_lossy();
        Format::from_extension(&extension).ok_or_else(|| {
            CliError::other("the name of the grammar does not tell its notation; say --format KIND")
        })
    }

    pub(crate) fn options(&self) -> SyntaxOptions {
        SyntaxOptions {
            start: self.start.clone(),
            lexing: match self.lexer {
                true => Lexing::LongestMatch,
                false => Lexing::Scannerless,
            },
            ..SyntaxOptions::default()
        }
    }
}

/// How a schema is compiled.
#[derive(clap::Args, Debug)]
pub(crate) struct SchemaArgs {
    /// White space between tokens of JSON: `compact`, `any`, or `bounded:N` for
    /// at most N characters in a row.
    #[arg(long, value_name = "KIND", value_parser = whitespace)]
    whitespace: Option<Whitespace>,
    /// Order of the members of objects.
    #[arg(long, value_name = "KIND")]
    order: Option<Order>,
    /// Let `$ref` name the .json files below a folder: each by its own absolute
    /// `$id` (`id` in draft 4), or else by its path from the folder on, such as
    /// `defs/a.json`. May be given several times.
    #[arg(long, value_name = "DIR")]
    resolve: Vec<PathBuf>,
    /// Refuse a schema whose masks would leave out valid texts.
    #[arg(long)]
    strict: bool,
}

/// Order of the members of objects.
#[derive(ValueEnum, Clone, Copy, Debug)]
enum Order {
    /// Any order.
    Any,
    /// As the schema lists them.
    Schema,
}

impl SchemaArgs {
    /// The same, with white space only where asked for.
    pub(crate) fn build_compact(&self) -> Result<SchemaOptions, CliError> {
        self.build_or(Whitespace::Compact)
    }

    /// The same, with this white space unless another was asked for.
    pub(crate) fn build_or(&self, whitespace: Whitespace) -> Result<SchemaOptions, CliError> {
        let mut options = self.build()?;
        if self.whitespace.is_none() {
            options.whitespace = whitespace;
        }
        Ok(options)
    }

    /// What was asked for, for people.
    pub(crate) fn describe(&self) -> String {
        let mut words = Vec::new();
        match self.whitespace {
            Some(Whitespace::Compact) => words.push("compact white space".to_owned()),
            Some(Whitespace::Any) => words.push("any white space".to_owned()),
            Some(Whitespace::Bounded(most)) => words.push(format!("white space up to {most}")),
            _ => {}
        }
        match self.order {
            Some(Order::Any) => words.push("any order".to_owned()),
            Some(Order::Schema) => words.push("order of the schema".to_owned()),
            None => {}
        }
        if self.strict {
            words.push("strict".to_owned());
        }
        if !self.resolve.is_empty() {
            words.push(format!("{} folders of documents", self.resolve.len()));
        }
        match words.is_empty() {
            true => "defaults".to_owned(),
            false => words.join(", "),
        }
    }

    /// The options for the compiler; its defaults where nothing was said.
    pub(crate) fn build(&self) -> Result<SchemaOptions, CliError> {
        let mut options = SchemaOptions {
            strict: self.strict,
            ..SchemaOptions::default()
        };
        if let Some(whitespace) = self.whitespace {
            options.whitespace = whitespace;
        }
        match self.order {
            Some(Order::Any) => options.order = PropertyOrder::Any,
            Some(Order::Schema) => options.order = PropertyOrder::Schema,
            None => {}
        }
        for folder in &self.resolve {
            options.documents.extend(documents::load(folder)?);
        }
        Ok(options)
    }
}

fn whitespace(text: &str) -> Result<Whitespace, String> {
    match text.split_once(':') {
        None if text == "compact" => Ok(Whitespace::Compact),
        None if text == "any" => Ok(Whitespace::Any),
        Some(("bounded", number)) => {
            let number = number
                .parse()
                .map_err(|error| format!("{number:?}: {error}"))?;
            Ok(Whitespace::Bounded(number))
        }
        _ => Err("expected compact, any or bounded:N".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn whitespace_kinds() {
        assert!(matches!(whitespace("compact"), Ok(Whitespace::Compact)));
        assert!(matches!(whitespace("any"), Ok(Whitespace::Any)));
        assert!(matches!(
            whitespace("bounded:3"),
            Ok(Whitespace::Bounded(3))
        ));
        for bad in ["", "bounded", "bounded:", "bounded:x", "any:1"] {
            assert!(whitespace(bad).is_err(), "{bad}");
        }
    }
}
