//! What `hyper` asks of a runtime: an executor and a timer. Sockets implement `hyper::rt::{Read, Write}`
//! themselves.
//!
//! With the feature `hyper-server`, [`serve`] runs a `tower` service, such as axum's `Router`, on a listener. With
//! `hyper-client`, [`HttpConnector`] connects the pooled client of `hyper-util`.

#[cfg(feature = "hyper-client")]
mod connector;
#[cfg(feature = "hyper-client")]
mod eyeballs;
#[cfg(feature = "hyper-server")]
mod serve;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use ::hyper::rt::{Executor, Sleep, Timer};
use pin_project_lite::pin_project;

#[cfg(feature = "hyper-client")]
pub use connector::{ConnectError, Connecting, HttpConnector, HttpStream, PeerAddr};
#[cfg(feature = "hyper-server")]
pub use serve::{Serve, serve};

/// Spawns on the runtime that is entered when `hyper` calls it.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct HyperExecutor;

impl HyperExecutor {
    /// The executor.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl<F> Executor<F> for HyperExecutor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    #[track_caller]
    fn execute(&self, future: F) {
        drop(crate::spawn(future));
    }
}

/// Sleeps on the runtime that is entered when `hyper` calls it.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct HyperTimer;

impl HyperTimer {
    /// The timer.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl Timer for HyperTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        Box::pin(HyperSleep { sleep: crate::time::sleep(duration) })
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(HyperSleep { sleep: crate::time::sleep_until(deadline.into()) })
    }

    fn now(&self) -> Instant {
        crate::time::Instant::now().into()
    }

    /// Moves the timer that is there: a keep-alive costs no allocation per request.
    fn reset(&self, sleep: &mut Pin<Box<dyn Sleep>>, new_deadline: Instant) {
        match sleep.as_mut().downcast_mut_pin::<HyperSleep>() {
            Some(sleep) => sleep.project().sleep.reset(new_deadline.into()),
            None => *sleep = self.sleep_until(new_deadline),
        }
    }
}

pin_project! {
    /// A [`time::Sleep`](crate::time::Sleep) in the shape that `hyper` wants.
    #[derive(Debug)]
    pub struct HyperSleep {
        #[pin]
        sleep: crate::time::Sleep,
    }
}

impl Future for HyperSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().sleep.poll(cx)
    }
}

impl Sleep for HyperSleep {}
