//! `verify`: whatever can show the runtime wrong, lane by lane.
//!
//! A lane is one technique, in one file below `verify/lanes`. Each says which properties it looks
//! at, what CI runs of it, and which seeded bugs it must find: a lane that finds none of them
//! proves nothing. `docs/testing.md` has the table of all, which `--write` makes and `tidy`
//! compares.

#![allow(clippy::disallowed_methods, reason = "how long a lane took is told to a person")]

mod bugs;
mod ground;
mod known;
mod lane;
pub(crate) mod lanes;
pub(crate) mod page;
mod suite;

use std::time::Instant;

use anyhow::{Result, bail};

use crate::flags::Verify;
use crate::util::columns;

use ground::Ground;
use lane::{Lane, Outcome};

pub(crate) fn run(flags: &Verify) -> Result<()> {
    let lanes = chosen(flags)?;
    if flags.write {
        return page::write();
    }
    if flags.list {
        print!("{}", columns(&page::rows()));
        return Ok(());
    }
    if flags.selftest {
        return bugs::run(&lanes, flags);
    }
    let mut table = vec![["lane", "result", "seconds", ""].map(str::to_owned).to_vec()];
    let mut failed = Vec::new();
    for lane in &lanes {
        println!("\n== {}: {}", lane.name, lane.technique);
        let start = Instant::now();
        let result = Ground::new(lane.name, flags).and_then(|mut ground| (lane.run)(&mut ground));
        let seconds = format!("{:.0}", start.elapsed().as_secs_f64());
        let (verdict, told) = match result {
            Ok(Outcome::Passed(told)) => ("passed", told),
            Ok(Outcome::Skipped(why)) => ("skipped", why),
            Err(error) => {
                println!("{error:#}");
                failed.push(lane.name);
                ("FAILED", format!("{error:#}").lines().next().unwrap_or_default().to_owned())
            }
        };
        println!("== {}: {verdict} in {seconds} s: {told}", lane.name);
        table.push([lane.name, verdict, &seconds, &told].map(str::to_owned).to_vec());
    }
    print!("\n{}", columns(&table));
    if !failed.is_empty() {
        bail!("verify: {} failed", failed.join(", "));
    }
    Ok(())
}

/// The lanes that were asked for, or all.
fn chosen(flags: &Verify) -> Result<Vec<&'static Lane>> {
    let all = lanes::ALL;
    let has = |name: &String| all.iter().any(|lane| lane.name == name);
    if let Some(unknown) = flags.lanes.iter().find(|name| !has(name)) {
        let names: Vec<&str> = all.iter().map(|lane| lane.name).collect();
        bail!("no lane `{unknown}`; there are {}", names.join(", "));
    }
    let asked =
        |lane: &&Lane| flags.lanes.is_empty() || flags.lanes.iter().any(|name| name == lane.name);
    Ok(all.iter().copied().filter(asked).collect())
}
