//! What a service does: each request has a limit and asks another task over a channel, and one
//! of a hundred needs a thread that may block.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_channel::{mpsc, oneshot};

use super::http::Conversation;
use crate::op::work;
use crate::subject::Subject;

/// More than any request takes.
const LIMIT: Duration = Duration::from_secs(10);

/// One of so many requests blocks.
const BLOCKS: u64 = 100;

/// Some fifty microseconds.
const BLOCKED: u64 = 7_500;

/// A question, and where its answer goes.
type Question = (u64, oneshot::Sender<u64>);

/// The task that is asked: one for all connections, as a cache or a pool of connections would be.
#[derive(Clone)]
pub(super) struct Backend(mpsc::UnboundedSender<Question>);

impl Backend {
    pub(super) fn start<S: Subject>() -> Self {
        let (sender, mut questions) = mpsc::unbounded::<Question>();
        drop(S::spawn(async move {
            while let Ok((question, answer)) = questions.recv().await {
                // Whoever asked may have been given up.
                answer.send(question + 1).ok();
            }
        }));
        Self(sender)
    }

    async fn ask(&self, question: u64) -> io::Result<()> {
        let gone = || io::Error::other("the backend is gone");
        let (answer, answered) = oneshot::channel();
        self.0.unbounded_send((question, answer)).map_err(|_| gone())?;
        match answered.await.map_err(|_| gone())? {
            answer if answer == question + 1 => Ok(()),
            _ => Err(io::Error::other("the answer to another question")),
        }
    }
}

pub(super) async fn converse<S: Subject>(stream: S::Stream, backend: Backend) -> io::Result<()> {
    let mut conversation = Conversation::<S>::new(stream);
    let mut requests = 0;
    while conversation.request().await? {
        requests += 1;
        within::<S>(work_for::<S>(requests, &backend)).await?;
        conversation.answer().await?;
    }
    Ok(())
}

async fn work_for<S: Subject>(request: u64, backend: &Backend) -> io::Result<()> {
    backend.ask(request).await?;
    if request.is_multiple_of(BLOCKS) {
        let blocked = S::spawn_blocking(|| work(BLOCKED)).await;
        blocked.map_err(|error| io::Error::other(format!("{error:?}")))?;
    }
    Ok(())
}

/// The work, or the error that it took too long.
async fn within<S: Subject>(work: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    let mut work = pin!(work);
    let mut limit = pin!(S::sleep(LIMIT));
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Pending => limit.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into())),
        done => done,
    })
    .await
}
