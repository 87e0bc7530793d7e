//! A panic in a task is caught and handed to its `JoinHandle`; the runtime goes on.

use std::future::Future;
use std::panic::panic_any;
use std::pin::Pin;
use std::task::{Context, Poll};

use rt_facade::task::spawn_blocking;

use crate::support::{Gate, for_each_flavor, panic_message, until};

struct PanicsInDrop(&'static str);

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic_any(self.0);
    }
}

/// Ready at once; panics when it is dropped.
struct ReadyThenPanics;

impl Future for ReadyThenPanics {
    type Output = u32;
    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<u32> {
        Poll::Ready(1)
    }
}

impl Drop for ReadyThenPanics {
    fn drop(&mut self) {
        panic_any("future's drop");
    }
}

#[test]
fn a_panic_in_a_poll_is_in_the_join_result() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let task = rt_facade::spawn(async { panic!("in the poll") });
            let error = task.await.unwrap_err();
            assert!(error.is_panic());
            assert!(error.to_string().contains("in the poll"), "{error}");
            let payload = error.into_panic();
            assert_eq!(payload.downcast_ref::<&str>(), Some(&"in the poll"));
            assert_eq!(rt_facade::spawn(async { 1 }).await.unwrap(), 1);
        });
    });
}

#[test]
fn a_panic_in_the_futures_drop_is_in_the_join_result() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let ended = rt_facade::spawn(ReadyThenPanics).await.unwrap_err();
            assert_eq!(ended.into_panic().downcast_ref::<&str>(), Some(&"future's drop"));
            let started = Gate::new();
            let starts = started.clone();
            let aborted = rt_facade::spawn(async move {
                let _guard = PanicsInDrop("aborted");
                starts.open();
                std::future::pending::<()>().await;
            });
            started.passed().await;
            aborted.abort();
            assert!(aborted.await.unwrap_err().is_panic());
        });
    });
}

#[test]
fn a_panic_in_the_drop_of_an_unwanted_output_is_contained() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            drop(rt_facade::spawn(async { PanicsInDrop("output") }));
            until(|| runtime.metrics().alive_tasks == 0).await;
            let finished = rt_facade::spawn(async { PanicsInDrop("output") });
            until(|| finished.is_finished()).await;
            drop(finished);
            assert_eq!(rt_facade::spawn(async { 1 }).await.unwrap(), 1);
        });
    });
}

#[test]
fn a_panic_in_a_blocking_closure_leaves_its_thread() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let error = spawn_blocking(|| panic!("in the closure")).await.unwrap_err();
            assert!(error.is_panic());
            assert_eq!(spawn_blocking(|| 1).await.unwrap(), 1);
        });
    });
}

#[test]
fn a_panic_in_the_root_unwinds_and_leaves_the_runtime() {
    for_each_flavor(|runtime| {
        let message = panic_message(|| runtime.block_on(async { panic!("in the root") }));
        assert_eq!(message, "in the root");
        assert_eq!(runtime.block_on(async { rt_facade::spawn(async { 1 }).await.unwrap() }), 1);
    });
}

#[test]
fn a_panic_while_the_runtime_drops_its_tasks_is_contained() {
    for build in crate::support::flavors() {
        let runtime = build().enable_all().build().unwrap();
        let started = Gate::new();
        let starts = started.clone();
        let task = runtime.spawn(async move {
            let _guard = PanicsInDrop("at shutdown");
            starts.open();
            std::future::pending::<()>().await;
        });
        runtime.block_on(started.passed());
        drop(runtime);
        let error = rt_task::block_on(task).unwrap_err();
        assert_eq!(error.into_panic().downcast_ref::<&str>(), Some(&"at shutdown"));
    }
}
