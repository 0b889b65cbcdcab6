//! From files to drafts: imports, templates and what is ignored.

#![expect(
    clippy::indexing_slicing,
    reason = "arguments were counted when the template was called"
)]

mod lexemes;

use std::sync::Arc;

use formwork_automata::{CharSet, Dfa};
use rustc_hash::FxHashMap;

use super::ast::{Change, Definition, File, Tree, is_terminal};
use super::regex::{self, FaultKind, RegexFault};
use super::{common, substring};
use crate::ir::{ForeignKind, Span};
use crate::syntax::draft::{Draft, Joining, Node, Symbol};
use crate::syntax::error::{Fault, MAX_ERRORS};
use crate::syntax::options::SyntaxOptions;
use crate::syntax::{fold, lower};
use lexemes::Lexemes;

pub(super) fn resolve(
    file: &File,
    text: &str,
    options: &SyntaxOptions,
) -> Result<(Draft, Symbol), Vec<Fault>> {
    let mut resolver = Resolver {
        text,
        draft: Draft::default(),
        options,
        templates: FxHashMap::default(),
        instances: FxHashMap::default(),
        pending: Vec::new(),
        regexes: FxHashMap::default(),
        ignored: None,
        lexemes: Lexemes::new(file, options),
        nodes: 0,
        work: options.limits.max_pattern_work,
        bytes: 0,
    };
    let mut faults = Vec::new();
    resolver.all(file, &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    let name = options.start.as_deref().unwrap_or("start");
    let Some(start) = resolver.draft.find(name) else {
        let message = format!("no rule `{name}`, where texts start; add `{name}: …`");
        return Err(vec![Fault::undefined(Span::default(), message)]);
    };
    let start = resolver.start(start);
    Ok((resolver.draft, start))
}

struct Resolver<'a> {
    text: &'a str,
    draft: Draft,
    options: &'a SyntaxOptions,
    templates: FxHashMap<&'a str, &'a Definition>,
    /// Templates with the symbols of their arguments.
    instances: FxHashMap<(&'a str, Vec<Symbol>), Symbol>,
    /// Instances whose bodies are not made yet.
    pending: Vec<(&'a Definition, Vec<Symbol>, Symbol)>,
    regexes: FxHashMap<(&'a str, &'a str), Arc<Dfa>>,
    /// Derives what may stand after a terminal.
    ignored: Option<Symbol>,
    /// The terminals of a lexer, if there is one.
    lexemes: Option<Lexemes<'a>>,
    nodes: usize,
    /// What is left for regular expressions.
    work: u64,
    /// Bytes of the automata of regular expressions.
    bytes: usize,
}

/// What surrounds a tree.
#[derive(Clone, Copy)]
struct Scope<'a> {
    /// Whether it is part of a terminal.
    in_terminal: bool,
    params: &'a [String],
    arguments: &'a [Symbol],
}

const RULE: Scope<'_> = Scope {
    in_terminal: false,
    params: &[],
    arguments: &[],
};
const TERMINAL: Scope<'_> = Scope {
    in_terminal: true,
    ..RULE
};

impl<'a> Resolver<'a> {
    fn all(&mut self, file: &'a File, faults: &mut Vec<Fault>) {
        let mut note = |result: Result<(), Fault>| {
            faults.extend(result.err());
            faults.len() < MAX_ERRORS
        };
        for import in &file.imports {
            note(self.import(import));
        }
        for (change, definition) in &file.changes {
            note(self.change(*change, definition, file));
        }
        for rule in file.rules.iter().filter(|rule| !rule.params.is_empty()) {
            note(self.template(rule));
        }
        note(self.ignore(&file.ignored));
        for terminal in &file.terminals {
            if !note(self.definition(terminal, TERMINAL)) {
                return;
            }
        }
        for rule in file.rules.iter().filter(|rule| rule.params.is_empty()) {
            if !note(self.definition(rule, RULE)) {
                return;
            }
        }
        while let Some((template, arguments, symbol)) = self.pending.pop() {
            self.enter(template.span);
            let scope = Scope {
                in_terminal: false,
                params: &template.params,
                arguments: &arguments,
            };
            let body = self.body(template, scope);
            let body = body.map(|body| self.draft.get_mut(symbol).body = Some(body));
            if !note(body) {
                return;
            }
        }
    }

    fn import(&mut self, import: &super::ast::Import) -> Result<(), Fault> {
        let Some(pattern) = common::terminal(&import.name) else {
            let message = format!(
                "`common` has no terminal `{}`; it has {}",
                import.name,
                common::NAMES
            );
            return Err(Fault::undefined(import.span, message));
        };
        if !is_terminal(&import.alias) {
            let message = "a terminal needs a name in capitals";
            return Err(Fault::malformed(import.span, message));
        }
        let dfa = self.regex(pattern, "", import.span)?;
        let body = Node::Words(dfa);
        let symbol = self.draft.define(&import.alias, import.span, body)?;
        self.named(symbol, 0, false);
        Ok(())
    }

    /// Replaces an imported terminal, or adds to it.
    fn change(
        &mut self,
        change: Change,
        definition: &'a Definition,
        file: &File,
    ) -> Result<(), Fault> {
        let Definition { name, span, .. } = definition;
        let is_imported = file.imports.iter().any(|import| import.alias == *name);
        let symbol = self.draft.find(name).filter(|_| is_imported);
        let Some(symbol) = symbol else {
            let message = format!("`{name}` is not imported; change its definition instead");
            return Err(Fault::undefined(*span, message));
        };
        let node = self.body(definition, TERMINAL)?;
        let known = self.draft.get_mut(symbol);
        let before = known.body.take();
        known.body = Some(match (change, before) {
            (Change::Extend, Some(before)) => Node::alt(vec![before, node]),
            _ => node,
        });
        known.joining = Joining::Whole;
        Ok(())
    }

    fn template(&mut self, rule: &'a Definition) -> Result<(), Fault> {
        if self.templates.insert(&rule.name, rule).is_some() {
            let message = format!("`{}` is defined already", rule.name);
            return Err(Fault::duplicate(rule.span, message));
        }
        Ok(())
    }

    fn ignore(&mut self, trees: &'a [Tree]) -> Result<(), Fault> {
        if trees.is_empty() {
            return Ok(());
        }
        if self.lexemes.is_some() {
            return trees.iter().try_for_each(|tree| self.ignored_lexeme(tree));
        }
        let parts = trees.iter().map(|tree| self.node(tree, TERMINAL));
        let parts = parts.collect::<Result<Vec<Node>, Fault>>()?;
        let symbol = self.draft.push("%ignore", Span::default());
        let definition = self.draft.get_mut(symbol);
        definition.body = Some(Node::alt(parts).repeat(0, None));
        definition.joining = Joining::Never;
        self.ignored = Some(symbol);
        Ok(())
    }

    fn definition(&mut self, definition: &'a Definition, scope: Scope<'_>) -> Result<(), Fault> {
        self.enter(definition.span);
        let body = self.body(definition, scope)?;
        if self.templates.contains_key(definition.name.as_str()) {
            let message = format!("`{}` is a template already", definition.name);
            return Err(Fault::duplicate(definition.span, message));
        }
        let symbol = self.draft.define(&definition.name, definition.span, body)?;
        if scope.in_terminal {
            self.draft.get_mut(symbol).joining = Joining::Whole;
            let is_text = self.is_text(&definition.body);
            self.named(symbol, definition.priority, is_text);
        }
        Ok(())
    }

    fn body(&mut self, definition: &'a Definition, scope: Scope<'_>) -> Result<Node, Fault> {
        let Some(shortest) = &definition.shortest else {
            return self.node(&definition.body, scope);
        };
        if self.lexemes.is_some() {
            let message = "a lexer takes the longest match; read the grammar without one";
            return Err(Fault::unsupported(definition.span, message));
        }
        let inside = Scope {
            in_terminal: true,
            ..scope
        };
        let mut parts = vec![self.node(&definition.body, inside)?];
        if let Some(suffix) = &shortest.suffix {
            parts.push(self.node(suffix, inside)?);
        }
        let node = Node::Shortest(Box::new(Node::seq(parts)), definition.span);
        Ok(self.leaf(node, scope))
    }

    /// The symbol of whole texts: before the first terminal, ignored ones may stand.
    fn start(&mut self, start: Symbol) -> Symbol {
        let mut parts: Vec<Node> = self.ignored.map(Node::Name).into_iter().collect();
        // A terminal is no rule, with a lexer.
        if parts.is_empty() && self.draft.get(start).lexeme.is_none() {
            return start;
        }
        parts.push(Node::Name(start));
        let span = self.draft.get(start).span;
        let symbol = self.draft.push("%start", span);
        let body = Node::seq(parts);
        self.draft.get_mut(symbol).body = Some(body);
        symbol
    }

    fn node(&mut self, tree: &'a Tree, scope: Scope<'_>) -> Result<Node, Fault> {
        self.nodes += 1;
        let max = self.options.limits.max_nodes;
        if self.nodes > max {
            let what = "nodes of all definitions";
            return Err(Fault::limit(Span::default(), what, "max_nodes", max));
        }
        let leaf = match tree {
            Tree::Seq(parts) => {
                let parts = parts.iter().map(|part| self.node(part, scope));
                return Ok(Node::seq(parts.collect::<Result<_, _>>()?));
            }
            Tree::Alt(parts) => {
                let parts = parts.iter().map(|part| self.node(part, scope));
                return Ok(Node::alt(parts.collect::<Result<_, _>>()?));
            }
            Tree::Repeat(inner, min, max) => {
                return Ok(self.node(inner, scope)?.repeat(*min, *max));
            }
            Tree::Call(name, arguments, span) => {
                return self.call(name, arguments, *span, scope);
            }
            Tree::Name(name, span) => return self.name(name, *span, scope),
            Tree::And(parts, span) => self.and(parts, *span, scope)?,
            Tree::Not(inner, span) => {
                let inside = Scope {
                    in_terminal: true,
                    ..scope
                };
                all_but(self.node(inner, inside)?, *span)
            }
            Tree::Structured(span) => {
                let source = source_of(self.text, *span);
                let limits = &self.options.limits;
                Node::Words(Arc::new(substring::structured(source, *span, limits)?))
            }
            Tree::Schema(span) | Tree::Grammar(span) | Tree::Token(_, span)
                if scope.in_terminal =>
            {
                let message = "this cannot be part of a terminal; use it in a rule";
                return Err(Fault::malformed(*span, message));
            }
            Tree::Schema(span) | Tree::Grammar(span) | Tree::Token(_, span)
                if self.lexemes.is_some() =>
            {
                let message = "a lexer cannot cut this off; read the grammar without one";
                return Err(Fault::unsupported(*span, message));
            }
            Tree::Schema(span) => {
                let schema = source_of(self.text, *span).to_owned();
                self.draft.foreign(ForeignKind::JsonSchema(schema), *span)
            }
            Tree::Token(pattern, span) => {
                let kind = ForeignKind::Token(pattern.clone());
                self.draft.foreign(kind, *span)
            }
            Tree::Grammar(span) => self.grammar(*span)?,
            Tree::Text { text, .. } if text.is_empty() => return Ok(Node::empty()),
            Tree::Text {
                text,
                any_case: true,
            } => fold::text(text),
            Tree::Text { text, .. } => Node::Text(text.clone()),
            Tree::Range(low, high) => {
                Node::Set(CharSet::from_ranges([(*low as u32, *high as u32)]))
            }
            Tree::Regex {
                source,
                flags,
                span,
            } => Node::Words(self.regex(source, flags, *span)?),
        };
        if self.lexemes.is_some() && !scope.in_terminal {
            return Ok(Node::Name(self.anonymous(tree, leaf)));
        }
        Ok(self.leaf(leaf, scope))
    }

    /// What all parts derive: the first without what the others do not.
    fn and(&mut self, parts: &'a [Tree], span: Span, scope: Scope<'_>) -> Result<Node, Fault> {
        let inside = Scope {
            in_terminal: true,
            ..scope
        };
        let mut all: Option<Node> = None;
        for part in parts {
            let node = self.node(part, inside)?;
            all = Some(match all {
                None => node,
                Some(before) => Node::Minus(Box::new(before), Box::new(all_but(node, span)), span),
            });
        }
        Ok(all.unwrap_or_else(Node::empty))
    }

    /// What a grammar within this one derives; names in it are its own.
    fn grammar(&mut self, span: Span) -> Result<Node, Fault> {
        let source = source_of(self.text, span);
        let start = span.start + source.find('{').map_or(source.len(), |at| at + 1);
        let inside = Span {
            start,
            end: span.end.saturating_sub(1),
        };
        let mut options = self.options.clone();
        options.start = None;
        // Reading recurses, so that grammars within grammars use up the nesting.
        let Some(left) = options.limits.max_nesting.checked_sub(NESTED) else {
            let max = self.options.limits.max_nesting;
            return Err(Fault::limit(span, "nested grammars", "max_nesting", max));
        };
        options.limits.max_nesting = left;
        let read = super::read(source_of(self.text, inside), &options);
        let read = read.and_then(|(mut draft, start)| {
            lower::check(&mut draft, &options)?;
            Ok((draft, start))
        });
        match read {
            Ok((draft, start)) => Ok(self.draft.absorb(draft, start, span)),
            Err(faults) => {
                // One is enough to go on with.
                let fault = faults.into_iter().next();
                let mut fault = fault.unwrap_or_else(|| Fault::malformed(span, "not a grammar"));
                fault.span.start += inside.start;
                fault.span.end += inside.start;
                Err(fault)
            }
        }
    }

    /// A terminal, with what is ignored after it unless it is part of another.
    fn leaf(&self, leaf: Node, scope: Scope<'_>) -> Node {
        match self.ignored {
            Some(ignored) if !scope.in_terminal => Node::Seq(vec![leaf, Node::Name(ignored)]),
            _ => leaf,
        }
    }

    fn name(&mut self, name: &'a str, span: Span, scope: Scope<'_>) -> Result<Node, Fault> {
        if let Some(at) = scope.params.iter().position(|param| param == name) {
            let symbol = scope.arguments[at];
            let terminal = is_terminal(&self.draft.get(symbol).name);
            let node = Node::Name(symbol);
            return Ok(if terminal {
                self.leaf(node, scope)
            } else {
                node
            });
        }
        if let Some(template) = self.templates.get(name) {
            let message = format!(
                "`{name}` is a template; give it {} in braces",
                template.params.len()
            );
            return Err(Fault::malformed(span, message));
        }
        let terminal = is_terminal(name);
        if scope.in_terminal && !terminal {
            let message = format!("`{name}` is a rule, and terminals are made of terminals only");
            return Err(Fault::malformed(span, message));
        }
        let node = Node::Name(self.draft.symbol(name, span));
        Ok(if terminal {
            self.leaf(node, scope)
        } else {
            node
        })
    }

    /// The instance of a template, shared by all calls with the same arguments.
    fn call(
        &mut self,
        name: &'a str,
        arguments: &'a [Tree],
        span: Span,
        scope: Scope<'_>,
    ) -> Result<Node, Fault> {
        if scope.in_terminal {
            let message = "terminals are made of terminals only";
            return Err(Fault::malformed(span, message));
        }
        let Some(&template) = self.templates.get(name) else {
            let message = format!("no template `{name}`; define it or remove the braces");
            return Err(Fault::undefined(span, message));
        };
        if template.params.len() != arguments.len() {
            let message = format!(
                "`{name}` has {} parameters, not {}",
                template.params.len(),
                arguments.len()
            );
            return Err(Fault::malformed(span, message));
        }
        let symbols = arguments
            .iter()
            .map(|argument| self.argument(argument, span, scope));
        let symbols = symbols.collect::<Result<Vec<Symbol>, Fault>>()?;
        let key = (name, symbols);
        if let Some(&known) = self.instances.get(&key) {
            return Ok(Node::Name(known));
        }
        let symbol = self.draft.push(&template.name, template.span);
        let max = self.options.limits.max_rules;
        if self.draft.definitions.len() > max {
            let what = "rules and instances of templates";
            return Err(Fault::limit(span, what, "max_rules", max));
        }
        self.pending.push((template, key.1.clone(), symbol));
        self.instances.insert(key, symbol);
        Ok(Node::Name(symbol))
    }

    fn argument(&mut self, tree: &'a Tree, span: Span, scope: Scope<'_>) -> Result<Symbol, Fault> {
        if let Tree::Name(name, span) = tree {
            if let Some(at) = scope.params.iter().position(|param| param == name) {
                return Ok(scope.arguments[at]);
            }
            if !self.templates.contains_key(name.as_str()) {
                return Ok(self.draft.symbol(name, *span));
            }
        }
        let body = self.node(tree, scope)?;
        let symbol = self.draft.push("argument", span);
        self.draft.get_mut(symbol).body = Some(body);
        Ok(symbol)
    }

    fn regex(&mut self, source: &'a str, flags: &'a str, span: Span) -> Result<Arc<Dfa>, Fault> {
        if let Some(known) = self.regexes.get(&(source, flags)) {
            return Ok(known.clone());
        }
        let dfa = regex::compile(source, flags, &self.options.limits, &mut self.work);
        let dfa = Arc::new(dfa.map_err(|fault| place(source, span, fault))?);
        self.bytes += dfa.heap_bytes();
        let max = self.options.limits.max_automata_bytes;
        if self.bytes > max {
            let what = "bytes of the automata of all regular expressions";
            return Err(Fault::limit(span, what, "max_automata_bytes", max));
        }
        self.regexes.insert((source, flags), dfa.clone());
        Ok(dfa)
    }
}

/// What a grammar within a grammar takes of the nesting that is allowed.
const NESTED: u32 = 8;

fn source_of(text: &str, span: Span) -> &str {
    text.get(span.start..span.end).unwrap_or_default()
}

/// All texts but those of `node`.
fn all_but(node: Node, span: Span) -> Node {
    let all = Node::Set(CharSet::full()).repeat(0, None);
    Node::Minus(Box::new(all), Box::new(node), span)
}

/// The fault of a regular expression that stands at `span`, after a slash.
fn place(source: &str, span: Span, fault: RegexFault) -> Fault {
    let at = fault.at.min(source.len());
    let width = source[at..].chars().next().map_or(1, char::len_utf8);
    let start = span.start + 1 + at;
    let inner = Span {
        start,
        end: start + width,
    };
    match fault.kind {
        FaultKind::Malformed => Fault::malformed(inner, fault.message),
        FaultKind::Unsupported => Fault::unsupported(inner, fault.message),
        FaultKind::Limit => {
            let message = format!("{}; simplify it or raise the limits", fault.message);
            Fault::too_large(span, message)
        }
    }
}
