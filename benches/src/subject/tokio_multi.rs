//! tokio's scheduler for many threads.

use super::shape;

shape::subject! {
    /// tokio's scheduler for many threads.
    TokioMulti, "tokio-multi", "tokio", Multi, tokio,
    workers => tokio::runtime::Builder::new_multi_thread().worker_threads(workers)
}
