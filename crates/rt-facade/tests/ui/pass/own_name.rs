//! The facade under its own name, with the attributes imported by themselves.
#![forbid(unsafe_code)]
#![deny(clippy::all, unused)]

use rt_facade::{main, select};

#[main]
async fn main() {
    let mut turns = 0;
    while turns < 10 {
        select! {
            () = rt_facade::task::yield_now() => turns += 1,
            mut never = std::future::pending::<u32>() => { never += 1; assert_eq!(never, 0) }
        }
    }
}
