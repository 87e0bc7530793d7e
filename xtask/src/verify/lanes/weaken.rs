//! Each ordering lowered, one at a time.

use anyhow::Result;

use super::super::ground::Ground;
use super::super::lane::{Bug, Ci, Lane, Outcome};
use crate::{flags, loom};

pub(super) const LANE: Lane = Lane {
    name: "weaken",
    technique: "the models again for each atomic ordering that can be lowered",
    shows: &["each ordering is needed, and a model fails without it, or its reason is beside it"],
    ci: Ci::OnDemand(
        "those models of the tree that come by an ordering, once for each: ten minutes on two processors",
    ),
    run,
    bugs: &[Bug {
        name: "an_ordering_for_nothing",
        effect: "one more reference is counted with an ordering that nothing needs",
        file: "crates/rt-task/src/state.rs",
        from: "self.word.fetch_add(REF, Relaxed)",
        to: "self.word.fetch_add(REF, site(\"task.T11\", AcqRel))",
        only: "rt-task",
        told: "UNNOTICED",
    }],
};

fn run(ground: &mut Ground<'_>) -> Result<Outcome> {
    let flags = flags::Loom {
        crates: ground.flags.only.iter().cloned().collect(),
        weaken: true,
        ..flags::Loom::default()
    };
    loom::run(&flags)?;
    Ok(Outcome::Passed("every ordering that may be lowered says why".into()))
}
