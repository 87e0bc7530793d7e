//! Tasks that wait: what a dump says of them, how many may, and that they let others run.

use crate::drive::{Here, Tasks, drive_on, pair, turn};
use futures_util::stream::{FuturesUnordered, StreamExt};
use rt_net::{TcpListener, TcpStream, UdpSocket};
use rt_reactor::{Driver, Interest};
use rt_task::JoinHandle;
use rt_task::base::context::{self, Env};
use rt_task::wait::WaitKind;
use std::sync::Arc;

struct World {
    driver: Driver,
    tasks: Tasks,
    _entered: context::EnterGuard,
}

fn world() -> World {
    let driver = Driver::new().unwrap();
    let env = Env::new().with_io(driver.handle()).with_blocking(Arc::new(Here));
    World { driver, tasks: Tasks::default(), _entered: context::enter(env) }
}

/// What the task of `handle` waits for, at which line of this file.
#[track_caller]
fn waits<T>(handle: &JoinHandle<T>) -> (WaitKind, u32) {
    let (wait, _among) = handle.info().wait.expect("the task waits");
    assert_eq!(wait.site.file(), file!(), "{wait:?}");
    (wait.kind, wait.site.line())
}

#[test]
fn a_waiting_task_tells_what_for_and_where() {
    let World { mut driver, tasks, _entered } = world();
    let listener = Arc::new(drive_on(&mut driver, TcpListener::bind("127.0.0.1:0")).unwrap());
    let socket = Arc::new(drive_on(&mut driver, UdpSocket::bind("127.0.0.1:0")).unwrap());
    let there = listener.local_addr().unwrap();
    let (mut near, mut far) = drive_on(&mut driver, pair());
    let start = line!();
    let accept = tasks.spawn(async move { listener.accept().await.map(drop) });
    let connect = tasks.spawn(async move { TcpStream::connect(there).await });
    let receive = tasks.spawn({
        let socket = socket.clone();
        async move { socket.recv_from(&mut [0; 8]).await }
    });
    let read = tasks.spawn(async move { near.read(&mut [0; 8]).await });
    let exact = tasks.spawn(async move { far.read_exact(&mut [0; 8]).await });
    let readable = tasks.spawn(async move { socket.readable().await });
    tasks.run();
    assert_eq!(waits(&accept), (WaitKind::Accept, start + 1));
    assert_eq!(waits(&connect), (WaitKind::Connect, start + 2));
    assert_eq!(waits(&receive), (WaitKind::Readable, start + 5));
    assert_eq!(waits(&read), (WaitKind::Readable, start + 7));
    assert_eq!(waits(&exact), (WaitKind::Readable, start + 8));
    assert_eq!(waits(&readable), (WaitKind::Readable, start + 9));
    tasks.run_until(&mut driver, || accept.is_finished() && connect.is_finished());
}

#[test]
fn a_task_that_reads_by_a_trait_waits_where_the_trait_was_polled() {
    let World { mut driver, tasks, _entered } = world();
    let (mut near, _far) = drive_on(&mut driver, pair());
    let start = line!();
    let read = tasks.spawn(std::future::poll_fn(move |cx| {
        let mut memory = [0; 8];
        let mut buf = rt_io::ReadBuf::new(&mut memory);
        rt_io::AsyncRead::poll_read(std::pin::Pin::new(&mut near), cx, &mut buf)
    }));
    tasks.run();
    assert_eq!(waits(&read), (WaitKind::Readable, start + 4));
}

#[test]
fn any_number_of_tasks_wait_for_one_stream() {
    let World { mut driver, _entered, .. } = world();
    drive_on(&mut driver, async {
        let (near, mut far) = pair().await;
        let waiters: FuturesUnordered<_> = (0..100).map(|_| near.readable()).collect();
        let mut others: FuturesUnordered<_> =
            (0..100).map(|_| near.ready(Interest::READABLE | Interest::PRIORITY)).collect();
        let write = far.write_all(b"x");
        let all = futures_util::future::join(waiters.count(), async {
            let mut count = 0;
            while let Some(ready) = others.next().await {
                assert!(ready.unwrap().is_readable());
                count += 1;
            }
            count
        });
        let (counts, written) = futures_util::future::join(all, write).await;
        written.unwrap();
        assert_eq!(counts, (100, 100));
    });
}

#[test]
fn a_task_whose_socket_is_always_ready_lets_others_run() {
    const BYTES: usize = 1000;
    let World { mut driver, tasks, _entered } = world();
    let (mut near, mut far) = drive_on(&mut driver, pair());
    drive_on(&mut driver, far.write_all(&[1; BYTES])).unwrap();
    turn(&mut driver);
    let reader = tasks.spawn(async move {
        for _ in 0..BYTES {
            near.read_exact(&mut [0]).await.unwrap();
        }
    });
    tasks.run_until(&mut driver, || reader.is_finished());
    let polls = reader.info().polls as usize;
    assert!(polls >= BYTES / 128, "{polls} polls for {BYTES} reads");
}
