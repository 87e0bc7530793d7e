//! One slot, one thread: who is woken, when, and what it costs in clones.

use std::cell::{Cell as StdCell, RefCell};
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{RawWaker, RawWakerVTable, Wake};

use rt_task::base::driver::WakeBatch;

use super::*;
use crate::interest::Interest;

/// Counts its wakes; its `Arc` counts its clones.
#[derive(Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// A task: a waker, and what became of it.
struct Task {
    counter: Arc<Counter>,
    waker: Waker,
}

impl Task {
    fn new() -> Self {
        let counter = Arc::new(Counter::default());
        let waker = counter.clone().into();
        Self { counter, waker }
    }

    fn wakes(&self) -> usize {
        self.counter.0.load(Relaxed)
    }

    /// Wakers that the slot holds.
    fn held(&self) -> usize {
        Arc::strong_count(&self.counter) - 2
    }
}

fn poll(slot: &Slot, task: &Task, seen: Option<ReadyEvent>) -> Waited {
    slot.poll_wait(Direction::Read, &task.waker, seen)
}

fn event(slot: &Slot, ready: Ready) {
    slot.event(slot.word().generation(), ready, &mut WakeBatch::new());
}

/// A future of `slot`, pinned, cancelled when dropped.
struct Waiting<'a> {
    slot: &'a Slot,
    entry: Box<Entry>,
}

impl<'a> Waiting<'a> {
    fn new(slot: &'a Slot, interest: Interest) -> Self {
        let entry = Box::new(Entry::new(interest));
        Self { slot, entry }
    }

    fn poll(&self, task: &Task, seen: Option<ReadyEvent>) -> Waited {
        // SAFETY: the box stays until it is cancelled below; one call at a time.
        unsafe { self.slot.future_wait(&self.entry, &task.waker, seen) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.slot.cancel(&self.entry);
    }
}

#[track_caller]
fn ready(waited: Waited) -> ReadyEvent {
    match waited {
        Poll::Ready(Ok(event)) => event,
        other => panic!("not ready: {other:?}"),
    }
}

#[test]
fn a_waiter_is_woken_once_per_event() {
    let (slot, task) = (Slot::new(), Task::new());
    assert!(poll(&slot, &task, None).is_pending());
    event(&slot, Ready::WRITABLE);
    assert_eq!(task.wakes(), 0, "it waits for the other direction");
    event(&slot, Ready::READABLE);
    assert_eq!((task.wakes(), task.held()), (1, 0));
    event(&slot, Ready::READABLE);
    assert_eq!(task.wakes(), 1, "it does not wait any more");
    assert_eq!(ready(poll(&slot, &task, None)).ready, Ready::READABLE);
}

#[test]
fn of_several_poll_style_waiters_the_last_is_woken() {
    let slot = Slot::new();
    let (first, last) = (Task::new(), Task::new());
    assert!(poll(&slot, &first, None).is_pending());
    assert!(poll(&slot, &last, None).is_pending());
    assert_eq!(first.held(), 0);
    event(&slot, Ready::READABLE);
    assert_eq!((first.wakes(), last.wakes()), (0, 1));
}

/// As the only poll-style waiter for reading.
fn poll_alone(slot: &Slot, task: &Task, seen: Option<ReadyEvent>) -> Waited {
    // SAFETY: one thread, and no call inside another.
    unsafe { slot.poll_wait_alone(Direction::Read, &task.waker, seen) }
}

#[test]
fn a_waiter_alone_is_woken_once_per_event_and_may_change_its_waker() {
    let slot = Slot::new();
    let (first, last) = (Task::new(), Task::new());
    assert!(poll_alone(&slot, &first, None).is_pending());
    assert!(poll_alone(&slot, &first, None).is_pending());
    assert_eq!(first.held(), 1, "the same waker is not cloned again");
    assert!(poll_alone(&slot, &last, None).is_pending());
    assert_eq!((first.held(), last.held()), (0, 1));
    event(&slot, Ready::READABLE);
    event(&slot, Ready::READABLE);
    assert_eq!((first.wakes(), last.wakes(), last.held()), (0, 1, 0));
    let told = ready(poll_alone(&slot, &last, None));
    assert!(poll_alone(&slot, &last, Some(told)).is_pending(), "used up");
    event(&slot, Ready::READABLE);
    let again = ready(poll_alone(&slot, &last, Some(told)));
    assert_ne!(told, again, "a later event is another one");
}

#[test]
fn any_number_of_futures_and_a_poll_style_waiter_are_all_woken() {
    let slot = Slot::new();
    let tasks: Vec<Task> = (0..40).map(|_| Task::new()).collect();
    let futures: Vec<_> = tasks.iter().map(|_| Waiting::new(&slot, Interest::READABLE)).collect();
    for (future, task) in futures.iter().zip(&tasks) {
        assert!(future.poll(task, None).is_pending());
    }
    let polled = Task::new();
    assert!(poll(&slot, &polled, None).is_pending());
    event(&slot, Ready::READ_CLOSED);
    assert_eq!(polled.wakes(), 1);
    for (future, task) in futures.iter().zip(&tasks) {
        assert_eq!((task.wakes(), task.held()), (1, 0));
        assert_eq!(ready(future.poll(task, None)).ready, Ready::READ_CLOSED);
    }
}

#[test]
fn an_event_wakes_only_those_listed_futures_that_it_satisfies() {
    let slot = Slot::new();
    let interests = [
        Interest::PRIORITY,
        Interest::READABLE | Interest::WRITABLE,
        Interest::ERROR,
        Interest::WRITABLE | Interest::ERROR,
    ];
    let tasks = interests.map(|_| Task::new());
    let futures = interests.map(|interest| Waiting::new(&slot, interest));
    for (future, task) in futures.iter().zip(&tasks) {
        assert!(future.poll(task, None).is_pending());
    }
    let wakes = || tasks.each_ref().map(Task::wakes);
    event(&slot, Ready::READABLE);
    assert_eq!(wakes(), [0, 1, 0, 0]);
    event(&slot, Ready::WRITABLE);
    assert_eq!(wakes(), [0, 1, 0, 1]);
    event(&slot, Ready::ERROR);
    assert_eq!(wakes(), [0, 1, 1, 1]);
    event(&slot, Ready::PRIORITY);
    assert_eq!(wakes(), [1, 1, 1, 1]);
    drop(futures);
    assert!(tasks.iter().all(|task| task.held() == 0));
}

#[test]
fn a_dropped_future_leaves_no_waker_behind() {
    let slot = Slot::new();
    let (in_cell, listed) = (Task::new(), Task::new());
    let first = Waiting::new(&slot, Interest::READABLE);
    let second = Waiting::new(&slot, Interest::READABLE);
    let middle = Waiting::new(&slot, Interest::READABLE);
    assert!(first.poll(&in_cell, None).is_pending());
    assert!(second.poll(&listed, None).is_pending());
    assert!(middle.poll(&listed, None).is_pending());
    drop(middle);
    drop(second);
    assert_eq!((in_cell.held(), listed.held()), (1, 0));
    drop(first);
    assert_eq!(in_cell.held(), 0);
    event(&slot, Ready::ALL);
    assert_eq!((in_cell.wakes(), listed.wakes()), (0, 0));
}

#[test]
fn a_future_that_was_woken_takes_nothing_from_the_next_when_dropped() {
    let slot = Slot::new();
    let (old, new) = (Task::new(), Task::new());
    let first = Waiting::new(&slot, Interest::READABLE);
    assert!(first.poll(&old, None).is_pending());
    event(&slot, Ready::READABLE);
    slot.clear(slot.word().ready_event(Ready::ALL));
    let second = Waiting::new(&slot, Interest::READABLE);
    assert!(second.poll(&new, None).is_pending());
    drop(first);
    event(&slot, Ready::READABLE);
    assert_eq!((old.wakes(), new.wakes()), (1, 1));
}

#[test]
fn a_future_polled_by_another_task_wakes_that_one() {
    for interest in [Interest::WRITABLE, Interest::WRITABLE | Interest::READABLE] {
        let slot = Slot::new();
        let (before, now) = (Task::new(), Task::new());
        let future = Waiting::new(&slot, interest);
        assert!(future.poll(&before, None).is_pending());
        assert!(future.poll(&now, None).is_pending());
        assert_eq!((before.held(), now.held()), (0, 1));
        event(&slot, Ready::WRITABLE);
        assert_eq!((before.wakes(), now.wakes()), (0, 1));
    }
}

#[test]
fn a_listed_future_waits_again_after_a_false_alarm() {
    let (slot, task) = (Slot::new(), Task::new());
    let future = Waiting::new(&slot, Interest::PRIORITY);
    assert!(future.poll(&task, None).is_pending());
    event(&slot, Ready::PRIORITY);
    let seen = ready(future.poll(&task, None));
    assert!(future.poll(&task, Some(seen)).is_pending());
    assert!(future.poll(&task, None).is_pending());
    event(&slot, Ready::PRIORITY);
    assert_eq!(task.wakes(), 2);
}

#[test]
fn an_event_between_the_try_and_the_wait_is_not_cleared() {
    let (slot, task) = (Slot::new(), Task::new());
    event(&slot, Ready::READABLE);
    let seen = ready(poll(&slot, &task, None));
    event(&slot, Ready::READABLE); // while the operation was tried, in vain
    let again = ready(poll(&slot, &task, Some(seen)));
    assert_ne!(again.tick, seen.tick);
    assert!(poll(&slot, &task, Some(again)).is_pending());
}

#[test]
fn a_closed_half_is_never_cleared() {
    let (slot, task) = (Slot::new(), Task::new());
    event(&slot, Ready::READABLE | Ready::READ_CLOSED);
    let seen = ready(poll(&slot, &task, None));
    let again = ready(poll(&slot, &task, Some(seen)));
    assert_eq!(again.ready, Ready::READ_CLOSED);
    assert_eq!(again.tick, seen.tick, "no news: who tries again and again can tell");
}

#[test]
fn a_tenant_starts_afresh() {
    let (slot, task) = (Slot::new(), Task::new());
    let token = slot.word().generation();
    assert!(poll(&slot, &task, None).is_pending());
    event(&slot, Ready::WRITABLE | Ready::WRITE_CLOSED);
    slot.depart();
    assert_eq!((task.wakes(), task.held()), (0, 0), "dropped, not woken");
    assert!(poll(&slot, &task, None).is_pending());
    slot.event(token, Ready::ALL, &mut WakeBatch::new());
    assert_eq!(task.wakes(), 0, "an event of the last tenant");
    assert_eq!(slot.word().known(Ready::ALL), Known::Nothing);
}

#[test]
fn leaked_futures_wake_nobody_once_their_source_is_gone() {
    let slot = Slot::new();
    let (in_cell, listed) = (Task::new(), Task::new());
    let leaked = [&in_cell, &listed, &listed].map(|task| {
        let entry = Box::new(Entry::new(Interest::READABLE));
        // SAFETY: it stays as long as the slot; one call at a time.
        assert!(unsafe { slot.future_wait(&entry, &task.waker, None) }.is_pending());
        entry
    });
    slot.depart();
    assert_eq!((in_cell.held(), listed.held()), (0, 0));
    event(&slot, Ready::READABLE);
    assert_eq!((in_cell.wakes(), listed.wakes()), (0, 0));
    let (next, task) = (Waiting::new(&slot, Interest::PRIORITY), Task::new());
    assert!(next.poll(&task, None).is_pending());
    event(&slot, Ready::PRIORITY);
    assert_eq!(task.wakes(), 1);
    drop(next);
    drop(leaked); // never cancelled
}

#[test]
fn nobody_waits_for_a_driver_that_is_gone() {
    let slot = Slot::new();
    let (polled, in_cell, listed) = (Task::new(), Task::new(), Task::new());
    let first = Waiting::new(&slot, Interest::READABLE);
    let second = Waiting::new(&slot, Interest::READABLE);
    assert!(poll(&slot, &polled, None).is_pending());
    assert!(first.poll(&in_cell, None).is_pending());
    assert!(second.poll(&listed, None).is_pending());
    slot.shutdown(&mut WakeBatch::new());
    for task in [&polled, &in_cell, &listed] {
        assert_eq!((task.wakes(), task.held()), (1, 0));
    }
    assert_eq!(poll(&slot, &polled, None), Poll::Ready(Err(Gone)));
    assert_eq!(first.poll(&in_cell, None), Poll::Ready(Err(Gone)));
    assert_eq!(second.poll(&listed, None), Poll::Ready(Err(Gone)));
    event(&slot, Ready::READABLE);
    let seen = slot.word().ready_event(Ready::READABLE);
    assert_eq!(poll(&slot, &polled, Some(seen)), Poll::Ready(Err(Gone)));
}

/// Runs code of the test's as soon as it is handed a waker, as a full batch would.
struct AtOnce<F: FnMut(Waker)>(F);

impl<F: FnMut(Waker)> Wakes for AtOnce<F> {
    fn push(&mut self, waker: Waker) {
        self.0(waker);
    }
    fn is_full(&self) -> bool {
        false
    }
    fn wake_all(&mut self) {}
}

#[test]
fn who_is_woken_at_once_may_wait_again_at_once() {
    let slot = Slot::new();
    let tasks = [Task::new(), Task::new(), Task::new()];
    let future = Waiting::new(&slot, Interest::READABLE);
    let listed = Waiting::new(&slot, Interest::READABLE);
    assert!(poll(&slot, &tasks[0], None).is_pending());
    assert!(future.poll(&tasks[1], None).is_pending());
    assert!(listed.poll(&tasks[2], None).is_pending());
    let mut handed_out = 0;
    let mut again = AtOnce(|waker: Waker| {
        handed_out += 1;
        assert!(handed_out <= 3, "each once");
        let seen = slot.word().ready_event(Ready::READABLE);
        assert!(poll(&slot, &tasks[0], Some(seen)).is_pending());
        assert!(future.poll(&tasks[1], None).is_pending());
        assert!(listed.poll(&tasks[2], None).is_pending());
        drop(waker);
    });
    slot.event(0, Ready::READABLE, &mut again);
    event(&slot, Ready::READABLE);
    assert_eq!(tasks.each_ref().map(Task::wakes), [1, 1, 1]);
}

/// A waker that panics where it is armed to.
struct Grenade {
    log: RefCell<Vec<&'static str>>,
    armed: StdCell<&'static str>,
}

static TABLE: RawWakerVTable = RawWakerVTable::new(
    |data| {
        let grenade = ManuallyDrop::new(grenade(data));
        grenade.pull("clone");
        RawWaker::new(Rc::into_raw((*grenade).clone()).cast(), &TABLE)
    },
    |data| grenade(data).pull("wake"),
    |data| ManuallyDrop::new(grenade(data)).pull("wake"),
    |data| grenade(data).pull("drop"),
);

/// The waker's own count.
fn grenade(data: *const ()) -> Rc<Grenade> {
    // SAFETY: made by `Rc::into_raw`; the callers above know whether the count is theirs.
    unsafe { Rc::from_raw(data.cast()) }
}

impl Grenade {
    fn new(armed: &'static str) -> (Rc<Self>, Waker) {
        let grenade = Rc::new(Self { log: RefCell::default(), armed: StdCell::new(armed) });
        let data = Rc::into_raw(grenade.clone()).cast();
        // SAFETY: the table above keeps the contract, on one thread, which these tests are.
        (grenade, unsafe { Waker::new(data, &TABLE) })
    }

    fn pull(&self, what: &'static str) {
        self.log.borrow_mut().push(what);
        assert_ne!(what, self.armed.get(), "as armed");
    }
}

#[test]
fn waiting_again_with_the_same_waker_costs_no_clone() {
    let slot = Slot::new();
    let (grenade, waker) = Grenade::new("nothing");
    for _ in 0..3 {
        assert!(slot.poll_wait(Direction::Write, &waker, None).is_pending());
    }
    let entries = [Interest::READABLE, Interest::READABLE | Interest::ERROR].map(Entry::new);
    for entry in &entries {
        for _ in 0..3 {
            // SAFETY: the array stays until both are cancelled below; one call at a time.
            let waited = unsafe { slot.future_wait(entry, &waker, None) };
            assert!(waited.is_pending());
        }
    }
    assert_eq!(*grenade.log.borrow(), ["clone"; 3]);
    entries.iter().for_each(|entry| slot.cancel(entry));
}

#[test]
fn a_waker_whose_clone_panics_changes_nothing() {
    let slot = Slot::new();
    let (_, waker) = Grenade::new("clone");
    let entry = pin!(Entry::new(Interest::READABLE));
    let entry = entry.into_ref().get_ref();
    for listed in [false, true] {
        let blocker = Waiting::new(&slot, Interest::READABLE);
        let task = Task::new();
        if listed {
            assert!(blocker.poll(&task, None).is_pending());
        }
        let before = slot.word();
        let polled = || slot.poll_wait(Direction::Read, &waker, None);
        assert!(catch_unwind(AssertUnwindSafe(polled)).is_err());
        // SAFETY: pinned, and cancelled below; one call at a time.
        let awaited = || unsafe { slot.future_wait(entry, &waker, None) };
        assert!(catch_unwind(AssertUnwindSafe(awaited)).is_err());
        assert_eq!(slot.word(), before);
    }
    slot.cancel(entry);
}

#[test]
fn a_waker_whose_drop_panics_is_gone_by_then() {
    let slot = Slot::new();
    let (grenade, waker) = Grenade::new("drop");
    // Replaced by another: the panic comes when that one waits already.
    assert!(slot.poll_wait(Direction::Read, &waker, None).is_pending());
    let task = Task::new();
    let replaced = catch_unwind(AssertUnwindSafe(|| poll(&slot, &task, None)));
    assert!(replaced.is_err());
    event(&slot, Ready::READABLE);
    assert_eq!(task.wakes(), 1);

    // Left behind by a tenant.
    slot.clear(slot.word().ready_event(Ready::ALL));
    assert!(slot.poll_wait(Direction::Read, &waker, None).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| slot.depart())).is_err());
    assert!(poll(&slot, &task, None).is_pending());

    // Cancelled, from the cell and from the list.
    for interest in [Interest::READABLE, Interest::PRIORITY] {
        let entry = pin!(Entry::new(interest));
        let entry = entry.into_ref().get_ref();
        // SAFETY: pinned, and cancelled below; one call at a time.
        let waited = unsafe { slot.future_wait(entry, &waker, None) };
        assert!(waited.is_pending());
        let cancelled = catch_unwind(AssertUnwindSafe(|| slot.cancel(entry)));
        assert!(cancelled.is_err());
        slot.cancel(entry); // nothing is left to cancel
    }
    assert_eq!(*grenade.log.borrow(), ["clone", "drop"].repeat(4));
    grenade.armed.set("nothing");
}

#[test]
fn a_waker_that_panics_when_woken_keeps_nobody_else_asleep() {
    let slot = Slot::new();
    let (_, waker) = Grenade::new("wake");
    let task = Task::new();
    assert!(slot.poll_wait(Direction::Read, &waker, None).is_pending());
    let future = Waiting::new(&slot, Interest::READABLE);
    assert!(future.poll(&task, None).is_pending());
    event(&slot, Ready::READABLE);
    assert_eq!(task.wakes(), 1);
}
