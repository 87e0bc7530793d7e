//! A channel on which everybody hears everything.

use super::super::scales::{ALONE, BEHIND, HEARD};
use super::super::{AUDIENCE, leaked, measured, measured_rounds};
use super::family::broadcast;
use crate::gate::Countdown;
use crate::meter::Cost;
use crate::op::{Operation, WARM_UP, in_task};
use crate::subject::Subject;

#[rustfmt::skip] // A table: a line each.
pub(super) fn all<S: Subject>() -> Vec<Operation<S>> {
    vec![
        ALONE.of("broadcast", "a message sent to one receiver and received, in one task", broadcast_one),
        HEARD.of("broadcast_100", "one of 100 tasks that wait for a message and receive it", broadcast_many),
        BEHIND.of("broadcast_100_behind", "one of 100 tasks that receives a message, of 16 that were sent at once", broadcast_behind),
    ]
}

fn broadcast_one<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let (sender, mut receiver) = broadcast::channel(16);
        let mut sum = 0;
        let cost = measured!(n, {
            sender.send(7).expect("it is received");
            sum += receiver.recv().await.expect("it was sent");
        });
        assert_eq!(sum, 7 * (n + WARM_UP));
        cost
    })
}

fn broadcast_many<S: Subject>(runtime: S, n: u64) -> Cost {
    broadcast_at_once(runtime, n, 1)
}

fn broadcast_behind<S: Subject>(runtime: S, n: u64) -> Cost {
    broadcast_at_once(runtime, n, 16)
}

/// An operation is a message that one of them receives.
fn broadcast_at_once<S: Subject>(runtime: S, n: u64, at_once: u64) -> Cost {
    let away = leaked(Countdown::default());
    in_task(runtime, async move {
        let (sender, _) = broadcast::channel(at_once as usize);
        for _ in 0..AUDIENCE {
            let mut receiver = sender.subscribe();
            drop(S::spawn(async move {
                let mut heard = 0;
                while let Ok(message) = receiver.recv().await {
                    heard += 1;
                    assert_eq!(message, heard, "everybody hears everything, in order");
                    if heard % at_once == 0 {
                        away.one_less();
                    }
                }
            }));
        }
        let mut message = 0_u64;
        measured_rounds!(n / at_once, {
            away.set(AUDIENCE);
            for _ in 0..at_once {
                message += 1;
                sender.send(message).expect("it is received");
            }
            away.reached().await;
        })
    })
}
