//! All tests under the memory sanitizer, with a standard library that it sees through.

use anyhow::Result;

use super::super::ground::Ground;
use super::super::lane::{Bug, Ci, Lane, Outcome};
use super::super::suite::{self, Build, HOST};
use crate::util;

pub(super) const LANE: Lane = Lane {
    name: "msan",
    technique: "the tests under MemorySanitizer, `std` built with it",
    shows: &["no memory is read before it was written"],
    ci: Ci::OnDemand("`std` and a build of its own: twenty minutes on two processors"),
    run,
    bugs: &[Bug {
        name: "a_reader_believed_too_much",
        effect: "bytes that nobody wrote are handed out as read",
        file: "crates/rt-io/src/lend.rs",
        from: "Lent { filled: buf.filled().len(), initialized: buf.initialized().len() }",
        to: "Lent { filled: buf.filled().len() + usize::from(buf.remaining() > 0), initialized: buf.capacity() }",
        only: "rt-io",
        told: "MemorySanitizer: use-of-uninitialized-value",
    }],
};

pub(in super::super) const BUILD: Build = Build {
    // What the system writes is known to the sanitizer where the C library makes the call alone.
    rustflags: "-Zsanitizer=memory -Zsanitizer-memory-track-origins --cfg=rustix_use_libc",
    // One call is made by number, where the C library may not have it: refused, another is made in its place.
    env: &[(
        "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER",
        "strace -f --seccomp-bpf -qq -o /dev/null -e trace=epoll_pwait2 -e inject=epoll_pwait2:error=ENOSYS",
    )],
    args: &["--lib"],
    target: HOST,
    std: true,
    quick: &["rt-task"],
    left_out: &[],
};

fn run(ground: &mut Ground<'_>) -> Result<Outcome> {
    if !util::installed("strace") {
        return Ok(Outcome::Skipped(
            "`strace` refuses a call of which the sanitizer does not know".into(),
        ));
    }
    suite::outcome(ground, &BUILD)
}
