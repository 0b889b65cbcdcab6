//! Putting together what a file lists and what the caller knows.

use std::collections::BTreeMap;

use super::LoadOptions;
use super::options::STOP_NAMES;
use crate::{TokenId, Vocab, VocabBuilder, VocabError};

/// Takes the special tokens of a file first, then its text tokens, and applies
/// the [`LoadOptions`] on the way.
pub(super) struct Assembler<'a> {
    options: &'a LoadOptions,
    specials: BTreeMap<TokenId, String>,
    builder: VocabBuilder,
}

impl<'a> Assembler<'a> {
    pub(super) fn new(
        specials: impl IntoIterator<Item = (TokenId, String)>,
        options: &'a LoadOptions,
    ) -> Assembler<'a> {
        let specials = specials
            .into_iter()
            .chain(options.specials.iter().cloned())
            .collect();
        Assembler {
            options,
            specials,
            builder: Vocab::builder(),
        }
    }

    /// Adds a text token, unless its id is special or is asked to be.
    pub(super) fn text(&mut self, id: TokenId, bytes: &[u8]) {
        if self.specials.contains_key(&id) {
            return;
        }
        if self
            .options
            .stop_ids
            .as_ref()
            .is_some_and(|stop| stop.contains(&id))
        {
            self.specials
                .insert(id, String::from_utf8_lossy(bytes).into_owned());
            return;
        }
        self.builder.token(id, bytes);
    }

    pub(super) fn finish(mut self) -> Result<Vocab, VocabError> {
        for id in self.stop_ids()? {
            self.builder.stop(id);
        }
        for (id, name) in self.specials {
            self.builder.special(id, name);
        }
        self.builder.build()
    }

    fn stop_ids(&self) -> Result<Vec<TokenId>, VocabError> {
        let LoadOptions {
            stop_ids,
            stop_names,
            ..
        } = self.options;
        if stop_ids.is_none() && stop_names.is_none() {
            let known = |name: &String| STOP_NAMES.contains(&name.as_str());
            return Ok(self
                .specials
                .iter()
                .filter(|(_, name)| known(name))
                .map(|(&id, _)| id)
                .collect());
        }
        let mut ids = stop_ids.clone().unwrap_or_default();
        for name in stop_names.iter().flatten() {
            let before = ids.len();
            ids.extend(
                self.specials
                    .iter()
                    .filter(|(_, n)| *n == name)
                    .map(|(&id, _)| id),
            );
            if ids.len() == before {
                return Err(VocabError::bad_stop(format!(
                    "no special token is called {name:?}; give the stop token by id, \
                     or add it with `LoadOptions::special`"
                )));
            }
        }
        Ok(ids)
    }
}
