//! The thread, with and without descriptors.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use rt_task::base::clock::Monotonic;
use rt_task::base::seam::Clock;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::*;

/// Longer than anything here takes, on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// One that ends when its input does.
fn cat() -> Child {
    Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
}

fn until(mut what: impl FnMut() -> bool) {
    let clock = Monotonic::new();
    while !what() {
        assert!(clock.now().0 < PATIENCE.as_nanos() as u64, "it never is so");
        thread::yield_now();
    }
}

/// Also as a zombie.
fn is_there(id: u32) -> bool {
    Path::new(&format!("/proc/{id}")).exists()
}

fn pidfd(child: &Child) -> Option<OwnedFd> {
    Some(pidfd_open(Pid::from_child(child), PidfdFlags::empty()).unwrap())
}

#[test]
fn children_of_either_kind_are_reaped_when_they_end() {
    for _ in 0..3 {
        let mut children: Vec<Child> = (0..20).map(|_| cat()).collect();
        let ids: Vec<u32> = children.iter().map(Child::id).collect();
        let inputs: Vec<_> = children.iter_mut().map(|child| child.stdin.take()).collect();
        for (n, child) in children.into_iter().enumerate() {
            let pidfd = pidfd(&child).filter(|_| n % 2 == 0);
            adopt(child, pidfd);
        }
        assert!(ids.iter().all(|id| is_there(*id)), "none has ended");
        drop(inputs);
        until(|| !ids.iter().any(|id| is_there(*id)));
    }
}

#[test]
fn one_that_has_ended_is_reaped_at_once() {
    let mut child = cat();
    let id = child.id();
    drop(child.stdin.take());
    let wait = rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT;
    rustix::process::waitid(rustix::process::WaitId::Pid(Pid::from_child(&child)), wait).unwrap();
    assert!(is_there(id));
    adopt(child, None);
    assert!(!is_there(id));
}

#[test]
fn without_a_poll_all_are_asked() {
    let mut child = cat();
    let id = child.id();
    let input = child.stdin.take();
    let mut reaper = Reaper { poll: None, watched: HashMap::new(), asked: Vec::new(), next: 0 };
    let fd = pidfd(&child);
    reaper.watch(Orphan { child, pidfd: fd });
    assert_eq!((reaper.watched.len(), reaper.asked.len()), (0, 1));
    assert!(is_there(id));
    drop(input);
    until(|| {
        reaper.asked.retain_mut(|orphan| !orphan.is_reaped());
        !is_there(id)
    });
    assert!(reaper.asked.is_empty());
}

#[test]
fn the_thread_ends_when_nothing_is_left_and_starts_again() {
    for _ in 0..2 {
        let mut child = cat();
        let (id, input) = (child.id(), child.stdin.take());
        let pidfd = pidfd(&child);
        adopt(child, pidfd);
        drop(input);
        until(|| !is_there(id));
        // Other tests may keep it busy, for a while.
        until(|| orphanage().thread.is_none());
    }
}
