//! How much white space may stand between JSON tokens.

use std::sync::Arc;

use crate::language::Bytes;
use crate::terminal::{AnyContent, Bulk, Label, LexState, Space, Terminal};

/// Whether a byte is JSON white space (RFC 8259, section 2).
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// How much white space is allowed in each place where JSON allows any.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Whitespace {
    /// None at all.
    Compact,
    /// Up to so many bytes in each place. The default is 32, enough for
    /// indented JSON seven levels deep, and too little to run away.
    Bounded(u32),
    /// Any amount: what RFC 8259 says.
    Any,
}

impl Default for Whitespace {
    fn default() -> Self {
        Whitespace::Bounded(32)
    }
}

impl Whitespace {
    /// The largest amount in one place; `None` if unlimited.
    pub fn max(self) -> Option<u32> {
        match self {
            Whitespace::Compact => Some(0),
            Whitespace::Bounded(k) => Some(k),
            Whitespace::Any => None,
        }
    }

    /// The count after one more byte, saturating where it no longer matters;
    /// `None` if that is too many.
    pub fn count(self, read: u32) -> Option<u32> {
        match self {
            Whitespace::Compact => None,
            Whitespace::Bounded(k) => (read < k).then_some(read + 1),
            Whitespace::Any => Some(1),
        }
    }
}

/// First word of a [`Spaced`] state while it still reads white space. Inner
/// terminals keep their first word below.
const IN_SPACE: u32 = 0x8000_0000;

/// A terminal with white space allowed in front.
#[derive(Clone, Debug)]
pub struct Spaced<T> {
    space: Whitespace,
    inner: T,
}

impl<T: Terminal> Spaced<T> {
    /// `inner`, with up to `space` in front. The first word of `inner`'s states
    /// has to stay below 2^31.
    pub fn new(space: Whitespace, inner: T) -> Self {
        Spaced { space, inner }
    }

    /// The terminal behind the white space.
    pub fn inner(&self) -> &T {
        &self.inner
    }

    fn in_space(state: LexState) -> bool {
        state.0[0] & IN_SPACE != 0
    }

    fn resolve(&self, state: LexState) -> LexState {
        if Self::in_space(state) {
            self.inner.start()
        } else {
            state
        }
    }
}

impl<T: Terminal> Terminal for Spaced<T> {
    fn start(&self) -> LexState {
        LexState([IN_SPACE, 0, 0, 0])
    }

    fn step(&self, state: LexState, byte: u8) -> Option<LexState> {
        if !Self::in_space(state) {
            return self.inner.step(state, byte);
        }
        if is_space(byte) {
            let read = self.space.count(state.0[0] & !IN_SPACE)?;
            return Some(LexState([IN_SPACE | read, 0, 0, 0]));
        }
        self.inner.step(self.inner.start(), byte)
    }

    fn exit(&self, state: LexState) -> Option<Label> {
        if Self::in_space(state) {
            None
        } else {
            self.inner.exit(state)
        }
    }

    fn can_continue(&self, state: LexState) -> bool {
        Self::in_space(state) || self.inner.can_continue(state)
    }

    fn canonical(&self, state: LexState) -> LexState {
        if Self::in_space(state) {
            state
        } else {
            self.inner.canonical(state)
        }
    }

    fn next_bytes(&self, state: LexState) -> Bytes {
        let mut bytes = self.inner.next_bytes(self.resolve(state));
        if Self::in_space(state) {
            for space in *b" \t\n\r" {
                bytes[0] |= 1 << space;
            }
        }
        bytes
    }

    fn space(&self, state: LexState) -> Option<Space> {
        let read = state.0[0] & !IN_SPACE;
        Self::in_space(state).then(|| Space {
            max: self.space.max().map(|max| max - read),
            then: self.inner.start(),
        })
    }

    fn captures(&self) -> bool {
        self.inner.captures()
    }

    fn scope(&self) -> Option<u32> {
        self.inner.scope()
    }

    fn only_forbids(&self) -> bool {
        self.inner.only_forbids()
    }

    fn may_forbid(&self, text: &[u8], token: &[u8]) -> bool {
        self.inner.may_forbid(text, token)
    }

    fn depends_on_text(&self, rest: &[u8]) -> bool {
        self.inner.depends_on_text(rest)
    }

    /// The inner terminal answers with one that has the same white space in
    /// front.
    fn wider(&self, state: LexState) -> Option<(Arc<dyn Terminal>, LexState)> {
        let (terminal, inner) = self.inner.wider(self.resolve(state))?;
        let state = if Self::in_space(state) { state } else { inner };
        Some((terminal, state))
    }

    fn allows(&self, label: Label) -> bool {
        self.inner.allows(label)
    }

    fn bulk(&self, state: LexState) -> Bulk {
        if Self::in_space(state) {
            Bulk::Walk
        } else {
            self.inner.bulk(state)
        }
    }

    fn any_content(&self, state: LexState) -> Option<AnyContent> {
        match Self::in_space(state) {
            true => None,
            false => self.inner.any_content(state),
        }
    }

    fn ways_out(&self, state: LexState, out: &mut Vec<(Label, u32)>) {
        self.inner.ways_out(self.resolve(state), out);
    }

    fn words(&self, out: &mut Vec<Vec<u8>>) {
        self.inner.words(out);
    }
}
