//! Real threads on a clock that runs: workers arm, drop and reset each other's timers, while the driver
//! goes from hand to hand.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex};
use std::thread;

use rt_task::base::clock::Monotonic;
use rt_task::base::context::{self, Env};
use rt_task::base::driver::{Driver as _, Stack, Until, WakeBatch};
use rt_task::base::park::{RoamingPark, RoamingUnpark};
use rt_task::base::rng::FastRng;
use rt_task::base::seam::{Unpark, Wakes};

use crate::support::{Count, at_home, poll_with};
use crate::{Driver, Duration, Handle, Sleep};

type Timers = Stack<RoamingPark, Driver, Monotonic>;
type Bag = Mutex<Vec<Pin<Box<Sleep>>>>;

const WORKERS: u16 = 3;
const ROUNDS: usize = 50_000;
/// Much later than any timer: the test takes that long only if one was missed.
const MISSED: Duration = Duration::from_secs(60);

struct Rig {
    timers: Mutex<Timers>,
    unparker: RoamingUnpark,
    handle: Handle,
    /// Armed by one worker, dropped or reset by another.
    bag: Bag,
    woken: Arc<Count>,
    calls: Arc<AtomicUsize>,
    done: AtomicBool,
}

impl Rig {
    fn new() -> Self {
        let clock = Monotonic::new();
        let (driver, handle) = Driver::shared(clock, WORKERS);
        let timers = Stack::new(RoamingPark::new(), driver, clock);
        let (unparker, calls) = (timers.unparker(), Arc::<AtomicUsize>::default());
        let (count, calling) = (calls.clone(), unparker.clone());
        let call = move || {
            count.fetch_add(1, Relaxed);
            calling.unpark();
        };
        handle.set_owner(Arc::as_ptr(&calls).cast(), Arc::new(call));
        let (bag, woken, done) = (Mutex::default(), Arc::default(), AtomicBool::new(false));
        Self { timers: Mutex::new(timers), unparker, handle, bag, woken, calls, done }
    }

    fn turn(timers: &mut Timers, until: Until) {
        let mut batch = WakeBatch::new();
        timers.turn(until, &mut batch).unwrap();
        batch.wake_all();
    }

    /// What worker `worker` does.
    fn work(&self, worker: u16) {
        let home = Arc::as_ptr(&self.calls).cast();
        let run = |_: &context::Ctx| {
            let random = FastRng::new(u64::from(worker) + 1);
            for round in 0..ROUNDS {
                self.round(&random);
                let timers = (round % 61 == 0).then(|| self.timers.try_lock());
                if let Some(Ok(mut timers)) = timers {
                    Self::turn(&mut timers, Until::Now);
                }
            }
        };
        at_home(Env::new(), home, worker, run).unwrap();
    }

    fn round(&self, random: &FastRng) {
        let span = Duration::from_micros(u64::from(random.next() % 3000));
        let waker = self.woken.clone().into();
        let known = self.bag.lock().unwrap().pop_if(|_| !random.next().is_multiple_of(4));
        let mut sleep = match known {
            None => Box::pin(self.handle.sleep(span)),
            Some(mut sleep) => {
                let early = sleep.is_elapsed() && self.handle.now() < sleep.deadline();
                assert!(!early, "early");
                match random.next() % 3 {
                    0 => return drop(sleep),
                    1 => sleep.as_mut().reset(self.handle.now() + span),
                    _ => {}
                }
                sleep
            }
        };
        let _ = poll_with(sleep.as_mut(), &waker);
        let mut bag = self.bag.lock().unwrap();
        let at = random.next() as usize % (bag.len() + 1);
        bag.push(sleep);
        let last = bag.len() - 1;
        bag.swap(at, last);
    }

    /// What a worker does that has nothing to run: waits in the driver, until all is over.
    fn wait(&self) {
        let begun = self.handle.now();
        while !self.done.load(Acquire) || self.handle.armed() != 0 {
            Self::turn(&mut self.timers.lock().unwrap(), Until::Within(MISSED));
            assert!(self.handle.now() - begun < MISSED, "a timer was missed");
        }
    }
}

#[test]
fn workers_drop_and_reset_each_others_timers() {
    let rig = Rig::new();
    thread::scope(|scope| {
        let waiters = [(); 2].map(|()| scope.spawn(|| rig.wait()));
        let shared = &rig;
        let workers = [0, 1, 2].map(|worker| scope.spawn(move || shared.work(worker)));
        for worker in workers {
            worker.join().unwrap();
        }
        rig.done.store(true, Release);
        // Not called before: what is left is fired by its time alone.
        while rig.handle.armed() != 0 && !waiters.iter().any(|waiter| waiter.is_finished()) {
            thread::yield_now();
        }
        for waiter in waiters {
            while !waiter.is_finished() {
                rig.unparker.unpark();
                thread::yield_now();
            }
            waiter.join().unwrap();
        }
    });
    let left = rig.bag.into_inner().unwrap();
    assert!(left.iter().all(|sleep| sleep.is_elapsed()), "all fired, but what was dropped");
    assert!(rig.woken.woken() > 0);
    drop(left);
    assert_eq!(Arc::strong_count(&rig.woken), 1, "no waker is left anywhere");
    assert!(rig.calls.load(Relaxed) < 3 * ROUNDS, "one wait is called once");
}
