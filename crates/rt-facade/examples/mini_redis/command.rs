//! The commands: what a request asks for, or why it asks for nothing.

use bytes::Bytes;
use rt_facade::time::{Duration, Instant};

use crate::channels::{Kind, Topic};
use crate::resp::{Protocol, Request, integer};
use crate::store::Condition;

pub(crate) enum Command {
    Ping(Option<Bytes>),
    Echo(Bytes),
    Value(Bytes),
    Set {
        key: Bytes,
        value: Bytes,
        deadline: Option<Instant>,
        condition: Condition,
    },
    Remove(Vec<Bytes>),
    Exists(Vec<Bytes>),
    Expire {
        key: Bytes,
        deadline: Instant,
    },
    Left {
        key: Bytes,
        unit: Duration,
    },
    Increment(Bytes),
    Keys,
    Publish {
        channel: Bytes,
        text: Bytes,
    },
    Subscribe(Vec<Topic>),
    /// From all of the kind, if none is named.
    Unsubscribe(Kind, Vec<Topic>),
    Hello(Option<Protocol>),
    Setting(Bytes),
    Commands,
    Info,
    /// What clients tell about themselves, and the choice of the one data base there is.
    Noted,
    Quit,
}

const SYNTAX: &str = "ERR syntax error";
pub(crate) const NO_INTEGER: &str = "ERR value is not an integer or out of range";
const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

impl Command {
    /// The error is the text of the reply.
    pub(crate) fn parse(request: Request) -> Result<Self, String> {
        let mut words = request.into_iter();
        let name = words.next().ok_or(SYNTAX)?;
        let name = String::from_utf8_lossy(&name).to_ascii_uppercase();
        let words: Vec<Bytes> = words.collect();
        let count = words.len();
        let mut words = words.into_iter();
        let mut next = || words.next().unwrap_or_default();
        let command = match (name.as_str(), count) {
            ("PING", 0) => Self::Ping(None),
            ("PING", 1) => Self::Ping(Some(next())),
            ("ECHO", 1) => Self::Echo(next()),
            ("GET", 1) => Self::Value(next()),
            ("SET", 2..) => Self::set(next(), next(), words)?,
            ("DEL" | "UNLINK", 1..) => Self::Remove(words.collect()),
            ("EXISTS", 1..) => Self::Exists(words.collect()),
            ("EXPIRE", 2) => Self::Expire { key: next(), deadline: deadline(&next(), SECOND)? },
            ("PEXPIRE", 2) => {
                Self::Expire { key: next(), deadline: deadline(&next(), MILLISECOND)? }
            }
            ("TTL", 1) => Self::Left { key: next(), unit: SECOND },
            ("PTTL", 1) => Self::Left { key: next(), unit: MILLISECOND },
            ("INCR", 1) => Self::Increment(next()),
            ("DBSIZE", 0) => Self::Keys,
            ("PUBLISH", 2) => Self::Publish { channel: next(), text: next() },
            ("SUBSCRIBE", 1..) => Self::Subscribe(topics(Kind::Channel, words)),
            ("PSUBSCRIBE", 1..) => Self::Subscribe(topics(Kind::Pattern, words)),
            ("UNSUBSCRIBE", _) => Self::Unsubscribe(Kind::Channel, topics(Kind::Channel, words)),
            ("PUNSUBSCRIBE", _) => Self::Unsubscribe(Kind::Pattern, topics(Kind::Pattern, words)),
            ("HELLO", 0) => Self::Hello(None),
            ("HELLO", 1) => Self::Hello(Some(match &next()[..] {
                b"2" => Protocol::Resp2,
                b"3" => Protocol::Resp3,
                _ => return Err("NOPROTO unsupported protocol version".to_owned()),
            })),
            ("CONFIG", 2) if next().eq_ignore_ascii_case(b"GET") => Self::Setting(next()),
            ("COMMAND", _) => Self::Commands,
            ("INFO", _) => Self::Info,
            ("CLIENT", 2..) if next().to_ascii_uppercase().starts_with(b"SET") => Self::Noted,
            ("SELECT", 1) if &next()[..] == b"0" => Self::Noted,
            ("QUIT", _) => Self::Quit,
            (name, _) if NAMES.contains(&name) => {
                return Err(format!("ERR wrong arguments for '{}'", name.to_ascii_lowercase()));
            }
            // A reply of one line: no line ends in the name, and it is not as long as a request may be.
            (name, _) => {
                let name: String = name.escape_debug().take(64).collect();
                return Err(format!("ERR unknown command '{name}'"));
            }
        };
        Ok(command)
    }

    fn set(
        key: Bytes,
        value: Bytes,
        mut options: impl Iterator<Item = Bytes>,
    ) -> Result<Self, String> {
        let (mut at, mut condition) = (None, Condition::Always);
        while let Some(option) = options.next() {
            let mut span = |unit| {
                let span = options.next().ok_or(SYNTAX)?;
                match integer(&span) {
                    Some(..=0) => Err("ERR invalid expire time in 'set' command".to_owned()),
                    _ => deadline(&span, unit).map(Some),
                }
            };
            match &option.to_ascii_uppercase()[..] {
                b"EX" if at.is_none() => at = span(SECOND)?,
                b"PX" if at.is_none() => at = span(MILLISECOND)?,
                b"NX" if condition != Condition::IfPresent => condition = Condition::IfAbsent,
                b"XX" if condition != Condition::IfAbsent => condition = Condition::IfPresent,
                _ => return Err(SYNTAX.to_owned()),
            }
        }
        Ok(Self::Set { key, value, deadline: at, condition })
    }

    /// Whether a connection may ask for it that has subscribed and speaks the older protocol: there, what looks
    /// like a reply may be a message.
    pub(crate) fn is_for_subscribers(&self) -> bool {
        matches!(
            self,
            Self::Ping(_)
                | Self::Subscribe(_)
                | Self::Unsubscribe(..)
                | Self::Hello(_)
                | Self::Quit
        )
    }
}

/// What there is, as far as it can be asked in a wrong way.
const NAMES: [&str; 23] = [
    "PING",
    "ECHO",
    "GET",
    "SET",
    "DEL",
    "UNLINK",
    "EXISTS",
    "EXPIRE",
    "PEXPIRE",
    "TTL",
    "PTTL",
    "INCR",
    "DBSIZE",
    "PUBLISH",
    "SUBSCRIBE",
    "PSUBSCRIBE",
    "UNSUBSCRIBE",
    "PUNSUBSCRIBE",
    "HELLO",
    "CONFIG",
    "CLIENT",
    "SELECT",
    "COMMAND",
];

fn topics(kind: Kind, names: impl Iterator<Item = Bytes>) -> Vec<Topic> {
    names.map(|name| Topic { kind, name }).collect()
}

/// So many units from now; what has passed is now.
fn deadline(count: &[u8], unit: Duration) -> Result<Instant, String> {
    let count = integer(count).ok_or(NO_INTEGER)?.max(0);
    let millis = (unit.as_millis() as u64).checked_mul(count as u64);
    let deadline = millis.and_then(|span| Instant::now().checked_add(Duration::from_millis(span)));
    deadline.ok_or_else(|| "ERR invalid expire time".to_owned())
}
