//! The common ground of the notations: definitions as trees over symbols.

#![expect(
    clippy::indexing_slicing,
    reason = "symbols are given out by the draft that is asked"
)]

use std::sync::Arc;

use formwork_automata::{CharSet, Dfa};
use rustc_hash::FxHashMap;

use super::error::Fault;
use crate::ir::{Foreign, ForeignId, ForeignKind, Lexeme, Span};

/// A symbol, by its place in [`Draft::definitions`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) struct Symbol(pub(super) u32);

/// What a definition says. Trees are no deeper than the nesting limit allows.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// These characters in a row.
    Text(String),
    /// One character of the set.
    Set(CharSet),
    /// A word of the automaton.
    Words(Arc<Dfa>),
    /// Whatever a symbol derives.
    Name(Symbol),
    /// One of [`Draft::foreign`].
    Foreign(ForeignId),
    Seq(Vec<Node>),
    /// Any of these; nothing if there are none.
    Alt(Vec<Node>),
    Repeat(Box<Node>, u32, Option<u32>),
    /// What the first derives and the second does not; both have to be regular.
    Minus(Box<Node>, Box<Node>, Span),
    /// The texts of what is regular that do not begin with a shorter one.
    Shortest(Box<Node>, Span),
}

impl Node {
    /// The node that derives the empty text alone.
    pub(super) fn empty() -> Self {
        Self::Seq(Vec::new())
    }

    pub(super) fn seq(mut parts: Vec<Node>) -> Self {
        match (parts.len(), parts.pop()) {
            (1, Some(part)) => part,
            (_, last) => {
                parts.extend(last);
                Self::Seq(parts)
            }
        }
    }

    pub(super) fn alt(mut parts: Vec<Node>) -> Self {
        match (parts.len(), parts.pop()) {
            (1, Some(part)) => part,
            (_, last) => {
                parts.extend(last);
                Self::Alt(parts)
            }
        }
    }

    pub(super) fn repeat(self, min: u32, max: Option<u32>) -> Self {
        Self::Repeat(Box::new(self), min, max)
    }

    /// Calls `f` with every symbol named, as often as it is.
    pub(super) fn each_name(&self, f: &mut impl FnMut(Symbol)) {
        match self {
            Self::Text(_) | Self::Set(_) | Self::Words(_) | Self::Foreign(_) => {}
            Self::Name(symbol) => f(*symbol),
            Self::Seq(parts) | Self::Alt(parts) => {
                parts.iter().for_each(|part| part.each_name(f));
            }
            Self::Repeat(inner, ..) | Self::Shortest(inner, _) => inner.each_name(f),
            Self::Minus(a, b, _) => {
                a.each_name(f);
                b.each_name(f);
            }
        }
    }

    /// Calls `f` with every node that has no parts.
    fn each_leaf(&mut self, f: &mut impl FnMut(&mut Node)) {
        match self {
            Self::Seq(parts) | Self::Alt(parts) => {
                parts.iter_mut().for_each(|part| part.each_leaf(f));
            }
            Self::Repeat(inner, ..) | Self::Shortest(inner, _) => inner.each_leaf(f),
            Self::Minus(a, b, _) => {
                a.each_leaf(f);
                b.each_leaf(f);
            }
            leaf => f(leaf),
        }
    }

    /// Calls `f` with every symbol named in what has to become one automaton.
    pub(super) fn each_name_in_regular(&self, f: &mut impl FnMut(Symbol)) {
        match self {
            Self::Text(_) | Self::Set(_) | Self::Words(_) | Self::Foreign(_) | Self::Name(_) => {}
            Self::Seq(parts) | Self::Alt(parts) => {
                parts.iter().for_each(|part| part.each_name_in_regular(f));
            }
            Self::Repeat(inner, ..) => inner.each_name_in_regular(f),
            Self::Shortest(inner, _) => inner.each_name(f),
            Self::Minus(a, b, _) => {
                a.each_name(f);
                b.each_name(f);
            }
        }
    }
}

/// How the uses of a symbol may be joined with what stands beside them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Joining {
    /// Where that spares rules and does not repeat large automata.
    #[default]
    Thrifty,
    /// Not at all.
    Never,
    /// The body is one automaton, however often its parts are used elsewhere.
    Whole,
}

#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub(super) name: String,
    /// The place of the definition; of the first use while there is none.
    pub(super) span: Span,
    /// Absent until defined.
    pub(super) body: Option<Node>,
    pub(super) joining: Joining,
    /// What a lexer has to know of it, if it is a terminal for one.
    pub(super) lexeme: Option<Lexeme>,
}

/// The definitions of a grammar.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) definitions: Vec<Definition>,
    pub(super) foreign: Vec<Foreign>,
    foreign_ids: FxHashMap<ForeignKind, ForeignId>,
    names: FxHashMap<String, Symbol>,
}

impl Draft {
    /// The symbol called `name`, used at `span`.
    pub(super) fn symbol(&mut self, name: &str, span: Span) -> Symbol {
        if let Some(&symbol) = self.names.get(name) {
            return symbol;
        }
        let symbol = self.push(name, span);
        self.names.insert(name.to_owned(), symbol);
        symbol
    }

    /// A symbol that no name leads to.
    pub(super) fn push(&mut self, name: &str, span: Span) -> Symbol {
        self.definitions.push(Definition {
            name: name.to_owned(),
            span,
            body: None,
            joining: Joining::default(),
            lexeme: None,
        });
        Symbol(self.definitions.len() as u32 - 1)
    }

    /// A node of something foreign.
    pub(super) fn foreign(&mut self, kind: ForeignKind, span: Span) -> Node {
        let fresh = ForeignId(self.foreign.len() as u32);
        let id = *self.foreign_ids.entry(kind.clone()).or_insert(fresh);
        if id == fresh {
            self.foreign.push(Foreign { kind, span });
        }
        Node::Foreign(id)
    }

    /// A node that derives what `other` does from `start`. Names of the two have
    /// nothing to do with each other; places are all `span` from now on.
    pub(super) fn absorb(&mut self, other: Draft, start: Symbol, span: Span) -> Node {
        let offset = self.definitions.len() as u32;
        let foreign = other.foreign.into_iter();
        let foreign: Vec<Node> = foreign.map(|part| self.foreign(part.kind, span)).collect();
        for mut definition in other.definitions {
            definition.span = span;
            if let Some(body) = &mut definition.body {
                body.each_leaf(&mut |leaf| match leaf {
                    Node::Name(symbol) => symbol.0 += offset,
                    Node::Foreign(id) => {
                        if let Some(known) = foreign.get(id.0 as usize) {
                            *leaf = known.clone();
                        }
                    }
                    _ => {}
                });
            }
            self.definitions.push(definition);
        }
        Node::Name(Symbol(start.0 + offset))
    }

    /// The symbol called `name`, if it was met.
    pub(super) fn find(&self, name: &str) -> Option<Symbol> {
        self.names.get(name).copied()
    }

    pub(super) fn get(&self, symbol: Symbol) -> &Definition {
        &self.definitions[symbol.0 as usize]
    }

    pub(super) fn get_mut(&mut self, symbol: Symbol) -> &mut Definition {
        &mut self.definitions[symbol.0 as usize]
    }

    /// Defines the symbol called `name`.
    pub(super) fn define(&mut self, name: &str, span: Span, body: Node) -> Result<Symbol, Fault> {
        let symbol = self.symbol(name, span);
        let definition = self.get_mut(symbol);
        if definition.body.is_some() {
            return Err(Fault::duplicate(
                span,
                format!("`{name}` is defined already; join the two with `|` or rename one"),
            ));
        }
        definition.span = span;
        definition.body = Some(body);
        Ok(symbol)
    }
}
