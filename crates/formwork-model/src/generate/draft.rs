//! Guesses at what a model writes next.

use formwork::TokenId;

/// Guesses the next tokens of a text. A wrong guess costs time, never changes what is
/// generated.
pub trait Drafter {
    /// At most `most` tokens that may follow `tokens`, the prompt included.
    fn draft(&mut self, tokens: &[TokenId], most: usize) -> Vec<TokenId>;
}

/// Guesses that what followed the last few tokens where they occurred before follows
/// again (prompt lookup decoding, Saxena 2023): good where answers quote their prompt.
///
/// Linear in the length of the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PromptLookup {
    /// So many of the last tokens have to be the same.
    pub context: usize,
    /// The most tokens that are drafted at once.
    pub most: usize,
}

impl Default for PromptLookup {
    /// Two tokens of context, up to eight drafted.
    fn default() -> PromptLookup {
        PromptLookup {
            context: 2,
            most: 8,
        }
    }
}

impl Drafter for PromptLookup {
    fn draft(&mut self, tokens: &[TokenId], most: usize) -> Vec<TokenId> {
        let context = self.context.max(1);
        let Some(split) = tokens.len().checked_sub(context) else {
            return Vec::new();
        };
        let (before, last) = tokens.split_at(split);
        // The latest occurrence that ends before the text does.
        let mut places = (0..before.len()).rev();
        let found = places.find(|&at| tokens.get(at..at + context) == Some(last));
        let Some(found) = found else {
            return Vec::new();
        };
        let follows = tokens.get(found + context..).unwrap_or_default();
        follows.iter().copied().take(self.most.min(most)).collect()
    }
}
