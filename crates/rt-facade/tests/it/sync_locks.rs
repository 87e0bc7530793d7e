//! Who waits for a lock tells who holds it; those that wait for each other are found; locks are fair, and take
//! part in the budget.

use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::task::Poll;

use rt_facade::dump::{TaskDump, WaitKind};
use rt_facade::runtime::{Builder, Handle};
use rt_facade::sync::{Deadlock, Mutex, RwLock, Semaphore, deadlocks};
use rt_facade::task::{self, JoinHandle, yield_now};
use rt_facade::time::{Duration, timeout};

use crate::support::{for_each_flavor, panic_message, until};

type Lock = Arc<Mutex<u32>>;

/// Locks `first`, waits until `all` have come so far, and locks `second`.
async fn lock_both(first: Lock, second: Lock, come: Arc<AtomicUsize>, all: usize) -> u32 {
    let first = first.lock().await;
    come.fetch_add(1, SeqCst);
    until(|| come.load(SeqCst) >= all).await;
    let second = second.lock().await;
    *first + *second
}

/// Tasks each of which holds a lock that the one before it waits for.
fn ring<const N: usize>() -> [JoinHandle<u32>; N] {
    let locks: [Lock; N] = std::array::from_fn(|_| Lock::default());
    let come = Arc::new(AtomicUsize::new(0));
    std::array::from_fn(|n| {
        let (first, second) = (locks[n].clone(), locks[(n + 1) % N].clone());
        let future = lock_both(first, second, come.clone(), N);
        task::Builder::new().name(format!("ring {n}")).spawn(future).unwrap()
    })
}

/// The one deadlock that `task` is in, once there is one and `is_so`.
async fn deadlock_of(task: task::Id, is_so: impl Fn(&Deadlock) -> bool) -> Deadlock {
    let mut found = None;
    let of_it = |deadlock: &Deadlock| deadlock.members().iter().any(|m| m.task() == task);
    until(|| {
        found = deadlocks().into_iter().find(|deadlock| of_it(deadlock) && is_so(deadlock));
        found.is_some()
    })
    .await;
    found.unwrap()
}

fn task_of(dump: &rt_facade::dump::Dump, id: task::Id) -> TaskDump {
    dump.tasks().iter().find(|task| task.id() == id).expect("alive").clone()
}

#[test]
fn two_tasks_that_wait_for_each_other_are_told_with_every_line() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let [one, other] = ring::<2>();
            let deadlock = deadlock_of(one.id(), Deadlock::is_certain).await;
            let [a, b] = deadlock.members() else { panic!("{deadlock}") };
            assert_eq!(a.holder().task(), Some(b.task()));
            assert_eq!(b.holder().task(), Some(a.task()));
            for member in [a, b] {
                let since = member.holder().since();
                assert_eq!((since.file(), member.wait().at().file()), (file!(), file!()));
                assert_eq!(member.wait().at().line(), since.line() + 3, "`second` and `first`");
                assert_eq!(member.wait().kind(), WaitKind::Lock);
            }
            let said = deadlock.to_string();
            assert!(said.starts_with("deadlock: 2 tasks wait for each other\n"), "{said}");
            for name in
                ["`ring 0` spawned at ", "`ring 1` spawned at ", "for a lock that is held by"]
            {
                assert!(said.contains(name), "{name}: {said}");
            }

            // The dump says the same of each.
            let dump = Handle::current().dump();
            let wait = *task_of(&dump, one.id()).waits_for().expect("it waits");
            assert_eq!(wait.holder().unwrap().task(), Some(other.id()));
            let line = format!("held by task {} since ", other.id());
            assert!(dump.to_string().contains(&line), "{dump}");
            let json = format!(r#""holder":{{"task":{},"since":""#, other.id());
            assert!(dump.to_json().contains(&json), "{}", dump.to_json());

            other.abort();
            assert!(other.await.unwrap_err().is_cancelled());
            assert_eq!(one.await.unwrap(), 0, "its way is free");
        });
    });
}

#[test]
fn a_ring_of_five_is_one_deadlock() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let tasks = ring::<5>();
            let deadlock = deadlock_of(tasks[0].id(), Deadlock::is_certain).await;
            assert_eq!(deadlock.members().len(), 5);
            let ids: Vec<_> = deadlock.members().iter().map(|member| member.task()).collect();
            assert!(tasks.iter().all(|task| ids.contains(&task.id())), "{deadlock}");
            tasks[2].abort();
            for (n, task) in tasks.into_iter().enumerate() {
                let ended = task.await;
                assert_eq!(ended.is_err(), n == 2, "the way of the others is free: {ended:?}");
            }
        });
    });
}

#[test]
fn a_deadlock_across_two_runtimes_is_found() {
    for_each_flavor(|runtime| {
        let second = Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let (a, b, come) = (Lock::default(), Lock::default(), Arc::new(AtomicUsize::new(0)));
        let there = runtime.spawn(lock_both(a.clone(), b.clone(), come.clone(), 2));
        let back = second.spawn(lock_both(b, a, come, 2));
        runtime.block_on(async {
            let deadlock = deadlock_of(there.id(), Deadlock::is_certain).await;
            assert_eq!(deadlock.members().len(), 2, "{deadlock}");
            back.abort();
            assert_eq!(there.await.unwrap(), 0);
        });
    });
}

#[test]
fn a_task_that_locks_twice_waits_for_itself() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let lock = Lock::default();
            let task = task::spawn(async move {
                let _first = lock.lock().await;
                let _second = lock.lock().await;
            });
            let deadlock = deadlock_of(task.id(), Deadlock::is_certain).await;
            assert!(deadlock.to_string().contains("a task waits for itself"), "{deadlock}");
            task.abort();
            let _ = task.await;
        });
    });
}

#[test]
fn a_circle_that_a_timeout_will_break_is_not_certain() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (a, b, come) = (Lock::default(), Lock::default(), Arc::new(AtomicUsize::new(0)));
            let there = lock_both(a.clone(), b.clone(), come.clone(), 2);
            let one = task::spawn(timeout(Duration::from_secs(1000), there));
            let other = task::spawn(lock_both(b, a, come, 2));
            let deadlock = deadlock_of(one.id(), |_| true).await;
            // Both of them wait by now; and still:
            let idle = || task_of(&Handle::current().dump(), one.id()).leaves() == 2;
            until(idle).await;
            assert!(
                !deadlocks().iter().any(|d| d.is_certain() && d.members()[0].task() == one.id())
            );
            assert!(deadlock.to_string().starts_with("possible deadlock"), "{deadlock}");
            one.abort();
            assert_eq!(other.await.unwrap(), 0);
        });
    });
}

#[test]
fn a_reader_that_reads_again_behind_a_writer_is_a_possible_deadlock() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let lock = Arc::new(RwLock::new(()));
            let waits = Arc::new(AtomicUsize::new(0));
            let (theirs, seen) = (lock.clone(), waits.clone());
            let reader = task::spawn(async move {
                let _first = theirs.read().await;
                seen.store(1, SeqCst);
                until(|| seen.load(SeqCst) == 2).await;
                let _second = theirs.read().await;
            });
            until(|| waits.load(SeqCst) == 1).await;
            let writer = task::spawn(async move { drop(lock.write().await) });
            let writes = || {
                let dump = Handle::current().dump();
                let wait = dump.tasks().iter().find(|task| task.id() == writer.id());
                wait.and_then(|task| task.waits_for()).is_some_and(|w| w.kind() == WaitKind::Write)
            };
            until(writes).await;
            waits.store(2, SeqCst);
            let deadlock = deadlock_of(reader.id(), |_| true).await;
            assert!(!deadlock.is_certain(), "others may read, too: {deadlock}");
            reader.abort();
            writer.await.unwrap();
        });
    });
}

/// A lock that was handed to a future which nobody polls any more: nobody runs, and nobody can have it.
#[test]
fn a_lock_that_was_handed_to_a_forgotten_future_shows_whose_it_is() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let lock = Lock::default();
            let held = lock.lock().await;
            let theirs = lock.clone();
            let line = Arc::new(AtomicUsize::new(0));
            let at = line.clone();
            let forgetful = task::spawn(async move {
                at.store(Location::caller().line() as usize + 1, SeqCst);
                let mut forgotten = pin!(theirs.lock());
                let is_ready =
                    poll_fn(|cx| Poll::Ready(forgotten.as_mut().poll(cx).is_ready())).await;
                assert!(!is_ready);
                std::future::pending::<()>().await;
            });
            let is_queued =
                || rt_facade::sync::lock_waits().iter().any(|w| w.task() == Some(forgetful.id()));
            until(is_queued).await;
            drop(held);
            let lock_again = lock.clone();
            let next = task::spawn(async move { drop(lock_again.lock().await) });
            let of_next = || {
                let dump = Handle::current().dump();
                let wait = dump
                    .tasks()
                    .iter()
                    .find(|task| task.id() == next.id())?
                    .waits_for()?
                    .holder()?;
                Some(wait)
            };
            until(|| of_next().is_some()).await;
            let holder = of_next().unwrap();
            assert_eq!(holder.task(), Some(forgetful.id()));
            assert_eq!(holder.since().line() as usize, line.load(SeqCst));
            forgetful.abort();
            next.await.unwrap();
        });
    });
}

#[test]
fn a_lock_is_had_in_the_order_in_which_it_was_asked_for() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let order = Arc::new(Mutex::new(Vec::new()));
            let held = order.lock().await;
            let mut tasks = Vec::new();
            for n in 0..20 {
                let theirs = order.clone();
                let task = task::spawn(async move { theirs.lock().await.push(n) });
                let waits =
                    || rt_facade::sync::lock_waits().iter().any(|w| w.task() == Some(task.id()));
                until(waits).await;
                tasks.push(task);
            }
            drop(held);
            for task in tasks {
                task.await.unwrap();
            }
            assert!(order.lock().await.is_sorted());
        });
    });
}

#[test]
fn a_task_that_always_gets_the_lock_lets_others_run() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (lock, permits) = (Mutex::new(0_u32), Semaphore::new(1));
            let table = RwLock::new(());
            let is_over = Arc::new(AtomicUsize::new(0));
            let flag = is_over.clone();
            // On one thread it runs only when this future lets it.
            let other = task::spawn(async move { flag.store(1, SeqCst) });
            while is_over.load(SeqCst) == 0 {
                *lock.lock().await += 1;
                drop(permits.acquire().await.unwrap());
                drop(table.read().await);
                drop(table.write().await);
            }
            other.await.unwrap();
        });
    });
}

#[test]
fn to_block_for_a_lock_is_refused_where_tasks_run_and_allowed_on_the_pool() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let lock = Lock::default();
            let said = panic_message(|| drop(lock.blocking_lock()));
            for part in ["`Mutex::blocking_lock` at ", "sync_locks.rs", "lock().await"] {
                assert!(said.contains(part), "{part}: {said}");
            }
            let held = lock.lock().await;
            let theirs = lock.clone();
            let blocking = task::spawn_blocking(move || *theirs.blocking_lock());
            yield_now().await;
            drop(held);
            assert_eq!(blocking.await.unwrap(), 0);
        });
    });
}
