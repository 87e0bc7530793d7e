//! Codecs of `tokio-util` over our streams, by tokio's traits and without its runtime.

use futures_util::{SinkExt, StreamExt};
use hyper::body::Bytes;
use rt_facade::io::compat::TokioIo;
use rt_facade::io::duplex;
use rt_facade::net::{TcpListener, TcpStream};
use tokio_util::codec::{Framed, LengthDelimitedCodec, LinesCodec};

use crate::support::for_each_flavor;

#[test]
fn lines_are_framed_over_a_socket() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let there = listener.local_addr().unwrap();
            let server = rt_facade::spawn(async move {
                let (stream, _) = listener.accept().await.unwrap();
                let mut lines = Framed::new(stream, LinesCodec::new_with_max_length(100));
                while let Some(line) = lines.next().await {
                    match line {
                        Ok(line) => lines.send(line.to_uppercase()).await.unwrap(),
                        Err(error) => lines.send(error.to_string()).await.unwrap(),
                    }
                }
            });
            let stream = TcpStream::connect(there).await.unwrap();
            let mut lines = Framed::new(stream, LinesCodec::new());
            for line in ["one", "", "two"] {
                lines.feed(line).await.unwrap();
            }
            SinkExt::<&str>::flush(&mut lines).await.unwrap();
            for line in ["ONE", "", "TWO"] {
                assert_eq!(lines.next().await.unwrap().unwrap(), line);
            }
            lines.send("x".repeat(200)).await.unwrap();
            assert_eq!(lines.next().await.unwrap().unwrap(), "max line length exceeded");
            drop(lines);
            server.await.unwrap();
        });
    });
}

#[test]
fn frames_are_framed_over_a_stream_in_memory() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (near, far) = duplex(16);
            let mut near = Framed::new(TokioIo::new(near), LengthDelimitedCodec::new());
            let mut far = Framed::new(TokioIo::new(far), LengthDelimitedCodec::new());
            let sends = rt_facade::spawn(async move {
                for n in 0..100 {
                    near.send(Bytes::from(vec![7; n])).await.unwrap();
                }
                SinkExt::<Bytes>::close(&mut near).await.unwrap();
            });
            for n in 0..100 {
                assert_eq!(far.next().await.unwrap().unwrap(), vec![7; n]);
            }
            assert!(far.next().await.is_none());
            sends.await.unwrap();
        });
    });
}
