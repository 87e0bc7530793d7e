//! All lanes, a file each, in the order in which they are run: quick ones first.

pub(super) mod asan;
mod loom;
mod mutants;
pub(super) mod tsan;
mod weaken;

use super::lane::Lane;

pub(super) const ALL: &[&Lane] =
    &[&loom::LANE, &asan::LANE, &tsan::LANE, &weaken::LANE, &mutants::LANE];
