//! What a program is, and how one is read from bytes.
//!
//! Any bytes are a program, so that a random source and a fuzzer make them alike; taking six bytes out takes one
//! command out, so that a failing program is made smaller by that alone.

#![allow(missing_docs, reason = "commands are named after the calls that they make")]

use std::fmt;

/// Tasks that a program may have, one after the other.
pub const TASKS: usize = 16;

/// A number that tells one command from another: what it sends, or ends with.
pub type Serial = u32;

/// What is done, by whom, in which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Tasks at the beginning.
    pub tasks: u8,
    /// How the runtime is ended.
    pub ending: Ending,
    /// Each is done to its end before the next: its commands at once.
    pub steps: Vec<Step>,
}

/// How a runtime is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every task is aborted, and ends, first.
    Aborted,
    /// It is dropped, whatever its tasks wait for.
    Dropped,
    /// By `shutdown_timeout`.
    Timeout,
    /// By `shutdown_background`.
    Background,
}

/// What is done before the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Commands that race each other.
    Race(Vec<Command>),
    /// So many milliseconds pass, where the clock is paused.
    Advance(u32),
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// A task, or nobody: then it is done by the root future, from outside.
    pub who: Option<u8>,
    /// What.
    pub op: Op,
}

/// What a command does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Waits for one thing.
    Wait(Wait),
    /// Waits for the first of two, the first of them first.
    Select(Wait, Wait),
    /// Waits for so many milliseconds at most.
    Timeout(u32, Wait),
    /// What waits for nothing.
    Act(Act),
}

/// What may be waited for. Numbers say which of those that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wait {
    /// Into a channel: 0 has room for one, 1 for three, 2 is unbounded.
    Send(u8),
    Recv(u8),
    OneRecv(u8),
    Changed(u8),
    BroadcastRecv(u8),
    /// So many permits of: 0 the mutex; 1 the lock of readers and a writer; 2, 3 semaphores.
    Acquire(u8, u8),
    Notified(u8),
    Cancelled,
    Join(u8),
    JoinNext,
    PipeRead(u8),
    PipeWrite(u8),
    TcpRead(u8),
    TcpWrite(u8),
    UdpRecv(u8),
    UdpSend(u8),
    /// So many milliseconds.
    Sleep(u32),
    /// The first of them is given up for the second.
    Reset(u32, u32),
    Blocking,
    Yield,
    /// Uses its whole budget in each poll, and is never to be waited for, until the root had so many turns.
    Busy(u8),
    Forever,
    /// A storm of tasks, whose sum is known.
    Burst(u8),
    /// Tasks that come for permits and go away without, and leave all permits there.
    Hammer(u8),
}

/// What is done at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    OneSend(u8),
    OneDrop(u8),
    OneRenew(u8),
    WatchSend,
    WatchDrop,
    BroadcastSend,
    BroadcastDrop,
    /// Channel 1 is closed, and can be emptied; the others' receivers are dropped.
    CloseReceiver(u8),
    DropSender(u8),
    /// Gives back what was acquired by this task.
    Release(u8),
    AddPermit(u8),
    CloseSemaphore(u8),
    NotifyOne(u8),
    NotifyWaiters(u8),
    Cancel,
    /// Of a task with this number.
    Spawn(u8),
    SpawnIntoSet(u8),
    Abort(u8),
    AbortSet,
    DropHandle(u8),
    ClosePipe(u8),
    CloseTcp(u8),
    Exit,
    Panic,
}

impl Wait {
    /// Who waits for itself panics, as it should.
    fn avoid(&mut self, who: u8) {
        if *self == Self::Join(who) {
            *self = Self::Yield;
        }
    }
}

impl Act {
    /// Whether only a task can do it.
    fn is_inner(self) -> bool {
        matches!(self, Self::Release(_) | Self::Exit | Self::Panic)
    }
}

/// Bytes of a command.
pub const CHUNK: usize = 6;

/// Bytes before the first command.
pub const HEAD: usize = 2;

/// Commands that may race each other: with more, too many orders are possible.
const RACE_MAX: usize = 3;

impl Program {
    /// Reads a program. Every slice is one.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let (head, rest) = bytes.split_at(HEAD.min(bytes.len()));
        let byte = |at: usize| head.get(at).copied().unwrap_or_default();
        let tasks = 1 + byte(0) % 6;
        let ending = match byte(1) % 8 {
            0..4 => Ending::Aborted,
            4 | 5 => Ending::Dropped,
            6 => Ending::Timeout,
            _ => Ending::Background,
        };
        let mut program = Self { tasks, ending, steps: Vec::new() };
        let mut spawned = tasks;
        for chunk in rest.chunks_exact(CHUNK) {
            let chunk = chunk.try_into().expect("of this size");
            program.push(chunk, &mut spawned);
        }
        program
    }

    /// Closures that are given to threads that may block.
    pub(crate) fn closures(&self) -> u64 {
        let blocks = |wait: &Wait| u64::from(*wait == Wait::Blocking);
        let of_step = |step: &Step| match step {
            Step::Advance(_) => 0,
            Step::Race(race) => race
                .iter()
                .map(|command| match &command.op {
                    Op::Wait(wait) | Op::Timeout(_, wait) => blocks(wait),
                    Op::Select(first, second) => blocks(first) + blocks(second),
                    Op::Act(_) => 0,
                })
                .sum(),
        };
        self.steps.iter().map(of_step).sum()
    }

    fn push(&mut self, chunk: [u8; CHUNK], spawned: &mut u8) {
        let [who, what, a, b, c, glue] = chunk;
        if what >= 236 {
            let span = if a & 1 == 0 { 1 + a / 8 } else { 1 + a / 2 };
            return self.steps.push(Step::Advance(u32::from(span)));
        }
        let mut command =
            Command { who: (who < 200).then_some(who % *spawned), op: op(what, a, b, c) };
        if let (Some(who), Op::Wait(wait) | Op::Timeout(_, wait)) = (command.who, &mut command.op) {
            wait.avoid(who);
        }
        if let (Some(who), Op::Select(first, second)) = (command.who, &mut command.op) {
            first.avoid(who);
            second.avoid(who);
        }
        if let Op::Act(Act::Spawn(id) | Act::SpawnIntoSet(id)) = &mut command.op {
            *id = *spawned;
            *spawned += 1;
            if usize::from(*spawned) > TASKS {
                *spawned -= 1;
                command.op = Op::Wait(Wait::Yield);
            }
        }
        if command.who.is_none() {
            match &mut command.op {
                Op::Act(act) if !act.is_inner() => {}
                // A race of one more, from outside.
                op => *op = Op::Act(Act::NotifyOne(a % 2)),
            }
        }
        match self.steps.last_mut() {
            Some(Step::Race(race)) if glue & 1 == 1 && may_join(race, &command) => {
                race.push(command)
            }
            _ => self.steps.push(Step::Race(vec![command])),
        }
    }
}

fn may_join(race: &[Command], command: &Command) -> bool {
    let taken = |other: &Command| command.who.is_some() && command.who == other.who;
    // Who was spawned in this race cannot be told anything in it.
    let newborn = |other: &Command| match other.op {
        Op::Act(Act::Spawn(id) | Act::SpawnIntoSet(id)) => command.who == Some(id),
        _ => false,
    };
    race.len() < RACE_MAX && !race.iter().any(|other| taken(other) || newborn(other))
}

fn op(what: u8, a: u8, b: u8, c: u8) -> Op {
    match what {
        0..100 => Op::Wait(wait(a, b)),
        100..132 => Op::Select(wait(a, b), wait(c, b >> 4)),
        132..156 => Op::Timeout(1 + u32::from(c % 32), wait(a, b)),
        _ => Op::Act(act(what, a)),
    }
}

fn wait(kind: u8, x: u8) -> Wait {
    let two = x % 2;
    match kind % 64 {
        0..6 => Wait::Send(x % 3),
        6..12 => Wait::Recv(x % 3),
        12..15 => Wait::OneRecv(two),
        15..18 => Wait::Changed(two),
        18..21 => Wait::BroadcastRecv(two),
        21..24 => Wait::Acquire(0, 1),
        24..26 => Wait::Acquire(1, 1),
        26..28 => Wait::Acquire(1, WRITER),
        28..34 => Wait::Acquire(2 + two, 1 + x / 2 % 3),
        34..38 => Wait::Notified(two),
        38 => Wait::Cancelled,
        39..43 => Wait::Join(x % TASKS as u8),
        43..45 => Wait::JoinNext,
        45..47 => Wait::PipeRead(two),
        47..49 => Wait::PipeWrite(two),
        49 => Wait::TcpRead(two),
        50 => Wait::TcpWrite(two),
        51 => Wait::UdpRecv(two),
        52 => Wait::UdpSend(two),
        53..56 => Wait::Sleep(1 + u32::from(x) % 90),
        56 => Wait::Reset(1 + u32::from(x % 16), 1 + u32::from(x / 16 * 5)),
        57 => Wait::Blocking,
        58 => Wait::Yield,
        59 => Wait::Busy(x),
        60 => Wait::Forever,
        61 => Wait::Burst(x),
        _ => Wait::Hammer(x),
    }
}

/// Permits that a writer takes: all.
pub(crate) const WRITER: u8 = 100;

fn act(what: u8, a: u8) -> Act {
    let two = a % 2;
    match what {
        156..162 => Act::OneSend(two),
        162..164 => Act::OneDrop(two),
        164..168 => Act::OneRenew(two),
        168..172 => Act::WatchSend,
        172 => Act::WatchDrop,
        173..178 => Act::BroadcastSend,
        178 => Act::BroadcastDrop,
        179 => Act::CloseReceiver(a % 3),
        180 => Act::DropSender(a % 3),
        181..195 => Act::Release(a),
        195..197 => Act::AddPermit(2 + two),
        197 => Act::CloseSemaphore(2 + two),
        198..204 => Act::NotifyOne(two),
        204..208 => Act::NotifyWaiters(two),
        208 => Act::Cancel,
        209..215 => Act::Spawn(0),
        215..219 => Act::SpawnIntoSet(0),
        219..225 => Act::Abort(a % TASKS as u8),
        225 => Act::AbortSet,
        226..228 => Act::DropHandle(a % TASKS as u8),
        228 => Act::ClosePipe(two),
        229 => Act::CloseTcp(two),
        230..234 => Act::Exit,
        _ => Act::Panic,
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} tasks at first; ending: {:?}", self.tasks, self.ending)?;
        let mut serial = 0;
        for (number, step) in self.steps.iter().enumerate() {
            match step {
                Step::Advance(span) => writeln!(f, "{number:3}. {span} ms pass")?,
                Step::Race(race) => {
                    for (at, Command { who, op }) in race.iter().enumerate() {
                        serial += 1;
                        let mark = if at == 0 { format!("{number:3}.") } else { "  ||".to_owned() };
                        let who = who.map_or("outside".to_owned(), |who| format!("task {who}"));
                        writeln!(f, "{mark} {who}: {op:?}  (#{serial})")?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, HEAD, Program, Step};

    #[test]
    fn any_bytes_are_a_program() {
        for len in 0..200 {
            let bytes: Vec<u8> = (0..len).map(|at| (at * 37 % 256) as u8).collect();
            let program = Program::read(&bytes);
            assert!(!program.to_string().is_empty());
            assert!(program.steps.len() <= bytes.len() / CHUNK);
        }
    }

    #[test]
    fn what_is_taken_out_of_the_bytes_is_taken_out_of_the_program() {
        let bytes: Vec<u8> =
            [[0; HEAD].as_slice(), &[0, 0, 0, 0, 0, 0], &[1, 0, 58, 0, 0, 0]].concat();
        let whole = Program::read(&bytes);
        let less = Program::read(&[&bytes[..HEAD], &bytes[HEAD + CHUNK..]].concat());
        assert_eq!(whole.steps[1..], less.steps[..]);
        assert!(matches!(whole.steps[0], Step::Race(_)));
    }
}
