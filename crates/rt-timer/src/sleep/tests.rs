//! Sleeping, waking, resetting, dropping: on a clock that stands still.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::Wake;

use rt_task::base::context;
use rt_task::{Ran, Runnable, Schedule, Why};

use super::*;
use crate::moment::TICK;
use crate::support::{Count, Rig, ms, panic_of, poll, poll_with};
use crate::{sleep, sleep_until};

#[test]
fn a_sleep_of_whole_ticks_takes_exactly_that_long() {
    let mut rig = Rig::paused();
    for n in [1, 2, 10, 63, 64, 65, 4095, 4096, 100_000] {
        let start = rig.now();
        rig.block_on(async { sleep(ms(n)).await });
        assert_eq!(rig.now() - start, ms(n));
    }
}

#[test]
fn a_deadline_between_ticks_rounds_up() {
    let mut rig = Rig::paused();
    let start = rig.now();
    let deadline = start + ms(1) + Duration::from_nanos(1);
    rig.block_on(async { sleep_until(deadline).await });
    assert_eq!(rig.now() - start, ms(1) + TICK);
}

#[test]
fn a_sleep_on_the_running_clock_is_never_early() {
    let mut rig = Rig::running();
    for micros in [0, 1, 999, 1000, 1001, 2500] {
        let start = rig.now();
        let span = Duration::from_micros(micros);
        rig.block_on(async { sleep(span).await });
        assert!(rig.now() - start >= span);
    }
}

#[test]
fn what_has_passed_is_ready_at_the_first_poll() {
    let rig = Rig::paused();
    let _entered = context::enter(rig.env());
    let now = rig.now();
    for mut sleep in [
        Box::pin(sleep(Duration::ZERO)),
        Box::pin(sleep_until(now)),
        Box::pin(sleep_until(now - Duration::from_nanos(1))),
        Box::pin(Sleep::new(&rig.handle, now)),
    ] {
        assert!(!sleep.is_elapsed(), "nobody has polled it");
        assert!(poll(sleep.as_mut()).is_ready());
        assert!(sleep.is_elapsed());
        assert!(poll(sleep.as_mut()).is_ready(), "and it stays so");
    }
    assert_eq!(rig.handle.armed(), 0);
}

#[test]
fn the_deadline_is_told_as_it_was_given() {
    let mut rig = Rig::paused();
    let now = rig.now();
    for deadline in [
        now + Duration::from_nanos(1),
        now + Duration::from_nanos(1_234_567),
        now + Duration::from_secs(400 * 365 * 86_400),
        now - Duration::from_nanos(1_234_567),
    ] {
        let mut sleep = Box::pin(Sleep::new(&rig.handle, deadline));
        assert_eq!(sleep.deadline(), deadline);
        let _ = poll(sleep.as_mut());
        assert_eq!(sleep.deadline(), deadline, "also while it is armed");
        sleep.as_mut().reset(deadline + ms(1));
        assert_eq!(sleep.deadline(), deadline + ms(1));
    }
    let mut sleep = Box::pin(rig.handle.sleep(ms(5)));
    let deadline = sleep.deadline();
    assert!(poll(sleep.as_mut()).is_pending());
    rig.skip(ms(5));
    assert_eq!(sleep.deadline(), deadline, "also once it has fired");
    drop(rig.end());
    assert_eq!(sleep.deadline(), deadline, "also when the driver is gone");
}

#[test]
fn equal_deadlines_fire_first_in_first_out() {
    struct Note(usize, Arc<Mutex<Vec<usize>>>);
    impl Wake for Note {
        fn wake(self: Arc<Self>) {
            self.1.lock().unwrap().push(self.0);
        }
    }
    let mut rig = Rig::paused();
    let order = Arc::<Mutex<Vec<usize>>>::default();
    // More than a batch of wakers, and armed at different distances from the deadline.
    let mut sleeps = Vec::new();
    let deadline = rig.now() + ms(130);
    for n in 0..100 {
        let mut sleep = Box::pin(Sleep::new(&rig.handle, deadline));
        let waker = Arc::new(Note(n, order.clone())).into();
        assert!(poll_with(sleep.as_mut(), &waker).is_pending());
        sleeps.push(sleep);
        rig.skip(ms(1));
    }
    rig.skip(ms(100));
    assert_eq!(*order.lock().unwrap(), (0..100).collect::<Vec<_>>());
}

#[test]
fn a_reset_moves_the_deadline_both_ways() {
    let mut rig = Rig::paused();
    let start = rig.now();
    let (woken, waker) = Count::new();
    let mut sleep = Box::pin(Sleep::new(&rig.handle, start + ms(100)));
    assert!(poll_with(sleep.as_mut(), &waker).is_pending());

    sleep.as_mut().reset(start + ms(200));
    rig.skip(ms(150));
    assert!(!sleep.is_elapsed() && woken.woken() == 0);
    sleep.as_mut().reset(start + ms(160));
    rig.skip(ms(10));
    assert!(sleep.is_elapsed() && woken.woken() == 1);

    // After it has fired: armed again by the next poll.
    sleep.as_mut().reset(start + ms(170));
    assert!(!sleep.is_elapsed());
    assert!(poll_with(sleep.as_mut(), &waker).is_pending());
    // To now, or into the past: fires at once, and the task is told.
    for (told, passed) in [(2, ms(160)), (3, ms(50))] {
        sleep.as_mut().reset(start + ms(170));
        assert!(poll_with(sleep.as_mut(), &waker).is_pending());
        sleep.as_mut().reset(start + passed);
        assert!(sleep.is_elapsed() && woken.woken() == told);
        assert!(poll(sleep.as_mut()).is_ready());
    }
    assert_eq!(rig.handle.armed(), 0);
}

#[test]
fn a_timer_that_is_pushed_back_fires_once_and_on_time() {
    let mut rig = Rig::paused();
    let start = rig.now();
    let (woken, waker) = Count::new();
    let mut sleep = Box::pin(rig.handle.sleep(ms(30)));
    assert!(poll_with(sleep.as_mut(), &waker).is_pending());
    for _ in 0..100 {
        rig.skip(ms(10));
        sleep.as_mut().reset(rig.now() + ms(30));
    }
    rig.skip(ms(29));
    assert_eq!(woken.woken(), 0);
    rig.skip(ms(1));
    assert_eq!((woken.woken(), rig.now() - start), (1, ms(1030)));
}

#[test]
fn years_are_slept_on_a_paused_clock() {
    let mut rig = Rig::paused();
    let year = Duration::from_secs(365 * 86_400);
    for span in [year, 5 * year, 10 * year] {
        let start = rig.now();
        rig.block_on(async { sleep(span).await });
        assert_eq!(rig.now() - start, span);
    }
    let start = rig.now();
    rig.block_on(async { sleep(Duration::MAX).await });
    assert_eq!(rig.now() - start, FAR, "as long as any");
}

#[test]
fn a_clock_at_its_end_still_sleeps() {
    let mut rig = Rig::paused();
    rig.skip(Duration::MAX);
    let mut sleep = Box::pin(rig.handle.sleep(ms(1)));
    let _ = poll(sleep.as_mut());
    assert!(sleep.is_elapsed() || rig.handle.armed() == 1);
}

#[test]
fn a_dropped_sleep_wakes_nobody_and_is_not_waited_for() {
    let mut rig = Rig::paused();
    let (woken, waker) = Count::new();
    let mut sleep = Box::pin(rig.handle.sleep(ms(10)));
    assert!(poll_with(sleep.as_mut(), &waker).is_pending());
    drop(sleep);
    let start = rig.now();
    rig.block_on(async { crate::sleep(ms(50)).await });
    assert_eq!((woken.woken(), rig.now() - start), (0, ms(50)));
    assert_eq!(Arc::strong_count(&woken), 2, "and its waker is dropped");
    drop(waker);
    assert_eq!(Arc::strong_count(&woken), 1);
}

#[test]
fn the_last_waker_is_woken() {
    let mut rig = Rig::paused();
    let (first, first_waker) = Count::new();
    let (second, second_waker) = Count::new();
    let mut sleep = Box::pin(rig.handle.sleep(ms(10)));
    for waker in [&first_waker, &first_waker, &second_waker] {
        assert!(poll_with(sleep.as_mut(), waker).is_pending());
    }
    rig.skip(ms(10));
    assert_eq!((first.woken(), second.woken()), (0, 1));
}

#[test]
fn arming_at_home_calls_nobody_and_abroad_once_per_wait() {
    let mut rig = Rig::paused();
    let armed = |sleep: &mut Pin<Box<Sleep>>| assert!(poll(sleep.as_mut()).is_pending());
    let [mut a, mut b, mut c, mut d] = [40, 30, 20, 10].map(|n| Box::pin(rig.handle.sleep(ms(n))));
    let called = rig.called.clone();
    let calls = || called.load(std::sync::atomic::Ordering::Relaxed);
    // The driver is about to wait for nothing but a call.
    rig.turn(rt_task::base::driver::Until::Now);
    rig.block_on(async {
        armed(&mut a);
        armed(&mut b);
    });
    rig.turn(rt_task::base::driver::Until::Now);
    assert_eq!(calls(), 0, "the thread that turns the driver looks for itself");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            armed(&mut c);
            armed(&mut d);
        });
    });
    assert_eq!(calls(), 1, "the second finds it called");
    let mut late = [10, 90].map(|n| Box::pin(rig.handle.sleep(ms(n))));
    rig.turn(rt_task::base::driver::Until::Now);
    std::thread::scope(|scope| {
        scope.spawn(|| late.iter_mut().for_each(armed));
    });
    assert_eq!(calls(), 1, "none that is not earlier is worth a call");
}

#[test]
fn a_timer_armed_abroad_ends_a_longer_wait() {
    let mut rig = Rig::running();
    let handle = rig.handle.clone();
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let (woken, waker) = Count::new();
            let mut sleep = Box::pin(handle.sleep(ms(2)));
            assert!(poll_with(sleep.as_mut(), &waker).is_pending());
            send.send((sleep, woken)).unwrap();
        });
        // One long turn after the other; without a call the first would last an hour.
        let mut hour = Box::pin(rig.handle.sleep(Duration::from_secs(3600)));
        assert!(poll(hour.as_mut()).is_pending());
        let (sleep, woken) = loop {
            rig.turn(rt_task::base::driver::Until::Event);
            if let Ok(sent) = receive.try_recv() {
                break sent;
            }
        };
        while !sleep.is_elapsed() {
            rig.turn(rt_task::base::driver::Until::Event);
        }
        assert_eq!(woken.woken(), 1);
    });
}

#[test]
fn a_sleep_may_be_dropped_on_any_thread() {
    let rig = Rig::paused();
    let mut sleeps: Vec<_> = (0..200).map(|n| Box::pin(rig.handle.sleep(ms(n % 7 + 1)))).collect();
    for sleep in &mut sleeps {
        assert!(poll(sleep.as_mut()).is_pending());
    }
    std::thread::scope(|scope| {
        while !sleeps.is_empty() {
            let some = sleeps.split_off(sleeps.len().saturating_sub(20));
            scope.spawn(move || drop(some));
        }
        let mut rig = rig;
        for _ in 0..10 {
            rig.skip(ms(1));
        }
        assert_eq!(rig.handle.armed(), 0);
    });
}

#[test]
fn a_waker_may_drop_the_other_sleeps() {
    struct Dropper(Mutex<Vec<Pin<Box<Sleep>>>>);
    impl Wake for Dropper {
        fn wake(self: Arc<Self>) {
            self.0.lock().unwrap().clear();
        }
    }
    let mut rig = Rig::paused();
    let dropper = Arc::new(Dropper(Mutex::default()));
    let waker = dropper.clone().into();
    for n in 0..100 {
        let mut sleep = Box::pin(rig.handle.sleep(ms(10 + n / 50)));
        assert!(poll_with(sleep.as_mut(), &waker).is_pending());
        dropper.0.lock().unwrap().push(sleep);
    }
    rig.skip(ms(11));
    assert!(dropper.0.lock().unwrap().is_empty());
    assert_eq!(rig.handle.armed(), 0);
}

#[test]
fn a_waker_that_is_dropped_may_drop_a_sleep() {
    struct Owner {
        _sleep: Pin<Box<Sleep>>,
    }
    impl Wake for Owner {
        fn wake(self: Arc<Self>) {}
    }
    let rig = Rig::paused();
    let mut inner = Box::pin(rig.handle.sleep(ms(10)));
    assert!(poll(inner.as_mut()).is_pending());
    let waker = Arc::new(Owner { _sleep: inner }).into();
    let mut outer = Box::pin(rig.handle.sleep(ms(10)));
    assert!(poll_with(outer.as_mut(), &waker).is_pending());
    drop(waker);
    assert_eq!(rig.handle.armed(), 2);
    drop(outer);
    assert_eq!(rig.handle.armed(), 0);
}

#[test]
fn a_waker_that_is_cloned_may_turn_the_driver() {
    let (one, other) = (in_clone::waker(8), in_clone::waker(16));
    let rig = Rig::paused();
    let mut sleep = Box::pin(rig.handle.sleep(ms(10)));
    assert!(poll_with(sleep.as_mut(), &one).is_pending());
    let rig = Rc::new(RefCell::new(rig));
    let turned = rig.clone();
    in_clone::run(move || turned.borrow_mut().skip(ms(10)));
    assert!(poll_with(sleep.as_mut(), &other).is_ready(), "it fired meanwhile");
    assert_eq!(rig.borrow().handle.armed(), 0);
}

#[test]
fn a_waker_that_is_cloned_may_end_the_driver() {
    let (one, other) = (in_clone::waker(8), in_clone::waker(16));
    let rig = Rig::paused();
    let mut sleep = Box::pin(rig.handle.sleep(ms(10)));
    assert!(poll_with(sleep.as_mut(), &one).is_pending());
    in_clone::run(move || drop(rig));
    let message = panic_of(|| poll_with(sleep.as_mut(), &other));
    assert!(message.contains("shut down"), "{message}");
}

/// Wakers that run something, once, when they are cloned next.
mod in_clone {
    use std::cell::RefCell;
    use std::task::{RawWaker, RawWakerVTable, Waker};

    type Job = Box<dyn FnOnce()>;

    std::thread_local!(static NEXT: RefCell<Option<Job>> = const { RefCell::new(None) });

    pub(super) fn run(job: impl FnOnce() + 'static) {
        NEXT.with(|next| *next.borrow_mut() = Some(Box::new(job)));
    }

    static VTABLE: RawWakerVTable = RawWakerVTable::new(
        |data| {
            if let Some(job) = NEXT.with(RefCell::take) {
                job();
            }
            RawWaker::new(data, &VTABLE)
        },
        |_| (),
        |_| (),
        |_| (),
    );

    pub(super) fn waker(data: usize) -> Waker {
        let data = std::ptr::without_provenance(data);
        // SAFETY: the functions of the table look at no data.
        unsafe { Waker::from_raw(RawWaker::new(data, &VTABLE)) }
    }
}

#[test]
fn a_waker_may_poll_the_sleep_it_wakes_for() {
    struct Again(Mutex<Option<Pin<Box<Sleep>>>>, Mutex<Option<Instant>>);
    impl Wake for Again {
        fn wake(self: Arc<Self>) {
            let mut sleep = self.0.lock().unwrap().take().unwrap();
            assert!(poll(sleep.as_mut()).is_ready());
            let next = sleep.deadline() + ms(1);
            sleep.as_mut().reset(next);
            assert!(poll(sleep.as_mut()).is_pending());
            *self.1.lock().unwrap() = Some(next);
            *self.0.lock().unwrap() = Some(sleep);
        }
    }
    let mut rig = Rig::paused();
    let again = Arc::new(Again(Mutex::default(), Mutex::default()));
    let mut sleep = Box::pin(rig.handle.sleep(ms(1)));
    assert!(poll_with(sleep.as_mut(), &again.clone().into()).is_pending());
    *again.0.lock().unwrap() = Some(sleep);
    rig.skip(ms(1));
    assert_eq!(rig.handle.armed(), 1);
    rig.skip(ms(1));
    assert_eq!(rig.handle.armed(), 0);
}

/// Shutdown.
mod the_driver_is_gone {
    use super::*;

    #[test]
    fn a_poll_says_so_and_names_the_place() {
        let rig = Rig::paused();
        let mut armed = Box::pin(rig.handle.sleep(ms(10)));
        let (line, mut idle) = (line!(), Box::pin(rig.handle.sleep(ms(10))));
        let (woken, waker) = Count::new();
        assert!(poll_with(armed.as_mut(), &waker).is_pending());
        let handle = rig.end();
        assert_eq!(woken.woken(), 1, "who waits is told, instead of waiting for ever");
        for sleep in [&mut armed, &mut idle] {
            for _ in 0..2 {
                let message = panic_of(|| poll(sleep.as_mut()));
                assert!(message.contains("shut down") && message.contains("sleep/tests.rs"));
            }
        }
        let message = panic_of(|| poll(idle.as_mut()));
        assert!(message.contains(&format!("tests.rs:{line}:")), "{message}");
        assert!(!armed.is_elapsed() && handle.armed() == 0);
        // A reset does not bring it back, and dropping it is nothing special.
        armed.as_mut().reset(handle.now());
        panic_of(|| poll(armed.as_mut()));
        panic_of(|| poll(Box::pin(handle.sleep(ms(1))).as_mut()));
    }

    #[test]
    fn what_had_fired_is_still_ready() {
        let mut rig = Rig::paused();
        let mut sleep = Box::pin(rig.handle.sleep(ms(10)));
        assert!(poll(sleep.as_mut()).is_pending());
        rig.skip(ms(10));
        let handle = rig.end();
        assert!(poll(sleep.as_mut()).is_ready());
        assert!(poll(Box::pin(handle.sleep(ms(0))).as_mut()).is_ready());
    }

    #[test]
    fn its_timers_leave_the_next_driver_alone() {
        // Each driver takes the shard of one that has ended, most likely the last one.
        let mut left = Vec::new();
        for _ in 0..50 {
            let rig = Rig::paused();
            let mut armed = Box::pin(rig.handle.sleep(ms(10)));
            assert!(poll(armed.as_mut()).is_pending());
            let idle = Box::pin(rig.handle.sleep(ms(10)));
            left.push((armed, idle, rig.end()));
        }
        let mut rig = Rig::paused();
        for (armed, idle, handle) in &mut left {
            panic_of(|| poll(armed.as_mut()));
            panic_of(|| poll(idle.as_mut()));
            idle.as_mut().reset(rig.now());
            handle.set_owner(crate::support::NOBODY, Arc::new(|| panic!("too late")));
            handle.advance(Duration::from_secs(1)).unwrap();
        }
        assert_eq!(rig.handle.armed(), 0);
        let start = rig.now();
        drop(left);
        rig.block_on(async { sleep(ms(10)).await });
        assert_eq!(rig.now() - start, ms(10));
    }
}

#[test]
fn a_panic_in_a_waker_leaves_the_timers_whole() {
    /// Panics when cloned, woken or dropped, as told.
    mod fragile {
        use std::cell::Cell;
        use std::task::{RawWaker, RawWakerVTable, Waker};

        std::thread_local!(pub(super) static AT: Cell<&'static str> = const { Cell::new("") });

        fn maybe(what: &str) {
            if AT.with(Cell::get) == what {
                AT.with(|at| at.set(""));
                panic!("a waker's {what}");
            }
        }
        static VTABLE: RawWakerVTable = RawWakerVTable::new(
            |data| {
                maybe("clone");
                RawWaker::new(data, &VTABLE)
            },
            |_| maybe("wake"),
            |_| maybe("wake"),
            |_| maybe("drop"),
        );
        pub(super) fn waker(data: usize) -> Waker {
            let data = std::ptr::without_provenance(data);
            // SAFETY: the functions of the table look at no data.
            unsafe { Waker::from_raw(RawWaker::new(data, &VTABLE)) }
        }
    }
    let at = |what| fragile::AT.with(|at| at.set(what));
    let (one, other) = (fragile::waker(8), fragile::waker(16));
    let mut rig = Rig::paused();
    let mut sleep = Box::pin(rig.handle.sleep(ms(10)));

    at("clone");
    assert_eq!(panic_of(|| poll_with(sleep.as_mut(), &one)), "a waker's clone");
    assert_eq!(rig.handle.armed(), 0);
    assert!(poll_with(sleep.as_mut(), &one).is_pending());
    at("clone");
    panic_of(|| poll_with(sleep.as_mut(), &other));
    assert_eq!(rig.handle.armed(), 1, "the first waker is kept");
    at("drop");
    panic_of(|| poll_with(sleep.as_mut(), &other));
    assert_eq!(rig.handle.armed(), 1);
    at("drop");
    panic_of(|| drop(sleep));
    assert_eq!(rig.handle.armed(), 0);

    let mut sleep = Box::pin(rig.handle.sleep(ms(10)));
    let mut next = Box::pin(rig.handle.sleep(ms(10)));
    let (woken, waker) = Count::new();
    assert!(poll_with(sleep.as_mut(), &one).is_pending());
    assert!(poll_with(next.as_mut(), &waker).is_pending());
    at("wake");
    rig.skip(ms(10)); // contained: the batch goes on
    assert!(sleep.is_elapsed() && woken.woken() == 1);

    sleep.as_mut().reset(rig.now() + ms(10));
    assert!(poll_with(sleep.as_mut(), &one).is_pending());
    at("wake");
    let past = rig.now() - ms(5);
    panic_of(|| sleep.as_mut().reset(past));
    assert!(sleep.is_elapsed());
    at("");
    rig.block_on(async { crate::sleep(ms(1)).await });
}

#[test]
fn a_panic_in_the_call_leaves_the_timer_armed() {
    let mut rig = Rig::paused();
    rig.handle.set_owner(crate::support::NOBODY, Arc::new(|| panic!("the call")));
    rig.turn(rt_task::base::driver::Until::Now); // sees that nothing is armed
    let mut sleep = Box::pin(rig.handle.sleep(ms(10)));
    assert_eq!(panic_of(|| poll(sleep.as_mut())), "the call");
    assert_eq!(rig.handle.armed(), 1);
    rig.skip(ms(10));
    assert!(sleep.is_elapsed());
}

#[test]
fn a_sleep_without_a_timer_names_the_place_and_the_fix() {
    let message = panic_of(|| sleep(ms(1)));
    assert!(message.contains("`sleep` at ") && message.contains("sleep/tests.rs"), "{message}");
    assert!(message.contains("enter"), "{message}");
    let _entered = context::enter(context::Env::new());
    let message = panic_of(|| sleep_until(Instant::now()));
    assert!(message.contains("`sleep_until`") && message.contains("enable_time"), "{message}");
}

/// Runs what it is given, once, in the test's own thread.
#[derive(Clone, Default)]
struct Queue(Arc<Mutex<Vec<Runnable<Queue>>>>);

impl Schedule for Queue {
    fn schedule(&self, runnable: Runnable<Self>, _why: Why) {
        self.0.lock().unwrap().push(runnable);
    }
}

#[test]
fn a_dump_tells_where_a_task_sleeps() {
    let rig = Rig::paused();
    let entered = context::enter(rig.env());
    let queue = Queue::default();
    let line = line!() + 1;
    let (runnable, handle) = rt_task::spawn(async { sleep(ms(10)).await }, queue.clone());
    let deadline = rig.now() + ms(10);
    assert!(matches!(runnable.run(), Ran::Pending));
    let (wait, leaves) = handle.info().wait.expect("it waits");
    assert_eq!((wait.kind, leaves), (WaitKind::Time, 1));
    assert_eq!((wait.site.file(), wait.site.line()), (file!(), line));
    let told = Instant::of_wait(&wait).expect("and until when");
    let left_out = deadline.checked_duration_since(told).expect("never later");
    let grain = if usize::BITS < 64 { ms(1) } else { Duration::ZERO };
    assert!(left_out <= grain, "{left_out:?}");
    assert_eq!(Instant::of_wait(&Wait { object: 0, ..wait }), None);
    assert_eq!(Instant::of_wait(&Wait { kind: WaitKind::Other, ..wait }), None);
    drop((entered, rig));
    // Woken by the driver's end: the task holds the queue that holds the task.
    let woken = std::mem::take(&mut *queue.0.lock().unwrap());
    assert_eq!(woken.len(), 1);
}

#[test]
fn a_sleep_takes_part_in_the_budget() {
    let rig = Rig::paused();
    let _entered = context::enter(rig.env());
    let polls = async {
        let mut ready = 0;
        std::future::poll_fn(move |cx| {
            while Pin::new(&mut Box::pin(sleep(Duration::ZERO))).poll(cx).is_ready() {
                ready += 1;
            }
            Poll::Ready(ready)
        })
        .await
    };
    let (runnable, handle) = rt_task::spawn(polls, Queue::default());
    assert!(matches!(runnable.run(), Ran::Done));
    let ready = rt_task::block_on(handle).unwrap();
    assert_eq!(ready, i32::from(rt_task::base::budget::BUDGET));
}

#[test]
fn it_is_send_and_small() {
    fn send_and_sync<T: Send + Sync>() {}
    send_and_sync::<Sleep>();
    send_and_sync::<Handle>();
    send_and_sync::<crate::Interval>();
    send_and_sync::<crate::Timeout<()>>();
    fn send<T: Send>() {}
    send::<crate::Driver>();
    let sizes = [size_of::<Sleep>(), size_of::<crate::Timeout<()>>(), size_of::<crate::Interval>()];
    if usize::BITS == 64 {
        assert_eq!(sizes, [64, 64, 48]);
    } else {
        assert!(sizes.into_iter().all(|size| size <= 64), "{sizes:?}");
    }
}
