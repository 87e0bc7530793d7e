//! What you learn: timers in a loop that has a beat of its own, here a game's. Once per frame it asks what
//! is due; it never parks in the timers.
//!
//! ```sh
//! cargo run -p rt-timer --example own_park
//! ```
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use rt_task::base::clock::Pausable;
use rt_task::base::driver::WakeBatch;
use rt_task::base::seam::{Clock, Timers, Wakes};
use rt_timer::{Driver, Duration};

/// The game's own time: it moves by frames, however long a frame takes.
const FRAME: Duration = Duration::from_millis(16);

fn main() {
    let clock = Pausable::new();
    clock.pause().expect("a fresh clock runs");
    let (mut timers, handle) = Driver::new(clock.clone());

    let mut bomb = pin!(handle.sleep(Duration::from_millis(100)));
    let mut door = pin!(handle.sleep(Duration::from_millis(40)));
    // Polled each frame all the same: nobody needs to be woken.
    let mut cx = Context::from_waker(Waker::noop());

    let mut door_is_open = true;
    for frame in 1.. {
        clock.advance(FRAME).expect("the clock is paused");
        let mut due = WakeBatch::new();
        timers.advance(clock.now(), &mut due);
        due.wake_all();

        if door_is_open && door.as_mut().poll(&mut cx).is_ready() {
            println!("frame {frame}: the door closes");
            door_is_open = false;
        }
        if bomb.as_mut().poll(&mut cx).is_ready() {
            println!("frame {frame}: the bomb goes off");
            break;
        }
    }
}
