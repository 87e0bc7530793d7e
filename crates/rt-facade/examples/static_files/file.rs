//! From a path to a reply. Each call of `fs` goes to the blocking pool and back.

use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{self, State};
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, LAST_MODIFIED, LOCATION,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};
use bytes::{Bytes, BytesMut};
use futures_util::stream::try_unfold;
use rt_facade::fs::{self, File};
use rt_facade::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};

use crate::headers::{Version, Wanted};

/// What goes to the socket at once.
const PIECE_BYTES: usize = 64 * 1024;
/// What may be read before the client takes it.
const AHEAD_BYTES: usize = 256 * 1024;

/// Replies to GET and HEAD; axum refuses other methods, and leaves the body of a reply to HEAD away.
pub(crate) async fn reply(
    State(folder): State<Arc<Path>>,
    path: Option<extract::Path<String>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let path = path.as_ref().map_or("", |extract::Path(path)| path.as_str());
    match find(&folder, path).await {
        Ok(Found::File(path)) => match send(&path, &method, &headers).await {
            Ok(reply) => reply,
            Err(error) => refusal(&error),
        },
        // Links in a page that lies in a folder are relative to its path, which ends in a slash.
        Ok(Found::Folder) => {
            let name = uri.path().rsplit('/').next().unwrap_or_default();
            let mut reply = empty(StatusCode::PERMANENT_REDIRECT);
            let location = HeaderValue::from_str(&format!("./{name}/"));
            reply.headers_mut().insert(LOCATION, location.expect("a part of a path"));
            reply
        }
        Err(error) => refusal(&error),
    }
}

enum Found {
    File(PathBuf),
    /// A folder, asked for as if it were a file.
    Folder,
}

/// Finds what `path` means: a file in `folder`, or in a folder in it, however links lead there.
async fn find(folder: &Path, path: &str) -> io::Result<Found> {
    // Not "..", and neither a root nor a drive, which `join` would begin anew with.
    let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    if !inside {
        return Err(ErrorKind::NotFound.into());
    }
    let mut found = fs::canonicalize(folder.join(path)).await?;
    let mut metadata = fs::metadata(&found).await?;
    if metadata.is_dir() {
        if !path.is_empty() && !path.ends_with('/') {
            return Ok(Found::Folder);
        }
        found = fs::canonicalize(found.join("index.html")).await?;
        metadata = fs::metadata(&found).await?;
    }
    // To open a pipe would wait for who writes to it.
    match metadata.is_file() && found.starts_with(folder) {
        true => Ok(Found::File(found)),
        false => Err(ErrorKind::NotFound.into()),
    }
}

/// Sends what is wanted of the file.
async fn send(path: &Path, method: &Method, headers: &HeaderMap) -> io::Result<Response<Body>> {
    let mut file = File::open(path).await?;
    // Of what was opened: by now another file may have that name.
    let metadata = file.metadata().await?;
    let len = metadata.len();
    let version = Version::of(&metadata);

    let (status, range) = match version.wanted(method, headers, len) {
        Wanted::Nothing => (StatusCode::NOT_MODIFIED, None),
        Wanted::Whole => (StatusCode::OK, Some(0..len)),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, Some(range)),
        Wanted::Beyond => (StatusCode::RANGE_NOT_SATISFIABLE, None),
    };
    let mut reply = empty(status);
    let head = reply.headers_mut();
    head.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    head.insert(ETAG, version.tag);
    if let Some(modified) = version.modified {
        head.insert(LAST_MODIFIED, modified);
    }
    if status == StatusCode::RANGE_NOT_SATISFIABLE {
        head.insert(CONTENT_RANGE, text(format!("bytes */{len}")));
    }
    let Some(range) = range else { return Ok(reply) };
    if status == StatusCode::PARTIAL_CONTENT {
        let (first, last) = (range.start, range.end - 1);
        head.insert(CONTENT_RANGE, text(format!("bytes {first}-{last}/{len}")));
    }
    let bytes = range.end - range.start;
    head.insert(CONTENT_LENGTH, bytes.into());
    head.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    head.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if method == Method::GET {
        if range.start > 0 {
            file.seek(SeekFrom::Start(range.start)).await?;
        }
        file.set_max_buf_size(AHEAD_BYTES);
        *reply.body_mut() = Body::from_stream(try_unfold((file, bytes), next_piece));
    }
    Ok(reply)
}

/// The next piece of those `left`. It is asked for when the socket has taken those before; dropped with the
/// connection, it closes the file.
async fn next_piece((mut file, left): (File, u64)) -> io::Result<Option<(Bytes, (File, u64))>> {
    if left == 0 {
        return Ok(None);
    }
    let room = left.min(PIECE_BYTES as u64);
    let mut piece = BytesMut::with_capacity(room as usize);
    let read = (&mut file).take(room).read_buf(&mut piece).await?;
    if read == 0 {
        // The length is promised: to end the connection is the only way to tell.
        return Err(io::Error::new(ErrorKind::UnexpectedEof, "the file has become shorter"));
    }
    Ok(Some((piece.freeze(), (file, left - read as u64))))
}

/// What the file system says is not for everybody.
fn refusal(error: &io::Error) -> Response<Body> {
    empty(match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => StatusCode::NOT_FOUND,
        // No name of a file: too long, or with a zero in it.
        ErrorKind::InvalidInput | ErrorKind::InvalidFilename => StatusCode::NOT_FOUND,
        ErrorKind::PermissionDenied => StatusCode::FORBIDDEN,
        _ => {
            eprintln!("{error}");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    })
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut reply = Response::new(Body::empty());
    *reply.status_mut() = status;
    reply
}

fn text(text: String) -> HeaderValue {
    HeaderValue::from_str(&text).expect("numbers and signs")
}

fn content_type(path: &Path) -> &'static str {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "css" => "text/css; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "gif" => "image/gif",
        "htm" | "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "jpeg" | "jpg" => "image/jpeg",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "md" => "text/markdown; charset=utf-8",
        "mp4" => "video/mp4",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "xml" => "application/xml",
        _ => "application/octet-stream",
    }
}
