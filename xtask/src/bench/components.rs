//! `bench --components`: the parts on their own, in micro benches, one file a part.

use anyhow::Result;

use crate::util::{self, cargo};

pub(crate) fn run() -> Result<()> {
    util::run(&mut cargo(["bench", "-p", "rt-benches"]))
}
