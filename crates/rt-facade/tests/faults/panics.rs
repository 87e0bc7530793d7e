//! A panic in whatever users hand in, on every flavour, while it runs, when it is aborted and as the runtime
//! ends.
//!
//! The cells of the matrix are made from three lists: [`Flavour`], [`Fault`], [`Stage`]. In each, bystanders
//! are there before the fault and answer after it; every worker still works, at the same time as all others;
//! the pool and the timers work; what was made is dropped once; and the runtime's drop returns and is silent.

mod cell;
pub(crate) mod flavour;
mod leaves;
mod ledger;
mod wakers;

use std::sync::{Arc, Barrier};

use cell::Fault;
use flavour::{Flavour, Ground};

/// When the fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Run,
    Abort,
    Shutdown,
}

const STAGES: [Stage; 3] = [Stage::Run, Stage::Abort, Stage::Shutdown];

/// Every worker is there, and polls at the same time as all others.
fn workers_meet(ground: &Ground, flavour: Flavour) {
    let workers = if flavour.has_workers() { ground.handle().metrics().workers } else { 1 };
    let meet = Arc::new(Barrier::new(workers));
    let meets = (0..workers).map(|_| {
        let meet = meet.clone();
        ground.spawn(async move {
            meet.wait();
        })
    });
    let meets: Vec<_> = meets.collect();
    ground.block_on(async {
        for meets in meets {
            meets.await.unwrap();
        }
    });
}

/// Runs every cell of a flavour in a process of its own, which is ended should it hang.
fn every_cell(name: &str, flavours: &[Flavour]) {
    if !crate::child::is_here() {
        return crate::child::run(&format!("panics::{name}"), &[]);
    }
    for flavour in flavours {
        for stage in STAGES {
            for fault in Fault::all() {
                for kept in [true, false] {
                    // The last line of a run that hangs or fails.
                    eprintln!("cell: {flavour:?}, {fault:?}, {stage:?}, handle kept: {kept}");
                    cell::run(*flavour, fault, stage, kept);
                }
            }
            for (name, leaf) in leaves::ALL {
                for fault in wakers::FAULTS {
                    eprintln!("cell: {flavour:?}, {name}, {fault:?} of a waker, {stage:?}");
                    leaves::run(*flavour, *leaf, fault, stage);
                }
            }
        }
    }
}

#[test]
fn on_the_single_thread_flavour() {
    every_cell("on_the_single_thread_flavour", &[Flavour::Current]);
}

#[test]
fn on_one_worker() {
    every_cell("on_one_worker", &[Flavour::Multi(1)]);
}

#[test]
fn on_two_workers() {
    every_cell("on_two_workers", &[Flavour::Multi(2)]);
}

#[test]
fn on_four_workers() {
    every_cell("on_four_workers", &[Flavour::Multi(4)]);
}

#[test]
fn in_a_set_of_tasks_that_stay() {
    every_cell("in_a_set_of_tasks_that_stay", &[Flavour::SetOnCurrent, Flavour::SetOnMulti]);
}

#[test]
fn on_a_local_runtime() {
    every_cell("on_a_local_runtime", &[Flavour::Local]);
}
