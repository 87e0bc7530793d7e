//! Connections for the pooled client of `hyper-util`.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use ::hyper::Uri;
use ::hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use tower_service::Service;

use super::eyeballs::{self, Failures};
use crate::net::{TcpStream, lookup_host};
use crate::time::{Duration, timeout};

/// Connects to the host of a URI over TCP, for `hyper_util::client::legacy::Client`.
///
/// Names are resolved on the runtime's blocking pool. Of several addresses, each has 250 ms before the next is tried
/// beside it, IPv6 and IPv4 by turns; the first that answers is taken ("happy eyeballs", RFC 8305).
///
/// It connects to `http` URIs. What speaks TLS wraps it, and says
/// [`enforce_http(false)`](Self::enforce_http).
///
/// ```
/// use hyper_util::client::legacy::Client;
/// use rt_facade::hyper::{HttpConnector, HyperExecutor, HyperTimer};
///
/// let client: Client<HttpConnector, String> =
///     Client::builder(HyperExecutor::new()).pool_timer(HyperTimer::new()).build(HttpConnector::new());
/// ```
#[derive(Clone, Debug)]
pub struct HttpConnector {
    nodelay: bool,
    timeout: Option<Duration>,
    stagger: Duration,
    http_alone: bool,
}

impl HttpConnector {
    /// Small writes are sent at once, and a connection may take as long as it takes.
    #[must_use]
    pub fn new() -> Self {
        Self { nodelay: true, timeout: None, stagger: eyeballs::STAGGER, http_alone: true }
    }

    /// Whether small writes are sent at once (`TCP_NODELAY`). They are unless told.
    pub fn set_nodelay(&mut self, nodelay: bool) {
        self.nodelay = nodelay;
    }

    /// How long resolving a name and connecting may take, all addresses together. No limit unless told.
    pub fn set_connect_timeout(&mut self, limit: Option<Duration>) {
        self.timeout = limit;
    }

    /// How long an address has before the next is tried beside it. 250 ms unless told, as RFC 8305 recommends; it
    /// asks for no less than 100 ms and no more than 2 s.
    pub fn set_happy_eyeballs_timeout(&mut self, stagger: Duration) {
        self.stagger = stagger;
    }

    /// Whether other schemes than `http` are refused. They are unless told.
    pub fn enforce_http(&mut self, enforced: bool) {
        self.http_alone = enforced;
    }

    /// Whom to connect to.
    fn target(&self, uri: &Uri) -> Result<(String, u16), ConnectError> {
        let scheme = uri.scheme_str();
        if self.http_alone && scheme != Some("http") {
            let wrong = scheme.unwrap_or("none").to_owned();
            return Err(ConnectError::new(Why::Scheme(wrong)));
        }
        let host = uri.host().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| ConnectError::new(Why::NoHost))?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let usual = if scheme == Some("https") { 443 } else { 80 };
        Ok((host.to_owned(), uri.port_u16().unwrap_or(usual)))
    }

    async fn connect(self, uri: Uri) -> Result<HttpStream, ConnectError> {
        let (host, port) = self.target(&uri)?;
        let attempt = async {
            let addresses = lookup_host((host.as_str(), port)).await;
            let addresses =
                addresses.map_err(|error| ConnectError::new(Why::Lookup(host, error)))?;
            let stream =
                eyeballs::first(addresses, self.stagger, |address| TcpStream::connect(address));
            stream.await.map_err(|failures| ConnectError::new(Why::Connect(failures)))
        };
        let stream = match self.timeout {
            None => attempt.await?,
            Some(limit) => match timeout(limit, attempt).await {
                Ok(connected) => connected?,
                Err(_) => return Err(ConnectError::new(Why::TimedOut(limit))),
            },
        };
        // Options may fail on a connection that is gone already: its first use tells.
        drop(stream.set_nodelay(self.nodelay));
        Ok(HttpStream { stream })
    }
}

impl Default for HttpConnector {
    fn default() -> Self {
        Self::new()
    }
}

impl Service<Uri> for HttpConnector {
    type Response = HttpStream;
    type Error = ConnectError;
    type Future = Connecting;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Connecting {
        Connecting { inner: Box::pin(self.clone().connect(uri)) }
    }
}

/// The future of a [`HttpConnector`]. Cancel safe: dropping it drops all attempts.
#[must_use = "futures do nothing unless polled"]
pub struct Connecting {
    inner: Pin<Box<dyn Future<Output = Result<HttpStream, ConnectError>> + Send>>,
}

impl Future for Connecting {
    type Output = Result<HttpStream, ConnectError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.inner.as_mut().poll(cx)
    }
}

impl fmt::Debug for Connecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting").finish_non_exhaustive()
    }
}

/// Why a [`HttpConnector`] did not connect.
#[derive(Debug)]
pub struct ConnectError {
    why: Why,
}

#[derive(Debug)]
enum Why {
    Scheme(String),
    NoHost,
    Lookup(String, io::Error),
    Connect(Failures),
    TimedOut(Duration),
}

impl ConnectError {
    fn new(why: Why) -> Self {
        Self { why }
    }

    /// Whether the time was up.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.why, Why::TimedOut(_))
    }

    /// The addresses that were tried and failed, in the order in which they did, and with what.
    pub fn attempts(&self) -> impl Iterator<Item = (SocketAddr, &io::Error)> {
        let failures = match &self.why {
            Why::Connect(failures) => &failures[..],
            _ => &[],
        };
        failures.iter().map(|(address, error)| (*address, error))
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::Scheme(scheme) => write!(
                f,
                "an `HttpConnector` connects to `http` URIs, and the scheme is `{scheme}`; wrap it in what speaks \
                 TLS, with `enforce_http(false)`"
            ),
            Why::NoHost => f.write_str("the URI has no host to connect to"),
            Why::Lookup(host, error) => write!(f, "`{host}` could not be resolved: {error}"),
            Why::Connect(failures) if failures.is_empty() => f.write_str("the name has no address"),
            Why::Connect(failures) => {
                f.write_str("no address could be connected to")?;
                for (n, (address, error)) in failures.iter().enumerate() {
                    write!(f, "{} {address}: {error}", if n == 0 { ":" } else { ";" })?;
                }
                Ok(())
            }
            Why::TimedOut(limit) => write!(f, "not connected after {limit:?}"),
        }
    }
}

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.why {
            Why::Lookup(_, error) => Some(error),
            Why::Connect(failures) => failures.last().map(|(_, error)| error as _),
            _ => None,
        }
    }
}

/// A connection of a [`HttpConnector`]. Responses have a [`PeerAddr`] among their extensions.
#[derive(Debug)]
pub struct HttpStream {
    stream: TcpStream,
}

impl HttpStream {
    /// The socket.
    #[must_use]
    pub fn get_ref(&self) -> &TcpStream {
        &self.stream
    }

    /// The socket, out of its shell.
    #[must_use]
    pub fn into_inner(self) -> TcpStream {
        self.stream
    }
}

impl Connection for HttpStream {
    fn connected(&self) -> Connected {
        let connected = Connected::new();
        match self.stream.peer_addr() {
            Ok(peer) => connected.extra(PeerAddr(peer)),
            Err(_) => connected,
        }
    }
}

/// Whom a response came from: among its extensions, when the client uses a [`HttpConnector`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

impl Read for HttpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Read::poll_read(Pin::new(&mut self.stream), cx, buf)
    }
}

impl Write for HttpStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Write::poll_write(Pin::new(&mut self.stream), cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Write::poll_write_vectored(Pin::new(&mut self.stream), cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        Write::is_write_vectored(&self.stream)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Write::poll_flush(Pin::new(&mut self.stream), cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Write::poll_shutdown(Pin::new(&mut self.stream), cx)
    }
}
