use std::collections::HashSet;
use std::format;
use std::future::{Future, pending, ready};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::vec::Vec;

use crate::CancellationToken;
use crate::kit::Polled;

#[test]
fn who_waits_is_woken_and_who_comes_later_does_not_wait() {
    let token = CancellationToken::new();
    let mut wait = Polled::new(token.cancelled());
    let mut fresh = Polled::new(token.cancelled());
    wait.pends();
    assert!(!token.is_cancelled());
    token.cancel();
    token.cancel();
    assert!(token.is_cancelled());
    assert_eq!((wait.wakes(), fresh.wakes()), (1, 0));
    wait.ready();
    fresh.ready();
    Polled::new(token.clone().cancelled_owned()).ready();
}

#[test]
fn all_below_are_cancelled_and_nobody_else() {
    let top = CancellationToken::new();
    let (token, sibling) = (top.child_token(), top.child_token());
    let (child, other) = (token.child_token(), token.child_token());
    let grandchildren = [child.child_token(), child.child_token()];
    let last = grandchildren[1].child_token();
    let below = [&token, &child, &other, &grandchildren[0], &grandchildren[1], &last];
    let mut waits: Vec<_> = below.iter().map(|token| Polled::new(token.cancelled())).collect();
    let mut others = [Polled::new(top.cancelled()), Polled::new(sibling.cancelled())];
    waits.iter_mut().for_each(Polled::pends);
    others.iter_mut().for_each(Polled::pends);
    token.cancel();
    assert!(below.iter().all(|token| token.is_cancelled()));
    assert!(!top.is_cancelled() && !sibling.is_cancelled());
    assert!(waits.iter().all(|wait| wait.wakes() == 1));
    waits.iter_mut().for_each(Polled::ready);
    others.iter_mut().for_each(Polled::pends);
    assert!(top.child_token().child_token() != sibling);
    assert!(!top.child_token().is_cancelled());
    assert!(token.child_token().is_cancelled());
    top.cancel();
    assert!(sibling.is_cancelled());
    others.iter_mut().for_each(Polled::ready);
}

#[test]
fn a_child_of_a_cancelled_one_is_cancelled() {
    for child_first in [true, false] {
        let token = CancellationToken::new();
        token.cancel();
        let child = token.child_token();
        Polled::new(child.cancelled()).ready();
        if child_first {
            drop(child);
            drop(token);
        } else {
            drop(token);
            drop(child);
        }
    }
}

#[test]
fn a_grandchild_is_cancelled_although_its_parent_is_gone() {
    let token = CancellationToken::new();
    let between = token.child_token();
    let grandchildren = [between.child_token(), between.child_token()];
    drop(between);
    let mut waits = grandchildren.each_ref().map(|token| Polled::new(token.cancelled()));
    waits.iter_mut().for_each(Polled::pends);
    assert!(grandchildren.iter().all(|token| !token.is_cancelled()), "a drop cancels nothing");
    token.cancel();
    waits.iter_mut().for_each(Polled::ready);
}

#[test]
fn a_child_outlives_its_parent() {
    let token = CancellationToken::new();
    let children = [token.child_token(), token.child_token()];
    drop(token);
    let [first, second] = children;
    first.cancel();
    assert!(!second.is_cancelled());
    drop(first);
    assert!(!second.is_cancelled());
}

#[test]
fn those_dropped_are_freed() {
    let token = CancellationToken::new();
    for _ in 0..10 {
        let children: Vec<_> = (0..10).map(|_| token.child_token()).collect();
        assert_eq!(token.handle.nodes(), 11);
        drop(children);
        assert_eq!(token.handle.nodes(), 1);
    }
    let mut last = token.clone();
    for _ in 0..1000 {
        last = last.child_token(); // and the one before is dropped
        assert!(token.handle.nodes() <= 3);
    }
    token.cancel();
    assert!(last.is_cancelled());
    drop(token);
    assert_eq!(last.handle.nodes(), 1);
}

#[test]
fn a_long_chain_takes_no_stack() {
    const LENGTH: usize = 100_000;
    for (backwards, cancels) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut chain = Vec::with_capacity(LENGTH);
        chain.push(CancellationToken::new());
        for at in 1..LENGTH {
            chain.push(chain[at - 1].child_token());
        }
        let mut last = Polled::new(chain[LENGTH - 1].clone().cancelled_owned());
        last.pends();
        if cancels {
            chain[0].cancel();
            assert!(chain.iter().all(CancellationToken::is_cancelled));
            last.ready();
        }
        if backwards {
            chain.reverse();
        }
        drop(chain);
    }
}

#[test]
fn many_waits_of_many_tokens_are_all_woken() {
    let token = CancellationToken::new();
    let children: Vec<_> = (0..50).map(|_| token.child_token()).collect();
    let mut waits: Vec<_> = children
        .iter()
        .enumerate()
        .flat_map(|(at, child)| (0..at).map(|_| Polled::new(child.cancelled())))
        .collect();
    waits.iter_mut().for_each(Polled::pends);
    token.cancel();
    assert!(waits.iter().all(|wait| wait.wakes() == 1));
    waits.iter_mut().for_each(Polled::ready);
    drop(waits);
    drop(children);
    assert_eq!(token.handle.nodes(), 1);
}

#[test]
fn a_guard_cancels_unless_disarmed() {
    let token = CancellationToken::new();
    drop(token.clone().drop_guard().disarm());
    assert_eq!(token.drop_guard_ref().disarm(), &token);
    assert!(!token.is_cancelled());
    let child = token.child_token();
    let guard = child.drop_guard_ref();
    assert_eq!(guard.token(), &child);
    drop(guard);
    assert!(child.is_cancelled() && !token.is_cancelled());
    let guard = token.clone().drop_guard();
    assert_eq!(guard.token(), &token);
    drop(guard);
    assert!(token.is_cancelled());
}

#[test]
fn it_runs_until_cancelled() {
    let token = CancellationToken::new();
    assert_eq!(Polled::new(token.run_until_cancelled(ready(1))).ready(), Some(1));
    let value = Arc::new(());
    let held = value.clone();
    let mut run = Polled::new(token.run_until_cancelled(async move {
        let _held = held;
        pending::<u8>().await
    }));
    run.pends();
    token.cancel();
    assert!(run.is_woken());
    assert_eq!(run.ready(), None);
    assert_eq!(Arc::strong_count(&value), 1, "dropped with its end");
    assert_eq!(Polled::new(token.run_until_cancelled(ready(1))).ready(), None, "late");
    assert_eq!(Polled::new(token.clone().run_until_cancelled_owned(ready(1))).ready(), None);
}

#[test]
fn what_ends_with_the_cancellation_has_ended() {
    let token = CancellationToken::new();
    let mut is_second = false;
    let two_polls = std::future::poll_fn(move |_| {
        if std::mem::replace(&mut is_second, true) { Poll::Ready(1) } else { Poll::Pending }
    });
    let mut run = Polled::new(token.clone().run_until_cancelled_owned(two_polls));
    run.pends();
    token.cancel();
    assert_eq!(run.ready(), Some(1));
}

#[test]
fn it_shows_and_compares_itself() {
    let token = CancellationToken::default();
    assert_eq!(format!("{token:?}"), "CancellationToken { is_cancelled: false }");
    let (same, child) = (token.clone(), token.child_token());
    assert_eq!(token, same);
    assert_ne!(token, child);
    assert_eq!(HashSet::from([token.clone(), same, child]).len(), 2);
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&token.cancelled());
    shared(&token.clone().cancelled_owned());
    shared(&token.clone().drop_guard());
    fn safe<T: std::panic::UnwindSafe + std::panic::RefUnwindSafe>(_: &T) {}
    safe(&token);
}

/// Cancels, makes and drops tokens when it is woken or dropped.
struct Meddles(CancellationToken);

impl Wake for Meddles {
    fn wake(self: Arc<Self>) {
        self.0.cancel();
        assert!(self.0.child_token().is_cancelled());
        panic!("a waker that breaks");
    }
}

impl Drop for Meddles {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

#[test]
fn different_tokens_have_different_hashes() {
    let hash = |token: &CancellationToken| {
        let mut hasher = DefaultHasher::new();
        token.hash(&mut hasher);
        hasher.finish()
    };
    let token = CancellationToken::new();
    assert_eq!(hash(&token), hash(&token.clone()));
    assert_ne!(hash(&token), hash(&token.child_token()));
}

#[test]
fn a_waker_may_do_what_it_likes() {
    let token = CancellationToken::new();
    let children: Vec<_> = (0..40).map(|_| token.child_token()).collect();
    let mut waits: Vec<_> = children.iter().map(|child| Polled::new(child.cancelled())).collect();
    for (at, wait) in waits.iter_mut().enumerate() {
        if children[at].is_cancelled() {
            continue;
        }
        let waker: Waker = Arc::new(Meddles(children[(at + 1) % 2].clone())).into();
        assert!(wait.future().poll(&mut Context::from_waker(&waker)).is_pending());
        if at % 3 == 0 {
            wait.pends(); // drops the one before, which cancels
        }
    }
    token.cancel();
    assert!(children.iter().all(CancellationToken::is_cancelled));
}

#[test]
fn threads_make_wait_drop_and_cancel() {
    const THREADS: usize = 4;
    const ROUNDS: usize = 200;
    for round in 0..ROUNDS {
        let top = CancellationToken::new();
        thread::scope(|scope| {
            for number in 0..THREADS {
                let token = top.child_token();
                let top = &top;
                scope.spawn(move || {
                    let between = token.child_token();
                    let below = [between.child_token(), between.child_token(), top.child_token()];
                    drop(between);
                    let [first, second, third] = below;
                    let mut left = Polled::new(second.cancelled());
                    let _ = left.poll();
                    drop(left);
                    drop(second);
                    if (round + number) % THREADS == 0 {
                        top.cancel();
                        assert!(first.is_cancelled() && third.is_cancelled());
                    }
                    if number % 2 == 0 {
                        drop(token);
                    }
                    rt_task::block_on(first.cancelled());
                    rt_task::block_on(third.cancelled_owned());
                });
            }
        });
        assert_eq!(top.handle.nodes(), 1);
    }
}
