//! Entering, leaving, in any order.

use super::*;
use alloc::string::{String, ToString};

fn top_name() -> Option<String> {
    env().and_then(|env| env.slots.name.as_deref().map(ToString::to_string))
}

#[test]
fn guards_may_be_dropped_in_any_order() {
    let a = enter(Env::new().named("a"));
    let b = enter(Env::new().named("b"));
    assert_eq!(top_name().as_deref(), Some("b"));
    drop(a);
    assert_eq!(top_name().as_deref(), Some("b"));
    drop(b);
    assert_eq!(top_name(), None);
    assert!(tls::get().is_null(), "the last one out frees the context");
}

#[test]
fn a_guard_dropped_inside_an_accessor_frees_nothing_in_use() {
    let guard = Cell::new(Some(enter(Env::new().with_spawner(String::from("here")))));
    let read = spawner(|name: &String| {
        drop(guard.take());
        name.clone()
    });
    assert_eq!(read.as_deref(), Ok("here"));
    assert!(tls::get().is_null());
}

#[test]
fn a_forgotten_guard_leaks_and_dangles_not() {
    let inner = visit_blocking(Env::new().named("outer"), |_| {
        core::mem::forget(enter(Env::new().named("forgotten")));
        top_name()
    });
    assert_eq!(inner.as_deref(), Some("forgotten"));
    assert_eq!(top_name().as_deref(), Some("forgotten"), "still entered, as nobody left it");
}

#[test]
fn a_thread_drives_one_runtime_at_a_time() {
    let here = 7_u8;
    let home = (&raw const here).cast();
    let nested = drive(Env::new(), home, 3, |ctx| {
        assert_eq!((ctx.home(), ctx.shard()), (home, 3));
        drive(Env::new(), ptr::null(), 0, |_| ()).map_err(|nested| nested.outer.since.file())
    });
    assert_eq!(nested.unwrap(), Err(file!()));
    assert!(driven().is_none());
    let blocking =
        drive(Env::new(), home, 0, |_| visit_blocking(Env::new(), |_| driven().is_none()));
    assert!(blocking.unwrap(), "a thread handed to blocking work may block");
}

#[test]
fn what_is_missing_is_told_with_the_call_site_and_the_fix() {
    assert_eq!(io(|_: &u32| ()), Err(Missing::Runtime));
    let _guard = enter(Env::new().with_io(1_u32));
    assert_eq!(io(|n: &u32| *n), Ok(1));
    assert_eq!(io(|_: &u64| ()), Err(Missing::Io), "a handle of another type is none");
    assert_eq!(time(|_: &u32| ()), Err(Missing::Time));
    let site = Location::caller();
    let message = Missing::Time.message("sleep", site);
    assert!(message.contains("`sleep` at ") && message.contains(&site.to_string()), "{message}");
    assert!(message.contains("enable_time"), "{message}");
}
