//! What a model reads first.

use formwork::TokenId;
use formwork_model::{Message, ModelFiles};

use crate::args::PromptArgs;
use crate::error::CliError;

/// The tokens of a prompt: a user's message if the model has a chat template, unless it
/// is to be read as it is.
pub(crate) fn tokens(args: &PromptArgs, files: &ModelFiles) -> Result<Vec<TokenId>, CliError> {
    let tokenizer = &files.tokenizer;
    if let (Some(chat), false) = (&files.chat, args.raw) {
        let messages = [Message::new("user", &args.text)];
        let (bos, eos) = (tokenizer.bos_text(), tokenizer.eos_text());
        let text = chat.render(&messages, true, &bos, &eos);
        let tokens = tokenizer.encode_with_specials(&text.map_err(CliError::other)?);
        return tokens.map_err(CliError::other);
    }
    tokenizer.prompt(&args.text).map_err(CliError::other)
}

/// The same; if that is nothing, the token that texts begin with, since a model has to
/// read something.
pub(crate) fn tokens_or_first(
    args: &PromptArgs,
    files: &ModelFiles,
) -> Result<Vec<TokenId>, CliError> {
    Ok(files.tokenizer.or_first(tokens(args, files)?))
}
