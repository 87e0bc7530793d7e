//! Promises of `select!`.

use std::cell::Cell;
use std::future::{Future, IntoFuture, pending, poll_fn, ready};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;

use futures_channel::{mpsc, oneshot};
use futures_util::StreamExt;
use rt_facade::select;
use rt_facade::task::{consume_budget, yield_now};
use rt_facade::time::{Duration, sleep};

use crate::support::{CountsDrops, Gate, for_each_flavor, for_each_flavor_paused, panic_message};

/// The root of `block_on`, and a task.
fn everywhere<F: Future<Output = ()> + Send + 'static>(test: fn() -> F) {
    for_each_flavor(|runtime| {
        runtime.block_on(test());
        runtime.block_on(runtime.spawn(test())).unwrap();
    });
}

#[test]
#[rustfmt::skip]
fn every_form_of_a_branch_is_understood() {
    everywhere(|| async {
        assert_eq!(select! { n = async { 1 } => n }, 1);
        assert_eq!(select! { n = async { 1 } => n, }, 1);
        assert_eq!(select! { n = async { 1 } => { n } }, 1);
        assert_eq!(select! { n = async { 1 } => { n }, }, 1);
        assert_eq!(select! { n = async { 1 }, if true => n }, 1);
        assert_eq!(select! { n = async { 1 }, if true => n, }, 1);
        assert_eq!(select! { n = async { 1 }, if true => { n } }, 1);
        assert_eq!(select! { n = async { 1 }, if true => { n }, }, 1);
        assert_eq!(select! { else => 2 }, 2);
        assert_eq!(select! { biased; else => 2, }, 2);
        assert_eq!(select! { _ = pending::<()>(), if false => 1, else => 2, }, 2);
        // Commas of types, bars of patterns and closures, ranges.
        let first = select! {
            (1 | 2, 0..=9, ..) = ready::<(u32, u32, u8)>((2, 3, 4)), if Some(1).map(|n: i32| n | 1) == Some(1) =>
                std::iter::zip::<[u8; 1], [u8; 1]>([5], [6]).next(),
            _ = pending::<Result<u8, u16>>() => unreachable!(),
        };
        assert_eq!(first, Some((5, 6)));
        // A block without a comma, then another branch.
        let mut second = 0;
        select! {
            _ = pending::<()>() => {}
            _ = pending::<()>(), if true => {}
            n = ready(7) => { second = n }
            else => {}
        }
        assert_eq!(second, 7);
    });
}

#[test]
fn the_first_that_is_ready_wins_and_the_others_are_dropped_before_its_handler() {
    everywhere(|| async {
        let drops = Arc::new(AtomicUsize::new(0));
        let loser = CountsDrops(drops.clone());
        let slow = async move {
            pending::<()>().await;
            drop(loser);
        };
        let dropped = select! {
            () = slow => unreachable!(),
            () = async { yield_now().await } => drops.load(SeqCst),
        };
        assert_eq!(dropped, 1);
    });
}

#[test]
fn a_handler_borrows_what_the_futures_borrowed() {
    everywhere(|| async {
        async fn add(to: &mut Vec<u32>, n: u32) {
            yield_now().await;
            to.push(n);
        }
        let mut all = Vec::new();
        let len = select! {
            () = add(&mut all, 1) => {
                all.push(2);
                all.len()
            }
        };
        assert_eq!((len, all), (2, vec![1, 2]));
    });
}

#[test]
fn futures_outside_go_on_after_they_lost() {
    everywhere(|| async {
        let gate = Gate::new();
        let polls = AtomicUsize::new(0);
        let mut slow = pin!(async {
            polls.fetch_add(1, SeqCst);
            gate.passed().await;
            "slow"
        });
        select! {
            biased;
            _ = &mut slow => unreachable!(),
            () = ready(()) => {}
        }
        gate.open();
        assert_eq!(select! { said = &mut slow => said }, "slow");
        assert_eq!(polls.load(SeqCst), 1);
    });
}

#[test]
fn patterns_that_do_not_fit_disable_their_branch() {
    everywhere(|| async {
        let polled = AtomicUsize::new(0);
        let late = poll_fn(|cx| {
            if polled.fetch_add(1, SeqCst) == 2 {
                return Poll::Ready(4);
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        // Polled again after it was ready, it would panic.
        let taken = select! {
            Some(n) = async { None::<u32> } => n,
            n @ 4.. = late => n,
        };
        assert_eq!((taken, polled.load(SeqCst)), (4, 3));
        let left = select! {
            Some(n) = ready(None::<u32>) => n,
            Ok(n) = ready(Err::<u32, ()>(())) => n,
            else => 9,
        };
        assert_eq!(left, 9);
    });
}

#[test]
fn patterns_bind_by_value_by_reference_and_mutably() {
    everywhere(|| async {
        let owned = select! {
            Some(mut text) = ready(Some("a".to_owned())) => { text.push('b'); text }
            else => unreachable!(),
        };
        assert_eq!(owned, "ab");
        let len =
            select! { Some(ref text) = ready(Some("abc".to_owned())) => text.len(), else => 0 };
        assert_eq!(len, 3);
        let grown = select! { (ref mut n, _) = ready((1, String::new())) => { *n += 1; *n } };
        assert_eq!(grown, 2);
        let seven = 7;
        let copied = select! { Some(&n) = ready(Some(&seven)) => n, else => 0 };
        assert_eq!(copied, 7);
        let mut eight = 8;
        select! { n = ready(&mut eight) => *n += 1 }
        select! { &mut n = ready(&mut eight) => assert_eq!(n, 9) }
        let whole = select! { all @ (1, _) = ready((1, 2)) => all, else => (0, 0) };
        assert_eq!(whole, (1, 2));
    });
}

#[test]
fn conditions_come_first_and_then_every_expression() {
    everywhere(|| async {
        let order = std::sync::Mutex::new(Vec::new());
        let note = |what: &'static str| order.lock().unwrap().push(what);
        let of = |what| {
            note(what);
            async move { what }
        };
        let taken = select! {
            biased;
            _ = of("one"), if { note("if one"); false } => unreachable!("disabled, and not polled"),
            what = of("two"), if { note("if two"); true } => what,
        };
        assert_eq!(taken, "two");
        assert_eq!(*order.lock().unwrap(), ["if one", "if two", "one", "two"]);
    });
}

#[test]
fn a_condition_may_look_at_a_future_that_a_branch_borrows() {
    everywhere(|| async {
        let (send, mut recv) = oneshot::channel();
        send.send(1).unwrap();
        let mut done = false;
        let mut sum = 0;
        loop {
            select! {
                n = &mut recv, if !done => { done = true; sum += n.unwrap() }
                else => break,
            }
        }
        assert_eq!(sum, 1);
    });
}

#[test]
fn handlers_return_break_continue_and_fail() {
    everywhere(|| async {
        async fn returns() -> Result<u32, std::num::ParseIntError> {
            let mut rounds = 0;
            let broken = 'outer: loop {
                rounds += 1;
                select! {
                    () = ready(()), if rounds == 1 => continue,
                    () = ready(()), if rounds == 2 => break 'outer rounds,
                }
            };
            assert_eq!(broken, 2);
            let three = select! { text = async { "3" } => text.parse::<u32>()? };
            let four = select! { n = async { yield_now().await; 4 } => async { n }.await };
            assert_eq!(select! { n = async { Ok::<_, std::num::ParseIntError>(5) } => n? }, 5);
            select! {
                () = yield_now() => return Ok(three + four),
                () = pending() => {}
            }
            Ok(0)
        }
        assert_eq!(returns().await, Ok(7));
        async fn fails() -> Result<u32, std::num::ParseIntError> {
            // Also in the expression of a future.
            Ok(select! { n = ready("no".parse::<u32>()?) => n })
        }
        assert!(fails().await.is_err());
    });
}

#[test]
fn nothing_left_and_no_else_panics_and_says_where() {
    for_each_flavor(|runtime| {
        let line = line!() + 2;
        let place = place_of_panic(|| {
            runtime.block_on(async {
                select! { Some(()) = ready(None) => {}, () = pending(), if false => {} }
            })
        });
        assert_eq!(place, (file!().to_owned(), line + 1));
        let said = panic_message(|| {
            runtime.block_on(async {
                select! { Some(()) = ready(None) => {} }
            })
        });
        assert!(said.contains("all branches are disabled and there is no else branch"), "{said}");
    });
}

/// Where `f` panics.
fn place_of_panic(f: impl FnOnce()) -> (String, u32) {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    thread_local! { static PLACE: Cell<Option<(String, u32)>> = const { Cell::new(None) }; }
    static HOOK: std::sync::Once = std::sync::Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let place = info.location().map(|at| (at.file().to_owned(), at.line()));
            PLACE.set(place);
            before(info);
        }));
    });
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(()) => panic!("it was to panic"),
        Err(payload) => match PLACE.take() {
            Some(place) => place,
            None => resume_unwind(payload),
        },
    }
}

#[test]
fn a_panic_in_a_future_or_a_handler_drops_the_others() {
    for_each_flavor(|runtime| {
        let drops = Arc::new(AtomicUsize::new(0));
        let held = CountsDrops(drops.clone());
        let said = panic_message(|| {
            runtime.block_on(async {
                select! {
                    biased;
                    () = async move { let _held = held; pending().await } => {}
                    () = async { panic!("oh") } => {}
                }
            })
        });
        assert_eq!((&*said, drops.load(SeqCst)), ("oh", 1));
        let said = panic_message(|| {
            runtime.block_on(async {
                select! { () = ready(()) => panic!("no") }
            })
        });
        assert_eq!(said, "no");
    });
}

#[test]
fn every_branch_comes_first_some_time() {
    everywhere(|| async {
        let mut first = [0; 4];
        for _ in 0..400 {
            let n: usize = select! {
                () = ready(()) => 0,
                () = ready(()) => 1,
                () = ready(()) => 2,
                () = ready(()) => 3,
            };
            first[n] += 1;
        }
        assert!(first.iter().all(|&n| n > 20), "{first:?}");
    });
}

#[test]
fn who_selects_once_in_each_block_on_does_not_choose_the_same_each_time() {
    for_each_flavor(|runtime| {
        let mut first = [0; 2];
        for _ in 0..64 {
            let n: usize = runtime.block_on(async {
                select! { () = ready(()) => 0, () = ready(()) => 1 }
            });
            first[n] += 1;
        }
        assert!(first.iter().all(|&n| n > 0), "{first:?}");
    });
}

#[test]
fn without_a_runtime_every_branch_comes_first_some_time_too() {
    let mut first = [0; 3];
    futures_executor_block_on(async {
        for _ in 0..300 {
            let n: usize =
                select! { () = ready(()) => 0, () = ready(()) => 1, () = ready(()) => 2 };
            first[n] += 1;
        }
    });
    assert!(first.iter().all(|&n| n > 0), "{first:?}");
}

/// Polls until ready, with a waker that does nothing and no runtime near.
fn futures_executor_block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

#[test]
fn the_choice_repeats_with_its_seed() {
    let choices = |seed| {
        rt_task::base::context::drive(rt_task::base::context::Env::default(), |ctx| {
            rt_task::base::context::seed(ctx, seed);
            futures_executor_block_on(async {
                let mut chosen = Vec::new();
                for _ in 0..64 {
                    chosen.push(
                        select! { () = ready(()) => 0, () = ready(()) => 1, () = ready(()) => 2 },
                    );
                }
                chosen
            })
        })
        .unwrap()
    };
    assert_eq!(choices(1), choices(1));
    assert_ne!(choices(1), choices(2));
}

#[test]
fn biased_polls_in_the_order_of_the_text() {
    everywhere(|| async {
        for _ in 0..100 {
            let n = select! { biased; () = ready(()) => 1, () = ready(()) => 2 };
            assert_eq!(n, 1);
        }
        let order = std::sync::Mutex::new(Vec::new());
        let step = |n| {
            let order = &order;
            poll_fn(move |_| {
                order.lock().unwrap().push(n);
                if n == 3 { Poll::Ready(()) } else { Poll::Pending }
            })
        };
        select! { biased; () = step(1) => {}, () = step(2) => {}, () = step(3) => {}, () = step(4) => {} }
        assert_eq!(*order.lock().unwrap(), [1, 2, 3]);
    });
}

#[test]
fn it_yields_when_the_task_has_no_budget_left() {
    everywhere(|| async {
        // Each round is ready at once, and spends what a leaf does: others must come in between.
        let ran = Arc::new(AtomicUsize::new(0));
        let other = rt_facade::spawn({
            let ran = ran.clone();
            async move { ran.fetch_add(1, SeqCst) }
        });
        let mut polls_without_budget = 0;
        for _ in 0..10_000 {
            select! {
                biased;
                () = poll_fn(|_| {
                    let spent = !rt_facade::task::coop::has_budget_remaining();
                    polls_without_budget += usize::from(spent);
                    Poll::Pending
                }) => {}
                () = consume_budget() => {}
            }
        }
        assert_eq!(polls_without_budget, 0, "nothing is polled without budget");
        other.await.unwrap();
        assert_eq!(ran.load(SeqCst), 1);
    });
}

#[test]
fn streams_are_received_from_until_both_end() {
    everywhere(|| async {
        let (one, mut first) = mpsc::unbounded();
        let (two, mut second) = mpsc::unbounded();
        let sender = rt_facade::spawn(async move {
            for n in 0..10 {
                one.unbounded_send(n).unwrap();
                yield_now().await;
                two.unbounded_send(n + 100).unwrap();
            }
        });
        let (mut sum, mut ends) = (0, 0);
        let (mut first_open, mut second_open) = (true, true);
        loop {
            select! {
                got = first.next(), if first_open => match got {
                    Some(n) => sum += n,
                    None => { first_open = false; ends += 1 }
                },
                got = second.next(), if second_open => match got {
                    Some(n) => sum += n,
                    None => { second_open = false; ends += 1 }
                },
                else => break,
            }
        }
        sender.await.unwrap();
        assert_eq!((sum, ends), (45 + 1045, 2));
    });
}

#[test]
fn select_and_join_nest() {
    everywhere(|| async {
        let inner = select! {
            outer = async {
                select! { n = ready(1) => n, _ = pending::<()>() => 0 }
            } => select! { m = ready(outer + 1) => m },
        };
        assert_eq!(inner, 2);
        let both = rt_facade::join!(
            async {
                select! { n = ready(1) => n }
            },
            async {
                select! { n = async { yield_now().await; 2 } => n, () = pending() => 0 }
            },
        );
        assert_eq!(both, (1, 2));
    });
}

#[test]
fn names_of_the_expansion_are_nobody_elses() {
    everywhere(|| async {
        // Each is a name that the expansion uses, too.
        let (pending, first, step, branch, selected, given0, future0, on0) =
            (1, 2, 3, 4, 5, 6, 7, 8);
        let sum = select! {
            value = ready(pending + first + step + branch) => value + selected + given0,
            takes = std::future::pending::<i32>(), if on0 == 8 => takes + future0,
        };
        assert_eq!(sum, 21);
    });
}

#[test]
fn whatever_becomes_a_future_may_be_selected_and_awaited_on_stack_temporaries() {
    struct Later(u32);
    impl IntoFuture for Later {
        type Output = u32;
        type IntoFuture = std::future::Ready<u32>;
        fn into_future(self) -> Self::IntoFuture {
            ready(self.0)
        }
    }
    everywhere(|| async {
        assert_eq!(select! { n = Later(3) => n }, 3);
        // The temporary lives as long as the future that borrows it.
        assert_eq!(select! { n = &mut ready(4) => n }, 4);
        assert_eq!(rt_facade::join!(Later(5), Later(6)), (5, 6));
    });
}

#[test]
fn a_future_that_is_never_ready_may_say_so_by_its_type() {
    everywhere(|| async {
        async fn forever() -> std::convert::Infallible {
            pending().await
        }
        let n = select! {
            never = forever() => match never {},
            n = async { yield_now().await; 1 } => n,
        };
        assert_eq!(n, 1);
        let gone: Option<u8> = async {
            select! {
                _ = async { loop { yield_now().await } } => None,
                () = yield_now() => Some(2),
            }
        }
        .await;
        assert_eq!(gone, Some(2));
    });
}

#[test]
fn futures_that_may_not_move_threads_are_selected_too() {
    for_each_flavor(|runtime| {
        let shared = Rc::new(Cell::new(0));
        runtime.block_on(async {
            select! {
                () = async { shared.set(shared.get() + 1); yield_now().await } => {}
            }
        });
        assert_eq!(shared.get(), 1);
    });
}

#[test]
fn the_future_is_no_larger_than_its_parts() {
    let big = [0_u8; 1000];
    let one = async move {
        yield_now().await;
        big[0]
    };
    let size = size_of_val(&one);
    let both = async move {
        select! { n = one => n, () = pending() => 0 }
    };
    // rustc may keep an argument beside the place that it is moved to.
    assert!(size_of_val(&both) <= 2 * size + 64, "{} of {size}", size_of_val(&both));
}

#[test]
fn there_is_no_largest_number_of_branches() {
    // tokio's has 64.
    everywhere(|| async {
        let n = select! {
            biased;
            _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0,
            _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0,
            _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0,
            _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0,
            _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0,
            _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0,
            _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0,
            _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0,
            _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0,
            _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0,
            _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0,
            _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0,
            _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0,
            _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0,
            _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0,
            _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0, _ = pending::<()>() => 0,
            _ = pending::<()>() => 0, _ = pending::<()>() => 0, n = ready(67) => n,
        };
        assert_eq!(n, 67);
    });
}

#[test]
fn timers_that_lose_are_gone() {
    for_each_flavor_paused(|runtime| {
        runtime.block_on(async {
            let start = rt_facade::time::Instant::now();
            for _ in 0..100 {
                select! {
                    () = sleep(Duration::from_secs(3600)) => unreachable!(),
                    () = sleep(Duration::from_millis(10)) => {}
                }
            }
            assert!(start.elapsed() < Duration::from_secs(3));
            assert_eq!(rt_facade::time::Handle::current().armed(), 0);
        });
    });
}
