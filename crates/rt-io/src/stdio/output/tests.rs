use super::*;
use core::future::poll_fn;
use core::panic::Location;
use core::task::Waker;
use rt_task::base::context::{Env, enter};
use rt_task::base::seam::{Blocking, Rejected, RejectedWhy};
use std::string::ToString;
use std::sync::{Arc, Mutex};
use std::vec;

/// What was done, to be looked at.
static DONE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
/// How it goes next.
static FAILS: Mutex<Option<io::ErrorKind>> = Mutex::new(None);
/// One test at a time: what they write to is the process's.
static ONE: Mutex<()> = Mutex::new(());

#[derive(Debug)]
struct Kept;

impl Target for Kept {
    const NAME: &'static str = "kept";
    fn write_all(bytes: &[u8]) -> io::Result<()> {
        DONE.lock().unwrap().push(bytes.to_vec());
        FAILS.lock().unwrap().take().map_or(Ok(()), |kind| Err(kind.into()))
    }
    fn flush() -> io::Result<()> {
        Self::write_all(b"<flush>")
    }
}

/// A pool that runs what it has when told, drops it, or takes nothing.
#[derive(Clone, Default)]
struct Pool(Arc<Mutex<Vec<Job>>>, bool);

impl Blocking for Pool {
    fn execute(&self, job: Job) -> Result<(), Rejected> {
        if self.1 {
            return Err(Rejected::new(job, RejectedWhy::ShutDown));
        }
        self.0.lock().unwrap().push(job);
        Ok(())
    }
}

impl Pool {
    fn run(&self) {
        let jobs = core::mem::take(&mut *self.0.lock().unwrap());
        jobs.into_iter().for_each(Job::run);
    }
}

fn done() -> Vec<Vec<u8>> {
    core::mem::take(&mut *DONE.lock().unwrap())
}

fn write(output: &mut Output<Kept>, bytes: &[u8]) -> Poll<io::Result<usize>> {
    output.poll_write(&mut Context::from_waker(Waker::noop()), bytes, Location::caller())
}

fn flush(output: &mut Output<Kept>) -> Poll<io::Result<()>> {
    output.poll_flush(&mut Context::from_waker(Waker::noop()), Location::caller())
}

#[test]
fn writes_are_taken_one_at_a_time_and_a_flush_waits() {
    let _one = ONE.lock();
    let pool = Pool::default();
    let _entered = enter(Env::new().with_blocking(Arc::new(pool.clone())));
    let mut output = Output::<Kept>::new();
    assert!(matches!(flush(&mut output), Poll::Ready(Ok(())))); // nothing was written
    assert!(matches!(write(&mut output, b"one"), Poll::Ready(Ok(3))));
    assert!(write(&mut output, b"two").is_pending());
    assert!(flush(&mut output).is_pending());
    pool.run();
    assert!(matches!(write(&mut output, b"two"), Poll::Ready(Ok(3))));
    pool.run();
    assert!(flush(&mut output).is_pending());
    pool.run();
    assert!(matches!(flush(&mut output), Poll::Ready(Ok(()))));
    assert!(matches!(flush(&mut output), Poll::Ready(Ok(()))));
    assert_eq!(done(), [&b"one"[..], b"two", b"<flush>"]);
}

#[test]
fn an_error_is_told_once_by_what_comes_next() {
    let _one = ONE.lock();
    let pool = Pool::default();
    let _entered = enter(Env::new().with_blocking(Arc::new(pool.clone())));
    let mut output = Output::<Kept>::new();
    assert!(matches!(write(&mut output, b"one"), Poll::Ready(Ok(3))));
    *FAILS.lock().unwrap() = Some(io::ErrorKind::BrokenPipe);
    pool.run();
    let Poll::Ready(Err(error)) = write(&mut output, b"two") else { panic!("it failed") };
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    assert!(matches!(write(&mut output, b"three"), Poll::Ready(Ok(5))));
    pool.run();
    assert_eq!(done(), [&b"one"[..], b"three"]);
}

#[test]
fn what_was_taken_is_written_though_nobody_runs_it() {
    let _one = ONE.lock();
    let pool = Pool::default();
    let mut output = Output::<Kept>::new();
    {
        let _entered = enter(Env::new().with_blocking(Arc::new(pool.clone())));
        assert!(matches!(write(&mut output, b"dropped"), Poll::Ready(Ok(7))));
    }
    pool.0.lock().unwrap().clear(); // a shutdown
    assert!(matches!(write(&mut output, b"x"), Poll::Ready(Err(_)))); // it was cancelled
    let shut = Pool(Arc::default(), true);
    let _entered = enter(Env::new().with_blocking(Arc::new(shut)));
    assert!(matches!(write(&mut output, b"refused"), Poll::Ready(Ok(7))));
    assert_eq!(done(), [&b"dropped"[..], b"refused"]);
}

#[test]
fn without_a_pool_it_says_what_is_missing() {
    let mut output = Output::<Kept>::new();
    let write = poll_fn(|cx| output.poll_write(cx, b"x", Location::caller()));
    let error = rt_task::block_on(write).unwrap_err();
    assert!(error.to_string().starts_with("`kept` at "), "{error}");
}

#[test]
fn what_is_cut_is_cut_between_letters() {
    assert_eq!(end_of_chunk(&[b'x'; 10]), 10);
    assert_eq!(end_of_chunk(&vec![b'x'; CHUNK_MAX + 1]), CHUNK_MAX);
    assert_eq!(end_of_chunk(&vec![0x80; CHUNK_MAX + 9]), CHUNK_MAX); // no text
    for (letter, shift) in [("é", 1), ("€", 1), ("€", 2), ("😀", 1), ("😀", 3)] {
        let mut text = vec![b'x'; CHUNK_MAX - shift];
        text.extend_from_slice(letter.as_bytes());
        text.extend_from_slice(b"more");
        assert_eq!(end_of_chunk(&text), CHUNK_MAX - shift, "{letter} {shift}");
    }
}
