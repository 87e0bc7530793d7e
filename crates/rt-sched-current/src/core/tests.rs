//! The promised order, told step by step.

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::sync::mpsc;
use std::task::{Poll, Waker};
use std::thread::{self, ThreadId};

use rt_task::base::clock::Monotonic;
use rt_task::base::driver::{Polled, Reactor, Stack};
use rt_task::base::park::{ThreadPark, ThreadUnpark};
use rt_task::base::seam::{NoTimers, Wakes};
use rt_task::coop::{consume_budget, yield_now};

use super::*;
use crate::{Builder, LocalExecutor};

type Plain = Stack<ThreadPark, NoTimers, Monotonic>;

fn driver() -> Plain {
    Stack::new(ThreadPark::new(), NoTimers, Monotonic::new())
}

fn local() -> LocalExecutor<Plain> {
    LocalExecutor::new(driver())
}

/// A reactor that counts its polls and hands out what it is given.
struct Scripted {
    park: ThreadPark,
    polls: Rc<Cell<usize>>,
    ready: Rc<RefCell<Vec<Waker>>>,
}

impl Reactor for Scripted {
    type Unpark = ThreadUnpark;

    fn sources(&self) -> usize {
        1
    }

    fn poll(
        &mut self,
        timeout: Option<std::time::Duration>,
        out: &mut impl Wakes,
    ) -> std::io::Result<Polled> {
        self.polls.set(self.polls.get() + 1);
        for waker in self.ready.borrow_mut().drain(..) {
            out.push(waker);
        }
        self.park.poll(timeout, out)
    }

    fn unparker(&self) -> ThreadUnpark {
        self.park.unparker()
    }
}

#[test]
fn tasks_run_in_the_order_of_their_spawns() {
    let executor = local();
    let order = Rc::new(RefCell::new(Vec::new()));
    executor.block_on(async {
        let spawn = |n| {
            let order = order.clone();
            executor.spawn(async move {
                order.borrow_mut().push(n);
                yield_now().await;
                order.borrow_mut().push(n + 10);
            })
        };
        let handles: Vec<_> = (0..10).map(spawn).collect();
        for handle in handles {
            handle.await.unwrap();
        }
    });
    assert_eq!(*order.borrow(), (0..20).collect::<Vec<_>>());
}

#[test]
fn a_foreign_task_runs_after_at_most_four_local_picks() {
    let mut executor = local();
    let spawner = executor.spawner().clone();
    executor
        .drive(|stepper| {
            // One task that is always runnable, and one from elsewhere.
            drop(spawner.spawn(async {
                loop {
                    yield_now().await;
                }
            }));
            assert!(matches!(stepper.step(), Step::Ran(_)));
            thread::scope(|scope| {
                scope.spawn(|| drop(spawner.spawn(async {})));
            });
            let mut picks = 0;
            while spawner.metrics().alive_tasks == 2 {
                picks += usize::from(matches!(stepper.step(), Step::Ran(_)));
            }
            assert_eq!(picks, 4, "four local picks in all, then the global one");
        })
        .unwrap();
}

#[test]
fn the_driver_is_turned_after_61_picks_and_when_idle() {
    let polls = Rc::new(Cell::new(0));
    let reactor = Scripted { park: ThreadPark::new(), polls: polls.clone(), ready: Rc::default() };
    let mut executor = LocalExecutor::new(Stack::new(reactor, NoTimers, Monotonic::new()));
    drop(executor.spawn(async {
        loop {
            yield_now().await;
        }
    }));
    executor
        .drive(|stepper| {
            for _ in 0..3 {
                for _ in 0..61 {
                    assert!(matches!(stepper.step(), Step::Ran(_)));
                }
                let before = polls.get();
                assert_eq!(stepper.step(), Step::Turned);
                assert_eq!(polls.get(), before + 1);
            }
        })
        .unwrap();
}

#[test]
fn both_intervals_can_be_set() {
    let mut executor = Builder::new().global_interval(2).event_interval(5).local(driver());
    drop(executor.spawn(async {
        loop {
            yield_now().await;
        }
    }));
    executor
        .drive(|stepper| {
            let steps: Vec<_> = (0..6).map(|_| stepper.step()).collect();
            assert!(steps[..5].iter().all(|step| matches!(step, Step::Ran(_))));
            assert_eq!(steps[5], Step::Turned);
        })
        .unwrap();
}

/// What it writes, say, is read by somebody who only hears of it by the driver.
#[test]
fn the_driver_is_turned_when_one_task_alone_has_used_its_budget() {
    async fn busy() {
        loop {
            consume_budget().await;
        }
    }
    let turns = Rc::new(Cell::new(0));
    let reactor = Scripted { park: ThreadPark::new(), polls: turns.clone(), ready: Rc::default() };
    let driver = Stack::new(reactor, NoTimers, Monotonic::new());
    let mut executor = Builder::new().event_interval(1_000).local(driver);
    drop(executor.spawn(busy()));
    let turned = |executor: &mut LocalExecutor<_>| {
        let before = turns.get();
        executor
            .drive(|stepper| (0..4).for_each(|_| assert!(matches!(stepper.step(), Step::Ran(_)))))
            .unwrap();
        turns.get() - before
    };
    assert_eq!(turned(&mut executor), 4);
    drop(executor.spawn(busy()));
    assert_eq!(turned(&mut executor), 0, "each of the two may be whom the other waits for");
}

#[test]
fn a_task_that_always_uses_its_budget_lets_the_root_go_on() {
    let executor = local();
    let task = executor.spawn(async {
        for _ in 0..1_000_000 {
            consume_budget().await;
        }
    });
    executor.block_on(async {
        for _ in 0..3 {
            yield_now().await;
        }
    });
    assert!(!task.is_finished(), "the root had to wait for its end");
}

#[test]
fn a_root_that_always_yields_lets_tasks_and_driver_go_on() {
    let ready = Rc::new(RefCell::new(Vec::new()));
    let reactor = Scripted { park: ThreadPark::new(), polls: Rc::default(), ready: ready.clone() };
    let executor = LocalExecutor::new(Stack::new(reactor, NoTimers, Monotonic::new()));
    let handed_out = Rc::new(Cell::new(false));
    let task = {
        let handed_out = handed_out.clone();
        let mut armed = false;
        executor.spawn(poll_fn(move |cx| {
            if armed {
                handed_out.set(true);
                return Poll::Ready(());
            }
            armed = true;
            ready.borrow_mut().push(cx.waker().clone());
            Poll::Pending
        }))
    };
    executor.block_on(async {
        let mut turns = 0;
        while !task.is_finished() {
            yield_now().await;
            turns += 1;
            assert!(turns < 1000, "the driver is never turned");
        }
    });
    assert!(handed_out.get());
}

#[test]
fn local_tasks_are_polled_and_dropped_on_their_thread() {
    struct DropsHere(ThreadId, #[expect(dead_code, reason = "counts who is alive")] Rc<()>);
    impl Drop for DropsHere {
        fn drop(&mut self) {
            assert_eq!(thread::current().id(), self.0);
        }
    }
    let executor = local();
    let alive = Rc::new(());
    let here = thread::current().id();
    let (send_waker, wakers) = mpsc::channel::<Waker>();
    let handles: Vec<_> = (0..100)
        .map(|n| {
            let guard = DropsHere(here, alive.clone());
            let send_waker = send_waker.clone();
            executor.spawn(poll_fn(move |cx| {
                assert_eq!(thread::current().id(), guard.0);
                send_waker.send(cx.waker().clone()).unwrap();
                if n % 2 == 0 { Poll::Ready(()) } else { Poll::Pending }
            }))
        })
        .collect();
    executor.block_on(yield_now());
    // Other threads wake and abort; the tasks stay here.
    let aborts: Vec<_> = handles.iter().map(|handle| handle.abort_handle()).collect();
    drop(handles);
    thread::scope(|scope| {
        scope.spawn(move || wakers.try_iter().for_each(Waker::wake));
        scope.spawn(move || aborts.iter().for_each(|abort| abort.abort()));
    });
    drop(executor);
    assert_eq!(Rc::strong_count(&alive), 1, "every task was dropped");
}

#[test]
fn dropping_the_executor_drops_tasks_that_spawn_and_wake_in_their_drop() {
    struct Chain(crate::Spawner<ThreadUnpark>, mpsc::Sender<bool>);
    impl Drop for Chain {
        fn drop(&mut self) {
            let late = self.0.spawn(async {});
            self.1.send(late.is_finished()).unwrap();
        }
    }
    let executor = local();
    let (sender, late) = mpsc::channel();
    let chain = Chain(executor.spawner().clone(), sender);
    let waits = executor.spawn(async {
        let _chain = chain;
        pending::<()>().await;
    });
    let joins = executor.spawn(async { waits.await.unwrap_err().is_cancelled() });
    executor.block_on(async {
        yield_now().await;
        yield_now().await;
    });
    drop(executor);
    assert_eq!(late.try_recv(), Ok(true), "a spawn during the shutdown is cancelled at once");
    assert!(joins.is_finished());
}

#[test]
fn a_panic_in_a_task_leaves_the_scheduler_alone() {
    let executor = local();
    let panics = executor.spawn(async { panic!("inside") });
    let goes_on = executor.spawn(async { 1 });
    executor.block_on(async {
        assert!(panics.await.unwrap_err().is_panic());
        assert_eq!(goes_on.await.unwrap(), 1);
    });
}

#[test]
fn a_panic_in_the_root_gives_the_core_back() {
    let executor = local();
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        executor.block_on(async { panic!("inside") })
    }));
    assert!(unwound.is_err());
    assert_eq!(executor.block_on(async { 1 }), 1);
}

#[test]
fn nested_block_on_tells_where_the_outer_one_is() {
    let executor = local();
    let message = executor.block_on(async {
        let inner = local();
        let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            inner.block_on(async {});
        }));
        *unwound.unwrap_err().downcast::<String>().unwrap()
    });
    assert!(message.contains(file!()), "{message}");
}

#[test]
fn metrics_count_what_happened() {
    let executor = local();
    executor.block_on(async {
        executor.spawn(yield_now()).await.unwrap();
        drop(executor.spawn(pending::<()>()));
        yield_now().await;
    });
    let metrics = executor.metrics();
    assert_eq!((metrics.spawned_tasks, metrics.alive_tasks), (2, 1));
    assert_eq!(metrics.polls, 3);
}

/// Hooks by which a panic is fatal.
fn fatal() -> Option<std::sync::Arc<rt_task::Hooks>> {
    rt_task::Hooks::new().panics_are_fatal().share()
}

#[test]
fn a_fatal_panic_drops_every_task_before_the_step_returns() {
    let mut executor = Builder::new().hooks(fatal()).local(driver());
    let dropped = Rc::new(Cell::new(0));
    let waits = |dropped: &Rc<Cell<u32>>| {
        let guard = CountsDrop(dropped.clone());
        async move {
            let _guard = guard;
            pending::<()>().await;
        }
    };
    let idle = executor.spawn(waits(&dropped));
    let steps = executor.drive(|stepper| stepper.step()).unwrap();
    assert!(matches!(steps, Step::Ran(_)));
    drop(executor.spawn(async { panic!("boom") }));
    let queued = executor.spawn(waits(&dropped));
    let step = executor.drive(|stepper| stepper.step()).unwrap();
    assert_eq!(step, Step::Fatal);
    assert_eq!(dropped.get(), 2);
    assert!(idle.is_finished() && queued.is_finished());
    assert_eq!(executor.metrics().alive_tasks, 0);
    // What comes later is cancelled, and the loop tells why.
    let late = executor.spawn(waits(&dropped));
    assert!(late.is_finished() && dropped.get() == 3);
    let root = std::panic::AssertUnwindSafe(|| executor.block_on(async {}));
    let told = *std::panic::catch_unwind(root).unwrap_err().downcast::<String>().unwrap();
    assert!(told.contains("\"boom\"") && told.contains("shut its runtime down"), "{told}");
}

struct CountsDrop(Rc<Cell<u32>>);

impl Drop for CountsDrop {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}
