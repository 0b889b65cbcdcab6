//! Masks in parts: painted they are the masks, base masks keep their numbers, and
//! lists are short.

use std::cell::RefCell;
use std::collections::HashMap;

use formwork::cfg::syntax::{Format, SyntaxLimits, parse};
use formwork::{
    CfgLimits, Compiler, MaskError, MaskKind, MaskParts, Matcher, Vocab, fill_mask_parts, mask,
};
use formwork_testkit::walk::{generate, mask_of};
use formwork_testkit::{Rng, corpus, schema, vocab};
use proptest::prelude::*;
use serde_json::json;

use crate::{grammars, support};

/// The rows of the base masks met so far, and what masks came to.
#[derive(Default)]
struct Server {
    rows: HashMap<u64, Vec<u32>>,
    masks: usize,
    listed: usize,
}

impl Server {
    /// Holds parts against the mask, without asking a base that is known for its row.
    fn receive(&mut self, parts: &MaskParts, wanted: &[u32]) -> Result<(), String> {
        let mut row = vec![0; wanted.len()];
        for base in &parts.bases {
            let known = self.rows.entry(base.id());
            let known = known.or_insert_with(|| base.words().to_vec());
            if known != base.words() {
                return Err(format!("base {} has another row", base.id()));
            }
            mask::or_into(&mut row, known);
        }
        let ids: Vec<u64> = parts.bases.iter().map(formwork::BaseMask::id).collect();
        let ascends =
            parts.set.is_sorted_by(|a, b| a < b) && parts.clear.is_sorted_by(|a, b| a < b);
        if !ascends || !ids.is_sorted_by(|a, b| a < b) {
            return Err("something is listed twice, or not in order".to_owned());
        }
        if parts.set.iter().any(|&token| mask::get(&row, token)) {
            return Err("a token of a base is set".to_owned());
        }
        if !parts.clear.iter().all(|&token| mask::get(&row, token)) {
            return Err("a token of no base is cleared".to_owned());
        }
        let listed = parts.set.len() + parts.clear.len();
        if listed > row.len() / 4 {
            return Err(format!("{listed} tokens are listed"));
        }
        self.masks += 1;
        self.listed += listed;
        mask::set_all(&mut row, &parts.set);
        parts.clear.iter().for_each(|&id| mask::clear(&mut row, id));
        let mut painted = vec![u32::MAX; row.len() + 2];
        parts
            .paint(&mut painted)
            .map_err(|error| error.to_string())?;
        if row != wanted || painted[..row.len()] != row || painted[row.len()..] != [0; 2] {
            return Err("the parts are not the mask".to_owned());
        }
        let is_kind = match parts.kind {
            MaskKind::Stopped => mask::is_empty(&row),
            MaskKind::One(token) => mask::only(&row) == Some(token),
            _ => mask::count_ones(&row) > 1,
        };
        if !is_kind {
            return Err(format!("{:?} for {}", parts.kind, mask::count_ones(&row)));
        }
        Ok(())
    }

    /// Asks for the parts before, after, or without the mask, and again.
    fn ask(&mut self, matcher: &Matcher, row_first: bool) -> Result<(), String> {
        let before = row_first.then(|| mask_of(matcher));
        for _ in 0..3 {
            let parts = matcher.mask_parts().map_err(|error| error.to_string())?;
            self.receive(&parts, &mask_of(matcher))?;
        }
        match before.is_none_or(|before| before == mask_of(matcher)) {
            true => Ok(()),
            false => Err("the mask changed".to_owned()),
        }
    }
}

#[test]
fn parts_of_random_schemas_are_the_masks() {
    let compiler = support::compiler(vocab::toy(7));
    let server = RefCell::new(Server::default());
    let mut runner = proptest::test_runner::TestRunner::new(support::config(250));
    let result = runner.run(&(schema::any_schema(), any::<u64>()), |(schema, seed)| {
        let Ok(grammar) = support::compile(&compiler, &schema, 2) else {
            return Ok(());
        };
        let mut rng = Rng::new(seed);
        let budget = rng.below(30);
        let Ok(text) = generate(&grammar, budget, &mut rng) else {
            return Ok(());
        };
        let mut matcher = grammar.matcher();
        let stop = grammar.index().vocab().stop_ids()[0];
        for token in text.tokens.into_iter().take(60).chain([stop]) {
            let asked = server.borrow_mut().ask(&matcher, rng.chance(50));
            asked.map_err(|why| TestCaseError::fail(format!("{why}: {schema}")))?;
            if matcher.push(token).is_err() {
                break; // the text was cut short
            }
        }
        let asked = server.borrow_mut().ask(&matcher, false);
        asked.map_err(|why| TestCaseError::fail(format!("{why} at the end: {schema}")))?;
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let server = server.into_inner();
    assert!(server.masks > 2000, "only {} masks", server.masks);
    assert!(server.rows.len() > 3, "only {} bases", server.rows.len());
}

/// Walks the samples of the project's grammars, tokens at random between them.
fn walk_grammars(compiler: &Compiler, server: &mut Server) {
    let mut rng = Rng::new(support::seed());
    for path in grammars::files() {
        let grammar = grammars::compile(compiler, &path);
        let samples = grammars::samples_of(&path, "valid");
        let text = rng.pick(&samples).1.as_bytes();
        let mut matcher = grammar.matcher();
        for piece in text.chunks(3).take(40) {
            if let Err(why) = server.ask(&matcher, rng.chance(50)) {
                panic!("{}: {why}", grammars::name(&path));
            }
            matcher.push_bytes(piece).expect("the sample is valid");
        }
    }
}

#[test]
fn parts_of_grammars_are_the_masks() {
    let mut server = Server::default();
    walk_grammars(&support::compiler(vocab::toy(9)), &mut server);
    assert!(server.masks > 200, "only {} masks", server.masks);
    let mut server = Server::default();
    let compiler = support::compiler(Vocab::embedded().expect("the embedded vocabulary"));
    walk_grammars(&compiler, &mut server);
    // Bases come again: there are far fewer of them than masks.
    let (masks, bases) = (server.masks / 3, server.rows.len());
    assert!(bases * 4 < masks, "{bases} bases for {masks} masks");
}

#[test]
fn grammars_share_bases_and_lists_are_short() {
    let compiler = support::compiler(Vocab::embedded().expect("the embedded vocabulary"));
    let mut server = Server::default();
    for round in 0..2 {
        let before = server.rows.len();
        for (name, file) in corpus() {
            let Ok(grammar) = support::compile(&compiler, &file["schema"], 8) else {
                continue;
            };
            let tests = file["tests"].as_array().expect("a list of tests");
            let Some(valid) = tests.iter().find(|test| test["valid"] == true) else {
                continue;
            };
            let text = valid["data"].to_string();
            let mut matcher = grammar.matcher();
            for piece in text.as_bytes().chunks(5).take(20) {
                if let Err(why) = server.ask(&matcher, false) {
                    panic!("{name}: {why}");
                }
                if matcher.push_bytes(piece).is_err() {
                    break; // another spelling
                }
            }
        }
        // Grammars that are compiled again have the same bases.
        if round == 1 {
            assert_eq!(server.rows.len(), before);
        }
    }
    let mean = server.listed / server.masks;
    assert!(mean < 200, "{mean} tokens are listed in the mean");
}

#[test]
fn tokens_by_number_are_listed_or_a_base() {
    let compiler = support::compiler(Vocab::embedded().expect("the embedded vocabulary"));
    let mut server = Server::default();
    let mut bases = Vec::new();
    for text in [
        r#"start: "a" <[300-420]>"#,
        r#"start: "a" <[*]>"#,
        r#"start: "a" (<[300-9000]> | /[a-z]+/)"#,
        r#"start: "a" (<[300-9000]> | %json {"type": "string"})"#,
        r#"start: "a" (<[300]> | %json {"type": "string"})"#,
    ] {
        let grammar = parse(text, Format::Lark, &SyntaxLimits::default()).expect("a grammar");
        let grammar = compiler.cfg(&grammar, &CfgLimits::default());
        let mut matcher = grammar.expect("it compiles").matcher();
        server.ask(&matcher, false).expect(text);
        matcher.push_bytes(b"a").expect("it begins so");
        server.ask(&matcher, false).expect(text);
        bases.push(matcher.mask_parts().expect("parts").bases.len());
    }
    // White space before a value is a row of its own.
    assert_eq!(bases, [0, 1, 1, 2, 1]);
}

#[test]
fn batches_hold_the_same_parts() {
    let compiler = support::compiler(vocab::toy(7));
    // More than are filled by one thread.
    let matchers: Vec<Matcher> = (0..60)
        .map(|n| {
            let schema = json!({"type": "object", "properties": {
                format!("a{n}"): {"type": "string", "maxLength": n},
                "b": {"type": "integer", "maximum": n},
            }});
            let mut matcher = support::compile(&compiler, &schema, 1).unwrap().matcher();
            let text = format!("{{\"a{n}\":\"");
            let cut = n % (text.len() + 1);
            matcher.push_bytes(&text.as_bytes()[..cut]).unwrap();
            matcher
        })
        .collect();
    let mut server = Server::default();
    let parts = fill_mask_parts(&matchers).expect("no limit is reached");
    assert_eq!(parts.len(), matchers.len());
    for (matcher, parts) in matchers.iter().zip(&parts) {
        server.receive(parts, &mask_of(matcher)).expect("the mask");
    }
    let (words, short) = (compiler.vocab().mask_words(), &mut [0; 2]);
    let error = MaskError::RowTooShort {
        words: 2,
        needed: words,
    };
    assert_eq!(parts[0].paint(short), Err(error));
    assert!(fill_mask_parts(&[]).expect("nothing to do").is_empty());
}
