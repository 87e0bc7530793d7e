//! Later.
use crate::flags::Count;
use anyhow::Result;
pub(crate) fn run(_: &Count) -> Result<()> {
    Ok(())
}
