//! Terminals: trimmed automata over bytes, with labelled exits.

use std::sync::Arc;

use crate::language::Bytes;

/// Which of a terminal's exits was taken. The meaning belongs to the language.
pub type Label = u32;

/// A state of a [`Terminal`]: four words owned by the terminal, compared and
/// hashed by value. Equal states have equal futures, in whatever order they
/// were reached.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct LexState(pub [u32; 4]);

/// What a terminal knows about many tokens at once, to spare the engine a walk
/// over the whole vocabulary. Every answer but `Walk` concerns states in the
/// body of a JSON string, between two characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bulk {
    /// Nothing: try the tokens one by one.
    Walk,
    /// Every run of string content of at most `max_chars` characters stays
    /// inside the terminal.
    Content {
        /// Characters left, if bounded.
        max_chars: Option<u32>,
        /// Whether runs of more characters never stay inside; if not, some may.
        exact: bool,
    },
    /// Runs of some characters stay inside the terminal, and no run of others
    /// does.
    Region {
        /// Every run of these stays inside.
        inside: Run,
        /// No run that is none of these does.
        reach: Run,
        /// Whether no run of more characters of `inside` does, either.
        exact: bool,
        /// Every run of these stays inside, too: perhaps of more characters, but not as
        /// many of them.
        brief: Option<Run>,
    },
}

/// The runs of unescaped characters of a set, up to a length.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Run {
    /// The ASCII characters of the set.
    pub ascii: [u64; 2],
    /// The characters beyond ASCII, by the first byte of their UTF-8: bit `b - 0xC0`
    /// stands for all that begin with `b`.
    pub leads: u64,
    /// The most characters, if bounded.
    pub max_chars: Option<u32>,
}

impl Run {
    /// What may follow one of its ASCII characters.
    #[must_use]
    pub fn after(mut self, byte: u8) -> Option<Run> {
        let word = self.ascii.get(usize::from(byte / 64))?;
        if word >> (byte % 64) & 1 == 0 {
            return None;
        }
        if let Some(max) = &mut self.max_chars {
            *max = max.checked_sub(1)?;
        }
        Some(self)
    }
}

/// String content that is read alike: see [`Terminal::any_content`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AnyContent {
    /// The most characters, if bounded.
    pub max_chars: Option<u32>,
    /// The label of every closing quote.
    pub close: Label,
    /// First bytes of content of which nothing is said; a quote means none at all.
    pub but: Bytes,
}

/// White space before a terminal: see [`Terminal::space`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Space {
    /// The most bytes of it, if bounded.
    pub max: Option<u32>,
    /// The state from which everything else is read.
    pub then: LexState,
}

/// A non-empty regular language over bytes, as an automaton all of whose
/// states are live.
pub trait Terminal: Send + Sync {
    /// The state before the first byte. It never exits.
    fn start(&self) -> LexState;

    /// Reads one byte; `None` if no completion is left.
    fn step(&self, state: LexState, byte: u8) -> Option<LexState>;

    /// The label under which the terminal may end in `state`, if it may.
    fn exit(&self, state: LexState) -> Option<Label>;

    /// Whether any byte can follow in `state`.
    fn can_continue(&self, state: LexState) -> bool;

    /// A state from which the same can be read under the same labels, one for as many
    /// states as this is easily told of.
    fn canonical(&self, state: LexState) -> LexState {
        state
    }

    /// The bytes that can be read in `state`, and maybe others.
    fn next_bytes(&self, _state: LexState) -> Bytes {
        [u64::MAX; 4]
    }

    /// If `state` is before the terminal proper: the JSON white space that may come
    /// first. It leads to states of the same kind, and what is not white space is
    /// read in all of them as from [`Space::then`].
    fn space(&self, _state: LexState) -> Option<Space> {
        None
    }

    /// Whether the language wants to see the text of this terminal.
    fn captures(&self) -> bool {
        false
    }

    /// For a terminal that captures and [only forbids](Terminal::only_forbids):
    /// whether `token`, read after the bytes `text` of the terminal, may hold what
    /// its text forbids.
    fn may_forbid(&self, _text: &[u8], _token: &[u8]) -> bool {
        true
    }

    /// For a terminal that captures: which of all answers of
    /// [`depends_on_text`](Terminal::depends_on_text) are its own. Terminals of
    /// equal scope answer alike; without one they speak for themselves.
    fn scope(&self) -> Option<u32> {
        None
    }

    /// For a terminal that captures: whether seeing the text only ever forbids
    /// tokens, compared with a text that never occurred.
    fn only_forbids(&self) -> bool {
        false
    }

    /// For a terminal that captures: whether `rest`, read after it within one
    /// token, may depend on the text captured. A token of which this is true is
    /// run in full.
    fn depends_on_text(&self, _rest: &[u8]) -> bool {
        true
    }

    /// Knowledge about many tokens at once.
    fn bulk(&self, _state: LexState) -> Bulk {
        Bulk::Walk
    }

    /// In the body of a JSON string, between two characters: whether every run of
    /// content of at most so many characters, and no longer one, stays inside, and
    /// the label of every closing quote, if they all exit alike; but for content
    /// that begins in some way.
    fn any_content(&self, _state: LexState) -> Option<AnyContent> {
        None
    }

    /// A wider terminal to ask instead, and its state: from there the same
    /// tokens stay inside, and this terminal's exits are the wider one's with
    /// [allowed](Terminal::allows) labels. Terminals that differ only in the
    /// labels they allow thus share what is learnt of the wider one.
    fn wider(&self, _state: LexState) -> Option<(Arc<dyn Terminal>, LexState)> {
        None
    }

    /// Whether an exit of the [wider](Terminal::wider) terminal is one of this.
    fn allows(&self, _label: Label) -> bool {
        true
    }

    /// Pushes, for each label that can be reached, the label and the fewest
    /// bytes needed. May leave out labels that another one beats at no cost to
    /// the caller; never all of them.
    fn ways_out(&self, state: LexState, out: &mut Vec<(Label, u32)>);

    /// Pushes texts of the terminal that its source lists one by one, if there
    /// are any, such as names of properties: a sample that draws byte by byte
    /// would hardly meet them.
    fn words(&self, _out: &mut Vec<Vec<u8>>) {}

    /// This terminal as an explicit automaton, if it is one: then what is learnt of
    /// it holds for every equal one.
    fn as_byte_dfa(&self) -> Option<&crate::ByteDfa> {
        None
    }

    /// Whether the front end keeps this very object for many grammars, so that
    /// what is learnt of it is worth keeping beyond one grammar.
    fn is_shared(&self) -> bool {
        false
    }
}

/// A terminal that its front end keeps for many grammars.
#[derive(Clone, Debug)]
pub struct Shared<T>(pub T);

impl<T: Terminal> Terminal for Shared<T> {
    fn start(&self) -> LexState {
        self.0.start()
    }

    fn step(&self, state: LexState, byte: u8) -> Option<LexState> {
        self.0.step(state, byte)
    }

    fn exit(&self, state: LexState) -> Option<Label> {
        self.0.exit(state)
    }

    fn can_continue(&self, state: LexState) -> bool {
        self.0.can_continue(state)
    }

    fn canonical(&self, state: LexState) -> LexState {
        self.0.canonical(state)
    }

    fn next_bytes(&self, state: LexState) -> Bytes {
        self.0.next_bytes(state)
    }

    fn space(&self, state: LexState) -> Option<Space> {
        self.0.space(state)
    }

    fn captures(&self) -> bool {
        self.0.captures()
    }

    fn scope(&self) -> Option<u32> {
        self.0.scope()
    }

    fn only_forbids(&self) -> bool {
        self.0.only_forbids()
    }

    fn may_forbid(&self, text: &[u8], token: &[u8]) -> bool {
        self.0.may_forbid(text, token)
    }

    fn depends_on_text(&self, rest: &[u8]) -> bool {
        self.0.depends_on_text(rest)
    }

    fn bulk(&self, state: LexState) -> Bulk {
        self.0.bulk(state)
    }

    fn any_content(&self, state: LexState) -> Option<AnyContent> {
        self.0.any_content(state)
    }

    fn ways_out(&self, state: LexState, out: &mut Vec<(Label, u32)>) {
        self.0.ways_out(state, out);
    }

    fn words(&self, out: &mut Vec<Vec<u8>>) {
        self.0.words(out);
    }

    fn is_shared(&self) -> bool {
        true
    }
}
