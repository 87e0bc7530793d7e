//! What the tests share.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::Duration;

use rt_facade::runtime::{Builder, Runtime};
use rt_facade::task::yield_now;
use rt_facade::testing::{Report, Round, trial};
use rt_task::base::clock::Monotonic;
use rt_task::base::seam::Clock;

/// No trial takes so long, on a busy machine and under a sanitizer, too: past it, it hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs `test`, cancelled at every await, in every manner of polling, on one thread and on two workers. The
/// future in it awaits so often at least, or the test would not show anything.
#[track_caller]
pub(crate) fn cancelled<T: AsyncFn(Round)>(awaits: usize, test: T) {
    on_one_thread(awaits, &test);
    let mut workers = Builder::new_multi_thread();
    run(&workers.worker_threads(2).enable_all().build().unwrap(), awaits, &test);
}

/// The same on one thread, for futures that are none of the runtime's: or it has nothing to do with them.
#[track_caller]
pub(crate) fn on_one_thread<T: AsyncFn(Round)>(awaits: usize, test: T) -> Report {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    run(&runtime, awaits, test)
}

/// The same on one thread, with a clock that jumps.
#[track_caller]
pub(crate) fn paused<T: AsyncFn(Round)>(awaits: usize, test: T) -> Report {
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build().unwrap();
    run(&runtime, awaits, test)
}

#[track_caller]
fn run<T: AsyncFn(Round)>(runtime: &Runtime, awaits: usize, test: T) -> Report {
    let _entered = runtime.enter();
    let trial = trial().cancel_at_every_await(test);
    let report = runtime.block_on(limited(trial));
    assert!(report.awaits().len() >= awaits, "it awaits less than {awaits} times: {report}");
    report
}

/// By a clock of its own: a paused one would jump to the end of the limit.
async fn limited<T>(trial: impl Future<Output = T>) -> T {
    let (clock, mut trial) = (Monotonic::new(), pin!(trial));
    poll_fn(|cx| {
        let passed = Duration::from_nanos(clock.now().0);
        assert!(passed < LIMIT, "it takes too long");
        trial.as_mut().poll(cx)
    })
    .await
}

/// Lets everything else that can run go first, so many times.
pub(crate) async fn turns(turns: usize) {
    for _ in 0..turns {
        yield_now().await;
    }
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
