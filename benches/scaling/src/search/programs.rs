//! The programs that are played: each small, of sizes by chance, about one way to go wrong.
//!
//! One thought: a list, of which each entry stands alone.

use std::fmt;
use std::future::pending;
use std::sync::Arc;

use rt_sync::{Mutex, Notify, Semaphore, mpsc, oneshot};
use rt_task::base::clock::Monotonic;
use rt_task::base::seam::Clock;
use rt_task::base::shim::{AtomicBool, AtomicU64, Ordering::*, thread};
use rt_task::block_on;
use rt_task::coop::consume_budget;
use rt_timer::{Duration, Timeout};

use super::crowd::{Crowd, Scene, aborted, ended};
use super::laws;
use crate::meet::{Channel, Countdown, Storm, yield_now};

/// A program.
pub struct Program {
    /// As in `--only NAME`.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    pub(super) run: fn(&mut Scene),
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Program").field(&self.name).finish()
    }
}

/// All of them.
pub const ALL: &[Program] = &[
    of("mix", "a bit of everything, and sometimes the scheduler goes meanwhile", mix),
    of("chain", "tasks of which each spawns the next", chain),
    of("storm", "waiting tasks that are woken all at once, from inside and outside", storm),
    of("outside", "threads that are no workers: they spawn, send and wait", outside),
    of("timers", "sleeps, timeouts, sleeps that are reset and dropped", timers),
    of("channels", "channels and locks of rt-sync, with tasks that are aborted in them", channels),
    of("blocking", "tasks that give their worker away, and wait for others meanwhile", blocking),
    of("stuck", "polls that do not return before tasks queued behind them have run", stuck),
    of("abort", "tasks that are aborted at any stage, from inside and outside", abort),
    of("shutdown", "the scheduler goes at any moment, with threads that still spawn", shutdown),
    of("crowded", "more tasks than fit into a queue, and one that is woken from outside", crowded),
    of(
        "busy",
        "a task for each worker that uses its budget up in each poll, and others besides",
        busy,
    ),
];

const fn of(name: &'static str, about: &'static str, run: fn(&mut Scene)) -> Program {
    Program { name, about, run }
}

fn mix(scene: &mut Scene) {
    let parts = [chain, storm, outside, timers, channels, blocking, abort];
    // Else all of it is waited for.
    scene.goes = scene.is_one_in(4);
    for _ in 0..=scene.below(3) {
        let part = scene.below(parts.len() as u32 + 2) as usize;
        match parts.get(part) {
            Some(part) => part(scene),
            None => crowd(scene),
        }
    }
    if scene.goes {
        scene.detach();
        scene.shut_down();
    }
}

/// Tasks that yield, and tasks that spawn some and wait for them.
fn crowd(scene: &mut Scene) {
    for _ in 0..=scene.below(12) {
        let size = u64::from(scene.below(40));
        if scene.is_one_in(2) {
            scene.spawn(async move {
                for _ in 0..size {
                    yield_now().await;
                }
            });
            continue;
        }
        let crowd = scene.crowd.clone();
        scene.spawn(async move {
            let left = Arc::new(Countdown::default());
            left.set(size + 1);
            for _ in 0..=size {
                let left = left.clone();
                drop(crowd.spawn(async move { left.one_less() }));
            }
            left.reached().await;
        });
    }
}

fn chain(scene: &mut Scene) {
    fn link(crowd: Crowd, left: u32, end: Arc<Countdown>) {
        match left {
            0 => end.one_less(),
            _ => {
                let spawner = crowd.clone();
                drop(spawner.spawn(async move {
                    if left.is_multiple_of(5) {
                        yield_now().await;
                    }
                    link(crowd, left - 1, end);
                }));
            }
        }
    }
    for _ in 0..=scene.below(4) {
        let end = Arc::new(Countdown::default());
        end.set(1);
        let length = scene.below(60);
        if scene.is_one_in(3) {
            link(scene.crowd.clone(), length, end.clone());
            scene.spawn(async move { end.reached().await });
        } else {
            let crowd = scene.crowd.clone();
            scene.spawn(async move {
                link(crowd, length, end.clone());
                end.reached().await;
            });
        }
    }
}

fn storm(scene: &mut Scene) {
    let rounds = 1 + u64::from(scene.below(6));
    let tasks = 1 + scene.below(48) as usize;
    let storm = Arc::new(Storm::of(tasks));
    for place in 0..tasks {
        let storm = storm.clone();
        scene.spawn(async move {
            for round in 1..=rounds {
                storm.pass(place, round).await;
            }
        });
    }
    // Who passes the last round does not come back.
    let wakes = async move {
        storm.all_wait().await;
        for _ in 1..rounds {
            storm.wake_all().await;
        }
        storm.wake_last();
    };
    match scene.goes || scene.is_one_in(2) {
        true => scene.spawn(wakes),
        false => scene.start(move || block_on(wakes)),
    }
}

fn outside(scene: &mut Scene) {
    for _ in 0..=scene.below(3) {
        let size = u64::from(scene.below(24));
        let crowd = scene.crowd.clone();
        match scene.below(if scene.goes { 2 } else { 3 }) {
            0 => scene.start(move || {
                for _ in 0..size {
                    drop(crowd.spawn(async { yield_now().await }));
                }
            }),
            1 => scene.start(move || {
                for _ in 0..size {
                    let handle = crowd.spawn(async { yield_now().await });
                    ended(block_on(handle));
                }
            }),
            _ => {
                let (there, back) = (Arc::new(Channel::of(1)), Arc::new(Channel::of(2)));
                let (receives, answers) = (there.clone(), back.clone());
                scene.spawn(async move {
                    for _ in 0..size {
                        answers.send(receives.receive().await).await;
                    }
                });
                scene.start(move || {
                    for message in 0..size {
                        block_on(there.send(message));
                        assert_eq!(block_on(back.receive()), message);
                    }
                });
            }
        }
    }
}

fn timers(scene: &mut Scene) {
    for _ in 0..=scene.below(16) {
        let crowd = scene.crowd.clone();
        let span = Duration::from_micros(u64::from(scene.below(6_000)));
        match scene.below(5) {
            0 | 1 => scene.spawn(async move { crowd.sleep(span).await }),
            // One after another.
            2 => scene.spawn(async move {
                for _ in 0..4 {
                    crowd.sleep(span / 4).await;
                }
            }),
            // One that is too late, and is dropped while it is armed.
            3 => {
                let never = scene.is_one_in(2);
                scene.spawn(async move {
                    let deadline = crowd.timers().now() + span;
                    let slow = async {
                        match never {
                            true => pending().await,
                            false => crowd.sleep(span / 2).await,
                        }
                    };
                    let came = Timeout::new(crowd.timers(), deadline, slow).await;
                    assert!(!never || came.is_err(), "what never comes came");
                });
            }
            // One that is set to a later time when it has waited for some.
            _ => scene.spawn(async move {
                let mut sleep = Box::pin(crowd.timers().sleep(span));
                crowd.sleep(span / 3).await;
                let deadline = crowd.timers().now() + span;
                sleep.as_mut().reset(deadline);
                sleep.await;
                if crowd.timers().now() < deadline {
                    laws::complain("a timer that was reset was early");
                }
            }),
        }
    }
}

fn channels(scene: &mut Scene) {
    let (sends, mut receives) =
        mpsc::channel::<(u32, oneshot::Sender<u32>)>(1 + scene.below(4) as usize);
    let total = Arc::new(Mutex::new(0_u32));
    let permits = Arc::new(Semaphore::new(1 + scene.below(3) as usize));
    let bell = Arc::new(Notify::new());
    let rings = bell.clone();
    scene.spawn(async move {
        while let Some((message, answer)) = receives.recv().await {
            let _ = answer.send(message); // who is aborted does not wait
        }
        rings.notify_one();
    });
    for _ in 0..=scene.below(6) {
        let (sends, total, permits) = (sends.clone(), total.clone(), permits.clone());
        let messages = scene.below(12);
        let work = async move {
            for message in 0..messages {
                let _permit = permits.acquire().await.expect("nobody closes it");
                let (answers, answer) = oneshot::channel();
                let sent = sends.send((message, answers)).await.is_ok();
                // Who receives goes before all have sent only with the scheduler.
                let answered = sent && answer.await == Ok(message);
                assert!(answered || laws::goes(), "an answer for each");
                *total.lock().await += 1;
            }
        };
        if scene.is_one_in(3) {
            // Wherever it stands: what it held goes on to the next.
            let (handle, abort) = scene.crowd.spawn_abortable(work);
            scene.spawn(async move {
                yield_now().await;
                abort.abort();
                aborted(handle.await);
            });
        } else {
            scene.spawn(work);
        }
    }
    drop(sends);
    scene.spawn(async move { bell.notified().await });
}

fn blocking(scene: &mut Scene) {
    for _ in 0..=scene.below(3) {
        let crowd = scene.crowd.clone();
        let waits = scene.is_one_in(2);
        let twice = scene.is_one_in(3);
        scene.spawn(async move {
            for _ in 0..=u32::from(twice) {
                let behind = crowd.spawn(async { yield_now().await });
                match waits {
                    true => ended(crowd.block_in_place(|| block_on(behind))),
                    false => {
                        crowd.block_in_place(thread::yield_now);
                        ended(behind.await);
                    }
                }
                yield_now().await;
            }
        });
    }
}

/// A worker may be stuck for so long until another takes what is behind it: until the first look of the one
/// that watches, which finds that polls have not gone on since it fell asleep; or, if it was awake until
/// then, until its second.
const STUCK_MAX: Duration = Duration::from_micros(2 * 3_000 + 1_000);

fn stuck(scene: &mut Scene) {
    // One worker at least is left to run what is behind the others.
    let most = (scene.workers as u32 - 1).min(3);
    for _ in 0..=scene.below(most) {
        let crowd = scene.crowd.clone();
        let wakes = scene.is_one_in(2);
        let count = 1 + u64::from(scene.below(4));
        scene.spawn(async move {
            let left = Arc::new(AtomicU64::new(count));
            let gate = Arc::new(Storm::of(count as usize));
            let behind = |place: u64| {
                let (left, gate) = (left.clone(), gate.clone());
                async move {
                    if wakes {
                        gate.pass(place as usize, 1).await;
                    }
                    left.fetch_sub(1, Release); // pairs with the load below
                }
            };
            let handles: Vec<_> = (0..count).map(|place| crowd.spawn(behind(place))).collect();
            if wakes {
                gate.all_wait().await;
                gate.wake_last(); // to the slot, and to the queue
            }
            let clock = Monotonic::new();
            let begin = clock.now();
            while left.load(Acquire) != 0 {
                thread::yield_now();
            }
            let stood = clock.now().saturating_since(begin);
            if crowd.timed && stood > STUCK_MAX {
                laws::complain(format_args!("tasks behind a long poll waited for {stood:?}"));
            }
            for handle in handles {
                ended(handle.await);
            }
        });
        // One at a time: two that are stuck on each other's worker are rescued one after the other.
        scene.join();
    }
}

fn abort(scene: &mut Scene) {
    for _ in 0..=scene.below(6) {
        let crowd = scene.crowd.clone();
        let (handle, abort) = match scene.below(4) {
            0 => scene.spawn_idle(),
            1 => scene.crowd.spawn_abortable(async {
                loop {
                    yield_now().await;
                }
            }),
            2 => {
                let span = Duration::from_micros(u64::from(scene.below(3_000)));
                scene.crowd.spawn_abortable(async move { crowd.sleep(span).await })
            }
            _ => scene.crowd.spawn_abortable(async move {
                // Others that are not waited for.
                drop(crowd.spawn(async { yield_now().await }));
                yield_now().await;
            }),
        };
        let yields = scene.below(4);
        match scene.is_one_in(2) {
            true => scene.spawn(async move {
                for _ in 0..yields {
                    yield_now().await;
                }
                abort.abort();
                abort.abort();
                aborted(handle.await);
            }),
            false => scene.start(move || {
                for _ in 0..yields {
                    thread::yield_now();
                }
                abort.abort();
                aborted(block_on(handle));
            }),
        }
    }
}

fn shutdown(scene: &mut Scene) {
    scene.goes = true;
    let parts = [crowd, chain, storm, timers, channels, blocking, abort, idle];
    for _ in 0..=scene.below(2) {
        parts[scene.below(parts.len() as u32) as usize](scene);
    }
    for _ in 0..scene.below(3) {
        let crowd = scene.crowd.clone();
        let size = scene.below(30);
        scene.start(move || {
            for _ in 0..size {
                drop(crowd.spawn(async { yield_now().await }));
            }
        });
    }
    for _ in 0..scene.below(64) {
        thread::yield_now();
    }
    scene.detach();
    match scene.is_one_in(4) {
        true => scene.shut_down_in_background(),
        false => scene.shut_down(),
    }
}

fn idle(scene: &mut Scene) {
    for _ in 0..=scene.below(8) {
        drop(scene.spawn_idle());
    }
}

fn crowded(scene: &mut Scene) {
    let tasks = 100 + scene.below(900);
    let rounds = 1 + u64::from(scene.below(3));
    let over = Arc::new(AtomicBool::new(false));
    let gone = Arc::new(Countdown::default());
    gone.set(u64::from(tasks));
    for _ in 0..tasks {
        let (over, gone) = (over.clone(), gone.clone());
        drop(scene.crowd.spawn(async move {
            while !over.load(Relaxed) {
                yield_now().await;
            }
            gone.one_less();
        }));
    }
    let (there, back) = (Arc::new(Channel::of(1)), Arc::new(Channel::of(1)));
    let (receives, answers) = (there.clone(), back.clone());
    scene.spawn(async move {
        for _ in 0..rounds {
            answers.send(receives.receive().await).await;
        }
    });
    scene.start(move || {
        for message in 0..rounds {
            block_on(there.send(message));
            assert_eq!(block_on(back.receive()), message);
        }
        over.store(true, Relaxed); // seen at some time
    });
    scene.spawn(async move { gone.reached().await });
}

fn busy(scene: &mut Scene) {
    // With one for each worker none is ever idle; with fewer, one may run alone beside those that are.
    let tasks = 1 + scene.below(scene.workers as u32);
    let over = Arc::new(AtomicBool::new(false));
    for _ in 0..tasks {
        let over = over.clone();
        scene.spawn(async move {
            while !over.load(Relaxed) {
                for _ in 0..200 {
                    consume_budget().await;
                }
            }
        });
    }
    let rounds = 1 + scene.below(4);
    let crowd = scene.crowd.clone();
    let (kind, span) = (scene.below(3), Duration::from_micros(u64::from(scene.below(600))));
    scene.start(move || {
        for _ in 0..rounds {
            let sleeper = crowd.clone();
            let handle = crowd.spawn(async move {
                match kind {
                    0 => yield_now().await,
                    1 => sleeper.sleep(span).await,
                    _ => ended(sleeper.spawn(async { yield_now().await }).await),
                }
            });
            ended(block_on(handle));
        }
        over.store(true, Relaxed); // seen at some time
    });
}
