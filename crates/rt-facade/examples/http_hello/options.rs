//! What can be asked of the server on the command line.

use std::fmt::Display;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use rt_facade::runtime::RuntimeFlavor;

pub(crate) const USAGE: &str = "\
usage: http_hello [OPTION VALUE]...
  --flavor FLAVOR           multi-thread or current-thread; the first unless given
  --workers N               threads of the first; 0, one for each processor, unless given
  --addr ADDRESS            where to listen; 127.0.0.1:0, a free port, unless given
  --for SECONDS             end after so long; ctrl-c ends it, too
  --header-timeout SECONDS  for a client's first head, and for each piece of a body; 10 unless given
  --idle-timeout SECONDS    for a connection between requests; 60 unless given
  --grace SECONDS           for requests in flight at the end; 5 unless given";

pub(crate) struct Options {
    pub(crate) flavor: RuntimeFlavor,
    /// None: one for each processor.
    pub(crate) workers: Option<NonZeroUsize>,
    pub(crate) addr: SocketAddr,
    pub(crate) run_for: Option<Duration>,
    pub(crate) header_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) grace: Duration,
}

impl Options {
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            flavor: RuntimeFlavor::MultiThread,
            workers: None,
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            run_for: None,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            grace: Duration::from_secs(5),
        };
        while let Some(option) = args.next() {
            let value = args.next().ok_or_else(|| format!("{option} needs a value"))?;
            let parsed = match option.as_str() {
                "--flavor" => flavor(&value).map(|flavor| options.flavor = flavor),
                "--workers" => workers(&value).map(|workers| options.workers = workers),
                "--addr" => address(&value).map(|addr| options.addr = addr),
                "--for" => seconds(&value).map(|span| options.run_for = Some(span)),
                "--header-timeout" => seconds(&value).map(|span| options.header_timeout = span),
                "--idle-timeout" => seconds(&value).map(|span| options.idle_timeout = span),
                "--grace" => seconds(&value).map(|span| options.grace = span),
                _ => Err("no such option".to_owned()),
            };
            parsed.map_err(|problem| format!("{option} {value}: {problem}"))?;
        }
        Ok(options)
    }
}

fn flavor(value: &str) -> Result<RuntimeFlavor, String> {
    match value {
        "multi-thread" => Ok(RuntimeFlavor::MultiThread),
        "current-thread" => Ok(RuntimeFlavor::CurrentThread),
        _ => Err("neither multi-thread nor current-thread".to_owned()),
    }
}

fn workers(value: &str) -> Result<Option<NonZeroUsize>, String> {
    match value.parse().map_err(told)? {
        n if n > WORKERS_MAX => Err(format!("more than {WORKERS_MAX}")),
        n => Ok(NonZeroUsize::new(n)),
    }
}

/// No machine has so many processors.
const WORKERS_MAX: usize = 1024;

fn address(value: &str) -> Result<SocketAddr, String> {
    value.parse().map_err(told)
}

fn seconds(value: &str) -> Result<Duration, String> {
    Duration::try_from_secs_f64(value.parse().map_err(told)?).map_err(told)
}

fn told(error: impl Display) -> String {
    error.to_string()
}
