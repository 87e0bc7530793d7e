//! What you learn: both directions of a stream. A TCP proxy that hands on what it hears, both ways, until
//! both sides have said all.
//!
//! ```sh
//! cargo run --example proxy                                                       # talks to itself, and ends
//! cargo run --example proxy -- --listen 127.0.0.1:7000 --to 127.0.0.1:80          # until it is killed
//! cargo run --example proxy -- --listen 127.0.0.1:7000 --to 127.0.0.1:80 --for 60 # for a minute
//! ```
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use std::error::Error;
use std::io;
use std::net::SocketAddr;

use rt_facade::io::{AsyncBufReadExt, AsyncWriteExt, BufStream, copy_bidirectional, split};
use rt_facade::net::{TcpListener, TcpStream};
use rt_facade::runtime::Runtime;
use rt_facade::time::{Duration, timeout};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (listen, to, span) = match args[..] {
        [] => return Runtime::new()?.block_on(talk_to_itself()),
        ["--listen", listen, "--to", to] => (listen, to, Duration::MAX),
        ["--listen", listen, "--to", to, "--for", seconds] => {
            (listen, to, Duration::try_from_secs_f64(seconds.parse()?)?)
        }
        _ => return Err("usage: proxy [--listen ADDRESS --to ADDRESS [--for SECONDS]]".into()),
    };
    let to: SocketAddr = to.parse()?;
    Runtime::new()?.block_on(async {
        let listener = TcpListener::bind(listen).await?;
        println!("from {} to {to}", listener.local_addr()?);
        drop(timeout(span, serve(listener, to)).await); // too late is in time
        Ok(())
    })
}

/// A task per connection.
async fn serve(listener: TcpListener, to: SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => drop(rt_facade::spawn(async move {
                match hand_on(stream, to).await {
                    Ok((there, back)) => println!("{peer}: {there} bytes there, {back} back"),
                    Err(error) => println!("{peer}: {error}"),
                }
            })),
            Err(error) => eprintln!("accept: {error}"),
        }
    }
}

/// When one side has said all, the other is told so, and may go on.
async fn hand_on(mut client: TcpStream, to: SocketAddr) -> io::Result<(u64, u64)> {
    let mut server = TcpStream::connect(to).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    copy_bidirectional(&mut client, &mut server).await
}

async fn talk_to_itself() -> Result<(), Box<dyn Error>> {
    let server = TcpListener::bind("127.0.0.1:0").await?;
    let to = server.local_addr()?;
    rt_facade::spawn(async move {
        while let Ok((stream, _)) = server.accept().await {
            // Sends back what comes. Any stream can be split; a socket of this runtime could do it for less.
            let (mut reader, mut writer) = split(stream);
            rt_facade::spawn(async move {
                rt_facade::io::copy(&mut reader, &mut writer).await?;
                writer.shutdown().await
            });
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let proxy = listener.local_addr()?;
    println!("from {proxy} to {to}");
    let client = rt_facade::spawn(talk(proxy));
    let (stream, peer) = listener.accept().await?;
    let (there, back) = timeout(Duration::from_secs(10), hand_on(stream, to)).await??;
    client.await??;
    println!("{peer}: {there} bytes there, {back} back");
    Ok(())
}

/// A client: what it says comes back, line by line.
async fn talk(addr: SocketAddr) -> io::Result<()> {
    let mut stream = BufStream::new(TcpStream::connect(addr).await?);
    stream.write_all(b"through the middle").await?;
    stream.shutdown().await?;
    let heard = stream.lines().next_line().await?.unwrap_or_default();
    println!("heard {heard:?} back");
    match heard == "through the middle" {
        true => Ok(()),
        false => Err(io::Error::other("that is not what was said")),
    }
}
