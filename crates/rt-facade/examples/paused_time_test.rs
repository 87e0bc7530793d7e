//! What you learn: to test what takes a day in no time, and to the millisecond. The clock stands still
//! while anything can run, and jumps to the next deadline when nothing can.
//!
//! ```sh
//! cargo run --example paused_time_test
//! ```
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use std::io;
use std::time::SystemTime;

use rt_facade::runtime::Builder;
use rt_facade::time::error::Elapsed;
use rt_facade::time::{Duration, Instant, advance, sleep, timeout};

/// What is to be tested: asks until there is an answer, and waits twice as long after each try, up to an
/// hour.
async fn with_patience<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let mut pause = Duration::from_secs(1);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        sleep(pause).await;
        pause = (2 * pause).min(Duration::from_secs(3600));
    }
}

/// The same, but no longer than a day.
async fn with_some_patience<T>(ask: impl AsyncFnMut() -> Option<T>) -> Result<T, Elapsed> {
    timeout(Duration::from_secs(24 * 3600), with_patience(ask)).await
}

fn main() -> io::Result<()> {
    let real = SystemTime::now();
    paused(waits_twice_as_long_each_time)?;
    paused(gives_up_after_a_day)?;
    paused(time_moves_by_hand_as_well)?;
    let real = real.elapsed().unwrap_or_default();
    assert!(real < Duration::from_secs(10), "two days took {real:?}");
    println!("two days passed, and no second");
    Ok(())
}

/// Runs a test with its clock paused.
fn paused(test: impl AsyncFnOnce()) -> io::Result<()> {
    Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(test());
    Ok(())
}

async fn waits_twice_as_long_each_time() {
    let start = Instant::now();
    let mut asked_at = Vec::new();
    let answer = with_patience(async || {
        asked_at.push(start.elapsed().as_secs());
        (asked_at.len() == 5).then_some("yes")
    });
    assert_eq!(answer.await, "yes");
    println!("asked after {asked_at:?} seconds");
    assert_eq!(asked_at, [0, 1, 3, 7, 15]);
}

async fn gives_up_after_a_day() {
    let start = Instant::now();
    let mut asked = 0;
    let answer = with_some_patience(async || {
        asked += 1;
        None::<()>
    });
    assert!(answer.await.is_err());
    println!("gave up after {} hours and {asked} tries", start.elapsed().as_secs() / 3600);
    assert_eq!(start.elapsed().as_secs(), 24 * 3600);
}

async fn time_moves_by_hand_as_well() {
    let start = Instant::now();
    let task = rt_facade::spawn(sleep(Duration::from_secs(60)));
    advance(Duration::from_secs(59)).await;
    assert!(!task.is_finished());
    advance(Duration::from_secs(2)).await;
    task.await.expect("it only sleeps");
    println!("a minute's sleep was over after {} s, by hand", start.elapsed().as_secs());
    assert_eq!(start.elapsed().as_secs(), 61);
}
