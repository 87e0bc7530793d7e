//! Very many clients at once, who are gone again at once.

use std::thread;
use std::time::{Duration, Instant};

use super::Shared;
use super::client::{ANSWER_MAX, Client, Target};

/// A place in the queue is to be had by then, also at the second or third try of the system.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// For all of them to come.
const CROWD_MAX: Duration = Duration::from_secs(30);
/// Those who fill the server do so for so long, ...
const FULL: Duration = Duration::from_millis(1_500);
/// ... then so many of them leave, ...
const LEAVING: usize = 600;
/// ... each so long after the one before.
const ONE_BY_ONE: Duration = Duration::from_millis(8);

/// Connects `count` clients, lets each be answered once, and drops them all, every other one by a reset.
/// Says how many came and how many were answered.
pub(super) fn come_and_go(shared: &Shared, count: usize) -> String {
    let began = shared.now_ms();
    let start = Instant::now();
    // Each asks at once: who says nothing for too long is let go.
    let mut crowd = come(shared, count, ANSWER_MAX, b"echo crowd\n");
    let (came, came_in) = (crowd.len(), start.elapsed());
    let wrong = |client: &mut Client| !client.line().is_ok_and(|line| line == "crowd");
    // Who waits in vain does so for all who come after, too.
    let answered = crowd.iter_mut().position(wrong).unwrap_or(came);
    // As many come as the machine lets in in time.
    if answered < came {
        let told = format!("{came} clients came at once, and {answered} were answered");
        shared.bad(began, &told);
    }
    go(crowd);
    let (came_in, all_in) = (came_in.as_millis(), start.elapsed().as_millis());
    format!("came={came} in_ms={came_in} answered={answered} in_ms={all_in}")
}

/// Connects `count` clients, more than the server has descriptors for, and lets some of them leave, one after
/// the other: who waits at the door must be let in meanwhile.
pub(super) fn fill(shared: &Shared, count: usize) -> String {
    let mut crowd = come(shared, count, CONNECT_MAX, b"");
    thread::sleep(FULL);
    let came = crowd.len();
    let leaving: Vec<Client> = crowd.drain(..came.min(LEAVING)).collect();
    let began = Instant::now();
    let leave = thread::spawn(move || {
        for (at, client) in leaving.into_iter().enumerate() {
            let due = began + ONE_BY_ONE * at as u32;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            drop(client);
        }
        began.elapsed()
    });
    let last = crowd.last_mut();
    let asked = last.map(|client| client.ask("echo last"));
    let waited = began.elapsed();
    let left = leave.join().unwrap_or_default();
    let answered = asked.is_some_and(|told| told.is_ok_and(|told| told == "last"));
    // Had not all of them come, there might have been room enough.
    if came == count && (waited > left || !answered) {
        println!(
            "bad {LEAVING} clients left in {left:?}, and who waited for that was let in after {waited:?}"
        );
    }
    go(crowd);
    format!("came={came} let_in_ms={}", waited.as_millis())
}

fn come(shared: &Shared, count: usize, limit: Duration, request: &[u8]) -> Vec<Client> {
    let target = Target::Tcp(shared.place.line);
    let end = Instant::now() + CROWD_MAX;
    let one = |_| {
        let mut client = target.connect_within(limit).ok()?;
        client.send(request).ok()?;
        Some(client)
    };
    (0..count).take_while(|_| Instant::now() < end).map_while(one).collect()
}

fn go(crowd: Vec<Client>) {
    for (at, client) in crowd.into_iter().enumerate() {
        if at % 2 == 0 {
            _ = client.reset();
        }
    }
}
