//! Prompts that a model has not read to their end yet.

use formwork::TokenId;

use super::{Stats, TextId, timed};
use crate::{LanguageModel, ModelError, SequenceId, Step, Wanted};

/// Prompts on their way into the model, but for their last tokens, which the first round
/// of a text reads. Texts whose prompts are the same up to there share what is read.
#[derive(Default)]
pub(super) struct Prompts {
    waiting: Vec<Prompt>,
}

struct Prompt {
    /// All but the last token.
    tokens: Vec<TokenId>,
    /// How many of them are read.
    read: usize,
    sequence: SequenceId,
    /// Whose prompt it is: at least one text.
    texts: Vec<TextId>,
}

impl Prompts {
    /// A text waits for its prompt to be read.
    pub(super) fn add(&mut self, model: &mut dyn LanguageModel, prompt: &[TokenId], text: TextId) {
        let tokens = prompt.split_last().map_or(prompt, |(_, tokens)| tokens);
        let mut waiting = self.waiting.iter_mut();
        if let Some(same) = waiting.find(|prompt| prompt.tokens == tokens) {
            same.texts.push(text);
            return;
        }
        self.waiting.push(Prompt {
            tokens: tokens.to_vec(),
            read: 0,
            sequence: model.begin(),
            texts: vec![text],
        });
    }

    /// A text does not wait any more; nobody else reads on for it.
    pub(super) fn remove(&mut self, model: &mut dyn LanguageModel, text: TextId) {
        self.waiting.retain_mut(|prompt| {
            prompt.texts.retain(|&other| other != text);
            let is_wanted = !prompt.texts.is_empty();
            if !is_wanted {
                model.end(prompt.sequence);
            }
            is_wanted
        });
    }

    /// Nobody waits any more.
    pub(super) fn clear(&mut self, model: &mut dyn LanguageModel) {
        for prompt in self.waiting.drain(..) {
            model.end(prompt.sequence);
        }
    }

    /// Reads on, at most so many tokens, in one pass. Returns the texts whose prompts are
    /// read, each with a sequence of its own.
    ///
    /// # Errors
    ///
    /// If the model fails.
    pub(super) fn read(
        &mut self,
        model: &mut dyn LanguageModel,
        most: usize,
        stats: &mut Stats,
    ) -> Result<Vec<(TextId, SequenceId)>, ModelError> {
        let mut left = most;
        let mut steps = Vec::new();
        for prompt in &mut self.waiting {
            let end = prompt.tokens.len().min(prompt.read.saturating_add(left));
            let tokens = prompt.tokens.get(prompt.read..end).unwrap_or_default();
            left -= tokens.len();
            prompt.read = end;
            if !tokens.is_empty() {
                stats.prompt_tokens += tokens.len();
                steps.push(Step {
                    sequence: prompt.sequence,
                    tokens,
                    wanted: Wanted::Nothing,
                });
            }
        }
        if !steps.is_empty() {
            let (read, time) = timed(|| model.forward(&steps));
            read?;
            stats.prefill += time;
        }
        let is_read = |prompt: &mut Prompt| prompt.read == prompt.tokens.len();
        let mut ready = Vec::new();
        for prompt in self.waiting.extract_if(.., is_read) {
            // The first text goes on with what was read, the others fork.
            for (number, text) in prompt.texts.into_iter().enumerate() {
                let own = match number {
                    0 => Ok(prompt.sequence),
                    _ => model.fork(prompt.sequence),
                };
                match own {
                    Ok(sequence) => ready.push((text, sequence)),
                    Err(error) => {
                        ready.iter().for_each(|&(_, sequence)| model.end(sequence));
                        return Err(error);
                    }
                }
            }
        }
        Ok(ready)
    }
}
