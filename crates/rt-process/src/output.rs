//! All that a child writes, and how it ended.

use std::future::{Future, poll_fn};
use std::io;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::process::Output;
use std::task::{Context, Poll};

use rt_io::{AsyncRead, AsyncReadExt};
use rt_task::wait::{Wait, WaitKind, poll_at};

use crate::Child;

/// Waits for `child` and reads its pipes, all at once: it may wait for either to be read.
pub(crate) async fn collect(
    mut child: Child,
    site: &'static Location<'static>,
) -> io::Result<Output> {
    drop(child.stdin.take());
    let mut stdout = pin!(read_all(child.stdout.take()));
    let mut stderr = pin!(read_all(child.stderr.take()));
    let (mut status, mut out, mut err) = (None, None, None);
    poll_fn(|cx| {
        once(&mut status, || child.poll_wait(cx, site))?;
        once(&mut out, || poll_read(cx, site, stdout.as_mut()))?;
        once(&mut err, || poll_read(cx, site, stderr.as_mut()))?;
        match (status, out.is_some() && err.is_some()) {
            (Some(status), true) => {
                let (stdout, stderr) =
                    (out.take().unwrap_or_default(), err.take().unwrap_or_default());
                Poll::Ready(Ok(Output { status, stdout, stderr }))
            }
            _ => Poll::Pending,
        }
    })
    .await
}

/// Polls what is not over.
fn once<T>(result: &mut Option<T>, poll: impl FnOnce() -> Poll<io::Result<T>>) -> io::Result<()> {
    if result.is_none()
        && let Poll::Ready(ready) = poll()
    {
        *result = Some(ready?);
    }
    Ok(())
}

/// Polls one of the two that read: who waits does so where the output was asked for.
fn poll_read<F: Future>(
    cx: &mut Context<'_>,
    site: &'static Location<'static>,
    read: Pin<&mut F>,
) -> Poll<F::Output> {
    let wait = || Wait { kind: WaitKind::Readable, object: 0, site };
    poll_at(cx, wait, |cx| read.poll(cx))
}

async fn read_all<R: AsyncRead + Unpin>(pipe: Option<R>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}
