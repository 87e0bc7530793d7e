//! Groups: workers beyond one word.

use std::collections::BTreeSet;

use super::*;

const COUNTS: [usize; 10] = [1, 2, 3, 47, 48, 49, 96, 97, 1_000, 32_768];

fn nobody() -> usize {
    usize::MAX
}

fn all_asleep(workers: usize) -> Idle {
    let idle = Idle::new(workers);
    for worker in 0..workers {
        assert!(matches!(
            idle.sleep(worker, false, Watches::Never),
            Sleep::Asleep { watch: false }
        ));
    }
    idle
}

#[test]
fn each_worker_has_a_bit_of_its_own() {
    for workers in COUNTS {
        let idle = Idle::new(workers);
        let count = idle.groups.len();
        let bits: BTreeSet<_> = (0..workers).map(|it| (it % count, idle.bit(it))).collect();
        assert_eq!(bits.len(), workers);
        assert!(bits.iter().all(|(_, bit)| bit & SLEEPERS == *bit));
        for worker in 0..workers.min(count) {
            let of_group = bits.iter().filter(|(group, _)| *group == worker);
            assert_eq!(of_group.fold(0, |all, (_, bit)| all | bit), idle.all(worker));
        }
    }
}

#[test]
fn each_sleeper_is_called_once() {
    for workers in COUNTS {
        let idle = all_asleep(workers);
        assert_eq!(idle.sleepers(), workers);
        let mut called = BTreeSet::new();
        while let Some(worker) = idle.call_beside(called.len(), nobody) {
            assert!(worker < workers && called.insert(worker));
            assert!(idle.rise(worker, false).called);
            idle.found(worker);
        }
        assert_eq!(called.len(), workers);
        assert_eq!(idle.sleepers(), 0);
    }
}

#[test]
fn a_close_names_each_sleeper() {
    for workers in COUNTS {
        let idle = all_asleep(workers);
        let mut named = idle.close();
        named.sort_unstable();
        assert_eq!(named, (0..workers).collect::<Vec<_>>());
        assert!(idle.is_closed());
        for worker in 0..workers {
            assert!(idle.glance(worker).is_closed() && !idle.is_asleep(worker));
            assert!(!idle.rise(worker, false).called);
            assert_eq!(idle.sleep(worker, false, Watches::Always), Sleep::Closed);
        }
    }
}

#[test]
fn nobody_is_called_while_one_searches() {
    for workers in COUNTS.into_iter().filter(|workers| *workers > 1) {
        let idle = all_asleep(workers);
        let first = idle.call(0, nobody).unwrap();
        assert_eq!(idle.call(1, nobody), None);
        assert_eq!(idle.call_after_push(nobody), None);
        assert!(idle.rise(first, false).called);
        assert!(idle.found(first), "the last that searched");
        assert!(idle.call_after_push(nobody).is_some());
    }
}

#[test]
fn who_is_to_be_called_last_is() {
    let idle = all_asleep(3);
    let order: Vec<_> = iter_calls(&idle, 0).collect();
    assert_eq!(order, [1, 2, 0]);
    let idle = all_asleep(3);
    let order: Vec<_> = iter_calls(&idle, 2).collect();
    assert_eq!(order, [0, 1, 2]);
}

fn iter_calls(idle: &Idle, last: usize) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || idle.call_beside(0, || last))
}

#[test]
fn at_most_half_of_a_group_search() {
    for workers in COUNTS {
        let idle = Idle::new(workers);
        let searching = (0..workers).filter(|worker| idle.start_searching(*worker)).count();
        let groups = idle.groups.len();
        assert!(searching >= workers / 2 && searching <= workers / 2 + groups, "{workers}");
        assert_eq!((0..workers).filter(|worker| idle.start_searching(*worker)).count(), 0);
    }
}

#[test]
fn a_glance_tells_who_is_wanted() {
    let idle = Idle::new(3);
    let wanted = || idle.glance(0).is_short_of_searchers();
    assert!(!wanted(), "nobody sleeps");
    assert!(matches!(idle.sleep(0, false, Watches::Never), Sleep::Asleep { .. }));
    assert!(wanted());
    assert!(idle.start_searching(1));
    assert!(!wanted(), "one searches");
    assert!(idle.found(1));
    assert!(wanted());
    assert_eq!(idle.call(0, nobody), Some(0));
    assert!(!wanted(), "it is awake");
}

#[test]
fn the_watch_is_given_up_only_while_all_sleep() {
    for workers in COUNTS.into_iter().filter(|workers| *workers > 1) {
        let idle = Idle::new(workers);
        let count = idle.groups.len();
        // One group: that of worker 0.
        let group: Vec<_> = (0..workers).step_by(count).collect();
        assert_eq!(idle.sleep(0, false, Watches::Always), Sleep::Asleep { watch: true });
        for worker in &group[1..] {
            assert!(!idle.unwatch(0), "{worker} is awake");
            assert_eq!(idle.sleep(*worker, false, Watches::Always), Sleep::Asleep { watch: false });
        }
        assert!(idle.unwatch(0));
        assert!(idle.glance(0).is_unwatched());
        assert!(!idle.unwatch(0), "it was");
    }
}

#[test]
fn a_worker_that_falls_asleep_last_does_not_watch() {
    let idle = Idle::new(2);
    assert_eq!(idle.sleep(0, false, Watches::OthersAwake), Sleep::Asleep { watch: true });
    assert_eq!(idle.rise(0, true), Risen { called: false, unwatched: false });
    assert_eq!(idle.sleep(1, false, Watches::Never), Sleep::Asleep { watch: false });
    assert!(idle.is_unwatched(0));
    assert_eq!(idle.sleep(0, false, Watches::OthersAwake), Sleep::Asleep { watch: false });
    assert_eq!(idle.rise(1, false), Risen { called: false, unwatched: true });
}
