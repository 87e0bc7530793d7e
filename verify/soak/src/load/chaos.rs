//! Clients that nobody wishes for.

use std::io;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::Shared;
use super::client::{Client, Target};
use crate::words::{HELLO, hashed};

/// Random numbers that a seed repeats.
pub(super) struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn span(&mut self, ms: u64) -> Duration {
        Duration::from_millis(self.below(ms))
    }
}

type Deed = fn(&Shared, &mut Chance) -> io::Result<()>;

/// What each of them does, again and again, with so many milliseconds in between at most.
const DEEDS: [(&str, Deed, u64); 9] = [
    ("vanish", vanish, 60),
    ("reset", reset, 60),
    ("drip", drip, 200),
    ("deaf", deaf, 500),
    ("half-close", half_close, 100),
    ("garbage", garbage, 100),
    ("laggards", laggards, 600),
    ("bad requests", bad_requests, 100),
    ("hurried datagrams", datagrams, 600),
];

pub(super) fn start(shared: &Arc<Shared>, seed: u64) -> Vec<JoinHandle<()>> {
    let each = DEEDS.iter().enumerate().map(|(at, (name, deed, pause))| {
        let shared = shared.clone();
        let mut chance = Chance((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ at as u64);
        thread::spawn(move || {
            while shared.rest(chance.span(*pause)) {
                once(&shared, name, *deed, &mut chance);
            }
        })
    });
    each.collect()
}

/// Each of them once: after that all that is made but once, the server has made.
pub(super) fn polite(shared: &Shared) {
    shared.chaos.store(true, Relaxed);
    for (name, deed, _) in DEEDS {
        once(shared, name, deed, &mut Chance(7));
    }
    let child = line(shared).connect().and_then(|mut client| client.ask("child polite"));
    if !matches!(child.as_deref(), Ok("polite")) {
        shared.bad(shared.now_ms(), &format!("a child process said {child:?}"));
    }
    shared.chaos.store(false, Relaxed);
}

fn once(shared: &Shared, name: &str, deed: Deed, chance: &mut Chance) {
    let began = shared.now_ms();
    let done = deed(shared, chance);
    shared.interval().chaos += 1;
    if let Err(error) = done {
        shared.bad(began, &format!("{name}: {error}"));
    }
}

fn line(shared: &Shared) -> Target {
    Target::Tcp(shared.place.line)
}

fn any(shared: &Shared, chance: &mut Chance) -> Target {
    match chance.below(3) {
        0 => Target::Tcp(shared.place.http),
        1 => Target::Unix(shared.place.unix()),
        _ => line(shared),
    }
}

/// Comes and goes.
fn vanish(shared: &Shared, chance: &mut Chance) -> io::Result<()> {
    let clients = (0..=chance.below(8)).map(|_| any(shared, chance).connect());
    clients.collect::<io::Result<Vec<Client>>>().map(drop)
}

/// Takes everything back, whatever it is in the middle of.
fn reset(shared: &Shared, chance: &mut Chance) -> io::Result<()> {
    const STATES: [&[u8]; 8] = [
        b"",
        b"echo half a",
        b"echo whole\n",
        b"limit 1000 500\n",
        b"big 300000\n",
        b"subscribe\n",
        b"hash 100000\n",
        b"echo a\necho b\necho c\necho d",
    ];
    const HTTP: [&[u8]; 4] = [
        b"GET / HT",
        b"GET /ask/big/300000 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf",
        b"GET /ask/limit/1000/500 HTTP/1.1\r\nhost: x\r\n\r\n",
    ];
    let http = chance.below(3) == 0;
    let target = if http { Target::Tcp(shared.place.http) } else { line(shared) };
    let states: &[&[u8]] = if http { &HTTP } else { &STATES };
    let mut client = target.connect()?;
    client.send(states[chance.below(states.len() as u64) as usize])?;
    shared.rest(chance.span(30));
    client.reset()
}

/// A byte each ten milliseconds, from several at once; and is answered.
fn drip(shared: &Shared, _: &mut Chance) -> io::Result<()> {
    const REQUEST: &[u8] = b"echo drop by drop\n";
    let mut clients = (0..8).map(|_| line(shared).connect()).collect::<io::Result<Vec<_>>>()?;
    for byte in REQUEST {
        for client in &mut clients {
            client.send(&[*byte])?;
        }
        if !shared.rest(Duration::from_millis(10)) {
            return Ok(());
        }
    }
    clients.iter_mut().try_for_each(|client| same(&client.line()?, "drop by drop"))
}

/// Asks for much and reads nothing, until the server has enough of it, or not so long.
fn deaf(shared: &Shared, chance: &mut Chance) -> io::Result<()> {
    let mut client = any(shared, chance).connect()?;
    for _ in 0..4 {
        // To HTTP it means nothing, and the connection ends.
        _ = client.send(b"big 1000000\n");
    }
    shared.rest(chance.span(3_000));
    Ok(())
}

/// Says that it will ask no more, and wants to hear all the answers.
fn half_close(shared: &Shared, chance: &mut Chance) -> io::Result<()> {
    let target =
        if chance.below(2) == 0 { Target::Unix(shared.place.unix()) } else { line(shared) };
    let mut client = target.connect()?;
    client.send(b"echo a\nqueue abc\nhash 10\nspread 20\n")?;
    client.half_close()?;
    same(&client.rest()?, &format!("a\ncba\n{}\n190\n", hashed(10)))
}

/// Bytes without a meaning.
fn garbage(shared: &Shared, chance: &mut Chance) -> io::Result<()> {
    let mut bytes: Vec<u8> =
        (0..1 + chance.below(20_000)).map(|_| chance.below(256) as u8).collect();
    // Which could be a word by chance.
    bytes[0] = 0xff;
    let mut client = any(shared, chance).connect()?;
    client.limit(Duration::from_millis(200))?;
    // The server may have had enough before all of it was sent, and answers are not read.
    _ = client.send(&bytes);
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    _ = socket.send_to(&bytes, shared.place.udp);
    _ = socket.send_to(&[], shared.place.udp);
    Ok(())
}

/// Many who subscribe, one who publishes faster than they read.
fn laggards(shared: &Shared, _: &mut Chance) -> io::Result<()> {
    let mut clients = (0..30).map(|_| line(shared).connect()).collect::<io::Result<Vec<_>>>()?;
    for client in &mut clients {
        same(&client.ask("subscribe")?, "subscribed")?;
    }
    let mut publisher = line(shared).connect()?;
    let text = format!("publish {}", "much ado ".repeat(100));
    for _ in 0..100 {
        same(&publisher.ask(&text)?, "published")?;
        if !shared.chaos.load(Relaxed) {
            return Ok(());
        }
    }
    // Half of them catch up, or are told what they missed.
    for client in clients.iter_mut().skip(15) {
        let heard = client.line()?;
        if !heard.starts_with("much ado")
            && !heard.starts_with("lagged ")
            && !heard.starts_with("news")
        {
            return Err(io::Error::other(format!("a subscriber heard `{heard}`")));
        }
    }
    Ok(())
}

/// What ends badly, or is not waited for.
fn bad_requests(shared: &Shared, chance: &mut Chance) -> io::Result<()> {
    let mut client = line(shared).connect()?;
    same(&client.ask("panic")?, "panicked")?;
    same(&client.ask("abort")?, "cancelled")?;
    same(&client.ask("limit 5 60000")?, "cut short")?;
    same(&client.ask("nonsense")?, "what?")?;
    // Asked for, and not waited for.
    client.send(b"limit 5000 200\nspread 100\n")?;
    drop(client);
    // The connection's own task panics: it ends, and nothing else does.
    let mut client = line(shared).connect()?;
    client.send(b"die\n")?;
    match client.line() {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
        told => return Err(io::Error::other(format!("who asked it to die was told {told:?}"))),
    }
    let mut http = Target::Tcp(shared.place.http).connect()?;
    match chance.below(3) {
        0 => http.send(b"GET /ask/die HTTP/1.1\r\nhost: x\r\n\r\n"),
        1 => same(&http.http("/ask/limit/5/60000", None)?, "cut short"),
        _ => same(&http.http("/", None)?, HELLO),
    }
}

/// More datagrams than are read in time.
fn datagrams(shared: &Shared, chance: &mut Chance) -> io::Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let datagram = vec![7; chance.below(2_000) as usize];
    for _ in 0..100 {
        _ = socket.send_to(&datagram, shared.place.udp);
    }
    Ok(())
}

fn same(told: &str, wanted: &str) -> io::Result<()> {
    match told == wanted {
        true => Ok(()),
        false => Err(io::Error::other(format!("was told `{told}`, not `{wanted}`"))),
    }
}
