//! tokio's scheduler for one thread.

use super::shape;

shape::subject! {
    /// tokio's scheduler for one thread.
    TokioCurrent, "tokio-current", "tokio", Current, tokio,
    _ => tokio::runtime::Builder::new_current_thread()
}

shape::sockets!(tokio);
