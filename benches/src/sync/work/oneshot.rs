//! A channel for one value.

use super::super::scales::ALONE;
use super::super::{measured, polled_once};
use super::family::oneshot;
use crate::meter::Cost;
use crate::op::{Operation, WARM_UP, in_task};
use crate::subject::Subject;

#[rustfmt::skip] // A table: a line each.
pub(super) fn all<S: Subject>() -> Vec<Operation<S>> {
    vec![
        ALONE.of("oneshot", "a channel made, a value sent, then received", oneshot_ready),
        ALONE.of("oneshot_waiting", "the same, and it is waited for when it is sent", oneshot_waiting),
    ]
}

fn oneshot_ready<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let mut sum = 0;
        let cost = measured!(n, {
            let (sender, receiver) = oneshot::channel();
            sender.send(7).expect("it is awaited");
            sum += receiver.await.expect("it was sent");
        });
        assert_eq!(sum, 7 * (n + WARM_UP));
        cost
    })
}

fn oneshot_waiting<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let mut sum = 0;
        let cost = measured!(n, {
            let (sender, mut receiver) = oneshot::channel();
            polled_once(&mut receiver).await;
            sender.send(7).expect("it is awaited");
            sum += receiver.await.expect("it was sent");
        });
        assert_eq!(sum, 7 * (n + WARM_UP));
        cost
    })
}
