//! A folder over HTTP: `hyper-util`'s client, on the runtime.

mod conditions;
mod downloads;
mod folder;
mod paths;
mod ranges;
mod types;
