//! What you learn: QUIC, by an unmodified `quinn` on the runtime. A server that sends back what each stream brings, and a
//! client with several streams at once on one connection.
//!
//! ```sh
//! cargo run --example quic
//! ```
//!
//! The server's certificate is made on the spot, and the client trusts it alone.
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;

use quinn::rustls::RootCertStore;
use quinn::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use quinn::{ClientConfig, Connection, Endpoint, EndpointConfig, ServerConfig};
use rt_facade::quinn::QuinnRuntime;
use rt_facade::task::JoinHandle;
use rt_facade::time::{Duration, timeout};

type BoxError = Box<dyn Error + Send + Sync>;

/// All of this takes a fraction of it.
const LIMIT: Duration = Duration::from_secs(20);

#[rt_facade::main]
async fn main() -> Result<(), BoxError> {
    timeout(LIMIT, talk()).await?
}

async fn talk() -> Result<(), BoxError> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let certificate = made.cert.der().clone();
    let config = ServerConfig::with_single_cert(vec![certificate.clone()], key.into())?;
    let server = endpoint(Some(config))?;
    let addr = server.local_addr()?;
    let served = rt_facade::spawn(serve(server));

    let client = client(certificate)?;
    let connection = client.connect(addr, "localhost")?.await?;
    let streams: Vec<JoinHandle<Result<String, BoxError>>> = ["one", "two", "three"]
        .into_iter()
        .map(|said| rt_facade::spawn(echoed(connection.clone(), said)))
        .collect();
    for stream in streams {
        println!("heard {:?}", stream.await??);
    }
    connection.close(0_u32.into(), b"done");
    // Until the other side knows.
    client.wait_idle().await;
    println!("{} streams were served", served.await??);
    Ok(())
}

fn endpoint(server: Option<ServerConfig>) -> Result<Endpoint, BoxError> {
    let socket = UdpSocket::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let runtime = Arc::new(QuinnRuntime::new());
    Ok(Endpoint::new(EndpointConfig::default(), server, socket, runtime)?)
}

fn client(certificate: CertificateDer<'static>) -> Result<Endpoint, BoxError> {
    let mut trusted = RootCertStore::empty();
    trusted.add(certificate)?;
    let mut client = endpoint(None)?;
    client.set_default_client_config(ClientConfig::with_root_certificates(Arc::new(trusted))?);
    Ok(client)
}

/// Serves one connection to its end, and tells how many streams it had.
async fn serve(endpoint: Endpoint) -> Result<usize, BoxError> {
    let incoming = endpoint.accept().await.ok_or("the endpoint is closed")?;
    let connection = incoming.await?;
    let mut streams = 0;
    // Ends with an error: that of the client, which closes the connection.
    while let Ok((mut send, mut recv)) = connection.accept_bi().await {
        streams += 1;
        drop(rt_facade::spawn(async move {
            let said = recv.read_to_end(1 << 16).await?;
            send.write_all(&said).await?;
            send.finish()?;
            Ok::<_, BoxError>(())
        }));
    }
    Ok(streams)
}

/// Says something on a stream of its own, and brings what comes back.
async fn echoed(connection: Connection, said: &'static str) -> Result<String, BoxError> {
    let (mut send, mut recv) = connection.open_bi().await?;
    send.write_all(said.as_bytes()).await?;
    send.finish()?;
    Ok(String::from_utf8(recv.read_to_end(1 << 16).await?)?)
}
