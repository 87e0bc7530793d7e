//! One piece swapped for another: the same workload, the same surroundings, one part changed.
//!
//! That is what it means that the pieces are separable: each of ours runs here among strangers,
//! beside the part that it takes the place of. Every file is one piece. Nothing here goes through
//! the facade, and no two of our crates meet but over the seams of `rt-task`.
//!
//! `swap list` names them; `cargo xtask bench --components` runs them all.

mod blocking;
mod reactor;
mod scheduler;
mod task;
mod timer;
mod workers;

use crate::meter::{Cost, Meter};

/// One part in its place, at work.
#[derive(Clone, Copy, Debug)]
pub struct Swap {
    /// What is swapped.
    pub piece: &'static str,
    /// The part that is in the place.
    pub part: &'static str,
    /// One of ours.
    pub ours: bool,
    /// What one operation is, and among what.
    pub about: &'static str,
    /// The value of `n` for timing.
    pub timed: u64,
    /// Runs it `n` times.
    pub run: fn(u64) -> Cost,
}

/// All, piece by piece, ours first.
pub const ALL: &[Swap] = &[
    task::OURS,
    task::PEER,
    scheduler::OURS,
    scheduler::PEER,
    workers::OURS,
    workers::PEER,
    timer::OURS,
    timer::PEER,
    timer::OURS_DUE,
    timer::PEER_DUE,
    blocking::OURS,
    blocking::PEER,
    blocking::TOKIO,
    reactor::OURS,
    reactor::PEER,
];

impl Swap {
    /// The same place with another part in it.
    const fn beside(self, part: &'static str, run: fn(u64) -> Cost) -> Self {
        Self { part, ours: false, run, ..self }
    }

    /// Fields with tabs between them: piece, part, `ours` or `peer`, `n` for timing, and what it is.
    pub fn line(&self) -> String {
        let Self { piece, part, ours, about, timed, .. } = self;
        let side = if *ours { "ours" } else { "peer" };
        format!("{piece}\t{part}\t{side}\t{timed}\t{about}")
    }
}

/// The swap of these names.
pub fn named(piece: &str, part: &str) -> Option<&'static Swap> {
    ALL.iter().find(|swap| swap.piece == piece && swap.part == part)
}

/// Runs `round` once to warm up, then measures it often enough for `n` operations of so many each.
fn rounds(n: u64, group: u64, mut round: impl FnMut()) -> Cost {
    round();
    let meter = Meter::start();
    for _ in 0..n / group {
        round();
    }
    meter.stop()
}

#[cfg(test)]
mod tests {
    use super::{ALL, named};

    #[test]
    fn every_swap_does_its_work() {
        for swap in ALL {
            // Each checks itself that its work was done.
            (swap.run)(1_000);
            assert_eq!(named(swap.piece, swap.part).unwrap().about, swap.about);
        }
    }

    #[test]
    fn every_piece_of_ours_stands_beside_another() {
        for swap in ALL.iter().filter(|swap| swap.ours) {
            let beside = |other: &&super::Swap| other.piece == swap.piece && !other.ours;
            assert!(ALL.iter().any(|other| beside(&other)), "{}", swap.piece);
        }
    }
}
