//! A listener in a process that has no descriptors left. Each test runs itself again in a child
//! process whose limit is low.

use crate::drive::{Here, drive_on, poll_once, turn};
use rt_net::TcpListener;
use rt_reactor::Driver;
use rt_task::base::context::{self, Env};
use rt_task::base::seam::Delay;
use std::fs::File;
use std::future::{Future, poll_fn};
use std::net::TcpStream;
use std::pin::Pin;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

const CHILD: &str = "RT_NET_TEST_CHILD";

/// Runs the test of this name in a child process with few descriptors. Tells whether this is
/// that child.
fn is_child(test: &str) -> bool {
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    let this = std::env::current_exe().unwrap();
    let command = r#"ulimit -n 40 && exec "$0" --exact "$1" --nocapture"#;
    let child = Command::new("sh")
        .args(["-c", command])
        .arg(this)
        .arg(test)
        .env(CHILD, "1")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{printed}{}", String::from_utf8_lossy(&child.stderr));
    assert!(printed.contains("1 passed"), "{printed}");
    false
}

/// Takes every descriptor that is left.
fn take_all() -> Vec<File> {
    let mut taken = Vec::new();
    loop {
        match File::open("/dev/null") {
            Ok(file) => taken.push(file),
            Err(error) => {
                assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
                return taken;
            }
        }
    }
}

/// A timer without time: every delay is over at its second poll.
#[derive(Default)]
struct Timer {
    asked_ms: Mutex<Vec<u128>>,
}

impl Delay for Timer {
    fn delay(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.asked_ms.lock().unwrap().push(span.as_millis());
        Box::pin(rt_task::coop::yield_now())
    }
}

/// A listener with two connections in its queue, and no descriptor to accept them.
struct Scene {
    driver: Driver,
    listener: TcpListener,
    taken: Vec<File>,
    _clients: [TcpStream; 2],
    _entered: context::EnterGuard,
}

fn scene(more: impl FnOnce(Env) -> Env) -> Scene {
    let mut driver = Driver::new().unwrap();
    let env = Env::new().with_io(driver.handle()).with_blocking(Arc::new(Here));
    let _entered = context::enter(more(env));
    let listener = drive_on(&mut driver, TcpListener::bind("127.0.0.1:0")).unwrap();
    let there = listener.local_addr().unwrap();
    let _clients = [(); 2].map(|()| TcpStream::connect(there).unwrap());
    turn(&mut driver);
    Scene { driver, listener, taken: take_all(), _clients, _entered }
}

#[test]
fn accept_tells_once_then_rests_until_there_is_a_descriptor() {
    if !is_child("exhausted::accept_tells_once_then_rests_until_there_is_a_descriptor") {
        return;
    }
    let timer = Arc::new(Timer::default());
    let Scene { mut driver, listener, mut taken, _clients, _entered } =
        scene(|env| env.with_time(timer.clone()));
    let rests = || timer.asked_ms.lock().unwrap().len();
    drive_on(&mut driver, async {
        let error = listener.accept().await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
        let mut accept = Box::pin(listener.accept());
        while rests() < 12 {
            assert!(poll_once(&mut accept).await.is_pending(), "told once");
            rt_task::coop::yield_now().await;
        }
        taken.pop();
        let (first, _) = accept.await.unwrap();
        assert_eq!(timer.asked_ms.lock().unwrap()[..4], [1, 2, 4, 8]);
        // All was well since, so the next failure is a first one.
        let error = listener.accept().await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
        timer.asked_ms.lock().unwrap().clear();
        drop(first);
        listener.accept().await.unwrap();
        assert_eq!(*timer.asked_ms.lock().unwrap(), [1]);
    });
}

/// As in a loop that accepts and looks after connections that end, which happens more often than each second.
#[test]
fn an_accept_that_is_given_up_again_and_again_finds_the_free_descriptor() {
    if !is_child("exhausted::an_accept_that_is_given_up_again_and_again_finds_the_free_descriptor")
    {
        return;
    }
    let timer = Arc::new(Timer::default());
    let Scene { mut driver, listener, mut taken, _clients, _entered } =
        scene(|env| env.with_time(timer.clone()));
    let rests = || timer.asked_ms.lock().unwrap().len();
    drive_on(&mut driver, async {
        listener.accept().await.unwrap_err();
        let mut accept = Box::pin(listener.accept());
        while rests() < 12 {
            assert!(poll_once(&mut accept).await.is_pending());
        }
        drop(accept);
        taken.pop();
        for _ in 0..12 {
            if let Poll::Ready(accepted) = poll_once(&mut Box::pin(listener.accept())).await {
                accepted.unwrap();
                return;
            }
        }
        panic!("no rest ever ended: {:?}", timer.asked_ms.lock().unwrap());
    });
}

#[test]
fn poll_accept_rests_too() {
    if !is_child("exhausted::poll_accept_rests_too") {
        return;
    }
    let timer = Arc::new(Timer::default());
    let Scene { mut driver, listener, mut taken, _clients, _entered } =
        scene(|env| env.with_time(timer.clone()));
    drive_on(&mut driver, async {
        let error = poll_fn(|cx| listener.poll_accept(cx)).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
        for _ in 0..20 {
            assert!(poll_fn(|cx| Poll::Ready(listener.poll_accept(cx))).await.is_pending());
        }
        assert!(timer.asked_ms.lock().unwrap().len() >= 10);
        taken.pop();
        let mut accepted = Poll::Pending;
        for _ in 0..3 {
            if accepted.is_pending() {
                accepted = poll_fn(|cx| Poll::Ready(listener.poll_accept(cx))).await;
            }
        }
        assert!(matches!(accepted, Poll::Ready(Ok(_))), "the rest ends at its second poll");
        taken.pop();
        poll_fn(|cx| listener.poll_accept(cx)).await.unwrap();
    });
}

#[test]
fn without_a_timer_every_failure_is_told_and_others_run_between() {
    if !is_child("exhausted::without_a_timer_every_failure_is_told_and_others_run_between") {
        return;
    }
    let Scene { mut driver, listener, mut taken, _clients, _entered } = scene(|env| env);
    drive_on(&mut driver, async {
        let error = listener.accept().await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
        for _ in 0..3 {
            let mut accept = Box::pin(listener.accept());
            assert!(poll_once(&mut accept).await.is_pending(), "the turn of others");
            let error = accept.await.unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
        }
        taken.pop();
        let (_first, _) = listener.accept().await.unwrap();
        taken.pop();
        listener.accept().await.unwrap();
    });
}

#[test]
fn other_sockets_fail_with_what_the_system_says() {
    if !is_child("exhausted::other_sockets_fail_with_what_the_system_says") {
        return;
    }
    let Scene { mut driver, listener, mut taken, _clients, _entered } = scene(|env| env);
    let there = listener.local_addr().unwrap();
    drive_on(&mut driver, async {
        let error = rt_net::TcpStream::connect(there).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
        let error = rt_net::UdpSocket::bind("127.0.0.1:0").await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
        taken.pop();
        rt_net::TcpStream::connect(there).await.unwrap();
    });
}

#[test]
fn a_unix_listener_rests_too() {
    if !is_child("exhausted::a_unix_listener_rests_too") {
        return;
    }
    let timer = Arc::new(Timer::default());
    let mut driver = Driver::new().unwrap();
    let env = Env::new().with_io(driver.handle()).with_time(timer.clone());
    let _entered = context::enter(env);
    let path = std::env::temp_dir().join(format!("rt-net-exhausted-{}", std::process::id()));
    let listener = rt_net::UnixListener::bind(&path).unwrap();
    let _clients = [(); 2].map(|()| std::os::unix::net::UnixStream::connect(&path).unwrap());
    std::fs::remove_file(&path).unwrap();
    turn(&mut driver);
    let mut taken = take_all();
    let rests = || timer.asked_ms.lock().unwrap().len();
    drive_on(&mut driver, async {
        let error = listener.accept().await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
        let mut accept = Box::pin(listener.accept());
        while rests() < 12 {
            assert!(poll_once(&mut accept).await.is_pending(), "told once");
            rt_task::coop::yield_now().await;
        }
        taken.pop();
        let (_first, _) = accept.await.unwrap();
        assert_eq!(timer.asked_ms.lock().unwrap()[..4], [1, 2, 4, 8]);
        let error = poll_fn(|cx| listener.poll_accept(cx)).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "all was well since");
        let failed = rt_net::UnixStream::pair().unwrap_err();
        assert_eq!(failed.raw_os_error(), Some(libc::EMFILE));
        let failed = rt_net::unix::pipe::pipe().unwrap_err();
        assert_eq!(failed.raw_os_error(), Some(libc::EMFILE));
        taken.pop();
        poll_fn(|cx| listener.poll_accept(cx)).await.unwrap();
    });
}
