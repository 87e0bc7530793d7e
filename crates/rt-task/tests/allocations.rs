//! What a task costs the allocator: one allocation from its spawn to its end, of the fixed part
//! and the future, and nothing else.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::pin::pin;
use std::task::{Context, Waker};

use rt_task::base::context::{Env, enter};
use rt_task::coop::yield_now;
use rt_task::{Builder, FIXED_PART, Fifo, Ran, Runnable, Schedule, Why};

struct Counting;

thread_local! {
    /// Allocations of this thread, and their bytes less those that were freed.
    static COUNTED: Cell<(usize, isize)> = const { Cell::new((0, 0)) };
}

fn count(allocations: usize, bytes: isize) {
    // Not while the thread ends.
    let _ = COUNTED.try_with(|counted| {
        let before = counted.get();
        counted.set((before.0 + allocations, before.1 + bytes));
    });
}

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as isize);
        // SAFETY: as our contract says.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(0, -(layout.size() as isize));
        // SAFETY: as our contract says.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations during `f`, and the bytes that are left of them.
fn counted<R>(f: impl FnOnce() -> R) -> (R, (usize, isize)) {
    let before = COUNTED.get();
    let result = f();
    let after = COUNTED.get();
    (result, (after.0 - before.0, after.1 - before.1))
}

/// One word, and nothing behind it.
#[derive(Clone, Copy)]
struct Nowhere(#[expect(dead_code, reason = "its size counts")] usize);

impl Schedule for Nowhere {
    fn schedule(&self, runnable: Runnable<Self>, _why: Why) {
        drop(runnable);
    }
}

#[test]
fn a_task_is_one_allocation_of_the_fixed_part_and_the_future() {
    let kept = [7_u8; 64];
    let future = async move {
        yield_now().await;
        kept.len()
    };
    let size = size_of_val(&future);
    let ((runnable, handle), spawned) = counted(|| rt_task::spawn(future, Nowhere(0)));
    let whole = (FIXED_PART + size).next_multiple_of(8); // larger than a panic's payload
    assert_eq!(spawned, (1, whole as isize));
    let ((), ran) = counted(|| {
        let abort = handle.abort_handle();
        let mut queue = Fifo::new();
        queue.push_back(runnable);
        let mut handle = pin!(handle);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(handle.as_mut().poll(&mut cx).is_pending());
        let Ran::Yielded(again) = queue.pop_front().unwrap().run() else { panic!("it yields") };
        assert!(matches!(again.run(), Ran::Done));
        assert!(handle.as_mut().poll(&mut cx).is_ready());
        assert!(abort.is_finished());
    });
    assert_eq!(ran.0, 0, "neither wakers nor handles nor queues allocate");
}

#[test]
fn a_thread_allocates_for_its_first_block_on_alone() {
    let ((), (first, kept)) = counted(|| rt_task::block_on(async {}));
    assert!(first > 0 && kept > 0, "a parker, for the thread's life");
    assert_eq!(counted(|| rt_task::block_on(yield_now())).1, (0, 0));
    drop(enter(Env::new())); // the context likewise
    let env = Env::new();
    assert_eq!(counted(|| drop(enter(env))).1.0, 0);
}

#[test]
fn all_is_given_back_at_the_end() {
    rt_task::block_on(async {}); // what the thread keeps
    for end in 0..4 {
        let ((), (_, left)) = counted(|| {
            let builder = Builder::new().name("a task with a name");
            let (runnable, handle) = builder.spawn(async { vec![1, 2, 3] }, Nowhere(0));
            match end {
                0 => drop((runnable, handle)),
                1 => drop((handle, runnable.run())),
                2 => drop((runnable.run(), rt_task::block_on(handle).unwrap())),
                _ => {
                    handle.abort();
                    let _ = runnable.run();
                    assert!(rt_task::block_on(handle).unwrap_err().is_cancelled());
                }
            }
        });
        assert_eq!(left, 0, "end {end}");
    }
}

#[test]
fn a_context_costs_nothing_per_poll() {
    let guard = enter(Env::new());
    let (runnable, handle) = rt_task::spawn(async { yield_now().await }, Nowhere(0));
    let (ran, allocations) = counted(|| match runnable.run() {
        Ran::Yielded(again) => again.run(),
        ran => ran,
    });
    assert!(matches!(ran, Ran::Done));
    assert!(handle.is_finished());
    assert_eq!(allocations.0, 0);
    drop(guard);
}

#[test]
fn an_empty_task_fits_128_bytes_with_the_allocator_s_share() {
    const { assert!(FIXED_PART <= 104) };
    let ((_runnable, _handle), (_, bytes)) = counted(|| rt_task::spawn(async {}, Nowhere(0)));
    // The stage has room for a panic's payload; glibc adds eight bytes and rounds up to sixteen.
    assert!(bytes <= 120, "{bytes}");
}

rt_task::task_local! {
    static STAYS: u32;
    #[inherit]
    static FOLLOWS: u32;
}

#[test]
fn a_task_local_costs_an_allocation_only_where_it_is_inherited() {
    let spawn = || counted(|| rt_task::spawn(async {}, Nowhere(0))).1.0;
    assert_eq!(spawn(), 1);
    let ((), entered) = counted(|| assert_eq!(STAYS.sync_scope(1, || STAYS.get()), 1));
    assert_eq!(entered.0, 0);
    assert_eq!(STAYS.sync_scope(1, spawn), 1);
    let inherits = FOLLOWS.sync_scope(1, spawn);
    assert!((2..=6).contains(&inherits), "{inherits}: a box, a list, and a value each");
    assert_eq!(FOLLOWS.sync_scope(1, || rt_task::inherit_nothing(spawn)), 1);
    let ((), (_, left)) = counted(|| {
        let task = FOLLOWS.sync_scope(1, || rt_task::spawn(async {}, Nowhere(0)));
        drop((task.0.run(), task.1));
    });
    assert_eq!(left, 0);
}

#[test]
fn a_member_of_a_set_costs_no_allocation_but_what_tables_double_by() {
    let tasks: Vec<_> = (0..1000).map(|n| rt_task::spawn(async move { n }, Nowhere(0))).collect();
    let (runnables, handles): (Vec<_>, Vec<_>) = tasks.into_iter().unzip();
    let mut set = rt_task::JoinSet::new();
    let ((), came) = counted(|| handles.into_iter().for_each(|handle| drop(set.insert(handle))));
    assert!(came.0 <= 40, "{came:?}");
    let ((), went) = counted(|| {
        for runnable in runnables {
            assert!(matches!(runnable.run(), Ran::Done));
        }
        (0..1000).for_each(|n| assert_eq!(set.try_join_next().unwrap().unwrap(), n));
    });
    assert!(went.0 <= 20, "{went:?}");
    let again = rt_task::spawn(async { 0 }, Nowhere(0));
    let ((), again) = counted(|| drop(set.insert(again.1)));
    assert_eq!(again.0, 0, "places are used again");
}

#[test]
fn what_the_tables_of_a_set_took_is_given_back() {
    let ((), (allocated, left)) = counted(|| {
        let mut set = rt_task::JoinSet::new();
        let spawn = |n| rt_task::spawn(async move { n }, Nowhere(0));
        let (runnables, handles): (Vec<_>, Vec<_>) = (0..100).map(spawn).unzip();
        handles.into_iter().for_each(|handle| drop(set.insert(handle)));
        runnables.into_iter().for_each(|runnable| assert!(matches!(runnable.run(), Ran::Done)));
        (0..50).for_each(|n| assert_eq!(set.try_join_next().unwrap().unwrap(), n));
    });
    assert!(allocated > 100);
    assert_eq!(left, 0);
}
