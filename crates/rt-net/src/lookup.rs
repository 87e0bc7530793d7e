//! Names to addresses, off the worker.
//!
//! The operating system's resolver blocks its caller, so it is asked on the blocking pool that
//! is entered. What is known already is ready at once and needs no pool.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rt_task::base::context;
use rt_task::wait::{Wait, WaitKind, poll_leaf};
use rt_task::{Builder, Job, JoinHandle};

use crate::addr::sealed::Target;
use crate::addr::{Addresses, Name, ToSocketAddrs};

/// Resolves `host` to its addresses, in the order in which to try them.
///
/// One closure on the blocking pool, unless `host` is an address already. Cancel safe: dropping
/// the future takes the closure back if it has not started.
///
/// # Errors
/// What the operating system's resolver fails with. If no blocking pool is entered where the
/// future is polled; names the call site and the fix.
///
/// ```
/// # rt_task::block_on(async {
/// let mut addresses = rt_net::lookup_host("127.0.0.1:80").await?;
/// assert_eq!(addresses.next(), Some(([127, 0, 0, 1], 80).into()));
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[track_caller]
pub fn lookup_host<T: ToSocketAddrs>(host: T) -> LookupHost {
    LookupHost { lookup: Lookup::new("lookup_host", host, Location::caller()) }
}

/// The future of [`lookup_host`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct LookupHost {
    lookup: Lookup,
}

impl Future for LookupHost {
    type Output = io::Result<Addresses>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.lookup.poll(cx)
    }
}

/// A name on its way to addresses.
#[derive(Debug)]
pub(crate) struct Lookup {
    state: State,
    /// Who wants to know, such as `TcpStream::connect`.
    pub(crate) what: &'static str,
    pub(crate) site: &'static Location<'static>,
}

#[derive(Debug)]
enum State {
    Known(Addresses),
    Named(Name),
    Asked(Asked),
}

impl Lookup {
    pub(crate) fn new(
        what: &'static str,
        host: impl ToSocketAddrs,
        site: &'static Location<'static>,
    ) -> Self {
        let state = match host.designate() {
            Target::Known(addresses) => State::Known(addresses),
            Target::Named(name) => State::Named(name),
        };
        Self { state, what, site }
    }

    /// Hands the addresses out, once; none after that.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Addresses>> {
        loop {
            let next = match &mut self.state {
                State::Known(addresses) => {
                    return Poll::Ready(Ok(std::mem::replace(addresses, Addresses::none())));
                }
                // Asked here and not in `new`, which may run before the pool is entered.
                State::Named(_) => State::Asked(self.ask()?),
                State::Asked(asked) => {
                    let answer = ready!(asked.poll(cx, self.site));
                    self.state = State::Known(Addresses::none());
                    return Poll::Ready(answer);
                }
            };
            self.state = next;
        }
    }

    fn ask(&mut self) -> io::Result<Asked> {
        let State::Named(name) =
            std::mem::replace(&mut self.state, State::Known(Addresses::none()))
        else {
            unreachable!("a name is asked for once");
        };
        let pool = context::blocking().map_err(|missing| missing.io_error(self.what, self.site))?;
        let label = name.to_string();
        let builder = Builder::new().name(format!("lookup of {label}")).location(self.site);
        let (job, handle) = Job::with(builder, move || name.resolve());
        pool.execute(job).map_err(|rejected| {
            let (what, site, why) = (self.what, self.site, rejected.why);
            io::Error::other(format!("`{what}` at {site} cannot resolve `{label}`: {why}"))
        })?;
        Ok(Asked(handle))
    }
}

/// The resolver's answer to be. Takes the question back when dropped, if nobody works on it.
#[derive(Debug)]
struct Asked(JoinHandle<io::Result<Addresses>>);

impl Asked {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        site: &'static Location<'static>,
    ) -> Poll<io::Result<Addresses>> {
        let object = self.0.id().as_u64() as usize;
        let answer = ready!(poll_leaf(
            cx,
            || Wait { kind: WaitKind::Lookup, object, site },
            |cx| Pin::new(&mut self.0).poll(cx),
        ));
        Poll::Ready(answer.unwrap_or_else(|ended| Err(ended.into())))
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What `op` makes of the first address that it does not fail with; its last error otherwise.
pub(crate) fn first_of<T>(
    addresses: Addresses,
    mut op: impl FnMut(SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    let mut last_error = None;
    for address in addresses {
        match op(address) {
            Ok(made) => return Ok(made),
            Err(error) => last_error = Some(error),
        }
    }
    Err(last_error.unwrap_or_else(no_address))
}

/// A name that stands for no address at all.
pub(crate) fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "could not resolve to any address")
}

#[cfg(all(test, not(rt_loom)))]
mod tests;
