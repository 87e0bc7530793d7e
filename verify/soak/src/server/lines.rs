//! Lines: a request each, answered in order, over any stream.

use std::io;
use std::sync::Arc;

use rt_facade::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use rt_facade::sync::CancellationToken;
use rt_facade::sync::broadcast::error::RecvError;
use rt_facade::time::{Duration, timeout};

use super::app::{Answer, App};
use crate::words::BYE;

/// A client that says nothing for so long is let go.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// One that reads nothing for so long, too.
const WRITE_MAX: Duration = Duration::from_secs(2);
/// After the last word a client has so long to leave.
const LINGER_MAX: Duration = Duration::from_secs(1);
/// No line is longer.
const LINE_MAX: usize = 8 * 1_024;

pub(super) async fn connection<S>(stream: S, app: Arc<App>, closing: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut connection = Connection { stream, pending: Vec::new() };
    // What a client does wrong is no news for a server.
    if let Ok(End::Bye) = connection.serve(&app, &closing).await {
        _ = connection.leave().await;
    }
}

enum End {
    /// The client has gone.
    Gone,
    /// We go.
    Bye,
}

struct Connection<S> {
    stream: S,
    /// What was read and is no whole line yet.
    pending: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    async fn serve(&mut self, app: &App, closing: &CancellationToken) -> io::Result<End> {
        loop {
            while let Some(line) = self.line() {
                match app.answer(&line).await {
                    Answer::Text(text) => self.say(&text).await?,
                    Answer::Subscribe => return self.news(app, closing).await,
                }
            }
            if self.pending.len() > LINE_MAX {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let mut chunk = [0; 1_024];
            rt_facade::select! {
                got = timeout(IDLE_MAX, self.stream.read(&mut chunk)) => match got {
                    Ok(Ok(0)) => return Ok(End::Gone),
                    Ok(Ok(length)) => self.pending.extend_from_slice(&chunk[..length]),
                    Ok(Err(error)) => return Err(error),
                    Err(_) => return Ok(End::Bye),
                },
                () = closing.cancelled() => return Ok(End::Bye),
            }
        }
    }

    /// Sends what is published, until the client says or reads nothing more.
    async fn news(&mut self, app: &App, closing: &CancellationToken) -> io::Result<End> {
        let mut news = app.subscribe();
        self.say("subscribed").await?;
        loop {
            let mut chunk = [0; 64];
            rt_facade::select! {
                message = news.recv() => match message {
                    Ok(text) => self.say(&text).await?,
                    Err(RecvError::Lagged(missed)) => self.say(&format!("lagged {missed}")).await?,
                    Err(RecvError::Closed) => return Ok(End::Bye),
                },
                got = self.stream.read(&mut chunk) => if got? == 0 { return Ok(End::Gone) },
                () = closing.cancelled() => return Ok(End::Bye),
            }
        }
    }

    /// A whole line, if there is one; what is no text is a question mark.
    fn line(&mut self) -> Option<String> {
        let end = self.pending.iter().position(|byte| *byte == b'\n')?;
        let line = String::from_utf8_lossy(&self.pending[..end]).trim_end().to_owned();
        self.pending.drain(..=end);
        Some(line)
    }

    async fn say(&mut self, text: &str) -> io::Result<()> {
        let line = format!("{text}\n");
        timeout(WRITE_MAX, self.stream.write_all(line.as_bytes())).await?
    }

    /// Says so, and reads until the client has gone: a socket that is closed with unread bytes in it
    /// takes back what was said last.
    async fn leave(&mut self) -> io::Result<()> {
        self.say(BYE).await?;
        self.stream.shutdown().await?;
        let gone = async {
            let mut chunk = [0; 1_024];
            while self.stream.read(&mut chunk).await? > 0 {}
            Ok(())
        };
        timeout(LINGER_MAX, gone).await?
    }
}
