//! With bounded polls every woken task runs within a bounded time; leaf futures take part in the budget.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use rt_facade::net::UdpSocket;
use rt_facade::task::{coop, yield_now};
use rt_facade::time::{Duration, sleep};

use crate::support::for_each_flavor;

#[test]
fn a_timer_fires_beside_tasks_that_always_yield() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let end = Arc::new(AtomicBool::new(false));
            let busy: Vec<_> = (0..10)
                .map(|_| {
                    let end = end.clone();
                    rt_facade::spawn(async move {
                        while !end.load(SeqCst) {
                            yield_now().await;
                        }
                    })
                })
                .collect();
            sleep(Duration::from_millis(5)).await;
            end.store(true, SeqCst);
            for task in busy {
                task.await.unwrap();
            }
        });
    });
}

#[test]
fn a_socket_that_is_always_ready_lets_others_run() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let receiver = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let to = receiver.local_addr().unwrap();
            let other = rt_facade::spawn(async {});
            // More datagrams than the budget has units: the loop below never meets an empty socket.
            for _ in 0..300 {
                sender.send_to(b"x", to).await.unwrap();
                if other.is_finished() {
                    return;
                }
                let mut buf = [0; 1];
                receiver.recv_from(&mut buf).await.unwrap();
            }
            panic!("the other task never ran beside 600 operations");
        });
    });
}

#[test]
fn the_budget_is_128_and_can_be_lifted() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let task = rt_facade::spawn(async {
                let mut spent = 0;
                while coop::has_budget_remaining() {
                    coop::consume_budget().await;
                    spent += 1;
                }
                spent
            });
            assert_eq!(task.await.unwrap(), 128);
            let lifted = rt_facade::spawn(coop::unconstrained(async {
                for _ in 0..1000 {
                    coop::consume_budget().await;
                    assert!(coop::has_budget_remaining());
                }
            }));
            lifted.await.unwrap();
        });
    });
}

#[test]
fn a_leaf_of_ones_own_takes_its_turns() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let others = Arc::new(AtomicUsize::new(0));
            let counts = others.clone();
            let other = rt_facade::spawn(async move {
                loop {
                    counts.fetch_add(1, SeqCst);
                    yield_now().await;
                }
            });
            crate::support::until(|| others.load(SeqCst) > 0).await;
            let leaf = || {
                poll_fn(|cx| {
                    coop::poll_proceed(cx).map(|turn: coop::RestoreOnPending| turn.made_progress())
                })
            };
            let seen = others.clone();
            let greedy = rt_facade::spawn(async move {
                while seen.load(SeqCst) < 20 {
                    leaf().await; // always ready
                }
            });
            greedy.await.unwrap();
            other.abort();
            let whole: coop::Coop<_> = coop::cooperative(async { 1 });
            assert_eq!(rt_facade::spawn(whole).await.unwrap(), 1);
        });
    });
}
