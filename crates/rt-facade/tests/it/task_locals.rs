//! Task-locals: set for a scope, on whichever threads it runs, and inherited only where the key says so.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

use rt_facade::task::futures::TaskLocalFuture;
use rt_facade::task::{
    AccessError, LocalKey, LocalSet, block_in_place, inherit_nothing, spawn_blocking, spawn_local,
    yield_now,
};
use rt_facade::task_local;

use crate::support::{Gate, flavors, for_each_flavor, for_workers, panic_message, until};

task_local! {
    static NUMBER: usize;
    /// The request that is served.
    #[inherit]
    pub(crate) static REQUEST: Arc<str>;
}

fn request() -> Option<Arc<str>> {
    REQUEST.try_get().ok()
}

#[test]
fn a_scope_holds_across_yields_and_threads() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let tasks: Vec<_> = (0..50)
                .map(|n| {
                    rt_facade::spawn(NUMBER.scope(n, async move {
                        for _ in 0..20 {
                            assert_eq!(NUMBER.get(), n);
                            yield_now().await;
                        }
                        NUMBER.with(|it| *it)
                    }))
                })
                .collect();
            for (n, task) in tasks.into_iter().enumerate() {
                assert_eq!(task.await.unwrap(), n);
            }
            assert!(NUMBER.try_get().is_err(), "the root is in no scope");
        });
    });
}

#[test]
fn a_spawned_task_finds_no_value_of_a_key_that_stays() {
    for_each_flavor(|runtime| {
        let found = runtime.block_on(NUMBER.scope(1, async {
            let found = rt_facade::spawn(async { NUMBER.try_get() }).await.unwrap();
            let closure = spawn_blocking(|| NUMBER.try_get()).await.unwrap();
            (found.is_ok(), closure.is_ok(), NUMBER.get())
        }));
        assert_eq!(found, (false, false, 1));
    });
}

#[test]
fn a_request_is_known_to_all_that_is_done_for_it() {
    /// What a service does for one request, with tasks and closures of its own.
    async fn serve() -> Vec<Option<Arc<str>>> {
        let child = rt_facade::spawn(async {
            yield_now().await;
            let grandchild = rt_facade::task::Builder::new().name("grandchild");
            let grandchild = grandchild.spawn(async { request() }).unwrap().await.unwrap();
            let closure = spawn_blocking(|| {
                let inner = rt_facade::spawn(async { request() });
                (request(), rt_facade::runtime::Handle::current().block_on(inner).unwrap())
            });
            let (closure, inner) = closure.await.unwrap();
            vec![request(), grandchild, closure, inner]
        });
        let mut found = child.await.unwrap();
        found.push(request());
        found
    }
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let served: Vec<_> = ["a", "b", "c"]
                .into_iter()
                .map(|id| (id, rt_facade::spawn(REQUEST.scope(id.into(), serve()))))
                .collect();
            for (id, served) in served {
                let found = served.await.unwrap();
                assert_eq!(found, vec![Some(Arc::from(id)); 5]);
            }
            assert_eq!(request(), None);
            assert_eq!(rt_facade::spawn(async { request() }).await.unwrap(), None);
        });
    });
}

#[test]
fn a_thread_outside_may_spawn_in_a_scope() {
    for_each_flavor(|runtime| {
        let task = REQUEST.sync_scope("outside".into(), || runtime.spawn(async { request() }));
        assert_eq!(runtime.block_on(task).unwrap().as_deref(), Some("outside"));
        let task = runtime.spawn(async { request() });
        assert_eq!(runtime.block_on(task).unwrap(), None);
    });
}

#[test]
fn hooks_around_a_poll_find_what_the_task_inherited() {
    for build in flavors() {
        let seen = Arc::new(AtomicUsize::new(0));
        let (before, after) = (seen.clone(), seen.clone());
        let look = |seen: &AtomicUsize| {
            if request().as_deref() == Some("hooked") {
                seen.fetch_add(1, SeqCst);
            }
        };
        let runtime = build()
            .on_before_task_poll(move |_| look(&before))
            .on_after_task_poll(move |_| look(&after))
            .build()
            .unwrap();
        let task = REQUEST.sync_scope("hooked".into(), || runtime.spawn(yield_now()));
        runtime.block_on(task).unwrap();
        assert_eq!(seen.load(SeqCst), 4);
    }
}

#[test]
fn the_drop_of_a_scoped_task_finds_its_values_whoever_drops_it() {
    struct Looks(Arc<AtomicUsize>);
    impl Drop for Looks {
        fn drop(&mut self) {
            let is_found = NUMBER.try_get() == Ok(7) && request().as_deref() == Some("id");
            self.0.fetch_add(if is_found { 1 } else { 1000 }, SeqCst);
        }
    }
    for build in flavors() {
        let found = Arc::new(AtomicUsize::new(0));
        let runtime = build().build().unwrap();
        let start = || {
            let (guard, gate) = (Looks(found.clone()), Gate::new());
            let passed = gate.passed();
            let task = REQUEST.sync_scope("id".into(), || {
                runtime.spawn(NUMBER.scope(7, async move {
                    let _guard = guard;
                    passed.await;
                    pending::<()>().await;
                }))
            });
            runtime.block_on(until(|| gate.is_waited_for()));
            task
        };
        let aborted = start();
        aborted.abort();
        assert!(runtime.block_on(aborted).unwrap_err().is_cancelled());
        assert_eq!(found.load(SeqCst), 1);
        let _left = start();
        drop(runtime);
        assert_eq!(found.load(SeqCst), 2);
    }
}

#[test]
fn a_panic_in_a_scope_leaves_nothing_on_the_worker() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            for _ in 0..20 {
                let scoped = REQUEST.scope("gone".into(), async { panic!("in the scope") });
                let task = rt_facade::spawn(NUMBER.scope(1, scoped));
                assert!(task.await.unwrap_err().is_panic());
                let after = rt_facade::spawn(async { (NUMBER.try_get().ok(), request()) });
                assert_eq!(after.await.unwrap(), (None, None));
            }
        });
    });
}

#[test]
fn a_value_stays_while_its_thread_is_lent() {
    for_workers([1, 2, 4], |runtime| {
        let task = REQUEST.sync_scope("lent".into(), || {
            runtime.spawn(NUMBER.scope(3, async {
                for _ in 0..5 {
                    let inner = block_in_place(|| {
                        thread::yield_now();
                        (NUMBER.get(), request())
                    });
                    assert_eq!(inner, (3, Some("lent".into())));
                    yield_now().await;
                }
                (NUMBER.get(), request())
            }))
        });
        assert_eq!(runtime.block_on(task).unwrap(), (3, Some("lent".into())));
    });
}

#[test]
fn the_value_can_be_taken_back() {
    for_each_flavor(|runtime| {
        let mut scope: std::pin::Pin<Box<TaskLocalFuture<usize, _>>> =
            Box::pin(NUMBER.scope(1, async { NUMBER.get() }));
        assert_eq!(runtime.block_on(scope.as_mut()), 1);
        assert_eq!(scope.as_mut().take_value(), Some(1));
        assert_eq!(scope.as_mut().take_value(), None);
    });
}

#[test]
fn outside_a_scope_the_message_names_key_call_site_and_fix() {
    let key: &'static LocalKey<usize> = &NUMBER;
    let error: AccessError = key.try_with(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "task-local `NUMBER` is not set");
    for_each_flavor(|runtime| {
        let message = runtime.block_on(async {
            let task = rt_facade::spawn(async { panic_message(|| NUMBER.get()) });
            task.await.unwrap()
        });
        for word in ["`NUMBER`", "task_locals.rs:", "NUMBER.scope(value, future)", "`#[inherit]`"] {
            assert!(message.contains(word), "{message}");
        }
    });
}

#[test]
fn a_spawn_may_be_told_to_inherit_nothing() {
    for_each_flavor(|runtime| {
        let found = runtime.block_on(REQUEST.scope("outer".into(), async {
            let spawns = || rt_facade::spawn(async { request() });
            let own =
                REQUEST.scope("own".into(), async { rt_facade::spawn(async { request() }).await });
            let (none, own) = inherit_nothing(|| (spawns(), rt_facade::spawn(own)));
            let after = spawns();
            (none.await.unwrap(), own.await.unwrap().unwrap(), after.await.unwrap(), request())
        }));
        let outer: Option<Arc<str>> = Some("outer".into());
        assert_eq!(found, (None, Some("own".into()), outer.clone(), outer));
    });
}

#[test]
fn a_local_task_inherits_as_any_other() {
    let set = LocalSet::new();
    for_each_flavor(|runtime| {
        let found = set.block_on(runtime, async {
            let task = REQUEST.sync_scope("local".into(), || {
                spawn_local(async {
                    yield_now().await;
                    let inner = spawn_local(async { request() });
                    (request(), inner.await.unwrap())
                })
            });
            (task.await.unwrap(), request())
        });
        assert_eq!(found, ((Some("local".into()), Some("local".into())), None));
    });
}
