//! The reactor of the `rt` runtime: from readiness to wakers, on `mio`.

mod cell;
mod driver;
mod future;
mod handle;
mod interest;
mod list;
mod ready;
mod registration;
pub mod selector;
mod slot;
mod slots;
#[cfg(unix)]
pub mod unix;
mod word;

pub use driver::Driver;
pub use future::{AsyncIo, ReadyFuture};
pub use handle::{Handle, Metrics};
pub use interest::Interest;
pub use ready::{Direction, Ready, ReadyEvent};
pub use registration::Registration;
pub use selector::{MioSelector, Selector};
