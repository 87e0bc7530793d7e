//! Threads that cannot be started. The operating system is asked through a seam here;
//! `tests/no_threads.rs` has it refuse for real.

use std::io;
use std::sync::Mutex;

use rt_task::base::shim::thread::JoinHandle as ThreadHandle;

use super::*;
use crate::start::{NewThread, Os, Start};

/// Starts the first few threads and refuses the rest.
struct AtMost(AtomicUsize);

impl Start for AtMost {
    fn start(&self, thread: NewThread) -> io::Result<ThreadHandle<()>> {
        match self.0.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => Os.start(thread),
            Err(_) => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

/// Tells that it is asked, and answers as told.
struct Asked {
    asked: Sender<()>,
    answers: Mutex<Receiver<bool>>,
}

impl Start for Asked {
    fn start(&self, thread: NewThread) -> io::Result<ThreadHandle<()>> {
        self.asked.send(()).unwrap();
        match self.answers.lock().unwrap().recv().unwrap() {
            true => Os.start(thread),
            false => Err(io::ErrorKind::OutOfMemory.into()),
        }
    }
}

#[test]
fn with_no_thread_at_all_the_job_comes_back() {
    let pool = Builder::new().start(AtMost(AtomicUsize::new(0))).build();
    let (job, handle) = Job::new(|| 5);
    let rejected = pool.handle().execute(job).unwrap_err();
    assert_eq!(rejected.job.id(), handle.id());
    assert!(matches!(rejected.why, RejectedWhy::NoThread(_)), "{rejected}");
    assert!(rejected.to_string().contains("could be started"));
    assert!(!handle.is_finished(), "the job is unharmed");
    rejected.job.run();
    assert_eq!(block_on(handle).unwrap(), 5);
    let metrics = pool.handle().metrics();
    assert_eq!((metrics.threads, metrics.queue_depth, metrics.start_failures), (0, 0, 1));
}

#[test]
fn with_no_thread_at_all_spawners_are_told() {
    let pool = Builder::new().start(AtMost(AtomicUsize::new(0))).build();
    let (captured, was_dropped) = dropped();
    let handle = pool.handle().spawn_blocking(move || drop(captured));
    assert!(block_on(handle).unwrap_err().is_cancelled());
    assert_eq!(was_dropped.recv().unwrap(), thread::current().id());
    let error = pool.handle().try_spawn_blocking(|| ()).unwrap_err();
    assert!(matches!(error, RejectedWhy::NoThread(_)), "{error}");
    assert!(pool.shutdown(None).is_complete());
}

#[test]
fn what_has_no_thread_of_its_own_waits_for_another() {
    let pool = Builder::new().start(AtMost(AtomicUsize::new(1))).build();
    let (let_go, first) = held(&pool);
    let waiting: Vec<_> = (0..5)
        .map(|n| pool.handle().try_spawn_blocking(move || (n, thread::current().id())).unwrap())
        .collect();
    let metrics = pool.handle().metrics();
    assert_eq!((metrics.threads, metrics.queue_depth, metrics.start_failures), (1, 5, 5));
    let_go.send(()).unwrap();
    let only = block_on(first).unwrap();
    for (n, handle) in waiting.into_iter().enumerate() {
        assert_eq!(block_on(handle).unwrap(), (n, only));
    }
}

#[test]
fn when_threads_can_be_had_again_they_are() {
    let (asked, _asked) = channel();
    let (answer, answers) = channel();
    let pool = Builder::new().start(Asked { asked, answers: Mutex::new(answers) }).build();
    answer.send(false).unwrap();
    assert!(pool.handle().try_spawn_blocking(|| ()).is_err());
    answer.send(true).unwrap();
    assert_eq!(block_on(pool.handle().spawn_blocking(|| 1)).unwrap(), 1);
    assert_eq!(pool.handle().metrics().start_failures, 1);
}

#[test]
fn the_last_start_that_fails_tells_all_who_relied_on_one() {
    let (asked, was_asked) = channel();
    let (answer, answers) = channel();
    let start = Asked { asked, answers: Mutex::new(answers) };
    let pool = Builder::new().max_threads(1).start(start).build();
    thread::scope(|scope| {
        let first = scope.spawn(|| {
            let (job, handle) = Job::new(|| 1);
            (pool.handle().execute(job).unwrap_err(), handle)
        });
        was_asked.recv().unwrap();
        // At the cap: queued for the thread that is being started.
        let second = pool.handle().try_spawn_blocking(|| 2).unwrap();
        answer.send(false).unwrap();
        let (rejected, handle) = first.join().unwrap();
        assert_eq!(rejected.job.id(), handle.id(), "the starter gets its own job back");
        assert!(block_on(second).unwrap_err().is_cancelled(), "and nobody is left waiting");
    });
    assert_eq!(pool.handle().metrics().queue_depth, 0);
}

#[test]
fn a_start_that_fails_leaves_its_job_to_one_that_is_under_way() {
    let (asked, was_asked) = channel();
    let (answer, answers) = channel();
    let start = Asked { asked, answers: Mutex::new(answers) };
    let pool = Builder::new().max_threads(2).start(start).build();
    thread::scope(|scope| {
        let first = scope.spawn(|| pool.handle().spawn_blocking(|| 1));
        was_asked.recv().unwrap();
        let second = scope.spawn(|| pool.handle().spawn_blocking(|| 2));
        was_asked.recv().unwrap();
        // Both wait for a thread now; one of them gets none, whichever it is.
        answer.send(false).unwrap();
        answer.send(true).unwrap();
        assert_eq!(block_on(first.join().unwrap()).unwrap(), 1);
        assert_eq!(block_on(second.join().unwrap()).unwrap(), 2);
    });
    let metrics = pool.handle().metrics();
    assert_eq!((metrics.start_failures, metrics.threads_peak), (1, 2));
}

#[test]
fn a_shutdown_waits_for_a_start_that_is_under_way() {
    for starts in [true, false] {
        let (asked, was_asked) = channel();
        let (answer, answers) = channel();
        let pool = Builder::new().start(Asked { asked, answers: Mutex::new(answers) }).build();
        thread::scope(|scope| {
            let spawner = scope.spawn(|| pool.handle().spawn_blocking(|| 1));
            was_asked.recv().unwrap();
            let report = pool.shutdown(Some(Duration::ZERO));
            assert_eq!((report.threads, report.cancelled), (1, 1));
            answer.send(starts).unwrap();
            assert!(pool.shutdown(None).is_complete());
            assert!(block_on(spawner.join().unwrap()).unwrap_err().is_cancelled());
        });
        assert_eq!(pool.handle().metrics().threads, 0);
    }
}

/// Starts threads, and tells of it late.
struct Late(Mutex<Receiver<()>>);

impl Start for Late {
    fn start(&self, thread: NewThread) -> io::Result<ThreadHandle<()>> {
        let handle = Os.start(thread);
        self.0.lock().unwrap().recv().unwrap();
        handle
    }
}

#[test]
fn a_thread_that_leaves_before_its_starter_knows_it_is_joined() {
    thread_local! {
        static LAST_WORDS: std::cell::RefCell<Option<Dropped>> = const { std::cell::RefCell::new(None) };
    }
    let (tell, told) = channel();
    let (last_words, spoken) = dropped();
    let pool = Builder::new().keep_alive(Duration::ZERO).start(Late(Mutex::new(told))).build();
    thread::scope(|scope| {
        let closure = move || LAST_WORDS.set(Some(last_words));
        let starter = scope.spawn(|| pool.handle().spawn_blocking(closure));
        spoken.recv().unwrap(); // it has come, run its closure and left
        let report = pool.shutdown(Some(Duration::ZERO));
        assert!(!report.is_complete(), "nobody can join it yet: {report}");
        tell.send(()).unwrap();
        assert!(pool.shutdown(None).is_complete());
        block_on(starter.join().unwrap()).unwrap();
    });
}
