//! Base masks kept beside the logits: what travels there for each token, if a server
//! keeps the rows of base masks by their number and sends what differs.
//!
//! ```text
//! cargo run --release -p formwork --example base_masks [tokenizer.json]
//! ```
//!
//! Texts under several schemas and a grammar are read token by token, all of them at
//! once as a batch is. The accelerator here is a table of rows; the one that was not
//! asked for longest gives way.

// An example prints, and has nobody to hand errors to.
#![allow(clippy::print_stdout)]

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;

use formwork::cfg::syntax::{Format, SyntaxLimits, parse};
use formwork::{
    CfgLimits, Compiler, Grammar, LoadOptions, MaskKind, MaskParts, Matcher, SchemaOptions,
    TokenId, Vocab, fill_mask_parts, mask,
};

/// Rows that the accelerator has room for.
const ROOM: usize = 64;

const SCHEMAS: [(&str, &str); 4] = [
    (
        r#"{"type": "object", "required": ["name", "size"], "properties": {
            "name": {"type": "string", "maxLength": 40}, "size": {"enum": ["small", "large"]},
            "notes": {"type": "array", "items": {"type": "string"}}}}"#,
        r#"{"name": "A mould for concrete", "size": "large",
            "notes": ["The model pours tokens; the schema is the mould.", "Café, naïve, 中文"]}"#,
    ),
    (
        r#"{"type": "object", "required": ["id", "when"], "properties": {
            "id": {"type": "string", "pattern": "^[a-z]+-[0-9]{4}$"},
            "when": {"type": "string", "format": "date-time"}}}"#,
        r#"{"id": "order-2041", "when": "2026-11-27T18:25:00Z"}"#,
    ),
    (
        r#"{"type": "array", "items": {"type": "object", "properties": {
            "x": {"type": "number"}, "y": {"type": "number"}, "label": {"type": "string"}}}}"#,
        r#"[{"x": 1.5, "y": -2, "label": "here"}, {"x": 0.25, "y": 7e3, "label": "over there"}]"#,
    ),
    (
        r#"{"type": "object", "properties": {"email": {"type": "string", "format": "email"},
            "url": {"type": "string", "format": "uri"}}}"#,
        r#"{"email": "somebody@example.org", "url": "https://example.org/a/path?query=1"}"#,
    ),
];

const GRAMMAR: (&str, &str) = (
    r#"root ::= (name " = " sum "\n")*
sum ::= item (" + " item)*
item ::= name | [0-9]+ | "(" sum ")"
name ::= [a-z_]+"#,
    "total = price + (tax + 12)\nrest = total + discount + (shipping + 4)\n",
);

/// What the accelerator has: rows by number, and when each was asked for last.
#[derive(Default)]
struct Accelerator {
    rows: HashMap<u64, (Vec<u32>, usize)>,
    clock: usize,
    received: usize,
    bases: usize,
}

impl Accelerator {
    /// Takes what is sent for a mask, and makes the mask of it: a base is sent where the
    /// accelerator does not have it.
    fn receive(&mut self, parts: &MaskParts, row: &mut [u32]) {
        self.clock += 1;
        row.fill(0);
        if let MaskKind::One(token) = parts.kind {
            self.received += 4;
            mask::set(row, token);
            return;
        }
        for base in &parts.bases {
            self.received += 8;
            if !self.rows.contains_key(&base.id()) {
                self.received += 4 * base.words().len();
                self.bases += 1;
                self.make_room();
            }
            let sent = || (base.words().to_vec(), 0);
            let (words, last) = self.rows.entry(base.id()).or_insert_with(sent);
            *last = self.clock;
            mask::or_into(row, words);
        }
        self.received += 4 * (parts.set.len() + parts.clear.len());
        mask::set_all(row, &parts.set);
        parts.clear.iter().for_each(|&id| mask::clear(row, id));
    }

    fn make_room(&mut self) {
        let oldest = self.rows.iter().min_by_key(|(_, (_, last))| *last);
        if let (true, Some((&id, _))) = (self.rows.len() >= ROOM, oldest) {
            self.rows.remove(&id);
        }
    }
}

/// The text as tokens: the longest that fits, again and again.
fn tokens(vocab: &Vocab, text: &str) -> Vec<TokenId> {
    let (trie, mut rest, mut tokens) = (vocab.trie(), text.as_bytes(), Vec::new());
    while !rest.is_empty() {
        let (mut node, mut longest) = (trie.root(), None);
        for (at, &byte) in rest.iter().enumerate() {
            let Some(child) = trie.child(node, byte) else {
                break;
            };
            node = child;
            if let Some(&token) = trie.tokens(node).first() {
                longest = Some((at + 1, token));
            }
        }
        let Some((length, token)) = longest else {
            break; // every byte is a token, so this does not happen
        };
        tokens.push(token);
        rest = &rest[length..];
    }
    tokens
}

/// The grammars, each with a text.
fn compile(compiler: &Compiler) -> Result<Vec<(Grammar, &'static str)>, Box<dyn Error>> {
    let mut all = Vec::new();
    for (schema, text) in SCHEMAS {
        all.push((
            compiler.json_schema(schema, &SchemaOptions::default())?,
            text,
        ));
    }
    let grammar = parse(GRAMMAR.0, Format::Gbnf, &SyntaxLimits::default())?;
    all.push((compiler.cfg(&grammar, &CfgLimits::default())?, GRAMMAR.1));
    Ok(all)
}

/// Reads all texts; returns the number of masks, and the most tokens listed for one.
fn serve(
    compiler: &Compiler,
    accelerator: &mut Accelerator,
) -> Result<(usize, usize), Box<dyn Error>> {
    let vocab = compiler.vocab();
    let texts = compile(compiler)?;
    let drafts: Vec<Vec<TokenId>> = texts.iter().map(|(_, text)| tokens(vocab, text)).collect();
    let mut matchers: Vec<Matcher> = texts.iter().map(|(grammar, _)| grammar.matcher()).collect();
    let mut row = vec![0; vocab.mask_words()];
    let mut wanted = row.clone();
    let (mut masks, mut most) = (0, 0);
    for step in 0..drafts.iter().map(Vec::len).max().unwrap_or(0) {
        let all = matchers.iter().zip(&drafts);
        let going: Vec<Matcher> = all
            .filter(|(_, draft)| step < draft.len())
            .map(|(matcher, _)| matcher.fork())
            .collect();
        let parts = fill_mask_parts(&going)?;
        for (matcher, parts) in going.iter().zip(&parts) {
            accelerator.receive(parts, &mut row);
            matcher.fill_mask(&mut wanted)?;
            assert_eq!(row, wanted, "the parts are the mask");
            most = most.max(parts.set.len() + parts.clear.len());
        }
        masks += parts.len();
        for (matcher, draft) in matchers.iter_mut().zip(&drafts) {
            if let Some(&token) = draft.get(step) {
                matcher.push(token)?;
            }
        }
    }
    Ok((masks, most))
}

fn main() -> Result<(), Box<dyn Error>> {
    let vocab = match std::env::args().nth(1) {
        Some(path) => Vocab::load(path, &LoadOptions::new())?,
        None => Vocab::embedded()?,
    };
    let compiler = Compiler::new(Arc::new(vocab))?;
    let mut accelerator = Accelerator::default();
    println!("request   masks   bytes of each   as a row   bases sent   tokens listed at most");
    // The second time the grammars are compiled anew, and have the same bases.
    for request in ["first", "second"] {
        let (received, bases) = (accelerator.received, accelerator.bases);
        let (masks, most) = serve(&compiler, &mut accelerator)?;
        println!(
            "{request:<7} {masks:7} {:15} {:10} {:12} {most:23}",
            (accelerator.received - received) / masks,
            4 * compiler.vocab().mask_words(),
            accelerator.bases - bases,
        );
    }
    Ok(())
}
