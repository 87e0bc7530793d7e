//! The page of a run that has everything a run may have: ties, losses, accidents, rows that were
//! skipped, a workload that nobody could do, names with signs in them.

use super::page::page;
use crate::bench::results::{self, Results};
use crate::count::ledger;

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/report/fixture.json");

/// The run and its page.
pub(super) fn fixture_page() -> (Results, String) {
    let results = results::load(FIXTURE).unwrap();
    let ledger = ledger::from_page(include_str!("../../../docs/costs.md"));
    let page = page(&results, &ledger).document();
    (results, page)
}
