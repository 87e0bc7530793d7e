//! `select!`, `join!` and `try_join!` as they should not be written.
#![allow(unused)]

async fn select_nothing() {
    rt::select! {} //~ `select!` needs a branch: `pattern = future => handler`
}

async fn select_no_handler() {
    rt::select! {
        _ = async {} //~ unexpected end of macro invocation
    }
}

async fn select_no_future() {
    rt::select! {
        _ => {} //~ no rules expected
    }
}

async fn else_comes_last() {
    rt::select! { //~ `else` of a `select!` comes last
        _ = async {} => {}
        else => {}
        _ = async {} => {}
    }
}

async fn no_comma() {
    rt::join!(async {} async {}); //~ no rules expected
}

fn main() {}
