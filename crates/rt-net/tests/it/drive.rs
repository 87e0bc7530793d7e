//! Runs futures with a reactor and nothing else: one of them as the main one, any number as
//! tasks in a queue. Turns the reactor whenever nothing can run.

use rt_net::{TcpListener, TcpStream};
use rt_reactor::Driver;
use rt_task::base::context::{self, Env};
use rt_task::base::driver::{Reactor, WakeBatch};
use rt_task::base::seam::{Blocking, Rejected, Unpark};
use rt_task::{AbortHandle, Job, JoinHandle, Runnable, Schedule, Why};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Longer than anything here takes, on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs `future` with a reactor and a place for look-ups.
#[track_caller]
pub(crate) fn drive<F: Future>(future: F) -> F::Output {
    drive_with(|env| env, future)
}

/// The same, with more in the environment.
#[track_caller]
pub(crate) fn drive_with<F: Future>(more: impl FnOnce(Env) -> Env, future: F) -> F::Output {
    let mut driver = Driver::new().expect("a reactor");
    let env = Env::new().with_io(driver.handle()).with_blocking(Arc::new(Here));
    let _guard = context::enter(more(env));
    drive_on(&mut driver, future)
}

/// Runs `future`, turning `driver`.
#[track_caller]
pub(crate) fn drive_on<F: Future>(driver: &mut Driver, future: F) -> F::Output {
    let bell = Arc::new(Bell { rung: AtomicBool::new(true), unpark: driver.unparker() });
    let waker = Waker::from(bell.clone());
    let mut future = pin!(future);
    loop {
        if bell.rung.swap(false, SeqCst) {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            continue;
        }
        wait(driver);
    }
}

/// One turn of `driver`, until something happens.
#[track_caller]
fn wait(driver: &mut Driver) {
    let events = driver.handle().metrics().ready_count;
    let polled = driver.poll(Some(PATIENCE), &mut WakeBatch::new()).expect("a turn");
    let happened = polled.unparked || driver.handle().metrics().ready_count != events;
    assert!(happened, "nothing happened for {PATIENCE:?}");
}

/// One turn of `driver`, without waiting.
pub(crate) fn turn(driver: &mut Driver) {
    driver.poll(Some(Duration::ZERO), &mut WakeBatch::new()).expect("a turn");
}

struct Bell<U> {
    rung: AtomicBool,
    unpark: U,
}

impl<U: Unpark> Wake for Bell<U> {
    fn wake(self: Arc<Self>) {
        self.rung.store(true, SeqCst);
        self.unpark.unpark();
    }
}

/// Runs look-ups on the spot.
#[derive(Debug)]
pub(crate) struct Here;

impl Blocking for Here {
    fn execute(&self, job: Job) -> Result<(), Rejected> {
        job.run();
        Ok(())
    }
}

/// Tasks, run when told to. Those that are not over when it is dropped are cancelled: a task that
/// waits is kept by the socket that it keeps.
#[derive(Default)]
pub(crate) struct Tasks {
    queue: Queue,
    spawned: Mutex<Vec<AbortHandle>>,
}

#[derive(Clone, Default)]
struct Queue(Arc<Mutex<VecDeque<Runnable<Queue>>>>);

impl Schedule for Queue {
    fn schedule(&self, runnable: Runnable<Self>, _why: Why) {
        self.0.lock().unwrap().push_back(runnable);
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        for task in self.spawned.lock().unwrap().drain(..) {
            task.abort();
        }
        while self.run() > 0 {}
    }
}

impl Tasks {
    #[track_caller]
    pub(crate) fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let (runnable, handle) = rt_task::spawn(future, self.queue.clone());
        self.spawned.lock().unwrap().push(handle.abort_handle());
        self.queue.schedule(runnable, Why::Wake);
        handle
    }

    /// Runs every task that is scheduled now, once. Tells how many.
    pub(crate) fn run(&self) -> usize {
        let runnables = std::mem::take(&mut *self.queue.0.lock().unwrap());
        let count = runnables.len();
        for runnable in runnables {
            if let rt_task::Ran::Yielded(again) = runnable.run() {
                self.queue.schedule(again, Why::Wake);
            }
        }
        count
    }

    /// Runs tasks and turns `driver` until `done`.
    #[track_caller]
    pub(crate) fn run_until(&self, driver: &mut Driver, done: impl Fn() -> bool) {
        while !done() {
            if self.run() == 0 {
                wait(driver);
            }
        }
    }
}

/// A connection, both of its sides here.
pub(crate) async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (far, peer) = listener.accept().await.unwrap();
    assert_eq!(peer, near.local_addr().unwrap());
    (near, far)
}

/// Polls `future` once.
pub(crate) async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::future::poll_fn(|cx| Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx))).await
}
