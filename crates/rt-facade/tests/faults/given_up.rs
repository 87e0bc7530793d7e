//! A wait that is given up while it waits drops its waker, which may be the last that knows a task: with no lock held,
//! since what that drops may use what was waited for.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, mpsc as std_mpsc};
use std::task::{Context, Waker};
use std::thread;

use rt_facade::sync::{
    Barrier, CancellationToken, Mutex, Notify, RwLock, Semaphore, SetOnce, broadcast, mpsc,
    oneshot, watch,
};

use crate::history::Uses;
use crate::support::LIMIT;

/// Polls `wait` once, with a waker that does `uses` when it is dropped, and gives it up.
fn given_up(what: &str, uses: impl Fn() + Send + Sync + 'static, wait: impl Future) {
    let (told, was_told) = std_mpsc::channel();
    let uses = move || {
        uses();
        let _ = told.send(());
    };
    let waker = Waker::from(Arc::new(Uses(Box::new(uses))));
    {
        let mut wait = pin!(wait);
        let polled = wait.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending(), "{what}: there is something to wait for");
        drop(waker);
        assert!(was_told.try_recv().is_err(), "{what}: it keeps a waker");
    }
    assert!(was_told.try_recv().is_ok(), "{what}: the waker is dropped with the wait");
}

fn once(wait: impl Future) {
    let _ = pin!(wait).poll(&mut Context::from_waker(Waker::noop()));
}

fn all() {
    let notify = Arc::new(Notify::new());
    let own = notify.clone();
    given_up("a notification", move || own.notify_waiters(), notify.notified());
    let semaphore = Arc::new(Semaphore::new(1));
    let own = semaphore.clone();
    given_up("permits", move || own.add_permits(1), semaphore.acquire_many(50));
    let mutex = Arc::new(Mutex::new(()));
    let (own, held) = (mutex.clone(), mutex.try_lock().unwrap());
    given_up("a mutex", move || once(own.lock()), mutex.lock());
    drop(held);
    let lock = Arc::new(RwLock::new(()));
    let (own, held) = (lock.clone(), lock.try_write().unwrap());
    given_up("a lock", move || once(own.read()), lock.read());
    drop(held);
    let (sends, mut receives) = mpsc::channel(1);
    let own = sends.clone();
    // Its place for a waker is the receiver's, not the wait's.
    let uses = move || _ = own.try_send(1);
    given_up("a message", uses, async move { receives.recv().await });
    let (sends, _receives) = mpsc::channel(1);
    sends.try_send(1).unwrap();
    let own = sends.clone();
    given_up("room for a message", move || once(own.send(2)), sends.send(3));
    let own = sends.clone();
    given_up("the receiver's end", move || once(own.closed()), sends.closed());
    let (_sends, receives) = oneshot::channel::<()>();
    given_up("a value", || (), receives);
    let (sends, mut receives) = broadcast::channel(4);
    let own = sends.clone();
    given_up("a message to all", move || drop(own.send(1)), receives.recv());
    let own = sends.clone();
    given_up("all receivers' end", move || once(own.closed()), sends.closed());
    let (sends, mut receives) = watch::channel(0);
    let sends = Arc::new(sends);
    let own = sends.clone();
    given_up("a change", move || _ = own.send(1), receives.changed());
    let own = sends.clone();
    given_up("all watchers' end", move || once(own.closed()), sends.closed());
    let token = CancellationToken::new();
    let own = token.clone();
    given_up("a cancellation", move || own.cancel(), token.cancelled());
    let set = Arc::new(SetOnce::new());
    let own = set.clone();
    given_up("what is set once", move || drop(own.set(1)), set.wait());
    let barrier = Arc::new(Barrier::new(3));
    let own = barrier.clone();
    given_up("a barrier", move || once(own.wait()), barrier.wait());
}

#[test]
fn a_wait_that_is_given_up_drops_its_waker_with_no_lock_held() {
    let (done, is_done) = std_mpsc::channel();
    let all = thread::Builder::new().spawn(move || {
        all();
        done.send(()).unwrap();
    });
    is_done.recv_timeout(LIMIT).expect("it hangs, or has failed");
    all.unwrap().join().unwrap();
}
