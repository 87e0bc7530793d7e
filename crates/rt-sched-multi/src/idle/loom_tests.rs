//! The Claims of the idle word, over every interleaving.
//!
//! The workers here do what `Core::wait` does, with a count in place of the queues. The count is
//! changed and read with no order of its own: all that keeps a push from being overlooked is the word.

use rt_task::base::shim::{Arc, AtomicBool, AtomicUsize, UnsafeCell, thread};

use super::*;
use crate::models::both_ways;

/// For [`Idle::call`]: all are alike.
fn nobody() -> usize {
    usize::MAX
}

/// What is pushed from outside, and the threads of those who look for it.
struct Inbox {
    idle: Idle,
    pushed: AtomicUsize,
    left: AtomicUsize,
    /// Not modelled: orders nothing.
    threads: std::sync::Mutex<Vec<(usize, thread::Thread)>>,
}

impl Inbox {
    fn new(workers: usize, pushes: usize) -> Arc<Self> {
        Arc::new(Self {
            idle: Idle::new(workers),
            pushed: AtomicUsize::new(0),
            left: AtomicUsize::new(pushes),
            threads: std::sync::Mutex::default(),
        })
    }

    fn unpark(&self, worker: usize) {
        let threads = self.threads.lock().unwrap();
        let thread = threads.iter().find(|(at, _)| *at == worker).map(|(_, it)| it.clone());
        drop(threads);
        thread.expect("who is called waits").unpark();
    }

    /// C1 to C3.
    fn push(&self) {
        self.pushed.fetch_add(1, Relaxed);
        if let Some(worker) = self.idle.call_after_push(nobody) {
            self.unpark(worker);
        }
    }

    /// D1. Who takes the last closes the word.
    fn take(&self) -> bool {
        let mut pushed = self.pushed.load(Relaxed);
        while pushed > 0 {
            match self.pushed.compare_exchange(pushed, pushed - 1, Relaxed, Relaxed) {
                Ok(_) => return true,
                Err(changed) => pushed = changed,
            }
        }
        false
    }

    /// What a worker does. `may_search`: it looks for work elsewhere before it sleeps.
    fn work(&self, worker: usize, may_search: bool) {
        self.threads.lock().unwrap().push((worker, thread::current()));
        let mut searching = false;
        loop {
            searching = searching || may_search && self.idle.start_searching(worker);
            if self.take() {
                if searching {
                    self.idle.found(worker);
                }
                if self.left.fetch_sub(1, Relaxed) == 1 {
                    self.idle.close().into_iter().for_each(|worker| self.unpark(worker));
                    return;
                }
                searching = false;
                continue;
            }
            let watch = match self.idle.sleep(worker, searching, Watches::Never) {
                Sleep::Asleep { watch } => watch,
                Sleep::Closed => break,
            };
            // D3
            if self.pushed.load(Relaxed) == 0 {
                while self.idle.is_asleep(worker) {
                    thread::park();
                }
            }
            searching = self.idle.rise(worker, watch).called;
        }
        if searching {
            self.idle.found(worker);
        }
    }

    /// All are awake, and none searches.
    fn is_quiet(&self) -> bool {
        self.idle.groups.iter().all(|group| group.word.load(Relaxed) == CLOSED)
    }
}

/// Lets the workers `at` (and whether each may search) find `pushes` from one thread.
fn all_is_found(workers: usize, at: &[(usize, bool)], pushes: usize, turn: fn()) {
    let inbox = Inbox::new(workers, pushes);
    let threads: Vec<_> = at
        .iter()
        .map(|&(worker, may_search)| {
            let inbox = inbox.clone();
            thread::spawn(move || inbox.work(worker, may_search))
        })
        .collect();
    turn();
    (0..pushes).for_each(|_| inbox.push());
    for thread in threads {
        thread.join().unwrap();
    }
    assert!(inbox.is_quiet());
}

#[test]
fn no_push_is_overlooked() {
    both_ways(|turn| all_is_found(1, &[(0, false)], 1, turn));
    both_ways(|turn| all_is_found(1, &[(0, true)], 2, turn));
}

#[test]
fn no_push_is_overlooked_by_two() {
    both_ways(|turn| all_is_found(2, &[(0, false), (1, true)], 1, turn));
}

#[test]
fn no_push_is_overlooked_by_two_groups() {
    // Workers 0 and 1 are of different words.
    both_ways(|turn| all_is_found(GROUP_MAX + 1, &[(0, false), (1, true)], 1, turn));
}

/// Two push, one by one, and one worker takes both.
#[test]
fn no_push_is_overlooked_of_two() {
    both_ways(|turn| {
        let inbox = Inbox::new(1, 2);
        let worker = {
            let inbox = inbox.clone();
            thread::spawn(move || inbox.work(0, false))
        };
        let other = {
            let inbox = inbox.clone();
            thread::spawn(move || inbox.push())
        };
        turn();
        inbox.push();
        other.join().unwrap();
        worker.join().unwrap();
        assert!(inbox.is_quiet());
    });
}

/// A note that one side writes before the word says so, and the other reads after.
struct Note(UnsafeCell<bool>);

// SAFETY: the models find out whether an access is not alone.
unsafe impl Sync for Note {}
// SAFETY: as above.
unsafe impl Send for Note {}

impl Note {
    fn new() -> Self {
        Self(UnsafeCell::new(false))
    }

    fn write(&self) {
        // SAFETY: that nobody else has access now is what the model is to find out.
        self.0.with_mut(|note| unsafe { *note = true });
    }

    fn is_written(&self) -> bool {
        // SAFETY: as in `write`.
        self.0.with(|note| unsafe { *note })
    }
}

/// Who calls sees where the sleeper waits, and who is called sees what for: nothing but the word
/// stands between the two.
#[test]
fn who_calls_and_who_is_called_see_each_other() {
    both_ways(|turn| meet(false, false, turn));
    both_ways(|turn| meet(false, true, turn));
    // It wakes by itself just when it is called.
    both_ways(|turn| meet(true, false, turn));
}

fn meet(impatient: bool, by_close: bool, turn: fn()) {
    struct Met {
        idle: Idle,
        seat: Note,
        reason: Note,
        /// Lets the sleeper look between the call and the unpark: the checker turns to another thread
        /// only where the two touch the same.
        moment: AtomicBool,
    }
    let met = Arc::new(Met {
        idle: Idle::new(2),
        seat: Note::new(),
        reason: Note::new(),
        moment: AtomicBool::new(false),
    });
    let sleeper = {
        let met = met.clone();
        thread::spawn(move || {
            met.seat.write();
            let Sleep::Asleep { watch } =
                met.idle.sleep(1, false, if impatient { Watches::Always } else { Watches::Never })
            else {
                return;
            };
            assert_eq!(watch, impatient);
            while !impatient && met.idle.is_asleep(1) {
                if !met.moment.load(Relaxed) && met.idle.is_asleep(1) {
                    thread::park();
                }
            }
            if met.idle.rise(1, watch).called {
                assert!(met.reason.is_written());
            }
        })
    };
    turn();
    met.reason.write();
    let called = !by_close && met.idle.call(0, nobody) == Some(1);
    if called || met.idle.close() == [1] {
        assert!(met.seat.is_written());
        met.moment.store(true, Relaxed);
        let _ = met.idle.glance(0); // the same, for D5
        sleeper.thread().unpark();
    }
    sleeper.join().unwrap();
    assert_eq!(met.idle.glance(0).0 & SLEEPERS, 0);
}

/// Nobody sleeps on once the word is closed, also who was about to.
#[test]
fn nobody_sleeps_through_a_close() {
    both_ways(|turn| {
        let idle = Arc::new(Idle::new(2));
        let sleepers = [0, 1].map(|worker| {
            let idle = idle.clone();
            thread::spawn(move || {
                while let Sleep::Asleep { watch } = idle.sleep(worker, false, Watches::Always) {
                    while idle.is_asleep(worker) {
                        thread::park();
                    }
                    idle.rise(worker, watch);
                }
            })
        });
        turn();
        for worker in idle.close() {
            sleepers[worker].thread().unpark();
        }
        for sleeper in sleepers {
            sleeper.join().unwrap();
        }
        assert!(idle.is_closed() && idle.glance(0).is_closed());
        assert_eq!(idle.glance(0).0, CLOSED);
    });
}

/// However searches begin and end, each is counted once, and not too many search.
#[test]
fn searches_are_counted() {
    both_ways(|turn| {
        let idle = Arc::new(Idle::new(4));
        let threads = [0, 1].map(|worker| {
            let idle = idle.clone();
            thread::spawn(move || {
                if idle.start_searching(worker) {
                    match worker {
                        0 => drop(idle.found(worker)),
                        _ => drop(idle.sleep(worker, true, Watches::Always)),
                    }
                }
            })
        });
        turn();
        let searches = [2, 3].map(|worker| idle.start_searching(worker));
        let called = idle.call_beside(0, nobody);
        assert!(called.is_none_or(|worker| worker == 1));
        for thread in threads {
            thread.join().unwrap();
        }
        let count = searches.iter().filter(|&&it| it).count() + usize::from(called.is_some());
        assert_eq!(idle.glance(0).0 & SEARCHING, count as u64 * SEARCHER);
    });
}

/// How things stand when all threads are done.
struct Settled {
    idle: Arc<Idle>,
    /// Per worker: whether it is the one that wakes by itself.
    watches: [bool; 3],
    /// Who was called, and has not risen.
    called: Vec<usize>,
}

impl Settled {
    fn is_watched(&self) {
        let word = self.idle.glance(0).0;
        assert_eq!(word & WATCHED != 0, self.watches.contains(&true));
        if word & WATCHED == 0
            && (1..self.watches.len() as u32).contains(&(word & SLEEPERS).count_ones())
        {
            assert!(!self.called.is_empty(), "{word:x}");
        }
    }

    /// Each that was called rises, finds nothing and sleeps again.
    fn settle(mut self) {
        self.is_watched();
        while let Some(worker) = self.called.pop() {
            let risen = self.idle.rise(worker, self.watches[worker]);
            assert!(risen.called);
            self.watches[worker] = false;
            if risen.unwatched {
                self.called.extend(self.idle.call_beside(worker, nobody));
            }
            self.is_watched();
            self.watches[worker] =
                self.idle.sleep(worker, true, Watches::Always) == Sleep::Asleep { watch: true };
            self.is_watched();
        }
        assert_eq!(self.idle.glance(0).0 & SEARCHING, 0);
    }
}

/// The watcher stops because all sleep, while one rises and while the last falls asleep.
#[test]
fn somebody_watches_while_not_all_sleep() {
    both_ways(|turn| {
        let idle = Arc::new(Idle::new(3));
        assert_eq!(idle.sleep(0, false, Watches::Always), Sleep::Asleep { watch: true });
        assert_eq!(idle.sleep(1, false, Watches::Always), Sleep::Asleep { watch: false });
        let watcher = {
            let idle = idle.clone();
            thread::spawn(move || idle.unwatch(0))
        };
        let last = {
            let idle = idle.clone();
            thread::spawn(move || {
                idle.sleep(2, false, Watches::Always) == Sleep::Asleep { watch: true }
            })
        };
        turn();
        let mut called = Vec::new();
        if idle.rise(1, false).unwatched {
            called.extend(idle.call_beside(1, nobody));
        }
        let stopped = watcher.join().unwrap();
        let watches = [!stopped, false, last.join().unwrap()];
        Settled { idle, watches, called }.settle();
    });
}

/// The watcher rises by itself, while one falls asleep and one is called from outside.
#[test]
fn a_watcher_that_rises_is_followed_by_another() {
    both_ways(|turn| {
        let idle = Arc::new(Idle::new(3));
        assert_eq!(idle.sleep(0, false, Watches::Always), Sleep::Asleep { watch: true });
        assert_eq!(idle.sleep(1, false, Watches::Always), Sleep::Asleep { watch: false });
        let watcher = {
            let idle = idle.clone();
            thread::spawn(move || {
                let risen = idle.rise(0, true);
                if risen.called {
                    idle.found(0);
                }
                let next = risen.unwatched.then(|| idle.call_beside(0, nobody)).flatten();
                (risen, next)
            })
        };
        let last = {
            let idle = idle.clone();
            thread::spawn(move || {
                idle.sleep(2, false, Watches::Always) == Sleep::Asleep { watch: true }
            })
        };
        turn();
        let called = idle.call_after_push(nobody);
        let (risen, next) = watcher.join().unwrap();
        assert_eq!(risen.called, called == Some(0), "who was called knows");
        let watches = [false, false, last.join().unwrap()];
        let called = called.into_iter().filter(|&worker| worker != 0).chain(next).collect();
        Settled { idle, watches, called }.settle();
    });
}
