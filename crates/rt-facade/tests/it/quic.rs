//! Promises of `quinn::QuinnRuntime`.

use std::future::poll_fn;
use std::net::UdpSocket;
use std::sync::Arc;

use quinn::rustls::RootCertStore;
use quinn::rustls::pki_types::PrivatePkcs8KeyDer;
use quinn::{ClientConfig, ConnectionError, Endpoint, EndpointConfig, Runtime as _, ServerConfig};
use rt_facade::quinn::QuinnRuntime;
use rt_facade::time::{Duration, Instant, timeout};

use crate::support::{LIMIT, for_each_flavor, for_each_flavor_paused, panic_message};

/// A server, and a client that trusts it.
fn pair() -> (Endpoint, Endpoint) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let certificate = made.cert.der().clone();
    let server = ServerConfig::with_single_cert(vec![certificate.clone()], key.into()).unwrap();
    let mut trusted = RootCertStore::empty();
    trusted.add(certificate).unwrap();
    let mut client = endpoint(None);
    let config = ClientConfig::with_root_certificates(Arc::new(trusted)).unwrap();
    client.set_default_client_config(config);
    (endpoint(Some(server)), client)
}

fn endpoint(server: Option<ServerConfig>) -> Endpoint {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let runtime = Arc::new(QuinnRuntime::new());
    Endpoint::new(EndpointConfig::default(), server, socket, runtime).unwrap()
}

#[test]
fn much_goes_there_and_back() {
    const BYTES: usize = 1 << 20;
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (server, client) = pair();
            let addr = server.local_addr().unwrap();
            let echo = rt_facade::spawn(async move {
                let connection = server.accept().await.unwrap().await.unwrap();
                let (mut send, mut recv) = connection.accept_bi().await.unwrap();
                let mut buf = vec![0; 1 << 16];
                while let Some(read) = recv.read(&mut buf).await.unwrap() {
                    send.write_all(&buf[..read]).await.unwrap();
                }
                send.finish().unwrap();
                connection.closed().await
            });
            let connection = client.connect(addr, "localhost").unwrap().await.unwrap();
            let (mut send, mut recv) = connection.open_bi().await.unwrap();
            let said: Vec<u8> = (0..BYTES).map(|n| (n % 251) as u8).collect();
            let talk = async {
                rt_facade::join!(
                    async {
                        send.write_all(&said).await.unwrap();
                        send.finish().unwrap();
                    },
                    async { recv.read_to_end(BYTES).await.unwrap() },
                )
            };
            let ((), heard) = timeout(LIMIT, talk).await.unwrap();
            assert!(heard == said, "{} bytes came back", heard.len());
            connection.close(0_u32.into(), b"");
            let ended = timeout(LIMIT, echo).await.unwrap().unwrap();
            assert!(matches!(ended, ConnectionError::ApplicationClosed(_)), "{ended}");
        });
    });
}

#[test]
fn its_timers_are_the_runtimes() {
    for_each_flavor_paused(|runtime| {
        runtime.block_on(async {
            let (_, client) = pair();
            // Bound, and nobody answers.
            let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
            let start = Instant::now();
            let addr = silent.local_addr().unwrap();
            let refused = client.connect(addr, "localhost").unwrap().await.unwrap_err();
            assert_eq!(refused, ConnectionError::TimedOut);
            assert!(start.elapsed() >= Duration::from_secs(10), "{:?}", start.elapsed());
        });
    });
}

#[test]
fn a_socket_tells_when_it_can_be_written_as_often_as_it_is_asked() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            let socket = QuinnRuntime::new().wrap_udp_socket(socket).unwrap();
            let (mut one, mut other) =
                (socket.clone().create_io_poller(), socket.create_io_poller());
            for _ in 0..3 {
                poll_fn(|cx| one.as_mut().poll_writable(cx)).await.unwrap();
                poll_fn(|cx| other.as_mut().poll_writable(cx)).await.unwrap();
            }
        });
    });
}

#[test]
fn outside_a_runtime_it_says_what_is_missing() {
    let quic = QuinnRuntime::new();
    let refused = quic.wrap_udp_socket(UdpSocket::bind("127.0.0.1:0").unwrap()).unwrap_err();
    assert!(refused.to_string().contains("needs a runtime"), "{refused}");
    let said = panic_message(|| quic.spawn(Box::pin(async {})));
    assert!(said.contains("needs a runtime"), "{said}");
}
