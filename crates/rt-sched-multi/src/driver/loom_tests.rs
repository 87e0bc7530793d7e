//! The Claims of the driver's slot, over every interleaving.

use rt_task::base::shim::{Arc, AtomicBool, thread};

use super::*;
use crate::idle::{Idle, Sleep, Watches};
use crate::models::both_ways;

/// Turns it once, if it is to be had.
fn turn_once(slot: &DriverSlot<u32>) -> u32 {
    let Some(mut held) = slot.try_hold() else { return 0 };
    assert!(slot.is_held());
    // The slot's own cell tells when two are in here, or one does not see what another did.
    held.with(|turns| *turns += 1);
    held.with(|_| 1)
}

#[test]
fn one_driver() {
    both_ways(|turn| {
        let slot = Arc::new(DriverSlot::new(0));
        let others = [(); 2].map(|()| {
            let slot = slot.clone();
            thread::spawn(move || turn_once(&slot))
        });
        turn();
        let mut turns = turn_once(&slot);
        for other in others {
            turns += other.join().unwrap();
        }
        assert!(turns > 0, "it was free");
        assert!(!slot.is_held());
        assert_eq!(slot.try_hold().and_then(Held::retire), Some(turns));
    });
}

/// One takes it out while another turns it or looks.
#[test]
fn one_driver_until_it_is_gone() {
    both_ways(|turn| {
        let slot = Arc::new(DriverSlot::new(0));
        let other = {
            let slot = slot.clone();
            thread::spawn(move || turn_once(&slot))
        };
        turn();
        let gone = slot.try_hold().and_then(Held::retire);
        let turns = other.join().unwrap();
        match gone {
            Some(seen) => assert!(seen == turns && slot.try_hold().is_none() && slot.is_held()),
            None => assert!(turns == 1 && !slot.is_held()),
        }
    });
}

/// Where two workers wait, and what calls them.
struct Waiting {
    idle: Idle,
    driver: DriverSlot<()>,
    /// What the driver's unpark leaves.
    driver_called: AtomicBool,
    driver_thread: std::sync::Mutex<Option<thread::Thread>>,
}

impl Waiting {
    /// As `Core::wait`: sleeps in the driver if it is free, else in the thread, and hears only what is
    /// meant for who waits there.
    fn sleep(&self, worker: usize) {
        let held = self.driver.try_hold();
        if let Some(held) = &held {
            *self.driver_thread.lock().unwrap() = Some(thread::current());
            held.waits(worker);
        }
        let Sleep::Asleep { watch } = self.idle.sleep(worker, false, Watches::Never) else {
            return;
        };
        match held {
            Some(held) => {
                while !self.driver_called.load(Acquire) {
                    thread::park();
                }
                self.driver_called.store(false, Relaxed);
                held.waits_no_more();
            }
            None => {
                while self.idle.is_asleep(worker) {
                    thread::park();
                }
            }
        }
        self.idle.rise(worker, watch);
    }

    /// As `Shared::unpark`.
    fn unpark(&self, worker: usize, thread: &thread::Thread) {
        if self.driver.waits() == worker {
            self.driver_called.store(true, Release);
            let thread = self.driver_thread.lock().unwrap().clone();
            return thread.expect("somebody waits there").unpark();
        }
        thread.unpark();
    }
}

/// A call finds the worker where it waits: in the driver or in its thread.
#[test]
fn a_call_is_heard_where_the_worker_waits() {
    both_ways(|turn| {
        let waiting = Arc::new(Waiting {
            idle: Idle::new(2),
            driver: DriverSlot::new(()),
            driver_called: AtomicBool::new(false),
            driver_thread: std::sync::Mutex::default(),
        });
        let sleepers = [0, 1].map(|worker| {
            let waiting = waiting.clone();
            thread::spawn(move || waiting.sleep(worker))
        });
        turn();
        if let Some(worker) = waiting.idle.call(0, || waiting.driver.waits()) {
            waiting.unpark(worker, sleepers[worker].thread());
        }
        for worker in waiting.idle.close() {
            waiting.unpark(worker, sleepers[worker].thread());
        }
        for sleeper in sleepers {
            sleeper.join().unwrap();
        }
        assert!(!waiting.driver.is_held());
    });
}

/// Workers that fall asleep at the same time, as `Core::fall_asleep` does: one of them in the driver.
#[test]
fn somebody_waits_in_the_driver_when_all_sleep() {
    struct Falling {
        idle: Idle,
        driver: DriverSlot<u32>,
    }
    impl Falling {
        /// Whether it sleeps in the driver.
        fn sleep(&self, worker: usize) -> bool {
            turn_once(&self.driver);
            loop {
                let is_last = self.idle.sleepers() + 1 >= 2;
                let held = if is_last { self.driver.try_hold() } else { None };
                let Sleep::Asleep { watch } = self.idle.sleep(worker, false, Watches::Never) else {
                    unreachable!("nobody closes it")
                };
                match held {
                    Some(held) => {
                        std::mem::forget(held);
                        return true;
                    }
                    None if self.idle.sleepers() == 2 && !self.driver.is_held() => {
                        self.idle.rise(worker, watch);
                    }
                    None => return false,
                }
            }
        }
    }
    both_ways(|turn| {
        let falling = Arc::new(Falling { idle: Idle::new(2), driver: DriverSlot::new(0) });
        let other = {
            let falling = falling.clone();
            thread::spawn(move || falling.sleep(1))
        };
        turn();
        let here = falling.sleep(0);
        assert!(here != other.join().unwrap(), "one of them");
    });
}
