//! What you learn: a stack of `tower` layers on the runtime: a limit on what runs at a time, and one on the time of each
//! request, which the runtime's timer keeps.
//!
//! ```sh
//! cargo run --example tower
//! ```
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use rt_facade::task::JoinHandle;
use rt_facade::time::{Duration, sleep};
use rt_facade::tower::{Elapsed, TimeoutLayer};
use tower::{BoxError, ServiceBuilder, ServiceExt, service_fn};

#[rt_facade::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), BoxError> {
    // Works for as many seconds as it is told.
    let work = service_fn(async |seconds: u64| {
        sleep(Duration::from_secs(seconds)).await;
        Ok::<_, BoxError>(format!("worked for {seconds} s"))
    });
    let service = ServiceBuilder::new()
        .concurrency_limit(2)
        .layer(TimeoutLayer::new(Duration::from_secs(5)))
        .service(work);

    let asked = |seconds| -> JoinHandle<Result<String, BoxError>> {
        rt_facade::spawn(service.clone().oneshot(seconds))
    };
    let tasks: Vec<_> = [1, 2, 60, 3].into_iter().map(asked).collect();
    for task in tasks {
        match task.await? {
            Ok(done) => println!("{done}"),
            Err(error) if error.is::<Elapsed>() => println!("too slow: {error}"),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
