//! The example, where there are descriptors.

use std::error::Error;
use std::future::Future;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use rt_reactor::unix::AsyncFd;
use rt_reactor::{Driver, Interest};
use rt_task::base::driver::{Reactor, WakeBatch};

#[expect(clippy::print_stdout, reason = "an example shows what it does")]
pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let mut driver = Driver::new()?;
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let ours =
        AsyncFd::with_handle(ours, Interest::READABLE | Interest::WRITABLE, &driver.handle())?;

    let answering = std::thread::Builder::new().spawn(move || answer(theirs))?;
    let reply = turn_until(&mut driver, ask(&ours, b"is anybody there?"))?;
    println!("asked: is anybody there?  answered: {reply}");
    drop(ours);
    answering.join().expect("the answering side is fine")?;
    Ok(())
}

/// Writes, then reads until a newline comes.
async fn ask(fd: &AsyncFd<UnixStream>, question: &[u8]) -> io::Result<String> {
    // `async_io` waits, tries, and waits again if that would block.
    let written = fd.async_io(Interest::WRITABLE, |mut stream| stream.write(question)).await?;
    assert_eq!(written, question.len(), "it fits the socket's buffer");

    let mut reply = Vec::new();
    while !reply.ends_with(b"\n") {
        // The same by hand: wait, try, and say if it would block.
        let mut guard = fd.readable().await?;
        let mut buffer = [0; 64];
        match guard.try_io(|fd| fd.get_ref().read(&mut buffer)) {
            Ok(count) => reply.extend_from_slice(&buffer[..count?]),
            Err(_would_block) => continue,
        }
    }
    Ok(String::from_utf8_lossy(&reply).trim_end().to_owned())
}

/// The other side, which blocks.
fn answer(mut stream: UnixStream) -> io::Result<()> {
    let mut question = [0; 64];
    let count = stream.read(&mut question)?;
    stream.write_all(&question[..count].to_ascii_uppercase())?;
    stream.write_all(b"\n")
}

/// A runtime in ten lines: polls one future, and turns the driver while it pends.
fn turn_until<T>(
    driver: &mut Driver,
    future: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let mut future = pin!(future);
    // Whatever wakes us has ended the driver's wait already.
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(result) = future.as_mut().poll(&mut cx) {
            return result;
        }
        driver.poll(None, &mut WakeBatch::new())?;
    }
}
