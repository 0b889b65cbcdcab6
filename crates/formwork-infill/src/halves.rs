//! Strings of which one half stands on the canvas.
//!
//! A string that begins in fixed text may end within the open position behind it, and one
//! that ends in fixed text may begin within the position before. There may be few texts that
//! it can be then: of all tokens that are `":{"` but for more content in front, say. If there
//! are fewer than strings that have to differ, they are followed one by one, as if they
//! stood on the canvas.

use std::collections::{BTreeMap, BTreeSet};

use formwork_grammar::json_text::{decode, encode};
use formwork_vocab::{TokenId, Vocab};

use crate::canvas::Cell;
use crate::names::closing;

/// So many strings are followed for either half of a position, those with the least
/// alternatives.
const MAX_FOLLOWED: usize = 2;

/// A canvas, and where texts may lie on it that have to differ.
pub(crate) struct Halves<'a> {
    pub(crate) cells: &'a [Cell],
    pub(crate) vocab: &'a Vocab,
    /// In how many places of open positions such texts begin or end.
    pub(crate) places: usize,
    /// Whether such a text may go on at a position.
    pub(crate) goes_on: &'a dyn Fn(usize) -> bool,
}

impl Halves<'_> {
    /// The strings that begin in the fixed text before an open position and may end within
    /// it, and those that may begin within it and end in the fixed text behind or within the
    /// next position; of which there are fewer than places that look alike from elsewhere.
    /// `allowed` are the tokens of a position, if they are few.
    pub(crate) fn strings(
        &self,
        position: usize,
        allowed: impl Fn(usize) -> Vec<TokenId>,
    ) -> BTreeSet<Box<[u8]>> {
        let bytes = |cell: &Cell| match cell {
            Cell::Token(token) => Some(self.vocab.bytes(*token)),
            _ => None,
        };
        let (before, behind) = self.cells.split_at(position);
        let mut before: Vec<&[u8]> = before.iter().rev().map_while(bytes).collect();
        before.reverse();
        let before = before.concat();
        let behind: Vec<&[u8]> = behind.iter().skip(1).map_while(bytes).collect();
        let next = position + 1 + behind.len();
        let behind = behind.concat();
        let ends = |at| self.few(&allowed(at), end_of);
        let begins = |at| self.few(&allowed(at), begin_of);
        let mut strings: Vec<Vec<u8>> = Vec::new();
        let begun = openings(&before).filter(|_| (self.goes_on)(position));
        for begun in begun {
            let ends = ends(position).into_iter();
            strings.extend(ends.map(|end| [begun, end].concat()));
        }
        match closing(&behind) {
            _ if !(self.goes_on)(position + 1) => {}
            Some(quote) => {
                let begins = begins(position).into_iter();
                strings.extend(begins.map(|begin| [begin, &behind[..quote]].concat()));
            }
            None if behind.is_empty() => {}
            None => {
                let ends = ends(next);
                for begin in begins(position) {
                    strings.extend(ends.iter().map(|end| [begin, &behind, end].concat()));
                }
            }
        }
        let literals = strings
            .iter()
            .map(|text| [b"\"", &text[..], b"\""].concat());
        let decoded = literals.filter_map(|literal| decode(&literal));
        decoded.map(|text| encode(&text).into()).collect()
    }

    /// What some tokens add to a string, where they do so in fewer ways than there are
    /// places and are the same otherwise. `part` tells both of a token.
    fn few(
        &self,
        tokens: &[TokenId],
        part: impl for<'t> Fn(&'t [u8]) -> Option<(&'t [u8], &'t [u8])>,
    ) -> Vec<&[u8]> {
        let mut alike: BTreeMap<&[u8], BTreeSet<&[u8]>> = BTreeMap::new();
        let parts = tokens
            .iter()
            .filter_map(|&token| part(self.vocab.bytes(token)));
        for (content, beside) in parts {
            alike.entry(beside).or_default().insert(content);
        }
        let mut few: BTreeMap<&[u8], usize> = BTreeMap::new();
        for contents in alike.values().filter(|all| all.len() < self.places) {
            for content in contents {
                let least = few.entry(content).or_insert(usize::MAX);
                *least = contents.len().min(*least);
            }
        }
        let mut few: Vec<(usize, &[u8])> = few.into_iter().map(|(text, n)| (n, text)).collect();
        few.sort_unstable();
        few.truncate(MAX_FOLLOWED);
        few.into_iter().map(|(_, content)| content).collect()
    }
}

/// What a token adds to a string that ends within it, and what comes behind.
fn end_of(token: &[u8]) -> Option<(&[u8], &[u8])> {
    let quote = closing(token)?;
    Some((&token[..quote], &token[quote + 1..]))
}

/// What a token adds to a string that begins within it, and what comes before.
fn begin_of(token: &[u8]) -> Option<(&[u8], &[u8])> {
    let content = openings(token).next()?;
    Some((content, &token[..token.len() - content.len() - 1]))
}

/// What of a text is string content, and not closed, if one of its quotes opens a string.
fn openings(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let quotes = text.iter().enumerate().filter(|&(_, &byte)| byte == b'"');
    let begun = quotes.map(|(at, _)| &text[at + 1..]);
    begun.filter(|text| closing(text).is_none())
}
