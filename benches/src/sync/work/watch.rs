//! A channel whose last value is what counts.

use std::hint::black_box;

use super::super::scales::{ALONE, HEARD};
use super::super::{AUDIENCE, leaked, measured, measured_rounds};
use super::family::watch;
use crate::gate::Countdown;
use crate::meter::Cost;
use crate::op::{Operation, WARM_UP, in_task};
use crate::subject::Subject;

#[rustfmt::skip] // A table: a line each.
pub(super) fn all<S: Subject>() -> Vec<Operation<S>> {
    vec![
        ALONE.of("watch", "a value sent to one receiver, which waits for it and looks at it, in one task", watch_one),
        ALONE.of("watch_borrow", "a value looked at that has been seen before", watch_borrow),
        HEARD.of("watch_100", "one of 100 tasks that wait for a value and look at it", watch_many),
    ]
}

fn watch_one<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let (sender, mut receiver) = watch::channel(0);
        let (mut value, mut sum) = (0, 0);
        let cost = measured!(n, {
            value += 1;
            sender.send(value).expect("it is received");
            receiver.changed().await.expect("it was sent");
            sum += *receiver.borrow_and_update();
        });
        let last = n + WARM_UP;
        assert_eq!(sum, last * (last + 1) / 2);
        cost
    })
}

fn watch_borrow<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let (_sender, receiver) = watch::channel(7);
        let mut sum = 0;
        let cost = measured!(n, sum += *black_box(&receiver).borrow());
        assert_eq!(sum, 7 * (n + WARM_UP));
        cost
    })
}

fn watch_many<S: Subject>(runtime: S, n: u64) -> Cost {
    let away = leaked(Countdown::default());
    in_task(runtime, async move {
        let (sender, receiver) = watch::channel(0);
        for _ in 0..AUDIENCE {
            let mut receiver = receiver.clone();
            drop(S::spawn(async move {
                let mut seen = 0;
                while receiver.changed().await.is_ok() {
                    seen += 1;
                    assert_eq!(*receiver.borrow_and_update(), seen, "everybody sees every value");
                    away.one_less();
                }
            }));
        }
        let mut value = 0_u64;
        measured_rounds!(n, {
            value += 1;
            away.set(AUDIENCE);
            sender.send(value).expect("it is received");
            away.reached().await;
        })
    })
}
