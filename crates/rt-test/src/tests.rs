//! What is found, and what is not taken for an error.

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use rt_task::block_on;
use rt_task::coop::yield_now;

use super::*;

/// What `f` panics with.
fn message<R>(f: impl FnOnce() -> R) -> String {
    let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else { panic!("it was to panic") };
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => payload.downcast::<&str>().expect("a message").to_string(),
    }
}

/// A channel for one waiter that gives a message to the future, or, `right`, leaves it where it is until it is
/// taken.
#[derive(Default)]
struct Slot {
    state: RefCell<(Option<u32>, Option<Waker>)>,
    right: bool,
}

impl Slot {
    fn put(&self, message: u32) {
        let mut state = self.state.borrow_mut();
        state.0 = Some(message);
        let waker = state.1.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    fn take(&self) -> Option<u32> {
        self.state.borrow_mut().0.take()
    }

    /// Wrong: on the way to the output it waits with the message in its hands.
    async fn receive(&self) -> u32 {
        let message = poll_fn(|cx| match self.take() {
            Some(message) => Poll::Ready(message),
            None => {
                self.state.borrow_mut().1 = Some(cx.waker().clone());
                Poll::Pending
            }
        })
        .await;
        if !self.right {
            yield_now().await;
        }
        message
    }
}

async fn receives_all(round: &Round, slot: &Slot) {
    let receives = round.run(slot.receive());
    let puts = async {
        yield_now().await;
        slot.put(7);
    };
    let (received, ()) = both(receives, puts).await;
    let left = slot.take();
    slot.state.borrow_mut().1 = None;
    assert_eq!(received.ok().or(left), Some(7), "the message was lost");
}

/// Runs two futures to their ends.
async fn both<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (Box::pin(a), Box::pin(b));
    let (mut done_a, mut done_b) = (None, None);
    poll_fn(move |cx| {
        if done_a.is_none() {
            done_a = ready(a.as_mut().poll(cx));
        }
        if done_b.is_none() {
            done_b = ready(b.as_mut().poll(cx));
        }
        match (done_a.take(), done_b.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (done_a, done_b) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}

fn ready<T>(polled: Poll<T>) -> Option<T> {
    match polled {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

#[test]
fn every_await_is_cancelled_as_it_begins_and_when_it_was_woken() {
    let points = RefCell::new(Vec::new());
    let trial = cancel_at_every_await(async |round| {
        let ran = round.run(async {
            yield_now().await;
            yield_now().await;
        });
        let point = match ran.await {
            Ok(()) => "through".to_owned(),
            Err(cancelled) => {
                assert!(round.has_cancelled());
                let at = cancelled.at().map_or(0, |at| at.number());
                format!("{at} {}", cancelled.was_woken())
            }
        };
        points.borrow_mut().push(point);
    });
    let report = block_on(trial);
    let wanted = ["through", "0 false", "1 false", "1 true", "2 false", "2 true"];
    assert_eq!(*points.borrow(), wanted);
    assert_eq!((report.rounds(), report.awaits().len()), (6, 2));
}

#[test]
fn a_message_that_a_future_has_taken_is_missed_and_the_await_is_told() {
    let line = line!() + 1;
    let test = || cancel_at_every_await(async |round| receives_all(&round, &Slot::default()).await);
    let told = message(|| block_on(test()));
    let place = format!("{}:{line}:", file!());
    assert!(told.starts_with(&format!("cancel test at {place}")), "{told}");
    assert!(told.contains("round 5, polled when woken: cancelled at await 2 (yield at "), "{told}");
    assert!(
        told.contains("as it began to wait: ") && told.contains("the message was lost"),
        "{told}"
    );
}

#[test]
fn a_channel_that_keeps_its_message_passes_in_every_manner() {
    let trial = Trial::new().in_every_manner().cancel_at_every_await(async |round| {
        receives_all(&round, &Slot { right: true, ..Slot::default() }).await;
    });
    let report = block_on(trial);
    assert_eq!(report.awaits().len(), 1, "{report}");
    assert!(report.to_string().contains("does not tell"), "{report}");
}

#[test]
fn what_comes_after_the_cancelled_future_is_run_through() {
    block_on(cancel_at_every_await(async |round| {
        let done = Cell::new(0);
        let step = || async {
            yield_now().await;
            done.set(done.get() + 1);
        };
        while done.get() < 3 {
            let ran = round.run(step()).await;
            assert!(ran.is_ok() || round.has_cancelled());
        }
    }));
}

#[test]
fn a_waker_that_is_left_behind_is_told() {
    let kept = RefCell::new(Vec::new());
    let told = message(|| {
        block_on(cancel_at_every_await(async |round| {
            let keeps = poll_fn(|cx| {
                let is_second = kept.borrow().len() % 2 == 1;
                kept.borrow_mut().push(cx.waker().clone());
                cx.waker().wake_by_ref();
                if is_second { Poll::Ready(()) } else { Poll::Pending }
            });
            let _ = round.run(keeps).await;
        }))
    });
    assert!(told.contains("round 1, polled when woken: not cancelled"), "{told}");
    assert!(told.ends_with("1 of its wakers were still kept 2 s later"), "{told}");
}

#[test]
fn a_level_that_does_not_come_down_is_told() {
    let open = Arc::new(AtomicUsize::new(3));
    let seen = open.clone();
    let trial = Trial::new().level("open files", move || seen.load(SeqCst) as u64);
    let told = message(|| {
        block_on(trial.cancel_at_every_await(async |round| {
            let opens = async {
                open.fetch_add(1, SeqCst);
                yield_now().await;
                open.fetch_sub(1, SeqCst);
            };
            let _ = round.run(opens).await;
        }))
    });
    assert!(
        told.contains("round 3,") && told.ends_with("open files: 4, 2 s later, and 3 before"),
        "{told}"
    );
}

#[test]
fn a_level_may_come_down_later_and_go_below() {
    let open = Arc::new(AtomicUsize::new(3));
    let seen = open.clone();
    let trial = Trial::new().level("tasks", move || {
        let now = seen.load(SeqCst);
        seen.store(now - 1, SeqCst);
        now as u64
    });
    block_on(trial.cancel_at_every_await(async |round| {
        open.store(5, SeqCst);
        let _ = round.run(async {}).await;
    }));
}

#[test]
fn a_test_that_runs_nothing_or_for_ever_is_told() {
    let told = message(|| block_on(cancel_at_every_await(async |_| {})));
    assert!(told.ends_with("the test gave no future to `Round::run`"), "{told}");
    let trial = Trial::new().awaits_max(3);
    let told = message(|| {
        block_on(trial.cancel_at_every_await(async |round| {
            let _ = round
                .run(async {
                    loop {
                        yield_now().await;
                    }
                })
                .await;
        }))
    });
    assert!(told.ends_with("it has awaited 4 times: see `Trial::awaits_max`"), "{told}");
}

#[test]
fn a_panic_that_is_no_text_goes_on_as_it_was() {
    let test = || cancel_at_every_await(async |_| std::panic::panic_any(7_u32));
    let payload = catch_unwind(AssertUnwindSafe(|| block_on(test()))).unwrap_err();
    assert_eq!(*payload.downcast::<u32>().unwrap(), 7);
}

#[test]
fn random_points_are_those_of_the_seed() {
    let points = |seed| {
        let points = RefCell::new(Vec::new());
        let trial = Trial::new().cancel_at_random(seed, 40, async |round| {
            let ran = round
                .run(async {
                    for _ in 0..100 {
                        yield_now().await;
                    }
                })
                .await;
            let at = |cancelled: Cancelled| {
                (cancelled.at().map(|at| at.number()), cancelled.was_woken())
            };
            points.borrow_mut().push(ran.err().map(at));
        });
        let report = block_on(trial);
        assert_eq!((report.rounds(), report.awaits().len()), (41, 100));
        points.into_inner()
    };
    let first = points(3);
    assert_eq!(first[0], None);
    assert!(first[1..].iter().all(Option::is_some), "{first:?}");
    assert_eq!(first, points(3));
    assert_ne!(first, points(4));
    let told = message(|| {
        block_on(Trial::new().cancel_at_random(5, 9, async |round| {
            round.run(yield_now()).await.expect("not to be cancelled");
        }))
    });
    assert!(told.contains(", seed 5, round 2,"), "{told}");
}

#[test]
fn a_future_that_is_not_woken_is_not_polled_unless_that_is_the_manner() {
    for (manner, wanted) in
        [(Manner::WhenWoken, 1), (Manner::TooOften, 8), (Manner::WithNewWakers, 2)]
    {
        let polls = Cell::new(0);
        let never = poll_fn(|_| {
            polls.set(polls.get() + 1);
            Poll::<()>::Pending
        });
        let trial = Trial::new().in_manners(&[manner]).awaits_max(9);
        let mut never = Some(never);
        let mut test = Box::pin(trial.cancel_at_random(0, 0, async |round| {
            let never = never.take().expect("one round");
            let _ = round.run(never).await;
        }));
        // The round that is run through is polled when woken; so a `Probed` shows the others.
        let mut cx = std::task::Context::from_waker(Waker::noop());
        if manner == Manner::WhenWoken {
            (0..4).for_each(|_| assert!(test.as_mut().poll(&mut cx).is_pending()));
        } else {
            drop(test);
            polls.set(0);
            let count = poll_fn(|_| {
                polls.set(polls.get() + 1);
                Poll::<()>::Pending
            });
            let mut probed = match manner {
                Manner::TooOften => wake_spuriously(count),
                _ => poll_with_new_waker_each_time(count),
            };
            (0..4).for_each(|_| {
                assert!(std::pin::Pin::new(&mut probed).poll(&mut cx).is_pending());
            });
        }
        assert_eq!(polls.get(), wanted, "{manner}");
    }
}

#[test]
fn the_waker_of_the_last_poll_alone_counts() {
    let wakers = Mutex::new(Vec::<Waker>::new());
    let keeps_last = poll_fn(|cx| {
        let mut wakers = wakers.lock().unwrap();
        wakers.push(cx.waker().clone());
        if wakers.len() > 2 { Poll::Ready(()) } else { Poll::Pending }
    });
    drive(poll_with_new_waker_each_time(keeps_last), || {
        let last = wakers.lock().unwrap().last().unwrap().clone();
        last.wake();
    });
    let wakers = wakers.into_inner().unwrap();
    assert_eq!(wakers.len(), 3);
    assert!(!wakers[0].will_wake(&wakers[1]));
}

#[test]
fn a_trial_that_is_dropped_drops_the_test() {
    struct Tells<'a>(&'a Cell<bool>);
    impl Drop for Tells<'_> {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    let dropped = Cell::new(false);
    let mut trial = Box::pin(cancel_at_every_await(async |round| {
        let _tells = Tells(&dropped);
        let _ = round.run(async {}).await;
        pending::<()>().await;
    }));
    let mut cx = std::task::Context::from_waker(Waker::noop());
    assert!(trial.as_mut().poll(&mut cx).is_pending());
    drop(trial);
    assert!(dropped.get());
}

#[test]
fn a_trial_of_what_is_send_may_be_spawned() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let report = block_on(is_send(cancel_at_every_await(async |round: Round| {
        let number = 3;
        let _ = round
            .run(async {
                yield_now().await;
                assert_eq!(number, 3);
            })
            .await;
    })));
    assert_eq!(report.rounds(), 4);
}
