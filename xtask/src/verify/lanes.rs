//! All lanes, a file each, in the order in which they are run: quick ones first.

pub(super) mod asan;
mod cancel;
mod deny;
pub(super) mod faults;
mod features;
mod fuzz;
pub(super) mod history;
mod idle;
pub(super) mod layout;
mod loom;
mod memcheck;
pub(super) mod msan;
mod mutants;
pub(super) mod ports;
mod programs;
mod search;
pub(crate) mod soak;
pub(super) mod tsan;
mod weaken;

use super::lane::Lane;

pub(super) const ALL: &[&Lane] = &[
    &cancel::LANE,
    &deny::LANE,
    &programs::LANE,
    &history::LANE,
    &faults::LANE,
    &idle::LANE,
    &search::LANE,
    &loom::LANE,
    &asan::LANE,
    &features::LANE,
    &fuzz::LANE,
    &layout::LANE,
    &tsan::LANE,
    &msan::LANE,
    &memcheck::LANE,
    &soak::LANE,
    &weaken::LANE,
    &mutants::LANE,
    &ports::LANE,
];
