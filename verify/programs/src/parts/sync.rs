//! Permits and notifications, and who waits for them, beside the model's queues.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use rt_facade::sync::{AcquireError, Notify, OwnedSemaphorePermit, Semaphore};

use super::Woken;
use crate::model::queues::{Asked, Notify as NotifyModel, Permits};

type Asks = Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit, AcquireError>>>>;
type Listens = Pin<Box<dyn Future<Output = ()>>>;

/// Those that may wait at the same time, of each kind.
const SEATS: usize = 8;

struct Waiting<F> {
    future: F,
    woken: Arc<Woken>,
}

fn poll<F: Future + ?Sized>(waiting: &mut Waiting<Pin<Box<F>>>) -> Poll<F::Output> {
    let waker = Waker::from(waiting.woken.clone());
    waiting.future.as_mut().poll(&mut Context::from_waker(&waker))
}

/// Two bytes a step: what is done, and by which.
///
/// # Panics
/// If a permit or a notification is lost, or goes to who came later.
pub fn run(bytes: &[u8]) {
    let (semaphore, mut permits) = (Arc::new(Semaphore::new(2)), Permits::new(2));
    let (notify, mut notified) = (Arc::new(Notify::new()), NotifyModel::default());
    let mut asks: [Option<(Waiting<Asks>, u16)>; SEATS] = Default::default();
    let mut listens: [Option<Waiting<Listens>>; SEATS] = Default::default();
    let mut held: Vec<(OwnedSemaphorePermit, u16)> = Vec::new();
    let mut total = 2_u32;
    for step in bytes.chunks_exact(2) {
        let at = usize::from(step[1]) % SEATS;
        let seat = (at as u8, 0);
        match step[0] % 16 {
            0..3 => {
                let count = 1 + u16::from(step[1]) / 32 % 3;
                if asks[at].is_none() {
                    let future: Asks = Box::pin(semaphore.clone().acquire_many_owned(count.into()));
                    let mut waiting = Waiting { future, woken: Arc::default() };
                    match (poll(&mut waiting), permits.begin(seat, count)) {
                        (Poll::Ready(Ok(permit)), Asked::Granted) => held.push((permit, count)),
                        (Poll::Ready(Err(_)), Asked::Closed) => {}
                        (Poll::Pending, Asked::Waits) => asks[at] = Some((waiting, count)),
                        (_, asked) => panic!("{asked:?} says the model"),
                    }
                }
            }
            3..5 => {
                if let Some((mut waiting, count)) = asks[at].take() {
                    match (poll(&mut waiting), permits.look(seat)) {
                        (Poll::Ready(Ok(permit)), Asked::Granted) => {
                            permits.take(seat);
                            held.push((permit, count));
                        }
                        (Poll::Ready(Err(_)), Asked::Closed) => {
                            drop(waiting);
                            permits.cancel(seat);
                        }
                        (Poll::Pending, Asked::Waits) => asks[at] = Some((waiting, count)),
                        (_, asked) => panic!("{asked:?} says the model"),
                    }
                }
            }
            5..7 if asks[at].take().is_some() => permits.cancel(seat),
            7..9 if !held.is_empty() => {
                let (permit, count) = held.swap_remove(at % held.len());
                drop(permit);
                permits.release(count);
            }
            9 if total < 100 => {
                total += 1;
                semaphore.add_permits(1);
                permits.release(1);
            }
            10 if step[1] == 0 => {
                semaphore.close();
                permits.close();
            }
            11 if listens[at].is_none() => {
                let future: Listens = Box::pin(notify.clone().notified_owned());
                let mut waiting = Waiting { future, woken: Arc::default() };
                let is_there = poll(&mut waiting).is_ready();
                assert_eq!(is_there, notified.begin(seat));
                listens[at] = (!is_there).then_some(waiting);
            }
            12 => {
                if let Some(mut waiting) = listens[at].take() {
                    let is_there = poll(&mut waiting).is_ready();
                    assert_eq!(is_there, notified.is_told(seat));
                    match is_there {
                        true => notified.take(seat),
                        false => listens[at] = Some(waiting),
                    }
                }
            }
            13 if listens[at].take().is_some() => notified.cancel(seat),
            14 => {
                notify.notify_one();
                notified.one();
            }
            15 if step[1] < 64 => {
                notify.notify_waiters();
                notified.all();
            }
            _ => {}
        }
        for (at, waiting) in asks.iter().enumerate() {
            if let Some((waiting, _)) = waiting {
                let is_over = permits.look((at as u8, 0)) != Asked::Waits;
                assert_eq!(waiting.woken.count(), usize::from(is_over), "who asks is told once");
            }
        }
        for (at, waiting) in listens.iter().enumerate() {
            if let Some(waiting) = waiting {
                let is_told = notified.is_told((at as u8, 0));
                assert_eq!(waiting.woken.count(), usize::from(is_told), "who listens is told once");
            }
        }
        if let Some(free) = permits.free() {
            assert!(semaphore.is_closed() || semaphore.available_permits() == usize::from(free));
        }
    }
    drop((asks, held));
    assert_eq!(semaphore.available_permits(), total as usize, "all permits are there again");
}
