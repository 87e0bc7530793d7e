//! What a set runs, where, and beside what.

#![allow(clippy::async_yields_async, reason = "handles are handed out, to be awaited outside")]

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::thread;

use rt_facade::net::UdpSocket;
use rt_facade::runtime::Runtime;
use rt_facade::task::{self, JoinHandle, LocalSet, spawn_blocking, spawn_local, yield_now};
use rt_facade::time::{Duration, sleep, timeout};

use crate::support::{Gate, for_each_flavor, for_each_flavor_paused, panic_message, until};

#[test]
fn a_local_task_may_hold_what_cannot_leave_its_thread() {
    for_each_flavor(|runtime| {
        let set = LocalSet::new();
        let here = thread::current().id();
        let shared = Rc::new(Cell::new(0));
        let sum = set.block_on(runtime, async {
            let tasks: Vec<_> = (1..=10)
                .map(|n| {
                    let shared = shared.clone();
                    spawn_local(async move {
                        assert_eq!(thread::current().id(), here);
                        yield_now().await;
                        shared.set(shared.get() + n);
                        assert_eq!(thread::current().id(), here);
                        n
                    })
                })
                .collect();
            let mut sum = 0;
            for task in tasks {
                sum += task.await.unwrap();
            }
            sum
        });
        assert_eq!((sum, shared.get()), (55, 55));
        assert_eq!(Rc::strong_count(&shared), 1);
    });
}

#[test]
fn a_set_is_ready_once_all_its_tasks_have_ended() {
    for_each_flavor(|runtime| {
        let mut set = LocalSet::new();
        runtime.block_on(&mut set); // an empty one
        let ended = Rc::new(Cell::new(0));
        for n in 0..5 {
            let ended = ended.clone();
            set.spawn_local(async move {
                for _ in 0..n {
                    sleep(Duration::from_millis(1)).await;
                }
                let in_it = ended.clone();
                spawn_local(async move {
                    yield_now().await;
                    in_it.set(in_it.get() + 1);
                });
                ended.set(ended.get() + 1);
            });
        }
        runtime.block_on(&mut set);
        assert_eq!(ended.get(), 10);
        let again = set.spawn_local(async { 1 });
        runtime.block_on(&mut set);
        assert!(again.is_finished());
    });
}

#[test]
fn what_is_left_goes_on_when_the_set_is_polled_again() {
    for_each_flavor(|runtime| {
        let set = LocalSet::new();
        let gate = Gate::new();
        let task = set.spawn_local(gate.passed());
        set.block_on(runtime, yield_now());
        assert!(!task.is_finished());
        gate.open();
        assert!(!task.is_finished(), "nobody polls the set");
        set.block_on(runtime, async { task.await.unwrap() });
    });
}

#[test]
fn sockets_timers_and_both_ways_to_spawn_work_inside() {
    for_each_flavor(|runtime| {
        LocalSet::new().block_on(runtime, async {
            let local = spawn_local(async {
                let a = UdpSocket::bind("127.0.0.1:0").await.unwrap();
                let b = UdpSocket::bind("127.0.0.1:0").await.unwrap();
                let echo = Rc::new(b);
                let server = {
                    let echo = echo.clone();
                    spawn_local(async move {
                        let mut buf = [0; 8];
                        for _ in 0..10 {
                            let (n, from) = echo.recv_from(&mut buf).await.unwrap();
                            echo.send_to(&buf[..n], from).await.unwrap();
                        }
                    })
                };
                let mut buf = [0; 8];
                for round in 0..10 {
                    sleep(Duration::from_millis(1)).await;
                    a.send_to(&[round], echo.local_addr().unwrap()).await.unwrap();
                    assert_eq!(a.recv(&mut buf).await.unwrap(), 1);
                    assert_eq!(buf[0], round);
                }
                server.await.unwrap();
                let none = timeout(Duration::from_millis(1), pending::<()>()).await;
                assert!(none.is_err());
            });
            let sent = rt_facade::spawn(async {
                yield_now().await;
                spawn_blocking(|| 20).await.unwrap()
            });
            let closure = spawn_blocking(|| 22);
            assert_eq!(sent.await.unwrap() + closure.await.unwrap(), 42);
            local.await.unwrap();
        });
    });
}

#[test]
fn a_paused_clock_jumps_to_what_local_tasks_wait_for() {
    for_each_flavor_paused(|runtime| {
        let set = LocalSet::new();
        let order = Rc::new(RefCell::new(Vec::new()));
        for hours in [3, 1, 2] {
            let order = order.clone();
            set.spawn_local(async move {
                sleep(Duration::from_secs(hours * 3600)).await;
                order.borrow_mut().push(hours);
            });
        }
        runtime.block_on(set);
        assert_eq!(*order.borrow(), [1, 2, 3]);
    });
}

#[test]
fn local_tasks_run_first_in_first_out() {
    for_each_flavor(|runtime| {
        let order = Rc::new(RefCell::new(Vec::new()));
        let set = LocalSet::new();
        let note = |n| {
            let order = order.clone();
            async move { order.borrow_mut().push(n) }
        };
        (0..3).for_each(|n| drop(set.spawn_local(note(n))));
        set.block_on(runtime, async {
            let inside: Vec<_> = (3..100).map(|n| spawn_local(note(n))).collect();
            for task in inside {
                task.await.unwrap();
            }
        });
        let mut sorted = order.borrow().clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
        let inside: Vec<_> = order.borrow().iter().copied().filter(|n| *n >= 3).collect();
        assert_eq!(inside, (3..100).collect::<Vec<_>>());
    });
}

#[test]
fn a_set_that_is_always_busy_lets_others_go_on() {
    for_each_flavor(|runtime| {
        let stop = Rc::new(Cell::new(false));
        LocalSet::new().block_on(runtime, async {
            let busy: Vec<_> = (0..3)
                .map(|_| {
                    let stop = stop.clone();
                    spawn_local(async move {
                        while !stop.get() {
                            yield_now().await;
                        }
                    })
                })
                .collect();
            // The root, a task of the runtime, its timers and its sockets.
            rt_facade::spawn(async { yield_now().await }).await.unwrap();
            sleep(Duration::from_millis(2)).await;
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let to = socket.local_addr().unwrap();
            socket.send_to(&[1], to).await.unwrap();
            socket.recv(&mut [0]).await.unwrap();
            stop.set(true);
            for task in busy {
                task.await.unwrap();
            }
        });
    });
}

#[test]
fn a_local_task_may_run_until_on_its_own_set() {
    for_each_flavor(|runtime| {
        let set = Rc::new(LocalSet::new());
        let inside = set.clone();
        set.block_on(runtime, async {
            let task = spawn_local(async move {
                let twice = inside.run_until(async {
                    let sibling = spawn_local(async {
                        sleep(Duration::from_millis(1)).await;
                        21
                    });
                    sibling.await.unwrap() * 2
                });
                twice.await
            });
            assert_eq!(task.await.unwrap(), 42);
        });
    });
}

#[test]
fn sets_may_be_nested_and_a_task_goes_to_the_innermost() {
    for_each_flavor(|runtime| {
        let (outer, inner) = (LocalSet::new(), Rc::new(LocalSet::new()));
        outer.block_on(runtime, async {
            let in_outer = {
                let inner = inner.clone();
                spawn_local(async move {
                    let in_inner = inner.run_until(async { spawn_local(async { 1 }) }).await;
                    let direct = spawn_local(async { 2 });
                    assert_eq!(direct.await.unwrap(), 2, "the outer set goes on by itself");
                    in_inner
                })
            };
            let in_inner = in_outer.await.unwrap();
            yield_now().await;
            assert!(!in_inner.is_finished(), "the inner set is polled by nobody");
            assert_eq!(inner.run_until(in_inner).await.unwrap(), 1);
        });
    });
}

#[test]
fn a_set_may_be_awaited_inside_a_task_of_another_set() {
    for_each_flavor(|runtime| {
        LocalSet::new().block_on(runtime, async {
            let ended = Rc::new(Cell::new(0));
            let inner = LocalSet::new();
            for _ in 0..10 {
                let ended = ended.clone();
                inner.spawn_local(async move {
                    sleep(Duration::from_millis(1)).await;
                    ended.set(ended.get() + 1);
                });
            }
            spawn_local(inner).await.unwrap();
            assert_eq!(ended.get(), 10);
        });
    });
}

#[test]
fn two_that_run_on_one_set_take_turns_in_polling_it() {
    for_each_flavor(|runtime| {
        LocalSet::new().block_on(runtime, async {
            let set = Rc::new(LocalSet::new());
            let gates = [Gate::new(), Gate::new()];
            let runs: Vec<JoinHandle<()>> = gates
                .iter()
                .map(|gate| {
                    let (set, passed) = (set.clone(), gate.passed());
                    spawn_local(async move {
                        // The task on the shared set needs somebody to poll the set.
                        set.run_until(async { spawn_local(passed).await.unwrap() }).await;
                    })
                })
                .collect();
            yield_now().await;
            for (gate, run) in gates.iter().zip(runs) {
                until(|| gate.is_waited_for()).await;
                gate.open();
                run.await.unwrap();
            }
        });
    });
}

#[test]
fn who_goes_on_polling_a_set_is_called_when_another_gives_up() {
    for_each_flavor(|runtime| {
        LocalSet::new().block_on(runtime, async {
            let set = Rc::new(LocalSet::new());
            let gate = Gate::new();
            let stays = {
                let (set, passed) = (set.clone(), gate.passed());
                spawn_local(async move {
                    set.run_until(async { spawn_local(passed).await.unwrap() }).await;
                })
            };
            until(|| gate.is_waited_for()).await;
            let leaves = {
                let set = set.clone();
                spawn_local(async move { set.run_until(pending::<()>()).await })
            };
            for _ in 0..3 {
                yield_now().await; // the second has polled the set last
            }
            leaves.abort();
            assert!(leaves.await.unwrap_err().is_cancelled());
            gate.open();
            timeout(Duration::from_secs(30), stays).await.expect("it is called").unwrap();
        });
    });
}

#[test]
fn an_entered_set_takes_tasks_until_its_guard_is_dropped() {
    for_each_flavor(|runtime| {
        let (set, other) = (LocalSet::new(), LocalSet::new());
        let guard = set.enter();
        let task = spawn_local(async { 7 });
        let inner = other.enter();
        let in_other = spawn_local(async { 8 });
        drop(guard); // not the innermost
        let in_other_too = spawn_local(async { 9 });
        drop(inner);
        assert!(outside(runtime).contains("`LocalSet`"));
        assert_eq!(set.block_on(runtime, task).unwrap(), 7);
        runtime.block_on(other);
        assert!(in_other.is_finished() && in_other_too.is_finished());
    });
}

/// What `spawn_local` says in a plain task of the runtime.
fn outside(runtime: &Runtime) -> String {
    runtime.block_on(async {
        let error = rt_facade::spawn(async {
            spawn_local(async {});
        });
        let payload = error.await.unwrap_err().into_panic();
        *payload.downcast::<String>().unwrap()
    })
}

#[test]
fn spawning_locally_outside_of_a_set_tells_the_call_and_the_fix() {
    let tells = |message: String| {
        assert!(message.contains("tests/it/local/set.rs"), "{message}");
        assert!(message.contains("LocalSet::run_until"), "{message}");
        assert!(message.contains("LocalRuntime"), "{message}");
    };
    tells(panic_message(|| spawn_local(async {})));
    tells(panic_message(|| task::Builder::new().spawn_local(async {})));
    for_each_flavor(|runtime| {
        tells(outside(runtime));
        tells(panic_message(|| runtime.block_on(async { spawn_local(async {}) })));
        // The set stays on its thread: closures and tasks elsewhere are outside of it.
        LocalSet::new().block_on(runtime, async {
            let closure = spawn_blocking(|| drop(spawn_local(async {})));
            let payload = closure.await.unwrap_err().into_panic();
            tells(*payload.downcast::<String>().unwrap());
        });
    });
}

#[test]
fn a_local_task_that_panics_ends_alone() {
    for_each_flavor(|runtime| {
        LocalSet::new().block_on(runtime, async {
            let panics = spawn_local(async { panic!("one of them") });
            let goes_on = spawn_local(async {
                yield_now().await;
                1
            });
            assert!(panics.await.unwrap_err().is_panic());
            assert_eq!(goes_on.await.unwrap(), 1);
        });
    });
}

#[test]
fn a_root_that_panics_leaves_the_set_as_it_was() {
    for_each_flavor(|runtime| {
        let set = LocalSet::new();
        let message = panic_message(|| set.block_on(runtime, async { panic!("the root") }));
        assert_eq!(message, "the root");
        assert!(outside(runtime).contains("`LocalSet`"), "it is not entered any more");
        assert_eq!(set.block_on(runtime, async { spawn_local(async { 3 }).await.unwrap() }), 3);
    });
}

#[test]
fn a_local_task_has_an_id_and_a_name() {
    for_each_flavor(|runtime| {
        let set = LocalSet::new();
        let named = task::Builder::new().name("named").spawn_local_on(
            async {
                pending::<()>().await;
            },
            &set,
        );
        let named = named.unwrap();
        set.block_on(runtime, async {
            assert_eq!(task::try_id(), None, "the root is no task");
            let inside = spawn_local(async { task::id() });
            let id = inside.id();
            assert_eq!(inside.await.unwrap(), id);
        });
        assert_eq!(set.id(), set.id());
        assert!(set.id() != LocalSet::new().id() && set.id() != runtime.handle().id());
        let mut names = Vec::new();
        set.for_each_task(|info| names.push((info.id, info.name)));
        assert_eq!(names, [(named.id(), Some("named".to_owned()))]);
        let mut of_runtime = Vec::new();
        runtime.handle().for_each_task(|info| of_runtime.push((info.id, info.name)));
        assert_eq!(of_runtime, names, "the runtime on which the set ran knows them, too");
    });
}

#[test]
fn a_set_runs_without_any_runtime() {
    let set = LocalSet::new();
    let sum = rt_task::block_on(set.run_until(async {
        let half = spawn_local(async {
            yield_now().await;
            21
        });
        half.await.unwrap() * 2
    }));
    assert_eq!(sum, 42);
}
