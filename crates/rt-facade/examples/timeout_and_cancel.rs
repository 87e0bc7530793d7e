//! What you learn: the three ways to give up. A timeout, an abort, and the end of the runtime; each drops
//! the future, so its destructors clean up.
//!
//! ```sh
//! cargo run --example timeout_and_cancel
//! ```
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use std::error::Error;
use std::future::pending;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use rt_facade::runtime::Builder;
use rt_facade::task::yield_now;
use rt_facade::time::{Duration, Instant, sleep, timeout};

/// How many kettles are on the fire.
static ON_THE_FIRE: AtomicUsize = AtomicUsize::new(0);

/// Takes the kettle from the fire, whatever becomes of the tea.
struct Kettle;

impl Kettle {
    fn on_the_fire() -> Self {
        ON_THE_FIRE.fetch_add(1, Relaxed);
        Self
    }
}

impl Drop for Kettle {
    fn drop(&mut self) {
        ON_THE_FIRE.fetch_sub(1, Relaxed);
    }
}

async fn tea(brewing: Duration) -> &'static str {
    let _kettle = Kettle::on_the_fire();
    sleep(brewing).await;
    "tea"
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // One thread for all, so that a yield lets the other tasks go first.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // In time.
        let quick = timeout(Duration::from_secs(5), tea(Duration::from_millis(10))).await?;
        println!("quick: {quick}");

        // Too late: the future is dropped where it stands, here and now.
        let start = Instant::now();
        let late = timeout(Duration::from_millis(50), tea(Duration::from_secs(3600))).await;
        println!("slow: {} after {:?}", late.expect_err("an hour is too long"), start.elapsed());

        // A task is dropped at its next await; who waits for it hears that it was cancelled.
        let task = rt_facade::spawn(tea(Duration::from_secs(3600)));
        yield_now().await; // lets it put the kettle on
        task.abort();
        let aborted = task.await.expect_err("it was aborted");
        let (cancelled, panicked) = (aborted.is_cancelled(), aborted.is_panic());
        println!("aborted: cancelled is {cancelled}, panicked is {panicked}");

        // A panic stays in its task, too.
        let task = rt_facade::spawn(async {
            let _kettle = Kettle::on_the_fire();
            std::panic::resume_unwind(Box::new("no water")); // as `panic!`, without its message
        });
        let dry = task.await.expect_err("it panicked").into_panic();
        println!("panicked: {:?}", dry.downcast_ref::<&str>());

        // Nobody waits for this one. It ends with the runtime.
        drop(rt_facade::spawn(async {
            let _kettle = Kettle::on_the_fire();
            pending::<()>().await;
        }));
        yield_now().await;
        Ok::<_, Box<dyn Error>>(())
    })?;
    println!("on the fire: {}", ON_THE_FIRE.load(Relaxed));
    drop(runtime);
    let left = ON_THE_FIRE.load(Relaxed);
    println!("on the fire after the runtime's end: {left}");
    Ok(if left == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
