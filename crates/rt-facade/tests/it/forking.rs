//! In a forked child the parent's runtime says that it is of no use, and touches nothing; one that is built
//! there works.

use std::io::{self, Write};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rt_facade::net::UdpSocket;
use rt_facade::runtime::{Handle, Runtime};
use rt_facade::time::{Duration, sleep};

use crate::child;
use crate::support::{flavors, panic_message};

/// Runs `test` in a forked child, and waits for its end. A child that hangs is ended.
fn in_fork(test: impl FnOnce()) {
    // SAFETY: the test has the process to itself, but for the runtime's threads, which hold no lock that
    // the child needs: it allocates, prints and uses what it makes itself.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "{}", io::Error::last_os_error());
    if child == 0 {
        // SAFETY: ends this process by a signal, should it hang.
        unsafe { libc::alarm(30) };
        let done = catch_unwind(AssertUnwindSafe(test));
        let _ = io::stderr().flush();
        // SAFETY: ends this process, without what the parent would do at its end.
        unsafe { libc::_exit(i32::from(done.is_err())) };
    }
    let mut status = 0;
    // SAFETY: waits for the child of this process; `status` is there for the time of the call.
    let waited = unsafe { libc::waitpid(child, &mut status, 0) };
    assert_eq!((waited, status), (child, 0), "the child failed");
}

#[track_caller]
fn tells(message: &str, what: &str, runtime: &Runtime) {
    assert!(message.starts_with(&format!("`{what}` at {}", file!())), "{message}");
    assert!(message.contains(&format!(" {} built at ", runtime.handle().id())), "{message}");
    assert!(
        message.contains("fork") && message.contains("Build a runtime in the child"),
        "{message}"
    );
}

/// Something that needs all drivers.
async fn work() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(b"x", socket.local_addr().unwrap()).await.unwrap();
    assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 1);
    sleep(Duration::from_millis(2)).await;
    assert_eq!(rt_facade::task::spawn_blocking(|| 1).await.unwrap(), 1);
    assert_eq!(rt_facade::spawn(async { 2 }).await.unwrap(), 2);
}

#[test]
fn a_child_is_told_and_the_parent_goes_on() {
    const NAME: &str = "forking::a_child_is_told_and_the_parent_goes_on";
    if !child::is_here() {
        return child::run(NAME, &[]);
    }
    for build in flavors() {
        let mut runtime = Some(build().enable_all().build().unwrap());
        runtime.as_ref().unwrap().block_on(work());
        in_fork(|| {
            let here = runtime.as_ref().unwrap();
            tells(&panic_message(|| here.block_on(async {})), "Runtime::block_on", here);
            tells(&panic_message(|| here.handle().block_on(async {})), "Handle::block_on", here);
            tells(&panic_message(|| here.spawn(async {})), "Handle::spawn", here);
            tells(&panic_message(|| here.spawn_blocking(|| ())), "spawn_blocking", here);
            tells(&panic_message(|| here.handle().dump()), "Handle::dump", here);
            let guard = here.enter();
            tells(&panic_message(|| rt_facade::spawn(async {})), "spawn", here);
            tells(
                &panic_message(|| rt_facade::task::spawn_blocking(|| ())),
                "spawn_blocking",
                here,
            );
            drop(guard);
            drop(runtime.take()); // returns
            // One of the child's own works, and can be forked from, too.
            let own = build().enable_all().build().unwrap();
            own.block_on(work());
            in_fork(|| tells(&panic_message(|| own.block_on(async {})), "Runtime::block_on", &own));
            own.block_on(work());
        });
        // What the child dropped is untouched here.
        runtime.as_ref().unwrap().block_on(work());
        for shutdown in [
            Runtime::shutdown_background as fn(Runtime),
            |it| it.shutdown_timeout(Duration::from_secs(100)),
            |it| drop(it.shutdown_report(Duration::from_secs(100))),
        ] {
            in_fork(|| shutdown(runtime.take().unwrap()));
        }
        runtime.as_ref().unwrap().block_on(work());
    }
}

#[test]
fn a_fork_inside_a_runtime_is_told() {
    const NAME: &str = "forking::a_fork_inside_a_runtime_is_told";
    if !child::is_here() {
        return child::run(NAME, &[]);
    }
    for build in flavors() {
        let runtime = build().enable_all().build().unwrap();
        runtime.block_on(async {
            in_fork(|| tells(&panic_message(|| rt_facade::spawn(async {})), "spawn", &runtime));
            work().await;
        });
        let handle = runtime.handle().clone();
        runtime
            .block_on(runtime.spawn_blocking(move || {
                in_fork(|| {
                    assert!(
                        panic_message(|| Handle::current().block_on(async {})).contains("fork")
                    );
                    assert!(panic_message(|| handle.spawn(async {})).contains("fork"));
                    mem::forget(handle);
                });
            }))
            .unwrap();
    }
}
