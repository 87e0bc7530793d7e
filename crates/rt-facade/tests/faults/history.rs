//! What went wrong in other runtimes, and does not here. Each test is named after the effect, and tells where it was
//! first seen; those that other files have are listed with these in `xtask/src/verify/lanes/history.rs`.

use std::cell::Cell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex as StdMutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use rt_facade::io::{AsyncReadExt, duplex, split};
use rt_facade::sync::{
    CancellationToken, Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, watch,
};
use rt_facade::task::spawn_blocking;
use rt_facade::time::{Duration, Instant, sleep, timeout};

use crate::support::{block_until, flavors, for_each_flavor};

/// tokio #8056 (queue of the blocking pool in shards): a closure that is queued just as the last thread goes idle or
/// leaves is seen by nobody.
#[test]
fn a_closure_queued_as_the_last_thread_leaves_is_run() {
    for build in flavors() {
        for keep_alive in [Duration::ZERO, Duration::from_micros(50)] {
            let runtime =
                build().max_blocking_threads(2).thread_keep_alive(keep_alive).build().unwrap();
            let ran = Arc::new(AtomicUsize::new(0));
            thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| {
                        for _ in 0..100 {
                            let ran = ran.clone();
                            let closure = runtime.spawn_blocking(move || ran.fetch_add(1, SeqCst));
                            rt_task::block_on(closure).unwrap();
                        }
                    });
                }
            });
            assert_eq!(ran.load(SeqCst), 300);
        }
    }
}

/// What a waker does when it is woken or dropped.
pub(crate) struct Uses(pub(crate) Box<dyn Fn() + Send + Sync>);

impl Wake for Uses {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

impl Drop for Uses {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Polls `wait` with a waker that does `uses`, twice with different ones, lets it happen, and drops it.
fn with_wakers_that(
    uses: impl Fn() + Send + Sync + Clone + 'static,
    wait: impl Future,
    happens: impl FnOnce(),
) {
    let mut wait = pin!(wait);
    for _ in 0..2 {
        let waker = Waker::from(Arc::new(Uses(Box::new(uses.clone()))));
        if wait.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            return;
        }
    }
    happens();
}

/// tokio #5429, #5578 (`broadcast`, `Notify`, `Semaphore`): a waker that is dropped or woken with the lock held, and
/// itself uses what it waited for, waits for itself.
#[test]
fn a_waker_that_uses_what_it_waits_for_is_not_called_with_its_lock_held() {
    let (done, is_done) = std::sync::mpsc::channel();
    let all = thread::Builder::new().spawn(move || {
        let notify = Arc::new(Notify::new());
        let own = notify.clone();
        with_wakers_that(move || own.notify_waiters(), notify.notified(), || notify.notify_one());
        let own = notify.clone();
        with_wakers_that(move || own.notify_one(), notify.notified(), || notify.notify_waiters());
        let semaphore = Arc::new(Semaphore::new(0));
        let own = semaphore.clone();
        with_wakers_that(
            move || {
                own.add_permits(1);
                drop(own.try_acquire());
            },
            semaphore.acquire_many(50),
            || semaphore.close(),
        );
        let mutex = Arc::new(Mutex::new(()));
        let (own, held) = (mutex.clone(), mutex.try_lock().unwrap());
        with_wakers_that(move || drop(own.try_lock()), mutex.lock(), || drop(held));
        let lock = Arc::new(RwLock::new(()));
        let (own, held) = (lock.clone(), lock.try_read().unwrap());
        with_wakers_that(
            move || drop((own.try_read(), own.try_write())),
            lock.write(),
            || {
                drop(held);
            },
        );
        let (sends, mut receives) = broadcast::channel(4);
        let own = sends.clone();
        with_wakers_that(move || drop(own.send(1)), receives.recv(), || drop(sends.send(2)));
        let (sends, mut receives) = watch::channel(0);
        let (sends, own) = (Arc::new(sends), StdMutex::new(()));
        let (own_sends, own) = (sends.clone(), Arc::new(own));
        let uses = move || {
            let _calls = own.try_lock();
            own_sends.send_if_modified(|value| {
                *value += 1;
                *value < 10
            });
        };
        with_wakers_that(uses, receives.changed(), || {
            let _ = sends.send(2);
        });
        let (sends, mut receives) = mpsc::channel(4);
        let own = sends.clone();
        let uses = move || {
            let _ = own.try_send(1);
        };
        with_wakers_that(uses, receives.recv(), || {
            let _ = sends.try_send(2);
        });
        let token = CancellationToken::new();
        let own = token.clone();
        with_wakers_that(move || own.cancel(), token.cancelled(), || token.cancel());
        let runtime =
            rt_facade::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _entered = runtime.enter();
        let again = || drop(Box::pin(sleep(Duration::from_secs(1))));
        let armed = move || {
            let mut other = Box::pin(sleep(Duration::from_secs(60)));
            let _ = other.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            again();
        };
        let handle = runtime.handle().clone();
        let armed = move || {
            let _entered = handle.enter();
            armed();
        };
        with_wakers_that(armed, sleep(Duration::from_millis(1)), || {
            runtime.block_on(sleep(Duration::from_millis(3)));
        });
        done.send(()).unwrap();
    });
    is_done.recv_timeout(crate::support::LIMIT).expect("it hangs, or has failed");
    all.unwrap().join().unwrap();
}

/// tokio #1886: a message that holds a sender of its own channel; dropping it with the receiver locks twice.
#[test]
fn a_message_that_owns_a_sender_of_its_channel_goes_with_the_receiver() {
    struct Message(#[expect(dead_code, reason = "it is dropped")] Option<mpsc::Sender<Message>>);
    struct Unbounded(
        #[expect(dead_code, reason = "it is dropped")] mpsc::UnboundedSender<Unbounded>,
    );
    let (sends, receives) = mpsc::channel(2);
    sends.try_send(Message(Some(sends.clone()))).ok().unwrap();
    sends.try_send(Message(Some(sends.clone()))).ok().unwrap();
    drop(receives);
    assert!(sends.is_closed());
    let (sends, receives) = mpsc::unbounded_channel();
    sends.send(Unbounded(sends.clone())).ok().unwrap();
    drop(receives);
    assert!(sends.is_closed());
}

/// tokio #3069: a sleep that is shorter than the timer's tick never ends, or ends early.
#[test]
fn a_sleep_shorter_than_a_tick_ends_and_not_early() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            for span in [0, 1, 999, 100_000, 999_999, 1_000_001].map(Duration::from_nanos) {
                for _ in 0..5 {
                    let before = Instant::now();
                    timeout(Duration::from_secs(20), sleep(span)).await.expect("it never ends");
                    assert!(before.elapsed() >= span, "early");
                }
            }
        });
    });
}

/// tokio #4428, #6080: `take` computes with a limit that does not fit, or cuts it to 32 bits.
#[test]
fn a_limit_of_any_size_is_kept_to() {
    rt_task::block_on(async {
        for limit in [u64::MAX, u64::MAX - 1, 1 << 32, (1 << 32) + 3] {
            let mut all = Vec::new();
            let mut source = (&b"twelve bytes"[..]).take(limit);
            assert_eq!(source.read_to_end(&mut all).await.unwrap(), 12);
            assert_eq!((&all[..], source.limit()), (&b"twelve bytes"[..], limit - 12));
        }
        let mut some = Vec::new();
        (&b"twelve bytes"[..]).take(6).read_to_end(&mut some).await.unwrap();
        assert_eq!(some, b"twelve");
    });
}

/// RUSTSEC-2023-0005 (tokio `ReadHalf::unsplit`): halves of two streams put together, and with that two owners of one.
#[test]
fn halves_of_two_streams_are_not_put_together() {
    let ((one, _), (other, _)) = (duplex(8), duplex(8));
    let ((reads, _writes), (_reads, writes)) = (split(one), split(other));
    assert!(!reads.is_pair_of(&writes));
    let together = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| reads.unsplit(writes)));
    assert!(together.is_err());
}

/// tokio #7494: a child's wait that is polled without need, before the child has ended, panics or forgets its waker.
#[cfg(target_os = "linux")]
#[test]
fn a_childs_wait_that_is_polled_without_need_still_tells_the_end() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let mut child = rt_facade::process::Command::new("cat")
                .stdin(std::process::Stdio::piped())
                .spawn()
                .unwrap();
            let input = child.stdin.take().unwrap();
            let mut wait = pin!(async move {
                // The input is dropped below, not by the wait.
                child.wait().await
            });
            drop(input);
            let mut polls = 0;
            let status = std::future::poll_fn(|cx| {
                polls += 1;
                let ended = wait.as_mut().poll(cx);
                // Again and again, whether or not anything has happened.
                if ended.is_pending() {
                    cx.waker().wake_by_ref();
                }
                ended
            });
            assert!(status.await.unwrap().success());
        });
    });
}

/// tokio #8406: threads are refused and the pool has none of its own: the closure is queued, and nobody runs it.
#[cfg(target_os = "linux")]
#[test]
fn a_closure_for_which_no_thread_can_be_had_is_told_and_does_not_wait_for_ever() {
    const NAME: &str =
        "history::a_closure_for_which_no_thread_can_be_had_is_told_and_does_not_wait_for_ever";
    if !crate::child::is_here() {
        // Root has no such limit, and one user's processes count together: be somebody new.
        let user = 10_000 + std::process::id() % 10_000;
        let (user, group) = (format!("--reuid={user}"), format!("--regid={user}"));
        let nobody = ["setpriv", &user, &group, "--clear-groups"];
        return crate::child::run(NAME, &[&nobody[..], &["prlimit", "--nproc=12"]].concat());
    }
    for build in flavors() {
        // The workers are there already; there is no thread more.
        let runtime = build().enable_all().build().unwrap();
        let mut hog = Vec::new();
        while let Ok(thread) = thread::Builder::new().spawn(thread::park) {
            hog.push(thread);
        }
        let closure = runtime.block_on(async {
            let closure = runtime.spawn(async { spawn_blocking(|| 1).await });
            timeout(Duration::from_secs(20), closure).await.expect("it waits for ever")
        });
        assert!(closure.unwrap().unwrap_err().is_cancelled());
        for thread in hog {
            thread.thread().unpark();
            thread.join().unwrap();
        }
        // The system strikes a joined thread off its list a moment later.
        block_until(|| runtime.block_on(runtime.spawn_blocking(|| 2)).is_ok());
    }
}

/// async-executor #163: a waker fires from a thread outside just as the executor is dropped: it has published the task,
/// and then calls somebody through memory that is gone. For the sanitizers.
#[test]
fn a_waker_that_fires_as_the_runtime_is_dropped_touches_nothing_that_is_gone() {
    struct Shares(Arc<StdMutex<Vec<Waker>>>);
    impl Future for Shares {
        type Output = ();
        fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
            self.0.lock().unwrap().push(cx.waker().clone());
            Poll::Pending
        }
    }
    for build in flavors() {
        for _ in 0..30 {
            let runtime = build().build().unwrap();
            let wakers = Arc::new(StdMutex::new(Vec::new()));
            for _ in 0..8 {
                drop(runtime.spawn(Shares(wakers.clone())));
            }
            runtime.block_on(crate::support::until(|| wakers.lock().unwrap().len() == 8));
            let taken = std::mem::take(&mut *wakers.lock().unwrap());
            let fires = thread::Builder::new().spawn(move || {
                for _ in 0..20 {
                    taken.iter().for_each(Waker::wake_by_ref);
                }
            });
            drop(runtime);
            fires.unwrap().join().unwrap();
        }
    }
}

/// tokio #7910 (threads that are idle counted twice), #8372 (a count of sleepers off by one): figures that go
/// backwards, or below zero.
#[test]
fn a_count_never_goes_backwards() {
    for_each_flavor(|runtime| {
        let handle = runtime.handle().clone();
        let stop = Arc::new(AtomicUsize::new(0));
        let watches = {
            let stop = stop.clone();
            thread::Builder::new().spawn(move || {
                let workers = handle.metrics().workers;
                let counts = || {
                    let metrics = handle.metrics();
                    let mut counts =
                        vec![metrics.spawned_tasks_count(), metrics.remote_schedule_count()];
                    for worker in 0..workers {
                        counts.extend([
                            metrics.worker_park_count(worker),
                            metrics.worker_park_unpark_count(worker),
                            metrics.worker_noop_count(worker),
                            metrics.worker_steal_count(worker),
                            metrics.worker_steal_operations(worker),
                            metrics.worker_poll_count(worker),
                            metrics.worker_overflow_count(worker),
                            metrics.worker_total_busy_duration(worker).as_nanos() as u64,
                        ]);
                    }
                    counts
                };
                let (mut before, mut looks) = (counts(), 0);
                while stop.load(SeqCst) == 0 {
                    let now = counts();
                    let back = before.iter().zip(&now).position(|(before, now)| now < before);
                    assert_eq!(back, None, "{before:?} to {now:?}");
                    let metrics = handle.metrics();
                    // Levels: what there cannot be more of than this is not below zero either.
                    assert!(metrics.num_blocking_threads() <= 512, "{metrics:?}");
                    assert!(metrics.num_idle_blocking_threads() <= 512, "{metrics:?}");
                    assert!(metrics.blocking_queue_depth() <= 10_000, "{metrics:?}");
                    assert!(metrics.num_alive_tasks() <= 10_000, "{metrics:?}");
                    before = now;
                    looks += 1;
                }
                looks
            })
        };
        runtime.block_on(async {
            for _ in 0..20 {
                let tasks: Vec<_> = (0..30)
                    .map(|n| {
                        rt_facade::spawn(async move {
                            if n % 3 == 0 {
                                spawn_blocking(|| ()).await.unwrap();
                            }
                            rt_facade::task::yield_now().await;
                            drop(handle_of_now().dump());
                        })
                    })
                    .collect();
                for task in tasks {
                    task.await.unwrap();
                }
            }
        });
        stop.store(1, SeqCst);
        assert!(watches.unwrap().join().unwrap() > 0);
        block_until(|| runtime.metrics().alive_tasks == 0);
    });
}

fn handle_of_now() -> rt_facade::runtime::Handle {
    rt_facade::runtime::Handle::current()
}

/// What a type is to other threads, exactly.
mod threads {
    use std::marker::PhantomData;

    pub(super) struct Probe<T: ?Sized>(PhantomData<T>);

    pub(super) trait No {
        const SEND: bool = false;
        const SYNC: bool = false;
    }
    impl<T: ?Sized> No for Probe<T> {}
    impl<T: ?Sized + Send> Probe<T> {
        pub(super) const SEND: bool = true;
    }
    impl<T: ?Sized + Sync> Probe<T> {
        pub(super) const SYNC: bool = true;
    }
}

/// Whether a type is `Send`, and `Sync`.
macro_rules! threads {
    ($type:ty) => {{
        #[allow(unused_imports, reason = "where both are true")]
        use threads::No as _;
        (threads::Probe::<$type>::SEND, threads::Probe::<$type>::SYNC)
    }};
}

/// The same of a type that holds what is both, what is `Send` alone, what is `Sync` alone, and what is neither.
macro_rules! holders {
    ($expected:ident: $($($name:ident)::+ [$($life:lifetime),*])*) => {$(
        assert_eq!(
            [
                threads!($($name)::+ <$($life,)* u8>),
                threads!($($name)::+ <$($life,)* Cell<u8>>),
                threads!($($name)::+ <$($life,)* std::sync::MutexGuard<'static, u8>>),
                threads!($($name)::+ <$($life,)* std::rc::Rc<u8>>),
            ],
            $expected,
            stringify!($($name)::+),
        );
    )*};
}

macro_rules! types {
    ($expected:expr; $($type:ty),* $(,)?) => {
        $(assert_eq!(threads!($type), $expected, stringify!($type));)*
    };
}

/// RUSTSEC-2025-0023, -2020-0059, -2020-0070, -2026-0221, tokio #3089: a guard, a handle or a channel that goes to other
/// threads though what it holds must not, or is shared though that must not be.
#[test]
fn what_goes_to_other_threads_is_what_may() {
    use rt_facade::runtime::{EnterGuard, LocalRuntime};
    use rt_facade::sync::*;
    use rt_facade::task::{AbortHandle, JoinHandle, JoinSet, LocalEnterGuard, LocalSet};
    use rt_facade::time::{Interval, Sleep, Timeout};
    const BOTH: (bool, bool) = (true, true);
    const SEND: (bool, bool) = (true, false);
    const NOT: (bool, bool) = (false, false);
    // One thread at a time touches what it holds.
    const HANDS_OVER: [(bool, bool); 4] = [BOTH, BOTH, NOT, NOT];
    // Who shares it, shares what it holds; who has it, may take that out.
    const OWNS: [(bool, bool); 4] = [BOTH, SEND, NOT, NOT];
    // Several threads look at what it holds, and any of them may be the last that has it.
    const SHARES: [(bool, bool); 4] = [BOTH, NOT, NOT, NOT];
    // Lends what it holds, and can do no more.
    const LENDS: [(bool, bool); 4] = [BOTH, NOT, BOTH, NOT];
    // The same, and is to be dropped on its thread.
    const STAYS: [(bool, bool); 4] = [(false, true), NOT, (false, true), NOT];
    holders! { HANDS_OVER:
        Mutex [] JoinHandle [] JoinSet [] oneshot::Sender [] oneshot::Receiver []
        mpsc::Sender [] mpsc::Receiver [] mpsc::UnboundedSender [] mpsc::UnboundedReceiver []
        mpsc::WeakSender [] mpsc::Permit ['static] mpsc::OwnedPermit []
        broadcast::Sender [] broadcast::Receiver []
    }
    holders! { OWNS: MutexGuard ['static] OwnedMutexGuard [] RwLock [] OnceCell [] SetOnce [] }
    holders! { SHARES:
        RwLockWriteGuard ['static] OwnedRwLockReadGuard [] OwnedRwLockWriteGuard []
        watch::Sender [] watch::Receiver []
    }
    holders! { LENDS: RwLockReadGuard ['static] }
    holders! { STAYS: watch::Ref ['static] }
    types! { BOTH;
        Notify, Semaphore, SemaphorePermit<'static>, OwnedSemaphorePermit, Barrier,
        CancellationToken, AbortHandle, Sleep, Interval, Timeout<std::future::Ready<u8>>,
        rt_facade::sync::futures::Notified<'static>, rt_facade::sync::futures::OwnedNotified,
    }
    types! { NOT;
        LocalSet, LocalRuntime, LocalEnterGuard, Timeout<std::future::Ready<std::rc::Rc<u8>>>,
    }
    assert!(!threads!(EnterGuard<'static>).0, "it is left on its thread");
}
