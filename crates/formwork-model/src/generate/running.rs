//! One text that is being generated.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use cpu_time::ThreadTime;
use formwork::{Matcher, TokenId, Vocab, mask};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::batch::{Share, Spent, TextId};
use super::draft::Drafter;
use super::error::GenerateError;
use super::{Finish, Generation, Request, promise};
use crate::language_model::{Draw, Logits};
use crate::{ModelError, ModelErrorKind, SequenceId};

/// What hears of the bytes that a text has grown by.
type OnText<'a> = &'a mut dyn FnMut(TextId, &[u8]) -> ControlFlow<()>;

/// So often another token is tried where one leads too far from the end.
const MAX_TRIES: usize = 4;

pub(super) struct Running {
    pub(super) id: TextId,
    request: Request,
    /// The most tokens of the text.
    most: usize,
    vocab: Arc<Vocab>,
    words: usize,
    matcher: Option<Matcher>,
    /// The mask of any text, and its end, if there is no constraint.
    any: Vec<u32>,
    /// The prompt and the text.
    tokens: Vec<TokenId>,
    text: Vec<u8>,
    /// The bytes of the text that were told.
    told: usize,
    /// What the model keeps, once it has read the prompt.
    pub(super) sequence: Option<SequenceId>,
    /// How many tokens the model has read and keeps.
    pub(super) read: usize,
    draft: Vec<TokenId>,
    /// A row of mask behind what is not read yet, and one behind each drafted token.
    masks: Vec<u32>,
    /// Tokens that lead to the end, or a part of the way, where bytes alone take too many.
    way: Option<Vec<TokenId>>,
    /// Whether that was so from the beginning; then a way is looked for at every token.
    is_tight: bool,
    forced: usize,
    drafted: usize,
    accepted: usize,
    finish: Option<Finish>,
    failed: Option<GenerateError>,
    /// The tokens, and the time of the constraint, since the last share was taken.
    share: (usize, Spent),
}

impl Running {
    pub(super) fn new(
        request: Request,
        vocab: &Arc<Vocab>,
        vocab_len: usize,
        max_len: usize,
    ) -> Result<Running, GenerateError> {
        // What comes last is not read.
        let room = max_len.saturating_sub(request.prompt.len()) + 1;
        let mut running = Running {
            id: TextId(0), // until it is part of a batch
            most: request.max_tokens.min(room),
            vocab: Arc::clone(vocab),
            words: vocab_len.div_ceil(32),
            matcher: request.constraint.clone(),
            any: Vec::new(),
            tokens: request.prompt.clone(),
            text: Vec::new(),
            told: 0,
            sequence: None,
            read: request.prompt.len().saturating_sub(1),
            draft: Vec::new(),
            masks: Vec::new(),
            way: None,
            is_tight: false,
            forced: 0,
            drafted: 0,
            accepted: 0,
            finish: None,
            failed: None,
            share: (0, Spent::default()),
            request,
        };
        if running.matcher.is_none() {
            running.any.resize(running.words, 0);
            let ids = (0..vocab.len() as u32).map(TokenId);
            let texts: Vec<TokenId> = ids.filter(|&id| !vocab.bytes(id).is_empty()).collect();
            mask::set_all(&mut running.any, &texts);
            mask::set_all(&mut running.any, vocab.stop_ids());
        }
        if running.is_at_end()? {
            running.finish = Some(Finish::Complete);
        } else if running.most == 0 {
            running.finish = Some(Finish::MaxTokens);
        }
        if let (true, Some(matcher)) = (running.request.must_complete, &running.matcher) {
            match promise::shortest_way(matcher, vocab, running.most)? {
                Ok(way) => {
                    running.is_tight = way.is_some();
                    running.way = way;
                }
                Err(needed) => {
                    return Err(GenerateError::TooFewTokens {
                        needed,
                        allowed: running.most,
                    });
                }
            }
        }
        Ok(running)
    }

    pub(super) fn prompt(&self) -> &[TokenId] {
        &self.request.prompt
    }

    /// Whether it goes on.
    pub(super) fn is_open(&self) -> bool {
        self.finish.is_none() && self.failed.is_none()
    }

    /// Whether the model has read its prompt.
    pub(super) fn is_read(&self) -> bool {
        self.sequence.is_some()
    }

    /// Does something for the constraint, and keeps the time and the error.
    pub(super) fn attempt(&mut self, run: impl FnOnce(&mut Running) -> Result<(), GenerateError>) {
        let (begun, cpu) = (Instant::now(), ThreadTime::try_now());
        if let Err(error) = run(self) {
            self.failed.get_or_insert(error);
        }
        let (_, spent) = &mut self.share;
        spent.wall += begun.elapsed();
        // A system that does not tell it counts none.
        spent.cpu += cpu.and_then(|cpu| cpu.try_elapsed()).unwrap_or_default();
    }

    /// What it had of a pass.
    pub(super) fn take_share(&mut self) -> Share {
        let (tokens, time) = std::mem::take(&mut self.share);
        Share {
            text: self.id,
            tokens,
            constraint: self.matcher.is_some().then_some(time),
        }
    }

    /// Asks for a draft, and cuts it to what the constraint allows.
    pub(super) fn propose(
        &mut self,
        drafter: &mut Option<&mut dyn Drafter>,
    ) -> Result<(), GenerateError> {
        self.draft.clear();
        let Some(drafter) = drafter else {
            return Ok(());
        };
        // One more token is sampled behind the draft.
        let most = self.left().saturating_sub(1);
        if most == 0 {
            return Ok(());
        }
        self.draft = drafter.draft(&self.tokens, most);
        self.draft.truncate(most);
        let readable = match &self.matcher {
            Some(matcher) => matcher.validate_tokens(&self.draft)?,
            None => self.draft.len(),
        };
        let ids = self.draft.iter().take(readable);
        let is_text = |token: &&TokenId| !self.vocab.bytes(**token).is_empty();
        let readable = ids.take_while(is_text).count();
        self.draft.truncate(readable);
        self.drafted += readable;
        Ok(())
    }

    /// Rows of logits that a round takes.
    pub(super) fn rows(&self) -> usize {
        1 + self.draft.len()
    }

    /// What the model is to read: the text, its tokens, and behind how many of them
    /// logits are wanted. `None` before it has read the prompt.
    pub(super) fn input(&self) -> Option<(SequenceId, Vec<TokenId>, usize)> {
        let unread = self.tokens.get(self.read..).unwrap_or_default();
        let tokens = [unread, &self.draft].concat();
        self.sequence
            .map(|sequence| (sequence, tokens, self.rows()))
    }

    /// Fills the masks of a round.
    pub(super) fn fill_masks(&mut self) -> Result<(), GenerateError> {
        self.masks.clear();
        self.masks.resize(self.words * self.rows(), 0);
        let mut rows = self.masks.chunks_exact_mut(self.words);
        let Some(matcher) = &self.matcher else {
            rows.for_each(|row| row.copy_from_slice(&self.any));
            return Ok(());
        };
        if let Some(row) = rows.next() {
            matcher.fill_mask(row)?;
        }
        let mut ahead = matcher.fork();
        for (row, &token) in rows.zip(&self.draft) {
            ahead.push(token)?;
            ahead.fill_mask(row)?;
        }
        Ok(())
    }

    /// The draws of a round, whose first row is `first`; none if its masks could not be
    /// filled.
    pub(super) fn draws(&self, first: usize) -> impl Iterator<Item = Draw<'_>> {
        let masks: &[u32] = if self.is_open() { &self.masks } else { &[] };
        let rows = masks.chunks_exact(self.words.max(1)).enumerate();
        rows.map(move |(row, mask)| Draw {
            row: first + row,
            mask,
            sampling: self.request.sampling,
            uniform: uniform(self.request.seed, self.tokens.len() + row),
        })
    }

    /// Takes what was sampled behind each row, as far as the draft agrees.
    pub(super) fn accept(
        &mut self,
        sampled: &[TokenId],
        logits: &dyn Logits,
        first: usize,
        on_text: OnText<'_>,
    ) -> Result<(), GenerateError> {
        self.read = self.tokens.len();
        let draft = std::mem::take(&mut self.draft);
        let mut row = 0;
        while let Some(&token) = sampled.get(row) {
            let token = match self.request.must_complete {
                true => self.within_reach(token, row, first, logits)?,
                false => token,
            };
            self.push(token, on_text)?;
            if self.finish.is_some() || draft.get(row) != Some(&token) {
                break;
            }
            // The model has read it already.
            self.read += 1;
            self.accepted += 1;
            row += 1;
            // What is forced is not sampled, whether it was drafted or not.
            let forced = self.forced_tokens()?;
            let is_drafted = draft
                .get(row..)
                .is_some_and(|rest| rest.starts_with(&forced));
            if !forced.is_empty() && !is_drafted {
                break;
            }
            self.read += forced.len();
            row += forced.len();
            self.push_forced(forced, on_text)?;
            if self.finish.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// The token, or another one, after which the text can be completed in time.
    fn within_reach(
        &mut self,
        wished: TokenId,
        row: usize,
        first: usize,
        logits: &dyn Logits,
    ) -> Result<TokenId, GenerateError> {
        let Some(matcher) = &self.matcher else {
            return Ok(wished);
        };
        let left = self.left().saturating_sub(1);
        let begin = row * self.words;
        let mask = self.masks.get_mut(begin..begin + self.words);
        let mask = mask.unwrap_or_default();
        let mut token = wished;
        for _ in 0..MAX_TRIES {
            if self.vocab.stop_ids().contains(&token) {
                return Ok(token);
            }
            if let Some([next, rest @ ..]) = self.way.as_deref()
                && *next == token
            {
                self.way = Some(rest.to_vec());
                return Ok(token);
            }
            let mut ahead = matcher.fork();
            ahead.push(token)?;
            if let Ok(way) = promise::way_from(&ahead, &self.vocab, left, self.is_tight)? {
                self.way = way;
                return Ok(token);
            }
            mask::clear(mask, token);
            if mask::is_empty(mask) {
                break;
            }
            let draw = Draw {
                row: first + row,
                mask,
                sampling: self.request.sampling,
                uniform: uniform(self.request.seed, self.tokens.len()),
            };
            token = logits.sample(&[draw])?.first().copied().unwrap_or(token);
        }
        let known = self.way.take().filter(|way| !way.is_empty());
        let way = match known {
            Some(way) => way,
            None if self.is_tight => promise::tokens(matcher, &self.vocab, 0)?.unwrap_or_default(),
            None => promise::step(matcher, &self.vocab)?,
        };
        if way.is_empty() && !matcher.is_complete() {
            return Ok(wished); // no bytes lead to the end, a token by its number does
        }
        let mut way = way.into_iter();
        let next = way.next();
        self.way = Some(way.collect());
        next.or_else(|| self.vocab.stop_ids().first().copied())
            .ok_or_else(|| {
                let message = "a text has to end, and the vocabulary has no stop token";
                ModelError::new(ModelErrorKind::Request, message).into()
            })
    }

    /// Appends what the constraint forces.
    pub(super) fn take_forced(&mut self, on_text: OnText<'_>) -> Result<(), GenerateError> {
        if !self.is_open() {
            return Ok(());
        }
        let forced = self.forced_tokens()?;
        self.push_forced(forced, on_text)
    }

    /// What the constraint forces, if there is time for it.
    fn forced_tokens(&mut self) -> Result<Vec<TokenId>, GenerateError> {
        let Some(matcher) = &self.matcher else {
            return Ok(Vec::new());
        };
        let mut forced = matcher.forced_tokens()?;
        forced.truncate(self.left());
        if self.request.must_complete && !forced.is_empty() {
            let way = self.way.as_deref();
            if let Some(rest) = way.and_then(|way| way.strip_prefix(&forced[..])) {
                self.way = Some(rest.to_vec());
                return Ok(forced);
            }
            // Cut in another way, the same bytes may take fewer tokens.
            let mut ahead = matcher.fork();
            for &token in &forced {
                ahead.push(token)?;
            }
            let left = self.left() - forced.len();
            match promise::way_from(&ahead, &self.vocab, left, self.is_tight)? {
                Ok(way) => self.way = way,
                Err(_) => forced.clear(),
            }
        }
        Ok(forced)
    }

    fn push_forced(
        &mut self,
        forced: Vec<TokenId>,
        on_text: OnText<'_>,
    ) -> Result<(), GenerateError> {
        for token in forced {
            self.push(token, on_text)?;
            self.forced += 1;
            if self.finish.is_some() {
                break;
            }
        }
        Ok(())
    }

    fn push(&mut self, token: TokenId, on_text: OnText<'_>) -> Result<(), GenerateError> {
        if let Some(matcher) = &mut self.matcher {
            matcher.push(token)?;
        }
        if self.vocab.stop_ids().contains(&token) {
            self.finish = Some(Finish::Complete);
        } else {
            self.append(token)?;
        }
        self.tell(on_text);
        Ok(())
    }

    /// Adds a token to the text, and sees whether that ends it.
    fn append(&mut self, token: TokenId) -> Result<(), GenerateError> {
        self.tokens.push(token);
        self.share.0 += 1;
        let before = self.text.len();
        self.text.extend_from_slice(self.vocab.bytes(token));
        if let Some(at) = self.stop_text(before) {
            self.text.truncate(at);
            self.finish = Some(Finish::StopText);
        } else if self.is_at_end()? {
            self.finish = Some(Finish::Complete);
        } else if self.left() == 0 {
            self.finish = Some(Finish::MaxTokens);
        }
        Ok(())
    }

    /// Tells what the text has grown by, but for what may be the beginning of a text to
    /// stop before.
    fn tell(&mut self, on_text: OnText<'_>) {
        let end = match self.finish {
            Some(_) => self.text.len(),
            None => self.text.len() - self.stop_begun(),
        };
        let grown = self.text.get(self.told..end).unwrap_or_default();
        if grown.is_empty() {
            return;
        }
        self.told = end;
        if on_text(self.id, grown).is_break() {
            self.finish = self.finish.or(Some(Finish::Cancelled));
        }
    }

    /// So many bytes at the end of the text may be the beginning of a text to stop before.
    fn stop_begun(&self) -> usize {
        let of = |stop: &Vec<u8>| {
            let mut begun = (1..stop.len()).rev();
            begun.find(|&n| {
                stop.get(..n)
                    .is_some_and(|begin| self.text.ends_with(begin))
            })
        };
        let begun = self.request.stop.iter().filter_map(of);
        begun.max().unwrap_or(0)
    }

    /// Where a text to stop before begins, if one has just come up.
    fn stop_text(&self, before: usize) -> Option<usize> {
        let of = |stop: &Vec<u8>| {
            let from = before.saturating_sub(stop.len().saturating_sub(1));
            let place = self.text.get(from..)?.windows(stop.len().max(1));
            let mut place = place.enumerate().filter(|(_, window)| *window == &stop[..]);
            place.next().map(|(at, _)| from + at)
        };
        self.request.stop.iter().filter_map(of).min()
    }

    /// Whether the text is complete and nothing can follow.
    fn is_at_end(&self) -> Result<bool, GenerateError> {
        let Some(matcher) = &self.matcher else {
            return Ok(false);
        };
        if !matcher.is_complete() || !matcher.tokens_by_number().is_empty() {
            return Ok(matcher.is_terminated());
        }
        Ok(matcher.next_bytes()?.iter().next().is_none())
    }

    /// How many tokens may follow.
    fn left(&self) -> usize {
        let written = self.tokens.len() - self.request.prompt.len();
        self.most.saturating_sub(written)
    }

    /// The text as it is.
    pub(super) fn cancelled(mut self) -> Result<Generation, GenerateError> {
        self.finish = self.finish.or(Some(Finish::Cancelled));
        self.finish()
    }

    pub(super) fn finish(self) -> Result<Generation, GenerateError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let constraint_completed = match &self.matcher {
            Some(matcher) => matcher.is_complete() || matcher.is_terminated(),
            None => true,
        };
        let tokens = self.tokens.get(self.request.prompt.len()..);
        Ok(Generation {
            text: self.text,
            tokens: tokens.unwrap_or_default().to_vec(),
            finish: self.finish.unwrap_or(Finish::MaxTokens),
            constraint_completed,
            forced: self.forced,
            drafted: self.drafted,
            accepted: self.accepted,
        })
    }
}

/// The number that decides about a token, by its place behind the beginning of the
/// prompt.
fn uniform(seed: u64, place: usize) -> f32 {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_word_pos(place as u128);
    (random.next_u32() >> 8) as f32 / (1u32 << 24) as f32
}
