//! Paths that promise to allocate nothing do without an allocator: while one of them runs, over and over, the
//! threads of the runtime and the one that drives it are refused whatever they ask for, and that ends the
//! process. Of several workers, each allocates when it first steals, and so do queues that grow and shrink: there
//! it is counted, and must not be a matter of how long it goes on.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::{Pin, pin};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize};
use std::task::{Context, Poll, Waker};

use rt_facade::net::{TcpListener, TcpStream, UdpSocket};
use rt_facade::runtime::Runtime;
use rt_facade::sync::{Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, watch};
use rt_facade::task::yield_now;
use rt_facade::time::{Duration, interval, sleep, timeout};

use crate::support::{flavors, keep_workers};

struct Refuses;

static REFUSES: AtomicBool = AtomicBool::new(false);
/// It is counted instead.
static COUNTS: AtomicBool = AtomicBool::new(false);
static COUNTED: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Whether this thread is refused memory with the others.
    static TAKES_PART: Cell<bool> = const { Cell::new(false) };
}

fn is_refused() -> bool {
    let is_watched = REFUSES.load(SeqCst) && TAKES_PART.try_with(Cell::get).unwrap_or(false);
    if is_watched {
        COUNTED.fetch_add(1, SeqCst);
    }
    is_watched && !COUNTS.load(SeqCst)
}

// SAFETY: hands on to the system's allocator, or says that there is no memory.
unsafe impl GlobalAlloc for Refuses {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_refused() {
            return ptr::null_mut();
        }
        IN_USE.fetch_add(layout.size() as isize, Relaxed);
        // SAFETY: as our contract says.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size() as isize, Relaxed);
        // SAFETY: as our contract says.
        unsafe { System.dealloc(block, layout) }
    }
}

static IN_USE: AtomicIsize = AtomicIsize::new(0);

/// What was allocated and not freed, by all threads.
#[cfg(target_os = "linux")]
pub(crate) fn bytes_in_use() -> isize {
    IN_USE.load(Relaxed)
}

#[global_allocator]
static ALLOCATOR: Refuses = Refuses;

const ROUNDS: usize = 200;

/// Awaits a round again and again, to warm up, and then without an allocator.
macro_rules! without_allocator {
    ($round:block) => {
        for refuses in [false, true] {
            REFUSES.store(refuses, SeqCst);
            (for _ in 0..ROUNDS $round);
        }
        REFUSES.store(false, SeqCst);
    };
}

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// In a task of each flavour, in a process of its own: what is refused there is refused to all.
fn on_each_flavor(name: &str, work: fn() -> Work) {
    if !crate::child::is_here() {
        return crate::child::run(&format!("memory::{name}"), &[]);
    }
    on_runtimes(|runtime| {
        runtime.block_on(runtime.spawn(work())).unwrap();
        runtime.block_on(work());
    });
}

/// Runs `test` on a runtime of each flavour, all of whose threads take part, and this one.
fn on_runtimes(test: impl Fn(&Runtime)) {
    TAKES_PART.set(true);
    for build in flavors() {
        let runtime =
            build().enable_all().on_thread_start(|| TAKES_PART.set(true)).build().unwrap();
        runtime.block_on(async {}); // what a thread allocates for its first
        drop(keep_workers(&runtime)); // each has started
        COUNTS.store(runtime.metrics().workers > 1, SeqCst);
        COUNTED.store(0, SeqCst);
        test(&runtime);
        let counted = COUNTED.load(SeqCst);
        assert!(counted < ROUNDS / 2, "{counted} allocations");
    }
}

#[test]
fn wakes_and_yields() {
    on_each_flavor("wakes_and_yields", || {
        Box::pin(async {
            without_allocator!({
                yield_now().await;
                let mut again = true;
                poll_fn(|cx| {
                    let waker = cx.waker().clone();
                    waker.wake();
                    match mem::take(&mut again) {
                        true => Poll::Pending,
                        false => Poll::Ready(()),
                    }
                })
                .await;
            });
        })
    });
}

#[test]
fn block_on_again() {
    if !crate::child::is_here() {
        return crate::child::run("memory::block_on_again", &[]);
    }
    on_runtimes(|runtime| {
        for refuses in [false, true] {
            REFUSES.store(refuses, SeqCst);
            (0..ROUNDS).for_each(|_| runtime.block_on(yield_now()));
        }
        REFUSES.store(false, SeqCst);
    });
}

/// A worker that falls asleep beside busy ones takes down how they stand, to watch them: each round one does.
#[test]
fn a_worker_that_falls_asleep_to_watch_the_others() {
    if !crate::child::is_here() {
        return crate::child::run("memory::a_worker_that_falls_asleep_to_watch_the_others", &[]);
    }
    on_runtimes(|runtime| {
        let over = Arc::new(AtomicBool::new(false));
        let goes_on = over.clone();
        let busy = runtime.spawn(async move {
            while !goes_on.load(SeqCst) {
                yield_now().await;
            }
        });
        let (asks, answers) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (asked, answer) = (asks.clone(), answers.clone());
        let echo = runtime.spawn(async move {
            loop {
                asked.notified().await;
                answer.notify_one();
            }
        });
        let handle = runtime.handle().clone();
        let parks = || handle.metrics().parks;
        // Of one worker, which is busy, none falls asleep.
        let some_sleep = handle.metrics().workers > 1;
        runtime.block_on(async {
            without_allocator!({
                let before = parks();
                asks.notify_one();
                answers.notified().await;
                while some_sleep && parks() == before {
                    std::thread::yield_now();
                }
            });
        });
        over.store(true, SeqCst);
        echo.abort();
        runtime.block_on(async { busy.await.unwrap() });
    });
}

#[test]
fn timers_that_are_armed_dropped_and_fire() {
    on_each_flavor("timers_that_are_armed_dropped_and_fire", || {
        Box::pin(async {
            let mut ticks = interval(Duration::from_millis(1));
            without_allocator!({
                timeout(Duration::from_secs(60), yield_now()).await.unwrap();
            });
            REFUSES.store(true, SeqCst);
            for _ in 0..5 {
                sleep(Duration::from_millis(1)).await;
                ticks.tick().await;
            }
            REFUSES.store(false, SeqCst);
        })
    });
}

/// What a lock allocates for the first that waits.
fn first_wait<H>(held: H, wait: impl Future) {
    assert!(pin!(wait).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(held);
}

#[test]
fn locks_that_are_waited_for() {
    on_each_flavor("locks_that_are_waited_for", || {
        Box::pin(async {
            let mutex = Arc::new(Mutex::new(0));
            first_wait(mutex.try_lock().unwrap(), mutex.lock());
            let own = mutex.clone();
            let other = async move {
                loop {
                    let mut held = mutex.lock().await;
                    *held += 1;
                    yield_now().await;
                }
            };
            let other = rt_facade::spawn(other);
            without_allocator!({
                let mut held = own.lock().await;
                yield_now().await;
                *held += 1;
            });
            other.abort();
            let lock = Arc::new(RwLock::new(0));
            first_wait(lock.try_write().unwrap(), lock.read());
            let own = lock.clone();
            let other = async move {
                loop {
                    *lock.write().await += 1;
                    let held = lock.read().await;
                    yield_now().await;
                    drop(held);
                }
            };
            let other = rt_facade::spawn(other);
            without_allocator!({
                let held = own.read().await;
                yield_now().await;
                drop(held);
                *own.write().await += 1;
            });
            other.abort();
            let semaphore = Arc::new(Semaphore::new(1));
            first_wait(semaphore.try_acquire().unwrap(), semaphore.acquire());
            let own = semaphore.clone();
            let other = async move {
                loop {
                    let held = semaphore.acquire().await.unwrap();
                    yield_now().await;
                    drop(held);
                }
            };
            let other = rt_facade::spawn(other);
            without_allocator!({
                let held = own.acquire().await.unwrap();
                yield_now().await;
                drop(held);
            });
            other.abort();
        })
    });
}

#[test]
fn messages_to_and_fro() {
    on_each_flavor("messages_to_and_fro", || {
        Box::pin(async {
            let (there, mut at_there) = mpsc::channel(4);
            let (back, mut at_back) = mpsc::unbounded_channel();
            let other = async move {
                while let Some(n) = at_there.recv().await {
                    let _ = back.send(n);
                }
            };
            let other = rt_facade::spawn(other);
            let mut n = 0;
            without_allocator!({
                n += 1;
                there.send(n).await.unwrap();
                assert_eq!(at_back.recv().await, Some(n));
            });
            other.abort();
            let (asks, answers) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            let (asked, answered) = (asks.clone(), answers.clone());
            let other = async move {
                loop {
                    asked.notified().await;
                    answered.notify_one();
                }
            };
            let other = rt_facade::spawn(other);
            without_allocator!({
                asks.notify_one();
                answers.notified().await;
            });
            other.abort();
            let (there, at_there) = watch::channel(0);
            let (back, mut at_back) = broadcast::channel(4);
            let other = {
                let mut at_there = at_there;
                async move {
                    while at_there.changed().await.is_ok() {
                        let n = *at_there.borrow_and_update();
                        drop(back.send(n));
                    }
                }
            };
            let other = rt_facade::spawn(other);
            let mut n = 0;
            without_allocator!({
                n += 1;
                there.send_replace(n);
                while at_back.recv().await.unwrap() != n {}
            });
            other.abort();
        })
    });
}

#[test]
fn datagrams_and_streams() {
    on_each_flavor("datagrams_and_streams", || {
        Box::pin(async {
            let (one, other) = (
                UdpSocket::bind("127.0.0.1:0").await.unwrap(),
                UdpSocket::bind("127.0.0.1:0").await.unwrap(),
            );
            one.connect(other.local_addr().unwrap()).await.unwrap();
            other.connect(one.local_addr().unwrap()).await.unwrap();
            let echoes = async move {
                let mut buf = [0; 8];
                while let Ok(n) = other.recv(&mut buf).await {
                    drop(other.send(&buf[..n]).await);
                }
            };
            let echoes = rt_facade::spawn(echoes);
            without_allocator!({
                one.send(b"ping").await.unwrap();
                assert_eq!(one.recv(&mut [0; 8]).await.unwrap(), 4);
            });
            echoes.abort();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let mut server = listener.accept().await.unwrap().0;
            let echoes = async move {
                let mut buf = [0; 64];
                while let Ok(n @ 1..) = server.read(&mut buf).await {
                    drop(server.write_all(&buf[..n]).await);
                }
            };
            let echoes = rt_facade::spawn(echoes);
            without_allocator!({
                client.write_all(&[7; 64]).await.unwrap();
                client.read_exact(&mut [0; 64]).await.unwrap();
            });
            echoes.abort();
        })
    });
}

#[test]
fn what_needs_memory_ends_the_process_here() {
    const NAME: &str = "memory::what_needs_memory_ends_the_process_here";
    if crate::child::is_here() {
        on_runtimes(|runtime| {
            runtime.block_on(async {
                without_allocator!({
                    rt_facade::spawn(async {}).await.unwrap();
                });
            });
        });
        return;
    }
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args([NAME, "--exact", "--nocapture"]).env(crate::child::MARK, "1");
    let output = again.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("memory allocation of "), "or nothing else here is tested: {told}");
    assert!(!output.status.success());
    #[cfg(unix)]
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&output.status), Some(libc::SIGABRT));
}
