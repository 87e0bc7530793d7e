//! Types that do not fit are shown where they are.
#![allow(unused)]

async fn no_future() {
    rt::select! { //~ is not a future //~ is not a future
        _ = 1 => {} //~ `{integer}` is not a future
    }
}

async fn condition() {
    rt::select! {
        _ = async {}, if 1 => {} //~ mismatched types
    }
}

async fn handlers() -> u32 {
    rt::select! {
        _ = async {} => 1,
        _ = async {} => "two", //~ `match` arms have incompatible types
    }
}

async fn pattern() {
    rt::select! {
        Some(_) = async { 1 } => {} //~ mismatched types //~ mismatched types
        else => {}
    }
}

fn not_async() {
    rt::select! { _ = async {} => {} } //~ `await` is only allowed inside `async` functions and blocks
    rt::join!(async {}); //~ `await` is only allowed inside `async` functions and blocks
}

fn main() {}
