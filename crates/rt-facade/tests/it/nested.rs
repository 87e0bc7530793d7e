//! `block_on` inside a runtime: where a thread may block it works, elsewhere it says what runs there, since
//! where, and what to do instead. So does the drop of a runtime.

use std::thread;

use rt_facade::runtime::{Builder, Handle, Runtime};
use rt_facade::task::{block_in_place, spawn_blocking, yield_now};
use rt_facade::time::{Duration, sleep};

use crate::support::{flavors, for_each_flavor, is_multi, panic_message};

/// Something that needs the runtime to go on.
async fn work() -> u8 {
    sleep(Duration::from_millis(1)).await;
    rt_facade::spawn(async { 7 }).await.unwrap()
}

#[test]
fn works_in_spawn_blocking() {
    for_each_flavor(|runtime| {
        let outer = async { spawn_blocking(|| Handle::current().block_on(work())).await.unwrap() };
        assert_eq!(runtime.block_on(outer), 7);
        let task = runtime
            .spawn(async { spawn_blocking(|| Handle::current().block_on(work())).await.unwrap() });
        assert_eq!(runtime.block_on(task).unwrap(), 7);
    });
}

#[test]
fn works_in_block_in_place_of_a_task_and_of_a_root() {
    for_each_flavor(|runtime| {
        if !is_multi(runtime) {
            return;
        }
        let nested = || block_in_place(|| Handle::current().block_on(work()));
        assert_eq!(runtime.block_on(async move { nested() }), 7);
        let task = runtime.spawn(async move {
            yield_now().await;
            nested() + block_in_place(|| Handle::current().block_on(async move { 1 }))
        });
        assert_eq!(runtime.block_on(task).unwrap(), 8);
    });
}

#[test]
fn works_on_a_plain_thread_with_the_handle_entered_and_on_a_thread_started_inside() {
    for_each_flavor(|runtime| {
        let handle = runtime.handle().clone();
        runtime.block_on(async {
            let (done, is_done) = futures_channel::oneshot::channel();
            thread::scope(|scope| {
                let inside = scope.spawn(|| {
                    let _guard = handle.enter();
                    Handle::current().block_on(async { 7 })
                });
                assert_eq!(inside.join().unwrap(), 7);
            });
            // One that needs the runtime to go on: not waited for by blocking the root.
            let theirs = handle.clone();
            let thread = thread::Builder::new().spawn(move || {
                let _ = done.send(theirs.block_on(work()));
            });
            assert_eq!(is_done.await.unwrap(), 7);
            thread.unwrap().join().unwrap();
        });
    });
}

#[test]
fn works_on_another_runtime_where_a_thread_may_block() {
    for_each_flavor(|runtime| {
        for build in flavors() {
            let nested = move || build().enable_all().build().unwrap().block_on(work());
            assert_eq!(runtime.block_on(runtime.spawn_blocking(nested)).unwrap(), 7);
            if is_multi(runtime) {
                let task = runtime.spawn(async move { block_in_place(nested) });
                assert_eq!(runtime.block_on(task).unwrap(), 7);
            }
        }
    });
}

/// Tells the call, the runtime that runs there, and what to do instead.
#[track_caller]
fn refuses(message: &str, what: &str, outer: &str) {
    assert!(message.starts_with(&format!("`{what}` at {}", file!())), "{message}");
    assert!(message.contains(outer), "{message}");
    assert!(message.contains("spawn_blocking"), "{message}");
    assert!(message.contains("Await the future"), "{message}");
}

/// By a runtime of each flavour, entered or not.
fn all_refuse(outer: &str) {
    refuses(&panic_message(|| Handle::current().block_on(async {})), "Handle::block_on", outer);
    for build in flavors() {
        let other = build().name("other").build().unwrap();
        refuses(&panic_message(|| other.block_on(async {})), "Runtime::block_on", outer);
        refuses(&panic_message(|| other.handle().block_on(async {})), "Handle::block_on", outer);
        let _guard = other.enter();
        refuses(&panic_message(|| Handle::current().block_on(async {})), "Handle::block_on", outer);
        drop(_guard);
        other.shutdown_background();
    }
}

fn named(build: fn() -> Builder) -> (Runtime, String) {
    let (runtime, built) = (build().enable_all().name("outer").build().unwrap(), line!());
    let which =
        format!("runtime `outer` ({}) built at {}:{built}:", runtime.handle().id(), file!());
    (runtime, which)
}

#[test]
fn is_refused_in_a_root_with_the_line_that_runs_it() {
    for build in flavors() {
        let (runtime, which) = named(build);
        let line = line!() + 1;
        runtime.block_on(async {
            all_refuse(&which);
            let message = panic_message(|| runtime.block_on(async {}));
            let since = format!("since {}:{line}:", file!());
            assert!(message.contains(&since), "{message}");
        });
    }
}

#[test]
fn is_refused_in_a_task() {
    for build in flavors() {
        let (runtime, which) = named(build);
        let multi = is_multi(&runtime);
        let task = runtime.spawn(async move {
            let whose =
                if multi { "a worker thread of the multi-thread " } else { "the single-thread " };
            all_refuse(&format!("{whose}{which}"));
            if multi {
                // A thread that has lent its worker, and is none's until the task pends.
                block_in_place(|| ());
                all_refuse(&format!("{whose}{which}"));
            }
        });
        runtime.block_on(task).unwrap();
    }
}

#[test]
fn is_refused_in_a_handles_root() {
    for build in flavors() {
        let (runtime, which) = named(build);
        runtime.handle().block_on(async { all_refuse(&which) });
    }
}

#[test]
fn is_allowed_again_after_it_was_refused() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            panic_message(|| Handle::current().block_on(async {}));
        });
        assert_eq!(runtime.block_on(work()), 7);
    });
}

#[test]
fn a_runtime_dropped_inside_says_which_and_where() {
    for outer in flavors() {
        let (outer, which) = named(outer);
        for build in flavors() {
            let inner = build().name("inner").build().unwrap();
            let (multi, id) = (is_multi(&inner), inner.handle().id());
            let inside = move |which: &str| {
                if !multi {
                    return drop(inner); // nothing to wait for
                }
                let message = panic_message(move || drop(inner));
                assert!(
                    message.contains(&format!("runtime `inner` ({id}) built at ")),
                    "{message}"
                );
                assert!(message.contains(which), "{message}");
                assert!(message.contains("shutdown_background"), "{message}");
            };
            outer.block_on(async { inside(&which) });
        }
        // Where blocking is allowed, so is the drop.
        for build in flavors() {
            let inner = build().build().unwrap();
            outer.block_on(outer.spawn_blocking(move || drop(inner))).unwrap();
        }
    }
}
