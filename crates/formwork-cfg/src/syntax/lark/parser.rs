//! Recursive descent over the tokens of Lark grammars.

use super::ast::{Change, Definition, File, Import, Shortest, Tree, is_terminal};
use super::lexer::{Token, explain};
use crate::ir::Span;
use crate::syntax::error::{Fault, MAX_ERRORS};
use crate::syntax::escape::Escapes;
use crate::syntax::options::SyntaxLimits;
use crate::syntax::token_names;
use crate::syntax::tokens::Tokens;

pub(super) fn parse(text: &str, limits: &SyntaxLimits) -> Result<File, Vec<Fault>> {
    let (tokens, mut faults) = Tokens::lex(text, explain);
    let mut parser = Parser {
        tokens,
        depth: 0,
        file: File::default(),
        limits,
    };
    while parser.skip_lines() && faults.len() < MAX_ERRORS {
        if let Err(fault) = parser.item() {
            faults.push(fault);
            parser.recover();
        }
    }
    if faults.is_empty() {
        Ok(parser.file)
    } else {
        Err(faults)
    }
}

struct Parser<'a> {
    tokens: Tokens<'a, Token>,
    /// How many brackets are open.
    depth: u32,
    file: File,
    limits: &'a SyntaxLimits,
}

impl<'a> Parser<'a> {
    fn skip_lines(&mut self) -> bool {
        while self.tokens.eat(Token::Newline) {}
        self.tokens.peek().is_some()
    }

    /// Skips to the next line that begins a definition or a directive.
    fn recover(&mut self) {
        self.depth = 0;
        while let Some(token) = self.tokens.peek() {
            self.tokens.at += 1;
            if token != Token::Newline {
                continue;
            }
            let mut marks = 0;
            while let Some(Token::Question | Token::Bang) = self.tokens.peek_nth(marks) {
                marks += 1;
            }
            let next = |n: usize| self.tokens.peek_nth(marks + n);
            let named = next(0) == Some(Token::Word)
                && matches!(
                    next(1),
                    Some(Token::Colon | Token::Dot | Token::OpenBrace | Token::OpenBracket)
                );
            if named || matches!(next(0), Some(Token::Directive | Token::Json)) {
                return;
            }
        }
    }

    fn item(&mut self) -> Result<(), Fault> {
        match self.tokens.peek() {
            Some(Token::Directive) => self.directive()?,
            Some(Token::Json) => {
                let span = self.tokens.here();
                option(self.tokens.source(span), span)?;
                self.tokens.at += 1;
            }
            _ => {
                let definition = self.definition()?;
                if is_terminal(&definition.name) {
                    self.file.terminals.push(definition);
                } else {
                    self.file.rules.push(definition);
                }
            }
        }
        match self.tokens.peek() {
            None | Some(Token::Newline) => Ok(()),
            Some(Token::Close | Token::CloseBracket | Token::CloseBrace) => {
                self.tokens.fail("no bracket is open here")
            }
            Some(_) => self.tokens.fail("expected the end of the definition"),
        }
    }

    fn definition(&mut self) -> Result<Definition, Fault> {
        while self.tokens.eat(Token::Question) || self.tokens.eat(Token::Bang) {}
        let span = self
            .tokens
            .expect(Token::Word, "expected the name of a rule or terminal")?;
        let name = self.tokens.source(span).to_owned();
        let params = if self.tokens.eat(Token::OpenBrace) {
            self.params()?
        } else {
            Vec::new()
        };
        let shortest = if self.tokens.peek() == Some(Token::OpenBracket) {
            self.attributes()?
        } else {
            None
        };
        let priority = self.priority()?;
        self.tokens
            .expect(Token::Colon, "expected `:` after the name")?;
        let body = self.alternatives()?;
        if is_terminal(&name) && !params.is_empty() {
            let message = "a terminal cannot be a template; write its name in small letters";
            return Err(Fault::malformed(span, message));
        }
        Ok(Definition {
            name,
            span,
            params,
            priority,
            shortest,
            body,
        })
    }

    /// Attributes of a rule, in brackets.
    fn attributes(&mut self) -> Result<Option<Shortest>, Fault> {
        let open = self.tokens.here();
        self.tokens.at += 1;
        let (mut lazy, mut suffix) = (false, None);
        loop {
            let span = self
                .tokens
                .expect(Token::Word, "expected the name of an attribute")?;
            let name = self.tokens.source(span);
            let has_value = self.tokens.eat(Token::Equals);
            match (name, has_value) {
                ("lazy", false) => lazy = true,
                ("suffix", true) => {
                    self.enter(open)?;
                    suffix = self.atom()?;
                    self.depth -= 1;
                    if suffix.is_none() {
                        return self
                            .tokens
                            .fail("expected a text, an expression or a terminal");
                    }
                }
                // A name for a tree, like an alias.
                ("capture", false) => {}
                ("capture", true) => {
                    self.tokens
                        .expect(Token::Text, "expected a name in quotes")?;
                }
                ("stop" | "stop_capture", true) => {
                    let message = "taking back what was generated is not supported; use `suffix`";
                    return Err(Fault::unsupported(span, message));
                }
                ("max_tokens", true) => {
                    let message = "how many tokens a text has is nothing that a grammar says; \
                                   bound its characters";
                    return Err(Fault::unsupported(span, message));
                }
                ("temperature", true) => {
                    let message = "a grammar does not choose among its texts; remove this";
                    return Err(Fault::unsupported(span, message));
                }
                _ => {
                    let message = "there are the attributes `lazy`, `suffix=` and `capture`";
                    return Err(Fault::malformed(span, message));
                }
            }
            if !self.tokens.eat(Token::Comma) {
                break;
            }
        }
        self.tokens
            .expect(Token::CloseBracket, "expected `,` or `]`")?;
        Ok((lazy || suffix.is_some()).then_some(Shortest { suffix }))
    }

    fn priority(&mut self) -> Result<i32, Fault> {
        if !self.tokens.eat(Token::Dot) {
            return Ok(0);
        }
        let span = self
            .tokens
            .expect(Token::Number, "expected a priority, a number")?;
        let message = "a priority has at most nine digits; choose smaller numbers";
        let priority = self.tokens.source(span).parse();
        priority.map_err(|_| Fault::malformed(span, message))
    }

    fn params(&mut self) -> Result<Vec<String>, Fault> {
        let mut params = Vec::new();
        loop {
            let span = self
                .tokens
                .expect(Token::Word, "expected the name of a parameter")?;
            params.push(self.tokens.source(span).to_owned());
            if !self.tokens.eat(Token::Comma) {
                break;
            }
        }
        self.tokens
            .expect(Token::CloseBrace, "expected `,` or `}`")?;
        Ok(params)
    }

    fn directive(&mut self) -> Result<(), Fault> {
        let span = self.tokens.here();
        self.tokens.at += 1;
        match self.tokens.source(span) {
            "%import" => self.import(),
            "%ignore" => {
                let tree = self.alternatives()?;
                self.file.ignored.push(tree);
                Ok(())
            }
            "%declare" => {
                let message = "a declared terminal has no texts; define it instead";
                Err(Fault::unsupported(span, message))
            }
            "%override" => self.change(Change::Override),
            "%extend" => self.change(Change::Extend),
            _ => {
                let message =
                    "unknown directive; there are %import, %ignore, %override and %extend";
                Err(Fault::malformed(span, message))
            }
        }
    }

    fn change(&mut self, change: Change) -> Result<(), Fault> {
        let definition = self.definition()?;
        if !definition.params.is_empty() {
            let message = "a template cannot be changed; write another one";
            return Err(Fault::unsupported(definition.span, message));
        }
        self.file.changes.push((change, definition));
        Ok(())
    }

    fn import(&mut self) -> Result<(), Fault> {
        let from = self.tokens.here();
        let library = match self.tokens.peek() {
            Some(Token::Word) => self.tokens.source(from),
            _ => "",
        };
        if library != "common" {
            let message = "only terminals of `common` can be imported, as in `%import common.INT`";
            return Err(Fault::unsupported(from, message));
        }
        self.tokens.at += 1;
        if self.tokens.eat(Token::Open) {
            loop {
                self.skip_lines();
                let span = self
                    .tokens
                    .expect(Token::Word, "expected the name of a terminal")?;
                self.push_import(span, span);
                self.skip_lines();
                if !self.tokens.eat(Token::Comma) {
                    break;
                }
            }
            self.tokens.expect(Token::Close, "expected `,` or `)`")?;
            return Ok(());
        }
        self.tokens
            .expect(Token::Dot, "expected `.` and the name of a terminal")?;
        let span = self
            .tokens
            .expect(Token::Word, "expected the name of a terminal")?;
        let alias = if self.tokens.eat(Token::Arrow) {
            self.tokens
                .expect(Token::Word, "expected the name it gets here")?
        } else {
            span
        };
        self.push_import(span, alias);
        Ok(())
    }

    fn push_import(&mut self, span: Span, alias: Span) {
        let import = Import {
            name: self.tokens.source(span).to_owned(),
            span,
            alias: self.tokens.source(alias).to_owned(),
        };
        self.file.imports.push(import);
    }

    fn alternatives(&mut self) -> Result<Tree, Fault> {
        let mut parts = Vec::new();
        loop {
            // A `|` may begin the first line of alternatives, too.
            if !(parts.is_empty() && self.next_alternative_on_new_line()) {
                parts.push(self.conjunction()?);
            }
            if self.tokens.eat(Token::Arrow) {
                self.tokens
                    .expect(Token::Word, "expected an alias, a name")?;
            }
            if !self.next_alternative() {
                break;
            }
        }
        Ok(match (parts.len(), parts.pop()) {
            (1, Some(part)) => part,
            (_, last) => {
                parts.extend(last);
                Tree::Alt(parts)
            }
        })
    }

    /// Whether a line end and a `|` follow; reads the line end.
    fn next_alternative_on_new_line(&mut self) -> bool {
        let start = self.tokens.at;
        self.skip_lines();
        let found = self.tokens.at > start && self.tokens.peek() == Some(Token::Or);
        if !found {
            self.tokens.at = start;
        }
        found
    }

    fn next_alternative(&mut self) -> bool {
        let start = self.tokens.at;
        self.skip_lines();
        let found = self.tokens.eat(Token::Or);
        if !found {
            self.tokens.at = start;
        }
        found
    }

    /// What `&` joins, tighter than `|`.
    fn conjunction(&mut self) -> Result<Tree, Fault> {
        let span = self.tokens.here();
        let mut parts = vec![self.sequence()?];
        while self.tokens.eat(Token::And) {
            parts.push(self.sequence()?);
        }
        Ok(match (parts.len(), parts.pop()) {
            (1, Some(part)) => part,
            (_, last) => {
                parts.extend(last);
                Tree::And(parts, span)
            }
        })
    }

    fn sequence(&mut self) -> Result<Tree, Fault> {
        let mut parts = Vec::new();
        loop {
            if self.depth > 0 {
                self.skip_lines();
            }
            let Some(atom) = self.atom()? else {
                break;
            };
            parts.push(self.repeated(atom)?);
        }
        Ok(match (parts.len(), parts.pop()) {
            (1, Some(part)) => part,
            (_, last) => {
                parts.extend(last);
                Tree::Seq(parts)
            }
        })
    }

    fn atom(&mut self) -> Result<Option<Tree>, Fault> {
        let span = self.tokens.here();
        let source = self.tokens.source(span);
        let Some(token) = self.tokens.peek() else {
            return Ok(None);
        };
        self.tokens.at += 1;
        let tree = match token {
            Token::Word
                if self.tokens.peek() == Some(Token::OpenBrace)
                    && !matches!(self.tokens.peek_nth(1), Some(Token::Number | Token::Comma)) =>
            {
                self.tokens.at += 1;
                let arguments = self.arguments(span)?;
                Tree::Call(source.to_owned(), arguments, span)
            }
            Token::Word => Tree::Name(source.to_owned(), span),
            Token::Text => self.text_or_range(span)?,
            Token::Regex => regex(source, span),
            Token::Open => self.group(span, Token::Close, "`)`")?,
            Token::OpenBracket => {
                let inner = self.group(span, Token::CloseBracket, "`]`")?;
                Tree::Repeat(Box::new(inner), 0, Some(1))
            }
            Token::Json => json(source, span)?,
            Token::Grammar if source.ends_with('}') => Tree::Grammar(span),
            Token::Grammar => {
                let message = "expected a grammar in braces after `%lark`";
                return Err(Fault::malformed(span, message));
            }
            Token::Tilde => {
                self.enter(span)?;
                let inner = self.atom()?;
                self.depth -= 1;
                let Some(inner) = inner else {
                    return self.tokens.fail("expected what `~` excludes");
                };
                Tree::Not(Box::new(inner), span)
            }
            Token::Directive => {
                let message = "a directive cannot stand in a definition";
                return Err(Fault::unsupported(span, message));
            }
            Token::Special => Tree::Token(token_names::parse(source, span)?, span),
            Token::Star | Token::Plus | Token::Question => {
                let message = "nothing to repeat stands before this";
                return Err(Fault::malformed(span, message));
            }
            _ => {
                self.tokens.at -= 1;
                return Ok(None);
            }
        };
        Ok(Some(tree))
    }

    /// One level of nesting more.
    fn enter(&mut self, span: Span) -> Result<(), Fault> {
        self.depth += 1;
        let max = self.limits.max_nesting;
        if self.depth > max {
            return Err(Fault::limit(span, "nested brackets", "max_nesting", max));
        }
        Ok(())
    }

    fn group(&mut self, open: Span, close: Token, sign: &str) -> Result<Tree, Fault> {
        self.enter(open)?;
        let inner = self.alternatives()?;
        self.skip_lines();
        if !self.tokens.eat(close) {
            let message = format!("expected {sign}, which closes this bracket");
            let span = if self.tokens.peek().is_none() {
                open
            } else {
                self.tokens.here()
            };
            return Err(Fault::malformed(span, message));
        }
        self.depth -= 1;
        Ok(inner)
    }

    fn arguments(&mut self, span: Span) -> Result<Vec<Tree>, Fault> {
        self.enter(span)?;
        let mut arguments = Vec::new();
        loop {
            arguments.push(self.alternatives()?);
            self.skip_lines();
            if !self.tokens.eat(Token::Comma) {
                break;
            }
        }
        self.tokens
            .expect(Token::CloseBrace, "expected `,` or `}` after an argument")?;
        self.depth -= 1;
        Ok(arguments)
    }

    fn text_or_range(&mut self, span: Span) -> Result<Tree, Fault> {
        let (text, any_case) = self.text(span)?;
        if !self.tokens.eat(Token::Dots) {
            return Ok(Tree::Text { text, any_case });
        }
        let last = self
            .tokens
            .expect(Token::Text, "expected the last character of the range")?;
        let (high, _) = self.text(last)?;
        let only = |text: &str, span: Span| {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => Ok(c),
                _ => {
                    let message = "the ends of a range are single characters";
                    Err(Fault::malformed(span, message))
                }
            }
        };
        let (low, high) = (only(&text, span)?, only(&high, last)?);
        if high < low {
            let span = Span {
                start: span.start,
                end: last.end,
            };
            let message = "the range ends before it starts; exchange its ends";
            return Err(Fault::malformed(span, message));
        }
        Ok(Tree::Range(low, high))
    }

    /// The text of a quoted one, and whether case is ignored.
    fn text(&self, span: Span) -> Result<(String, bool), Fault> {
        let any_case = self.tokens.source(span).ends_with('i');
        let inside = Span {
            start: span.start + 1,
            end: span.end - 1 - usize::from(any_case),
        };
        Ok((Escapes::new(self.tokens.text(), inside).text()?, any_case))
    }

    fn repeated(&mut self, mut tree: Tree) -> Result<Tree, Fault> {
        let mut count = self.depth;
        loop {
            let span = self.tokens.here();
            let bounds = match self.tokens.peek() {
                Some(Token::Star) => (0, None),
                Some(Token::Plus) => (1, None),
                Some(Token::Question) => (0, Some(1)),
                Some(Token::Tilde) if self.tokens.peek_nth(1) == Some(Token::Number) => {
                    self.bounds()?
                }
                Some(Token::OpenBrace) => self.bounds_in_braces()?,
                _ => return Ok(tree),
            };
            self.tokens.at += 1;
            count += 1;
            let max = self.limits.max_nesting;
            if count > max {
                return Err(Fault::limit(span, "nested operators", "max_nesting", max));
            }
            tree = Tree::Repeat(Box::new(tree), bounds.0, bounds.1);
        }
    }

    /// `~ n` or `~ n..m` up to the last number.
    fn bounds(&mut self) -> Result<(u32, Option<u32>), Fault> {
        self.tokens.at += 1;
        let first = self.tokens.here();
        let min = self.number()?;
        if self.tokens.peek_nth(1) != Some(Token::Dots) {
            return Ok((min, Some(min)));
        }
        self.tokens.at += 2;
        let max = self.number()?;
        if max < min {
            let span = Span {
                start: first.start,
                end: self.tokens.here().end,
            };
            let message = "the most is less than the least; exchange the numbers";
            return Err(Fault::malformed(span, message));
        }
        Ok((min, Some(max)))
    }

    /// `{n}`, `{n,}`, `{,m}` or `{n,m}` up to the brace.
    fn bounds_in_braces(&mut self) -> Result<(u32, Option<u32>), Fault> {
        let open = self.tokens.here();
        self.tokens.at += 1;
        let mut min = 0;
        if self.tokens.peek() != Some(Token::Comma) {
            min = self.number()?;
            self.tokens.at += 1;
            if self.tokens.peek() == Some(Token::CloseBrace) {
                return Ok((min, Some(min)));
            }
        }
        if !self.tokens.eat(Token::Comma) {
            return self.tokens.fail("expected `,` or `}`");
        }
        if self.tokens.peek() == Some(Token::CloseBrace) {
            return Ok((min, None));
        }
        let max = self.number()?;
        self.tokens.at += 1;
        let close = self.tokens.here();
        if self.tokens.peek() != Some(Token::CloseBrace) {
            return self.tokens.fail("expected `}`");
        }
        if max < min {
            let span = Span {
                start: open.start,
                end: close.end,
            };
            let message = "the most is less than the least; exchange the numbers";
            return Err(Fault::malformed(span, message));
        }
        Ok((min, Some(max)))
    }

    fn number(&self) -> Result<u32, Fault> {
        let span = self.tokens.here();
        if self.tokens.peek() != Some(Token::Number) {
            return self.tokens.fail("expected a number");
        }
        crate::syntax::count(self.tokens.source(span), span, self.limits)
    }
}

/// A regular expression between slashes, with flags.
fn regex(source: &str, span: Span) -> Tree {
    let end = source.rfind('/').unwrap_or(0).max(1);
    Tree::Regex {
        source: source[1..end].to_owned(),
        flags: source[end..].trim_start_matches('/').to_owned(),
        span,
    }
}

/// An option that asks for nothing is all there is: `%llguidance {}`.
fn option(source: &str, span: Span) -> Result<(), Fault> {
    let options = source.strip_prefix("%llguidance").map(str::trim);
    match options {
        Some(options) if options.replace(char::is_whitespace, "") == "{}" => Ok(()),
        Some(_) => {
            let message = "there are no options; remove them";
            Err(Fault::unsupported(span, message))
        }
        None => {
            let message = "this has no meaning of its own; give it a name, as in `name: …`";
            Err(Fault::malformed(span, message))
        }
    }
}

/// A schema or a structured expression, by the place of its JSON text.
fn json(source: &str, span: Span) -> Result<Tree, Fault> {
    let start = source.find(['{', ' ', '\t']).unwrap_or(source.len());
    let text = &source[start..];
    let inside = Span {
        start: span.end - text.trim_start().len(),
        end: span.end,
    };
    if inside.start == inside.end {
        let message = "expected an object, closed by a brace, after this";
        return Err(Fault::malformed(span, message));
    }
    match &source[..start] {
        "%json" => Ok(Tree::Schema(inside)),
        "%regex" => Ok(Tree::Structured(inside)),
        _ => {
            let message = "options cannot stand in a definition";
            Err(Fault::malformed(span, message))
        }
    }
}
