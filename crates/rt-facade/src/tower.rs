//! A `tower` layer on the runtime's timer.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::time::{Duration, Sleep, sleep};

/// Limits how long a service may take for a request. What `tower::timeout::TimeoutLayer` is, on this runtime's timer.
///
/// The time runs from the call on; waiting until the service is ready is not counted. A request that takes longer
/// is dropped, and fails with [`Elapsed`].
///
/// ```
/// use rt_facade::time::Duration;
/// use rt_facade::tower::TimeoutLayer;
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # let runtime = rt_facade::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
/// # runtime.block_on(async {
/// let slow = service_fn(async |seconds: u64| {
///     rt_facade::time::sleep(Duration::from_secs(seconds)).await;
///     Ok::<_, std::io::Error>("done")
/// });
/// let limited = ServiceBuilder::new().layer(TimeoutLayer::new(Duration::from_secs(5))).service(slow);
/// assert_eq!(limited.clone().oneshot(1).await.unwrap(), "done");
/// assert!(limited.oneshot(10).await.unwrap_err().is::<rt_facade::tower::Elapsed>());
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TimeoutLayer {
    limit: Duration,
}

impl TimeoutLayer {
    /// Each request may take so long.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Self { limit }
    }
}

impl<S> Layer<S> for TimeoutLayer {
    type Service = Timeout<S>;

    fn layer(&self, inner: S) -> Timeout<S> {
        Timeout::new(inner, self.limit)
    }
}

/// A service whose requests may take so long. See [`TimeoutLayer`].
#[derive(Clone, Copy, Debug)]
pub struct Timeout<S> {
    inner: S,
    limit: Duration,
}

impl<S> Timeout<S> {
    /// `inner`, with so long for each request.
    pub fn new(inner: S, limit: Duration) -> Self {
        Self { inner, limit }
    }

    /// The service inside.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service inside.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, R> Service<R> for Timeout<S>
where
    S: Service<R, Error: Into<BoxError>>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    #[track_caller]
    fn call(&mut self, request: R) -> ResponseFuture<S::Future> {
        ResponseFuture {
            response: self.inner.call(request),
            limit: self.limit,
            sleep: sleep(self.limit),
        }
    }
}

type BoxError = Box<dyn Error + Send + Sync>;

pin_project! {
    /// The future of a [`Timeout`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        response: F,
        limit: Duration,
        #[pin]
        sleep: Sleep,
    }
}

impl<F, T, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<BoxError>,
{
    type Output = Result<T, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(response) = this.response.poll(cx) {
            return Poll::Ready(response.map_err(Into::into));
        }
        ready!(this.sleep.poll(cx));
        Poll::Ready(Err(Elapsed { limit: *this.limit }.into()))
    }
}

/// A request took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Elapsed {
    /// How long it might have taken.
    pub limit: Duration,
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the request was not answered within {:?}", self.limit)
    }
}

impl Error for Elapsed {}
