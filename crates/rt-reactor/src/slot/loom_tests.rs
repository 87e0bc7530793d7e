//! The Claims of the reactor word, the cells and the list, over every interleaving.

use std::cell::Cell as StdCell;
use std::mem::ManuallyDrop;
use std::task::{RawWaker, RawWakerVTable};

use rt_task::base::driver::WakeBatch;
use rt_task::base::park::{ThreadPark, ThreadUnpark};
use rt_task::base::seam::Unpark;
use rt_task::base::shim::{Arc, AtomicUsize, Ordering, UnsafeCell, model, thread};

use super::*;
use crate::interest::Interest;

/// Whom a waker calls, how often it did, and (by loom's count of its `Arc`s) that every clone was
/// dropped or woken, once.
struct Called {
    unpark: ThreadUnpark,
    times: AtomicUsize,
}

fn waker(park: &ThreadPark) -> (Waker, Arc<Called>) {
    let called = Arc::new(Called { unpark: park.unparker(), times: AtomicUsize::new(0) });
    let data = Arc::into_raw(called.clone()).cast();
    // SAFETY: the table below keeps the contract: the data is a counted `Called`.
    (unsafe { Waker::new(data, &TABLE) }, called)
}

static TABLE: RawWakerVTable = RawWakerVTable::new(
    |data| {
        // SAFETY: as `waker` made it; the caller's count is left alone.
        let called = ManuallyDrop::new(unsafe { Arc::<Called>::from_raw(data.cast()) });
        RawWaker::new(Arc::into_raw((*called).clone()).cast(), &TABLE)
    },
    |data| {
        // SAFETY: as `waker` made it; the count was the waker's.
        wake(&unsafe { Arc::<Called>::from_raw(data.cast()) });
    },
    |data| {
        // SAFETY: as `waker` made it; the caller's count is left alone.
        wake(&ManuallyDrop::new(unsafe { Arc::<Called>::from_raw(data.cast()) }));
    },
    // SAFETY: as `waker` made it; the count was the waker's.
    |data| drop(unsafe { Arc::<Called>::from_raw(data.cast()) }),
);

fn wake(called: &Arc<Called>) {
    called.times.fetch_add(1, Ordering::Relaxed);
    called.unpark.unpark();
}

fn event(slot: &Slot, generation: u32, ready: Ready) {
    slot.event(generation, ready, &mut WakeBatch::new());
}

/// A source: `len` things to take, told of by events.
struct Source {
    slot: Slot,
    len: AtomicUsize,
}

impl Source {
    fn new() -> Arc<Self> {
        Arc::new(Self { slot: Slot::new(), len: AtomicUsize::new(0) })
    }

    /// One thing more, and an event that tells of it.
    fn produce(&self) {
        self.len.fetch_add(1, Ordering::AcqRel);
        event(&self.slot, 0, Ready::READABLE);
    }

    fn try_take(&self) -> bool {
        // Not a loop: consumers that find something to take succeed at once.
        let take = |len: usize| len.checked_sub(1);
        self.len.fetch_update(Ordering::AcqRel, Ordering::Acquire, take).is_ok()
    }

    /// Takes one thing, by `wait`ing as long as there is none.
    fn take(&self, wait: impl Fn(&Waker, Option<ReadyEvent>) -> Waited) {
        let park = ThreadPark::new();
        let (waker, _called) = waker(&park);
        let mut seen = None;
        loop {
            match wait(&waker, seen.take()) {
                Poll::Pending => park.park(),
                Poll::Ready(Err(Gone)) => panic!("nobody shuts down here"),
                Poll::Ready(Ok(_)) if self.try_take() => return,
                Poll::Ready(Ok(event)) => seen = Some(event),
            }
        }
    }

    fn take_polled(&self) {
        self.take(|waker, seen| self.slot.poll_wait(Direction::Read, waker, seen));
    }

    /// As the only poll-style waiter, who keeps in `short` what a short count told until its next
    /// poll. Leaves there what the last event told.
    fn take_alone(&self, short: &StdCell<Option<ReadyEvent>>) {
        self.take(|waker, seen| {
            let seen = seen.or(short.take());
            // SAFETY: one thread calls this, and no other way to wait in that cell.
            let waited = unsafe { self.slot.poll_wait_alone(Direction::Read, waker, seen) };
            if let Poll::Ready(Ok(event)) = waited {
                short.set(Some(event));
            }
            waited
        });
    }

    fn take_future(&self, interest: Interest) {
        let entry = Entry::new(interest);
        // SAFETY: the entry stays until the cancel below; one call at a time.
        self.take(|waker, seen| unsafe { self.slot.future_wait(&entry, waker, seen) });
        self.slot.cancel(&entry);
    }
}

/// Two things are produced, while `take` takes both.
fn produced_meanwhile(take: impl Fn(&Source) + Copy + Send + Sync + 'static) {
    model(move || {
        let source = Source::new();
        source.slot.assume(Ready::READABLE); // so that the first try finds nothing
        let producer = {
            let source = source.clone();
            thread::spawn(move || {
                source.produce();
                source.produce();
            })
        };
        take(&source);
        producer.join().unwrap();
    });
}

#[test]
fn no_missed_edge() {
    produced_meanwhile(|source| {
        source.take_polled();
        source.take_polled();
    });
}

#[test]
fn no_missed_edge_alone() {
    produced_meanwhile(|source| {
        // An event may tell of two things: who takes one of them only must not call it used up.
        let short = StdCell::new(None);
        source.take_alone(&short);
        if source.len.load(Ordering::Acquire) > 0 {
            short.set(None);
        }
        source.take_alone(&short);
    });
}

#[test]
fn no_missed_edge_alone_then_shared() {
    produced_meanwhile(|source| {
        let short = StdCell::new(None);
        source.take_alone(&short);
        if source.len.load(Ordering::Acquire) > 0 {
            short.set(None);
        }
        // As `Registration::share` does.
        if let Some(event) = short.take() {
            source.slot.clear(event);
        }
        source.take_polled();
    });
}

#[test]
fn no_missed_edge_shared_then_alone() {
    produced_meanwhile(|source| {
        // Each begins a wait and leaves it to the next, who finds the waker of the one before.
        let abandoned = waker(&ThreadPark::new()).0;
        let _left = source.slot.poll_wait(Direction::Read, &abandoned, None);
        let short = StdCell::new(None);
        source.take_polled();
        let abandoned = waker(&ThreadPark::new()).0;
        let _left = source.slot.poll_wait(Direction::Read, &abandoned, None);
        source.take_alone(&short);
        source.slot.depart();
    });
}

#[test]
fn no_missed_edge_for_futures() {
    produced_meanwhile(|source| {
        source.take_future(Interest::READABLE);
        source.take_future(Interest::READABLE);
    });
}

#[test]
fn one_owner() {
    model(|| {
        // Two tasks poll the same direction, with wakers of their own, while events come.
        let slot = Arc::new(Slot::new());
        let poller = {
            let slot = slot.clone();
            thread::spawn(move || {
                let park = ThreadPark::new();
                let (waker, _called) = waker(&park);
                let waited = slot.poll_wait(Direction::Read, &waker, None);
                if let Poll::Ready(Ok(event)) = waited {
                    let _ = slot.poll_wait(Direction::Read, &waker, Some(event));
                }
            })
        };
        let driver = {
            let slot = slot.clone();
            thread::spawn(move || event(&slot, 0, Ready::READABLE))
        };
        let park = ThreadPark::new();
        let (waker, _called) = waker(&park);
        let _ = slot.poll_wait(Direction::Read, &waker, None);
        poller.join().unwrap();
        driver.join().unwrap();
        slot.depart();
    });
}

#[test]
fn one_owner_of_a_future_cell() {
    model(|| {
        // A future waits, is woken or cancelled; the cell goes to the next.
        let slot = Arc::new(Slot::new());
        let driver = {
            let slot = slot.clone();
            thread::spawn(move || event(&slot, 0, Ready::READABLE))
        };
        let other = {
            let slot = slot.clone();
            thread::spawn(move || wait_once_and_cancel(&slot))
        };
        wait_once_and_cancel(&slot);
        other.join().unwrap();
        driver.join().unwrap();
        assert!(!slot.word().is_waiting(Cell::FutureRead), "no waker is left");
    });
}

fn wait_once_and_cancel(slot: &Slot) {
    let park = ThreadPark::new();
    let (waker, _called) = waker(&park);
    let entry = Entry::new(Interest::READABLE);
    // SAFETY: the entry stays until the cancel below; one call at a time.
    let waited = unsafe { slot.future_wait(&entry, &waker, None) };
    if let Poll::Ready(Ok(event)) = waited {
        // SAFETY: as above.
        let _ = unsafe { slot.future_wait(&entry, &waker, Some(event)) };
    }
    slot.cancel(&entry);
}

#[test]
fn a_cancelled_future_takes_no_wake_from_another() {
    let mut bounded = model::Builder::new();
    bounded.preemption_bound = bounded.preemption_bound.map(|bound| bound.max(3));
    bounded.check(|| {
        // The first future was woken, knows nothing of it, and is dropped while the second waits
        // in the cell that was the first one's.
        let source = Source::new();
        let park = ThreadPark::new();
        let (first_waker, _called) = waker(&park);
        let entry = Entry::new(Interest::READABLE);
        // SAFETY: the entry stays until the cancel below; one call at a time.
        let waited = unsafe { source.slot.future_wait(&entry, &first_waker, None) };
        assert!(waited.is_pending());

        let producer = {
            let source = source.clone();
            thread::spawn(move || {
                event(&source.slot, 0, Ready::READABLE); // a false alarm
                source.produce();
            })
        };
        let second = {
            let source = source.clone();
            thread::spawn(move || source.take_future(Interest::READABLE))
        };
        source.slot.cancel(&entry);
        second.join().unwrap();
        producer.join().unwrap();
    });
}

#[test]
fn a_future_that_changes_its_waker_misses_nothing() {
    model(|| {
        let source = Source::new();
        let entry = Entry::new(Interest::READABLE);
        let (first, second) = (ThreadPark::new(), ThreadPark::new());
        let (first_waker, _called) = waker(&first);
        let (second_waker, _called) = waker(&second);
        // SAFETY: the entry stays until the cancel below; one call at a time.
        let wait = |waker, seen| unsafe { source.slot.future_wait(&entry, waker, seen) };
        assert!(wait(&first_waker, None).is_pending());
        let producer = {
            let source = source.clone();
            thread::spawn(move || source.produce())
        };
        while wait(&second_waker, None).is_pending() {
            second.park();
        }
        source.slot.cancel(&entry);
        producer.join().unwrap();
    });
}

#[test]
fn readiness_publishes() {
    model(|| publishes(|slot, waker| slot.poll_wait(Direction::Read, waker, None)));
}

#[test]
fn readiness_publishes_to_who_is_alone() {
    model(|| publishes(alone));
}

/// Waits for reading, as the only one who does.
fn alone(slot: &Slot, waker: &Waker) -> Waited {
    // SAFETY: the models that use this have one thread that waits.
    unsafe { slot.poll_wait_alone(Direction::Read, waker, None) }
}

#[test]
fn readiness_publishes_to_listed_futures() {
    model(|| {
        publishes(|slot, waker| {
            let entry = Entry::new(Interest::READABLE | Interest::PRIORITY);
            // SAFETY: the entry stays until the cancel below; one call at a time.
            let waited = unsafe { slot.future_wait(&entry, waker, None) };
            slot.cancel(&entry);
            waited
        });
    });
}

fn publishes(wait: impl Fn(&Slot, &Waker) -> Waited) {
    let shared = Arc::new((Slot::new(), UnsafeCell::new(0)));
    let producer = {
        let shared = shared.clone();
        thread::spawn(move || {
            // SAFETY: the reader waits for the event.
            shared.1.with_mut(|data| unsafe { *data = 1 });
            event(&shared.0, 0, Ready::READABLE);
        })
    };
    let park = ThreadPark::new();
    let (waker, _called) = waker(&park);
    if wait(&shared.0, &waker).is_ready() {
        // SAFETY: the writer is done: its event came.
        assert_eq!(shared.1.with(|data| unsafe { *data }), 1);
    }
    producer.join().unwrap();
    shared.0.depart();
}

#[test]
fn no_stale_event() {
    model(|| {
        let slot = Arc::new(Slot::new());
        let park = ThreadPark::new();
        let (first_waker, _called) = waker(&park);
        let _ = slot.poll_wait(Direction::Read, &first_waker, None);
        let driver = {
            let slot = slot.clone();
            thread::spawn(move || event(&slot, 0, Ready::ALL))
        };
        slot.depart();
        // The next tenant.
        let (waker, called) = waker(&park);
        let waited = slot.poll_wait(Direction::Read, &waker, None);
        assert!(waited.is_pending(), "nothing happened to it");
        driver.join().unwrap();
        assert_eq!(called.times.load(Ordering::Relaxed), 0);
        assert_eq!(slot.word().known(Ready::ALL), Known::Nothing);
        slot.depart();
    });
}

#[test]
fn shutdown_wakes() {
    model(|| {
        ends(|slot, waker| slot.poll_wait(Direction::Read, waker, None));
    });
}

#[test]
fn shutdown_wakes_who_is_alone() {
    model(|| {
        ends(alone);
    });
}

#[test]
fn shutdown_wakes_futures() {
    model(|| {
        let entry = Entry::new(Interest::WRITABLE);
        // SAFETY: the entry stays until the cancel below; one call at a time.
        let slot = ends(|slot, waker| unsafe { slot.future_wait(&entry, waker, None) });
        slot.cancel(&entry);
    });
}

#[test]
fn shutdown_wakes_listed_futures() {
    model(|| {
        let entry = Entry::new(Interest::PRIORITY);
        // SAFETY: the entry stays until the cancel below; one call at a time.
        let slot = ends(|slot, waker| unsafe { slot.future_wait(&entry, waker, None) });
        slot.cancel(&entry);
    });
}

/// Waits until the driver is gone, which it is soon.
fn ends(wait: impl Fn(&Slot, &Waker) -> Waited) -> Arc<Slot> {
    let slot = Arc::new(Slot::new());
    let driver = {
        let slot = slot.clone();
        thread::spawn(move || slot.shutdown(&mut WakeBatch::new()))
    };
    let park = ThreadPark::new();
    let (waker, _called) = waker(&park);
    while wait(&slot, &waker) != Poll::Ready(Err(Gone)) {
        park.park();
    }
    driver.join().unwrap();
    slot
}

#[test]
fn none_forgotten() {
    model(|| {
        // Two futures for one cell: the second is listed.
        let source = Source::new();
        let producer = {
            let source = source.clone();
            thread::spawn(move || {
                source.len.fetch_add(2, Ordering::AcqRel);
                event(&source.slot, 0, Ready::READABLE);
            })
        };
        let other = {
            let source = source.clone();
            thread::spawn(move || source.take_future(Interest::READABLE))
        };
        source.take_future(Interest::READABLE | Interest::WRITABLE);
        other.join().unwrap();
        producer.join().unwrap();
    });
}

#[test]
fn a_listed_future_that_leaves_hides_none_that_comes() {
    model(|| {
        const LISTED: Interest = Interest::READABLE.add(Interest::WRITABLE);
        let source = Source::new();
        let park = ThreadPark::new();
        let (leaving_waker, _called) = waker(&park);
        let leaving = Entry::new(LISTED);
        // SAFETY: the entry stays until the cancel below; one call at a time.
        let waited = unsafe { source.slot.future_wait(&leaving, &leaving_waker, None) };
        assert!(waited.is_pending());
        let coming = {
            let source = source.clone();
            thread::spawn(move || source.take_future(LISTED))
        };
        source.slot.cancel(&leaving);
        source.produce();
        coming.join().unwrap();
    });
}
