//! A folder that is served, and who asks for its files.

use std::fs;
use std::path::{Path, PathBuf};

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use rt_facade::hyper::{HttpConnector, HyperExecutor};
use rustix::process::Signal;

use crate::server::Server;

/// A folder of its own for each test, and the server of it.
pub(crate) struct Site {
    pub(crate) folder: PathBuf,
    pub(crate) server: Server,
}

impl Site {
    /// An empty folder, served.
    pub(crate) fn new(name: &str) -> Self {
        Self::with_grace(name, "20")
    }

    pub(crate) fn with_grace(name: &str, seconds: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("static_files").join(name);
        _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder can be made");
        let path = folder.to_str().expect("text");
        let server = Server::start("static_files", &["--folder", path, "--grace", seconds]);
        Self { folder, server }
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.folder.join(name);
        fs::create_dir_all(path.parent().expect("the folder")).expect("a folder can be made");
        fs::write(path, bytes).expect("a file can be written");
    }

    /// One who asks, with connections of its own.
    pub(crate) fn visitor(&self) -> Visitor {
        let client = Client::builder(HyperExecutor::new()).build(HttpConnector::new());
        Visitor { client, site: format!("http://{}", self.server.addr) }
    }

    /// Interrupts the server, and asserts that it ends well.
    pub(crate) async fn end(self) {
        self.server.signal(Signal::INT);
        self.server.ended("every download has ended\n").await;
        _ = fs::remove_dir_all(self.folder);
    }
}

pub(crate) struct Visitor {
    client: Client<HttpConnector, Empty<Bytes>>,
    site: String,
}

/// A reply, read to its end.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Visitor {
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask(Method::GET, path, &[]).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(HeaderName, &str)]) -> Reply {
        self.ask(Method::GET, path, headers).await
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, &str)],
    ) -> Reply {
        let (head, body) = self.begin(method, path, headers).await.into_parts();
        let body = body.collect().await.expect("the body comes whole").to_bytes();
        Reply { status: head.status, headers: head.headers, body }
    }

    /// A reply whose body is not read yet.
    pub(crate) async fn begin(
        &self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, &str)],
    ) -> Response<Incoming> {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.site));
        let mut request = request.body(Empty::new()).expect("a legal request");
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).expect("a legal value");
            request.headers_mut().append(name, value);
        }
        self.client.request(request).await.expect("the server answers")
    }
}

impl Reply {
    /// The header, empty if it is not there.
    pub(crate) fn header(&self, name: HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

/// Bytes that are not the same anywhere near.
pub(crate) fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n.wrapping_mul(2_654_435_761) >> 11) as u8).collect()
}
