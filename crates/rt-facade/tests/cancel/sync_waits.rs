//! Notification, barriers, cancellation: who is told and gone has not been told.

use std::cell::Cell;
use std::sync::Arc;

use rt_facade::sync::{Barrier, CancellationToken, Notify};
use rt_facade::task::yield_now;
use rt_facade::testing::Round;

use crate::support::{cancelled, forgotten, turns};

/// Two wait; one notification comes, and one more if the first has taken that.
async fn one_of_two(
    round: &Round,
    notify: &Notify,
    first: impl Future<Output = ()>,
    give: fn(&Notify),
) {
    let first = async {
        let told = round.run(first).await.is_ok();
        forgotten(round).await;
        if told {
            give(notify);
        }
    };
    let second = async {
        turns(2).await;
        notify.notified().await;
    };
    let tells = async {
        turns(5).await;
        give(notify);
    };
    rt_facade::join!(first, second, tells);
}

// Covers rt-sync::notify::Notified, rt-sync::notify::OwnedNotified
#[test]
fn a_notification_for_who_is_gone_goes_to_the_next() {
    cancelled(1, async |round| {
        let notify = Notify::new();
        one_of_two(&round, &notify, notify.notified(), Notify::notify_one).await;
    });
    cancelled(1, async |round| {
        let notify = Arc::new(Notify::new());
        one_of_two(&round, &notify, notify.clone().notified_owned(), Notify::notify_one).await;
        assert_eq!(Arc::strong_count(&notify), 1);
    });
    // `notify_last` tells the second, and who is gone is none of those.
    cancelled(1, async |round| {
        let notify = Notify::new();
        let first = async {
            let _ = round.run(notify.notified()).await;
            forgotten(&round).await;
        };
        let tells = async {
            turns(3).await;
            notify.notify_last();
        };
        rt_facade::join!(first, tells);
        if round.has_cancelled() {
            notify.notified().await; // it was kept, or handed back
        }
    });
    cancelled(1, async |round| {
        let notify = Notify::new();
        one_of_two(&round, &notify, notify.notified(), Notify::notify_waiters).await;
    });
}

// Covers rt-sync::barrier::BarrierWait
#[test]
fn who_leaves_a_barrier_has_not_come() {
    cancelled(1, async |round| {
        let barrier = Barrier::new(2);
        let leaders = Cell::new(0);
        let led = |leads: bool| leaders.set(leaders.get() + usize::from(leads));
        let first = async {
            match round.run(barrier.wait()).await {
                Ok(passed) => led(passed.is_leader()),
                // All had come: it went round without this one's seeing it.
                Err(cancelled) if cancelled.was_woken() => {}
                Err(_) => led(barrier.wait().await.is_leader()),
            }
            forgotten(&round).await;
        };
        let second = async {
            turns(3).await;
            led(barrier.wait().await.is_leader());
        };
        rt_facade::join!(first, second);
        assert_eq!(leaders.get(), 1);
        let (one, other) = rt_facade::join!(barrier.wait(), barrier.wait());
        assert!(one.is_leader() != other.is_leader(), "the next time it is as new");
    });
}

// Covers rt-sync::cancellation::WaitForCancellationFuture, rt-sync::cancellation::WaitForCancellationFutureOwned
#[test]
fn who_gives_up_on_a_cancellation_is_forgotten() {
    cancelled(1, async |round| {
        let token = CancellationToken::new();
        let waits = async {
            let _ = round.run(token.cancelled()).await;
            forgotten(&round).await;
            token.cancelled().await;
        };
        let cancels = async {
            turns(3).await;
            token.cancel();
        };
        rt_facade::join!(waits, cancels);
    });
    cancelled(1, async |round| {
        let token = CancellationToken::new();
        let waits = async {
            let _ = round.run(token.child_token().cancelled_owned()).await;
            forgotten(&round).await;
            token.child_token().cancelled_owned().await;
        };
        let cancels = async {
            turns(3).await;
            token.cancel();
        };
        rt_facade::join!(waits, cancels);
    });
}

// Covers rt-sync::cancellation::RunUntilCancelled, rt-sync::cancellation::RunUntilCancelledOwned
#[test]
fn what_runs_until_a_cancellation_is_dropped_with_it() {
    struct Leaves<'a>(&'a Cell<bool>);
    impl Drop for Leaves<'_> {
        fn drop(&mut self) {
            self.0.set(false);
        }
    }
    let works = async |inside: &Cell<bool>| {
        inside.set(true);
        let _leaves = Leaves(inside);
        turns(3).await;
    };
    cancelled(3, async |round| {
        let (token, inside) = (CancellationToken::new(), Cell::new(false));
        let done = round.run(token.run_until_cancelled(works(&inside))).await;
        assert!(!inside.get());
        assert!(done.is_err() || done.unwrap().is_some());
        forgotten(&round).await;
    });
    cancelled(2, async |round| {
        let (token, inside) = (CancellationToken::new(), Cell::new(false));
        let runs = async {
            let endless = async {
                works(&inside).await;
                inside.set(true);
                let _leaves = Leaves(&inside);
                std::future::pending::<()>().await;
            };
            let done = round.run(token.clone().run_until_cancelled_owned(endless)).await;
            assert!(!inside.get());
            assert!(done.is_err() || done.unwrap().is_none());
            forgotten(&round).await;
        };
        let cancels = async {
            turns(8).await;
            token.cancel();
            yield_now().await;
        };
        rt_facade::join!(runs, cancels);
    });
}
