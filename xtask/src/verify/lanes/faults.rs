//! Whatever users' code, the system and peers can do wrong, put in one by one.

use std::time::Duration;

use anyhow::{Result, bail};

use super::super::ground::{Ground, passed};
use super::super::known::Known;
use super::super::lane::{Bug, Ci, Lane, Outcome};

pub(super) const LANE: Lane = Lane {
    name: "faults",
    technique: "fault injection: a generated matrix of panics, failing allocation, and child processes under limits, signals and `strace`",
    shows: &[
        "a panic in any callback, on any flavour, at any time: others go on, every worker survives, each thing is dropped once",
        "who waits beside a waker that panics is woken all the same",
        "a waker is dropped with no lock held, also when its wait is given up",
        "what promises to allocate nothing does not: wakes, timers, locks, messages, sockets",
        "what the system refuses is an error and leaves nothing behind; interrupted calls are nobody's",
        "no timer is early, whatever the clock or the process does",
        "peers that reset, vanish, trickle or never read harm themselves alone",
        "a link that is cut is told of by timeouts and errors, on time, and harms nobody who does not use it",
        "tasks, timers, registrations, threads, descriptors and memory return to the start level",
    ],
    ci: Ci::Runs("the README's test command, all but what takes longer than a second"),
    run,
    bugs: &[
        Bug {
            name: "a_panic_of_an_outputs_drop_let_out",
            effect: "an output that is dropped because its future's drop panicked takes the worker with it",
            file: "crates/rt-task/src/cell.rs",
            from: "        contain(|| drop(unwanted));\n",
            to: "        drop(unwanted);\n",
            only: "panics",
            told: "cell: ",
        },
        Bug {
            name: "permits_kept_by_a_wait_whose_waker_panics",
            effect: "a wait that is given up keeps what it had, because its waker's drop panics before",
            file: "crates/rt-sync/src/base/permits.rs",
            from: "        self.give(given);\n        drop(waker); // last: it may run anything, and panic\n",
            to: "        drop(waker);\n        self.give(given);\n",
            only: "panics",
            told: "hangs at crates/rt-facade/tests/faults/panics/leaves.rs",
        },
        Bug {
            name: "an_interrupted_wait_passed_on",
            effect: "a signal during a wait for events is an error of the driver",
            file: "crates/rt-reactor/src/selector/mio.rs",
            from: "Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),",
            to: "Err(error) => Err(error),",
            only: "system",
            told: "interrupted_waits_are_nobodys_error",
        },
        Bug {
            name: "an_allocation_each_time_a_worker_sleeps",
            effect: "whoever falls asleep to watch the others allocates what it has",
            file: "crates/rt-sched-multi/src/wait.rs",
            from: "self.watch.renew(self.shared);",
            to: "self.watch = crate::watch::Watch::new(self.shared);",
            only: "memory",
            told: "a_worker_that_falls_asleep_to_watch_the_others ... FAILED",
        },
        Bug {
            name: "a_member_that_leaves_with_the_lock_held",
            effect: "the waker of a wait that is given up is dropped under the lock of what was waited for",
            file: "crates/rt-sync/src/base/crowd.rs",
            from: "            let waker = lock.lock().with(|owner| of(owner).waiters.unlink(&this.waiter));\n            drop(waker); // with no lock held\n",
            to: "            lock.lock().with(|owner| drop(of(owner).waiters.unlink(&this.waiter)));\n",
            only: "given_up",
            told: "it hangs, or has failed",
        },
    ],
};

/// The modules of `crates/rt-facade/tests/faults`, but `history`, which is a lane.
const PARTS: [&str; 7] = ["panics", "memory", "start_level", "given_up", "system", "peers", "link"];

/// A hang of a single test is found by itself within two minutes; the whole takes less than five.
const LIMIT: Duration = Duration::from_secs(30 * 60);

fn run(ground: &mut Ground<'_>) -> Result<Outcome> {
    let parts: Vec<&str> = match &ground.flags.only {
        Some(only) => PARTS.into_iter().filter(|part| part == only).collect(),
        None => PARTS.to_vec(),
    };
    if parts.is_empty() {
        bail!("--only: one of {}", PARTS.join(", "));
    }
    let mut command = ground.cargo(["test", "--package", "rt-facade", "--all-features"]);
    command.args(["--test", "faults", "--"]).args(parts.iter().map(|part| format!("{part}::")));
    if !ground.flags.quick {
        command.arg("--include-ignored");
    }
    // What cannot be done here says so.
    command.arg("--show-output");
    let text = ground.run(LIMIT, &mut command)?;
    let skipped: Vec<&str> = text.lines().filter(|line| line.starts_with("skipped: ")).collect();
    skipped.iter().for_each(|line| println!("   {line}"));
    let told = format!("{} tests", passed(&text)?);
    Ok(Outcome::Passed(match skipped.len() {
        0 => told,
        count => format!("{told}, {count} of them could not be done here"),
    }))
}

macro_rules! faults {
    ($($fault:literal: $file:literal $test:ident;)*) => {
        &[$(Known {
            of: $fault,
            effect: $fault,
            seen: "",
            file: concat!("crates/", $file),
            test: stringify!($test),
        },)*]
    };
}

/// Each fault, and the test that puts it in; those that other files had before are here, too.
#[rustfmt::skip]
pub(in super::super) const FAULTS: &[Known] = faults! {
    "a panic in a poll, in the drop of a future, output or payload, in a waker, a hook, a task-local or a closure: single thread":
        "rt-facade/tests/faults/panics.rs" on_the_single_thread_flavour;
    "the same: one worker": "rt-facade/tests/faults/panics.rs" on_one_worker;
    "the same: two workers": "rt-facade/tests/faults/panics.rs" on_two_workers;
    "the same: four workers": "rt-facade/tests/faults/panics.rs" on_four_workers;
    "the same: a set of local tasks": "rt-facade/tests/faults/panics.rs" in_a_set_of_tasks_that_stay;
    "the same: a local runtime": "rt-facade/tests/faults/panics.rs" on_a_local_runtime;
    "a panic in the destructor of a thread-local":
        "rt-facade/tests/faults/system.rs" a_destructor_of_a_thread_local_that_panics_ends_the_process_and_does_not_hang_it;
    "a panic while another unwinds": "rt-facade/tests/it/bad_ends.rs" a_destructor_that_panics_in_an_unwinding_task_is_contained;
    "a panic in `block_in_place`": "rt-facade/tests/it/in_place.rs" a_panic_in_it_is_the_tasks_and_the_worker_is_taken_back;
    "no memory: wakes and yields": "rt-facade/tests/faults/memory.rs" wakes_and_yields;
    "no memory: a worker falls asleep to watch the others": "rt-facade/tests/faults/memory.rs" a_worker_that_falls_asleep_to_watch_the_others;
    "a waker that uses what it waits for, as that wait is given up":
        "rt-facade/tests/faults/given_up.rs" a_wait_that_is_given_up_drops_its_waker_with_no_lock_held;
    "no memory: `block_on`": "rt-facade/tests/faults/memory.rs" block_on_again;
    "no memory: timers": "rt-facade/tests/faults/memory.rs" timers_that_are_armed_dropped_and_fire;
    "no memory: locks": "rt-facade/tests/faults/memory.rs" locks_that_are_waited_for;
    "no memory: messages": "rt-facade/tests/faults/memory.rs" messages_to_and_fro;
    "no memory: sockets": "rt-facade/tests/faults/memory.rs" datagrams_and_streams;
    "`EMFILE` as a runtime is built": "rt-facade/tests/it/refused.rs" no_more_descriptors;
    "`EMFILE` in accept": "rt-net/tests/it/exhausted.rs" accept_tells_once_then_rests_until_there_is_a_descriptor;
    "`EMFILE` as a child is started": "rt-process/tests/it/limits.rs" a_spawn_without_descriptors_fails_and_leaves_nothing;
    "`ENFILE` in accept": "rt-facade/tests/faults/system.rs" a_system_without_files_left_is_told_once_and_clients_are_served_in_the_end;
    "`EINTR` in every thread, every 100 µs": "rt-facade/tests/faults/system.rs" interrupted_waits_are_nobodys_error;
    "`EINTR` of every second wait for events": "rt-facade/tests/faults/system.rs" waits_in_the_kernel_that_end_early_are_begun_again;
    "`EINTR` of every second call to a socket": "rt-facade/tests/faults/system.rs" calls_that_are_interrupted_are_made_again;
    "`EAGAIN` for all but one of many tasks": "rt-facade/tests/faults/peers.rs" a_herd_of_tasks_that_mostly_find_nothing_gets_all_there_is;
    "a worker is refused": "rt-facade/tests/it/refused.rs" no_more_processes;
    "no memory for stacks": "rt-facade/tests/it/refused.rs" no_more_memory_for_stacks;
    "a thread of the pool is refused": "rt-blocking/tests/it/no_threads.rs" out_of_processes;
    "no thread at all": "rt-blocking/tests/it/no_threads.rs" no_thread_at_all;
    "virtual time jumps by years": "rt-facade/tests/faults/system.rs" a_paused_clock_that_jumps_by_years_fires_what_is_due_and_no_more;
    "the clock stands at more than a century": "rt-facade/tests/faults/system.rs" a_machine_that_has_been_up_for_a_century;
    "the clock goes back": "rt-timer/src/driver/tests.rs" a_clock_that_goes_back_fires_nothing_twice;
    "the process is stopped for two seconds": "rt-facade/tests/faults/system.rs" a_process_that_was_stopped_for_two_seconds_goes_on_with_its_timers;
    "a hundred thousand signals": "rt-facade/tests/faults/system.rs" in_a_storm_of_a_hundred_thousand_signals_tasks_go_on_and_the_last_is_told;
    "fork": "rt-facade/tests/it/forking.rs" a_child_is_told_and_the_parent_goes_on;
    "fork inside a runtime": "rt-facade/tests/it/forking.rs" a_fork_inside_a_runtime_is_told;
    "a reset before the accept": "rt-facade/tests/faults/peers.rs" a_reset_before_the_accept;
    "a reset during a read": "rt-facade/tests/faults/peers.rs" a_reset_while_a_read_waits;
    "a reset with bytes unread": "rt-facade/tests/faults/peers.rs" a_reset_with_bytes_unread;
    "a reset during a write": "rt-facade/tests/faults/peers.rs" a_reset_while_a_write_waits;
    "a reset during both": "rt-facade/tests/faults/peers.rs" a_reset_while_both_halves_wait_is_told_to_both;
    "a reset after the shutdown": "rt-facade/tests/faults/peers.rs" a_reset_after_the_end_was_said;
    "a connect to where nobody listens, or given up": "rt-facade/tests/it/net_tcp_socket.rs" a_connection_that_is_given_up_leaves_nothing_behind;
    "a half-open peer": "rt-facade/tests/faults/peers.rs" a_peer_that_vanished_is_found_by_a_timeout_or_by_writing;
    "a peer that never reads": "rt-facade/tests/faults/peers.rs" a_peer_that_never_reads_holds_up_nobody_else_and_takes_bounded_memory;
    "a peer that sends byte by byte": "rt-facade/tests/faults/peers.rs" a_peer_that_sends_byte_by_byte_is_read_whole;
    "a full queue of connections": "rt-facade/tests/faults/peers.rs" a_hundred_clients_at_a_queue_of_one_are_all_served;
    "a network that delays, cuts up and resets": "rt-facade/tests/faults/peers.rs" over_a_network_that_delays_cuts_up_and_resets_all_comes_or_an_error;
    "a link that is cut and mended": "rt-facade/tests/faults/link.rs" a_link_that_is_cut_and_mended;
    "a link that delays and drops": "rt-facade/tests/faults/link.rs" a_link_that_delays_and_drops;
    "nothing is left behind": "rt-facade/tests/faults/start_level.rs" after_two_hundred_rounds_and_a_hundred_runtimes;
    "nothing is left behind by ten thousand runtimes": "rt-facade/tests/faults/start_level.rs" after_two_thousand_rounds_and_ten_thousand_runtimes;
};
