//! Which tokens of a vocabulary a grammar means.

use formwork_cfg::{CfgError, Span, TokenName, TokenPattern};
use formwork_grammar::TokenSet;
use formwork_vocab::{TokenId, Vocab};

/// The tokens that a pattern means. Numbers that the vocabulary does not have are
/// left out of ranges; a name that it does not have is an error.
pub(crate) fn resolve(
    pattern: &TokenPattern,
    span: Span,
    vocab: &Vocab,
) -> Result<TokenSet, CfgError> {
    let exists = |&id: &u32| {
        let id = TokenId(id);
        !vocab.bytes(id).is_empty() || vocab.is_special(id)
    };
    let mut listed = Vec::new();
    for name in &pattern.listed {
        match name {
            TokenName::Name(name) => {
                let found = vocab.special_by_name(name);
                listed.push(found.map(|id| id.0).ok_or_else(|| CfgError::NoToken {
                    span,
                    name: Some(name.clone()),
                })?);
            }
            &TokenName::Numbers(first, last) => {
                let end = vocab.len() as u32;
                listed.extend((first..end.min(last.saturating_add(1))).filter(exists));
            }
        }
    }
    let listed = TokenSet::new(listed);
    let set = if pattern.is_negated {
        let stops = vocab.stop_ids();
        let others = (0..vocab.len() as u32)
            .filter(exists)
            .filter(|&id| !listed.contains(id) && stops.binary_search(&TokenId(id)).is_err());
        TokenSet::new(others)
    } else {
        listed
    };
    if set.is_empty() {
        return Err(CfgError::NoToken { span, name: None });
    }
    Ok(set)
}
