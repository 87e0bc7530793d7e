//! What every subject does alike: else a comparison would say nothing.
//!
//! What a subject lacks is left out, and what it does not promise is not asked of it.
#![allow(clippy::disallowed_methods, reason = "subjects run on the system's clock and threads")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use futures_channel::oneshot;
use rt_benches::subject::{
    self, Datagrams, Listener, Need, Promise, Stream, Subject, Visit, WORKERS,
};

/// Far longer than any of this takes.
const HANGS: Duration = Duration::from_secs(30);

/// Each on a thread of its own, all in one process: none may disturb another.
#[test]
fn every_subject_conforms() {
    subject::never_skip();
    let mut failures = Vec::new();
    for described in subject::all() {
        let name = described.name;
        if let Some(reason) = described.unavailable {
            eprintln!("{name} is left out: {reason}");
            continue;
        }
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            subject::with(name, Conform);
            // Whoever waits has given up if nobody hears it.
            tell.send(()).ok();
        });
        match told.recv_timeout(HANGS) {
            Ok(()) => eprintln!("{name} conforms"),
            Err(mpsc::RecvTimeoutError::Timeout) => failures.push(format!("{name} hangs")),
            Err(mpsc::RecvTimeoutError::Disconnected) => failures.push(format!("{name} panics")),
        }
    }
    assert!(failures.is_empty(), "{failures:?}");
}

struct Conform;

impl Visit for Conform {
    type Output = ();

    fn visit<S: Subject>(self) {
        let mut runtime = S::new(WORKERS);
        assert_eq!(runtime.block_on(async { 7 }), 7);
        runtime.block_on(tasks::<S>());
        if promises::<S>(Promise::Panics) {
            runtime.block_on(a_panic_ends_one_task::<S>());
        }
        if promises::<S>(Promise::Wakers) {
            runtime.block_on(a_wake_from_elsewhere::<S>());
        }
        if S::lacks(Need::Sleep).is_none() {
            runtime.block_on(in_task::<S>(sleeps::<S>()));
        }
        if S::lacks(Need::Blocking).is_none() {
            runtime.block_on(blocking::<S>());
        }
        if S::lacks(Need::Tcp).is_none() {
            runtime.block_on(tcp::<S>());
        }
        if S::lacks(Need::Udp).is_none() {
            runtime.block_on(udp::<S>());
        }
    }
}

fn promises<S: Subject>(promise: Promise) -> bool {
    !S::WITHHOLDS.contains(&promise)
}

async fn in_task<S: Subject>(future: impl Future<Output = ()> + Send + 'static) {
    S::spawn(future).await.expect("it does not panic");
}

async fn tasks<S: Subject>() {
    let yields = S::lacks(Need::Yield).is_none();
    let joined = S::spawn(async { S::spawn(async { 6 }).await.expect("it is joined") + 1 }).await;
    assert_eq!(joined.expect("it is joined"), 7);

    // Whoever drops the handle lets the task run on.
    let (tell, told) = oneshot::channel();
    drop(S::spawn(async move {
        if yields {
            S::yield_now().await;
        }
        tell.send(()).expect("the root future waits");
    }));
    told.await.expect("it has run to its end");

    if !yields {
        return;
    }
    // A yield lets others run: else one of these would wait for the other for ever.
    let flag = Arc::new(AtomicBool::new(false));
    let waiting = S::spawn({
        let flag = flag.clone();
        async move {
            while !flag.load(Ordering::Acquire) {
                S::yield_now().await;
            }
        }
    });
    in_task::<S>(async move { flag.store(true, Ordering::Release) }).await;
    waiting.await.expect("it is joined");
}

async fn a_panic_ends_one_task<S: Subject>() {
    let (tell, told) = oneshot::channel::<()>();
    drop(S::spawn(async move {
        let _tell = tell;
        panic!("this one is meant");
    }));
    assert!(told.await.is_err(), "what it held is dropped");
    in_task::<S>(async {}).await;
}

async fn a_wake_from_elsewhere<S: Subject>() {
    const TIMES: u32 = 100;
    for _ in 0..TIMES {
        let (ask, asked) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        let elsewhere = thread::spawn(move || {
            rt_task::block_on(async { answer.send(asked.await.expect("it asks")) })
        });
        let task = S::spawn(async move {
            ask.send(7).expect("it waits");
            answered.await.expect("it answers")
        });
        assert_eq!(task.await.expect("it is joined"), 7);
        elsewhere.join().expect("it does not panic").expect("the task waits");
    }
}

async fn sleeps<S: Subject>() {
    const SHORT: Duration = Duration::from_millis(5);
    const LONG: Duration = Duration::from_millis(40);
    // A loop that takes the time once a turn has an old one by now.
    let busy = Instant::now();
    while busy.elapsed() < SHORT {}
    for duration in [SHORT, Duration::from_micros(300), LONG] {
        let before = Instant::now();
        S::sleep(duration).await;
        let slept = before.elapsed();
        if promises::<S>(Promise::NeverEarly) {
            assert!(slept >= duration, "{slept:?} instead of {duration:?}");
        }
    }
    // Sleeps run side by side.
    let before = Instant::now();
    let tasks: Vec<_> = (0..100).map(|_| S::spawn(async { S::sleep(LONG).await })).collect();
    for task in tasks {
        task.await.expect("it is joined");
    }
    assert!(before.elapsed() < LONG * 50, "one after the other");
}

async fn blocking<S: Subject>() {
    let here = thread::current().id();
    let there = S::spawn_blocking(move || thread::current().id()).await.expect("it is joined");
    assert_ne!(here, there, "it would block the loop");
    // More than any runtime here has processors, none of which can wait for the one before it.
    let closures: Vec<_> = (0..8).map(|at| S::spawn_blocking(move || at)).collect();
    for (at, closure) in closures.into_iter().enumerate() {
        assert_eq!(closure.await.expect("it is joined"), at);
    }
}

async fn tcp<S: Subject>() {
    /// More than the system keeps between two sockets.
    const LARGE: usize = 8 << 20;
    let (tell, told) = oneshot::channel();
    let server = S::spawn(async move {
        let listener = S::Listener::bind().await.expect("loopback");
        tell.send(listener.address().expect("bound")).expect("the client waits");
        let mut stream = listener.accept().await.expect("loopback");
        // An accepted stream may be handed on before its first use.
        let echo = S::spawn(async move {
            let mut buffer = vec![0; 4096];
            loop {
                match stream.read(&mut buffer).await.expect("loopback") {
                    0 => return,
                    read => stream.write_all(&buffer[..read]).await.expect("loopback"),
                }
            }
        });
        echo.await.expect("it is joined");
    });
    let client = S::spawn(async move {
        let address = told.await.expect("the server tells");
        let mut stream = S::Stream::connect(address).await.expect("loopback");
        let mut buffer = vec![0; 64 << 10];
        for message in [&b"a"[..], b"several bytes", &[7; 4096]] {
            stream.write_all(message).await.expect("loopback");
            let mut got = Vec::new();
            while got.len() < message.len() {
                let read = stream.read(&mut buffer).await.expect("loopback");
                assert_ne!(read, 0, "the end comes later");
                got.extend_from_slice(&buffer[..read]);
            }
            assert_eq!(got, message);
        }
    });
    client.await.expect("it is joined");
    // The client is gone, so the server has come to its end.
    server.await.expect("it is joined");

    // A write larger than all buffers waits for its reader.
    let (tell, told) = oneshot::channel();
    let sink = S::spawn(async move {
        let listener = S::Listener::bind().await.expect("loopback");
        tell.send(listener.address().expect("bound")).expect("the client waits");
        let mut stream = listener.accept().await.expect("loopback");
        let (mut buffer, mut total) = (vec![0; 64 << 10], 0);
        loop {
            match stream.read(&mut buffer).await.expect("loopback") {
                0 => return total,
                read => total += read,
            }
        }
    });
    in_task::<S>(async move {
        let address = told.await.expect("the server tells");
        let mut stream = S::Stream::connect(address).await.expect("loopback");
        stream.write_all(&vec![7; LARGE]).await.expect("loopback");
    })
    .await;
    assert_eq!(sink.await.expect("it is joined"), LARGE);
}

async fn udp<S: Subject>() {
    let (tell_here, hear_here) = oneshot::channel();
    let (tell_there, hear_there) = oneshot::channel();
    let echo = S::spawn(async move {
        let there = S::Datagrams::bind().await.expect("loopback");
        tell_there.send(there.address().expect("bound")).expect("the other one waits");
        there.connect(hear_here.await.expect("it tells")).await.expect("loopback");
        let mut buffer = [0; 1024];
        let length = there.recv(&mut buffer).await.expect("loopback");
        there.send(&buffer[..length]).await.expect("loopback");
    });
    let ask = S::spawn(async move {
        let here = S::Datagrams::bind().await.expect("loopback");
        here.connect(hear_there.await.expect("it tells")).await.expect("loopback");
        tell_here.send(here.address().expect("bound")).expect("the other one waits");
        // A datagram to a socket that is not yet connected would be taken all the same.
        assert_eq!(here.send(b"whole or not at all").await.expect("loopback"), 19);
        let mut buffer = [0; 1024];
        let length = here.recv(&mut buffer).await.expect("loopback");
        assert_eq!(&buffer[..length], b"whole or not at all");
    });
    ask.await.expect("it is joined");
    echo.await.expect("it is joined");
}
