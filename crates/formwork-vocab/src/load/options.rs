//! What a loader cannot learn from the file.

use crate::TokenId;

/// Names under which common models know the tokens that end a generation.
pub(super) const STOP_NAMES: &[&str] = &[
    "</s>",
    "<EOS_TOKEN>",
    "<end_of_turn>",
    "<eos>",
    "<|END_OF_TURN_TOKEN|>",
    "<|EOT|>",
    "<|call|>",
    "<|end_of_text|>",
    "<|end|>",
    "<|endoftext|>",
    "<|eom_id|>",
    "<|eom|>",
    "<|eos|>",
    "<|eot_id|>",
    "<|eot|>",
    "<|im_end|>",
    "<|return|>",
    "<｜end▁of▁sentence｜>",
];

/// Options of the loaders. By default there are none to set.
///
/// ```
/// use formwork_vocab::{LoadOptions, TokenId, Vocab};
///
/// # fn main() -> Result<(), formwork_vocab::VocabError> {
/// let options = LoadOptions::new().special(TokenId(2), "<bye>").stop_names(["<bye>"]);
/// let vocab = Vocab::from_byte_strings(["a", "b"], &options)?;
/// assert_eq!(vocab.stop_ids(), [TokenId(2)]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    pub(super) stop_ids: Option<Vec<TokenId>>,
    pub(super) stop_names: Option<Vec<String>>,
    pub(super) specials: Vec<(TokenId, String)>,
}

impl LoadOptions {
    /// The default options.
    pub fn new() -> LoadOptions {
        LoadOptions::default()
    }

    /// The ids that end a generation. A text token named here becomes a
    /// special one. The default, unless [`stop_names`](LoadOptions::stop_names)
    /// is set, is every special token with a well-known name such as `</s>`,
    /// `<|eot_id|>` or `<|im_end|>`.
    pub fn stop_ids(mut self, ids: impl IntoIterator<Item = TokenId>) -> LoadOptions {
        self.stop_ids = Some(ids.into_iter().collect());
        self
    }

    /// The names of the special tokens that end a generation, in addition to
    /// [`stop_ids`](LoadOptions::stop_ids) if both are set. The default is
    /// described there.
    pub fn stop_names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> LoadOptions {
        self.stop_names = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Adds a special token that the file does not list, or replaces what it
    /// says of the id. Formats other than `tokenizer.json` list none.
    pub fn special(mut self, id: TokenId, name: impl Into<String>) -> LoadOptions {
        self.specials.push((id, name.into()));
        self
    }
}
