//! What sockets and their futures are to the compiler: whether they go to other threads, and
//! through panics.

use std::net::SocketAddr;
use std::panic::{RefUnwindSafe, UnwindSafe};

use rt_facade::net::{TcpListener, TcpSocket, TcpStream, UdpSocket, lookup_host, tcp};

fn is_shared<T: Send + Sync + Unpin>() {}
fn is_unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}
fn goes_anywhere<F: Future + Send + Sync>(_: F) {}

macro_rules! sockets {
    ($($Socket:ty),* $(,)?) => {$(
        is_shared::<$Socket>();
        is_unwind_safe::<$Socket>();
    )*};
}

#[test]
fn every_socket_goes_to_other_threads_and_through_panics() {
    sockets! {
        TcpListener, TcpSocket, TcpStream, UdpSocket,
        tcp::ReadHalf<'_>, tcp::WriteHalf<'_>, tcp::OwnedReadHalf, tcp::OwnedWriteHalf,
        tcp::ReuniteError,
    }
    #[cfg(unix)]
    {
        use rt_facade::net::{UnixDatagram, UnixListener, UnixSocket, UnixStream, unix};
        sockets! {
            UnixDatagram, UnixListener, UnixSocket, UnixStream, unix::SocketAddr, unix::UCred,
            unix::ReadHalf<'_>, unix::WriteHalf<'_>, unix::OwnedReadHalf, unix::OwnedWriteHalf,
            unix::ReuniteError, unix::pipe::Sender, unix::pipe::Receiver, unix::pipe::OpenOptions,
        }
    }
}

#[test]
fn every_future_goes_to_other_threads() {
    // Never called: compiled is enough.
    fn futures(
        listener: &TcpListener,
        stream: &mut TcpStream,
        udp: &UdpSocket,
        halves: &mut (tcp::OwnedReadHalf, tcp::OwnedWriteHalf),
        there: SocketAddr,
    ) {
        goes_anywhere(TcpStream::connect("host:1"));
        goes_anywhere(TcpListener::bind("host:1"));
        goes_anywhere(UdpSocket::bind("host:1"));
        goes_anywhere(lookup_host("host:1"));
        goes_anywhere(TcpSocket::new_v4().unwrap().connect(there));
        goes_anywhere(listener.accept());
        goes_anywhere(stream.read(&mut []));
        goes_anywhere(stream.write_all(&[]));
        goes_anywhere(stream.peek(&mut []));
        goes_anywhere(stream.readable());
        goes_anywhere(stream.shutdown());
        goes_anywhere(udp.send_to(&[], "host:1"));
        goes_anywhere(udp.recv_from(&mut []));
        goes_anywhere(udp.connect("host:1"));
        goes_anywhere(halves.0.read_exact(&mut []));
        goes_anywhere(halves.0.peek(&mut []));
        goes_anywhere(halves.1.write_all(&[]));
        goes_anywhere(halves.1.writable());
    }
    let _checked = futures;
    #[cfg(unix)]
    fn unix_futures(
        listener: &rt_facade::net::UnixListener,
        datagram: &rt_facade::net::UnixDatagram,
        address: &rt_facade::net::unix::SocketAddr,
        pipe: &mut (rt_facade::net::unix::pipe::Sender, rt_facade::net::unix::pipe::Receiver),
    ) {
        use rt_facade::net::{UnixSocket, UnixStream};
        goes_anywhere(UnixStream::connect("path"));
        goes_anywhere(UnixStream::connect_addr(address));
        goes_anywhere(UnixSocket::new_stream().unwrap().connect("path"));
        goes_anywhere(listener.accept());
        goes_anywhere(datagram.send_to(&[], "path"));
        goes_anywhere(datagram.recv_from(&mut []));
        goes_anywhere(pipe.0.write_all(&[]));
        goes_anywhere(pipe.1.read(&mut []));
    }
    #[cfg(unix)]
    let _checked = unix_futures;
}
