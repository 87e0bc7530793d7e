//! HTTP by way of `hyper`, the same for every runtime: it reads and writes what
//! [`Stream::hyper`](crate::subject::Stream::hyper) makes of a connection, and spawns by
//! [`Subject::spawn`].

use std::convert::Infallible;
use std::io;
use std::marker::PhantomData;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response};

use super::BODY;
use crate::subject::{Stream, Subject};

pub(super) async fn version_1<S: Subject>(stream: S::Stream) -> io::Result<()> {
    let stream = stream.hyper().await?;
    let served = http1::Builder::new().serve_connection(stream, service_fn(answer)).await;
    served.map_err(io::Error::other)
}

pub(super) async fn version_2<S: Subject>(stream: S::Stream) -> io::Result<()> {
    let stream = stream.hyper().await?;
    let builder = http2::Builder::new(Spawner::<S>(PhantomData));
    let served = builder.serve_connection(stream, service_fn(answer)).await;
    served.map_err(io::Error::other)
}

async fn answer(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::new(Bytes::from_static(BODY))))
}

/// Spawns on the runtime that is entered.
struct Spawner<S>(PhantomData<fn() -> S>);

impl<S> Clone for Spawner<S> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

impl<S, F> Executor<F> for Spawner<S>
where
    S: Subject,
    F: Future<Output: Send + 'static> + Send + 'static,
{
    fn execute(&self, future: F) {
        drop(S::spawn(future));
    }
}
