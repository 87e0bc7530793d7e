//! A dump tells what every task does and waits for, from wherever it is asked.

use std::future::{Future, pending, poll_fn};
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Wake, Waker};
use std::thread;

use rt_facade::dump::{Dump, TaskState, WaitKind};
use rt_facade::net::{TcpListener, UdpSocket};
use rt_facade::runtime::{Builder, Handle, Runtime};
use rt_facade::task::{self, LocalSet, yield_now};
use rt_facade::time::{Duration, sleep};

use crate::support::{
    Gate, block_until, flavors, for_each_flavor, hold, is_multi, multi, receive, until,
};

/// A dump that is as it should be, at last.
async fn dump_when(mut is_so: impl FnMut(&Dump) -> bool) -> Dump {
    let handle = Handle::current();
    let mut dump = handle.dump();
    until(|| {
        dump = handle.dump();
        is_so(&dump)
    })
    .await;
    dump
}

/// A dump of the one task that there is, once it waits.
async fn idle_one() -> Dump {
    dump_when(|dump| dump.tasks().iter().any(|task| task.state() == TaskState::Idle)).await
}

#[test]
fn each_task_tells_name_place_state_polls_and_what_it_waits_for() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            #[cfg(unix)]
            let fd = std::os::fd::AsRawFd::as_raw_fd(&socket);
            let named = |name: &str| task::Builder::new().name(name);
            let reader = named("reader")
                .spawn(async move { socket.recv(&mut [0; 1]).await.unwrap() })
                .unwrap();
            let target = reader.id();
            let joiner = named("joiner").spawn(async { reader.await.unwrap() }).unwrap();
            let sleeper = named("sleeper").spawn(sleep(Duration::from_secs(100))).unwrap();
            let acceptor =
                named("acceptor").spawn(async move { listener.accept().await.unwrap() }).unwrap();
            let silent = named("silent").spawn(pending::<()>()).unwrap();
            let dump = dump_when(|dump| {
                dump.tasks().len() == 5
                    && dump.tasks().iter().all(|task| task.state() == TaskState::Idle)
            })
            .await;
            assert_eq!((dump.alive_tasks(), dump.never_polled()), (5, 0));
            assert_eq!(dump.runtime_id(), runtime.handle().id());
            assert!(dump.tasks().is_sorted_by_key(|task| task.id()));
            let of = |name| dump.tasks().iter().find(|task| task.name() == Some(name)).unwrap();
            for (name, kind) in [
                ("reader", WaitKind::Readable),
                ("joiner", WaitKind::Join),
                ("sleeper", WaitKind::Time),
                ("acceptor", WaitKind::Accept),
            ] {
                let task = of(name);
                assert_eq!(
                    (task.spawned_at().file(), task.polls(), task.leaves()),
                    (file!(), 1, 1)
                );
                let wait = task.waits_for().unwrap();
                assert_eq!((wait.kind(), wait.at().file()), (kind, file!()));
                assert!(!task.is_aborted());
            }
            let silent_one = of("silent");
            assert!(silent_one.waits_for().is_none() && silent_one.leaves() == 0);
            assert_eq!(of("joiner").waits_for().unwrap().object() as u64, target.as_u64());
            #[cfg(unix)]
            assert_eq!(of("reader").waits_for().unwrap().object(), fd as usize);
            let left = of("sleeper").waits_for().unwrap().time_left().unwrap();
            assert!(left > Duration::from_secs(30) && left <= Duration::from_secs(100), "{left:?}");
            let shown = dump.to_string();
            for name in ["reader", "joiner", "sleeper", "acceptor", "silent"] {
                assert!(shown.contains(&format!("`{name}`")), "{shown}");
            }
            assert!(shown.contains(&format!("join, task {target} ")), "{shown}");
            for task in [joiner.abort_handle(), acceptor.abort_handle(), silent.abort_handle()] {
                task.abort();
            }
            sleeper.abort();
        });
    });
}

#[test]
fn of_several_leaves_the_last_is_told_and_how_many_there_are() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let task = rt_facade::spawn(async {
                let both = (sleep(Duration::from_secs(10)), sleep(Duration::from_secs(20)));
                futures_util::future::join(both.0, both.1).await
            });
            let dump = idle_one().await;
            assert_eq!(dump.tasks()[0].leaves(), 2);
            let left = dump.tasks()[0].waits_for().unwrap().time_left().unwrap();
            assert!(left > Duration::from_secs(10), "the last of them: {left:?}");
            assert!(dump.to_string().contains("left (last of 2)  "), "{dump}");
            task.abort();
        });
    });
}

#[test]
fn a_reset_sleep_tells_its_new_deadline() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let task = rt_facade::spawn(async {
                let mut sleep = Box::pin(sleep(Duration::from_secs(10)));
                poll_fn(|cx| {
                    assert!(sleep.as_mut().poll(cx).is_pending());
                    Poll::Ready(())
                })
                .await;
                sleep.as_mut().reset(rt_facade::time::Instant::now() + Duration::from_secs(1000));
                sleep.await;
            });
            let dump = idle_one().await;
            let left = dump.tasks()[0].waits_for().unwrap().time_left().unwrap();
            assert!(left > Duration::from_secs(500), "{left:?}");
            task.abort();
        });
    });
}

/// The runtime with each of its threads stuck in a poll: in its first, or in a later one.
fn with_all_stuck(runtime: &Runtime, later: bool, look: impl FnOnce(Dump)) {
    let (starts, started) = mpsc::channel();
    let workers = runtime.metrics().workers;
    let (let_go, tasks): (Vec<_>, Vec<_>) = (0..workers)
        .map(|_| {
            let (let_go, held) = hold();
            let starts = starts.clone();
            let task = runtime.spawn(async move {
                if later {
                    yield_now().await;
                }
                starts.send(()).unwrap();
                held.stay();
            });
            (let_go, task)
        })
        .unzip();
    thread::scope(|scope| {
        // On the single-thread flavour, somebody has to run them.
        scope.spawn(|| {
            runtime.block_on(async {
                for task in tasks {
                    task.await.unwrap();
                }
            });
        });
        (0..workers).for_each(|_| receive(&started));
        look(runtime.handle().dump());
        drop(let_go);
    });
}

#[test]
fn tasks_that_are_stuck_in_their_first_poll_are_told_with_their_workers() {
    for_each_flavor(|runtime| {
        with_all_stuck(runtime, false, |dump| {
            let workers = runtime.metrics().workers;
            assert_eq!(dump.tasks().len(), workers, "{dump}");
            for task in dump.tasks() {
                assert_eq!((task.state(), task.polls()), (TaskState::Running, 1));
                assert_eq!(task.spawned_at().file(), file!());
                let there = dump.workers().iter().filter(|it| it.first_poll() == Some(task.id()));
                assert_eq!(there.count(), 1);
            }
            assert_eq!(dump.never_polled(), 0);
        });
        assert!(runtime.handle().dump().workers().iter().all(|it| it.first_poll().is_none()));
    });
}

#[test]
fn tasks_that_are_stuck_in_a_later_poll_run_and_those_behind_them_are_counted() {
    for_each_flavor(|runtime| {
        with_all_stuck(runtime, true, |dump| {
            let workers = runtime.metrics().workers;
            assert_eq!(dump.tasks().len(), workers, "{dump}");
            for task in dump.tasks() {
                assert_eq!((task.state(), task.polls()), (TaskState::Running, 2));
                assert!(task.waits_for().is_none());
                assert_eq!(task.last_wait().unwrap().kind(), WaitKind::Yield);
            }
            assert!(dump.to_string().contains("(since yield)"), "{dump}");
            let behind: Vec<_> = (0..10).map(|_| runtime.spawn(async {})).collect();
            let dump = runtime.handle().dump();
            assert_eq!((dump.never_polled(), dump.tasks().len()), (10, workers));
            assert_eq!(dump.alive_tasks(), 10 + workers as u64);
            assert!(dump.to_string().contains("10 of them never polled yet"), "{dump}");
            behind[0].abort();
            assert_eq!(runtime.handle().dump().never_polled(), 10, "it ends when its turn comes");
        });
    });
}

#[test]
fn a_task_that_blocks_in_place_runs() {
    for_each_flavor(|runtime| {
        if !is_multi(runtime) {
            return;
        }
        let (starts, started) = mpsc::channel();
        let (let_go, held) = hold();
        let task = runtime.spawn(async move {
            yield_now().await;
            task::block_in_place(|| {
                starts.send(()).unwrap();
                held.stay();
            });
        });
        receive(&started);
        assert_eq!(runtime.handle().dump().tasks()[0].state(), TaskState::Running);
        let_go.go();
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn a_task_that_was_told_to_end_and_does_not_says_so() {
    for_each_flavor(|runtime| {
        with_all_stuck(runtime, true, |dump| {
            let handle = runtime.handle();
            assert!(dump.tasks().iter().all(|task| !task.is_aborted()));
            let idle = runtime.spawn(pending::<()>());
            idle.abort();
            assert!(handle.dump().tasks().iter().all(|task| !task.is_aborted()), "never polled");
        });
        let (let_go, held) = hold();
        let (starts, started) = mpsc::channel();
        thread::scope(|scope| {
            let task = runtime.spawn(async move {
                yield_now().await;
                starts.send(()).unwrap();
                held.stay();
                yield_now().await;
            });
            let abort = task.abort_handle();
            scope.spawn(|| assert!(runtime.block_on(task).unwrap_err().is_cancelled()));
            receive(&started);
            abort.abort();
            let dump = runtime.handle().dump();
            let task = dump.tasks().iter().find(|task| task.id() == abort.id()).unwrap();
            assert!(task.is_aborted() && task.state() == TaskState::Running);
            assert!(dump.to_string().contains("running, aborted"), "{dump}");
            let_go.go();
        });
    });
}

#[test]
fn closures_on_the_blocking_pool_are_told() {
    for build in flavors() {
        let runtime = build().max_blocking_threads(1).build().unwrap();
        let (let_go, held) = hold();
        let (starts, started) = mpsc::channel();
        let first = runtime.spawn_blocking(move || {
            starts.send(()).unwrap();
            held.stay();
        });
        receive(&started);
        let second = runtime.spawn_blocking(|| ());
        let dump = runtime.handle().dump();
        assert_eq!((dump.blocking().len(), dump.blocking_queue_depth()), (1, 1));
        assert_eq!(dump.blocking()[0].id(), first.id());
        assert_eq!(dump.blocking()[0].spawned_at().file(), file!());
        assert!(dump.to_string().contains("blocking pool: 1 running, 1 queued"), "{dump}");
        let_go.go();
        runtime.block_on(second).unwrap();
    }
}

/// Asks for a dump whenever it is woken.
struct Dumps(Handle, Mutex<mpsc::Sender<usize>>);

impl Wake for Dumps {
    fn wake(self: Arc<Self>) {
        let _ = self.1.lock().unwrap().send(self.0.dump().tasks().len());
    }
}

#[test]
fn a_dump_may_be_asked_by_a_task_a_hook_a_waker_and_a_destructor() {
    struct DumpsWhenDropped(Handle);
    impl Drop for DumpsWhenDropped {
        fn drop(&mut self) {
            drop(self.0.dump());
        }
    }
    for build in flavors() {
        let hook = || drop(Handle::current().dump());
        let runtime = build()
            .enable_all()
            .on_thread_park(hook)
            .on_thread_unpark(hook)
            .on_thread_start(hook)
            .on_thread_stop(|| ())
            .build()
            .unwrap();
        let (sender, receiver) = mpsc::channel();
        let handle = runtime.handle().clone();
        let waker = Waker::from(Arc::new(Dumps(handle.clone(), Mutex::new(sender))));
        runtime.block_on(async {
            // A waker that a task, a timer and the end of a task wake.
            let gate = Gate::new();
            let mut passed = Box::pin(gate.passed());
            let mut sleep = Box::pin(sleep(Duration::from_millis(1)));
            let (ends, ended) = (DumpsWhenDropped(handle.clone()), gate.passed());
            let mut task = rt_facade::spawn(async move {
                drop(Handle::current().dump());
                ended.await;
                drop(ends);
            });
            let mut cx = std::task::Context::from_waker(&waker);
            assert!(passed.as_mut().poll(&mut cx).is_pending());
            assert!(sleep.as_mut().poll(&mut cx).is_pending());
            assert!(std::pin::Pin::new(&mut task).poll(&mut cx).is_pending());
            gate.open();
            let mut woken = 0;
            until(|| {
                woken += receiver.try_iter().count();
                woken == 3
            })
            .await;
        });
        let idle = DumpsWhenDropped(handle.clone());
        drop(runtime.spawn(async move {
            let _idle = idle;
            pending::<()>().await;
        }));
        drop(runtime);
        assert_eq!((handle.dump().tasks().len(), handle.dump().alive_tasks()), (0, 0));
    }
}

#[test]
fn dumps_may_be_taken_by_several_threads_while_tasks_come_and_go() {
    for_each_flavor(|runtime| {
        thread::scope(|scope| {
            let (over, is_over) = mpsc::channel::<()>();
            let handle = runtime.handle();
            let is_over = Arc::new(Mutex::new(is_over));
            for _ in 0..2 {
                let is_over = is_over.clone();
                scope.spawn(move || {
                    let mut seen = 0;
                    while !matches!(
                        is_over.lock().unwrap().try_recv(),
                        Err(mpsc::TryRecvError::Disconnected)
                    ) {
                        let dump = handle.dump();
                        seen += dump.tasks().len();
                        assert!(dump.to_string().lines().count() < 250);
                        assert!(dump.tasks().iter().all(|task| task.polls() > 0));
                    }
                    seen
                });
            }
            runtime.block_on(async {
                for _ in 0..20 {
                    let tasks: Vec<_> = (0..50)
                        .map(|n| {
                            task::Builder::new()
                                .name(format!("n{n}"))
                                .spawn(async move {
                                    for _ in 0..n % 5 {
                                        yield_now().await;
                                    }
                                    sleep(Duration::from_millis(n % 2)).await;
                                })
                                .unwrap()
                        })
                        .collect();
                    for task in tasks {
                        task.await.unwrap();
                    }
                }
            });
            drop(over);
        });
    });
}

#[test]
fn what_is_shown_is_bounded_and_says_how_much_is_left_out() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let tasks: Vec<_> = (0..500)
                .map(|n| task::Builder::new().name(format!("n{n}")).spawn(pending::<()>()).unwrap())
                .chain((0..500).map(|_| rt_facade::spawn(pending::<()>())))
                .collect();
            let idles = |dump: &Dump| {
                dump.tasks().iter().filter(|task| task.state() == TaskState::Idle).count()
            };
            let dump = dump_when(|dump| idles(dump) == 1000).await;
            let shown = dump.to_string();
            assert!(shown.lines().count() < 120, "{shown}");
            assert!(shown.contains("… and 400 more like it"), "{shown}");
            assert!(shown.contains("… and 500 more tasks, of 1 more places"), "{shown}");
            assert_eq!(dump.to_json().matches(r#""state":"idle""#).count(), 1000);
            tasks.iter().for_each(|task| task.abort());
        });
    });
}

#[test]
fn columns_are_aligned() {
    let runtime = multi(2).enable_all().build().unwrap();
    let _guard = runtime.enter();
    drop(task::Builder::new().name("a").spawn(sleep(Duration::from_secs(1000))));
    drop(task::Builder::new().name("long name").spawn(pending::<()>()));
    let mut shown = String::new();
    block_until(|| {
        let dump = runtime.handle().dump();
        shown = dump.to_string();
        dump.tasks().iter().filter(|task| task.state() == TaskState::Idle).count() == 2
    });
    let head = shown.lines().find(|line| line.contains("WAITS FOR")).unwrap();
    let row = shown.lines().find(|line| line.contains("`a`")).unwrap();
    assert_eq!(head.find("STATE"), row.find("idle"), "{shown}");
    assert_eq!(head.find("WAITS FOR"), row.find("time, "), "{shown}");
    assert_eq!(head.find("POLLS").unwrap() + 4, row.find(" 1  ").unwrap() + 1, "{shown}");
}

/// The test `name` alone in a process with `RT_DUMP` set to `value`.
fn child_with(name: &str, value: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([&format!("dump::{name}"), "--exact", "--nocapture", "--test-threads=1"]);
    command.env("RT_DUMP", value).env("RT_DUMP_TEST", "1");
    command
}

/// What it says on stderr.
fn say_with(name: &str, value: &str) -> String {
    let output = child_with(name, value).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    said
}

fn is_child() -> bool {
    std::env::var_os("RT_DUMP_TEST").is_some()
}

#[test]
fn the_environment_asks_for_a_dump_at_an_interval() {
    const NAME: &str = "the_environment_asks_for_a_dump_at_an_interval";
    if is_child() {
        for build in flavors() {
            let runtime = build().enable_all().build().unwrap();
            // Stuck until the parent has seen enough.
            with_all_stuck(&runtime, true, |_| {
                io::stdin().read_line(&mut String::new()).unwrap();
            });
            let threads = || std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
            let before = threads();
            drop(runtime);
            if cfg!(target_os = "linux") {
                block_until(|| threads() < before); // the printing one, too
            }
        }
        return;
    }
    let mut command = child_with(NAME, "20ms");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut stdin, stderr) = (child.stdin.take().unwrap(), child.stderr.take().unwrap());
    let (mut dumps, mut running) = (vec![0; flavors().len() + 1], 0);
    for line in BufReader::new(stderr).lines() {
        let line = line.unwrap();
        running += usize::from(line.contains("  running"));
        let Some((_, rest)) = line.split_once("-thread runtime ") else { continue };
        let runtime: usize = rest.split(' ').next().unwrap().parse().unwrap();
        dumps[runtime] += 1;
        if dumps[runtime] == 2 {
            stdin.write_all(b"\n").unwrap();
        }
    }
    assert!(child.wait().unwrap().success(), "{dumps:?}");
    assert!(dumps[1..].iter().all(|count| *count >= 2), "{dumps:?}");
    assert!(running >= 2 * flavors().len(), "{running}");
}

#[test]
fn the_environment_asks_for_a_dump_at_the_shutdown() {
    if !is_child() {
        let said = say_with("the_environment_asks_for_a_dump_at_the_shutdown", "shutdown");
        assert_eq!(
            said.matches("rt: the shutdown begins of the ").count(),
            flavors().len(),
            "{said}"
        );
        assert_eq!(said.matches(" `left`  idle ").count(), flavors().len(), "{said}");
        assert_eq!(
            said.matches("rt: the shutdown was given up: ").count(),
            flavors().len(),
            "{said}"
        );
        return;
    }
    for build in flavors() {
        let runtime = build().enable_all().build().unwrap();
        runtime.block_on(async {
            drop(task::Builder::new().name("left").spawn(pending::<()>()));
            idle_one().await;
        });
        let (let_go, held) = hold();
        let (starts, started) = mpsc::channel();
        drop(runtime.spawn_blocking(move || {
            starts.send(()).unwrap();
            held.stay();
        }));
        receive(&started);
        runtime.shutdown_timeout(Duration::ZERO);
        let_go.go();
    }
}

/// Reads lines from `from` until `count` of them have `word` in them. The last of these.
#[cfg(unix)]
fn lines_with(from: &mut impl BufRead, word: &str, count: usize) -> String {
    let mut found = 0;
    let mut said = String::new();
    loop {
        let mut line = String::new();
        assert_ne!(from.read_line(&mut line).unwrap(), 0, "it ended: {said}");
        said += &line;
        found += usize::from(line.contains(word));
        if found == count {
            return said;
        }
    }
}

#[cfg(unix)]
#[test]
fn the_environment_asks_for_a_dump_of_every_runtime_on_a_signal() {
    const NAME: &str = "the_environment_asks_for_a_dump_of_every_runtime_on_a_signal";
    let stdin_ends = || io::stdin().read_line(&mut String::new()).unwrap();
    if is_child() {
        drop(Builder::new_current_thread().build().unwrap()); // one that is gone is not told of
        // Two at once, all of their workers stuck; the one has no I/O.
        let near = multi(2).name("near").enable_all().build().unwrap();
        let far = Builder::new_current_thread().name("far").build().unwrap();
        with_all_stuck(&near, true, |_| {
            with_all_stuck(&far, false, |_| {
                eprintln!("stuck");
                stdin_ends();
            });
        });
        drop((near, far));
        eprintln!("gone");
        stdin_ends();
        return;
    }
    let mut command = child_with(NAME, "signal");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut stdin, mut stderr) =
        (child.stdin.take().unwrap(), BufReader::new(child.stderr.take().unwrap()));
    let ask = || {
        let child = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(child, rustix::process::Signal::USR1).unwrap();
    };
    lines_with(&mut stderr, "stuck", 1);
    for _ in 0..3 {
        ask();
        let said = lines_with(&mut stderr, "-thread runtime ", 2);
        assert!(said.contains("`near`") && said.contains("`far`"), "{said}");
    }
    stdin.write_all(b"\n").unwrap();
    lines_with(&mut stderr, "gone", 1);
    ask();
    lines_with(&mut stderr, "there is no runtime", 1);
    stdin.write_all(b"\n").unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_environment_is_told_once_if_it_asks_for_nothing_known() {
    if !is_child() {
        let said = say_with("the_environment_is_told_once_if_it_asks_for_nothing_known", "often");
        assert_eq!(said.matches("RT_DUMP=often is ignored").count(), 1, "{said}");
        assert!(said.contains("`5s`") && said.contains("`shutdown`"), "{said}");
        return;
    }
    for build in flavors() {
        assert_eq!(build().build().unwrap().block_on(async { 1 }), 1);
    }
}

#[test]
fn tasks_of_a_local_runtime_are_told_too() {
    let runtime = rt_facade::runtime::LocalRuntime::new().unwrap();
    assert_eq!(runtime.handle().dump().runtime_built_at().file(), file!());
    runtime.block_on(async {
        let kept = std::rc::Rc::new(());
        let task = task::spawn_local(async move {
            sleep(Duration::from_secs(1000)).await;
            drop(kept);
        });
        let dump = idle_one().await;
        assert_eq!(dump.tasks()[0].id(), task.id());
        assert_eq!(dump.tasks()[0].waits_for().unwrap().kind(), WaitKind::Time);
        task.abort();
    });
}

#[test]
fn tasks_of_a_local_set_are_in_the_dump_of_each_runtime_that_has_polled_it() {
    for_each_flavor(|runtime| {
        let set = LocalSet::new();
        set.spawn_local(pending::<()>());
        set.block_on(runtime, async {
            let dump = idle_one().await;
            assert_eq!((dump.tasks().len(), dump.alive_tasks(), dump.never_polled()), (1, 1, 0));
            assert_eq!(dump.tasks()[0].spawned_at().file(), file!());

            let stuck = LocalSet::new();
            let first = stuck.spawn_local(async { Handle::current().dump() });
            let id = first.id();
            stuck.spawn_local(pending::<()>());
            let dump = stuck.run_until(first).await.unwrap();
            let of = |id| dump.tasks().iter().find(|task| task.id() == id).unwrap().state();
            assert_eq!((of(id), dump.tasks().len()), (TaskState::Running, 2));
            assert_eq!((dump.alive_tasks(), dump.never_polled()), (3, 1));
            drop(stuck);
            assert_eq!(Handle::current().dump().alive_tasks(), 1, "a set that is gone");
        });
        let other = Builder::new_current_thread().build().unwrap();
        assert_eq!(other.handle().dump().alive_tasks(), 0);
        set.block_on(&other, yield_now());
        assert_eq!(other.handle().dump().tasks().len(), 1);
        assert_eq!(runtime.handle().dump().tasks().len(), 1);
        drop(set);
        assert_eq!(
            (other.handle().dump().alive_tasks(), runtime.handle().dump().alive_tasks()),
            (0, 0)
        );
    });
}
