//! Entering, leaving, in any order.

use super::*;
use alloc::string::{String, ToString};

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

#[test]
fn an_environment_left_while_it_is_read_is_dropped_after() {
    use alloc::rc::Rc;
    use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

    struct Watched(Arc<AtomicBool>);
    impl Drop for Watched {
        fn drop(&mut self) {
            self.0.store(true, Relaxed);
            // Enters and leaves while others are being dropped.
            drop(enter(Env::new()));
        }
    }
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
