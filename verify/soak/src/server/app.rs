//! What all connections share: a worker behind a channel, a broadcast, locks, counters.

use std::io;
use std::panic::panic_any;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rt_facade::fs;
use rt_facade::process::Command;
use rt_facade::sync::{Mutex, RwLock, broadcast, mpsc, oneshot};
use rt_facade::task::{JoinError, JoinSet, spawn_blocking, yield_now};
use rt_facade::time::{Duration, sleep, timeout};

use crate::place::Place;
use crate::words;

/// What a task says that panics because it was asked to.
pub(super) const ON_PURPOSE: &str = "on purpose";
/// Messages that a subscriber may be behind.
const BEHIND_MAX: usize = 64;
/// Requests in the worker's channel.
const QUEUE_MAX: usize = 32;
/// No request takes longer.
const REQUEST_MAX: Duration = Duration::from_secs(8);

pub(super) struct App {
    queue: mpsc::Sender<(String, oneshot::Sender<String>)>,
    news: broadcast::Sender<Arc<str>>,
    count: Mutex<u64>,
    config: RwLock<u64>,
    data: PathBuf,
    accepted: AtomicU64,
    accept_errors: AtomicU64,
    requests: AtomicU64,
}

/// What a connection does with a request.
pub(super) enum Answer {
    Text(String),
    /// From here on the news are sent.
    Subscribe,
}

impl App {
    pub(super) fn new(place: &Place) -> Arc<Self> {
        let (queue, mut asked) = mpsc::channel::<(String, oneshot::Sender<String>)>(QUEUE_MAX);
        rt_facade::spawn(async move {
            while let Some((text, answer)) = asked.recv().await {
                _ = answer.send(text.chars().rev().collect());
            }
        });
        Arc::new(Self {
            queue,
            news: broadcast::channel(BEHIND_MAX).0,
            count: Mutex::new(0),
            config: RwLock::new(0),
            data: place.data(),
            accepted: AtomicU64::new(0),
            accept_errors: AtomicU64::new(0),
            requests: AtomicU64::new(0),
        })
    }

    pub(super) async fn configure(&self, place: &Place) -> io::Result<()> {
        let text = fs::read_to_string(place.config()).await?;
        *self.config.write().await = text.trim().parse().map_err(io::Error::other)?;
        Ok(())
    }

    pub(super) fn accepted(&self) {
        self.accepted.fetch_add(1, Relaxed);
    }

    pub(super) fn accept_failed(&self) {
        self.accept_errors.fetch_add(1, Relaxed);
    }

    /// Connections, failures to accept one, and requests.
    pub(super) fn counts(&self) -> [(&'static str, u64); 3] {
        [
            ("accepted", self.accepted.load(Relaxed)),
            ("accept_errors", self.accept_errors.load(Relaxed)),
            ("requests", self.requests.load(Relaxed)),
        ]
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Arc<str>> {
        self.news.subscribe()
    }

    /// Answers `request`, whatever it is, in time.
    pub(super) async fn answer(&self, request: &str) -> Answer {
        self.requests.fetch_add(1, Relaxed);
        let (word, rest) = request.split_once(' ').unwrap_or((request, ""));
        if word == "subscribe" {
            return Answer::Subscribe;
        }
        Answer::Text(match timeout(REQUEST_MAX, self.execute(word, rest)).await {
            Ok(Ok(text)) => text,
            Ok(Err(error)) => format!("error: {error}"),
            Err(_) => "error: not in time".to_owned(),
        })
    }

    async fn execute(&self, word: &str, rest: &str) -> io::Result<String> {
        let number = || rest.parse::<u64>().map_err(io::Error::other);
        Ok(match word {
            "echo" => rest.to_owned(),
            "queue" => {
                let (sender, answer) = oneshot::channel();
                self.queue.send((rest.to_owned(), sender)).await.map_err(io::Error::other)?;
                answer.await.map_err(io::Error::other)?
            }
            "count" => {
                let mut count = self.count.lock().await;
                *count += 1;
                yield_now().await; // others have to wait
                count.to_string()
            }
            "config" => self.config.read().await.to_string(),
            "hash" => {
                let rounds = number()?;
                let hashed = spawn_blocking(move || words::hashed(rounds)).await;
                hashed.map_err(io::Error::other)?.to_string()
            }
            "file" => words::summed(&fs::read(&self.data).await?).to_string(),
            "child" => {
                let output = Command::new("/bin/echo").arg(rest).kill_on_drop(true).output();
                String::from_utf8_lossy(&output.await?.stdout).trim_end().to_owned()
            }
            "limit" => limited(rest).await?,
            "spread" => spread(number()?.min(1_000)).await.to_string(),
            "panic" => {
                let task = rt_facade::spawn(async { panic_any(ON_PURPOSE) });
                ending(task.await).to_owned()
            }
            "abort" => aborted().await,
            "publish" => {
                _ = self.news.send(rest.into());
                "published".to_owned()
            }
            "big" => "x".repeat(number()?.min(1 << 20) as usize),
            "die" => panic_any(ON_PURPOSE),
            _ => "what?".to_owned(),
        })
    }
}

/// Two spans, in milliseconds: whether the second one fits into the first.
async fn limited(spans: &str) -> io::Result<String> {
    let span = |text: &str| text.parse().map(Duration::from_millis).map_err(io::Error::other);
    let (limit, needed) = spans.split_once(' ').unwrap_or(("0", spans));
    let ended = timeout(span(limit)?, sleep(span(needed)?)).await;
    Ok(if ended.is_ok() { "ended" } else { "cut short" }.to_owned())
}

/// The sum over `count` tasks, each of which says its number.
async fn spread(count: u64) -> u64 {
    let mut tasks = JoinSet::new();
    for number in 0..count {
        tasks.spawn(async move {
            yield_now().await;
            number
        });
    }
    let mut sum = 0;
    while let Some(number) = tasks.join_next().await {
        sum += number.unwrap_or_default();
    }
    sum
}

/// A task that would sleep for an hour, aborted before or after it has begun to.
async fn aborted() -> String {
    let task = rt_facade::spawn(sleep(Duration::from_secs(3_600)));
    yield_now().await;
    task.abort();
    ending(task.await).to_owned()
}

fn ending<T>(ended: Result<T, JoinError>) -> &'static str {
    match ended {
        Ok(_) => "ended",
        Err(error) if error.is_panic() => "panicked",
        Err(_) => "cancelled",
    }
}
