//! Both bells, heard through reactors.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use mio::unix::SourceFd;
use rt_reactor::{Direction, Driver, Interest, Registration};
use rt_task::base::driver::{Reactor, WakeBatch};

use super::pipe;

/// A reactor that watches a copy.
struct Hears {
    driver: Driver,
    registration: Registration,
    _copy: OwnedFd,
}

impl Hears {
    fn new(copy: OwnedFd) -> Self {
        let driver = Driver::new().unwrap();
        let source = copy.as_raw_fd();
        let registration =
            Registration::new(&mut SourceFd(&source), Interest::READABLE, &driver.handle());
        Self { driver, registration: registration.unwrap(), _copy: copy }
    }

    /// Whether it was rung since it last asked.
    fn hears(&mut self) -> bool {
        self.driver.poll(Some(Duration::ZERO), &mut WakeBatch::new()).unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        match self.registration.poll_event(&mut cx, Direction::Read) {
            Poll::Ready(event) => {
                self.registration.clear_ready(event.unwrap());
                true
            }
            Poll::Pending => false,
        }
    }
}

#[cfg(any(target_os = "android", target_os = "linux"))]
#[test]
fn every_reactor_hears_every_ring_of_a_counter() {
    let bell = super::Bell::new().unwrap();
    let mut all = [0; 3].map(|_| Hears::new(bell.copy().unwrap()));
    assert!(all.iter_mut().all(|one| !one.hears()));
    for _ in 0..3 {
        bell.ring();
        bell.ring();
        assert!(all.iter_mut().all(Hears::hears));
        bell.make_room();
        assert!(all.iter_mut().all(|one| !one.hears()));
    }
}

#[test]
fn a_full_pipe_is_heard_and_emptied() -> io::Result<()> {
    let bell = pipe::Bell::new()?;
    let mut hears = Hears::new(bell.copy()?);
    assert!(!hears.hears());
    for _ in 0..3 {
        for _ in 0..100_000 {
            bell.ring(); // more than it has room for
        }
        assert!(hears.hears());
        bell.make_room();
        bell.ring();
        assert!(hears.hears());
    }
    Ok(())
}

#[test]
fn who_comes_later_hears_what_is_still_in_the_pipe() -> io::Result<()> {
    let bell = pipe::Bell::new()?;
    bell.ring();
    assert!(Hears::new(bell.copy()?).hears());
    Ok(())
}
