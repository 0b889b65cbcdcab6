//! candle's loop with a mask in it: the logits of what is not allowed become minus infinity
//! before `LogitsProcessor` samples.
//!
//! The model is a small network with random weights, so what it writes makes no sense; that
//! it is an object of the right form is not its doing.

use std::error::Error;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use candle_nn::{Embedding, Linear, Module, VarBuilder, VarMap, embedding, linear};
use candle_transformers::generation::LogitsProcessor;
use formwork::{Compiler, SchemaOptions, Spec, TokenId, Vocab, Whitespace, mask};

/// The last token in, logits out.
struct Network {
    embedding: Embedding,
    hidden: Linear,
    head: Linear,
}

impl Network {
    fn new(vocab: usize, device: &Device) -> candle_core::Result<Network> {
        let weights = VarMap::new();
        let builder = VarBuilder::from_varmap(&weights, DType::F32, device);
        Ok(Network {
            embedding: embedding(vocab, 32, builder.pp("embedding"))?,
            hidden: linear(32, 64, builder.pp("hidden"))?,
            head: linear(64, vocab, builder.pp("head"))?,
        })
    }

    fn forward(&self, token: u32, device: &Device) -> candle_core::Result<Tensor> {
        let token = Tensor::new(&[token], device)?;
        let hidden = self.hidden.forward(&self.embedding.forward(&token)?)?;
        self.head.forward(&hidden.tanh()?)?.squeeze(0)
    }
}

/// Adds minus infinity where a token is not allowed.
fn constrain(logits: &Tensor, row: &[u32]) -> candle_core::Result<Tensor> {
    let bias = |id: usize| match mask::get(row, TokenId(id as u32)) {
        true => 0.0,
        false => f32::NEG_INFINITY,
    };
    let bias: Vec<f32> = (0..logits.dim(0)?).map(bias).collect();
    logits + Tensor::new(bias, logits.device())?
}

fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::Cpu;
    let compiler = Compiler::new(Arc::new(Vocab::embedded()?))?;
    let vocab = Arc::clone(compiler.vocab());
    let schema = r#"{"type": "object", "required": ["city", "people"],
        "properties": {"city": {"type": "string", "maxLength": 12},
                       "people": {"type": "integer", "minimum": 0, "maximum": 99999999}},
        "additionalProperties": false}"#;
    let compact = SchemaOptions {
        whitespace: Whitespace::Compact,
        ..SchemaOptions::default()
    };
    let spec = Spec::json_schema(schema).with_schema_options(compact);
    let mut matcher = compiler.compile(&spec)?.matcher();

    let network = Network::new(vocab.len(), &device)?;
    let mut processor = LogitsProcessor::new(7, Some(0.8), Some(0.95));
    let mut row = vec![0u32; vocab.mask_words()];
    let (mut last, mut text) = (0, Vec::new());
    while !matcher.is_terminated() {
        matcher.fill_mask(&mut row)?;
        let logits = constrain(&network.forward(last, &device)?, &row)?;
        last = processor.sample(&logits)?;
        matcher.push(TokenId(last))?;
        text.extend_from_slice(vocab.bytes(TokenId(last)));
    }
    println!("{}", String::from_utf8_lossy(&text));
    Ok(())
}
