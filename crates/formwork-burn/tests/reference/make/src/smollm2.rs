//! What a real model says to three prompts.

use crate::files::put;
use candle_core::{DType, Device, IndexOp, Tensor, quantized::gguf_file};
use candle_transformers::models::quantized_llama::ModelWeights;
use std::{collections::HashMap, env, error::Error, fs::File, path::Path};

/// The prompts, encoded by the tokenizer in the model's file. The first two are chats,
/// with and without a system message; the third is plain text.
const PROMPTS: [&[u32]; 3] = [
    // <|im_start|>system⏎You are a helpful AI assistant named SmolLM, trained by Hugging
    // Face<|im_end|>⏎<|im_start|>user⏎What is the capital of France?<|im_end|>⏎
    // <|im_start|>assistant⏎
    &[
        1, 9690, 198, 2683, 359, 253, 5356, 5646, 11173, 3365, 3511, 308, 34519, 28, 7018, 411,
        407, 19712, 8182, 2, 198, 1, 4093, 198, 1780, 314, 260, 3575, 282, 4649, 47, 2, 198, 1,
        520, 9531, 198,
    ],
    // <|im_start|>user⏎Write one sentence about the sea.<|im_end|>⏎<|im_start|>assistant⏎
    &[
        1, 4093, 198, 19161, 582, 6330, 563, 260, 3426, 30, 2, 198, 1, 520, 9531, 198,
    ],
    // The first ten prime numbers are 2, 3, 5, 7, 11,
    &[
        504, 808, 3772, 9552, 2966, 359, 216, 34, 28, 216, 35, 28, 216, 37, 28, 216, 39, 28, 216,
        33, 33, 28,
    ],
];

/// As many tokens are generated after each prompt.
const CONTINUATION: usize = 16;

/// Writes the prompts, the logits of what follows them, and the tokens that follow when
/// the likeliest is always taken.
pub fn write(model: &Path, output: &Path) -> Result<(), Box<dyn Error>> {
    // candle would otherwise round activations to 8 bits to multiply them.
    if env::var("CANDLE_DEQUANTIZE_ALL").as_deref() != Ok("1") {
        return Err("set CANDLE_DEQUANTIZE_ALL=1".into());
    }
    let mut file = File::open(model)?;
    let content = gguf_file::Content::read(&mut file)?;
    let mut model = ModelWeights::from_gguf(content, &mut file, &Device::Cpu)?;

    let mut tensors = HashMap::new();
    for (i, prompt) in PROMPTS.into_iter().enumerate() {
        model.clear_kv_cache();
        let mut logits = read(&mut model, prompt, 0)?;
        tensors.insert(format!("tokens_{i}"), Tensor::new(prompt, &Device::Cpu)?);
        tensors.insert(format!("logits_{i}"), logits.to_dtype(DType::F16)?);
        let mut continuation: Vec<u32> = Vec::new();
        while continuation.len() < CONTINUATION {
            let before = prompt.len() + continuation.len();
            let token = logits.argmax(0)?.to_scalar()?;
            continuation.push(token);
            logits = read(&mut model, &[token], before)?;
        }
        let continuation = Tensor::new(continuation, &Device::Cpu)?;
        tensors.insert(format!("continuation_{i}"), continuation);
    }
    put(output, &safetensors::serialize(tensors, None)?)
}

/// Reads `tokens` after `before` others and gives the logits of what follows.
fn read(model: &mut ModelWeights, tokens: &[u32], before: usize) -> candle_core::Result<Tensor> {
    let input = Tensor::new(tokens, &Device::Cpu)?.unsqueeze(0)?;
    model.forward(&input, before)?.i(0)
}
