//! What a request says about how texts are written, whatever they begin with.

use formwork_model::Sampling;
use serde::Deserialize;

use crate::constraint::Constraint;
use crate::error::ApiError;
use crate::fields::{Fields, parse};
use crate::options::ServerOptions;

/// How texts are written.
pub(crate) struct Settings {
    pub(crate) constraint: Option<Constraint>,
    pub(crate) sampling: Sampling,
    /// The seed of the first text; each has the next one.
    pub(crate) seed: u64,
    pub(crate) max_tokens: usize,
    /// Whether texts are led to their end within `max_tokens`, if that is said.
    pub(crate) must_complete: Option<bool>,
    pub(crate) stop: Vec<Vec<u8>>,
    /// Texts for each prompt.
    pub(crate) n: usize,
    pub(crate) stream: bool,
    /// Whether a stream ends with the usage.
    pub(crate) include_usage: bool,
}

/// Members that change no answer.
const HARMLESS: &[&str] = &[
    "metadata",
    "prediction",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "store",
    "user",
];

/// More texts to stop before than a request may have, and bytes of one.
const MAX_STOPS: usize = 16;
const MAX_STOP_BYTES: usize = 256;

impl Settings {
    /// Takes what both endpoints have in common.
    pub(crate) fn take(
        fields: &mut Fields<'_>,
        name: &str,
        options: &ServerOptions,
    ) -> Result<Settings, ApiError> {
        let model: Option<String> = fields.take("model")?;
        if let Some(model) = model.filter(|model| model != name) {
            return Err(ApiError::no_model(&model, name));
        }
        fields.ignore(HARMLESS);
        for name in ["frequency_penalty", "presence_penalty"] {
            fields.only(name, &["0", "0.0"])?;
        }
        fields.only("logit_bias", &["{}"])?;
        fields.only("logprobs", &["false"])?;
        fields.only("top_logprobs", &["0"])?;
        let stream = fields.take("stream")?.unwrap_or(false);
        let include_usage = match fields.raw("stream_options") {
            None => false,
            Some(raw) => {
                let place = fields.place("stream_options");
                if !stream {
                    let message = "`stream_options` are for streams; set `stream`";
                    return Err(ApiError::invalid(place, message));
                }
                let mut inner = Fields::of(raw, &place)?;
                inner.ignore(&["include_obfuscation"]);
                let include = inner.take("include_usage")?.unwrap_or(false);
                inner.finish()?;
                include
            }
        };
        let n = fields.take("n")?.unwrap_or(1);
        if n == 0 {
            return Err(ApiError::invalid(fields.place("n"), "`n` is at least 1"));
        }
        Ok(Settings {
            sampling: sampling(fields)?,
            seed: seed(fields)?,
            max_tokens: max_tokens(fields, options)?,
            must_complete: fields.take("must_complete")?,
            stop: stop(fields)?,
            constraint: Constraint::take(fields)?,
            n,
            stream,
            include_usage,
        })
    }
}

fn sampling(fields: &mut Fields<'_>) -> Result<Sampling, ApiError> {
    let default = Sampling::default();
    let temperature = fields.take("temperature")?;
    // -1 is vLLM's word for all of them.
    let top_k: Option<i64> = fields.take("top_k")?;
    let top_k = top_k.map(|k| u32::try_from(k.max(0)).unwrap_or(u32::MAX));
    let sampling = Sampling {
        temperature: temperature.unwrap_or(default.temperature),
        top_k: top_k.unwrap_or(default.top_k),
        top_p: fields.take("top_p")?.unwrap_or(default.top_p),
        min_p: fields.take("min_p")?.unwrap_or(default.min_p),
    };
    sampling.check().map_err(|error| {
        let message = error.to_string();
        let name = message.split(' ').next().unwrap_or_default().to_owned();
        ApiError::invalid(name, message)
    })?;
    Ok(sampling)
}

/// The seed that is named, or one by chance.
fn seed(fields: &mut Fields<'_>) -> Result<u64, ApiError> {
    let seed: Option<i64> = fields.take("seed")?;
    Ok(match seed {
        Some(seed) => seed as u64, // all bits count, the sign is one of them
        None => uuid::Uuid::new_v4().as_u64_pair().0,
    })
}

fn max_tokens(fields: &mut Fields<'_>, options: &ServerOptions) -> Result<usize, ApiError> {
    let old = fields.take("max_tokens")?;
    let new = fields.take("max_completion_tokens")?;
    let (name, max) = match (old, new) {
        (Some(_), Some(_)) => {
            let message = "name `max_tokens` or `max_completion_tokens`, not both";
            return Err(ApiError::invalid("max_tokens", message));
        }
        (None, None) => return Ok(options.max_tokens),
        (Some(max), None) => ("max_tokens", max),
        (None, Some(max)) => ("max_completion_tokens", max),
    };
    let most = options.max_tokens;
    match max {
        1.. if max <= most => Ok(max),
        _ => Err(ApiError::limit(
            name,
            format!("`{name}` is {max}; 1 to {most} are allowed"),
        )),
    }
}

fn stop(fields: &mut Fields<'_>) -> Result<Vec<Vec<u8>>, ApiError> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stop {
        One(String),
        Many(Vec<String>),
    }
    let place = fields.place("stop");
    let stop = match fields
        .raw("stop")
        .map(|raw| parse(raw, &place))
        .transpose()?
    {
        None => Vec::new(),
        Some(Stop::One(text)) => vec![text],
        Some(Stop::Many(texts)) => texts,
    };
    let is_right = |text: &String| (1..=MAX_STOP_BYTES).contains(&text.len());
    if stop.len() > MAX_STOPS || !stop.iter().all(is_right) {
        let message = format!(
            "at most {MAX_STOPS} texts of 1 to {MAX_STOP_BYTES} bytes can be stopped before"
        );
        return Err(ApiError::limit(place, message));
    }
    Ok(stop.into_iter().map(String::into_bytes).collect())
}
