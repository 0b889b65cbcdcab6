//! The header is what cbindgen makes of the source. `FORMWORK_UPDATE=1` writes it anew.

#![allow(clippy::expect_used)]

use std::path::Path;

#[test]
fn the_header_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("a config");
    let builder = cbindgen::Builder::new().with_config(config);
    let files = ["error", "vocab", "compiler", "grammar", "matcher"];
    let builder = files.iter().fold(builder, |builder, file| {
        builder.with_src(root.join(format!("src/{file}.rs")))
    });
    let mut made = Vec::new();
    builder.generate().expect("a header").write(&mut made);
    let made = String::from_utf8(made).expect("text");
    let path = root.join("include/formwork.h");
    if std::env::var_os("FORMWORK_UPDATE").is_some() {
        std::fs::write(&path, &made).expect("writable");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(kept, made, "run this test with FORMWORK_UPDATE=1");
}
