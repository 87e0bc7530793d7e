//! Datagrams back to where they came from: one socket, one task, however many ask.

use std::io;
use std::net::SocketAddr;

use crate::subject::{Datagrams, Subject};

pub(super) async fn serve<S: Subject>(
    listening: impl FnOnce(SocketAddr) + Send + 'static,
) -> io::Result<()> {
    let echo = S::spawn(async move {
        let socket = S::Datagrams::bind().await?;
        listening(socket.address()?);
        let mut buffer = [0; 2048];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await?;
            socket.send_to(&buffer[..length], from).await?;
        }
    });
    echo.await.map_err(|error| io::Error::other(format!("{error:?}")))?
}
