//! You learn: how async code calls what blocks, without any scheduler.
//!
//! `cargo run -p rt-blocking --example blocking_bridge`

#![allow(clippy::print_stdout, reason = "an example talks")]

use std::future::Future;
use std::io::{self, Read};
use std::time::Duration;

use rt_blocking::{Builder, Handle};
use rt_task::block_on;

/// Async outside, blocking inside: the whole bridge.
fn checksum(pool: &Handle, path: &'static str) -> impl Future<Output = io::Result<u32>> {
    let sum = pool.spawn_blocking(move || {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.read_to_end(&mut bytes)?;
        let add = |sum: u32, byte: &u8| sum.rotate_left(1).wrapping_add(u32::from(*byte));
        Ok(bytes.iter().fold(0, add))
    });
    // A panic or a shutdown comes as a `JoinError`, which is an I/O error, too.
    async { sum.await? }
}

fn main() -> io::Result<()> {
    let pool = Builder::new().max_threads(2).thread_name("bridge").build();

    // `block_on` parks this thread: any executor would do.
    let (manifest, readme) = block_on(async {
        let manifest = checksum(pool.handle(), concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        let readme = checksum(pool.handle(), concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));
        // Both read at the same time, each on a thread of its own.
        io::Result::Ok((manifest.await?, readme.await?))
    })?;
    println!("Cargo.toml {manifest:08x}, README.md {readme:08x}");
    println!("{:?}", pool.handle().metrics());

    let report = pool.shutdown(Some(Duration::from_secs(1)));
    println!("{report}");
    Ok(())
}
