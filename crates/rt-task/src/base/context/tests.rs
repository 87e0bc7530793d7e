//! Entering, leaving, in any order.

use super::*;
use crate::base::seam::{Blocking, Clock, Delay, Listed, Lists, Nanos, Rejected, RejectedWhy};
use crate::kit::{Queue, lock};
use crate::{Job, TaskInfo};
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use core::future::{Future, poll_fn, ready};
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use core::task::Poll;
use core::time::Duration;
use std::sync::Mutex;

fn top_name() -> Option<String> {
    env().and_then(|env| env.slots.name.as_deref().map(ToString::to_string))
}

/// No home here keeps anything for the thread that is there.
#[track_caller]
fn at_home<R>(
    env: Env,
    home: *const (),
    shard: u16,
    f: impl FnOnce(&Ctx) -> R,
) -> Result<R, Nested> {
    // SAFETY: nothing is kept there.
    unsafe { drive_home(env, home, shard, f) }
}

fn at_home_last<R>(env: Env, home: *const (), shard: u16, f: impl FnOnce(&Ctx) -> R) -> R {
    // SAFETY: nothing is kept there.
    unsafe { drive_last(env, home, shard, f) }
}

#[test]
fn guards_may_be_dropped_in_any_order() {
    let a = enter(Env::new().named("a"));
    let b = enter(Env::new().named("b"));
    assert_eq!(top_name().as_deref(), Some("b"));
    drop(a);
    assert_eq!(top_name().as_deref(), Some("b"));
    drop(b);
    assert_eq!(top_name(), None);
    assert!(tls::get().is_null(), "the last one out frees the context");
}

#[test]
fn a_guard_dropped_inside_an_accessor_frees_nothing_in_use() {
    let guard = Cell::new(Some(enter(Env::new().with_spawner(String::from("here")))));
    let read = spawner(|name: &String| {
        drop(guard.take());
        name.clone()
    });
    assert_eq!(read.as_deref(), Ok("here"));
    assert!(tls::get().is_null());
}

#[test]
fn a_forgotten_guard_leaks_and_dangles_not() {
    let (inner, forgotten) = visit_blocking(Env::new().named("outer"), |_| {
        let forgotten = core::mem::ManuallyDrop::new(enter(Env::new().named("forgotten")));
        (top_name(), forgotten)
    });
    assert_eq!(inner.as_deref(), Some("forgotten"));
    assert_eq!(top_name().as_deref(), Some("forgotten"), "still entered, as nobody left it");
    drop(core::mem::ManuallyDrop::into_inner(forgotten)); // so that no leak is found
    assert!(tls::get().is_null());
}

#[test]
fn a_thread_drives_one_runtime_at_a_time() {
    let here = 7_u8;
    let home = (&raw const here).cast();
    let nested = at_home(Env::new(), home, 3, |ctx| {
        assert_eq!((ctx.home(), ctx.shard()), (home, 3));
        drive(Env::new(), |_| ()).map_err(|nested| nested.outer.since.file())
    });
    assert_eq!(nested.unwrap(), Err(file!()));
    assert!(driven().is_none());
    let blocking =
        at_home(Env::new(), home, 0, |_| visit_blocking(Env::new(), |_| driven().is_none()));
    assert!(blocking.unwrap(), "a thread handed to blocking work may block");
}

#[test]
fn what_is_missing_is_told_with_the_call_site_and_the_fix() {
    assert_eq!(io(|_: &u32| ()), Err(Missing::Runtime));
    let _guard = enter(Env::new().with_io(1_u32));
    assert_eq!(io(|n: &u32| *n), Ok(1));
    assert_eq!(io(|_: &u64| ()), Err(Missing::Io), "a handle of another type is none");
    assert_eq!(time(|_: &u32| ()), Err(Missing::Time));
    let site = Location::caller();
    let message = Missing::Time.message("sleep", site);
    assert!(message.contains("`sleep` at ") && message.contains(&site.to_string()), "{message}");
    assert!(message.contains("enable_time"), "{message}");
}

#[test]
fn a_panic_in_a_visit_leaves_the_thread_as_it_was() {
    let here = 7_u8;
    let home = (&raw const here).cast();
    let panicked = crate::kit::caught(|| at_home(Env::new(), home, 3, |_| crate::kit::panics("f")));
    assert_eq!(panicked, "f");
    assert!(tls::get().is_null() && driven().is_none() && !is_home(home));
    let _guard = enter(Env::new());
    let again = at_home(Env::new(), home, 3, |ctx| (is_home(home), ctx.shard()));
    assert_eq!(again.unwrap(), (true, 3));
    assert_eq!(with(|ctx| (ctx.home(), ctx.shard())), Some((ptr::null(), 0)));
}

#[test]
fn visits_nest_and_each_finds_what_it_left() {
    let (one, two) = (1_u8, 2_u8);
    let (home, other) = ((&raw const one).cast(), (&raw const two).cast());
    at_home(Env::new().named("a"), home, 1, |ctx| {
        visit_blocking(Env::new().named("b"), |_| {
            assert!(driven().is_none() && !is_home(home));
            at_home(Env::new().named("c"), other, 2, |_| assert!(is_home(other))).unwrap();
            at_home_last(Env::new(), other, 2, |_| assert!(driven().is_none()));
            assert_eq!(top_name().as_deref(), Some("b"));
        });
        at_home_last(Env::new().named("d"), other, 2, |_| {
            assert!(driven().is_some() && is_home(other) && !is_home(home));
        });
        assert!(driven().is_some() && is_home(home));
        assert_eq!((ctx.shard(), top_name().as_deref()), (1, Some("a")));
    })
    .unwrap();
}

/// Runs `f` when it is dropped.
struct AtDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for AtDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn what_an_environment_offers_may_use_the_context_while_it_is_dropped() {
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let tells = told.clone();
    let offered = AtDrop(move || {
        let _guard = enter(Env::new().named("inside"));
        tells.lock().unwrap().push(top_name());
    });
    let outer = enter(Env::new().named("outer"));
    drop(enter(Env::new().with_spawner(offered)));
    assert_eq!(top_name().as_deref(), Some("outer"));
    drop(outer);
    assert_eq!(*told.lock().unwrap(), [Some(String::from("inside"))]);
    assert!(tls::get().is_null());
}

#[test]
fn what_an_environment_offers_may_panic_while_it_is_dropped() {
    let outer = enter(Env::new().named("outer"));
    let offered = AtDrop(|| crate::kit::panics("offered"));
    let inner = enter(Env::new().with_io(offered));
    assert_eq!(crate::kit::caught(|| drop(inner)), "offered");
    assert_eq!(top_name().as_deref(), Some("outer"));
    drop(outer);
    assert!(tls::get().is_null());
}

#[test]
fn a_guard_may_be_left_and_entered_while_a_thread_ends() {
    std::thread_local! {
        static KEPT: RefCell<Option<EnterGuard>> = const { RefCell::new(None) };
        static LATE: AtDrop<fn()> = const { AtDrop(|| {
            // Later or earlier than the other, as the platform likes.
            let _guard = enter(Env::new().named("late"));
            let _ = (top_name(), with(|ctx| ctx.shard()), driven());
            let (runnable, handle) = crate::spawn(async {}, crate::kit::Queue::new());
            let _ = runnable.run();
            assert!(handle.is_finished());
        }) };
    }
    for late_first in [true, false] {
        let thread = move || {
            if late_first {
                LATE.with(|_| ());
            }
            KEPT.with(|kept| *kept.borrow_mut() = Some(enter(Env::new().named("kept"))));
            LATE.with(|_| ());
            assert_eq!(top_name().as_deref(), Some("kept"));
        };
        std::thread::scope(|scope| scope.spawn(thread).join().unwrap());
    }
}

#[test]
fn a_context_is_kept_by_who_uses_it() {
    let guard = Cell::new(Some(enter(Env::new())));
    let inner = with(|ctx| {
        drop(guard.take());
        // Left, but not freed; and entered again, it is the same.
        let _again = enter(Env::new());
        with(|same| ptr::eq(same, ctx))
    });
    assert_eq!(inner, Some(Some(true)));
    assert!(tls::get().is_null());
}

#[test]
fn a_weak_environment_keeps_nothing() {
    let env = Env::new().named("weak");
    let weak = env.downgrade();
    assert!(weak.upgrade().is_some());
    drop(env);
    assert!(weak.upgrade().is_none());
}

/// Tells of its drop.
struct Watched(Arc<AtomicBool>);

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
        // Enters and leaves while others are being dropped.
        drop(enter(Env::new()));
    }
}

#[test]
fn an_environment_left_while_it_is_read_outlives_what_is_read_inside() {
    let outer = enter(Env::new().with_spawner(1_u8));
    let dropped = Arc::new(AtomicBool::new(false));
    let guard = Cell::new(Some(enter(Env::new().with_io(Watched(dropped.clone())))));
    let read = io(|watched: &Watched| {
        drop(guard.take());
        assert_eq!(spawner(|n: &u8| *n), Ok(1), "the outer one's");
        watched.0.load(Relaxed)
    });
    assert_eq!(read, Ok(false));
    assert!(dropped.load(Relaxed));
    drop(outer);
    assert!(tls::get().is_null());
}

#[test]
fn an_environment_left_while_it_is_read_is_dropped_after() {
    let dropped = Arc::new(AtomicBool::new(false));
    let guard = Rc::new(Cell::new(Some(enter(Env::new().with_io(Watched(dropped.clone()))))));
    let read = io(|watched: &Watched| {
        drop(guard.take());
        assert_eq!(io(|_: &Watched| ()), Err(Missing::Runtime), "it is left");
        watched.0.load(Relaxed)
    });
    assert_eq!(read, Ok(false), "and still there for who reads it");
    assert!(dropped.load(Relaxed));
    assert!(tls::get().is_null());
}

#[test]
fn a_context_that_serves_again_knows_nothing_of_before() {
    let home: *const () = (&raw const *"home").cast();
    let first = at_home(Env::new().named("first"), home, 3, |ctx| {
        assert!(driven().is_some());
        core::ptr::from_ref(ctx)
    });
    assert!(tls::get().is_null() && driven().is_none() && !is_home(home));
    let second = visit_blocking(Env::new(), |ctx| {
        assert_eq!((ctx.home(), ctx.shard(), top_name()), (core::ptr::null(), 0, None));
        assert!(ctx.task.get().is_none() && driven().is_none());
        core::ptr::from_ref(ctx)
    });
    assert_eq!(first.unwrap(), second, "the same memory");
}

#[test]
fn what_drives_a_thread_tells_what_it_offers_while_it_runs() {
    let name = |driven: Driven| driven.env().and_then(|env| env.slots.name.clone());
    let inner = at_home(Env::new().named("drives"), ptr::null(), 0, |_| {
        let _inner = enter(Env::new().named("inner"));
        let driven = driven().expect("by this");
        assert_eq!(name(driven).as_deref(), Some("drives"));
        driven
    });
    assert!(name(inner.unwrap()).is_none());
}

#[test]
fn a_thread_knows_its_shard_of_the_scheduler_at_home_alone() {
    let (one, two) = (1_u8, 2_u8);
    let (home, other) = ((&raw const one).cast(), (&raw const two).cast());
    let inside = at_home(Env::new(), home, 3, |_| (shard_at(home), shard_at(other)));
    assert_eq!(inside.unwrap(), (Some(3), None));
    assert_eq!(shard_at(home), None);
}

#[test]
fn a_weak_environment_knows_whether_it_is_entered() {
    let env = Env::new();
    let (weak, other) = (env.downgrade(), Env::new().downgrade());
    assert!(!is_in(&weak));
    let _guard = enter(env);
    assert!(is_in(&weak) && !is_in(&other));
}

#[test]
fn a_thread_knows_whether_its_last_task_spent_its_budget() {
    let _guard = enter(Env::new());
    let queue = Queue::new();
    for (leaves, is_spent) in [(127, false), (128, true), (1, false)] {
        let task = queue.spawn(poll_fn(move |cx| {
            for _ in 0..leaves {
                let polled = crate::wait::poll_leaf(cx, || unreachable!(), |_| Poll::Ready(()));
                assert!(polled.is_ready());
            }
            Poll::Ready(())
        }));
        queue.run();
        assert!(task.is_finished());
        assert_eq!(with(Ctx::is_spent), Some(is_spent), "{leaves} of 128");
    }
}

#[test]
fn picks_are_counted_until_somebody_asks() {
    let _guard = enter(Env::new());
    let picks = with(|ctx| {
        ctx.add_picks(3);
        ctx.add_picks(2);
        (ctx.take_picks(), ctx.take_picks())
    });
    assert_eq!(picks, Some((5, 0)));
}

#[test]
fn a_seed_makes_a_thread_choose_alike() {
    let choice = FastRng::new(7).next();
    let seeded = || visit_blocking(Env::new().named("seeded").with_seed(7), |ctx| ctx.rng().next());
    assert_eq!((seeded(), seeded()), (choice, choice));
    let _guard = enter(Env::new());
    let seeded = || with(|ctx| (seed(ctx, 7), ctx.rng().next()).1);
    assert_eq!((seeded(), seeded()), (Some(choice), Some(choice)));
}

#[test]
fn who_blocks_in_place_may_and_drives_again_after() {
    let there = at_home(Env::new(), ptr::null(), 0, |ctx| {
        ctx.budget.begin(1);
        let panics = || block_in_place(ctx, || crate::kit::panics("inside"));
        let blocks = block_in_place(ctx, || {
            ctx.budget.spend();
            driven().is_none() && ctx.budget.remains()
        });
        assert!(blocks);
        assert_eq!(crate::kit::caught(panics), "inside");
        let is_back = driven().is_some() && ctx.budget.remains();
        ctx.budget.spend();
        is_back && !ctx.budget.remains()
    });
    assert!(there.unwrap());
}

#[test]
fn schedulers_of_one_thread_nest_and_are_left_in_any_order() {
    let stays = enter(Env::new());
    let inner = || local::<u8>().map(|n| *n);
    assert_eq!(inner(), None);
    let one = enter_local(Rc::new(1_u8));
    let two = enter_local(Rc::new(2_u8));
    assert_eq!((inner(), local::<u16>()), (Some(2), None));
    drop(one);
    assert_eq!(inner(), Some(2));
    let three = enter_local(Rc::new(3_u8));
    drop(two);
    assert_eq!(inner(), Some(3));
    drop(three);
    assert_eq!(inner(), None);
    drop(stays);
    assert!(tls::get().is_null());
}

/// A piece of each kind.
#[derive(Default)]
struct Piece(Mutex<Vec<alloc::sync::Weak<dyn Listed>>>);

impl Delay for Piece {
    fn delay(&self, _span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(ready(()))
    }
}

impl Blocking for Piece {
    fn execute(&self, job: Job) -> Result<(), Rejected> {
        Err(Rejected::new(job, RejectedWhy::ShutDown))
    }
}

impl Clock for Piece {
    fn now(&self) -> Nanos {
        Nanos(7)
    }
    fn start(&self) -> std::time::Instant {
        unreachable!("nobody asks")
    }
}

impl Lists for Piece {
    fn add(&self, tasks: alloc::sync::Weak<dyn Listed>) {
        lock(&self.0).push(tasks);
    }
}

impl Listed for Piece {
    fn alive_tasks(&self) -> u64 {
        0
    }
    fn for_each_task(&self, _f: &mut dyn FnMut(TaskInfo)) {}
}

#[test]
fn an_environment_offers_all_that_it_was_given() {
    let piece = Arc::<Piece>::default();
    let env = Env::new().with_io(1_u8).with_spawner(2_u8).with_time(piece.clone());
    let env = env.with_blocking(piece.clone()).with_clock(piece.clone()).with_lists(piece.clone());
    let env = env.with_seed(1).named("all");
    assert_eq!((env.spawner(), env.spawner::<u16>()), (Some(&2_u8), None));
    let listed: Arc<dyn Listed> = piece.clone();
    env.tell_of(Arc::downgrade(&listed));
    Env::new().tell_of(Arc::downgrade(&listed)); // where nobody wants to know
    assert_eq!(lock(&piece.0).len(), 1);
    let _guard = enter(env);
    assert_eq!((io(|n: &u8| *n), spawner(|n: &u8| *n)), (Ok(1), Ok(2)));
    assert_eq!(time(|timer: &Piece| ptr::eq(timer, &*piece)), Ok(true));
    assert!(delay().is_ok() && blocking().is_ok());
    assert_eq!(clock(Clock::now), Ok(Nanos(7)));
    assert_eq!(top_name().as_deref(), Some("all"));
}
