//! Who waits for a channel tells for what and where; all that wait for a value or a message get it, on every
//! flavour; and a channel that always has something lets others run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};

use rt_facade::dump::{TaskDump, TaskState, WaitKind};
use rt_facade::runtime::Handle;
use rt_facade::sync::{broadcast, oneshot, watch};
use rt_facade::task;

use crate::support::{for_each_flavor, panic_message, until};

#[test]
fn tasks_tell_which_channel_they_wait_for_and_where() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let named = |name| task::Builder::new().name(name);
            let (mut one_tx, one_rx) = oneshot::channel::<()>();
            let (watch_tx, mut watch_rx) = watch::channel(0);
            let mut second_rx = watch_rx.clone();
            let other_watch_tx = watch_tx.clone();
            let (all_tx, mut all_rx) = broadcast::channel::<u8>(4);
            let other_all_tx = all_tx.clone();
            let (quiet_tx, quiet_rx) = oneshot::channel::<()>();
            let tasks = [
                named("one").spawn(async move { drop(quiet_rx.await) }).unwrap(),
                named("one closed").spawn(async move { one_tx.closed().await }).unwrap(),
                named("changed").spawn(async move { drop(watch_rx.changed().await) }).unwrap(),
                named("wait_for")
                    .spawn(async move { drop(second_rx.wait_for(|value| *value == 2).await) })
                    .unwrap(),
                named("watch closed").spawn(async move { other_watch_tx.closed().await }).unwrap(),
                named("all").spawn(async move { drop(all_rx.recv().await) }).unwrap(),
                named("all closed").spawn(async move { other_all_tx.closed().await }).unwrap(),
            ];
            let mut dump = Handle::current().dump();
            until(|| {
                dump = Handle::current().dump();
                let is_idle = |task: &TaskDump| task.state() == TaskState::Idle;
                dump.tasks().len() == tasks.len() && dump.tasks().iter().all(is_idle)
            })
            .await;
            for (name, kind) in [
                ("one", WaitKind::Receive),
                ("one closed", WaitKind::Closed),
                ("changed", WaitKind::Change),
                ("wait_for", WaitKind::Change),
                ("watch closed", WaitKind::Closed),
                ("all", WaitKind::Receive),
                ("all closed", WaitKind::Closed),
            ] {
                let task = dump.tasks().iter().find(|task| task.name() == Some(name)).unwrap();
                let wait = task.waits_for().expect(name);
                assert_eq!((wait.kind(), wait.at().file()), (kind, file!()), "{name}");
                assert_ne!(wait.object(), 0, "{name}");
            }
            // Each ends by what it waits for.
            drop((quiet_tx, one_rx));
            watch_tx.send(2).unwrap();
            all_tx.send(1).unwrap();
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

#[test]
fn a_hundred_tasks_watch_a_value() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            const LAST: usize = 50;
            let (sender, receiver) = watch::channel(0);
            let tasks = Vec::from_iter((0..100).map(|n| {
                let mut receiver = receiver.clone();
                task::spawn(async move {
                    let mut last = 0;
                    if n % 10 == 0 {
                        return *receiver.wait_for(|value| *value == LAST).await.unwrap();
                    }
                    while receiver.changed().await.is_ok() {
                        let value = *receiver.borrow_and_update();
                        assert!(value > last);
                        last = value;
                    }
                    last
                })
            }));
            drop(receiver);
            for value in 1..=LAST {
                sender.send(value).unwrap();
                task::yield_now().await;
            }
            until(|| sender.receiver_count() == 90).await;
            drop(sender);
            for task in tasks {
                assert_eq!(task.await.unwrap(), LAST);
            }
        });
    });
}

#[test]
fn a_hundred_tasks_get_each_message_and_some_go() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            const MESSAGES: usize = 40;
            let (sender, receiver) = broadcast::channel(MESSAGES);
            let message = Arc::new(());
            let tasks = Vec::from_iter((0..100).map(|_| {
                let mut receiver = receiver.resubscribe();
                task::spawn(async move {
                    let mut next = 0;
                    while let Ok((number, _message)) = receiver.recv().await {
                        assert_eq!(number, next);
                        next += 1;
                    }
                    next
                })
            }));
            drop(receiver);
            for (number, task) in tasks.iter().enumerate().take(MESSAGES) {
                sender.send((number, message.clone())).unwrap();
                if number % 4 == 0 {
                    task.abort();
                    task::yield_now().await;
                }
            }
            drop(sender);
            for (n, task) in tasks.into_iter().enumerate() {
                match task.await {
                    Ok(got) => assert_eq!(got, MESSAGES),
                    Err(error) => assert!(error.is_cancelled() && n < MESSAGES && n % 4 == 0),
                }
            }
            assert_eq!(Arc::strong_count(&message), 1, "each was dropped");
        });
    });
}

#[test]
fn questions_and_answers_between_tasks() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let tasks = Vec::from_iter((0..50_usize).map(|n| {
                task::spawn(async move {
                    for round in 0..20 {
                        let (mut sender, receiver) = oneshot::channel();
                        let answer = task::spawn(async move {
                            match round % 5 {
                                0 => sender.closed().await,
                                1 => drop(sender),
                                _ => sender.send(n + round).unwrap_or_default(),
                            }
                        });
                        match round % 5 {
                            0 => drop(receiver),
                            1 => assert!(receiver.await.is_err()),
                            _ => assert_eq!(receiver.await.unwrap(), n + round),
                        }
                        answer.await.unwrap();
                    }
                })
            }));
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

#[test]
fn a_channel_that_always_has_something_lets_others_run() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let is_over = Arc::new(AtomicUsize::new(0));
            let flag = is_over.clone();
            // On one thread it runs only when this future lets it.
            let other = task::spawn(async move { flag.store(1, SeqCst) });
            let (sender, mut receiver) = watch::channel(0);
            let (all, mut one) = broadcast::channel(1);
            while is_over.load(SeqCst) == 0 {
                let (answer, question) = oneshot::channel();
                answer.send(1).unwrap();
                sender.send(question.await.unwrap()).unwrap();
                receiver.changed().await.unwrap();
                all.send(()).unwrap();
                one.recv().await.unwrap();
            }
            other.await.unwrap();
        });
    });
}

#[test]
fn to_block_for_a_message_is_refused_where_tasks_run_and_allowed_on_the_pool() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (sender, receiver) = oneshot::channel::<u8>();
            let said = panic_message(|| drop(receiver.blocking_recv()));
            for part in ["`oneshot::Receiver::blocking_recv` at ", "sync_channels.rs"] {
                assert!(said.contains(part), "{part}: {said}");
            }
            assert!(sender.is_closed());
            let (sender, receiver) = oneshot::channel();
            let (all, mut one) = broadcast::channel(1);
            let blocking = task::spawn_blocking(move || {
                (receiver.blocking_recv().unwrap(), one.blocking_recv().unwrap())
            });
            sender.send(1).unwrap();
            all.send(2).unwrap();
            assert_eq!(blocking.await.unwrap(), (1, 2));
        });
    });
}
