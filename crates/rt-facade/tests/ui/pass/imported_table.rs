//! The attribute by itself, of a crate that the manifest beside this file names otherwise.

use rt::main;

#[main]
async fn main() {
    rt::task::yield_now().await;
}
