//! Merges of tokenizers that have none: SentencePiece gives every piece a score, and
//! joins the two neighbours whose joint piece has the highest one.

use std::collections::HashMap;

use serde_json::{Value as Json, json};

use super::list;
use crate::ModelError;
use crate::gguf::Gguf;

/// Longer pieces are refused: every way to cut one is looked up. SentencePiece makes none
/// of more than 16 characters unless told to.
const MAX_PIECE_BYTES: usize = 256;

/// So many ways to join pieces are kept, of 32 bytes each. Real tokenizers have up to
/// half a million.
const MAX_MERGES: usize = 1 << 22;

/// Every way to join two pieces to a third, the best score first; of one piece, the
/// earliest parts first, as converters to `tokenizer.json` order them.
///
/// Takes time in the bytes of all pieces, times those of the longest.
pub(super) fn of_scores(gguf: &Gguf, tokens: &[String]) -> Result<Vec<Json>, ModelError> {
    let key = "tokenizer.ggml.scores";
    let scores = list(gguf, key, tokens.len())?;
    let scores: Vec<f64> = scores
        .iter()
        .map(|score| score.as_f64().filter(|score| !score.is_nan()))
        .collect::<Option<_>>()
        .ok_or_else(|| ModelError::format(format!("{key} has entries that are no numbers")))?;
    if let Some(long) = tokens
        .iter()
        .position(|token| token.len() > MAX_PIECE_BYTES)
    {
        return Err(ModelError::unsupported(format!(
            "token {long} of tokenizer.ggml.tokens has more than {MAX_PIECE_BYTES} bytes; use \
             the model's folder with its tokenizer.json"
        )));
    }
    let ids: HashMap<&str, usize> = tokens.iter().map(String::as_str).zip(0..).collect();
    let mut merges: Vec<(f64, usize, usize, usize)> = Vec::new();
    for (joint, (token, &score)) in tokens.iter().zip(&scores).enumerate() {
        for (at, _) in token.char_indices().skip(1) {
            let (left, right) = token.split_at(at);
            if let (Some(&left), Some(&right)) = (ids.get(left), ids.get(right)) {
                merges.push((score, joint, left, right));
            }
        }
        if merges.len() > MAX_MERGES {
            return Err(ModelError::unsupported(format!(
                "the pieces of tokenizer.ggml.tokens can be joined in more than {MAX_MERGES} ways"
            )));
        }
    }
    merges.sort_by(|a, b| {
        b.0.total_cmp(&a.0)
            .then_with(|| (a.1, a.2, a.3).cmp(&(b.1, b.2, b.3)))
    });
    let pair = |&(_, _, left, right): &(f64, usize, usize, usize)| {
        Some(json!([tokens.get(left)?, tokens.get(right)?]))
    };
    Ok(merges.iter().filter_map(pair).collect())
}
