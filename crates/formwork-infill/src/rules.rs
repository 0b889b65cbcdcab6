//! A language and a vocabulary as moves of items over positions, each worked out once.
//!
//! An *item* is where the innermost rule of a text is: at a dot, or inside a terminal.
//! Over a position, or over what is left of one, an item makes *moves*: it reaches the
//! next position as another item, by some of the tokens; it calls a rule in the middle
//! of one; or its own rule ends there. Moves depend neither on where the position is nor
//! on who called the rule.

use std::collections::BTreeSet;
use std::sync::Arc;

use formwork_grammar::{Bytes, Dot, Edge, Label, Language, LexState};
use formwork_vocab::{TokenId, Vocab};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::captured::Apart;
use crate::lexer::{Lexed, Lexer};
use crate::literals::Literals;
use crate::names::{Names, Standing, Text};
use crate::rest::{Rest, RestId, Rests};
use crate::token_sets::{SetId, TokenSets};

/// An [`Item`], by number.
pub(crate) type ItemId = u32;

/// Where the innermost rule of a text is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Item {
    /// Between two edges; and the rules around that were read in place.
    Dot(Dot, FramesId),
    /// Inside a terminal.
    Head(Head),
}

/// Rules that were read in place where they are called, innermost last: the dot after the
/// call, and those around. By number; 0 is none.
type FramesId = u32;

/// So many rules are read in place within one another.
///
/// PERF: the more, the fewer places of call and the more items. 30 texts of
/// `grammars/samples/smiles` with the vocabulary of Qwen 2.5, one commit in blocks, median
/// and 99th percentile in ms: none 3.7 and 184, one 0.22 and 4.1, three 0.27 and 7.6.
/// C++ has as many items with none as with one.
const MAX_IN_PLACE: u32 = 1;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Frame {
    ret: Dot,
    up: FramesId,
    depth: u32,
}

/// Inside a terminal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Head {
    terminal: u32,
    state: LexState,
    dot: Dot,
    edge: u32,
    frames: FramesId,
    /// What was read of it, if the language wants to know.
    text: Text,
}

/// What an item can do with what is left of a position.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    /// The item at the next position, and the tokens that lead there.
    pub(crate) stays: Box<[(ItemId, SetId)]>,
    /// Rules called, what is left when they begin, and the item after them.
    pub(crate) calls: Box<[(Dot, RestId, ItemId)]>,
    /// What is left when the item's own rule ends, and the dot it ends at, if callers
    /// learn of it.
    pub(crate) exits: Box<[(RestId, Option<Dot>)]>,
}

impl Moves {
    pub(crate) fn is_nothing(&self) -> bool {
        self.stays.is_empty() && self.calls.is_empty() && self.exits.is_empty()
    }
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

/// Everything known of one language over one vocabulary.
pub(crate) struct Rules {
    language: Box<dyn Language>,
    start: Dot,
    pub(crate) lexer: Lexer,
    names: Names,
    dots: FxHashMap<Dot, Arc<DotInfo>>,
    follow: FxHashMap<(Dot, u32, Label, Text), Dot>,
    resumed: FxHashMap<(ItemId, Dot), ItemId>,
    cycle_breakers: FxHashMap<Dot, bool>,
    /// The bytes that may come next at dots, if the language tells.
    next_bytes: FxHashMap<Dot, Option<Bytes>>,
    frames: Vec<Frame>,
    frame_ids: FxHashMap<Frame, FramesId>,
    items: Vec<Item>,
    item_ids: FxHashMap<Item, ItemId>,
    /// Moves over open positions, by item.
    open_moves: Vec<Option<Arc<Moves>>>,
    moves: FxHashMap<(ItemId, RestId), Arc<Moves>>,
    /// Those that depend on which texts are known.
    named: Vec<(ItemId, RestId)>,
    /// The strings that stand on the canvas.
    known: BTreeSet<Standing>,
    /// Which strings each terminal that is captured remembers, as far as it was asked.
    remembered: FxHashMap<Place, FxHashMap<Standing, bool>>,
}

/// A terminal, and where it was entered: a dot and its edge.
type Place = (u32, Dot, u32);

impl Rules {
    pub(crate) fn new(language: Box<dyn Language>, vocab: Arc<Vocab>) -> Rules {
        Rules {
            start: language.start(),
            language,
            lexer: Lexer::new(vocab),
            names: Names::default(),
            dots: FxHashMap::default(),
            follow: FxHashMap::default(),
            resumed: FxHashMap::default(),
            cycle_breakers: FxHashMap::default(),
            next_bytes: FxHashMap::default(),
            frames: Vec::new(),
            frame_ids: FxHashMap::default(),
            items: Vec::new(),
            item_ids: FxHashMap::default(),
            open_moves: Vec::new(),
            moves: FxHashMap::default(),
            named: Vec::new(),
            known: BTreeSet::new(),
            remembered: FxHashMap::default(),
        }
    }

    /// The item at which a whole text starts.
    pub(crate) fn start(&mut self) -> ItemId {
        self.item(Item::Dot(self.start, 0))
    }

    /// Whether an item is inside a terminal whose text the language wants to see.
    pub(crate) fn is_captured(&self, item: ItemId) -> bool {
        match self.items[item as usize] {
            Item::Head(head) => self.lexer.terminal(head.terminal).captures(),
            Item::Dot(..) => false,
        }
    }

    /// The item at which a rule starts that is called.
    pub(crate) fn callee(&mut self, callee: Dot) -> ItemId {
        self.item(Item::Dot(callee, 0))
    }

    pub(crate) fn item(&mut self, item: Item) -> ItemId {
        let items = &mut self.items;
        *self.item_ids.entry(item).or_insert_with(|| {
            items.push(item);
            items.len() as ItemId - 1
        })
    }

    /// The item after a call, given the dot that the rule called ended at; see
    /// [`Language::resume`].
    pub(crate) fn resume(&mut self, ret: ItemId, last: Option<Dot>) -> ItemId {
        let (Some(last), Item::Dot(dot, frames)) = (last, self.items[ret as usize]) else {
            return ret;
        };
        if let Some(&known) = self.resumed.get(&(ret, last)) {
            return known;
        }
        let dot = self.language.resume(dot, last);
        let item = self.item(Item::Dot(dot, frames));
        self.resumed.insert((ret, last), item);
        item
    }

    /// What of a rest may be read at a dot or behind the end of its rule, if anything. What
    /// nothing reads there makes no difference, so there are fewer rests without it.
    ///
    /// PERF: over open positions of C++, 38,457 items and rests are in reach instead of
    /// 473,754 (Qwen 2.5, nothing fused).
    fn narrow(&mut self, dot: Dot, rest: RestId) -> Option<RestId> {
        if rest == Rests::OPEN {
            return Some(rest);
        }
        let language = &mut self.language;
        let next = self.next_bytes.entry(dot);
        let next = next.or_insert_with(|| language.is_plain().then(|| language.next_bytes(dot)));
        match next {
            Some(next) => self.lexer.narrow(rest, next),
            None => Some(rest),
        }
    }

    /// Where callers go on at an item after what they called ended before some rest: what
    /// they may read of it, if they can go on at all.
    pub(crate) fn returns(&mut self, ret: ItemId, rest: RestId) -> Option<RestId> {
        let rest = match self.items[ret as usize] {
            Item::Dot(dot, _) => self.narrow(dot, rest)?,
            Item::Head(_) => rest,
        };
        (!self.moves(ret, rest).is_nothing()).then_some(rest)
    }

    /// Whether a rule is read in place, within some others.
    fn is_in_place(&mut self, callee: Dot, around: FramesId) -> bool {
        let depth = self.frame(around).map_or(0, |frame| frame.depth);
        let language = &mut self.language;
        let known = self.cycle_breakers.entry(callee);
        !*known.or_insert_with(|| language.breaks_cycles(callee)) && depth < MAX_IN_PLACE
    }

    fn frame(&self, frames: FramesId) -> Option<Frame> {
        self.frames.get((frames as usize).checked_sub(1)?).copied()
    }

    fn push_frame(&mut self, ret: Dot, up: FramesId) -> FramesId {
        let depth = self.frame(up).map_or(0, |frame| frame.depth) + 1;
        let frame = Frame { ret, up, depth };
        let frames = &mut self.frames;
        *self.frame_ids.entry(frame).or_insert_with(|| {
            frames.push(frame);
            frames.len() as FramesId
        })
    }

    /// Takes these strings as known; forgets the moves for which that makes a difference.
    pub(crate) fn know(&mut self, known: &BTreeSet<Standing>) {
        let before = std::mem::replace(&mut self.known, known.clone());
        if !self.tells_apart(&before, known) {
            return;
        }
        for (item, rest) in self.named.drain(..) {
            match rest {
                Rests::OPEN => self.open_moves[item as usize] = None,
                _ => {
                    self.moves.remove(&(item, rest));
                }
            }
        }
    }

    /// Whether it makes a difference to any move so far which of two sets of strings are
    /// known.
    pub(crate) fn tells_apart(&mut self, a: &BTreeSet<Standing>, b: &BTreeSet<Standing>) -> bool {
        let places: Vec<Place> = self.remembered.keys().copied().collect();
        let mut differ = a.symmetric_difference(b);
        differ.any(|string| places.iter().any(|&place| self.remembers(place, string)))
    }

    /// Whether a terminal can be a string where it stands, and the language remembers it
    /// then.
    fn remembers(&mut self, place: Place, string: &Standing) -> bool {
        let asked = self.remembered.entry(place).or_default();
        if let Some(&known) = asked.get(string) {
            return known;
        }
        let (terminal, dot, edge) = place;
        let literal = &string.literal;
        let terminal = self.lexer.terminal(terminal);
        let start = Some(terminal.start());
        let end = literal
            .iter()
            .fold(start, |state, &byte| terminal.step(state?, byte));
        let label = end.and_then(|state| terminal.exit(state));
        let remembered = label.is_some_and(|label| {
            let unknown = self.follow(dot, edge, label, Text::UNKNOWN);
            let after = self.language.follow(dot, edge, label, Some(literal));
            after != unknown && string.next.is_none_or(|byte| self.may_begin(after, byte))
        });
        let asked = self.remembered.entry(place).or_default();
        asked.insert(string.clone(), remembered);
        remembered
    }

    /// Whether a byte may be the first that is read from a dot; `true` is always right.
    fn may_begin(&mut self, dot: Dot, byte: u8) -> bool {
        let info = self.dot(dot);
        info.is_final
            || info.edges.iter().any(|(_, way)| match *way {
                DotEdge::Terminal(terminal) => {
                    let terminal = self.lexer.terminal(terminal);
                    terminal.step(terminal.start(), byte).is_some()
                }
                _ => true,
            })
    }

    /// Approximate heap use, in bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.lexer.heap_bytes()
            + self.language.heap_bytes()
            + self.items.len() * 96
            + self.follow.len() * 40
            + self.dots.len() * 128
            + self.moves.len() * 160
            + self.remembered.len() * 64
    }

    /// What an item can do with a rest.
    pub(crate) fn moves(&mut self, item: ItemId, rest: RestId) -> Arc<Moves> {
        if rest == Rests::OPEN {
            if let Some(Some(moves)) = self.open_moves.get(item as usize) {
                return Arc::clone(moves);
            }
            let moves = Arc::new(self.find_moves(item, rest));
            let len = self.open_moves.len().max(item as usize + 1);
            self.open_moves.resize(len, None);
            self.open_moves[item as usize] = Some(Arc::clone(&moves));
            return moves;
        }
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
            Item::Dot(dot, frames) => found.reach(dot, frames, rest),
            Item::Head(head) => self.read(head, rest, &mut found),
        }
        while let Some((dot, frames, rest)) = found.open.pop() {
            let info = self.dot(dot);
            if info.is_final {
                let last = info.returns.then_some(dot);
                match self.frame(frames) {
                    None => found.exits.push((rest, last)),
                    Some(Frame { ret, up, .. }) => {
                        let ret = match last {
                            Some(last) => self.language.resume(ret, last),
                            None => ret,
                        };
                        found.reach(ret, up, rest);
                    }
                }
            }
            for (edge, way) in &info.edges {
                match *way {
                    DotEdge::Call(callee, ret) => {
                        if self.is_in_place(callee, frames) {
                            let frames = self.push_frame(ret, frames);
                            found.reach(callee, frames, rest);
                        } else {
                            let ret = self.item(Item::Dot(ret, frames));
                            found.calls.push((callee, rest, ret));
                        }
                    }
                    DotEdge::Terminal(terminal) => {
                        let head = Head {
                            terminal,
                            state: self.lexer.terminal(terminal).start(),
                            dot,
                            edge: *edge,
                            frames,
                            text: Text::START,
                        };
                        self.read(head, rest, &mut found);
                    }
                    DotEdge::Tokens(ref set) => {
                        let to = (dot, *edge, frames);
                        self.read_token(to, set, rest, &mut found);
                    }
                }
            }
        }
        self.unite(&mut found, rest);
        if found.is_named {
            self.named.push((item, rest));
        }
        found.finish(&mut self.lexer.sets)
    }

    /// Whatever ends, or is called, alike in the middle of tokens does so together: all
    /// of it comes from one item at one place.
    fn unite(&mut self, found: &mut Found, whole: RestId) {
        found
            .exits
            .sort_unstable_by_key(|&(rest, last)| (last, rest));
        let exits = std::mem::take(&mut found.exits);
        for same in exits.chunk_by(|a, b| a.1 == b.1) {
            let rests = same.iter().map(|&(rest, _)| rest);
            let united = self.lexer.rests.unite(rests, whole);
            found
                .exits
                .extend(united.into_iter().map(|rest| (rest, same[0].1)));
        }
        found
            .calls
            .sort_unstable_by_key(|&(callee, rest, ret)| (callee, ret, rest));
        let calls = std::mem::take(&mut found.calls);
        for same in calls.chunk_by(|a, b| (a.0, a.2) == (b.0, b.2)) {
            let rests = same.iter().map(|&(_, rest, _)| rest);
            let (callee, _, ret) = same[0];
            let united = self.lexer.rests.unite(rests, whole);
            for rest in united {
                let rest = self.narrow(callee, rest);
                found.calls.extend(rest.map(|rest| (callee, rest, ret)));
            }
        }
    }

    /// A token that is read by its number.
    fn read_token(
        &mut self,
        (dot, edge, frames): (Dot, u32, FramesId),
        set: &formwork_grammar::TokenSet,
        rest: RestId,
        found: &mut Found,
    ) {
        let tokens = match *self.lexer.rests.get(rest) {
            Rest::Token(token) if set.contains(token.0) => TokenSets::NONE,
            _ if rest == Rests::OPEN => {
                let len = self.lexer.vocab().len() as u32;
                let ids = set
                    .ranges()
                    .iter()
                    .flat_map(|&(a, b)| a..b.saturating_add(1).min(len));
                self.lexer.sets.of(ids.map(TokenId).collect())
            }
            _ => return,
        };
        let after = self.follow(dot, edge, 0, Text::UNKNOWN);
        let item = self.item(Item::Dot(after, frames));
        found.stays.push((item, tokens));
    }

    /// What a terminal does with a rest.
    fn read(&mut self, head: Head, rest: RestId, found: &mut Found) {
        if rest == Rests::END {
            return;
        }
        let terminal = Arc::clone(self.lexer.terminal(head.terminal));
        let lexed = self.lexer.lexed(head.terminal, head.state, rest);
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
        let bytes = match self.lexer.rests.get(rest) {
            Rest::Token(token) => Some(self.lexer.vocab().bytes(*token).to_vec()),
            Rest::Bytes(bytes) => Some(bytes.to_vec()),
            _ => None,
        };
        if let Some(bytes) = bytes {
            let all = self.names.append(head.text, &bytes);
            for &(state, tokens) in &lexed.inside {
                let text = all;
                let item = self.item(Item::Head(Head {
                    state,
                    text,
                    ..head
                }));
                found.stays.push((item, tokens));
            }
            for &(label, ends, left) in &lexed.exits {
                let left_bytes = match left.map(|left| self.lexer.rests.get(left)) {
                    Some(Rest::Bytes(left)) => left.len(),
                    _ => 0,
                };
                let read = bytes.len().saturating_sub(left_bytes);
                let text = self.names.append(head.text, &bytes[..read]);
                self.exit(head, label, text, ends, left, found);
            }
            return;
        }
        let Rest::Nodes(nodes) = self.lexer.rests.get(rest) else {
            return;
        };
        let nodes = nodes.clone();
        let place = (head.terminal, head.dot, head.edge);
        self.remembered.entry(place).or_default();
        let standing: Vec<Standing> = self.known.iter().cloned().collect();
        let known = standing.into_iter();
        let known = known.filter(|string| self.remembers(place, string));
        let known: Literals = known.map(|string| string.literal).collect();
        let terminal = &**self.lexer.terminal(head.terminal);
        let at = (head.state, head.text);
        let begun = self.names.bytes(head.text).unwrap_or_default();
        let trie = self.lexer.vocab().trie();
        let apart = Apart::of(terminal, at, trie, &nodes, begun, &known);
        found.is_named |= !apart.is_all;
        for ending in &apart.endings {
            let tokens = self.lexer.sets.of(ending.tokens.clone());
            let text = self.names.append(head.text, &ending.bytes);
            match ending.label {
                None => {
                    let state = ending.state;
                    let item = self.item(Item::Head(Head {
                        state,
                        text,
                        ..head
                    }));
                    found.stays.push((item, tokens));
                }
                Some(label) => {
                    let ends = (tokens != TokenSets::NONE).then_some(tokens);
                    let rest = ending.node.map(|node| Rest::Nodes([node].into()));
                    let rest = rest.map(|rest| self.lexer.rests.intern(rest));
                    self.exit(head, label, text, ends, rest, found);
                }
            }
        }
        if apart.is_all {
            return;
        }
        // Whatever else an open position adds, the text is none of those known.
        let text = Text::UNKNOWN;
        for &(state, tokens) in &lexed.inside {
            let tokens = self.lexer.sets.without(tokens, &apart.tokens(None));
            if tokens != TokenSets::NONE {
                let item = self.item(Item::Head(Head {
                    state,
                    text,
                    ..head
                }));
                found.stays.push((item, tokens));
            }
        }
        // Within one token two of them might be the same.
        let is_within = rest != Rests::OPEN && head.text == Text::START;
        for &(label, ends, rest) in &lexed.exits {
            if is_within && self.remembers_all(&head, label) {
                continue;
            }
            let ends = ends.map(|ends| self.lexer.sets.without(ends, &apart.tokens(Some(label))));
            let ends = ends.filter(|&ends| ends != TokenSets::NONE);
            let rest = rest.and_then(|rest| self.lexer.rests.without(rest, &apart.nodes()));
            self.exit(head, label, text, ends, rest, found);
        }
    }

    /// Whether the language remembers texts that end under a label.
    fn remembers_all(&mut self, head: &Head, label: Label) -> bool {
        let unknown = self.follow(head.dot, head.edge, label, Text::UNKNOWN);
        let sample = Some(&b"\"\\u0001\""[..]);
        self.language.follow(head.dot, head.edge, label, sample) != unknown
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
            let item = self.item(Item::Dot(dot, head.frames));
            found.stays.push((item, ends));
        }
        if let Some(rest) = rest {
            found.reach(dot, head.frames, rest);
        }
    }

    fn follow(&mut self, dot: Dot, edge: u32, label: Label, text: Text) -> Dot {
        let key = (dot, edge, label, text);
        if let Some(&to) = self.follow.get(&key) {
            return to;
        }
        let bytes = self.names.bytes(text).filter(|_| text != Text::START);
        let to = self.language.follow(dot, edge, label, bytes);
        self.follow.insert(key, to);
        to
    }

    fn dot(&mut self, dot: Dot) -> Arc<DotInfo> {
        if let Some(info) = self.dots.get(&dot) {
            return Arc::clone(info);
        }
        let expansion = self.language.expand(dot);
        let mut edges = Vec::with_capacity(expansion.edges.len());
        for (edge, way) in expansion.edges.into_iter().enumerate() {
            let way = match way {
                Edge::Terminal(terminal) => DotEdge::Terminal(self.lexer.number(terminal)),
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
}

/// Moves in the making.
#[derive(Default)]
struct Found {
    stays: Vec<(ItemId, SetId)>,
    calls: Vec<(Dot, RestId, ItemId)>,
    exits: Vec<(RestId, Option<Dot>)>,
    open: Vec<(Dot, FramesId, RestId)>,
    reached: FxHashSet<(Dot, FramesId, RestId)>,
    is_named: bool,
}

impl Found {
    fn reach(&mut self, dot: Dot, frames: FramesId, rest: RestId) {
        if self.reached.insert((dot, frames, rest)) {
            self.open.push((dot, frames, rest));
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
