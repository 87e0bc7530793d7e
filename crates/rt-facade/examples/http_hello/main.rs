//! What you learn: an unmodified `hyper` server on the runtime, HTTP/1.1 and HTTP/2 on one port, with
//! timeouts from the runtime's timer and a clean end.
//!
//! ```sh
//! cargo run --release --example http_hello -- --addr 127.0.0.1:8080
//! curl http://127.0.0.1:8080/                      # Hello, World!
//! curl --data-binary @file http://127.0.0.1:8080/echo
//! curl --http2-prior-knowledge http://127.0.0.1:8080/bytes/1000000
//! curl http://127.0.0.1:8080/metrics               # what the runtime has done so far
//! ```
//!
//! It serves on a thread for each processor; `--workers N` takes N of them, and `--flavor current-thread`
//! serves on the main thread alone.
//!
//! It ends on ctrl-c, or after `--for SECONDS`: no new connection is taken then, requests in flight are
//! answered, and what is left after `--grace` is dropped.
//!
//! Here are the server and its end; `reply.rs` has the answers, `limits.rs` what a slow client may do.
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

mod limits;
mod options;
mod reply;

use std::cell::Cell;
use std::io;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use hyper::service::service_fn;
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rt_facade::hyper::{HyperExecutor, HyperTimer};
use rt_facade::net::{TcpListener, TcpStream};
use rt_facade::runtime::{Builder, Runtime, RuntimeFlavor};
use rt_facade::time::{sleep, timeout};

use crate::limits::Hurried;
use crate::options::Options;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}\n{}", options::USAGE);
            return ExitCode::FAILURE;
        }
    };
    let served = runtime(&options).map_err(Into::into).and_then(|rt| rt.block_on(serve(options)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn runtime(options: &Options) -> io::Result<Runtime> {
    let mut builder = match options.flavor {
        RuntimeFlavor::CurrentThread => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    if let Some(workers) = options.workers {
        builder.worker_threads(workers.get());
    }
    builder.enable_all().build()
}

async fn serve(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind(options.addr).await?;
    let mut end = pin!(end(options.run_for));
    println!("listening on http://{}", listener.local_addr()?);

    let mut http = auto::Builder::new(HyperExecutor::new());
    // An HTTP/1.1 connection may be idle so long, the next head included; the first head has a limit of
    // its own. HTTP/2 asks by a ping whether an idle client is still there.
    http.http1().timer(HyperTimer::new()).header_read_timeout(options.idle_timeout);
    http.http2()
        .timer(HyperTimer::new())
        .keep_alive_interval(options.idle_timeout)
        .keep_alive_timeout(options.header_timeout);

    let connections = GracefulShutdown::new();
    loop {
        let accept = pin!(listener.accept());
        let accepted = match select(accept, end.as_mut()).await {
            Either::Left((accepted, _)) => accepted,
            Either::Right(_) => break,
        };
        match accepted {
            Ok((stream, _peer)) => {
                let (http, watcher) = (http.clone(), connections.watcher());
                drop(rt_facade::spawn(connection(stream, http, watcher, options.header_timeout)));
            }
            // Out of descriptors, say: told once; `accept` waits by itself before it tries again.
            Err(error) => eprintln!("accept: {error}"),
        }
    }
    drop(listener);
    println!("shutting down");
    match timeout(options.grace, connections.shutdown()).await {
        Ok(()) => println!("every connection has ended"),
        Err(_) => println!("some connections were dropped after {:?}", options.grace),
    }
    Ok(())
}

/// Serves one connection to its end. A client that goes away, or is too slow, is no news for a server.
async fn connection(
    stream: TcpStream,
    http: auto::Builder<HyperExecutor>,
    watcher: Watcher,
    limit: Duration,
) {
    // A response is often several small writes.
    if let Err(error) = stream.set_nodelay(true) {
        return eprintln!("set_nodelay: {error}");
    }
    let (asked, first_request) = oneshot::channel::<()>();
    let asked = Cell::new(Some(asked));
    let service = service_fn(move |request| {
        drop(asked.take()); // ends the wait below
        reply::reply(request, limit)
    });
    let served = http.serve_connection(Hurried::new(stream, limit), service).into_owned();
    let mut served = pin!(watcher.watch(served));
    // `hyper` times a head only when it knows the version, which takes up to 24 bytes.
    let asked_in_time = {
        let first_request = pin!(timeout(limit, first_request));
        matches!(select(served.as_mut(), first_request).await, Either::Right((Ok(_asked), _)))
    };
    if asked_in_time {
        drop(served.await);
    }
}

/// Ready on ctrl-c, or after `run_for`. The handler is there when this returns.
fn end(run_for: Option<Duration>) -> impl Future<Output = ()> {
    let (sender, interrupted) = oneshot::channel::<()>();
    let mut sender = Some(sender);
    let handler = ctrlc::set_handler(move || drop(sender.take()));
    if let Err(error) = handler {
        eprintln!("ctrl-c will end the server the hard way: {error}");
    }
    async move {
        match run_for {
            Some(span) => drop(select(pin!(sleep(span)), interrupted).await),
            None => drop(interrupted.await),
        }
    }
}
