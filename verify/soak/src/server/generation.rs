//! What lives from one reload to the next: listeners, the datagram socket, connections.

use std::io;
use std::sync::Arc;

use rt_facade::fs;
use rt_facade::net::{TcpListener, TcpStream, UdpSocket, UnixListener};
use rt_facade::sync::{CancellationToken, oneshot};
use rt_facade::task::{JoinHandle, JoinSet};
use rt_facade::time::{Duration, timeout};

use super::app::App;
use super::{http, lines};
use crate::place::Place;

/// Old connections may go on so long; then they are dropped.
const DRAIN_MAX: Duration = Duration::from_secs(4);
/// No datagram is longer.
const DATAGRAM_MAX: usize = 65_536;

pub(super) struct Generation {
    closing: CancellationToken,
    /// Each is ready when its socket is closed.
    unbound: Vec<oneshot::Receiver<()>>,
    tasks: Vec<JoinHandle<()>>,
}

/// One loop that accepts, on any kind of listener: `$connection` makes a future of a stream.
macro_rules! acceptor {
    ($listener:expr, $app:expr, $closing:expr, $unbound:expr, $connection:expr) => {{
        let (listener, app, closing, unbound) =
            ($listener, $app.clone(), $closing.clone(), $unbound);
        async move {
            let mut connections = JoinSet::new();
            loop {
                rt_facade::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) => {
                            app.accepted();
                            connections.spawn($connection(stream, app.clone(), closing.clone()));
                        }
                        Err(_) => app.accept_failed(),
                    },
                    Some(_) = connections.join_next() => {}
                    () = closing.cancelled() => break,
                }
            }
            drop(listener);
            _ = unbound.send(());
            let all = async { while connections.join_next().await.is_some() {} };
            // Dropped, the set aborts those that are left.
            _ = timeout(DRAIN_MAX, all).await;
            connections.shutdown().await;
        }
    }};
}

impl Generation {
    pub(super) async fn start(app: &Arc<App>, place: &Place) -> io::Result<Self> {
        let mut generation =
            Self { closing: CancellationToken::new(), unbound: Vec::new(), tasks: Vec::new() };
        let line = TcpListener::bind(place.line).await?;
        let http = TcpListener::bind(place.http).await?;
        let udp = UdpSocket::bind(place.udp).await?;
        _ = fs::remove_file(place.unix()).await;
        let unix = UnixListener::bind(place.unix())?;

        let closing = generation.closing.clone();
        let unbound = generation.waited_for();
        let at_once = |stream: TcpStream, app, closing| {
            _ = stream.set_nodelay(true);
            lines::connection(stream, app, closing)
        };
        generation.spawn(acceptor!(line, app, closing, unbound, at_once));
        let unbound = generation.waited_for();
        generation.spawn(acceptor!(http, app, closing, unbound, http::connection));
        let unbound = generation.waited_for();
        generation.spawn(acceptor!(unix, app, closing, unbound, lines::connection));
        let unbound = generation.waited_for();
        generation.spawn(async move {
            let mut buf = vec![0; DATAGRAM_MAX];
            loop {
                rt_facade::select! {
                    got = udp.recv_from(&mut buf) => {
                        // Who does not listen any more is answered in vain, and told of it here.
                        let Ok((length, peer)) = got else { continue };
                        _ = udp.send_to(&buf[..length], peer).await;
                    }
                    () = closing.cancelled() => break,
                }
            }
            drop(udp);
            _ = unbound.send(());
        });
        Ok(generation)
    }

    fn waited_for(&mut self) -> oneshot::Sender<()> {
        let (sender, receiver) = oneshot::channel();
        self.unbound.push(receiver);
        sender
    }

    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.push(rt_facade::spawn(task));
    }

    /// Closes the sockets; what is returned ends when the last connection has.
    pub(super) async fn close(self) -> JoinHandle<()> {
        self.closing.cancel();
        for unbound in self.unbound {
            _ = unbound.await;
        }
        rt_facade::spawn(async move {
            for task in self.tasks {
                _ = task.await;
            }
        })
    }
}
