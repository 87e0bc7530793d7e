use std::format;
use std::string::{String, ToString};
use std::sync::Arc;
use std::thread;
use std::vec::Vec;

use crate::SetOnce;
use crate::kit::Polled;

#[test]
fn it_is_set_once() {
    static CELL: SetOnce<u32> = SetOnce::const_new();
    assert_eq!(CELL.get(), None);
    assert!(!CELL.initialized());
    assert_eq!(CELL.set(5), Ok(()));
    let refused = CELL.set(6).unwrap_err();
    assert_eq!((refused.0, refused.to_string()), (6, String::from("the cell is set already")));
    assert_eq!(CELL.get(), Some(&5));
}

#[test]
fn those_that_wait_are_woken() {
    let cell = SetOnce::new();
    let mut waits: Vec<_> = (0..70).map(|_| Polled::new(cell.wait())).collect();
    waits.iter_mut().for_each(Polled::pends);
    drop(waits.remove(7));
    cell.set(String::from("set")).unwrap();
    assert!(waits.iter().all(|wait| wait.wakes() == 1));
    assert!(waits.iter_mut().all(|wait| wait.ready() == "set"));
    assert_eq!(Polled::new(cell.wait()).ready(), "set");
}

#[test]
fn its_value_is_dropped_once() {
    let value = Arc::new(());
    drop(SetOnce::const_new_with(value.clone()));
    assert_eq!(Arc::strong_count(&value), 1);
    let cell = SetOnce::new();
    cell.set(value.clone()).unwrap();
    cell.set(value.clone()).unwrap_err();
    assert_eq!(Arc::strong_count(&value), 2);
    let taken = cell.into_inner();
    assert_eq!(Arc::strong_count(&value), 2);
    drop(taken);
    assert_eq!(Arc::strong_count(&value), 1);
    assert_eq!(SetOnce::<Arc<()>>::new().into_inner(), None);
}

#[test]
fn it_is_like_its_value() {
    let set = SetOnce::from(3);
    assert_eq!(format!("{set:?}"), "SetOnce { value: Some(3) }");
    assert_eq!(set.clone(), set);
    assert_ne!(SetOnce::default(), set);
    assert_eq!(SetOnce::new_with(None::<u8>), SetOnce::new());
    assert_eq!(SetOnce::new_with(Some(3)), set);
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&set);
    shared(&set.wait());
}

#[test]
fn of_many_threads_one_sets_it_and_all_see_it() {
    const ROUNDS: usize = 300;
    for _ in 0..ROUNDS {
        let cell = SetOnce::new();
        let set_by: Vec<usize> = thread::scope(|scope| {
            let threads: Vec<_> = (0..3)
                .map(|number| {
                    let cell = &cell;
                    scope.spawn(move || {
                        let _ = Polled::new(cell.wait()).poll(); // and leaves again
                        let is_first = cell.set(number).is_ok();
                        assert!(*rt_task::block_on(cell.wait()) < 3);
                        is_first.then_some(number)
                    })
                })
                .collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(set_by, [*cell.get().unwrap()]);
    }
}
