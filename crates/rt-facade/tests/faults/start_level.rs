//! After each round of a mixed program everything is where it was at the start: tasks, timers, registrations,
//! threads, descriptors and memory.

use std::future::pending;

use rt_facade::net::{TcpListener, TcpStream, UdpSocket};
use rt_facade::runtime::Runtime;
use rt_facade::sync::mpsc;
use rt_facade::task::{spawn_blocking, yield_now};
use rt_facade::time::{Duration, sleep, timeout};

use crate::child;
use crate::memory::bytes_in_use;
use crate::panics::flavour::{Flavour, Ground};
use crate::support::block_until;

fn count(directory: &str) -> usize {
    std::fs::read_dir(directory).expect("Linux tells").count()
}

/// What a process has. The directory that is read for it counts each time.
#[derive(Debug, PartialEq, Eq)]
struct Level {
    threads: usize,
    descriptors: usize,
}

impl Level {
    fn now() -> Self {
        Self { threads: count("/proc/self/task"), descriptors: count("/proc/self/fd") }
    }
}

/// Some of everything, part of it given up half-way.
async fn mixed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let mut server = listener.accept().await.unwrap().0;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let reads = rt_facade::spawn(async move { server.read(&mut [0; 8]).await });
    let waits = rt_facade::spawn(async move { socket.recv(&mut [0; 8]).await });
    let (sends, mut receives) = mpsc::channel(2);
    let sender = rt_facade::spawn(async move { while sends.send([0_u8; 100]).await.is_ok() {} });
    for _ in 0..5 {
        receives.recv().await.unwrap();
    }
    let sleeps: Vec<_> =
        (0..5).map(|n| rt_facade::spawn(sleep(Duration::from_secs(n * 100)))).collect();
    let never = rt_facade::spawn(pending::<()>());
    let panics = rt_facade::spawn(async { std::panic::resume_unwind(Box::new("it")) });
    assert_eq!(spawn_blocking(|| 1).await.unwrap(), 1);
    timeout(Duration::from_micros(1), pending::<()>()).await.unwrap_err();
    yield_now().await;
    drop(receives);
    sender.await.unwrap();
    client.try_write(b"x").unwrap();
    reads.await.unwrap().unwrap();
    panics.await.unwrap_err();
    let aborts: Vec<_> =
        sleeps.iter().map(|task: &rt_facade::task::JoinHandle<()>| task.abort_handle()).collect();
    aborts.iter().for_each(|task| task.abort());
    never.abort();
    waits.abort();
    for task in sleeps {
        drop(task.await);
    }
    drop((never.await, waits.await));
}

/// Rounds on one runtime, which is built before; then of runtimes.
fn returns(flavour: Flavour, rounds: usize, runtimes: usize) {
    let start = Level::now();
    let build = || {
        let mut builder = flavour.builder();
        builder.max_blocking_threads(1).thread_keep_alive(Duration::from_secs(3600));
        flavour.build(&mut builder)
    };
    let ground = build();
    let round = |ground: &Ground| {
        ground.block_on(mixed());
        block_until(|| ground.handle().metrics().num_alive_tasks() == 0);
    };
    (0..10).for_each(|_| round(&ground));
    let (before, bytes) = (Level::now(), bytes_kept());
    (0..rounds).for_each(|_| round(&ground));
    assert_eq!(Level::now(), before, "{flavour:?}");
    let more = bytes_kept() - bytes;
    // A queue or a list may have grown; each round leaves nothing.
    assert!(more < 64 * rounds as isize, "{flavour:?}: {more} bytes after {rounds} rounds");
    drop(ground);
    let round = || {
        let ground = build();
        drop(ground.spawn(pending::<()>()));
        drop(ground.spawn(async { sleep(Duration::from_secs(9)).await }));
        ground.block_on(yield_now());
    };
    (0..10).for_each(|_| round());
    let bytes = settled_at(&start);
    (0..runtimes).for_each(|_| round());
    let more = settled_at(&start) - bytes;
    assert!(more < 32 * runtimes as isize, "{flavour:?}: {more} bytes after {runtimes} runtimes");
}

/// The bytes in use, as soon as all else is where it was at `start`.
#[track_caller]
fn settled_at(start: &Level) -> isize {
    // The system strikes a joined thread off its list a moment later.
    block_until(|| Level::now() == *start);
    bytes_kept()
}

/// The bytes in use, without those that are about to be freed.
fn bytes_kept() -> isize {
    // What a thief might still read, the queues of workers leave to whoever comes by later. Every other visit
    // moves the epoch on, and each frees the waste of eight threads.
    for _ in 0..100 {
        crossbeam_epoch::pin().flush();
    }
    bytes_in_use()
}

fn all(name: &str, rounds: usize, runtimes: usize) {
    if !child::is_here() {
        return child::run(&format!("start_level::{name}"), &[]);
    }
    use Flavour::*;
    for flavour in [Current, Multi(1), Multi(2), Multi(4), SetOnCurrent, SetOnMulti, Local] {
        returns(flavour, rounds, runtimes);
    }
}

#[test]
fn after_two_hundred_rounds_and_a_hundred_runtimes() {
    all("after_two_hundred_rounds_and_a_hundred_runtimes", 200, 100);
}

#[test]
#[ignore = "slow: `cargo xtask verify faults`"]
fn after_two_thousand_rounds_and_ten_thousand_runtimes() {
    all("after_two_thousand_rounds_and_ten_thousand_runtimes", 2_000, 10_000);
}

/// Of the metrics themselves: what `mixed` leaves is none of theirs.
#[test]
fn the_levels_that_a_runtime_tells_return_to_nothing() {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(mixed());
    block_until(|| {
        let metrics = runtime.metrics();
        (metrics.num_alive_tasks(), metrics.blocking_queue_depth()) == (0, 0)
    });
}
