//! Workloads, written once, run on this runtime and on its peers.
