//! Waiting by the pool: what systems without pidfds do.

use std::future::Future;
use std::pin::pin;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::task::Waker;
use std::thread;

use rt_task::base::context::{Env, enter};
use rt_task::base::seam::{Blocking, Rejected};
use rt_task::{Job, block_on};

use super::*;
use crate::exit::Pool;

/// A thread for each closure.
struct Threads;

impl Blocking for Threads {
    fn execute(&self, job: Job) -> Result<(), Rejected> {
        drop(thread::Builder::new().spawn(move || job.run()).expect("a thread"));
        Ok(())
    }
}

/// A child that is waited for by the pool. Ends when its input does.
fn cat() -> (Child, Option<process::ChildStdin>) {
    let mut cat = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let (input, exit) = (cat.stdin.take(), Exit::Pool(Pool::new(cat.id())));
    (Child::from_parts(cat, exit, false), input)
}

fn pool() -> Env {
    Env::new().with_blocking(Arc::new(Threads))
}

#[test]
fn a_child_is_waited_for_and_reaped() {
    let _guard = enter(pool());
    let (mut child, input) = cat();
    assert!(child.id().is_some() && child.try_wait().unwrap().is_none());
    drop(input);
    assert!(block_on(child.wait()).unwrap().success());
    assert!(block_on(child.wait()).unwrap().success());
    assert!(child.id().is_none() && child.try_wait().unwrap().is_some());
}

#[test]
fn a_wait_that_is_given_up_may_be_begun_again() {
    let _guard = enter(pool());
    let (mut child, input) = cat();
    for _ in 0..3 {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(pin!(child.wait()).poll(&mut cx).is_pending());
    }
    drop(input);
    assert!(block_on(child.wait()).unwrap().success());
}

#[test]
fn a_child_is_killed() {
    use std::os::unix::process::ExitStatusExt;

    let _guard = enter(pool());
    let (mut child, _input) = cat();
    block_on(child.kill()).unwrap();
    assert_eq!(child.try_wait().unwrap().unwrap().signal(), Some(9));
    block_on(child.kill()).unwrap();
}

#[test]
fn without_a_pool_it_says_what_is_missing() {
    let (mut child, input) = cat();
    let told = block_on(child.wait()).unwrap_err().to_string();
    assert!(told.starts_with(&format!("`Child::wait` at {}", file!())), "{told}");
    drop(input);
    let _guard = enter(pool());
    assert!(block_on(child.wait()).unwrap().success(), "all the same");
}
