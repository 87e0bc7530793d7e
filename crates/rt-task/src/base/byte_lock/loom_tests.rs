//! The Claim of the byte lock, over every interleaving.

use super::ByteLock;
use loom::sync::Arc;

#[test]
fn excludes() {
    loom::model(|| {
        let lock = Arc::new(ByteLock::new(0_u32));
        let other = {
            let lock = lock.clone();
            loom::thread::spawn(move || lock.lock().with(|n| *n += 1))
        };
        lock.lock().with(|n| *n += 1);
        other.join().unwrap();
        assert_eq!(lock.lock().with(|n| *n), 2);
    });
}
