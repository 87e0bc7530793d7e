//! The reactor's slots and words, by way of its driver and a selector that follows a script, beside plain data.
//!
//! What is tried may have the driver turned meanwhile: an event comes between the try and what is made of it.

mod model;

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rt_reactor::selector::Token;
use rt_reactor::selector::mock::{self, MockSelector, MockSource, Script};
use rt_reactor::{Direction, Driver, Handle, Interest, Ready, ReadyEvent, Registration, is_gone};
use rt_task::base::driver::{Reactor, WakeBatch};
use rt_task::base::seam::Unpark;
use rt_task::wait::{Wait, WaitKind};

use self::model::{Done, LEN, Model, Told, Turned, Waited, attempt, mask, normal};
use super::Woken;

/// Sources at the same time: more than there is room for on the first page of slots.
const SOURCES: usize = 40;
/// Futures of a source: more than leave its list at once.
const FUTURES: usize = 12;
/// Events of a source that are kept, to be cleared later on.
const KEPT: usize = 4;

const INTERESTS: [Interest; 4] =
    [Interest::READABLE, Interest::WRITABLE, Interest::PRIORITY, Interest::ERROR];

/// The other half of the model's source.
struct Real {
    source: Rc<MockSource>,
    futures: Vec<Pin<Box<dyn Future<Output = io::Result<ReadyEvent>>>>>,
    /// What was told so far, and by which event.
    seen: VecDeque<(ReadyEvent, u64)>,
}

struct World {
    driver: Option<Driver<MockSelector>>,
    handle: Handle,
    script: Script,
    sources: Vec<Real>,
    /// All that there ever were.
    tokens: Vec<Token>,
    wakers: [(Arc<Woken>, Waker); 2],
    model: Model,
}

/// Three bytes a step: what is done, to which, and how.
///
/// # Panics
/// If a wake is lost, comes twice or goes to somebody else, if readiness is kept that was cleared or the other
/// way round, if a waker is kept that nobody waits with, or if the counts are wrong.
pub fn run(bytes: &[u8]) {
    let mut world = World::new();
    for step in bytes.chunks_exact(3) {
        world.step(step[0], usize::from(step[1]), step[2]);
        world.check();
    }
    world.end();
}

impl World {
    fn new() -> Self {
        let (selector, script) = mock::selector();
        let driver = Driver::with_selector(selector).expect("it has no registry to give");
        let handle = driver.handle();
        let wakers = [(); 2].map(|()| {
            let woken = Arc::<Woken>::default();
            (woken.clone(), Waker::from(woken))
        });
        let (sources, tokens, model) = (Vec::new(), Vec::new(), Model::default());
        Self { driver: Some(driver), handle, script, sources, tokens, wakers, model }
    }

    fn step(&mut self, what: u8, which: usize, how: u8) {
        let count = self.sources.len();
        let at = if count > 0 { which % count } else { 0 };
        let (waker, bits) = (usize::from(how >> 7), how & 63);
        let direction = if how & 1 == 0 { Direction::Read } else { Direction::Write };
        match what % 20 {
            0 => self.register(1),
            1 if which == 0 => self.register(SOURCES),
            1 => self.refuse(how),
            2 if which == 255 && how < 16 => self.shut_down(),
            // Of a source that stays, or of one that left, or of none that there ever was.
            3..6 if count > 0 => self.tell(self.model.sources[at].token, ready(bits)),
            6 if !self.tokens.is_empty() => {
                self.tell(self.tokens[which % self.tokens.len()], ready(bits));
            }
            7 if how == 0 => self.tell(Token::from_usize(0x0fff_ff00 | which), Ready::READABLE),
            7 => self.say(how),
            8..10 => self.turn(),
            _ if count == 0 => {}
            10 => self.depart(at),
            11 => self.poll(at, direction, waker, how & 2 != 0),
            12 => self.poll_future(at, usize::from(bits >> 2), interest(bits), waker),
            13 => self.listen(at, usize::from(bits >> 2), interest(bits), waker),
            14 => self.drop_future(at, bits),
            15 => self.clear(at, how),
            16 => self.transfer(at, direction, waker, (which / SOURCES) as u8 ^ how, true),
            17 => self.transfer(at, direction, waker, (which / SOURCES) as u8 ^ how, false),
            18 => self.share(at),
            19 => self.try_io(at, how),
            _ => {}
        }
    }

    fn register(&mut self, count: usize) {
        for _ in self.sources.len()..SOURCES.min(self.sources.len() + count) {
            match self.script.register(&self.handle) {
                Ok(source) => {
                    assert!(!self.tokens.contains(&source.token), "a token names one stay");
                    self.tokens.push(source.token);
                    self.model.arrived += 1;
                    self.model.sources.push(model::Source::new(source.token));
                    let (futures, seen) = (Vec::new(), VecDeque::new());
                    self.sources.push(Real { source: Rc::new(source), futures, seen });
                }
                Err(error) => assert!(self.model.gone && is_gone(&error), "{error}"),
            }
        }
    }

    /// A source that the selector does not take, or that panics.
    fn refuse(&mut self, how: u8) {
        let tokens = &mut self.tokens;
        let registered = catch_unwind(AssertUnwindSafe(|| {
            Registration::with_token(&self.handle, |token| {
                tokens.push(token);
                match how % 2 {
                    0 => Err(io::ErrorKind::Unsupported.into()),
                    _ => resume_unwind(Box::new(())),
                }
            })
        }));
        assert!(!matches!(registered, Ok(Ok(_))), "it was refused");
        if !self.model.gone {
            self.model.arrived += 1;
            self.model.departed += 1;
        }
    }

    fn tell(&mut self, token: Token, ready: Ready) {
        self.script.event(token, ready);
        self.model.untold.push_back(Told::Event(token, ready));
    }

    fn say(&mut self, how: u8) {
        let told = match how % 3 {
            0 => Told::Interrupt,
            1 => Told::Fail(io::ErrorKind::OutOfMemory),
            _ => Told::Unpark,
        };
        match told {
            Told::Interrupt => self.script.interrupt(),
            Told::Fail(kind) => self.script.fail(kind),
            _ => self.script.unpark(),
        }
        self.model.untold.push_back(told);
    }

    fn turn(&mut self) {
        if let Some(driver) = &mut self.driver {
            assert_eq!(turn(driver), self.model.turn());
        }
    }

    fn shut_down(&mut self) {
        if self.driver.take().is_some() {
            self.model.shutdown();
        }
    }

    fn depart(&mut self, at: usize) {
        // They borrow it, so they go first.
        self.sources[at].futures.clear();
        let real = self.sources.swap_remove(at);
        assert!(Rc::try_unwrap(real.source).is_ok(), "nobody else has it");
        self.model.sources.swap_remove(at);
        self.model.departed += 1;
    }

    fn poll(&mut self, at: usize, direction: Direction, waker: usize, is_leaf: bool) {
        let registration = &self.sources[at].source.registration;
        let mut cx = Context::from_waker(&self.wakers[waker].1);
        let polled = match is_leaf {
            true => registration.poll_ready(&mut cx, direction, wait()),
            false => registration.poll_event(&mut cx, direction),
        };
        let expected = self.model.poll(at, direction, waker);
        self.compare(at, polled, expected);
    }

    /// What was waited for is what the model says, and is kept.
    fn compare(&mut self, at: usize, polled: Poll<io::Result<ReadyEvent>>, expected: Waited) {
        let waited = match &polled {
            Poll::Pending => Waited::Waits,
            Poll::Ready(Ok(event)) => Waited::Ready(normal(event.ready)),
            Poll::Ready(Err(error)) if is_gone(error) => Waited::Gone,
            Poll::Ready(Err(error)) => panic!("{error}"),
        };
        let expected = match expected {
            Waited::Ready(ready) => Waited::Ready(normal(ready)),
            other => other,
        };
        assert_eq!(waited, expected);
        if let Poll::Ready(Ok(event)) = polled {
            let (seen, tick) = (&mut self.sources[at].seen, self.model.sources[at].tick);
            for &(old, of) in &*seen {
                let is_same = of == tick && old.ready == event.ready;
                assert_eq!(old == event, is_same, "an event is told from others");
            }
            seen.push_back((event, tick));
            if seen.len() > KEPT {
                seen.pop_front();
            }
        }
    }

    /// So many new ones.
    fn listen(&mut self, at: usize, count: usize, interest: Interest, waker: usize) {
        for _ in 0..=count {
            self.poll_future(at, self.sources[at].futures.len(), interest, waker);
        }
    }

    /// Polls one that is there, or makes one.
    fn poll_future(&mut self, at: usize, future: usize, interest: Interest, waker: usize) {
        let (real, model) = (&mut self.sources[at], &mut self.model.sources[at]);
        let count = real.futures.len();
        let future = future % (count + 1);
        if future == count {
            if count == FUTURES {
                return;
            }
            let source = real.source.clone();
            let ready = async move { source.registration.ready(interest).await };
            real.futures.push(Box::pin(ready));
            model.listen(interest);
        }
        let mut cx = Context::from_waker(&self.wakers[waker].1);
        let polled = real.futures[future].as_mut().poll(&mut cx);
        if polled.is_ready() {
            drop(real.futures.remove(future));
        }
        let expected = self.model.poll_future(at, future, waker);
        self.compare(at, polled, expected);
    }

    fn drop_future(&mut self, at: usize, bits: u8) {
        let count = self.sources[at].futures.len();
        if count > 0 {
            let future = usize::from(bits) % count;
            drop(self.sources[at].futures.remove(future));
            self.model.sources[at].futures.remove(future);
        }
    }

    /// Clears the last event that was told, or an older one, or a part of one.
    fn clear(&mut self, at: usize, how: u8) {
        let real = &self.sources[at];
        let Some(&(event, tick)) = real.seen.iter().rev().nth(usize::from(how) % KEPT) else {
            return;
        };
        let event = match how & 8 == 0 {
            true => event,
            false => event.with_ready(Ready::READABLE),
        };
        real.source.registration.clear_ready(event);
        self.model.sources[at].clear(event.ready, tick);
    }

    fn transfer(&mut self, at: usize, direction: Direction, waker: usize, how: u8, alone: bool) {
        let real = &mut self.sources[at];
        let mut tries = Tries::new(&self.script, &mut self.driver, real.source.token, how);
        let mut cx = Context::from_waker(&self.wakers[waker].1);
        let polled = match alone {
            true => {
                // Futures borrow it.
                let Some(source) = Rc::get_mut(&mut real.source) else { return };
                let registration = &mut source.registration;
                registration.poll_transfer_alone(&mut cx, direction, wait(), LEN, || tries.run())
            }
            false => {
                let registration = &real.source.registration;
                registration.poll_transfer(&mut cx, direction, wait(), LEN, || tries.run())
            }
        };
        let turned = tries.turned;
        let done = match polled {
            Poll::Pending => Done::Waits,
            Poll::Ready(result) => done(result),
        };
        assert_eq!(done, self.model.transfer(at, direction, waker, how, alone));
        assert_eq!(turned, std::mem::take(&mut self.model.turned));
    }

    fn share(&mut self, at: usize) {
        let Some(source) = Rc::get_mut(&mut self.sources[at].source) else { return };
        source.registration.share();
        self.model.sources[at].share();
    }

    fn try_io(&mut self, at: usize, how: u8) {
        if self.model.gone {
            return; // what is known then is of no use
        }
        let (source, interest) = (&self.sources[at].source, interest(how >> 3));
        let mut tries = Tries::new(&self.script, &mut self.driver, source.token, how);
        let tried = source.registration.try_io(interest, || tries.run());
        let turned = tries.turned;
        assert_eq!(done(tried), self.model.try_io(at, interest, how));
        assert_eq!(turned, std::mem::take(&mut self.model.turned));
    }

    fn check(&self) {
        for (waker, (woken, _)) in self.wakers.iter().enumerate() {
            assert_eq!(woken.count(), self.model.wakes[waker], "wakes");
            let kept = Arc::strong_count(woken) - 2;
            assert_eq!(kept, self.model.waits(waker), "a waker is kept for each wait");
        }
        let metrics = self.handle.metrics();
        assert_eq!(metrics.sources, self.sources.len());
        assert_eq!(metrics.registered_count, self.model.arrived);
        assert_eq!(metrics.deregistered_count, self.model.departed);
        assert_eq!(metrics.ready_count, self.model.events);
        if let Some(driver) = &self.driver {
            assert_eq!(driver.sources(), self.sources.len());
        }
        for (real, model) in self.sources.iter().zip(&self.model.sources) {
            let registration = &real.source.registration;
            assert_eq!(registration.is_shutdown(), self.model.gone);
            if self.model.gone {
                continue;
            }
            // Neither waits, nor changes what is known.
            for interest in INTERESTS {
                let is_ready = registration.try_io(interest, || Ok(())).is_ok();
                assert_eq!(is_ready, !(model.ready & mask(interest)).is_empty(), "{interest:?}");
            }
        }
    }

    fn end(mut self) {
        self.shut_down();
        self.check();
        while !self.sources.is_empty() {
            self.poll(0, Direction::Read, 0, true);
            self.depart(0);
            self.check();
        }
        self.register(1);
        assert!(self.sources.is_empty(), "nobody is let in any more");
    }
}

/// The tries of one operation.
struct Tries<'a> {
    script: &'a Script,
    driver: &'a mut Option<Driver<MockSelector>>,
    token: Token,
    how: u8,
    count: u32,
    turned: Vec<Turned>,
}

impl<'a> Tries<'a> {
    fn new(
        script: &'a Script,
        driver: &'a mut Option<Driver<MockSelector>>,
        token: Token,
        how: u8,
    ) -> Self {
        Self { script, driver, token, how, count: 0, turned: Vec::new() }
    }

    fn run(&mut self) -> io::Result<usize> {
        let (outcome, told) = attempt(self.how, self.count);
        self.count += 1;
        if let (Some(ready), Some(driver)) = (told, &mut *self.driver) {
            self.script.event(self.token, ready);
            self.turned.push(turn(driver));
        }
        outcome.map_err(io::Error::from)
    }
}

fn turn(driver: &mut Driver<MockSelector>) -> Turned {
    let polled = driver.poll(Some(Duration::ZERO), &mut WakeBatch::new());
    polled.map(|polled| polled.unparked).map_err(|error| error.kind())
}

fn done(result: io::Result<usize>) -> Done {
    match result {
        Ok(count) => Done::Count(count),
        Err(error) if is_gone(&error) => Done::Gone,
        Err(error) => Done::Fails(error.kind()),
    }
}

fn ready(bits: u8) -> Ready {
    let kinds = [
        Ready::READABLE,
        Ready::WRITABLE,
        Ready::PRIORITY,
        Ready::ERROR,
        Ready::READ_CLOSED,
        Ready::WRITE_CLOSED,
    ];
    let there = kinds.into_iter().enumerate().filter(|(bit, _)| bits >> bit & 1 != 0);
    there.fold(Ready::EMPTY, |ready, (_, kind)| ready | kind)
}

/// Any of the kinds, or several.
fn interest(bits: u8) -> Interest {
    let there = INTERESTS.into_iter().enumerate().filter(|(bit, _)| bits >> bit & 1 != 0);
    there.map(|(_, kind)| kind).reduce(Interest::add).unwrap_or(Interest::READABLE)
}

fn wait() -> Wait {
    Wait { kind: WaitKind::Other, object: 0, site: Location::caller() }
}
