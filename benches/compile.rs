//! Compiling: from the text of a schema to a matcher that is ready for its
//! first mask. The compiler is warm, as in a server.

// A bench that cannot be set up has nothing to measure.
#![allow(clippy::expect_used)]

mod common;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Map, Value, json};

/// An object with `n` properties, every other one required.
fn properties(n: usize) -> Value {
    let kinds = [
        json!({"type": "string"}),
        json!({"type": "integer", "minimum": 0}),
        json!({"type": "array", "items": {"type": "number"}}),
        json!({"enum": ["low", "medium", "high"]}),
        json!({"type": "string", "format": "date-time"}),
    ];
    let name = |i: usize| format!("property_{i}");
    let members: Map<String, Value> = (0..n)
        .map(|i| (name(i), kinds[i % kinds.len()].clone()))
        .collect();
    let required: Vec<String> = (0..n).step_by(2).map(name).collect();
    json!({
        "type": "object",
        "properties": members,
        "required": required,
        "additionalProperties": false
    })
}

/// One of `n` strings.
fn choices(n: usize) -> Value {
    let values: Vec<String> = (0..n).map(|i| format!("choice-{:x}", i * 7919)).collect();
    json!({ "enum": values })
}

/// One of `n` kinds of objects, told apart by one member.
fn kinds(n: usize) -> Value {
    let kind = |i: usize| {
        json!({
            "type": "object",
            "properties": {
                "kind": {"const": format!("kind-{i}")},
                "value": {"type": if i.is_multiple_of(2) { "string" } else { "integer" }}
            },
            "required": ["kind", "value"]
        })
    };
    json!({ "oneOf": (0..n).map(kind).collect::<Vec<_>>() })
}

/// `n` objects, one inside the other.
fn nested(n: usize) -> Value {
    (0..n).fold(json!({"type": "boolean"}), |inner, i| {
        json!({
            "type": "object",
            "properties": {format!("level_{i}"): inner},
            "required": [format!("level_{i}")],
            "additionalProperties": false
        })
    })
}

fn bench(c: &mut Criterion) {
    let compiler = common::compiler();

    let mut group = c.benchmark_group("compile/schemas");
    for case in common::cases(&compiler) {
        group.throughput(Throughput::Bytes(case.schema.len() as u64));
        group.bench_function(case.name, |b| {
            b.iter(|| common::compile(&compiler, &case.schema).matcher());
        });
    }
    group.finish();

    let mut group = c.benchmark_group("compile/synthetic");
    for (name, size, schema) in [
        ("properties", 20, properties(20)),
        ("properties", 200, properties(200)),
        ("enum", 500, choices(500)),
        ("one-of", 30, kinds(30)),
        ("nested", 40, nested(40)),
    ] {
        let schema = schema.to_string();
        group.throughput(Throughput::Bytes(schema.len() as u64));
        group.bench_with_input(BenchmarkId::new(name, size), &schema, |b, schema| {
            b.iter(|| common::compile(&compiler, schema).matcher());
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
