//! Formats, each a member `type` and what it needs:
//!
//! | type | what it derives |
//! |---|---|
//! | `const_string` | `value` |
//! | `json_schema` | a JSON text of `json_schema`; `style` is `json` |
//! | `regex` | what `pattern` matches from end to end |
//! | `grammar` | what `grammar`, in GBNF, derives from `root` |
//! | `any_text` | free text without any of `excludes` |
//! | `sequence`, `or` | its `elements` in a row; one of them |
//! | `optional`, `plus`, `star`, `repeat` | its `content` so often (`min`, `max`) |
//! | `tag` | `begin`, `content`, `end`, which may be a list |
//! | `triggered_tags` | free text; each of `triggers` in it begins one of `tags` |
//! | `tags_with_separator` | `tags` with `separator` between two |
//! | `dispatch` | free text; after a pattern of `rules` comes its format |
//! | `token`, `exclude_token`, `any_tokens` | one token; any but these; any number of those |
//! | `token_triggered_tags`, `token_dispatch` | the same with tokens for triggers |
//!
//! With `at_least_one`, a tag comes first, before any free text; with
//! `stop_after_first`, or where `loop` is `false`, nothing follows the first tag.

use super::free::Markers;
use super::reader::{Object, Value};
use crate::ir::{ForeignKind, Span, TokenName, TokenPattern};
use crate::syntax::draft::{Draft, Node};
use crate::syntax::error::{Fault, SyntaxErrors};
use crate::syntax::options::SyntaxOptions;
use crate::syntax::{gbnf, lower, plain};

/// Reads formats.
pub(super) struct Formats<'a> {
    text: &'a str,
    draft: &'a mut Draft,
    options: &'a SyntaxOptions,
    depth: u32,
    nodes: usize,
}

/// What ends the tag around a format.
#[derive(Clone, Default)]
struct Around {
    /// Texts, each of which ends it.
    texts: Vec<String>,
    /// The token that ends it.
    token: Option<TokenName>,
}

/// Where a format stands: what is around it, and whether that ends after it.
#[derive(Clone, Copy)]
struct Place<'p> {
    around: &'p Around,
    is_last: bool,
}

/// The beginning of a tag.
enum Begin {
    Text(String),
    Token(TokenName),
}

/// What is in a tag.
#[derive(Clone, Copy)]
enum Content<'a> {
    Format(Value<'a>),
    Schema(Value<'a>),
}

/// A tag, of which all after its beginning has a rule of its own.
struct Tag {
    begin: Begin,
    rest: Node,
    span: Span,
}

/// What free text can turn into.
struct Turns {
    /// What comes after each trigger.
    ways: Vec<(String, Node)>,
    /// What comes first where something has to.
    first: Option<Node>,
    /// Nothing follows the first turn.
    only_one: bool,
    excludes: Vec<String>,
    span: Span,
}

impl<'a> Formats<'a> {
    pub(super) fn new(text: &'a str, draft: &'a mut Draft, options: &'a SyntaxOptions) -> Self {
        Formats {
            text,
            draft,
            options,
            depth: 0,
            nodes: 0,
        }
    }

    /// What a whole document says.
    pub(super) fn document(&mut self) -> Result<Node, Fault> {
        let nothing = Around::default();
        let place = Place {
            around: &nothing,
            is_last: false,
        };
        let whole = Value::whole(self.text)?;
        let mut object = whole.object()?;
        let kind = object.take("type").map(|kind| kind.string()).transpose()?;
        if kind.is_some_and(|kind| kind != "structural_tag") {
            return self.format(whole, place);
        }
        if let Some(format) = object.take("format") {
            object.finish()?;
            return self.format(format, place);
        }
        let mut tags = Vec::new();
        for structure in object.need("structures")?.array()? {
            let mut object = structure.object()?;
            let begin = Begin::Text(object.need("begin")?.marker()?);
            let content = Content::Schema(object.need("schema")?);
            let around = Around {
                texts: vec![object.need("end")?.string()?],
                token: None,
            };
            object.finish()?;
            tags.push(self.tag_of(begin, content, &around, structure.span)?);
        }
        let turns = Turns {
            ways: ways(&tags, object.need("triggers")?, whole.span)?,
            first: None,
            only_one: false,
            excludes: Vec::new(),
            span: whole.span,
        };
        object.finish()?;
        self.turns(&turns, place)
    }

    /// A format; where it is the last thing in a tag, with the end of that.
    fn format(&mut self, value: Value<'a>, place: Place<'_>) -> Result<Node, Fault> {
        let limits = &self.options.limits;
        self.nodes += 1;
        if self.nodes > limits.max_nodes {
            let max = limits.max_nodes;
            return Err(Fault::limit(value.span, "formats", "max_nodes", max));
        }
        if self.depth >= limits.max_nesting {
            let max = limits.max_nesting;
            return Err(Fault::limit(
                value.span,
                "nested formats",
                "max_nesting",
                max,
            ));
        }
        self.depth += 1;
        let node = self.format_of_kind(value, place);
        self.depth -= 1;
        node
    }

    fn format_of_kind(&mut self, value: Value<'a>, place: Place<'_>) -> Result<Node, Fault> {
        let mut object = value.object()?;
        let kind = object.need("type")?;
        let name = kind.string()?;
        let inside = Place {
            is_last: false,
            ..place
        };
        let node = match name.as_str() {
            "any_text" => return self.any_text(object, place),
            "triggered_tags" => return self.triggered_tags(object, place),
            "dispatch" => return self.dispatch(object, place),
            "sequence" => return self.sequence(object, place),
            "or" => return self.or(object, place),
            "optional" => return self.optional(object, place),
            "const_string" => {
                let text = object.need("value")?.string()?;
                Node::Text(text)
            }
            "json_schema" => {
                let schema = object.need("json_schema")?;
                json_options(&mut object)?;
                self.schema(schema)
            }
            "regex" => {
                let pattern = object.need("pattern")?;
                let source = pattern.string()?;
                let read = plain::regex(&source, self.options);
                self.nested(read, &source, pattern.span)?
            }
            "grammar" => {
                let grammar = object.need("grammar")?;
                let source = grammar.string()?;
                let options = SyntaxOptions {
                    start: None,
                    ..self.options.clone()
                };
                let read = gbnf::read(&source, &options);
                self.nested(read, &source, grammar.span)?
            }
            "plus" => self.content(&mut object, inside)?.repeat(1, None),
            "star" => self.content(&mut object, inside)?.repeat(0, None),
            "repeat" => {
                let (min, max) = self.bounds(&mut object)?;
                self.content(&mut object, inside)?.repeat(min, max)
            }
            "tag" => {
                let tag = self.tag(&mut object)?;
                let begin = match tag.begin {
                    Begin::Text(text) => Node::Text(text),
                    Begin::Token(token) => self.token(vec![token], false, tag.span),
                };
                Node::seq(vec![begin, tag.rest])
            }
            "tags_with_separator" => self.tags_with_separator(&mut object)?,
            "token" => {
                let token = token_name(object.need("token")?)?;
                self.token(vec![token], false, value.span)
            }
            "exclude_token" | "any_tokens" => {
                let excluded = tokens(object.list("exclude_tokens")?)?;
                let other = self.other_token(excluded, place.around, value.span);
                match name.as_str() {
                    "any_tokens" => other.repeat(0, None),
                    _ => other,
                }
            }
            "token_triggered_tags" => self.token_triggered_tags(&mut object, place.around)?,
            "token_dispatch" => self.token_dispatch(&mut object, inside)?,
            _ => {
                let message = format!("there is no format `{name}`");
                return Err(Fault::unsupported(kind.span, message));
            }
        };
        object.finish()?;
        Ok(self.then_end(node, place))
    }

    /// A node, and after it the end of the tag around if nothing else comes.
    fn then_end(&mut self, node: Node, place: Place<'_>) -> Node {
        if place.is_last {
            let end = self.end(place.around);
            Node::seq(vec![node, end])
        } else {
            node
        }
    }

    fn end(&mut self, around: &Around) -> Node {
        let texts = around.texts.iter().cloned().map(Node::Text);
        let mut ends: Vec<Node> = texts.collect();
        if let Some(token) = &around.token {
            ends.push(self.token(vec![token.clone()], false, Span::default()));
        }
        Node::alt(ends)
    }

    fn schema(&mut self, schema: Value<'a>) -> Node {
        let kind = ForeignKind::JsonSchema(schema.source().to_owned());
        self.draft.foreign(kind, schema.span)
    }

    /// What was read of a text inside this one.
    fn nested(
        &mut self,
        read: Result<(Draft, crate::syntax::draft::Symbol), Vec<Fault>>,
        source: &str,
        span: Span,
    ) -> Result<Node, Fault> {
        let read = read.and_then(|(mut draft, start)| {
            lower::check(&mut draft, self.options)?;
            Ok((draft, start))
        });
        match read {
            Ok((draft, start)) => Ok(self.draft.absorb(draft, start, span)),
            Err(faults) => {
                let errors = SyntaxErrors::new(source, faults);
                let first = errors.errors().first().map(ToString::to_string);
                let message = format!("in this text, {}", first.unwrap_or_default());
                Err(Fault::malformed(span, message))
            }
        }
    }

    fn content(&mut self, object: &mut Object<'a>, place: Place<'_>) -> Result<Node, Fault> {
        let content = object.need("content")?;
        self.format(content, place)
    }

    fn bounds(&self, object: &mut Object<'a>) -> Result<(u32, Option<u32>), Fault> {
        let (min, max) = (object.need("min")?, object.need("max")?);
        let limit = self.options.limits.max_repeat;
        let count = |value: Value<'a>| match u32::try_from(value.number()?) {
            Ok(count) if count <= limit => Ok(count),
            Ok(_) => {
                let what = "the number of a repetition";
                Err(Fault::limit(value.span, what, "max_repeat", limit))
            }
            Err(_) => {
                let message = "expected a number that is not negative";
                Err(Fault::malformed(value.span, message))
            }
        };
        let least = count(min)?;
        if max.number()? == -1 {
            return Ok((least, None));
        }
        let most = count(max)?;
        if most < least {
            let message = "the most is less than the least; exchange the numbers";
            return Err(Fault::malformed(max.span, message));
        }
        Ok((least, Some(most)))
    }

    fn sequence(&mut self, mut object: Object<'a>, place: Place<'_>) -> Result<Node, Fault> {
        let elements = object.need("elements")?.array()?;
        object.finish()?;
        let mut parts = Vec::with_capacity(elements.len());
        for (at, &element) in elements.iter().enumerate() {
            let is_last = place.is_last && at + 1 == elements.len();
            parts.push(self.format(element, Place { is_last, ..place })?);
        }
        if elements.is_empty() {
            return Ok(self.then_end(Node::empty(), place));
        }
        Ok(Node::seq(parts))
    }

    fn or(&mut self, mut object: Object<'a>, place: Place<'_>) -> Result<Node, Fault> {
        let list = object.need("elements")?;
        object.finish()?;
        let elements = list.array()?;
        if elements.is_empty() {
            let message = "a choice of nothing derives nothing; name an element";
            return Err(Fault::malformed(list.span, message));
        }
        let parts = elements.into_iter().map(|part| self.format(part, place));
        Ok(Node::alt(parts.collect::<Result<_, _>>()?))
    }

    fn optional(&mut self, mut object: Object<'a>, place: Place<'_>) -> Result<Node, Fault> {
        let content = self.content(&mut object, place)?;
        object.finish()?;
        let without = self.then_end(Node::empty(), place);
        Ok(Node::alt(vec![without, content]))
    }

    fn any_text(&mut self, mut object: Object<'a>, place: Place<'_>) -> Result<Node, Fault> {
        let excludes = markers(object.list("excludes")?)?;
        if let Some(max) = object.take("max_tokens").filter(|max| !max.is_null()) {
            let message = "how many tokens a text has is nothing that a grammar says; \
                           use a `regex` with a bound on characters";
            return Err(Fault::unsupported(max.span, message));
        }
        let span = object.span;
        object.finish()?;
        let turns = Turns {
            ways: Vec::new(),
            first: None,
            only_one: false,
            excludes,
            span,
        };
        self.turns(&turns, place)
    }

    /// The members of a tag.
    fn tag(&mut self, object: &mut Object<'a>) -> Result<Tag, Fault> {
        let begin = object.need("begin")?;
        let content = Content::Format(object.need("content")?);
        let end = object.need("end")?;
        let mut around = Around::default();
        if end.is_object() {
            around.token = Some(token_format(end)?);
        } else if end.source().starts_with('[') {
            for text in end.array()? {
                around.texts.push(text.string()?);
            }
        } else {
            around.texts.push(end.string()?);
        }
        if around.texts.is_empty() && around.token.is_none() {
            let message = "the tag has no end; an empty text ends it at once";
            return Err(Fault::malformed(end.span, message));
        }
        let begin = match begin.is_object() {
            true => Begin::Token(token_format(begin)?),
            false => Begin::Text(begin.string()?),
        };
        self.tag_of(begin, content, &around, object.span)
    }

    fn tag_of(
        &mut self,
        begin: Begin,
        content: Content<'a>,
        around: &Around,
        span: Span,
    ) -> Result<Tag, Fault> {
        let place = Place {
            around,
            is_last: true,
        };
        let body = match content {
            Content::Format(format) => self.format(format, place)?,
            Content::Schema(schema) => {
                let schema = self.schema(schema);
                self.then_end(schema, place)
            }
        };
        let symbol = self.draft.push("tag", span);
        self.draft.get_mut(symbol).body = Some(body);
        Ok(Tag {
            begin,
            rest: Node::Name(symbol),
            span,
        })
    }

    /// The tags of a list, each an object with or without a type.
    fn tags(&mut self, list: Value<'a>) -> Result<Vec<Tag>, Fault> {
        let mut tags = Vec::new();
        for item in list.array()? {
            let mut object = item.object()?;
            if let Some(kind) = object.take("type")
                && kind.string()? != "tag"
            {
                let message = "expected a tag here";
                return Err(Fault::malformed(kind.span, message));
            }
            tags.push(self.tag(&mut object)?);
            object.finish()?;
        }
        if tags.is_empty() {
            let message = "there is no tag here; name one, or use `any_text`";
            return Err(Fault::malformed(list.span, message));
        }
        Ok(tags)
    }

    /// Any of some tags as a whole.
    fn any_tag(&mut self, tags: &[Tag]) -> Node {
        let whole = |tag: &Tag| {
            let begin = match &tag.begin {
                Begin::Text(text) => Node::Text(text.clone()),
                Begin::Token(token) => self.token(vec![token.clone()], false, tag.span),
            };
            Node::seq(vec![begin, tag.rest.clone()])
        };
        Node::alt(tags.iter().map(whole).collect())
    }

    fn triggered_tags(&mut self, mut object: Object<'a>, place: Place<'_>) -> Result<Node, Fault> {
        let tags = self.tags(object.need("tags")?)?;
        let at_least_one = object.flag("at_least_one")?;
        let turns = Turns {
            ways: ways(&tags, object.need("triggers")?, object.span)?,
            first: at_least_one.then(|| self.any_tag(&tags)),
            only_one: object.flag("stop_after_first")?,
            excludes: markers(object.list("excludes")?)?,
            span: object.span,
        };
        object.finish()?;
        self.turns(&turns, place)
    }

    fn dispatch(&mut self, mut object: Object<'a>, place: Place<'_>) -> Result<Node, Fault> {
        let mut ways = Vec::new();
        let inside = Place {
            is_last: false,
            ..place
        };
        for (pattern, format) in rules(object.need("rules")?)? {
            ways.push((pattern.marker()?, self.format(format, inside)?));
        }
        let goes_on = object.take("loop").map(|value| value.boolean());
        let turns = Turns {
            ways,
            first: None,
            only_one: !goes_on.unwrap_or(Ok(true))?,
            excludes: markers(object.list("excludes")?)?,
            span: object.span,
        };
        object.finish()?;
        self.turns(&turns, place)
    }

    /// Free text and what it turns into, with the end of the tag around where
    /// nothing else comes.
    fn turns(&mut self, turns: &Turns, place: Place<'_>) -> Result<Node, Fault> {
        let span = turns.span;
        let around = &place.around.texts;
        let ends = around.iter().filter(|text| !text.is_empty());
        let triggers = turns.ways.iter().map(|(trigger, _)| trigger);
        let texts = triggers.chain(ends).chain(&turns.excludes);
        let markers = Markers::new(texts.map(String::as_str), &self.options.limits);
        // Free text up to the end of the tag around, or else to its own.
        let mut stops = Vec::new();
        let mut marker = turns.ways.len();
        for text in around.iter().filter(|_| place.is_last) {
            if text.is_empty() {
                stops.push(markers.none(span)?);
            } else {
                stops.push(markers.up_to(marker, span)?);
                marker += 1;
            }
        }
        if !place.is_last || place.around.token.is_some() {
            let free = markers.none(span)?;
            stops.push(self.then_end(free, place));
        }
        let stop = Node::alt(stops);
        let mut turn = Vec::new();
        for (number, (_, way)) in turns.ways.iter().enumerate() {
            turn.push(Node::seq(vec![markers.up_to(number, span)?, way.clone()]));
        }
        let turn = Node::alt(turn);
        Ok(match (&turns.first, turns.only_one) {
            (None, false) => Node::seq(vec![turn.repeat(0, None), stop]),
            (Some(first), false) => Node::seq(vec![first.clone(), turn.repeat(0, None), stop]),
            (Some(first), true) => self.then_end(first.clone(), place),
            (None, true) => {
                let turn = self.then_end(turn, place);
                Node::alt(vec![turn, stop])
            }
        })
    }

    fn tags_with_separator(&mut self, object: &mut Object<'a>) -> Result<Node, Fault> {
        let tags = self.tags(object.need("tags")?)?;
        let separator = Node::Text(object.need("separator")?.string()?);
        let least = u32::from(object.flag("at_least_one")?);
        let only_one = object.flag("stop_after_first")?;
        let tag = self.any_tag(&tags);
        let mut parts = vec![tag.clone()];
        if !only_one {
            parts.push(Node::seq(vec![separator, tag]).repeat(0, None));
        }
        Ok(Node::seq(parts).repeat(least, Some(1)))
    }

    fn token(&mut self, listed: Vec<TokenName>, is_negated: bool, span: Span) -> Node {
        let pattern = TokenPattern { listed, is_negated };
        self.draft.foreign(ForeignKind::Token(pattern), span)
    }

    /// Any token but some, and but the one that ends the tag around.
    fn other_token(&mut self, mut excluded: Vec<TokenName>, around: &Around, span: Span) -> Node {
        excluded.extend(around.token.clone());
        self.token(excluded, true, span)
    }

    fn token_triggered_tags(
        &mut self,
        object: &mut Object<'a>,
        around: &Around,
    ) -> Result<Node, Fault> {
        let tags = self.tags(object.need("tags")?)?;
        let triggers = tokens(object.need("trigger_tokens")?.array()?)?;
        let mut ways = Vec::new();
        for tag in &tags {
            let Begin::Token(token) = &tag.begin else {
                let message = "a tag that a token triggers has to begin with that token";
                return Err(Fault::malformed(tag.span, message));
            };
            if !triggers.contains(token) {
                let message = "the token that begins this tag is not among `trigger_tokens`; \
                               write it the same way in both";
                return Err(Fault::malformed(tag.span, message));
            }
            ways.push((token.clone(), tag.rest.clone()));
        }
        let first = object.flag("at_least_one")?.then(|| self.any_tag(&tags));
        let only_one = object.flag("stop_after_first")?;
        let mut excluded = tokens(object.list("exclude_tokens")?)?;
        excluded.extend(triggers);
        let span = object.span;
        Ok(self.token_turns(ways, first, only_one, excluded, around, span))
    }

    fn token_dispatch(
        &mut self,
        object: &mut Object<'a>,
        inside: Place<'_>,
    ) -> Result<Node, Fault> {
        let mut ways = Vec::new();
        for (token, format) in rules(object.need("rules")?)? {
            ways.push((token_name(token)?, self.format(format, inside)?));
        }
        let goes_on = object.take("loop").map(|value| value.boolean());
        let mut excluded = tokens(object.list("exclude_tokens")?)?;
        excluded.extend(ways.iter().map(|(token, _)| token.clone()));
        let only_one = !goes_on.unwrap_or(Ok(true))?;
        let span = object.span;
        Ok(self.token_turns(ways, None, only_one, excluded, inside.around, span))
    }

    /// Free tokens and what some of them turn into.
    fn token_turns(
        &mut self,
        ways: Vec<(TokenName, Node)>,
        first: Option<Node>,
        only_one: bool,
        excluded: Vec<TokenName>,
        around: &Around,
        span: Span,
    ) -> Node {
        let free = self.other_token(excluded, around, span).repeat(0, None);
        let turn = ways.into_iter().map(|(token, way)| {
            let token = self.token(vec![token], false, span);
            Node::seq(vec![free.clone(), token, way])
        });
        let turn = Node::alt(turn.collect());
        match (first, only_one) {
            (None, false) => Node::seq(vec![turn.repeat(0, None), free]),
            (Some(first), false) => Node::seq(vec![first, turn.repeat(0, None), free]),
            (Some(first), true) => first,
            (None, true) => Node::alt(vec![turn, free]),
        }
    }
}

/// What follows each trigger: the rest of a tag that begins with it.
fn ways(tags: &[Tag], triggers: Value<'_>, span: Span) -> Result<Vec<(String, Node)>, Fault> {
    let list = triggers.array()?;
    let mut used = vec![false; tags.len()];
    let mut ways = Vec::with_capacity(list.len());
    for trigger in list {
        let text = trigger.marker()?;
        let mut rests = Vec::new();
        for (tag, used) in tags.iter().zip(&mut used) {
            let Begin::Text(begin) = &tag.begin else {
                let message = "a tag that a text triggers has to begin with a text";
                return Err(Fault::malformed(tag.span, message));
            };
            if let Some(rest) = begin.strip_prefix(text.as_str()) {
                *used = true;
                rests.push(Node::seq(vec![
                    Node::Text(rest.to_owned()),
                    tag.rest.clone(),
                ]));
            }
        }
        if rests.is_empty() {
            let message = "no tag begins with this trigger; remove it";
            return Err(Fault::malformed(trigger.span, message));
        }
        ways.push((text, Node::alt(rests)));
    }
    if let Some(at) = used.iter().position(|used| !used) {
        let message = "no trigger begins this tag; add one to `triggers`";
        return Err(Fault::malformed(
            tags.get(at).map_or(span, |tag| tag.span),
            message,
        ));
    }
    Ok(ways)
}

/// The pairs of a dispatch.
fn rules<'a>(list: Value<'a>) -> Result<Vec<(Value<'a>, Value<'a>)>, Fault> {
    let pair = |item: Value<'a>| match item.array()?[..] {
        [pattern, format] => Ok((pattern, format)),
        _ => Err(Fault::malformed(
            item.span,
            "expected a pattern and a format",
        )),
    };
    let pairs: Vec<_> = list
        .array()?
        .into_iter()
        .map(pair)
        .collect::<Result<_, _>>()?;
    if pairs.is_empty() {
        let message = "there is no rule here; name one, or use `any_text`";
        return Err(Fault::malformed(list.span, message));
    }
    Ok(pairs)
}

/// Options of a schema that change nothing here, or are refused.
fn json_options(object: &mut Object<'_>) -> Result<(), Fault> {
    // Members come in any order unless the caller chose otherwise.
    object.flag("any_order")?;
    match object.take("style") {
        Some(style) if style.string()? != "json" => {
            let message = "only JSON is written for a schema; write a `tag` for each parameter";
            Err(Fault::unsupported(style.span, message))
        }
        _ => Ok(()),
    }
}

fn markers(list: Vec<Value<'_>>) -> Result<Vec<String>, Fault> {
    list.into_iter().map(|value| value.marker()).collect()
}

fn tokens(list: Vec<Value<'_>>) -> Result<Vec<TokenName>, Fault> {
    list.into_iter().map(token_name).collect()
}

/// A token by number or name.
fn token_name(value: Value<'_>) -> Result<TokenName, Fault> {
    if value.source().starts_with('"') {
        return Ok(TokenName::Name(value.string()?));
    }
    match u32::try_from(value.number()?) {
        Ok(number) => Ok(TokenName::Numbers(number, number)),
        Err(_) => Err(Fault::malformed(
            value.span,
            "expected the number of a token",
        )),
    }
}

/// The token of a format that has to be one.
fn token_format(value: Value<'_>) -> Result<TokenName, Fault> {
    let mut object = value.object()?;
    let kind = object.need("type")?;
    if kind.string()? != "token" {
        let message = "expected a text, or a format `token`";
        return Err(Fault::malformed(kind.span, message));
    }
    let token = token_name(object.need("token")?)?;
    object.finish()?;
    Ok(token)
}
