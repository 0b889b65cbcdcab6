//! JSON string literals (RFC 8259, section 7) over an automaton of characters.
//!
//! [`JsonText`] turns an automaton over *decoded* characters into a terminal
//! over the bytes of a quoted literal: UTF-8, the short escapes, `\uXXXX` and
//! surrogate pairs. Every spelling of an accepted string is accepted; lone
//! surrogates, overlong UTF-8 and raw control characters are not.

#![expect(clippy::indexing_slicing, reason = "a byte has a bit")]

use std::sync::Arc;

use crate::language::Bytes;
use crate::terminal::{AnyContent, Bulk, Label, LexState, Terminal};

/// A state of a [`CharAutomaton`]: three words of its own.
pub type CharState = [u32; 3];

/// A deterministic automaton over Unicode scalar values, all of whose states
/// are live.
pub trait CharAutomaton: Send + Sync {
    /// The state before the first character.
    fn start(&self) -> CharState;

    /// Reads a character; `None` if no completion is left.
    fn next(&self, state: CharState, c: char) -> Option<CharState>;

    /// Whether [`next`](Self::next) leads on for any character of the
    /// inclusive range, whose ends may lie among the surrogates.
    fn live_in(&self, state: CharState, low: u32, high: u32) -> bool;

    /// The label under which the string may end.
    fn exit(&self, state: CharState) -> Option<Label>;

    /// The ASCII characters that can be read in a state, and maybe others, and the
    /// first bytes of those beyond: bit `b - 0xC0` for byte `b`.
    fn next_chars(&self, _state: CharState) -> ([u64; 2], u64) {
        ([u64::MAX; 2], u64::MAX)
    }

    /// The state that every character of an inclusive range, free of surrogates, leads
    /// to, if there is one. `None` is always right.
    fn after_any(&self, _state: CharState, _low: u32, _high: u32) -> Option<CharState> {
        None
    }

    /// See [`Terminal::captures`].
    fn captures(&self) -> bool {
        false
    }

    /// See [`Terminal::scope`].
    fn scope(&self) -> Option<u32> {
        None
    }

    /// See [`Terminal::only_forbids`].
    fn only_forbids(&self) -> bool {
        false
    }

    /// See [`Terminal::depends_on_text`].
    fn depends_on_text(&self, _rest: &[u8]) -> bool {
        true
    }

    /// See [`Terminal::wider`]; the terminal is the literal's.
    fn wider(&self, _state: CharState) -> Option<(Arc<dyn Terminal>, CharState)> {
        None
    }

    /// See [`Terminal::allows`].
    fn allows(&self, _label: Label) -> bool {
        true
    }

    /// See [`Terminal::bulk`].
    fn bulk(&self, _state: CharState) -> Bulk {
        Bulk::Walk
    }

    /// See [`Terminal::any_content`].
    fn any_content(&self, _state: CharState) -> Option<AnyContent> {
        None
    }

    /// Pushes labels and the fewest *bytes* of content to reach them.
    fn ways_out(&self, state: CharState, out: &mut Vec<(Label, u32)>);

    /// See [`Terminal::words`].
    fn words(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// The terminal `"…"` whose decoded content an automaton accepts.
#[derive(Clone, Debug)]
pub struct JsonText<A> {
    chars: A,
}

impl<A: CharAutomaton> JsonText<A> {
    /// The literals whose content `chars` accepts.
    pub fn new(chars: A) -> Self {
        JsonText { chars }
    }

    /// The automaton of the content.
    pub fn chars(&self) -> &A {
        &self.chars
    }
}

/// Where a literal is between two bytes.
///
/// One word: a tag in the bits from 27 on, what was read below.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// Between two characters.
    Plain,
    /// Before the opening quote.
    Open,
    /// After the closing quote.
    Closed,
    /// After a backslash.
    Escape,
    /// In `\uXXXX`: digits read, their value.
    Hex { digits: u32, value: u32 },
    /// After a high surrogate, given by its low ten bits; `\` must follow.
    High { high: u32 },
    /// As `High`, and `\` was read; `u` must follow.
    HighEscape { high: u32 },
    /// In the low surrogate's digits.
    Low { high: u32, digits: u32, value: u32 },
    /// In a UTF-8 sequence of `len` bytes: `missing` continuation bytes, the
    /// bits so far.
    Utf8 { len: u32, missing: u32, bits: u32 },
    /// In a character of which it matters no more which one it is: the state of the
    /// content is that behind it.
    Tail(Tail),
}

/// What has to come until a character ends, whichever it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Tail {
    /// So many digits of `\uXXXX`.
    Hex(u32),
    /// The same for a high surrogate, and then a low one.
    High(u32),
    /// The backslash of a low surrogate.
    Escape,
    /// Its `u`.
    Unit,
    /// So many of its digits.
    Low(u32),
    /// So many continuation bytes.
    Utf8(u32),
}

impl Tail {
    fn pack(self) -> u32 {
        match self {
            Tail::Hex(left) => left,
            Tail::High(left) => 8 | left,
            Tail::Escape => 16,
            Tail::Unit => 17,
            Tail::Low(left) => 24 | left,
            Tail::Utf8(left) => 32 | left,
        }
    }

    fn unpack(word: u32) -> Tail {
        let left = word & 7;
        match word >> 3 {
            0 => Tail::Hex(left),
            1 => Tail::High(left),
            2 if left == 0 => Tail::Escape,
            2 => Tail::Unit,
            3 => Tail::Low(left),
            _ => Tail::Utf8(left),
        }
    }

    fn bytes_left(self) -> u32 {
        match self {
            Tail::Hex(left) | Tail::Low(left) | Tail::Utf8(left) => left,
            Tail::High(left) => left + 6,
            Tail::Escape => 6,
            Tail::Unit => 5,
        }
    }

    /// What is left after a byte, if it can be read: nothing at the end of the character.
    fn after(self, byte: u8) -> Option<Option<Tail>> {
        let hex = hex_value(byte);
        match self {
            Tail::Hex(left) => hex.map(|_| (left > 1).then(|| Tail::Hex(left - 1))),
            Tail::High(left) => hex.map(|_| {
                Some(if left > 1 {
                    Tail::High(left - 1)
                } else {
                    Tail::Escape
                })
            }),
            Tail::Escape => (byte == b'\\').then_some(Some(Tail::Unit)),
            Tail::Unit => (byte == b'u').then_some(Some(Tail::Low(4))),
            Tail::Low(4) => (hex == Some(0xD)).then_some(Some(Tail::Low(3))),
            Tail::Low(3) => hex
                .filter(|&digit| digit >= 0xC)
                .map(|_| Some(Tail::Low(2))),
            Tail::Low(left) => hex.map(|_| (left > 1).then(|| Tail::Low(left - 1))),
            Tail::Utf8(left) => {
                let continues = (0x80..=0xBF).contains(&byte);
                continues.then(|| (left > 1).then(|| Tail::Utf8(left - 1)))
            }
        }
    }

    /// What has to come after a place within a character, if that depends on nothing
    /// else.
    fn of(place: Place) -> Option<Tail> {
        match place {
            Place::Hex { digits: 1, value } if value != 0xD => Some(Tail::Hex(3)),
            Place::Hex { digits: 2, value } => match value {
                0xD8..=0xDB => Some(Tail::High(2)),
                0xDC..=0xDF => None,
                _ => Some(Tail::Hex(2)),
            },
            Place::Hex { digits: 3, value } => match value {
                0xD80..=0xDBF => Some(Tail::High(1)),
                0xDC0..=0xDFF => None,
                _ => Some(Tail::Hex(1)),
            },
            Place::High { .. } => Some(Tail::Escape),
            Place::HighEscape { .. } => Some(Tail::Unit),
            Place::Low { digits, value, .. } => match (digits, value) {
                (0, _) | (1, 0xD) | (2, 0xDC..=0xDF) | (3, 0xDC0..=0xDFF) => {
                    Some(Tail::Low(4 - digits))
                }
                _ => None,
            },
            Place::Utf8 { missing: 1, .. } => Some(Tail::Utf8(1)),
            // The second byte is free but after 0xE0, 0xED, 0xF0 and 0xF4.
            Place::Utf8 {
                len: 3,
                missing: 2,
                bits,
            } if bits != 0 && bits != 0xD => Some(Tail::Utf8(2)),
            Place::Utf8 {
                len: 4, missing: 2, ..
            } => Some(Tail::Utf8(2)),
            Place::Utf8 {
                len: 4,
                missing: 3,
                bits: 1..=3,
            } => Some(Tail::Utf8(3)),
            _ => None,
        }
    }
}

const TAG: u32 = 27;

impl Place {
    fn pack(self) -> u32 {
        match self {
            Place::Plain => 0,
            Place::Open => 1 << TAG,
            Place::Closed => 2 << TAG,
            Place::Escape => 3 << TAG,
            Place::Hex { digits, value } => 4 << TAG | digits << 16 | value,
            Place::High { high } => 5 << TAG | high,
            Place::HighEscape { high } => 6 << TAG | high,
            Place::Low {
                high,
                digits,
                value,
            } => 7 << TAG | high << 14 | digits << 12 | value,
            Place::Utf8 { len, missing, bits } => 8 << TAG | len << 23 | missing << 20 | bits,
            Place::Tail(tail) => 9 << TAG | tail.pack(),
        }
    }

    fn unpack(word: u32) -> Place {
        match word >> TAG {
            0 => Place::Plain,
            1 => Place::Open,
            3 => Place::Escape,
            4 => Place::Hex {
                digits: word >> 16 & 3,
                value: word & 0xFFFF,
            },
            5 => Place::High { high: word & 0x3FF },
            6 => Place::HighEscape { high: word & 0x3FF },
            7 => Place::Low {
                high: word >> 14 & 0x3FF,
                digits: word >> 12 & 3,
                value: word & 0xFFF,
            },
            8 => Place::Utf8 {
                len: word >> 23 & 7,
                missing: word >> 20 & 7,
                bits: word & 0xF_FFFF,
            },
            9 => Place::Tail(Tail::unpack(word & 0x3F)),
            _ => Place::Closed,
        }
    }

    /// The fewest bytes to the next boundary between characters.
    fn bytes_left(self) -> u32 {
        match self {
            Place::Plain | Place::Open | Place::Closed => 0,
            Place::Escape => 1,
            Place::Hex { digits, .. } => 4 - digits,
            Place::High { .. } => 6,
            Place::HighEscape { .. } => 5,
            Place::Low { digits, .. } => 4 - digits,
            Place::Utf8 { missing, .. } => missing,
            Place::Tail(tail) => tail.bytes_left(),
        }
    }
}

/// The characters that a UTF-8 sequence of `len` bytes may denote.
fn utf8_range(len: u32) -> (u32, u32) {
    match len {
        2 => (0x80, 0x7FF),
        3 => (0x800, 0xFFFF),
        _ => (0x1_0000, 0x10_FFFF),
    }
}

fn hex_value(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(16)
}

/// The characters a literal may still turn out to hold at this place, as
/// inclusive ranges. Empty between characters.
fn candidates(place: Place) -> [Option<(u32, u32)>; 2] {
    match place {
        Place::Escape => [Some((0, 0x10_FFFF)), None],
        Place::Hex { digits, value } => {
            let shift = 4 * (4 - digits);
            let (low, high) = (value << shift, ((value + 1) << shift) - 1);
            // High surrogates in the range stand for the planes they open.
            let (first, last) = (low.max(0xD800), high.min(0xDBFF));
            let planes = (first <= last).then(|| {
                let plane = |unit: u32| 0x1_0000 + ((unit - 0xD800) << 10);
                (plane(first), plane(last) + 0x3FF)
            });
            [Some((low, high)), planes]
        }
        Place::High { high } | Place::HighEscape { high } => {
            let low = 0x1_0000 + (high << 10);
            [Some((low, low + 0x3FF)), None]
        }
        Place::Low {
            high,
            digits,
            value,
        } => {
            let shift = 4 * (4 - digits);
            let (low, last) = (value << shift, ((value + 1) << shift) - 1);
            let (low, last) = (low.max(0xDC00), last.min(0xDFFF));
            if low > last {
                return [None, None];
            }
            let base = 0x1_0000 + (high << 10);
            [Some((base + (low - 0xDC00), base + (last - 0xDC00))), None]
        }
        Place::Utf8 { len, missing, bits } => {
            let shift = 6 * missing;
            let (min, max) = utf8_range(len);
            let low = (bits << shift).max(min);
            let high = (((bits + 1) << shift) - 1).min(max);
            [(low <= high).then_some((low, high)), None]
        }
        Place::Plain | Place::Open | Place::Closed | Place::Tail(_) => [None, None],
    }
}

/// What one byte of a literal does.
enum Move {
    /// To another place within the same character.
    To(Place),
    /// Completes this character.
    Char(u32),
    /// Completes a character that is accounted for.
    Passed,
    /// Nothing may read this byte here.
    No,
}

fn advance(place: Place, byte: u8) -> Move {
    match place {
        Place::Open | Place::Closed => Move::No,
        Place::Tail(tail) => match tail.after(byte) {
            None => Move::No,
            Some(Some(tail)) => Move::To(Place::Tail(tail)),
            Some(None) => Move::Passed,
        },
        Place::Plain => match byte {
            b'\\' => Move::To(Place::Escape),
            0x20..=0x7F => Move::Char(u32::from(byte)),
            0xC2..=0xDF => Move::To(utf8_start(2, byte & 0x1F)),
            0xE0..=0xEF => Move::To(utf8_start(3, byte & 0x0F)),
            0xF0..=0xF4 => Move::To(utf8_start(4, byte & 0x07)),
            _ => Move::No,
        },
        Place::Escape => match byte {
            b'"' | b'\\' | b'/' => Move::Char(u32::from(byte)),
            b'b' => Move::Char(0x08),
            b'f' => Move::Char(0x0C),
            b'n' => Move::Char(0x0A),
            b'r' => Move::Char(0x0D),
            b't' => Move::Char(0x09),
            b'u' => Move::To(Place::Hex {
                digits: 0,
                value: 0,
            }),
            _ => Move::No,
        },
        Place::Hex { digits, value } => match hex_value(byte) {
            None => Move::No,
            Some(digit) => {
                let value = value << 4 | digit;
                match (digits, value) {
                    (3, 0xD800..=0xDBFF) => Move::To(Place::High {
                        high: value - 0xD800,
                    }),
                    (3, 0xDC00..=0xDFFF) => Move::No,
                    (3, _) => Move::Char(value),
                    _ => Move::To(Place::Hex {
                        digits: digits + 1,
                        value,
                    }),
                }
            }
        },
        Place::High { high } if byte == b'\\' => Move::To(Place::HighEscape { high }),
        Place::HighEscape { high } if byte == b'u' => Move::To(Place::Low {
            high,
            digits: 0,
            value: 0,
        }),
        Place::High { .. } | Place::HighEscape { .. } => Move::No,
        Place::Low {
            high,
            digits,
            value,
        } => match hex_value(byte) {
            None => Move::No,
            Some(digit) => {
                let value = value << 4 | digit;
                match (digits, value) {
                    (3, 0xDC00..=0xDFFF) => Move::Char(0x1_0000 + (high << 10) + (value - 0xDC00)),
                    (3, _) => Move::No,
                    _ => Move::To(Place::Low {
                        high,
                        digits: digits + 1,
                        value,
                    }),
                }
            }
        },
        Place::Utf8 { len, missing, bits } => {
            if !(0x80..=0xBF).contains(&byte) {
                return Move::No;
            }
            let bits = bits << 6 | u32::from(byte & 0x3F);
            if missing > 1 {
                return Move::To(Place::Utf8 {
                    len,
                    missing: missing - 1,
                    bits,
                });
            }
            let (low, high) = utf8_range(len);
            if (low..=high).contains(&bits) {
                Move::Char(bits)
            } else {
                Move::No
            }
        }
    }
}

fn utf8_start(len: u32, bits: u8) -> Place {
    Place::Utf8 {
        len,
        missing: len - 1,
        bits: u32::from(bits),
    }
}

impl<A: CharAutomaton> JsonText<A> {
    fn join(place: Place, chars: CharState) -> LexState {
        LexState([place.pack(), chars[0], chars[1], chars[2]])
    }

    fn split(state: LexState) -> (Place, CharState) {
        let [place, a, b, c] = state.0;
        (Place::unpack(place), [a, b, c])
    }

    fn possible(&self, place: Place, chars: CharState) -> bool {
        candidates(place)
            .iter()
            .flatten()
            .any(|&(low, high)| self.chars.live_in(chars, low, high))
    }
}

impl<A: CharAutomaton> Terminal for JsonText<A> {
    fn start(&self) -> LexState {
        Self::join(Place::Open, self.chars.start())
    }

    fn step(&self, state: LexState, byte: u8) -> Option<LexState> {
        let (place, chars) = Self::split(state);
        if byte == b'"' {
            match place {
                Place::Open => return Some(Self::join(Place::Plain, chars)),
                Place::Plain => {
                    self.chars.exit(chars)?;
                    return Some(Self::join(Place::Closed, chars));
                }
                _ => {}
            }
        }
        match advance(place, byte) {
            Move::No => None,
            Move::Passed => Some(Self::join(Place::Plain, chars)),
            Move::To(next @ Place::Tail(_)) => Some(Self::join(next, chars)),
            Move::To(next) => self.possible(next, chars).then(|| Self::join(next, chars)),
            Move::Char(code) => {
                let next = self.chars.next(chars, char::from_u32(code)?)?;
                Some(Self::join(Place::Plain, next))
            }
        }
    }

    fn canonical(&self, state: LexState) -> LexState {
        let (place, chars) = Self::split(state);
        let Some(tail) = Tail::of(place) else {
            return state;
        };
        // All of them have to lead to one state.
        let ranges = candidates(place).into_iter().flatten();
        let ranges =
            ranges.filter(|&(low, high)| !(0xD800..=0xDFFF).contains(&low) || high > 0xDFFF);
        let mut after = ranges.map(|(low, high)| self.chars.after_any(chars, low, high));
        match (after.next(), after.next()) {
            (Some(Some(after)), None) => Self::join(Place::Tail(tail), after),
            _ => state,
        }
    }

    fn exit(&self, state: LexState) -> Option<Label> {
        match Self::split(state) {
            (Place::Closed, chars) => self.chars.exit(chars),
            _ => None,
        }
    }

    fn can_continue(&self, state: LexState) -> bool {
        Place::unpack(state.0[0]) != Place::Closed
    }

    fn next_bytes(&self, state: LexState) -> Bytes {
        let (place, chars) = Self::split(state);
        let of = |bytes: &[u8]| {
            bytes.iter().fold([0; 4], |mut set: Bytes, byte| {
                set[usize::from(byte / 64)] |= 1 << (byte % 64);
                set
            })
        };
        match place {
            Place::Closed => [0; 4],
            Place::Open => of(b"\""),
            Place::Escape => of(b"\"\\/bfnrtu"),
            Place::High { .. } => of(b"\\"),
            Place::HighEscape { .. } => of(b"u"),
            Place::Hex { .. } | Place::Low { .. } => of(b"0123456789abcdefABCDEF"),
            Place::Tail(Tail::Escape) => of(b"\\"),
            Place::Tail(Tail::Unit) => of(b"u"),
            Place::Tail(Tail::Hex(_) | Tail::High(_) | Tail::Low(_)) => {
                of(b"0123456789abcdefABCDEF")
            }
            Place::Utf8 { .. } | Place::Tail(Tail::Utf8(_)) => [0, 0, u64::MAX, 0],
            Place::Plain => {
                // Quotes close, backslashes may stand for any character.
                let (mut ascii, leads) = self.chars.next_chars(chars);
                let bytes = of(b"\"\\");
                ascii[0] = ascii[0] & u64::MAX << 0x20 & !bytes[0];
                if self.chars.exit(chars).is_some() {
                    ascii[0] |= bytes[0];
                }
                [ascii[0], ascii[1] | bytes[1], 0, leads]
            }
        }
    }

    fn captures(&self) -> bool {
        self.chars.captures()
    }

    fn scope(&self) -> Option<u32> {
        self.chars.scope()
    }

    fn only_forbids(&self) -> bool {
        self.chars.only_forbids()
    }

    fn depends_on_text(&self, rest: &[u8]) -> bool {
        self.chars.depends_on_text(rest)
    }

    fn wider(&self, state: LexState) -> Option<(Arc<dyn Terminal>, LexState)> {
        let (place, chars) = Self::split(state);
        let (terminal, chars) = self.chars.wider(chars)?;
        Some((terminal, Self::join(place, chars)))
    }

    fn allows(&self, label: Label) -> bool {
        self.chars.allows(label)
    }

    fn bulk(&self, state: LexState) -> Bulk {
        match Self::split(state) {
            (Place::Plain, chars) => self.chars.bulk(chars),
            _ => Bulk::Walk,
        }
    }

    fn any_content(&self, state: LexState) -> Option<AnyContent> {
        match Self::split(state) {
            (Place::Plain, chars) => self.chars.any_content(chars),
            _ => None,
        }
    }

    fn ways_out(&self, state: LexState, out: &mut Vec<(Label, u32)>) {
        let (place, mut chars) = Self::split(state);
        let before = out.len();
        let quotes = match place {
            Place::Closed => {
                out.extend(self.chars.exit(chars).map(|label| (label, 0)));
                return;
            }
            Place::Open => 2,
            _ => 1,
        };
        // Inside a character: take its first possible completion.
        if let Some(next) = candidates(place)
            .iter()
            .flatten()
            .find_map(|&(low, high)| first_live(&self.chars, chars, low, high))
        {
            chars = next;
        }
        self.chars.ways_out(chars, out);
        for (_, bytes) in out.iter_mut().skip(before) {
            *bytes = bytes.saturating_add(quotes + place.bytes_left());
        }
    }

    fn words(&self, out: &mut Vec<Vec<u8>>) {
        out.extend(self.chars.words().into_iter().map(encode));
    }
}

/// A string as a literal: the inverse of [`decode`].
pub fn encode(text: &str) -> Vec<u8> {
    let mut literal = vec![b'"'];
    for c in text.chars() {
        match c {
            '"' | '\\' => literal.extend([b'\\', c as u8]),
            '\0'..='\u{1f}' => literal.extend(format!("\\u{:04x}", c as u32).bytes()),
            _ => literal.extend(c.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    literal.push(b'"');
    literal
}

/// The state after the lowest live character of a range, found by bisection.
fn first_live<A: CharAutomaton>(
    chars: &A,
    state: CharState,
    mut low: u32,
    mut high: u32,
) -> Option<CharState> {
    if !chars.live_in(state, low, high) {
        return None;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if chars.live_in(state, low, middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    chars.next(state, char::from_u32(low)?)
}

/// What a run of bytes is as JSON string content, read from a boundary between
/// characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Content {
    /// Content throughout; so many characters were completed or begun.
    Inside {
        /// Characters completed or begun.
        chars: u32,
    },
    /// The literal ends with the quote at this offset.
    Closes {
        /// Offset of the closing quote.
        at: usize,
    },
    /// Not content.
    Invalid,
}

/// Classifies a run of bytes that starts between two characters of a JSON
/// string. Linear.
pub fn classify(bytes: &[u8]) -> Content {
    let mut place = Place::Plain;
    let mut chars = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte == b'"' && place == Place::Plain {
            return Content::Closes { at };
        }
        if place == Place::Plain {
            chars += 1;
        }
        match advance(place, byte) {
            Move::No | Move::Passed => return Content::Invalid,
            Move::Char(_) => place = Place::Plain,
            Move::To(next) => {
                let possible = next == Place::Escape || candidates(next)[0].is_some();
                if !possible || only_surrogates(next) {
                    return Content::Invalid;
                }
                place = next;
            }
        }
    }
    Content::Inside { chars }
}

/// Whether a place can only go on to lone surrogates.
fn only_surrogates(place: Place) -> bool {
    match candidates(place) {
        [Some((low, high)), None] => low >= 0xD800 && high <= 0xDFFF,
        _ => false,
    }
}

/// Decodes a complete literal, quotes included, with white space allowed in
/// front; `None` if it is not one. Linear.
pub fn decode(literal: &[u8]) -> Option<String> {
    let start = literal.iter().position(|&b| b == b'"')?;
    let mut text = String::new();
    let mut place = Place::Plain;
    for (at, &byte) in literal.iter().enumerate().skip(start + 1) {
        if byte == b'"' && place == Place::Plain {
            return (at + 1 == literal.len()).then_some(text);
        }
        match advance(place, byte) {
            Move::No | Move::Passed => return None,
            Move::To(next) => place = next,
            Move::Char(code) => {
                text.push(char::from_u32(code)?);
                place = Place::Plain;
            }
        }
    }
    None
}

/// The fewest bytes in which a character can stand in a literal.
pub fn char_bytes(c: char) -> u32 {
    match c {
        '"' | '\\' | '\u{8}' | '\u{c}' | '\n' | '\r' | '\t' => 2,
        '\0'..='\u{1f}' => 6,
        _ => c.len_utf8() as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Accepts the strings of characters in a range, of bounded length.
    struct Range(u32, u32, u32);

    impl CharAutomaton for Range {
        fn start(&self) -> CharState {
            [0; 3]
        }
        fn next(&self, s: CharState, c: char) -> Option<CharState> {
            ((self.0..=self.1).contains(&u32::from(c)) && s[0] < self.2).then_some([s[0] + 1, 0, 0])
        }
        fn live_in(&self, s: CharState, low: u32, high: u32) -> bool {
            (low.max(self.0)..=high.min(self.1))
                .any(|c| char::from_u32(c).is_some_and(|c| self.next(s, c).is_some()))
        }
        fn after_any(&self, s: CharState, low: u32, high: u32) -> Option<CharState> {
            let all = self.0 <= low && high <= self.1 && s[0] < self.2;
            all.then_some([s[0] + 1, 0, 0])
        }
        fn exit(&self, _: CharState) -> Option<Label> {
            Some(0)
        }
        fn ways_out(&self, _: CharState, out: &mut Vec<(Label, u32)>) {
            out.push((0, 0));
        }
    }

    fn accepts<T: Terminal>(t: &T, text: &[u8]) -> bool {
        text.iter()
            .try_fold(t.start(), |s, &b| t.step(s, b))
            .is_some_and(|s| t.exit(s).is_some())
    }

    #[test]
    fn spellings() {
        let any = JsonText::new(Range(0, 0x10_FFFF, 9));
        for good in [
            r#""""#,
            r#""a\n\u00e9é\/""#,
            r#""\ud83d\uDE00😀""#,
            "\"\u{7f}\"",
        ] {
            assert!(accepts(&any, good.as_bytes()), "{good}");
        }
        for bad in [
            &b"\"\n\""[..],
            br#""\ud83d""#,
            br#""\ude00""#,
            br#""\x""#,
            b"\"\xC0\xAF\"",
            b"\"\xED\xA0\x80\"",
            b"\"\xF4\x90\x80\x80\"",
        ] {
            assert!(!accepts(&any, bad), "{bad:?}");
        }
    }

    #[test]
    fn dead_prefixes_are_refused_at_once() {
        let digits = JsonText::new(Range(0x30, 0x39, 2));
        let mut s = digits.start();
        for b in br#""\u003"# {
            s = digits.step(s, *b).expect("live");
        }
        assert!(digits.step(s, b'a').is_none());
        // No astral character fits, so no surrogate may begin.
        let s = br#""\ud"#
            .iter()
            .try_fold(digits.start(), |s, &b| digits.step(s, b));
        assert!(s.is_none());
        assert!(digits.step(LexState([0, 2, 0, 0]), b'\\').is_none());
        assert!(digits.step(LexState([0, 0, 0, 0]), 0xC3).is_none());
    }

    proptest! {
        #[test]
        fn agrees_with_a_json_parser(text in "[a-b\"\\\\u0-1dDéu{}😀\u{1}]{0,8}") {
            let literal = format!("\"{text}\"");
            let any = JsonText::new(Range(0, 0x10_FFFF, 99));
            let decoded = decode(literal.as_bytes());
            prop_assert_eq!(accepts(&any, literal.as_bytes()), decoded.is_some());
            if let Content::Inside { .. } = classify(text.as_bytes()) {
                let s = text.bytes().try_fold(LexState([0; 4]), |s, b| any.step(s, b));
                prop_assert!(s.is_some());
            }
        }

        #[test]
        fn every_step_stays_live(low in 0u32..0x11_0000, width in 0u32..3000, bytes in
            prop::collection::vec(prop::sample::select(b"\"\\u0128dDcfaE\xC3\xA9\xE2\x82\xF0\x9F\x98".to_vec()), 0..9)) {
            let t = JsonText::new(Range(low, (low + width).min(0x10_FFFF), 2));
            let mut s = t.start();
            for b in bytes {
                match t.step(s, b) { Some(next) => s = next, None => break }
                // Some byte string of at most 16 bytes completes it: greedy by ways_out is
                // not needed, depth-first search over bytes is.
                prop_assert!(completes(&t, s, 16));
            }
        }

        /// What can be read from a state can be read from the canonical one, and the other
        /// way round.
        #[test]
        fn canonical_states_read_the_same(low in 0u32..0x11_0000, width in 0u32..0x11_0000,
            wide: bool, bytes in
            prop::collection::vec(prop::sample::select(
                b"\"\\u0128dDcCfFaE\xC3\xA9\xE2\xED\x82\xA0\xF0\xF1\xF4\x9F\x98\x8F".to_vec()
            ), 0..16)) {
            let (low, width) = if wide { (0, 0x10_FFFF) } else { (low, width) };
            let t = JsonText::new(Range(low, (low + width).min(0x10_FFFF), 2));
            let (mut plain, mut same) = (t.start(), t.start());
            for b in bytes.into_iter().chain([b'"', b'"']) {
                same = t.canonical(same);
                prop_assert_eq!(t.canonical(same), same);
                for byte in 0..=u8::MAX {
                    let (a, b) = (t.step(plain, byte), t.step(same, byte));
                    prop_assert_eq!(a.is_some(), b.is_some(), "{} from {:?}", byte, plain);
                    if let (Some(a), Some(b)) = (a, b) {
                        prop_assert_eq!(t.exit(a), t.exit(b));
                        prop_assert_eq!(t.can_continue(a), t.can_continue(b));
                        let live = t.next_bytes(same)[usize::from(byte / 64)];
                        prop_assert!(live >> (byte % 64) & 1 == 1);
                    }
                }
                if let (Some(a), Some(b)) = (t.step(plain, b), t.step(same, b)) {
                    (plain, same) = (a, b);
                }
            }
        }
    }

    fn completes(t: &JsonText<Range>, s: LexState, depth: u32) -> bool {
        if t.exit(s).is_some() {
            return true;
        }
        depth > 0
            && (0..=255u8)
                .rev()
                .filter_map(|b| t.step(s, b))
                .any(|next| completes(t, next, depth - 1))
    }
}
