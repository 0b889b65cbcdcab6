//! Languages that need no grammar text: a regular expression, a list, JSON.

use std::sync::Arc;

use formwork_automata::regex;

use super::draft::{Draft, Node, Symbol};
use super::error::{Fault, SyntaxErrors};
use super::options::{SyntaxLimits, SyntaxOptions};
use super::{Format, lower, words};
use crate::ir::{Expr, Foreign, ForeignId, ForeignKind, Grammar, Rule, RuleId, Span};

/// The texts that `pattern` matches from end to end.
pub(super) fn regex(pattern: &str, options: &SyntaxOptions) -> Result<(Draft, Symbol), Vec<Fault>> {
    let dfa = regex::compile_whole(pattern, &options.limits.automata()).map_err(|error| {
        let start = error.offset();
        let span = Span {
            start,
            end: start + 1,
        };
        let message = error.to_string();
        vec![match error.kind() {
            regex::RegexErrorKind::TooLarge(_) => Fault::too_large(span, message),
            regex::RegexErrorKind::Unsupported(_) => Fault::unsupported(span, message),
            _ => Fault::malformed(span, message),
        }]
    })?;
    let span = Span {
        start: 0,
        end: pattern.len(),
    };
    one(Node::Words(Arc::new(dfa)), span).map_err(|fault| vec![fault])
}

fn one(body: Node, span: Span) -> Result<(Draft, Symbol), Fault> {
    let mut draft = Draft::default();
    let start = draft.define("root", span, body)?;
    Ok((draft, start))
}

/// The grammar of exactly these texts: one terminal, of the minimal automaton of
/// a finite language, made in time linear in their length but for sorting.
///
/// # Errors
///
/// [`SyntaxErrors`] when the texts are longer together than a grammar text may
/// be, or their automaton might be too large.
///
/// ```
/// use formwork_cfg::syntax::{SyntaxLimits, choice};
///
/// # fn main() -> Result<(), formwork_cfg::syntax::SyntaxErrors> {
/// let colors = choice(["red", "green", "blue"], &SyntaxLimits::default())?;
/// assert!(colors.terminals[0].accepts("green"));
/// # Ok(())
/// # }
/// ```
pub fn choice<'a>(
    texts: impl IntoIterator<Item = &'a str>,
    limits: &SyntaxLimits,
) -> Result<Grammar, SyntaxErrors> {
    let fail = |faults| SyntaxErrors::new("", faults);
    let texts: Vec<&str> = texts.into_iter().collect();
    let max = limits.max_bytes;
    let bytes = texts.iter().map(|text| text.len());
    if bytes.fold(0usize, usize::saturating_add) > max {
        let fault = Fault::limit(Span::default(), "bytes of texts", "max_bytes", max);
        return Err(fail(vec![fault]));
    }
    let options = SyntaxOptions {
        limits: limits.clone(),
        ..SyntaxOptions::default()
    };
    let max = limits.max_automata_bytes;
    let Some(dfa) = words::automaton(texts, max) else {
        let what = "bytes of the automaton";
        let fault = Fault::limit(Span::default(), what, "max_automata_bytes", max);
        return Err(fail(vec![fault]));
    };
    let body = Node::Words(Arc::new(dfa));
    let (draft, start) = one(body, Span::default()).map_err(|fault| fail(vec![fault]))?;
    lower::lower(draft, start, &options).map_err(fail)
}

/// The grammar of the JSON texts that a schema describes, to be part of a larger
/// one. What is wrong with the schema is found when the grammar is compiled.
pub fn json_schema(schema: &str) -> Grammar {
    let span = Span {
        start: 0,
        end: schema.len(),
    };
    Grammar {
        rules: vec![Rule {
            name: "root".to_owned(),
            span,
            body: Expr::Foreign(ForeignId(0)),
        }],
        terminals: Vec::new(),
        foreign: vec![Foreign {
            kind: ForeignKind::JsonSchema(schema.to_owned()),
            span,
        }],
        start: RuleId(0),
        lexing: None,
    }
}

const JSON: &str = r#"
value  ::= (object | array | string | number | "true" | "false" | "null") ws
object ::= "{" ws (member ("," ws member)*)? "}"
member ::= string ws ":" ws value
array  ::= "[" ws (value ("," ws value)*)? "]"
string ::= "\"" ([^"\\\x00-\x1F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4}))* "\""
number ::= "-"? ("0" | [1-9] [0-9]*) ("." [0-9]+)? ([eE] [+-]? [0-9]+)?
ws     ::= [ \t\n\r]*
"#;

/// The grammar of JSON texts (RFC 8259).
///
/// # Errors
///
/// [`SyntaxErrors`] when `limits` are too low for it.
pub fn json_value(limits: &SyntaxLimits) -> Result<Grammar, SyntaxErrors> {
    json("root ::= ws value\n", limits)
}

/// The grammar of JSON texts that are objects.
///
/// # Errors
///
/// [`SyntaxErrors`] when `limits` are too low for it.
pub fn json_object(limits: &SyntaxLimits) -> Result<Grammar, SyntaxErrors> {
    json("root ::= ws object ws\n", limits)
}

fn json(root: &str, limits: &SyntaxLimits) -> Result<Grammar, SyntaxErrors> {
    super::parse(&format!("{root}{JSON}"), Format::Gbnf, limits)
}

#[cfg(test)]
mod tests {
    use super::super::earley::accepts;
    use super::*;

    #[test]
    fn long_lists_are_cheap() {
        let texts: Vec<String> = (0..2_000).map(|n| format!("option {}", n * 7919)).collect();
        let limits = SyntaxLimits::default();
        let grammar = choice(texts.iter().map(String::as_str), &limits).unwrap();
        assert_eq!((grammar.rules.len(), grammar.terminals.len()), (1, 1));
        let letters: usize = texts.iter().map(String::len).sum();
        assert!(grammar.terminals[0].state_count() < letters / 2);
        assert!(texts.iter().all(|text| accepts(&grammar, text)));
        assert!(!accepts(&grammar, "option") && !accepts(&grammar, "option 1"));
        let maybe = choice(["", "a"], &limits).unwrap();
        assert!(accepts(&maybe, "") && accepts(&maybe, "a") && !accepts(&maybe, "aa"));
        assert!(!accepts(&choice([], &limits).unwrap(), ""));
    }

    #[test]
    fn json_texts() {
        let value = json_value(&SyntaxLimits::default()).unwrap();
        let object = json_object(&SyntaxLimits::default()).unwrap();
        for (text, is_value, is_object) in [
            (
                r#" {"a" : [1, -2.5e+3, true, null], "é\u00e9": {}} "#,
                true,
                true,
            ),
            ("[]\n", true, false),
            ("\"\\n\"", true, false),
            ("01", false, false),
            ("[1,]", false, false),
            ("{\"a\"}", false, false),
            ("{} {}", false, false),
            ("\"\n\"", false, false),
        ] {
            assert_eq!(accepts(&value, text), is_value, "{text}");
            assert_eq!(accepts(&object, text), is_object, "{text}");
        }
    }

    #[test]
    fn one_regex() {
        let limits = SyntaxLimits::default();
        let grammar = super::super::parse("a+|b", Format::Regex, &limits).unwrap();
        assert!(accepts(&grammar, "aa") && !accepts(&grammar, "ab"));
        let errors = super::super::parse("ab(c", Format::Regex, &limits);
        assert_eq!(errors.map(|_| ()).unwrap_err().errors()[0].column, 3);
        for depth in [30_000, 60_000] {
            let deep = format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
            let errors = super::super::parse(&deep, Format::Regex, &limits);
            assert!(errors.map(|_| ()).unwrap_err().is_limit());
        }
    }
}
