//! Two clients: the `redis` crate, on the runtime's sockets and driven by its tasks, and one of raw bytes.

use std::net::SocketAddr;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ProtocolVersion, PushInfo, RedisConnectionInfo};
use rt_facade::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use rt_facade::net::TcpStream;
use rt_facade::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A client of the crate, which does not know what runs it.
pub(crate) async fn connect(addr: SocketAddr) -> MultiplexedConnection {
    connect_with(addr, ProtocolVersion::RESP2, AsyncConnectionConfig::new()).await
}

/// One that speaks the newer protocol, and what it is told unasked.
pub(crate) async fn connect_to_hear(
    addr: SocketAddr,
) -> (MultiplexedConnection, UnboundedReceiver<PushInfo>) {
    let (sender, pushes) = unbounded_channel();
    let config = AsyncConnectionConfig::new().set_push_sender(move |push| sender.send(push));
    (connect_with(addr, ProtocolVersion::RESP3, config).await, pushes)
}

async fn connect_with(
    addr: SocketAddr,
    protocol: ProtocolVersion,
    config: AsyncConnectionConfig,
) -> MultiplexedConnection {
    let stream = TcpStream::connect(addr).await.expect("it accepts");
    let info = RedisConnectionInfo::default().set_protocol(protocol);
    // The crate's timeouts would be those of another runtime.
    let config = config.set_response_timeout(None);
    let made = MultiplexedConnection::new_with_config(&info, stream, config).await;
    let (connection, driver) = made.expect("it answers");
    rt_facade::spawn(driver);
    connection
}

/// A client that sends bytes and looks at bytes.
pub(crate) struct Raw(pub(crate) BufReader<TcpStream>);

impl Raw {
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(addr).await.expect("it accepts")))
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.expect("it takes what is sent");
    }

    /// Sends, and asserts what comes back, byte by byte.
    pub(crate) async fn ask(&mut self, bytes: &str, reply: &str) {
        self.send(bytes).await;
        self.hear(reply).await;
    }

    pub(crate) async fn hear(&mut self, reply: &str) {
        let mut heard = vec![0; reply.len()];
        self.0.read_exact(&mut heard).await.expect("a reply");
        assert_eq!(String::from_utf8_lossy(&heard), reply);
    }

    /// The next line, its end included.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).await.expect("a line");
        line
    }

    /// What comes until the server closes the connection.
    pub(crate) async fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).await.expect("closed, and not reset");
        rest
    }
}
