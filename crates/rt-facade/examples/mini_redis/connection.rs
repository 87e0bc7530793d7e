//! One connection, from its first request to its end.
//!
//! One task reads, answers and writes by turns. While it writes it does not read: a client that takes no replies
//! is asked for no more requests. So what the server holds for it is bounded: a request and [`INPUT_BYTES`], a reply
//! and [`OUTPUT_BYTES_MAX`], its mailbox, and the names of what it has subscribed to.

use std::io::{self, ErrorKind};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use rt_facade::io::AsyncReadExt;
use rt_facade::net::TcpStream;
use rt_facade::sync::CancellationToken;
use rt_facade::time::{Duration, timeout};

use crate::Server;
use crate::channels::{Kind, Message, Subscriber, Topic};
use crate::command::Command;
use crate::resp::{Malformed, Protocol, REQUEST_BYTES_MAX, Reply, Request, take_request};

/// What is read at once, and about what a connection keeps while it has nothing to do.
const INPUT_BYTES: usize = 16 * 1024;
/// Replies are written when they are so many, or when all that was asked is answered.
const OUTPUT_BYTES_MAX: usize = 64 * 1024;
/// How long a client that has been told the end may take to go.
const LINGER_MAX: Duration = Duration::from_secs(1);

pub(crate) struct Connection {
    stream: TcpStream,
    input: BytesMut,
    output: Vec<u8>,
    protocol: Protocol,
    subscriber: Subscriber,
    server: Arc<Server>,
}

/// What follows a request.
#[derive(PartialEq, Eq)]
enum Then {
    Serve,
    Close,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, server: Arc<Server>) -> Self {
        let subscriber = Subscriber::new(Arc::clone(&server.channels));
        let (input, output, protocol) = (BytesMut::new(), Vec::new(), Protocol::Resp2);
        Self { stream, input, output, protocol, subscriber, server }
    }

    /// Serves the client until it goes, is not to be served any longer, or `shutdown`.
    ///
    /// # Errors
    /// What the socket fails with, and `TimedOut` if the client does not read what it has subscribed to.
    pub(crate) async fn serve(mut self, shutdown: &CancellationToken) -> io::Result<()> {
        // A reply is often one small write.
        self.stream.set_nodelay(true)?;
        while self.answer().await? == Then::Serve {
            self.input.reserve(INPUT_BYTES);
            rt_facade::select! {
                read = self.stream.read_buf(&mut self.input) => match read? {
                    0 => return Ok(()),
                    _ => continue,
                },
                Some(message) = self.subscriber.messages.recv() => {
                    self.deliver(message);
                    continue;
                }
                () = shutdown.cancelled() => {}
            }
            // What has come by now is answered; then it is the end.
            self.read_what_is_there()?;
            self.answer().await?;
            break;
        }
        self.close().await
    }

    /// Answers every request that is there whole.
    async fn answer(&mut self) -> io::Result<Then> {
        let (mut then, come) = (Then::Serve, self.input.len());
        while then == Then::Serve {
            match take_request(&mut self.input) {
                Ok(Some(request)) => then = self.execute(request),
                Ok(None) => break,
                Err(Malformed(what)) => {
                    self.reply(Reply::error(format!("ERR Protocol error: {what}")));
                    then = Then::Close;
                }
            }
            if self.output.len() >= OUTPUT_BYTES_MAX {
                self.flush().await?;
            }
        }
        self.flush().await?;
        // Memory that one large request took is not kept for the next.
        if come > 2 * INPUT_BYTES && self.input.len() < INPUT_BYTES {
            self.input = BytesMut::from(&self.input[..]);
        }
        Ok(then)
    }

    fn execute(&mut self, request: Request) -> Then {
        if request.is_empty() {
            return Then::Serve; // an empty line
        }
        match Command::parse(request) {
            Ok(Command::Quit) => {
                self.reply(Reply::Simple("OK"));
                return Then::Close;
            }
            Ok(command) if self.only_hears() && !command.is_for_subscribers() => {
                self.reply(Reply::error(
                    "ERR a subscriber may (P)SUBSCRIBE, (P)UNSUBSCRIBE, PING, QUIT",
                ));
            }
            Ok(Command::Subscribe(topics)) => self.subscribe(topics),
            Ok(Command::Unsubscribe(kind, topics)) => self.unsubscribe(kind, topics),
            Ok(Command::Hello(protocol)) => {
                self.protocol = protocol.unwrap_or(self.protocol);
                self.reply(hello(self.protocol));
            }
            Ok(Command::Ping(text)) if self.only_hears() => {
                let pong = [Reply::text("pong"), Reply::Bulk(text.unwrap_or_default())];
                self.reply(Reply::Array(pong.into()));
            }
            Ok(command) => self.reply(self.server.execute(command)),
            Err(error) => self.reply(Reply::error(error)),
        }
        Then::Serve
    }

    /// Whether a reply would be taken for a message: it has subscribed, and speaks the older protocol.
    fn only_hears(&self) -> bool {
        self.protocol == Protocol::Resp2 && !self.subscriber.topics().is_empty()
    }

    fn subscribe(&mut self, topics: Vec<Topic>) {
        for topic in topics {
            let Topic { kind, name } = topic.clone();
            let reply = match self.subscriber.subscribe(topic) {
                Some(topics) => confirmation("subscribe", kind, Some(name), topics),
                None => Reply::error("ERR too many subscriptions, or too long a name"),
            };
            self.reply(reply);
        }
    }

    fn unsubscribe(&mut self, kind: Kind, mut topics: Vec<Topic>) {
        if topics.is_empty() {
            let all = self.subscriber.topics().iter().filter(|topic| topic.kind == kind);
            topics = all.cloned().collect();
        }
        if topics.is_empty() {
            let topics = self.subscriber.topics().len();
            self.reply(confirmation("unsubscribe", kind, None, topics));
        }
        for topic in topics {
            let topics = self.subscriber.unsubscribe(&topic);
            self.reply(confirmation("unsubscribe", kind, Some(topic.name), topics));
        }
    }

    /// This message, and others while there is room for them.
    fn deliver(&mut self, message: Message) {
        let mut next = Some(message);
        while let Some(message) = next {
            // Sent before the client unsubscribed, it may come after that.
            if self.subscriber.topics().contains(&message.topic) {
                self.reply(delivery(message));
            }
            next = match self.output.len() < OUTPUT_BYTES_MAX {
                true => self.subscriber.messages.try_recv().ok(),
                false => None,
            };
        }
    }

    fn reply(&mut self, reply: Reply) {
        reply.write(self.protocol, &mut self.output);
    }

    /// Writes what there is to say; gives up when the client has missed a message because it does not read.
    async fn flush(&mut self) -> io::Result<()> {
        if self.output.is_empty() {
            return Ok(());
        }
        let written = self.stream.write_all(&self.output);
        let written = self.subscriber.full.run_until_cancelled(written).await;
        written
            .ok_or_else(|| io::Error::new(ErrorKind::TimedOut, "a subscriber does not read"))??;
        match self.output.capacity() > 2 * OUTPUT_BYTES_MAX {
            true => self.output = Vec::new(), // a large reply's
            false => self.output.clear(),
        }
        Ok(())
    }

    /// Reads without waiting, up to a request's length.
    fn read_what_is_there(&mut self) -> io::Result<()> {
        while self.input.len() < REQUEST_BYTES_MAX {
            self.input.reserve(INPUT_BYTES);
            match self.stream.try_read_buf(&mut self.input) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Says that no more comes, and lets the client read what did. A socket that is closed with bytes in it that
    /// nobody has read resets the connection, and then the client may lose the end of the replies.
    async fn close(self) -> io::Result<()> {
        let Self { mut stream, mut input, subscriber, .. } = self;
        drop(subscriber);
        stream.shutdown().await?;
        let gone = timeout(LINGER_MAX, async {
            loop {
                input.clear();
                input.reserve(INPUT_BYTES);
                if stream.read_buf(&mut input).await? == 0 {
                    return Ok(());
                }
            }
        });
        gone.await.unwrap_or(Ok(()))
    }
}

fn hello(protocol: Protocol) -> Reply {
    let version = match protocol {
        Protocol::Resp2 => 2,
        Protocol::Resp3 => 3,
    };
    Reply::Map(vec![
        (Reply::text("server"), Reply::text("mini_redis")),
        (Reply::text("version"), Reply::text(env!("CARGO_PKG_VERSION"))),
        (Reply::text("proto"), Reply::Integer(version)),
        (Reply::text("mode"), Reply::text("standalone")),
        (Reply::text("role"), Reply::text("master")),
        (Reply::text("modules"), Reply::Array(Vec::new())),
    ])
}

fn confirmation(what: &str, kind: Kind, name: Option<Bytes>, topics: usize) -> Reply {
    let what = match kind {
        Kind::Channel => what.to_owned(),
        Kind::Pattern => format!("p{what}"),
    };
    let name = name.map_or(Reply::Null, Reply::Bulk);
    Reply::Push(vec![Reply::text(what), name, Reply::count(topics)])
}

fn delivery(message: Message) -> Reply {
    let Message { topic, channel, text, .. } = message;
    let (channel, text) = (Reply::Bulk(channel), Reply::Bulk(text));
    Reply::Push(match topic.kind {
        Kind::Channel => vec![Reply::text("message"), channel, text],
        Kind::Pattern => vec![Reply::text("pmessage"), Reply::Bulk(topic.name), channel, text],
    })
}
