//! The `vocab` of a model, read without an allocation per piece.

use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::{MAX_TOKENS, MAX_TOTAL_BYTES, TokenId};

/// Pieces as the file spells them, with their ids.
///
/// BPE models have a map from piece to id, Unigram models a list of pieces with
/// scores, where the position is the id.
#[derive(Default)]
pub(super) struct Pieces {
    arena: String,
    spans: Vec<Span>,
    is_list: bool,
}

#[derive(Clone, Copy)]
struct Span {
    id: u32,
    start: u32,
    end: u32,
}

impl Pieces {
    pub(super) fn is_list(&self) -> bool {
        self.is_list
    }

    /// The pieces in file order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (TokenId, &str)> {
        let text = |span: &Span| &self.arena[span.start as usize..span.end as usize];
        self.spans
            .iter()
            .map(move |span| (TokenId(span.id), text(span)))
    }

    /// Appends the piece that lies in the arena from `start` on.
    fn close<E: Error>(&mut self, start: usize, id: u32) -> Result<(), E> {
        if self.spans.len() >= MAX_TOKENS || self.arena.len() > MAX_TOTAL_BYTES {
            return Err(E::custom(format_args!("more than {MAX_TOKENS} pieces")));
        }
        self.spans.push(Span {
            id,
            start: start as u32,
            end: self.arena.len() as u32,
        });
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Pieces {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pieces, D::Error> {
        deserializer.deserialize_any(PiecesVisitor)
    }
}

struct PiecesVisitor;

impl<'de> Visitor<'de> for PiecesVisitor {
    type Value = Pieces;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map from piece to id, or a list of pieces with scores")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pieces, A::Error> {
        let mut pieces = Pieces::default();
        loop {
            let start = pieces.arena.len();
            if map.next_key_seed(Append(&mut pieces.arena))?.is_none() {
                return Ok(pieces);
            }
            let id = map.next_value()?;
            pieces.close(start, id)?;
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Pieces, A::Error> {
        let mut pieces = Pieces {
            is_list: true,
            ..Pieces::default()
        };
        loop {
            let start = pieces.arena.len();
            if seq.next_element_seed(Scored(&mut pieces.arena))?.is_none() {
                return Ok(pieces);
            }
            pieces.close(start, pieces.spans.len() as u32)?;
        }
    }
}

/// Appends a string to the arena.
struct Append<'a>(&'a mut String);

impl<'de> DeserializeSeed<'de> for Append<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Append<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a piece")
    }

    fn visit_str<E: Error>(self, piece: &str) -> Result<(), E> {
        self.0.push_str(piece);
        Ok(())
    }
}

/// Appends the piece of a `[piece, score]` pair to the arena.
struct Scored<'a>(&'a mut String);

impl<'de> DeserializeSeed<'de> for Scored<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Scored<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a piece with its score")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let piece = seq.next_element_seed(Append(self.0))?;
        piece.ok_or_else(|| A::Error::custom("a piece with its score is empty"))?;
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}
