//! What is found where no runtime is entered, another is, or this thread drives one already.

use rt_facade::net::{TcpListener, TcpStream, UdpSocket};
use rt_facade::runtime::Handle;
use rt_facade::time::{Duration, interval, sleep, timeout};

use crate::support::{flavors, for_each_flavor, panic_message};

/// Names the function, this file, and the fix.
#[track_caller]
fn tells(message: &str, what: &str, fix: &str) {
    assert!(message.contains(what), "{message}");
    assert!(message.contains(file!()), "{message}");
    assert!(message.contains(fix), "{message}");
}

#[test]
fn without_a_runtime_every_entry_point_names_itself_the_call_and_the_fix() {
    let fix = "Runtime::block_on";
    tells(&panic_message(|| drop(rt_facade::spawn(async {}))), "`spawn`", fix);
    tells(&panic_message(|| drop(rt_facade::task::spawn_blocking(|| ()))), "spawn_blocking", fix);
    tells(&panic_message(|| drop(sleep(Duration::ZERO))), "sleep", fix);
    tells(&panic_message(|| drop(timeout(Duration::ZERO, async {}))), "timeout", fix);
    tells(&panic_message(|| drop(interval(Duration::from_secs(1)))), "interval", fix);
    tells(&panic_message(|| drop(Handle::current())), "Handle::current", fix);
    assert!(Handle::try_current().unwrap_err().is_missing_context());
    let bound = rt_task::block_on(TcpListener::bind("127.0.0.1:0")).unwrap_err();
    tells(&bound.to_string(), "TcpListener::bind", fix);
    let connected = rt_task::block_on(TcpStream::connect("127.0.0.1:1")).unwrap_err();
    tells(&connected.to_string(), "TcpStream::connect", fix);
    let udp = rt_task::block_on(UdpSocket::bind("127.0.0.1:0")).unwrap_err();
    tells(&udp.to_string(), "UdpSocket::bind", fix);
}

#[test]
fn a_driver_that_is_off_is_named_with_the_option_that_switches_it_on() {
    for build in flavors() {
        let runtime = build().build().unwrap();
        runtime.block_on(async {
            tells(&panic_message(|| drop(sleep(Duration::ZERO))), "sleep", "enable_time");
            let bound = TcpListener::bind("127.0.0.1:0").await.unwrap_err();
            tells(&bound.to_string(), "TcpListener::bind", "enable_io");
        });
        let timed = build().enable_time().build().unwrap();
        timed.block_on(async { sleep(Duration::from_millis(1)).await });
        let with_io = build().enable_io().build().unwrap();
        with_io.block_on(async { drop(TcpListener::bind("127.0.0.1:0").await.unwrap()) });
    }
}

#[test]
fn nested_block_on_tells_where_the_outer_one_is_and_what_to_do() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            for message in [
                panic_message(|| runtime.block_on(async {})),
                panic_message(|| Handle::current().block_on(async {})),
            ] {
                tells(&message, "block_on", "spawn_blocking");
                assert!(!message.contains("src/handle.rs"), "the caller's line: {message}");
            }
        });
    });
}

#[test]
fn block_on_is_allowed_on_a_blocking_thread_of_the_same_runtime() {
    for_each_flavor(|runtime| {
        let handle = runtime.handle().clone();
        let task = runtime.spawn_blocking(move || handle.block_on(async { 1 }));
        assert_eq!(runtime.block_on(task).unwrap(), 1);
    });
}

#[test]
fn guards_may_be_dropped_in_any_order() {
    for build in flavors() {
        let (a, b) = (build().build().unwrap(), build().build().unwrap());
        let enter_a = a.enter();
        let enter_b = b.enter();
        drop(enter_a);
        let task = rt_facade::spawn(async { 1 }); // on b
        drop(enter_b);
        assert!(Handle::try_current().is_err());
        assert_eq!(b.block_on(task).unwrap(), 1);
    }
}

#[test]
fn the_root_of_a_block_on_need_not_be_send() {
    for_each_flavor(|runtime| {
        let kept = std::rc::Rc::new(1);
        let sum = runtime.block_on(async {
            let mine = kept.clone();
            sleep(Duration::from_millis(1)).await;
            *mine + rt_facade::spawn(async { 2 }).await.unwrap()
        });
        assert_eq!(sum, 3);
    });
}

#[test]
fn several_threads_may_block_on_one_runtime() {
    for_each_flavor(|runtime| {
        std::thread::scope(|scope| {
            for n in 0..4 {
                scope.spawn(move || {
                    let waited = runtime.block_on(async move {
                        for _ in 0..5 {
                            sleep(Duration::from_millis(1)).await;
                        }
                        rt_facade::spawn(async move { n }).await.unwrap()
                    });
                    assert_eq!(waited, n);
                });
            }
        });
    });
}
