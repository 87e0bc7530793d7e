//! What the system does to a process: calls that are interrupted or refused, time that jumps, a stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;

use rt_facade::signal::unix::{SignalKind, signal};
use rt_facade::time::{self, Duration, Instant, MissedTickBehavior, interval, sleep, timeout};

use crate::support::{flavors, for_each_flavor, for_each_flavor_paused, multi};
use crate::{child, work};

/// Signals each thread of this process every now and then, without `SA_RESTART`: whatever it waits for ends early.
struct Interrupts {
    goes_on: Arc<AtomicBool>,
    sent: Arc<AtomicUsize>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Interrupts {
    fn begin() -> Self {
        extern "C" fn nothing(_: libc::c_int) {}
        // SAFETY: all zeros are a valid `sigaction`.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as usize;
        // SAFETY: `action` is there for the time of the call, and its function may run at any time.
        assert_eq!(unsafe { libc::sigaction(libc::SIGURG, &action, std::ptr::null_mut()) }, 0);
        let (goes_on, sent) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
        let (asked, counts) = (goes_on.clone(), sent.clone());
        let storm = move || {
            let process = std::process::id();
            // SAFETY: has no arguments.
            let own = unsafe { libc::syscall(libc::SYS_gettid) };
            while asked.load(SeqCst) {
                for task in std::fs::read_dir("/proc/self/task").unwrap() {
                    let thread: libc::c_long =
                        task.unwrap().file_name().to_str().unwrap().parse().unwrap();
                    if thread != own {
                        // SAFETY: numbers; a thread that is gone is an error.
                        unsafe { libc::syscall(libc::SYS_tgkill, process, thread, libc::SIGURG) };
                        counts.fetch_add(1, SeqCst);
                    }
                }
                pause(Duration::from_micros(100));
            }
        };
        let thread = Some(thread::Builder::new().spawn(storm).unwrap());
        Self { goes_on, sent, thread }
    }

    /// How many there were.
    fn end(mut self) -> usize {
        self.goes_on.store(false, SeqCst);
        self.thread.take().unwrap().join().unwrap();
        self.sent.load(SeqCst)
    }
}

/// The pace of a storm, not a wait for something.
fn pause(span: Duration) {
    thread::park_timeout(span);
}

fn interrupted_work(rounds: usize) {
    for build in flavors() {
        let interrupts = Interrupts::begin();
        let runtime = build().enable_all().build().unwrap();
        runtime.block_on(work::all(rounds));
        drop(runtime);
        assert!(interrupts.end() > 100);
    }
}

#[test]
fn interrupted_waits_are_nobodys_error() {
    if !child::is_here() {
        return child::run("system::interrupted_waits_are_nobodys_error", &[]);
    }
    interrupted_work(10);
}

#[test]
#[ignore = "slow: `cargo xtask verify faults`"]
fn interrupted_waits_are_nobodys_error_for_long() {
    if !child::is_here() {
        return child::run("system::interrupted_waits_are_nobodys_error_for_long", &[]);
    }
    interrupted_work(300);
}

/// Runs this test by `strace`, which makes some of the calls fail.
fn injected(name: &str, calls: &str, fault: &str) {
    let trace = format!("trace={calls}");
    let inject = format!("inject={calls}:{fault}");
    child::run(
        &format!("system::{name}"),
        &["strace", "-f", "-q", "-o", "/dev/null", "-e", &trace, "-e", &inject],
    );
}

#[test]
#[ignore = "slow: `cargo xtask verify faults`"]
fn waits_in_the_kernel_that_end_early_are_begun_again() {
    if !child::is_here() {
        let name = "waits_in_the_kernel_that_end_early_are_begun_again";
        return injected(name, "epoll_wait,epoll_pwait", "error=EINTR:when=2+2");
    }
    for build in flavors() {
        build().enable_all().build().unwrap().block_on(work::all(20));
    }
}

#[test]
#[ignore = "slow: `cargo xtask verify faults`"]
fn calls_that_are_interrupted_are_made_again() {
    if !child::is_here() {
        let name = "calls_that_are_interrupted_are_made_again";
        return injected(name, "recvfrom,sendto,accept4,readv,writev", "error=EINTR:when=1+2");
    }
    for build in flavors() {
        build().enable_all().build().unwrap().block_on(work::all(10));
    }
}

#[test]
#[ignore = "slow: `cargo xtask verify faults`"]
fn a_system_without_files_left_is_told_once_and_clients_are_served_in_the_end() {
    if !child::is_here() {
        let name = "a_system_without_files_left_is_told_once_and_clients_are_served_in_the_end";
        return injected(name, "accept4", "error=ENFILE:when=2..6");
    }
    for build in flavors().into_iter().take(1) {
        build().enable_all().build().unwrap().block_on(async {
            let listener = rt_facade::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let clients: Vec<_> =
                (0..8).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
            let (mut served, mut told) = (0, 0);
            while served < clients.len() {
                match listener.accept().await {
                    Ok(_) => served += 1,
                    Err(error) => {
                        assert_eq!(error.raw_os_error(), Some(libc::ENFILE));
                        told += 1;
                    }
                }
            }
            assert!((1..=5).contains(&told), "{told}");
        });
    }
}

#[test]
fn a_paused_clock_that_jumps_by_years_fires_what_is_due_and_no_more() {
    for_each_flavor_paused(|runtime| {
        runtime.block_on(async {
            const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
            let begun = Instant::now();
            let fired = Arc::new(AtomicUsize::new(0));
            for years in 1..=30 {
                let fired = fired.clone();
                drop(rt_facade::spawn(async move {
                    sleep(YEAR * years).await;
                    assert!(begun.elapsed() >= YEAR * years, "early");
                    fired.fetch_add(1, SeqCst);
                }));
            }
            time::advance(Duration::ZERO).await;
            for (jump, due) in [(1, 1), (9, 10), (2, 12), (18, 30)] {
                time::advance(YEAR * jump).await;
                // One more turn for those who were woken.
                rt_facade::task::yield_now().await;
                assert_eq!(fired.load(SeqCst), due);
            }
            // Nothing is left that would fire, and clocks of that age still work.
            time::advance(YEAR * 100).await;
            timeout(Duration::from_millis(5), std::future::pending::<()>()).await.unwrap_err();
            assert_eq!(begun.elapsed(), YEAR * 130 + Duration::from_millis(5));
        });
    });
}

#[test]
fn a_machine_that_has_been_up_for_a_century() {
    if !child::is_here() {
        let name = "system::a_machine_that_has_been_up_for_a_century";
        if size_of::<libc::time_t>() < 8 {
            return eprintln!("skipped: this system's seconds end before a century does");
        }
        return child::run(name, &["unshare", "-T", "--monotonic", "4000000000", "--fork"]);
    }
    // SAFETY: all zeros are a valid `timespec`.
    let mut now: libc::timespec = unsafe { std::mem::zeroed() };
    // SAFETY: `now` is there for the time of the call.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) }, 0);
    assert!(i128::from(now.tv_sec) >= 4_000_000_000, "{}", now.tv_sec);
    for_each_flavor(|runtime| {
        runtime.block_on(work::all(5));
        runtime.block_on(async {
            let mut ticks = interval(Duration::from_millis(2));
            let begun = ticks.tick().await;
            for n in 1..5 {
                assert_eq!(ticks.tick().await - begun, Duration::from_millis(2) * n);
            }
        });
    });
}

#[test]
#[ignore = "slow: `cargo xtask verify faults`"]
fn a_process_that_was_stopped_for_two_seconds_goes_on_with_its_timers() {
    if !child::is_here() {
        let name = "system::a_process_that_was_stopped_for_two_seconds_goes_on_with_its_timers";
        return child::run(name, &[]);
    }
    const PERIOD: Duration = Duration::from_millis(100);
    const STOP: Duration = Duration::from_millis(1500); // surely less than what it was
    for build in flavors() {
        let runtime = build().enable_all().build().unwrap();
        let id = std::process::id();
        runtime.block_on(async {
            let stopper = format!("kill -STOP {id}; sleep 2; kill -CONT {id}");
            let ticks = |behavior| {
                rt_facade::spawn(async move {
                    let mut ticks = interval(PERIOD);
                    ticks.set_missed_tick_behavior(behavior);
                    let mut came = Vec::new();
                    let begun = ticks.tick().await;
                    for _ in 0..25 {
                        let due = ticks.tick().await;
                        let now = Instant::now();
                        assert!(now >= due, "early");
                        came.push((due - begun, now - begun));
                    }
                    came
                })
            };
            let (burst, delay, skip) = (
                ticks(MissedTickBehavior::Burst),
                ticks(MissedTickBehavior::Delay),
                ticks(MissedTickBehavior::Skip),
            );
            let before = Instant::now();
            let slept = rt_facade::spawn(async move {
                sleep(Duration::from_millis(2600)).await;
                assert!(before.elapsed() >= Duration::from_millis(2600), "early");
            });
            // All have begun.
            sleep(Duration::from_millis(250)).await;
            let mut stops =
                std::process::Command::new("sh").args(["-c", &stopper]).spawn().unwrap();
            let (burst, delay, skip) =
                (burst.await.unwrap(), delay.await.unwrap(), skip.await.unwrap());
            slept.await.unwrap();
            stops.wait().unwrap();
            // Burst: a tick for each period, whenever it came; those of the stop come all at once.
            for (n, (due, _)) in burst.iter().enumerate() {
                assert_eq!(*due, PERIOD * (n as u32 + 1));
            }
            let late = burst.iter().filter(|(due, now)| *now - *due > PERIOD).count();
            assert!(late as u32 >= STOP.as_millis() as u32 / 100, "{late} late ticks");
            // Skip: multiples of the period, and one gap as long as the stop.
            assert!(skip.iter().all(|(due, _)| due.as_millis() % PERIOD.as_millis() == 0));
            let gap = |came: &[(Duration, Duration)]| {
                came.windows(2).map(|pair| pair[1].1 - pair[0].1).max().unwrap()
            };
            assert!(gap(&skip) >= STOP, "{:?}", gap(&skip));
            let last = skip.last().unwrap().0;
            assert!(last >= PERIOD * 25 + STOP, "{last:?}: those of the stop are skipped");
            // Delay: the period again from when it came.
            assert!(gap(&delay) >= STOP);
            let short = delay.windows(2).filter(|pair| pair[1].0 < pair[0].0 + PERIOD);
            assert_eq!(short.count(), 0, "{delay:?}");
            let late = delay.iter().filter(|(due, now)| *now - *due > STOP).count();
            assert_eq!(late, 1, "that of the stop alone: {delay:?}");
        });
    }
}

#[test]
#[ignore = "slow: `cargo xtask verify faults`"]
fn in_a_storm_of_a_hundred_thousand_signals_tasks_go_on_and_the_last_is_told() {
    const NAME: &str =
        "system::in_a_storm_of_a_hundred_thousand_signals_tasks_go_on_and_the_last_is_told";
    if !child::is_here() {
        return child::run(NAME, &[]);
    }
    for build in flavors() {
        let runtime = build().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut storm = signal(SignalKind::user_defined1()).unwrap();
            let mut last = signal(SignalKind::user_defined2()).unwrap();
            let heard = rt_facade::spawn(async move {
                let mut heard = 0;
                loop {
                    storm.recv().await.unwrap();
                    heard += 1;
                    if heard == usize::MAX {
                        return;
                    }
                }
            });
            let raises = thread::Builder::new().spawn(|| {
                let process = std::process::id() as libc::pid_t;
                for _ in 0..100_000 {
                    // SAFETY: a signal to this process, for which there is a handler.
                    unsafe { libc::kill(process, libc::SIGUSR1) };
                }
                // SAFETY: as above.
                unsafe { libc::kill(process, libc::SIGUSR2) };
            });
            let goes_on = rt_facade::spawn(work::tcp(20));
            last.recv().await.unwrap();
            raises.unwrap().join().unwrap();
            goes_on.await.unwrap();
            heard.abort();
        });
    }
}

#[test]
fn a_destructor_of_a_thread_local_that_panics_ends_the_process_and_does_not_hang_it() {
    use std::os::unix::process::ExitStatusExt;
    const NAME: &str =
        "system::a_destructor_of_a_thread_local_that_panics_ends_the_process_and_does_not_hang_it";
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("as the thread ends");
        }
    }
    thread_local!(static BOMB: Bomb = const { Bomb });
    if child::is_here() {
        let runtime = multi(2).build().unwrap();
        runtime.block_on(runtime.spawn(async { BOMB.with(|_| ()) })).unwrap();
        drop(runtime);
        unreachable!("std ends the process");
    }
    let test = std::env::current_exe().unwrap();
    let mut again = std::process::Command::new("timeout");
    again.arg("60").arg(test).args([NAME, "--exact", "--nocapture"]).env(child::MARK, "1");
    let output = again.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    // `timeout` hands an abort on as 128 + 6, or dies of it as well.
    let aborted = output.status.code() == Some(128 + libc::SIGABRT)
        || output.status.signal() == Some(libc::SIGABRT);
    assert!(aborted && told.contains("thread local panicked"), "{}: {told}", output.status);
}
