//! Promises of `join!`, `try_join!` and `pin!`.

use std::future::{Future, pending, poll_fn, ready};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use rt_facade::task::{consume_budget, yield_now};
use rt_facade::time::{Duration, Instant, sleep};
use rt_facade::{join, pin, try_join};

use crate::support::{CountsDrops, Gate, for_each_flavor, for_each_flavor_paused, panic_message};

fn everywhere<F: Future<Output = ()> + Send + 'static>(test: fn() -> F) {
    for_each_flavor(|runtime| {
        runtime.block_on(test());
        runtime.block_on(runtime.spawn(test())).unwrap();
    });
}

#[test]
fn all_outputs_come_in_the_order_of_the_text() {
    everywhere(|| async {
        let gate = Gate::new();
        let all = join!(
            async {
                gate.passed().await;
                1
            },
            async {
                gate.open();
                "two"
            },
            ready(3.0),
        );
        assert_eq!(all, (1, "two", 3.0));
        assert_eq!(join!(ready(1)), (1,));
        assert_eq!(join!(biased; ready(1), ready(2),), (1, 2));
        let nothing: () = join!();
        assert_eq!(nothing, ());
        assert_eq!(join!(biased;), ());
    });
}

#[test]
fn they_wait_at_the_same_time() {
    for_each_flavor_paused(|runtime| {
        runtime.block_on(async {
            let start = Instant::now();
            let second = || sleep(Duration::from_secs(1));
            join!(second(), second(), second());
            assert!(start.elapsed() < Duration::from_millis(1100));
        });
    });
}

#[test]
fn a_future_that_is_ready_is_dropped_at_once_and_never_polled_again() {
    everywhere(|| async {
        let drops = Arc::new(AtomicUsize::new(0));
        let held = CountsDrops(drops.clone());
        let mut polls = 0;
        let once = poll_fn(move |_| {
            let _held = &held;
            polls += 1;
            assert_eq!(polls, 1);
            Poll::Ready(())
        });
        join!(once, async {
            yield_now().await;
            assert_eq!(drops.load(SeqCst), 1);
        });
    });
}

#[test]
fn another_comes_first_each_time_unless_biased() {
    everywhere(|| async {
        let seen = Mutex::new(Vec::new());
        let noted = |n| {
            let (seen, mut polls) = (&seen, 0);
            poll_fn(move |cx| {
                seen.lock().unwrap().push(n);
                polls += 1;
                cx.waker().wake_by_ref();
                if polls == 4 { Poll::Ready(()) } else { Poll::Pending }
            })
        };
        join!(noted(1), noted(2), noted(3));
        assert_eq!(
            std::mem::take(&mut *seen.lock().unwrap()),
            [1, 2, 3, 2, 3, 1, 3, 1, 2, 1, 2, 3]
        );
        join!(biased; noted(1), noted(2));
        assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), [1, 2, 1, 2, 1, 2, 1, 2]);
        let ok = |n| {
            let noted = noted(n);
            async {
                noted.await;
                Ok::<_, ()>(())
            }
        };
        try_join!(ok(1), ok(2)).unwrap();
        assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), [1, 2, 2, 1, 1, 2, 2, 1]);
        try_join!(biased; ok(1), ok(2)).unwrap();
        assert_eq!(*seen.lock().unwrap(), [1, 2, 1, 2, 1, 2, 1, 2]);
    });
}

#[test]
fn one_that_takes_the_whole_budget_does_not_starve_the_other() {
    everywhere(|| async {
        let stop = AtomicBool::new(false);
        let greedy = async {
            while !stop.load(SeqCst) {
                consume_budget().await;
            }
        };
        let modest = async {
            consume_budget().await;
            stop.store(true, SeqCst);
        };
        join!(greedy, modest);
    });
}

#[test]
fn a_panic_drops_the_others() {
    for_each_flavor(|runtime| {
        let drops = Arc::new(AtomicUsize::new(0));
        let held = CountsDrops(drops.clone());
        let said = panic_message(|| {
            runtime.block_on(async {
                join!(
                    async move {
                        let _held = held;
                        pending::<()>().await;
                    },
                    async { panic!("oh") },
                )
            })
        });
        assert_eq!((&*said, drops.load(SeqCst)), ("oh", 1));
    });
}

#[test]
fn the_first_error_ends_a_try_join_and_drops_the_others() {
    everywhere(|| async {
        let drops = Arc::new(AtomicUsize::new(0));
        let held = CountsDrops(drops.clone());
        let failed = try_join!(
            async move {
                let _held = held;
                pending::<Result<(), &str>>().await
            },
            async {
                yield_now().await;
                Err::<u8, _>("no")
            },
            ready(Ok(1)),
        );
        assert_eq!((failed, drops.load(SeqCst)), (Err("no"), 1));
        assert_eq!(try_join!(ready(Ok::<_, ()>(1)), ready(Ok("two"))), Ok((1, "two")));
        assert_eq!(try_join!(biased; ready(Ok::<_, ()>(1)),), Ok((1,)));
        let nothing: Result<(), u8> = try_join!();
        assert_eq!(nothing, Ok(()));
    });
}

#[test]
fn question_marks_pass_errors_of_a_try_join_on() {
    async fn sum(one: &str, other: &str) -> Result<u32, std::num::ParseIntError> {
        let (one, other) = try_join!(async { one.parse::<u32>() }, async { other.parse::<u32>() })?;
        Ok(one + other)
    }
    everywhere(|| async {
        assert_eq!(sum("1", "2").await, Ok(3));
        assert!(sum("1", "two").await.is_err());
    });
}

#[test]
fn a_join_takes_no_more_room_than_its_futures_or_outputs() {
    let wide = || async {
        let big = [1_u8; 500];
        yield_now().await;
        big[0]
    };
    let one = size_of_val(&wide());
    let two = async { join!(wide(), wide()) };
    assert!(size_of_val(&two) <= 2 * one + 128, "{} of {one}", size_of_val(&two));
}

#[test]
fn many_futures_join() {
    everywhere(|| async {
        let r = || async {
            yield_now().await;
            1
        };
        let all = join!(
            r(),
            r(),
            r(),
            r(),
            r(),
            r(),
            r(),
            r(),
            r(),
            r(),
            r(),
            r(),
            r(),
            r(),
            r(),
            r(),
            r(),
            r()
        );
        assert_eq!((all.0, all.17), (1, 1));
    });
}

#[test]
fn pinned_variables_are_polled_where_they_are() {
    everywhere(|| async {
        let (one, two) = (async { 1 }, async { 2 });
        pin!(one, two);
        assert_eq!(one.as_mut().await + two.as_mut().await, 3);
        pin! {
            let three = async { yield_now().await; 3 };
            let four = async { 4 };
        }
        assert_eq!(three.await + four.await, 7);
    });
}
