//! Keywords that a data set disguised.

/// Keywords that stand in schemas with `_` before them.
const DISGUISED: [&str; 2] = ["uniqueItems", "format"];

/// The schema with every key `_uniqueItems` and `_format` renamed to the keyword
/// it stands for, wherever in the schema the key is.
///
/// The schema must be JSON without white space: then a quote after `{` or `,`
/// begins a string, and a string before `:` is a key. In a string these quotes
/// would be escaped.
pub(super) fn restore(schema: &str) -> String {
    let mut restored = schema.to_owned();
    for keyword in DISGUISED {
        for before in ['{', ','] {
            restored = restored.replace(
                &format!("{before}\"_{keyword}\":"),
                &format!("{before}\"{keyword}\":"),
            );
        }
    }
    restored
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(schema: &str, expected: &str) {
        assert_eq!(restore(schema), expected);
    }

    #[test]
    fn keys_are_renamed_anywhere() {
        check(
            r#"{"_format":"date","items":[{"type":"array","_uniqueItems":true}]}"#,
            r#"{"format":"date","items":[{"type":"array","uniqueItems":true}]}"#,
        );
        check(
            r#"{"properties":{"_uniqueItems":{},"_format":{"_format":"uri"}}}"#,
            r#"{"properties":{"uniqueItems":{},"format":{"format":"uri"}}}"#,
        );
    }

    #[test]
    fn everything_else_stays() {
        for schema in [
            r#"{"enum":["_format","_uniqueItems"],"_formatted":1,"x_format":2}"#,
            r#"{"title":"{\"_format\":1,\"_format\":2}"}"#,
            r#"{"title":",","required":["_format"],"maximum":1.50}"#,
            "true",
        ] {
            check(schema, schema);
        }
    }
}
