//! What was seen, when: of this the verdict is made, and the picture.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::proc::Look;

/// Seconds since the run began.
pub(super) type Seconds = f64;

/// Numbers by name, as a process tells them: `name=number`. Those that begin with `+` only grow.
pub(super) type Told = BTreeMap<String, u64>;

pub(super) fn told(text: &str) -> Told {
    let pairs = text.split_whitespace().filter_map(|pair| pair.split_once('='));
    pairs.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect()
}

/// The server, as the system and as it itself see it.
#[derive(Clone, Debug, Default)]
pub(super) struct Sample {
    pub(super) at: Seconds,
    pub(super) life: usize,
    pub(super) look: Look,
    pub(super) told: Told,
}

impl Sample {
    pub(super) fn told(&self, name: &str) -> u64 {
        self.told.get(name).copied().unwrap_or(0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Event {
    Reload,
    Crowd,
    Flood,
    LoadKilled,
    LoadStopped,
    ServerKilled,
    ServerStopped,
    /// SIGTERM, with clients at work.
    Ended,
}

impl Event {
    pub(super) const ALL: [Self; 8] = [
        Self::Reload,
        Self::Crowd,
        Self::Flood,
        Self::LoadKilled,
        Self::LoadStopped,
        Self::ServerKilled,
        Self::ServerStopped,
        Self::Ended,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Reload => "reload",
            Self::Crowd => "a crowd",
            Self::Flood => "too many",
            Self::LoadKilled => "load killed",
            Self::LoadStopped => "load stopped",
            Self::ServerKilled => "server killed",
            Self::ServerStopped => "server stopped",
            Self::Ended => "SIGTERM",
        }
    }
}

/// A stretch with one flavour; several follow one another in one record.
#[derive(Debug)]
pub(super) struct Record {
    started: Instant,
    pub(super) flavors: Vec<(Seconds, &'static str)>,
    pub(super) samples: Vec<Sample>,
    pub(super) latencies: Vec<(Seconds, Told)>,
    pub(super) events: Vec<(Seconds, Event)>,
    /// Nobody at work, from when to when.
    pub(super) calm: Vec<(Seconds, Seconds)>,
    /// Where each calm one ended up.
    pub(super) calm_points: Vec<Sample>,
    pub(super) findings: Vec<String>,
}

impl Record {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            flavors: Vec::new(),
            samples: Vec::new(),
            latencies: Vec::new(),
            events: Vec::new(),
            calm: Vec::new(),
            calm_points: Vec::new(),
            findings: Vec::new(),
        }
    }

    pub(super) fn now(&self) -> Seconds {
        self.started.elapsed().as_secs_f64()
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    pub(super) fn event(&mut self, event: Event) {
        self.events.push((self.now(), event));
    }

    /// Told at once, and again at the end.
    pub(super) fn found(&mut self, told: String) {
        println!("{:7.1} s  FOUND: {told}", self.now());
        self.findings.push(told);
    }

    pub(super) fn last(&self) -> Option<&Sample> {
        self.samples.last()
    }
}
