//! How a worker waits: the core's half of the protocol of [`idle`](crate::idle).

use std::mem;
use std::time::Duration;

use rt_task::base::driver::{Driver, Until};
use rt_task::base::park::park_until;
use rt_task::base::shim::Ordering::*;

use crate::core::{Core, End};
use crate::driver::Held;
use crate::idle::{Sleep, Watches};
use crate::queue::{LocalQueue, Queues};
use crate::watch::Watched;

impl<D: Driver + Send + 'static, Q: Queues> Core<'_, D, Q> {
    /// Waits for something to do. See the protocol of [`idle`](crate::idle).
    pub(crate) fn wait(&mut self) -> Option<End> {
        self.measure();
        if self.was_called && self.searching {
            let Self { look, shared, index, .. } = self;
            look.around(|| true, || shared.has_work_beside(*index));
            if self.shared.has_work_beside(self.index) {
                return None;
            }
        }
        self.shared.config.thread_parks();
        // What the hook woke or spawned is here.
        let end = match self.own().local.is_empty() {
            true => self.fall_asleep(),
            false => None,
        };
        self.shared.config.thread_unparks();
        end
    }

    fn fall_asleep(&mut self) -> Option<End> {
        let workers = self.shared.workers.len();
        // Anew each time: a thread that takes its worker back comes after others who sat here.
        self.worker.sits(self.seat);
        // While others are awake, they turn the driver: whoever of them is ready next hands out what it
        // holds for that one's sake, and sleeps in it last. Else two workers would take turns, and
        // each event go by way of the other's thread.
        let is_last = self.shared.idle.sleepers() + 1 >= workers;
        let takes_driver = is_last || mem::take(&mut self.is_wanted_in_driver);
        let driver = if takes_driver { self.shared.driver.try_hold() } else { None };
        if let Some(driver) = &driver {
            driver.waits(self.index);
        }
        // D2
        let watches = match workers {
            1 => Watches::Never,
            _ if self.called_in_vain => Watches::Always,
            _ => Watches::OthersAwake,
        };
        let watch = match self.shared.idle.sleep(self.index, self.searching, watches) {
            Sleep::Asleep { watch } => watch,
            Sleep::Closed => {
                if let Some(driver) = driver {
                    self.release(driver, false);
                }
                self.stop_searching();
                return Some(End::Closed);
            }
        };
        // D3. Who was not let search leaves the others' queues to those who were: it would be refused
        // again, and go round for as long as they take. What is queued there has a worker awake.
        let work = match mem::take(&mut self.searching) {
            true => self.shared.has_work_beside(self.index),
            false => self.shared.has_shared(),
        };
        // All asleep, and none in the driver: several fell asleep at the same time.
        let overlooked = work
            || (driver.is_none()
                && self.shared.idle.sleepers() == workers
                && !self.shared.driver.is_held());
        if !overlooked {
            self.sleep(driver, watch);
        } else {
            if let Some(driver) = driver {
                self.release(driver, false);
            }
            self.rise(watch, false);
        }
        None
    }

    /// D4.
    fn sleep(&mut self, driver: Option<Held<'_, D>>, watch: bool) {
        self.worker.counters.parks.add(1);
        if self.called_in_vain {
            self.worker.counters.noop_wakes.add(1);
        }
        if watch {
            self.watch.renew(self.shared);
        }
        let drove = driver.is_some();
        let watch = match driver {
            Some(driver) => self.wait_in_driver(driver, watch),
            None => self.wait_in_thread(watch),
        };
        if drove {
            self.worker.counters.left_driver.add(1);
        }
        self.rise(watch, drove);
        self.worker.counters.unparks.add(1);
        self.pace.restart(self.worker.counters.polls.read());
        let called_at = self.worker.called_at.load(Relaxed);
        if called_at != 0 {
            self.worker.called_at.store(0, Relaxed);
            self.shared.latency.learn(self.pace.since().0.saturating_sub(called_at));
        }
    }

    /// Waits for an event, a timer or a call. Returns whether it is still the one that watches.
    fn wait_in_driver(&mut self, mut driver: Held<'_, D>, mut watch: bool) -> bool {
        loop {
            let until = if watch { Until::Within(WATCH) } else { Until::Event };
            let broken = self.turn(&mut driver, until);
            let idle =
                !broken && self.shared.idle.is_asleep(self.index) && self.own().local.is_empty();
            if !idle || !watch {
                self.release(driver, broken);
                return watch;
            }
            match self.look_after(true, WATCH) {
                Watched::Work => {
                    self.release(driver, false);
                    return watch;
                }
                Watched::Nothing => {}
                Watched::Quiet => watch = false,
            }
        }
    }

    /// Waits for a call. Returns whether it is still the one that watches.
    fn wait_in_thread(&mut self, mut watch: bool) -> bool {
        // The driver is left to those who are awake, for as long as they can be expected to come to it.
        let mut bound = if self.shared.driver.is_held() { WATCH } else { GRACE };
        loop {
            let asleep = || self.shared.idle.is_asleep(self.index);
            park_until(&self.seat.token, watch.then_some(bound), || !asleep());
            if !asleep() {
                return watch;
            }
            match self.look_after(false, bound) {
                Watched::Work => return watch,
                Watched::Nothing => {}
                Watched::Quiet => watch = false,
            }
            bound = WATCH;
        }
    }

    /// D5. Who `drove` leaves the driver to nobody, and who was to `watch` leaves others unwatched, if others
    /// are awake: one of those asleep has to see to it.
    fn rise(&mut self, watch: bool, drove: bool) {
        let risen = self.shared.idle.rise(self.index, watch);
        self.searching = risen.called;
        self.was_called = risen.called;
        self.called_in_vain = risen.called;
        let others_awake = || self.shared.idle.sleepers() + 1 < self.shared.workers.len();
        if risen.unwatched && (drove || (watch && others_awake())) {
            self.shared.call_to_watch(self.index);
        }
    }
}

/// How long a worker waits that wakes by itself, to see after those in a long poll.
pub(crate) const WATCH: Duration = Duration::from_millis(3);
/// How long a worker that falls asleep leaves the driver to those who are awake.
const GRACE: Duration = Duration::from_micros(200);
