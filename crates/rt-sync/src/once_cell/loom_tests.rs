//! The Claim of the once cell, over every interleaving.

use core::future::ready;
use core::task::Poll;

use rt_task::base::shim::{Arc, model, thread};

use crate::OnceCell;
use crate::kit::Polled;

/// Asks until there is an answer.
fn ask(cell: &OnceCell<u32>, value: u32) -> u32 {
    let mut ask = Polled::new(cell.get_or_init(|| ready(value)));
    loop {
        match ask.poll() {
            Poll::Ready(value) => return *value,
            Poll::Pending => thread::yield_now(),
        }
    }
}

#[test]
fn one_makes_it_and_all_see_it() {
    model(|| {
        let cell = Arc::new(OnceCell::new());
        let other = {
            let cell = cell.clone();
            thread::spawn(move || ask(&cell, 1))
        };
        let here = ask(&cell, 2);
        assert_eq!(other.join().unwrap(), here);
    });
    model(|| {
        let cell = Arc::new(OnceCell::new());
        let other = {
            let cell = cell.clone();
            thread::spawn(move || cell.set(1).is_ok())
        };
        while cell.get().is_none() {
            thread::yield_now();
        }
        assert_eq!(cell.get(), Some(&1));
        assert!(other.join().unwrap());
    });
}

#[test]
fn who_gives_up_lets_another_try() {
    model(|| {
        let cell = Arc::new(OnceCell::new());
        let mut given_up = Polled::new(cell.get_or_init(std::future::pending::<u32>));
        given_up.pends();
        let other = {
            let cell = cell.clone();
            thread::spawn(move || ask(&cell, 1))
        };
        drop(given_up);
        assert_eq!(other.join().unwrap(), 1);
        assert!(cell.set(2).unwrap_err().is_already_init_err());
    });
}

/// With somebody waiting, who comes meanwhile finds it closed, and filled.
#[test]
fn who_finds_it_closed_finds_it_filled() {
    model(|| {
        let cell = Arc::new(OnceCell::new());
        let mut is_second = false;
        let mut first = Polled::new(cell.get_or_init(|| {
            core::future::poll_fn(move |_| match core::mem::replace(&mut is_second, true) {
                true => Poll::Ready(1),
                false => Poll::Pending,
            })
        }));
        let mut waits = Polled::new(cell.get_or_init(|| ready(2)));
        first.pends();
        waits.pends();
        let other = {
            let cell = cell.clone();
            thread::spawn(move || ask(&cell, 4))
        };
        assert_eq!(*first.ready(), 1);
        drop(waits);
        assert_eq!(other.join().unwrap(), 1);
    });
}
