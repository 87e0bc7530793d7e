//! What a program does, on plain data: no task, no waker, no thread.
//!
//! A task's turn is one event, and so is what is done from outside. Commands that race each other, and those that
//! they wake, may take their turns in any order: [`outcomes`] follows all. What the runtime did must be one
//! of them.
//!
//! One thought: the objects and what each wait does to them.

pub(crate) mod chairs;
pub(crate) mod queues;

use std::collections::{BTreeMap, HashSet, VecDeque};

use self::chairs::{
    BROADCAST, Chair, Chairs, HANDLE, ONESHOT, PIPE, RECEIVER, SET, TCP_READ, TCP_WRITE, UDP, WATCH,
};
use self::queues::{Asked, Notify, Permits, Seat};
use crate::program::{Act, Op, Serial, TASKS, WRITER, Wait};

/// What a command came to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Told {
    Done,
    Value(u32),
    Closed,
    Lagged(u32),
    /// Somebody else sits there.
    Busy,
    /// It was used up, or closed by this side.
    Gone,
    Joined(End),
    /// A member of the set, and how it ended.
    Member(u8, End),
    NoTasks,
    Elapsed,
    First(Box<Told>),
    Second(Box<Told>),
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum End {
    Value(Serial),
    Cancelled,
    Panicked(Serial),
}

/// Room in a pipe.
pub(crate) const PIPE_ROOM: usize = 4;
/// What one write offers.
pub(crate) const PIPE_WRITE: usize = 3;
/// What one read takes at most.
pub(crate) const PIPE_READ: usize = 2;
/// What a broadcast keeps.
pub(crate) const KEPT: usize = 2;
/// Readers that a lock has room for.
pub(crate) const READERS: u32 = WRITER as u32;
/// A timer that fires on a clock that runs, while a test waits for it; others are of hours.
pub(crate) const fn is_short(ms: u32) -> bool {
    ms % 2 == 1
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Channel {
    /// None: unbounded.
    room: Option<Permits>,
    queue: VecDeque<Serial>,
    sender: bool,
    /// Senders that wait hold one, too.
    senders: u8,
    closed: bool,
}

impl Channel {
    fn new(room: Option<u16>) -> Self {
        let room = room.map(Permits::new);
        Self { room, queue: VecDeque::new(), sender: true, senders: 0, closed: false }
    }

    fn has_ended(&self) -> bool {
        let on_the_way = self.room.as_ref().is_some_and(Permits::has_granted);
        !self.sender && self.senders == 0 || self.closed && !on_the_way
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct OneShot {
    sender: bool,
    value: Option<Serial>,
}

/// Everything there is at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Model {
    /// Of the program, where the clock is paused.
    now_ms: u32,
    /// Whether the clock runs.
    runs: bool,
    tasks: Vec<Task>,
    outside: VecDeque<(Serial, Act)>,
    /// What was told in this step: by whom, and when.
    pub(crate) told: BTreeMap<u8, (Told, u32)>,
    chairs: Chairs,
    channels: [Channel; 3],
    oneshots: [OneShot; 2],
    /// Version, value, whether the sender is there; what the receivers have seen.
    watch: (u32, Serial, bool),
    seen: [u32; 2],
    broadcast: Vec<Serial>,
    broadcasts: bool,
    heard: [usize; 2],
    permits: [Permits; 4],
    notify: [Notify; 2],
    cancelled: bool,
    members: Vec<u8>,
    ended: VecDeque<u8>,
    /// What one end wrote and the other did not read.
    pipes: [VecDeque<u8>; 2],
    tcp: [VecDeque<u8>; 2],
    tcp_closed: [bool; 2],
    udp: [VecDeque<Serial>; 2],
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Task {
    state: State,
    aborted: bool,
    /// Permits that it holds: of which, how many.
    held: Vec<(u8, u8)>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
enum State {
    #[default]
    Unborn,
    Idle,
    /// Was told what to do, and did not see it yet.
    Told(Serial, Op),
    Waits(Serial, Op, Vec<Pending>),
    Ended(End),
}

/// One thing that a task waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Pending {
    wait: Wait,
    until_ms: Option<u32>,
}

/// How near something is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Near {
    No,
    Yes,
    /// It comes from outside the runtime: now, or later.
    OnItsWay,
}

impl Model {
    pub(crate) fn new(tasks: u8, runs: bool) -> Self {
        let mut model = Self {
            now_ms: 0,
            runs,
            tasks: vec![Task::default(); TASKS],
            outside: VecDeque::new(),
            told: BTreeMap::new(),
            chairs: Chairs::new(),
            channels: [Channel::new(Some(1)), Channel::new(Some(3)), Channel::new(None)],
            oneshots: [const { OneShot { sender: true, value: None } }; 2],
            watch: (0, 0, true),
            seen: [0; 2],
            broadcast: Vec::new(),
            broadcasts: true,
            heard: [0; 2],
            permits: [1, WRITER.into(), 1, 3].map(Permits::new),
            notify: [Notify::default(), Notify::default()],
            cancelled: false,
            members: Vec::new(),
            ended: VecDeque::new(),
            pipes: [const { VecDeque::new() }; 2],
            tcp: [const { VecDeque::new() }; 2],
            tcp_closed: [false; 2],
            udp: [const { VecDeque::new() }; 2],
        };
        (0..tasks).for_each(|id| model.spawn(id));
        model
    }

    /// Tells a task, or the outside, what to do.
    pub(crate) fn tell(&mut self, who: Option<u8>, serial: Serial, op: &Op) {
        match (who, op) {
            (Some(id), op) => self.tasks[usize::from(id)].state = State::Told(serial, op.clone()),
            (None, Op::Act(act)) => self.outside.push_back((serial, *act)),
            (None, _) => unreachable!("the outside waits for nothing"),
        }
    }

    /// Whether a task has nothing to do.
    pub(crate) fn is_idle(&self, id: u8) -> bool {
        self.tasks[usize::from(id)].state == State::Idle
    }

    pub(crate) fn is_alive(&self, id: u8) -> bool {
        !matches!(self.tasks[usize::from(id)].state, State::Unborn | State::Ended(_))
    }

    /// How a task ended, if it did.
    pub(crate) fn end(&self, id: u8) -> Option<End> {
        match self.tasks[usize::from(id)].state {
            State::Ended(end) => Some(end),
            _ => None,
        }
    }

    pub(crate) fn alive(&self) -> impl Iterator<Item = u8> {
        (0..TASKS as u8).filter(|id| self.is_alive(*id))
    }

    /// Permits that can be had, where nobody waits for any.
    pub(crate) fn free(&self, of: usize) -> Option<u16> {
        self.permits[of].free()
    }

    /// Whether a task may get something that is not of the runtime's own making.
    pub(crate) fn waits_for_outside(&self) -> bool {
        let is_outside = |wait: &Wait| match wait {
            Wait::TcpRead(_) | Wait::TcpWrite(_) | Wait::UdpRecv(_) | Wait::UdpSend(_) => true,
            Wait::Blocking | Wait::Busy(_) | Wait::Burst(_) | Wait::Hammer(_) => true,
            Wait::Sleep(_) | Wait::Reset(..) => self.runs,
            _ => false,
        };
        self.tasks.iter().any(|task| match &task.state {
            State::Told(_, op) | State::Waits(_, op, _) => match op {
                Op::Wait(wait) => is_outside(wait),
                Op::Select(first, second) => is_outside(first) || is_outside(second),
                Op::Timeout(_, wait) => self.runs || is_outside(wait),
                Op::Act(_) => false,
            },
            _ => false,
        })
    }

    /// Every task is aborted, and all come to rest.
    pub(crate) fn abort_all(&mut self) {
        for id in (0..TASKS as u8).filter(|id| self.is_alive(*id)).collect::<Vec<_>>() {
            self.end_task(id, End::Cancelled);
        }
    }

    pub(crate) fn step_ends(&mut self) {
        self.told.clear();
        self.chairs.step_ends();
    }

    /// The next moment at which a timer fires, up to `until_ms`; the clock is there then.
    fn jump(&mut self, until_ms: u32) -> bool {
        let deadlines = self.tasks.iter().filter_map(|task| match &task.state {
            State::Waits(_, _, pending) => pending.iter().filter_map(|one| one.until_ms).min(),
            _ => None,
        });
        let next = deadlines.min().filter(|next| *next <= until_ms);
        self.now_ms = next.unwrap_or(until_ms);
        next.is_some()
    }

    fn spawn(&mut self, id: u8) {
        self.tasks[usize::from(id)].state = State::Idle;
        self.chairs.set(HANDLE + usize::from(id), Chair::Free);
    }

    /// Whether the task has something to do; what comes from outside is not there, where `late` says so.
    fn has_turn(&self, id: u8, late: u8) -> bool {
        let task = &self.tasks[usize::from(id)];
        match &task.state {
            State::Unborn | State::Ended(_) => false,
            _ if task.aborted => true,
            State::Idle => false,
            State::Told(..) => true,
            State::Waits(_, _, pending) => {
                (0..).zip(pending).any(|(alt, one)| self.is_there((id, alt), one, late))
            }
        }
    }

    /// The things that may come later than the model has them, one bit each.
    fn may_be_late(&self, id: u8) -> u8 {
        let late = |(alt, one): (u8, &Pending)| match self.near((id, alt), one) {
            Near::OnItsWay => 1 << alt,
            _ => 0,
        };
        match &self.tasks[usize::from(id)].state {
            State::Waits(_, _, pending) => (0..).zip(pending).map(late).sum(),
            State::Told(_, Op::Wait(_) | Op::Timeout(..) | Op::Act(_)) => 1,
            State::Told(_, Op::Select(..)) => 3,
            _ => 0,
        }
    }

    fn is_there(&self, seat: Seat, one: &Pending, late: u8) -> bool {
        match self.near(seat, one) {
            Near::No => false,
            Near::Yes => true,
            Near::OnItsWay => late & 1 << seat.1 == 0,
        }
    }

    /// The task is polled once; one bit of `late` for each thing that it waits for.
    fn turn(&mut self, id: u8, late: u8) {
        if self.tasks[usize::from(id)].aborted {
            return self.end_task(id, End::Cancelled);
        }
        match std::mem::take(&mut self.tasks[usize::from(id)].state) {
            State::Told(serial, op) => self.start(id, serial, op, late),
            State::Waits(serial, op, pending) => {
                let ready =
                    (0..).zip(&pending).find(|(alt, one)| self.is_there((id, *alt), one, late));
                let ready = ready.map(|(alt, _)| alt);
                let Some(alt) = ready else {
                    self.tasks[usize::from(id)].state = State::Waits(serial, op, pending);
                    return;
                };
                let told = self.take((id, alt), pending[usize::from(alt)].wait, serial);
                self.finish(id, &op, alt, told, &pending);
            }
            state => self.tasks[usize::from(id)].state = state,
        }
    }

    fn start(&mut self, id: u8, serial: Serial, op: Op, late: u8) {
        let waits = match &op {
            Op::Wait(wait) => vec![*wait],
            Op::Select(first, second) => vec![*first, *second],
            Op::Timeout(ms, wait) => vec![*wait, Wait::Sleep(*ms)],
            Op::Act(Act::Exit) => return self.end_task(id, End::Value(serial)),
            Op::Act(Act::Panic) => return self.end_task(id, End::Panicked(serial)),
            Op::Act(act) => {
                // Alive, should it abort itself.
                self.tasks[usize::from(id)].state = State::Idle;
                let told = self.act(Some(id), *act, serial, late & 1 != 0);
                return self.finish(id, &op, 0, told, &[]);
            }
        };
        let mut pending = Vec::new();
        for (alt, wait) in (0..).zip(waits) {
            let until_ms = match wait {
                Wait::Sleep(ms) | Wait::Reset(_, ms) if !self.runs => Some(self.now_ms + ms),
                _ => None,
            };
            pending.push(Pending { wait, until_ms });
            if let Some(told) = self.begin((id, alt), wait, serial, late & 1 << alt != 0) {
                return self.finish(id, &op, alt, told, &pending);
            }
        }
        self.tasks[usize::from(id)].state = State::Waits(serial, op, pending);
    }

    /// The `alt`th thing came: the others are given up.
    fn finish(&mut self, id: u8, op: &Op, alt: u8, told: Told, pending: &[Pending]) {
        for (other, one) in (0..).zip(pending).filter(|(other, _)| *other != alt) {
            self.cancel((id, other), one.wait);
        }
        if let (Told::Done, Some((of, count))) =
            (&told, pending.get(usize::from(alt)).and_then(|one| one.acquired()))
        {
            self.tasks[usize::from(id)].held.push((of, count));
        }
        let told = match (op, alt) {
            (Op::Select(..), 0) => Told::First(Box::new(told)),
            (Op::Select(..), _) => Told::Second(Box::new(told)),
            (Op::Timeout(..), 1) => Told::Elapsed,
            _ => told,
        };
        self.told.insert(id, (told, self.now_ms));
        self.tasks[usize::from(id)].state = State::Idle;
    }

    fn end_task(&mut self, id: u8, end: End) {
        let task = std::mem::take(&mut self.tasks[usize::from(id)]);
        if let State::Waits(_, _, pending) = task.state {
            for (alt, one) in (0..).zip(pending) {
                self.cancel((id, alt), one.wait);
            }
        }
        for (of, count) in task.held {
            self.permits[usize::from(of)].release(count.into());
        }
        self.tasks[usize::from(id)].state = State::Ended(end);
        if self.members.contains(&id) {
            self.ended.push_back(id);
        }
    }

    /// The chair that the wait needs.
    fn chair(wait: Wait) -> Option<usize> {
        let (kind, at) = match wait {
            Wait::Recv(at) => (RECEIVER, at),
            Wait::OneRecv(at) => (ONESHOT, at),
            Wait::Changed(at) => (WATCH, at),
            Wait::BroadcastRecv(at) => (BROADCAST, at),
            Wait::JoinNext => (SET, 0),
            Wait::PipeRead(at) | Wait::PipeWrite(at) => (PIPE, at),
            Wait::TcpRead(at) => (TCP_READ, at),
            Wait::TcpWrite(at) => (TCP_WRITE, at),
            Wait::UdpRecv(at) | Wait::UdpSend(at) => (UDP, at),
            Wait::Join(at) => (HANDLE, at),
            _ => return None,
        };
        Some(kind + usize::from(at))
    }

    /// The first poll of one wait; what it comes to at once, if it does.
    fn begin(&mut self, seat: Seat, wait: Wait, serial: Serial, late: bool) -> Option<Told> {
        if let Some(chair) = Self::chair(wait) {
            match self.chairs.found(chair, late) {
                Chair::Gone => return Some(Told::Gone),
                Chair::Held => return Some(Told::Busy),
                Chair::Free => self.chairs.set(chair, Chair::Held),
            }
        }
        match wait {
            Wait::Send(at) => {
                let channel = &mut self.channels[usize::from(at)];
                if !channel.sender {
                    return Some(Told::Gone);
                }
                let asked = match &mut channel.room {
                    None if channel.closed => Asked::Closed,
                    None => Asked::Granted,
                    Some(room) => room.begin(seat, 1),
                };
                match asked {
                    Asked::Closed => Some(Told::Closed),
                    Asked::Waits => {
                        channel.senders += 1;
                        None
                    }
                    Asked::Granted => {
                        channel.queue.push_back(serial);
                        Some(Told::Done)
                    }
                }
            }
            Wait::Acquire(of, count) => {
                match self.permits[usize::from(of)].begin(seat, count.into()) {
                    Asked::Granted => Some(Told::Done),
                    Asked::Closed => Some(Told::Closed),
                    Asked::Waits => None,
                }
            }
            Wait::Notified(at) => self.notify[usize::from(at)].begin(seat).then_some(Told::Done),
            Wait::Sleep(_) | Wait::Reset(..) | Wait::Yield | Wait::Forever => None,
            _ => {
                let one = Pending { wait, until_ms: None };
                let late = u8::from(late) << seat.1;
                self.is_there(seat, &one, late).then(|| self.take(seat, wait, serial))
            }
        }
    }

    fn near(&self, seat: Seat, one: &Pending) -> Near {
        let near = |is_there| if is_there { Near::Yes } else { Near::No };
        let outside = |is_there| if is_there { Near::OnItsWay } else { Near::No };
        match one.wait {
            Wait::Send(at) => match &self.channels[usize::from(at)].room {
                Some(room) => near(room.look(seat) != Asked::Waits),
                None => Near::No,
            },
            Wait::Recv(at) => {
                let channel = &self.channels[usize::from(at)];
                near(!channel.queue.is_empty() || channel.has_ended())
            }
            Wait::OneRecv(at) => {
                let one = &self.oneshots[usize::from(at)];
                near(one.value.is_some() || !one.sender)
            }
            Wait::Changed(at) => near(self.seen[usize::from(at)] != self.watch.0 || !self.watch.2),
            Wait::BroadcastRecv(at) => {
                near(self.heard[usize::from(at)] < self.broadcast.len() || !self.broadcasts)
            }
            Wait::Acquire(of, _) => near(self.permits[usize::from(of)].look(seat) != Asked::Waits),
            Wait::Notified(at) => near(self.notify[usize::from(at)].is_told(seat)),
            Wait::Cancelled => near(self.cancelled),
            Wait::Join(at) => near(matches!(self.tasks[usize::from(at)].state, State::Ended(_))),
            Wait::JoinNext => near(self.members.is_empty() || !self.ended.is_empty()),
            Wait::PipeRead(at) => near(
                !self.pipes[1 - usize::from(at)].is_empty() || self.other_end(at) == Chair::Gone,
            ),
            Wait::PipeWrite(at) => near(
                self.pipes[usize::from(at)].len() < PIPE_ROOM || self.other_end(at) == Chair::Gone,
            ),
            Wait::TcpRead(at) => {
                let from = 1 - usize::from(at);
                outside(!self.tcp[from].is_empty() || self.tcp_closed[from])
            }
            Wait::UdpRecv(at) => outside(!self.udp[1 - usize::from(at)].is_empty()),
            Wait::TcpWrite(_) | Wait::UdpSend(_) => Near::OnItsWay,
            Wait::Sleep(ms) | Wait::Reset(_, ms) => match one.until_ms {
                Some(until_ms) => near(until_ms <= self.now_ms),
                None => outside(is_short(ms)),
            },
            Wait::Blocking | Wait::Busy(_) | Wait::Burst(_) | Wait::Hammer(_) => Near::OnItsWay,
            Wait::Yield => Near::Yes,
            Wait::Forever => Near::No,
        }
    }

    /// The other end of a pipe.
    fn other_end(&self, at: u8) -> Chair {
        self.chairs.of(PIPE + 1 - usize::from(at))
    }

    /// What was waited for, which is there.
    fn take(&mut self, seat: Seat, wait: Wait, serial: Serial) -> Told {
        let mut chair = Chair::Free;
        let told = match wait {
            Wait::Send(at) => {
                let channel = &mut self.channels[usize::from(at)];
                channel.senders -= 1;
                let room = channel.room.as_mut().expect("only these wait");
                match room.take(seat) {
                    true => {
                        channel.queue.push_back(serial);
                        Told::Done
                    }
                    false => Told::Closed,
                }
            }
            Wait::Recv(at) => {
                let channel = &mut self.channels[usize::from(at)];
                match channel.queue.pop_front() {
                    Some(value) => {
                        if let Some(room) = &mut channel.room {
                            room.release(1);
                        }
                        Told::Value(value)
                    }
                    None => Told::Closed,
                }
            }
            Wait::OneRecv(at) => {
                chair = Chair::Gone;
                self.oneshots[usize::from(at)].value.take().map_or(Told::Closed, Told::Value)
            }
            Wait::Changed(at) => {
                match std::mem::replace(&mut self.seen[usize::from(at)], self.watch.0) {
                    seen if seen == self.watch.0 => Told::Closed,
                    _ => Told::Value(self.watch.1),
                }
            }
            Wait::BroadcastRecv(at) => self.hear(usize::from(at)),
            Wait::Acquire(of, _) => match self.permits[usize::from(of)].take(seat) {
                true => Told::Done,
                false => Told::Closed,
            },
            Wait::Notified(at) => {
                self.notify[usize::from(at)].take(seat);
                Told::Done
            }
            Wait::Join(at) => {
                chair = Chair::Gone;
                Told::Joined(self.end(at).expect("it ended"))
            }
            Wait::JoinNext => match self.ended.pop_front() {
                Some(id) => {
                    self.members.retain(|member| *member != id);
                    Told::Member(id, self.end(id).expect("it ended"))
                }
                None => Told::NoTasks,
            },
            Wait::PipeRead(at) => {
                let pipe = &mut self.pipes[1 - usize::from(at)];
                let bytes: Vec<u8> = pipe.drain(..pipe.len().min(PIPE_READ)).collect();
                read(&bytes)
            }
            Wait::PipeWrite(at) if self.other_end(at) == Chair::Gone => Told::Closed,
            Wait::PipeWrite(at) => {
                let pipe = &mut self.pipes[usize::from(at)];
                let count = PIPE_WRITE.min(PIPE_ROOM - pipe.len());
                pipe.extend(std::iter::repeat_n(serial as u8, count));
                Told::Value(count as u32)
            }
            Wait::TcpRead(at) => {
                let byte = self.tcp[1 - usize::from(at)].pop_front();
                read(byte.as_slice())
            }
            Wait::TcpWrite(at) => {
                self.tcp[usize::from(at)].push_back(serial as u8);
                Told::Done
            }
            Wait::UdpRecv(at) => match self.udp[1 - usize::from(at)].pop_front() {
                Some(value) => Told::Value(value),
                None => unreachable!("looked before"),
            },
            Wait::UdpSend(at) => {
                self.udp[usize::from(at)].push_back(serial);
                Told::Done
            }
            Wait::Blocking => Told::Value(serial),
            Wait::Burst(size) => Told::Value(burst_sum(size)),
            Wait::Cancelled | Wait::Sleep(_) | Wait::Reset(..) => Told::Done,
            Wait::Yield | Wait::Busy(_) | Wait::Hammer(_) => Told::Done,
            Wait::Forever => unreachable!("never there"),
        };
        if let Some(at) = Self::chair(wait) {
            self.chairs.set(at, chair);
        }
        told
    }

    fn hear(&mut self, at: usize) -> Told {
        let (heard, sent) = (self.heard[at], self.broadcast.len());
        let oldest = sent.saturating_sub(KEPT);
        if heard < oldest {
            self.heard[at] = oldest;
            return Told::Lagged((oldest - heard) as u32);
        }
        match self.broadcast.get(heard) {
            Some(value) => {
                self.heard[at] += 1;
                Told::Value(*value)
            }
            None => Told::Closed,
        }
    }

    /// The wait is given up.
    fn cancel(&mut self, seat: Seat, wait: Wait) {
        match wait {
            Wait::Send(at) => {
                let channel = &mut self.channels[usize::from(at)];
                channel.senders -= 1;
                channel.room.as_mut().expect("only these wait").cancel(seat);
            }
            Wait::Acquire(of, _) => self.permits[usize::from(of)].cancel(seat),
            Wait::Notified(at) => self.notify[usize::from(at)].cancel(seat),
            _ => {}
        }
        if let Some(at) = Self::chair(wait) {
            self.chairs.set(at, Chair::Free);
        }
    }

    fn act(&mut self, who: Option<u8>, act: Act, serial: Serial, late: bool) -> Told {
        match act {
            Act::OneSend(at) => {
                let open = self.chairs.of(ONESHOT + usize::from(at)) != Chair::Gone;
                let one = &mut self.oneshots[usize::from(at)];
                match std::mem::replace(&mut one.sender, false) {
                    false => return Told::Gone,
                    true if !open => return Told::Closed,
                    true => one.value = Some(serial),
                }
            }
            Act::OneDrop(at) => {
                match std::mem::replace(&mut self.oneshots[usize::from(at)].sender, false) {
                    true => {}
                    false => return Told::Gone,
                }
            }
            Act::OneRenew(at) => {
                let chair = ONESHOT + usize::from(at);
                if self.chairs.found(chair, late) == Chair::Held {
                    return Told::Busy;
                }
                self.chairs.set(chair, Chair::Free);
                self.oneshots[usize::from(at)] = OneShot { sender: true, value: None };
            }
            Act::WatchSend if !self.watch.2 => return Told::Gone,
            Act::WatchSend => self.watch = (self.watch.0 + 1, serial, true),
            Act::WatchDrop => self.watch.2 = false,
            Act::BroadcastSend if !self.broadcasts => return Told::Gone,
            Act::BroadcastSend => self.broadcast.push(serial),
            Act::BroadcastDrop => self.broadcasts = false,
            Act::CloseReceiver(at) => {
                let chair = RECEIVER + usize::from(at);
                match self.chairs.found(chair, late) {
                    Chair::Held => return Told::Busy,
                    Chair::Gone => return Told::Gone,
                    Chair::Free => {}
                }
                let channel = &mut self.channels[usize::from(at)];
                channel.closed = true;
                if let Some(room) = &mut channel.room {
                    room.close();
                }
                if at != 1 {
                    channel.queue.clear();
                    self.chairs.set(chair, Chair::Gone);
                }
            }
            Act::DropSender(at) => self.channels[usize::from(at)].sender = false,
            Act::Release(at) => {
                let held = &mut self.tasks[usize::from(who.expect("a task's"))].held;
                if held.is_empty() {
                    return Told::Gone;
                }
                let (of, count) = held.remove(usize::from(at) % held.len());
                self.permits[usize::from(of)].release(count.into());
            }
            Act::AddPermit(of) => self.permits[usize::from(of)].release(1),
            Act::CloseSemaphore(of) => self.permits[usize::from(of)].close(),
            Act::NotifyOne(at) => self.notify[usize::from(at)].one(),
            Act::NotifyWaiters(at) => self.notify[usize::from(at)].all(),
            Act::Cancel => self.cancelled = true,
            Act::Spawn(id) => self.spawn(id),
            Act::SpawnIntoSet(_) | Act::AbortSet if self.chairs.found(SET, late) == Chair::Held => {
                return Told::Busy;
            }
            Act::SpawnIntoSet(id) => {
                self.spawn(id);
                self.chairs.set(HANDLE + usize::from(id), Chair::Gone);
                self.members.push(id);
            }
            Act::Abort(id) => self.abort(id),
            Act::AbortSet => self.members.clone().into_iter().for_each(|id| self.abort(id)),
            Act::DropHandle(id) => {
                let chair = HANDLE + usize::from(id);
                match self.chairs.found(chair, late) {
                    Chair::Held => return Told::Busy,
                    Chair::Gone => return Told::Gone,
                    Chair::Free => self.chairs.set(chair, Chair::Gone),
                }
            }
            Act::ClosePipe(at) => {
                let chair = PIPE + usize::from(at);
                match self.chairs.found(chair, late) {
                    Chair::Held => return Told::Busy,
                    Chair::Gone => return Told::Gone,
                    Chair::Free => self.chairs.set(chair, Chair::Gone),
                }
            }
            Act::CloseTcp(at) => {
                let chair = TCP_WRITE + usize::from(at);
                match self.chairs.found(chair, late) {
                    Chair::Held => return Told::Busy,
                    Chair::Gone => return Told::Gone,
                    Chair::Free => self.chairs.set(chair, Chair::Gone),
                }
                self.tcp_closed[usize::from(at)] = true;
            }
            Act::Exit | Act::Panic => unreachable!("ends the task"),
        }
        Told::Done
    }

    fn abort(&mut self, id: u8) {
        if self.is_alive(id) {
            self.tasks[usize::from(id)].aborted = true;
        }
    }
}

impl Pending {
    /// What a task holds when this is done.
    fn acquired(&self) -> Option<(u8, u8)> {
        match self.wait {
            Wait::Acquire(of, count) => Some((of, count)),
            _ => None,
        }
    }
}

/// What a read came to.
pub(crate) fn read(bytes: &[u8]) -> Told {
    match bytes {
        [] => Told::Closed,
        bytes => Told::Value(bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))),
    }
}

/// Tasks of a burst.
pub(crate) const fn burst_tasks(size: u8) -> u32 {
    match size % 16 {
        0 => 300,
        small => small as u32 * 2,
    }
}

fn burst_sum(size: u8) -> u32 {
    (0..burst_tasks(size)).sum()
}

/// More than this is not followed: the program is given up there.
const OUTCOMES_MAX: usize = 4000;

/// Where `models` may be once nothing is left to do; `None` if there are too many ways.
pub(crate) fn outcomes(models: Vec<Model>) -> Option<Vec<Model>> {
    let (mut seen, mut ends) = (HashSet::new(), Vec::new());
    let mut next: Vec<Model> = Vec::new();
    for model in models {
        if seen.insert(model.clone()) {
            next.push(model);
        }
    }
    while let Some(model) = next.pop() {
        if seen.len() > OUTCOMES_MAX {
            return None;
        }
        let mut is_end = true;
        let mut go = |after: Model| {
            if !seen.contains(&after) {
                seen.insert(after.clone());
                next.push(after);
            }
        };
        if let Some(&(serial, act)) = model.outside.front() {
            is_end = false;
            for late in [false, true] {
                let mut after = model.clone();
                after.outside.pop_front();
                after.act(None, act, serial, late);
                go(after);
            }
        }
        for id in 0..TASKS as u8 {
            if !model.has_turn(id, 0) {
                continue;
            }
            is_end = false;
            let may = model.may_be_late(id);
            // One bit for each of two things.
            for late in 0..4 {
                if late & !may == 0 && model.has_turn(id, late) {
                    let mut after = model.clone();
                    after.turn(id, late);
                    go(after);
                }
            }
        }
        if is_end {
            ends.push(model);
        }
    }
    Some(ends)
}

/// Where they may be when the paused clock has come to `span_ms` from now.
pub(crate) fn after(models: Vec<Model>, span_ms: u32) -> Option<Vec<Model>> {
    let until_ms = models.first()?.now_ms + span_ms;
    let (mut ends, mut next) = (HashSet::new(), models);
    while !next.is_empty() {
        let mut fired = Vec::new();
        for mut model in next {
            match model.jump(until_ms) {
                true => fired.push(model),
                false => drop(ends.insert(model)),
            }
        }
        next = outcomes(fired)?;
    }
    Some(ends.into_iter().collect())
}
