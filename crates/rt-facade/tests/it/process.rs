//! Child processes in runtimes of every flavour.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use rt_facade::dump::WaitKind;
use rt_facade::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use rt_facade::process::{Child, Command};
use rt_facade::runtime::{Builder, Handle};
use rt_facade::spawn;
use rt_facade::task::JoinSet;
use rt_facade::time::{Duration, timeout};

use crate::support::{block_until, flavors, for_each_flavor, until};

/// One that ends when its input does.
fn cat() -> Command {
    let mut command = Command::new("cat");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// Also as a zombie.
fn is_there(id: u32) -> bool {
    std::path::Path::new(&format!("/proc/{id}")).exists()
}

#[test]
fn tasks_talk_to_children_of_their_own() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for n in 0..20 {
                drop(tasks.spawn(async move {
                    let mut child = cat().spawn().unwrap();
                    let mut to = child.stdin.take().unwrap();
                    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
                    for line in 0..20 {
                        let line = format!("{n}, {line}");
                        to.write_all(format!("{line}\n").as_bytes()).await.unwrap();
                        assert_eq!(lines.next_line().await.unwrap().unwrap(), line);
                    }
                    drop(to);
                    assert_eq!(lines.next_line().await.unwrap(), None);
                    child.wait().await.unwrap().success()
                }));
            }
            while let Some(went_well) = tasks.join_next().await {
                assert!(went_well.unwrap());
            }
        });
    });
}

#[test]
fn many_short_lives() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            for _ in 0..10 {
                let mut tasks = JoinSet::new();
                for _ in 0..25 {
                    drop(tasks.spawn(Command::new("true").status()));
                }
                while let Some(status) = tasks.join_next().await {
                    assert!(status.unwrap().unwrap().success());
                }
            }
        });
    });
}

#[test]
fn a_timeout_leaves_the_child_to_be_waited_for_again() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let mut child = cat().spawn().unwrap();
            let input = child.stdin.take();
            for _ in 0..3 {
                assert!(timeout(Duration::from_millis(2), child.wait()).await.is_err());
            }
            drop(input);
            assert!(child.wait().await.unwrap().success());
            let mut child = cat().spawn().unwrap();
            let wait = timeout(Duration::from_millis(2), child.kill()).await;
            assert!(wait.is_err() || wait.unwrap().is_ok());
            assert_eq!(child.wait().await.unwrap().signal(), Some(libc::SIGKILL));
        });
    });
}

#[test]
fn a_dump_tells_which_child_is_waited_for() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let mut child = cat().spawn().unwrap();
            let (id, input) = (child.id().unwrap(), child.stdin.take());
            let task = spawn(async move { child.wait().await });
            let mut sleeps = Command::new("sleep");
            let reader = spawn(sleeps.arg("1000").kill_on_drop(true).output());
            let handle = Handle::current();
            let waits =
                || handle.dump().tasks().iter().filter(|task| task.waits_for().is_some()).count();
            until(|| waits() == 2).await;
            let dump = handle.dump();
            let of = |id| dump.tasks().iter().find(|task| task.id() == id).unwrap();
            let wait = of(task.id()).waits_for().unwrap();
            assert_eq!((wait.kind(), wait.at().file()), (WaitKind::Child, file!()));
            assert!(dump.to_string().contains(&format!("  child, process {id} ")), "{dump}");
            let wait = of(reader.id()).waits_for().unwrap();
            assert_eq!(wait.at().file(), file!(), "where the output was asked for");
            drop(input);
            assert!(task.await.unwrap().unwrap().success());
            reader.abort();
        });
    });
}

#[test]
fn children_outlive_the_runtime_and_are_reaped() {
    for build in flavors() {
        let runtime = build().enable_all().build().unwrap();
        let spawns = || {
            let mut child = cat().spawn().unwrap();
            (child.id().unwrap(), child.stdin.take(), child)
        };
        let (kept, input, child) = runtime.block_on(async { spawns() });
        let (waited_for, other_input, other) = runtime.block_on(async { spawns() });
        let task = runtime.spawn(async move {
            let mut child: Child = other;
            child.wait().await.unwrap();
        });
        drop(runtime);
        drop(task);
        assert!(is_there(kept) && is_there(waited_for));
        drop(child);
        drop((input, other_input));
        block_until(|| !is_there(kept) && !is_there(waited_for));
    }
}

#[test]
fn kill_on_drop_goes_with_the_task() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let mut child = cat().kill_on_drop(true).spawn().unwrap();
            let (id, _input) = (child.id().unwrap(), child.stdin.take());
            let task = spawn(async move {
                let mut child = child; // all of it, not just the pipe
                let mut output = Vec::new();
                child.stdout.as_mut().unwrap().read_to_end(&mut output).await.unwrap();
            });
            rt_facade::task::yield_now().await;
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
            until(|| !is_there(id)).await;
        });
    });
}

#[test]
fn a_child_moves_between_runtimes() {
    for_each_flavor(|runtime| {
        let other = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut child = other.block_on(async { cat().spawn().unwrap() });
        let status = runtime.block_on(async {
            let mut to = child.stdin.take().unwrap();
            to.write_all(b"x").await.unwrap();
            drop(to);
            child.wait_with_output().await.unwrap()
        });
        assert_eq!((status.status.success(), &status.stdout[..]), (true, &b"x"[..]));
    });
}

#[test]
fn a_runtime_without_io_says_what_to_do() {
    for build in flavors() {
        let runtime = build().enable_time().build().unwrap();
        runtime.block_on(async {
            let told = cat().spawn().unwrap_err().to_string();
            assert!(told.starts_with(&format!("`Command::spawn` at {}", file!())), "{told}");
            assert!(told.contains("`Builder::enable_io`"), "{told}");
        });
    }
}
