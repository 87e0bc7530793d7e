//! Promises of `#[test]` and `#[main]`. The tests here are such themselves.

use std::cell::Cell;
use std::fmt::Debug;
use std::num::ParseIntError;
use std::rc::Rc;

use rt_facade::runtime::{Handle, RuntimeFlavor};
use rt_facade::time::{Duration, Instant, sleep};

fn flavor() -> (RuntimeFlavor, usize) {
    let handle = Handle::current();
    (handle.runtime_flavor(), handle.metrics().workers)
}

#[rt_facade::test]
async fn a_test_is_on_one_thread_unless_told() {
    assert_eq!(flavor(), (RuntimeFlavor::CurrentThread, 1));
    rt_facade::spawn(sleep(Duration::from_millis(1))).await.unwrap();
}

#[rt_facade::test(flavor = "current_thread")]
async fn a_test_is_on_one_thread_when_told() {
    assert_eq!(flavor(), (RuntimeFlavor::CurrentThread, 1));
}

#[rt_facade::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_test_has_the_workers_that_it_asks_for() {
    assert_eq!(flavor(), (RuntimeFlavor::MultiThread, 3));
}

#[rt_facade::test(worker_threads = 1_usize, flavor = "multi_thread", start_paused = false)]
async fn options_come_in_any_order() {
    assert_eq!(flavor(), (RuntimeFlavor::MultiThread, 1));
}

#[rt_facade::test(start_paused = true)]
async fn a_paused_clock_jumps() {
    let start = Instant::now();
    sleep(Duration::from_secs(3600)).await;
    let passed = start.elapsed();
    assert!((3600..3601).contains(&passed.as_secs()), "{passed:?}");
}

#[rt_facade::test(start_paused = true)]
async fn a_paused_clock_stands_still_by_itself() {
    let start = Instant::now();
    rt_facade::task::yield_now().await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    rt_facade::time::resume();
}

#[rt_facade::test]
async fn a_test_may_fail_by_its_result() -> Result<(), ParseIntError> {
    let n: u32 = "42".parse()?;
    if n == 42 {
        return Ok(());
    }
    "never".parse::<u32>().map(drop)
}

#[rt_facade::test]
async fn what_errors_convert_to_is_known_from_the_signature()
-> Result<(), Box<dyn std::error::Error>> {
    if "1".parse::<u8>()? == 2 {
        return Err("no".into());
    }
    let convert = |text: &str| -> Result<u8, _> { text.parse() };
    assert_eq!(convert("1")?, 1);
    Ok(())
}

#[rt_facade::test]
async fn a_test_may_return_a_type_without_a_name() -> impl std::process::Termination {
    rt_facade::task::yield_now().await;
}

#[rt_facade::test]
#[should_panic(expected = "as it should")]
async fn attributes_below_stay() {
    rt_facade::task::yield_now().await;
    panic!("as it should");
}

#[should_panic(expected = "as it should")]
#[rt_facade::test]
async fn attributes_above_stay() {
    panic!("as it should");
}

#[rt_facade::test]
#[ignore = "shows that the attribute stays"]
async fn an_ignored_test_does_not_run() {
    panic!("it is ignored");
}

#[rt_facade::test]
#[should_panic(expected = "as told")]
async fn a_test_that_fails_by_its_result_fails() {
    fn check(result: Result<(), String>) {
        result.expect("as told");
    }
    check(Err("it".to_owned()));
}

#[rt_facade::test(flavor = "local")]
async fn a_local_test_spawns_what_stays_on_its_thread() {
    let shared = Rc::new(Cell::new(1));
    let task = rt_facade::task::spawn_local({
        let shared = shared.clone();
        async move {
            rt_facade::task::yield_now().await;
            shared.set(shared.get() + 1);
        }
    });
    task.await.unwrap();
    assert_eq!(shared.get(), 2);
}

#[rt_facade::test(flavor = "local", start_paused = true)]
async fn a_local_test_may_pause_the_clock() {
    let start = Instant::now();
    sleep(Duration::from_secs(60)).await;
    assert!(start.elapsed() >= Duration::from_secs(60));
}

#[rt_facade::test(unhandled_panic = "shutdown_runtime")]
#[should_panic(expected = "nobody waits for this")]
async fn a_panic_in_a_task_ends_a_test_that_asks_for_it() {
    drop(rt_facade::spawn(async { panic!("nobody waits for this") }));
    std::future::pending::<()>().await;
}

#[rt_facade::test(flavor = "multi_thread", unhandled_panic = "ignore", name = "ignores")]
async fn a_panic_in_a_task_is_its_handles_unless_told() {
    assert!(
        rt_facade::spawn(async { panic!("somebody waits for this") }).await.unwrap_err().is_panic()
    );
    assert_eq!(Handle::current().name(), Some("ignores"));
}

// A path of one's own: whatever it is called.
use rt_facade as aliased;
mod inner {
    pub(super) use rt_facade as deep;
}

#[aliased::test]
async fn the_crate_is_found_where_the_attribute_was() {
    rt_facade::task::yield_now().await;
}

#[self::inner::deep::test(start_paused = true)]
async fn the_crate_is_found_by_a_long_path() {
    sleep(Duration::from_secs(60)).await;
}

#[rt_facade::test(crate = "aliased")]
async fn the_crate_is_found_where_told() {}

#[rt_facade::test(crate = "self::inner::deep", name = "named")]
async fn the_crate_is_found_where_told_by_a_long_path() {}

macro_rules! tests_of {
    ($($name:ident => $n:literal)*) => {$(
        #[rt_facade::test(flavor = "multi_thread", worker_threads = $n)]
        async fn $name() {
            assert_eq!(flavor(), (RuntimeFlavor::MultiThread, $n));
        }
    )*};
}
tests_of! { made_by_a_macro => 1 made_by_a_macro_too => 2 }

#[rt_facade::main]
async fn with_defaults() -> (RuntimeFlavor, usize) {
    flavor()
}

#[rt_facade::main(flavor = "current_thread")]
async fn with_arguments<'a, T, F: Fn(&T) -> bool, const N: usize>(
    mut all: [T; N],
    keep: F,
    text: &'a str,
) -> (Vec<T>, &'a str)
where
    T: Debug,
{
    rt_facade::task::yield_now().await;
    all.reverse();
    (all.into_iter().filter(|one| keep(one)).collect(), text)
}

struct Counter(u32);

impl Counter {
    #[rt_facade::main(flavor = "current_thread")]
    pub(crate) async fn add(&mut self, n: u32) -> &u32 {
        rt_facade::task::yield_now().await;
        self.0 += n;
        &self.0
    }
}

/// Documented, and not to be missed.
#[must_use]
#[rt_facade::main(worker_threads = 2)]
async unsafe fn with_words_before() -> usize {
    flavor().1
}

#[test]
fn main_makes_any_function_synchronous() {
    let processors = std::thread::available_parallelism().unwrap().get();
    assert_eq!(with_defaults(), (RuntimeFlavor::MultiThread, processors));
    assert_eq!(with_arguments([1, 2, 3], |n| *n != 2, "a"), (vec![3, 1], "a"));
    assert_eq!(*Counter(1).add(2), 3);
    // SAFETY: the function asks for nothing.
    assert_eq!(unsafe { with_words_before() }, 2);
}

#[test]
fn main_inside_a_runtime_says_what_to_do() {
    let said = crate::support::panic_message(|| {
        rt_facade::runtime::Runtime::new().unwrap().block_on(async { with_defaults() })
    });
    assert!(said.contains("Await the future instead"), "{said}");
}
