//! The end of a task in every way, and a panic in every piece of user code that is called on the
//! way: what is dropped, how often, and what the handle is told.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::task::Wake;
use core::future::{Future, pending, poll_fn};
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use core::task::{Context, Poll, Waker};
use std::sync::{LazyLock, Mutex};

use crate::kit::*;
use crate::{Fifo, JoinHandle, Owned, Ran, Runnable, Schedule, Why, current_id, spawn};

/// A future that is ready with `output`, or panics, and drops `inside` as its last act.
struct Ends {
    output: Option<Result<Dropped, &'static str>>,
    _inside: Dropped,
}

impl Future for Ends {
    type Output = Dropped;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Dropped> {
        match self.output.take() {
            Some(Ok(output)) => Poll::Ready(output),
            Some(Err(word)) => panics(word),
            None => Poll::Pending,
        }
    }
}

/// A task that ends in its first poll, on a queue.
fn task(output: Result<Dropped, &'static str>, inside: Dropped) -> (Queue, JoinHandle<Dropped>) {
    let queue = Queue::new();
    let handle = queue.spawn(Ends { output: Some(output), _inside: inside });
    (queue, handle)
}

#[test]
fn the_future_is_gone_before_the_handle_is_told() {
    let (futures, outputs) = (Drops::default(), Drops::default());
    let (queue, handle) = task(Ok(outputs.value()), futures.value());
    queue.run();
    assert_eq!((futures.count(), outputs.count()), (1, 0));
    drop(result(handle).unwrap());
    assert_eq!((futures.count(), outputs.count()), (1, 1));
}

#[test]
fn a_panic_in_the_poll_is_told_to_the_handle() {
    let futures = Drops::default();
    let (queue, handle) = task(Err("the poll"), futures.value());
    let id = handle.id();
    queue.run();
    assert_eq!(futures.count(), 1);
    let error = result(handle).map(drop).unwrap_err();
    assert_eq!(error.id(), id);
    assert_eq!(panic_word(error), "the poll");
}

#[test]
fn a_panic_in_the_drop_of_a_ready_future_takes_its_output() {
    let (futures, outputs) = (Drops::default(), Drops::default());
    let (queue, handle) = task(Ok(outputs.value()), futures.panicking("the future's drop"));
    queue.run();
    assert_eq!((futures.count(), outputs.count()), (1, 1));
    assert_eq!(panic_word(result(handle).map(drop).unwrap_err()), "the future's drop");
}

#[test]
fn a_panic_in_the_drop_after_one_in_the_poll_is_the_second() {
    let futures = Drops::default();
    let (queue, handle) = task(Err("the poll"), futures.panicking("the future's drop"));
    queue.run();
    assert_eq!(futures.count(), 1);
    assert_eq!(panic_word(result(handle).map(drop).unwrap_err()), "the poll");
}

#[test]
fn a_panic_in_the_drop_of_an_output_taken_by_a_panic_is_contained() {
    let (futures, outputs) = (Drops::default(), Drops::default());
    let (queue, handle) =
        task(Ok(outputs.panicking("the output's drop")), futures.panicking("the future's drop"));
    queue.run();
    assert_eq!((futures.count(), outputs.count()), (1, 1));
    assert_eq!(panic_word(result(handle).map(drop).unwrap_err()), "the future's drop");
}

#[test]
fn a_panic_in_the_drop_of_a_cancelled_future_is_told_to_the_handle() {
    let (futures, outputs) = (Drops::default(), Drops::default());
    let (queue, handle) = task(Ok(outputs.value()), futures.panicking("the future's drop"));
    handle.abort();
    queue.run();
    assert_eq!((futures.count(), outputs.count()), (1, 1));
    assert_eq!(panic_word(result(handle).map(drop).unwrap_err()), "the future's drop");
}

#[test]
fn a_panic_in_the_drop_of_an_unwanted_output_is_contained() {
    let (futures, outputs) = (Drops::default(), Drops::default());
    let (queue, handle) = task(Ok(outputs.panicking("the output's drop")), futures.value());
    drop(handle);
    queue.run();
    assert_eq!((futures.count(), outputs.count()), (1, 1));
}

#[test]
fn a_panic_in_the_drop_of_an_output_that_was_not_fetched_is_contained() {
    let (futures, outputs) = (Drops::default(), Drops::default());
    let (queue, handle) = task(Ok(outputs.panicking("the output's drop")), futures.value());
    queue.run();
    drop(handle);
    assert_eq!((futures.count(), outputs.count()), (1, 1));
}

/// A payload that panics with itself, a few times.
struct Payload(u32, Arc<AtomicUsize>);

impl Drop for Payload {
    fn drop(&mut self) {
        self.1.fetch_add(1, Relaxed);
        if self.0 > 0 {
            std::panic::resume_unwind(Box::new(Payload(self.0 - 1, self.1.clone())));
        }
    }
}

#[test]
fn a_payload_that_panics_is_contained_when_nobody_wants_it() {
    for unwanted_at_once in [true, false] {
        let drops = Arc::new(AtomicUsize::new(0));
        let queue = Queue::new();
        let payload = Payload(2, drops.clone());
        let mut handle = Some(queue.spawn(async move {
            std::panic::resume_unwind(Box::new(payload));
        }));
        if unwanted_at_once {
            handle = None;
        }
        queue.run();
        drop(handle);
        // The payload, what it panicked with, and what that panicked with.
        assert_eq!(drops.load(Relaxed), 3);
    }
}

#[test]
fn a_second_payload_that_panics_is_contained() {
    struct Both(Arc<AtomicUsize>);
    impl Future for Both {
        type Output = ();
        fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
            panics("the poll")
        }
    }
    impl Drop for Both {
        fn drop(&mut self) {
            std::panic::resume_unwind(Box::new(Payload(1, self.0.clone())));
        }
    }
    let drops = Arc::new(AtomicUsize::new(0));
    let queue = Queue::new();
    let handle = queue.spawn(Both(drops.clone()));
    queue.run();
    assert_eq!(drops.load(Relaxed), 2);
    assert_eq!(panic_word(result(handle).unwrap_err()), "the poll");
}

#[test]
fn a_panic_in_the_joiner_s_wake_is_contained() {
    let drops = Drops::default();
    let faulty = Arc::new(Faulty { wake_panics: true, ..Faulty::default() });
    let (queue, mut handle) = task(Ok(drops.value()), drops.value());
    assert!(poll(&mut handle, &faulty.lend()).is_pending());
    queue.run();
    assert_eq!((faulty.wakes.load(Relaxed), faulty.alive()), (1, 0));
    drop(result(handle).unwrap());
    assert_eq!(drops.count(), 2);
}

#[test]
fn a_panic_in_the_joiner_s_wake_is_contained_when_the_task_is_cancelled() {
    let drops = Drops::default();
    let faulty = Arc::new(Faulty { wake_panics: true, ..Faulty::default() });
    let (queue, mut handle) = task(Ok(drops.value()), drops.value());
    assert!(poll(&mut handle, &faulty.lend()).is_pending());
    drop(queue.pop());
    assert_eq!((faulty.wakes.load(Relaxed), faulty.alive()), (1, 0));
    assert!(result(handle).map(drop).unwrap_err().is_cancelled());
    assert_eq!(drops.count(), 2);
}

#[test]
fn a_panic_in_the_clone_of_a_joiner_s_waker_leaves_the_handle_whole() {
    let drops = Drops::default();
    let faulty = Arc::new(Faulty { clone_panics: true, ..Faulty::default() });
    let good = Arc::new(Faulty::default());
    let (queue, mut handle) = task(Ok(drops.value()), drops.value());
    let waker = faulty.lend();
    // With an empty slot, and with one that holds another waker.
    assert_eq!(caught(|| poll(&mut handle, &waker).map(drop)), "the waker's clone");
    assert!(poll(&mut handle, &good.lend()).is_pending());
    assert_eq!(caught(|| poll(&mut handle, &waker).map(drop)), "the waker's clone");
    assert_eq!(good.alive(), 0);
    assert!(poll(&mut handle, &good.lend()).is_pending());
    queue.run();
    assert_eq!((good.wakes.load(Relaxed), good.alive()), (1, 0));
    drop(result(handle).unwrap());
    assert_eq!(drops.count(), 2);
}

#[test]
fn a_panic_in_the_drop_of_a_joiner_s_waker_is_contained() {
    let faulty = Arc::new(Faulty { drop_panics: true, ..Faulty::default() });
    let queue = Queue::new();
    // Replaced by another, given up with the handle, and refused since the task is over.
    let mut handle = queue.spawn(async {});
    assert!(poll(&mut handle, &faulty.lend()).is_pending());
    assert!(poll(&mut handle, Waker::noop()).is_pending());
    assert_eq!(faulty.alive(), 0);
    assert!(poll(&mut handle, &faulty.lend()).is_pending());
    drop(handle);
    assert_eq!(faulty.alive(), 0);
    queue.run();
    assert_eq!(faulty.wakes.load(Relaxed), 0);
}

#[test]
fn a_scheduler_that_panics_cancels_what_it_did_not_store() {
    let drops = Drops::default();
    let queue = Queue::new();
    let inside = drops.value();
    let waker = Arc::new(Mutex::new(None));
    let seen = waker.clone();
    let handle = queue.spawn(async move {
        let _inside = inside;
        poll_fn(|cx| {
            *seen.lock().unwrap() = Some(cx.waker().clone());
            Poll::<()>::Pending
        })
        .await;
    });
    queue.run();
    let waker = waker.lock().unwrap().take().unwrap();
    queue.panic_next(Panics::BeforeStoring);
    assert_eq!(caught(|| waker.wake_by_ref()), "the scheduler");
    assert_eq!(drops.count(), 1);
    assert!(result(handle).unwrap_err().is_cancelled());
    waker.wake(); // of a task that is over: nobody is asked
}

#[test]
fn a_scheduler_that_panics_after_storing_loses_nothing() {
    let queue = Queue::new();
    for by_value in [true, false] {
        let mut polls = 0;
        let waker = Arc::new(Mutex::new(None));
        let seen = waker.clone();
        let handle = queue.spawn(poll_fn(move |cx| {
            polls += 1;
            *seen.lock().unwrap() = Some(cx.waker().clone());
            if polls == 2 { Poll::Ready(polls) } else { Poll::Pending }
        }));
        queue.run();
        let waker = waker.lock().unwrap().take().unwrap();
        queue.panic_next(Panics::AfterStoring);
        let word = caught(|| match by_value {
            true => waker.wake(),
            false => waker.wake_by_ref(),
        });
        assert_eq!(word, "the scheduler");
        queue.run();
        assert_eq!(result(handle).unwrap(), 2);
    }
}

#[test]
fn a_scheduler_that_panics_at_an_abort_tells_who_aborts() {
    let drops = Drops::default();
    let queue = Queue::new();
    let inside = drops.value();
    let handle = queue.spawn(async move {
        let _inside = inside;
        pending::<()>().await;
    });
    queue.run();
    queue.panic_next(Panics::BeforeStoring);
    assert_eq!(caught(|| handle.abort()), "the scheduler");
    assert_eq!(drops.count(), 1);
    assert!(result(handle).unwrap_err().is_cancelled());
}

#[test]
fn a_scheduler_that_panics_at_a_joiner_s_wake_cancels_the_joiner() {
    let queue = Queue::new();
    let inner = queue.spawn(async {});
    let outer = queue.spawn(async move { inner.await.unwrap() });
    // The outer one first, so that it waits.
    let first = queue.pop().unwrap();
    queue.step();
    queue.panic_next(Panics::BeforeStoring);
    assert!(matches!(first.run(), Ran::Done));
    assert!(result(outer).unwrap_err().is_cancelled());
}

/// A scheduler of which each part may panic.
struct Brittle(Arc<[AtomicUsize; 3]>);

const CLONE: usize = 0;
const OWNED: usize = 1;
const DROP: usize = 2;

impl Brittle {
    /// Panics when part `part` is used for the `nth` time from now.
    fn new() -> Self {
        Self(Arc::new([const { AtomicUsize::new(0) }; 3]))
    }

    fn set(&self, part: usize, nth: usize) {
        self.0[part].store(nth, Relaxed);
    }

    fn strain(&self, part: usize) {
        let left = self.0[part].load(Relaxed);
        self.0[part].store(left.saturating_sub(1), Relaxed);
        if left == 1 {
            panics("the scheduler");
        }
    }
}

impl Clone for Brittle {
    fn clone(&self) -> Self {
        self.strain(CLONE);
        Self(self.0.clone())
    }
}

impl Drop for Brittle {
    fn drop(&mut self) {
        self.strain(DROP);
    }
}

impl Schedule for Brittle {
    fn schedule(&self, runnable: Runnable<Self>, _why: Why) {
        assert!(matches!(runnable.run(), Ran::Pending | Ran::Done));
    }

    fn owned(&self) -> Option<&Owned<Self>> {
        self.strain(OWNED);
        Some(&REGISTRY)
    }
}

static REGISTRY: LazyLock<Owned<Brittle>> = LazyLock::new(|| {
    // SAFETY: `owned` returns this one to all, or panics; the tests in which it does so against
    // the contract keep the task, so that what stays linked stays alive.
    unsafe { Owned::new(1) }
});

#[test]
fn a_scheduler_whose_clone_panics_loses_the_task() {
    // Lost, hence kept, so that no leak is found where one is meant.
    static KEPT: Mutex<Option<JoinHandle<()>>> = Mutex::new(None);
    let drops = Drops::default();
    let scheduler = Brittle::new();
    let inside = drops.value();
    let waker = Arc::new(Mutex::new(None));
    let seen = waker.clone();
    let task = async move {
        let _inside = inside;
        poll_fn(|cx| {
            *seen.lock().unwrap() = Some(cx.waker().clone());
            Poll::<()>::Pending
        })
        .await;
    };
    let (runnable, handle) = spawn(task, Brittle(scheduler.0.clone()));
    assert!(matches!(runnable.run(), Ran::Pending));
    scheduler.set(CLONE, 1);
    assert_eq!(caught(|| waker.lock().unwrap().take().unwrap().wake()), "the scheduler");
    handle.abort();
    assert!(!handle.is_finished());
    assert_eq!(drops.count(), 0);
    *KEPT.lock().unwrap() = Some(handle);
}

#[test]
fn a_scheduler_whose_drop_panics_is_contained() {
    let drops = Drops::default();
    let scheduler = Brittle::new();
    let inside = drops.value();
    let (runnable, handle) = spawn(async move { drop(inside) }, Brittle(scheduler.0.clone()));
    drop(handle);
    scheduler.set(DROP, 1);
    assert!(matches!(runnable.run(), Ran::Done));
    assert_eq!(drops.count(), 1);
    assert_eq!(Arc::strong_count(&scheduler.0), 1);
}

#[test]
fn a_registry_that_cannot_be_asked_at_the_first_pend_cancels_the_task() {
    let drops = Drops::default();
    let scheduler = Brittle::new();
    let inside = drops.value();
    let task = async move {
        let _inside = inside;
        pending::<()>().await;
    };
    let (runnable, handle) = spawn(task, Brittle(scheduler.0.clone()));
    scheduler.set(OWNED, 1);
    assert_eq!(caught(|| runnable.run()), "the scheduler");
    assert_eq!(drops.count(), 1);
    assert!(result(handle).unwrap_err().is_cancelled());
}

#[test]
fn a_registry_that_cannot_be_asked_at_the_end_drops_no_future_twice() {
    // What it breaks is the contract of `Owned::new`; still nothing is dropped twice. The task
    // stays in the registry, hence must not be freed.
    static KEPT: Mutex<Option<JoinHandle<()>>> = Mutex::new(None);
    let drops = Drops::default();
    let scheduler = Brittle::new();
    let inside = drops.value();
    let mut polls = 0;
    let task = async move {
        let _inside = inside;
        poll_fn(|cx| {
            polls += 1;
            cx.waker().wake_by_ref();
            if polls == 2 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    };
    let (runnable, handle) = spawn(task, Brittle(scheduler.0.clone()));
    let Ran::Yielded(runnable) = runnable.run() else { panic!("it woke itself") };
    scheduler.set(OWNED, 1);
    assert_eq!(caught(|| runnable.run()), "the scheduler");
    assert_eq!(drops.count(), 1);
    *KEPT.lock().unwrap() = Some(handle);
}

#[test]
fn a_dropped_runnable_cancels_here() {
    let drops = Drops::default();
    let queue = Queue::new();
    let inside = drops.value();
    let handle = queue.spawn(async move { drop(inside) });
    drop(queue.pop());
    assert_eq!(drops.count(), 1);
    assert!(result(handle).unwrap_err().is_cancelled());
}

#[test]
fn a_dropped_queue_cancels_all() {
    let drops = Drops::default();
    let queue = Queue::new();
    let mut fifo = Fifo::new();
    for n in 0..3 {
        let inside = if n == 1 { drops.panicking("the future's drop") } else { drops.value() };
        drop(queue.spawn(async move { drop(inside) }));
        fifo.push_back(queue.pop().unwrap());
    }
    drop(fifo);
    assert_eq!(drops.count(), 3);
}

#[test]
fn a_task_that_drops_its_own_handle_and_wakers_ends() {
    let drops = Drops::default();
    let queue = Queue::new();
    let slot = Arc::new(Mutex::new(None::<JoinHandle<Dropped>>));
    let (own, output) = (slot.clone(), drops.value());
    let handle = queue.spawn(async move {
        drop(own.lock().unwrap().take());
        output
    });
    *slot.lock().unwrap() = Some(handle);
    queue.run();
    assert_eq!(drops.count(), 1);
}

#[test]
fn a_task_may_own_its_own_handle_and_waker() {
    // The cycle is broken by the abort.
    let drops = Drops::default();
    let queue = Queue::new();
    let slot = Arc::new(Mutex::new(None::<JoinHandle<()>>));
    let (own, inside) = (slot.clone(), drops.value());
    let handle = queue.spawn(async move {
        let _inside = inside;
        let handle = own.lock().unwrap().take().unwrap();
        handle.await.unwrap();
    });
    let abort = handle.abort_handle();
    *slot.lock().unwrap() = Some(handle);
    queue.run();
    assert_eq!(drops.count(), 0);
    abort.abort();
    queue.run();
    assert_eq!(drops.count(), 1);
    assert!(abort.is_finished());
}

#[test]
fn a_task_run_inside_a_task_puts_back_what_it_found() {
    let _guard = crate::base::context::enter(crate::base::context::Env::new());
    let queue = Queue::new();
    let inner_queue = Queue::new();
    let nested = inner_queue.clone();
    let inner = inner_queue.spawn(async { current_id() });
    let outer = queue.spawn(async move {
        let before = current_id();
        nested.run();
        (before, current_id())
    });
    let (outer_id, inner_id) = (outer.id(), inner.id());
    queue.run();
    assert_eq!(result(outer).unwrap(), (Some(outer_id), Some(outer_id)));
    assert_eq!(result(inner).unwrap(), Some(inner_id));
    assert_eq!(current_id(), None);
}

#[test]
fn a_task_knows_its_id_while_its_future_is_dropped() {
    struct Tells(Arc<Mutex<Option<crate::TaskId>>>);
    impl Drop for Tells {
        fn drop(&mut self) {
            *self.0.lock().unwrap() = current_id();
        }
    }
    let _guard = crate::base::context::enter(crate::base::context::Env::new());
    let queue = Queue::new();
    let told = Arc::new(Mutex::new(None));
    let tells = Tells(told.clone());
    let handle = queue.spawn(async move { drop(tells) });
    drop(queue.pop());
    assert_eq!(*told.lock().unwrap(), Some(handle.id()));
    assert_eq!(current_id(), None);
}

#[test]
fn a_run_may_leave_the_context_that_it_found() {
    let guard = crate::base::context::enter(crate::base::context::Env::new());
    let queue = Queue::new();
    // SAFETY: run on this thread, below.
    let (runnable, handle) = unsafe {
        crate::Builder::new().spawn_unchecked(
            async move {
                drop(guard);
                current_id()
            },
            queue,
        )
    };
    assert!(matches!(runnable.run(), Ran::Done));
    let id = handle.id();
    assert_eq!(result(handle).unwrap(), Some(id));
    assert_eq!(crate::base::context::with(|_| ()), None);
}

#[test]
fn what_a_run_left_can_be_shown() {
    let queue = Queue::new();
    let handle = queue.spawn(async { crate::coop::yield_now().await });
    let ran = queue.pop().unwrap().run();
    assert!(alloc::format!("{ran:?}").starts_with("Yielded(Runnable { id: TaskId("));
    drop(ran);
    assert!(result(handle).unwrap_err().is_cancelled());
}

struct Counts(AtomicUsize);

impl Wake for Counts {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[test]
fn a_job_wakes_its_joiner_when_told() {
    let counts = Arc::new(Counts(AtomicUsize::new(0)));
    let (job, mut handle) = crate::Job::new(|| 7);
    assert!(poll(&mut handle, &counts.clone().into()).is_pending());
    let held = job.run_before_wake();
    assert!(handle.is_finished());
    assert_eq!(counts.0.load(Relaxed), 0);
    drop(held);
    assert_eq!(counts.0.load(Relaxed), 1);
    assert_eq!(result(handle).unwrap(), 7);
}

#[test]
fn a_job_that_is_aborted_dropped_or_panics_says_so() {
    let drops = Drops::default();
    let job = || {
        let inside = drops.value();
        crate::Job::new(move || drop(inside))
    };
    let (aborted, handle) = job();
    handle.abort();
    aborted.run();
    assert!(result(handle).unwrap_err().is_cancelled());
    let (dropped, handle) = job();
    drop(dropped);
    assert!(result(handle).unwrap_err().is_cancelled());
    let (ran, handle) = job();
    ran.run();
    handle.abort(); // too late
    result(handle).unwrap();
    assert_eq!(drops.count(), 3);
    let (panicking, handle) = crate::Job::new(|| panics("the closure"));
    panicking.run();
    let handle: JoinHandle<()> = handle;
    assert_eq!(panic_word(result(handle).unwrap_err()), "the closure");
}
