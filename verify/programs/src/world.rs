//! The objects of a program, as they are: what its tasks share.

use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use rt_facade::io::DuplexStream;
use rt_facade::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use rt_facade::net::{TcpListener, TcpStream, UdpSocket};
use rt_facade::sync::{
    CancellationToken, Notify, OwnedMutexGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard,
    OwnedSemaphorePermit, RwLock, Semaphore, broadcast, mpsc, oneshot, watch,
};
use rt_facade::task::{AbortHandle, JoinHandle, JoinSet};
use rt_facade::time::Instant;

use crate::life::{Lives, Value};
use crate::model::{KEPT, PIPE_ROOM, READERS, Told};
use crate::program::{Op, Serial, TASKS};

pub(crate) struct World {
    pub(crate) lives: Arc<Lives>,
    pub(crate) start: Instant,
    /// How often the root went on.
    pub(crate) turns: AtomicU32,
    /// Whether tasks stay on their thread.
    pub(crate) local: bool,
    /// Whether the clock runs.
    pub(crate) runs: bool,
    pub(crate) mailboxes: Vec<Mailbox>,
    pub(crate) reports: Mutex<Vec<Report>>,
    pub(crate) handles: Vec<Chair<JoinHandle<Value>>>,
    pub(crate) aborts: Vec<Mutex<Option<AbortHandle>>>,
    pub(crate) set: Chair<JoinSet<Value>>,
    pub(crate) senders: [Slot<Sender>; 3],
    pub(crate) receivers: [Chair<Receiver>; 3],
    pub(crate) one_senders: [Slot<oneshot::Sender<Value>>; 2],
    pub(crate) one_receivers: [Chair<oneshot::Receiver<Value>>; 2],
    pub(crate) watch_sender: Slot<watch::Sender<Value>>,
    pub(crate) watch_receivers: [Chair<watch::Receiver<Value>>; 2],
    pub(crate) broadcast_sender: Slot<broadcast::Sender<Value>>,
    pub(crate) broadcast_receivers: [Chair<broadcast::Receiver<Value>>; 2],
    pub(crate) mutex: Arc<rt_facade::sync::Mutex<()>>,
    pub(crate) lock: Arc<RwLock<()>>,
    pub(crate) semaphores: [Arc<Semaphore>; 2],
    pub(crate) notify: [Arc<Notify>; 2],
    pub(crate) token: CancellationToken,
    pub(crate) pipes: [Chair<DuplexStream>; 2],
    pub(crate) tcp_readers: [Chair<OwnedReadHalf>; 2],
    pub(crate) tcp_writers: [Chair<OwnedWriteHalf>; 2],
    pub(crate) udp: [Chair<UdpSocket>; 2],
}

pub(crate) struct Report {
    pub(crate) id: u8,
    pub(crate) told: Told,
    pub(crate) at_ms: u32,
}

pub(crate) type Slot<T> = Mutex<Option<T>>;

pub(crate) enum Sender {
    Bounded(mpsc::Sender<Value>),
    Unbounded(mpsc::UnboundedSender<Value>),
}

pub(crate) enum Receiver {
    Bounded(mpsc::Receiver<Value>),
    Unbounded(mpsc::UnboundedReceiver<Value>),
}

/// Permits of any kind that a task holds; given back when dropped.
pub(crate) enum Held {
    Mutex { _guard: OwnedMutexGuard<()> },
    Read { _guard: OwnedRwLockReadGuard<()> },
    Write { _guard: OwnedRwLockWriteGuard<()> },
    Permit { _permit: OwnedSemaphorePermit },
}

impl World {
    /// Everything new; within the runtime.
    pub(crate) async fn new(lives: Arc<Lives>, local: bool, runs: bool) -> io::Result<Arc<Self>> {
        let (small, from_small) = mpsc::channel(1);
        let (large, from_large) = mpsc::channel(3);
        let (unbounded, from_unbounded) = mpsc::unbounded_channel();
        let [(one_a, from_one_a), (one_b, from_one_b)] = [oneshot::channel(), oneshot::channel()];
        let (watch, watched) = watch::channel(Value::new(0, &lives));
        let (broadcast, heard) = broadcast::channel(KEPT);
        let pipes = rt_facade::io::duplex(PIPE_ROOM);
        let ((read_a, write_a), (read_b, write_b)) = connected().await?;
        let (udp_a, udp_b) =
            (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
        udp_a.connect(udp_b.local_addr()?).await?;
        udp_b.connect(udp_a.local_addr()?).await?;
        Ok(Arc::new(Self {
            lives,
            start: Instant::now(),
            turns: AtomicU32::new(0),
            local,
            runs,
            mailboxes: (0..TASKS).map(|_| Mailbox::default()).collect(),
            reports: Mutex::default(),
            handles: (0..TASKS).map(|_| Chair::gone()).collect(),
            aborts: (0..TASKS).map(|_| Mutex::default()).collect(),
            set: Chair::new(JoinSet::new()),
            senders: [
                slot(Sender::Bounded(small)),
                slot(Sender::Bounded(large)),
                slot(Sender::Unbounded(unbounded)),
            ],
            receivers: [
                Chair::new(Receiver::Bounded(from_small)),
                Chair::new(Receiver::Bounded(from_large)),
                Chair::new(Receiver::Unbounded(from_unbounded)),
            ],
            one_senders: [one_a, one_b].map(slot),
            one_receivers: [from_one_a, from_one_b].map(Chair::new),
            watch_sender: slot(watch),
            watch_receivers: [watched.clone(), watched].map(Chair::new),
            broadcast_receivers: [heard.resubscribe(), heard].map(Chair::new),
            broadcast_sender: slot(broadcast),
            mutex: Arc::default(),
            lock: Arc::new(RwLock::with_max_readers((), READERS)),
            semaphores: [1, 3].map(|permits| Arc::new(Semaphore::new(permits))),
            notify: Default::default(),
            token: CancellationToken::new(),
            pipes: [pipes.0, pipes.1].map(Chair::new),
            tcp_readers: [read_a, read_b].map(Chair::new),
            tcp_writers: [write_a, write_b].map(Chair::new),
            udp: [udp_a, udp_b].map(Chair::new),
        }))
    }

    /// Milliseconds since the start, where the clock is paused.
    pub(crate) fn now_ms(&self) -> u32 {
        match self.runs {
            true => 0,
            false => {
                let since = Instant::now().duration_since(self.start);
                // Not in full milliseconds: no model says that.
                if since.subsec_nanos().is_multiple_of(1_000_000) {
                    since.as_millis() as u32
                } else {
                    u32::MAX
                }
            }
        }
    }

    pub(crate) fn report(&self, id: u8, told: Told) {
        let at_ms = self.now_ms();
        lock(&self.reports).push(Report { id, told, at_ms });
    }

    /// Drops what tasks could still hold a part of, once all is over.
    pub(crate) fn clear(&self) {
        self.handles.iter().for_each(Chair::close);
        self.set.close();
        self.senders.iter().for_each(|slot| drop(lock(slot).take()));
        self.receivers.iter().for_each(Chair::close);
        self.one_senders.iter().for_each(|slot| drop(lock(slot).take()));
        self.one_receivers.iter().for_each(Chair::close);
        drop(lock(&self.watch_sender).take());
        self.watch_receivers.iter().for_each(Chair::close);
        drop(lock(&self.broadcast_sender).take());
        self.broadcast_receivers.iter().for_each(Chair::close);
    }
}

async fn connected()
-> io::Result<((OwnedReadHalf, OwnedWriteHalf), (OwnedReadHalf, OwnedWriteHalf))> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (near, far) =
        rt_facade::join!(TcpStream::connect(listener.local_addr()?), listener.accept());
    Ok((near?.into_split(), far?.0.into_split()))
}

fn slot<T>(value: T) -> Slot<T> {
    Mutex::new(Some(value))
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one at a time can use.
pub(crate) struct Chair<T>(Arc<Mutex<Place<T>>>);

enum Place<T> {
    Free(T),
    Held,
    Gone,
}

impl<T> Chair<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Arc::new(Mutex::new(Place::Free(value))))
    }

    fn gone() -> Self {
        Self(Arc::new(Mutex::new(Place::Gone)))
    }

    /// Sits down, or says why that cannot be.
    pub(crate) fn take(&self) -> Result<Seated<T>, Told> {
        let mut place = lock(&self.0);
        match std::mem::replace(&mut *place, Place::Held) {
            Place::Free(value) => Ok(Seated { chair: self.0.clone(), value: Some(value) }),
            Place::Held => Err(Told::Busy),
            Place::Gone => {
                *place = Place::Gone;
                Err(Told::Gone)
            }
        }
    }

    /// Puts another there, if nobody sits there.
    pub(crate) fn put(&self, value: T) -> Result<(), Told> {
        let mut place = lock(&self.0);
        if matches!(*place, Place::Held) {
            return Err(Told::Busy);
        }
        let old = std::mem::replace(&mut *place, Place::Free(value));
        drop(place);
        drop(old);
        Ok(())
    }

    fn close(&self) {
        if let Ok(seated) = self.take() {
            drop(seated.into_inner());
        }
    }
}

/// Somebody sits there, until this is dropped.
pub(crate) struct Seated<T> {
    chair: Arc<Mutex<Place<T>>>,
    value: Option<T>,
}

impl<T> Seated<T> {
    /// For good: nobody sits there any more.
    pub(crate) fn into_inner(mut self) -> T {
        self.value.take().expect("there until the drop")
    }
}

impl<T> Deref for Seated<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("there until the drop")
    }
}

impl<T> DerefMut for Seated<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("there until the drop")
    }
}

impl<T> Drop for Seated<T> {
    fn drop(&mut self) {
        let place = self.value.take().map_or(Place::Gone, Place::Free);
        *lock(&self.chair) = place;
    }
}

/// Where a task is told what to do.
#[derive(Default)]
pub(crate) struct Mailbox(Mutex<Letter>);

/// What is to be done, and who waits for it.
#[derive(Default)]
struct Letter(Option<(Serial, Op)>, Option<Waker>);

impl Mailbox {
    pub(crate) fn put(&self, serial: Serial, op: Op) {
        let mut inner = lock(&self.0);
        inner.0 = Some((serial, op));
        let waker = inner.1.take();
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) async fn next(&self) -> (Serial, Op) {
        std::future::poll_fn(|cx| {
            let mut inner = lock(&self.0);
            match inner.0.take() {
                Some(next) => Poll::Ready(next),
                None => {
                    inner.1 = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}
