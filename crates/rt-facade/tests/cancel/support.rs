//! What the tests share.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{LazyLock, mpsc};
use std::task::Poll;
use std::time::Duration;

use rt_facade::runtime::{Builder, Runtime};
use rt_facade::task::{JoinHandle, spawn_blocking, yield_now};
use rt_facade::testing::{Cancelled, Report, Round, trial};
use rt_facade::time::sleep;
use rt_task::base::clock::Monotonic;
use rt_task::base::seam::Clock;

/// No trial takes so long, on a busy machine and under a sanitizer, too: past it, it hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs `test`, cancelled at every await, in every manner of polling, on one thread and on two workers. On one
/// thread the future in it awaits so often at least, or the test would not show anything.
#[track_caller]
pub(crate) fn cancelled<T: AsyncFn(Round)>(awaits: usize, test: T) {
    on_one_thread(awaits, &test);
    let mut workers = Builder::new_multi_thread();
    let workers = workers.worker_threads(2).max_blocking_threads(1);
    run(&workers.enable_all().build().unwrap(), test);
}

/// The same on one thread, for futures that are none of the runtime's: or it has nothing to do with them.
#[track_caller]
pub(crate) fn on_one_thread<T: AsyncFn(Round)>(awaits: usize, test: T) {
    let mut builder = Builder::new_current_thread();
    let builder = builder.max_blocking_threads(1).enable_all();
    let report = run(&builder.build().unwrap(), test);
    assert!(report.awaits().len() >= awaits, "it awaits less than {awaits} times: {report}");
}

/// The same on one thread, with a clock that jumps.
#[track_caller]
pub(crate) fn paused<T: AsyncFn(Round)>(awaits: usize, test: T) {
    let mut builder = Builder::new_current_thread();
    let report = run(&builder.enable_all().start_paused(true).build().unwrap(), test);
    assert!(report.awaits().len() >= awaits, "it awaits less than {awaits} times: {report}");
}

#[track_caller]
fn run<T: AsyncFn(Round)>(runtime: &Runtime, test: T) -> Report {
    let _entered = runtime.enter();
    let trial = trial().cancel_at_every_await(test);
    // Dropped before its end, the trial tells how far it came.
    runtime.block_on(limited(trial)).expect("it takes too long")
}

/// By a clock of its own: a paused one would jump to the end of the limit. And called by a runtime of its own:
/// where a wake is lost, nothing else calls.
async fn limited<T>(trial: impl Future<Output = T>) -> Option<T> {
    static WATCH: LazyLock<Runtime> = LazyLock::new(|| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).enable_time().build().expect("a runtime can be built")
    });
    let (clock, mut trial, mut watch) = (Monotonic::new(), pin!(trial), None::<JoinHandle<()>>);
    let ended = poll_fn(|cx| {
        watch.get_or_insert_with(|| {
            let waker = cx.waker().clone();
            WATCH.spawn(async move {
                sleep(LIMIT).await;
                waker.wake();
            })
        });
        match trial.as_mut().poll(cx) {
            Poll::Pending if Duration::from_nanos(clock.now().0) > LIMIT => Poll::Ready(None),
            polled => polled.map(Some),
        }
    });
    let ended = ended.await;
    watch.inspect(|watch| watch.abort());
    ended
}

/// Lets everything else that can run go first, so many times.
pub(crate) async fn turns(turns: usize) {
    for _ in 0..turns {
        yield_now().await;
    }
}

/// Runs `future`, which needs the pool for blocking closures, while that has its one thread busy: it has to wait,
/// whoever is faster.
pub(crate) async fn busy<F: Future>(round: &Round, future: F) -> Result<F::Output, Cancelled> {
    let (lets_go, held) = mpsc::channel::<()>();
    let busy = spawn_blocking(move || held.recv().is_err());
    let ends = async {
        turns(3).await;
        drop(lets_go);
    };
    let (ran, ()) = rt_facade::join!(round.run(future), ends);
    assert!(busy.await.unwrap());
    ran
}

/// Waits until nothing keeps a waker of what the round ran: it is in no list any more.
pub(crate) async fn forgotten(round: &Round) {
    while round.wakers() > 0 {
        yield_now().await;
    }
}

/// `first` waits, then `second` behind it, then `give` lets one in, and later `give_again` the other. What the
/// first got is given back, and the second gets its turn in any case.
pub(crate) async fn handed_on<A, B>(
    round: &Round,
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
    give: impl FnOnce(),
) {
    let first = async {
        drop(round.run(first).await);
        forgotten(round).await;
    };
    let second = async {
        turns(2).await;
        drop(second.await);
    };
    let give = async {
        turns(5).await;
        give();
    };
    rt_facade::join!(first, second, give);
}
