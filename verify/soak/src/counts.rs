//! Very many of one thing, and then none: memory, descriptors and threads must be as before.
//!
//! Each is done three times over: what is kept for the next time is kept once.

use std::io;
use std::time::{Duration, Instant};

use rt_facade::net::{TcpListener, TcpStream};
use rt_facade::task::{JoinSet, yield_now};
use rt_facade::time::sleep;
use rustix::process::{Resource, getrlimit};

use crate::heap;
use crate::proc::{self, Look};
use crate::server::Flavor;

/// What is kept for the next time may be so much, over a million of whatever it was.
const HEAP_KEPT: u64 = 64 * 1_024;
const RSS_KEPT_KIB: u64 = 8 * 1_024;
const TIMES: usize = 3;
/// After a thread was joined; whatever is left then is told.
const MOMENT_MAX: Duration = Duration::from_secs(10);

#[derive(Clone, Copy)]
pub(crate) enum Count {
    Connections,
    Tasks,
    Timers,
    Runtimes,
}

impl Count {
    pub(crate) const ALL: [Self; 4] =
        [Self::Connections, Self::Tasks, Self::Timers, Self::Runtimes];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Tasks => "tasks",
            Self::Timers => "timers",
            Self::Runtimes => "runtimes",
        }
    }
}

/// Prints what it took and what is left; says whether nothing is.
pub(crate) fn run(count: Count, flavor: Flavor, share: u64) -> io::Result<bool> {
    let mut states = Vec::new();
    let (mut most, mut done) = (State::now()?, 0);
    let threads = most.look.threads;
    let began = Instant::now();
    for _ in 0..TIMES {
        done = match count {
            Count::Runtimes => runtimes(flavor, 10_000 / share)?,
            _ => {
                let runtime = flavor.runtime()?;
                let (at_most, done) = runtime.block_on(async {
                    match count {
                        Count::Connections => connections(10_000 / share).await,
                        Count::Tasks => tasks(1_000_000 / share).await,
                        _ => timers(1_000_000 / share).await,
                    }
                })?;
                most = at_most;
                drop(runtime);
                done
            }
        };
        states.push(State::settled(threads)?);
    }
    let (first, last) = (&states[0], &states[TIMES - 1]);
    let kept = last.heap > first.heap + HEAP_KEPT || last.look.rss > first.look.rss + RSS_KEPT_KIB;
    let right = !kept && last.look.fds == first.look.fds && last.look.threads == first.look.threads;
    println!(
        "{} {}, {} times {done}, {:.1} s: {most} at most; after the first: {first}; after the last: {last}: {}",
        flavor.name(),
        count.name(),
        TIMES,
        began.elapsed().as_secs_f64(),
        if right { "right" } else { "NOT AS BEFORE" },
    );
    Ok(right)
}

/// What this process has.
struct State {
    look: Look,
    heap: u64,
}

impl State {
    /// The system strikes a joined thread off its list a moment later.
    fn settled(threads: u64) -> io::Result<Self> {
        let began = Instant::now();
        while proc::own()?.threads > threads && began.elapsed() < MOMENT_MAX {
            std::thread::yield_now();
        }
        Self::now()
    }

    fn now() -> io::Result<Self> {
        heap::trim();
        Ok(Self { look: proc::own()?, heap: heap::alive().bytes })
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Look { rss, threads, fds, .. } = self.look;
        let heap = self.heap / 1_024;
        write!(
            f,
            "{} MiB resident, {heap} KiB heap, {fds} descriptors, {threads} threads",
            rss / 1_024
        )
    }
}

/// As many as descriptors allow, both ends being here; each is answered once.
async fn connections(count: u64) -> io::Result<(State, u64)> {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let count = count.min(limit.saturating_sub(100) / 2);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut served = JoinSet::new();
        for _ in 0..count {
            let (mut stream, _) = listener.accept().await?;
            served.spawn(async move {
                let mut byte = [0];
                while stream.read(&mut byte).await? > 0 {
                    stream.write_all(&byte).await?;
                }
                io::Result::Ok(())
            });
        }
        served.join_all().await.into_iter().collect()
    });
    let mut clients = Vec::new();
    for _ in 0..count {
        clients.push(TcpStream::connect(address).await?);
    }
    for client in &mut clients {
        client.write_all(b"x").await?;
    }
    for client in &mut clients {
        client.read_exact(&mut [0]).await?;
    }
    let most = State::now()?;
    drop(clients);
    tasks.join_all().await.into_iter().collect::<io::Result<()>>()?;
    Ok((most, count))
}

/// All alive at once, each polled twice at least.
async fn tasks(count: u64) -> io::Result<(State, u64)> {
    let gate = std::sync::Arc::new(rt_facade::sync::Semaphore::new(0));
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let gate = gate.clone();
        tasks.spawn(async move {
            yield_now().await;
            let passed = gate.acquire().await;
            passed.map(|_| number)
        });
    }
    let most = State::now()?;
    gate.add_permits(1);
    let mut sum = 0;
    while let Some(number) = tasks.join_next().await {
        sum += number.map_err(io::Error::other)?.map_err(io::Error::other)?;
    }
    match sum == count * (count - 1) / 2 {
        true => Ok((most, count)),
        false => Err(io::Error::other("not every task ended once")),
    }
}

/// Half of them are dropped before they are due, and half of them come true.
async fn timers(count: u64) -> io::Result<(State, u64)> {
    let mut kept = Vec::new();
    let mut dropped = Vec::new();
    for number in 0..count {
        let soon = Duration::from_millis(100 + number % 900);
        let late = Duration::from_secs(3_600 + number % 86_400);
        let fires = number % 2 == 0;
        let mut timer = Box::pin(sleep(if fires { soon } else { late }));
        // Armed by its first poll.
        if std::future::poll_fn(|cx| std::task::Poll::Ready(timer.as_mut().poll(cx)))
            .await
            .is_pending()
        {
            if fires { kept.push(timer) } else { dropped.push(timer) }
        }
    }
    let handle = rt_facade::time::Handle::current();
    let most = State::now()?;
    drop(dropped);
    for timer in kept {
        timer.await;
    }
    match handle.armed() {
        0 => Ok((most, count)),
        armed => Err(io::Error::other(format!("{armed} timers are still armed"))),
    }
}

/// Each starts, runs a task, waits a moment on a thread of the pool, and stops.
fn runtimes(flavor: Flavor, count: u64) -> io::Result<u64> {
    for number in 0..count {
        let runtime = flavor.runtime()?;
        let sum = runtime.block_on(async {
            let task = rt_facade::spawn(async move { number });
            let blocking = if number % 10 == 0 {
                rt_facade::task::spawn_blocking(move || number).await
            } else {
                Ok(number)
            };
            Ok::<u64, rt_facade::task::JoinError>(task.await? + blocking?)
        });
        if sum.map_err(io::Error::other)? != 2 * number {
            return Err(io::Error::other("a task said something else"));
        }
    }
    Ok(count)
}
