//! Holes filled by a model that reads from left to right.

use formwork_model::{Draw, LanguageModel, ModelError, ModelErrorKind, Sampling, Step, Wanted};
use formwork_vocab::TokenId;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::cells::only;
use crate::{Cells, FillError, Report};

/// Lets a causal language model fill all open positions of a canvas from left to right,
/// behind a prompt: between a prefix and a suffix, or in several holes.
///
/// The model sees what is left of a position; what is right of it counts by the masks,
/// which keep the whole canvas completable. A model that was trained to fill in the middle
/// reads the rest in the prompt, written as it was trained. One pass for each position
/// that is not forced; gaps need a length first (see [`settle`](crate::settle)).
///
/// # Errors
///
/// If the prompt is empty and the first position open, the canvas and the prompt do not fit
/// the model, or there is a gap; if the model fails, or a limit of the checker is reached.
pub fn fill_left_to_right(
    model: &mut dyn LanguageModel,
    cells: &mut dyn Cells,
    prompt: &[TokenId],
    sampling: &Sampling,
    seed: u64,
) -> Result<Report, FillError> {
    sampling.check()?;
    let (len, most) = (prompt.len() + cells.len(), model.max_len());
    if len > most {
        return Err(FillError::Model(ModelError::new(
            ModelErrorKind::Request,
            format!(
                "prompt and canvas have {len} tokens together, and the model reads {most}; \
                 shorten one of them"
            ),
        )));
    }
    let sequence = model.begin();
    let mut report = Report::default();
    let mut unread = prompt.to_vec();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut row = vec![0; model.vocab_len().div_ceil(32)];
    let mut fill = || {
        for position in 0..cells.len() {
            if !cells.is_open(position) {
                unread.push(cells.token(position).ok_or(FillError::Gap { position })?);
                continue;
            }
            row.fill(0);
            let words = cells.vocab().mask_words();
            let too_small = || {
                let message = "the vocabulary has more tokens than the model logits";
                FillError::Model(ModelError::new(ModelErrorKind::Request, message))
            };
            cells.fill_mask(position, row.get_mut(..words).ok_or_else(too_small)?)?;
            let token = match only(&mut row.clone(), cells.ends()) {
                Some(token) => {
                    report.forced += 1;
                    token
                }
                None => {
                    if unread.is_empty() {
                        return Err(FillError::NoPrompt);
                    }
                    let step = Step {
                        sequence,
                        tokens: &unread,
                        wanted: Wanted::Last,
                    };
                    let logits = model.forward(&[step])?;
                    unread.clear();
                    report.model_calls += 1;
                    report.canvases += 1;
                    let draw = Draw {
                        row: 0,
                        mask: &row,
                        sampling: *sampling,
                        uniform: (random.next_u32() >> 8) as f32 / (1u32 << 24) as f32,
                    };
                    let drawn = logits.sample(&[draw])?;
                    *drawn.first().ok_or(FillError::Stalled)?
                }
            };
            cells.commit(position, token)?;
            report.commits += 1;
            unread.push(token);
        }
        Ok(())
    };
    let done = fill();
    model.end(sequence);
    done?;
    report.finished = true;
    Ok(report)
}
