//! Messages: each arrives once and in order; room that was given to a sender that is gone goes to the next.

use std::time::Duration;

use rt_facade::sync::mpsc;

use crate::support::{cancelled, forgotten, paused, turns};

// Covers rt-sync::mpsc::Recv
#[test]
fn a_receiver_that_gives_up_has_taken_nothing() {
    cancelled(3, async |round| {
        let (sends, mut receives) = mpsc::channel(1);
        let sender = async {
            for message in 0..4 {
                turns(3).await;
                sends.send(message).await.unwrap();
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
        let ((), got) = rt_facade::join!(sender, receiver);
        assert_eq!(got, [0, 1, 2, 3]);
        assert_eq!(sends.capacity(), 1);
    });
    cancelled(3, async |round| {
        let (sends, mut receives) = mpsc::unbounded_channel();
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
        let ((), got) = rt_facade::join!(sender, receiver);
        assert_eq!(got, [0, 1, 2, 3]);
    });
}

// Covers rt-sync::mpsc::RecvMany
#[test]
fn a_receiver_of_many_that_gives_up_has_taken_none() {
    cancelled(2, async |round| {
        let (sends, mut receives) = mpsc::channel(8);
        let sender = async {
            for message in (0..9).step_by(3) {
                turns(3).await;
                (message..message + 3).for_each(|message| sends.try_send(message).unwrap());
            }
        };
        let receiver = async {
            let mut got = Vec::new();
            while got.len() < 9 {
                let before = got.len();
                let many = round.run(receives.recv_many(&mut got, 2)).await;
                assert_eq!(got.len(), before + many.unwrap_or(0));
                forgotten(&round).await;
            }
            got
        };
        let ((), got) = rt_facade::join!(sender, receiver);
        assert_eq!(got, (0..9).collect::<Vec<_>>());
        assert_eq!(sends.capacity(), 8);
    });
    cancelled(1, async |round| {
        let (sends, mut receives) = mpsc::unbounded_channel();
        let sender = async {
            turns(3).await;
            (0..3).for_each(|message| sends.send(message).unwrap());
        };
        let receiver = async {
            let mut got = Vec::new();
            while got.len() < 3 {
                let before = got.len();
                let many = round.run(receives.recv_many(&mut got, 2)).await;
                assert_eq!(got.len(), before + many.unwrap_or(0));
            }
            got
        };
        let ((), got) = rt_facade::join!(sender, receiver);
        assert_eq!(got, [0, 1, 2]);
    });
}

/// Two senders wait for the room of a message each: what the first does not take, the second gets.
async fn room_is_handed_on(
    round: &rt_facade::testing::Round,
    sends: &mpsc::Sender<u32>,
    receives: &mut mpsc::Receiver<u32>,
    first: impl Future<Output = bool>,
) {
    sends.try_send(0).unwrap();
    let first = async {
        let sent = round.run(first).await.unwrap_or(false);
        forgotten(round).await;
        sent
    };
    let second = async {
        turns(2).await;
        sends.send(2).await.unwrap();
    };
    let receiver = async {
        turns(5).await;
        let mut got = Vec::new();
        while got.last() != Some(&2) {
            got.push(receives.recv().await.unwrap());
        }
        got
    };
    let (sent, (), got) = rt_facade::join!(first, second, receiver);
    let wanted: &[u32] = if sent { &[0, 1, 2] } else { &[0, 2] };
    assert_eq!(got, wanted, "sent: {sent}");
    assert_eq!(sends.capacity(), sends.max_capacity());
}

// Covers rt-sync::mpsc::Send
#[test]
fn a_sender_that_gives_up_has_sent_nothing_and_takes_no_room() {
    cancelled(1, async |round| {
        let (sends, mut receives) = mpsc::channel(1);
        let first = async { sends.send(1).await.is_ok() };
        room_is_handed_on(&round, &sends, &mut receives, first).await;
    });
}

// Covers rt-sync::mpsc::SendTimeout
#[test]
fn a_sender_in_time_that_gives_up_has_sent_nothing_and_takes_no_room() {
    cancelled(1, async |round| {
        let (sends, mut receives) = mpsc::channel(1);
        let first = async { sends.send_timeout(1, Duration::from_secs(60)).await.is_ok() };
        room_is_handed_on(&round, &sends, &mut receives, first).await;
    });
    // And if its time is over.
    paused(1, async |round| {
        let (sends, mut receives) = mpsc::channel(1);
        sends.try_send(0).unwrap();
        let sent = round.run(sends.send_timeout(1, Duration::from_secs(60))).await;
        assert!(!matches!(sent, Ok(Ok(()))));
        forgotten(&round).await;
        assert_eq!((receives.try_recv(), receives.len(), sends.capacity()), (Ok(0), 0, 1));
    });
}

// Covers rt-sync::mpsc::Reserve, rt-sync::mpsc::ReserveMany, rt-sync::mpsc::ReserveOwned
#[test]
fn who_gives_up_a_reservation_takes_no_room() {
    cancelled(1, async |round| {
        let (sends, mut receives) = mpsc::channel(1);
        let first = async {
            sends.reserve().await.unwrap().send(1);
            true
        };
        room_is_handed_on(&round, &sends, &mut receives, first).await;
    });
    cancelled(1, async |round| {
        let (sends, mut receives) = mpsc::channel(1);
        let first = async {
            sends.clone().reserve_owned().await.unwrap().send(1);
            true
        };
        room_is_handed_on(&round, &sends, &mut receives, first).await;
        assert_eq!(sends.strong_count(), 1);
    });
    // It gathers two while others wait behind it.
    cancelled(1, async |round| {
        let (sends, mut receives) = mpsc::channel(2);
        sends.try_send(0).unwrap();
        sends.try_send(0).unwrap();
        let first = async {
            let reserved = round.run(sends.reserve_many(2)).await;
            let count = reserved.map_or(0, |permits| permits.unwrap().len());
            forgotten(&round).await;
            count
        };
        let second = async {
            turns(2).await;
            sends.send(2).await.unwrap();
        };
        let receiver = async {
            turns(5).await;
            let mut got = Vec::new();
            while got.last() != Some(&2) {
                got.push(receives.recv().await.unwrap());
                turns(2).await;
            }
            got
        };
        let (count, (), got) = rt_facade::join!(first, second, receiver);
        assert_eq!(count, if round.has_cancelled() { 0 } else { 2 });
        assert_eq!(got, [0, 0, 2]);
        assert_eq!(sends.capacity(), 2);
    });
}

// Covers rt-sync::mpsc::Closed
#[test]
fn who_gives_up_on_the_close_of_a_channel_leaves_no_trace() {
    cancelled(1, async |round| {
        let (sends, receives) = mpsc::channel::<u32>(1);
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
    cancelled(1, async |round| {
        let (sends, mut receives) = mpsc::unbounded_channel::<u32>();
        let waits = async {
            let _ = round.run(sends.closed()).await;
            forgotten(&round).await;
            sends.closed().await;
        };
        let closes = async {
            turns(3).await;
            receives.close();
        };
        rt_facade::join!(waits, closes);
    });
}
