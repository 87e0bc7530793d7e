//! Readers and writers of the spinning lock, in all orders.

use rt_task::base::shim::{Arc, model, thread};

use super::ValueLock;

#[test]
fn a_writer_is_alone() {
    model(|| {
        let lock = Arc::new(ValueLock::new(0_u32));
        let add = |lock: &ValueLock<u32>| *lock.write() += 1;
        let writer = {
            let lock = lock.clone();
            thread::spawn(move || add(&lock))
        };
        add(&lock);
        writer.join().unwrap();
        assert_eq!(*lock.read(), 2);
    });
}

#[test]
fn a_reader_waits_for_a_writer_and_a_writer_for_a_reader() {
    model(|| {
        let lock = Arc::new(ValueLock::new(0_u32));
        let writer = {
            let lock = lock.clone();
            thread::spawn(move || *lock.write() += 1)
        };
        assert!(*lock.read() <= 1);
        writer.join().unwrap();
        assert_eq!(*lock.read(), 1);
    });
}

#[test]
fn a_reader_is_done_before_a_writer_comes() {
    model(|| {
        let lock = Arc::new(ValueLock::new(0_u32));
        let reader = {
            let lock = lock.clone();
            thread::spawn(move || *lock.read())
        };
        thread::yield_now();
        if let Some(mut guard) = lock.try_write() {
            *guard += 1;
        }
        reader.join().unwrap();
    });
}
