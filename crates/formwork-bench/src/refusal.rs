//! Refusals, grouped so that they can be counted.

use std::collections::BTreeSet;

use formwork::{CompileError, Refusal, SchemaError};

/// The reasons of an error without what belongs to one schema only: locations
/// are left out, quoted parts and numbers are replaced. `keyword: reason` for a
/// refused keyword.
pub fn reasons(error: &CompileError) -> BTreeSet<String> {
    match error {
        CompileError::Schema(error) => schema_reasons(error),
        other => one(&format!("engine: {}", generalise(&other.to_string()))),
    }
}

fn schema_reasons(error: &SchemaError) -> BTreeSet<String> {
    match error {
        SchemaError::Refused(list) => list.iter().map(category).collect(),
        SchemaError::Invalid(list) => list
            .iter()
            .map(|refusal| format!("invalid schema: {}", category(refusal)))
            .collect(),
        SchemaError::Unsatisfiable(_) => one("unsatisfiable"),
        SchemaError::Syntax { .. } => one("not JSON"),
        SchemaError::Limit { name, .. } => one(&format!("limit: {name}")),
        other => one(&generalise(&other.to_string())),
    }
}

fn one(reason: &str) -> BTreeSet<String> {
    BTreeSet::from([reason.to_owned()])
}

fn category(refusal: &Refusal) -> String {
    format!("{}: {}", refusal.keyword, generalise(&refusal.reason))
}

/// Replaces what stands in quotes or backticks by `…` and numbers by `N`.
fn generalise(reason: &str) -> String {
    let mut general = String::new();
    let mut rest = reason;
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        let quoted = matches!(first, '`' | '"')
            .then(|| after.find(first))
            .flatten();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if let Some(end) = quoted {
            general.extend([first, '…', first]);
            rest = &after[end + first.len_utf8()..];
        } else if digits > 0 && !general.ends_with(|c: char| c.is_alphanumeric()) {
            general.push('N');
            rest = &rest[digits..];
        } else {
            general.push(first);
            rest = after;
        }
    }
    general
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(keyword: &str, reason: &str) -> Refusal {
        Refusal {
            pointer: "/a/b".into(),
            keyword: keyword.into(),
            reason: reason.into(),
        }
    }

    #[test]
    fn particulars_are_left_out() {
        assert_eq!(generalise("`a b` is not \"c\""), "`…` is not \"…\"");
        assert_eq!(generalise("more than 17 of 4,000"), "more than N of N,N");
        assert_eq!(
            generalise("utf8 stays, so does `this"),
            "utf8 stays, so does `this"
        );
        assert_eq!(generalise("ε ist `ü`"), "ε ist `…`");
    }

    #[test]
    fn one_schema_gives_a_reason_once() {
        let error = SchemaError::Refused(vec![
            refusal("pattern", "look-behind in `(?<=a)`"),
            refusal("pattern", "look-behind in `(?<=b)`"),
            refusal("format", "unknown"),
        ]);
        let expected = ["format: unknown", "pattern: look-behind in `…`"];
        assert_eq!(
            schema_reasons(&error).into_iter().collect::<Vec<_>>(),
            expected
        );
    }

    #[test]
    fn other_errors_have_reasons_too() {
        let limit = SchemaError::Limit {
            name: "states",
            limit: 7,
            place: "/a".into(),
        };
        assert_eq!(schema_reasons(&limit), one("limit: states"));
        assert_eq!(
            schema_reasons(&SchemaError::Unsatisfiable(vec![])),
            one("unsatisfiable")
        );
        let invalid = SchemaError::Invalid(vec![refusal("type", "is 3")]);
        assert_eq!(schema_reasons(&invalid), one("invalid schema: type: is N"));
    }
}
