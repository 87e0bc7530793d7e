//! A driver that several workers share: whose wheel, who is called, and who fires.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::Waker;

use rt_task::base::clock::Pausable;
use rt_task::base::context::Env;
use rt_task::base::driver::WakeBatch;

use super::*;
use crate::support::{Count, at_home, ms, panic_of, poll, poll_with};
use crate::{Duration, Sleep};

/// Three workers, without their threads.
struct Rig {
    clock: Pausable,
    driver: Driver,
    handle: Handle,
    calls: Arc<AtomicUsize>,
}

const WORKERS: u16 = 3;

impl Rig {
    fn new() -> Self {
        let clock = Pausable::new();
        clock.pause().unwrap();
        let (driver, handle) = Driver::shared(clock.clone(), WORKERS);
        let calls = Arc::<AtomicUsize>::default();
        let rig = Self { clock, driver, handle, calls };
        let count = rig.calls.clone();
        rig.handle.set_owner(rig.home(), Arc::new(move || _ = count.fetch_add(1, Relaxed)));
        rig
    }

    fn home(&self) -> *const () {
        Arc::as_ptr(&self.calls).cast()
    }

    /// Runs `f` as the thread of that worker does.
    fn on<R>(&self, worker: u16, f: impl FnOnce() -> R) -> R {
        at_home(Env::new(), self.home(), worker, |_| f()).expect("not nested")
    }

    fn armed_on(&self, worker: u16, ahead: u64) -> Pin<Box<Sleep>> {
        let mut sleep = Box::pin(self.handle.sleep(ms(ahead)));
        assert!(self.on(worker, || poll(sleep.as_mut())).is_pending());
        sleep
    }

    /// How many timers each wheel holds.
    fn wheels(&self) -> [usize; 3] {
        let stamp = self.driver.stamp;
        [0, 1, 2].map(|shard| stamp.group.shard(shard).armed(stamp.generation))
    }

    fn at(&self, ahead: u64) -> Option<Nanos> {
        Some(self.clock.now().saturating_add(ms(ahead)))
    }

    fn turn(&mut self) {
        self.driver.advance(self.clock.now(), &mut WakeBatch::new());
    }

    fn pass(&mut self, ahead: u64) {
        self.clock.advance(ms(ahead)).unwrap();
        self.turn();
    }

    fn calls(&self) -> usize {
        self.calls.swap(0, Relaxed)
    }
}

#[test]
fn a_timer_goes_to_the_wheel_of_the_worker_that_polls_it() {
    let mut rig = Rig::new();
    let mut sleep = rig.on(1, || Box::pin(rig.handle.sleep(ms(5))));
    assert!(rig.on(2, || poll(sleep.as_mut())).is_pending());
    assert_eq!(rig.wheels(), [0, 0, 1], "not where it was made");
    assert!(rig.on(1, || poll(sleep.as_mut())).is_pending());
    assert_eq!(rig.wheels(), [0, 0, 1], "it stays while it is armed");
    let later = rig.handle.now() + ms(9);
    rig.on(0, || sleep.as_mut().reset(later));
    assert_eq!(rig.wheels(), [0, 0, 1]);
    rig.pass(9);
    assert!(sleep.is_elapsed());
    let later = rig.handle.now() + ms(9);
    rig.on(0, || sleep.as_mut().reset(later));
    assert!(rig.on(1, || poll(sleep.as_mut())).is_pending());
    assert_eq!(rig.wheels(), [0, 1, 0], "armed anew, it goes where it is polled");
}

#[test]
fn threads_from_elsewhere_use_the_first_wheel_and_wheels_are_shared_round() {
    let rig = Rig::new();
    let mut foreign = Box::pin(rig.handle.sleep(ms(5)));
    assert!(poll(foreign.as_mut()).is_pending());
    assert_eq!(rig.wheels(), [1, 0, 0]);
    let not_at_home = at_home(Env::new(), (&raw const rig).cast(), 2, |_| {
        let mut sleep = Box::pin(rig.handle.sleep(ms(5)));
        assert!(poll(sleep.as_mut()).is_pending());
        sleep
    });
    assert_eq!(rig.wheels(), [2, 0, 0]);
    let _fourth = rig.armed_on(3, 5);
    assert_eq!(rig.wheels(), [3, 0, 0]);
    let _fifth = rig.armed_on(4, 5);
    assert_eq!(rig.wheels(), [3, 1, 0]);
    drop((foreign, not_at_home));
    assert_eq!(rig.wheels(), [1, 1, 0]);
}

#[test]
fn the_driver_speaks_for_all_wheels() {
    let mut rig = Rig::new();
    assert_eq!(rig.driver.next(), None);
    assert_eq!(rig.driver.before_wait(None), None);
    rig.driver.after_wait();
    let (woken, waker) = Count::new();
    let mut sleeps = [30, 10, 20].map(|ahead| Box::pin(rig.handle.sleep(ms(ahead))));
    for (worker, sleep) in sleeps.iter_mut().enumerate() {
        assert!(rig.on(worker as u16, || poll_with(sleep.as_mut(), &waker)).is_pending());
    }
    assert_eq!(rig.handle.armed(), 3);
    for (nth, ahead) in [10, 10, 10].into_iter().enumerate() {
        assert_eq!(rig.driver.next(), rig.at(ahead));
        assert_eq!(rig.driver.before_wait(None), rig.at(ahead));
        assert_eq!(rig.driver.before_wait(rig.at(3)), rig.at(3), "no longer than it was told");
        rig.driver.after_wait();
        rig.pass(ahead - 1);
        assert_eq!(woken.woken(), nth);
        rig.pass(1);
        assert_eq!(woken.woken(), nth + 1);
    }
    assert_eq!((rig.driver.next(), rig.handle.armed()), (None, 0));
}

#[test]
fn arming_calls_nobody_while_nobody_waits() {
    let mut rig = Rig::new();
    for ahead in [9, 5, 1] {
        drop(rig.armed_on(1, ahead));
    }
    rig.driver.before_wait(None);
    rig.driver.after_wait();
    let _sleep = rig.armed_on(2, 5);
    let _ = rig.driver.next(); // of a turn that does not wait
    drop(rig.armed_on(1, 1));
    let mut foreign = Box::pin(rig.handle.sleep(ms(1)));
    assert!(poll(foreign.as_mut()).is_pending());
    assert_eq!(rig.calls(), 0);
}

#[test]
fn who_waits_is_called_once_and_only_for_earlier_timers() {
    let mut rig = Rig::new();
    let _waited_for = rig.armed_on(0, 100);
    rig.driver.before_wait(None);
    for _ in 0..10 {
        drop(rig.armed_on(1, 100));
        drop(rig.armed_on(2, 2000));
    }
    assert_eq!(rig.calls(), 0, "none was earlier");
    for _ in 0..10 {
        drop(rig.armed_on(1, 99));
        drop(rig.armed_on(2, 3));
    }
    assert_eq!(rig.calls(), 1, "it has not looked since");
    rig.driver.after_wait();
    rig.driver.before_wait(None);
    let mut reset = rig.armed_on(1, 1000);
    assert_eq!(rig.calls(), 0);
    let earlier = rig.handle.now() + ms(50);
    reset.as_mut().reset(earlier);
    assert_eq!(rig.calls(), 1, "a reset counts, on any thread");
}

#[test]
fn who_waits_for_a_bounded_time_is_called_for_what_comes_before_its_end() {
    let mut rig = Rig::new();
    // Between two ticks: the timer of the second one has time until after the wait.
    let until = rig.clock.now().saturating_add(ms(9) + Duration::from_micros(1));
    rig.driver.before_wait(Some(until));
    drop(rig.armed_on(1, 10));
    assert_eq!(rig.calls(), 0);
    drop(rig.armed_on(1, 9));
    assert_eq!(rig.calls(), 1);
}

#[test]
fn one_worker_alone_may_be_waited_for_by_another_thread() {
    let clock = Pausable::new();
    let (mut driver, handle) = Driver::shared(clock, 1);
    let calls = Arc::<AtomicUsize>::default();
    let (count, home) = (calls.clone(), Arc::as_ptr(&calls).cast());
    handle.set_owner(home, Arc::new(move || _ = count.fetch_add(1, Relaxed)));
    driver.before_wait(None);
    let mut sleep = Box::pin(handle.sleep(ms(5)));
    let polled = at_home(Env::new(), home, 0, |_| poll(sleep.as_mut()));
    assert!(polled.unwrap().is_pending());
    assert_eq!(calls.load(Relaxed), 1);
}

#[test]
fn the_end_is_told_to_the_timers_of_all_wheels() {
    let rig = Rig::new();
    let (woken, waker) = Count::new();
    let mut sleeps: Vec<_> = (0..100).map(|_| Box::pin(rig.handle.sleep(ms(5)))).collect();
    for (n, sleep) in sleeps.iter_mut().enumerate() {
        assert!(rig.on(n as u16 % 3, || poll_with(sleep.as_mut(), &waker)).is_pending());
    }
    let Rig { driver, handle, .. } = rig;
    drop(driver);
    assert_eq!((woken.woken(), handle.armed()), (100, 0));
    for sleep in &mut sleeps {
        assert!(panic_of(|| poll_with(sleep.as_mut(), Waker::noop())).contains("has shut down"));
    }
}

#[test]
fn a_driver_without_workers_is_refused() {
    let refused = panic_of(|| Driver::shared(Pausable::new(), 0));
    assert!(refused.contains("`Driver::shared` needs a worker"), "{refused}");
}

#[test]
fn shards_are_used_again_by_drivers_of_the_same_size() {
    // As many as no other test has.
    let group = || std::ptr::from_ref(Driver::shared(Pausable::new(), 13).0.stamp.group);
    let first = group();
    let (other, _handle) = Driver::shared(Pausable::new(), 14);
    assert_ne!(first, std::ptr::from_ref(other.stamp.group));
    assert!((0..100).all(|_| group() == first), "the process grows with each");
}
