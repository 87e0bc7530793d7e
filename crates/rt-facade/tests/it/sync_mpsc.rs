//! Who waits for a message, or for room, is seen in a dump; a busy channel lets others run; a send in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};

use rt_facade::dump::WaitKind;
use rt_facade::runtime::Handle;
use rt_facade::sync::mpsc::error::SendTimeoutError;
use rt_facade::sync::mpsc::{self, Sender};
use rt_facade::task::{self, JoinHandle, yield_now};
use rt_facade::time::{Duration, Instant};

use crate::support::{for_each_flavor, for_each_flavor_paused, panic_message, until};

/// What the task waits for, once it does: the kind, and the line in this file.
async fn wait_of<T>(task: &JoinHandle<T>) -> (WaitKind, u32) {
    let mut found = None;
    until(|| {
        let dump = Handle::current().dump();
        let task = dump.tasks().iter().find(|dumped| dumped.id() == task.id());
        found = task.and_then(|task| task.waits_for().copied());
        found.is_some()
    })
    .await;
    let wait = found.unwrap();
    assert_eq!(wait.at().file(), file!());
    (wait.kind(), wait.at().line())
}

#[test]
fn a_dump_tells_who_waits_for_what_and_where() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (sender, mut receiver) = mpsc::channel::<u32>(1);
            let line = line!() + 1;
            let receives = task::spawn(async move { (receiver.recv().await, receiver) });
            assert_eq!(wait_of(&receives).await, (WaitKind::Receive, line));
            sender.send(1).await.unwrap();
            let (message, receiver) = receives.await.unwrap();
            assert_eq!(message, Some(1));

            sender.send(2).await.unwrap();
            let second = sender.clone();
            let (line, sends) = (line!(), task::spawn(async move { second.send(3).await }));
            assert_eq!(wait_of(&sends).await, (WaitKind::Send, line));
            let (line, closed) = (line!(), task::spawn(async move { sender.closed().await }));
            assert_eq!(wait_of(&closed).await, (WaitKind::Closed, line));
            drop(receiver);
            assert!(sends.await.unwrap().is_err());
            closed.await.unwrap();
        });
    });
}

/// Whether a task that was spawned just now has run.
fn another_task() -> impl Fn() -> bool + Send {
    let ran = Arc::new(AtomicBool::new(false));
    let sets = ran.clone();
    task::spawn(async move { sets.store(true, SeqCst) });
    move || ran.load(SeqCst)
}

#[test]
fn a_busy_channel_lets_others_run() {
    for_each_flavor(|runtime| {
        // As a task: a worker has none but its own thread to run another on, where it is the only one.
        // Nothing in here ever waits for a message or for room.
        let busy = runtime.spawn(async {
            let (sender, mut receiver) = mpsc::channel(8);
            let has_run = another_task();
            while !has_run() {
                sender.send(1).await.unwrap();
                assert_eq!(receiver.recv().await, Some(1));
            }
            let (sender, mut receiver) = mpsc::unbounded_channel();
            let has_run = another_task();
            while !has_run() {
                sender.send(1).unwrap();
                assert_eq!(receiver.recv().await, Some(1));
            }
            let (has_run, mut buffer) = (another_task(), Vec::new());
            while !has_run() {
                sender.send(1).unwrap();
                assert_eq!(receiver.recv_many(&mut buffer, 5).await, 1);
            }
        });
        runtime.block_on(busy).unwrap();
    });
}

#[test]
fn many_tasks_send_to_one_and_each_message_arrives_once() {
    const TASKS: usize = 8;
    const EACH: usize = 500;
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (sender, mut receiver) = mpsc::channel(10);
            for who in 0..TASKS {
                let sender: Sender<(usize, usize)> = sender.clone();
                task::spawn(async move {
                    for n in 0..EACH {
                        sender.send((who, n)).await.unwrap();
                    }
                });
            }
            drop(sender);
            let mut next = [0; TASKS];
            while let Some((who, n)) = receiver.recv().await {
                assert_eq!(n, next[who]);
                next[who] += 1;
            }
            assert_eq!(next, [EACH; TASKS]);
        });
    });
}

#[test]
fn senders_that_wait_get_room_in_their_order() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (sender, mut receiver) = mpsc::channel(1);
            sender.send(0).await.unwrap();
            for n in 1..=20 {
                let sender = sender.clone();
                let waits = task::spawn(async move { sender.send(n).await.unwrap() });
                wait_of(&waits).await;
            }
            for n in 0..=20 {
                assert_eq!(receiver.recv().await, Some(n));
            }
        });
    });
}

#[test]
fn a_send_that_finds_no_room_in_time_gives_the_message_back() {
    for_each_flavor_paused(|runtime| {
        runtime.block_on(async {
            let (sender, mut receiver) = mpsc::channel(1);
            let span = Duration::from_millis(50);
            sender.send_timeout(1, span).await.unwrap();
            let start = Instant::now();
            let late = sender.send_timeout(2, span).await;
            assert_eq!(late, Err(SendTimeoutError::Timeout(2)));
            assert_eq!(start.elapsed(), span);

            let second = sender.clone();
            let in_time = task::spawn(async move { second.send_timeout(3, span).await });
            yield_now().await;
            assert_eq!(receiver.recv().await, Some(1));
            assert_eq!(in_time.await.unwrap(), Ok(()));
            assert_eq!(receiver.recv().await, Some(3));
            receiver.close();
            let closed = sender.send_timeout(4, span).await;
            assert_eq!(closed, Err(SendTimeoutError::Closed(4)));
        });
    });
}

#[test]
fn blocking_calls_are_for_threads_that_may_block() {
    for_each_flavor(|runtime| {
        let (sender, mut receiver) = mpsc::channel(1);
        let handed = Arc::new(AtomicUsize::new(0));
        runtime.block_on(async {
            let text = panic_message(|| sender.blocking_send(1));
            assert!(text.contains("`Sender::blocking_send`"), "{text}");
            let sends = task::spawn_blocking({
                let handed = handed.clone();
                move || {
                    for n in 0..10 {
                        sender.blocking_send(n).unwrap();
                        handed.fetch_add(1, SeqCst);
                    }
                }
            });
            let mut sum = 0;
            while let Some(n) = receiver.recv().await {
                sum += n;
            }
            sends.await.unwrap();
            assert_eq!((sum, handed.load(SeqCst)), (45, 10));
        });
    });
}
