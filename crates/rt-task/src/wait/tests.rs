//! The wait slot: what a leaf leaves, where it goes, and what does not disturb it.

use alloc::sync::Arc;
use core::cell::Cell;
use core::future::{Future, pending, poll_fn};
use core::panic::Location;
use core::pin::pin;
use core::task::{Poll, Waker};

use super::*;
use crate::base::context::{Env, enter, with};
use crate::coop::{cooperative, yield_now};
use crate::kit::*;
use crate::{JoinHandle, TaskInfo};

/// A leaf that pends for ever.
#[track_caller]
fn leaf(kind: WaitKind, object: usize) -> impl Future<Output = ()> + Send {
    let site = Location::caller();
    poll_fn(move |cx| poll_leaf(cx, || Wait { kind, object, site }, |_| Poll::Pending))
}

/// Kind, object and line of what a task waits for, and among how many leaves.
fn waits<T>(handle: &JoinHandle<T>) -> Option<(WaitKind, usize, u32, u8)> {
    let TaskInfo { wait, .. } = handle.info();
    let (wait, pended) = wait?;
    assert_eq!(wait.site.file(), file!());
    Some((wait.kind, wait.object, wait.site.line(), pended))
}

fn end<T: core::fmt::Debug>(queue: &Queue, handle: JoinHandle<T>) {
    handle.abort();
    queue.run();
    result(handle).unwrap_err();
}

#[test]
fn a_leaf_that_pends_tells_kind_object_and_call_site() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let handle = queue.spawn(async { leaf(WaitKind::Readable, 7).await });
    let line = line!() - 1;
    assert_eq!(waits(&handle), None, "never polled");
    queue.run();
    assert_eq!(waits(&handle), Some((WaitKind::Readable, 7, line, 1)));
    end(&queue, handle);
}

#[test]
fn the_last_of_several_leaves_is_kept_and_all_are_counted() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let handle = queue.spawn(async {
        let mut one = pin!(leaf(WaitKind::Time, 1));
        let mut two = pin!(leaf(WaitKind::Receive, 2));
        let mut three = pin!(leaf(WaitKind::Lock, 3));
        poll_fn(|cx| {
            let _ = one.as_mut().poll(cx);
            let _ = two.as_mut().poll(cx);
            three.as_mut().poll(cx)
        })
        .await;
    });
    queue.run();
    let (kind, object, _, pended) = waits(&handle).unwrap();
    assert_eq!((kind, object, pended), (WaitKind::Lock, 3, 3));
    end(&queue, handle);
}

#[test]
fn more_leaves_than_can_be_counted_are_many() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let handle = queue.spawn(poll_fn(|cx| {
        for object in 0..1000 {
            let _ = pin!(leaf(WaitKind::Time, object)).poll(cx);
        }
        Poll::<()>::Pending
    }));
    queue.run();
    let (_, object, _, pended) = waits(&handle).unwrap();
    assert_eq!((object, pended), (999, u8::MAX - 1));
    end(&queue, handle);
}

#[test]
fn each_poll_tells_anew() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let handle = queue.spawn(async {
        let mut polls = 0;
        let mut first = pin!(leaf(WaitKind::Time, 1));
        poll_fn(|cx| {
            polls += 1;
            match polls {
                1 => {
                    cx.waker().wake_by_ref();
                    first.as_mut().poll(cx)
                }
                // A future that is no leaf: nothing is known.
                _ => Poll::Pending,
            }
        })
        .await;
    });
    queue.step();
    assert_eq!(waits(&handle).unwrap().0, WaitKind::Time);
    queue.step();
    assert_eq!(waits(&handle), None);
    end(&queue, handle);
}

#[test]
fn a_task_inside_a_task_tells_for_itself() {
    let _guard = enter(Env::new());
    let (outer_queue, inner_queue) = (Queue::new(), Queue::new());
    let inner = inner_queue.spawn(leaf(WaitKind::Child, 1));
    let nested = inner_queue.clone();
    let outer = outer_queue.spawn(async move {
        let mut first = pin!(leaf(WaitKind::Signal, 2));
        poll_fn(|cx| {
            let polled = first.as_mut().poll(cx);
            nested.run();
            polled
        })
        .await;
    });
    outer_queue.run();
    assert!(matches!(waits(&inner), Some((WaitKind::Child, 1, _, 1))));
    assert!(matches!(waits(&outer), Some((WaitKind::Signal, 2, _, 1))));
    end(&outer_queue, outer);
    end(&inner_queue, inner);
}

#[test]
fn a_block_on_inside_a_task_tells_nothing_of_the_task() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let handle = queue.spawn(async {
        crate::block_on(async {
            let mut polled = false;
            poll_fn(|cx| {
                cx.waker().wake_by_ref();
                let _ = pin!(leaf(WaitKind::Lock, 1)).poll(cx);
                let second = core::mem::replace(&mut polled, true);
                if second { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        });
        pending::<()>().await;
    });
    queue.run();
    assert_eq!(waits(&handle), None);
    end(&queue, handle);
}

#[test]
fn a_yield_and_a_spent_budget_tell_their_call_sites() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let handle = queue.spawn(async { yield_now().await });
    let line = line!() - 1;
    queue.step();
    assert_eq!(waits(&handle), Some((WaitKind::Yield, 0, line, 1)));
    queue.run();
    result(handle).unwrap();
    let handle = queue.spawn(async {
        loop {
            crate::coop::consume_budget().await;
        }
    });
    let line = line!() - 3;
    queue.step();
    assert_eq!(waits(&handle), Some((WaitKind::Yield, 0, line, 1)));
    end(&queue, handle);
}

#[test]
fn a_cooperative_wrapper_tells_of_the_leaf_inside() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let inside = leaf(WaitKind::Permit, 9);
    let handle = queue.spawn(cooperative(inside));
    queue.run();
    let (kind, object, _, pended) = waits(&handle).unwrap();
    assert_eq!((kind, object, pended), (WaitKind::Permit, 9, 1));
    end(&queue, handle);
    // And of itself where there is none.
    let handle = queue.spawn(async { cooperative(pending::<()>()).await });
    let line = line!() - 1;
    queue.run();
    assert_eq!(waits(&handle), Some((WaitKind::Other, 0, line, 1)));
    end(&queue, handle);
}

#[test]
fn without_a_context_a_leaf_is_polled_and_tells_nothing() {
    let queue = Queue::new();
    let handle = queue.spawn(leaf(WaitKind::Time, 1));
    queue.run();
    assert_eq!((waits(&handle), handle.info().polls), (None, 1));
    end(&queue, handle);
}

#[test]
fn a_leaf_whose_site_is_told_by_code_that_leaves_the_context_frees_nothing_in_use() {
    let guard = Cell::new(Some(enter(Env::new())));
    let site = Location::caller();
    let mut cx = Context::from_waker(Waker::noop());
    let wait = || {
        drop(guard.take());
        Wait { kind: WaitKind::Other, object: 0, site }
    };
    let polled: Poll<()> = poll_leaf(&mut cx, wait, |_| Poll::Pending);
    assert!(polled.is_pending());
    assert_eq!(with(|_| ()), None);
}

#[test]
fn a_leaf_whose_poll_leaves_the_context_frees_nothing_in_use() {
    let guard = Cell::new(Some(enter(Env::new())));
    let site = Location::caller();
    let mut cx = Context::from_waker(Waker::noop());
    let op = |_: &mut Context<'_>| {
        drop(guard.take());
        Poll::Ready(7)
    };
    let wait = || Wait { kind: WaitKind::Other, object: 0, site };
    assert_eq!(poll_leaf(&mut cx, wait, op), Poll::Ready(7));
}

#[test]
fn a_waker_that_leaves_the_context_of_a_spent_budget_frees_nothing_in_use() {
    // Boxed, so that whoever looked at freed memory would be seen to.
    struct Leaves(std::sync::Mutex<bool>);
    impl alloc::task::Wake for Leaves {
        fn wake(self: Arc<Self>) {
            *lock(&self.0) = true;
            GUARD.with(|guard| drop(guard.take()));
        }
    }
    std::thread_local! {
        static GUARD: Cell<Option<crate::base::context::EnterGuard>> = const { Cell::new(None) };
    }
    GUARD.with(|guard| guard.set(Some(enter(Env::new()))));
    with(|ctx| {
        ctx.budget.restore(0);
    });
    let leaves = Arc::new(Leaves(false.into()));
    let waker = leaves.clone().into();
    let mut cx = Context::from_waker(&waker);
    let wait = || Wait { kind: WaitKind::Other, object: 0, site: Location::caller() };
    assert!(poll_leaf(&mut cx, wait, |_| Poll::Ready(())).is_pending());
    assert!(*lock(&leaves.0));
    assert_eq!(with(|_| ()), None);
}

#[test]
fn who_observes_a_poll_is_told_of_its_last_leaf_and_takes_nothing_from_the_task() {
    let _guard = enter(Env::new());
    let mut cx = Context::from_waker(Waker::noop());
    with(|ctx| {
        ctx.noted.begin();
        let mut first = pin!(leaf(WaitKind::Lock, 1));
        assert!(first.as_mut().poll(&mut cx).is_pending());
        let (polled, wait) = observe(|| {
            let mut inside = pin!(leaf(WaitKind::Time, 2));
            inside.as_mut().poll(&mut cx)
        });
        assert!(polled.is_pending());
        assert_eq!(wait.map(|wait| (wait.kind, wait.object)), Some((WaitKind::Time, 2)));
        assert_eq!((ctx.noted.last.get().unwrap().object, ctx.noted.pended()), (2, 2));
        let (_, wait) = observe(|| ());
        assert!(wait.is_none(), "no leaf pended in this one");
        assert_eq!((ctx.noted.last.get().unwrap().object, ctx.noted.pended()), (2, 2));
        let panics = || observe(|| -> () { panic!("in the poll") });
        std::panic::catch_unwind(core::panic::AssertUnwindSafe(panics)).unwrap_err();
        assert_eq!((ctx.noted.last.get().unwrap().object, ctx.noted.pended()), (2, 2));
    });
}

#[test]
fn who_observes_without_a_context_is_told_all_the_same() {
    let mut cx = Context::from_waker(Waker::noop());
    let mut inside = pin!(leaf(WaitKind::Time, 2));
    let (_, wait) = observe(|| inside.as_mut().poll(&mut cx));
    assert_eq!(wait.unwrap().kind, WaitKind::Time);
    assert_eq!(with(|_| ()), None, "and leaves none behind");
}

#[test]
fn more_leaves_than_can_be_counted_are_many_also_to_who_observes() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let handle = queue.spawn(poll_fn(|cx| {
        for _ in 0..2 {
            let poll = || (0..200).all(|n| pin!(leaf(WaitKind::Time, n)).poll(cx).is_pending());
            let (all_pend, wait) = observe(poll);
            assert!(all_pend && wait.is_some());
        }
        Poll::<()>::Pending
    }));
    queue.run();
    assert_eq!(waits(&handle).unwrap().3, u8::MAX - 1);
    end(&queue, handle);
}

#[test]
fn the_object_is_known_until_the_task_is_woken() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let waker = Arc::new(std::sync::Mutex::new(None));
    let leaves = waker.clone();
    let handle = queue.spawn(async move {
        let mut inside = pin!(leaf(WaitKind::Notify, 7));
        poll_fn(|cx| {
            *lock(&leaves) = Some(cx.waker().clone());
            inside.as_mut().poll(cx)
        })
        .await;
    });
    queue.run();
    assert_eq!(waits(&handle).unwrap().1, 7);
    lock(&waker).take().unwrap().wake();
    let (kind, object, ..) = waits(&handle).unwrap();
    assert_eq!((kind, object), (WaitKind::Notify, 0), "its word is the queue's");
    end(&queue, handle);
}

#[test]
fn what_the_user_wrote_gives_its_site_to_the_leaf_inside_and_else_waits_itself() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let wait = Wait { kind: WaitKind::Writable, object: 9, site: Location::caller() };
    let line = wait.site.line();
    let around = queue.spawn(async move {
        let mut inside = pin!(leaf(WaitKind::Lock, 3));
        poll_fn(|cx| poll_at(cx, || wait, |cx| inside.as_mut().poll(cx))).await;
    });
    let pends = move |cx: &mut Context<'_>| poll_at(cx, || wait, |_| Poll::<()>::Pending);
    let alone = queue.spawn(poll_fn(pends));
    let after = queue.spawn(async move {
        let mut before = pin!(leaf(WaitKind::Time, 1));
        poll_fn(|cx| {
            assert!(before.as_mut().poll(cx).is_pending());
            pends(cx)
        })
        .await;
    });
    queue.run();
    assert_eq!(waits(&around), Some((WaitKind::Lock, 3, line, 1)));
    assert_eq!(waits(&alone), Some((WaitKind::Writable, 9, line, 1)));
    assert_eq!(waits(&after), Some((WaitKind::Writable, 9, line, 2)));
    [around, alone, after].into_iter().for_each(|handle| end(&queue, handle));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(poll_at(&mut cx, || unreachable!("it is ready"), |_| Poll::Ready(())).is_ready());
    drop(_guard);
    let pends = poll_at(&mut cx, || unreachable!("nobody is told"), |_| Poll::<()>::Pending);
    assert!(pends.is_pending());
}

#[test]
fn kinds_are_told_from_each_other_and_kept() {
    let noted = Noted::default();
    let (slot, tag) = (WaitSlot::new(), WaitTag::new());
    assert!(slot.read(&tag).last.is_none());
    let mut words = alloc::vec::Vec::new();
    for kind in WaitKind::ALL {
        noted.begin();
        noted.note(Wait { kind: *kind, object: 1, site: Location::caller() });
        slot.copy(&tag, &noted);
        assert_eq!(slot.read(&tag).last.unwrap().kind, *kind);
        words.push(kind.as_str());
    }
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), WaitKind::ALL.len());
}
