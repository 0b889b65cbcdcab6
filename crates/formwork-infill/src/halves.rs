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
use crate::names::{Standing, closing};

/// Where a position may hold more tokens, whatever they are part of can be as many texts.
pub(crate) const MAX_TOKENS: usize = 64;
/// So many strings are followed for either half of a position, those with the least
/// alternatives.
const MAX_FOLLOWED: usize = 2;
/// So many are followed at most at a time, the shortest: each as many ways as there are of
/// all names before.
const MAX_HALVES: usize = 2;
/// If texts that have to differ begin or end in more places, none is followed: on a canvas
/// that is mostly open there is room for them anywhere.
const MAX_PLACES: usize = 12;

/// A canvas, and where texts may lie on it that have to differ.
pub(crate) struct Halves<'a, G> {
    cells: &'a [Cell],
    vocab: &'a Vocab,
    /// Whether such a text may go on at a position.
    goes_on: G,
    /// In how many places of open positions such texts begin or end.
    places: usize,
}

impl<'a, G: Fn(usize) -> bool> Halves<'a, G> {
    /// What is to be told apart, if there are places for two texts and not too many.
    pub(crate) fn of(cells: &'a [Cell], vocab: &'a Vocab, goes_on: G) -> Option<Self> {
        let is_open = |&at: &usize| !matches!(cells[at], Cell::Token(_));
        let open = (0..cells.len()).filter(is_open);
        // A text may end at each, and another begin.
        let places = open.flat_map(|at| [at, at + 1]);
        let places = places.filter(|&at| goes_on(at)).count();
        (2..=MAX_PLACES).contains(&places).then_some(Halves {
            cells,
            vocab,
            goes_on,
            places,
        })
    }

    /// The strings of which some open positions may be one half. `allowed` are the tokens of
    /// a position, if they are [few](MAX_TOKENS).
    pub(crate) fn standing(
        &self,
        open: impl Iterator<Item = usize>,
        allowed: impl Fn(usize) -> Vec<TokenId>,
    ) -> impl Iterator<Item = Standing> {
        let strings: BTreeSet<_> = open.flat_map(|at| self.strings(at, &allowed)).collect();
        let mut strings = Vec::from_iter(strings);
        strings.sort_by_key(|literal| literal.len());
        let standing = strings.into_iter().map(|literal| Standing {
            literal,
            next: None,
        });
        standing.take(MAX_HALVES)
    }

    /// The strings that begin in the fixed text before an open position and may end within
    /// it, and those that may begin within it and end in the fixed text behind or within the
    /// next position; of which there are fewer than places that look alike from elsewhere.
    fn strings(
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
