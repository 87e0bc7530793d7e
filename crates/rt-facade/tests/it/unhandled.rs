//! What a panic does that ends a task: nothing, a report, or the end of the runtime.

use std::future::pending;
use std::panic::panic_any;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use rt_facade::runtime::{Builder, LocalOptions, Runtime, TaskPanic, UnhandledPanic};
use rt_facade::task::{spawn_blocking, yield_now};

use crate::support::{
    CountsDrops, Gate, block_until, flavors, for_each_flavor, is_multi, keep_workers,
    panic_message, until,
};

/// Panics when dropped.
struct PanicsInDrop(&'static str);

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic_any(self.0);
    }
}

/// A builder that reports into the list.
fn reporting(build: fn() -> Builder) -> (Builder, Arc<Mutex<Vec<TaskPanic>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tells = told.clone();
    let mut builder = build();
    builder.on_unhandled_panic(move |panic| tells.lock().unwrap().push(panic.clone()));
    (builder, told)
}

#[test]
fn ignored_unless_said_otherwise() {
    assert_eq!(UnhandledPanic::default(), UnhandledPanic::Ignore);
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            drop(rt_facade::spawn(async { panic_any("ignored") }));
            until(|| runtime.metrics().alive_tasks == 0).await;
            assert_eq!(rt_facade::spawn(async { 1 }).await.unwrap(), 1);
        });
    });
}

#[test]
fn a_report_names_the_task_and_its_panic() {
    for build in flavors() {
        let (mut builder, told) = reporting(build);
        let runtime = builder.unhandled_panic(UnhandledPanic::Report).build().unwrap();
        runtime.block_on(async {
            let builder = rt_facade::task::Builder::new().name("mole");
            let (line, task) = (line!(), builder.spawn(async { panic!("no {}", 1) }).unwrap());
            let id = task.id();
            assert!(task.await.unwrap_err().is_panic(), "the handle has it as well");
            let told = std::mem::take(&mut *told.lock().unwrap());
            let [panic] = &told[..] else { panic!("{told:?}") };
            assert_eq!((panic.id(), panic.name()), (id, Some("mole")));
            assert_eq!(panic.message(), Some("no 1"));
            assert_eq!(panic.spawned_at().line(), line);
            let text = panic.to_string();
            let at = format!("unhandled.rs:{line}:");
            let words = ["task ", "`mole`", &at, "panicked with message \"no 1\""];
            assert!(words.iter().all(|word| text.contains(word)), "{text}");
        });
    }
}

#[test]
fn a_report_of_a_panic_without_text_or_name_says_what_there_is() {
    for build in flavors() {
        let (mut builder, told) = reporting(build);
        let runtime = builder.build().unwrap();
        let task = runtime.spawn(async { panic_any(7) });
        assert!(runtime.block_on(task).unwrap_err().is_panic());
        let told = told.lock().unwrap();
        assert_eq!((told[0].name(), told[0].message()), (None, None));
        assert!(told[0].to_string().ends_with(" panicked"), "{}", told[0]);
    }
}

#[test]
fn reported_are_drops_of_futures_and_nothing_that_is_no_task() {
    for build in flavors() {
        let (mut builder, told) = reporting(build);
        let runtime = builder.enable_all().build().unwrap();
        let take = || {
            let told = std::mem::take(&mut *told.lock().unwrap());
            told.iter().map(|panic| panic.message().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let start_and_pend = |word| {
            let starts = Gate::new();
            let opens = starts.clone();
            let task = runtime.spawn(async move {
                let _guard = PanicsInDrop(word);
                opens.open();
                pending::<()>().await;
            });
            runtime.block_on(starts.passed());
            task
        };
        let aborted = start_and_pend("aborted");
        aborted.abort();
        assert!(runtime.block_on(aborted).unwrap_err().is_panic());
        assert_eq!(take(), ["aborted"]);
        runtime.block_on(async {
            // An output that nobody takes, before the end and after it.
            drop(rt_facade::spawn(async { PanicsInDrop("output") }));
            until(|| runtime.metrics().alive_tasks == 0).await;
            let finished = rt_facade::spawn(async { PanicsInDrop("output") });
            until(|| finished.is_finished()).await;
            drop(finished);
            // A closure, and the drop of its output.
            assert!(spawn_blocking(|| panic_any("closure")).await.unwrap_err().is_panic());
            drop(spawn_blocking(|| PanicsInDrop("closure's output")));
        });
        let message = panic_message(|| runtime.block_on(async { panic!("root") }));
        assert_eq!(message, "root");
        assert_eq!(take(), [""; 0]);
        let left = start_and_pend("shutdown");
        drop(runtime);
        assert!(rt_task::block_on(left).unwrap_err().is_panic());
        assert_eq!(take(), ["shutdown"]);
    }
}

/// Runs this test again, in a process of its own, and gives what that wrote to standard error.
#[cfg(target_os = "linux")]
#[test]
fn a_report_is_a_line_on_standard_error() {
    use std::process::Command;
    const NAME: &str = "unhandled::a_report_is_a_line_on_standard_error";
    const CHILD: &str = "RT_TEST_REPORTS";
    if std::env::var_os(CHILD).is_some() {
        for build in flavors() {
            let runtime = build().unhandled_panic(UnhandledPanic::Report).build().unwrap();
            let task = rt_facade::task::Builder::new().name("liner");
            let panics = async { panic_any("in a line") };
            assert!(runtime.block_on(async { task.spawn(panics).unwrap().await }).is_err());
        }
        return;
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args([NAME, "--exact", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(child.status.success());
    let told = String::from_utf8_lossy(&child.stderr);
    let lines = told.lines().filter(|line| {
        line.starts_with("task ")
            && line.contains("`liner` spawned at ")
            && line.ends_with("panicked with message \"in a line\"")
    });
    assert_eq!(lines.count(), flavors().len(), "{told}");
}

/// A runtime that a panic shuts down, and what one task leaves that waits in it.
fn doomed(build: fn() -> Builder) -> (Runtime, Arc<AtomicUsize>) {
    let mut builder = build();
    let runtime = builder.unhandled_panic(UnhandledPanic::ShutdownRuntime).enable_all().build();
    (runtime.unwrap(), Arc::default())
}

/// Spawns what panics.
fn boom(runtime: &Runtime) -> rt_facade::task::JoinHandle<()> {
    runtime.spawn(async { panic_any("boom") })
}

#[test]
fn a_panic_shuts_the_runtime_down() {
    for build in flavors() {
        let (runtime, drops) = doomed(build);
        let (gate, guard) = (Gate::new(), CountsDrops(drops.clone()));
        let passed = gate.passed();
        let waiting = runtime.spawn(async move {
            let _guard = guard;
            passed.await;
        });
        runtime.block_on(until(|| gate.is_waited_for()));
        let workers = keep_workers(&runtime);
        let fatal = boom(&runtime);
        let guard = CountsDrops(drops.clone());
        let never_polled = runtime.spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        drop(workers);
        let message = panic_message(|| runtime.block_on(pending::<()>()));
        for word in ["task ", "unhandled.rs", "\"boom\"", "shut its runtime down"] {
            assert!(message.contains(word), "{message}");
        }
        // Whoever waited is told, and those that come later are.
        let error = rt_task::block_on(fatal).unwrap_err();
        assert_eq!(error.into_panic().downcast_ref(), Some(&"boom"));
        assert!(rt_task::block_on(waiting).unwrap_err().is_cancelled());
        assert!(rt_task::block_on(never_polled).unwrap_err().is_cancelled());
        assert_eq!(drops.load(SeqCst), 2);
        let late = runtime.spawn(async { 1 });
        assert!(rt_task::block_on(late).unwrap_err().is_cancelled());
        let again = panic_message(|| runtime.block_on(async { 1 }));
        assert_eq!(again, message);
        block_until(|| runtime.metrics().alive_tasks == 0);
        drop(runtime);
    }
}

#[test]
fn a_panic_in_the_drop_of_an_aborted_task_shuts_down_too() {
    for build in flavors() {
        let (runtime, _) = doomed(build);
        let gate = Gate::new();
        let passed = gate.passed();
        let task = runtime.spawn(async move {
            let _guard = PanicsInDrop("in its drop");
            passed.await;
        });
        runtime.block_on(until(|| gate.is_waited_for()));
        task.abort();
        let message = panic_message(|| runtime.block_on(pending::<()>()));
        assert!(message.contains("\"in its drop\""), "{message}");
    }
}

#[test]
fn what_is_no_tasks_panic_shuts_nothing_down() {
    for build in flavors() {
        let (runtime, _) = doomed(build);
        runtime.block_on(async {
            assert!(spawn_blocking(|| panic_any("closure")).await.unwrap_err().is_panic());
            drop(rt_facade::spawn(async { PanicsInDrop("output") }));
            until(|| runtime.metrics().alive_tasks == 0).await;
        });
        assert_eq!(panic_message(|| runtime.block_on(async { panic!("root") })), "root");
        assert_eq!(runtime.block_on(runtime.spawn(async { 1 })).unwrap(), 1);
    }
}

#[test]
fn the_first_of_many_panics_is_told() {
    for build in flavors() {
        let (runtime, _) = doomed(build);
        for _ in 0..50 {
            drop(boom(&runtime));
        }
        let message = panic_message(|| runtime.block_on(pending::<()>()));
        assert_eq!(panic_message(|| runtime.block_on(pending::<()>())), message);
        drop(runtime);
    }
}

#[test]
fn all_threads_that_block_on_the_runtime_are_told() {
    for build in flavors() {
        let (runtime, _) = doomed(build);
        let waiting = AtomicUsize::new(0);
        thread::scope(|scope| {
            let threads: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        panic_message(|| {
                            runtime.block_on(async {
                                waiting.fetch_add(1, SeqCst);
                                pending::<()>().await;
                            })
                        })
                    })
                })
                .collect();
            block_until(|| waiting.load(SeqCst) == 3);
            drop(boom(&runtime));
            for thread in threads {
                let message = thread.join().unwrap();
                assert!(message.contains("\"boom\""), "{message}");
            }
        });
    }
}

#[test]
fn tasks_that_run_meanwhile_end_at_their_next_yield() {
    for build in flavors() {
        let (runtime, drops) = doomed(build);
        if is_multi(&runtime) && runtime.metrics().workers == 1 {
            continue; // nobody could run meanwhile
        }
        let gate = Gate::new();
        let (starts, guard) = (gate.clone(), CountsDrops(drops.clone()));
        let task = runtime.spawn(async move {
            let _guard = guard;
            loop {
                starts.open();
                yield_now().await;
            }
        });
        runtime.block_on(gate.passed());
        drop(boom(&runtime));
        let message = panic_message(|| runtime.block_on(pending::<()>()));
        assert!(message.contains("\"boom\""), "{message}");
        assert!(rt_task::block_on(task).unwrap_err().is_cancelled());
        assert_eq!(drops.load(SeqCst), 1);
    }
}

#[test]
fn a_panic_while_in_place_shuts_down_too() {
    for workers in [1, 2] {
        let mut builder = crate::support::multi(workers);
        let runtime = builder.unhandled_panic(UnhandledPanic::ShutdownRuntime).build().unwrap();
        drop(runtime.spawn(async { rt_facade::task::block_in_place(|| panic_any("in place")) }));
        let message = panic_message(|| runtime.block_on(pending::<()>()));
        assert!(message.contains("\"in place\""), "{message}");
    }
}

#[test]
fn a_fatal_panic_is_reported_too_and_the_end_is_told() {
    for build in flavors() {
        let (mut builder, told) = reporting(build);
        let ends = Arc::new(AtomicUsize::new(0));
        let counts = ends.clone();
        let runtime = builder
            .on_task_terminate(move |_| {
                counts.fetch_add(1, SeqCst);
            })
            .unhandled_panic(UnhandledPanic::ShutdownRuntime)
            .build()
            .unwrap();
        let waiting = runtime.spawn(pending::<()>());
        drop(boom(&runtime));
        panic_message(|| runtime.block_on(pending::<()>()));
        drop(runtime);
        assert!(rt_task::block_on(waiting).unwrap_err().is_cancelled());
        assert_eq!(told.lock().unwrap()[0].message(), Some("boom"));
        assert_eq!(ends.load(SeqCst), 2);
    }
}

#[test]
fn a_local_runtime_shuts_down_too() {
    let mut builder = Builder::new_current_thread();
    builder.unhandled_panic(UnhandledPanic::ShutdownRuntime);
    let runtime = builder.build_local(LocalOptions::default()).unwrap();
    let counted = Rc::new(());
    let held = counted.clone();
    let waiting = runtime.spawn_local(async move {
        let _held = held;
        pending::<()>().await;
    });
    drop(runtime.spawn_local(async { panic_any("boom") }));
    let message = panic_message(|| runtime.block_on(pending::<()>()));
    assert!(message.contains("\"boom\""), "{message}");
    assert_eq!(Rc::strong_count(&counted), 1);
    assert!(rt_task::block_on(waiting).unwrap_err().is_cancelled());
}
