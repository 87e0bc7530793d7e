//! The executor of the futures crates: tasks on one thread, and nothing beside them.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Future, pending};
use std::time::Duration;

use futures_executor::{LocalPool, LocalSpawner};
use futures_util::future::RemoteHandle;
use futures_util::task::LocalSpawnExt;

use super::detach::{Detach, Join};
use super::missing::Missing;
use super::{Flavor, Need, Promise, Subject, need};
use crate::gate::SelfWake;

thread_local! {
    /// Of the pool that runs on this thread: its tasks find it without being told.
    static SPAWNER: RefCell<Option<LocalSpawner>> = const { RefCell::new(None) };
}

/// `LocalPool` of futures-executor: neither timer nor sockets nor a pool for what blocks; its
/// spawner is found by a thread-local.
#[derive(Debug)]
pub struct Futures(LocalPool);

impl Subject for Futures {
    const NAME: &'static str = "futures-executor";
    const PACKAGE: &'static str = "futures-executor";
    const FLAVOR: Flavor = Flavor::Current;
    const ABOUT: &'static str = "`LocalPool` of futures-executor: neither timer nor sockets nor a \
                                 pool for what blocks; its spawner is found by a thread-local";
    const WITHHOLDS: &'static [Promise] = &[Promise::Send];

    type JoinError = Infallible;
    type Stream = Missing<Self>;
    type Listener = Missing<Self>;
    type Datagrams = Missing<Self>;

    fn lacks(need: Need) -> Option<&'static str> {
        match need {
            Need::Sleep => Some("futures-executor has no timer"),
            Need::Tcp | Need::Udp => Some("futures-executor has no sockets"),
            Need::Blocking => Some("futures-executor has no pool for what blocks"),
            Need::Yield => None,
        }
    }

    fn new(_workers: usize) -> Self {
        Self(LocalPool::new())
    }

    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        SPAWNER.set(Some(self.0.spawner()));
        self.0.run_until(future)
    }

    fn spawn<F>(future: F) -> impl Future<Output = Result<F::Output, Infallible>> + Send
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let handle = SPAWNER.with_borrow(|spawner| {
            let spawner = spawner.as_ref().expect("the root future runs");
            spawner.spawn_local_with_handle(future).expect("the pool is there")
        });
        let join = Join::new(handle);
        async { Ok(join.await) }
    }

    fn spawn_blocking<F, T>(_work: F) -> impl Future<Output = Result<T, Infallible>> + Send
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        need::<Self>(Need::Blocking);
        pending()
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        // It has none of its own.
        SelfWake::by_ref(1)
    }

    fn sleep(_duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        need::<Self>(Need::Sleep);
        pending()
    }
}

impl<T: 'static> Detach for RemoteHandle<T> {
    fn detach(self) {
        self.forget();
    }
}
