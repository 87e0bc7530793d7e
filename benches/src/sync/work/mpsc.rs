//! Channels from many to one.

use super::super::scales::{ALONE, PAIR, SHARED};
use super::super::{CROWD, in_pair, measured};
use super::family::mpsc;
use crate::gate::SelfWake;
use crate::meter::{Cost, Meter};
use crate::op::{Operation, WARM_UP, in_task};
use crate::subject::Subject;

/// Messages that a bounded channel holds.
const ROOM: usize = 64;

#[rustfmt::skip] // A table: a line each.
pub(super) fn all<S: Subject>() -> Vec<Operation<S>> {
    vec![
        ALONE.of("mpsc", "a message sent over a bounded channel and received, in one task", mpsc_bounded),
        ALONE.of("mpsc_unbounded", "the same over an unbounded channel", mpsc_unbounded),
        ALONE.of("mpsc_try", "the same by `try_send` and `try_recv`, bounded", mpsc_try),
        PAIR.of("mpsc_stream", "a message from one task to another, over a bounded channel with room for 64", mpsc_stream),
        PAIR.of("mpsc_ping_pong", "a round trip between two tasks over bounded channels with room for one", mpsc_ping_pong),
        SHARED.of("mpsc_from_8", "a message of one of 8 tasks to one, over a bounded channel with room for 64", mpsc_from_many),
        SHARED.of("mpsc_unbounded_from_8", "the same over an unbounded channel", mpsc_unbounded_from_many),
    ]
}

fn mpsc_bounded<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let (sender, mut receiver) = mpsc::channel(ROOM);
        let mut sum = 0;
        let cost = measured!(n, {
            sender.send(7).await.expect("it is received");
            sum += receiver.recv().await.expect("it was sent");
        });
        assert_eq!(sum, 7 * (n + WARM_UP));
        cost
    })
}

fn mpsc_unbounded<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let mut sum = 0;
        let cost = measured!(n, {
            sender.send(7).expect("it is received");
            sum += receiver.recv().await.expect("it was sent");
        });
        assert_eq!(sum, 7 * (n + WARM_UP));
        cost
    })
}

fn mpsc_try<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let (sender, mut receiver) = mpsc::channel(ROOM);
        let mut sum = 0;
        let cost = measured!(n, {
            sender.try_send(7).expect("there is room");
            sum += receiver.try_recv().expect("it was sent");
        });
        assert_eq!(sum, 7 * (n + WARM_UP));
        cost
    })
}

fn mpsc_stream<S: Subject>(runtime: S, n: u64) -> Cost {
    let total = n + WARM_UP;
    let (sender, mut receiver) = mpsc::channel(ROOM);
    let receive = async move {
        let mut meter = Meter::start();
        for message in 0..total {
            if message == WARM_UP {
                meter = Meter::start();
            }
            assert_eq!(receiver.recv().await, Some(message), "in the order in which they are sent");
        }
        meter.stop()
    };
    in_pair(runtime, receive, async move {
        for message in 0..total {
            sender.send(message).await.expect("it is received");
        }
    })
}

fn mpsc_ping_pong<S: Subject>(runtime: S, n: u64) -> Cost {
    let total = n + WARM_UP;
    let (ping, mut pinged) = mpsc::channel(1);
    let (pong, mut ponged) = mpsc::channel(1);
    let play = async move {
        let mut meter = Meter::start();
        for trip in 0..total {
            if trip == WARM_UP {
                meter = Meter::start();
            }
            ping.send(trip).await.expect("it is received");
            assert_eq!(ponged.recv().await, Some(trip));
        }
        meter.stop()
    };
    in_pair(runtime, play, async move {
        for _ in 0..total {
            let trip: u64 = pinged.recv().await.expect("it pings");
            pong.send(trip).await.expect("it is received");
        }
    })
}

/// What one task has received of many.
struct Tally {
    count: u64,
    sum: u64,
    meter: Meter,
}

impl Tally {
    fn new() -> Self {
        Self { count: 0, sum: 0, meter: Meter::start() }
    }

    fn add(&mut self, message: u64) {
        self.count += 1;
        self.sum += message;
        if self.count == WARM_UP * CROWD {
            self.meter = Meter::start();
        }
    }

    /// Nobody sends any more.
    fn end(self, each: u64) -> Cost {
        let cost = self.meter.stop();
        let all = (each * CROWD, each * (each - 1) / 2 * CROWD);
        assert_eq!((self.count, self.sum), all, "every message arrives");
        cost
    }
}

fn mpsc_from_many<S: Subject>(runtime: S, n: u64) -> Cost {
    let each = n / CROWD + WARM_UP;
    in_task(runtime, async move {
        let (sender, mut receiver) = mpsc::channel(ROOM);
        for _ in 0..CROWD {
            let sender = sender.clone();
            drop(S::spawn(async move {
                for message in 0..each {
                    sender.send(message).await.expect("it is received");
                }
            }));
        }
        drop(sender);
        let mut tally = Tally::new();
        while let Some(message) = receiver.recv().await {
            tally.add(message);
        }
        tally.end(each)
    })
}

fn mpsc_unbounded_from_many<S: Subject>(runtime: S, n: u64) -> Cost {
    /// Messages after which a sender lets the others have their turn: nothing else would make it.
    const AT_ONCE: u64 = 16;
    let each = n / CROWD + WARM_UP;
    in_task(runtime, async move {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        for _ in 0..CROWD {
            let sender = sender.clone();
            drop(S::spawn(async move {
                for message in 0..each {
                    sender.send(message).expect("it is received");
                    if message % AT_ONCE == 0 {
                        SelfWake::by_ref(1).await;
                    }
                }
            }));
        }
        drop(sender);
        let mut tally = Tally::new();
        while let Some(message) = receiver.recv().await {
            tally.add(message);
        }
        tally.end(each)
    })
}
