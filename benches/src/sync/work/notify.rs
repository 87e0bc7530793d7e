//! Notification, which carries no value.

use std::sync::Arc;

use super::super::scales::{ALONE, HEARD, PAIR};
use super::super::{AUDIENCE, in_pair, leaked, measured, measured_rounds};
use super::family::Notify;
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
