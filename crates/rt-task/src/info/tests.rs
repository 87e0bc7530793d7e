use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::{pending, poll_fn};
use core::task::Poll;
use std::sync::Mutex;

use super::*;
use crate::base::context::{Env, visit_blocking};
use crate::coop::yield_now;
use crate::kit::Queue;

/// All that the registry tells, the first polls too.
fn told(queue: &Queue) -> Vec<TaskInfo> {
    let mut told: Vec<_> = queue.registry().first_polls().map(|(_, info)| info).collect();
    queue.registry().for_each_info(|info| told.push(info));
    told
}

#[test]
fn a_task_tells_whether_it_runs_waits_for_its_turn_or_waits_to_be_woken() {
    visit_blocking(Env::new(), |_| {
        let queue = Queue::registered();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (looks, sees) = (queue.clone(), seen.clone());
        let handle = queue.spawn(async move {
            sees.lock().unwrap().push(told(&looks).remove(0));
            yield_now().await;
            sees.lock().unwrap().push(told(&looks).remove(0));
            pending::<()>().await;
        });
        assert!(told(&queue).is_empty(), "it was never polled");
        assert_eq!(handle.info().state, TaskState::Scheduled);
        assert!(queue.step());
        assert_eq!(told(&queue)[0].state, TaskState::Scheduled);
        assert_eq!(told(&queue)[0].wait.unwrap().0.kind, crate::wait::WaitKind::Yield);
        assert!(queue.step());
        assert_eq!(told(&queue)[0].state, TaskState::Idle);
        assert!(told(&queue)[0].wait.is_none(), "it waits for what tells nothing");
        let (id, location) = (handle.id(), handle.info().location);
        let running = seen.lock().unwrap().clone();
        assert_eq!(running.len(), 2);
        for (poll, info) in running.iter().enumerate() {
            assert_eq!((info.id, info.location), (id, location));
            assert_eq!((info.state, info.polls), (TaskState::Running, poll as u32 + 1));
            assert!(info.wait.is_none(), "it waits for nothing");
            assert_eq!(info.last_wait.is_some(), poll == 1);
        }
        handle.abort();
        assert!(handle.info().aborted && handle.info().state == TaskState::Scheduled);
        queue.run();
        assert_eq!(handle.info().state, TaskState::Ended);
        assert!(told(&queue).is_empty());
    });
}

#[test]
fn a_first_poll_is_over_when_the_task_ends_panics_or_pends() {
    let queue = Queue::registered();
    for poll in [
        (|| Poll::Ready(())) as fn() -> Poll<()>,
        || Poll::Pending,
        || std::panic::resume_unwind(alloc::boxed::Box::new(())),
    ] {
        let looks = queue.clone();
        let handle = queue.spawn(poll_fn(move |_| {
            assert_eq!(looks.registry().first_polls().count(), 1);
            poll()
        }));
        queue.run();
        assert_eq!(queue.registry().first_polls().count(), 0);
        handle.abort();
        queue.run();
    }
}

#[test]
fn a_poll_of_which_nobody_took_note_is_over() {
    let queue = Queue::new();
    let waker = Arc::new(Mutex::new(None));
    let leaves = waker.clone();
    let handle = queue.spawn(poll_fn(move |cx| {
        *leaves.lock().unwrap() = Some(cx.waker().clone());
        Poll::<()>::Pending
    }));
    queue.run(); // on a thread without a context
    assert_eq!(handle.info().state, TaskState::Idle);
    waker.lock().unwrap().take().unwrap().wake();
    assert_eq!(handle.info().state, TaskState::Scheduled);
    handle.abort();
    queue.run();
}

#[test]
fn states_have_words() {
    use TaskState::{Ended, Idle, Running, Scheduled};
    let words = [Running, Scheduled, Idle, Ended].map(TaskState::as_str);
    assert_eq!(words, ["running", "scheduled", "idle", "ended"]);
}
