//! Texts that a language wants to remember, as far as they are known.

use rustc_hash::FxHashMap;

/// A text of a terminal, by number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Text(u32);

impl Text {
    /// Nothing was read yet.
    pub(crate) const START: Text = Text(0);
    /// An open position is part of it.
    pub(crate) const UNKNOWN: Text = Text(u32::MAX);
}

/// All known texts.
#[derive(Default)]
pub(crate) struct Names {
    all: Vec<Box<[u8]>>,
    ids: FxHashMap<Box<[u8]>, u32>,
}

impl Names {
    /// A text with more bytes behind it.
    pub(crate) fn append(&mut self, text: Text, bytes: &[u8]) -> Text {
        if text == Text::UNKNOWN {
            return text;
        }
        let begun = self.bytes(text).unwrap_or_default();
        let longer: Box<[u8]> = [&begun, bytes].concat().into();
        if let Some(&id) = self.ids.get(&longer) {
            return Text(id);
        }
        self.all.push(longer.clone());
        let id = self.all.len() as u32;
        self.ids.insert(longer, id);
        Text(id)
    }

    /// The bytes of a text, if they are known.
    pub(crate) fn bytes(&self, text: Text) -> Option<Vec<u8>> {
        match text {
            Text::UNKNOWN => None,
            Text::START => Some(Vec::new()),
            Text(id) => self.all.get(id as usize - 1).map(|bytes| bytes.to_vec()),
        }
    }
}
