//! `spawn_blocking` runs on the pool, within its cap.

use std::sync::{Arc, Barrier};

use rt_facade::task::spawn_blocking;

use crate::support::{flavors, for_each_flavor};

#[test]
fn closures_run_side_by_side_up_to_the_cap() {
    for build in flavors() {
        let runtime = build().max_blocking_threads(4).build().unwrap();
        // Ends only if all four run at once.
        let barrier = Arc::new(Barrier::new(4));
        let closures: Vec<_> = (0..4)
            .map(|_| {
                let barrier = barrier.clone();
                runtime.spawn_blocking(move || {
                    barrier.wait();
                })
            })
            .collect();
        runtime.block_on(async {
            for closure in closures {
                closure.await.unwrap();
            }
        });
        assert!(runtime.metrics().blocking_threads <= 4);
    }
}

#[test]
fn a_thousand_closures_each_run_once() {
    for_each_flavor(|runtime| {
        let sum = runtime.block_on(async {
            let closures: Vec<_> = (0..1000_u64).map(|n| spawn_blocking(move || n)).collect();
            let mut sum = 0;
            for closure in closures {
                sum += closure.await.unwrap();
            }
            sum
        });
        assert_eq!(sum, 499_500);
    });
}
