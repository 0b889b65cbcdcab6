//! What terminals read of positions, before a language is asked: a step of the lexer.

use std::sync::Arc;

use formwork_grammar::{Bytes, Label, LexState, Terminal};
use formwork_vocab::{NodeId, Vocab};
use rustc_hash::FxHashMap;

use crate::content::Content;
use crate::reading::{Ends, Walk, has};
use crate::rest::{Rest, RestId, Rests};
use crate::token_sets::{SetId, TokenSets};

/// A terminal's moves over what is left of a position, before the language is asked.
pub(crate) struct Lexed {
    /// States in which tokens end inside, and those tokens.
    pub(crate) inside: Box<[(LexState, SetId)]>,
    /// Ways out: tokens that end with the terminal, if any, and what is left of others.
    pub(crate) exits: Box<[LexedExit]>,
}

pub(crate) type LexedExit = (Label, Option<SetId>, Option<RestId>);

/// The terminals of a language over a vocabulary, and what they were found to read.
pub(crate) struct Lexer {
    vocab: Arc<Vocab>,
    content: Content,
    terminals: Vec<Arc<dyn Terminal>>,
    terminal_ids: FxHashMap<usize, u32>,
    lexed: FxHashMap<(u32, LexState, RestId), Arc<Lexed>>,
    /// String content that begins otherwise than with some bytes.
    content_sets: FxHashMap<Bytes, SetId>,
    /// See [`Lexer::narrow`].
    narrowed: FxHashMap<(RestId, Bytes), Option<RestId>>,
    pub(crate) rests: Rests,
    pub(crate) sets: TokenSets,
}

impl Lexer {
    pub(crate) fn new(vocab: Arc<Vocab>) -> Lexer {
        Lexer {
            content: Content::new(&vocab),
            terminals: Vec::new(),
            terminal_ids: FxHashMap::default(),
            lexed: FxHashMap::default(),
            content_sets: FxHashMap::default(),
            narrowed: FxHashMap::default(),
            rests: Rests::new(&vocab),
            sets: TokenSets::new(vocab.mask_words()),
            vocab,
        }
    }

    pub(crate) fn vocab(&self) -> &Arc<Vocab> {
        &self.vocab
    }

    pub(crate) fn terminal(&self, number: u32) -> &Arc<dyn Terminal> {
        &self.terminals[number as usize]
    }

    /// What of a rest begins with one of some bytes, if anything.
    pub(crate) fn narrow(&mut self, rest: RestId, next: &Bytes) -> Option<RestId> {
        if let Some(&known) = self.narrowed.get(&(rest, *next)) {
            return known;
        }
        let trie = self.vocab.trie();
        let narrow = match self.rests.get(rest) {
            Rest::End => Some(rest),
            Rest::Token(token) => {
                let first = self.vocab.bytes(*token).first();
                first.is_some_and(|&byte| has(next, byte)).then_some(rest)
            }
            Rest::Bytes(bytes) => {
                let first = bytes.first();
                first.is_some_and(|&byte| has(next, byte)).then_some(rest)
            }
            Rest::Nodes(nodes) => {
                let is_read = |&node: &NodeId| trie.any_child_in(node, next);
                let left: Box<[NodeId]> = nodes.iter().copied().filter(is_read).collect();
                (!left.is_empty()).then(|| self.rests.intern(Rest::Nodes(left)))
            }
        };
        self.narrowed.insert((rest, *next), narrow);
        narrow
    }

    /// Approximate heap use, in bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.sets.heap_bytes()
            + self.lexed.len() * 128
            + self.narrowed.len() * 64
            + self.rests.len() * 96
    }

    /// The number of a terminal, by identity.
    pub(crate) fn number(&mut self, terminal: Arc<dyn Terminal>) -> u32 {
        let address = Arc::as_ptr(&terminal).cast::<()>() as usize;
        let terminals = &mut self.terminals;
        *self.terminal_ids.entry(address).or_insert_with(|| {
            // Kept here, so the address is never used again.
            terminals.push(terminal);
            terminals.len() as u32 - 1
        })
    }

    /// What a terminal reads of a rest from one of its states.
    pub(crate) fn lexed(&mut self, terminal: u32, state: LexState, rest: RestId) -> Arc<Lexed> {
        let key = (terminal, state, rest);
        if let Some(known) = self.lexed.get(&key) {
            return Arc::clone(known);
        }
        let automaton = Arc::clone(&self.terminals[terminal as usize]);
        // Terminals that differ in the labels they allow are read as one.
        if let Some((wider, same)) = automaton.wider(state)
            && same == state
            && matches!(self.rests.get(rest), Rest::Nodes(_))
        {
            let wider = self.number(wider);
            let all = self.lexed(wider, state, rest);
            let exits = all.exits.iter().copied();
            let lexed = Arc::new(Lexed {
                inside: all.inside.clone(),
                exits: exits
                    .filter(|&(label, ..)| automaton.allows(label))
                    .collect(),
            });
            self.lexed.insert(key, Arc::clone(&lexed));
            return lexed;
        }
        let lexed = match self.rests.get(rest) {
            Rest::End => Lexed {
                inside: Box::default(),
                exits: Box::default(),
            },
            Rest::Token(token) => {
                let bytes = self.vocab.bytes(*token).to_vec();
                self.lex_bytes(&*automaton, state, &bytes)
            }
            Rest::Bytes(bytes) => {
                let bytes = bytes.to_vec();
                self.lex_bytes(&*automaton, state, &bytes)
            }
            Rest::Nodes(nodes) => {
                let nodes = nodes.clone();
                self.lex_open(&*automaton, state, rest, &nodes)
            }
        };
        let lexed = Arc::new(lexed);
        self.lexed.insert(key, Arc::clone(&lexed));
        lexed
    }

    /// Certain bytes, up to the end of their token.
    fn lex_bytes(&mut self, terminal: &dyn Terminal, state: LexState, bytes: &[u8]) -> Lexed {
        let mut exits = Vec::new();
        let mut at = Some(state);
        for (done, &byte) in bytes.iter().enumerate() {
            at = at.and_then(|state| terminal.step(state, byte));
            let Some(state) = at else { break };
            if let Some(label) = terminal.exit(state) {
                let left = bytes.get(done + 1..).unwrap_or_default();
                let rest = (!left.is_empty()).then(|| self.rests.intern(Rest::Bytes(left.into())));
                let ends = left.is_empty().then_some(TokenSets::NONE);
                exits.push((label, ends, rest));
            }
            if !terminal.can_continue(state) {
                at = None;
            }
        }
        let inside = at.filter(|_| !bytes.is_empty());
        Lexed {
            inside: inside
                .map(|state| (state, TokenSets::NONE))
                .into_iter()
                .collect(),
            exits: exits.into(),
        }
    }

    /// Any of the tokens behind some nodes.
    fn lex_open(
        &mut self,
        terminal: &dyn Terminal,
        state: LexState,
        rest: RestId,
        nodes: &[NodeId],
    ) -> Lexed {
        let vocab = Arc::clone(&self.vocab);
        let reading = match rest == Rests::OPEN {
            true => Walk::all(vocab.trie(), &self.content, terminal, state),
            false => Walk::below(vocab.trie(), terminal, state, nodes),
        };
        let content = &self.content;
        let inside = reading.inside.into_iter();
        let inside = inside.map(|(state, ends)| {
            let Ends { few, content: but } = ends;
            let set = match but {
                None => self.sets.of(few),
                Some(but) => {
                    let sets = &mut self.sets;
                    let all = self.content_sets.entry(but);
                    let all = *all.or_insert_with(|| sets.of_row(content.row(&but)));
                    let few = sets.of(few);
                    sets.union(&[all.min(few), all.max(few)])
                }
            };
            (state, set)
        });
        let inside = inside.filter(|&(_, set)| set != TokenSets::NONE).collect();
        let exits = reading.exits.into_iter().map(|leaving| {
            let ends = (!leaving.ends.is_empty()).then(|| self.sets.of(leaving.ends));
            let mut nodes = leaving.nodes;
            nodes.sort_unstable();
            nodes.dedup();
            let goes_on = !nodes.is_empty();
            let rest = goes_on.then(|| self.rests.intern(Rest::Nodes(nodes.into())));
            (leaving.label, ends, rest)
        });
        Lexed {
            inside,
            exits: exits.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use formwork_grammar::ByteDfaBuilder;
    use formwork_testkit::Rng;

    use super::*;

    /// A terminal reads of a rest what it reads of that part alone which begins as the
    /// terminal does, and nothing where there is no such part.
    #[test]
    fn what_is_left_out_of_rests_is_read_by_nothing() {
        // Any number of digits or of `th`.
        let mut builder = ByteDfaBuilder::default();
        let [start, digits, t, th] = [(); 4].map(|()| builder.state());
        for byte in b'0'..=b'9' {
            builder.edge(start, byte, digits);
            builder.edge(digits, byte, digits);
        }
        for (from, byte, to) in [(start, b't', t), (t, b'h', th), (th, b't', t)] {
            builder.edge(from, byte, to);
        }
        builder.label(digits, 0);
        builder.label(th, 1);
        let terminal: Arc<dyn Terminal> = Arc::new(builder.build(start));
        let mut next: Bytes = [0; 4];
        for byte in b"0123456789t" {
            next[usize::from(byte / 64)] |= 1 << (byte % 64);
        }
        let vocab = Arc::new(Vocab::embedded().unwrap());
        let mut lexer = Lexer::new(Arc::clone(&vocab));
        let (state, number) = (terminal.start(), lexer.number(terminal));
        let mut rng = Rng::new(3);
        let (mut smaller, mut none) = (0, 0);
        for _ in 0..300 {
            let nodes = (0..1 + rng.below(12)).map(|_| rng.below(vocab.trie().len()));
            let mut nodes: Vec<NodeId> = nodes.map(|node| NodeId(node as u32)).collect();
            nodes.sort_unstable();
            nodes.dedup();
            let rest = lexer.rests.intern(Rest::Nodes(nodes.into()));
            let all = lexer.lexed(number, state, rest);
            let Some(narrow) = lexer.narrow(rest, &next) else {
                none += 1;
                assert!(all.inside.is_empty() && all.exits.is_empty());
                continue;
            };
            smaller += usize::from(narrow != rest);
            let part = lexer.lexed(number, state, narrow);
            assert_eq!(all.inside, part.inside);
            assert_eq!(all.exits, part.exits);
        }
        assert!(smaller > 20 && none > 20, "{smaller} {none}");
        for (bytes, is_read) in [(&b"7z"[..], true), (b"z7", false)] {
            let rest = lexer.rests.intern(Rest::Bytes(bytes.into()));
            assert_eq!(lexer.narrow(rest, &next), is_read.then_some(rest));
        }
        assert_eq!(lexer.narrow(Rests::END, &next), Some(Rests::END));
    }
}
