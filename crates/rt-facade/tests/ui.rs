//! What the compiler says of code that uses the macros: each file of `tests/ui/fail` is rejected with the errors that
//! it tells of (`//~ part of the message`, on the line), and no others; each of `tests/ui/pass` compiles without a
//! warning in both editions that are in use, under the name `rt`, and runs. So does the code on pages for readers.
//!
//! `rustc` is called directly, on the library that `cargo` built for this test: a project of its own for the same
//! would be built for half a minute.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[test]
fn bad_code_is_rejected_with_a_word_of_help() {
    for file in files("fail") {
        let output = compile(&file, "2024", &["--emit=metadata"]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{} compiles", file.display());
        let mut wanted = wanted(&file);
        assert!(!wanted.is_empty(), "{} wants no error", file.display());
        for (line, said) in said(&stderr) {
            let expected = wanted.get_mut(&line).and_then(|all| {
                let at = all.iter().position(|wanted| said.contains(wanted))?;
                Some(all.remove(at))
            });
            assert!(
                expected.is_some(),
                "{}:{line}: not expected: {said}\n{stderr}",
                file.display()
            );
        }
        wanted.retain(|_, all| !all.is_empty());
        assert!(wanted.is_empty(), "{}: nobody said {wanted:?}\n{stderr}", file.display());
    }
}

#[test]
fn good_code_compiles_under_another_name_without_a_warning() {
    for file in files("pass") {
        for edition in ["2021", "2024"] {
            let output = compile(&file, edition, &["-Dwarnings"]);
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.success(), "{} of {edition}:\n{stderr}", file.display());
            let ran = Command::new(artifact(&file, edition)).status().expect("it can be started");
            assert!(ran.success(), "{} of {edition}: {ran}", file.display());
        }
    }
}

#[test]
fn code_on_pages_for_readers_compiles_as_it_stands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for page in ["README.md", "docs/moving-from-tokio.md", "docs/testing.md"] {
        let text = fs::read_to_string(root.join(page)).unwrap();
        let pieces: Vec<_> = text.split("```rust\n").skip(1).collect();
        assert!(!pieces.is_empty(), "{page} has no code");
        for (n, piece) in pieces.into_iter().enumerate() {
            let code = piece.split("```").next().unwrap();
            let main = if code.contains("fn main") { "" } else { "fn main() {}" };
            let name = format!("ui_{}_{n}.rs", page.replace(['/', '.'], "_"));
            let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
            fs::write(&file, format!("#![allow(unused_imports)]\n{code}{main}\n")).unwrap();
            let output = compile(&file, "2024", &["-Dwarnings", "--emit=metadata"]);
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.success(), "{page}:\n{code}\n{stderr}");
        }
    }
}

fn files(kind: &str) -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui").join(kind);
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files.sort();
    assert!(!files.is_empty(), "there are no files of {kind}");
    files
}

fn compile(file: &Path, edition: &str, flags: &[&str]) -> Output {
    let deps = env::current_exe().unwrap().parent().unwrap().to_owned();
    let library = newest(&deps, "librt_facade-", ".rlib");
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.arg(file).args(["--crate-type=bin", "--error-format=short", "--edition", edition]);
    // Its manifest, if it has one.
    rustc.env("CARGO_MANIFEST_DIR", file.with_extension(""));
    // As the README names it, and as it is called.
    rustc.arg("--extern").arg(format!("rt={}", library.display()));
    if file.to_string_lossy().contains("own_name") {
        rustc.arg("--extern").arg(format!("rt_facade={}", library.display()));
    }
    rustc.arg("-L").arg(format!("dependency={}", deps.display()));
    let text = fs::read_to_string(file).unwrap();
    let own_flags = text.lines().next().and_then(|line| line.strip_prefix("// flags: "));
    rustc.args(own_flags.unwrap_or_default().split_whitespace());
    rustc.args(flags).arg("-o").arg(artifact(file, edition));
    rustc.output().expect("rustc can be started")
}

/// What is built of `file`.
fn artifact(file: &Path, edition: &str) -> PathBuf {
    let name = file.file_stem().unwrap().to_str().unwrap();
    let name = format!("ui_{name}_{edition}{}", env::consts::EXE_SUFFIX);
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// `cargo` leaves what it built before beside what this test was built with, which is the newest.
fn newest(dir: &Path, prefix: &str, suffix: &str) -> PathBuf {
    let all = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let ours = all.filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with(prefix) && name.ends_with(suffix)
    });
    let newest = ours.max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
    newest.unwrap_or_else(|| panic!("no {prefix}*{suffix} in {}", dir.display()))
}

/// The errors that `file` tells of, by line.
fn wanted(file: &Path) -> BTreeMap<usize, Vec<String>> {
    let text = fs::read_to_string(file).unwrap();
    let mut wanted = BTreeMap::new();
    for (n, line) in text.lines().enumerate() {
        let errors = line.split("//~").skip(1).map(|error| error.trim().to_owned());
        let errors: Vec<_> = errors.collect();
        if !errors.is_empty() {
            wanted.insert(n + 1, errors);
        }
    }
    wanted
}

/// The errors of `rustc`, one line each: `path:line:column: error[E0000]: message`.
fn said(stderr: &str) -> Vec<(usize, String)> {
    let errors = stderr.lines().filter_map(|line| {
        let (place, message) = line.split_once(": error")?;
        let line = place.rsplit(':').nth(1)?.parse().ok()?;
        Some((line, message.split_once(": ")?.1.to_owned()))
    });
    errors.collect()
}
