//! Every interleaving of the protocol of [`idle`](super), with two and three workers.
//!
//! The steps are those of the module's table, and of `core.rs` and `wait.rs` around it; whatever changes the
//! word is done by [`Idle`] itself, so that an edit there is an edit of the model. What takes time, or
//! depends on it, goes either way: whether a backlog is worth a call, whether a poll ever returns, when the
//! one that watches looks around.
//!
//! A search of our own, breadth first, since all that it needs is a queue and a map: the checker that was at hand
//! (`stateright`) would have to be built for each change, and could not reach what is private here.
//! Memory is as in one thread at a time: orderings are the business of the loom models beside this one.

use std::collections::{HashMap, VecDeque};
use std::fmt;

use super::*;
use crate::driver::DriverSlot;

const WORKERS_MAX: usize = 3;
const NOBODY: usize = usize::MAX;

/// Where a worker is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    /// Before its next pick.
    Pick,
    /// It searches.
    Steal,
    /// It has a task, and tells others or not.
    Found,
    /// In a poll.
    Run,
    /// In one that never returns.
    Stuck,
    /// D1 is done: it has found nothing.
    D1,
    D2,
    D3 {
        watch: bool,
    },
    D4 {
        watch: bool,
    },
    /// The system waits for it to be called.
    Parked {
        watch: bool,
    },
    D5 {
        watch: bool,
        drove: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Worker {
    at: At,
    local: u8,
    searching: bool,
    called_in_vain: bool,
    /// The watch has found the driver deserted.
    wanted: bool,
    /// It holds the driver.
    holds: bool,
    /// Its thread was unparked.
    token: bool,
    /// C2 is done, and C3 is not.
    calls: Option<u8>,
}

/// A thread that is no worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Outside {
    Pushes,
    C1,
    C3(u8),
    Done,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    word: u64,
    inbox: u8,
    /// Who waits in the driver.
    waits: usize,
    held: bool,
    /// The driver was unparked.
    driver_token: bool,
    /// Tasks that tasks may yet spawn, and polls that may yet get stuck.
    children: u8,
    stuck: u8,
    workers: [Worker; WORKERS_MAX],
    outside: [Outside; 2],
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "word {:#x}, inbox {}, waits {:?}, ",
            self.word, self.inbox, self.waits as isize
        )?;
        write!(f, "{:?}\n      {:?}", self.outside, self.workers)
    }
}

struct Model {
    idle: Idle,
    count: usize,
}

type Next = Vec<(&'static str, State)>;

impl Model {
    /// What the word says in `state`, and changes to.
    fn with<R>(&self, state: &mut State, f: impl FnOnce(&Idle) -> R) -> R {
        let word = &self.idle.groups[0].word;
        word.store(state.word, Relaxed);
        let result = f(&self.idle);
        state.word = word.load(Relaxed);
        result
    }

    fn first(&self, pushes: usize, children: u8, stuck: u8) -> State {
        let worker = Worker {
            at: At::Pick,
            local: 0,
            searching: false,
            called_in_vain: false,
            wanted: false,
            holds: false,
            token: false,
            calls: None,
        };
        let push = |at: usize| if at < pushes { Outside::Pushes } else { Outside::Done };
        State {
            word: 0,
            inbox: 0,
            waits: NOBODY,
            held: false,
            driver_token: false,
            children,
            stuck,
            workers: [worker; WORKERS_MAX],
            outside: [push(0), push(1)],
        }
    }

    fn work_beside(&self, state: &State, but: usize) -> bool {
        state.inbox > 0 || (0..self.count).any(|at| at != but && state.workers[at].local > 0)
    }

    /// C3.
    fn unpark(state: &mut State, worker: u8) {
        match state.waits == usize::from(worker) {
            true => state.driver_token = true,
            false => state.workers[usize::from(worker)].token = true,
        }
    }

    fn release(state: &mut State, own: usize) {
        if std::mem::take(&mut state.workers[own].holds) {
            state.waits = NOBODY;
            state.held = false;
        }
    }

    /// C2 by a worker; C3 is a step of its own.
    fn calls(&self, state: &mut State, own: usize, beside: bool) {
        let waits = state.waits;
        let called = self.with(state, |idle| match beside {
            true => idle.call_beside(own, || waits),
            false => idle.call(own, || waits),
        });
        state.workers[own].calls = called.map(|worker| worker as u8);
    }

    fn next(&self, state: &State) -> Next {
        let mut next = Next::new();
        for at in 0..state.outside.len() {
            self.next_outside(state, at, &mut next);
        }
        for own in 0..self.count {
            self.next_of(state, own, &mut next);
        }
        next.retain(|(_, after)| after != state);
        next
    }

    fn next_outside(&self, state: &State, at: usize, next: &mut Next) {
        let mut after = state.clone();
        match state.outside[at] {
            Outside::Pushes => {
                after.inbox += 1;
                after.outside[at] = Outside::C1;
                next.push(("push", after));
            }
            Outside::C1 => {
                let called = self.with(&mut after, |idle| idle.call_after_push(|| state.waits));
                after.outside[at] = called.map_or(Outside::Done, |it| Outside::C3(it as u8));
                next.push(("C1 C2", after));
            }
            Outside::C3(worker) => {
                Self::unpark(&mut after, worker);
                after.outside[at] = Outside::Done;
                next.push(("C3", after));
            }
            Outside::Done => {}
        }
    }

    fn next_of(&self, state: &State, own: usize, next: &mut Next) {
        let before = state.workers[own];
        let mut after = state.clone();
        let to = |mut after: State, at: At| {
            after.workers[own].at = at;
            after
        };
        if let Some(called) = before.calls {
            Self::unpark(&mut after, called);
            after.workers[own].calls = None;
            return next.push(("C3 of a worker", after));
        }
        match before.at {
            At::Pick => {
                if before.local > 0 {
                    after.workers[own].local -= 1;
                    next.push(("pick", to(after, At::Found)));
                } else if before.local == 0 && state.inbox > 0 {
                    Self::take_inbox(&mut after, own);
                    next.push(("pick of the shared", to(after, At::Found)));
                } else if before.searching
                    || self.with(&mut after, |idle| idle.start_searching(own))
                {
                    after.workers[own].searching = true;
                    next.push(("start_searching", to(after, At::Steal)));
                } else {
                    next.push(("refused to search", to(after, At::D1)));
                }
            }
            At::Steal => self.steal(state, own, next),
            At::Found => self.found(state, own, next),
            At::Run => {
                next.push(("a poll ends", to(after.clone(), At::Pick)));
                if state.stuck > 0 {
                    let mut stuck = after.clone();
                    stuck.stuck -= 1;
                    next.push(("a poll never ends", to(stuck, At::Stuck)));
                }
                if state.children > 0 {
                    after.children -= 1;
                    after.workers[own].local += 1;
                    if self.with(&mut after, |idle| idle.is_unwatched(own)) {
                        self.calls(&mut after, own, true);
                    }
                    next.push(("a task spawns", after));
                }
            }
            At::Stuck => {}
            At::D1 => {
                let sleepers = self.with(&mut after, |idle| idle.sleepers());
                let wanted = std::mem::take(&mut after.workers[own].wanted);
                if (sleepers + 1 >= self.count || wanted) && Self::try_hold(&mut after) {
                    after.workers[own].holds = true;
                    after.waits = own;
                }
                next.push(("D1", to(after, At::D2)));
            }
            At::D2 => {
                let watches = match self.count {
                    1 => Watches::Never,
                    _ if before.called_in_vain => Watches::Always,
                    _ => Watches::OthersAwake,
                };
                let slept =
                    self.with(&mut after, |idle| idle.sleep(own, before.searching, watches));
                let Sleep::Asleep { watch } = slept else { unreachable!("nobody closes it") };
                next.push(("D2", to(after, At::D3 { watch })));
            }
            At::D3 { watch } => {
                let work = match std::mem::take(&mut after.workers[own].searching) {
                    true => self.work_beside(state, own),
                    false => state.inbox > 0,
                };
                let sleepers = self.with(&mut after, |idle| idle.sleepers());
                if work || (!before.holds && sleepers == self.count && !state.held) {
                    Self::release(&mut after, own);
                    next.push(("D3 finds", to(after, At::D5 { watch, drove: false })));
                } else {
                    next.push(("D3", to(after, At::D4 { watch })));
                }
            }
            At::D4 { watch } => {
                let asleep = self.with(&mut after, |idle| idle.is_asleep(own));
                match asleep || before.holds {
                    true => next.push(("D4", to(after, At::Parked { watch }))),
                    false => next.push(("D4 ends", to(after, At::D5 { watch, drove: false }))),
                }
            }
            At::Parked { watch } => self.parked(state, own, watch, next),
            At::D5 { watch, drove } => {
                let risen = self.with(&mut after, |idle| idle.rise(own, watch));
                after.workers[own].searching = risen.called;
                after.workers[own].called_in_vain = risen.called;
                if risen.unwatched && (drove || watch) {
                    self.calls(&mut after, own, true);
                }
                next.push(("D5", to(after, At::Pick)));
            }
        }
    }

    fn take_inbox(state: &mut State, own: usize) {
        state.workers[own].local += state.inbox - 1;
        state.inbox = 0;
    }

    /// H1, by the driver's slot itself.
    fn try_hold(state: &mut State) -> bool {
        let slot = DriverSlot::new(());
        if state.held {
            std::mem::forget(slot.try_hold());
        }
        let held = slot.try_hold();
        let won = held.is_some();
        std::mem::forget(held);
        state.held = slot.is_held();
        won
    }

    fn steal(&self, state: &State, own: usize, next: &mut Next) {
        for victim in (0..self.count).filter(|at| *at != own) {
            let mut after = state.clone();
            let half = after.workers[victim].local.div_ceil(2);
            if half > 0 {
                after.workers[victim].local -= half;
                after.workers[own].local += half - 1;
                after.workers[own].at = At::Found;
                next.push(("steal", after));
            }
        }
        if next.iter().any(|(name, after)| *name == "steal" && after.workers[own].at == At::Found) {
            return;
        }
        let mut after = state.clone();
        if state.inbox > 0 {
            Self::take_inbox(&mut after, own);
            after.workers[own].at = At::Found;
            return next.push(("steal of the shared", after));
        }
        after.workers[own].at = At::D1;
        next.push(("nothing to steal", after));
    }

    /// `Core::found`, or for one that did not search what `Core::step` does instead.
    fn found(&self, state: &State, own: usize, next: &mut Next) {
        let mut after = state.clone();
        after.workers[own].at = At::Run;
        after.workers[own].called_in_vain = false;
        let mut was_last = false;
        if std::mem::take(&mut after.workers[own].searching) {
            was_last = self.with(&mut after, |idle| idle.found(own));
            if was_last && after.inbox > 0 {
                self.calls(&mut after, own, false);
                return next.push(("found, and more is shared", after));
            }
        } else if !self.with(&mut after, |idle| idle.glance(own).is_short_of_searchers()) {
            return next.push(("found", after));
        }
        let unwatched = self.with(&mut after, |idle| idle.is_unwatched(own));
        if after.workers[own].local > 0 {
            let mut calls = after.clone();
            self.calls(&mut calls, own, false);
            next.push(("worth a call", calls));
        }
        if unwatched && (after.workers[own].local > 0 || was_last && self.work_beside(&after, own))
        {
            self.calls(&mut after, own, true);
        }
        next.push(("not worth a call", after));
    }

    /// In the thread or in the driver, until it is called, or looks around.
    fn parked(&self, state: &State, own: usize, watch: bool, next: &mut Next) {
        let before = state.workers[own];
        let mut after = state.clone();
        let asleep = self.with(&mut after, |idle| idle.is_asleep(own));
        if before.holds && state.driver_token {
            after.driver_token = false;
            if !asleep || !watch {
                Self::release(&mut after, own);
                after.workers[own].at = At::D5 { watch, drove: true };
            }
            next.push(("D4, the driver returns", after));
        } else if !before.holds && before.token {
            after.workers[own].token = false;
            after.workers[own].at = At::D4 { watch };
            next.push(("D4, unparked", after));
        }
        if watch && asleep {
            self.look_after(state, own, next);
        }
    }

    /// `Core::look_after`: who is stuck has polled nothing since the last look; others may have, or not.
    fn look_after(&self, state: &State, own: usize, next: &mut Next) {
        let mut after = state.clone();
        let drives = state.workers[own].holds;
        let stuck = |at: &usize| state.workers[*at].at == At::Stuck;
        let found = (0..self.count)
            .filter(|at| *at != own)
            .any(|at| stuck(&at) && (state.workers[at].local > 0 || state.inbox > 0));
        let awake = (0..self.count).filter(|at| {
            *at != own && !stuck(at) && !self.with(&mut after.clone(), |idle| idle.is_asleep(*at))
        });
        let deserted = !drives && !state.held && awake.count() == 0;
        after.workers[own].wanted = deserted;
        if found || deserted {
            Self::release(&mut after, own);
            after.workers[own].at = At::D5 { watch: true, drove: drives };
            next.push(("the watch finds something", after));
        } else if self.with(&mut after, |idle| idle.unwatch(own)) {
            after.workers[own].at = At::Parked { watch: false };
            next.push(("the watch ends", after));
        }
    }

    /// What is wrong with this state, whatever comes next.
    fn wrong(&self, state: &State) -> Option<&'static str> {
        let workers = &state.workers[..self.count];
        let holders = workers.iter().filter(|it| it.holds).count();
        if holders > 1 || (holders == 1) != state.held {
            return Some("more than one holds the driver, or none does that is held");
        }
        let searching = (state.word & SEARCHING) / SEARCHER;
        // Who was called is counted before it knows.
        let called = workers.iter().enumerate().filter(|(at, it)| {
            let waits =
                matches!(it.at, At::D3 { .. } | At::D4 { .. } | At::Parked { .. } | At::D5 { .. });
            waits && state.word & self.idle.bit(*at) == 0
        });
        let counted = workers.iter().filter(|it| it.searching && !matches!(it.at, At::D3 { .. }));
        if searching != (called.count() + counted.count()) as u64 {
            return Some("those that search are counted wrong");
        }
        None
    }

    /// Explores all; returns how many states there are.
    fn explore(&self, first: State) -> usize {
        let mut numbers = HashMap::from([(first.clone(), 0_u32)]);
        let mut states = vec![first];
        // From where, and by which step, each was reached first.
        let mut from = vec![(0_u32, "")];
        let mut backwards: Vec<Vec<u32>> = vec![Vec::new()];
        let mut ends = VecDeque::new();
        let mut at = 0;
        while at < states.len() {
            let state = states[at].clone();
            if let Some(wrong) = self.wrong(&state) {
                panic!("{wrong}:{}", path(&states, &from, at));
            }
            let next = self.next(&state);
            if next.is_empty() {
                let waits = state.inbox > 0 || state.workers.iter().any(|it| it.local > 0);
                let calls = state.workers.iter().any(|it| it.calls.is_some());
                assert!(!waits && !calls, "a task waits for ever:{}", path(&states, &from, at));
                ends.push_back(at as u32);
            }
            for (name, after) in next {
                let number = *numbers.entry(after.clone()).or_insert_with(|| {
                    states.push(after);
                    from.push((at as u32, name));
                    backwards.push(Vec::new());
                    states.len() as u32 - 1
                });
                backwards[number as usize].push(at as u32);
            }
            at += 1;
        }
        // From everywhere an end can be reached: no circle holds a task back that others could run.
        let mut reaches = vec![false; states.len()];
        while let Some(end) = ends.pop_front() {
            if !std::mem::replace(&mut reaches[end as usize], true) {
                ends.extend(&backwards[end as usize]);
            }
        }
        if let Some(lost) = reaches.iter().position(|reaches| !reaches) {
            panic!("no way to an end:{}", path(&states, &from, lost));
        }
        states.len()
    }
}

/// How a state was reached.
fn path(states: &[State], from: &[(u32, &str)], mut at: usize) -> String {
    let mut steps = vec![format!("\n   {:?}", states[at])];
    while at != 0 {
        let (before, name) = from[at];
        steps.push(format!("\n{name}"));
        at = before as usize;
        steps.push(format!("\n   {:?}", states[at]));
    }
    steps.into_iter().rev().collect()
}

fn explored(workers: usize, pushes: usize, children: u8, stuck: u8) {
    let model = Model { idle: Idle::new(workers), count: workers };
    let states = model.explore(model.first(pushes, children, stuck));
    eprintln!(
        "idle: {workers} workers, {pushes} pushes, {children} spawns, {stuck} stuck: {states} states"
    );
}

#[test]
fn two_workers_leave_no_task_behind() {
    explored(2, 1, 1, 1);
}

#[test]
#[ignore = "takes its time: `cargo xtask verify idle` runs it"]
fn two_workers_leave_no_task_of_many_behind() {
    explored(2, 2, 1, 0);
}

#[test]
#[ignore = "takes its time: `cargo xtask verify idle` runs it"]
fn three_workers_leave_no_task_behind() {
    explored(3, 1, 0, 0);
}
