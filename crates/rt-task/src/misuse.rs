//! What must not compile, each beside a twin that does: so that it fails for the one reason.
//!
//! # A handle gives its output to the thread that it is on
//! ```
//! fn crosses<T: Send>() {}
//! crosses::<rt_task::JoinHandle<u8>>();
//! ```
//! ```compile_fail,E0277
//! fn crosses<T: Send>() {}
//! crosses::<rt_task::JoinHandle<std::rc::Rc<u8>>>();
//! ```
//! ```compile_fail,E0277
//! fn is_shared<T: Sync>() {}
//! is_shared::<rt_task::JoinHandle<std::rc::Rc<u8>>>();
//! ```
//!
//! # A guard leaves the thread that it was made on
//! ```
//! use rt_task::base::context::{Env, enter};
//! let guard = enter(Env::new());
//! std::thread::scope(|scope| drop(scope.spawn(move || drop(0))));
//! drop(guard);
//! ```
//! ```compile_fail,E0277
//! use rt_task::base::context::{Env, enter};
//! let guard = enter(Env::new());
//! std::thread::scope(|scope| drop(scope.spawn(move || drop(guard))));
//! ```
//!
//! # A context stays inside the closure that is shown it, and on its thread
//! ```
//! let shard = rt_task::base::context::with(|ctx| ctx.shard());
//! ```
//! ```compile_fail
//! let ctx = rt_task::base::context::with(|ctx| ctx);
//! ```
//! ```compile_fail,E0277
//! rt_task::base::context::with(|ctx| {
//!     std::thread::scope(|scope| drop(scope.spawn(|| ctx.shard())));
//! });
//! ```
//!
//! # A parker waits on the thread that made it
//! ```
//! let park = rt_task::base::park::ThreadPark::new();
//! let unparker = park.unparker();
//! std::thread::scope(|scope| drop(scope.spawn(move || drop(unparker))));
//! ```
//! ```compile_fail,E0277
//! let park = rt_task::base::park::ThreadPark::new();
//! std::thread::scope(|scope| drop(scope.spawn(move || park.park())));
//! ```
//!
//! # A future that is spawned may run on any thread, as long as it likes
//! ```
//! # use rt_task::{Runnable, Schedule, Why, spawn};
//! # #[derive(Clone)] struct Nowhere;
//! # impl Schedule for Nowhere { fn schedule(&self, _: Runnable<Self>, _: Why) {} }
//! let owned = std::sync::Arc::new(7);
//! let (runnable, handle) = spawn(async move { std::future::ready(()).await; drop(owned) }, Nowhere);
//! drop((runnable, handle));
//! ```
//! ```compile_fail
//! # use rt_task::{Runnable, Schedule, Why, spawn};
//! # #[derive(Clone)] struct Nowhere;
//! # impl Schedule for Nowhere { fn schedule(&self, _: Runnable<Self>, _: Why) {} }
//! let owned = std::rc::Rc::new(7);
//! let (runnable, handle) = spawn(async move { std::future::ready(()).await; drop(owned) }, Nowhere);
//! drop((runnable, handle));
//! ```
//! ```compile_fail,E0597
//! # use rt_task::{Runnable, Schedule, Why, spawn};
//! # #[derive(Clone)] struct Nowhere;
//! # impl Schedule for Nowhere { fn schedule(&self, _: Runnable<Self>, _: Why) {} }
//! let owned = std::sync::Arc::new(7);
//! let borrowed = &owned;
//! let (runnable, handle) = spawn(async move { std::future::ready(()).await; drop(borrowed.clone()) }, Nowhere);
//! drop((runnable, handle));
//! ```
//! ```compile_fail,E0277
//! # use rt_task::{Runnable, Schedule, Why, spawn};
//! # #[derive(Clone)] struct Nowhere;
//! # impl Schedule for Nowhere { fn schedule(&self, _: Runnable<Self>, _: Why) {} }
//! let (runnable, handle) = spawn(async { std::rc::Rc::new(7) }, Nowhere);
//! drop((runnable, handle));
//! ```
//!
//! # A `Runnable` is used up by its run
//! ```compile_fail,E0382
//! # use rt_task::{Runnable, Schedule};
//! fn twice<S: Schedule>(runnable: Runnable<S>) {
//!     _ = runnable.run();
//!     _ = runnable.run();
//! }
//! ```
//!
//! # A scheduler is shared by threads
//! ```compile_fail,E0277
//! # use rt_task::{Runnable, Schedule, Why};
//! #[derive(Clone)]
//! struct Local(std::rc::Rc<()>);
//! impl Schedule for Local {
//!     fn schedule(&self, _: Runnable<Self>, _: Why) {}
//! }
//! ```
