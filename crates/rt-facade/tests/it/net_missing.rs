//! A socket without what it needs says who wanted what, where, and how to give it.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use rt_facade::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};

use crate::support::flavors;

/// The error of a future that fails when it is first polled.
fn fails<T>(future: impl Future<Output = io::Result<T>>) -> io::Error {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Err(error)) => error,
        Poll::Ready(Ok(_)) => panic!("it was to fail"),
        Poll::Pending => panic!("it was to fail at once"),
    }
}

/// What each way to make a socket fails with here, the name it goes by, and its line.
fn all() -> Vec<(io::Error, &'static str, u32)> {
    let there = ([127, 0, 0, 1], 1).into();
    let tcp = || TcpSocket::new_v4().unwrap();
    let std_listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let std_stream = std::net::TcpStream::connect(std_listener.local_addr().unwrap()).unwrap();
    let std_udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    #[allow(unused_mut, reason = "Unix has more")]
    let mut all = vec![
        (fails(TcpStream::connect(there)), "TcpStream::connect", line!()),
        (fails(TcpListener::bind(there)), "TcpListener::bind", line!()),
        (fails(UdpSocket::bind(there)), "UdpSocket::bind", line!()),
        (fails(tcp().connect(there)), "TcpSocket::connect", line!()),
        (tcp().listen(1).unwrap_err(), "TcpSocket::listen", line!()),
        (TcpStream::from_std(std_stream).unwrap_err(), "TcpStream::from_std", line!()),
        (TcpListener::from_std(std_listener).unwrap_err(), "TcpListener::from_std", line!()),
        (UdpSocket::from_std(std_udp).unwrap_err(), "UdpSocket::from_std", line!()),
    ];
    #[cfg(unix)]
    all.extend(unix::all());
    all
}

#[cfg(unix)]
mod unix {
    use super::*;
    use rt_facade::net::unix::pipe::{self, OpenOptions, Receiver, Sender};
    use rt_facade::net::{UnixDatagram, UnixListener, UnixSocket, UnixStream};

    pub(super) fn all() -> Vec<(io::Error, &'static str, u32)> {
        let address = std::os::unix::net::SocketAddr::from_pathname("/nowhere").unwrap().into();
        let stream = || UnixSocket::new_stream().unwrap();
        let datagram = || UnixSocket::new_datagram().unwrap();
        let (std_stream, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        let std_datagram = std::os::unix::net::UnixDatagram::unbound().unwrap();
        let (read, write) = rustix::pipe::pipe().unwrap();
        let open = OpenOptions::new();
        vec![
            (fails(UnixStream::connect("/nowhere")), "UnixStream::connect", line!()),
            (fails(UnixStream::connect_addr(&address)), "UnixStream::connect_addr", line!()),
            (UnixStream::pair().unwrap_err(), "UnixStream::pair", line!()),
            (UnixStream::from_std(std_stream).unwrap_err(), "UnixStream::from_std", line!()),
            (UnixListener::bind("/nowhere").unwrap_err(), "UnixListener::bind", line!()),
            (UnixListener::bind_addr(&address).unwrap_err(), "UnixListener::bind_addr", line!()),
            (UnixDatagram::bind("/nowhere").unwrap_err(), "UnixDatagram::bind", line!()),
            (UnixDatagram::unbound().unwrap_err(), "UnixDatagram::unbound", line!()),
            (UnixDatagram::pair().unwrap_err(), "UnixDatagram::pair", line!()),
            (UnixDatagram::from_std(std_datagram).unwrap_err(), "UnixDatagram::from_std", line!()),
            (fails(stream().connect("/nowhere")), "UnixSocket::connect", line!()),
            (stream().listen(1).unwrap_err(), "UnixSocket::listen", line!()),
            (datagram().datagram().unwrap_err(), "UnixSocket::datagram", line!()),
            (pipe::pipe().unwrap_err(), "pipe", line!()),
            (open.open_receiver("/nowhere").unwrap_err(), "OpenOptions::open_receiver", line!()),
            (open.open_sender("/nowhere").unwrap_err(), "OpenOptions::open_sender", line!()),
            (Receiver::from_owned_fd(read).unwrap_err(), "Receiver::from_owned_fd", line!()),
            (Sender::from_owned_fd(write).unwrap_err(), "Sender::from_owned_fd", line!()),
        ]
    }
}

/// Every error names the call, its line and the `fix`.
fn named(errors: Vec<(io::Error, &'static str, u32)>, fix: &str) {
    for (error, what, line) in errors {
        let text = error.to_string();
        let call = format!("`{what}` at {}:{line}:", file!());
        assert!(text.contains(&call), "{text}\nshould contain {call}");
        assert!(text.contains(fix), "{text}\nshould contain {fix}");
    }
}

#[test]
fn no_runtime() {
    named(all(), "Runtime::block_on");
}

#[test]
fn a_runtime_without_io() {
    for build in flavors() {
        let runtime = build().enable_time().build().unwrap();
        named(runtime.block_on(async { all() }), "enable_io");
    }
}

/// Whatever waits on a socket whose runtime is gone fails, and tells that.
#[test]
fn a_runtime_that_is_gone() {
    for build in flavors() {
        let runtime = build().enable_all().build().unwrap();
        let (listener, near, far) = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (far, _) = listener.accept().await.unwrap();
            (listener, near, far)
        });
        #[cfg(unix)]
        let unix = runtime.block_on(async { unix_sockets() });
        drop(runtime);
        let gone = |error: io::Error| {
            assert!(error.to_string().contains("the I/O driver is gone"), "{error}");
        };
        gone(rt_task::block_on(listener.accept()).unwrap_err());
        let (mut read, write) = near.into_split();
        gone(rt_task::block_on(read.read(&mut [0])).unwrap_err());
        gone(rt_task::block_on(write.writable()).unwrap_err());
        let mut near = read.reunite(write).unwrap();
        gone(rt_task::block_on(near.read(&mut [0])).unwrap_err());
        assert!(far.local_addr().is_ok(), "what needs no waiting works");
        #[cfg(unix)]
        {
            let (mut stream, datagram, mut receiver) = unix;
            gone(rt_task::block_on(stream.read(&mut [0])).unwrap_err());
            gone(rt_task::block_on(datagram.recv(&mut [0])).unwrap_err());
            gone(rt_task::block_on(receiver.read(&mut [0])).unwrap_err());
            stream.into_std().unwrap();
            receiver.into_blocking_fd().unwrap();
        }
        near.into_std().unwrap();
    }
}

#[cfg(unix)]
fn unix_sockets()
-> (rt_facade::net::UnixStream, rt_facade::net::UnixDatagram, rt_facade::net::unix::pipe::Receiver)
{
    (
        rt_facade::net::UnixStream::pair().unwrap().0,
        rt_facade::net::UnixDatagram::pair().unwrap().0,
        rt_facade::net::unix::pipe::pipe().unwrap().1,
    )
}
