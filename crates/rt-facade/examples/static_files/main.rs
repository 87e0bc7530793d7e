//! What you learn: to serve a folder. Files are read on the runtime's blocking pool and streamed as the client takes
//! them, so a file of any size costs the same memory; an unmodified axum `Router` does the rest.
//!
//! ```sh
//! cargo run --release --example static_files -- --folder docs --addr 127.0.0.1:8080
//! curl -i http://127.0.0.1:8080/README.md
//! curl -i --range 0-99 http://127.0.0.1:8080/README.md          # 206, a hundred bytes
//! curl -I http://127.0.0.1:8080/README.md                       # the head alone
//! curl -i --path-as-is http://127.0.0.1:8080/../Cargo.toml      # 404: nothing is outside
//! ```
//!
//! It ends on ctrl-c: downloads that have begun go on to their end, for `--grace` seconds at most.
//!
//! Here is the server; `file.rs` finds a file and streams it, `headers.rs` decides what of it is wanted. How to limit
//! the time that a client takes is shown by `http_hello`.
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

mod file;
mod headers;

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use rt_facade::hyper::serve;
use rt_facade::net::TcpListener;
use rt_facade::signal::ctrl_c;
use rt_facade::sync::CancellationToken;
use rt_facade::time::{Duration, sleep};

const USAGE: &str = "\
usage: static_files [OPTION VALUE]...
  --folder FOLDER  what to serve; this folder unless given
  --addr ADDRESS   where to listen; 127.0.0.1:0, a free port, unless given
  --grace SECONDS  for downloads that have begun at the end; 5 unless given";

#[rt_facade::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (mut folder, mut addr) = (PathBuf::from("."), SocketAddr::from(([127, 0, 0, 1], 0)));
    let mut grace = Duration::from_secs(5);
    let mut args = std::env::args().skip(1);
    while let Some(option) = args.next() {
        let value = args.next().ok_or(USAGE)?;
        match option.as_str() {
            "--folder" => folder = value.into(),
            "--addr" => addr = value.parse()?,
            "--grace" => grace = Duration::try_from_secs_f64(value.parse()?)?,
            _ => return Err(USAGE.into()),
        }
    }
    // Links are followed once, here; what leads out of the folder later is refused.
    let folder: Arc<_> = rt_facade::fs::canonicalize(&folder).await?.into();
    let app = Router::new()
        .route("/", get(file::reply))
        .route("/{*path}", get(file::reply))
        .with_state(folder);

    let listener = TcpListener::bind(addr).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let (ends, ended) = (CancellationToken::new(), CancellationToken::new());
    let server = serve(listener, app.into_make_service())
        .with_graceful_shutdown(ends.clone().cancelled_owned());
    rt_facade::spawn({
        let ended = ended.clone();
        async move {
            _ = ctrl_c().await;
            ends.cancel();
            sleep(grace).await;
            ended.cancel();
        }
    });
    rt_facade::select! {
        served = server.into_future() => {
            served?;
            println!("every download has ended");
        }
        () = ended.cancelled() => println!("some downloads were dropped after {grace:?}"),
    }
    Ok(())
}
