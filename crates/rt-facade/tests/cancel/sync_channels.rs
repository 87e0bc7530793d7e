//! One message, the latest value, a message for all: who gives up has seen nothing, and misses nothing.

use rt_facade::sync::{broadcast, oneshot, watch};

use crate::support::{cancelled, forgotten, turns};

// Covers rt-sync::oneshot::Receiver
#[test]
fn the_one_message_is_there_until_it_is_taken() {
    cancelled(1, async |round| {
        let (sends, mut receives) = oneshot::channel();
        let receiver = async {
            let received = round.run(&mut receives).await;
            forgotten(&round).await;
            received
        };
        let sender = async {
            turns(3).await;
            sends.send(7).unwrap();
        };
        let (received, ()) = rt_facade::join!(receiver, sender);
        let received = match received {
            Ok(received) => received.unwrap(),
            Err(_) => receives.await.unwrap(),
        };
        assert_eq!(received, 7);
    });
    // Dropped itself, it gives the message back, or drops it: once.
    cancelled(1, async |round| {
        let message = std::sync::Arc::new(());
        let (sends, receives) = oneshot::channel();
        let sender = async {
            turns(3).await;
            drop(sends.send(message.clone()));
        };
        rt_facade::join!(async { drop(round.run(receives).await) }, sender);
        assert_eq!(std::sync::Arc::strong_count(&message), 1);
    });
}

// Covers rt-sync::oneshot::Closed
#[test]
fn who_gives_up_on_the_close_of_a_oneshot_may_still_send() {
    cancelled(1, async |round| {
        let (mut sends, receives) = oneshot::channel();
        let waits = async {
            let _ = round.run(sends.closed()).await;
            forgotten(&round).await;
            sends.closed().await;
            assert_eq!(sends.send(7), Err(7));
        };
        let closes = async {
            turns(3).await;
            drop(receives);
        };
        rt_facade::join!(waits, closes);
    });
}

// Covers rt-sync::watch::Changed
#[test]
fn a_change_that_was_not_told_of_is_still_news() {
    cancelled(2, async |round| {
        let (sends, mut receives) = watch::channel(0);
        let sender = async {
            for value in 1..4 {
                turns(3).await;
                sends.send(value).unwrap();
            }
        };
        let receiver = async {
            let mut last = 0;
            while last < 3 {
                let changed = round.run(receives.changed()).await;
                forgotten(&round).await;
                if changed.is_ok() {
                    assert!(last < *receives.borrow(), "told of what it had seen");
                    last = *receives.borrow_and_update();
                }
            }
        };
        rt_facade::join!(sender, receiver);
        assert!(!receives.has_changed().unwrap());
    });
}

// Covers rt-sync::watch::WaitFor
#[test]
fn who_gives_up_waiting_for_a_value_finds_it_later() {
    cancelled(2, async |round| {
        let (sends, mut receives) = watch::channel(0);
        let sender = async {
            for value in 1..4 {
                turns(3).await;
                sends.send(value).unwrap();
            }
        };
        let receiver = async {
            let found = round.run(async { *receives.wait_for(|value| *value == 3).await.unwrap() });
            let found = found.await;
            forgotten(&round).await;
            match found {
                Ok(found) => found,
                Err(_) => *receives.wait_for(|value| *value == 3).await.unwrap(),
            }
        };
        let ((), found) = rt_facade::join!(sender, receiver);
        assert_eq!(found, 3);
    });
}

// Covers rt-sync::watch::Closed
#[test]
fn who_gives_up_on_the_last_watcher_leaves_no_trace() {
    cancelled(1, async |round| {
        let (sends, receives) = watch::channel(0);
        let waits = async {
            let _ = round.run(sends.closed()).await;
            forgotten(&round).await;
            sends.closed().await;
        };
        let closes = async {
            turns(3).await;
            drop(receives);
        };
        rt_facade::join!(waits, closes);
    });
}

// Covers rt-sync::broadcast::Recv
#[test]
fn a_message_for_all_reaches_who_gave_up_and_who_did_not() {
    cancelled(3, async |round| {
        let (sends, mut receives) = broadcast::channel(8);
        let mut beside = sends.subscribe();
        let sender = async {
            for message in 0..4 {
                turns(3).await;
                sends.send(message).unwrap();
            }
        };
        let receiver = async {
            let mut got = Vec::new();
            while got.len() < 4 {
                if let Ok(message) = round.run(receives.recv()).await {
                    got.push(message.unwrap());
                }
                forgotten(&round).await;
            }
            got
        };
        let other = async {
            let mut got = Vec::new();
            while got.len() < 4 {
                got.push(beside.recv().await.unwrap());
            }
            got
        };
        let ((), got, others) = rt_facade::join!(sender, receiver, other);
        assert_eq!((&*got, &*others), (&[0, 1, 2, 3][..], &[0, 1, 2, 3][..]));
        assert!(sends.is_empty(), "a message is kept that all have seen");
    });
}

// Covers rt-sync::broadcast::Closed
#[test]
fn who_gives_up_on_the_last_receiver_leaves_no_trace() {
    cancelled(1, async |round| {
        let (sends, receives) = broadcast::channel::<u32>(1);
        let waits = async {
            let _ = round.run(sends.closed()).await;
            forgotten(&round).await;
            sends.closed().await;
        };
        let closes = async {
            turns(3).await;
            drop(receives);
        };
        rt_facade::join!(waits, closes);
    });
}
