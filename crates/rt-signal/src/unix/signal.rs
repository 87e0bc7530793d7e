//! [`Signal`]: what users hold.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rt_reactor::Handle;
use rt_task::wait::{Wait, WaitKind, poll_leaf};

use super::hub::Hub;
use super::kind::SignalKind;
use super::process::Process;
use super::slot::Slot;

/// A listener to signals of one kind.
///
/// Any number may listen to the same kind, in any number of runtimes; each is told.
///
/// **Signals merge.** However many came since the listener was made, or since it last was told,
/// it is told of them as of one: each time stands for at least one signal. None is lost, though:
/// one that comes after it was told tells it again. (The system merges, too: all but real-time
/// signals.)
///
/// **What the signal did before is over** once a kind was first listened to, for as long as the process
/// lives: a `SIGTERM` that somebody listened to ends the process no more, also after the last
/// listener is gone. A handler that another library installed before goes on being called.
///
/// **When the runtime goes** on which it was made, it goes on with the one that is entered where it is
/// polled, or with any other that has listeners.
///
/// A listener is a place in a list: dropping it takes it out.
#[must_use = "it does nothing unless received from"]
pub struct Signal {
    kind: SignalKind,
    process: &'static Process,
    slot: &'static Slot,
    place: usize,
    /// How many had come when it was last told.
    seen: usize,
    hub: Arc<Hub>,
}

/// A listener to signals of `kind`, on the reactor that is entered: to all that come from here on.
///
/// The first one of a kind installs a handler; see [`Signal`] for what that ends. Costs an entry in a
/// list; the first on a reactor, one descriptor.
///
/// # Errors
/// If no reactor is entered; names the call site and the fix. `InvalidInput` if it is `SIGKILL` or
/// `SIGSTOP`, which nobody can handle, or `SIGILL`, `SIGFPE` or `SIGSEGV`, after which a program
/// cannot go on; or if there is no such signal. When the system has no descriptor left.
///
/// ```no_run
/// use rt_signal::unix::{SignalKind, signal};
///
/// # async fn example() -> std::io::Result<()> {
/// let mut hangups = signal(SignalKind::hangup())?;
/// loop {
///     hangups.recv().await;
///     println!("reading the configuration again");
/// }
/// # }
/// ```
#[track_caller]
pub fn signal(kind: SignalKind) -> io::Result<Signal> {
    Signal::entered(kind, "signal", Location::caller())
}

/// [`signal`], on the reactor of `handle`.
///
/// # Errors
/// As [`signal`]; or when the reactor's driver is gone.
#[track_caller]
pub fn signal_with_handle(kind: SignalKind, handle: &Handle) -> io::Result<Signal> {
    Signal::new(kind, handle, "signal_with_handle", Location::caller())
}

impl Signal {
    /// On the reactor that is entered, for `what` called at `site`.
    pub(crate) fn entered(
        kind: SignalKind,
        what: &str,
        site: &'static Location<'static>,
    ) -> io::Result<Self> {
        let handle = Handle::current().map_err(|missing| missing.io_error(what, site))?;
        Self::new(kind, &handle, what, site)
    }

    fn new(
        kind: SignalKind,
        handle: &Handle,
        what: &str,
        site: &'static Location<'static>,
    ) -> io::Result<Self> {
        let refused = |why: &str| {
            let number = kind.as_raw_value();
            let message =
                format!("`{what}` at {site}: signal {number} cannot be listened to: {why}");
            io::Error::new(io::ErrorKind::InvalidInput, message)
        };
        if signal_hook_registry::FORBIDDEN.contains(&kind.as_raw_value()) {
            return Err(refused("the system lets no program go on after it, or handle it at all"));
        }
        let process = Process::current()?;
        let hub = process.hub(handle)?;
        let slot = process.slot(kind.as_raw_value()).map_err(|error| {
            match error.kind() == io::ErrorKind::InvalidInput {
                true => refused("there is none of that number for programs"),
                false => error,
            }
        })?;
        Ok(Self { kind, process, slot, place: slot.join(), seen: slot.received(), hub })
    }

    /// Waits for a signal, if none came since it was last told.
    ///
    /// `None` only if nobody will ever tell: no runtime is left that has listeners, and none is
    /// entered here. Cancel safe: a signal that comes while nobody waits is told of next time.
    #[track_caller]
    pub fn recv(&mut self) -> Recv<'_> {
        Recv { signal: self, site: Location::caller() }
    }

    /// The same as a `poll` function: the waker of the last call is woken.
    #[track_caller]
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        self.poll_at(cx, Location::caller())
    }

    pub(crate) fn poll_at(
        &mut self,
        cx: &mut Context<'_>,
        site: &'static Location<'static>,
    ) -> Poll<Option<()>> {
        let object = self.kind.as_raw_value() as usize;
        let wait = || Wait { kind: WaitKind::Signal, object, site };
        poll_leaf(cx, wait, |cx| {
            if let Poll::Ready(received) = self.slot.poll(self.place, self.seen, cx.waker()) {
                self.seen = received;
                return Poll::Ready(Some(()));
            }
            match self.hub.is_gone() && !self.find_hub() {
                true => Poll::Ready(None),
                false => Poll::Pending,
            }
        })
    }

    /// Goes on with another reactor, if one is to be had.
    #[cold]
    fn find_hub(&mut self) -> bool {
        let entered = Handle::current().ok().and_then(|handle| self.process.hub(&handle).ok());
        match entered.or_else(|| self.process.any_hub()) {
            Some(hub) => self.hub = hub,
            None => return false,
        }
        !self.hub.is_gone()
    }
}

impl Drop for Signal {
    fn drop(&mut self) {
        self.slot.leave(self.place);
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signal").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// The future of [`Signal::recv`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Recv<'a> {
    signal: &'a mut Signal,
    site: &'static Location<'static>,
}

impl Future for Recv<'_> {
    type Output = Option<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<()>> {
        let site = self.site;
        self.signal.poll_at(cx, site)
    }
}
