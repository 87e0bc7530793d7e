//! `tidy`: the laws of the tree that no compiler knows.
//!
//! Each file below holds one law as a pure function from text to problems, so that a few lines
//! can test it; this file reads the tree and hands it round.

mod arrows;
mod cancels;
mod cfgs;
mod claims;
mod dependencies;
mod links;
mod manifests;
mod map;
mod orderings;
mod prose;
mod unsafe_files;

use std::fs;

use anyhow::{Result, bail};

use crate::source::{self, Source};
use crate::util;
use crate::verify;

/// A source together with the crate it is in.
struct Room {
    krate: String,
    source: Source,
}

pub(crate) fn run() -> Result<()> {
    let rooms = rooms()?;
    let metadata = util::metadata()?;
    let mut problems = Vec::new();
    problems.extend(arrows::check(&metadata));
    problems.extend(manifests::check(&metadata)?);
    problems.extend(dependencies::check(&page(dependencies::PAGE), &metadata));
    problems.extend(prose::check(&rooms));
    problems.extend(unsafe_files::check(&rooms));
    problems.extend(cfgs::check(&rooms));
    problems.extend(orderings::check(&rooms));
    problems.extend(claims::check(&rooms));
    problems.extend(cancels::check(&rooms));
    problems.extend(links::check(&util::root())?);
    problems.extend(map::check(&page(map::PAGE), &rooms));
    problems.extend(verify::page::check(&page(verify::page::PAGE)));
    problems.extend(readme());
    for problem in &problems {
        println!("{problem}");
    }
    match problems.len() {
        0 => println!("tidy: {} sources in order", rooms.len()),
        count => bail!("tidy: {count} problems"),
    }
    Ok(())
}

fn rooms() -> Result<Vec<Room>> {
    let mut rooms = Vec::new();
    for (krate, dir) in source::crates()? {
        let sources = source::read_all(&dir)?.into_iter();
        rooms.extend(sources.map(|source| Room { krate: krate.clone(), source }));
    }
    Ok(rooms)
}

/// A page that is missing is an empty page: the checks say what it lacks.
fn page(path: &str) -> String {
    fs::read_to_string(util::root().join(path)).unwrap_or_default()
}

/// `.ci/run` runs the README's test command; this keeps the two the same.
fn readme() -> Option<String> {
    const COMMAND: &str = "cargo test --workspace --all-features";
    let told = |path: &str| page(path).lines().any(|line| line.trim() == COMMAND);
    let silent = ["README.md", ".ci/run"].into_iter().find(|path| !told(path))?;
    Some(format!("{silent}: does not have the line `{COMMAND}`"))
}
