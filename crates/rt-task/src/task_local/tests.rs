//! Unit tests: scopes without a runtime, and what tasks of a queue inherit.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::{pending, poll_fn, ready};
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::task::{Context, Poll, Waker};
use std::thread;

use crate::coop::yield_now;
use crate::kit::{Queue, caught, panics, result};
use crate::{Job, LocalKey, block_on};

task_local! {
    /// Stays with its scope.
    static OWN: u32;
    static WORD: String;
    #[inherit]
    static FOLLOWS: u32;
    /// Documented, and public.
    #[inherit]
    pub(crate) static COUNTED: Counted
}

task_local!();

/// Counts its clones and drops.
pub(crate) struct Counted {
    alive: Arc<AtomicUsize>,
    made: Arc<AtomicUsize>,
}

impl Counted {
    fn new() -> Self {
        Self { alive: Arc::new(AtomicUsize::new(1)), made: Arc::new(AtomicUsize::new(1)) }
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.alive.fetch_add(1, SeqCst);
        self.made.fetch_add(1, SeqCst);
        Self { alive: self.alive.clone(), made: self.made.clone() }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, SeqCst);
    }
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_value_is_set_inside_a_scope_and_nowhere_else() {
    assert!(OWN.try_get().is_err());
    assert_eq!(OWN.sync_scope(1, || OWN.get()), 1);
    assert_eq!(block_on(OWN.scope(2, async { OWN.with(|n| *n) })), 2);
    assert_eq!(block_on(WORD.scope("a".into(), async { WORD.try_with(String::len) })), Ok(1));
    assert!(OWN.try_with(|_| ()).is_err());
}

#[test]
fn the_innermost_scope_counts_and_the_outer_comes_back() {
    OWN.sync_scope(1, || {
        let inner = OWN.scope(2, async {
            let before = OWN.get();
            yield_now().await;
            let nested = OWN.sync_scope(3, || OWN.get());
            (before, nested, OWN.get())
        });
        let mut inner = pin!(inner);
        assert!(poll(inner.as_mut()).is_pending());
        assert_eq!(OWN.get(), 1);
        assert_eq!(poll(inner), Poll::Ready((2, 3, 2)));
        assert_eq!(OWN.get(), 1);
    });
}

#[test]
fn a_scope_may_be_entered_while_the_value_outside_is_in_use() {
    WORD.sync_scope("outer".into(), || {
        WORD.with(|outer| {
            WORD.sync_scope("inner".into(), || assert_eq!(WORD.get(), "inner"));
            assert_eq!(outer, "outer");
        });
    });
}

#[test]
fn a_scope_goes_with_its_future_from_thread_to_thread() {
    let mut scope = alloc::boxed::Box::pin(OWN.scope(0, async {
        for n in 0..5 {
            assert_eq!(OWN.get(), 0, "{n}");
            yield_now().await;
        }
        OWN.get()
    }));
    for _ in 0..5 {
        scope = thread::scope(|threads| {
            let polls = threads.spawn(move || {
                assert!(poll(scope.as_mut()).is_pending());
                assert!(OWN.try_get().is_err());
                scope
            });
            polls.join().unwrap()
        });
    }
    assert_eq!(poll(scope.as_mut()), Poll::Ready(0));
}

#[test]
fn a_panic_in_a_scope_puts_back_what_was_there() {
    OWN.sync_scope(1, || {
        assert_eq!(caught(|| OWN.sync_scope(2, || panics("sync"))), "sync");
        assert_eq!(OWN.get(), 1);
        assert_eq!(caught(|| FOLLOWS.sync_scope(2, || panics("followed"))), "followed");
        let mut scope = alloc::boxed::Box::pin(OWN.scope(2, async { panics("async") }));
        assert_eq!(caught(|| poll::<_>(scope.as_mut())), "async");
        assert_eq!(OWN.get(), 1);
        assert!(FOLLOWS.try_get().is_err());
    });
    assert!(OWN.try_get().is_err());
    let queue = Queue::new();
    let handle = queue.spawn(async { FOLLOWS.try_get() });
    queue.run();
    assert!(result(handle).unwrap().is_err(), "nothing is offered any more");
}

/// Tells its scope's value when it is dropped.
struct Tells<'a>(&'a AtomicUsize);

impl Drop for Tells<'_> {
    fn drop(&mut self) {
        self.0.store(OWN.try_get().map_or(99, |n| n as usize), SeqCst);
    }
}

#[test]
fn a_future_that_is_dropped_sees_the_value() {
    let told = AtomicUsize::new(0);
    let guard = Tells(&told);
    let scope = OWN.scope(7, async move {
        let _guard = guard;
        pending::<()>().await;
    });
    drop(scope);
    assert_eq!(told.load(SeqCst), 7, "never polled");
    let guard = Tells(&told);
    let mut scope = alloc::boxed::Box::pin(OWN.scope(8, async move {
        let _guard = guard;
        pending::<()>().await;
    }));
    assert!(poll(scope.as_mut()).is_pending());
    drop(scope);
    assert_eq!(told.load(SeqCst), 8);
    let guard = Tells(&told);
    let mut ready = pin!(OWN.scope(
        9,
        poll_fn(move |_| {
            let _keeps = &guard;
            Poll::Ready(())
        })
    ));
    assert!(poll(ready.as_mut()).is_ready());
    assert_eq!(told.load(SeqCst), 9, "dropped when it is ready, in the scope");
}

#[test]
fn the_value_can_be_taken_out_and_is_missing_then() {
    let mut scope = pin!(OWN.scope(5, async {
        let first = OWN.get();
        yield_now().await;
        (first, OWN.try_get().is_err())
    }));
    assert!(poll(scope.as_mut()).is_pending());
    assert_eq!(scope.as_mut().take_value(), Some(5));
    assert_eq!(scope.as_mut().take_value(), None);
    // Not even a value outside is found: the scope is still there, and empty.
    OWN.sync_scope(1, || assert_eq!(poll(scope.as_mut()), Poll::Ready((5, true))));
    let mut done = pin!(WORD.scope("kept".into(), ready(1)));
    assert_eq!(poll(done.as_mut()), Poll::Ready(1));
    assert_eq!(done.take_value().as_deref(), Some("kept"));
}

#[test]
fn misuse_names_key_site_and_fix() {
    let text = |f: fn()| {
        let payload = std::panic::catch_unwind(f).unwrap_err();
        *payload.downcast::<String>().unwrap()
    };
    let calls: [fn(); 2] = [|| drop(WORD.get()), || WORD.with(|_| ())];
    for call in calls {
        let message = text(call);
        for word in ["`WORD`", file!(), "WORD.scope(value, future)", "try_with", "#[inherit]"] {
            assert!(message.contains(word), "{message}");
        }
    }
    let error = WORD.try_get().unwrap_err();
    assert_eq!(format!("{error}"), "task-local `WORD` is not set");
    assert_eq!(format!("{error:?}"), "AccessError { key: \"WORD\" }");
    let copy = error;
    assert!(copy == error && error != OWN.try_get().unwrap_err());
    let mut done = alloc::boxed::Box::pin(OWN.scope(1, ready(())));
    assert!(poll(done.as_mut()).is_ready());
    assert_eq!(format!("{done:?}"), "TaskLocalFuture { key: \"OWN\", value: Some(1), .. }");
    let again = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| poll(done.as_mut())));
    assert!(
        format!("{:?}", again.unwrap_err().downcast_ref::<String>()).contains("after completion")
    );
    assert!(format!("{FOLLOWS:?}").contains("is_inherited: true"));
}

/// What a task finds of both keys, and a task that it spawns.
fn look(queue: &Queue) -> [Option<u32>; 4] {
    let inner = queue.clone();
    let handle = queue.spawn(async move {
        yield_now().await; // inside a later poll
        let grandchild = inner.spawn(async { (OWN.try_get().ok(), FOLLOWS.try_get().ok()) });
        (OWN.try_get().ok(), FOLLOWS.try_get().ok(), grandchild)
    });
    // Run where nothing is set.
    thread::scope(|scope| scope.spawn(|| queue.run()).join().unwrap());
    let (own, follows, grandchild) = result(handle).unwrap();
    let (grand_own, grand_follows) = result(grandchild).unwrap();
    [own, follows, grand_own, grand_follows]
}

#[test]
fn a_spawned_task_inherits_the_keys_that_are_declared_so() {
    let queue = Queue::new();
    assert_eq!(look(&queue), [None; 4]);
    OWN.sync_scope(1, || {
        assert_eq!(look(&queue), [None; 4]);
        FOLLOWS.sync_scope(2, || {
            assert_eq!(look(&queue), [None, Some(2), None, Some(2)]);
            FOLLOWS.sync_scope(3, || {
                assert_eq!(look(&queue), [None, Some(3), None, Some(3)], "the innermost");
            });
            assert_eq!(look(&queue), [None, Some(2), None, Some(2)]);
        });
    });
    assert_eq!(look(&queue), [None; 4]);
}

#[test]
fn a_task_may_set_another_value_than_it_inherited() {
    let queue = Queue::new();
    let handle = FOLLOWS.sync_scope(1, || {
        queue.spawn(async {
            let inner = FOLLOWS.scope(2, async { FOLLOWS.get() }).await;
            (inner, FOLLOWS.get())
        })
    });
    queue.run();
    assert_eq!(result(handle).unwrap(), (2, 1));
}

#[test]
fn a_spawn_inside_an_asynchronous_scope_inherits_too() {
    let queue = Queue::new();
    let spawns = queue.clone();
    let handle = block_on(FOLLOWS.scope(4, async move {
        yield_now().await;
        Some(spawns.spawn(async { FOLLOWS.get() }))
    }));
    let handle = handle.unwrap();
    queue.run();
    assert_eq!(result(handle).unwrap(), 4);
}

#[test]
fn a_closure_inherits_too() {
    let (job, handle) = FOLLOWS.sync_scope(5, || Job::new(|| FOLLOWS.get()));
    job.run();
    assert_eq!(result(handle).unwrap(), 5);
    let (job, handle) = Job::new(|| FOLLOWS.try_get().is_err());
    job.run();
    assert!(result(handle).unwrap());
}

#[test]
fn what_was_inherited_is_dropped_at_the_end_not_with_the_handle() {
    let (queue, value) = (Queue::new(), Counted::new());
    let (alive, made) = (value.alive.clone(), value.made.clone());
    let (ends, aborted) = COUNTED.sync_scope(value, || {
        let ends = queue.spawn(async { COUNTED.with(|it| it.alive.load(SeqCst)) });
        (ends, queue.spawn(pending::<()>()))
    });
    assert_eq!((alive.load(SeqCst), made.load(SeqCst)), (2, 3), "one for each task");
    queue.run();
    assert_eq!(alive.load(SeqCst), 1, "that of the task that waits");
    aborted.abort();
    queue.run();
    assert_eq!(alive.load(SeqCst), 0);
    assert_eq!(result(ends).unwrap(), 2);
    assert!(result(aborted).unwrap_err().is_cancelled());
    let (job, handle) = COUNTED.sync_scope(Counted::new(), || Job::new(|| ()));
    drop(job); // never run
    assert!(result(handle).unwrap_err().is_cancelled());
}

#[test]
fn the_drop_of_a_tasks_future_sees_what_it_inherited() {
    struct Looks(Arc<AtomicUsize>);
    impl Drop for Looks {
        fn drop(&mut self) {
            self.0.store(FOLLOWS.try_get().unwrap_or(99) as usize, SeqCst);
        }
    }
    let (queue, told) = (Queue::new(), Arc::new(AtomicUsize::new(0)));
    for polls in [0, 1] {
        let guard = Looks(told.clone());
        let handle = FOLLOWS.sync_scope(6 + polls, || {
            queue.spawn(async move {
                let _guard = guard;
                pending::<()>().await;
            })
        });
        (0..polls).for_each(|_| assert!(queue.step()));
        handle.abort();
        queue.run();
        drop(queue.pop());
        assert_eq!(told.load(SeqCst), 6 + polls as usize);
    }
}

#[test]
fn a_scope_whose_value_was_taken_offers_none() {
    let queue = Queue::new();
    let spawns = queue.clone();
    let mut scope = pin!(FOLLOWS.scope(1, async move {
        yield_now().await;
        Some(spawns.spawn(async { FOLLOWS.try_get().is_err() }))
    }));
    assert!(poll(scope.as_mut()).is_pending());
    assert_eq!(scope.as_mut().take_value(), Some(1));
    let handle = FOLLOWS.sync_scope(2, || match poll(scope.as_mut()) {
        Poll::Ready(handle) => handle.unwrap(),
        Poll::Pending => panic!("it was woken"),
    });
    queue.run();
    assert!(result(handle).unwrap());
}

#[test]
fn a_clone_that_panics_ends_the_spawn_and_nothing_else() {
    #[derive(Debug)]
    struct Unclonable;
    impl Clone for Unclonable {
        fn clone(&self) -> Self {
            panics("the clone")
        }
    }
    task_local! {
        #[inherit]
        static KEY: Unclonable;
    }
    let queue = Queue::new();
    KEY.sync_scope(Unclonable, || {
        assert_eq!(caught(|| drop(queue.spawn(async {}))), "the clone");
    });
    assert_eq!(queue.len(), 0);
    let handle = queue.spawn(async { 1 });
    queue.run();
    assert_eq!(result(handle).unwrap(), 1);
}

#[test]
fn a_drop_of_an_inherited_value_that_panics_is_contained() {
    struct Panics(bool);
    impl Clone for Panics {
        fn clone(&self) -> Self {
            Self(true)
        }
    }
    impl Drop for Panics {
        fn drop(&mut self) {
            if self.0 {
                panics("the value's drop");
            }
        }
    }
    task_local! {
        #[inherit]
        static KEY: Panics;
    }
    let queue = Queue::new();
    let handle = KEY.sync_scope(Panics(false), || queue.spawn(async { 1 }));
    queue.run();
    assert_eq!(result(handle).unwrap(), 1);
}

#[test]
fn keys_are_told_apart_by_where_they_are_declared() {
    fn other() -> &'static LocalKey<u32> {
        task_local! {
            static OWN: u32;
        }
        &OWN
    }
    OWN.sync_scope(1, || {
        assert!(other().try_get().is_err());
        other().sync_scope(2, || assert_eq!((OWN.get(), other().get()), (1, 2)));
    });
}

#[test]
fn many_keys_are_inherited_together() {
    task_local! {
        #[inherit]
        static A: u32;
        #[inherit]
        static B: Vec<u32>;
    }
    let queue = Queue::new();
    let handle = A.sync_scope(1, || {
        B.sync_scope([2, 3].into(), || {
            A.sync_scope(4, || {
                queue.spawn(async { (A.get(), B.get(), FOLLOWS.try_get().is_err()) })
            })
        })
    });
    queue.run();
    assert_eq!(result(handle).unwrap(), (4, [2, 3].into(), true));
}
