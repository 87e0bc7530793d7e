//! [`ctrl_c`]: the one signal that every system has.

#[cfg(not(unix))]
mod none;
#[cfg(unix)]
mod sigint;

#[cfg(not(unix))]
use none::Listener;
#[cfg(unix)]
use sigint::Listener;

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Waits for the user to press Ctrl-C: on Unix, for `SIGINT`.
///
/// It listens from the first poll on; from then on, and for as long as the process lives, the
/// signal ends the process no more, also after the future is over or dropped. Any number of tasks
/// may wait; each is told.
///
/// Cancel safe in that nothing is taken from others. A signal that comes between two of these futures
/// is heard by neither: to miss none, keep a `unix::signal(SignalKind::interrupt())`.
///
/// # Errors
/// When no reactor is entered at the first poll; names the call site and the fix. When the system
/// refuses a handler or a descriptor. `Unsupported` on Windows, so far.
///
/// ```no_run
/// # async fn serve() {}
/// # async fn example() -> std::io::Result<()> {
/// rt_signal::ctrl_c().await?;
/// println!("ending");
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn ctrl_c() -> CtrlC {
    CtrlC { listener: None, site: Location::caller() }
}

/// The future of [`ctrl_c`].
#[must_use = "futures do nothing unless polled"]
pub struct CtrlC {
    /// There from the first poll on.
    listener: Option<Listener>,
    site: &'static Location<'static>,
}

impl Future for CtrlC {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let site = self.site;
        let listener = match &mut self.listener {
            Some(listener) => listener,
            empty => empty.insert(Listener::new(site)?),
        };
        listener.poll(cx, site)
    }
}

impl fmt::Debug for CtrlC {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CtrlC").field("is_listening", &self.listener.is_some()).finish()
    }
}
