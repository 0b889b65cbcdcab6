//! candle's decoders behind one call.

use candle_core::{DType, Device, IndexOp, Result, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::{llama, qwen2, qwen3};
use serde_json::Value;
use std::error::Error;

/// A decoder with what it has read so far.
#[allow(clippy::large_enum_variant)] // there is only ever one
pub enum Model {
    Llama(llama::Llama, llama::Config, llama::Cache),
    Qwen2(qwen2::ModelForCausalLM),
    Qwen3(qwen3::ModelForCausalLM),
}

impl Model {
    /// The model that `config` describes with weights from `model.safetensors`.
    pub fn load(config: &Value, weights: Vec<u8>) -> std::result::Result<Self, Box<dyn Error>> {
        let weights = VarBuilder::from_buffered_safetensors(weights, DType::F32, &Device::Cpu)?;
        let parsed = config.clone();
        Ok(match config["model_type"].as_str() {
            Some("llama") => {
                let config: llama::LlamaConfig = serde_json::from_value(parsed)?;
                let config = config.into_config(false);
                let cache = llama::Cache::new(true, DType::F32, &config, &Device::Cpu)?;
                Self::Llama(llama::Llama::load(weights, &config)?, config, cache)
            }
            Some("qwen2") => {
                let config = serde_json::from_value(parsed)?;
                Self::Qwen2(qwen2::ModelForCausalLM::new(&config, weights)?)
            }
            Some("qwen3") => {
                let config = serde_json::from_value(parsed)?;
                Self::Qwen3(qwen3::ModelForCausalLM::new(&config, weights)?)
            }
            other => return Err(format!("no such model_type: {other:?}").into()),
        })
    }

    /// Reads `tokens` after `before` others and gives the logits of what follows.
    pub fn read(&mut self, tokens: &[u32], before: usize) -> Result<Vec<f32>> {
        let input = Tensor::new(tokens, &Device::Cpu)?.unsqueeze(0)?;
        let logits = match self {
            Self::Llama(model, _, cache) => model.forward(&input, before, cache)?.i(0)?,
            Self::Qwen2(model) => model.forward(&input, before)?.i((0, 0))?,
            Self::Qwen3(model) => model.forward(&input, before)?.i((0, 0))?,
        };
        logits.to_vec1()
    }

    /// Forgets all that was read.
    pub fn clear(&mut self) -> Result<()> {
        match self {
            Self::Llama(_, config, cache) => {
                *cache = llama::Cache::new(true, DType::F32, config, &Device::Cpu)?;
            }
            Self::Qwen2(model) => model.clear_kv_cache(),
            Self::Qwen3(model) => model.clear_kv_cache(),
        }
        Ok(())
    }
}
