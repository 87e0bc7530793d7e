//! What the tests share: a scheduler whose workers are driven by hand, on one thread.

use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use rt_task::JoinHandle;
use rt_task::base::clock::Monotonic;
use rt_task::base::context::{self, Ctx, Env};
use rt_task::base::driver::Stack;
use rt_task::base::park::RoamingPark;
use rt_task::base::seam::NoTimers;

use crate::core::{Core, Step};
use crate::crew::Seat;
use crate::queue::Standard;
use crate::shared::Shared;
use crate::{Builder, Pool, Spawner};

pub(crate) type Plain = Stack<RoamingPark, NoTimers, Monotonic>;

pub(crate) fn driver() -> Plain {
    Stack::new(RoamingPark::new(), NoTimers, Monotonic::new())
}

/// A scheduler of `workers`, started.
pub(crate) fn started(workers: usize) -> Pool<Plain> {
    let mut pool = Builder::new(workers).build(driver());
    pool.start(Env::new()).unwrap();
    pool
}

/// A scheduler without threads: this one is at home where it likes.
pub(crate) struct Rig<'a> {
    pub(crate) shared: &'a Shared<Plain, Standard>,
    pub(crate) spawner: Spawner<Plain>,
    ctx: &'a Ctx,
    seat: Arc<Seat>,
}

/// Runs `test` on one; what it leaves is dropped.
pub(crate) fn rig(builder: Builder, seed: u64, test: impl FnOnce(&Rig<'_>)) {
    let pool = builder.build(driver());
    let spawner = pool.spawner().clone();
    context::drive(Env::new(), |ctx| {
        context::seed(ctx, seed);
        let rig =
            Rig { shared: &spawner.shared, spawner: spawner.clone(), ctx, seat: Seat::here() };
        test(&rig);
        rig.leave();
    })
    .unwrap();
    drop(pool);
}

impl Rig<'_> {
    /// Comes home at `worker`.
    pub(crate) fn at(&self, worker: usize) -> Core<'_, Plain, Standard> {
        // SAFETY: the one thread that there is; it uses no other worker's core from here on.
        unsafe { self.ctx.move_home(self.shared.address(), worker as u16) };
        Core::new(self.shared, self.ctx, &self.seat, worker)
    }

    /// The same, after its first look at the shared queue, which comes early.
    pub(crate) fn at_length_at(&self, worker: usize) -> Core<'_, Plain, Standard> {
        let mut core = self.at(worker);
        (0..2).for_each(|_| drop(self.spawner.spawn(async {})));
        run(&mut core);
        core
    }

    /// Is at home nowhere.
    pub(crate) fn leave(&self) {
        // SAFETY: at home nowhere.
        unsafe { self.ctx.move_home(ptr::null(), 0) };
    }
}

/// Steps until there is nothing to do.
pub(crate) fn run(core: &mut Core<'_, Plain, Standard>) {
    loop {
        match core.step() {
            Step::Ran(_) | Step::Turned => {}
            Step::Idle => return,
            other => panic!("{other:?}"),
        }
    }
}

/// Numbers, in the order in which they were told.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<usize>>>);

impl Log {
    pub(crate) fn tell(&self, n: usize) {
        self.0.lock().unwrap().push(n);
    }

    pub(crate) fn take(&self) -> Vec<usize> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// Spawns a task that tells `n`.
    pub(crate) fn spawn(&self, spawner: &Spawner<Plain>, n: usize) -> JoinHandle<()> {
        let log = self.clone();
        spawner.spawn(async move { log.tell(n) })
    }
}

/// What one task waits for, and another gives.
#[derive(Clone, Default)]
pub(crate) struct Bell(Arc<Mutex<(bool, Option<Waker>)>>);

impl Bell {
    pub(crate) fn ring(&self) {
        let waker = {
            let mut state = self.0.lock().unwrap();
            state.0 = true;
            state.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Future for Bell {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock().unwrap();
        if state.0 {
            return Poll::Ready(());
        }
        state.1 = Some(cx.waker().clone());
        Poll::Pending
    }
}
