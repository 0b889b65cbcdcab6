//! The texts that a model keeps for a run.

use std::collections::HashMap;

use formwork::TokenId;

use super::{Request, Stats, timed};
use crate::{LanguageModel, ModelError, SequenceId, Step, Wanted};

/// The texts that a model keeps for a run; ended whatever happens.
pub(super) struct Sequences<'a> {
    pub(super) model: &'a mut dyn LanguageModel,
    ids: Vec<SequenceId>,
}

impl<'a> Sequences<'a> {
    pub(super) fn new(model: &'a mut dyn LanguageModel) -> Sequences<'a> {
        Sequences {
            model,
            ids: Vec::new(),
        }
    }

    /// Reads every prompt once, all in one pass, but for their last tokens, which the
    /// first round reads. Returns a text for each request.
    pub(super) fn read_prompts(
        &mut self,
        requests: &[Request],
        stats: &mut Stats,
    ) -> Result<Vec<SequenceId>, ModelError> {
        // The first request with a prompt reads it, the others fork.
        let mut readers: HashMap<&[TokenId], SequenceId> = HashMap::new();
        let mut steps = Vec::new();
        let mut own = Vec::with_capacity(requests.len());
        for Request { prompt, .. } in requests {
            if let Some(&reader) = readers.get(&**prompt) {
                own.push(Own::Fork(reader));
                continue;
            }
            let sequence = self.model.begin();
            self.ids.push(sequence);
            readers.insert(prompt, sequence);
            own.push(Own::Reader(sequence));
            if let Some((_, tokens @ [_, ..])) = prompt.split_last() {
                stats.prompt_tokens += tokens.len();
                steps.push(Step {
                    sequence,
                    tokens,
                    wanted: Wanted::Nothing,
                });
            }
        }
        if !steps.is_empty() {
            let (read, time) = timed(|| self.model.forward(&steps));
            read?;
            stats.prefill += time;
        }
        let text = |own| match own {
            Own::Reader(sequence) => Ok(sequence),
            Own::Fork(reader) => {
                let sequence = self.model.fork(reader)?;
                self.ids.push(sequence);
                Ok(sequence)
            }
        };
        own.into_iter().map(text).collect()
    }
}

/// How the text of a request begins.
enum Own {
    /// It reads the prompt.
    Reader(SequenceId),
    /// As another one that has read it.
    Fork(SequenceId),
}

impl Drop for Sequences<'_> {
    fn drop(&mut self) {
        for &id in &self.ids {
            self.model.end(id);
        }
    }
}
