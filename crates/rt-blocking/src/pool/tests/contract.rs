//! What every implementer of the `Blocking` seam keeps, whatever it does with threads.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use rt_task::base::seam::{Blocking, Rejected};
use rt_task::{Job, JoinHandle, block_on};

use crate::{Inline, Pool};

fn spawn<T: Send + 'static>(
    place: &impl Blocking,
    f: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let (job, handle) = Job::new(f);
    place.execute(job).expect("it takes jobs");
    handle
}

fn gives_the_output(place: &impl Blocking) {
    assert_eq!(block_on(spawn(place, || 6 * 7)).unwrap(), 42);
}

fn runs_each_job_once(place: &impl Blocking) {
    let ran = Arc::new(Mutex::new(vec![0; 200]));
    let count = |n: usize| {
        let ran = ran.clone();
        spawn(place, move || ran.lock().unwrap()[n] += 1)
    };
    let handles: Vec<_> = (0..200).map(count).collect();
    for handle in handles {
        block_on(handle).unwrap();
    }
    assert!(ran.lock().unwrap().iter().all(|times| *times == 1));
}

fn runs_what_nobody_awaits(place: &impl Blocking) {
    let (sender, receiver) = channel();
    drop(spawn(place, move || sender.send(()).unwrap()));
    receiver.recv().unwrap();
}

fn keeps_a_panic_for_the_handle(place: &impl Blocking) {
    assert!(block_on(spawn(place, || panic!("as told"))).unwrap_err().is_panic());
    gives_the_output(place);
}

fn drops_an_aborted_job_unrun(place: &impl Blocking) {
    let ran = Arc::new(AtomicUsize::new(0));
    let (job, handle) = Job::new({
        let ran = ran.clone();
        move || ran.fetch_add(1, SeqCst)
    });
    handle.abort();
    place.execute(job).expect("it takes jobs");
    assert!(block_on(handle).unwrap_err().is_cancelled());
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (0, 1), "dropped, and not run");
}

/// A job may bring another, and wait for it where a second thread may be had.
fn takes_a_job_from_a_job(place: &(impl Blocking + Clone)) {
    let inner = place.clone();
    let outer = spawn(place, move || block_on(spawn(&inner, || 3)).unwrap());
    assert_eq!(block_on(outer).unwrap(), 3);
}

fn suite(place: &(impl Blocking + Clone)) {
    gives_the_output(place);
    runs_each_job_once(place);
    runs_what_nobody_awaits(place);
    keeps_a_panic_for_the_handle(place);
    drops_an_aborted_job_unrun(place);
    takes_a_job_from_a_job(place);
}

#[test]
fn a_pool_keeps_the_contract() {
    suite(Pool::new().handle());
}

#[test]
fn a_pool_of_two_threads_keeps_the_contract() {
    suite(crate::Builder::new().max_threads(2).build().handle());
}

#[test]
fn inline_keeps_the_contract() {
    suite(&Inline);
}

#[test]
fn a_dyn_seam_keeps_the_contract() {
    #[derive(Clone)]
    struct Erased(Arc<dyn Blocking>);
    impl Blocking for Erased {
        fn execute(&self, job: Job) -> Result<(), Rejected> {
            self.0.execute(job)
        }
    }
    let pool = Pool::new();
    suite(&Erased(Arc::new(pool.handle().clone())));
}

#[test]
fn inline_runs_on_the_spawners_thread() {
    let there = spawn(&Inline, || std::thread::current().id());
    assert!(there.is_finished());
    assert_eq!(block_on(there).unwrap(), std::thread::current().id());
}
