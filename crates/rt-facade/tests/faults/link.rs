//! A network that goes away and comes back, or is slow and drops: one of the test's own, where the system lets it have that.

use std::io::ErrorKind;
use std::os::fd::AsRawFd;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use rt_facade::io::{AsyncReadExt, AsyncWriteExt};
use rt_facade::net::{TcpListener, TcpStream, UdpSocket, UnixStream};
use rt_facade::runtime::Runtime;
use rt_facade::time::{Duration, Instant, timeout};

use crate::support::{block_until, flavors};
use crate::{child, work};

/// In a network namespace of its own, as `$0` is the test; `then` is done there before.
fn alone(name: &str, then: &str) {
    let script = format!("ip link set lo up {then} && exec \"$0\" \"$@\"");
    child::run(&format!("link::{name}"), &["unshare", "-rn", "sh", "-c", &script]);
}

/// All that goes over the network is dropped while it is `down`.
fn link(state: &str) {
    let done = Command::new("ip").args(["link", "set", "lo", state]).status();
    assert!(done.expect("it was there a moment ago").success(), "the link cannot be set {state}");
}

/// More than the system takes while nobody reads.
const LEN: usize = 24 << 20;

fn pattern() -> Vec<u8> {
    (0..LEN as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

async fn pair(listener: &TcpListener) -> (TcpStream, TcpStream) {
    let address = listener.local_addr().unwrap();
    let (near, far) = rt_facade::join!(TcpStream::connect(address), listener.accept());
    (near.unwrap(), far.unwrap().0)
}

/// Past it, what should come does not.
async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    timeout(Duration::from_secs(20), future).await.unwrap_or_else(|_| panic!("{what}: hangs"))
}

/// Nothing comes, and that is told on time.
async fn nothing<F: Future>(what: &str, span: Duration, future: F) {
    let begun = Instant::now();
    let came = timeout(span, future).await;
    let taken = begun.elapsed();
    assert!(came.is_err(), "{what}: while the link was down");
    assert!(taken >= span, "{what}: told after {taken:?}, early");
    assert!(taken < span + Duration::from_secs(2), "{what}: told after {taken:?}");
}

/// Gives up on a peer that does not confirm what it is sent, after so long.
fn gives_up_after(stream: &TcpStream, millis: libc::c_int) {
    let (fd, size) = (stream.as_raw_fd(), size_of::<libc::c_int>() as libc::socklen_t);
    let millis = std::ptr::from_ref(&millis).cast();
    // SAFETY: the descriptor is the stream's, and `millis` there for the time of the call.
    let set = unsafe { libc::setsockopt(fd, libc::SOL_TCP, libc::TCP_USER_TIMEOUT, millis, size) };
    assert_eq!(set, 0);
}

/// Two that talk all the time, by other means than the network: until told, with how often they did.
async fn chat(goes_on: Arc<AtomicBool>, rounds: Arc<AtomicUsize>) {
    let (mut near, mut far) = UnixStream::pair().unwrap();
    let echoes = rt_facade::spawn(async move {
        let mut byte = [0];
        while far.read(&mut byte).await.unwrap() == 1 {
            far.write_all(&byte).await.unwrap();
        }
    });
    while goes_on.load(SeqCst) {
        near.write_all(b"x").await.unwrap();
        assert_eq!(near.read(&mut [0; 8]).await.unwrap(), 1);
        rounds.fetch_add(1, SeqCst);
    }
    drop(near);
    echoes.await.unwrap();
}

async fn cut() {
    let (goes_on, rounds) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let chats = rt_facade::spawn(chat(goes_on.clone(), rounds.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (mut sends, mut receives) = pair(&listener).await;
    let sent = Arc::new(pattern());
    let bytes = sent.clone();
    let sender = rt_facade::spawn(async move {
        sends.write_all(&bytes).await.unwrap();
        sends.shutdown().await.unwrap();
    });
    let (mut waits, keeps) = pair(&listener).await;
    gives_up_after(&waits, 100);
    let (mut left, leaves) = pair(&listener).await;
    let asks = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let answers = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    asks.connect(answers.local_addr().unwrap()).await.unwrap();
    asks.send(b"before").await.unwrap();
    assert_eq!(soon("a datagram", answers.recv(&mut [0; 8])).await.unwrap(), 6);
    let mut received = Vec::with_capacity(LEN + 1);
    while received.len() < LEN / 4 {
        soon("a stream", receives.read_buf(&mut received)).await.unwrap();
    }

    link("down");
    let before = rounds.load(SeqCst);
    // What had arrived, and then nothing.
    while let Ok(read) = timeout(Duration::from_millis(100), receives.read_buf(&mut received)).await
    {
        assert!(read.unwrap() > 0, "it ended in the middle");
    }
    assert!(received.len() < LEN && !sender.is_finished(), "it was all there");
    nothing("a stream", Duration::from_millis(20), receives.read_buf(&mut received)).await;
    drop(asks.send(b"lost").await);
    nothing("a datagram", Duration::from_millis(20), answers.recv(&mut [0; 8])).await;
    let address = listener.local_addr().unwrap();
    nothing("a connection", Duration::from_millis(20), TcpStream::connect(address)).await;
    nothing("a client", Duration::from_millis(20), listener.accept()).await;
    let nowhere = soon("a refusal", TcpStream::connect("192.0.2.1:9")).await.unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::NetworkUnreachable);
    waits.write_all(b"x").await.unwrap();
    let given_up = soon("an end", waits.read(&mut [0; 8])).await.unwrap_err();
    assert_eq!(given_up.kind(), ErrorKind::TimedOut);
    assert_eq!(waits.read(&mut [0; 8]).await.unwrap(), 0, "told once, and over then");
    leaves.set_zero_linger().unwrap();
    drop(leaves); // its reset is lost
    nothing("a reset", Duration::from_millis(20), left.read(&mut [0; 8])).await;
    assert!(rounds.load(SeqCst) > before + 10, "others were held up");

    link("up");
    while soon("a stream", receives.read_buf(&mut received)).await.unwrap() > 0 {}
    assert!(received == *sent, "{} of {LEN} bytes", received.len());
    soon("a sender", sender).await.unwrap();
    asks.send(b"after").await.unwrap();
    assert_eq!(soon("a datagram", answers.recv(&mut [0; 8])).await.unwrap(), 5);
    left.write_all(b"x").await.unwrap();
    let reset = soon("a reset", left.read(&mut [0; 8])).await.unwrap_err();
    assert_eq!(reset.kind(), ErrorKind::ConnectionReset);
    let (mut near, mut far) = soon("a connection", pair(&listener)).await;
    near.write_all(b"as ever").await.unwrap();
    assert_eq!(soon("a stream", far.read(&mut [0; 8])).await.unwrap(), 7);
    goes_on.store(false, SeqCst);
    soon("a chat", chats).await.unwrap();
    drop(keeps);
}

/// Runs `test` on each flavour, which leaves no descriptor behind.
fn for_each_flavor<F: Future<Output = ()>>(test: impl Fn() -> F) {
    let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let before = descriptors();
    for build in flavors() {
        let runtime: Runtime = build().enable_all().build().unwrap();
        runtime.block_on(test());
        block_until(|| runtime.metrics().num_alive_tasks() == 0);
        drop(runtime);
        assert_eq!(descriptors(), before);
    }
}

#[test]
#[ignore = "slow: `cargo xtask verify faults`"]
fn a_link_that_is_cut_and_mended() {
    if !child::is_here() {
        return alone("a_link_that_is_cut_and_mended", "");
    }
    for_each_flavor(cut);
}

/// By a queue for so many bytes a second, which drops what does not fit, where it cannot be done at random.
#[test]
#[ignore = "slow: `cargo xtask verify faults`"]
fn a_link_that_delays_and_drops() {
    const SLOW: &str = "mtu 1500 && { tc qdisc add dev lo root netem delay 3ms 2ms loss 3% 2> /dev/null || \
                        tc qdisc add dev lo root tbf rate 50mbit burst 10kb limit 30kb; }";
    if !child::is_here() {
        return alone("a_link_that_delays_and_drops", SLOW);
    }
    for_each_flavor(async || {
        work::tcp(10).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let answers = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let asks = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        asks.connect(answers.local_addr().unwrap()).await.unwrap();
        let mut came = 0;
        for _ in 0..500 {
            drop(asks.send(&[0; 1000]).await);
            while answers.try_recv(&mut [0; 1000]).is_ok() {
                came += 1;
            }
        }
        while timeout(Duration::from_millis(100), answers.recv(&mut [0; 1000])).await.is_ok() {
            came += 1;
        }
        assert!(came > 0, "and be it one");
        // Far more is on its way than the link takes.
        let clients: Vec<_> = (0..20)
            .map(|_| {
                let address = listener.local_addr().unwrap();
                rt_facade::spawn(async move {
                    let mut stream = TcpStream::connect(address).await.unwrap();
                    stream.write_all(&[7; 50_000]).await.unwrap();
                    stream.shutdown().await.unwrap();
                    let mut back = Vec::new();
                    stream.read_to_end(&mut back).await.unwrap();
                    assert_eq!(back.len(), 50_000);
                })
            })
            .collect();
        for _ in 0..clients.len() {
            let (stream, _) = soon("a client", listener.accept()).await.unwrap();
            rt_facade::spawn(async move {
                let (mut reads, mut writes) = rt_facade::io::split(stream);
                rt_facade::io::copy(&mut reads, &mut writes).await.unwrap();
                writes.shutdown().await.unwrap();
            });
        }
        for client in clients {
            soon("an answer", client).await.unwrap();
        }
    });
}
