//! What a server that embeds the engine relies on: sharing, stopping, keeping.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use formwork::cfg::syntax::Format;
use formwork::{
    CompileError, Compiler, Fuel, Grammar, Limits, MaskError, Matcher, PropertyOrder, PushError,
    SchemaOptions, Spec, Spent,
};
use formwork_testkit::vocab;

/// Does nothing: it compiles.
fn is_shared<T: Send + Sync + 'static>() {}
fn is_error<T: std::error::Error + Send + Sync + Clone + 'static>() {}

#[test]
fn types_cross_threads() {
    is_shared::<Compiler>();
    is_shared::<Grammar>();
    is_shared::<Matcher>();
    is_shared::<Spec>();
    is_shared::<Fuel>();
    is_error::<CompileError>();
    is_error::<MaskError>();
    is_error::<PushError>();
    is_error::<formwork::EngineError>();
    is_error::<formwork::SchemaError>();
}

fn compiler(limits: Limits) -> Compiler {
    Compiler::with_limits(Arc::new(vocab::toy(1)), limits).expect("a vocabulary of all bytes")
}

/// Forms that take long to compile, one of each front end.
fn long_ones() -> Vec<Spec> {
    let hard = |n: usize| format!("(a|b)*a(a|b){{11}}x{n}");
    let properties = (0..2_000).map(|n| format!(r#""p{n}": {{"pattern": "^{}$"}},"#, hard(n)));
    let schema = format!(
        r#"{{"properties": {{{} "z": {{}}}}}}"#,
        properties.collect::<String>()
    );
    let alternatives = (0..2_000).map(|n| format!(" | /{}/", hard(n)));
    let lark = format!("start: \"x\"{}", alternatives.collect::<String>());
    let conjunction = |n: usize| {
        let parts = (n..n + 40).map(|n| {
            format!(r#"{{"anyOf": [{{"minLength": 1}}, {{"maxLength": 2}}, {{"minimum": {n}}}]}},"#)
        });
        format!(
            r#""p{n}": {{"allOf": [{} {{}}]}},"#,
            parts.collect::<String>()
        )
    };
    let conjunctions = format!(
        r#"{{"properties": {{{} "z": {{}}}}}}"#,
        (0..100).map(conjunction).collect::<String>()
    );
    vec![
        Spec::json_schema(schema),
        Spec::grammar(Format::Lark, lark),
        Spec::json_schema(conjunctions),
    ]
}

#[test]
fn fuel_runs_out() {
    let compiler = compiler(Limits {
        fuel: 20_000,
        ..Limits::default()
    });
    for spec in long_ones() {
        let error = compiler.compile(&spec).expect_err("more than that");
        assert_eq!(error, CompileError::Fuel(Spent::Units(20_000)));
        assert!(!error.is_user_error() && error.to_string().contains("20000 units"));
    }
    let own = Fuel::new(100);
    let error = compiler.compile_with(&long_ones()[0], &own);
    assert_eq!(error.err(), Some(CompileError::Fuel(Spent::Units(100))));
    assert_eq!(own.spent(), Some(Spent::Units(100)));
    // What others spend is theirs.
    assert!(compiler.compile(&Spec::json_object()).is_ok());
}

/// A flag that another thread sets, and a time, end a compilation within milliseconds.
#[test]
fn compiling_can_be_stopped() {
    let compiler = compiler(Limits {
        fuel: u64::MAX,
        ..Limits::default()
    });
    for spec in long_ones() {
        let flag = Arc::new(AtomicBool::new(false));
        let asked = Arc::new(AtomicUsize::new(0));
        let (stop, count) = (Arc::clone(&flag), Arc::clone(&asked));
        let fuel = Fuel::unlimited().stop_if(move || {
            // The third time, the flag comes in between.
            if count.fetch_add(1, Ordering::Relaxed) == 2 {
                while !stop.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
            }
            stop.load(Ordering::Relaxed)
        });
        std::thread::scope(|scope| {
            let compiling = scope.spawn(|| compiler.compile_with(&spec, &fuel));
            while asked.load(Ordering::Relaxed) < 3 {
                std::thread::yield_now();
            }
            flag.store(true, Ordering::Relaxed);
            let result = compiling.join().expect("no panic");
            assert!(result.err().is_some_and(|error| error.is_stopped()));
            // Once told, it asks no more than a few times: on its way out.
            let asked = asked.load(Ordering::Relaxed);
            assert!(asked <= 11, "asked {asked} times");
        });
        let deadline = Instant::now() + Duration::from_millis(20);
        let fuel = Fuel::unlimited().stop_if(move || Instant::now() > deadline);
        let result = compiler.compile_with(&spec, &fuel);
        assert!(result.err().is_some_and(|error| error.is_stopped()));
    }
}

/// The same form is one grammar, and what it learnt is there for all.
#[test]
fn grammars_are_kept() {
    let compiler = compiler(Limits::default());
    let spec = Spec::json_schema(r#"{"type": "array", "items": {"type": "integer"}}"#);
    let first = compiler.compile(&spec).expect("a grammar");
    assert_eq!(compiler.kept().0, 1);
    let mut matcher = first.matcher();
    let bytes = first.heap_bytes();
    matcher.push_bytes(b"[1, 2, 3").expect("allowed");
    assert!(first.heap_bytes() > bytes);
    assert_eq!(first.try_heap_bytes(), Some(first.heap_bytes())); // nobody learns
    let again = compiler.compile(&spec.clone()).expect("a grammar");
    assert_eq!(again.heap_bytes(), first.heap_bytes());
    assert_eq!(compiler.kept().0, 1);
    // What means something else is another one.
    let ordered = spec.clone().with_schema_options(SchemaOptions {
        order: PropertyOrder::Schema,
        ..SchemaOptions::default()
    });
    compiler.compile(&ordered).expect("a grammar");
    assert_eq!(compiler.kept().0, 2);
    compiler.forget();
    assert_eq!(compiler.kept(), (0, 0));
    // Those in use live on.
    matcher.push_bytes(b"]").expect("allowed");
}

#[test]
fn what_is_kept_is_bounded() {
    let max = 4 << 20;
    let compiler = compiler(Limits {
        cache_bytes: max,
        ..Limits::default()
    });
    let mut most = 0;
    for n in 0..400 {
        let schema = format!(
            r#"{{"type": "object", "properties": {{"a{n}": {{"maxLength": {n}}}, "b": {{}}}}}}"#
        );
        let grammar = compiler.compile(&Spec::json_schema(schema));
        let mut matcher = grammar.expect("a grammar").matcher();
        matcher.push_bytes(b"{\"b\": [1, 2").expect("allowed");
        most = compiler.kept().0.max(most);
        assert!(compiler.kept().1 <= max);
    }
    let (count, bytes) = compiler.kept();
    assert!(count > 2 && count < 400 && count <= most && bytes > max / 2);

    // One that has learnt much is made anew before it comes to its limit.
    let mut limits = Limits::default();
    limits.engine.max_bytes = 40 << 10;
    limits.engine.max_mask_bytes = 0;
    let small = self::compiler(limits);
    let grammar = small.compile(&Spec::json_object()).expect("a grammar");
    let mut matcher = grammar.matcher();
    while grammar.heap_bytes() <= limits.engine.max_bytes / 2 {
        matcher.push_bytes(b"{\"a\":").expect("allowed");
    }
    let anew = small.compile(&Spec::json_object()).expect("a grammar");
    assert!(anew.heap_bytes() < grammar.heap_bytes());
    assert_eq!(small.kept().0, 1);

    let none = self::compiler(Limits {
        cache_bytes: 0,
        ..Limits::default()
    });
    none.compile(&Spec::json_object()).expect("a grammar");
    assert_eq!(none.kept(), (0, 0));
}

/// What goes wrong for one caller changes nothing for the next.
#[test]
fn bad_input_changes_no_good_result() {
    let bad = [
        Spec::json_schema("{"),
        Spec::json_schema(r#"{"type": "nothing"}"#),
        Spec::json_schema(r#"{"type": "string", "minLength": 3, "maxLength": 2}"#),
        Spec::regex("(a|b)*a(a|b){40}"),
        Spec::grammar(Format::Gbnf, "root ::= root"),
        Spec::grammar(Format::Lark, "start: %json {\"pattern\": \"(\"}"),
    ];
    let good = [
        (Spec::json_object(), &b"{\"a\": [1, null]}"[..]),
        (
            Spec::json_schema(r#"{"type": "string", "pattern": "^[ab]+$"}"#),
            b"\"ab\"",
        ),
        (
            Spec::grammar(Format::Gbnf, "root ::= \"a\" root | \"b\""),
            b"aab",
        ),
        (Spec::regex("[0-9]{3}"), b"123"),
    ];
    let masks = |compiler: &Compiler, spec: &Spec, text: &[u8]| {
        let mut matcher = compiler.compile(spec).expect("a grammar").matcher();
        let mut all = Vec::new();
        for &byte in text {
            let mut row = vec![0; compiler.vocab().mask_words()];
            matcher.fill_mask(&mut row).expect("a mask");
            all.push(row);
            matcher.push_bytes(&[byte]).expect("allowed");
        }
        assert!(matcher.is_complete());
        all
    };
    let clean = compiler(Limits::default());
    let shared = compiler(Limits::default());
    let never = Fuel::unlimited().stop_if(|| true);
    for (spec, text) in &good {
        let wanted = masks(&clean, spec, text);
        for bad in &bad {
            assert!(shared.compile(bad).is_err());
            // Whether there was anything to stop depends on the form.
            let _ = shared.compile_with(spec, &never);
            shared.forget();
            assert_eq!(masks(&shared, spec, text), wanted);
        }
    }
}
