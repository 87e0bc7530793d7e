//! The Claims of `Notify`, over every interleaving.

use rt_task::base::shim::{Arc, UnsafeCell, model, thread};

use crate::Notify;
use crate::kit::Polled;

/// A value that one thread writes before it tells, and the one that was told reads: a race unless ordered.
struct Shared {
    notify: Notify,
    value: UnsafeCell<u32>,
}

// SAFETY: the value is written before it is told, and read after.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

impl Shared {
    fn new() -> Arc<Self> {
        Arc::new(Self { notify: Notify::new(), value: UnsafeCell::new(0) })
    }

    fn write(&self) {
        // SAFETY: nobody reads before it was told.
        self.value.with_mut(|value| unsafe { *value = 5 });
    }

    fn read(&self) {
        // SAFETY: told, hence written, and written no more.
        self.value.with(|value| assert_eq!(unsafe { *value }, 5));
    }
}

/// A notification is a permit, or it wakes; and hands over what was written before.
#[test]
fn permit_or_wake() {
    model(|| {
        let shared = Shared::new();
        let teller = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.write();
                shared.notify.notify_one();
            })
        };
        let mut wait = Polled::new(shared.notify.notified());
        let is_told = wait.is_ready() || wait.is_ready();
        if is_told {
            shared.read();
        }
        teller.join().unwrap();
        if !is_told {
            assert_eq!(wait.wakes(), 1, "told, hence woken");
            assert!(wait.is_ready());
            shared.read();
        }
    });
}

/// Two wait, one is told and dropped, as may be: the other one is told, or a permit is left.
#[test]
fn hands_on() {
    model(|| {
        let shared = Shared::new();
        let mut given_up = Polled::new(shared.notify.notified());
        let mut kept = Polled::new(shared.notify.notified());
        assert!(!given_up.is_ready());
        assert!(!kept.is_ready());
        let teller = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.write();
                shared.notify.notify_one();
            })
        };
        drop(given_up); // unlinks itself, or hands on
        teller.join().unwrap();
        assert_eq!(kept.wakes(), 1);
        assert!(kept.is_ready());
        shared.read();
    });
}

/// Made before the call to all, it is told by it: fresh, coming to wait, or waiting.
#[test]
fn waiters_see_the_call() {
    // A second look would find out what the first has missed.
    for looks in [1, 2] {
        model(move || {
            let shared = Shared::new();
            let mut wait = Polled::new(shared.notify.notified());
            let teller = {
                let shared = shared.clone();
                thread::spawn(move || {
                    shared.write();
                    shared.notify.notify_waiters();
                })
            };
            let is_told = (0..looks).any(|_| wait.is_ready());
            if is_told {
                shared.read();
            }
            teller.join().unwrap();
            assert!(is_told || wait.wakes() == 1);
            assert!(wait.is_ready());
            shared.read();
            drop(wait);
            let mut late = Polled::new(shared.notify.notified());
            assert!(!late.is_ready(), "no permit is left");
        });
    }
}

/// Enabled, it is told by one or by all; a permit that it took is nobody else's; dropped, it hands on.
#[test]
fn enabled_is_told() {
    for all in [false, true] {
        model(move || {
            let shared = Shared::new();
            let teller = {
                let shared = shared.clone();
                thread::spawn(move || {
                    shared.write();
                    match all {
                        true => shared.notify.notify_waiters(),
                        false => shared.notify.notify_one(),
                    }
                })
            };
            let mut wait = Polled::new(shared.notify.notified());
            let was_told = wait.future().enable();
            if was_told {
                shared.read();
            }
            teller.join().unwrap();
            if !all {
                assert!(wait.future().enable());
                shared.read();
            }
            let is_told = wait.future().enable();
            drop(wait);
            let left = Polled::new(shared.notify.notified()).future().enable();
            assert!(!left, "said so, hence not handed on ({is_told})");
        });
    }
}

/// The only one that waits is dropped: the notification is a permit then, whichever comes first.
#[test]
fn a_notification_outlives_who_waited() {
    model(|| {
        let shared = Shared::new();
        let mut given_up = Polled::new(shared.notify.notified());
        assert!(!given_up.is_ready());
        let teller = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.write();
                shared.notify.notify_one();
            })
        };
        drop(given_up);
        teller.join().unwrap();
        assert!(Polled::new(shared.notify.notified()).is_ready());
        assert!(!Polled::new(shared.notify.notified()).is_ready(), "one permit");
        shared.read();
    });
}
