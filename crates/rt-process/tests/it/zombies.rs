//! Whatever happens to its handle, a child that has ended is reaped.

use std::path::Path;
use std::pin::pin;
use std::process::Stdio;

use rt_io::AsyncReadExt;
use rt_process::{Child, Command};
use rt_reactor::Driver;

use crate::drive::{drive, drive_on, poll_once, shell, until};

/// One that ends when its input does.
fn cat() -> Command {
    let mut command = Command::new("cat");
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    command
}

/// Also as a zombie.
fn is_there(id: u32) -> bool {
    Path::new(&format!("/proc/{id}")).exists()
}

#[test]
fn a_dropped_child_runs_on_and_is_reaped_when_it_ends() {
    drive(async {
        let mut child = cat().spawn().unwrap();
        let (id, input) = (child.id().unwrap(), child.stdin.take());
        drop(child);
        assert!(is_there(id));
        drop(input);
        until(|| !is_there(id));
    });
}

#[test]
fn also_one_that_somebody_began_to_wait_for() {
    drive(async {
        let mut child = cat().spawn().unwrap();
        let (id, input) = (child.id().unwrap(), child.stdin.take());
        assert!(poll_once(pin!(child.wait())).is_pending());
        drop(child);
        drop(input);
        until(|| !is_there(id));
    });
}

#[test]
fn also_when_its_reactor_is_gone() {
    for drop_first in [true, false] {
        let mut driver = Driver::new().unwrap();
        let mut child = drive_on(&mut driver, async { cat().spawn().unwrap() });
        let (id, input) = (child.id().unwrap(), child.stdin.take());
        if drop_first {
            drop(child);
            drop(driver);
        } else {
            drop(driver);
            drop(child);
        }
        assert!(is_there(id));
        drop(input);
        until(|| !is_there(id));
    }
}

#[test]
fn kill_on_drop_kills() {
    let spawn = || {
        let mut child = cat().kill_on_drop(true).spawn().unwrap();
        (child.id().unwrap(), child.stdin.take(), child)
    };
    drive(async {
        let (id, _input, child) = spawn();
        drop(child);
        until(|| !is_there(id));
        // A future that holds it, likewise.
        let (id, _input, child) = spawn();
        drop(child.wait_with_output());
        until(|| !is_there(id));
        let (id, _input, mut child) = spawn();
        assert!(poll_once(pin!(child.wait())).is_pending());
        assert!(is_there(id));
        drop(child);
        until(|| !is_there(id));
    });
}

#[test]
fn a_status_that_nobody_awaits_is_reaped() {
    drive(async {
        let mut command = shell("echo $$; exec sleep 1000");
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut id = [0; 16];
        let count = child.stdout.as_mut().unwrap().read(&mut id).await.unwrap();
        let id: u32 = std::str::from_utf8(&id[..count]).unwrap().trim().parse().unwrap();
        assert_eq!(child.id(), Some(id));
        drop(child);
        until(|| !is_there(id));
    });
}

#[test]
fn a_crowd_of_dropped_children_is_reaped() {
    let children: Vec<Child> = drive(async { (0..300).map(|_| cat().spawn().unwrap()).collect() });
    let ids: Vec<u32> = children.iter().filter_map(Child::id).collect();
    drop(children); // and with them their input
    until(|| !ids.iter().any(|id| is_there(*id)));
}
