//! What you learn: TCP. A server with a task per connection, and a client.
//!
//! ```sh
//! cargo run --example echo                                       # talks to itself, and ends
//! cargo run --example echo -- --serve 127.0.0.1:7000             # until it is killed
//! cargo run --example echo -- --serve 127.0.0.1:7000 --for 60    # for a minute
//! ```
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use std::error::Error;
use std::io;
use std::net::SocketAddr;

use rt_facade::net::{TcpListener, TcpStream};
use rt_facade::runtime::Runtime;
use rt_facade::time::{Duration, timeout};

/// A client that says nothing for so long is let go.
const SILENCE_MAX: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (addr, span) = match args[..] {
        [] => ("127.0.0.1:0", None),
        ["--serve", addr] => (addr, Some(Duration::MAX)),
        ["--serve", addr, "--for", seconds] => {
            (addr, Some(Duration::try_from_secs_f64(seconds.parse()?)?))
        }
        _ => return Err("usage: echo [--serve ADDRESS [--for SECONDS]]".into()),
    };
    Runtime::new()?.block_on(async {
        let listener = TcpListener::bind(addr.parse::<SocketAddr>()?).await?;
        let addr = listener.local_addr()?;
        println!("listening on {addr}");
        match span {
            // Too late is in time: the server has no other end.
            Some(span) => drop(timeout(span, serve(listener)).await),
            None => {
                let server = rt_facade::spawn(serve(listener));
                timeout(Duration::from_secs(10), talk(addr)).await??;
                server.abort();
            }
        }
        Ok(())
    })
}

async fn serve(listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => drop(rt_facade::spawn(async move {
                match echo(stream).await {
                    Ok(bytes) => println!("{peer}: {bytes} bytes"),
                    Err(error) => println!("{peer}: {error}"),
                }
            })),
            Err(error) => eprintln!("accept: {error}"),
        }
    }
}

/// Sends back what comes, until the client has said all, and tells how much that was.
async fn echo(mut stream: TcpStream) -> io::Result<usize> {
    let (mut buf, mut bytes) = ([0; 4096], 0);
    loop {
        let read = timeout(SILENCE_MAX, stream.read(&mut buf)).await??;
        if read == 0 {
            return Ok(bytes);
        }
        stream.write_all(&buf[..read]).await?;
        bytes += read;
    }
}

/// A client: what it says comes back.
async fn talk(addr: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(addr).await?;
    for said in ["Is anybody there?", "I said: is anybody there?", "Never mind."] {
        stream.write_all(said.as_bytes()).await?;
        let mut heard = vec![0; said.len()];
        stream.read_exact(&mut heard).await?;
        println!("said {said:?}, heard {:?}", String::from_utf8_lossy(&heard));
        if heard != said.as_bytes() {
            return Err(io::Error::other("that is not what was said"));
        }
    }
    stream.shutdown().await?;
    // The other side has heard all, and says no more.
    match stream.read(&mut [0; 1]).await? {
        0 => Ok(()),
        _ => Err(io::Error::other("more came back than was said")),
    }
}
