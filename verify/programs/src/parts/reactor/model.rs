//! What is to be true of the sources of a reactor and of who waits for them, on plain data.

use std::collections::VecDeque;
use std::io::ErrorKind;

use rt_reactor::selector::Token;
use rt_reactor::{Direction, Interest, Ready};

/// Bytes that a transfer is for.
pub(super) const LEN: usize = 10;

/// A source that stays in the reactor.
pub(super) struct Source {
    pub(super) token: Token,
    pub(super) ready: Ready,
    /// Its last event.
    pub(super) tick: u64,
    /// The poll-style waiter of each direction, by its waker.
    polled: [Option<usize>; 2],
    /// What a short count showed to be used up, and the slot was not told.
    short: [Option<(Ready, u64)>; 2],
    pub(super) futures: Vec<Listens>,
}

/// A future of a source.
pub(super) struct Listens {
    pub(super) interest: Interest,
    /// With which waker.
    waits: Option<usize>,
}

/// What the script says next.
#[derive(Clone, Copy)]
pub(super) enum Told {
    Event(Token, Ready),
    Unpark,
    Interrupt,
    Fail(ErrorKind),
}

/// What a wait comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Waited {
    Waits,
    Ready(Ready),
    Gone,
}

/// What an operation comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Done {
    Waits,
    Gone,
    Count(usize),
    Fails(ErrorKind),
}

/// What a turn of the driver comes to: whether it was unparked.
pub(super) type Turned = Result<bool, ErrorKind>;

#[derive(Default)]
pub(super) struct Model {
    pub(super) sources: Vec<Source>,
    pub(super) untold: VecDeque<Told>,
    /// How often each waker is to be woken.
    pub(super) wakes: [usize; 2],
    pub(super) arrived: u64,
    pub(super) departed: u64,
    pub(super) events: u64,
    /// The driver is.
    pub(super) gone: bool,
    /// Turns of the driver while something was tried.
    pub(super) turned: Vec<Turned>,
}

/// What satisfies `interest`.
pub(super) fn mask(interest: Interest) -> Ready {
    let mut mask = Ready::EMPTY;
    if interest.is_readable() {
        mask |= Ready::READABLE | Ready::READ_CLOSED;
    }
    if interest.is_writable() {
        mask |= Ready::WRITABLE | Ready::WRITE_CLOSED;
    }
    if interest.is_priority() {
        mask |= Ready::PRIORITY | Ready::READ_CLOSED;
    }
    if interest.is_error() {
        mask |= Ready::ERROR;
    }
    mask
}

/// A half that is closed counts as ready; nobody depends on whether it is marked so besides.
pub(super) fn normal(ready: Ready) -> Ready {
    let mut normal = ready;
    if ready.is_read_closed() {
        normal |= Ready::READABLE;
    }
    if ready.is_write_closed() {
        normal |= Ready::WRITABLE;
    }
    normal
}

/// What the `count`th try of an operation comes to, by the byte that says how it goes; and what the
/// driver is told of the source while it is tried.
pub(super) fn attempt(how: u8, count: u32) -> (Result<usize, ErrorKind>, Option<Ready>) {
    const TOLD: [Ready; 4] =
        [Ready::READABLE, Ready::WRITABLE, Ready::READ_CLOSED, Ready::PRIORITY];
    let told = TOLD[usize::from(how >> 6)];
    let outcome = match count {
        0 => how % 8,
        1 => how / 8 % 8,
        _ => 2, // it ends
    };
    match outcome {
        0 => (Ok(LEN), None),
        1 => (Ok(LEN / 2), None),
        2 => (Err(ErrorKind::WouldBlock), None),
        3 => (Err(ErrorKind::WouldBlock), Some(told)),
        4 => (Err(ErrorKind::Interrupted), None),
        5 => (Err(ErrorKind::ConnectionReset), None),
        6 => (Ok(LEN / 2), Some(told)),
        _ => (Ok(0), None),
    }
}

impl Source {
    pub(super) fn new(token: Token) -> Self {
        let (polled, short, futures) = ([None; 2], [None; 2], Vec::new());
        Self { token, ready: Ready::EMPTY, tick: 0, polled, short, futures }
    }

    pub(super) fn listen(&mut self, interest: Interest) {
        self.futures.push(Listens { interest, waits: None });
    }

    /// An operation found it otherwise than that event told.
    pub(super) fn clear(&mut self, ready: Ready, tick: u64) {
        if tick == self.tick {
            self.ready = self.ready - (ready - Ready::READ_CLOSED - Ready::WRITE_CLOSED);
        }
    }

    /// What a short count told is given up.
    pub(super) fn share(&mut self) {
        for short in std::mem::take(&mut self.short).into_iter().flatten() {
            self.clear(short.0, short.1);
        }
    }

    /// The wakers of those whom `ready` satisfies: they wait no more.
    fn woken(&mut self, ready: Ready) -> Vec<usize> {
        let polled = [Direction::Read, Direction::Write].map(Direction::interest);
        let polled = polled.into_iter().zip(&mut self.polled);
        let listen = self.futures.iter_mut().map(|future| (future.interest, &mut future.waits));
        let satisfied = polled.chain(listen).filter(|(of, _)| !(mask(*of) & ready).is_empty());
        satisfied.filter_map(|(_, waits)| waits.take()).collect()
    }

    fn waits(&self, waker: usize) -> usize {
        let listen = self.futures.iter().map(|future| future.waits);
        self.polled.into_iter().chain(listen).filter(|waits| *waits == Some(waker)).count()
    }
}

impl Model {
    /// In how many places `waker` waits.
    pub(super) fn waits(&self, waker: usize) -> usize {
        self.sources.iter().map(|source| source.waits(waker)).sum()
    }

    fn wake(&mut self, woken: Vec<usize>) {
        woken.into_iter().for_each(|waker| self.wakes[waker] += 1);
    }

    fn event(&mut self, token: Token, mut ready: Ready) {
        self.events += 1;
        let Some(source) = self.sources.iter_mut().find(|source| source.token == token) else {
            return; // of the past
        };
        if ready.is_error() {
            ready |= Ready::READABLE | Ready::WRITABLE; // learnt of by trying
        }
        source.tick += 1;
        source.ready |= ready;
        let woken = source.woken(ready);
        self.wake(woken);
    }

    /// The driver is turned, without waiting.
    pub(super) fn turn(&mut self) -> Turned {
        let mut unparked = false;
        while let Some(told) = self.untold.pop_front() {
            match told {
                Told::Event(token, ready) => self.event(token, ready),
                Told::Unpark => unparked = true,
                Told::Interrupt => break,
                Told::Fail(kind) => return Err(kind),
            }
        }
        Ok(unparked)
    }

    /// The driver is dropped.
    pub(super) fn shutdown(&mut self) {
        self.gone = true;
        let all = self.sources.iter_mut().flat_map(|source| source.woken(mask(every())));
        let all = all.collect();
        self.wake(all);
    }

    fn known(&self, at: usize, interest: Interest) -> Waited {
        let ready = self.sources[at].ready & mask(interest);
        match ready.is_empty() {
            _ if self.gone => Waited::Gone,
            true => Waited::Waits,
            false => Waited::Ready(ready),
        }
    }

    /// A poll-style wait.
    pub(super) fn poll(&mut self, at: usize, direction: Direction, waker: usize) -> Waited {
        let known = self.known(at, direction.interest());
        if known == Waited::Waits {
            self.sources[at].polled[direction as usize] = Some(waker);
        }
        known
    }

    /// A future is polled, and is over if it need not wait.
    pub(super) fn poll_future(&mut self, at: usize, future: usize, waker: usize) -> Waited {
        let known = self.known(at, self.sources[at].futures[future].interest);
        match known {
            Waited::Waits => self.sources[at].futures[future].waits = Some(waker),
            _ => drop(self.sources[at].futures.remove(future)),
        }
        known
    }

    /// What is tried comes to that; the driver may be turned meanwhile.
    fn attempt(&mut self, at: usize, how: u8, count: u32) -> Result<usize, ErrorKind> {
        let (outcome, told) = attempt(how, count);
        if let Some(ready) = told {
            self.untold.push_back(Told::Event(self.sources[at].token, ready));
            let turned = self.turn();
            self.turned.push(turned);
        }
        outcome
    }

    /// `Registration::try_io`.
    pub(super) fn try_io(&mut self, at: usize, interest: Interest, how: u8) -> Done {
        let (ready, tick) = (self.sources[at].ready & mask(interest), self.sources[at].tick);
        if ready.is_empty() {
            return Done::Fails(ErrorKind::WouldBlock);
        }
        let outcome = self.attempt(at, how, 0);
        if outcome == Err(ErrorKind::WouldBlock) {
            self.sources[at].clear(ready, tick);
        }
        outcome.map_or_else(Done::Fails, Done::Count)
    }

    /// `Registration::poll_transfer`, or `poll_transfer_alone`: in a try, what has turned out is
    /// cleared, and then looked at again.
    pub(super) fn transfer(
        &mut self,
        at: usize,
        direction: Direction,
        waker: usize,
        how: u8,
        alone: bool,
    ) -> Done {
        let mut blocked = None;
        for count in 0.. {
            let short = &mut self.sources[at].short[direction as usize];
            let kept = if alone { short.take() } else { None };
            if let Some((ready, tick)) = blocked.or(kept) {
                self.sources[at].clear(ready, tick);
            }
            let ready = match self.poll(at, direction, waker) {
                Waited::Waits => return Done::Waits,
                Waited::Gone => return Done::Gone,
                Waited::Ready(ready) => ready,
            };
            let seen = (ready, self.sources[at].tick);
            if blocked.take().is_some_and(|(_, tick)| tick == seen.1) {
                // A closed half that would block: others run before the next try.
                self.wakes[waker] += 1;
                return Done::Waits;
            }
            match self.attempt(at, how, count) {
                Err(ErrorKind::WouldBlock) => blocked = Some(seen),
                Err(ErrorKind::Interrupted) => {}
                Err(kind) => return Done::Fails(kind),
                Ok(moved) => {
                    let source = &mut self.sources[at];
                    match 0 < moved && moved < LEN {
                        true if alone => source.short[direction as usize] = Some(seen),
                        true => source.clear(seen.0, seen.1),
                        false => {}
                    }
                    return Done::Count(moved);
                }
            }
        }
        unreachable!("it would block in the end")
    }
}

fn every() -> Interest {
    Interest::READABLE | Interest::WRITABLE | Interest::PRIORITY | Interest::ERROR
}
