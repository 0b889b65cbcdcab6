use proptest::prelude::*;

use super::{Safetensors, SafetensorsType, write_safetensors};
use crate::scratch::Folder;
use crate::{HostTensor, ModelError, ModelErrorKind, Weights};

fn tensor(shape: &[usize], values: &[f32]) -> HostTensor {
    HostTensor {
        shape: shape.to_vec(),
        values: values.to_vec(),
    }
}

fn file(header: &str, data: &[u8]) -> Vec<u8> {
    [
        &(header.len() as u64).to_le_bytes(),
        header.as_bytes(),
        data,
    ]
    .concat()
}

fn open(header: &str, data: &[u8]) -> Result<Safetensors, ModelError> {
    Safetensors::from_bytes("test.safetensors", file(header, data))
}

#[test]
fn floats_of_every_type() {
    let header = r#"{"__metadata__": {"format": "pt"},
        "a": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]},
        "b": {"dtype": "F16", "shape": [2], "data_offsets": [8, 12]},
        "c": {"dtype": "BF16", "shape": [], "data_offsets": [12, 14]},
        "d": {"dtype": "I64", "shape": [1], "data_offsets": [14, 22]},
        "e": {"dtype": "F32", "shape": [0, 3], "data_offsets": [22, 22]}}"#;
    let data = [
        &1.5f32.to_le_bytes()[..],
        &(-2f32).to_le_bytes(),
        &[0, 0x38, 0, 0xc0],
        &[0x40, 0xc0],
        &[0; 8],
    ]
    .concat();
    let weights = open(header, &data).expect("a file");
    assert_eq!(weights.names().len(), 5);
    assert_eq!(weights.read("a"), Ok(tensor(&[1, 2], &[1.5, -2.0])));
    assert_eq!(weights.read("b"), Ok(tensor(&[2], &[0.5, -2.0])));
    assert_eq!(weights.read("c"), Ok(tensor(&[], &[-3.0])));
    assert_eq!(weights.read("e"), Ok(tensor(&[0, 3], &[])));
    assert_eq!(weights.shape("d"), Some(vec![1]));
    let kind = |name| weights.read(name).map_err(|error| error.kind());
    assert_eq!(kind("d"), Err(ModelErrorKind::Unsupported));
    assert_eq!(kind("f"), Err(ModelErrorKind::Tensor));
}

#[test]
fn contradictions_are_refused() {
    let entry = |name: &str, shape: &str, start: u64, end: u64| {
        format!(
            r#""{name}": {{"dtype": "F32", "shape": {shape}, "data_offsets": [{start}, {end}]}}"#
        )
    };
    let a = entry("a", "[1]", 0, 4);
    for (entries, what) in [
        (vec![a.clone(), a.clone()], "twice"),
        (vec![a.clone(), entry("b", "[1]", 2, 6)], "overlap"),
        (vec![entry("a", "[1]", 6, 10)], "lies at"),
        (vec![entry("a", "[1]", 4, 0)], "lies at"),
        (vec![entry("a", "[2]", 0, 4)], "not those of"),
        (
            vec![entry("a", "[4294967296, 4294967296]", 0, 4)],
            "not those of",
        ),
        (vec![entry("a", "[-1]", 0, 4)], "cannot be read"),
        (vec![r#""a": 1"#.to_owned()], r#""a""#),
        (vec!["]".to_owned()], "cannot be read"),
    ] {
        let header = format!("{{{}}}", entries.join(", "));
        let error = open(&header, &[0; 8]).expect_err(what);
        assert!(error.to_string().contains(what), "{what}: {error}");
        assert_eq!(error.kind(), ModelErrorKind::Format);
    }
}

#[test]
fn cut_and_endless_headers() {
    let whole = file(
        r#"{"a": {"dtype": "F16", "shape": [1], "data_offsets": [0, 2]}}"#,
        &[0, 0],
    );
    assert!(Safetensors::from_bytes("whole", whole.clone()).is_ok());
    for len in 0..whole.len() {
        assert!(
            Safetensors::from_bytes("cut", whole[..len].to_vec()).is_err(),
            "{len}"
        );
    }
    for length in [1 << 25, 1 << 40, u64::MAX] {
        let error = Safetensors::from_bytes("long", length.to_le_bytes().to_vec());
        assert_eq!(
            error.map(drop).map_err(|e| e.kind()),
            Err(ModelErrorKind::Format)
        );
    }
}

#[test]
fn what_is_written_is_read() {
    let folder = Folder::new();
    let path = folder.path().join("model.safetensors");
    let a = tensor(&[2, 3], &[0.1, -2.0, 3.5, 65504.0, 1e-8, 70000.0]);
    let b = tensor(&[1], &[2049.0]);
    let tensors = || [("layer.a", &a), ("b", &b)];

    write_safetensors(&path, tensors(), SafetensorsType::F32).expect("a file");
    let weights = Safetensors::open(&path).expect("weights");
    assert_eq!(weights.read("layer.a").as_ref(), Ok(&a));
    assert_eq!(weights.read("b").as_ref(), Ok(&b));

    write_safetensors(&path, tensors(), SafetensorsType::F16).expect("a file");
    let weights = Safetensors::open(folder.path()).expect("weights");
    let read = weights.read("layer.a").expect("a");
    // 0.1 is nearest to 0x2e66; 1e-8 is less than half of the least half float.
    assert_eq!(
        read.values,
        [0.099_975_586, -2.0, 3.5, 65504.0, 0.0, f32::INFINITY]
    );
    // 2049 lies between 2048 and 2050, and 2048 is the even one.
    assert_eq!(weights.read("b").expect("b").values, [2048.0]);
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("a folder").count(),
        1
    );
}

proptest! {
    // A case writes a file.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn halves_are_the_nearest(bits in any::<u16>(), step in -0.49f32..0.49) {
        let below = half::f16::from_bits(bits);
        prop_assume!(below.is_normal() && half::f16::from_bits(bits + 1).is_finite());
        let gap = half::f16::from_bits(bits + 1).to_f32() - below.to_f32();
        let value = below.to_f32() + gap * step;
        // Below a power of two the gap is half as wide.
        prop_assume!(step >= 0.0 || bits & 0x3ff != 0);
        let folder = Folder::new();
        let path = folder.path().join("a");
        let a = tensor(&[1], &[value]);
        write_safetensors(&path, [("a", &a)], SafetensorsType::F16).expect("a file");
        let read = Safetensors::open(&path).expect("weights").read("a").expect("a");
        prop_assert_eq!(read.values, [below.to_f32()]);
    }
}

#[test]
fn what_cannot_be_written() {
    let folder = Folder::new();
    let path = folder.path().join("a.safetensors");
    let (good, bad) = (tensor(&[1], &[1.0]), tensor(&[2], &[1.0]));
    for tensors in [
        vec![("a", &bad)],
        vec![("a", &good), ("a", &good)],
        vec![("__metadata__", &good)],
    ] {
        let error = write_safetensors(&path, tensors, SafetensorsType::F32);
        assert_eq!(error.map_err(|e| e.kind()), Err(ModelErrorKind::Tensor));
    }
    let nowhere = folder.path().join("none/a");
    let error = write_safetensors(nowhere, [("a", &good)], SafetensorsType::F32);
    assert_eq!(error.map_err(|e| e.kind()), Err(ModelErrorKind::Io));
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("a folder").count(),
        0
    );
}

/// A file with one tensor.
fn shard(folder: &Folder, name: &str, tensor_name: &str) {
    let one = tensor(&[1], &[1.0]);
    write_safetensors(
        folder.path().join(name),
        [(tensor_name, &one)],
        SafetensorsType::F32,
    )
    .expect("a shard");
}

#[test]
fn files_by_name() {
    let folder = Folder::new();
    let error = |folder: &Folder| Safetensors::open(folder.path()).expect_err("a refusal");
    assert!(
        error(&folder)
            .to_string()
            .contains("model.safetensors.index.json")
    );
    shard(&folder, "model-00001-of-00002.safetensors", "a");
    assert!(error(&folder).to_string().contains("1 of 2"));
    shard(&folder, "model-00002-of-00002.safetensors", "a");
    assert!(error(&folder).to_string().contains("twice"));
    shard(&folder, "model-00002-of-00002.safetensors", "b");
    shard(&folder, "other.safetensors", "c");
    let weights = Safetensors::open(folder.path()).expect("weights");
    assert_eq!(weights.names().len(), 2);
    assert!(weights.read("b").is_ok());
}

#[test]
fn files_by_index() {
    let folder = Folder::new();
    shard(&folder, "one.safetensors", "a");
    shard(&folder, "two.safetensors", "b");
    let index = |map: &str| {
        let text = format!(r#"{{"metadata": {{}}, "weight_map": {map}}}"#);
        folder.write("model.safetensors.index.json", text);
        Safetensors::open(folder.path())
    };
    let weights = index(r#"{"a": "one.safetensors", "b": "two.safetensors"}"#);
    assert_eq!(weights.expect("weights").names().len(), 2);
    for (map, what) in [
        (
            r#"{"a": "one.safetensors", "b": "three.safetensors"}"#,
            "three.safetensors",
        ),
        (r#"{"a": "two.safetensors"}"#, "is not in"),
        (
            r#"{"a": "../one.safetensors"}"#,
            "not the name of a file beside it",
        ),
        (
            r#"{"a": "/one.safetensors"}"#,
            "not the name of a file beside it",
        ),
        (r#"{"a": ".."}"#, "not the name of a file beside it"),
        (r#"{"a": 1}"#, "index.json"),
    ] {
        let error = index(map).expect_err(what);
        assert!(error.to_string().contains(what), "{what}: {error}");
    }
}
