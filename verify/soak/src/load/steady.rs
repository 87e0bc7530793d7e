//! Clients that ask at fixed points in time, and check what they are told.

use std::io;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::Shared;
use super::client::{Client, Target};
use crate::words::{BYE, HELLO, data, hashed, summed};

/// From one request of a client to the next.
const PERIOD: Duration = Duration::from_millis(25);
/// Before it tries again.
const RETRY: Duration = Duration::from_millis(10);
/// A datagram may be lost; after so long it is sent again.
const RESEND: Duration = Duration::from_millis(200);
/// Of so many in so long one is answered, also when others send more than is read.
const DATAGRAM_MAX: Duration = Duration::from_secs(30);
/// One request in so many starts a process.
const CHILD_EVERY: u64 = 40;

pub(super) fn start(shared: &Arc<Shared>) -> Vec<JoinHandle<()>> {
    let place = &shared.place;
    let line = Target::Tcp(place.line);
    let http = Target::Tcp(place.http);
    let unix = Target::Unix(place.unix());
    let kinds: [(Target, Kind); 8] = [
        (line.clone(), Kind::Line),
        (line.clone(), Kind::Line),
        (line.clone(), Kind::Line),
        (unix.clone(), Kind::Line),
        (unix, Kind::Line),
        (http.clone(), Kind::Http),
        (http, Kind::Http),
        (line.clone(), Kind::News),
    ];
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    for (at, (target, kind)) in kinds.into_iter().enumerate() {
        let shared = shared.clone();
        threads.push(thread::spawn(move || {
            let mut asker = Asker::new(target, kind, format!("news{at}.{}", shared.now_ms()));
            pace(&shared, |shared, number| asker.answered(shared, number));
        }));
    }
    let shared = shared.clone();
    threads.push(thread::spawn(move || {
        let mut datagrams = Datagrams { socket: None };
        pace(&shared, |shared, number| datagrams.answered(shared, number));
    }));
    threads
}

/// Calls `ask` with a number at each point in time, or as soon after as the one before has ended.
fn pace(shared: &Shared, mut ask: impl FnMut(&Shared, u64) -> bool) {
    let start = Instant::now();
    for number in 0.. {
        let due = start + PERIOD * number;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if !shared.steady.load(Relaxed) {
            return;
        }
        if ask(shared, u64::from(number)) {
            let latency = u32::try_from(due.elapsed().as_micros()).unwrap_or(u32::MAX);
            let due_ms = due.saturating_duration_since(shared.started).as_millis() as u64;
            let judged = !shared.excused_since(due_ms);
            let mut interval = shared.interval();
            interval.latencies_us.push(latency);
            if judged {
                interval.judged += 1;
                interval.judged_max_us = interval.judged_max_us.max(latency);
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Line,
    Http,
    News,
}

struct Asker {
    target: Target,
    kind: Kind,
    client: Option<Client>,
    /// Of a client that subscribes: who else publishes, and under which name.
    publisher: Option<Client>,
    name: String,
    /// When it heard something last on this connection: whatever ended it may have come since.
    heard_ms: u64,
    /// What the server counted last, on this connection.
    counted: u64,
    summed: u64,
}

impl Asker {
    fn new(target: Target, kind: Kind, name: String) -> Self {
        let summed = summed(&data());
        Self { target, kind, client: None, publisher: None, name, heard_ms: 0, counted: 0, summed }
    }

    /// Asks until there is an answer; says whether there ever was one.
    fn answered(&mut self, shared: &Shared, number: u64) -> bool {
        let start = Instant::now();
        while shared.steady.load(Relaxed) {
            if self.client.is_none() {
                self.heard_ms = shared.now_ms();
            }
            match self.once(number) {
                Ok(()) => {
                    self.heard_ms = shared.now_ms();
                    return true;
                }
                Err(error) => {
                    (self.client, self.publisher) = (None, None);
                    let waited = start.elapsed().as_millis();
                    let told = format!("steady request {number} after {waited} ms: {error}");
                    shared.bad(self.heard_ms, &told);
                }
            }
            shared.interval().retries += 1;
            thread::sleep(RETRY);
        }
        false
    }

    fn once(&mut self, number: u64) -> io::Result<()> {
        if self.client.is_none() {
            self.counted = 0;
            self.client = Some(self.target.connect()?);
        }
        match self.kind {
            Kind::Line => self.line(number),
            Kind::Http => self.http(number),
            Kind::News => self.news(number),
        }
    }

    fn client(&mut self) -> io::Result<&mut Client> {
        self.client.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    fn line(&mut self, number: u64) -> io::Result<()> {
        if number % CHILD_EVERY == CHILD_EVERY - 1 {
            return self.told(&format!("child {number}"), &number.to_string());
        }
        match number % 6 {
            0 => self.told(
                &format!("echo {number} and some words"),
                &format!("{number} and some words"),
            ),
            1 => {
                let reversed: String = number.to_string().chars().rev().collect();
                self.told(&format!("queue {number}"), &reversed)
            }
            2 => self.told(&format!("hash {number}"), &hashed(number).to_string()),
            3 => self.told("file", &self.summed.to_string()),
            4 => self.told("limit 5000 3", "ended"),
            _ => {
                let told = self.client()?.ask("count")?;
                let counted = told.parse().map_err(|_| wrong("count", &told, "a number"))?;
                if counted <= self.counted {
                    return Err(wrong("count", &told, &format!("more than {}", self.counted)));
                }
                self.counted = counted;
                Ok(())
            }
        }
    }

    fn told(&mut self, request: &str, wanted: &str) -> io::Result<()> {
        let told = self.client()?.ask(request)?;
        same(request, &told, wanted)
    }

    fn http(&mut self, number: u64) -> io::Result<()> {
        let client = self.client()?;
        let said = format!("{number} times");
        match number % 3 {
            0 => same("/", &client.http("/", None)?, HELLO),
            1 => same("/echo", &client.http("/echo", Some(&said))?, &said),
            _ => same(
                "/ask",
                &client.http(&format!("/ask/echo/{number}"), None)?,
                &number.to_string(),
            ),
        }
    }

    /// Publishes, and waits until it hears of that.
    fn news(&mut self, number: u64) -> io::Result<()> {
        if self.publisher.is_none() {
            let told = self.client()?.ask("subscribe")?;
            same("subscribe", &told, "subscribed")?;
            self.publisher = Some(self.target.connect()?);
        }
        let text = format!("{} {number}", self.name);
        if let Some(publisher) = &mut self.publisher {
            same("publish", &publisher.ask(&format!("publish {text}"))?, "published")?;
        }
        loop {
            let heard = self.client()?.line()?;
            // Others publish, too, and too much of it is cut short.
            if heard == text || heard.starts_with("lagged ") {
                return Ok(());
            }
            if heard == BYE {
                return Err(wrong("news", &heard, &text));
            }
            if let Some(old) = heard.strip_prefix(&self.name) {
                let old: u64 = old.trim().parse().map_err(io::Error::other)?;
                if old > number {
                    return Err(wrong("news", &heard, &text));
                }
            }
        }
    }
}

struct Datagrams {
    socket: Option<UdpSocket>,
}

impl Datagrams {
    fn answered(&mut self, shared: &Shared, number: u64) -> bool {
        let (start, began) = (Instant::now(), shared.now_ms());
        while shared.steady.load(Relaxed) {
            match self.once(shared, number) {
                Ok(()) => return true,
                Err(error) => {
                    self.socket = None;
                    shared.interval().retries += 1;
                    if start.elapsed() > DATAGRAM_MAX {
                        shared.bad(began, &format!("datagram {number}: no answer to any: {error}"));
                        return false;
                    }
                    thread::sleep(RETRY);
                }
            }
        }
        false
    }

    fn once(&mut self, shared: &Shared, number: u64) -> io::Result<()> {
        if self.socket.is_none() {
            let socket = UdpSocket::bind("127.0.0.1:0")?;
            socket.connect(shared.place.udp)?;
            socket.set_read_timeout(Some(RESEND))?;
            self.socket = Some(socket);
        }
        let Some(socket) = &self.socket else { return Err(io::ErrorKind::NotConnected.into()) };
        socket.send(&number.to_le_bytes())?;
        let mut buf = [0; 64];
        loop {
            let length = socket.recv(&mut buf)?;
            if buf[..length] == number.to_le_bytes() {
                return Ok(());
            }
        }
    }
}

fn same(request: &str, told: &str, wanted: &str) -> io::Result<()> {
    if told == wanted { Ok(()) } else { Err(wrong(request, told, wanted)) }
}

fn wrong(request: &str, told: &str, wanted: &str) -> io::Error {
    io::Error::other(format!("`{request}` was answered `{told}`, not `{wanted}`"))
}
