//! What a lexer takes for a terminal: every named one, and every text, range or
//! regular expression that stands in a rule.

use rustc_hash::FxHashMap;

use super::{Resolver, TERMINAL};
use crate::ir::{Lexeme, Span};
use crate::syntax::draft::{Joining, Node, Symbol};
use crate::syntax::error::Fault;
use crate::syntax::lark::ast::{File, Tree};
use crate::syntax::options::{Lexing, SyntaxOptions};

pub(super) struct Lexemes<'a> {
    /// What named terminals are defined as.
    bodies: FxHashMap<&'a str, &'a Tree>,
    /// The names that are ignored.
    ignored: Vec<&'a str>,
    /// Terminals without a name, by source.
    anonymous: FxHashMap<String, Symbol>,
    /// The definition at hand.
    span: Span,
}

impl<'a> Lexemes<'a> {
    /// `None` if no lexer is asked for.
    pub(super) fn new(file: &'a File, options: &SyntaxOptions) -> Option<Lexemes<'a>> {
        let name = |tree: &'a Tree| match tree {
            Tree::Name(name, _) => Some(name.as_str()),
            _ => None,
        };
        let bodies = file.terminals.iter();
        (options.lexing == Lexing::LongestMatch).then(|| Lexemes {
            bodies: bodies.map(|t| (t.name.as_str(), &t.body)).collect(),
            ignored: file.ignored.iter().filter_map(name).collect(),
            anonymous: FxHashMap::default(),
            span: Span::default(),
        })
    }
}

impl<'a> Resolver<'a> {
    /// Notes which definition is read.
    pub(super) fn enter(&mut self, span: Span) {
        if let Some(lexemes) = &mut self.lexemes {
            lexemes.span = span;
        }
    }

    /// Makes a defined symbol a terminal of the lexer.
    pub(super) fn named(&mut self, symbol: Symbol, priority: i32, is_text: bool) {
        let Some(lexemes) = &self.lexemes else {
            return;
        };
        let definition = self.draft.get_mut(symbol);
        definition.lexeme = Some(Lexeme {
            is_ignored: lexemes.ignored.contains(&definition.name.as_str()),
            name: definition.name.clone(),
            span: definition.span,
            priority,
            is_text,
        });
    }

    /// Whether a terminal is one text, perhaps by way of other names.
    pub(super) fn is_text(&self, mut tree: &'a Tree) -> bool {
        let Some(lexemes) = &self.lexemes else {
            return false;
        };
        // Names that lead in a circle lead to no text.
        for _ in 0..=lexemes.bodies.len() {
            match tree {
                Tree::Text { .. } => return true,
                Tree::Name(name, _) => match lexemes.bodies.get(name.as_str()) {
                    Some(body) => tree = body,
                    None => return false,
                },
                _ => return false,
            }
        }
        false
    }

    /// What is ignored: the terminal of a name, or one without a name.
    pub(super) fn ignored_lexeme(&mut self, tree: &'a Tree) -> Result<(), Fault> {
        let body = self.node(tree, TERMINAL)?;
        if matches!(tree, Tree::Name(..)) {
            return Ok(());
        }
        let symbol = self.anonymous(tree, body);
        if let Some(lexeme) = &mut self.draft.get_mut(symbol).lexeme {
            lexeme.is_ignored = true;
        }
        Ok(())
    }

    /// The terminal of what stands in a rule without a name. What has the same
    /// source is the same.
    pub(super) fn anonymous(&mut self, tree: &Tree, body: Node) -> Symbol {
        let (name, is_text) = match tree {
            Tree::Text { text, any_case } => {
                let flag = if *any_case { "i" } else { "" };
                (format!("{text:?}{flag}"), true)
            }
            Tree::Range(low, high) => (format!("\"{low}\"..\"{high}\""), false),
            Tree::Regex { source, flags, .. } => (format!("/{source}/{flags}"), false),
            // Only what is ignored; no two have this name.
            _ => (format!("%ignore {}", self.draft.definitions.len()), false),
        };
        let span = match (tree, &self.lexemes) {
            (Tree::Regex { span, .. }, _) => *span,
            (_, Some(lexemes)) => lexemes.span,
            _ => Span::default(),
        };
        let known = self.lexemes.as_ref().and_then(|l| l.anonymous.get(&name));
        if let Some(&known) = known {
            return known;
        }
        let symbol = self.draft.push(&name, span);
        let definition = self.draft.get_mut(symbol);
        definition.body = Some(body);
        definition.joining = Joining::Whole;
        definition.lexeme = Some(Lexeme {
            name: name.clone(),
            span,
            priority: 0,
            is_text,
            is_ignored: false,
        });
        if let Some(lexemes) = &mut self.lexemes {
            lexemes.anonymous.insert(name, symbol);
        }
        symbol
    }
}
