//! Signals in runtimes of every flavour. Each test has real-time signals to itself, or a process.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread;

use rt_facade::dump::WaitKind;
use rt_facade::runtime::{Builder, Handle, Runtime};
use rt_facade::signal::unix::{Signal, SignalKind, signal};
use rt_facade::task::JoinSet;
use rt_facade::time::{Duration, timeout};
use rt_facade::{signal as signals, spawn};

use crate::support::{flavors, for_each_flavor, is_multi, until};

/// Sends this process a signal; this thread handles it.
fn raise(kind: SignalKind) {
    // SAFETY: a signal that is listened to.
    assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0);
}

fn real_time(n: u8) -> SignalKind {
    SignalKind::real_time(n).expect("there are that many")
}

#[test]
fn every_task_that_listens_is_told() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let kind = real_time(0);
            let mut tasks = JoinSet::new();
            for _ in 0..50 {
                let mut signal = signal(kind).unwrap();
                drop(tasks.spawn(async move { signal.recv().await }));
            }
            let other_thread = thread::Builder::new().spawn(move || raise(kind)).unwrap();
            while let Some(told) = tasks.join_next().await {
                assert_eq!(told.unwrap(), Some(()));
            }
            other_thread.join().unwrap();
        });
    });
}

#[test]
fn signals_go_to_and_fro_between_runtimes() {
    let far = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    for_each_flavor(|near| {
        let (ping, pong) = (real_time(1), real_time(2));
        let mut pings = far.block_on(async { signal(ping).unwrap() });
        let echo = far.spawn(async move {
            for _ in 0..200 {
                pings.recv().await;
                raise(pong);
            }
        });
        near.block_on(async {
            let mut pongs = signal(pong).unwrap();
            for _ in 0..200 {
                raise(ping);
                assert_eq!(pongs.recv().await, Some(()));
            }
        });
        far.block_on(echo).unwrap();
    });
}

#[test]
fn a_listener_outlives_its_runtime() {
    let kind = real_time(3);
    for build in flavors() {
        let gone = build().enable_all().build().unwrap();
        let mut signal = gone.block_on(async { signal(kind).unwrap() });
        // One waits in a task that goes with its runtime, another in one of another runtime.
        let dropped = gone.spawn({
            let signal = gone.block_on(async { self::signal(kind).unwrap() });
            waits(signal)
        });
        let here = Builder::new_current_thread().enable_all().build().unwrap();
        let waiting = here.spawn(async move {
            signal.recv().await;
            signal
        });
        let polled = async {
            until(|| Handle::current().dump().tasks().iter().any(|task| task.polls() > 0)).await;
        };
        here.block_on(polled);
        drop(gone);
        assert!(here.block_on(dropped).unwrap_err().is_cancelled());
        raise(kind);
        let mut signal = here.block_on(waiting).unwrap();
        raise(kind);
        assert_eq!(here.block_on(signal.recv()), Some(()));
    }
}

async fn waits(mut signal: Signal) {
    while signal.recv().await.is_some() {}
}

#[test]
fn a_dump_tells_which_signal_is_waited_for() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let kind = real_time(4);
            let signal = signal(kind).unwrap();
            let task = spawn(waits(signal));
            let handle = Handle::current();
            until(|| handle.dump().tasks().iter().any(|task| task.waits_for().is_some())).await;
            let dump = handle.dump();
            assert_eq!(dump.tasks()[0].leaves(), 1, "to make a listener is no wait");
            let wait = dump.tasks()[0].waits_for().unwrap();
            assert_eq!((wait.kind(), wait.at().file()), (WaitKind::Signal, file!()));
            let number = kind.as_raw_value();
            assert!(dump.to_string().contains(&format!("  signal {number} ")), "{dump}");
            task.abort();
        });
    });
}

#[test]
fn a_timeout_loses_no_signal() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let kind = real_time(5);
            let mut signal = signal(kind).unwrap();
            for _ in 0..20 {
                assert!(timeout(Duration::from_millis(1), signal.recv()).await.is_err());
            }
            raise(kind);
            assert_eq!(signal.recv().await, Some(()));
        });
    });
}

#[test]
fn in_a_storm_tasks_go_on_and_the_last_signal_is_told() {
    for_each_flavor(|runtime| {
        let (kind, last) = (real_time(6), real_time(7));
        runtime.block_on(async {
            let mut ends = signal(last).unwrap();
            let listeners: Vec<_> = (0..4).map(|_| spawn(waits(signal(kind).unwrap()))).collect();
            let storms: Vec<_> = (0..2)
                .map(|_| {
                    let storm = move || (0..5_000).for_each(|_| raise(kind));
                    thread::Builder::new().spawn(storm).unwrap()
                })
                .collect();
            let calm = thread::Builder::new().spawn(move || {
                storms.into_iter().for_each(|storm| storm.join().unwrap());
                raise(last);
            });
            assert_eq!(ends.recv().await, Some(()));
            calm.unwrap().join().unwrap();
            assert_eq!(spawn(async { 1 }).await.unwrap(), 1);
            listeners.iter().for_each(|listener| listener.abort());
        });
    });
}

#[test]
fn a_runtime_without_io_says_what_to_do() {
    for build in flavors() {
        let runtime = build().enable_time().build().unwrap();
        runtime.block_on(async {
            let of_signal = (signal(SignalKind::hangup()).unwrap_err(), "signal");
            let of_ctrl_c = (signals::ctrl_c().await.unwrap_err(), "ctrl_c");
            for (error, what) in [of_signal, of_ctrl_c] {
                let told = error.to_string();
                assert!(told.starts_with(&format!("`{what}` at {}", file!())), "{told}");
                assert!(told.contains("`Builder::enable_io`"), "{told}");
            }
        });
    }
}

#[test]
fn a_program_ends_as_it_likes_on_ctrl_c() {
    const NAME: &str = "signal::a_program_ends_as_it_likes_on_ctrl_c";
    const MARK: &str = "RT_SIGNAL_TEST";
    if std::env::var_os(MARK).is_some() {
        for_each_flavor(ends_on_ctrl_c);
        return;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([NAME, "--exact", "--nocapture", "--test-threads=1"]).env(MARK, "1");
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut interrupted = 0;
    let stderr = BufReader::new(child.stderr.take().unwrap());
    for line in stderr.lines().map(Result::unwrap) {
        if line.contains("waiting for ctrl-c") {
            let child = rustix::process::Pid::from_child(&child);
            rustix::process::kill_process(child, rustix::process::Signal::INT).unwrap();
            interrupted += 1;
        }
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(interrupted, flavors().len());
}

/// Two tasks, and the main one, wait for Ctrl-C.
fn ends_on_ctrl_c(runtime: &Runtime) {
    runtime.block_on(async {
        let tasks = [0; 2].map(|_| spawn(signals::ctrl_c()));
        if is_multi(runtime) {
            let handle = Handle::current();
            let waits = |task: &rt_facade::dump::TaskDump| task.waits_for().is_some();
            until(|| handle.dump().tasks().iter().filter(|task| waits(task)).count() == 2).await;
        } else {
            rt_facade::task::yield_now().await;
        }
        // Listens before the parent is told.
        let mut interrupts = signal(SignalKind::interrupt()).unwrap();
        std::io::stderr().write_all(b"waiting for ctrl-c\n").unwrap();
        interrupts.recv().await;
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    });
}
