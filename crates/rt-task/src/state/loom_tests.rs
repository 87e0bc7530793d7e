//! The Claims of the state word, over every interleaving, through the holders that users have.
//!
//! The scheduler here has no queue: who wakes a task runs it. So nothing but the state word
//! orders one poll before the next, and a weaker ordering shows. Memory is watched by the
//! trackers in the task's head (its life, its stage, its join slot) and by the model checker's
//! `Arc`, which must be dropped as often as it was cloned.

use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};

use alloc::vec::Vec;

use crate::base::park::ThreadPark;
use crate::base::shim::{
    Arc, AtomicBool, AtomicU32, AtomicUsize, Ordering::*, UnsafeCell, model, thread,
};
use crate::{Fifo, JoinError, JoinHandle, Ran, Runnable, Schedule, Why, block_on, spawn, waker};

/// Runs a model twice: this thread goes first, and last. The model alone never lets another
/// thread's whole compare-exchange loop go before a load of this one, since it looks for what it
/// could reorder from each access back to the one just before it.
fn both_ways(test: impl Fn(fn()) + Copy + Send + Sync + 'static) {
    model(move || test(|| ()));
    model(move || test(thread::yield_now));
}

/// Runs what it is handed at once.
#[derive(Clone)]
struct Inline;

impl Schedule for Inline {
    fn schedule(&self, runnable: Runnable<Self>, _why: Why) {
        run(runnable);
    }
}

/// The same, and the model tells if the task that holds it is never freed.
#[derive(Clone)]
struct Watched(#[expect(dead_code, reason = "dropped when the task is freed")] Arc<()>);

impl Schedule for Watched {
    fn schedule(&self, runnable: Runnable<Self>, _why: Why) {
        run(runnable);
    }
}

/// Runs a task as long as it has a `Runnable`, each time by way of a queue of this thread's own.
fn run<S: Schedule>(mut runnable: Runnable<S>) {
    loop {
        let mut queue = Fifo::new();
        queue.push_back(runnable);
        let next = queue.pop_front().expect("it was pushed just now");
        match next.run() {
            Ran::Yielded(again) => runnable = again,
            Ran::Pending | Ran::Done => return,
            Ran::Fatal(panic) => panic!("{panic}"),
        }
    }
}

fn waker_of<S: Schedule>(runnable: &Runnable<S>) -> Waker {
    Waker::clone(&waker::borrowed(runnable.task()))
}

fn poll_once<T>(handle: &mut JoinHandle<T>, waker: &Waker) -> Poll<Result<T, JoinError>> {
    Pin::new(handle).poll(&mut Context::from_waker(waker))
}

/// A number that is no atomic: the model fails where two threads get at it unordered.
struct Data(UnsafeCell<usize>);

// SAFETY: the model watches every access.
unsafe impl Sync for Data {}

impl Data {
    fn new() -> Arc<Self> {
        Arc::new(Self(UnsafeCell::new(0)))
    }

    fn add(&self, n: usize) {
        // SAFETY: alone, or the model fails.
        self.0.with_mut(|data| unsafe { *data += n });
    }

    fn read(&self) -> usize {
        // SAFETY: nobody writes, or the model fails.
        self.0.with(|data| unsafe { *data })
    }
}

/// A future that ends once all have spoken. What they say is relaxed: only the wake orders it.
fn all_said<const N: usize>(said: Arc<[AtomicBool; N]>) -> impl Future<Output = ()> + Send {
    poll_fn(move |_| match said.iter().all(|one| one.load(Relaxed)) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
}

fn nobody_said<const N: usize>() -> Arc<[AtomicBool; N]> {
    Arc::new(core::array::from_fn(|_| AtomicBool::new(false)))
}

#[test]
fn no_lost_wake() {
    both_ways(|take_turns| {
        let said = nobody_said::<2>();
        let (runnable, handle) = spawn(all_said(said.clone()), Inline);
        let by_value = {
            let (said, waker) = (said.clone(), waker_of(&runnable));
            thread::spawn(move || {
                said[0].store(true, Relaxed);
                waker.wake();
            })
        };
        let by_ref = {
            let waker = waker_of(&runnable);
            thread::spawn(move || {
                said[1].store(true, Relaxed);
                waker.wake_by_ref();
            })
        };
        take_turns();
        run(runnable);
        by_value.join().unwrap();
        by_ref.join().unwrap();
        assert!(handle.is_finished(), "a wake was lost");
    });
}

#[test]
fn a_wake_that_finds_the_task_scheduled_publishes_too() {
    both_ways(|take_turns| {
        let said = nobody_said::<1>();
        let (runnable, handle) = spawn(all_said(said.clone()), Inline);
        // The epoch is full from here on, and the first poll starts it over.
        let waker = waker_of(&runnable);
        for _ in 0..4 {
            waker.wake_by_ref();
        }
        let other = thread::spawn(move || {
            waker.wake_by_ref();
            said[0].store(true, Relaxed);
            waker.wake_by_ref();
        });
        take_turns();
        run(runnable);
        other.join().unwrap();
        assert!(handle.is_finished(), "a wake was lost");
    });
}

#[test]
fn an_epoch_that_fills_up_during_a_poll_loses_no_wake() {
    model(|| {
        let count = Arc::new(AtomicU32::new(0));
        let seen = count.clone();
        let ends = poll_fn(move |_| match seen.load(Relaxed) {
            5 => Poll::Ready(()),
            _ => Poll::Pending,
        });
        let (runnable, handle) = spawn(ends, Inline);
        let waker = waker_of(&runnable);
        let other = thread::spawn(move || {
            for n in 1..=5 {
                count.store(n, Relaxed);
                waker.wake_by_ref();
            }
        });
        run(runnable);
        other.join().unwrap();
        assert!(handle.is_finished(), "a wake was lost");
    });
}

/// Tells when it is dropped before its end, and whether the abort's caller had spoken by then.
struct Aborted {
    said: Arc<[AtomicBool; 1]>,
    told: Arc<AtomicBool>,
    drops: Arc<Data>,
    over: bool,
}

impl Future for Aborted {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        self.over = self.said[0].load(Relaxed);
        if self.over { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Aborted {
    fn drop(&mut self) {
        self.drops.add(1);
        assert!(self.over || self.told.load(Relaxed), "the abort came before, and is not seen");
    }
}

#[test]
fn an_abort_a_wake_and_a_poll_end_the_task_once() {
    both_ways(|take_turns| {
        let (said, told) = (nobody_said::<1>(), Arc::new(AtomicBool::new(false)));
        let drops = Data::new();
        let future =
            Aborted { said: said.clone(), told: told.clone(), drops: drops.clone(), over: false };
        let (runnable, mut handle) = spawn(future, Inline);
        let waker = waker_of(&runnable);
        let abort = handle.abort_handle();
        let aborter = thread::spawn(move || {
            told.store(true, Relaxed);
            abort.abort();
        });
        let speaker = thread::spawn(move || {
            said[0].store(true, Relaxed);
            waker.wake();
        });
        take_turns();
        run(runnable);
        aborter.join().unwrap();
        speaker.join().unwrap();
        match poll_once(&mut handle, Waker::noop()) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => assert!(error.is_cancelled(), "{error:?}"),
            Poll::Pending => panic!("neither ended nor cancelled"),
        }
        assert_eq!(drops.read(), 1);
    });
}

#[test]
fn an_idle_task_is_ended_by_its_abort() {
    both_ways(|take_turns| {
        let (told, drops) = (Arc::new(AtomicBool::new(false)), Data::new());
        let future =
            Aborted { said: nobody_said(), told: told.clone(), drops: drops.clone(), over: false };
        let (runnable, handle) = spawn(future, Inline);
        let runner = thread::spawn(move || run(runnable));
        take_turns();
        told.store(true, Relaxed);
        handle.abort();
        let again = handle.abort_handle();
        let other = thread::spawn(move || again.abort());
        runner.join().unwrap();
        other.join().unwrap();
        assert!(handle.is_finished());
        assert_eq!(drops.read(), 1);
    });
}

/// An output that counts its drops.
struct Output(Arc<AtomicUsize>);

impl Drop for Output {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[test]
fn one_result() {
    both_ways(|take_turns| {
        let drops = Arc::new(AtomicUsize::new(0));
        let data = Data::new();
        let (output, written) = (Output(drops.clone()), data.clone());
        let task = async move {
            written.add(7);
            output
        };
        let (runnable, handle) = spawn(task, Inline);
        let runner = thread::spawn(move || run(runnable));
        take_turns();
        let output = block_on(handle).unwrap();
        assert_eq!(data.read(), 7);
        assert_eq!(drops.load(Relaxed), 0);
        drop(output);
        runner.join().unwrap();
        assert_eq!(drops.load(Relaxed), 1);
    });
}

#[test]
fn a_handle_that_changes_its_waker_is_woken_by_the_last() {
    both_ways(|take_turns| {
        let drops = Arc::new(AtomicUsize::new(0));
        let output = Output(drops.clone());
        let (runnable, mut handle) = spawn(async move { output }, Inline);
        let runner = thread::spawn(move || run(runnable));
        take_turns();
        let before = ThreadPark::new();
        let first = before.unparker().into_waker();
        let output = match poll_once(&mut handle, &first) {
            Poll::Ready(output) => output,
            Poll::Pending => block_on(handle),
        };
        drop(output.unwrap());
        runner.join().unwrap();
        assert_eq!(drops.load(Relaxed), 1);
    });
}

#[test]
fn a_handle_that_keeps_its_waker_is_woken_once() {
    both_ways(|take_turns| {
        let (runnable, mut handle) = spawn(async { 7 }, Inline);
        let runner = thread::spawn(move || run(runnable));
        take_turns();
        let park = ThreadPark::new();
        let waker = park.unparker().into_waker();
        let mut polled = poll_once(&mut handle, &waker);
        if polled.is_pending() {
            polled = poll_once(&mut handle, &waker);
        }
        while polled.is_pending() {
            park.park();
            polled = poll_once(&mut handle, &waker);
        }
        assert!(matches!(polled, Poll::Ready(Ok(7))));
        runner.join().unwrap();
    });
}

#[test]
fn a_handle_dropped_at_the_end_drops_the_output_once() {
    both_ways(|take_turns| {
        let drops = Arc::new(AtomicUsize::new(0));
        let output = Output(drops.clone());
        let (runnable, handle) = spawn(async move { output }, Watched(Arc::new(())));
        let runner = thread::spawn(move || run(runnable));
        take_turns();
        drop(handle);
        runner.join().unwrap();
        assert_eq!(drops.load(Relaxed), 1);
    });
}

#[test]
fn a_waiting_handle_dropped_at_the_end_drops_its_waker_and_the_output_once() {
    struct Told(AtomicUsize);
    impl std::task::Wake for Told {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }
    both_ways(|take_turns| {
        let told = std::sync::Arc::new(Told(AtomicUsize::new(0)));
        let drops = Arc::new(AtomicUsize::new(0));
        let output = Output(drops.clone());
        let (runnable, mut handle) = spawn(async move { output }, Watched(Arc::new(())));
        let runner = thread::spawn(move || run(runnable));
        take_turns();
        let polled = poll_once(&mut handle, &told.clone().into());
        drop(handle);
        drop(polled);
        runner.join().unwrap();
        assert_eq!(drops.load(Relaxed), 1);
        assert!(told.0.load(Relaxed) <= 1);
        assert_eq!(std::sync::Arc::strong_count(&told), 1, "the waker is gone");
    });
}

#[test]
fn who_finds_the_task_finished_sees_what_it_did() {
    both_ways(|take_turns| {
        let data = Data::new();
        let written = data.clone();
        let task = async move {
            written.add(7);
        };
        let (runnable, handle) = spawn(task, Inline);
        let runner = thread::spawn(move || run(runnable));
        take_turns();
        if handle.is_finished() {
            assert_eq!(data.read(), 7);
        }
        runner.join().unwrap();
    });
}

/// One task, held by a waker, a handle and its `Runnable`, each on a thread of its own.
fn given_up(by_waker: fn(Waker), by_handle: fn(JoinHandle<()>), by_runner: fn(Runnable<Watched>)) {
    both_ways(move |take_turns| {
        let (runnable, handle) = spawn(async {}, Watched(Arc::new(())));
        let waker = waker_of(&runnable);
        let others: Vec<_> =
            [thread::spawn(move || by_waker(waker)), thread::spawn(move || by_handle(handle))]
                .into();
        take_turns();
        by_runner(runnable);
        others.into_iter().for_each(|other| other.join().unwrap());
        // The model fails here if the scheduler, hence the task, was leaked.
    });
}

#[test]
fn freed_once() {
    given_up(drop, drop, run);
    given_up(Waker::wake, drop, run);
    given_up(drop, drop, drop);
    given_up(|waker| drop((waker.clone(), waker)), |handle| handle.abort(), run);
}

#[test]
fn freed_once_after_a_handle_was_awaited() {
    given_up(drop, |handle| block_on(handle).unwrap(), run);
    given_up(Waker::wake, |mut handle| drop((poll_once(&mut handle, Waker::noop()), handle)), run);
}

#[test]
fn an_abort_handle_outlives_all_others() {
    both_ways(|take_turns| {
        let (runnable, handle) = spawn(async {}, Watched(Arc::new(())));
        let abort = handle.abort_handle();
        let runner = thread::spawn(move || run(runnable));
        let other = thread::spawn(move || {
            let again = abort.clone();
            drop(abort);
            let _ = (again.is_finished(), again.id());
        });
        take_turns();
        drop(handle);
        runner.join().unwrap();
        other.join().unwrap();
    });
}

#[test]
fn a_task_that_awaits_a_task_is_woken() {
    model(|| {
        let (inner, handle) = spawn(async { 7 }, Watched(Arc::new(())));
        let (outer, mut result) = spawn(async { handle.await.unwrap() }, Watched(Arc::new(())));
        let runner = thread::spawn(move || run(inner));
        let other = thread::spawn(move || run(outer));
        runner.join().unwrap();
        other.join().unwrap();
        let polled = {
            let mut cx = Context::from_waker(Waker::noop());
            pin!(&mut result).poll(&mut cx)
        };
        assert!(matches!(polled, Poll::Ready(Ok(7))));
    });
}
