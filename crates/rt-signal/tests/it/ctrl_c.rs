//! Ctrl-C.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};

use rt_signal::ctrl_c;
use rt_signal::unix::SignalKind;
use rt_task::base::context::{Env, enter};

use crate::alone;
use crate::drive::{drive_on, raise, reactor};

#[test]
fn everybody_who_waits_for_ctrl_c_is_told() {
    if !alone::is_here() {
        return alone::run("ctrl_c::everybody_who_waits_for_ctrl_c_is_told");
    }
    let mut driver = reactor();
    let (mut one, mut other) = (Box::pin(ctrl_c()), Box::pin(ctrl_c()));
    let _guard = enter(Env::new().with_io(driver.handle()));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(one.as_mut().poll(&mut cx).is_pending());
    assert!(Pin::new(&mut other).poll(&mut cx).is_pending());
    raise(SignalKind::interrupt());
    drive_on(&mut driver, async { (one.await.unwrap(), other.await.unwrap()) });

    // One that begins to wait after the signal waits for the next.
    let mut late = pin!(ctrl_c());
    assert!(late.as_mut().poll(&mut cx).is_pending());
    raise(SignalKind::interrupt());
    drive_on(&mut driver, late).unwrap();
    // Nobody waits any more; the process goes on all the same.
    raise(SignalKind::interrupt());
}

#[test]
fn without_a_reactor_it_says_what_is_missing() {
    let waiting = ctrl_c();
    let error = rt_task::block_on(waiting).unwrap_err().to_string();
    assert!(error.starts_with(&format!("`ctrl_c` at {}", file!())), "{error}");
    assert!(error.contains("Runtime::block_on"), "{error}");
}
