//! What epoll says, read here and by `mio`; waits that are exact, and those that cannot be.

use std::time::Instant;

use super::*;

/// The events of `mio` are those of epoll, and have no other fields.
fn as_mio_reads(events: u32) -> Ready {
    let event = epoll_event { events, u64: 0 };
    // SAFETY: `mio::event::Event` is transparent over the system's event.
    let event: &mio::event::Event = unsafe { &*(&raw const event).cast() };
    let told = [
        (event.is_readable(), Ready::READABLE),
        (event.is_writable(), Ready::WRITABLE),
        (event.is_read_closed(), Ready::READ_CLOSED),
        (event.is_write_closed(), Ready::WRITE_CLOSED),
        (event.is_priority(), Ready::PRIORITY),
        (event.is_error(), Ready::ERROR),
    ];
    let told = told.into_iter().filter(|(told, _)| *told);
    told.fold(Ready::EMPTY, |ready, (_, kind)| ready | kind)
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
        let mut events = Events { is_exact, ..Events::new() };
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
