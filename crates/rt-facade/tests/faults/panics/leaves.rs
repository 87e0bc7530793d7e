//! A waker that panics, left in whatever a task can wait for, beside wakers that do not.
//!
//! Whoever makes it happen may be told of the panic, if that is a task that sends, unlocks or notifies; a thread
//! of the runtime may not. Everybody else who waits is woken all the same.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rt_facade::io::{AsyncReadExt, AsyncWriteExt, duplex};
use rt_facade::net::{TcpListener, TcpStream, UdpSocket};
use rt_facade::sync::{
    Barrier, CancellationToken, Mutex, Notify, RwLock, Semaphore, SetOnce, broadcast, mpsc,
    oneshot, watch,
};
use rt_facade::task::JoinSet;
use rt_facade::time::{Duration, sleep, timeout};

use super::cell::is_shutting_down;
use super::flavour::{Flavour, Ground};
use super::ledger::is_boom;
use super::wakers::{WakerFault, Woken};
use super::{Stage, workers_meet};
use crate::slower::SLOWER;
use crate::support::{Gate, block_until, until};

type Waits = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Some that wait for the same, and what ends that.
pub(super) struct Leaf {
    waits: Vec<Waits>,
    happens: Box<dyn FnOnce(&Ground)>,
}

pub(super) type Make = fn(&Ground) -> Leaf;

pub(super) const ALL: &[(&str, Make)] = &[
    ("Sleep", sleeps),
    ("Timeout", timeouts),
    ("oneshot::Receiver", oneshot_receiver),
    ("mpsc::Receiver", mpsc_receiver),
    ("mpsc::Sender", mpsc_sender),
    ("mpsc::UnboundedReceiver", mpsc_unbounded),
    ("Notify::notify_one", notified_one),
    ("Notify::notify_waiters", notified_all),
    ("Semaphore", semaphore),
    ("Semaphore::close", semaphore_closed),
    ("Mutex", mutex),
    ("RwLock::read", readers),
    ("RwLock::write", writers),
    ("broadcast::Receiver", broadcast_receivers),
    ("watch::Receiver", watch_receivers),
    ("Barrier", barrier),
    ("SetOnce", set_once),
    ("CancellationToken", cancellation),
    ("JoinSet", join_set),
    ("JoinHandle of a closure", closure),
    ("TcpListener::accept", accept),
    ("TcpStream::read", tcp_read),
    ("UdpSocket::readable", udp_readable),
    ("DuplexStream::read", duplex_read),
    ("DuplexStream::write", duplex_write),
    #[cfg(unix)]
    ("Signal", unix::signals),
    #[cfg(unix)]
    ("Child::wait", unix::child),
    #[cfg(unix)]
    ("AsyncFd::readable", unix::descriptor),
];

pub(super) fn run(flavour: Flavour, make: Make, fault: WakerFault, stage: Stage) {
    let ground = flavour.build(&mut flavour.builder());
    let entered = ground.handle().enter();
    let Leaf { waits, happens } = make(&ground);
    let mut waits = waits.into_iter();
    let bomb = Woken::bomb(fault);
    let mut victim = Some(waits.next().expect("somebody waits"));
    let waker = bomb.waker();
    let polled = poll(victim.as_mut().expect("it is there"), &waker);
    assert!(polled != Ok(Poll::Ready(())), "nothing has happened yet");
    let _ = catch_unwind(AssertUnwindSafe(|| drop(waker)));
    let mut others: Vec<_> = waits.map(|wait| (wait, Woken::counting())).collect();
    for (wait, woken) in &mut others {
        let waker = woken.waker();
        assert_eq!(poll(wait, &waker), Ok(Poll::Pending), "nothing has happened yet");
    }
    // Its waker is replaced: the drop of the first is its user's panic, and ends the `async` block.
    let mut second = None;
    if fault == WakerFault::Drop && stage == Stage::Run {
        let woken = Woken::counting();
        let waker = woken.waker();
        match poll(victim.as_mut().expect("it is there"), &waker) {
            Ok(_) => second = Some(woken),
            Err(()) => drop_contained(victim.take()),
        }
    }
    match stage {
        Stage::Run => {}
        // Given up by its user, whose panic it is.
        Stage::Abort => drop_contained(victim.take()),
        Stage::Shutdown => {
            drop(entered);
            let ended = catch_unwind(AssertUnwindSafe(|| drop(ground)));
            assert!(ended.is_ok(), "the drop of the runtime panicked");
            drop_contained(victim);
            drop(others);
            drop_contained(happens);
            bomb.is_gone();
            return;
        }
    }
    // By whom it happens hears of a waker that panics, or nobody does.
    let happened = catch_unwind(AssertUnwindSafe(|| happens(&ground)));
    assert!(happened.as_ref().err().is_none_or(|payload| is_boom(&**payload)), "another panic");
    match (fault, victim.take()) {
        // What an `async` block lets out ends it.
        (WakerFault::Clone, victim) => drop_contained(victim),
        (_, Some(mut victim)) => ground.block_on(async {
            until(|| second.as_ref().unwrap_or(&bomb).was_woken()).await;
            bomb.disarm();
            victim.as_mut().await;
        }),
        (_, None) => {}
    }
    for (mut wait, woken) in others {
        ground.block_on(async {
            // They are not looked at before they were woken.
            until(|| woken.was_woken()).await;
            wait.as_mut().await;
        });
        drop(wait);
        woken.is_gone();
    }
    bomb.is_gone();
    workers_meet(&ground, flavour);
    drop(entered);
    let ended = catch_unwind(AssertUnwindSafe(|| drop(ground)));
    assert!(ended.is_ok(), "the drop of the runtime panicked");
}

/// What a poll with this waker says; a panic of the waker is an error.
fn poll(wait: &mut Waits, waker: &std::task::Waker) -> Result<Poll<()>, ()> {
    let mut cx = Context::from_waker(waker);
    catch_unwind(AssertUnwindSafe(|| wait.as_mut().poll(&mut cx)))
        .map_err(|payload| assert!(is_boom(&*payload), "another panic"))
}

fn drop_contained<T>(victim: T) {
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(victim)));
    assert!(dropped.err().is_none_or(|payload| is_boom(&*payload)), "another panic");
}

/// Three of the same.
fn three<F: Future<Output = ()> + Send + 'static>(make: impl FnMut() -> F) -> Vec<Waits> {
    let mut make = make;
    (0..3).map(|_| Box::pin(make()) as Waits).collect()
}

fn one(wait: impl Future<Output = ()> + Send + 'static) -> Vec<Waits> {
    vec![Box::pin(wait)]
}

fn leaf(waits: Vec<Waits>, happens: impl FnOnce(&Ground) + 'static) -> Leaf {
    Leaf { waits, happens: Box::new(happens) }
}

/// Long enough to be pending at its first poll, on a busy machine, too.
const SOON: Duration = Duration::from_millis(30 * SLOWER);

fn sleeps(_: &Ground) -> Leaf {
    leaf(three(|| sleep(SOON)), |_| {})
}

fn timeouts(_: &Ground) -> Leaf {
    let waits = three(|| {
        let timed = timeout(SOON, std::future::pending::<()>());
        async move { assert!(timed.await.is_err()) }
    });
    leaf(waits, |_| {})
}

fn oneshot_receiver(_: &Ground) -> Leaf {
    let (sends, receives) = oneshot::channel();
    leaf(one(async move { receives.await.unwrap() }), |_| {
        let _ = sends.send(());
    })
}

fn mpsc_receiver(_: &Ground) -> Leaf {
    let (sends, mut receives) = mpsc::channel(1);
    let wait = async move { receives.recv().await.unwrap() };
    leaf(one(wait), move |_| {
        let _ = sends.try_send(());
    })
}

fn mpsc_sender(_: &Ground) -> Leaf {
    let (sends, mut receives) = mpsc::channel(1);
    sends.try_send(()).unwrap();
    let waits = three(move || {
        let sends = sends.clone();
        async move { sends.send(()).await.unwrap() }
    });
    let happens = move |ground: &Ground| {
        for _ in 0..3 {
            // It may panic by the first waker; the place is free all the same.
            let received = catch_unwind(AssertUnwindSafe(|| receives.try_recv()));
            if received.is_err() {
                continue;
            }
        }
        drop(ground.handle().spawn(async move { while receives.recv().await.is_some() {} }));
    };
    leaf(waits, happens)
}

fn mpsc_unbounded(_: &Ground) -> Leaf {
    let (sends, mut receives) = mpsc::unbounded_channel();
    let wait = async move { receives.recv().await.unwrap() };
    leaf(one(wait), move |_| {
        let _ = sends.send(());
    })
}

fn notified_one(_: &Ground) -> Leaf {
    let notify = Arc::new(Notify::new());
    let waits = three(|| {
        let notify = notify.clone();
        async move { notify.notified().await }
    });
    leaf(waits, move |_| {
        for _ in 0..3 {
            let _ = catch_unwind(AssertUnwindSafe(|| notify.notify_one()));
        }
    })
}

fn notified_all(_: &Ground) -> Leaf {
    let notify = Arc::new(Notify::new());
    let waits = three(|| {
        let notify = notify.clone();
        async move { notify.notified().await }
    });
    leaf(waits, move |_| notify.notify_waiters())
}

fn semaphore(_: &Ground) -> Leaf {
    let semaphore = Arc::new(Semaphore::new(0));
    let waits = three(|| {
        let semaphore = semaphore.clone();
        async move { semaphore.acquire().await.unwrap().forget() }
    });
    leaf(waits, move |_| semaphore.add_permits(3))
}

fn semaphore_closed(_: &Ground) -> Leaf {
    let semaphore = Arc::new(Semaphore::new(0));
    let waits = three(|| {
        let semaphore = semaphore.clone();
        async move { assert!(semaphore.acquire().await.is_err()) }
    });
    leaf(waits, move |_| semaphore.close())
}

fn mutex(_: &Ground) -> Leaf {
    let mutex = Arc::new(Mutex::new(()));
    let held = mutex.clone().try_lock_owned().unwrap();
    let waits = three(|| {
        let mutex = mutex.clone();
        async move { drop(mutex.lock().await) }
    });
    leaf(waits, move |_| drop(held))
}

fn readers(_: &Ground) -> Leaf {
    let lock = Arc::new(RwLock::new(()));
    let held = lock.clone().try_write_owned().unwrap();
    let waits = three(|| {
        let lock = lock.clone();
        async move { drop(lock.read().await) }
    });
    leaf(waits, move |_| drop(held))
}

fn writers(_: &Ground) -> Leaf {
    let lock = Arc::new(RwLock::new(()));
    let held = lock.clone().try_read_owned().unwrap();
    let waits = three(|| {
        let lock = lock.clone();
        async move { drop(lock.write().await) }
    });
    leaf(waits, move |_| drop(held))
}

fn broadcast_receivers(_: &Ground) -> Leaf {
    let (sends, _) = broadcast::channel(4);
    let waits = three(|| {
        let mut receives = sends.subscribe();
        async move { receives.recv().await.unwrap() }
    });
    leaf(waits, move |_| {
        let _ = sends.send(());
    })
}

fn watch_receivers(_: &Ground) -> Leaf {
    let (sends, receives) = watch::channel(0);
    let waits = three(|| {
        let mut receives = receives.clone();
        async move { receives.changed().await.unwrap() }
    });
    leaf(waits, move |_| {
        let _ = sends.send(1);
    })
}

fn barrier(_: &Ground) -> Leaf {
    let barrier = Arc::new(Barrier::new(4));
    let wait = |barrier: Arc<Barrier>| async move {
        barrier.wait().await;
    };
    let waits = three(|| wait(barrier.clone()));
    leaf(waits, move |ground| {
        // As many as are needed, should one be given up: it counts no more then.
        let waker = Woken::counting().waker();
        let mut more: Vec<Waits> =
            (0..2).map(|_| Box::pin(wait(barrier.clone())) as Waits).collect();
        for wait in &mut more {
            match poll(wait, &waker) {
                Ok(Poll::Pending) => {}
                // The last is who wakes the others.
                Ok(Poll::Ready(())) | Err(()) => break,
            }
        }
        let _ = ground;
    })
}

fn set_once(_: &Ground) -> Leaf {
    let cell = Arc::new(SetOnce::new());
    let waits = three(|| {
        let cell = cell.clone();
        async move {
            cell.wait().await;
        }
    });
    leaf(waits, move |_| cell.set(()).unwrap())
}

fn cancellation(_: &Ground) -> Leaf {
    let token = CancellationToken::new();
    let child = token.child_token();
    let waits = three(|| {
        let child = child.clone();
        async move { child.cancelled().await }
    });
    leaf(waits, move |_| token.cancel())
}

fn join_set(ground: &Ground) -> Leaf {
    let (mut set, gate) = (JoinSet::new(), Gate::new());
    set.spawn_on(gate.passed(), ground.handle());
    let wait = async move { set.join_next().await.unwrap().unwrap() };
    leaf(one(wait), move |_| gate.open())
}

fn closure(ground: &Ground) -> Leaf {
    let (opens, opened) = mpsc::channel::<()>(1);
    let handle = ground.handle().clone();
    let closure = ground.handle().spawn_blocking(move || {
        // A runtime that ends waits for it.
        block_until(|| opened.is_closed() || is_shutting_down(&handle));
    });
    leaf(one(async move { closure.await.unwrap() }), move |_| drop(opens))
}

fn accept(ground: &Ground) -> Leaf {
    let listener = ground.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let (address, listener) = (listener.local_addr().unwrap(), Arc::new(listener));
    let waits = three(|| {
        let listener = listener.clone();
        async move { drop(listener.accept().await.unwrap()) }
    });
    leaf(waits, move |_| {
        for _ in 0..3 {
            drop(std::net::TcpStream::connect(address).unwrap());
        }
    })
}

fn tcp_read(ground: &Ground) -> Leaf {
    let (mut reads, writes) = ground.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let connects = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (listener.accept().await.unwrap().0, connects)
    });
    let wait = async move { assert_eq!(reads.read(&mut [0; 8]).await.unwrap(), 1) };
    leaf(one(wait), move |_| {
        let _ = writes.try_write(b"x");
    })
}

fn udp_readable(ground: &Ground) -> Leaf {
    let socket = Arc::new(ground.block_on(UdpSocket::bind("127.0.0.1:0")).unwrap());
    let waits = three(|| {
        let socket = socket.clone();
        async move { socket.readable().await.unwrap() }
    });
    leaf(waits, move |_| {
        let sends = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        sends.send_to(b"x", socket.local_addr().unwrap()).unwrap();
    })
}

fn duplex_read(_: &Ground) -> Leaf {
    let (mut reads, mut writes) = duplex(8);
    let wait = async move { assert_eq!(reads.read(&mut [0; 8]).await.unwrap(), 1) };
    leaf(one(wait), move |_| {
        let _ = rt_task::block_on(writes.write(b"x"));
    })
}

fn duplex_write(_: &Ground) -> Leaf {
    let (mut reads, mut writes) = duplex(1);
    let wait = async move { drop(writes.write_all(b"xy").await) };
    leaf(one(wait), move |_| {
        let _ = rt_task::block_on(reads.read(&mut [0; 1]));
    })
}

#[cfg(unix)]
mod unix {
    use std::io::Write;
    use std::process::Stdio;
    use std::sync::Arc;

    use rt_facade::io::unix::AsyncFd;
    use rt_facade::process::Command;
    use rt_facade::signal::unix::{SignalKind, signal};

    use super::{Ground, Leaf, leaf, one, three};

    pub(super) fn signals(_: &Ground) -> Leaf {
        let waits = three(|| {
            let mut signal = signal(SignalKind::user_defined2()).unwrap();
            async move { signal.recv().await.unwrap() }
        });
        leaf(waits, |_| {
            // SAFETY: sends this process a signal, for which there is a handler.
            unsafe { libc::raise(libc::SIGUSR2) };
        })
    }

    pub(super) fn child(_: &Ground) -> Leaf {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let wait = async move { assert!(child.wait().await.unwrap().success()) };
        leaf(one(wait), move |_| drop(input))
    }

    pub(super) fn descriptor(_: &Ground) -> Leaf {
        let (reads, mut writes) = std::os::unix::net::UnixStream::pair().unwrap();
        reads.set_nonblocking(true).unwrap();
        let reads = Arc::new(AsyncFd::new(reads).unwrap());
        let waits = three(|| {
            let reads = reads.clone();
            async move { drop(reads.readable().await.unwrap()) }
        });
        leaf(waits, move |_| writes.write_all(b"x").unwrap())
    }
}
