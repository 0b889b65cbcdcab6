//! Texts with masks.

use formwork_burn::train::Batch;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;

use crate::training::{Result, bpe, shuffled};

/// The most tokens of a row. Longer texts are left out.
const LEN: usize = 128;
const BATCH: usize = 16;
/// Rows of so many batches are sorted by length, so that those of a batch are alike.
const SORTED: usize = 16;
/// The most ends put behind the longest text of a batch, so that the model learns to
/// leave room unused.
const MOST_ENDS: usize = 32;
/// What the text is about is left away so often, so that the model can do without.
const WITHOUT_PROMPT: f64 = 0.15;
/// The loss at a masked token counts one by the share of masked tokens, but not more
/// than if this were it: what little is learned from few masks is mostly noise.
const LEAST_SHARE: f64 = 0.1;

/// A text as tokens.
pub(crate) struct Row {
    tokens: Vec<u32>,
    /// The last token of the prompt: the line end behind what the text is about.
    prompt_end: usize,
}

impl Row {
    /// If it is short enough.
    pub(crate) fn new(tokenizer: &bpe::Tokenizer, text: &str) -> Result<Option<Row>> {
        let tokens = bpe::encode(tokenizer, text)?;
        // A line end in the spelling of byte-level tokens.
        let line_end = bpe::id(tokenizer, "\u{10a}")?;
        let prompt_end = tokens.iter().position(|&token| token == line_end);
        let prompt_end = prompt_end.ok_or("a text without a prompt")?;
        Ok((tokens.len() <= LEN).then_some(Row { tokens, prompt_end }))
    }

    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }
}

/// Rows in random order.
pub(crate) struct Rows {
    rows: Vec<Row>,
    end: u32,
    mask: u32,
    random: ChaCha8Rng,
    order: Vec<usize>,
    batches: Vec<Vec<usize>>,
}

impl Rows {
    pub(crate) fn new(rows: Vec<Row>, end: u32, mask: u32, random: ChaCha8Rng) -> Rows {
        Rows {
            rows,
            end,
            mask,
            random,
            order: Vec::new(),
            batches: Vec::new(),
        }
    }

    /// As many as come before a row comes again.
    pub(crate) fn batches(&self) -> usize {
        self.rows.len() / BATCH
    }

    /// The next batch: shares of masked tokens are spread evenly from none to all.
    pub(crate) fn batch(&mut self) -> Batch {
        let chosen = self.next();
        let longest = chosen.iter().map(|&at| self.rows[at].len()).max();
        let ends = self.random.next_u32() as usize % MOST_ENDS;
        let len = (longest.unwrap_or(0) + ends).min(LEN);
        let offset = self.uniform();
        let (mut rows, mut masked, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        for (i, at) in chosen.into_iter().enumerate() {
            let share = (offset + i as f64 / BATCH as f64).fract();
            let is_bare = self.uniform() < WITHOUT_PROMPT;
            let Row { tokens, prompt_end } = &self.rows[at];
            let mut row = tokens.clone();
            let open = match is_bare {
                true => {
                    row.drain(1..=*prompt_end);
                    1
                }
                false => prompt_end + 1,
            };
            row.resize(len, self.end);
            let is_masked = (0..len).map(|at| at >= open && self.uniform() < share);
            masked.push(is_masked.collect());
            weights.push((1.0 / share.max(LEAST_SHARE)) as f32);
            rows.push(row);
        }
        let rows: Vec<&[u32]> = rows.iter().map(Vec::as_slice).collect();
        Batch::masked(&rows, &masked, &weights, self.mask)
    }

    /// The numbers of the rows of the next batch.
    fn next(&mut self) -> Vec<usize> {
        if let Some(batch) = self.batches.pop() {
            return batch;
        }
        if self.order.len() < BATCH {
            self.order = shuffled(self.rows.len(), &mut self.random);
        }
        let rest = self.order.len().saturating_sub(BATCH * SORTED);
        let mut some = self.order.split_off(rest);
        some.sort_by_key(|&at| self.rows[at].len());
        let batches: Vec<&[usize]> = some.chunks_exact(BATCH).collect();
        for at in shuffled(batches.len(), &mut self.random) {
            self.batches.push(batches[at].to_vec());
        }
        self.batches.pop().unwrap_or_default()
    }

    /// From 0 on and below 1.
    fn uniform(&mut self) -> f64 {
        f64::from(self.random.next_u32()) / (f64::from(u32::MAX) + 1.0)
    }
}
