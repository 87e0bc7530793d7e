//! Each primitive tells what is waited for, and where; none lets a task that always finds it ready keep others
//! from running.

use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use rt_facade::dump::{Dump, TaskState, WaitKind};
use rt_facade::runtime::Handle;
use rt_facade::sync::{
    Barrier, CancellationToken, Mutex, Notify, OnceCell, RwLock, Semaphore, SetOnce, broadcast,
    mpsc, oneshot, watch,
};
use rt_facade::task;

use crate::support::{for_each_flavor, until};

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A future that waits for ever, and what is to be told of it.
struct Waits {
    name: &'static str,
    kind: WaitKind,
    line: u32,
    future: Boxed,
}

#[track_caller]
fn waits(
    name: &'static str,
    kind: WaitKind,
    future: impl Future<Output = ()> + Send + 'static,
) -> Waits {
    Waits { name, kind, line: Location::caller().line(), future: Box::pin(future) }
}

/// One of each. What would end the wait is kept in the future, or leaked.
fn one_of_each() -> Vec<Waits> {
    use WaitKind::*;
    let mut all = Vec::new();

    let lock = Arc::new(Mutex::new(()));
    let held = lock.clone().try_lock_owned().unwrap();
    all.push(waits("lock", Lock, async move { drop((lock.lock().await, held)) }));
    let table = Arc::new(RwLock::new(()));
    let held = table.clone().try_write_owned().unwrap();
    all.push(waits("read", Read, async move { drop((table.read().await, held)) }));
    let table = Arc::new(RwLock::new(()));
    let held = table.clone().try_read_owned().unwrap();
    all.push(waits("write", Write, async move { drop((table.write().await, held)) }));
    all.push(waits("permit", Permit, async { drop(Semaphore::new(1).acquire_many(2).await) }));
    all.push(waits("notify", Notify, async { rt_facade::sync::Notify::new().notified().await }));
    all.push(waits("barrier", Barrier, async {
        rt_facade::sync::Barrier::new(2).wait().await;
    }));
    all.push(waits("set once", Fill, async { assert_eq!(SetOnce::<u8>::new().wait().await, &1) }));

    let cell = Arc::new(OnceCell::<u8>::new());
    all.push(waits("once cell", Fill, async move {
        let mut fills = Box::pin(cell.get_or_init(std::future::pending));
        assert!(poll_fn(|cx| Poll::Ready(fills.as_mut().poll(cx).is_pending())).await);
        cell.get_or_init(async || 1).await; // which waits for itself
    }));
    let token = CancellationToken::new();
    all.push(waits("cancelled", Cancelled, async move { token.cancelled().await }));

    let (tell, told) = oneshot::channel::<u8>();
    all.push(waits("oneshot", Receive, async { drop((told.await, tell)) }));
    let (mut tell, told) = oneshot::channel::<u8>();
    all.push(waits("oneshot closed", Closed, async move { drop((tell.closed().await, told)) }));

    let (send, mut receive) = mpsc::channel::<u8>(1);
    all.push(waits("mpsc", Receive, async move { drop((receive.recv().await, send)) }));
    let (send, receive) = mpsc::channel::<u8>(1);
    send.try_send(1).unwrap();
    all.push(waits("mpsc send", Send, async move { drop((send.send(2).await, receive)) }));
    let (send, receive) = mpsc::channel::<u8>(1);
    send.try_send(1).unwrap();
    all.push(waits(
        "mpsc reserve",
        Send,
        async move { drop((send.reserve().await.is_ok(), receive)) },
    ));
    let (send, mut receive) = mpsc::unbounded_channel::<u8>();
    all.push(waits("unbounded", Receive, async move { drop((receive.recv().await, send)) }));
    let (send, receive) = mpsc::unbounded_channel::<u8>();
    all.push(waits("mpsc closed", Closed, async move { drop((send.closed().await, receive)) }));

    let (send, mut receive) = broadcast::channel::<u8>(1);
    all.push(waits("broadcast", Receive, async move { drop((receive.recv().await, send)) }));
    let (send, receive) = broadcast::channel::<u8>(1);
    all.push(waits(
        "broadcast closed",
        Closed,
        async move { drop((send.closed().await, receive)) },
    ));

    let (send, mut receive) = watch::channel(0);
    all.push(waits("watch", Change, async move { drop((receive.changed().await, send)) }));
    let (send, mut receive) = watch::channel(0);
    all.push(waits("watch for", Change, async move {
        drop((receive.wait_for(|n| *n > 0).await.is_ok(), send))
    }));
    let (send, receive) = watch::channel(0);
    all.push(waits("watch closed", Closed, async move { drop((send.closed().await, receive)) }));
    all
}

#[test]
fn each_tells_what_is_waited_for_and_where() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let mut tasks = Vec::new();
            for Waits { name, kind, line, future } in one_of_each() {
                let task = task::Builder::new().name(name).spawn(future).unwrap();
                tasks.push((name, kind, line, task));
            }
            let mut dump: Dump = Handle::current().dump();
            let all = tasks.len();
            until(|| {
                dump = Handle::current().dump();
                dump.tasks().iter().filter(|task| task.state() == TaskState::Idle).count() == all
            })
            .await;
            for (name, kind, line, task) in &tasks {
                let told = dump.tasks().iter().find(|one| one.id() == task.id()).unwrap();
                let wait = told.waits_for().unwrap_or_else(|| panic!("{name} tells nothing"));
                assert_eq!(wait.kind(), *kind, "{name}");
                assert_eq!(wait.at().file(), file!(), "{name}");
                let lines = line - 1..line + 4; // of a oneshot where it was made; and as the formatter breaks them
                assert!(lines.contains(&wait.at().line()), "{name}: {} in {lines:?}", wait.at());
                assert_eq!(told.leaves(), 1, "{name}");
            }
            for (.., task) in tasks {
                task.abort();
                assert!(task.await.unwrap_err().is_cancelled());
            }
        });
    });
}

/// A future that never pends by itself, again and again, and how to make the next.
type Always = Box<dyn FnMut() -> Boxed + Send>;

fn always<F: Future<Output = ()> + Send + 'static>(
    mut make: impl FnMut() -> F + Send + 'static,
) -> Always {
    Box::new(move || Box::pin(make()))
}

/// One of each that is ready at once, every time.
fn ready_of_each() -> Vec<(&'static str, Always)> {
    let (lock, table) = (Arc::new(Mutex::new(())), Arc::new(RwLock::new(())));
    let (permits, notify) = (Arc::new(Semaphore::new(1)), Arc::new(Notify::new()));
    let barrier = Arc::new(Barrier::new(1));
    let once = Arc::new(SetOnce::new_with(Some(1)));
    let (mpsc_send, mpsc_receive) = mpsc::channel::<u8>(1);
    let mpsc_receive = Arc::new(Mutex::new(mpsc_receive));
    let (endless_send, endless_receive) = mpsc::unbounded_channel::<u8>();
    let endless_receive = Arc::new(Mutex::new(endless_receive));
    let (cast_send, cast_receive) = broadcast::channel::<u8>(1);
    let cast_receive = Arc::new(Mutex::new(cast_receive));
    let (watch_send, watch_receive) = watch::channel(0);
    let (watch_send, watch_receive) = (Arc::new(watch_send), Arc::new(Mutex::new(watch_receive)));
    let read = table.clone();
    let token = CancellationToken::new();
    token.cancel();
    vec![
        (
            "lock",
            always(move || {
                let lock = lock.clone();
                async move { drop(lock.lock().await) }
            }),
        ),
        (
            "read",
            always(move || {
                let table = read.clone();
                async move { drop(table.read().await) }
            }),
        ),
        (
            "write",
            always(move || {
                let table = table.clone();
                async move { drop(table.write().await) }
            }),
        ),
        (
            "permit",
            always(move || {
                let permits = permits.clone();
                async move { drop(permits.acquire().await) }
            }),
        ),
        (
            "notify",
            always(move || {
                let notify = notify.clone();
                async move {
                    notify.notify_one();
                    notify.notified().await;
                }
            }),
        ),
        (
            "barrier",
            always(move || {
                let barrier = barrier.clone();
                async move { assert!(barrier.wait().await.is_leader()) }
            }),
        ),
        (
            "set once",
            always(move || {
                let once = once.clone();
                async move { assert_eq!(*once.wait().await, 1) }
            }),
        ),
        (
            "cancelled",
            always(move || {
                let token = token.clone();
                async move { token.cancelled().await }
            }),
        ),
        (
            "oneshot",
            always(|| async {
                let (tell, told) = oneshot::channel();
                tell.send(1).unwrap();
                told.await.unwrap();
            }),
        ),
        (
            "mpsc",
            always(move || {
                let (send, receive) = (mpsc_send.clone(), mpsc_receive.clone());
                async move {
                    send.send(1).await.unwrap();
                    receive.try_lock().unwrap().recv().await.unwrap();
                }
            }),
        ),
        (
            "unbounded",
            always(move || {
                let (send, receive) = (endless_send.clone(), endless_receive.clone());
                async move {
                    send.send(1).unwrap();
                    receive.try_lock().unwrap().recv().await.unwrap();
                }
            }),
        ),
        (
            "broadcast",
            always(move || {
                let (send, receive) = (cast_send.clone(), cast_receive.clone());
                async move {
                    send.send(1).unwrap();
                    receive.try_lock().unwrap().recv().await.unwrap();
                }
            }),
        ),
        (
            "watch",
            always(move || {
                let (send, receive) = (watch_send.clone(), watch_receive.clone());
                async move {
                    send.send(1).unwrap();
                    receive.try_lock().unwrap().changed().await.unwrap();
                }
            }),
        ),
    ]
}

#[test]
fn none_is_ready_for_ever_within_one_poll() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            for (name, mut next) in ready_of_each() {
                let busy = task::spawn(async move {
                    let mut future = next();
                    let mut polls = 0_u32;
                    // In one poll, as long as it is ready: more than a few hundred times and it never stops.
                    poll_fn(|cx| {
                        while future.as_mut().poll(cx).is_ready() {
                            polls += 1;
                            if polls > 1000 {
                                break;
                            }
                            future = next();
                        }
                        Poll::Ready(polls)
                    })
                    .await
                });
                let ready = busy.await.unwrap();
                assert!((1..=128).contains(&ready), "{name}: ready {ready} times in one poll");
            }
        });
    });
}
