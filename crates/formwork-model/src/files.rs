//! A model from the files it comes in.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use formwork::TokenId;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::gguf::{self, Gguf, Value};
use crate::llada::is_llada;
use crate::{
    ChatTemplate, LladaWeights, ModelConfig, ModelError, ModelErrorKind, Safetensors, Tokenizer,
    TokenizerHints, Weights,
};

/// The largest text file that is read, in bytes.
const MAX_TEXT_BYTES: u64 = 1 << 28;

/// What a model is made of.
pub struct ModelFiles {
    /// Its sizes, and whether it is a masked diffusion model.
    pub config: ModelConfig,
    /// Its tensors, still in their files.
    pub weights: Box<dyn Weights>,
    /// Its tokenizer. It has no more tokens than the embedding has rows.
    pub tokenizer: Tokenizer,
    /// How chats are written for it, if it was trained on chats.
    pub chat: Option<ChatTemplate>,
}

/// The models that are part of this crate.
#[cfg(feature = "embedded")]
mod embedded;

impl ModelFiles {
    /// Opens a GGUF file, or a folder as Hugging Face has them: `config.json`,
    /// `tokenizer.json`, safetensors files (see [`Safetensors::open`]), and, if they are
    /// there, `tokenizer_config.json`, `generation_config.json` and
    /// `chat_template.jinja`. Weights of LLaDA are there under the names of [`Weights`].
    ///
    /// # Errors
    ///
    /// If a file is missing or broken, or the model is not supported. The message names
    /// the file.
    pub fn open(path: impl AsRef<Path>) -> Result<ModelFiles, ModelError> {
        let path = path.as_ref();
        let files = if path.is_dir() {
            from_folder(path)?
        } else {
            from_file(path)?
        };
        let tokens = files.tokenizer.vocab().len();
        if tokens > files.config.vocab_len {
            return Err(ModelError::format(format!(
                "{}: the tokenizer has {tokens} tokens, but the embedding only {} rows; the \
                 files are not of one model",
                path.display(),
                files.config.vocab_len
            )));
        }
        Ok(files)
    }
}

fn from_file(path: &Path) -> Result<ModelFiles, ModelError> {
    let mut start = [0; gguf::MAGIC.len()];
    let read = File::open(path)
        .map_err(|error| ModelError::io("open", path, &error))?
        .read_exact(&mut start);
    if read.is_err() || start != gguf::MAGIC {
        return Err(ModelError::format(format!(
            "{} is neither a GGUF file nor a folder with config.json, tokenizer.json and \
             *.safetensors",
            path.display()
        )));
    }
    let gguf = Gguf::open(path)?;
    let config = gguf.config()?;
    let tokenizer = Tokenizer::from_gguf(&gguf).map_err(|error| error.at(path.display()))?;
    let chat = gguf
        .get("tokenizer.chat_template")
        .and_then(Value::as_str)
        .map(ChatTemplate::from_text)
        .transpose()
        .map_err(|error| error.at(path.display()))?;
    Ok(ModelFiles {
        weights: Box::new(gguf.into_weights(&config)?),
        config,
        tokenizer,
        chat,
    })
}

/// What is read of `tokenizer_config.json`.
#[derive(Deserialize, Default)]
struct TokenizerFile {
    bos_token: Option<Name>,
    eos_token: Option<Name>,
    chat_template: Option<Templates>,
}

/// A token, by its text or with more about it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Name {
    Text(String),
    Token { content: String },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Templates {
    One(String),
    Named(Vec<Template>),
}

#[derive(Deserialize)]
struct Template {
    name: String,
    template: String,
}

/// What is read of `generation_config.json`, and of `config.json` besides the sizes.
#[derive(Deserialize, Default)]
struct Stops {
    eos_token_id: Option<Ids>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Ids {
    One(u32),
    Many(Vec<u32>),
}

fn from_folder(folder: &Path) -> Result<ModelFiles, ModelError> {
    let config_text = required(folder, "config.json")?;
    let config = ModelConfig::from_json(&config_text)
        .map_err(|error| error.at(folder.join("config.json").display()))?;
    let tokenizer_text = required(folder, "tokenizer.json")?;
    let names: TokenizerFile = optional(folder, "tokenizer_config.json")?;
    let own: Stops = parse(folder, "config.json", &config_text)?;
    let stops: Stops = optional(folder, "generation_config.json")?;

    let mut hints = TokenizerHints {
        bos: names.bos_token.map(Name::text),
        eos: names.eos_token.map(Name::text),
        stop_ids: Vec::new(),
    };
    for ids in [own.eos_token_id, stops.eos_token_id].into_iter().flatten() {
        match ids {
            Ids::One(id) => hints.stop_ids.push(TokenId(id)),
            Ids::Many(ids) => hints.stop_ids.extend(ids.into_iter().map(TokenId)),
        }
    }
    let tokenizer = Tokenizer::with_hints(&tokenizer_text, &hints)
        .map_err(|error| error.at(folder.join("tokenizer.json").display()))?;
    let template = match text(folder, "chat_template.jinja")? {
        Some(template) => Some(template),
        None => names.chat_template.and_then(Templates::main),
    };
    let chat = template
        .map(|template| ChatTemplate::from_text(&template))
        .transpose()
        .map_err(|error| error.at(folder.display()))?;
    let weights = Safetensors::open(folder)?;
    Ok(ModelFiles {
        config,
        weights: match is_llada(&weights) {
            true => Box::new(LladaWeights::new(weights)),
            false => Box::new(weights),
        },
        tokenizer,
        chat,
    })
}

impl Name {
    fn text(self) -> String {
        match self {
            Name::Text(text) => text,
            Name::Token { content } => content,
        }
    }
}

impl Templates {
    /// The template for plain chats: the one called `default`, if there are several.
    fn main(self) -> Option<String> {
        match self {
            Templates::One(template) => Some(template),
            Templates::Named(all) => all
                .into_iter()
                .find(|template| template.name == "default")
                .map(|template| template.template),
        }
    }
}

fn required(folder: &Path, name: &str) -> Result<String, ModelError> {
    text(folder, name)?.ok_or_else(|| {
        ModelError::new(
            ModelErrorKind::Io,
            format!(
                "{} is missing; a model's folder has config.json, tokenizer.json and \
                 *.safetensors",
                folder.join(name).display()
            ),
        )
    })
}

/// What a JSON file says, or nothing if it is not there.
fn optional<T: DeserializeOwned + Default>(folder: &Path, name: &str) -> Result<T, ModelError> {
    match text(folder, name)? {
        Some(text) => parse(folder, name, &text),
        None => Ok(T::default()),
    }
}

fn parse<T: DeserializeOwned>(folder: &Path, name: &str, text: &str) -> Result<T, ModelError> {
    serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| ModelError::format(format!("{}: {error}", folder.join(name).display())))
}

/// The text of a file, if it is there.
fn text(folder: &Path, name: &str) -> Result<Option<String>, ModelError> {
    let path = folder.join(name);
    let failed = |error: std::io::Error| ModelError::io("read", &path, &error);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut text = String::new();
    // One byte more than allowed, to tell whether there is more.
    let read = file.take(MAX_TEXT_BYTES + 1).read_to_string(&mut text);
    read.map_err(failed)?;
    if text.len() as u64 > MAX_TEXT_BYTES {
        return Err(ModelError::format(format!(
            "{} has more than {MAX_TEXT_BYTES} bytes",
            path.display()
        )));
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests;
