//! What a grammar reads that is not its own: other languages, which get numbers
//! for their dots beside those of the grammar, and tokens.

use formwork_grammar::{Dot, Language, Restriction, Status, TokenSet};

use crate::compile::Resolved;
use crate::error::CfgError;
use crate::ir::Grammar;

/// The foreign parts of a grammar, by number.
#[derive(Default)]
pub(crate) struct ForeignParts {
    parts: Vec<Part>,
}

struct Part {
    resolved: Resolved,
    /// See [`Language::min_bytes`] and [`Language::least_bytes`].
    bytes: (u32, u32),
}

/// A dot of another language.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct ForeignDot {
    pub(crate) part: u32,
    pub(crate) dot: Dot,
}

impl ForeignParts {
    /// Checks that every foreign part has texts, and none that is empty.
    pub(crate) fn new(
        grammar: &Grammar,
        resolved: Vec<Resolved>,
    ) -> Result<ForeignParts, CfgError> {
        if let Some(missing) = grammar.foreign.get(resolved.len()) {
            return Err(CfgError::Unresolved { span: missing.span });
        }
        let mut parts = Vec::with_capacity(resolved.len());
        for (foreign, mut resolved) in grammar.foreign.iter().zip(resolved) {
            let span = foreign.span;
            let bytes = match &mut resolved {
                Resolved::Token(set) if set.is_empty() => {
                    return Err(CfgError::NoToken { span, name: None });
                }
                Resolved::Token(_) => (1, 1),
                Resolved::Language(language) => {
                    let start = language.start();
                    if language.expand(start).is_final {
                        return Err(CfgError::Nullable { span });
                    }
                    (language.min_bytes(start), language.least_bytes())
                }
            };
            parts.push(Part { resolved, bytes });
        }
        Ok(ForeignParts { parts })
    }

    /// Whether any part is a language.
    pub(crate) fn has_languages(&self) -> bool {
        let is_language = |part: &Part| matches!(part.resolved, Resolved::Language(_));
        self.parts.iter().any(is_language)
    }

    /// The tokens of a part that is a set of them.
    pub(crate) fn tokens(&self, part: u32) -> Option<&TokenSet> {
        match &self.parts.get(part as usize)?.resolved {
            Resolved::Token(set) => Some(set),
            Resolved::Language(_) => None,
        }
    }

    /// The language of a part that is one.
    pub(crate) fn language(&self, part: u32) -> Option<&dyn Language> {
        match &self.parts.get(part as usize)?.resolved {
            Resolved::Language(language) => Some(&**language),
            Resolved::Token(_) => None,
        }
    }

    /// The same, to ask for its dots.
    pub(crate) fn language_mut(&mut self, part: u32) -> Option<&mut Box<dyn Language>> {
        match &mut self.parts.get_mut(part as usize)?.resolved {
            Resolved::Language(language) => Some(language),
            Resolved::Token(_) => None,
        }
    }

    /// An upper bound on the bytes of a shortest text of a part.
    pub(crate) fn most(&self, part: u32) -> u32 {
        self.parts
            .get(part as usize)
            .map_or(u32::MAX, |part| part.bytes.0)
    }

    /// A lower bound on them.
    pub(crate) fn least(&self, part: u32) -> u32 {
        self.parts.get(part as usize).map_or(0, |part| part.bytes.1)
    }

    fn languages(&self) -> impl Iterator<Item = &dyn Language> {
        (0..self.parts.len() as u32).filter_map(|part| self.language(part))
    }

    /// What all languages leave out.
    pub(crate) fn status(&self) -> Status {
        let mut all: Vec<Restriction> = Vec::new();
        for language in self.languages() {
            all.extend_from_slice(language.status().restrictions());
        }
        if all.is_empty() {
            Status::Exact
        } else {
            Status::Subset(all)
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.languages().map(|language| language.heap_bytes()).sum()
    }
}
