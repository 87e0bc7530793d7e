use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::Cell;
use core::task::{Context, Waker};
use rt_task::base::context::{Env, enter};
use rt_task::coop::yield_now;
use rt_task::{JoinHandle, Ran, Runnable, Schedule, Why};

use super::*;
use crate::kit::{Polled, poll_once};
use crate::{Mutex, RwLock, Semaphore, mpsc};

fn id(n: usize) -> TaskId {
    TaskId::from_usize(n).unwrap()
}

/// `task` waits for lock `object`, which `holder` holds.
fn wait(task: usize, object: usize, holder: usize) -> LockWait {
    let at = Location::caller();
    let holder = LockHolder { task: Some(id(holder)), since: at, is_alone: true };
    LockWait { task: Some(id(task)), kind: WaitKind::Lock, object, at, holder: Some(holder) }
}

fn found(waits: &[LockWait]) -> Vec<Vec<u64>> {
    let tasks = |circle: Vec<LockWait>| circle.iter().map(|w| w.task.unwrap().as_u64()).collect();
    circles(waits).into_iter().map(tasks).collect()
}

#[test]
fn a_circle_is_found_once_from_wherever_the_search_begins() {
    let (a, b, c) = (wait(1, 10, 2), wait(2, 20, 3), wait(3, 30, 1));
    assert_eq!(found(&[a, b, c]), [[1, 2, 3]]);
    assert_eq!(found(&[c, a, b]), [[1, 2, 3]]);
    let outside = wait(7, 10, 2);
    assert_eq!(found(&[outside, a, b, c]), [[1, 2, 3]]);
    let before = wait(1, 50, 5);
    assert_eq!(found(&[before, wait(5, 60, 6), wait(6, 70, 5)]), [[5, 6]]);
    assert!(found(&[a, b, outside]).is_empty());
}

#[test]
fn who_waits_for_itself_is_a_circle() {
    assert_eq!(found(&[wait(1, 10, 1)]), [[1]]);
}

#[test]
fn two_circles_through_one_task_are_two() {
    // 1 waits for 2 and for 3 at once; both wait for 1.
    let waits = [wait(1, 10, 2), wait(1, 20, 3), wait(2, 30, 1), wait(3, 40, 1)];
    assert_eq!(found(&waits), [[1, 2], [1, 3]]);
}

#[test]
fn a_long_chain_that_does_not_close_is_none() {
    let chain: Vec<_> = (1..500).map(|n| wait(n, n, n + 1)).collect();
    assert!(found(&chain).is_empty());
    let mut closed = chain;
    closed.push(wait(500, 500, 1));
    assert_eq!(found(&closed).len(), 1);
}

#[test]
fn a_wait_outside_of_tasks_is_told_with_both_lines() {
    let lock = Mutex::new(());
    let line = line!() + 1;
    let held = lock.try_lock().unwrap();
    let mut waits = Box::pin(lock.lock());
    assert!(waits.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let mine = |wait: &LockWait| wait.at.file() == file!() && wait.at.line() == line + 1;
    let seen = lock_waits().into_iter().find(mine).expect("it waits");
    assert_eq!((seen.task(), seen.kind()), (None, WaitKind::Lock));
    let holder = seen.holder().expect("it is held");
    assert_eq!(holder.since().line(), line);
    assert!(holder.is_alone());
    assert!(holder.to_string().contains("held by who is no task since"), "{holder}");
    drop(held);
    let handed = lock_waits().into_iter().find(mine);
    assert!(handed.is_none(), "it waits no more");
    drop(waits);
    assert!(lock.try_lock().is_ok());
}

#[test]
fn of_several_readers_the_last_is_known_and_it_says_so() {
    let lock = RwLock::new(());
    let (one, other) = (lock.try_read().unwrap(), lock.try_read().unwrap());
    let line = line!() + 1;
    let mut waits = Box::pin(lock.write());
    assert!(waits.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let mine = |wait: &LockWait| wait.at.file() == file!() && wait.at.line() == line;
    let holder = lock_waits().into_iter().find(mine).unwrap().holder().unwrap();
    assert_eq!((holder.since().line(), holder.is_alone()), (line - 2, false));
    drop((one, other));
    assert!(waits.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
}

#[test]
fn who_forgot_a_permit_is_known_to_have_it() {
    let semaphore = Semaphore::new(1);
    let line = line!() + 1;
    semaphore.try_acquire().unwrap().forget();
    let mut waits = Polled::new(semaphore.acquire());
    waits.pends();
    let mine = |wait: &LockWait| wait.at.file() == file!() && wait.at.line() == line + 1;
    let holder = lock_waits().into_iter().find(mine).unwrap().holder().expect("it is known");
    assert_eq!(holder.since().line(), line);
}

#[test]
fn who_has_sent_holds_no_room() {
    let (sender, _receiver) = mpsc::channel(1);
    assert!(poll_once(sender.send(1)).is_ready());
    let line = line!() + 1;
    let mut waits = Polled::new(sender.send(2));
    waits.pends();
    let mine = |wait: &LockWait| wait.at.file() == file!() && wait.at.line() == line;
    let wait = lock_waits().into_iter().find(mine).unwrap();
    assert_eq!((wait.kind(), wait.holder()), (WaitKind::Send, None));
}

/// Keeps who was woken.
#[derive(Clone, Default)]
struct Queue(Arc<std::sync::Mutex<Vec<Runnable<Queue>>>>);

impl Schedule for Queue {
    fn schedule(&self, runnable: Runnable<Self>, _why: Why) {
        self.0.lock().unwrap().push(runnable);
    }
}

impl Queue {
    fn run(&self) {
        while let Some(next) = { self.0.lock().unwrap().pop() } {
            if let Ran::Yielded(again) = next.run() {
                self.schedule(again, Why::Wake);
            }
        }
    }
}

/// Two tasks, each of which has one lock and waits for the other's.
struct Stuck {
    queue: Queue,
    tasks: [JoinHandle<()>; 2],
}

impl Stuck {
    fn new() -> Self {
        let _entered = enter(Env::new());
        let queue = Queue::default();
        let (one, other) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
        let take = |first: &Arc<Mutex<()>>, second: &Arc<Mutex<()>>| {
            let (first, second) = (first.clone(), second.clone());
            let task = async move {
                let _first = first.lock().await;
                yield_now().await;
                let _second = second.lock().await;
            };
            rt_task::spawn(task, queue.clone())
        };
        let tasks = [take(&one, &other), take(&other, &one)].map(|(runnable, task)| {
            let Ran::Yielded(again) = runnable.run() else { panic!("it yields with one lock") };
            queue.schedule(again, Why::Wake);
            task
        });
        queue.run();
        Self { queue, tasks }
    }

    fn info(&self, id: TaskId) -> Option<TaskInfo> {
        self.tasks.iter().find(|task| task.id() == id).map(JoinHandle::info)
    }

    /// Its circle, if it is found.
    fn found(&self, look_up: impl FnMut(TaskId) -> Option<TaskInfo>) -> Option<Deadlock> {
        let is_mine =
            |member: &Deadlocked| self.tasks.iter().any(|task| task.id() == member.task());
        deadlocks_among(look_up).into_iter().find(|found| found.members().iter().all(is_mine))
    }
}

impl Drop for Stuck {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        self.queue.run();
    }
}

#[test]
fn two_tasks_that_wait_for_each_other_are_told_with_what_is_known_of_them() {
    let stuck = Stuck::new();
    let found = stuck.found(|id| stuck.info(id)).expect("it is a circle");
    assert!(found.is_certain());
    let [one, other] = found.members() else { panic!("two members: {found:?}") };
    for (member, next) in [(one, other), (other, one)] {
        assert_eq!(member.info().expect("looked up").id, member.task());
        assert_eq!(member.wait().task(), Some(member.task()));
        assert_eq!(member.holder().task(), Some(next.task()));
        let (wait, _) = member.info().unwrap().wait.expect("it waits");
        assert_eq!(wait.object, member.wait().object(), "in the task's own words, too");
    }
    assert_ne!(one.wait().object(), other.wait().object());
}

#[test]
fn a_circle_is_certain_only_if_nothing_else_can_free_it() {
    let stuck = Stuck::new();
    let unknown = stuck.found(|_| None).expect("it is a circle");
    assert!(!unknown.is_certain() && unknown.members()[0].info().is_none());
    let is_certain = |change: &dyn Fn(&mut TaskInfo)| {
        let look_up = |id| {
            let mut info = stuck.info(id)?;
            change(&mut info);
            Some(info)
        };
        stuck.found(look_up).expect("it is a circle").is_certain()
    };
    assert!(is_certain(&|_| ()));
    assert!(
        !is_certain(&|info| info.wait.as_mut().unwrap().1 = 2),
        "it waits for something else, too"
    );
    assert!(!is_certain(&|info| info.state = TaskState::Running));
    let polls = Cell::new(0);
    let is_polled = |info: &mut TaskInfo| {
        polls.set(polls.get() + 1);
        info.polls = polls.get();
    };
    assert!(!is_certain(&is_polled), "it was polled between the looks");
}

#[test]
fn a_circle_that_is_broken_between_two_looks_is_none() {
    let lock = Mutex::new(());
    let _held = lock.try_lock().unwrap();
    let mut waits = Polled::new(lock.lock()); // somebody waits all the time
    waits.pends();
    let stuck = Stuck::new();
    let look_up = |id| {
        stuck.tasks[0].abort();
        stuck.queue.run();
        stuck.info(id)
    };
    assert!(stuck.found(look_up).is_none());
}
