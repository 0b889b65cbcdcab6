//! `formwork mask`.

use formwork::{PushError, Status, TokenId, Vocab, mask};
use serde::Serialize;

use crate::args::MaskArgs;
use crate::error::CliError;
use crate::printer::Printer;
use crate::source::Source;
use crate::status::ExitStatus;
use crate::text::quoted;
use crate::{expect, input, restrictions};

/// What is printed with `--json`.
#[derive(Serialize)]
struct Answer {
    /// Text tokens that are allowed.
    count: usize,
    /// Whether the text may end.
    stop: bool,
    /// `exact`, or `subset` if a token that is not allowed may be right.
    grammar: String,
    /// The first of them.
    tokens: Vec<Token>,
}

#[derive(Serialize)]
struct Token {
    id: u32,
    /// Left out if the token is not UTF-8 by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    bytes: Vec<u8>,
}

/// What is printed with `--json` if the prefix is not allowed.
#[derive(Serialize)]
struct Rejection {
    offset: usize,
    expected: String,
}

pub(super) fn run(args: &MaskArgs, printer: &mut Printer) -> Result<ExitStatus, CliError> {
    let source = Source::against(&args.against)?;
    let compiler = input::compiler(args.tokenizer.as_deref(), &args.cache)?;
    let vocab = compiler.vocab();
    let grammar = source
        .compile(&compiler, &args.options.build()?)
        .map_err(|error| source.error(&error))?;
    restrictions::warn(source.path(), grammar.status(), printer);
    let mut matcher = grammar.matcher();
    let prefix = args.prefix.as_bytes();
    match matcher.push_bytes(prefix) {
        Ok(()) => {}
        Err(PushError::Rejected { offset }) => {
            matcher
                .push_bytes(&prefix[..offset])
                .map_err(CliError::other)?;
            let expected = expect::describe(&matcher)?;
            if args.json {
                printer.json(&Rejection { offset, expected })?;
            } else {
                printer.line(format_args!(
                    "the prefix is rejected at byte {offset}: expected {expected}"
                ))?;
            }
            return Ok(ExitStatus::No);
        }
        Err(error) => return Err(CliError::other(error)),
    }
    let mut row = vec![0; vocab.mask_words()];
    matcher.fill_mask(&mut row).map_err(CliError::other)?;
    let answer = Answer::of(&row, vocab, grammar.status(), args.limit);
    if args.json {
        printer.json(&answer)?;
    } else {
        print(&answer, printer)?;
    }
    Ok(ExitStatus::Yes)
}

impl Answer {
    fn of(row: &[u32], vocab: &Vocab, status: &Status, limit: usize) -> Answer {
        let is_stop = |id: &TokenId| vocab.stop_ids().contains(id);
        let stops = vocab
            .stop_ids()
            .iter()
            .filter(|&&id| mask::get(row, id))
            .count();
        let tokens = mask::iter_ones(row).filter(|id| !is_stop(id)).take(limit);
        Answer {
            count: mask::count_ones(row) - stops,
            stop: stops > 0,
            grammar: status.to_string(),
            tokens: tokens.map(|id| Token::of(id, vocab)).collect(),
        }
    }
}

impl Token {
    fn of(id: TokenId, vocab: &Vocab) -> Token {
        let bytes = vocab.bytes(id);
        Token {
            id: id.0,
            text: std::str::from_utf8(bytes).ok().map(str::to_owned),
            bytes: bytes.to_vec(),
        }
    }
}

fn print(answer: &Answer, printer: &mut Printer) -> Result<(), CliError> {
    let may = if answer.stop { "may" } else { "may not" };
    printer.line(format_args!(
        "{} tokens are allowed; the text {may} end here",
        answer.count
    ))?;
    for token in &answer.tokens {
        printer.line(format_args!("{:>8}  {}", token.id, quoted(&token.bytes)))?;
    }
    if answer.tokens.len() < answer.count {
        let rest = answer.count - answer.tokens.len();
        printer.line(format_args!("     ...  and {rest} more"))?;
    }
    Ok(())
}
