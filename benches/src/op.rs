//! The operations whose cost is counted.
//!
//! Each warms up, then runs `n` times between the two ends of a [`Meter`]. Whoever counts runs
//! it with two values of `n` and takes the difference, so that nothing outside the loop matters.
//! Some operations come in groups: there `n` is a multiple of the size of the group.

use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use crate::gate::{Gate, Relay, SelfWake};
use crate::meter::{Cost, Meter, cpu_ns, resident_bytes};
use crate::subject::{Datagrams, Listener, Stream, Subject};

/// Runs before the meter starts.
const WARM_UP: u64 = 100;

/// Tasks at a time where an operation is about many.
const MANY: u64 = 1_000;

/// Tasks that wait where an operation is about a crowd.
const CROWD: u64 = 10_000;

/// Longer than anyone waits.
const FAR: Duration = Duration::from_secs(3_600);

/// One operation on one subject.
#[derive(Debug)]
pub struct Operation {
    /// As it is called on the command line and in the table.
    pub name: &'static str,
    /// What one operation is.
    pub about: &'static str,
    /// What is measured of it.
    pub kind: Kind,
    /// The two values of `n` for counting.
    pub counts: (u64, u64),
    /// The value of `n` for timing.
    pub timed: u64,
    /// Runs it `n` times.
    pub run: fn(u64) -> Cost,
}

/// What is measured of an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Instructions, read-modify-writes, allocations, system calls; processor time.
    Steps,
    /// Resident bytes per task, once.
    Memory,
    /// Processor time and system calls of a stretch in which nothing happens.
    Idle,
}

/// Every operation on one subject.
#[rustfmt::skip] // A table: a line each.
pub fn all<S: Subject>() -> Vec<Operation> {
    vec![
        FEW.of("self_wake", "a task wakes itself by reference and is polled", self_wake::<S>),
        FEW.of("self_wake_root", "the same in the root future", self_wake_root::<S>),
        FEW.of("clone_wake", "a task clones its waker, wakes it and is polled", clone_wake::<S>),
        FEW.of("hand_over", "a task wakes another by a stored waker, and waits", hand_over::<S>),
        FEW.of("spawn_await", "a task that is ready at once: spawned, joined", spawn_await::<S>),
        FEW.of("spawn_await_root", "the same from the root future", spawn_await_root::<S>),
        FEW.of("spawn_detached", "the same, handle dropped, then a yield", spawn_detached::<S>),
        GROUPS.of("spawn_many", "one of 1,000 tasks spawned, then joined", spawn_many::<S>),
        FEW.of("yield_alone", "a yield with nothing else to run", yield_alone::<S>),
        FEW.of("yield_alone_root", "the same in the root future", yield_alone_root::<S>),
        GROUPS.of("yield_many", "a yield among 1,000 tasks", yield_many::<S>),
        CROWDS.of("wake_parked", "one of 10,000 tasks woken, waiting again", wake_parked::<S>),
        FEW.of("sleep_drop", "a sleep polled once, dropped; one outstanding", sleep_drop::<S>),
        FEW.of("sleep_drop_alone", "the same, none outstanding", sleep_drop_alone::<S>),
        SOCKETS.of("udp_round_trip", "a datagram there and back, two tasks", udp_round_trip::<S>),
        SOCKETS.of("tcp_echo", "64 bytes there and back, two tasks", tcp_echo::<S>),
        SOCKETS.of("blocking_round_trip", "an empty blocking closure, awaited", blocking_round_trip::<S>),
        FEW.of("block_on_ready", "`block_on` of a future that is ready at once", block_on_ready::<S>),
        MILLION.of("memory_pending", "a task without state that waits", memory_pending::<S>),
        MILLION.of("memory_sleeping", "a task that sleeps", memory_sleeping::<S>),
        SECOND.of("idle", "one second in which the root future sleeps", idle::<S>),
    ]
}

/// How often operations of one sort are run.
struct Scale {
    kind: Kind,
    counts: (u64, u64),
    timed: u64,
}

impl Scale {
    fn of(&self, name: &'static str, about: &'static str, run: fn(u64) -> Cost) -> Operation {
        let Self { kind, counts, timed } = *self;
        Operation { name, about, kind, counts, timed, run }
    }
}

const FEW: Scale = Scale { kind: Kind::Steps, counts: (1_000, 3_000), timed: 500_000 };
const SOCKETS: Scale = Scale { kind: Kind::Steps, counts: (200, 600), timed: 50_000 };
const GROUPS: Scale = Scale { kind: Kind::Steps, counts: (2_000, 6_000), timed: 500_000 };
const CROWDS: Scale = Scale { kind: Kind::Steps, counts: (10_000, 30_000), timed: 500_000 };
const MILLION: Scale = Scale { kind: Kind::Memory, counts: (0, 1_000_000), timed: 0 };
const SECOND: Scale = Scale { kind: Kind::Idle, counts: (0, 1), timed: 0 };

/// Runs `op` so many times in the root future.
fn in_root<S: Subject>(n: u64, mut op: impl AsyncFnMut()) -> Cost {
    S::new().block_on(async {
        for _ in 0..WARM_UP {
            op().await;
        }
        let meter = Meter::start();
        for _ in 0..n {
            op().await;
        }
        meter.stop()
    })
}

/// Runs what measures itself as a task.
fn in_task<S: Subject>(measured: impl Future<Output = Cost> + Send + 'static) -> Cost {
    S::new().block_on(async { S::spawn(measured).await.expect("the workload does not panic") })
}

fn self_wake<S: Subject>(n: u64) -> Cost {
    in_task::<S>(async move {
        SelfWake::by_ref(WARM_UP).await;
        let meter = Meter::start();
        SelfWake::by_ref(n).await;
        meter.stop()
    })
}

fn self_wake_root<S: Subject>(n: u64) -> Cost {
    S::new().block_on(async move {
        SelfWake::by_ref(WARM_UP).await;
        let meter = Meter::start();
        SelfWake::by_ref(n).await;
        meter.stop()
    })
}

fn clone_wake<S: Subject>(n: u64) -> Cost {
    in_task::<S>(async move {
        SelfWake::by_clone(WARM_UP).await;
        let meter = Meter::start();
        SelfWake::by_clone(n).await;
        meter.stop()
    })
}

fn hand_over<S: Subject>(n: u64) -> Cost {
    let relay = Arc::new(Relay::default());
    let turns = n + WARM_UP;
    let run = |relay: Arc<Relay>, first: u64| async move {
        let mut meter = None;
        for turn in (first..turns).step_by(2) {
            if turn >= WARM_UP {
                meter.get_or_insert_with(Meter::start);
            }
            relay.take_turn(turn).await;
        }
        meter.map(Meter::stop)
    };
    S::new().block_on(async {
        let one = S::spawn(run(relay.clone(), 0));
        let other = S::spawn(run(relay, 1));
        let cost = one.await.expect("the workload does not panic");
        other.await.expect("the workload does not panic");
        cost.expect("there are turns after the warm-up")
    })
}

fn spawn_await<S: Subject>(n: u64) -> Cost {
    async fn times<S: Subject>(n: u64) {
        for _ in 0..n {
            S::spawn(async {}).await.expect("an empty task does not panic");
        }
    }
    in_task::<S>(async move {
        times::<S>(WARM_UP).await;
        let meter = Meter::start();
        times::<S>(n).await;
        meter.stop()
    })
}

fn spawn_await_root<S: Subject>(n: u64) -> Cost {
    in_root::<S>(n, async || S::spawn(async {}).await.expect("an empty task does not panic"))
}

fn spawn_detached<S: Subject>(n: u64) -> Cost {
    in_root::<S>(n, async || {
        drop(S::spawn(async {}));
        S::yield_now().await;
    })
}

fn spawn_many<S: Subject>(n: u64) -> Cost {
    S::new().block_on(async {
        let mut tasks = Vec::with_capacity(MANY as usize);
        let mut meter = None;
        for round in 0..=n / MANY {
            // The first round is the warm-up.
            if round == 1 {
                meter = Some(Meter::start());
            }
            tasks.extend((0..MANY).map(|_| S::spawn(async {})));
            for task in tasks.drain(..) {
                task.await.expect("an empty task does not panic");
            }
        }
        meter.expect("there is a round after the first").stop()
    })
}

fn yield_alone<S: Subject>(n: u64) -> Cost {
    async fn times<S: Subject>(n: u64) {
        for _ in 0..n {
            S::yield_now().await;
        }
    }
    in_task::<S>(async move {
        times::<S>(WARM_UP).await;
        let meter = Meter::start();
        times::<S>(n).await;
        meter.stop()
    })
}

fn yield_alone_root<S: Subject>(n: u64) -> Cost {
    in_root::<S>(n, async || S::yield_now().await)
}

fn yield_many<S: Subject>(n: u64) -> Cost {
    let rounds = n / MANY;
    S::new().block_on(async {
        let tasks: Vec<_> = (0..MANY)
            .map(|_| {
                S::spawn(async move {
                    S::yield_now().await;
                    let meter = Meter::start();
                    for _ in 0..rounds {
                        S::yield_now().await;
                    }
                    meter.stop()
                })
            })
            .collect();
        let mut costs = Vec::new();
        for task in tasks {
            costs.push(task.await.expect("the workload does not panic"));
        }
        // They run side by side, so any one has seen the cost of all.
        costs[0]
    })
}

fn wake_parked<S: Subject>(n: u64) -> Cost {
    let gate = Arc::new(Gate::default());
    let rounds = n / CROWD;
    S::new().block_on(async {
        for _ in 0..CROWD {
            let gate = gate.clone();
            drop(S::spawn(async move {
                for round in 1.. {
                    gate.pass(round).await;
                }
            }));
        }
        let all_wait = async || {
            while gate.waiting() < CROWD as usize {
                S::yield_now().await;
            }
        };
        all_wait().await;
        gate.open();
        all_wait().await;
        let meter = Meter::start();
        for _ in 0..rounds {
            gate.open();
            all_wait().await;
        }
        meter.stop()
    })
}

/// Polls a far sleep once and drops it.
async fn poll_far_sleep<S: Subject>() {
    let mut sleep = pin!(S::sleep(FAR));
    poll_fn(|cx| {
        assert!(sleep.as_mut().poll(cx).is_pending(), "far is far");
        Poll::Ready(())
    })
    .await;
}

fn sleep_drop<S: Subject>(n: u64) -> Cost {
    S::new().block_on(async {
        let mut other = pin!(S::sleep(FAR / 2));
        poll_fn(|cx| Poll::Ready(other.as_mut().poll(cx).is_pending())).await;
        // The driver has to have seen it.
        S::sleep(Duration::from_millis(1)).await;
        for _ in 0..WARM_UP {
            poll_far_sleep::<S>().await;
        }
        let meter = Meter::start();
        for _ in 0..n {
            poll_far_sleep::<S>().await;
        }
        meter.stop()
    })
}

fn sleep_drop_alone<S: Subject>(n: u64) -> Cost {
    in_root::<S>(n, async || poll_far_sleep::<S>().await)
}

fn udp_round_trip<S: Subject>(n: u64) -> Cost {
    S::new().block_on(async {
        let here = S::Datagrams::bind().await.expect("loopback");
        let there = S::Datagrams::bind().await.expect("loopback");
        here.connect(there.address().expect("bound")).await.expect("loopback");
        there.connect(here.address().expect("bound")).await.expect("loopback");
        let total = n + WARM_UP;
        let echo = S::spawn(async move {
            let mut buffer = [0; 64];
            for _ in 0..total {
                let length = there.recv(&mut buffer).await.expect("loopback");
                there.send(&buffer[..length]).await.expect("loopback");
            }
        });
        let ping = S::spawn(async move {
            let mut buffer = [0; 64];
            let mut meter = Meter::start();
            for trip in 0..total {
                if trip == WARM_UP {
                    meter = Meter::start();
                }
                here.send(&[7; 32]).await.expect("loopback");
                here.recv(&mut buffer).await.expect("loopback");
            }
            meter.stop()
        });
        echo.await.expect("the workload does not panic");
        ping.await.expect("the workload does not panic")
    })
}

fn tcp_echo<S: Subject>(n: u64) -> Cost {
    S::new().block_on(async {
        let listener = S::Listener::bind().await.expect("loopback");
        let address = listener.address().expect("bound");
        let echo = S::spawn(async move {
            let mut stream = listener.accept().await.expect("loopback");
            let mut buffer = [0; 64];
            loop {
                let length = stream.read(&mut buffer).await.expect("loopback");
                if length == 0 {
                    return;
                }
                stream.write_all(&buffer[..length]).await.expect("loopback");
            }
        });
        let ping = S::spawn(async move {
            let mut stream = S::Stream::connect(address).await.expect("loopback");
            let mut buffer = [0; 64];
            let mut meter = Meter::start();
            for trip in 0..n + WARM_UP {
                if trip == WARM_UP {
                    meter = Meter::start();
                }
                stream.write_all(&[7; 64]).await.expect("loopback");
                let length = stream.read(&mut buffer).await.expect("loopback");
                assert_eq!(length, 64, "so few bytes come in one piece");
            }
            meter.stop()
        });
        let cost = ping.await.expect("the workload does not panic");
        echo.await.expect("the workload does not panic");
        cost
    })
}

fn blocking_round_trip<S: Subject>(n: u64) -> Cost {
    in_root::<S>(n, async || S::spawn_blocking(|| ()).await.expect("nothing panics"))
}

fn block_on_ready<S: Subject>(n: u64) -> Cost {
    let mut runtime = S::new();
    for _ in 0..WARM_UP {
        runtime.block_on(async {});
    }
    let meter = Meter::start();
    for _ in 0..n {
        runtime.block_on(async {});
    }
    meter.stop()
}

fn memory_pending<S: Subject>(n: u64) -> Cost {
    memory::<S, _>(n, pending::<()>)
}

fn memory_sleeping<S: Subject>(n: u64) -> Cost {
    memory::<S, _>(n, || S::sleep(FAR))
}

/// Fills memory with tasks that wait, once per process.
fn memory<S: Subject, F: Future + Send + 'static>(n: u64, wait: fn() -> F) -> Cost {
    static POLLED: AtomicU64 = AtomicU64::new(0);
    S::new().block_on(async {
        let before = resident_bytes();
        let meter = Meter::start();
        for _ in 0..n {
            drop(S::spawn(async move {
                POLLED.fetch_add(1, Ordering::Relaxed);
                wait().await;
            }));
        }
        while POLLED.load(Ordering::Relaxed) < n {
            S::yield_now().await;
        }
        Cost { resident_bytes: resident_bytes() - before, ..meter.stop() }
    })
}

/// Sleeps `n` times for a second.
fn idle<S: Subject>(n: u64) -> Cost {
    S::new().block_on(async {
        // The first sleep sets the timer up.
        S::sleep(Duration::from_millis(1)).await;
        let before = cpu_ns();
        for _ in 0..n {
            S::sleep(Duration::from_secs(1)).await;
        }
        Cost { allocs: 0, cpu_ns: cpu_ns() - before, resident_bytes: 0 }
    })
}
