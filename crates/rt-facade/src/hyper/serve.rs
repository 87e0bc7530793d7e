//! A server for `tower` services: one loop that accepts, a task for each connection.

use std::error::Error;
use std::fmt;
use std::future::{Future, IntoFuture, Pending, pending, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use ::hyper::body::{Body, Incoming};
use ::hyper::service::Service as HyperService;
use ::hyper::{Request, Response};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tower_service::Service;

use super::{HyperExecutor, HyperTimer};
use crate::net::TcpListener;
use crate::time::{Duration, sleep};

/// Serves HTTP/1.1 and HTTP/2 on `listener`, until told to end. Nothing happens until it is awaited.
///
/// `make_service` is called with the address of each client, for the service of its connection. With axum that is
/// `router.into_make_service()`, or `router.into_make_service_with_connect_info::<SocketAddr>()` for handlers that
/// take a `ConnectInfo<SocketAddr>`.
///
/// Each connection is a task. Connections may be upgraded, to WebSockets say. A client has 30 s for its first request,
/// and for the head of each further one on HTTP/1.1. Small writes are sent at once (`TCP_NODELAY`).
///
/// # Errors
/// Awaited, it fails when the listener does for good. A connection that fails ends by itself; when descriptors or
/// memory run out, accepting waits.
///
/// ```no_run
/// # #[rt_facade::main]
/// # async fn main() -> std::io::Result<()> {
/// let app = axum::Router::new().route("/", axum::routing::get(async || "Hello, World!"));
/// let listener = rt_facade::net::TcpListener::bind("127.0.0.1:8080").await?;
/// rt_facade::hyper::serve(listener, app.into_make_service()).await
/// # }
/// ```
pub fn serve<M>(listener: TcpListener, make_service: M) -> Serve<M> {
    let mut http = auto::Builder::new(HyperExecutor::new());
    http.http1().timer(HyperTimer::new());
    http.http2().timer(HyperTimer::new());
    Serve { listener, make_service, http, signal: pending() }
}

/// A server that is not awaited yet. See [`serve`].
#[must_use = "a server serves once it is awaited"]
pub struct Serve<M, F = Pending<()>> {
    listener: TcpListener,
    make_service: M,
    http: auto::Builder<HyperExecutor>,
    signal: F,
}

impl<M, F> Serve<M, F> {
    /// Ends once `signal` is ready: accepts no more, answers the requests in flight, and lets idle connections go.
    /// It is ready when the last connection has ended, which [`timeout`](crate::time::timeout) around it may limit.
    pub fn with_graceful_shutdown<G: Future<Output = ()>>(self, signal: G) -> Serve<M, G> {
        let Self { listener, make_service, http, signal: _ } = self;
        Serve { listener, make_service, http, signal }
    }

    /// The options of the protocol: limits, timeouts, which versions.
    pub fn http(&mut self) -> &mut auto::Builder<HyperExecutor> {
        &mut self.http
    }

    /// The address that it listens at.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl<M, F, S, B> IntoFuture for Serve<M, F>
where
    F: Future<Output = ()> + Send + 'static,
    M: Service<SocketAddr, Response = S, Future: Send> + Send + 'static,
    S: Service<Request<Incoming>, Response = Response<B>, Future: Send> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    type Output = io::Result<()>;
    type IntoFuture = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(run(self))
    }
}

type BoxError = Box<dyn Error + Send + Sync>;

async fn run<M, F, S, B>(server: Serve<M, F>) -> io::Result<()>
where
    F: Future<Output = ()>,
    M: Service<SocketAddr, Response = S>,
    S: Service<Request<Incoming>, Response = Response<B>, Future: Send> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    let Serve { listener, mut make_service, http, signal } = server;
    let connections = GracefulShutdown::new();
    let mut signal = pin!(signal);
    loop {
        let accepted = crate::select! {
            biased;
            () = &mut signal => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => match kind(&error) {
                Failure::OfOne => continue,
                // `accept` has told it once, and waits by itself the next time.
                Failure::OfMany => {
                    crate::select! {
                        () = &mut signal => break,
                        () = sleep(BACK_OFF) => continue,
                    }
                }
                Failure::ForGood => return Err(error),
            },
        };
        let made = async {
            poll_fn(|cx| make_service.poll_ready(cx)).await.ok()?;
            make_service.call(peer).await.ok()
        };
        let service = crate::select! {
            () = &mut signal => break,
            made = made => made,
        };
        let Some(service) = service else { continue };
        if stream.set_nodelay(true).is_err() {
            continue; // gone already
        }
        let asked = Arc::new(AtomicBool::new(false));
        let service = noting(TowerToHyperService::new(service), asked.clone());
        let connection = http.serve_connection_with_upgrades(stream, service).into_owned();
        drop(crate::spawn(within(connections.watch(connection), asked)));
    }
    drop(listener);
    connections.shutdown().await;
    Ok(())
}

/// `service`, which notes that it was asked.
fn noting<S>(
    service: S,
    asked: Arc<AtomicBool>,
) -> impl HyperService<Request<Incoming>, Response = S::Response, Error = S::Error, Future = S::Future>
where
    S: HyperService<Request<Incoming>>,
{
    struct Noting<S>(S, Arc<AtomicBool>);
    impl<S: HyperService<R>, R> HyperService<R> for Noting<S> {
        type Response = S::Response;
        type Error = S::Error;
        type Future = S::Future;

        fn call(&self, request: R) -> S::Future {
            self.1.store(true, Relaxed);
            self.0.call(request)
        }
    }
    Noting(service, asked)
}

/// Serves a connection to its end, or until nothing was asked in time: `hyper` times a head only once it knows
/// the version, which takes up to 24 bytes. What a client does wrong is no news for a server.
async fn within(served: impl Future, asked: Arc<AtomicBool>) {
    let mut served = pin!(served);
    crate::select! {
        _ = &mut served => return,
        () = sleep(FIRST_REQUEST_MAX) => if !asked.load(Relaxed) { return },
    }
    drop(served.await);
}

/// How long a client may say nothing, or too little. `hyper`'s own limit for a head.
const FIRST_REQUEST_MAX: Duration = Duration::from_secs(30);

/// What an `accept` that failed says of those to come.
enum Failure {
    /// This client is gone.
    OfOne,
    /// The process, or the system, has no more of something.
    OfMany,
    /// The listener will never accept again.
    ForGood,
}

fn kind(error: &io::Error) -> Failure {
    use io::ErrorKind::*;
    match error.kind() {
        InvalidInput | NotConnected | Unsupported => Failure::ForGood,
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted | TimedOut => {
            Failure::OfOne
        }
        _ => Failure::OfMany,
    }
}

/// Between two looks at whether there are descriptors again.
const BACK_OFF: Duration = Duration::from_millis(50);

impl<M, F> fmt::Debug for Serve<M, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve").field("listener", &self.listener).finish_non_exhaustive()
    }
}
