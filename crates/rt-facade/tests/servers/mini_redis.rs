//! Redis's protocol: the `redis` crate over the runtime's sockets, `redis-cli` and `redis-benchmark` where they are
//! installed, and raw bytes.

mod client;
mod commands;
mod ending;
mod expiry;
mod malformed;
mod memory;
mod storm;
mod subscribers;
mod tools;

use crate::server::Server;

/// Runs `test` with a server of each flavour.
fn for_each_flavor(test: impl Fn(Server)) {
    for flavor in ["current-thread", "multi-thread"] {
        println!("{flavor}");
        test(Server::start("mini_redis", &["--flavor", flavor]));
    }
}

/// What a server prints at the end, if nobody hangs.
const LAST_WORDS: &str = "shutting down\nevery connection has ended\n";

/// Tells a server to end, and asserts that it ends well, with all connections ended by themselves.
async fn end(server: Server) {
    server.signal(rustix::process::Signal::TERM);
    server.ended(LAST_WORDS).await;
}
