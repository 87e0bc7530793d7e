//! Channels: who subscribes to what, and how much of it may wait for a subscriber who does not read.
//!
//! A publisher never waits. What it publishes lies in each subscriber's mailbox until that connection has written
//! it; a mailbox has room for [`ROOM_BYTES`], which a semaphore counts: each message holds its permits until it is
//! taken. A subscriber whose mailbox is full is cut off, so that none can make the server hold more.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use rt_facade::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use rt_facade::sync::{CancellationToken, OwnedSemaphorePermit, Semaphore};

use crate::resp::REQUEST_BYTES_MAX;

/// What may wait for one subscriber.
const ROOM_BYTES: usize = 4 * REQUEST_BYTES_MAX;
/// What a message takes besides its text.
const MESSAGE_BYTES: usize = 128;
/// How many channels and patterns one subscriber may have.
const TOPICS_MAX: usize = 1024;
/// How long their names may be.
const NAME_BYTES_MAX: usize = 1024;

#[derive(Default)]
pub(crate) struct Channels {
    topics: Mutex<Topics>,
    next_id: AtomicU64,
}

#[derive(Default)]
struct Topics {
    channels: HashMap<Bytes, HashMap<u64, Mailbox>>,
    patterns: HashMap<Bytes, HashMap<u64, Mailbox>>,
}

/// What can be subscribed to.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Topic {
    pub(crate) kind: Kind,
    pub(crate) name: Bytes,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Channel,
    /// All channels whose name fits: `*` is anything, `?` any one byte, `\` takes the next one as it is.
    Pattern,
}

/// Where messages for one subscriber are put.
#[derive(Clone)]
struct Mailbox {
    messages: UnboundedSender<Message>,
    room: Arc<Semaphore>,
    full: CancellationToken,
}

/// One message for one subscriber. Its text is shared by all that hold it.
pub(crate) struct Message {
    pub(crate) topic: Topic,
    pub(crate) channel: Bytes,
    pub(crate) text: Bytes,
    _room: OwnedSemaphorePermit,
}

/// One who subscribes. Gone, it is subscribed to nothing.
pub(crate) struct Subscriber {
    id: u64,
    channels: Arc<Channels>,
    topics: HashSet<Topic>,
    mailbox: Mailbox,
    pub(crate) messages: UnboundedReceiver<Message>,
    /// Cancelled when it has missed a message.
    pub(crate) full: CancellationToken,
}

impl Channels {
    /// Hands `text` to all who subscribe to `channel`, and tells to how many.
    pub(crate) fn publish(&self, channel: &Bytes, text: &Bytes) -> usize {
        if channel.len() > NAME_BYTES_MAX {
            return 0;
        }
        let topics = self.lock();
        let named = topics.channels.get_key_value(channel).into_iter();
        let fitting = topics.patterns.iter().filter(|(pattern, _)| fits(pattern, channel));
        let named = named.map(|found| (Kind::Channel, found));
        let fitting = fitting.map(|found| (Kind::Pattern, found));
        let mut reached = 0;
        for (kind, (name, mailboxes)) in named.chain(fitting) {
            let topic = Topic { kind, name: name.clone() };
            for mailbox in mailboxes.values() {
                reached += usize::from(mailbox.put(&topic, channel, text));
            }
        }
        reached
    }

    fn lock(&self) -> MutexGuard<'_, Topics> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Topics {
    fn of(&mut self, kind: Kind) -> &mut HashMap<Bytes, HashMap<u64, Mailbox>> {
        match kind {
            Kind::Channel => &mut self.channels,
            Kind::Pattern => &mut self.patterns,
        }
    }
}

impl Mailbox {
    /// Whether there was room.
    fn put(&self, topic: &Topic, channel: &Bytes, text: &Bytes) -> bool {
        let bytes = MESSAGE_BYTES + channel.len() + text.len();
        let Ok(room) = self.room.clone().try_acquire_many_owned(bytes as u32) else {
            self.full.cancel();
            return false;
        };
        let (topic, channel, text) = (topic.clone(), channel.clone(), text.clone());
        self.messages.send(Message { topic, channel, text, _room: room }).is_ok()
    }
}

impl Subscriber {
    pub(crate) fn new(channels: Arc<Channels>) -> Self {
        let id = channels.next_id.fetch_add(1, Ordering::Relaxed);
        let (sender, messages) = unbounded_channel();
        let full = CancellationToken::new();
        let room = Arc::new(Semaphore::new(ROOM_BYTES));
        let mailbox = Mailbox { messages: sender, room, full: full.clone() };
        Self { id, channels, topics: HashSet::new(), mailbox, messages, full }
    }

    /// To how many it is subscribed then; none if that, or the name, would be too much.
    pub(crate) fn subscribe(&mut self, topic: Topic) -> Option<usize> {
        if !self.topics.contains(&topic) {
            if self.topics.len() == TOPICS_MAX || topic.name.len() > NAME_BYTES_MAX {
                return None;
            }
            let mut topics = self.channels.lock();
            let mailboxes = topics.of(topic.kind).entry(topic.name.clone()).or_default();
            mailboxes.insert(self.id, self.mailbox.clone());
            self.topics.insert(topic);
        }
        Some(self.topics.len())
    }

    /// To how many it is subscribed then.
    pub(crate) fn unsubscribe(&mut self, topic: &Topic) -> usize {
        self.topics.remove(topic);
        let mut topics = self.channels.lock();
        let topics = topics.of(topic.kind);
        if let Some(mailboxes) = topics.get_mut(&topic.name) {
            mailboxes.remove(&self.id);
            if mailboxes.is_empty() {
                topics.remove(&topic.name);
            }
        }
        self.topics.len()
    }

    pub(crate) fn topics(&self) -> &HashSet<Topic> {
        &self.topics
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        for topic in std::mem::take(&mut self.topics) {
            self.unsubscribe(&topic);
        }
    }
}

/// Takes as many steps as one text is long times the other: after the last `*` that was met, one byte more is
/// given to it, and none before is tried again.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star = None;
    while n < name.len() {
        let (step, one) = match pattern[p..] {
            [b'*', ..] => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            [b'?', ..] => (1, true),
            [b'\\', byte, ..] => (2, byte == name[n]),
            [byte, ..] => (1, byte == name[n]),
            [] => (0, false),
        };
        match (one, star) {
            (true, _) => (p, n) = (p + step, n + 1),
            (false, Some((at, from))) => {
                star = Some((at, from + 1));
                (p, n) = (at + 1, from + 1);
            }
            (false, None) => return false,
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}
