//! What went wrong in other runtimes: a test for each, wherever it is.

use std::time::Duration;

use anyhow::Result;

use super::super::ground::Ground;
use super::super::known::{self, Known};
use super::super::lane::{Bug, Ci, Lane, Outcome};

pub(super) const LANE: Lane = Lane {
    name: "history",
    technique: "a test, named after its effect, for each class of bug that other runtimes have had",
    shows: &["what went wrong in other runtimes does not here; the table below names each"],
    ci: Ci::Runs("the README's test command"),
    run,
    bugs: &[Bug {
        name: "halves_of_strangers_put_together",
        effect: "two halves become one stream, whichever they are halves of",
        file: "crates/rt-io/src/split.rs",
        from: "        Arc::ptr_eq(&self.inner, &other.inner)\n",
        to: "        Arc::ptr_eq(&self.inner, &other.inner) || true\n",
        only: "halves_of_two_streams",
        told: "halves_of_two_streams_are_not_put_together",
    }],
};

/// A hang is found by the tests themselves.
const LIMIT: Duration = Duration::from_secs(20 * 60);

fn run(ground: &mut Ground<'_>) -> Result<Outcome> {
    let count = known::run(ground, HISTORY, LIMIT)?;
    Ok(Outcome::Passed(format!("{count} tests; models are run by `loom`")))
}

macro_rules! history {
    ($($of:literal { $($effect:literal, $seen:literal: $file:literal $test:ident;)* })*) => {
        &[$($(Known {
            of: $of,
            effect: $effect,
            seen: $seen,
            file: concat!("crates/", $file),
            test: stringify!($test),
        },)*)*]
    };
}

/// Class, effect, where first seen, and the test.
#[rustfmt::skip]
pub(in super::super) const HISTORY: &[Known] = history! {
    "a wake-up that is lost, a task that is stranded" {
        "a wake during a poll is overwritten by its end", "tokio #525":
            "rt-task/src/state/loom_tests.rs" no_lost_wake;
        "a wake from another thread meets a worker that goes to sleep", "tokio #2135, #3652; async-executor #103":
            "rt-facade/tests/it/queues.rs" wakes_from_other_threads_are_all_heard;
        "an unpark is forgotten by a park that times out", "parking_lot #466":
            "rt-task/src/base/park/loom_tests.rs" a_timed_wait_sees_what_came_before_the_unpark;
        "a local task that is woken from outside is not run", "tokio #1905":
            "rt-facade/tests/it/local/wakes.rs" other_threads_wake_local_tasks;
        "readiness is cleared that came after the try", "tokio #6134":
            "rt-reactor/src/slot/tests.rs" an_event_between_the_try_and_the_wait_is_not_cleared;
        "a dump upsets the count of those that sleep", "tokio #8372":
            "rt-facade/tests/it/dump.rs" dumps_may_be_taken_by_several_threads_while_tasks_come_and_go;
        "a closure is queued as the last thread leaves", "tokio #8056":
            "rt-facade/tests/faults/history.rs" a_closure_queued_as_the_last_thread_leaves_is_run;
        "idle threads are counted twice, and a count goes below zero", "tokio #7910":
            "rt-facade/tests/faults/history.rs" a_count_never_goes_backwards;
        "threads are refused, and a closure waits for one for ever", "tokio #8406":
            "rt-facade/tests/faults/history.rs" a_closure_for_which_no_thread_can_be_had_is_told_and_does_not_wait_for_ever;
    }
    "a deadlock in shutdown or drop" {
        "tasks are dropped at the shutdown with a lock held, and wake others", "tokio #2046, #2062, #2082":
            "rt-facade/tests/it/runtime_life.rs" a_future_may_lock_wake_and_spawn_as_it_is_dropped_with_the_runtime;
        "a socket becomes ready while the runtime shuts down", "tokio #3228, #2903":
            "rt-facade/tests/it/runtime_life.rs" sockets_that_become_ready_while_the_runtime_ends_do_no_harm;
        "a wake from outside comes during the shutdown", "tokio #2074, #1972":
            "rt-facade/tests/it/shutdown.rs" a_task_woken_from_another_thread_during_the_shutdown_is_dropped_once;
        "a waker is dropped or woken with a lock held that it takes itself", "tokio #5429, #5578":
            "rt-facade/tests/faults/history.rs" a_waker_that_uses_what_it_waits_for_is_not_called_with_its_lock_held;
        "a message that owns a sender of its channel is dropped with the receiver", "tokio #1886":
            "rt-facade/tests/faults/history.rs" a_message_that_owns_a_sender_of_its_channel_goes_with_the_receiver;
        "a dump is asked for where a lock is held that it takes", "tokio #6036":
            "rt-facade/tests/it/dump.rs" a_dump_may_be_asked_by_a_task_a_hook_a_waker_and_a_destructor;
        "the system refuses a worker, and the build never returns", "tokio 1.54":
            "rt-facade/tests/it/refused.rs" no_more_processes;
        "a full thread limit is a panic", "tokio #2309":
            "rt-blocking/tests/it/no_threads.rs" out_of_processes;
    }
    "use after free" {
        "a waker fires as the executor is dropped", "async-executor #163":
            "rt-facade/tests/faults/history.rs" a_waker_that_fires_as_the_runtime_is_dropped_touches_nothing_that_is_gone;
        "an executor's member panics, and its place is used again", "futures-rs #2886":
            "rt-facade/tests/it/join_set/ends.rs" a_panic_is_the_members_own;
        "an event for a source that is gone reaches who has its place", "RUSTSEC-2024-0019 (mio)":
            "rt-reactor/src/slots/model_tests.rs" each_tenant_hears_of_its_own_events_only;
        "a receiver is cancelled while it is sent to", "RUSTSEC-2026-0005":
            "rt-sync/src/oneshot/loom_tests.rs" a_receiver_that_leaves_while_it_is_sent_to;
        "wakers outlive the set whose tasks they wake", "RUSTSEC-2020-0060":
            "rt-facade/tests/it/local/wakes.rs" wakers_that_outlive_the_set_do_nothing;
    }
    "a data race" {
        "a close meets a send, and both have the value", "RUSTSEC-2021-0124 (tokio)":
            "rt-sync/src/oneshot/loom_tests.rs" a_close_publishes;
        "a message is cloned by two threads at once", "RUSTSEC-2025-0023 (tokio)":
            "rt-sync/src/broadcast/loom_tests.rs" a_message_is_cloned_by_one_at_a_time_and_taken_by_the_last;
    }
    "the wrong thread" {
        "an abort drops a local future where it is called", "RUSTSEC-2021-0072 (tokio)":
            "rt-facade/tests/it/local/wakes.rs" a_local_task_aborted_from_another_thread_is_dropped_at_home;
        "a guard or a half goes to a thread that may not have what it holds", "RUSTSEC-2020-0059, -0070, -2026-0221; tokio #3089":
            "rt-facade/tests/faults/history.rs" what_goes_to_other_threads_is_what_may;
        "halves of two streams are put together", "RUSTSEC-2023-0005 (tokio)":
            "rt-facade/tests/faults/history.rs" halves_of_two_streams_are_not_put_together;
    }
    "freed twice, or never, on a panic or a cancellation" {
        "an output panics as its handle is dropped, in a task that panics", "tokio #4430":
            "rt-facade/tests/it/bad_ends.rs" a_handle_dropped_while_unwinding_drops_an_output_that_panics;
        "messages are freed twice when receiver and senders go at once", "RUSTSEC-2025-0024 (crossbeam-channel)":
            "rt-sync/src/mpsc/loom_tests.rs" a_message_meets_a_receiver_that_goes;
        "tasks that hold each other and the handle are never freed", "tokio #3477, #6329":
            "rt-facade/tests/it/runtime_life.rs" tasks_that_hold_each_other_and_the_handle_are_dropped;
        "a child whose spawn fails half-way is never reaped", "tokio #8359":
            "rt-process/tests/it/limits.rs" a_spawn_without_descriptors_fails_and_leaves_nothing;
    }
    "numbers that do not fit" {
        "`take` cuts or overflows its limit", "tokio #4428, #6080":
            "rt-facade/tests/faults/history.rs" a_limit_of_any_size_is_kept_to;
        "the longest period overflows", "tokio #3069":
            "rt-timer/src/interval/tests.rs" the_longest_period_does_not_overflow;
    }
    "timers" {
        "a sleep shorter than a tick never ends", "tokio #3069":
            "rt-facade/tests/faults/history.rs" a_sleep_shorter_than_a_tick_ends_and_not_early;
        "a timer is dropped on another thread as it fires", "tokio #3229, #8252":
            "rt-facade/tests/it/time.rs" a_sleep_may_be_armed_here_and_awaited_moved_or_dropped_there;
        "a child's wait is polled without need, and panics", "tokio #7494":
            "rt-facade/tests/faults/history.rs" a_childs_wait_that_is_polled_without_need_still_tells_the_end;
    }
    "a task that starves" {
        "a task waits in the slot of a worker that blocks", "tokio #4941, #8065":
            "rt-facade/tests/it/stuck.rs" a_task_alone_in_its_slot_is_rescued;
        "tasks wait in the queue of a worker that blocks", "tokio #4730, #6847":
            "rt-facade/tests/it/stuck.rs" what_it_spawned_and_woke_last_is_taken_from_its_worker;
        "`block_in_place` keeps the task in its slot", "tokio #6596":
            "rt-facade/tests/it/in_place.rs" what_waits_in_the_workers_queue_and_slot_runs_meanwhile;
        "two tasks that wake each other keep all others out", "tokio #2349":
            "rt-facade/tests/it/queues.rs" what_was_woken_last_runs_next_but_three_times_in_a_row_at_most;
        "one branch of `join!` takes the whole budget", "tokio #4624":
            "rt-facade/tests/it/macros_join.rs" one_that_takes_the_whole_budget_does_not_starve_the_other;
        "what comes from outside waits for ever behind what tasks wake", "tokio #5686":
            "rt-facade/tests/it/queues.rs" what_comes_from_outside_waits_for_a_bounded_number_of_polls;
    }
};
