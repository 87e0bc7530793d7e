//! The machine that plays threads: a coroutine each, on one real thread.
//!
//! One thought: who goes on, and when.
//!
//! *Timed*, each thread has a processor of its own and a clock; the one that is furthest behind goes
//! on, so that what is touched is touched in the order of time. *By chance*, any that can go on does,
//! and is stopped before any access: orders that no clock would bring about are found that way. *By
//! rank*, the first by an order of the threads does (see [`Ranks`]).
//!
//! A sleeping thread is called by data: its wait ends at the caller's time plus what that takes. When
//! nobody can go on, time jumps to the end of the first wait with a bound.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;
use std::{fmt, ptr};

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};
use rt_task::base::rng::FastRng;
use rt_task::base::seam::{Choice, Choose};
use rt_task::base::shim::{Machine, Pause, Touch, simulate};

use crate::cost::Costs;
use crate::memory::{Access, Hot, Memory, ps};
use crate::ranks::Ranks;

/// Many processors. Lives for ever: what runs on it points to it.
pub struct World {
    costs: Costs,
    order: Order,
    rng: FastRng,
    ranks: Option<Ranks>,
    /// Nothing takes longer, in ps.
    end: Cell<u64>,
    /// Every line is everywhere: what an access costs does not depend on where things lie.
    flat: Cell<bool>,
    threads: RefCell<Vec<&'static Thread>>,
    coroutines: RefCell<Vec<Option<Routine>>>,
    /// Who can go on at which time.
    next: RefCell<BinaryHeap<Reverse<Turn>>>,
    current: Cell<&'static Thread>,
    /// Up to when the current thread may run ahead of all others.
    horizon: Cell<u64>,
    /// The latest time of all.
    now: Cell<u64>,
    /// By rank: the end of the first wait with a bound.
    due: Cell<u64>,
    /// By rank: another thread can go on since the last choice.
    rose: Cell<bool>,
    memory: RefCell<Memory>,
    trace: Cell<u64>,
    switches: Cell<u64>,
    /// Asked when time jumps: what is wrong, if anything is.
    on_rest: RefCell<Option<Judge>>,
    complaint: RefCell<Option<String>>,
}

type Routine = Coroutine<(), (), ()>;
type Judge = Box<dyn Fn() -> Option<String>>;
/// A time, a tie by chance, a thread, and the epoch for which that holds.
type Turn = (u64, u32, usize, u64);

/// Which thread goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// That which is furthest behind.
    Timed,
    /// Any; each access is the last of its turn once in so many times.
    Chance(u32),
    /// The first of an order by chance, which changes so often in so many steps.
    Rank(u32, u32),
}

struct Thread {
    number: usize,
    clock: Cell<u64>,
    state: Cell<State>,
    /// Counts changes of state, so that old entries are known.
    epoch: Cell<u64>,
    token: Cell<bool>,
    word: Cell<*const ()>,
    yielder: Cell<*const Yielder<(), ()>>,
    counts: Cell<Counts>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ready,
    Parked { since: u64, until: Option<u64> },
    Ended,
}

/// What a thread did to memory and to others.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Accesses to atomics.
    pub touches: u64,
    /// Read-modify-writes and fences.
    pub modifies: u64,
    /// Lines that came from another processor.
    pub fetches: u64,
    /// Writes to lines that others had.
    pub taken: u64,
    /// Sleepers that it called.
    pub calls: u64,
    /// Waits.
    pub parks: u64,
    /// Waiting, in ps.
    pub idle: u64,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("order", &self.order).finish_non_exhaustive()
    }
}

impl World {
    /// An empty one, whose choices follow `seed`.
    pub fn new(costs: Costs, order: Order, seed: u64) -> &'static Self {
        let root = Thread::new(0, 0);
        Box::leak(Box::new(Self {
            costs,
            order,
            rng: FastRng::new(seed),
            ranks: match order {
                Order::Rank(changes, steps) => Some(Ranks::new(!seed, changes, steps)),
                Order::Timed | Order::Chance(_) => None,
            },
            end: Cell::new(END),
            flat: Cell::new(false),
            threads: RefCell::default(),
            coroutines: RefCell::default(),
            next: RefCell::default(),
            current: Cell::new(root),
            horizon: Cell::new(0),
            now: Cell::new(0),
            due: Cell::new(u64::MAX),
            rose: Cell::new(false),
            memory: RefCell::new(Memory::new(costs)),
            trace: Cell::new(0xcbf2_9ce4_8422_2325),
            switches: Cell::new(0),
            on_rest: RefCell::default(),
            complaint: RefCell::default(),
        }))
    }

    /// `judge` is asked whenever nobody can go on: what it complains of ends the play.
    pub fn on_rest(&self, judge: impl Fn() -> Option<String> + 'static) {
        *self.on_rest.borrow_mut() = Some(Box::new(judge));
    }

    /// Something is wrong: that ends the play.
    pub fn complain(&self, complaint: String) {
        self.complaint.borrow_mut().get_or_insert(complaint);
    }

    /// What takes longer, in ns, is taken for something that does not end.
    pub fn ends_within(&self, ns: u64) {
        self.end.set(ns * 1000);
    }

    /// Every access costs the same from here on. Where things lie in memory differs from play to play; so
    /// a timed play is the same each time only if it is flat.
    pub fn flatten(&self) {
        self.flat.set(true);
    }

    /// The number of the thread that goes on.
    pub fn thread(&self) -> usize {
        self.current.get().number
    }

    /// Plays `main`, and the threads that it starts, until all have ended.
    ///
    /// # Errors
    /// What is wrong: some wait for ever, or the judge says so.
    pub fn play(&'static self, main: impl FnOnce() + 'static) -> Result<(), String> {
        simulate(self, || {
            self.start(Box::new(main));
            while let Some(thread) = self.choose() {
                if let Some(complaint) = self.complaint.take() {
                    return Err(complaint);
                }
                if self.now_of(thread) > self.end.get() {
                    return Err(format!("it does not end: {:?}", self.waiting()));
                }
                self.resume(thread);
            }
            if let Some(complaint) = self.complaint.take() {
                return Err(complaint);
            }
            let left =
                self.threads.borrow().iter().filter(|it| it.state.get() != State::Ended).count();
            match left {
                0 => Ok(()),
                _ => Err(format!("{left} threads wait for ever")),
            }
        })
    }

    fn now_of(&self, thread: &Thread) -> u64 {
        self.now.get().max(thread.clock.get())
    }

    /// The numbers of threads that wait without a bound.
    fn waiting(&self) -> Vec<usize> {
        let waits = |it: &&&Thread| matches!(it.state.get(), State::Parked { until: None, .. });
        self.threads.borrow().iter().filter(waits).map(|it| it.number).collect()
    }

    /// Sums up what happened in which order: the same for the same seed.
    pub fn trace(&self) -> u64 {
        self.trace.get()
    }

    /// How often another thread went on.
    pub fn switches(&self) -> u64 {
        self.switches.get()
    }

    /// What each thread has done.
    pub fn counts(&self) -> Vec<Counts> {
        let now = self.now_ps();
        let counts = |thread: &&'static Thread| {
            let mut counts = thread.counts.get();
            if let State::Parked { since, .. } = thread.state.get() {
                counts.idle += now.saturating_sub(since);
            }
            counts
        };
        self.threads.borrow().iter().map(counts).collect()
    }

    /// The lines that were waited for most, and the share of all that waiting which each had.
    pub fn hottest(&self, count: usize) -> Vec<(Hot, f64)> {
        let memory = self.memory.borrow();
        let all = memory.waited() as f64;
        memory.hottest(count).into_iter().map(|hot| (hot, hot.waited as f64 / all)).collect()
    }

    /// The current thread computes for about so long: by chance, up to a tenth more or less.
    pub fn spend(&self, ns: f64) {
        const THOUSAND: u32 = 1_000;
        let share =
            0.9 + 0.2 * f64::from(self.rng.below(THOUSAND, Choice::Tie)) / f64::from(THOUSAND);
        self.advance(ps(ns * share));
    }

    /// The time of the current thread, in ps.
    pub fn now_ps(&self) -> u64 {
        match self.order {
            Order::Timed => self.current.get().clock.get(),
            Order::Chance(_) | Order::Rank(..) => self.now.get(),
        }
    }

    /// The source of choices.
    pub fn rng(&self) -> &FastRng {
        &self.rng
    }

    fn note(&self, word: u64) {
        self.trace.set((self.trace.get() ^ word).wrapping_mul(0x0000_0100_0000_01b3));
    }

    fn tie(&self) -> u32 {
        self.rng.next()
    }

    /// The thread is one of those that can go on, at its time.
    fn enqueue(&self, thread: &Thread, at: u64) {
        thread.epoch.set(thread.epoch.get() + 1);
        let entry = Reverse((at, self.tie(), thread.number, thread.epoch.get()));
        self.next.borrow_mut().push(entry);
        self.horizon.set(self.horizon.get().min(at));
    }

    /// Who goes on.
    fn choose(&self) -> Option<&'static Thread> {
        match self.order {
            Order::Timed => self.choose_earliest(),
            Order::Chance(_) | Order::Rank(..) => self.choose_any(),
        }
    }

    fn choose_earliest(&self) -> Option<&'static Thread> {
        loop {
            let Reverse((at, _, number, epoch)) = self.next.borrow_mut().pop()?;
            let thread = self.threads.borrow()[number];
            if thread.epoch.get() != epoch || thread.state.get() == State::Ended {
                continue;
            }
            if let State::Parked { since, until } = thread.state.get() {
                if self.is_at_rest() {
                    self.judge();
                }
                debug_assert_eq!(until, Some(at), "others are not in the queue");
                let woken = at + ps(self.costs.slack);
                self.rise(thread, since, woken);
                self.enqueue(thread, woken);
                continue;
            }
            let horizon = self.next.borrow().peek().map_or(u64::MAX, |Reverse((at, ..))| *at);
            self.horizon.set(horizon.min(self.end.get()));
            return Some(thread);
        }
    }

    fn choose_any(&self) -> Option<&'static Thread> {
        let threads = self.threads.borrow();
        let now = self.now.get();
        let can = |thread: &&&'static Thread| match thread.state.get() {
            State::Ready => true,
            State::Parked { until, .. } => until.is_some_and(|until| until <= now),
            State::Ended => false,
        };
        let count = threads.iter().filter(can).count();
        let thread = if let Some(ranks) = &self.ranks
            && count > 0
        {
            *threads.iter().filter(can).max_by_key(|it| ranks.of(it.number)).expect("counted")
        } else if count > 0 {
            let at = self.rng.below(count as u32, Choice::Tie) as usize;
            *threads.iter().filter(can).nth(at).expect("counted")
        } else {
            self.judge();
            let until = |thread: &&&'static Thread| match thread.state.get() {
                State::Parked { until, .. } => until.unwrap_or(u64::MAX),
                State::Ready | State::Ended => u64::MAX,
            };
            let first = *threads.iter().min_by_key(until)?;
            self.now.set(match until(&&first) {
                u64::MAX => return None,
                until => until,
            });
            first
        };
        if let State::Parked { since, .. } = thread.state.get() {
            self.rise(thread, since, self.now.get());
        }
        if self.ranks.is_some() {
            let until = |thread: &&'static Thread| match thread.state.get() {
                State::Parked { until, .. } => until,
                State::Ready | State::Ended => None,
            };
            self.due.set(threads.iter().filter_map(until).min().unwrap_or(u64::MAX));
            self.rose.set(false);
        }
        Some(thread)
    }

    /// Nobody is awake.
    fn is_at_rest(&self) -> bool {
        self.threads.borrow().iter().all(|it| it.state.get() != State::Ready)
    }

    fn judge(&self) {
        if let Some(judge) = &*self.on_rest.borrow()
            && let Some(complaint) = judge()
        {
            self.complaint.borrow_mut().get_or_insert(complaint);
        }
    }

    /// Its wait is over, and it goes on at `at`.
    fn rise(&self, thread: &Thread, since: u64, at: u64) {
        thread.count(|counts| counts.idle += at.saturating_sub(since));
        thread.clock.set(at);
        thread.state.set(State::Ready);
        self.rose.set(true);
    }

    fn resume(&self, thread: &'static Thread) {
        self.current.set(thread);
        self.switches.set(self.switches.get() + 1);
        self.note(thread.number as u64);
        self.note(thread.clock.get());
        let number = thread.number;
        let routine = self.coroutines.borrow_mut()[number].take();
        let mut routine = routine.expect("it has not ended");
        match routine.resume(()) {
            CoroutineResult::Yield(()) => self.coroutines.borrow_mut()[number] = Some(routine),
            CoroutineResult::Return(()) => thread.state.set(State::Ended),
        }
    }

    /// Lets others go on first.
    fn give_way(&self, thread: &Thread) {
        // SAFETY: set when the coroutine was entered, which lives as long as its yielder does; this is
        // its thread, so the code that runs is the coroutine's.
        let yielder = unsafe { &*thread.yielder.get() };
        yielder.suspend(());
    }

    /// The current thread takes so long over something, in ps.
    fn advance(&self, cost: u64) {
        let thread = self.current.get();
        let clock = thread.clock.get() + cost;
        thread.clock.set(clock);
        match self.order {
            Order::Timed => {
                if clock > self.horizon.get() {
                    self.enqueue(thread, clock);
                    self.give_way(thread);
                }
            }
            Order::Chance(turn) => {
                self.now.set(self.now.get() + cost);
                if self.rng.below(turn, Choice::Tie) == 0 {
                    self.give_way(thread);
                }
            }
            Order::Rank(..) => {
                self.now.set(self.now.get() + cost);
                let changed = self.ranks.as_ref().is_some_and(|ranks| ranks.step(thread.number));
                if changed || self.rose.get() || self.now.get() >= self.due.get() {
                    self.give_way(thread);
                }
            }
        }
    }
}

impl Machine for World {
    fn touch(&self, address: usize, touch: Touch) {
        let thread = self.current.get();
        let access = match self.order {
            Order::Timed if !self.flat.get() => {
                let now = thread.clock.get();
                self.memory.borrow_mut().touch(thread.number, address, touch, now)
            }
            // Nobody asks what it costs.
            Order::Timed | Order::Chance(_) | Order::Rank(..) => {
                Access { cost: ps(self.costs.modify), ..Access::default() }
            }
        };
        thread.count(|counts| {
            counts.touches += 1;
            counts.modifies += u64::from(touch == Touch::Modify);
            counts.fetches += u64::from(access.fetched);
            counts.taken += u64::from(access.taken);
        });
        self.advance(access.cost);
    }

    fn fence(&self) {
        self.current.get().count(|counts| counts.modifies += 1);
        self.advance(ps(self.costs.fence));
    }

    fn pause(&self, pause: Pause) {
        let cost = match pause {
            Pause::Spin => self.costs.spin,
            Pause::Yield => self.costs.yields,
        };
        if self.order != Order::Timed {
            // Who looks for another one's step gets nowhere before that.
            self.now.set(self.now.get() + ps(cost));
            if let Some(ranks) = &self.ranks {
                ranks.lower(self.current.get().number);
            }
            return self.give_way(self.current.get());
        }
        self.advance(ps(cost));
    }

    fn now_ns(&self) -> u64 {
        self.now_ps() / 1000
    }

    fn word(&self) -> &Cell<*const ()> {
        &self.current.get().word
    }

    fn start(&self, main: Box<dyn FnOnce()>) -> usize {
        let mut threads = self.threads.borrow_mut();
        let number = threads.len();
        let thread = Thread::new(number, self.now_ps());
        threads.push(thread);
        drop(threads);
        if let Some(ranks) = &self.ranks {
            ranks.start();
        }
        self.rose.set(true);
        let stack = DefaultStack::new(STACK_BYTES).expect("there is memory for a stack");
        let routine = Coroutine::with_stack(stack, move |yielder: &Yielder<(), ()>, ()| {
            thread.yielder.set(yielder);
            main();
        });
        self.coroutines.borrow_mut().push(Some(routine));
        self.enqueue(thread, thread.clock.get());
        number
    }

    fn here(&self) -> usize {
        self.current.get().number
    }

    fn park(&self, timeout: Option<Duration>) {
        let thread = self.current.get();
        if thread.token.replace(false) {
            return self.advance(ps(self.costs.modify));
        }
        thread.count(|counts| counts.parks += 1);
        let since = self.now_ps();
        let until = timeout.map(|timeout| since + timeout.as_nanos() as u64 * 1000);
        thread.state.set(State::Parked { since, until });
        self.due.set(self.due.get().min(until.unwrap_or(u64::MAX)));
        match until {
            Some(until) if self.order == Order::Timed => self.enqueue(thread, until),
            _ => thread.epoch.set(thread.epoch.get() + 1),
        }
        self.give_way(thread);
        thread.token.set(false);
    }

    fn unpark(&self, number: usize) {
        let thread = self.threads.borrow()[number];
        match thread.state.get() {
            State::Parked { since, .. } => {
                let here = self.current.get();
                here.count(|counts| counts.calls += 1);
                let at = self.now_ps().max(since) + ps(self.costs.latency);
                self.rise(thread, since, at);
                if self.order == Order::Timed {
                    self.enqueue(thread, at);
                }
                self.advance(ps(self.costs.wake));
            }
            State::Ready => {
                thread.token.set(true);
                self.advance(ps(self.costs.modify));
            }
            State::Ended => {}
        }
    }

    fn has_ended(&self, thread: usize) -> bool {
        self.threads.borrow()[thread].state.get() == State::Ended
    }
}

impl Thread {
    fn new(number: usize, clock: u64) -> &'static Self {
        Box::leak(Box::new(Self {
            number,
            clock: Cell::new(clock),
            state: Cell::new(State::Ready),
            epoch: Cell::new(0),
            token: Cell::new(false),
            word: Cell::new(ptr::null()),
            yielder: Cell::new(ptr::null()),
            counts: Cell::default(),
        }))
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.get();
        change(&mut counts);
        self.counts.set(counts);
    }
}

/// No play takes so long, in ps: two seconds.
const END: u64 = 2_000_000_000_000;
/// Enough for tests built without optimisation.
const STACK_BYTES: usize = 256 << 10;
