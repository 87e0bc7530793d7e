//! All tests under the thread sanitizer, with a standard library that it sees through.

use anyhow::Result;

use super::super::ground::Ground;
use super::super::lane::{Bug, Ci, Lane, Outcome};
use super::super::suite::{self, Build, HOST, LeftOut};

pub(super) const LANE: Lane = Lane {
    name: "tsan",
    technique: "the tests of every crate under ThreadSanitizer, `std` built with it",
    shows: &[
        "no data race, on any path that a test takes: ours, `std`'s and the queues' that we use",
    ],
    ci: Ci::OnDemand("`std` and a build of its own: twenty minutes on two processors"),
    run,
    bugs: &[
        Bug {
            name: "a_value_sent_without_being_published",
            effect: "the value of a oneshot is read before it is seen whole: a data race",
            file: "crates/rt-sync/src/oneshot/channel.rs",
            from: "site(\"oneshot.S2\", AcqRel)",
            to: "Relaxed",
            only: "rt-sync",
            told: "ThreadSanitizer: data race",
        },
        Bug {
            name: "a_channel_freed_by_who_has_not_seen_the_others_leave",
            effect: "the last half of a channel frees it without having seen what others did: a data race",
            file: "crates/rt-sync/src/mpsc/chan.rs",
            from: "site(\"mpsc_chan.H3\", AcqRel)",
            to: "Relaxed",
            only: "rt-sync",
            told: "ThreadSanitizer: data race",
        },
    ],
};

/// Seen with a debugger: no signal is pending in the system, and the main thread is in `futex`.
const BELATED: &str = "ThreadSanitizer keeps a signal until its thread calls the C library, and the main thread \
     of a test program, to which it goes, waits in a system call by number";

pub(in super::super) const BUILD: Build = Build {
    rustflags: "-Zsanitizer=thread",
    // Every race of a run, not the first one alone.
    env: &[(
        "TSAN_OPTIONS",
        "halt_on_error=0 second_deadlock_stack=1 suppressions={root}/xtask/src/verify/tsan.supp",
    )],
    args: &["--tests"],
    target: HOST,
    std: true,
    quick: &["rt-task", "rt-sched-multi"],
    left_out: &[
        LeftOut {
            package: "rt-facade",
            test: "forking::",
            why: "ThreadSanitizer ends a fork of a process with threads as soon as it starts one",
        },
        LeftOut {
            package: "rt-facade",
            test: "signal::a_program_ends_as_it_likes_on_ctrl_c",
            why: BELATED,
        },
        LeftOut {
            package: "rt-facade",
            test: "queues::the_driver_is_turned_every_so_many_picks",
            why: "polls are ten times slower, and a worker whose polls are slow turns the driver more often",
        },
        LeftOut {
            package: "rt-facade",
            test: "dump::the_environment_asks_for_a_dump_of_every_runtime_on_a_signal",
            why: BELATED,
        },
        LeftOut {
            package: "rt-facade",
            test: "storms::a_million_queued_closures",
            why: "the sanitizer has notes on each of a million allocations: minutes, and more memory than is allowed",
        },
    ],
};

fn run(ground: &mut Ground<'_>) -> Result<Outcome> {
    suite::outcome(ground, &BUILD)
}
