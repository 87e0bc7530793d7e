//! A connection as a client has it: blocking, with a limit on every wait.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use socket2::SockRef;

/// No answer takes longer, on any machine: who waits so long has been forgotten.
pub(super) const ANSWER_MAX: Duration = Duration::from_secs(60);

/// Where to connect to.
#[derive(Clone)]
pub(super) enum Target {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Target {
    pub(super) fn connect(&self) -> io::Result<Client> {
        self.connect_within(ANSWER_MAX)
    }

    pub(super) fn connect_within(&self, limit: Duration) -> io::Result<Client> {
        let stream = match self {
            Self::Tcp(address) => {
                let stream = TcpStream::connect_timeout(address, limit)?;
                stream.set_nodelay(true)?;
                Stream::Tcp(stream)
            }
            Self::Unix(path) => Stream::Unix(UnixStream::connect(path)?),
        };
        stream.limit(ANSWER_MAX)?;
        Ok(Client { stream: BufReader::new(stream) })
    }
}

impl Stream {
    fn limit(&self, limit: Duration) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => {
                stream.set_read_timeout(Some(limit))?;
                stream.set_write_timeout(Some(limit))
            }
            Self::Unix(stream) => {
                stream.set_read_timeout(Some(limit))?;
                stream.set_write_timeout(Some(limit))
            }
        }
    }
}

/// A line client.
#[derive(Debug)]
pub(super) struct Client {
    stream: BufReader<Stream>,
}

impl Client {
    pub(super) fn limit(&self, limit: Duration) -> io::Result<()> {
        self.stream.get_ref().limit(limit)
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    pub(super) fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    pub(super) fn ask(&mut self, request: &str) -> io::Result<String> {
        self.send(format!("{request}\n").as_bytes())?;
        self.line()
    }

    /// A request by HTTP; the body of the answer.
    pub(super) fn http(&mut self, path: &str, body: Option<&str>) -> io::Result<String> {
        let request = match body {
            None => format!("GET {path} HTTP/1.1\r\nhost: soak\r\n\r\n"),
            Some(body) => {
                let length = body.len();
                format!(
                    "POST {path} HTTP/1.1\r\nhost: soak\r\ncontent-length: {length}\r\n\r\n{body}"
                )
            }
        };
        self.send(request.as_bytes())?;
        let mut length = 0;
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(told) = line.strip_prefix("content-length:") {
                length = told.trim().parse().map_err(io::Error::other)?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        String::from_utf8(body).map_err(io::Error::other)
    }

    pub(super) fn rest(&mut self) -> io::Result<String> {
        let mut text = String::new();
        self.stream.read_to_string(&mut text)?;
        Ok(text)
    }

    pub(super) fn half_close(&self) -> io::Result<()> {
        match self.stream.get_ref() {
            Stream::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Stream::Unix(stream) => stream.shutdown(Shutdown::Write),
        }
    }

    /// Ends at once: what is on its way is lost, and the server's next call fails.
    pub(super) fn reset(self) -> io::Result<()> {
        match self.stream.get_ref() {
            Stream::Tcp(stream) => SockRef::from(stream).set_linger(Some(Duration::ZERO)),
            Stream::Unix(_) => Ok(()),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buf),
            Self::Unix(stream) => stream.read(buf),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(buf),
            Self::Unix(stream) => stream.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
