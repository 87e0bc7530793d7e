//! Task hooks: when each runs, on which thread, and what their panics do.

use std::collections::HashMap;
use std::future::{pending, poll_fn};
use std::panic::panic_any;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;

use rt_facade::runtime::{Builder, Handle, LocalOptions, TaskMeta};
use rt_facade::task::{Id, spawn_blocking, try_id, yield_now};

use crate::support::{CountsDrops, Gate, flavors, is_multi, keep_workers, until};

/// What the hooks were told, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Spawn,
    Before,
    After,
    Terminate,
    /// Told by the task itself.
    Polled,
    Dropped,
}
use Told::*;

/// What was told of each task.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<HashMap<Id, Vec<Told>>>>);

impl Log {
    fn tell(&self, id: Id, what: Told) {
        self.0.lock().unwrap().entry(id).or_default().push(what);
    }

    fn of(&self, id: Id) -> Vec<Told> {
        self.0.lock().unwrap().get(&id).cloned().unwrap_or_default()
    }

    fn all(&self) -> Vec<Vec<Told>> {
        self.0.lock().unwrap().values().cloned().collect()
    }

    fn hook(&self, what: Told) -> impl Fn(&TaskMeta<'_>) + Send + Sync + 'static {
        let log = self.clone();
        move |task| log.tell(task.id(), what)
    }

    /// Sets all four hooks.
    fn watch<'a>(&self, builder: &'a mut Builder) -> &'a mut Builder {
        builder
            .on_task_spawn(self.hook(Spawn))
            .on_before_task_poll(self.hook(Before))
            .on_after_task_poll(self.hook(After))
            .on_task_terminate(self.hook(Terminate))
    }
}

/// Tells when it is dropped.
struct TellsDrop(Log);

impl Drop for TellsDrop {
    fn drop(&mut self) {
        self.0.tell(try_id().expect("dropped in its task"), Dropped);
    }
}

#[test]
fn a_task_is_told_of_from_its_spawn_to_its_end() {
    for build in flavors() {
        let log = Log::default();
        let runtime = log.watch(&mut build()).enable_all().build().unwrap();
        runtime.block_on(async {
            let guard = TellsDrop(log.clone());
            let polls = log.clone();
            let task = rt_facade::spawn(async move {
                let _guard = guard;
                polls.tell(try_id().unwrap(), Polled);
                yield_now().await;
                polls.tell(try_id().unwrap(), Polled);
            });
            let id = task.id();
            task.await.unwrap();
            // The join result is there: so is all of this.
            let told = [Spawn, Before, Polled, After, Before, Polled, Dropped, After, Terminate];
            assert_eq!(log.of(id), told);
        });
    }
}

#[test]
fn a_task_is_told_of_before_it_can_run() {
    for build in flavors() {
        let ran = Arc::new(AtomicUsize::new(0));
        let (seen, hooked) = (ran.clone(), Arc::new(AtomicUsize::new(0)));
        let counts = hooked.clone();
        let runtime = build()
            .on_task_spawn(move |_| {
                for _ in 0..100 {
                    thread::yield_now();
                    assert_eq!(seen.load(SeqCst), counts.load(SeqCst));
                }
                counts.fetch_add(1, SeqCst);
            })
            .build()
            .unwrap();
        for n in 0..5 {
            let ran = ran.clone();
            let task = runtime.spawn(async move {
                ran.fetch_add(1, SeqCst);
            });
            assert_eq!(hooked.load(SeqCst), n + 1, "in `spawn` itself");
            runtime.block_on(task).unwrap();
        }
    }
}

#[test]
fn each_end_is_told_once_when_the_future_is_gone() {
    for build in flavors() {
        let log = Log::default();
        let runtime = log.watch(&mut build()).enable_all().build().unwrap();
        let shut_down = runtime.block_on(async {
            // By a panic.
            let guard = TellsDrop(log.clone());
            let task = rt_facade::spawn(async move {
                let _guard = guard;
                panic_any("told");
            });
            let id = task.id();
            assert!(task.await.unwrap_err().is_panic());
            assert_eq!(log.of(id), [Spawn, Before, Dropped, After, Terminate]);
            // By an abort.
            let (guard, started) = (TellsDrop(log.clone()), Gate::new());
            let starts = started.clone();
            let task = rt_facade::spawn(async move {
                let _guard = guard;
                starts.open();
                pending::<()>().await;
            });
            let id = task.id();
            started.passed().await;
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
            assert_eq!(log.of(id), [Spawn, Before, After, Dropped, Terminate]);
            // By an abort before the first poll.
            let (workers, guard) = (keep_workers(&runtime), TellsDrop(log.clone()));
            let task = rt_facade::spawn(async move { drop(guard) });
            let id = task.id();
            task.abort();
            drop(workers);
            assert!(task.await.unwrap_err().is_cancelled());
            assert_eq!(log.of(id), [Spawn, Dropped, Terminate]);
            // By the shutdown.
            let (guard, started) = (TellsDrop(log.clone()), Gate::new());
            let starts = started.clone();
            let task = rt_facade::spawn(async move {
                let _guard = guard;
                starts.open();
                pending::<()>().await;
            });
            started.passed().await;
            task.abort_handle()
        });
        let handle = runtime.handle().clone();
        drop(runtime);
        assert_eq!(log.of(shut_down.id()), [Spawn, Before, After, Dropped, Terminate]);
        // By being too late.
        let guard = TellsDrop(log.clone());
        let _entered = handle.enter(); // for `try_id`
        let late = handle.spawn(async move { drop(guard) });
        assert_eq!(log.of(late.id()), [Spawn, Dropped, Terminate]);
        for told in log.all() {
            assert_eq!(told.iter().filter(|what| **what == Spawn).count(), 1, "{told:?}");
            assert_eq!(told.iter().filter(|what| **what == Terminate).count(), 1, "{told:?}");
            assert_eq!(told.last(), Some(&Terminate));
        }
    }
}

#[test]
fn hooks_know_the_task_its_name_and_where_it_was_spawned() {
    for build in flavors() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sees = seen.clone();
        let look = move |task: &TaskMeta<'_>| {
            let name = task.name().map(str::to_owned);
            sees.lock().unwrap().push((task.id(), name, task.spawned_at().line(), task.polls()));
            assert!(task.spawned_at().file().ends_with("task_hooks.rs"));
            assert!(format!("{task:?}").contains("task_hooks.rs"));
        };
        let runtime = build()
            .on_task_spawn(look.clone())
            .on_before_task_poll(look.clone())
            .on_after_task_poll(look.clone())
            .on_task_terminate(look)
            .build()
            .unwrap();
        runtime.block_on(async {
            let (line, task) = (line!(), rt_facade::spawn(yield_now()));
            let id = task.id();
            task.await.unwrap();
            let polls = [0, 1, 1, 2, 2, 2];
            let told: Vec<_> = polls.iter().map(|polls| (id, None, line, *polls)).collect();
            assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), told);
            let named = rt_facade::task::Builder::new().name("named").spawn(async {}).unwrap();
            named.await.unwrap();
            let told = seen.lock().unwrap();
            assert_eq!(told.len(), 4);
            assert!(told.iter().all(|it| it.1.as_deref() == Some("named")), "{told:?}");
        });
    }
}

#[test]
fn hooks_run_on_the_thread_that_spawns_polls_or_drops_with_the_runtime_entered() {
    for build in flavors() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let look = |what: Told| {
            let seen = seen.clone();
            move |task: &TaskMeta<'_>| {
                assert!(Handle::try_current().is_ok(), "{what:?}");
                let current = try_id() == Some(task.id());
                assert_eq!(current, matches!(what, Before | After), "{what:?}");
                seen.lock().unwrap().push((what, thread::current().id()));
            }
        };
        let runtime = build()
            .on_task_spawn(look(Spawn))
            .on_before_task_poll(look(Before))
            .on_after_task_poll(look(After))
            .on_task_terminate(look(Terminate))
            .build()
            .unwrap();
        let polled_on = Arc::new(Mutex::new(None));
        let tells = polled_on.clone();
        let task = runtime.spawn(async move {
            *tells.lock().unwrap() = Some(thread::current().id());
        });
        runtime.block_on(task).unwrap();
        let polled_on = polled_on.lock().unwrap().unwrap();
        let here = thread::current().id();
        assert_eq!(polled_on == here, !is_multi(&runtime));
        let seen = seen.lock().unwrap();
        let told = [(Spawn, here), (Before, polled_on), (After, polled_on), (Terminate, polled_on)];
        assert_eq!(*seen, told);
    }
}

#[test]
fn the_end_is_told_before_who_joins_is_woken() {
    for build in flavors() {
        let ended = Arc::new(AtomicUsize::new(0));
        let counts = ended.clone();
        let runtime = build()
            .on_task_terminate(move |_| {
                (0..20).for_each(|_| thread::yield_now());
                counts.fetch_add(1, SeqCst);
            })
            .build()
            .unwrap();
        runtime.block_on(async {
            for n in 1..50 {
                let task = rt_facade::spawn(async {});
                let watches = task.abort_handle();
                let mut task = std::pin::pin!(task);
                poll_fn(|cx| {
                    let polled = task.as_mut().poll(cx);
                    assert_eq!(polled.is_ready() || watches.is_finished(), ended.load(SeqCst) == n);
                    match ended.load(SeqCst) == n && polled.is_pending() {
                        true => task.as_mut().poll(cx),
                        false => polled,
                    }
                })
                .await
                .unwrap();
            }
        });
    }
}

#[test]
fn closures_on_the_blocking_pool_and_the_root_are_no_tasks() {
    for build in flavors() {
        let log = Log::default();
        let runtime = log.watch(&mut build()).build().unwrap();
        runtime.block_on(async {
            yield_now().await;
            assert_eq!(spawn_blocking(|| 1).await.unwrap(), 1);
            assert!(spawn_blocking(|| panic_any("told")).await.unwrap_err().is_panic());
        });
        assert!(log.all().is_empty(), "{:?}", log.all());
    }
}

#[test]
fn a_hook_may_spawn_wake_and_abort() {
    for build in flavors() {
        let (spawned, gate) = (Arc::new(AtomicUsize::new(0)), Gate::new());
        let (counts, opens) = (spawned.clone(), gate.clone());
        let runtime = build()
            .on_task_spawn(move |task| {
                // Each spawn but those of this hook brings one more.
                if task.name().is_some() {
                    let counts = counts.clone();
                    drop(rt_facade::spawn(async move {
                        counts.fetch_add(1, SeqCst);
                    }));
                }
            })
            .on_after_task_poll(move |_| opens.open())
            .on_task_terminate(|task| {
                if task.name() == Some("last but one") {
                    drop(rt_facade::task::Builder::new().name("last").spawn(async {}));
                }
            })
            .build()
            .unwrap();
        runtime.block_on(async {
            rt_facade::task::Builder::new()
                .name("first")
                .spawn(gate.passed())
                .unwrap()
                .await
                .unwrap();
            let name = "last but one";
            rt_facade::task::Builder::new().name(name).spawn(async {}).unwrap().await.unwrap();
            until(|| spawned.load(SeqCst) == 3).await;
            until(|| runtime.metrics().alive_tasks == 0).await;
        });
    }
}

#[test]
fn a_task_that_a_hook_aborts_ends_at_its_next_yield() {
    for build in flavors() {
        let handles = Arc::new(Mutex::new(HashMap::<Id, rt_facade::task::AbortHandle>::new()));
        let aborts = handles.clone();
        let runtime = build()
            .on_before_task_poll(move |task| {
                if let Some(handle) = aborts.lock().unwrap().get(&task.id()) {
                    handle.abort();
                }
            })
            .build()
            .unwrap();
        runtime.block_on(async {
            let (gate, polls) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
            let (passed, counts) = (gate.passed(), polls.clone());
            let task = rt_facade::spawn(async move {
                passed.await;
                counts.fetch_add(1, SeqCst);
                yield_now().await;
                unreachable!("it was aborted");
            });
            until(|| gate.is_waited_for()).await;
            handles.lock().unwrap().insert(task.id(), task.abort_handle());
            gate.open();
            assert!(task.await.unwrap_err().is_cancelled());
            assert_eq!(polls.load(SeqCst), 1);
        });
    }
}

/// Panics when dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a payload's drop");
    }
}

#[test]
fn a_hook_that_panics_takes_no_worker_and_loses_no_task() {
    type Set = fn(&mut Builder) -> &mut Builder;
    let hooks: [(&str, Set); 5] = [
        ("spawn", |it| it.on_task_spawn(|_| panic_any(Bomb))),
        ("before", |it| it.on_before_task_poll(|_| panic_any(Bomb))),
        ("after", |it| it.on_after_task_poll(|_| panic_any(Bomb))),
        ("terminate", |it| it.on_task_terminate(|_| panic_any(Bomb))),
        ("panic", |it| it.on_unhandled_panic(|_| panic_any(Bomb))),
    ];
    for build in flavors() {
        for (hook, set) in hooks {
            let drops = Arc::new(AtomicUsize::new(0));
            let runtime = set(&mut build()).enable_all().build().unwrap();
            runtime.block_on(async {
                for n in 0..10 {
                    let guard = CountsDrops(drops.clone());
                    let task = rt_facade::spawn(async move {
                        let _guard = guard;
                        yield_now().await;
                        rt_facade::spawn(async move { n }).await.unwrap()
                    });
                    assert_eq!(task.await.unwrap(), n, "{hook}");
                }
                let task = rt_facade::spawn(async { panic_any("the task") });
                let panic = task.await.unwrap_err().into_panic();
                assert_eq!(panic.downcast_ref(), Some(&"the task"), "{hook}");
                let task = rt_facade::spawn(pending::<()>());
                task.abort();
                assert!(task.await.unwrap_err().is_cancelled(), "{hook}");
            });
            let guard = CountsDrops(drops.clone());
            let left = runtime.spawn(async move {
                let _guard = guard;
                pending::<()>().await;
            });
            let handle = runtime.handle().clone();
            drop(runtime);
            assert_eq!(drops.load(SeqCst), 11, "{hook}");
            assert!(rt_task::block_on(left).unwrap_err().is_cancelled(), "{hook}");
            let late = handle.spawn(async {});
            assert!(rt_task::block_on(late).unwrap_err().is_cancelled(), "{hook}");
            assert_eq!(handle.metrics().alive_tasks, 0, "{hook}");
        }
    }
}

#[test]
fn a_hook_that_panics_while_its_thread_unwinds_is_contained() {
    /// Spawns while it unwinds.
    struct Spawns(Handle);
    impl Drop for Spawns {
        fn drop(&mut self) {
            assert!(thread::panicking());
            drop(self.0.spawn(async {}));
        }
    }
    for build in flavors() {
        let runtime = build().on_task_spawn(|_| panic_any("the hook")).build().unwrap();
        runtime.block_on(async {
            let spawns = Spawns(runtime.handle().clone());
            let task = rt_facade::spawn(async move {
                let _spawns = spawns;
                panic_any("the task");
            });
            let panic = task.await.unwrap_err().into_panic();
            assert_eq!(panic.downcast_ref(), Some(&"the task"));
            until(|| runtime.metrics().alive_tasks == 0).await;
        });
    }
}

#[test]
fn a_builder_may_build_several_runtimes_with_its_hooks() {
    for build in flavors() {
        let log = Log::default();
        let mut builder = build();
        log.watch(&mut builder);
        for _ in 0..3 {
            let runtime = builder.build().unwrap();
            runtime.block_on(runtime.spawn(async {})).unwrap();
        }
        assert_eq!(log.all(), vec![vec![Spawn, Before, After, Terminate]; 3]);
    }
}

#[test]
fn a_hook_that_is_set_again_replaces_the_one_before() {
    for build in flavors() {
        let count = Arc::new(AtomicUsize::new(0));
        let counts = count.clone();
        let runtime = build()
            .on_task_spawn(|_| unreachable!("replaced"))
            .on_task_spawn(move |_| {
                counts.fetch_add(1, SeqCst);
            })
            .build()
            .unwrap();
        runtime.block_on(runtime.spawn(async {})).unwrap();
        assert_eq!(count.load(SeqCst), 1);
    }
}

#[test]
fn storms_of_spawns_and_aborts_are_told_of_in_balance() {
    for build in flavors() {
        let (spawns, ends) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let polling = Arc::new(AtomicUsize::new(0));
        let (counts_spawns, counts_ends) = (spawns.clone(), ends.clone());
        let (begins, is_over) = (polling.clone(), polling.clone());
        let runtime = build()
            .on_task_spawn(move |_| {
                counts_spawns.fetch_add(1, SeqCst);
            })
            .on_task_terminate(move |_| {
                counts_ends.fetch_add(1, SeqCst);
            })
            .on_before_task_poll(move |_| {
                begins.fetch_add(1, SeqCst);
            })
            .on_after_task_poll(move |_| {
                is_over.fetch_sub(1, SeqCst);
            })
            .build()
            .unwrap();
        runtime.block_on(async {
            let tasks: Vec<_> = (0..500)
                .map(|n| {
                    rt_facade::spawn(async move {
                        for _ in 0..n % 7 {
                            yield_now().await;
                        }
                        if n % 5 == 0 {
                            pending::<()>().await;
                        }
                    })
                })
                .collect();
            yield_now().await;
            for (n, task) in tasks.iter().enumerate() {
                if n % 3 == 0 || n % 5 == 0 {
                    task.abort();
                }
            }
            for task in tasks {
                let _ = task.await;
            }
        });
        drop(runtime);
        assert_eq!(spawns.load(SeqCst), 500);
        assert_eq!(ends.load(SeqCst), 500);
        assert_eq!(polling.load(SeqCst), 0);
    }
}

#[test]
fn a_hook_may_block_in_place_on_many_threads() {
    for workers in [1, 2] {
        let runtime = crate::support::multi(workers)
            .on_before_task_poll(|_| rt_facade::task::block_in_place(thread::yield_now))
            .on_after_task_poll(|_| rt_facade::task::block_in_place(thread::yield_now))
            .on_task_terminate(|_| rt_facade::task::block_in_place(thread::yield_now))
            .build()
            .unwrap();
        runtime.block_on(async {
            for n in 0..20 {
                let task = rt_facade::spawn(async move {
                    yield_now().await;
                    n
                });
                assert_eq!(task.await.unwrap(), n);
            }
        });
        let ready = runtime.spawn(poll_fn(|_| Poll::Ready(1)));
        assert_eq!(runtime.block_on(ready).unwrap(), 1);
    }
}

#[test]
fn a_local_runtime_tells_of_its_tasks_too() {
    let log = Log::default();
    let mut builder = Builder::new_current_thread();
    let runtime = log.watch(&mut builder).build_local(LocalOptions::default()).unwrap();
    let (counted, here) = (Rc::new(1), log.clone());
    let task = runtime.spawn_local(async move {
        here.tell(try_id().unwrap(), Polled);
        *counted
    });
    let id = task.id();
    assert_eq!(runtime.block_on(task).unwrap(), 1);
    assert_eq!(log.of(id), [Spawn, Before, Polled, After, Terminate]);
    let left = runtime.spawn_local(pending::<()>());
    runtime.block_on(yield_now());
    drop(runtime);
    assert_eq!(log.of(left.id()), [Spawn, Before, After, Terminate]);
}
