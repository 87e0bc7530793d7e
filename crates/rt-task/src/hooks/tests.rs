//! Unit tests: the hooks of a queue, without a runtime. The facade's tests have the rest.

use alloc::format;
use alloc::vec::Vec;
use std::sync::{Arc, Mutex};

use super::*;
use crate::coop::yield_now;
use crate::kit::{Drops, lock, panics, result};
use crate::{Builder, Ran, Runnable, Schedule, Why, current_id};

/// A queue with hooks.
#[derive(Clone)]
struct Hooked(Arc<Shared>);

struct Shared {
    hooks: Hooks,
    runnables: Mutex<Vec<Runnable<Hooked>>>,
}

impl Schedule for Hooked {
    fn schedule(&self, runnable: Runnable<Self>, _why: Why) {
        lock(&self.0.runnables).push(runnable);
    }

    fn hooks(&self) -> Option<&Hooks> {
        Some(&self.0.hooks)
    }
}

fn hooked(set: impl FnOnce(&mut Hooks)) -> Hooked {
    let mut hooks = Hooks::new();
    set(&mut hooks);
    Hooked(Arc::new(Shared { hooks, runnables: Mutex::default() }))
}

#[test]
fn nothing_set_is_nothing_to_share() {
    assert!(Hooks::new().share().is_none());
    assert!(Hooks::new().on_spawn(|_| ()).share().is_some());
    assert!(Hooks::new().on_before_poll(|_| ()).share().is_some());
    assert!(Hooks::new().on_after_poll(|_| ()).share().is_some());
    assert!(Hooks::new().on_terminate(|_| ()).share().is_some());
    assert!(Hooks::new().on_panic(|_| ()).share().is_some());
    assert!(!Hooks::new().are_panics_fatal());
    let fatal = Hooks::new().panics_are_fatal().share().unwrap();
    assert!(fatal.are_panics_fatal());
    assert!(format!("{fatal:?}").contains("panics_are_fatal: true"));
}

#[test]
fn a_fatal_panic_comes_out_of_the_run_and_stays_with_the_handle() {
    let queue = hooked(|hooks| drop(hooks.panics_are_fatal().share()));
    let task = Builder::new().name("mole").spawn(async { panics("word") }, queue.clone());
    let (runnable, handle) = task;
    let Ran::Fatal(told) = runnable.run() else { panic!("it is fatal") };
    assert_eq!((told.id(), told.name(), told.message()), (handle.id(), Some("mole"), Some("word")));
    assert!(format!("{:?}", Ran::<Hooked>::Fatal(told)).contains("mole"));
    assert!(result::<()>(handle).unwrap_err().is_panic());
    // Also when it was cancelled, and panics in its drop.
    let drops = Drops::default();
    let guard = drops.panicking("in its drop");
    let (runnable, handle) = crate::spawn(async move { drop(guard) }, queue);
    handle.abort();
    let Ran::Fatal(told) = runnable.run() else { panic!("it is fatal") };
    assert_eq!(told.message(), Some("in its drop"));
    assert!(result(handle).unwrap_err().is_panic());
}

#[test]
fn a_task_without_panic_or_with_a_harmless_one_is_done() {
    let queue = hooked(|hooks| drop(hooks.on_panic(|_| ()).share()));
    let (runnable, handle) = crate::spawn(async { panics("word") }, queue);
    assert!(matches!(runnable.run(), Ran::Done));
    assert!(result::<()>(handle).unwrap_err().is_panic());
    let queue = hooked(|hooks| drop(hooks.panics_are_fatal().share()));
    let (runnable, handle) = crate::spawn(async { 1 }, queue);
    assert!(matches!(runnable.run(), Ran::Done));
    assert_eq!(result(handle).unwrap(), 1);
}

#[test]
fn a_hook_that_looks_finds_the_payload_where_it_belongs() {
    // A payload that is no text, and whose drop is counted: the hook must not take it.
    let drops = Drops::default();
    let payload = drops.value();
    let queue = hooked(|hooks| {
        hooks.on_panic(|panic| assert_eq!(panic.message(), None)).on_terminate(|_| ());
    });
    let (runnable, handle) = crate::spawn(async move { std::panic::panic_any(payload) }, queue);
    assert!(matches!(runnable.run(), Ran::Done));
    assert_eq!(drops.count(), 0);
    drop(result::<()>(handle));
    assert_eq!(drops.count(), 1);
}

#[test]
fn hooks_are_told_without_a_context() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tells = |what| {
        let told = told.clone();
        move |task: &TaskMeta<'_>| {
            assert!(current_id().is_none_or(|id| id == task.id()));
            lock(&told).push(what);
        }
    };
    let mut hooks = Hooks::new();
    hooks.on_spawn(tells("spawn")).on_before_poll(tells("before"));
    hooks.on_after_poll(tells("after")).on_terminate(tells("terminate"));
    let queue = hooked(|set| *set = hooks);
    let (runnable, handle) = crate::spawn(async {}, queue.clone());
    drop(handle);
    assert!(matches!(runnable.run(), Ran::Done));
    assert_eq!(core::mem::take(&mut *lock(&told)), ["spawn", "before", "after", "terminate"]);
    let (runnable, handle) = crate::spawn(async {}, queue);
    drop(runnable);
    assert!(handle.is_finished());
    assert_eq!(*lock(&told), ["spawn", "terminate"]);
}

#[test]
fn a_hook_is_told_the_name_and_how_often_the_task_was_polled() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tells = told.clone();
    let queue = hooked(|hooks| {
        hooks.on_after_poll(move |task| {
            assert_eq!(task.name(), Some("mole"));
            lock(&tells).push(task.polls());
        });
    });
    let yields = async {
        yield_now().await;
        yield_now().await;
    };
    let (mut runnable, handle) = Builder::new().name("mole").spawn(yields, queue);
    for polls in 0..2 {
        assert_eq!(runnable.polls(), polls);
        let Ran::Yielded(again) = runnable.run() else { panic!("it yields") };
        runnable = again;
    }
    assert!(matches!(runnable.run(), Ran::Done));
    result(handle).unwrap();
    assert_eq!(*lock(&told), [1, 2, 3]);
}

#[test]
fn a_fatal_panic_makes_no_other_result_larger() {
    assert_eq!(size_of::<Ran<Hooked>>(), 2 * size_of::<usize>(), "two registers");
}
