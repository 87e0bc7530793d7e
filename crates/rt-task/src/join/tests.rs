//! Awaiting and aborting, seen from the handles.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::{Future, pending, poll_fn};
use core::panic::Location;
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use core::task::{Context, Poll, Waker};
use std::sync::Mutex;

use crate::base::context::{Env, enter};
use crate::coop::yield_now;
use crate::kit::*;
use crate::wait::WaitKind;
use crate::{
    AbortHandle, Builder, Job, JoinError, JoinHandle, Ran, Runnable, Schedule, Why, block_on,
};

#[test]
fn a_handle_gives_the_output_once() {
    let queue = Queue::new();
    let mut handle = queue.spawn(async { 7 });
    assert!(poll(&mut handle, Waker::noop()).is_pending());
    assert!(!handle.is_finished());
    queue.run();
    assert!(handle.is_finished());
    assert!(matches!(poll(&mut handle, Waker::noop()), Poll::Ready(Ok(7))));
    assert!(handle.is_finished(), "also when the output was fetched");
    let again =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| poll(&mut handle, Waker::noop())));
    let message = *again.unwrap_err().downcast::<&str>().unwrap();
    assert_eq!(message, "JoinHandle polled after completion");
}

#[test]
fn who_awaits_is_woken_at_the_end_and_not_before() {
    let waker = Arc::new(Faulty::default());
    let queue = Queue::new();
    let mut handle = queue.spawn(async { yield_now().await });
    assert!(poll(&mut handle, &waker.lend()).is_pending());
    queue.step();
    assert_eq!(waker.wakes.load(Relaxed), 0);
    queue.step();
    assert_eq!((waker.wakes.load(Relaxed), waker.alive()), (1, 0));
    result(handle).unwrap();
}

#[test]
fn a_waker_that_would_do_is_not_cloned_again() {
    let (first, second) = (Arc::new(Faulty::default()), Arc::new(Faulty::default()));
    let queue = Queue::new();
    let mut handle = queue.spawn(async {});
    for _ in 0..3 {
        assert!(poll(&mut handle, &first.lend()).is_pending());
    }
    assert_eq!((first.clones.load(Relaxed), first.alive()), (1, 1));
    assert!(poll(&mut handle, &second.lend()).is_pending());
    assert_eq!((first.alive(), second.alive()), (0, 1));
    queue.run();
    assert_eq!((first.wakes.load(Relaxed), second.wakes.load(Relaxed)), (0, 1));
    result(handle).unwrap();
}

#[test]
fn a_handle_dropped_while_it_waits_drops_its_waker_and_wakes_nobody() {
    let waker = Arc::new(Faulty::default());
    let queue = Queue::new();
    let mut handle = queue.spawn(async {});
    assert!(poll(&mut handle, &waker.lend()).is_pending());
    drop(handle);
    assert_eq!(waker.alive(), 0);
    queue.run();
    assert_eq!(waker.wakes.load(Relaxed), 0);
}

#[test]
fn a_detached_task_goes_on_and_its_output_is_dropped() {
    let drops = Drops::default();
    let ran = Arc::new(AtomicUsize::new(0));
    let queue = Queue::new();
    let (output, counted) = (drops.value(), ran.clone());
    drop(queue.spawn(async move {
        yield_now().await;
        counted.fetch_add(1, Relaxed);
        output
    }));
    assert_eq!(queue.run(), 2);
    assert_eq!((ran.load(Relaxed), drops.count()), (1, 1));
}

#[test]
fn an_output_that_nobody_fetched_is_dropped_with_the_handle() {
    let drops = Drops::default();
    let queue = Queue::new();
    let output = drops.value();
    let handle = queue.spawn(async move { output });
    queue.run();
    assert_eq!(drops.count(), 0);
    drop(handle);
    assert_eq!(drops.count(), 1);
}

#[test]
fn a_fetched_output_is_not_dropped_with_the_handle() {
    let drops = Drops::default();
    let queue = Queue::new();
    let output = drops.value();
    let mut handle = queue.spawn(async move { output });
    queue.run();
    let Poll::Ready(Ok(output)) = poll(&mut handle, Waker::noop()) else { panic!("it is there") };
    drop(handle);
    assert_eq!(drops.count(), 0);
    drop(output);
    assert_eq!(drops.count(), 1);
}

#[test]
fn an_abort_before_the_first_poll_takes_effect_there() {
    let drops = Drops::default();
    let queue = Queue::new();
    let inside = drops.value();
    let handle = queue.spawn(async move { drop(inside) });
    handle.abort();
    handle.abort();
    assert!(!handle.is_finished());
    assert_eq!((queue.whys().len(), drops.count()), (0, 0), "it is queued already");
    queue.run();
    assert_eq!((drops.count(), handle.info().polls), (1, 0));
    assert!(result(handle).unwrap_err().is_cancelled());
}

#[test]
fn an_abort_of_an_idle_task_schedules_it_once() {
    let drops = Drops::default();
    let queue = Queue::new();
    let inside = drops.value();
    let handle = queue.spawn(async move {
        let _inside = inside;
        pending::<()>().await;
    });
    queue.run();
    let other = handle.abort_handle();
    handle.abort();
    other.abort();
    assert_eq!(queue.whys(), [Why::Abort]);
    queue.run();
    assert_eq!((drops.count(), handle.info().polls), (1, 1));
    assert!(other.is_finished());
    assert!(result(handle).unwrap_err().is_cancelled());
}

#[test]
fn an_abort_during_the_poll_takes_effect_at_its_end() {
    let drops = Drops::default();
    let queue = Queue::new();
    let own = Arc::new(Mutex::new(None::<AbortHandle>));
    let (mine, inside) = (own.clone(), drops.value());
    let handle = queue.spawn(async move {
        let _inside = inside;
        mine.lock().unwrap().take().unwrap().abort();
        yield_now().await;
    });
    *own.lock().unwrap() = Some(handle.abort_handle());
    assert_eq!(queue.run(), 2);
    assert_eq!((drops.count(), handle.info().polls), (1, 1));
    assert!(result(handle).unwrap_err().is_cancelled());
}

#[test]
fn a_task_that_ends_in_the_poll_that_aborts_it_has_its_output() {
    let queue = Queue::new();
    let own = Arc::new(Mutex::new(None::<AbortHandle>));
    let mine = own.clone();
    let handle = queue.spawn(async move {
        mine.lock().unwrap().take().unwrap().abort();
        7
    });
    *own.lock().unwrap() = Some(handle.abort_handle());
    queue.run();
    assert_eq!(result(handle).unwrap(), 7);
}

#[test]
fn an_abort_after_the_end_changes_nothing() {
    let queue = Queue::new();
    let handle = queue.spawn(async { 7 });
    let abort = handle.abort_handle();
    queue.run();
    handle.abort();
    abort.abort();
    assert_eq!(queue.len(), 0);
    assert_eq!(result(handle).unwrap(), 7);
    abort.abort();
}

#[test]
fn a_cancelled_task_tells_who_awaits_it() {
    let queue = Queue::new();
    let inner = queue.spawn(pending::<()>());
    let (id, abort) = (inner.id(), inner.abort_handle());
    let outer = queue.spawn(async move { inner.await.unwrap_err().id() });
    queue.run();
    abort.abort();
    queue.run();
    assert_eq!(result(outer).unwrap(), id);
}

#[test]
fn handles_outlive_the_task_and_its_scheduler() {
    let queue = Queue::new();
    let handle = queue.spawn(async { "done" });
    queue.run();
    drop(queue);
    let abort = handle.abort_handle();
    let again = abort.clone();
    assert_eq!(result(handle).unwrap(), "done");
    drop(abort);
    again.abort();
    assert!(again.is_finished());
}

#[test]
fn a_task_s_waker_outlives_all_else() {
    let queue = Queue::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = seen.clone();
    let handle = queue.spawn(poll_fn(move |cx| {
        let mut seen = keep.lock().unwrap();
        seen.push(cx.waker().clone());
        assert!(seen.iter().all(|waker| waker.will_wake(cx.waker())));
        if seen.len() == 2 { Poll::Ready(()) } else { Poll::Pending }
    }));
    queue.run();
    seen.lock().unwrap()[0].wake_by_ref();
    seen.lock().unwrap()[0].wake_by_ref();
    assert_eq!(queue.whys(), [Why::Wake], "the second finds it queued");
    queue.run();
    result(handle).unwrap();
    let wakers = core::mem::take(&mut *seen.lock().unwrap());
    for waker in wakers {
        waker.wake_by_ref();
        waker.wake();
    }
    assert_eq!(queue.len(), 0);
}

#[test]
fn a_waker_tells_its_task_from_others() {
    let queue = Queue::new();
    let waker = || async { poll_fn(|cx| Poll::Ready(cx.waker().clone())).await };
    let (a, b) = (queue.spawn(waker()), queue.spawn(async move { waker().await }));
    queue.run();
    let (a, b) = (result(a).unwrap(), result(b).unwrap());
    assert!(a.will_wake(&a.clone()) && !a.will_wake(&b));
}

#[test]
fn a_wake_during_the_poll_yields_and_calls_nobody() {
    let queue = Queue::new();
    let handle = queue.spawn(async {
        for _ in 0..10 {
            yield_now().await;
        }
    });
    assert_eq!(queue.run(), 11);
    assert!(queue.whys().is_empty());
    result(handle).unwrap();
}

#[test]
fn info_tells_what_is_known() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let inner = queue.spawn(pending::<()>());
    let abort = inner.abort_handle();
    let spawned = inner.info().location;
    let id = inner.id();
    let line = line!() + 1;
    let (runnable, handle) = Builder::new().name("waits").spawn(inner, queue.clone());
    let before = handle.info();
    assert_eq!(before.name.as_deref(), Some("waits"));
    assert_eq!((before.location.file(), before.location.line()), (file!(), line));
    assert_eq!((before.id, before.polls), (handle.id(), 0));
    assert!(before.wait.is_none());
    assert_eq!((runnable.name(), runnable.location()), (Some("waits"), before.location));
    queue.push(runnable);
    queue.run();
    let (wait, pended) = handle.info().wait.unwrap();
    assert_eq!((wait.kind, pended), (WaitKind::Join, 1));
    assert_eq!(wait.object, id.as_u64() as usize);
    assert_eq!((wait.site.file(), wait.site.line()), (spawned.file(), spawned.line()));
    assert_eq!(handle.abort_handle().info().polls, 1);
    abort.abort();
    queue.run();
    assert!(result(handle).unwrap().unwrap_err().is_cancelled());
}

#[track_caller]
fn here() -> (&'static str, u32) {
    (Location::caller().file(), Location::caller().line())
}

fn spawned_at<T>(handle: &JoinHandle<T>) -> (&'static str, u32) {
    let location = handle.info().location;
    (location.file(), location.line())
}

#[test]
fn a_task_knows_where_it_was_spawned() {
    let queue = Queue::new();
    #[rustfmt::skip]
    let (at, (runnable, handle)) = (here(), crate::spawn(async {}, queue.clone()));
    assert_eq!(spawned_at(&handle), at);
    assert_eq!(runnable.location().line(), at.1);
    drop(runnable);
    #[rustfmt::skip]
    let (at, (runnable, handle)) = (here(), Builder::new().spawn(async {}, queue.clone()));
    assert_eq!(spawned_at(&handle), at);
    drop(runnable);
    let elsewhere = Location::caller();
    let (runnable, handle) = Builder::new().location(elsewhere).spawn(async {}, queue.clone());
    assert_eq!(spawned_at(&handle), (elsewhere.file(), elsewhere.line()));
    drop(runnable);
    #[rustfmt::skip]
    let (at, (job, handle)) = (here(), Job::new(|| ()));
    assert_eq!(spawned_at(&handle), at);
    assert_eq!(job.location().line(), at.1);
    drop(job);
    let (job, handle) = Job::with(Builder::new().name("a job"), || ());
    assert_eq!((job.name(), job.id()), (Some("a job"), handle.id()));
    drop(job);
}

#[test]
fn holders_can_be_shown() {
    let queue = Queue::new();
    let (runnable, handle) = Builder::new().name("shown").spawn(async {}, queue.clone());
    let id = handle.id();
    assert_eq!(alloc::format!("{handle:?}"), alloc::format!("JoinHandle {{ id: {id:?} }}"));
    let abort = handle.abort_handle();
    assert_eq!(alloc::format!("{abort:?}"), alloc::format!("AbortHandle {{ id: {id:?} }}"));
    let shown = alloc::format!("{runnable:?}");
    assert!(shown.contains("shown") && shown.contains(file!()), "{shown}");
    assert_eq!(id.to_string(), id.as_u64().to_string());
}

#[test]
fn a_handle_is_cancel_safe() {
    let queue = Queue::new();
    let mut handle = queue.spawn(async { 7 });
    {
        let mut waiting = core::pin::pin!(&mut handle);
        assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    queue.run();
    assert_eq!(block_on(handle).unwrap(), 7);
}

#[test]
fn threads_that_wake_abort_and_join_at_once_agree() {
    // A coarse companion of the models: real threads, real memory.
    for round in 0..200 {
        let drops = Drops::default();
        let queue = Queue::new();
        let (inside, output) = (drops.value(), drops.value());
        let mut left = 3;
        let handle = queue.spawn(async move {
            let _inside = inside;
            poll_fn(move |cx| {
                left -= 1;
                let waker = cx.waker().clone();
                waker.wake();
                if left == 0 { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            output
        });
        let abort = handle.abort_handle();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !abort.is_finished() {
                    queue.run();
                }
            });
            if round % 2 == 0 {
                scope.spawn(|| abort.abort());
            }
            scope.spawn(|| match block_on(handle) {
                Ok(output) => drop(output),
                Err(error) => assert!(error.is_cancelled()),
            });
        });
        assert_eq!(drops.count(), 2);
    }
}

/// A task that polls its own handle, and is told to end before, or not.
fn awaits_itself(is_aborted: bool) -> Result<(), JoinError> {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    let own = Arc::new(Mutex::new(None::<JoinHandle<()>>));
    let polls = own.clone();
    let handle = queue.spawn(poll_fn(move |cx| {
        let mut own = lock(&polls);
        let own = own.as_mut().expect("put there before the first poll");
        if is_aborted {
            own.abort();
        }
        Pin::new(own).poll(cx).map(drop)
    }));
    *lock(&own) = Some(handle);
    queue.run();
    let handle = lock(&own).take().unwrap();
    result(handle)
}

#[test]
fn a_task_that_awaits_itself_is_told_so_instead_of_waiting_for_ever() {
    let payload = awaits_itself(false).unwrap_err().into_panic();
    let message = payload.downcast::<alloc::string::String>().expect("a message");
    assert!(message.contains("awaits its own `JoinHandle`"), "{message}");
    assert!(awaits_itself(true).unwrap_err().is_cancelled(), "it ends there");
}

#[test]
fn whoever_goes_last_frees_the_task() {
    #[derive(Clone)]
    struct Nowhere(Arc<()>);
    impl Schedule for Nowhere {
        fn schedule(&self, runnable: Runnable<Self>, _why: Why) {
            drop(runnable);
        }
    }
    for last in 0..4 {
        let scheduler = Nowhere(Arc::new(()));
        let kept = Arc::new(Mutex::new(None));
        let keeps = kept.clone();
        let future = poll_fn(move |cx| {
            *lock(&keeps) = Some(cx.waker().clone());
            Poll::Ready(())
        });
        let (runnable, handle) = crate::spawn(future, scheduler.clone());
        let (abort, again) = (handle.abort_handle(), handle.abort_handle().clone());
        assert!(matches!(runnable.run(), Ran::Done));
        let waker = lock(&kept).take().unwrap();
        let mut holders: [Option<Box<dyn core::any::Any>>; 4] = [
            Some(Box::new(handle)),
            Some(Box::new(abort)),
            Some(Box::new(again)),
            Some(Box::new(waker)),
        ];
        let last = holders[last].take();
        drop(holders);
        assert_eq!(Arc::strong_count(&scheduler.0), 2, "its task is there");
        drop(last);
        assert_eq!(Arc::strong_count(&scheduler.0), 1);
    }
}
