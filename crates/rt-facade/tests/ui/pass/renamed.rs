//! The facade under the name that its README gives it; its own is not there.

use std::num::ParseIntError;

#[rt::main]
async fn main() -> Result<(), ParseIntError> {
    let task = rt::spawn(async { "42".parse::<u32>() });
    let n = rt::select! {
        biased;
        done = task => done.unwrap()?,
        else => unreachable!(),
    };
    assert_eq!(n, 42);
    let both = rt::join!(async { 1 }, async { 2 });
    assert_eq!(both, (1, 2));
    let tried = rt::try_join!(async { "1".parse::<u8>() }, async { Ok(2) })?;
    assert_eq!(tried, (1, 2));
    let pinned = async { 3 };
    rt::pin!(pinned);
    assert_eq!(pinned.await, 3);
    // Each is a runtime of its own, for which this thread is not free.
    let others = rt::task::spawn_blocking(|| (paused(), told(), deep::inside()));
    assert_eq!(others.await.unwrap(), (3600, 1, 2));
    let others = rt::task::spawn_blocking(|| (by_condition(), by_condition_alone()));
    assert_eq!(others.await.unwrap(), (3, 4));
    Ok(())
}

#[rt::main(flavor = "current_thread", start_paused = true)]
async fn paused() -> u64 {
    let start = rt::time::Instant::now();
    rt::time::sleep(rt::time::Duration::from_secs(3600)).await;
    start.elapsed().as_secs()
}

mod imported {
    pub use rt::main as entry;
}

// An attribute by itself does not show where it comes from.
#[imported::entry(crate = "rt", flavor = "current_thread")]
async fn told() -> u32 {
    1
}

#[cfg_attr(all(), rt :: main(flavor = "current_thread"))]
async fn by_condition() -> u32 {
    3
}

#[cfg_attr(all(), rt::main)]
async fn by_condition_alone() -> u32 {
    4
}

mod deep {
    #[::rt::main(flavor = "current_thread")]
    pub async fn inside() -> u32 {
        2
    }
}
