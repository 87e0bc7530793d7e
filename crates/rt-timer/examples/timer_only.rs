//! What you learn: timers with no scheduler and no reactor. The thread that waits for a future turns the
//! timers itself, and parks in between.
//!
//! ```sh
//! cargo run -p rt-timer --example timer_only
//! ```
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use std::future::Future;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll};

use rt_task::base::clock::Monotonic;
use rt_task::base::driver::{Driver as _, Stack, Until, WakeBatch};
use rt_task::base::park::ThreadPark;
use rt_timer::{Driver, Duration, Handle};

fn main() -> io::Result<()> {
    let clock = Monotonic::new();
    let park = ThreadPark::new();
    let waker = park.unparker().into_waker();
    let (timers, handle) = Driver::new(clock);
    let mut stack = Stack::new(park, timers, clock);

    let mut cx = Context::from_waker(&waker);
    let mut rounds = pin!(three_rounds(&handle));
    let mut turns = 0;
    while rounds.as_mut().poll(&mut cx) == Poll::Pending {
        // Waits for the next deadline, and wakes what is due.
        stack.turn(Until::Event, &mut WakeBatch::new())?;
        turns += 1;
    }
    println!("done in {turns} turns");
    Ok(())
}

async fn three_rounds(timer: &Handle) {
    let start = timer.now();
    for round in 1..=3 {
        timer.sleep(Duration::from_millis(20)).await;
        println!("round {round} after {:?}", timer.now().duration_since(start));
    }
}
