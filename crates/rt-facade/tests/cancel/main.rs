//! Every future of the runtime: cancelled at each of its awaits, polled too often, polled with another waker each
//! time. Nothing is lost beyond what its documentation says, nothing is left behind, and who comes next goes on.
//!
//! Each test says which futures it covers, in a line `// Covers CRATE::ROOM::NAME, …`: what `tidy` compares with
//! the futures that there are. The room is the first part of the path below the crate's `src`.

mod fs;
mod io;
mod net;
#[cfg(unix)]
mod net_unix;
#[cfg(target_os = "linux")]
mod process;
#[cfg(unix)]
mod signal;
mod support;
mod sync_cells;
mod sync_channels;
mod sync_locks;
mod sync_mpsc;
mod sync_waits;
mod tasks;
mod time;
