use proptest::prelude::*;

use super::{Gguf, Value};
use crate::{Family, ModelErrorKind, RopeScaling, Weights};

/// Writes GGUF files for tests.
#[derive(Clone, Default)]
pub(crate) struct Builder {
    entries: Vec<Vec<u8>>,
    tensors: Vec<(Vec<u8>, Vec<u8>)>,
    data: Vec<u8>,
}

fn text(text: &str) -> Vec<u8> {
    let mut out = (text.len() as u64).to_le_bytes().to_vec();
    out.extend(text.as_bytes());
    out
}

impl Builder {
    /// An entry as the file has it: a type and bytes.
    pub(crate) fn raw(mut self, key: &str, kind: u32, bytes: &[u8]) -> Builder {
        self.entries
            .push([&text(key)[..], &kind.to_le_bytes(), bytes].concat());
        self
    }

    pub(crate) fn u32(self, key: &str, value: u32) -> Builder {
        self.raw(key, 4, &value.to_le_bytes())
    }

    pub(crate) fn f32(self, key: &str, value: f32) -> Builder {
        self.raw(key, 6, &value.to_le_bytes())
    }

    pub(crate) fn bool(self, key: &str, value: bool) -> Builder {
        self.raw(key, 7, &[value.into()])
    }

    pub(crate) fn text(self, key: &str, value: &str) -> Builder {
        self.raw(key, 8, &text(value))
    }

    fn list(self, key: &str, kind: u32, len: usize, items: &[u8]) -> Builder {
        let head = [&kind.to_le_bytes()[..], &(len as u64).to_le_bytes()].concat();
        self.raw(key, 9, &[&head[..], items].concat())
    }

    pub(crate) fn texts(self, key: &str, values: &[String]) -> Builder {
        let items: Vec<u8> = values.iter().flat_map(|value| text(value)).collect();
        self.list(key, 8, values.len(), &items)
    }

    pub(crate) fn i32s(self, key: &str, values: &[i32]) -> Builder {
        let items: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.list(key, 5, values.len(), &items)
    }

    pub(crate) fn f32s(self, key: &str, values: &[f32]) -> Builder {
        let items: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.list(key, 6, values.len(), &items)
    }

    /// A tensor of any type; `shape` has the slowest dimension first.
    pub(crate) fn tensor(mut self, name: &str, shape: &[u64], kind: u32, bytes: &[u8]) -> Builder {
        let start = self.data.len() as u64;
        self.data.extend(bytes);
        self.data.resize(self.data.len().next_multiple_of(32), 0);
        self.tensor_at(name, shape, kind, start)
    }

    /// A tensor that starts anywhere.
    fn tensor_at(mut self, name: &str, shape: &[u64], kind: u32, start: u64) -> Builder {
        let mut info = (shape.len() as u32).to_le_bytes().to_vec();
        info.extend(shape.iter().rev().flat_map(|size| size.to_le_bytes()));
        info.extend(kind.to_le_bytes());
        info.extend(start.to_le_bytes());
        self.tensors.push((text(name), info));
        self
    }

    pub(crate) fn floats(self, name: &str, shape: &[u64], values: &[f32]) -> Builder {
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.tensor(name, shape, 0, &bytes)
    }

    /// A tensor of zeros.
    pub(crate) fn zeros(self, name: &str, shape: &[u64]) -> Builder {
        let len = shape.iter().product::<u64>() as usize;
        self.floats(name, shape, &vec![0.0; len])
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        let mut out = b"GGUF\x03\0\0\0".to_vec();
        out.extend((self.tensors.len() as u64).to_le_bytes());
        out.extend((self.entries.len() as u64).to_le_bytes());
        out.extend(self.entries.concat());
        out.extend(
            self.tensors
                .iter()
                .flat_map(|(name, info)| [&name[..], info].concat()),
        );
        out.resize(out.len().next_multiple_of(32), 0);
        out.extend(&self.data);
        out
    }

    fn open(&self) -> Result<Gguf, crate::ModelError> {
        Gguf::from_bytes("test.gguf", self.build())
    }

    /// A decoder of one block, with two heads of four and one key and value head.
    pub(crate) fn decoder(family: &str, tokens: u64) -> Builder {
        let sizes = [
            ("block_count", 1),
            ("context_length", 64),
            ("embedding_length", 8),
            ("feed_forward_length", 12),
            ("attention.head_count", 2),
            ("attention.head_count_kv", 1),
        ];
        let mut builder = Builder::default().text("general.architecture", family);
        for (key, size) in sizes {
            builder = builder.u32(&format!("{family}.{key}"), size);
        }
        let counting = |len: usize| (0..len).map(|i| i as f32).collect::<Vec<_>>();
        builder
            .f32(&format!("{family}.attention.layer_norm_rms_epsilon"), 1e-5)
            .zeros("token_embd.weight", &[tokens, 8])
            .zeros("output_norm.weight", &[8])
            .floats("blk.0.attn_q.weight", &[8, 8], &counting(64))
            .floats("blk.0.attn_k.weight", &[4, 8], &counting(32))
            .zeros("blk.0.attn_v.weight", &[4, 8])
            .zeros("blk.0.attn_output.weight", &[8, 8])
            .zeros("blk.0.attn_norm.weight", &[8])
            .zeros("blk.0.ffn_norm.weight", &[8])
            .zeros("blk.0.ffn_gate.weight", &[12, 8])
            .zeros("blk.0.ffn_up.weight", &[12, 8])
            .zeros("blk.0.ffn_down.weight", &[8, 12])
    }
}

fn refusal(builder: &Builder) -> (ModelErrorKind, String) {
    let opened = builder.open().and_then(|gguf| {
        let config = gguf.config()?;
        gguf.into_weights(&config)
    });
    let error = opened.expect_err("a refusal");
    (error.kind(), error.to_string())
}

#[test]
fn metadata_of_every_type() {
    let gguf = Builder::default()
        .raw("u8", 0, &[200])
        .raw("i8", 1, &[0xfe])
        .raw("u16", 2, &[0, 1])
        .raw("i16", 3, &[0xfe, 0xff])
        .u32("u32", 1 << 30)
        .raw("i32", 5, &(-7i32).to_le_bytes())
        .f32("f32", 0.5)
        .bool("bool", true)
        .text("text", "grün")
        .raw("u64", 10, &u64::MAX.to_le_bytes())
        .raw("i64", 11, &(-1i64).to_le_bytes())
        .raw("f64", 12, &0.1f64.to_le_bytes())
        .texts("texts", &["a".into(), String::new()])
        .i32s("i32s", &[1, -2])
        .list("lists", 9, 1, &[&8u32.to_le_bytes()[..], &[0; 8]].concat())
        .open()
        .expect("a file");
    for (key, value) in [
        ("u8", Value::Unsigned(200)),
        ("i8", Value::Signed(-2)),
        ("u16", Value::Unsigned(256)),
        ("i16", Value::Signed(-2)),
        ("u32", Value::Unsigned(1 << 30)),
        ("i32", Value::Signed(-7)),
        ("f32", Value::Float(0.5)),
        ("bool", Value::Bool(true)),
        ("text", Value::Text("grün".into())),
        ("u64", Value::Unsigned(u64::MAX)),
        ("i64", Value::Signed(-1)),
        ("f64", Value::Float(0.1)),
        ("texts", Value::Texts(vec!["a".into(), String::new()])),
        ("lists", Value::Lists(vec![Value::Texts(vec![])])),
    ] {
        assert_eq!(gguf.get(key), Some(&value), "{key}");
    }
    let Some(Value::Numbers(numbers)) = gguf.get("i32s") else {
        panic!("numbers");
    };
    assert_eq!(
        numbers.iter().collect::<Vec<_>>(),
        [Value::Signed(1), Value::Signed(-2)]
    );
}

#[test]
fn tensors_are_read_where_they_lie() {
    let gguf = Builder::default()
        .floats("a", &[2, 3], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
        .tensor("b", &[2], 1, &[0, 0x3c, 0, 0xc0])
        .floats("scalar", &[], &[9.0])
        .open()
        .expect("a file");
    let a = gguf.read("a").expect("a");
    assert_eq!(a.shape, [2, 3]);
    assert_eq!(a.values, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(gguf.read("b").expect("b").values, [1.0, -2.0]);
    assert_eq!(gguf.read("scalar").expect("scalar").values, [9.0]);
    assert_eq!(
        gguf.read("c").map_err(|e| e.kind()),
        Err(ModelErrorKind::Tensor)
    );
}

#[test]
fn version_2_and_other_alignments() {
    let builder = Builder::default()
        .u32("general.alignment", 8)
        .floats("a", &[1], &[7.0]);
    let mut bytes = builder.build();
    bytes[4] = 2;
    let gguf = Gguf::from_bytes("test.gguf", bytes).expect("version 2");
    assert!(gguf.read("a").is_ok());
    for (alignment, ok) in [
        (0, false),
        (1, true),
        (3, false),
        (64, true),
        (1 << 21, false),
    ] {
        let opened = Builder::default()
            .u32("general.alignment", alignment)
            .open();
        assert_eq!(opened.is_ok(), ok, "{alignment}");
    }
}

#[test]
fn other_files_are_refused() {
    let whole = Builder::default().u32("a", 1).build();
    for (at, byte, kind) in [
        (0, b'g', ModelErrorKind::Format),
        (4, 1, ModelErrorKind::Unsupported),
        (4, 4, ModelErrorKind::Unsupported),
        (15, 1, ModelErrorKind::Format),
        (23, 1, ModelErrorKind::Format),
    ] {
        let mut bytes = whole.clone();
        bytes[at] = byte;
        let error = Gguf::from_bytes("test.gguf", bytes).expect_err("a refusal");
        assert_eq!(error.kind(), kind, "byte {at}: {error}");
    }
    let mut big_endian = whole;
    big_endian[4..8].copy_from_slice(&[0, 0, 0, 3]);
    let error = Gguf::from_bytes("test.gguf", big_endian).expect_err("a refusal");
    assert!(error.to_string().contains("big-endian"), "{error}");
}

#[test]
fn contradictions_are_refused() {
    let plain = Builder::default;
    let floats = |name| plain().floats(name, &[2], &[1.0, 2.0]);
    for (builder, what) in [
        (plain().u32("a", 1).u32("a", 1), "twice"),
        (floats("a").floats("a", &[1], &[1.0]), "twice"),
        (floats("a").tensor_at("b", &[2], 0, 0), "overlap"),
        (floats("a").tensor_at("b", &[8], 0, 32), "cut off"),
        (floats("a").tensor_at("b", &[1], 0, u64::MAX), "cut off"),
        (floats("a").tensor_at("b", &[1], 0, 4), "multiple of 32"),
        (plain().tensor_at("b", &[0], 0, 0), "zero"),
        (
            plain().tensor_at("b", &[1 << 40, 1 << 40], 0, 0),
            "too large",
        ),
        (plain().tensor_at("b", &[1 << 40], 0, 0), "cut off"),
        (plain().tensor_at("b", &[1; 5], 0, 0), "dimensions"),
        (
            plain().tensor_at("b", &[2, 31], 2, 0),
            "whole number of blocks",
        ),
        (plain().tensor_at("b", &[256], 10, 0), "Q2_K"),
        (plain().tensor_at("b", &[256], 77, 0), "number 77"),
        (plain().raw("a", 13, &[]), "value type"),
        (
            plain().raw("a", 8, &[1, 0, 0, 0, 0, 0, 0, 0, 0xff]),
            "UTF-8",
        ),
        (plain().list("a", 8, 1 << 60, &[]), "cut off"),
        (plain().list("a", 5, usize::MAX, &[]), "cut off"),
    ] {
        let error = builder.open().expect_err(what).to_string();
        assert!(error.contains(what), "{what}: {error}");
    }
    let deep: Vec<u8> = [9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0].repeat(10);
    let error = plain()
        .raw("a", 9, &deep)
        .open()
        .expect_err("depth")
        .to_string();
    assert!(error.contains("deeper"), "{error}");
}

#[test]
fn every_cut_is_an_error() {
    let whole = Builder::decoder("llama", 4).build();
    for len in 0..whole.len() - 1 {
        assert!(
            Gguf::from_bytes("test.gguf", whole[..len].to_vec()).is_err(),
            "{len}"
        );
    }
}

proptest! {
    #[test]
    fn broken_files_are_errors_at_worst(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = Builder::decoder("llama", 4)
            .texts("tokenizer.ggml.tokens", &["a".into(), "b".into()])
            .i32s("tokenizer.ggml.token_type", &[1, 1])
            .build();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(gguf) = Gguf::from_bytes("test.gguf", bytes) {
            let _ = crate::Tokenizer::from_gguf(&gguf);
            if let Ok(config) = gguf.config()
                && let Ok(weights) = gguf.into_weights(&config)
            {
                for name in weights.names() {
                    let _ = weights.read(&name);
                }
            }
        }
    }
}

#[test]
fn the_shape_of_a_decoder() {
    let gguf = Builder::decoder("llama", 4).open().expect("a file");
    let config = gguf.config().expect("a shape");
    assert_eq!(config.family, Family::Llama);
    assert_eq!(
        (config.vocab_len, config.hidden, config.intermediate),
        (4, 8, 12)
    );
    assert_eq!(
        (
            config.layers,
            config.heads,
            config.kv_heads,
            config.head_dim
        ),
        (1, 2, 1, 4)
    );
    assert_eq!((config.max_len, config.tied_embedding), (64, true));
    assert_eq!(
        (config.rope.base, &config.rope.scaling),
        (10_000.0, &RopeScaling::None)
    );

    let gguf = Builder::decoder("qwen3", 4)
        .u32("qwen3.attention.key_length", 6)
        .u32("qwen3.attention.value_length", 6)
        .f32("qwen3.rope.freq_base", 1e6)
        .text("qwen3.rope.scaling.type", "linear")
        .f32("qwen3.rope.scaling.factor", 4.0)
        .zeros("output.weight", &[4, 8])
        .open()
        .expect("a file");
    let config = gguf.config().expect("a shape");
    assert_eq!((config.family, config.head_dim), (Family::Qwen3, 6));
    assert_eq!((config.rope.base, config.tied_embedding), (1e6, false));
    assert_eq!(config.rope.scaling, RopeScaling::Linear(4.0));
}

#[test]
fn factors_of_rotation_are_part_of_the_shape() {
    let gguf = Builder::decoder("llama", 4)
        .floats("rope_freqs.weight", &[2], &[1.0, 8.0])
        .open()
        .expect("a file");
    let config = gguf.config().expect("a shape");
    assert_eq!(config.rope.scaling, RopeScaling::Factors(vec![1.0, 8.0]));
    let weights = gguf.into_weights(&config).expect("weights");
    assert_eq!(weights.names().len(), 11);
}

#[test]
fn rows_of_queries_and_keys() {
    let rows = |family: &str, name: &str| -> Vec<usize> {
        let gguf = Builder::decoder(family, 4).open().expect("a file");
        let config = gguf.config().expect("a shape");
        let weights = gguf.into_weights(&config).expect("weights");
        let tensor = weights.read(name).expect(name);
        assert_eq!(weights.shape(name), Some(tensor.shape.clone()));
        tensor
            .values
            .chunks(8)
            .map(|row| row[0] as usize / 8)
            .collect()
    };
    let (queries, keys) = (
        "model.layers.0.self_attn.q_proj.weight",
        "model.layers.0.self_attn.k_proj.weight",
    );
    assert_eq!(rows("llama", queries), [0, 2, 1, 3, 4, 6, 5, 7]);
    assert_eq!(rows("llama", keys), [0, 2, 1, 3]);
    assert_eq!(rows("qwen2", queries), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(rows("qwen3", keys), [0, 1, 2, 3]);
}

#[test]
fn models_that_would_be_computed_wrongly() {
    let llama = || Builder::decoder("llama", 4);
    for (builder, what) in [
        (Builder::decoder("mamba", 4), "mamba"),
        (llama().u32("llama.expert_count", 8), "experts"),
        (llama().u32("llama.attention.sliding_window", 8), "window"),
        (llama().zeros("blk.0.attn_q.bias", &[8]), "bias"),
        (
            llama().zeros("blk.0.attn_sub_norm.weight", &[8]),
            "attn_sub_norm",
        ),
        (llama().zeros("blk.1.attn_norm.weight", &[8]), "blk.1"),
        (
            llama().u32("llama.rope.dimension_count", 2),
            "dimension_count",
        ),
        (llama().text("llama.rope.scaling.type", "yarn"), "yarn"),
        (
            llama().i32s("llama.attention.key_length", &[1]),
            "key_length",
        ),
    ] {
        let (kind, error) = refusal(&builder);
        assert!(error.contains(what), "{what}: {error}");
        assert_eq!(kind, ModelErrorKind::Unsupported, "{error}");
    }
    for (builder, what) in [
        (Builder::default(), "general.architecture"),
        (
            Builder::default().text("general.architecture", "llama"),
            "is missing",
        ),
        (llama().u32("llama.attention.key_length", 3), "even"),
        (llama().f32("llama.rope.freq_base", f32::NAN), "base"),
        (
            llama().floats("rope_freqs.weight", &[1], &[1.0]),
            "rope_freqs",
        ),
        (
            llama().floats("rope_freqs.weight", &[2], &[1.0, 0.0]),
            "positive",
        ),
    ] {
        let (kind, error) = refusal(&builder);
        assert!(error.contains(what), "{what}: {error}");
        assert_eq!(kind, ModelErrorKind::Format, "{error}");
    }
    let (kind, error) = refusal(&llama().u32("llama.attention.key_length", 8));
    assert_eq!(kind, ModelErrorKind::Tensor, "{error}");
}
