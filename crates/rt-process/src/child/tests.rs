//! Waiting by a thread: what systems without pidfds do.

use std::future::Future;
use std::pin::pin;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::task::Waker;

use rt_task::base::context::{Env, enter};
use rt_task::base::seam::{Blocking, Rejected};
use rt_task::{Job, block_on};

use super::*;
use crate::exit::Thread;

/// A child that is waited for by a thread. Ends when its input does.
fn cat() -> (Child, Option<process::ChildStdin>) {
    let mut cat = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let (input, exit) = (cat.stdin.take(), Exit::Thread(Thread::new(cat.id())));
    (Child::from_parts(cat, exit, false), input)
}

fn is_pending(child: &mut Child) -> bool {
    pin!(child.wait()).poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

#[test]
fn a_child_is_waited_for_and_reaped() {
    let (mut child, input) = cat();
    assert!(child.id().is_some() && child.try_wait().unwrap().is_none());
    drop(input);
    assert!(block_on(child.wait()).unwrap().success());
    assert!(block_on(child.wait()).unwrap().success());
    assert!(child.id().is_none() && child.try_wait().unwrap().is_some());
}

#[test]
fn a_wait_that_is_given_up_may_be_begun_again() {
    let (mut child, input) = cat();
    (0..3).for_each(|_| assert!(is_pending(&mut child)));
    drop(input);
    assert!(block_on(child.wait()).unwrap().success());
}

#[test]
fn a_child_is_killed() {
    use std::os::unix::process::ExitStatusExt;

    let (mut child, _input) = cat();
    block_on(child.kill()).unwrap();
    assert_eq!(child.try_wait().unwrap().unwrap().signal(), Some(9));
    block_on(child.kill()).unwrap();
}

/// A pool waits for what it has begun, and whoever drops the pool waits for it.
#[test]
fn no_pool_is_held_up_by_a_wait_that_was_given_up() {
    struct Refuses;
    impl Blocking for Refuses {
        fn execute(&self, _: Job) -> Result<(), Rejected> {
            panic!("it was asked")
        }
    }
    let guard = enter(Env::new().with_blocking(Arc::new(Refuses)));
    let (mut child, input) = cat();
    assert!(is_pending(&mut child));
    drop((child, guard));
    drop(input);
}
