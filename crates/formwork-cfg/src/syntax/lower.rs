//! Drafts to grammars.
//!
//! Parts of a rule that are regular become one terminal each, as large as
//! possible: automata settle at once what rules would have to try in parallel. A
//! rule that is regular as a whole is joined with what stands around its uses if
//! it is used once or tiny; otherwise it stays one rule, so that its automaton
//! exists once. A rule that calls itself only at its ends becomes a repetition.
//! No language is changed by any of this.

#![expect(
    clippy::indexing_slicing,
    reason = "symbols are given out by the draft"
)]

mod join;
mod lexemes;
mod tails;
mod terminals;

use std::sync::Arc;

use formwork_automata::Dfa;

use super::draft::{Draft, Joining, Node, Symbol};
use super::error::{Fault, MAX_ERRORS};
use super::options::{Lexing, SyntaxOptions, Undefined};
use super::words;
use crate::ir::{Expr, ForeignId, Grammar, Rule, RuleId, Span, TerminalId};
use terminals::Terminals;

/// Longer texts are cut, if not joined: tables grow with the square of a text that
/// has ever new characters.
const LONG_TEXT: usize = 512;
/// Automata of so many states are repeated at every use of their rule.
const TINY_STATES: usize = 4;
/// Unless a state stays where it is on so many characters: what a vocabulary does
/// there takes long to find out.
const WIDE_LOOP: u32 = 128;

/// The grammar of `draft` from `start` on. Rules that nothing reaches are left out.
pub(super) fn lower(
    mut draft: Draft,
    start: Symbol,
    options: &SyntaxOptions,
) -> Result<Grammar, Vec<Fault>> {
    check(&mut draft, options)?;
    tails::unroll(&mut draft);
    spread_whole(&mut draft);
    let order = postorder(&draft);
    let mut bodies: Vec<Option<Node>> = draft
        .definitions
        .iter_mut()
        .map(|definition| definition.body.take())
        .collect();
    let mut lowering = Lowering::new(&draft, &bodies, options);
    let mut exprs: Vec<Option<Expr>> = Vec::new();
    exprs.resize_with(bodies.len(), || None);
    for symbol in order {
        let at = symbol.0 as usize;
        let Some(mut body) = bodies[at].take() else {
            continue;
        };
        exprs[at] = Some(
            lowering
                .definition(symbol, &mut body)
                .map_err(|fault| vec![fault])?,
        );
    }
    if options.lexing == Lexing::LongestMatch {
        let whole = lowering.whole;
        return lexemes::grammar(&draft, exprs, whole, start, options);
    }
    let terminals = lowering.terminals.all;
    Ok(reachable(&draft, exprs, &terminals, start).0)
}

/// Defines or reports what is not defined, and counts.
pub(super) fn check(draft: &mut Draft, options: &SyntaxOptions) -> Result<(), Vec<Fault>> {
    let max = options.limits.max_rules;
    if let Some(first) = draft.definitions.get(max) {
        let fault = Fault::limit(first.span, "rules and terminals", "max_rules", max);
        return Err(vec![fault]);
    }
    let mut faults = Vec::new();
    for definition in &mut draft.definitions {
        if definition.body.is_some() {
            continue;
        }
        definition.body = Some(Node::Alt(Vec::new()));
        if options.undefined == Undefined::Refuse && faults.len() < MAX_ERRORS {
            let name = &definition.name;
            let message = format!("`{name}` is not defined; define it or correct the name");
            faults.push(Fault::undefined(definition.span, message));
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults)
    }
}

/// What a difference or another such definition needs has to be one automaton.
fn spread_whole(draft: &mut Draft) {
    let mut work = Vec::new();
    for definition in &draft.definitions {
        let Some(body) = &definition.body else {
            continue;
        };
        let mut needed = |symbol: Symbol| work.push(symbol);
        if definition.joining == Joining::Whole {
            body.each_name(&mut needed);
        } else {
            body.each_name_in_regular(&mut needed);
        }
    }
    while let Some(symbol) = work.pop() {
        let definition = draft.get_mut(symbol);
        if definition.joining != Joining::Thrifty {
            continue;
        }
        definition.joining = Joining::Whole;
        if let Some(body) = &definition.body {
            body.each_name(&mut |symbol| work.push(symbol));
        }
    }
}

/// All symbols, every one after those it uses but where they use each other.
fn postorder(draft: &Draft) -> Vec<Symbol> {
    let count = draft.definitions.len();
    let uses = |symbol: Symbol| {
        let mut list = Vec::new();
        if let Some(body) = &draft.get(symbol).body {
            body.each_name(&mut |symbol| list.push(symbol));
        }
        list
    };
    let mut met = vec![false; count];
    let mut order = Vec::with_capacity(count);
    for root in (0..count as u32).map(Symbol) {
        let mut stack = vec![(root, None::<std::vec::IntoIter<Symbol>>)];
        while let Some((symbol, rest)) = stack.last_mut() {
            let symbol = *symbol;
            let rest = match rest {
                Some(rest) => rest,
                None if met[symbol.0 as usize] => {
                    stack.pop();
                    continue;
                }
                None => {
                    met[symbol.0 as usize] = true;
                    rest.insert(uses(symbol).into_iter())
                }
            };
            match rest.next() {
                Some(next) => stack.push((next, None)),
                None => {
                    order.push(symbol);
                    stack.pop();
                }
            }
        }
    }
    order
}

struct Lowering<'a> {
    draft: &'a Draft,
    options: &'a SyntaxOptions,
    /// How often each symbol is used.
    uses: Vec<u32>,
    /// The automata of the symbols lowered so far that are one.
    whole: Vec<Option<Arc<Dfa>>>,
    /// Whether those automata are [tiny](is_tiny).
    tiny: Vec<bool>,
    terminals: Terminals,
    /// What is left for joining.
    work: u64,
    /// What is left for differences.
    pattern_work: u64,
}

/// Where a tree stands.
#[derive(Clone, Copy)]
struct Place {
    span: Span,
    /// Whether everything has to become one automaton.
    whole: bool,
}

impl<'a> Lowering<'a> {
    fn new(draft: &'a Draft, bodies: &[Option<Node>], options: &'a SyntaxOptions) -> Self {
        let mut uses = vec![0u32; bodies.len()];
        for body in bodies.iter().flatten() {
            body.each_name(&mut |symbol| uses[symbol.0 as usize] += 1);
        }
        Self {
            draft,
            options,
            uses,
            whole: vec![None; bodies.len()],
            tiny: vec![false; bodies.len()],
            terminals: Terminals::default(),
            work: options.limits.max_work,
            pattern_work: options.limits.max_pattern_work,
        }
    }

    fn definition(&mut self, symbol: Symbol, body: &mut Node) -> Result<Expr, Fault> {
        let definition = self.draft.get(symbol);
        let place = Place {
            span: definition.span,
            whole: definition.joining == Joining::Whole,
        };
        self.subtract(body)?;
        if definition.lexeme.is_some() {
            return self.lexeme(symbol, body);
        }
        if !self.is_regular(body, place.whole) {
            return self.expression(body, place);
        }
        match self.join(std::slice::from_ref(body)) {
            Some(dfa) => {
                self.whole[symbol.0 as usize] = Some(dfa.clone());
                self.tiny[symbol.0 as usize] = is_tiny(&dfa);
                self.terminal(&dfa, place.span)
            }
            None => self.expression(body, place),
        }
    }

    /// Replaces every difference, and what is to be shortest, by its automaton.
    fn subtract(&mut self, node: &mut Node) -> Result<(), Fault> {
        match node {
            Node::Text(_) | Node::Set(_) | Node::Words(_) | Node::Name(_) | Node::Foreign(_) => {
                Ok(())
            }
            Node::Seq(parts) | Node::Alt(parts) => {
                parts.iter_mut().try_for_each(|part| self.subtract(part))
            }
            Node::Repeat(inner, ..) => self.subtract(inner),
            Node::Minus(a, b, span) => {
                let span = *span;
                self.subtract(a)?;
                self.subtract(b)?;
                let a = self.operand(a, span)?;
                let b = self.operand(b, span)?;
                self.pay_for_difference(&a, &b, span)?;
                let difference = a.difference(&b, &self.options.limits.automata());
                let dfa = difference.map_err(|_| self.too_many_states(span))?;
                *node = Node::Words(Arc::new(dfa));
                Ok(())
            }
            Node::Shortest(inner, span) => {
                let span = *span;
                self.subtract(inner)?;
                if !self.is_regular(inner, true) {
                    let message = "what is to be as short as possible has to be without recursion";
                    return Err(Fault::unsupported(span, message));
                }
                let dfa = self.join(std::slice::from_ref(inner));
                let dfa = dfa.ok_or_else(|| self.too_many_states(span))?;
                let dfa = words::shortest(&dfa, &self.options.limits.automata());
                let dfa = dfa.map_err(|_| self.too_many_states(span))?;
                *node = Node::Words(Arc::new(dfa));
                Ok(())
            }
        }
    }

    /// Takes what the product of two automata may need.
    fn pay_for_difference(&mut self, a: &Dfa, b: &Dfa, span: Span) -> Result<(), Fault> {
        let limits = &self.options.limits;
        let states = (a.state_count() as u64 + 1) * (b.state_count() as u64 + 1);
        let states = states.min(u64::from(limits.max_states));
        let cost = states * (a.class_count() + b.class_count()) as u64;
        match self.pattern_work.checked_sub(cost) {
            Some(left) => {
                self.pattern_work = left;
                Ok(())
            }
            None => {
                let max = limits.max_pattern_work;
                let what = "steps of work on differences";
                Err(Fault::limit(span, what, "max_pattern_work", max))
            }
        }
    }

    fn operand(&mut self, node: &Node, span: Span) -> Result<Arc<Dfa>, Fault> {
        if !self.is_regular(node, true) {
            let message = "both sides of `-` have to be without recursion: \
                           a difference of other languages need not be context-free";
            return Err(Fault::unsupported(span, message));
        }
        self.join(std::slice::from_ref(node))
            .ok_or_else(|| self.too_many_states(span))
    }

    /// Why something could not be joined.
    fn too_many_states(&self, span: Span) -> Fault {
        if self.work == 0 {
            let max = self.options.limits.max_work;
            return Fault::limit(span, "steps of work on automata", "max_work", max);
        }
        let max = self.options.limits.max_states;
        Fault::limit(span, "states of one automaton", "max_states", max)
    }

    fn terminal(&mut self, dfa: &Arc<Dfa>, span: Span) -> Result<Expr, Fault> {
        let expr = self.terminals.expression(dfa);
        let max = self.options.limits.max_automata_bytes;
        if self.terminals.bytes > max {
            let what = "bytes of the automata of all terminals";
            return Err(Fault::limit(span, what, "max_automata_bytes", max));
        }
        Ok(expr)
    }

    /// Whether `node` may be joined to one automaton.
    fn is_regular(&self, node: &Node, whole: bool) -> bool {
        match node {
            Node::Text(_) | Node::Set(_) | Node::Words(_) => true,
            Node::Name(symbol) => self.joined(*symbol, whole).is_some(),
            Node::Seq(parts) | Node::Alt(parts) => {
                parts.iter().all(|part| self.is_regular(part, whole))
            }
            Node::Repeat(inner, ..) => self.is_regular(inner, whole),
            Node::Minus(..) | Node::Shortest(..) | Node::Foreign(_) => false,
        }
    }

    /// The automaton of a symbol, if it is to be part of those around its use.
    fn joined(&self, symbol: Symbol, whole: bool) -> Option<&Arc<Dfa>> {
        let at = symbol.0 as usize;
        let dfa = self.whole[at].as_ref()?;
        let small = self.uses[at] <= 1 || self.tiny[at];
        let definition = self.draft.get(symbol);
        let never = definition.joining == Joining::Never || definition.lexeme.is_some();
        (whole || (small && !never)).then_some(dfa)
    }

    fn join(&mut self, parts: &[Node]) -> Option<Arc<Dfa>> {
        if let [Node::Words(dfa)] = parts {
            return Some(dfa.clone());
        }
        if let Some(texts) = texts_of(parts) {
            let max_bytes = self.options.limits.max_automata_bytes;
            return words::automaton(texts, max_bytes).map(Arc::new);
        }
        let whole = &self.whole;
        let words = |symbol: Symbol| whole[symbol.0 as usize].clone();
        let max_states = self.options.limits.max_states;
        let fuel = &self.options.limits.fuel;
        let dfa = join::join(parts, &words, max_states, &mut self.work, fuel);
        dfa.ok().map(Arc::new)
    }

    /// A tree that is not one automaton, or would be too large a one.
    fn expression(&mut self, node: &Node, place: Place) -> Result<Expr, Fault> {
        match node {
            Node::Text(_) | Node::Set(_) | Node::Words(_) => self.leaf(node, place),
            Node::Name(symbol) => match self.joined(*symbol, place.whole).cloned() {
                Some(dfa) => self.terminal(&dfa, place.span),
                None if self.draft.get(*symbol).lexeme.is_some() => {
                    Ok(Expr::Terminal(TerminalId(symbol.0)))
                }
                None => Ok(Expr::Rule(RuleId(symbol.0))),
            },
            Node::Foreign(id) => Ok(Expr::Foreign(*id)),
            Node::Seq(parts) => self.sequence(parts, place),
            Node::Alt(parts) => self.choice(parts, place),
            Node::Repeat(inner, min, max) => Ok(Expr::Repeat {
                inner: Box::new(self.joined_or_expression(inner, place)?),
                min: *min,
                max: *max,
            }),
            Node::Minus(_, _, span) | Node::Shortest(_, span) => Err(self.too_many_states(*span)),
        }
    }

    /// Texts and sets need no work to speak of, whatever is left.
    fn leaf(&mut self, node: &Node, place: Place) -> Result<Expr, Fault> {
        let dfa = match node {
            Node::Words(dfa) => Some(dfa.clone()),
            Node::Text(text) if text.len() > LONG_TEXT => return self.long_text(text, place),
            Node::Text(text) => Some(Arc::new(Dfa::from_words([text.as_str()]))),
            Node::Set(set) => set_automaton(set).map(Arc::new),
            _ => None,
        };
        let dfa = dfa.ok_or_else(|| self.too_many_states(place.span))?;
        self.terminal(&dfa, place.span)
    }

    fn long_text(&mut self, text: &str, place: Place) -> Result<Expr, Fault> {
        let (mut exprs, mut rest) = (Vec::new(), text);
        while !rest.is_empty() {
            let mut end = rest.len().min(LONG_TEXT);
            while !rest.is_char_boundary(end) {
                end -= 1;
            }
            let (part, after) = rest.split_at(end);
            let dfa = Arc::new(Dfa::from_words([part]));
            exprs.push(self.terminal(&dfa, place.span)?);
            rest = after;
        }
        Ok(Expr::Sequence(exprs))
    }

    fn joined_or_expression(&mut self, node: &Node, place: Place) -> Result<Expr, Fault> {
        if self.is_regular(node, place.whole)
            && let Some(dfa) = self.join(std::slice::from_ref(node))
        {
            return self.terminal(&dfa, place.span);
        }
        self.expression(node, place)
    }

    /// Neighbours that are regular are joined.
    fn sequence(&mut self, parts: &[Node], place: Place) -> Result<Expr, Fault> {
        let regular: Vec<bool> = parts
            .iter()
            .map(|part| self.is_regular(part, place.whole))
            .collect();
        let mut exprs = Vec::with_capacity(parts.len());
        let mut at = 0;
        while at < parts.len() {
            let run = regular[at..].iter().take_while(|&&regular| regular).count();
            // A run that is the whole sequence was tried before.
            if run > 1
                && run < parts.len()
                && let Some(dfa) = self.join(&parts[at..at + run])
            {
                exprs.push(self.terminal(&dfa, place.span)?);
                at += run;
                continue;
            }
            for part in &parts[at..at + run.max(1)] {
                exprs.push(self.joined_or_expression(part, place)?);
            }
            at += run.max(1);
        }
        Ok(Expr::Sequence(exprs))
    }

    /// Alternatives that are texts are joined, however many: that takes no search.
    fn join_texts(
        &mut self,
        apart: &mut Vec<&Node>,
        exprs: &mut Vec<Expr>,
        place: Place,
    ) -> Result<(), Fault> {
        let is_text = |node: &Node| matches!(node, Node::Text(_));
        if apart.iter().filter(|part| is_text(part)).count() > 1 {
            let texts = apart.iter().filter_map(|part| match part {
                Node::Text(text) => Some(text.as_str()),
                _ => None,
            });
            let max_bytes = self.options.limits.max_automata_bytes;
            if let Some(dfa) = words::automaton(texts.collect(), max_bytes) {
                exprs.push(self.terminal(&Arc::new(dfa), place.span)?);
                apart.retain(|part| !is_text(part));
            }
        }
        Ok(())
    }

    /// Alternatives that are regular are joined.
    fn choice(&mut self, parts: &[Node], place: Place) -> Result<Expr, Fault> {
        let (regular, others): (Vec<&Node>, Vec<&Node>) = parts
            .iter()
            .partition(|part| self.is_regular(part, place.whole));
        let mut exprs = Vec::with_capacity(others.len() + 1);
        let mut apart: Vec<&Node> = parts.iter().collect();
        if regular.len() > 1 && !others.is_empty() {
            let together = Node::Alt(regular.into_iter().cloned().collect());
            if let Some(dfa) = self.join(std::slice::from_ref(&together)) {
                exprs.push(self.terminal(&dfa, place.span)?);
                apart = others;
            }
        }
        if exprs.is_empty() {
            self.join_texts(&mut apart, &mut exprs, place)?;
        }
        for part in apart {
            exprs.push(self.joined_or_expression(part, place)?);
        }
        Ok(Expr::Choice(exprs))
    }
}

/// The texts of which `parts` are a choice.
fn texts_of(parts: &[Node]) -> Option<Vec<&str>> {
    fn text(node: &Node) -> Option<&str> {
        match node {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }
    match parts {
        [Node::Alt(parts)] => parts.iter().map(text).collect(),
        [part] => text(part).map(|text| vec![text]),
        _ => None,
    }
}

fn is_tiny(dfa: &Dfa) -> bool {
    let states = dfa.state_count();
    states <= TINY_STATES && (0..states as u32).all(|s| dfa.loops(s).len() < WIDE_LOOP)
}

fn set_automaton(set: &formwork_automata::CharSet) -> Option<Dfa> {
    Dfa::unfold(
        false,
        std::slice::from_ref(set),
        |read, c| (!read && set.contains(c)).then_some(true),
        |read| *read,
        &formwork_automata::Limits::default(),
    )
    .ok()
}

/// Keeps the rules, terminals and foreign parts that `start` needs, in the order met.
/// Also returns the new numbers of terminals.
fn reachable(
    draft: &Draft,
    mut exprs: Vec<Option<Expr>>,
    terminals: &[Arc<Dfa>],
    start: Symbol,
) -> (Grammar, Vec<Option<TerminalId>>) {
    let mut rule_ids = vec![None; exprs.len()];
    let mut terminal_ids = vec![None; terminals.len()];
    let mut foreign_ids = vec![None; draft.foreign.len()];
    let mut grammar = Grammar {
        rules: Vec::new(),
        terminals: Vec::new(),
        foreign: Vec::new(),
        start: RuleId(0),
        lexing: None,
    };
    let mut queue = vec![start.0];
    rule_ids[start.0 as usize] = Some(RuleId(0));
    let mut at = 0;
    while let Some(&old) = queue.get(at) {
        at += 1;
        let mut body = exprs[old as usize]
            .take()
            .unwrap_or(Expr::Choice(Vec::new()));
        body.each_leaf(&mut |leaf| match leaf {
            Expr::Rule(rule) => {
                let known = &mut rule_ids[rule.0 as usize];
                let id = *known.get_or_insert_with(|| {
                    queue.push(rule.0);
                    RuleId(queue.len() as u32 - 1)
                });
                *rule = id;
            }
            Expr::Terminal(terminal) => {
                let old = terminal.0 as usize;
                let id = *terminal_ids[old].get_or_insert_with(|| {
                    grammar.terminals.push(terminals[old].clone());
                    TerminalId(grammar.terminals.len() as u32 - 1)
                });
                *terminal = id;
            }
            Expr::Foreign(foreign) => {
                let old = foreign.0 as usize;
                let id = *foreign_ids[old].get_or_insert_with(|| {
                    grammar.foreign.push(draft.foreign[old].clone());
                    ForeignId(grammar.foreign.len() as u32 - 1)
                });
                *foreign = id;
            }
            _ => {}
        });
        let definition = &draft.definitions[old as usize];
        grammar.rules.push(Rule {
            name: definition.name.clone(),
            span: definition.span,
            body,
        });
    }
    (grammar, terminal_ids)
}
