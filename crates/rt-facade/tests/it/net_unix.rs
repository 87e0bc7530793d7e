//! Streams between processes of one machine.

use std::future::poll_fn;
use std::io::{ErrorKind, IoSlice, IoSliceMut};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use futures_util::future::{join, join_all};
use rt_facade::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use rt_facade::net::unix::SocketAddr;
use rt_facade::net::{UnixListener, UnixSocket, UnixStream};
use rt_facade::time::timeout;

use crate::support::{LIMIT, for_each_flavor, poll_once};

/// A directory of the test's own, gone with it.
pub(crate) struct Dir(PathBuf);

impl Dir {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("rt-it-{}-{}", std::process::id(), COUNT.fetch_add(1, SeqCst));
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir(&dir).unwrap();
        Self(dir)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _left = std::fs::remove_dir_all(&self.0);
    }
}

async fn connected(listener: &UnixListener, path: &Path) -> (UnixStream, UnixStream) {
    let (near, far) = join(UnixStream::connect(path), listener.accept()).await;
    (near.unwrap(), far.unwrap().0)
}

#[test]
fn a_listener_accepts_and_bytes_go_both_ways() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let dir = Dir::new();
            let path = dir.path("socket");
            let listener = UnixListener::bind(&path).unwrap();
            let (mut near, mut far) = connected(&listener, &path).await;
            near.write_all(b"ping").await.unwrap();
            let mut buf = [0; 16];
            assert_eq!(far.read(&mut buf).await.unwrap(), 4);
            far.write_all(b"pong!").await.unwrap();
            near.read_exact(&mut buf[..5]).await.unwrap();
            assert_eq!(&buf[..5], b"pong!");
            assert_eq!(listener.local_addr().unwrap().as_pathname(), Some(&*path));
            assert_eq!(near.peer_addr().unwrap().as_pathname(), Some(&*path));
            assert!(near.local_addr().unwrap().is_unnamed());
            assert!(listener.take_error().unwrap().is_none());
            assert!(near.take_error().unwrap().is_none());
            near.shutdown().await.unwrap();
            assert_eq!(far.read(&mut buf).await.unwrap(), 0);
        });
    });
}

#[test]
fn many_connect_at_once_and_each_connection_goes_to_one() {
    const COUNT: usize = 64;
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let dir = Dir::new();
            let path = dir.path("socket");
            let listener = UnixListener::bind(&path).unwrap();
            let accepts = join_all((0..COUNT).map(|_| listener.accept()));
            let connects = join_all((0..COUNT).map(|n| {
                let path = path.clone();
                rt_facade::spawn(async move {
                    let mut near = UnixStream::connect(path).await.unwrap();
                    near.write_all(&[n as u8]).await.unwrap();
                    near
                })
            }));
            let (accepted, _connected) = join(accepts, connects).await;
            let mut got = Vec::new();
            for accepted in accepted {
                let mut one = [0];
                accepted.unwrap().0.read_exact(&mut one).await.unwrap();
                got.push(usize::from(one[0]));
            }
            got.sort_unstable();
            assert_eq!(got, (0..COUNT).collect::<Vec<_>>());
        });
    });
}

#[test]
fn poll_accept_takes_one_after_the_other() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let dir = Dir::new();
            let path = dir.path("socket");
            let listener = UnixListener::bind(&path).unwrap();
            for _ in 0..3 {
                let (near, far) =
                    join(UnixStream::connect(&path), poll_fn(|cx| listener.poll_accept(cx))).await;
                let (mut near, (mut far, peer)) = (near.unwrap(), far.unwrap());
                assert!(peer.is_unnamed());
                near.write_all(b"x").await.unwrap();
                far.read_exact(&mut [0]).await.unwrap();
            }
        });
    });
}

#[test]
fn what_is_wrong_with_a_path_is_told() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let dir = Dir::new();
            let path = dir.path("socket");
            let missing = UnixStream::connect(&path).await.unwrap_err();
            assert_eq!(missing.kind(), ErrorKind::NotFound);
            let nowhere = UnixListener::bind(dir.path("no/such/directory")).unwrap_err();
            assert_eq!(nowhere.kind(), ErrorKind::NotFound);
            let long = dir.path(&"long".repeat(100));
            let too_long = UnixListener::bind(&long).unwrap_err();
            assert_eq!(too_long.kind(), ErrorKind::InvalidInput);
            let too_long = UnixStream::connect(&long).await.unwrap_err();
            assert_eq!(too_long.kind(), ErrorKind::InvalidInput);

            let listener = UnixListener::bind(&path).unwrap();
            let twice = UnixListener::bind(&path).unwrap_err();
            assert_eq!(twice.kind(), ErrorKind::AddrInUse);
            drop(listener);
            let nobody = UnixStream::connect(&path).await.unwrap_err();
            assert_eq!(nobody.kind(), ErrorKind::ConnectionRefused, "the file is still there");
        });
    });
}

#[test]
fn a_pair_tells_who_is_at_the_other_end() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (near, far) = UnixStream::pair().unwrap();
            let (one, other) = (near.peer_cred().unwrap(), far.peer_cred().unwrap());
            assert_eq!(one, other);
            assert_eq!(one.uid(), rustix::process::geteuid().as_raw());
            assert_eq!(one.gid(), rustix::process::getegid().as_raw());
            if cfg!(any(target_os = "linux", target_vendor = "apple")) {
                assert_eq!(one.pid().map(i32::cast_unsigned), Some(std::process::id()));
            }
        });
    });
}

#[test]
fn sockets_of_std_come_and_go() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let dir = Dir::new();
            let path = dir.path("socket");
            let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
            let listener = UnixListener::from_std(listener).unwrap();
            let near = std::os::unix::net::UnixStream::connect(&path).unwrap();
            let mut near = UnixStream::try_from(near).unwrap();
            let (mut far, _) = listener.accept().await.unwrap();
            near.write_all(b"ours").await.unwrap();
            far.read_exact(&mut [0; 4]).await.unwrap();

            use std::io::{Read, Write};
            let mut near = near.into_std().unwrap();
            near.set_nonblocking(false).unwrap();
            near.write_all(b"std's").unwrap();
            let mut far = far.into_std().unwrap();
            far.set_nonblocking(false).unwrap();
            far.read_exact(&mut [0; 5]).unwrap();
            assert_eq!(
                listener.into_std().unwrap().local_addr().unwrap().as_pathname(),
                Some(&*path)
            );
        });
    });
}

#[test]
fn a_socket_is_made_first_and_listens_or_connects_then() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let dir = Dir::new();
            let (there, here) = (dir.path("there"), dir.path("here"));
            let socket = UnixSocket::new_stream().unwrap();
            socket.bind(&there).unwrap();
            let listener = socket.listen(16).unwrap();
            let socket = UnixSocket::new_stream().unwrap();
            socket.bind(&here).unwrap();
            let (near, far) = join(socket.connect(&there), listener.accept()).await;
            let (mut near, (mut far, peer)) = (near.unwrap(), far.unwrap());
            assert_eq!(peer.as_pathname(), Some(&*here));
            near.write_all(b"x").await.unwrap();
            far.read_exact(&mut [0]).await.unwrap();

            let wrong = UnixSocket::new_stream().unwrap().datagram().unwrap_err();
            assert!(wrong.to_string().contains("`UnixSocket::new_datagram`"), "{wrong}");
            let wrong = UnixSocket::new_datagram().unwrap().listen(1).unwrap_err();
            assert!(wrong.to_string().contains("`UnixSocket::new_stream`"), "{wrong}");
            let wrong = UnixSocket::new_datagram().unwrap().connect(&there).await.unwrap_err();
            assert_eq!(wrong.kind(), ErrorKind::InvalidInput);
        });
    });
}

#[cfg(target_os = "linux")]
#[test]
fn abstract_names_are_no_files() {
    use std::os::linux::net::SocketAddrExt;
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let name = format!("rt-it-{}", std::process::id());
            let path = format!("\0{name}");
            let listener = UnixListener::bind(&path).unwrap();
            let address = listener.local_addr().unwrap();
            assert_eq!(address.as_abstract_name(), Some(name.as_bytes()));
            assert_eq!((address.is_unnamed(), address.as_pathname()), (false, None));
            let (near, far) = join(UnixStream::connect(&path), listener.accept()).await;
            assert!(near.is_ok() && far.is_ok());
            let (near, far) = join(UnixStream::connect_addr(&address), listener.accept()).await;
            assert!(near.is_ok() && far.is_ok());
            drop(listener);
            let gone = UnixStream::connect(&path).await.unwrap_err();
            assert_eq!(gone.kind(), ErrorKind::ConnectionRefused);
            let std = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
            let again = UnixListener::bind_addr(&SocketAddr::from(std)).unwrap();
            assert_eq!(again.local_addr().unwrap().as_abstract_name(), Some(name.as_bytes()));
        });
    });
}

#[test]
fn an_address_is_bound_and_connected_to() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let dir = Dir::new();
            let path = dir.path("socket");
            let std = std::os::unix::net::SocketAddr::from_pathname(&path).unwrap();
            let address = SocketAddr::from(std);
            let listener = UnixListener::bind_addr(&address).unwrap();
            let (near, far) = join(UnixStream::connect_addr(&address), listener.accept()).await;
            assert_eq!(near.unwrap().peer_addr().unwrap().as_pathname(), Some(&*path));
            drop(far.unwrap());
            let back: std::os::unix::net::SocketAddr = address.into();
            assert_eq!(back.as_pathname(), Some(&*path));
        });
    });
}

#[test]
fn it_tries_without_waiting_and_tells_when_it_is_ready() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (near, far) = UnixStream::pair().unwrap();
            near.writable().await.unwrap();
            assert!(near.ready(Interest::WRITABLE).await.unwrap().is_writable());
            let early = far.try_read(&mut [0]).unwrap_err();
            assert_eq!(early.kind(), ErrorKind::WouldBlock);
            let bufs = [IoSlice::new(b"ab"), IoSlice::new(b"cd")];
            assert_eq!(near.try_write_vectored(&bufs).unwrap(), 4);
            assert_eq!(near.try_write(b"e").unwrap(), 1);
            far.readable().await.unwrap();
            poll_fn(|cx| far.poll_read_ready(cx)).await.unwrap();
            poll_fn(|cx| far.poll_write_ready(cx)).await.unwrap();
            let (mut one, mut two) = ([0; 2], [0; 8]);
            let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
            assert_eq!(far.try_read_vectored(&mut bufs).unwrap(), 5);
            assert_eq!((&one, &two[..3]), (b"ab", &b"cde"[..]));
            assert_eq!((far.try_read(&mut []).unwrap(), near.try_write(&[]).unwrap()), (0, 0));
            let blocks = far.try_io(Interest::READABLE, || {
                Err::<(), _>(std::io::Error::from(ErrorKind::WouldBlock))
            });
            assert_eq!(blocks.unwrap_err().kind(), ErrorKind::WouldBlock);
            let task = rt_facade::spawn(async move {
                let n = far.async_io(Interest::READABLE, || {
                    let mut one = [0];
                    Ok(rustix::io::read(&far, &mut one)?)
                });
                n.await.unwrap()
            });
            near.try_write(b"f").unwrap();
            assert_eq!(timeout(LIMIT, task).await.unwrap().unwrap(), 1);
        });
    });
}

/// A message that carries descriptors ends a read, though more follows it.
#[cfg(target_os = "linux")]
#[test]
fn a_read_cut_short_by_passed_descriptors_is_not_the_last_one() {
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
    use std::mem::MaybeUninit;
    use std::os::fd::AsFd;
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (near, mut far) = UnixStream::pair().unwrap();
            near.writable().await.unwrap();
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut with_it = SendAncillaryBuffer::new(&mut space);
            let passed = [near.as_fd()];
            assert!(with_it.push(SendAncillaryMessage::ScmRights(&passed)));
            let bytes = [IoSlice::new(b"first")];
            rustix::net::sendmsg(&near, &bytes, &mut with_it, SendFlags::empty()).unwrap();
            assert_eq!(near.try_write(b"second").unwrap(), 6);
            let mut buf = [0; 64];
            assert_eq!(far.read(&mut buf).await.unwrap(), 5);
            let second = timeout(LIMIT, far.read(&mut buf)).await.expect("it is there");
            assert_eq!(&buf[..second.unwrap()], b"second");
            let (mut read, _write) = far.into_split();
            rustix::net::sendmsg(&near, &bytes, &mut with_it, SendFlags::empty()).unwrap();
            assert_eq!(near.try_write(b"second").unwrap(), 6);
            assert_eq!(read.read(&mut buf).await.unwrap(), 5);
            let second = timeout(LIMIT, read.read(&mut buf)).await.expect("it is there");
            assert_eq!(&buf[..second.unwrap()], b"second");
        });
    });
}

#[test]
fn a_stream_is_a_reader_and_a_writer_for_those_who_ask_for_traits() {
    async fn copy<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(mut from: R, mut to: W) {
        loop {
            let mut memory = [0; 7];
            let mut buf = ReadBuf::new(&mut memory);
            poll_fn(|cx| std::pin::Pin::new(&mut from).poll_read(cx, &mut buf)).await.unwrap();
            let mut rest = buf.filled();
            if rest.is_empty() {
                break poll_fn(|cx| std::pin::Pin::new(&mut to).poll_shutdown(cx)).await.unwrap();
            }
            while !rest.is_empty() {
                let n = poll_fn(|cx| std::pin::Pin::new(&mut to).poll_write(cx, rest)).await;
                rest = &rest[n.unwrap()..];
            }
        }
    }
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (mut near, far) = UnixStream::pair().unwrap();
            let (read, write) = far.into_split();
            let echo = rt_facade::spawn(copy(read, write));
            near.write_all(b"through the traits").await.unwrap();
            near.shutdown().await.unwrap();
            let mut back = [0; 18];
            near.read_exact(&mut back).await.unwrap();
            assert_eq!(&back, b"through the traits");
            assert_eq!(near.read(&mut back).await.unwrap(), 0);
            echo.await.unwrap();
        });
    });
}

#[test]
fn the_other_side_gone_is_the_end_or_a_broken_pipe() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (mut near, far) = UnixStream::pair().unwrap();
            drop(far);
            assert_eq!(near.read(&mut [0]).await.unwrap(), 0);
            let broken = near.write(b"x").await.unwrap_err();
            assert_eq!(broken.kind(), ErrorKind::BrokenPipe);
            near.shutdown().await.unwrap();

            let (mut near, mut far) = UnixStream::pair().unwrap();
            near.write_all(b"unread").await.unwrap();
            let mut end = [0; 1];
            let mut waits = std::pin::pin!(near.read(&mut end));
            assert!(poll_once(waits.as_mut()).await.is_pending());
            far.read_exact(&mut [0; 2]).await.unwrap();
            drop(far);
            // With bytes left that nobody read, Linux resets.
            let ended = timeout(LIMIT, waits).await.expect("it is told");
            assert!(
                matches!(&ended, Ok(0)) || ended.unwrap_err().kind() == ErrorKind::ConnectionReset
            );
        });
    });
}
