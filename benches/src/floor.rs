//! The floor: a server that runs on nothing, to see how much of a server's cost is a runtime's.
//!
//! Each thread is a loop around `epoll`, and connections are dealt out to the threads in turn. There
//! are no tasks, no wakers and no timers, nothing goes from one thread to another, and all that is
//! kept of a connection is its descriptor. A request costs one call to read, one to write, and a
//! part of one that waits for all that are ready: what a runtime takes above this it may still save,
//! and what lies below it only the system, or other system calls, could.

use std::io::{self, Read, Write};
use std::mem::ManuallyDrop;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, RawFd};
use std::thread;

use crate::epoll::{Epoll, Ready};
use crate::serve::Protocol;
use crate::subject::{Described, Flavor, LOOPBACK, Promise, skip};

const CURRENT: &str = "floor-current";
const MULTI: &str = "floor-multi";

/// What is said of it, as of any subject.
pub fn described() -> [Described; 2] {
    let described = |name, flavor, about| Described {
        name,
        flavor,
        version: "-",
        ours: false,
        withholds: &[
            Promise::Send,
            Promise::Wakers,
            Promise::NeverEarly,
            Promise::Abort,
            Promise::Join,
            Promise::Panics,
        ],
        unavailable: None,
        about,
    };
    [
        described(CURRENT, Flavor::Current, "no runtime: a loop around epoll, which only echoes"),
        described(MULTI, Flavor::Multi, "no runtime: such a loop on each thread"),
    ]
}

/// Whether it goes by that name.
pub fn is_named(name: &str) -> bool {
    [CURRENT, MULTI].contains(&name)
}

/// Ends the process: it does not do this.
pub fn lacks_all_else() -> ! {
    skip("it sends back what it reads, over TCP, and does nothing else")
}

/// Serves until the process ends, on so many threads if it is the one that has any; `listening` is
/// told the address. Ends the process if it does not speak this.
pub fn serve(
    name: &str,
    workers: usize,
    protocol: Protocol,
    listening: impl FnOnce(SocketAddr),
) -> io::Result<()> {
    if protocol != Protocol::Echo {
        lacks_all_else();
    }
    let threads = if name == MULTI { workers } else { 1 };
    let loops: Vec<Epoll> = (0..threads).map(|_| Epoll::new()).collect::<io::Result<_>>()?;
    let listener = TcpListener::bind(LOOPBACK)?;
    listener.set_nonblocking(true)?;
    loops[0].add(&listener, listener.as_raw_fd() as usize)?;
    listening(listener.local_addr()?);
    thread::scope(|scope| {
        for epoll in &loops[1..] {
            scope.spawn(|| echo(epoll, |_| Ok(false)));
        }
        let mut turn = (0..threads).cycle();
        echo(&loops[0], |ready| {
            let is_new = ready == listener.as_raw_fd();
            if is_new {
                accept(&listener, || &loops[turn.next().expect("a cycle")])?;
            }
            Ok(is_new)
        })
    })
}

/// Accepts whoever waits, and leaves each to one of the loops.
fn accept<'a>(listener: &TcpListener, mut next: impl FnMut() -> &'a Epoll) -> io::Result<()> {
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(true)?;
                stream.set_nodelay(true)?;
                next().add_edge(&stream, stream.as_raw_fd() as usize)?;
                let _closed_by_its_loop = stream.into_raw_fd();
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Sends back what connections send, for ever. `taken` says of a descriptor that it is none of them.
fn echo(epoll: &Epoll, mut taken: impl FnMut(RawFd) -> io::Result<bool>) -> io::Result<()> {
    let mut ready = Ready::default();
    let mut buffer = [0; 2048];
    loop {
        match epoll.wait(&mut ready, None) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            waited => waited?,
        }
        for token in ready.tokens() {
            if taken(token as RawFd)? {
                continue;
            }
            // SAFETY: the descriptor is this loop's, which alone closes it, below; its events end with that.
            let stream = unsafe { TcpStream::from_raw_fd(token as RawFd) };
            if let Ok(true) = answer(&stream, &mut buffer) {
                let _open = ManuallyDrop::new(stream);
            }
        }
    }
}

/// Sends back all that is there; returns whether more may come. An error is told as its end: a client
/// that goes away is its own affair, and one that reads nothing of kilobytes is none of ours.
fn answer(mut stream: &TcpStream, buffer: &mut [u8]) -> io::Result<bool> {
    loop {
        match stream.read(buffer) {
            Ok(0) => return Ok(false),
            Ok(read) => {
                stream.write_all(&buffer[..read])?;
                if read < buffer.len() {
                    return Ok(true);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
            Err(error) => return Err(error),
        }
    }
}
