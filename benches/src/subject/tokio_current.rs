//! tokio's scheduler for one thread.

use hyper_util::rt::TokioIo;

use super::shape;

shape::subject! {
    /// tokio's scheduler for one thread.
    TokioCurrent, "tokio-current", "tokio", Current, tokio,
    _ => tokio::runtime::Builder::new_current_thread()
}

shape::sockets!(tokio, hyper: TokioIo::new);
