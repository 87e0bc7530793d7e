//! Timers are never early, at most a tick and a turn late; a paused clock jumps when nothing else goes on.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use rt_facade::task::{spawn_blocking, yield_now};
use rt_facade::time::{
    Instant, MissedTickBehavior, advance, interval, pause, resume, sleep, sleep_until, timeout,
};

use crate::support::{for_each_flavor, for_each_flavor_paused, for_workers, multi, panic_message};

#[test]
fn a_sleep_is_never_early() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            for millis in [1, 2, 3, 5, 8, 13] {
                let start = Instant::now();
                sleep(Duration::from_millis(millis)).await;
                assert!(start.elapsed() >= Duration::from_millis(millis));
            }
        });
    });
}

#[test]
fn no_sleep_of_many_is_early_on_whichever_thread() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let tasks: Vec<_> = (0..300)
                .map(|n| {
                    rt_facade::spawn(async move {
                        for round in 0..5 {
                            let span = Duration::from_micros(n * 97 % 9000 + round);
                            let start = Instant::now();
                            sleep(span).await;
                            assert!(start.elapsed() >= span);
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

#[test]
fn a_sleep_may_be_armed_here_and_awaited_moved_or_dropped_there() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let tasks: Vec<_> = (0..200)
                .map(|n| {
                    let start = Instant::now();
                    let armed = rt_facade::spawn(async move {
                        let mut sleep = Box::pin(sleep(Duration::from_millis(5)));
                        let polled = poll_fn(|cx| Poll::Ready(sleep.as_mut().poll(cx))).await;
                        yield_now().await;
                        (sleep, polled.is_ready())
                    });
                    rt_facade::spawn(async move {
                        let (mut sleep, _) = armed.await.unwrap();
                        match n % 4 {
                            0 => drop(sleep),
                            1 => {
                                sleep.as_mut().reset(start + Duration::from_millis(9));
                                sleep.await;
                                assert!(start.elapsed() >= Duration::from_millis(9));
                            }
                            2 => {
                                sleep.as_mut().reset(Instant::now());
                                sleep.await;
                            }
                            _ => {
                                sleep.await;
                                assert!(start.elapsed() >= Duration::from_millis(5));
                            }
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

#[test]
fn a_paused_clock_makes_hours_pass_at_once_and_exactly() {
    for_each_flavor_paused(|runtime| {
        let real = std::time::SystemTime::now();
        runtime.block_on(async {
            let start = Instant::now();
            sleep(Duration::from_secs(3600)).await;
            let slept = start.elapsed();
            assert!(slept >= Duration::from_secs(3600));
            assert!(slept <= Duration::from_secs(3600) + Duration::from_millis(2), "{slept:?}");
        });
        assert!(real.elapsed().unwrap() < Duration::from_secs(60));
    });
}

#[test]
fn sleeps_end_in_the_order_of_their_deadlines() {
    for_each_flavor_paused(|runtime| {
        runtime.block_on(async {
            let (sender, order) = std::sync::mpsc::channel();
            let tasks: Vec<_> = [50, 10, 4000, 30, 20, 100_000]
                .into_iter()
                .map(|millis| {
                    let sender = sender.clone();
                    rt_facade::spawn(async move {
                        sleep(Duration::from_millis(millis)).await;
                        sender.send(millis).unwrap();
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            let order: Vec<_> = order.try_iter().collect();
            assert_eq!(order, [10, 20, 30, 50, 4000, 100_000]);
        });
    });
}

#[test]
fn a_paused_clock_waits_for_blocking_work() {
    for_each_flavor_paused(|runtime| {
        runtime.block_on(async {
            let (go, gone) = std::sync::mpsc::channel::<()>();
            let closure = spawn_blocking(move || gone.recv().is_ok());
            let start = Instant::now();
            // The clock must stand still as long as the closure runs; so this pends.
            let mut hour = pin!(sleep(Duration::from_secs(3600)));
            for _ in 0..10 {
                let polled = std::future::poll_fn(|cx| {
                    std::task::Poll::Ready(hour.as_mut().poll(cx).is_ready())
                });
                assert!(!polled.await);
                yield_now().await;
            }
            assert_eq!(start.elapsed(), Duration::ZERO);
            go.send(()).unwrap();
            assert!(closure.await.unwrap());
            hour.await;
        });
    });
}

#[test]
fn advance_moves_a_paused_clock_and_fires_what_is_due() {
    for_each_flavor_paused(|runtime| {
        runtime.block_on(async {
            let task = rt_facade::spawn(async { sleep(Duration::from_millis(100)).await });
            yield_now().await;
            advance(Duration::from_millis(50)).await;
            assert!(!task.is_finished());
            advance(Duration::from_millis(51)).await;
            task.await.unwrap();
        });
    });
}

#[test]
fn pause_and_resume_tell_misuse() {
    for_each_flavor_paused(|runtime| {
        runtime.block_on(async {
            let paused = panic_message(|| pause());
            assert!(paused.contains(file!()) && paused.contains("paused already"), "{paused}");
            resume();
            let running = panic_message(|| resume());
            assert!(running.contains(file!()) && running.contains("not paused"), "{running}");
        });
    });
}

#[test]
fn a_clock_that_several_threads_share_cannot_be_paused() {
    for_workers([1, 2], |runtime| {
        runtime.block_on(async {
            for misuse in [panic_message(|| pause()), panic_message(|| resume())] {
                assert!(misuse.contains(file!()), "{misuse}");
                assert!(misuse.contains("current-thread flavour"), "{misuse}");
            }
            sleep(Duration::from_millis(1)).await; // the clock goes on
        });
    });
    let refused = multi(1).enable_all().start_paused(true).build().unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);
    assert!(refused.to_string().contains("new_current_thread"), "{refused}");
}

#[test]
fn timeout_gives_the_output_or_elapsed() {
    for_each_flavor_paused(|runtime| {
        runtime.block_on(async {
            assert_eq!(timeout(Duration::from_secs(1), async { 1 }).await.unwrap(), 1);
            let late = timeout(Duration::from_secs(1), sleep(Duration::from_secs(2))).await;
            assert_eq!(late.unwrap_err().to_string(), "deadline has elapsed");
        });
    });
}

#[test]
fn deadlines_years_away_and_in_the_past_are_fine() {
    for_each_flavor_paused(|runtime| {
        runtime.block_on(async {
            sleep_until(Instant::now()).await;
            sleep(Duration::ZERO).await;
            let mut year = pin!(sleep(Duration::from_secs(366 * 24 * 3600)));
            let for_ever = pin!(sleep(Duration::MAX));
            assert!(!for_ever.is_elapsed());
            year.as_mut().await;
            assert!(year.is_elapsed());
            year.as_mut().reset(Instant::now() + Duration::from_secs(5 * 366 * 24 * 3600));
            year.await;
        });
    });
}

#[test]
fn intervals_tick_by_their_behavior() {
    for_each_flavor_paused(|runtime| {
        runtime.block_on(async {
            let behaviors =
                [MissedTickBehavior::Burst, MissedTickBehavior::Delay, MissedTickBehavior::Skip];
            for behavior in behaviors {
                let start = Instant::now();
                let mut ticks = interval(Duration::from_millis(10));
                ticks.set_missed_tick_behavior(behavior);
                assert_eq!(ticks.tick().await, start, "the first tick is at once");
                ticks.tick().await;
                advance(Duration::from_millis(25)).await;
                let mut at = Vec::new();
                for _ in 0..3 {
                    ticks.tick().await;
                    at.push(start.elapsed().as_millis());
                }
                let expected = match behavior {
                    MissedTickBehavior::Burst => [35, 35, 40],
                    MissedTickBehavior::Delay => [35, 45, 55],
                    _ => [35, 40, 50],
                };
                // A tick is a millisecond, rounded up.
                for (at, expected) in at.iter().zip(expected) {
                    assert!(
                        (expected..=expected + 2).contains(at),
                        "{behavior:?}: {at} {expected}"
                    );
                }
            }
        });
    });
}

#[test]
fn a_sleep_dropped_or_moved_after_its_runtime_is_gone_is_safe() {
    for build in crate::support::flavors() {
        let runtime = build().enable_all().build().unwrap();
        let (mut slept,) = runtime.block_on(async {
            let mut sleep = Box::pin(sleep(Duration::from_secs(60)));
            std::future::poll_fn(|cx| {
                assert!(sleep.as_mut().poll(cx).is_pending());
                std::task::Poll::Ready(())
            })
            .await;
            (sleep,)
        });
        drop(runtime);
        slept.as_mut().reset(Instant::now() + Duration::from_secs(1));
        drop(slept);
    }
}

#[test]
fn a_paused_clock_goes_on_after_detached_blocking_work() {
    for_each_flavor_paused(|runtime| {
        runtime.block_on(async {
            let (go, gone) = std::sync::mpsc::channel::<()>();
            drop(spawn_blocking(move || gone.recv().is_ok()));
            let sleeper = rt_facade::spawn(async { sleep(Duration::from_secs(3600)).await });
            yield_now().await;
            go.send(()).unwrap();
            // Nobody joins the closure: its end alone lets the clock go on.
            sleeper.await.unwrap();
        });
    });
}
