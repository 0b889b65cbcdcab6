//! What a schema became, as an object.

use formwork::{
    Explain, ExplainedArray, ExplainedNumbers, ExplainedObject, ExplainedStrings, ExplainedValue,
};
use serde_json::{Value, json};

/// The description of a schema; values refer to each other by index.
pub(crate) fn object(explain: &Explain) -> Value {
    let annotations = explain.annotations.iter().map(|annotation| {
        json!({
            "pointer": annotation.pointer,
            "keyword": annotation.keyword,
            "reason": annotation.reason,
        })
    });
    json!({
        "root": explain.root,
        "values": explain.values.iter().map(value).collect::<Vec<_>>(),
        "never": explain.never,
        "annotations": annotations.collect::<Vec<_>>(),
    })
}

fn value(value: &ExplainedValue) -> Value {
    json!({
        "pointers": value.pointers,
        "joint": value.is_joint,
        "min_bytes": value.min_bytes,
        "any": value.is_any,
        "null": value.null,
        "false": value.bools[0],
        "true": value.bools[1],
        "strings": value.strings.iter().map(strings).collect::<Vec<_>>(),
        "numbers": value.numbers.iter().map(numbers).collect::<Vec<_>>(),
        "arrays": value.arrays.iter().map(array).collect::<Vec<_>>(),
        "objects": value.objects.iter().map(members).collect::<Vec<_>>(),
    })
}

/// Pairs of something and whether it has to hold.
fn either(pairs: &[(String, bool)]) -> Value {
    let pairs = pairs.iter();
    pairs
        .map(|(what, holds)| json!({"what": what, "holds": holds}))
        .collect()
}

fn strings(strings: &ExplainedStrings) -> Value {
    json!({
        "states": strings.states,
        "min": strings.min,
        "max": strings.max,
        "words": strings.words,
        "matches": either(&strings.matches),
        "excluded": strings.excluded,
    })
}

fn numbers(numbers: &ExplainedNumbers) -> Value {
    let bound = |bound: &Option<(String, bool)>| {
        let bound = bound.as_ref();
        bound.map(|(value, exclusive)| json!({"value": value, "exclusive": exclusive}))
    };
    json!({
        "states": numbers.states,
        "integers": numbers.integers,
        "low": bound(&numbers.low),
        "high": bound(&numbers.high),
        "multiples": either(&numbers.multiples),
        "set": numbers.set,
        "excluded": numbers.excluded,
    })
}

fn array(array: &ExplainedArray) -> Value {
    json!({
        "prefix": array.prefix,
        "items": array.items,
        "min": array.min,
        "max": array.max,
        "unique": array.unique,
        "counters": array.counters,
    })
}

fn members(object: &ExplainedObject) -> Value {
    let members = object.members.iter().map(
        |member| json!({"name": member.name, "required": member.required, "values": member.values}),
    );
    let others = object.others.iter();
    let others = others.map(|(names, values)| json!({"names": names, "values": values}));
    json!({
        "members": members.collect::<Vec<_>>(),
        "others": others.collect::<Vec<_>>(),
        "min": object.min,
        "max": object.max,
        "duties": object.duties,
    })
}
