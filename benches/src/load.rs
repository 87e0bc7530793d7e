//! The client of a server under measurement: no runtime, one thread, the same for every subject.
//!
//! It must be lighter than any server, so it is an event loop and nothing else (`epoll`), which
//! knows of each protocol only how to ask and when an answer is whole (`wire`). In a *closed*
//! loop every free connection asks again at once, which tells how much a server can do. In an
//! *open* loop requests fall due by a schedule (`pace`), whether or not there was an answer to
//! the ones before, and a request that has to wait for a free connection has begun to take its
//! time when it fell due: a server that stalls is not spared the requests that it kept from
//! being sent. The server is told when the stretch begins and ends that is measured.

mod link;
mod pace;
mod wire;

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use crate::epoll::{Epoll, Ready};
use crate::latency::{Latency, Recorder};
use crate::marks::Marks;
use crate::meter::{cpu_ns, wall_ns};
use crate::serve::Protocol;
use link::Link;
use pace::Pace;

/// What to ask of a server.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What it speaks.
    pub protocol: Protocol,
    /// How many connections are open.
    pub connections: usize,
    /// How many requests are measured.
    pub requests: u64,
    /// How many of the connections ask; the others are open and say nothing.
    pub active: usize,
    /// How many requests may be under way at a time.
    pub window: usize,
    /// How many requests may be under way on one connection.
    pub streams: usize,
    /// So many requests a second, by a schedule; nought for a closed loop.
    pub rate: u64,
    /// Every request is on a connection of its own.
    pub churn: bool,
    /// Nothing is asked: `requests` are seconds.
    pub idle: bool,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// From the first request to the last answer.
    pub wall_ns: u64,
    /// From when a request fell due to its answer.
    pub latency: Option<Latency>,
    /// How long after a request fell due it was sent, by an open loop that had a free connection.
    pub late: Option<Latency>,
    /// What the client itself used.
    pub cpu_ns: u64,
}

impl Outcome {
    /// A name, a tab and a number a line.
    pub fn print(&self) -> String {
        let Self { wall_ns, latency, late, cpu_ns } = self;
        let mut text = format!("wall_ns\t{wall_ns}\nclient_cpu_ns\t{cpu_ns}");
        if let Some(latency) = latency {
            text += &format!("\n{}", latency.print());
        }
        if let Some(late) = late {
            text += &format!("\nclient_late_p99_ns\t{}", late.p99_ns);
        }
        text
    }
}

/// Asks a server all that is planned. `at` is what the server has printed.
#[allow(clippy::disallowed_methods, reason = "nothing happens until the server is idle")]
pub fn run(at: &str, plan: &Plan) -> io::Result<Outcome> {
    let (address, control) = at.split_once(',').map_or((at, None), |(at, it)| (at, Some(it)));
    let unreadable = |_| io::Error::other(format!("`{at}` is not what a server prints"));
    let address: SocketAddr = address.parse().map_err(unreadable)?;
    let control = control.map(str::parse).transpose().map_err(unreadable)?;
    let mut marks = Marks::connect(control)?;
    marks.before()?;
    let mut client = Client::new(address, *plan)?;
    client.warm_up()?;
    if plan.idle {
        thread::sleep(SETTLING); // what still falls asleep is not idle yet
    }
    marks.begin()?;
    let outcome = if plan.idle { idle(plan.requests) } else { client.measure()? };
    marks.end()?;
    Ok(outcome)
}

#[allow(clippy::disallowed_methods, reason = "nothing happens, and that is measured")]
fn idle(seconds: u64) -> Outcome {
    let (before, cpu_before) = (wall_ns(), cpu_ns());
    thread::sleep(Duration::from_secs(seconds));
    let (wall_ns, cpu_ns) = (wall_ns() - before, cpu_ns() - cpu_before);
    Outcome { wall_ns, latency: None, late: None, cpu_ns }
}

/// After that long a server that nobody asks anything has gone to sleep.
const SETTLING: Duration = Duration::from_millis(200);

/// Fewer than any server lets wait for its `accept`.
const CONNECTING_MAX: usize = 64;

/// Silent for so long, a server has lost something.
const SILENCE_NS: u64 = 5_000_000_000;

/// More than any answer has.
const READ_MAX: usize = 16 * 1024;

struct Client {
    plan: Plan,
    address: SocketAddr,
    epoll: Epoll,
    links: Vec<Link>,
    /// Whose turn it is to ask: a connection stands here once for each request that it may have
    /// under way besides those that it has.
    free: VecDeque<usize>,
    /// Requests under way.
    asked: usize,
    recorder: Recorder,
    late: Recorder,
    /// For whatever is read.
    buffer: Box<[u8]>,
    /// Answers that have just become whole, by when their requests fell due.
    answered: Vec<u64>,
}

impl Client {
    /// Not connected yet.
    fn new(address: SocketAddr, plan: Plan) -> io::Result<Self> {
        let turns = 0..plan.active.min(plan.connections);
        let free = (0..plan.streams).flat_map(|_| turns.clone()).collect();
        Ok(Self {
            plan,
            address,
            epoll: Epoll::new()?,
            links: Vec::with_capacity(plan.connections),
            free,
            asked: 0,
            recorder: Recorder::default(),
            late: Recorder::default(),
            buffer: vec![0; READ_MAX].into(),
            answered: Vec::new(),
        })
    }

    /// Every connection is made and asks once, also those that are silent later, so that the
    /// server has whatever it keeps for one; then a tenth of the requests, in a closed loop.
    ///
    /// A few connections at a time: where more wait than a server lets wait, the system makes
    /// them wait for seconds, and how many that are is a setting and no runtime's merit.
    fn warm_up(&mut self) -> io::Result<()> {
        let active = mem::take(&mut self.free);
        let connections = self.plan.connections;
        for first in (0..connections).step_by(CONNECTING_MAX) {
            let these = first..connections.min(first + CONNECTING_MAX);
            for token in these.clone() {
                let link = Link::connect(self.address, self.plan.protocol, &self.epoll, token)?;
                self.links.push(link);
            }
            self.free = these.clone().collect();
            self.ask(these.len() as u64, Pace::closed())?;
        }
        self.free = active;
        if !self.plan.idle {
            self.ask(self.plan.requests / 10, Pace::closed())?;
        }
        Ok(())
    }

    fn measure(&mut self) -> io::Result<Outcome> {
        (self.recorder, self.late) = (Recorder::default(), Recorder::default());
        let (before, cpu_before) = (wall_ns(), cpu_ns());
        let pace = match self.plan.rate {
            0 => Pace::closed(),
            rate => Pace::open(before, rate),
        };
        self.ask(self.plan.requests, pace)?;
        Ok(Outcome {
            wall_ns: wall_ns() - before,
            cpu_ns: cpu_ns() - cpu_before,
            latency: self.recorder.latency(),
            late: self.late.latency().filter(|_| self.plan.rate != 0),
        })
    }

    /// Asks so many times and waits for every answer.
    fn ask(&mut self, requests: u64, mut pace: Pace) -> io::Result<()> {
        let mut ready = Ready::default();
        let mut waited = false;
        let mut left_to_ask = requests;
        let mut left_to_hear = requests;
        while left_to_hear > 0 {
            // Where somebody is free and a time is all that is waited for.
            let mut until = None;
            while left_to_ask > 0 && self.asked < self.plan.window && !self.free.is_empty() {
                let now = wall_ns();
                let due = pace.due(now);
                if due > now {
                    until = Some(due - now);
                    break;
                }
                pace.next();
                self.ask_once(due)?;
                if mem::take(&mut waited) {
                    self.late.record(now - due);
                }
                left_to_ask -= 1;
            }
            waited = until.is_some();
            match self.epoll.wait(&mut ready, Some(until.unwrap_or(SILENCE_NS))) {
                // Somebody looks at this process.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                waited => waited?,
            }
            if ready.is_empty() && until.is_none() {
                let lost = format!("{left_to_hear} answers have not come");
                return Err(io::Error::new(io::ErrorKind::TimedOut, lost));
            }
            for token in ready.tokens() {
                left_to_hear -= self.hear(token)?;
            }
        }
        Ok(())
    }

    /// Sends the next request, on the connection whose turn it is.
    fn ask_once(&mut self, due: u64) -> io::Result<()> {
        let token = self.free.pop_front().expect("the caller has looked");
        if self.plan.churn {
            self.links[token].reconnect(self.address, self.plan.protocol, &self.epoll, token)?;
        }
        self.links[token].ask(due)?;
        self.asked += 1;
        Ok(())
    }

    /// Reads what has come; returns how many answers that made whole.
    fn hear(&mut self, token: usize) -> io::Result<u64> {
        self.links[token].hear(&mut self.buffer, &mut self.answered)?;
        let now = wall_ns();
        let count = self.answered.len();
        for due in self.answered.drain(..) {
            self.recorder.record(now - due);
            self.free.push_back(token);
        }
        self.asked -= count;
        Ok(count as u64)
    }
}
