//! Where the runtime's crate is, for an attribute that is not told: procedural macros have no `$crate`.

use std::env;
use std::fs;
use std::path::Path;

use proc_macro::{Span, TokenStream};

use crate::options::Kind;

/// The name of the package, and of the crate unless it is renamed.
const PACKAGE: &str = "rt-facade";
const CRATE: &str = "rt_facade";

/// What stands before `main` in `#[rt::main]`, which whoever wrote it could name. For an attribute by itself,
/// what the manifest calls the package; or else the crate's own name.
pub(crate) fn of_attribute(kind: Kind) -> TokenStream {
    let written = Span::call_site().source_text();
    let prefix = written.as_deref().and_then(|written| prefix(kind, written));
    let path = prefix.unwrap_or_else(|| {
        let name = name_in_manifests();
        format!("::{}", name.as_deref().unwrap_or(CRATE))
    });
    path.parse().expect("a path")
}

/// `rt` of `#[rt::main(…)]`, and of what a `cfg_attr` leaves of it.
fn prefix(kind: Kind, written: &str) -> Option<String> {
    let written: String = written.chars().filter(|c| !c.is_whitespace()).collect();
    let path = written.trim_start_matches(['#', '!', '[']);
    let of_path = |c: char| c.is_alphanumeric() || "_:#".contains(c);
    let end = path.find(|c| !of_path(c)).unwrap_or(path.len());
    let prefix = path[..end].strip_suffix(kind.name())?.strip_suffix("::")?;
    (!prefix.is_empty()).then(|| prefix.to_owned())
}

/// The name under which the package being compiled depends on ours. A dependency may be its workspace's, so
/// the manifests above it are looked at, too.
fn name_in_manifests() -> Option<String> {
    let dir = env::var_os("CARGO_MANIFEST_DIR")?;
    let manifests = Path::new(&dir).ancestors().map(|dir| dir.join("Cargo.toml"));
    manifests
        .filter_map(|manifest| fs::read_to_string(manifest).ok())
        .find_map(|text| name_in(&text))
}

/// `rt` of `rt = { package = "rt-facade", … }`, or of a table `[dependencies.rt]` that says so. Reads lines and no
/// more of TOML: who writes it otherwise says `crate = "…"`.
fn name_in(manifest: &str) -> Option<String> {
    let mut table = None;
    for line in manifest.lines() {
        let line: String = line.chars().filter(|c| !c.is_whitespace() && *c != '\'').collect();
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            table = name.rsplit_once("dependencies.").map(|(_, name)| name.to_owned());
        }
        if !line.contains(&format!("package=\"{PACKAGE}\"")) {
            continue;
        }
        let name = match line.split_once("={") {
            Some((name, _)) => Some(name.to_owned()),
            None => table.clone(),
        };
        let name = name.map(|name| name.trim_matches('"').replace('-', "_"));
        return name.filter(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_'));
    }
    None
}
