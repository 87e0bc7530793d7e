//! The pool for closures that block: `rt-blocking` in the place of blocking, under smol's
//! `block_on`; tokio's pool beside them, under its own.

use std::future::Future;

use super::Swap;
use crate::meter::{Cost, Meter};

pub(super) const OURS: Swap = Swap {
    piece: "blocking",
    part: "rt-blocking",
    ours: true,
    about: "an empty closure sent to the pool and awaited, in smol's `block_on`",
    timed: 50_000,
    run: ours,
};

pub(super) const PEER: Swap = OURS.beside("blocking", peer);

pub(super) const TOKIO: Swap = OURS.beside("tokio", tokio);

const WARM_UP: u64 = 100;

async fn round_trips<T: Future<Output = u64>>(n: u64, spawn: impl Fn(u64) -> T) -> Cost {
    let mut meter = Meter::start();
    for trip in 0..n + WARM_UP {
        if trip == WARM_UP {
            meter = Meter::start();
        }
        assert_eq!(spawn(trip).await, trip);
    }
    meter.stop()
}

fn ours(n: u64) -> Cost {
    let pool = rt_blocking::Pool::new();
    let spawn = |trip| {
        let handle = pool.handle().spawn_blocking(move || trip);
        async { handle.await.expect("it does not panic") }
    };
    smol::block_on(round_trips(n, spawn))
}

fn peer(n: u64) -> Cost {
    smol::block_on(round_trips(n, |trip| smol::unblock(move || trip)))
}

fn tokio(n: u64) -> Cost {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("the system lets us");
    // Its pool, too, under smol's.
    let spawn = |trip| {
        let handle = runtime.spawn_blocking(move || trip);
        async { handle.await.expect("it does not panic") }
    };
    smol::block_on(round_trips(n, spawn))
}
