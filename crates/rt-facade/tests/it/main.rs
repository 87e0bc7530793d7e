//! The promises, at the facade: one module each, run for every flavour.

mod abort;
mod blocking;
mod entering;
mod fairness;
mod net;
mod panics;
mod shutdown;
mod support;
mod time;
mod waiting;
