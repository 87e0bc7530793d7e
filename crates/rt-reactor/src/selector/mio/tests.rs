//! What epoll says, read here and by `mio`; waits that are exact, and those that cannot be.

use std::time::Instant;

use super::*;

/// What other systems wait by, which this one has, too.
#[path = "events.rs"]
mod portable;

fn as_mio_reads(events: u32) -> Ready {
    let event = epoll_event { events, u64: 0 };
    // SAFETY: `mio::event::Event` is transparent over the system's event.
    portable::ready(unsafe { &*(&raw const event).cast() })
}

#[test]
fn every_event_is_read_as_mio_reads_it() {
    const BITS: [c_int; 6] = [EPOLLIN, EPOLLOUT, EPOLLPRI, EPOLLERR, EPOLLHUP, EPOLLRDHUP];
    for chosen in 0..1_u32 << BITS.len() {
        let bits = BITS.iter().enumerate().filter(|(at, _)| chosen & 1 << at != 0);
        let events = bits.fold(0, |events, (_, bit)| events | bit) as u32;
        assert_eq!(ready(events), as_mio_reads(events), "{events:#x}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "compared with the clock")]
fn a_wait_is_never_shorter_than_told_exact_or_not() {
    let mut poll = Poll::new().unwrap();
    for is_exact in [true, false] {
        let mut events = Events { is_exact, ..Events::new(EventsMax::default()) };
        for micros in [1, 100, 1_500] {
            let timeout = Duration::from_micros(micros);
            let before = Instant::now();
            events.wait(&mut poll, Some(timeout), |_, _| panic!("nothing is registered")).unwrap();
            assert!(before.elapsed() >= timeout, "{timeout:?}, exact: {is_exact}");
        }
        events
            .wait(&mut poll, Some(Duration::ZERO), |_, _| panic!("nothing is registered"))
            .unwrap();
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "compared with the clock")]
fn a_portable_wait_is_never_shorter_than_told() {
    let mut poll = Poll::new().unwrap();
    let timeout = Duration::from_micros(1_500);
    let before = Instant::now();
    let mut events = portable::Events::new(EventsMax::default());
    events.wait(&mut poll, Some(timeout), |_, _| panic!("nothing is registered")).unwrap();
    assert!(before.elapsed() >= timeout);
}
