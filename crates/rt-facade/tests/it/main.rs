//! The promises, at the facade: one module each, run for every flavour.

mod abort;
mod blocking;
mod entering;
mod fairness;
mod hooks;
mod in_place;
mod net;
mod panics;
mod shutdown;
mod stuck;
mod support;
mod time;
mod waiting;
