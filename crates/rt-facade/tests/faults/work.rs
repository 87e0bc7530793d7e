//! Something that needs all of a runtime, while somebody makes trouble.

use std::process::Stdio;

use rt_facade::io::{AsyncReadExt, AsyncWriteExt, split};
use rt_facade::net::{TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream};
use rt_facade::process::Command;
use rt_facade::task::{spawn_blocking, yield_now};
use rt_facade::time::{Duration, Instant, sleep, timeout};

/// Connections, datagrams, files, a child, closures and timers, so many rounds of each. Nothing fails, nothing
/// is lost, and no timer is early.
pub(crate) async fn all(rounds: usize) {
    let tasks = [
        rt_facade::spawn(tcp(rounds)),
        rt_facade::spawn(unix(rounds)),
        rt_facade::spawn(datagrams(rounds)),
        rt_facade::spawn(sleeps(rounds)),
        rt_facade::spawn(closures(rounds)),
        rt_facade::spawn(files(rounds)),
        rt_facade::spawn(child(rounds)),
    ];
    for task in tasks {
        task.await.unwrap();
    }
}

/// A connection for each round, with more than the system takes at once.
pub(crate) async fn tcp(rounds: usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = rt_facade::spawn(async move {
        for _ in 0..rounds {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).await.unwrap();
            stream.write_all(&bytes).await.unwrap();
        }
    });
    let sent: Vec<u8> = (0..200_000_u32).map(|n| n as u8).collect();
    for _ in 0..rounds {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&sent).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut back = Vec::new();
        stream.read_to_end(&mut back).await.unwrap();
        assert!(back == sent, "{} of {} bytes", back.len(), sent.len());
    }
    server.await.unwrap();
}

async fn unix(rounds: usize) {
    let path = std::env::temp_dir().join(format!("rt-{}-{:?}", std::process::id(), Instant::now()));
    let listener = UnixListener::bind(&path).unwrap();
    let mut client = UnixStream::connect(&path).await.unwrap();
    let server = listener.accept().await.unwrap().0;
    drop(std::fs::remove_file(&path));
    let (mut reads, mut writes) = split(server);
    let echoes =
        rt_facade::spawn(async move { rt_facade::io::copy(&mut reads, &mut writes).await });
    for n in 0..rounds {
        client.write_all(&[n as u8; 1000]).await.unwrap();
        let mut back = [0; 1000];
        client.read_exact(&mut back).await.unwrap();
        assert_eq!(back, [n as u8; 1000]);
    }
    client.shutdown().await.unwrap();
    assert_eq!(echoes.await.unwrap().unwrap(), 1000 * rounds as u64);
}

async fn datagrams(rounds: usize) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let to = socket.local_addr().unwrap();
    for n in 0..rounds {
        socket.send_to(&[n as u8], to).await.unwrap();
        let mut buf = [0; 8];
        assert_eq!(socket.recv_from(&mut buf).await.unwrap(), (1, to));
        assert_eq!(buf[0], n as u8);
    }
}

async fn sleeps(rounds: usize) {
    for n in 0..rounds {
        let span = Duration::from_millis(n as u64 % 4 + 1);
        let before = Instant::now();
        sleep(span).await;
        assert!(before.elapsed() >= span, "early");
        timeout(span, std::future::pending::<()>()).await.unwrap_err();
        assert!(before.elapsed() >= 2 * span, "early");
    }
}

async fn closures(rounds: usize) {
    for n in 0..rounds {
        assert_eq!(spawn_blocking(move || n).await.unwrap(), n);
        yield_now().await;
    }
}

async fn files(rounds: usize) {
    let path =
        std::env::temp_dir().join(format!("rt-{}-file-{:?}", std::process::id(), Instant::now()));
    for n in 0..rounds {
        rt_facade::fs::write(&path, vec![n as u8; 10_000]).await.unwrap();
        assert_eq!(rt_facade::fs::read(&path).await.unwrap(), vec![n as u8; 10_000]);
    }
    drop(std::fs::remove_file(&path));
}

async fn child(rounds: usize) {
    for _ in 0..rounds.min(5) {
        let mut child =
            Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(b"through a pipe").await.unwrap();
        drop(input);
        let output = child.wait_with_output().await.unwrap();
        assert!(output.status.success());
        assert_eq!(output.stdout, b"through a pipe");
    }
}
