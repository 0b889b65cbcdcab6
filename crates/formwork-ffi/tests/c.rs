//! A C program against the library and its header: built with the address sanitizer where
//! the C compiler has it, which also tells of memory that was not freed.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The static library is made beside the tests, in `deps`.
fn library() -> PathBuf {
    let test = std::env::current_exe().expect("its path");
    let library = test.with_file_name("libformwork_ffi.a");
    assert!(library.exists(), "{} is missing", library.display());
    library
}

fn run(command: &mut Command) -> Output {
    command.output().expect("the program can be started")
}

fn compile(program: &Path, flags: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    run(Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-g"])
        .args(flags)
        .arg("-I")
        .arg(root.join("include"))
        .arg(root.join("tests/c/minimal.c"))
        .arg(library())
        .args(["-lpthread", "-ldl", "-lm", "-o"])
        .arg(program))
}

#[test]
fn a_program_in_c() {
    if Command::new("cc").arg("--version").output().is_err() {
        eprintln!("skipped: there is no C compiler");
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let program = folder.join("minimal");
    let mut built = compile(&program, &["-fsanitize=address,undefined"]);
    if !built.status.success() {
        eprintln!(
            "without sanitizers: {}",
            String::from_utf8_lossy(&built.stderr)
        );
        built = compile(&program, &[]);
    }
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{said}");
    let ran = run(&mut Command::new(&program));
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{}: {said}", ran.status);
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "[\"red\",\"red\"]\n");
}
