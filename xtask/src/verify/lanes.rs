//! All lanes, a file each, in the order in which they are run: quick ones first.

mod loom;
mod weaken;

use super::lane::Lane;

pub(super) const ALL: &[&Lane] = &[&loom::LANE, &weaken::LANE];
