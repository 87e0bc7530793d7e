//! The budget: where it is spent, where it comes back, and who has none.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use core::task::{Context, Poll, Waker};

use super::*;
use crate::base::budget::BUDGET;
use crate::base::context::{Env, enter};
use crate::block_on;
use crate::kit::*;

/// Counts how often consecutive leaves are ready before one has to wait.
async fn ready_leaves(count: usize) {
    for _ in 0..count {
        consume_budget().await;
    }
}

#[test]
fn a_task_has_128_ready_leaves_a_turn() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    for (leaves, turns) in [(127, 1), (128, 1), (129, 2), (256, 2), (257, 3)] {
        let handle = queue.spawn(ready_leaves(leaves));
        assert_eq!(queue.run(), turns, "{leaves} leaves");
        result(handle).unwrap();
    }
    assert!(queue.whys().is_empty(), "a spent budget yields; it does not schedule");
}

#[test]
fn a_spent_budget_lets_others_run_first() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let order = Arc::new(std::sync::Mutex::new(alloc::vec::Vec::new()));
    let task = |name: &'static str, leaves| {
        let order = order.clone();
        async move {
            ready_leaves(leaves).await;
            lock(&order).push(name);
        }
    };
    let greedy = queue.spawn(task("greedy", usize::from(BUDGET) + 1));
    let modest = queue.spawn(task("modest", 1));
    queue.run();
    assert_eq!(*lock(&order), ["modest", "greedy"]);
    result(greedy).unwrap();
    result(modest).unwrap();
}

#[test]
fn a_leaf_that_pends_costs_nothing() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let handle = queue.spawn(async {
        for _ in 0..1000 {
            let mut leaf = pin!(cooperative(core::future::pending::<()>()));
            poll_fn(|cx| {
                assert!(leaf.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
        }
        has_budget_remaining()
    });
    assert_eq!(queue.run(), 1);
    assert!(result(handle).unwrap());
}

#[test]
fn has_budget_remaining_tells_when_it_is_spent() {
    assert!(has_budget_remaining(), "without a context");
    let _guard = enter(Env::new());
    assert!(has_budget_remaining(), "outside a task");
    let queue = Queue::new();
    let handle = queue.spawn(async {
        let before = has_budget_remaining();
        ready_leaves(usize::from(BUDGET)).await;
        (before, has_budget_remaining())
    });
    assert_eq!(queue.run(), 1);
    assert_eq!(result(handle).unwrap(), (true, false));
    assert!(has_budget_remaining());
}

#[test]
fn no_context_no_budget() {
    let queue = Queue::new();
    let handle = queue.spawn(ready_leaves(10_000));
    assert_eq!(queue.run(), 1);
    result(handle).unwrap();
}

#[test]
fn outside_a_task_no_leaf_waits_its_turn() {
    let _guard = enter(Env::new());
    let mut leaves = pin!(ready_leaves(10_000));
    let polled = leaves.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_ready());
}

#[test]
fn unconstrained_leaves_spend_nothing() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let handle = queue.spawn(async {
        ready_leaves(100).await;
        unconstrained(ready_leaves(10_000)).await;
        ready_leaves(28).await;
        let before = has_budget_remaining();
        unconstrained(ready_leaves(1)).await;
        before
    });
    assert_eq!(queue.run(), 1);
    assert!(!result(handle).unwrap(), "what was left before is left after");
}

#[test]
fn an_unconstrained_future_that_panics_leaves_the_budget_as_it_was() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let handle = queue.spawn(async {
        ready_leaves(usize::from(BUDGET)).await;
        let mut panicking = Box::pin(unconstrained(async { panics("inside") }));
        poll_fn(|cx| {
            let polled = panicking.as_mut();
            let word = caught(|| {
                let _: Poll<()> = polled.poll(cx);
            });
            assert_eq!(word, "inside");
            Poll::Ready(())
        })
        .await;
        has_budget_remaining()
    });
    assert_eq!(queue.run(), 1);
    assert!(!result(handle).unwrap());
}

#[test]
fn a_task_inside_a_task_has_a_budget_of_its_own() {
    let _guard = enter(Env::new());
    let (outer_queue, inner_queue) = (Queue::new(), Queue::new());
    let nested = inner_queue.clone();
    let inner = inner_queue.spawn(ready_leaves(129));
    let outer = outer_queue.spawn(async move {
        ready_leaves(100).await;
        assert_eq!(nested.run(), 2);
        ready_leaves(28).await;
        has_budget_remaining()
    });
    assert_eq!(outer_queue.run(), 1);
    assert!(!result(outer).unwrap());
    result(inner).unwrap();
}

#[test]
fn a_task_that_is_cancelled_inside_a_task_leaves_the_budget_as_it_was() {
    struct Spends;
    impl Drop for Spends {
        fn drop(&mut self) {
            let mut leaf = pin!(consume_budget());
            let _ = leaf.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
    }
    let _guard = enter(Env::new());
    let (outer_queue, inner_queue) = (Queue::new(), Queue::new());
    let nested = inner_queue.clone();
    let spends = Spends;
    let inner = inner_queue.spawn(async move { drop(spends) });
    let outer = outer_queue.spawn(async move {
        ready_leaves(127).await;
        drop(nested.pop());
        has_budget_remaining()
    });
    outer_queue.run();
    assert!(result(outer).unwrap());
    assert!(result(inner).unwrap_err().is_cancelled());
}

#[test]
fn block_on_inside_a_task_with_a_spent_budget_comes_to_its_end() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let handle = queue.spawn(async {
        ready_leaves(usize::from(BUDGET)).await;
        block_on(ready_leaves(1000));
        has_budget_remaining()
    });
    assert_eq!(queue.run(), 1);
    assert!(!result(handle).unwrap(), "the task's own is as it was");
}

#[test]
fn a_root_future_has_a_budget_of_each_poll() {
    let _guard = enter(Env::new());
    crate::base::context::with(|ctx| {
        let mut root = pin!(ready_leaves(200));
        let woken = Arc::new(Faulty::default());
        let waker = woken.lend();
        let mut cx = Context::from_waker(&waker);
        assert!(with_budget(ctx, || root.as_mut().poll(&mut cx)).is_pending());
        assert_eq!(woken.wakes.load(Relaxed), 1);
        assert!(has_budget_remaining());
        assert!(with_budget(ctx, || root.as_mut().poll(&mut cx)).is_ready());
        assert_eq!(caught(|| with_budget(ctx, || panics("the root"))), "the root");
        assert!(has_budget_remaining());
        ctx.noted.note(Wait { kind: WaitKind::Other, object: 1, site: Location::caller() });
        with_budget(ctx, || assert!(ctx.noted.begin().0.is_none()));
        assert_eq!(ctx.noted.begin().0.unwrap().object, 1);
    })
    .unwrap();
}

#[test]
fn a_job_has_no_budget_to_spend() {
    let _guard = enter(Env::new());
    let (job, handle) = crate::Job::new(|| block_on(unlimited_leaves()));
    job.run();
    assert_eq!(result(handle).unwrap(), 1000);
    assert!(has_budget_remaining());
}

async fn unlimited_leaves() -> usize {
    let mut polls = 0;
    let mut leaves = pin!(ready_leaves(1000));
    poll_fn(|cx| {
        polls += 1;
        leaves.as_mut().poll(cx)
    })
    .await;
    // A turn of `block_on` has a budget, and begins anew with each of its polls.
    assert_eq!(polls, 8);
    1000
}

/// Is ready at its second poll.
struct Second(usize);

impl Future for Second {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0 += 1;
        if self.0 == 2 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[test]
fn a_cooperative_future_waits_its_turn_and_costs_one() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let polls = Arc::new(AtomicUsize::new(0));
    let counted = polls.clone();
    let handle = queue.spawn(async move {
        cooperative(Second(0)).await;
        ready_leaves(127).await;
        // Spent (in the second turn): not polled at all until the next one.
        cooperative(poll_fn(move |_| {
            counted.fetch_add(1, Relaxed);
            Poll::Ready(())
        }))
        .await;
    });
    queue.step();
    queue.step();
    assert_eq!(polls.load(Relaxed), 0);
    queue.step();
    assert_eq!(polls.load(Relaxed), 1);
    result(handle).unwrap();
}

#[test]
fn a_yield_lets_each_other_task_run_once() {
    let queue = Queue::new();
    let turns = Arc::new(AtomicUsize::new(0));
    let handles: [_; 3] = core::array::from_fn(|_| {
        let turns = turns.clone();
        queue.spawn(async move {
            let before = turns.fetch_add(1, Relaxed);
            yield_now().await;
            turns.load(Relaxed) - before
        })
    });
    queue.run();
    assert_eq!(handles.map(|handle| result(handle).unwrap()), [3, 2, 1]);
}

/// A leaf written by hand: ready as `ready` says, by way of `poll_proceed`.
async fn hand_written(ready: impl Fn() -> bool) {
    poll_fn(|cx| match poll_proceed(cx) {
        Poll::Pending => Poll::Pending,
        Poll::Ready(turn) if ready() => {
            turn.made_progress();
            Poll::Ready(())
        }
        Poll::Ready(_turn) => Poll::Pending,
    })
    .await;
}

#[test]
fn a_hand_written_leaf_takes_its_turns() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    for (leaves, turns) in [(128, 1), (129, 2), (257, 3)] {
        let handle = queue.spawn(async move {
            for _ in 0..leaves {
                hand_written(|| true).await;
            }
        });
        assert_eq!(queue.run(), turns, "{leaves} leaves");
        result(handle).unwrap();
    }
}

#[test]
fn a_hand_written_leaf_that_pends_gives_its_unit_back_and_tells_where_it_waits() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let handle = queue.spawn(async {
        for _ in 0..1000 {
            let mut leaf = pin!(hand_written(|| false));
            poll_fn(|cx| {
                assert!(leaf.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
        }
        assert_eq!(crate::base::context::with(|ctx| ctx.budget.left()), Some(BUDGET));
        hand_written(|| false).await;
    });
    assert_eq!(queue.run(), 1);
    let (wait, _) = handle.info().wait.unwrap();
    assert_eq!((wait.kind, wait.site.file()), (WaitKind::Other, file!()));
    handle.abort();
    queue.run();
}

#[test]
fn what_a_unit_given_back_undoes() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let handle = queue.spawn(poll_fn(|cx| {
        let spend = |cx: &mut Context<'_>| match poll_proceed(cx) {
            Poll::Ready(turn) => turn,
            Poll::Pending => panic!("there is enough"),
        };
        // All but one, for good.
        (1..BUDGET).for_each(|_| spend(cx).made_progress());
        assert!(has_budget_remaining());
        let outer = spend(cx);
        assert!(!has_budget_remaining(), "spent while it is held");
        assert!(alloc::format!("{outer:?}").contains("made_progress: false"));
        assert!(poll_proceed(cx).is_pending());
        drop(outer);
        assert!(has_budget_remaining(), "and back");
        spend(cx).made_progress();
        assert!(!has_budget_remaining());
        Poll::Ready(())
    }));
    queue.run();
    result(handle).unwrap();
}

#[test]
fn a_leaf_inside_tells_what_it_waits_for_itself() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let handle = queue.spawn(poll_fn(|cx| {
        let Poll::Ready(_turn) = poll_proceed(cx) else { panic!("it is the first") };
        let site = core::panic::Location::caller();
        poll_leaf(cx, || Wait { kind: WaitKind::Lock, object: 1, site }, |_| Poll::<()>::Pending)
    }));
    queue.run();
    assert_eq!(handle.info().wait.unwrap().0.kind, WaitKind::Lock);
    handle.abort();
    queue.run();
}

#[test]
fn without_a_budget_a_hand_written_leaf_always_proceeds() {
    let mut cx = Context::from_waker(Waker::noop());
    let mut always = |place| {
        for _ in 0..1000 {
            match poll_proceed(&mut cx) {
                Poll::Ready(turn) => turn.made_progress(),
                Poll::Pending => panic!("{place}"),
            }
        }
    };
    always("without a context");
    let _guard = enter(Env::new());
    always("outside a task");
    let queue = Queue::new();
    let handle = queue.spawn(unconstrained(async {
        for _ in 0..1000 {
            hand_written(|| true).await;
        }
    }));
    assert_eq!(queue.run(), 1);
    result(handle).unwrap();
}
