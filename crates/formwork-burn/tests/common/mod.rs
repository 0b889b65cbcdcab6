//! What tests against recorded outputs share.

use std::path::{Path, PathBuf};

use formwork_burn::Device;

/// The devices that are built in and need not be there.
pub(crate) fn devices() -> &'static [Device] {
    match cfg!(feature = "wgpu") {
        true => &[Device::Cpu, Device::Wgpu],
        false => &[Device::Cpu],
    }
}

/// A model's folder or file in `reference/`.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(name)
}

pub(crate) fn assert_near(found: &[Vec<f32>], expected: &[Vec<f32>], bound: f32) {
    assert_eq!(found.len(), expected.len());
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let apart = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
        let worst = apart.fold(0.0, f32::max);
        assert!(worst <= bound, "row {at} is {worst} off");
    }
}
