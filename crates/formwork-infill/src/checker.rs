//! The public face: a grammar over a vocabulary, and canvases being filled.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use formwork_grammar::{Language, Status};
use formwork_vocab::{TokenId, Vocab, mask};

use crate::canvas::{Canvas, Cell, closable};
use crate::chart::Chart;
use crate::complete::Completer;
use crate::error::InfillError;
use crate::halves::{Halves, MAX_TOKENS};
use crate::live::Live;
use crate::names::{self, Standing};
use crate::rules::Rules;
use crate::token_sets::Tokens;
use crate::useful::Useful;

/// Limits of a [`Checker`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InfillLimits {
    /// The most positions of a canvas. The default is 4,096.
    pub max_positions: usize,
    /// The most bytes for one canvas, and for what was learnt of the grammar. The default
    /// is 512 MiB.
    pub max_bytes: usize,
}

impl Default for InfillLimits {
    fn default() -> Self {
        InfillLimits {
            max_positions: 4096,
            max_bytes: 512 << 20,
        }
    }
}

/// A grammar over a vocabulary, ready to check canvases. Cheap to clone, `Send + Sync`.
///
/// What is learnt of the grammar is shared by all canvases, which take turns to learn.
#[derive(Clone)]
pub struct Checker {
    shared: Arc<Shared>,
}

struct Shared {
    vocab: Arc<Vocab>,
    ends: Box<[TokenId]>,
    limits: InfillLimits,
    status: Status,
    rules: Mutex<Rules>,
}

impl Checker {
    /// A checker of a language; a text may end with any of the vocabulary's
    /// [stop tokens](Vocab::stop_ids).
    #[must_use]
    pub fn new(language: Box<dyn Language>, vocab: Arc<Vocab>) -> Checker {
        let ends = vocab.stop_ids().to_vec();
        Checker::with(language, vocab, &ends, InfillLimits::default())
    }

    /// The same with a choice of the tokens that end a text, and of limits.
    #[must_use]
    pub fn with(
        language: Box<dyn Language>,
        vocab: Arc<Vocab>,
        ends: &[TokenId],
        limits: InfillLimits,
    ) -> Checker {
        Checker {
            shared: Arc::new(Shared {
                ends: ends.into(),
                limits,
                status: language.status(),
                rules: Mutex::new(Rules::new(language, Arc::clone(&vocab))),
                vocab,
            }),
        }
    }

    /// The vocabulary.
    #[must_use]
    pub fn vocab(&self) -> &Arc<Vocab> {
        &self.shared.vocab
    }

    /// The tokens that end a text.
    #[must_use]
    pub fn ends(&self) -> &[TokenId] {
        &self.shared.ends
    }

    /// Whether every text that the source of the grammar means is allowed, or some are
    /// left out, and why.
    #[must_use]
    pub fn status(&self) -> &Status {
        &self.shared.status
    }

    /// Begins to fill a canvas.
    ///
    /// # Errors
    ///
    /// [`InfillError::Infeasible`] if no text fits; if a limit is reached.
    pub fn open(&self, canvas: &Canvas) -> Result<Filling, InfillError> {
        let positions = canvas.positions();
        let limit = self.shared.limits.max_positions;
        if positions > limit {
            return Err(InfillError::TooLong { positions, limit });
        }
        let cells = canvas.cells(&self.shared.ends);
        let mut filling = Filling {
            checker: self.clone(),
            was_open: cells
                .iter()
                .map(|cell| matches!(cell, Cell::Open))
                .collect(),
            cells,
            live: Live::default(),
            known: BTreeSet::new(),
            told_halves: false,
        };
        filling.rebuild()?;
        Ok(filling)
    }

    /// A position that holds a token.
    pub(crate) fn cell(&self, token: TokenId) -> Cell {
        match self.ends().contains(&token) {
            true => Cell::End,
            false => Cell::Token(token),
        }
    }

    pub(crate) fn rules(&self) -> MutexGuard<'_, Rules> {
        // Every table is consistent after each call, whoever panicked in between.
        self.shared
            .rules
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Checker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checker").finish_non_exhaustive()
    }
}

/// A canvas being filled: which tokens each open position may take.
///
/// A token is allowed at a position exactly if some text of the grammar fits the canvas
/// with it there. So whatever is committed, the canvas can be completed.
#[derive(Clone)]
pub struct Filling {
    checker: Checker,
    cells: Vec<Cell>,
    /// The positions that were open in the canvas.
    was_open: Vec<bool>,
    live: Live,
    /// The strings that stand on the canvas.
    known: BTreeSet<Standing>,
    /// Whether strings of which a half stands were told apart when last looked at.
    told_halves: bool,
}

impl Filling {
    /// The number of positions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there are no positions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The checker.
    #[must_use]
    pub fn checker(&self) -> &Checker {
        &self.checker
    }

    /// Whether a position is open and not part of a gap.
    #[must_use]
    pub fn is_open(&self, position: usize) -> bool {
        self.cells.get(position) == Some(&Cell::Open)
    }

    /// The positions that are open, gaps aside, ascending.
    pub fn open_positions(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.cells.len()).filter(|&position| self.is_open(position))
    }

    /// Writes the [row](mask) of the tokens that are allowed at a position.
    ///
    /// # Errors
    ///
    /// If the position is not open, or the row has another length than
    /// [`Vocab::mask_words`].
    pub fn fill_mask(&self, position: usize, row: &mut [u32]) -> Result<(), InfillError> {
        self.check_open(position)?;
        let needed = self.checker.vocab().mask_words();
        if row.len() != needed {
            return Err(InfillError::WrongRow {
                words: row.len(),
                needed,
            });
        }
        row.fill(0);
        let rules = self.checker.rules();
        for &set in self.live.tokens(position) {
            rules.lexer.sets.or_into(set, row);
        }
        drop(rules);
        if self.may_end(position) {
            mask::set_all(row, self.checker.ends());
        }
        Ok(())
    }

    /// Whether a token is allowed at an open position.
    #[must_use]
    pub fn allows(&self, position: usize, token: TokenId) -> bool {
        if self.check_open(position).is_err() {
            return false;
        }
        let sets = &self.checker.rules().lexer.sets;
        self.live.leads(position, |set| sets.contains(set, token))
            || self.checker.ends().contains(&token) && self.may_end(position)
    }

    /// Puts a token at an open position; a token that ends the text ends it there.
    ///
    /// # Errors
    ///
    /// If the position is not open or the token not allowed there, and if a limit is
    /// reached. [`InfillError::Infeasible`] if texts that have to differ, and were taken to
    /// while both had open positions, cannot with this token (see the crate's *Exactness*).
    /// Nothing has changed then.
    pub fn commit(&mut self, position: usize, token: TokenId) -> Result<(), InfillError> {
        self.check_open(position)?;
        if !self.allows(position, token) {
            return Err(InfillError::NotAllowed { position, token });
        }
        self.set(position, self.checker.cell(token))
    }

    /// Opens a position again that was open in the canvas.
    ///
    /// # Errors
    ///
    /// If the position was not, and if a limit is reached; nothing has changed then.
    pub fn reopen(&mut self, position: usize) -> Result<(), InfillError> {
        if !self.was_open.get(position).is_some_and(|&open| open) {
            return Err(InfillError::NoSuchPosition { position });
        }
        self.set(position, Cell::Open)
    }

    /// What is at a position now: `None` if it is open or part of a gap; a token that ends
    /// the text for an end.
    #[must_use]
    pub fn token(&self, position: usize) -> Option<TokenId> {
        match self.cells.get(position)? {
            Cell::Token(token) => Some(*token),
            Cell::End => self.checker.ends().first().copied(),
            Cell::Open | Cell::Optional { .. } => None,
        }
    }

    /// Whether a position holds the end of the text.
    #[must_use]
    pub fn is_end(&self, position: usize) -> bool {
        self.cells.get(position) == Some(&Cell::End)
    }

    /// The bytes of the text, up to its end or the first position that is open or part of
    /// a gap.
    #[must_use]
    pub fn text(&self) -> Vec<u8> {
        let tokens = self.cells.iter().map_while(|cell| match cell {
            Cell::Token(token) => Some(self.checker.vocab().bytes(*token)),
            _ => None,
        });
        tokens.collect::<Vec<_>>().concat()
    }

    /// The most probable way to fill all open positions at once, where the tokens of each
    /// position are as probable as the softmax of its row says, whatever stands elsewhere:
    /// their tokens, ascending by position, and the logarithm of their probability. Tokens
    /// between which nothing decides are the ones with the smallest numbers.
    ///
    /// `logits` writes the row of a position, one number per token of the vocabulary, the
    /// same whenever it is asked.
    ///
    /// Exact for context-free grammars (the chart is that of Earley, so this is Viterbi's
    /// algorithm for grammars). Names that must differ are taken to, as everywhere: if two
    /// come out equal, the second is [refused](Filling::commit), and the rest can be
    /// asked for again.
    ///
    /// `O(facts)`: every item in every rule that is open there, at all positions.
    ///
    /// # Errors
    ///
    /// If the canvas has gaps; [`InfillError::Infeasible`] if all rows rule out every text.
    pub fn most_probable(
        &self,
        logits: &mut dyn FnMut(usize, &mut [f32]),
    ) -> Result<(Vec<(usize, TokenId)>, f64), InfillError> {
        let filling = self;
        Completer { filling, logits }.best()
    }

    /// A way to fill all open positions by chance: as probable as the product of its
    /// tokens' probabilities is among all ways that fit, exactly; see
    /// [`most_probable`](Filling::most_probable) for `logits`.
    ///
    /// Draws derivations of the chart by their weights, and takes one with a probability
    /// of one over the number of derivations of its text: texts that are ambiguous, and
    /// those in which names are equal that have to differ, are drawn again.
    ///
    /// # Errors
    ///
    /// As [`most_probable`](Filling::most_probable); [`InfillError::TooAmbiguous`] if a
    /// thousand draws are not enough.
    pub fn sample(
        &self,
        logits: &mut dyn FnMut(usize, &mut [f32]),
        seed: u64,
    ) -> Result<(Vec<(usize, TokenId)>, f64), InfillError> {
        let filling = self;
        Completer { filling, logits }.sample(seed)
    }

    pub(crate) fn live(&self) -> &Live {
        &self.live
    }

    pub(crate) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    fn check_open(&self, position: usize) -> Result<(), InfillError> {
        match self.is_open(position) {
            true => Ok(()),
            false => Err(InfillError::NoSuchPosition { position }),
        }
    }

    /// Whether the text may end at a position, or have ended before it.
    fn may_end(&self, position: usize) -> bool {
        (0..=position).any(|end| self.live.accepts(end))
    }

    fn set(&mut self, position: usize, cell: Cell) -> Result<(), InfillError> {
        let before = std::mem::replace(&mut self.cells[position], cell);
        let done = self.update(position);
        if done.is_err() {
            self.cells[position] = before;
            self.rebuild()?;
        }
        done
    }

    /// Brings everything up to date after a change at one position.
    fn update(&mut self, position: usize) -> Result<(), InfillError> {
        if self.cells[position] == Cell::Open {
            return self.rebuild();
        }
        let rules = self.checker.rules();
        let (ends, sets) = (self.checker.ends(), &rules.lexer.sets);
        self.live.restrict(position, &self.cells, ends, sets);
        drop(rules);
        self.tell_names_apart(Some(position))
    }

    /// Works everything out from the cells.
    fn rebuild(&mut self) -> Result<(), InfillError> {
        self.build(BTreeSet::new())?;
        self.tell_names_apart(None)
    }

    fn is_fixed(&self, position: usize) -> bool {
        matches!(self.cells.get(position), Some(Cell::Token(_)))
    }

    /// What a position may hold depends on the names that stand elsewhere: of the strings
    /// on the canvas, whole or half, those that may be names for all that is known. If one
    /// position was filled, that is told.
    fn tell_names_apart(&mut self, filled: Option<usize>) -> Result<(), InfillError> {
        let goes_on = |at| self.live.captures(at);
        let standing = names::standing(&self.cells, self.checker.vocab(), goes_on);
        let mut known = self.known.clone();
        known.extend(standing);
        let halves = Halves::of(&self.cells, self.checker.vocab(), goes_on);
        let tells_halves = halves.is_some();
        if let Some(halves) = halves {
            // Nothing has changed but what is open on either side.
            let near = filled.filter(|_| self.told_halves);
            let near = near.map_or(0..self.cells.len(), |at| self.neighbours(at));
            let open = near.filter(|&at| !self.is_fixed(at));
            known.extend(halves.standing(open, |at| self.few_allowed(at)));
        }
        self.told_halves = tells_halves;
        let tells_apart = |known| self.checker.rules().tells_apart(known, &self.known);
        if known == self.known || !tells_apart(&known) {
            self.known = known;
            return Ok(());
        }
        self.build(known)
    }

    /// From the last open position before a fixed one to the next.
    fn neighbours(&self, position: usize) -> Range<usize> {
        let is_open = |at: &usize| !self.is_fixed(*at);
        let before = (0..position).rev().find(is_open);
        let after = (position..self.cells.len()).find(is_open);
        before.unwrap_or(position)..after.map_or(position, |after| after + 1)
    }

    /// The tokens that are allowed at a position, but for its end, if they are
    /// [few](MAX_TOKENS).
    fn few_allowed(&self, position: usize) -> Vec<TokenId> {
        let mut allowed = Vec::new();
        let rules = self.checker.rules();
        for &set in self.live.tokens(position) {
            match rules.lexer.sets.get(set) {
                Tokens::Few(few) if allowed.len() + few.len() <= MAX_TOKENS => allowed.extend(few),
                _ => return Vec::new(),
            }
        }
        allowed
    }

    /// Works everything out from the cells, and strings that are names elsewhere.
    fn build(&mut self, known: BTreeSet<Standing>) -> Result<(), InfillError> {
        let closable = closable(&self.cells, self.checker.ends());
        let mut rules = self.checker.rules();
        let limit = self.checker.shared.limits.max_bytes;
        rules.know(&known);
        self.known = known;
        let mut chart = Chart::default();
        chart.extend(&mut rules, &self.cells, limit)?;
        let mut ends = chart.columns.iter().zip(&closable);
        if !ends.any(|(column, &closable)| closable && column.completes) {
            return Err(InfillError::Infeasible);
        }
        let useful = Useful::of(&chart, &self.cells, &closable);
        self.live = Live::of(&chart, &useful, &rules, &self.cells, &closable);
        Ok(())
    }
}

impl std::fmt::Debug for Filling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Filling")
            .field("cells", &self.cells)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use formwork::{Compiler, SchemaOptions};
    use formwork_testkit::Rng;

    use super::*;

    /// Whatever is left after a commit is part of some text; nothing is left of a canvas
    /// that is full but its text.
    #[test]
    fn what_is_left_is_supported() {
        let compiler = Compiler::new(Arc::new(Vocab::embedded().unwrap())).unwrap();
        let schemas = [
            r#"{"type": "array", "items": {"enum": [1, [2], "three"]}}"#,
            r#"{"properties": {"a": {"type": "integer"}, "b": {"items": {}}}, "required": ["a"]}"#,
            r##"{"$ref": "#/$defs/t", "$defs": {"t": {"type": "object", "required": ["k"],
                "properties": {"k": {"type": "array", "items": {"$ref": "#/$defs/t"}}},
                "additionalProperties": false}}}"##,
        ];
        let mut rng = Rng::new(5);
        for schema in schemas {
            let language = compiler.json_schema_language(schema, &SchemaOptions::default());
            let checker = Checker::new(language.unwrap(), Arc::clone(compiler.vocab()));
            for _ in 0..2 {
                let mut filling = checker.open(&Canvas::new().masks(9).end()).unwrap();
                let mut row = vec![0; compiler.vocab().mask_words()];
                let mut open: Vec<usize> = filling.open_positions().collect();
                rng.shuffle(&mut open);
                for position in open {
                    assert_eq!(filling.live.unsupported(), [], "{schema}");
                    filling.fill_mask(position, &mut row).unwrap();
                    let allowed: Vec<TokenId> = mask::iter_ones(&row).collect();
                    filling.commit(position, *rng.pick(&allowed)).unwrap();
                }
                assert_eq!(filling.live.unsupported(), [], "{schema}");
            }
        }
    }
}
