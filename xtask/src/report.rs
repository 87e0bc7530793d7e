//! `report`: a saved run as one page that needs nothing else.
//!
//! HTML with charts as inline SVG, one style sheet, no script, nothing to load. What is told of
//! samples is worked out by `bench`'s `stats`, so that the page cannot disagree with the table
//! that `bench` prints. Numbers are written in `figures`, text becomes markup in `markup`, places
//! on axes come from `scale`; `chart` draws, and the other files say what and in which order.

mod chart;
mod costs;
mod figures;
mod growth;
mod markup;
mod page;
mod palette;
mod reading;
mod scale;
mod summary;
mod table;
mod workload;

#[cfg(test)]
mod browser;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::bench::results::{self, Flavor};
use crate::count::ledger;
use crate::flags::Report;

/// What is told apart on the page, and what it is called there.
const TABLES: [(Flavor, &str); 2] =
    [(Flavor::Current, "One thread"), (Flavor::Multi, "Many threads")];

pub(crate) fn run(flags: &Report) -> Result<()> {
    let run = flags.name.as_deref().unwrap_or(results::LAST);
    let results = results::load(run)?;
    ensure!(
        !results.is_of_pairings(),
        "a run of channels and locks has no page; `cargo xtask bench --show {run}`"
    );
    let ledger = ledger::load()?;
    let page = page::page(&results, &ledger).document();
    let to = match &flags.out {
        Some(out) => PathBuf::from(out),
        None => results::path(run).with_extension("html"),
    };
    fs::write(&to, page).with_context(|| format!("cannot write {}", to.display()))?;
    println!("written: {}", to.display());
    Ok(())
}
