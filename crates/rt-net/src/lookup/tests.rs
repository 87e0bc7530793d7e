//! Names, with a pool that answers when told to, or not at all.

use super::*;
use rt_task::base::context::{Env, enter};
use rt_task::base::seam::{Blocking, Rejected, RejectedWhy};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::task::Waker;

/// Keeps the jobs.
#[derive(Default)]
struct Pool {
    jobs: Mutex<Vec<Job>>,
    closed: bool,
}

impl Blocking for Pool {
    fn execute(&self, job: Job) -> Result<(), Rejected> {
        if self.closed {
            return Err(Rejected::new(job, RejectedWhy::ShutDown));
        }
        self.jobs.lock().unwrap().push(job);
        Ok(())
    }
}

fn poll(future: &mut LookupHost) -> Poll<io::Result<Addresses>> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_name_is_asked_for_on_the_pool_once_it_is_polled() {
    let pool = Arc::new(Pool::default());
    let mut lookup = lookup_host(("localhost", 7));
    let site = lookup.lookup.site;
    let _guard = enter(Env::new().with_blocking(pool.clone()));
    assert!(pool.jobs.lock().unwrap().is_empty());
    assert!(poll(&mut lookup).is_pending());
    assert!(poll(&mut lookup).is_pending());
    let job = pool.jobs.lock().unwrap().pop().unwrap();
    assert!(pool.jobs.lock().unwrap().is_empty(), "asked for once");
    assert_eq!((job.name(), job.location()), (Some("lookup of localhost:7"), site));
    job.run();
    let Poll::Ready(Ok(mut addresses)) = poll(&mut lookup) else { panic!("answered") };
    assert!(addresses.all(|address| address.ip().is_loopback() && address.port() == 7));
}

#[test]
fn what_is_known_needs_no_pool() {
    let Poll::Ready(Ok(addresses)) = poll(&mut lookup_host((Ipv4Addr::LOCALHOST, 7))) else {
        panic!("ready at once");
    };
    assert_eq!(addresses.collect::<Vec<_>>(), [([127, 0, 0, 1], 7).into()]);
}

#[test]
fn no_pool_is_an_error_that_names_the_call_and_the_fix() {
    let mut lookup = lookup_host("localhost:7");
    let line = line!() - 1;
    let Poll::Ready(Err(error)) = poll(&mut lookup) else { panic!("fails at once") };
    let text = error.to_string();
    assert!(text.contains("`lookup_host` at "), "{text}");
    assert!(text.contains(&format!("tests.rs:{line}:")), "{text}");
    let _guard = enter(Env::new());
    let Poll::Ready(Err(error)) = poll(&mut lookup_host("localhost:7")) else {
        panic!("fails at once")
    };
    assert!(error.to_string().contains("pool for blocking work"), "{error}");
}

#[test]
fn a_pool_that_takes_nothing_is_an_error_that_says_why() {
    let pool = Arc::new(Pool { closed: true, ..Pool::default() });
    let _guard = enter(Env::new().with_blocking(pool));
    let mut lookup = lookup_host("localhost:7");
    let Poll::Ready(Err(error)) = poll(&mut lookup) else { panic!("fails at once") };
    assert!(error.to_string().contains("`localhost:7`: the blocking pool is shut down"), "{error}");
}

#[test]
fn a_pool_that_drops_the_question_is_an_error() {
    let pool = Arc::new(Pool::default());
    let _guard = enter(Env::new().with_blocking(pool.clone()));
    let mut lookup = lookup_host("localhost:7");
    assert!(poll(&mut lookup).is_pending());
    pool.jobs.lock().unwrap().clear();
    assert!(matches!(poll(&mut lookup), Poll::Ready(Err(_))));
}

#[test]
fn a_lookup_that_is_dropped_takes_its_question_back() {
    let asked = Arc::new(Mutex::new(0));
    let ask = |asked: Arc<Mutex<i32>>| {
        Job::new(move || {
            *asked.lock().unwrap() += 1;
            Ok(Addresses::none())
        })
    };
    let (job, handle) = ask(asked.clone());
    drop(Asked(handle));
    job.run();
    assert_eq!(*asked.lock().unwrap(), 0);
    let (job, handle) = ask(asked.clone());
    job.run();
    drop(Asked(handle));
    assert_eq!(*asked.lock().unwrap(), 1);
}

#[test]
fn the_last_error_is_that_of_the_last_address() {
    let two: &[SocketAddr] = &[([127, 0, 0, 1], 1).into(), ([127, 0, 0, 1], 2).into()];
    let Poll::Ready(Ok(addresses)) = poll(&mut lookup_host(two)) else { panic!("known") };
    let refuse = |address: SocketAddr| Err::<(), _>(io::Error::other(address.to_string()));
    let error = first_of(addresses.clone(), refuse).unwrap_err();
    assert_eq!(error.to_string(), "127.0.0.1:2");
    let second = first_of(addresses, |address| match address.port() {
        1 => Err(io::Error::other("refused")),
        port => Ok(port),
    });
    assert_eq!(second.unwrap(), 2);
    let error = first_of(Addresses::none(), refuse).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "could not resolve to any address");
}
