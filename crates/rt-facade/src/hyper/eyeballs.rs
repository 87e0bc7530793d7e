//! Which of several addresses answers first ("happy eyeballs", RFC 8305).
//!
//! The addresses of the two families alternate, the resolver's first choice first. Each has a head start before
//! the next is tried beside it, and none waits for one that has failed. The first that connects wins, and the
//! others are dropped.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::Poll;

use crate::time::{Duration, sleep};

/// Between two attempts, as RFC 8305 recommends.
pub(crate) const STAGGER: Duration = Duration::from_millis(250);

/// What each address failed with, in the order in which they did.
pub(crate) type Failures = Vec<(SocketAddr, io::Error)>;

/// Tries `addresses` by `connect`, each `stagger` after the one before or once that has failed.
pub(crate) async fn first<C, F, T>(
    addresses: impl IntoIterator<Item = SocketAddr>,
    stagger: Duration,
    mut connect: C,
) -> Result<T, Failures>
where
    C: FnMut(SocketAddr) -> F,
    F: Future<Output = io::Result<T>>,
{
    let mut waiting = interleaved(addresses);
    let mut trying: Vec<(SocketAddr, Pin<Box<F>>)> = Vec::new();
    let mut failures = Failures::new();
    let mut head_start = pin!(sleep(stagger));
    let mut may_start = true;
    poll_fn(|cx| {
        loop {
            if may_start && let Some(address) = waiting.pop_front() {
                trying.push((address, Box::pin(connect(address))));
                head_start.as_mut().reset(crate::time::Instant::now() + stagger);
                may_start = false;
            }
            let mut n = 0;
            while let Some((address, attempt)) = trying.get_mut(n) {
                match attempt.as_mut().poll(cx) {
                    Poll::Ready(Ok(stream)) => return Poll::Ready(Ok(stream)),
                    Poll::Ready(Err(error)) => {
                        failures.push((*address, error));
                        drop(trying.remove(n));
                        may_start = true;
                    }
                    Poll::Pending => n += 1,
                }
            }
            if waiting.is_empty() {
                return match trying.is_empty() {
                    true => Poll::Ready(Err(std::mem::take(&mut failures))),
                    false => Poll::Pending,
                };
            }
            if !may_start {
                if head_start.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                may_start = true;
            }
        }
    })
    .await
}

/// The addresses, those of the two families by turns.
fn interleaved(addresses: impl IntoIterator<Item = SocketAddr>) -> VecDeque<SocketAddr> {
    let mut addresses = addresses.into_iter().peekable();
    let v6_first = addresses.peek().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses.partition(|a| a.is_ipv6() == v6_first);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut all = VecDeque::new();
    loop {
        match (first.next(), second.next()) {
            (None, None) => return all,
            (one, other) => all.extend(one.into_iter().chain(other)),
        }
    }
}

#[cfg(test)]
mod tests;
