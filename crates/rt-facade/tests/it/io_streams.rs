//! The methods, buffers and copies of `io` over sockets and streams in memory, on every flavour.

use rt_facade::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, BufStream, BufWriter, SyncIoBridge,
    copy, copy_bidirectional, copy_buf, duplex, join, simplex, sink, split,
};
use rt_facade::net::{TcpListener, TcpStream};
use rt_facade::task::{spawn_blocking, yield_now};
use rt_facade::time::{Duration, timeout};

use crate::support::for_each_flavor;

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (near, listener.accept().await.unwrap().0)
}

#[test]
fn a_proxy_hands_on_both_ways_and_both_ends() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let ((mut client, mut a), (mut b, server)) = (pair().await, pair().await);
            let proxy = rt_facade::spawn(async move { copy_bidirectional(&mut a, &mut b).await });
            let server = rt_facade::spawn(async move {
                let (mut reader, mut writer) = server.into_split();
                let n = copy(&mut reader, &mut writer).await?;
                AsyncWriteExt::shutdown(&mut writer).await.map(|()| n)
            });
            let sent = vec![7; 300_000];
            let (mut reader, mut writer) = client.split();
            let writes = async {
                AsyncWriteExt::write_all(&mut writer, &sent).await.unwrap();
                AsyncWriteExt::shutdown(&mut writer).await.unwrap();
            };
            let mut heard = Vec::new();
            let (_, n) = rt_facade::join!(writes, reader.read_to_end(&mut heard));
            assert_eq!(n.unwrap(), sent.len());
            assert!(heard == sent);
            let n = sent.len() as u64;
            assert_eq!(proxy.await.unwrap().unwrap(), (n, n));
            assert_eq!(server.await.unwrap().unwrap(), n);
        });
    });
}

#[test]
fn lines_and_numbers_go_over_buffered_sockets() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (near, far) = pair().await;
            let writes = rt_facade::spawn(async move {
                let mut near = BufWriter::new(near);
                for n in 0..1000_u32 {
                    near.write_u32(n).await.unwrap();
                    near.write_all(format!("line {n}\n").as_bytes()).await.unwrap();
                }
                near.shutdown().await.unwrap();
            });
            let (mut far, mut line) = (BufStream::new(far), String::new());
            for n in 0..1000_u32 {
                assert_eq!(far.read_u32().await.unwrap(), n);
                line.clear();
                far.read_line(&mut line).await.unwrap();
                assert_eq!(line, format!("line {n}\n"));
            }
            assert_eq!(far.read_u8().await.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
            writes.await.unwrap();
        });
    });
}

#[test]
fn halves_of_a_stream_go_to_two_tasks() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (near, far) = duplex(64);
            let (mut far_reads, mut far_writes) = split(far);
            let echo = rt_facade::spawn(async move {
                copy(&mut far_reads, &mut far_writes).await.unwrap();
                far_writes.shutdown().await.unwrap();
                far_reads.unsplit(far_writes)
            });
            let (mut reads, mut writes) = split(near);
            let task = rt_facade::spawn(async move {
                writes.write_all(&[9; 10_000]).await.unwrap();
                writes.shutdown().await.unwrap();
                writes
            });
            let mut heard = Vec::new();
            reads.read_to_end(&mut heard).await.unwrap();
            assert!(heard == [9; 10_000]);
            drop(reads.unsplit(task.await.unwrap()));
            drop(echo.await.unwrap());
        });
    });
}

#[test]
fn a_simplex_goes_between_tasks() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (reader, mut writer) = simplex(10);
            let task = rt_facade::spawn(async move {
                for n in 0..500 {
                    writer.write_all(format!("{n}\n").as_bytes()).await.unwrap();
                }
                writer.shutdown().await.unwrap();
            });
            let mut lines = BufReader::new(reader).lines();
            for n in 0..500 {
                assert_eq!(lines.next_line().await.unwrap().unwrap(), n.to_string());
            }
            assert!(lines.next_line().await.unwrap().is_none());
            task.await.unwrap();
        });
    });
}

#[test]
fn code_that_blocks_reads_what_tasks_write() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (near, mut far) = pair().await;
            let reads = spawn_blocking(move || {
                let mut near = SyncIoBridge::new(near);
                std::io::copy(&mut near, &mut std::io::sink())
            });
            AsyncWriteExt::write_all(&mut far, &[1; 100_000]).await.unwrap();
            drop(far);
            assert_eq!(reads.await.unwrap().unwrap(), 100_000);
        });
    });
}

/// What is always ready lets others run: each of these goes on for ever.
#[test]
fn endless_copies_let_others_run() {
    use rt_facade::io::{empty, repeat};
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let span = Duration::from_millis(5);
            assert!(timeout(span, copy(&mut repeat(1), &mut sink())).await.is_err());
            let mut reader = BufReader::new(repeat(1));
            assert!(timeout(span, copy_buf(&mut reader, &mut sink())).await.is_err());
            let (mut a, mut b) = (join(repeat(1), sink()), join(repeat(2), sink()));
            assert!(timeout(span, copy_bidirectional(&mut a, &mut b)).await.is_err());
            let nothing = async { while empty().read(&mut [0; 1]).await.is_ok() {} };
            assert!(timeout(span, nothing).await.is_err());
            let (mut near, mut far) = duplex(8);
            let talks = async {
                loop {
                    near.write_all(b"x").await.unwrap();
                    far.read_u8().await.unwrap();
                }
            };
            assert!(timeout(span, talks).await.is_err());
            yield_now().await;
        });
    });
}
