//! Every future, cancelled at each of its awaits.

use std::time::Duration;

use anyhow::Result;

use super::super::ground::{self, Ground};
use super::super::lane::{Bug, Ci, Lane, Outcome};

/// Building takes most of it.
const LIMIT: Duration = Duration::from_secs(1800);

pub(super) const LANE: Lane = Lane {
    name: "cancel",
    technique: "every future dropped before its first poll, and at each await as it begins and when it was woken; \
                polled when woken, too often, and with another waker each time",
    shows: &[
        "a future that is dropped loses no message, permit, byte, connection or signal beyond what its docs say",
        "and leaves no waker, waiter, timer, registration or task behind; who comes next goes on",
        "a future bears polls that nobody asked for, and wakes by the waker of its last poll",
    ],
    ci: Ci::Runs(
        "`cargo test --workspace --all-features`; that no future is left out: `cargo xtask tidy`",
    ),
    run,
    bugs: &[
        Bug {
            name: "a_permit_given_to_who_is_gone",
            effect: "permits that were handed to a future which is dropped before it is polled are lost",
            file: "crates/rt-sync/src/base/permits.rs",
            from: "            _ => (asked - missing(), None),\n",
            to: "            _ => (0, None),\n",
            only: "sync_locks::a_lock",
            told: "once it was woken: dropped before its end",
        },
        Bug {
            name: "a_notification_for_who_is_gone",
            effect: "a notification that was given to a future which is dropped then is lost",
            file: "crates/rt-sync/src/notify/telling.rs",
            from: "        if let how @ (ONE | LAST) = waiter.told() {\n            notify.tell(how);\n",
            to: "        if let how @ (ONE | LAST) = 0 {\n            notify.tell(how);\n",
            only: "sync_waits::a_notification",
            told: "once it was woken: dropped before its end",
        },
        Bug {
            name: "news_that_nobody_was_told_of",
            effect: "a dropped wait for a change counts what came meanwhile as seen",
            file: "crates/rt-sync/src/watch/futures.rs",
            from: "    impl<T> PinnedDrop for Changed<'_, T> {\n        fn drop(this: Pin<&mut Self>) {\n            let this = this.project();\n",
            to: "    impl<T> PinnedDrop for Changed<'_, T> {\n        fn drop(this: Pin<&mut Self>) {\n            let this = this.project();\n            **this.seen = this.shared.version();\n",
            only: "sync_channels::a_change",
            told: "once it was woken: dropped before its end",
        },
        Bug {
            name: "the_start_of_a_line_forgotten",
            effect: "a dropped `next_line` takes the start of its line along",
            file: "crates/rt-io/src/buf/lines.rs",
            from: "        NextLine { lines: self, site: Location::caller() }\n",
            to: "        self.line.clear();\n        NextLine { lines: self, site: Location::caller() }\n",
            only: "io::the_start_of_a_line",
            told: "cancelled at await",
        },
        Bug {
            name: "a_waker_of_an_earlier_poll_kept",
            effect: "who waits in line is woken by the waker of its first poll",
            file: "crates/rt-sync/src/base/waiters.rs",
            from: "        if lock.lock().with(|list| waiters(list).holds(self, waker)) {\n",
            to: "        if lock.lock().with(|list| waiters(list).holds(self, waker)) || self.told() == 0 {\n",
            only: "sync_locks::a_lock",
            told: "a wake was lost",
        },
        Bug {
            name: "tasks_of_a_set_that_is_gone",
            effect: "a set that is dropped does not abort its tasks",
            file: "crates/rt-task/src/join_set.rs",
            from: "    fn drop(&mut self) {\n        self.abort_all();\n",
            to: "    fn drop(&mut self) {\n",
            only: "tasks::a_set_that_is_dropped",
            told: "tasks alive",
        },
    ],
};

fn run(ground: &mut Ground<'_>) -> Result<Outcome> {
    let mut helpers = 0;
    if ground.flags.only.is_none() {
        let tests = &mut ground.cargo(["test", "--package", "rt-test"]);
        helpers = ground::passed(&ground.run(LIMIT, tests)?)?;
    }
    let mut tests = ground.cargo(["test", "--package", "rt-facade", "--test", "cancel"]);
    tests.args(ground.flags.only.iter());
    let futures = ground::passed(&ground.run(LIMIT, &mut tests)?)?;
    Ok(Outcome::Passed(format!("{futures} tests of futures, {helpers} of the helpers")))
}
