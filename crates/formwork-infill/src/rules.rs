//! A language and a vocabulary as moves of items over positions, each worked out once.
//!
//! An *item* is where the innermost rule of a text is: at a dot, or inside a terminal.
//! Over a position, or over what is left of one, an item makes *moves*: it reaches the
//! next position as another item, by some of the tokens; it calls a rule in the middle
//! of one; or its own rule ends there. Moves depend neither on where the position is nor
//! on who called the rule.

use std::sync::Arc;

use formwork_grammar::{Dot, Edge, Label, Language, LexState, Terminal};
use formwork_vocab::{TokenId, Vocab};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::content::Content;
use crate::names::{Names, Text};
use crate::reading::{Ends, Walk};
use crate::rest::{Rest, RestId, Rests};
use crate::token_sets::{SetId, TokenSets};

/// An [`Item`], by number.
pub(crate) type ItemId = u32;

/// Where the innermost rule of a text is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Item {
    /// Between two edges.
    Dot(Dot),
    /// Inside a terminal.
    Head(Head),
}

/// Inside a terminal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Head {
    terminal: u32,
    state: LexState,
    dot: Dot,
    edge: u32,
    /// What was read of it, if the language wants to know.
    text: Text,
}

/// What an item can do with what is left of a position.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    /// The item at the next position, and the tokens that lead there.
    pub(crate) stays: Box<[(ItemId, SetId)]>,
    /// Rules called, what is left when they begin, and the dot after them.
    pub(crate) calls: Box<[(Dot, RestId, Dot)]>,
    /// What is left when the item's own rule ends, and the dot it ends at, if callers
    /// learn of it.
    pub(crate) exits: Box<[(RestId, Option<Dot>)]>,
}

struct DotInfo {
    is_final: bool,
    returns: bool,
    edges: Vec<(u32, DotEdge)>,
}

#[derive(Clone)]
enum DotEdge {
    Terminal(u32),
    Tokens(formwork_grammar::TokenSet),
    Call(Dot, Dot),
}

/// A terminal's moves over what is left of a position, before the language is asked.
struct Lexed {
    /// States in which tokens end inside, and those tokens.
    inside: Box<[(LexState, SetId)]>,
    /// Ways out: tokens that end with the terminal, if any, and what is left of others.
    exits: Box<[(Label, Option<SetId>, Option<RestId>)]>,
}

/// Everything known of one language over one vocabulary.
pub(crate) struct Rules {
    vocab: Arc<Vocab>,
    content: Arc<Content>,
    language: Box<dyn Language>,
    start: Dot,
    pub(crate) rests: Rests,
    pub(crate) sets: TokenSets,
    pub(crate) names: Names,
    terminals: Vec<Arc<dyn Terminal>>,
    terminal_ids: FxHashMap<usize, u32>,
    dots: FxHashMap<Dot, Arc<DotInfo>>,
    follow: FxHashMap<(Dot, u32, Label, Text), Dot>,
    resumed: FxHashMap<(Dot, Dot), Dot>,
    lexed: FxHashMap<(u32, LexState, RestId), Arc<Lexed>>,
    items: Vec<Item>,
    item_ids: FxHashMap<Item, ItemId>,
    moves: FxHashMap<(ItemId, RestId), Arc<Moves>>,
}

impl Rules {
    pub(crate) fn new(
        language: Box<dyn Language>,
        vocab: Arc<Vocab>,
        content: Arc<Content>,
    ) -> Rules {
        Rules {
            start: language.start(),
            language,
            content,
            rests: Rests::new(&vocab),
            sets: TokenSets::new(vocab.mask_words()),
            names: Names::default(),
            terminals: Vec::new(),
            terminal_ids: FxHashMap::default(),
            dots: FxHashMap::default(),
            follow: FxHashMap::default(),
            resumed: FxHashMap::default(),
            lexed: FxHashMap::default(),
            items: Vec::new(),
            item_ids: FxHashMap::default(),
            moves: FxHashMap::default(),
            vocab,
        }
    }

    pub(crate) fn item_count(&self) -> usize { self.items.len() }
    pub(crate) fn dump(&self) {
        let mut by: FxHashMap<(u32, Dot, Text), (usize, LexState, LexState)> = FxHashMap::default();
        for item in &self.items {
            if let Item::Head(h) = item {
                let e = by.entry((h.terminal, h.dot, h.text)).or_insert((0, h.state, h.state));
                e.0 += 1; e.2 = h.state;
            }
        }
        let mut all: Vec<_> = by.into_iter().collect();
        all.sort_by_key(|a| std::cmp::Reverse(a.1.0));
        for (k, v) in all.iter().take(12) { eprintln!("{k:?} {v:?} start {:?} captures {}", self.terminals[k.0 as usize].start(), self.terminals[k.0 as usize].captures()); }
    }
    pub(crate) fn vocab(&self) -> &Arc<Vocab> {
        &self.vocab
    }

    /// The dot at which a whole text starts.
    pub(crate) fn start(&self) -> Dot {
        self.start
    }

    pub(crate) fn item(&mut self, item: Item) -> ItemId {
        let items = &mut self.items;
        *self.item_ids.entry(item).or_insert_with(|| {
            items.push(item);
            items.len() as ItemId - 1
        })
    }

    /// See [`Language::resume`].
    pub(crate) fn resume(&mut self, ret: Dot, last: Option<Dot>) -> Dot {
        let Some(last) = last else { return ret };
        let language = &mut self.language;
        let known = self.resumed.entry((ret, last));
        *known.or_insert_with(|| language.resume(ret, last))
    }

    /// Forgets moves over open positions that depend on which names are known.
    pub(crate) fn forget_named(&mut self) {
        self.moves.clear();
    }

    /// Approximate heap use, in bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.sets.heap_bytes()
            + self.language.heap_bytes()
            + self.items.len() * 96
            + self.follow.len() * 40
            + self.dots.len() * 128
            + self.lexed.len() * 128
            + self.moves.len() * 160
            + self.rests.len() * 96
    }

    /// What an item can do with a rest.
    pub(crate) fn moves(&mut self, item: ItemId, rest: RestId) -> Arc<Moves> {
        if let Some(moves) = self.moves.get(&(item, rest)) {
            return Arc::clone(moves);
        }
        let moves = Arc::new(self.find_moves(item, rest));
        self.moves.insert((item, rest), Arc::clone(&moves));
        moves
    }

    fn find_moves(&mut self, item: ItemId, rest: RestId) -> Moves {
        let mut found = Found::default();
        match self.items[item as usize] {
            Item::Dot(dot) => found.reach(dot, rest),
            Item::Head(head) => self.read(head, rest, &mut found),
        }
        while let Some((dot, rest)) = found.open.pop() {
            let info = self.dot(dot);
            if info.is_final {
                found.exits.push((rest, info.returns.then_some(dot)));
            }
            for (edge, way) in &info.edges {
                match *way {
                    DotEdge::Call(callee, ret) => found.calls.push((callee, rest, ret)),
                    DotEdge::Terminal(terminal) => {
                        let head = Head {
                            terminal,
                            state: self.terminals[terminal as usize].start(),
                            dot,
                            edge: *edge,
                            text: Text::START,
                        };
                        self.read(head, rest, &mut found);
                    }
                    DotEdge::Tokens(ref set) => self.read_token(dot, *edge, set, rest, &mut found),
                }
            }
        }
        found.finish(&mut self.sets)
    }

    /// A token that is read by its number.
    fn read_token(
        &mut self,
        dot: Dot,
        edge: u32,
        set: &formwork_grammar::TokenSet,
        rest: RestId,
        found: &mut Found,
    ) {
        let tokens = match *self.rests.get(rest) {
            Rest::Token(token) if set.contains(token.0) => TokenSets::NONE,
            _ if rest == Rests::OPEN => {
                let len = self.vocab.len() as u32;
                let ids = set.ranges().iter().flat_map(|&(a, b)| a..b.saturating_add(1).min(len));
                self.sets.of(ids.map(TokenId).collect())
            }
            _ => return,
        };
        let after = self.follow(dot, edge, 0, Text::UNKNOWN);
        let item = self.item(Item::Dot(after));
        found.stays.push((item, tokens));
    }

    /// What a terminal does with a rest.
    fn read(&mut self, head: Head, rest: RestId, found: &mut Found) {
        if rest == Rests::END {
            return;
        }
        let terminal = Arc::clone(&self.terminals[head.terminal as usize]);
        let lexed = self.lexed(head.terminal, head.state, rest);
        if !terminal.captures() {
            for &(state, tokens) in &lexed.inside {
                let item = self.item(Item::Head(Head { state, ..head }));
                found.stays.push((item, tokens));
            }
            for &(label, ends, rest) in &lexed.exits {
                self.exit(head, label, Text::UNKNOWN, ends, rest, found);
            }
            return;
        }
        self.read_captured(head, rest, &lexed, found);
    }

    /// The same for a terminal whose text the language wants to see.
    fn read_captured(&mut self, head: Head, rest: RestId, lexed: &Lexed, found: &mut Found) {
        let bytes = match self.rests.get(rest) {
            Rest::Token(token) => Some(self.vocab.bytes(*token).to_vec()),
            Rest::Bytes(bytes) => Some(bytes.to_vec()),
            _ => None,
        };
        if let Some(bytes) = bytes {
            let all = self.names.append(head.text, &bytes);
            for &(state, tokens) in &lexed.inside {
                let text = all;
                let item = self.item(Item::Head(Head { state, text, ..head }));
                found.stays.push((item, tokens));
            }
            for &(label, ends, left) in &lexed.exits {
                let left_bytes = match left.map(|left| self.rests.get(left)) {
                    Some(Rest::Bytes(left)) => left.len(),
                    _ => 0,
                };
                let read = bytes.len().saturating_sub(left_bytes);
                let text = self.names.append(head.text, &bytes[..read]);
                self.exit(head, label, text, ends, left, found);
            }
            return;
        }
        // Whatever an open position adds, the text is not known any more.
        for &(state, tokens) in &lexed.inside {
            let text = Text::UNKNOWN;
            let item = self.item(Item::Head(Head { state, text, ..head }));
            found.stays.push((item, tokens));
        }
        for &(label, ends, rest) in &lexed.exits {
            self.exit(head, label, Text::UNKNOWN, ends, rest, found);
        }
    }

    fn exit(
        &mut self,
        head: Head,
        label: Label,
        text: Text,
        ends: Option<SetId>,
        rest: Option<RestId>,
        found: &mut Found,
    ) {
        let dot = self.follow(head.dot, head.edge, label, text);
        if let Some(ends) = ends {
            let item = self.item(Item::Dot(dot));
            found.stays.push((item, ends));
        }
        if let Some(rest) = rest {
            found.reach(dot, rest);
        }
    }

    fn follow(&mut self, dot: Dot, edge: u32, label: Label, text: Text) -> Dot {
        let key = (dot, edge, label, text);
        if let Some(&to) = self.follow.get(&key) {
            return to;
        }
        let bytes = self.names.bytes(text);
        let to = self.language.follow(dot, edge, label, bytes.as_deref());
        self.follow.insert(key, to);
        to
    }

    fn lexed(&mut self, terminal: u32, state: LexState, rest: RestId) -> Arc<Lexed> {
        let key = (terminal, state, rest);
        if let Some(known) = self.lexed.get(&key) {
            return Arc::clone(known);
        }
        let automaton = Arc::clone(&self.terminals[terminal as usize]);
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
            inside: inside.map(|state| (state, TokenSets::NONE)).into_iter().collect(),
            exits: exits.into(),
        }
    }

    /// Any of the tokens behind some nodes.
    fn lex_open(
        &mut self,
        terminal: &dyn Terminal,
        state: LexState,
        rest: RestId,
        nodes: &[formwork_vocab::NodeId],
    ) -> Lexed {
        let vocab = Arc::clone(&self.vocab);
        let content = Arc::clone(&self.content);
        let reading = match rest == Rests::OPEN {
            true => Walk::all(vocab.trie(), &content, terminal, state),
            false => Walk::below(vocab.trie(), terminal, state, nodes),
        };
        let inside = reading.inside.into_iter();
        let inside = inside.map(|(state, ends)| {
            let Ends { few, content: but } = ends;
            let set = match but {
                None => self.sets.of(few),
                Some(but) => {
                    let mut row = content.row(&but);
                    formwork_vocab::mask::set_all(&mut row, &few);
                    self.sets.of_row(row)
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

    fn dot(&mut self, dot: Dot) -> Arc<DotInfo> {
        if let Some(info) = self.dots.get(&dot) {
            return Arc::clone(info);
        }
        let expansion = self.language.expand(dot);
        let mut edges = Vec::with_capacity(expansion.edges.len());
        for (edge, way) in expansion.edges.into_iter().enumerate() {
            let way = match way {
                Edge::Terminal(terminal) => DotEdge::Terminal(self.terminal(terminal)),
                Edge::Token(set) => DotEdge::Tokens(set),
                Edge::Call { callee, ret } => DotEdge::Call(callee, ret),
            };
            edges.push((edge as u32, way));
        }
        let info = Arc::new(DotInfo {
            is_final: expansion.is_final,
            returns: expansion.returns,
            edges,
        });
        self.dots.insert(dot, Arc::clone(&info));
        info
    }

    /// The number of a terminal, by identity.
    fn terminal(&mut self, terminal: Arc<dyn Terminal>) -> u32 {
        let address = Arc::as_ptr(&terminal).cast::<()>() as usize;
        let terminals = &mut self.terminals;
        *self.terminal_ids.entry(address).or_insert_with(|| {
            // Kept here, so the address is never used again.
            terminals.push(terminal);
            terminals.len() as u32 - 1
        })
    }
}

/// Moves in the making.
#[derive(Default)]
struct Found {
    stays: Vec<(ItemId, SetId)>,
    calls: Vec<(Dot, RestId, Dot)>,
    exits: Vec<(RestId, Option<Dot>)>,
    open: Vec<(Dot, RestId)>,
    reached: FxHashSet<(Dot, RestId)>,
}

impl Found {
    fn reach(&mut self, dot: Dot, rest: RestId) {
        if self.reached.insert((dot, rest)) {
            self.open.push((dot, rest));
        }
    }

    fn finish(mut self, sets: &mut TokenSets) -> Moves {
        self.stays.sort_unstable();
        self.stays.dedup();
        let alike = self.stays.chunk_by(|a, b| a.0 == b.0);
        let stays = alike.map(|same| {
            let all: Vec<SetId> = same.iter().map(|&(_, set)| set).collect();
            (same[0].0, sets.union(&all))
        });
        let stays = stays.collect();
        self.calls.sort_unstable();
        self.calls.dedup();
        self.exits.sort_unstable();
        self.exits.dedup();
        Moves {
            stays,
            calls: self.calls.into(),
            exits: self.exits.into(),
        }
    }
}
