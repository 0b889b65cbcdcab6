//! The names of LLaDA's tensors.

use crate::{ModelError, StoredTensor, Weights};

/// What LLaDA calls the parts of a block, beside what they are called here.
const PARTS: [(&str, &str); 9] = [
    ("input_layernorm", "attn_norm"),
    ("self_attn.q_proj", "q_proj"),
    ("self_attn.k_proj", "k_proj"),
    ("self_attn.v_proj", "v_proj"),
    ("self_attn.o_proj", "attn_out"),
    ("post_attention_layernorm", "ff_norm"),
    ("mlp.gate_proj", "ff_proj"),
    ("mlp.up_proj", "up_proj"),
    ("mlp.down_proj", "ff_out"),
];

/// What is outside the blocks.
const OTHERS: [(&str, &str); 3] = [
    ("model.embed_tokens.weight", "model.transformer.wte.weight"),
    ("model.norm.weight", "model.transformer.ln_f.weight"),
    ("lm_head.weight", "model.transformer.ff_out.weight"),
];

const BLOCK: (&str, &str) = ("model.layers.", "model.transformer.blocks.");

/// The name that LLaDA (Nie et al., arXiv:2502.09992) gives to a tensor of [`Weights`],
/// if it has such a tensor.
///
/// ```
/// # use formwork_model::llada_name;
/// let name = llada_name("model.layers.7.mlp.gate_proj.weight");
/// assert_eq!(name.as_deref(), Some("model.transformer.blocks.7.ff_proj.weight"));
/// ```
#[must_use]
pub fn llada_name(name: &str) -> Option<String> {
    rename(name, |(ours, theirs)| (ours, theirs))
}

/// From the first of each pair to the second.
fn rename(
    name: &str,
    order: impl Fn((&'static str, &'static str)) -> (&'static str, &'static str),
) -> Option<String> {
    let mut others = OTHERS.into_iter().map(&order);
    if let Some((_, to)) = others.find(|(from, _)| *from == name) {
        return Some(to.to_owned());
    }
    let (from, to) = order(BLOCK);
    let (layer, part) = name.strip_prefix(from)?.split_once('.')?;
    let part = part.strip_suffix(".weight")?;
    let mut parts = PARTS.into_iter().map(&order);
    let (_, part) = parts.find(|(from, _)| *from == part)?;
    Some(format!("{to}{layer}.{part}.weight"))
}

/// The tensors of a LLaDA, or of a model laid out as one, under the names of
/// [`Weights`].
#[derive(Debug)]
pub struct LladaWeights<W>(W);

impl<W: Weights> LladaWeights<W> {
    /// Over tensors under LLaDA's names. Those under other names are not there.
    pub fn new(weights: W) -> LladaWeights<W> {
        LladaWeights(weights)
    }
}

/// Whether tensors have LLaDA's names.
pub(crate) fn is_llada(weights: &dyn Weights) -> bool {
    let [(_, embedding), ..] = OTHERS;
    weights.shape(embedding).is_some()
}

impl<W: Weights> Weights for LladaWeights<W> {
    fn names(&self) -> Vec<String> {
        let names = self.0.names();
        let ours = |name: &String| rename(name, |(ours, theirs)| (theirs, ours));
        names.iter().filter_map(ours).collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.0.shape(&llada_name(name)?)
    }

    fn stored(&self, name: &str) -> Result<StoredTensor, ModelError> {
        // A name that LLaDA has not is refused by whoever has the tensors.
        self.0
            .stored(&llada_name(name).unwrap_or_else(|| name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Names(Vec<String>);

    impl Weights for Names {
        fn names(&self) -> Vec<String> {
            self.0.clone()
        }

        fn shape(&self, name: &str) -> Option<Vec<usize>> {
            self.0.iter().any(|known| known == name).then(Vec::new)
        }

        fn stored(&self, name: &str) -> Result<StoredTensor, ModelError> {
            Err(ModelError::format(name))
        }
    }

    #[test]
    fn there_and_back() {
        let parts = PARTS.map(|(ours, _)| format!("model.layers.31.{ours}.weight"));
        let others = OTHERS.map(|(ours, _)| ours.to_owned());
        let ours: Vec<String> = parts.into_iter().chain(others).collect();
        let theirs: Vec<String> = ours.iter().filter_map(|name| llada_name(name)).collect();
        assert_eq!(theirs.len(), ours.len());
        let weights = Names(theirs);
        assert!(is_llada(&weights));
        let weights = LladaWeights::new(weights);
        assert_eq!(weights.names(), ours);
        assert!(ours.iter().all(|name| weights.shape(name).is_some()));
        assert!(!is_llada(&weights));
    }

    #[test]
    fn no_such_tensors() {
        for name in [
            "model.layers.0.self_attn.q_proj.bias",
            "model.layers.0.self_attn.q_norm.weight",
            "model.layers.0",
            "model.transformer.wte.weight",
            "",
        ] {
            assert_eq!(llada_name(name), None, "{name}");
        }
    }
}
