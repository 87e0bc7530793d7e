//! What reads and writes: ours and tokio's, each on its own runtime, and `std`'s.
//!
//! As in [`sync`](crate::sync), a workload is written once, as a file under `work/`, and compiled
//! twice. `std`'s calls block, and are made by a task on the spot; each file of those says the same in
//! its words. `io list` names them in the columns of `op list`; `cargo xtask bench io` runs them.

mod ours;
mod std;
mod theirs;

use crate::subject::{Described, RtCurrent, RtMulti, Subject, TokioCurrent, TokioMulti};
use crate::sync::{Family, Lines, Visit, list_of, pairings};

pub use ours::Ours;
pub use std::Std;
pub use theirs::Theirs;

pairings! {
    "rt@rt-current": Ours, RtCurrent, ours, "ours, on our scheduler for one thread";
    "tokio@tokio-current": Theirs, TokioCurrent, peer, "tokio's, on tokio's scheduler for one thread";
    "std@rt-current": Std, RtCurrent, peer, "std's, on the spot, on our scheduler for one thread";
    "rt@rt-multi": Ours, RtMulti, ours, "ours, on our scheduler for many threads";
    "tokio@tokio-multi": Theirs, TokioMulti, peer, "tokio's, on tokio's scheduler for many threads";
    "std@rt-multi": Std, RtMulti, peer, "std's, on the spot, on our scheduler for many threads";
}

/// As `io list` prints them: a line per pairing, and one per workload and flavour.
// Compiled where it is called: with it comes every workload on every runtime.
#[inline]
pub fn list() -> Vec<String> {
    list_of(&all(), |name| with(name, Lines))
}

#[rustfmt::skip] // A table: a line each.
mod scales {
    use crate::op::{Kind, Scale};

    /// Bytes.
    pub(super) const MEBI: usize = 1 << 20;
    /// What a file that is streamed has.
    pub(super) const MEBIS: u64 = 64;
    /// What a small read or write has.
    pub(super) const SMALL: usize = 100;

    pub(super) const PIECES: Scale = Scale { kind: Kind::Times, counts: (1_000, 3_000), timed: 20_000, least: 1_000 };
    pub(super) const STREAM: Scale = Scale { kind: Kind::Times, counts: (MEBIS, 2 * MEBIS), timed: 8 * MEBIS, least: MEBIS };
    pub(super) const LINES: Scale = Scale { kind: Kind::Times, counts: (1_000, 3_000), timed: 500_000, least: 1_000 };
    pub(super) const TURNS: Scale = Scale { kind: Kind::Steps, counts: (1_000, 3_000), timed: 100_000, least: 1 };
    pub(super) const WHOLE: Scale = Scale { kind: Kind::Times, counts: (100, 300), timed: 5_000, least: 1 };
}

/// A file that goes away.
struct Scratch(::std::path::PathBuf);

impl Scratch {
    /// Of so many bytes, and in memory.
    fn of(bytes: usize) -> Self {
        let name = format!("rt-benches-io-{}", ::std::process::id());
        let scratch = Self(::std::env::temp_dir().join(name));
        ::std::fs::write(&scratch.0, vec![7; bytes]).expect("there is room for a file");
        assert_eq!(::std::fs::read(&scratch.0).expect("it is there").len(), bytes);
        scratch
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(::std::fs::remove_file(&self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::{Family, Ours, Std, Theirs, all, list};
    use crate::subject::RtCurrent;

    #[test]
    fn all_families_are_given_the_same() {
        fn names<F: Family>() -> Vec<String> {
            F::operations::<RtCurrent>().into_iter().map(|operation| operation.name).collect()
        }
        assert_eq!(names::<Ours>(), names::<Theirs>());
        assert!(names::<Std>().iter().all(|name| names::<Ours>().contains(name)));
    }

    #[test]
    fn every_pairing_is_listed() {
        for pairing in all() {
            assert!(list().contains(&format!("subject\t{}", pairing.line())));
        }
    }
}
