//! Engines behind one face.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use formwork::{Compiler, LoadOptions, SchemaOptions, TokenId, Vocab, mask};
use llguidance::api::TopLevelGrammar;
use llguidance::{Matcher, ParserFactory};
use toktrie_hf_tokenizers::ByteTokenizer;

/// An engine with at most one schema at a time.
pub(crate) trait Engine {
    fn name(&self) -> &'static str;

    /// From the text of a schema to a matcher; whether it is supported.
    fn compile(&mut self, schema: &str) -> bool;

    /// Back to the start of the text.
    fn restart(&mut self);

    /// Makes a mask, and reads the token if that allows it; whether it does.
    fn read(&mut self, token: TokenId) -> bool;

    /// Whether the text may end.
    fn may_end(&mut self) -> bool;
}

pub(crate) struct Formwork {
    compiler: Compiler,
    options: SchemaOptions,
    matcher: Option<formwork::Matcher>,
    row: Vec<u32>,
}

impl Formwork {
    pub(crate) fn new(tokenizer: &Path) -> Result<Formwork, Box<dyn Error>> {
        let vocab = Vocab::load(tokenizer, &LoadOptions::new())?;
        Ok(Formwork {
            row: vec![0; vocab.mask_words()],
            compiler: Compiler::new(Arc::new(vocab))?,
            options: SchemaOptions::default(),
            matcher: None,
        })
    }
}

impl Engine for Formwork {
    fn name(&self) -> &'static str {
        "formwork"
    }

    fn compile(&mut self, schema: &str) -> bool {
        let grammar = self.compiler.json_schema(schema, &self.options);
        self.matcher = grammar.ok().map(|grammar| grammar.matcher());
        self.matcher.is_some()
    }

    fn restart(&mut self) {
        self.matcher.iter_mut().for_each(formwork::Matcher::reset);
    }

    fn read(&mut self, token: TokenId) -> bool {
        let Some(matcher) = &mut self.matcher else {
            return false;
        };
        matcher.fill_mask(&mut self.row).is_ok()
            && mask::get(&self.row, token)
            && matcher.push(token).is_ok()
    }

    fn may_end(&mut self) -> bool {
        self.matcher
            .as_ref()
            .is_some_and(|matcher| matcher.is_complete())
    }
}

pub(crate) struct Llguidance {
    factory: ParserFactory,
    matcher: Option<Matcher>,
}

impl Llguidance {
    pub(crate) fn new(tokenizer: &Path) -> Result<Llguidance, Box<dyn Error>> {
        let env = ByteTokenizer::from_file(tokenizer)?.into_tok_env(None)?;
        let mut factory = ParserFactory::new_simple(&env)?;
        factory.quiet();
        Ok(Llguidance {
            factory,
            matcher: None,
        })
    }
}

impl Engine for Llguidance {
    fn name(&self) -> &'static str {
        "llguidance"
    }

    fn compile(&mut self, schema: &str) -> bool {
        self.matcher = serde_json::from_str(schema).ok().and_then(|schema| {
            let grammar = TopLevelGrammar::from_json_schema(schema);
            let parser = self.factory.create_parser(grammar).ok()?;
            Some(Matcher::new(Ok(parser)))
        });
        self.matcher.is_some()
    }

    fn restart(&mut self) {
        if let Some(matcher) = &mut self.matcher {
            // A matcher that failed cannot be reset, and fails again.
            let _ = matcher.reset();
        }
    }

    fn read(&mut self, token: TokenId) -> bool {
        let Some(matcher) = &mut self.matcher else {
            return false;
        };
        let Ok(mask) = matcher.compute_mask() else {
            return false;
        };
        mask.is_allowed(token.0) && matcher.consume_token(token.0).is_ok()
    }

    fn may_end(&mut self) -> bool {
        let matcher = self.matcher.as_mut();
        matcher.is_some_and(|matcher| matcher.is_accepting().unwrap_or(false))
    }
}
