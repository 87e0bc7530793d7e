//! What must not compile.
//!
//! A sender of what lives for ever is not one of what lives shortly: the receiver keeps it.
//! ```compile_fail,E0597
//! use rt_sync::mpsc::{UnboundedSender, unbounded_channel};
//!
//! fn send_shortly<'a>(sender: &UnboundedSender<&'a str>, text: &'a str) {
//!     sender.send(text).unwrap();
//! }
//! let (sender, _receiver) = unbounded_channel::<&'static str>();
//! let text = String::from("gone soon");
//! send_shortly(&sender, &text);
//! ```
//!
//! What may not leave its thread does not leave it through a channel.
//! ```compile_fail,E0277
//! fn crosses<T: Send>(_: T) {}
//! crosses(rt_sync::mpsc::unbounded_channel::<std::rc::Rc<()>>().0);
//! ```
