//! What carries no value: notification, barriers, and the token by which work is called off.

use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;

use super::super::scales::{ALONE, HEARD, PAIR, SHARED};
use super::super::{
    AUDIENCE, CROWD, in_crowd, in_pair, leaked, measured, measured_rounds, polled_once,
};
use super::family::{Barrier, CancellationToken, Notify};
use crate::gate::Countdown;
use crate::meter::{Cost, Meter};
use crate::op::{Operation, WARM_UP, in_task};
use crate::subject::Subject;

#[rustfmt::skip] // A table: a line each.
pub(super) fn all<S: Subject>() -> Vec<Operation<S>> {
    vec![
        ALONE.of("notify", "a notification given and taken, in one task", notify_stored),
        PAIR.of("notify_ping_pong", "a round trip between two tasks that notify each other", notify_ping_pong),
        HEARD.of("notify_100", "one of 100 waiting tasks notified, all at once, waiting again", notify_many),
        SHARED.of("barrier_8", "one of 8 tasks that wait for each other at a barrier", barrier),
        ALONE.of("cancel_check", "a token asked whether it was cancelled", cancel_check),
        ALONE.of("cancel_waiting", "a token waited for, once polled, which nobody cancels", cancel_waiting),
        ALONE.of("cancel_child", "a child of a token made and dropped", cancel_child),
    ]
}

fn notify_stored<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let notify = Notify::new();
        measured!(n, {
            notify.notify_one();
            notify.notified().await;
        })
    })
}

fn notify_ping_pong<S: Subject>(runtime: S, n: u64) -> Cost {
    let total = n + WARM_UP;
    let [ping, pong] = [Arc::new(Notify::new()), Arc::new(Notify::new())];
    let [pinged, ponged] = [ping.clone(), pong.clone()];
    let play = async move {
        let mut meter = Meter::start();
        for trip in 0..total {
            if trip == WARM_UP {
                meter = Meter::start();
            }
            ping.notify_one();
            ponged.notified().await;
        }
        meter.stop()
    };
    in_pair(runtime, play, async move {
        for _ in 0..total {
            pinged.notified().await;
            pong.notify_one();
        }
    })
}

fn notify_many<S: Subject>(runtime: S, n: u64) -> Cost {
    let notify = leaked(Notify::new());
    let away = leaked(Countdown::default());
    in_task(runtime, async move {
        away.set(AUDIENCE);
        for _ in 0..AUDIENCE {
            drop(S::spawn(async move {
                loop {
                    // It hears of whatever comes after it was made, polled or not.
                    let notified = notify.notified();
                    away.one_less();
                    notified.await;
                }
            }));
        }
        away.reached().await;
        measured_rounds!(n, {
            away.set(AUDIENCE);
            notify.notify_waiters();
            away.reached().await;
        })
    })
}

fn barrier<S: Subject>(runtime: S, n: u64) -> Cost {
    let barrier = leaked(Barrier::new(CROWD as usize));
    let leaders = leaked(Countdown::default());
    let each = n / CROWD + WARM_UP;
    leaders.set(each);
    let cost = in_crowd(runtime, n, move |_, times| async move {
        for _ in 0..times {
            if barrier.wait().await.is_leader() {
                leaders.one_less();
            }
        }
    });
    assert_eq!(leaders.left(), 0, "one of 8 leads");
    cost
}

fn cancel_check<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let token = CancellationToken::new();
        let mut cancelled = 0;
        let cost = measured!(n, cancelled += u64::from(black_box(&token).is_cancelled()));
        assert_eq!(cancelled, 0);
        token.cancel();
        assert!(token.is_cancelled());
        cost
    })
}

fn cancel_waiting<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let token = CancellationToken::new();
        measured!(n, polled_once(pin!(token.cancelled())).await)
    })
}

fn cancel_child<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let token = CancellationToken::new();
        let cost = measured!(n, drop(black_box(token.child_token())));
        let child = token.child_token();
        token.cancel();
        assert!(child.is_cancelled());
        cost
    })
}
