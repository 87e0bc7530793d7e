//! The supervisor: starts server and load, disturbs both, looks at the server each second, and judges.
//!
//! Time is divided into rounds: clients at work, and the events of `Round`; then calm, when all clients
//! are gone and the server must be as it was before they came. `verdict.rs` says what that means,
//! `record.rs` keeps what was seen, `chart.rs` draws it.

mod chart;
mod child;
mod record;
mod verdict;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::place::Place;
use crate::proc;
use crate::server::Flavor;
use crate::words;
use child::{Child, Who};
use record::{Event, Record, Sample, told};

/// What may be asked of a run.
pub(crate) struct Options {
    pub(crate) flavors: Vec<Flavor>,
    /// Of all flavours together.
    pub(crate) time: Duration,
    pub(crate) seed: u64,
    /// Descriptors that the server may have, and how many come at once, who fit into that.
    pub(crate) descriptors: u64,
    pub(crate) crowd: u64,
    /// Where the picture goes.
    pub(crate) chart: PathBuf,
}

/// How long clients are at work between two calms, in a run of ten minutes or more.
const ROUND_MAX: Duration = Duration::from_secs(30);
/// In a run of a minute.
const ROUND_MIN: Duration = Duration::from_secs(5);
/// From one look at the server to the next.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// For the server to be as before once its clients are gone.
const CALM_MAX: Duration = Duration::from_secs(30);
/// A calm server is watched for so long.
const CALM_WATCH: Duration = Duration::from_millis(1_200);
/// For anything that is asked of a process.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long a process is stopped.
const STOPPED: Duration = Duration::from_millis(700);

pub(crate) fn run(options: &Options) -> io::Result<bool> {
    let mut record = Record::new();
    let count = options.flavors.len() as u32;
    for flavor in &options.flavors {
        println!("== {} flavour", flavor.name());
        record.flavors.push((record.now(), flavor.name()));
        let end = record.elapsed() + options.time / count;
        let folder =
            std::env::temp_dir().join(format!("rt-soak-{}-{}", std::process::id(), flavor.name()));
        let (sender, said) = channel();
        let place = place(&folder)?;
        let mut run = Run::new(options, *flavor, place, &mut record, sender, said)?;
        let done = run.rounds(end);
        drop(run);
        fs::remove_dir_all(&folder)?;
        if let Err(error) = done {
            record.found(format!("the run ended early: {error}"));
        }
    }
    verdict::judge(&mut record);
    if let Some(parent) = options.chart.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(&options.chart, chart::draw(&record))?;
    verdict::tell(&record);
    println!("picture: {}", options.chart.display());
    Ok(record.findings.is_empty())
}

/// Addresses that nobody else has: an address of this process's own, and ports that the system does not
/// give to clients, one of which could otherwise sit where the server wants to be again.
fn place(folder: &Path) -> io::Result<Place> {
    fs::create_dir_all(folder)?;
    let pid = std::process::id();
    let host = [127, 64 + (pid >> 16) as u8 % 64, (pid >> 8) as u8, pid as u8];
    let port = |at: u16| (host, 20_000 + at).into();
    let place = Place { line: port(0), http: port(1), udp: port(2), folder: folder.to_owned() };
    fs::write(place.data(), words::data())?;
    fs::write(place.config(), "1")?;
    Ok(place)
}

/// One flavour, from start to end.
struct Run<'a> {
    options: &'a Options,
    flavor: Flavor,
    place: Place,
    record: &'a mut Record,
    said: Receiver<(Who, String)>,
    sender: Sender<(Who, String)>,
    server: Child,
    load: Child,
    /// How many servers there have been, of all flavours.
    life: usize,
    loads: usize,
    reloads: u64,
    /// The server before anybody came.
    base: Sample,
    next_look: Instant,
}

impl<'a> Run<'a> {
    fn new(
        options: &'a Options,
        flavor: Flavor,
        place: Place,
        record: &'a mut Record,
        sender: Sender<(Who, String)>,
        said: Receiver<(Who, String)>,
    ) -> io::Result<Self> {
        let life = record.last().map_or(0, |last| last.life + 1);
        let server = server(options, flavor, &place, life, &sender)?;
        let load = load(options, &place, 0, &sender)?;
        let (base, next_look) = (Sample::default(), Instant::now());
        Ok(Self {
            options,
            flavor,
            place,
            record,
            said,
            sender,
            server,
            load,
            life,
            loads: 0,
            reloads: 0,
            base,
            next_look,
        })
    }

    fn rounds(&mut self, end: Duration) -> io::Result<()> {
        let begin = self.record.elapsed();
        let round = ((end - begin) / 20).clamp(ROUND_MIN, ROUND_MAX);
        self.await_line(self.server.who, "ready")?;
        self.settle()?;
        let mut number = 0;
        let mut second_kill = false;
        while number < 2 || self.record.elapsed() + round / 2 < end {
            self.round(number, round)?;
            let late = begin + (end - begin) * 4 / 5;
            if number == 0 || (!second_kill && number > 6 && self.record.elapsed() > late) {
                second_kill |= number > 0;
                self.server_killed()?;
            } else {
                self.calm()?;
            }
            number += 1;
        }
        self.end()
    }

    /// Clients at work for `span`, and what disturbs them.
    fn round(&mut self, number: u64, span: Duration) -> io::Result<()> {
        let start = Instant::now();
        let at = |share: u32| start + span * share / 100;
        self.ask_load("steady")?;
        self.ask_load("chaos")?;
        self.watch(at(15))?;
        self.reload()?;
        self.watch(at(35))?;
        self.record.event(Event::Crowd);
        self.ask_load(&format!("crowd {}", self.options.crowd))?;
        self.watch(at(60))?;
        match number % 4 {
            0 => self.flood()?,
            1 => self.load_killed()?,
            2 => self.stopped(Event::ServerStopped)?,
            _ => self.stopped(Event::LoadStopped)?,
        }
        self.watch(at(85))?;
        self.reload()?;
        self.reload()?;
        self.watch(at(100))
    }

    fn reload(&mut self) -> io::Result<()> {
        self.reloads += 1;
        let config = self.reloads.to_string();
        fs::write(self.place.config(), &config)?;
        self.ask_load("disturb")?;
        self.record.event(Event::Reload);
        self.server.signal(Signal::HUP)?;
        self.await_line(self.server.who, "reloaded")?;
        self.ask_load("settle")
    }

    /// More clients than the server has descriptors for.
    fn flood(&mut self) -> io::Result<()> {
        self.record.event(Event::Flood);
        self.ask_load("disturb")?;
        self.ask_load(&format!("flood {}", self.options.descriptors + 200))?;
        self.ask_load("settle")
    }

    fn load_killed(&mut self) -> io::Result<()> {
        self.record.event(Event::LoadKilled);
        self.load.kill();
        self.loads += 1;
        self.load = load(self.options, &self.place, self.loads, &self.sender)?;
        self.ask_load("steady")?;
        self.ask_load("chaos")
    }

    fn stopped(&mut self, event: Event) -> io::Result<()> {
        self.record.event(event);
        self.ask_load("disturb")?;
        let stopped = if event == Event::LoadStopped { &self.load } else { &self.server };
        stopped.signal(Signal::STOP)?;
        self.watch(Instant::now() + STOPPED)?;
        let stopped = if event == Event::LoadStopped { &self.load } else { &self.server };
        stopped.signal(Signal::CONT)?;
        self.ask_load("settle")
    }

    /// The server is killed with its clients at work, and another one takes its place.
    fn server_killed(&mut self) -> io::Result<()> {
        self.ask_load("disturb")?;
        self.record.event(Event::ServerKilled);
        self.server.kill();
        self.life += 1;
        self.server = server(self.options, self.flavor, &self.place, self.life, &self.sender)?;
        self.await_line(self.server.who, "ready")?;
        self.ask_load("settle")?;
        self.watch(Instant::now() + LOOK_EVERY)?;
        self.ask_load("calm")?;
        self.settle()
    }

    /// Each thing once, so that what is made but once has been made; then what a calm server has.
    fn settle(&mut self) -> io::Result<()> {
        self.ask_load("polite")?;
        let end = Instant::now() + CALM_MAX;
        let mut before = self.look()?;
        loop {
            self.watch(Instant::now() + CALM_WATCH)?;
            let now = self.look()?;
            let same = verdict::differences(&before, &now).is_empty();
            if same && now.told("pool") == 0 {
                println!("{:7.1} s  calm is: {}", self.record.now(), verdict::at_rest(&now));
                self.base = now;
                return Ok(());
            }
            if Instant::now() > end {
                return Err(io::Error::other("the server never rests, though it has no clients"));
            }
            before = now;
        }
    }

    /// All clients leave. The server must then be as it was before any came, and do nothing.
    fn calm(&mut self) -> io::Result<()> {
        self.ask_load("calm")?;
        let began = self.record.now();
        let end = Instant::now() + CALM_MAX;
        loop {
            let now = self.look()?;
            let differences = verdict::differences(&self.base, &now);
            if differences.is_empty() {
                break;
            }
            if Instant::now() > end {
                self.record
                    .found(format!("calm for {CALM_MAX:?}, but: {}", differences.join(", ")));
                self.dump()?;
                break;
            }
            self.watch(Instant::now() + Duration::from_millis(100))?;
        }
        let before = self.look()?;
        self.watch(Instant::now() + CALM_WATCH)?;
        self.server.tell("trim");
        self.await_line(self.server.who, "trimmed")?;
        let now = self.look()?;
        let kept = verdict::kept(&self.base, &now, self.options.descriptors);
        let found: Vec<String> = kept.into_iter().chain(verdict::busy(&before, &now)).collect();
        if !found.is_empty() {
            found.into_iter().for_each(|told| self.record.found(told));
            self.dump()?;
        }
        println!("{:7.1} s  calm: {}", self.record.now(), verdict::at_rest(&now));
        self.record.calm_points.push(now);
        let ended = self.record.now();
        self.record.calm.push((began, ended));
        Ok(())
    }

    /// SIGTERM with clients at work: what was asked is answered, and nothing is left.
    fn end(&mut self) -> io::Result<()> {
        self.ask_load("steady")?;
        self.ask_load("chaos")?;
        self.watch(Instant::now() + LOOK_EVERY)?;
        self.ask_load("disturb")?;
        self.record.event(Event::Ended);
        self.server.signal(Signal::TERM)?;
        self.await_line(self.server.who, "shut down")?;
        self.server.fall_silent();
        let told = self.await_line(self.server.who, "ended")?;
        let numbers: Vec<u64> = told.split(' ').filter_map(|word| word.parse().ok()).collect();
        if numbers.len() != 4 || numbers[0] != numbers[1] || numbers[2] != numbers[3] {
            self.record.found(format!("after its runtime was gone, the server had left: {told}"));
        }
        match self.server.ended(PATIENCE) {
            Some(status) if status.success() => {}
            status => self.record.found(format!("after SIGTERM the server ended so: {status:?}")),
        }
        self.load.tell("quit");
        Ok(())
    }

    fn dump(&mut self) -> io::Result<()> {
        self.server.tell("dump");
        let who = self.server.who;
        let end = Instant::now() + PATIENCE;
        while let Ok((from, line)) =
            self.said.recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            if from == who && line == "end of dump" {
                return Ok(());
            }
            if from == who { println!("   | {line}") } else { self.heard(from, &line) }
        }
        Err(io::Error::other("the server does not tell what it does"))
    }

    /// Asks something of the load and waits until it is done.
    fn ask_load(&mut self, what: &str) -> io::Result<()> {
        self.load.tell(what);
        let word = what.split(' ').next().unwrap_or(what);
        self.await_line(self.load.who, &format!("done {word}")).map(drop)
    }

    /// Waits for a line that begins so.
    fn await_line(&mut self, who: Who, wanted: &str) -> io::Result<String> {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.turn(end)? {
                Some((from, line)) if from == who && line.starts_with(wanted) => return Ok(line),
                Some(_) => {}
                None if Instant::now() < end => {}
                None => {
                    self.dump()?;
                    return Err(io::Error::other(format!("{who:?} never said `{wanted}`")));
                }
            }
        }
    }

    fn watch(&mut self, until: Instant) -> io::Result<()> {
        while Instant::now() < until {
            self.turn(until)?;
        }
        Ok(())
    }

    /// Looks at the server, when it is time to, and at what was said, if anything before `until`.
    fn turn(&mut self, until: Instant) -> io::Result<Option<(Who, String)>> {
        if Instant::now() >= self.next_look {
            self.next_look = Instant::now() + LOOK_EVERY;
            self.server.tell("stat");
        }
        let wait = until.min(self.next_look).saturating_duration_since(Instant::now());
        let Ok((who, line)) = self.said.recv_timeout(wait) else {
            for child in [&mut self.server, &mut self.load] {
                if let Some(status) = child.has_ended() {
                    return Err(io::Error::other(format!("{:?} is gone: {status}", child.who)));
                }
            }
            return Ok(None);
        };
        self.heard(who, &line);
        Ok(Some((who, line)))
    }

    /// Takes down what the processes tell of themselves.
    fn heard(&mut self, who: Who, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "stat" if who == Who::Server(self.life) && !rest.is_empty() => {
                let Ok(look) = proc::of(self.server.pid()) else { return };
                let (at, told) = (self.record.now(), told(rest));
                let sample = Sample { at, life: self.life, look, told };
                if let Some(last) = self.record.last().filter(|last| last.life == self.life) {
                    let backwards = verdict::backwards(last, &sample);
                    backwards.into_iter().for_each(|told| self.record.found(told));
                }
                self.record.samples.push(sample);
            }
            "latency" if who == Who::Load(self.loads) => {
                let at = self.record.now();
                self.record.latencies.push((at, told(rest)));
            }
            "crowd" => println!("{:7.1} s  {line}", self.record.now()),
            "bad" => self.record.found(format!("{who:?}: {rest}")),
            _ => {}
        }
    }

    /// The server as it is now.
    fn look(&mut self) -> io::Result<Sample> {
        let before = self.record.samples.len();
        self.server.tell("stat");
        let end = Instant::now() + PATIENCE;
        while self.record.samples.len() == before {
            if self.turn(end)?.is_none() && Instant::now() >= end {
                return Err(io::Error::other("the server does not tell how it is"));
            }
        }
        Ok(self.record.last().cloned().unwrap_or_default())
    }
}

fn server(
    options: &Options,
    flavor: Flavor,
    place: &Place,
    life: usize,
    said: &Sender<(Who, String)>,
) -> io::Result<Child> {
    let words = ["serve", flavor.name(), &place.to_string(), &options.descriptors.to_string()];
    Child::start(Who::Server(life), &words.map(str::to_owned), said)
}

fn load(
    options: &Options,
    place: &Place,
    number: usize,
    said: &Sender<(Who, String)>,
) -> io::Result<Child> {
    let seed = options.seed.wrapping_add(1_000 * number as u64);
    let words = ["load", &place.to_string(), &seed.to_string()];
    Child::start(Who::Load(number), &words.map(str::to_owned), said)
}
