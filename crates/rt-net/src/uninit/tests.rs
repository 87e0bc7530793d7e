//! Each buffer, filled by the operating system from memory that holds no values. The address
//! sanitizer looks on in a lane of its own.

use super::foreign::lend;
use super::*;
use std::io::Write;
use std::net::{TcpListener, TcpStream, UdpSocket};

fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (near, listener.accept().unwrap().0)
}

fn udp() -> (UdpSocket, UdpSocket) {
    let socket = || UdpSocket::bind("127.0.0.1:0").unwrap();
    let (near, far) = (socket(), socket());
    near.connect(far.local_addr().unwrap()).unwrap();
    (near, far)
}

#[test]
fn what_is_received_is_appended_and_the_rest_stays_uninitialised() {
    let (mut near, far) = tcp();
    near.write_all(b"0123456789").unwrap();
    let mut memory = Box::<[u8]>::new_uninit_slice(8);
    let mut buf = ReadBuf::uninit(&mut memory);
    buf.put_slice(b"ab");
    assert_eq!(recv(&far, &mut buf.take(3), Keep::Nothing).unwrap(), 3);
    assert_eq!(recv(&far, &mut buf, Keep::All).unwrap(), 6);
    assert_eq!(buf.filled(), b"ab345678");
    assert_eq!(recv(&far, &mut buf, Keep::Nothing).unwrap(), 0, "no room");
    buf.clear();
    assert_eq!(recv(&far, &mut buf, Keep::Nothing).unwrap(), 7, "kept, and read again");
    assert_eq!((buf.filled(), buf.initialized()), (&b"3456789"[..], &b"34567898"[..]));
    near.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(recv(&far, &mut buf, Keep::Nothing).unwrap(), 0, "the end");
}

#[test]
fn a_failed_call_fills_nothing() {
    let (_near, far) = tcp();
    far.set_nonblocking(true).unwrap();
    let mut memory = Box::<[u8]>::new_uninit_slice(8);
    let mut buf = ReadBuf::uninit(&mut memory);
    let error = recv(&far, &mut buf, Keep::Nothing).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    assert_eq!((buf.filled().len(), buf.initialized().len()), (0, 0));
}

#[cfg(unix)]
#[test]
fn what_a_pipe_has_is_appended_and_the_rest_stays_uninitialised() {
    use std::os::fd::AsFd;
    let (near, mut far) = std::io::pipe().unwrap();
    far.write_all(b"0123456789").unwrap();
    let mut memory = Box::<[u8]>::new_uninit_slice(16);
    let mut buf = ReadBuf::uninit(&mut memory);
    buf.put_slice(b"ab");
    assert_eq!(pipe::read(near.as_fd(), &mut buf.take(3)).unwrap(), 3);
    assert_eq!(pipe::read(near.as_fd(), &mut buf).unwrap(), 7);
    assert_eq!((buf.filled(), buf.initialized().len()), (&b"ab3456789"[..], 9));
    drop(far);
    assert_eq!(pipe::read(near.as_fd(), &mut buf).unwrap(), 0, "the end");
}

#[test]
fn a_datagram_comes_with_its_sender() {
    let (near, far) = udp();
    near.send(b"one").unwrap();
    near.send(b"twenty").unwrap();
    let mut memory = Box::<[u8]>::new_uninit_slice(16);
    let mut buf = ReadBuf::uninit(&mut memory);
    let sender = near.local_addr().unwrap();
    assert_eq!(recv_from(&far, &mut buf, Keep::All).unwrap(), (3, sender));
    assert_eq!(recv_from(&far, &mut buf, Keep::Nothing).unwrap(), (3, sender));
    match recv_from(&far, &mut buf.take(4), Keep::Nothing) {
        Err(error) if cfg!(windows) => assert_eq!(error.raw_os_error(), Some(10040), "{error}"),
        cut => assert_eq!(cut.unwrap(), (4, sender)),
    }
    assert_eq!(buf.filled(), b"oneone");
}

#[test]
#[should_panic = "exchanged"]
fn a_reader_that_exchanges_the_buffer_is_noticed() {
    let mut memory = Box::<[u8]>::new_uninit_slice(8);
    lend(&mut memory, |buf| *buf = ReadBuf::new(&mut []));
}

#[cfg(feature = "bytes")]
mod bytes_buffers {
    use super::*;
    use bytes::{BufMut, BytesMut};

    #[test]
    fn a_vector_and_a_bytes_mut_grow_by_what_is_received() {
        let (mut near, far) = tcp();
        near.write_all(b"abcdef").unwrap();
        let mut vector = Vec::with_capacity(4);
        vector.push(b'_');
        let n = buf_mut::fill(&mut vector, |buf| recv(&far, &mut buf.take(2), Keep::All)).unwrap();
        assert_eq!((n, &vector[..]), (2, &b"_"[..]), "what `take` was filled with is not counted");
        let mut limited = (&mut vector).limit(2);
        assert_eq!(buf_mut::fill(&mut limited, |buf| recv(&far, buf, Keep::Nothing)).unwrap(), 2);
        assert_eq!(vector, b"_ab");
        let mut bytes = BytesMut::with_capacity(16);
        assert_eq!(buf_mut::fill(&mut bytes, |buf| recv(&far, buf, Keep::Nothing)).unwrap(), 4);
        assert_eq!(&bytes[..], b"cdef");
    }
}

#[cfg(feature = "tokio-io")]
mod tokio_buffer {
    use super::*;

    #[test]
    fn tokios_buffer_is_filled_where_it_was_not() {
        let (mut near, far) = tcp();
        near.write_all(b"abcdef").unwrap();
        let mut memory = Box::<[u8]>::new_uninit_slice(8);
        let mut buf = tokio::io::ReadBuf::uninit(&mut memory);
        buf.put_slice(b"_");
        assert_eq!(tokio_io::fill(&mut buf, |buf| recv(&far, buf, Keep::Nothing)).unwrap(), 6);
        assert_eq!((buf.filled(), buf.initialized().len()), (&b"_abcdef"[..], 7));
    }
}

#[cfg(feature = "hyper")]
mod hyper_buffer {
    use super::*;

    #[test]
    fn hypers_buffer_is_filled_where_it_was_not() {
        let (mut near, far) = tcp();
        near.write_all(b"abcdef").unwrap();
        let mut memory = Box::<[u8]>::new_uninit_slice(8);
        let mut buf = hyper::rt::ReadBuf::uninit(&mut memory);
        buf.unfilled().put_slice(b"_");
        let n = hyper_rt::fill(buf.unfilled(), |buf| recv(&far, buf, Keep::Nothing)).unwrap();
        assert_eq!((n, buf.filled()), (6, &b"_abcdef"[..]));
    }
}
