//! Later.
use crate::flags::Bench;
use anyhow::Result;
pub(crate) fn run(_: &Bench) -> Result<()> {
    Ok(())
}
