//! When to end: the signals by which a person, and a service manager, say so.

use std::io;

use rt_facade::sync::CancellationToken;

/// Cancelled on ctrl-c and SIGTERM. From here on neither ends the process by itself.
#[cfg(unix)]
pub(crate) fn shutdown() -> io::Result<CancellationToken> {
    use rt_facade::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let shutdown = CancellationToken::new();
    let signalled = shutdown.clone().drop_guard();
    rt_facade::spawn(async move {
        rt_facade::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        drop(signalled);
    });
    Ok(shutdown)
}

/// Cancelled on ctrl-c.
#[cfg(not(unix))]
pub(crate) fn shutdown() -> io::Result<CancellationToken> {
    let shutdown = CancellationToken::new();
    let signalled = shutdown.clone();
    rt_facade::spawn(async move {
        match rt_facade::signal::ctrl_c().await {
            Ok(()) => signalled.cancel(),
            Err(error) => eprintln!("ctrl-c ends the server the hard way: {error}"),
        }
    });
    Ok(shutdown)
}
