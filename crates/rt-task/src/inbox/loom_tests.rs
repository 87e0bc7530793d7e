//! The Claim of the inbox, over every interleaving.

use super::*;
use crate::Why;
use crate::base::shim::{Arc, model, thread};
use std::vec::Vec;

/// Tasks of this scheduler are pushed by hand.
#[derive(Clone, Copy)]
struct Nowhere;

impl Schedule for Nowhere {
    fn schedule(&self, _runnable: Runnable<Self>, _why: Why) {
        unreachable!("no task here is woken");
    }
}

fn task() -> Runnable<Nowhere> {
    crate::spawn(async {}, Nowhere).0
}

#[test]
fn all_arrive_once() {
    model(|| {
        let inbox = Arc::new(Inbox::<Nowhere>::new());
        let pusher = {
            let inbox = inbox.clone();
            thread::spawn(move || {
                let mut pushed = Vec::new();
                for _ in 0..2 {
                    let task = task();
                    let id = task.id();
                    match inbox.push(task) {
                        Ok(_) => pushed.push(id),
                        Err(Closed(task)) => assert_eq!(task.id(), id, "the task comes back"),
                    }
                }
                pushed
            })
        };
        let mut taken = Fifo::new();
        inbox.take_into(&mut taken);
        let closed = inbox.close();
        let pushed = pusher.join().unwrap();
        if !closed {
            inbox.take_into(&mut taken);
        }
        let taken: Vec<_> =
            std::iter::from_fn(|| taken.pop_front()).map(|task| task.id()).collect();
        assert_eq!(taken, pushed, "first in, first out, each once");
    });
}

#[test]
fn two_pushers_lose_nothing() {
    model(|| {
        let inbox = Arc::new(Inbox::<Nowhere>::new());
        let pushers: Vec<_> = (0..2)
            .map(|_| {
                let inbox = inbox.clone();
                thread::spawn(move || inbox.push(task()).is_ok())
            })
            .collect();
        let mut taken = Fifo::new();
        inbox.take_into(&mut taken);
        for pusher in pushers {
            assert!(pusher.join().unwrap());
        }
        inbox.take_into(&mut taken);
        assert_eq!(taken.len(), 2);
    });
}

#[test]
fn two_takers_share_nothing() {
    model(|| {
        let inbox = Arc::new(Inbox::<Nowhere>::new());
        assert!(inbox.push(task()).is_ok());
        let taker = {
            let inbox = inbox.clone();
            thread::spawn(move || inbox.take_into(&mut Fifo::new()))
        };
        assert!(inbox.push(task()).is_ok());
        let mine = inbox.take_into(&mut Fifo::new());
        let theirs = taker.join().unwrap();
        let rest = inbox.take_into(&mut Fifo::new());
        assert_eq!(mine + theirs + rest, 2);
    });
}
