//! One connection of the client.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use socket2::SockRef;

use super::wire::Wire;
use crate::epoll::Epoll;
use crate::serve::Protocol;

pub(super) struct Link {
    socket: Socket,
    wire: Wire,
    /// The requests under way, each with when it fell due.
    asked: Vec<(u32, u64)>,
    /// What is about to be sent; empty in between, kept for its memory.
    out: Vec<u8>,
    /// Those of `asked` whose answers have just become whole.
    whole: Vec<u32>,
}

enum Socket {
    Stream(TcpStream),
    Datagrams(UdpSocket),
}

impl Socket {
    fn connect(
        address: SocketAddr,
        protocol: Protocol,
        epoll: &Epoll,
        token: usize,
    ) -> io::Result<Self> {
        if protocol.is_datagrams() {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            socket.connect(address)?;
            socket.set_nonblocking(true)?;
            epoll.add(&socket, token)?;
            return Ok(Self::Datagrams(socket));
        }
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        epoll.add(&stream, token)?;
        Ok(Self::Stream(stream))
    }

    /// Requests are so short that the system always has room for them.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let sent = match self {
            Self::Stream(stream) => stream.write(bytes)?,
            Self::Datagrams(socket) => socket.send(bytes)?,
        };
        match sent == bytes.len() {
            true => Ok(()),
            false => Err(io::Error::other("the system has no room for a request")),
        }
    }

    fn receive(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let received = match self {
            Self::Stream(stream) => stream.read(into)?,
            Self::Datagrams(socket) => socket.recv(into)?,
        };
        match received {
            0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server has hung up")),
            received => Ok(received),
        }
    }
}

impl Link {
    pub(super) fn connect(
        address: SocketAddr,
        protocol: Protocol,
        epoll: &Epoll,
        token: usize,
    ) -> io::Result<Self> {
        let mut link = Self {
            socket: Socket::connect(address, protocol, epoll, token)?,
            wire: Wire::of(protocol),
            asked: Vec::new(),
            out: Vec::new(),
            whole: Vec::new(),
        };
        link.greet()?;
        Ok(link)
    }

    /// Hangs up, so that no port stays in waiting, and begins anew.
    pub(super) fn reconnect(
        &mut self,
        address: SocketAddr,
        protocol: Protocol,
        epoll: &Epoll,
        token: usize,
    ) -> io::Result<()> {
        if let Socket::Stream(stream) = &self.socket {
            SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
        }
        self.socket = Socket::connect(address, protocol, epoll, token)?;
        self.wire = Wire::of(protocol);
        self.greet()
    }

    fn greet(&mut self) -> io::Result<()> {
        self.wire.greet(&mut self.out);
        self.flush()
    }

    /// Sends a request that fell due then.
    pub(super) fn ask(&mut self, due: u64) -> io::Result<()> {
        let id = self.wire.ask(&mut self.out);
        self.asked.push((id, due));
        self.flush()
    }

    /// Reads what has come; adds when the requests fell due whose answers that made whole.
    pub(super) fn hear(&mut self, buffer: &mut [u8], answered: &mut Vec<u64>) -> io::Result<()> {
        let received = self.socket.receive(buffer)?;
        self.wire.hear(&buffer[..received], &mut self.whole, &mut self.out)?;
        for id in self.whole.drain(..) {
            let at = self.asked.iter().position(|(asked, _)| *asked == id);
            let at = at.ok_or_else(|| io::Error::other("an answer to no request"))?;
            answered.push(self.asked.swap_remove(at).1);
        }
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.out.is_empty() {
            self.socket.send(&self.out)?;
            self.out.clear();
        }
        Ok(())
    }
}
