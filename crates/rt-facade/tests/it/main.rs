//! The promises, at the facade: one module each, run for every flavour.

mod abort;
mod bad_ends;
mod blocking;
#[cfg(target_os = "linux")]
mod child;
mod dump;
mod entering;
mod fairness;
#[cfg(target_os = "linux")]
mod forking;
mod fs;
mod hooks;
mod http_serve;
mod in_place;
mod io_codec;
#[cfg(target_os = "linux")]
mod io_stdio;
mod io_streams;
mod join_set;
mod late;
mod local;
mod macros_entry;
mod macros_join;
mod macros_select;
mod metrics;
mod nested;
mod net;
mod net_missing;
#[cfg(unix)]
mod net_pipe;
mod net_split;
mod net_tcp;
mod net_tcp_socket;
mod net_types;
mod net_udp;
#[cfg(unix)]
mod net_unix;
#[cfg(unix)]
mod net_unix_datagram;
mod options;
mod panics;
#[cfg(target_os = "linux")]
mod process;
mod queues;
mod quic;
mod refused;
mod runtime_life;
mod shutdown;
#[cfg(target_os = "linux")]
mod signal;
mod slower;
mod storms;
mod stress;
mod stuck;
mod support;
mod sync_channels;
mod sync_locks;
mod sync_mpsc;
mod sync_waits;
mod task_hooks;
mod task_ids;
mod task_locals;
mod time;
mod unhandled;
mod waiting;
