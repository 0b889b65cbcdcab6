//! A model that says anything.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use formwork::{TokenId, Vocab};
use formwork_infill::Canvas;
use formwork_model::{
    CanvasId, CanvasStep, HostLogits, LanguageModel, Logits, MaskedModel, ModelError, SequenceId,
    Step, Wanted,
};

/// Logits of a pseudo-random number for every position, token and text around it.
pub(crate) struct RandomModel {
    pub(crate) vocab_len: usize,
    pub(crate) mask: TokenId,
    /// The largest logit; the smallest is 0.
    pub(crate) sharpness: f32,
    texts: Vec<Vec<TokenId>>,
}

impl RandomModel {
    pub(crate) fn new(vocab_len: usize, mask: TokenId, sharpness: f32) -> RandomModel {
        RandomModel {
            vocab_len,
            mask,
            sharpness,
            texts: Vec::new(),
        }
    }

    fn row(&self, seen: impl Hash) -> Vec<f32> {
        let mut hasher = DefaultHasher::new();
        seen.hash(&mut hasher);
        let mut state = hasher.finish() | 1;
        let mut next = || {
            // xorshift64 (Marsaglia).
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 24) as f32
        };
        (0..self.vocab_len)
            .map(|_| self.sharpness * next())
            .collect()
    }
}

impl MaskedModel for RandomModel {
    fn vocab_len(&self) -> usize {
        self.vocab_len
    }

    fn max_len(&self) -> usize {
        512
    }

    fn mask_token(&self) -> TokenId {
        self.mask
    }

    fn begin(&mut self) -> CanvasId {
        CanvasId(0)
    }

    fn end(&mut self, _: CanvasId) {}

    fn forward(&mut self, steps: &[CanvasStep<'_>]) -> Result<Box<dyn Logits>, ModelError> {
        let mut values = Vec::new();
        for step in steps {
            assert!(!step.refresh.is_empty() && step.refresh.end <= step.tokens.len());
            for position in step.wanted {
                assert!(step.refresh.contains(position));
                assert_eq!(step.tokens[*position], self.mask);
                // Near and far matter, so that drafts come true now and then.
                let near = &step.tokens[position.saturating_sub(1)..*position];
                let far = step
                    .tokens
                    .iter()
                    .filter(|&&token| token == self.mask)
                    .count()
                    / 4;
                values.extend(self.row((position, near, far)));
            }
        }
        Ok(Box::new(HostLogits::new(values, self.vocab_len)))
    }
}

/// The logits of a position of a canvas.
type Row<'a> = &'a (dyn Fn(&[TokenId], usize) -> Vec<f32> + Sync);

/// A model that says what it is told to, and remembers where it had to look.
pub(crate) struct Scripted<'a> {
    vocab: &'a Vocab,
    row: Row<'a>,
    pub(crate) looks: Vec<Range<usize>>,
    /// What each canvas began with.
    canvases: Vec<Option<TokenId>>,
}

impl<'a> Scripted<'a> {
    pub(crate) fn new(vocab: &'a Vocab, row: Row<'a>) -> Scripted<'a> {
        Scripted {
            vocab,
            row,
            looks: Vec::new(),
            canvases: Vec::new(),
        }
    }
}

impl MaskedModel for Scripted<'_> {
    fn vocab_len(&self) -> usize {
        self.vocab.len()
    }

    fn max_len(&self) -> usize {
        512
    }

    fn mask_token(&self) -> TokenId {
        self.vocab.special_by_name("<tool>").unwrap()
    }

    fn begin(&mut self) -> CanvasId {
        self.canvases.push(None);
        CanvasId(self.canvases.len() as u64 - 1)
    }

    fn end(&mut self, _: CanvasId) {}

    fn forward(&mut self, steps: &[CanvasStep<'_>]) -> Result<Box<dyn Logits>, ModelError> {
        let mut values = Vec::new();
        for step in steps {
            self.looks.push(step.refresh.clone());
            // A canvas on which a prompt was seen is not one without it later.
            let mask = self.mask_token();
            let begins = &mut self.canvases[step.canvas.0 as usize];
            assert!(begins.is_none_or(|first| first == mask || first == step.tokens[0]));
            *begins = Some(step.tokens[0]);
            let rows = step.wanted.iter();
            values.extend(rows.flat_map(|&position| (self.row)(step.tokens, position)));
        }
        Ok(Box::new(HostLogits::new(values, self.vocab.len())))
    }
}

impl LanguageModel for RandomModel {
    fn vocab_len(&self) -> usize {
        self.vocab_len
    }

    fn max_len(&self) -> usize {
        512
    }

    fn begin(&mut self) -> SequenceId {
        self.texts.push(Vec::new());
        SequenceId(self.texts.len() as u64 - 1)
    }

    fn fork(&mut self, sequence: SequenceId) -> Result<SequenceId, ModelError> {
        self.texts.push(self.texts[sequence.0 as usize].clone());
        Ok(SequenceId(self.texts.len() as u64 - 1))
    }

    fn len(&self, sequence: SequenceId) -> Result<usize, ModelError> {
        Ok(self.texts[sequence.0 as usize].len())
    }

    fn truncate(&mut self, sequence: SequenceId, len: usize) -> Result<(), ModelError> {
        self.texts[sequence.0 as usize].truncate(len);
        Ok(())
    }

    fn end(&mut self, _: SequenceId) {}

    fn forward(&mut self, steps: &[Step<'_>]) -> Result<Box<dyn Logits>, ModelError> {
        let mut values = Vec::new();
        for step in steps {
            assert_eq!(step.wanted, Wanted::Last);
            self.texts[step.sequence.0 as usize].extend(step.tokens);
            values.extend(self.row(&self.texts[step.sequence.0 as usize]));
        }
        Ok(Box::new(HostLogits::new(values, self.vocab_len)))
    }
}

/// Whether what is fixed in a canvas is still there, and the text ends as it should.
pub(crate) fn keeps(canvas: &Canvas, tokens: &[Option<TokenId>]) -> bool {
    let mut at = 0;
    for piece in canvas.pieces() {
        let len = Canvas::new().piece(piece.clone()).positions();
        if let formwork_infill::Piece::Fixed(fixed) = piece {
            let held = tokens[at..at + len].iter().copied();
            if !held.eq(fixed.iter().copied().map(Some)) {
                return false;
            }
        }
        at += len;
    }
    at == tokens.len()
}
