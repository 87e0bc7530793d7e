//! Every way into a set.

use std::cell::Cell;
use std::future::{pending, ready};
use std::rc::Rc;

use rt_facade::runtime::LocalRuntime;
use rt_facade::task::{self, JoinSet, LocalSet, spawn_blocking, yield_now};

use crate::support::{for_each_flavor, panic_message};

#[test]
fn tasks_come_from_runtimes_pools_and_local_sets() {
    for_each_flavor(|runtime| {
        let mut set = JoinSet::new();
        let local = LocalSet::new();
        set.spawn_on(async { 1 }, runtime.handle());
        set.spawn_blocking_on(|| 2, runtime.handle());
        set.spawn_local_on(async { 3 }, &local);
        set.insert(runtime.spawn(async { 4 }));
        local.block_on(runtime, async {
            set.spawn(async { 5 });
            set.spawn_blocking(|| 6);
            let shared = Rc::new(7);
            set.spawn_local(async move { *shared });
            assert_eq!(set.len(), 7);
            let mut all = Vec::new();
            while let Some(output) = set.join_next().await {
                all.push(output.unwrap());
            }
            all.sort_unstable();
            assert_eq!(all, [1, 2, 3, 4, 5, 6, 7]);
            assert!(set.is_empty() && set.join_next().await.is_none());
        });
    });
}

#[test]
fn a_local_runtime_needs_no_set_of_tasks_that_stay() {
    let runtime = LocalRuntime::new().unwrap();
    let sum = Rc::new(Cell::new(0));
    runtime.block_on(async {
        let mut set = JoinSet::new();
        for n in 1..=4 {
            let sum = sum.clone();
            set.spawn_local(async move {
                yield_now().await;
                sum.set(sum.get() + n);
                sum // an output that cannot leave the thread
            });
        }
        assert_eq!(set.join_all().await.len(), 4);
    });
    assert_eq!((sum.get(), Rc::strong_count(&sum)), (10, 1));
}

#[test]
fn futures_are_collected_and_added() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let mut set: JoinSet<usize> = (0..10).map(ready).collect();
            set.extend((10..20).map(ready));
            let mut all = set.join_all().await;
            all.sort_unstable();
            assert_eq!(all, (0..20).collect::<Vec<_>>());
        });
    });
}

#[test]
fn members_have_names_and_ids() {
    for_each_flavor(|runtime| {
        let local = LocalSet::new();
        local.block_on(runtime, async {
            let mut set = JoinSet::new();
            let handle = runtime.handle();
            let named = [
                set.build_task().name("0").spawn(async { 0 }).unwrap(),
                set.build_task().name("1").spawn_on(async { 1 }, handle).unwrap(),
                set.build_task().name("2").spawn_blocking(|| 2).unwrap(),
                set.build_task().name("3").spawn_blocking_on(|| 3, handle).unwrap(),
                set.build_task().name("4").spawn_local(async { 4 }).unwrap(),
                set.build_task().name("5").spawn_local_on(async { 5 }, &local).unwrap(),
            ];
            let here = file!();
            for (n, abort) in named.iter().enumerate() {
                let info = abort.info();
                assert_eq!(info.name, Some(n.to_string()));
                assert_eq!(info.location.file(), here);
            }
            while let Some(ended) = set.join_next_with_id().await {
                let (id, n) = ended.unwrap();
                assert_eq!(named[n].id(), id);
            }
            let asks = set.spawn(async { task::id().as_u64() as usize });
            let (id, told) = set.join_next_with_id().await.unwrap().unwrap();
            assert_eq!((id, told), (asks.id(), asks.id().as_u64() as usize));
        });
    });
}

#[test]
fn what_is_missing_is_told_with_the_call_and_the_fix() {
    let mut set = JoinSet::<()>::new();
    let calls: [fn(&mut JoinSet<()>); 5] = [
        |set| drop(set.spawn(async {})),
        |set| drop(set.spawn_blocking(|| ())),
        |set| drop(set.spawn_local(async {})),
        |set| drop(set.build_task().spawn(async {})),
        |set| set.extend([async {}]),
    ];
    for call in calls {
        let message = panic_message(|| call(&mut set));
        assert!(message.contains("tests/it/join_set/spawning.rs"), "{message}");
        assert!(set.is_empty());
    }
    for_each_flavor(|runtime| {
        let message = panic_message(|| {
            runtime.block_on(async { drop(JoinSet::new().spawn_local(pending::<()>())) });
        });
        assert!(message.contains("`LocalSet`"), "{message}");
    });
}

#[test]
fn a_set_may_live_anywhere_and_move_between_threads() {
    for_each_flavor(|runtime| {
        let mut set = JoinSet::new();
        set.spawn_on(async { 1 }, runtime.handle());
        let moved = runtime.spawn(async move {
            set.spawn(async { 2 });
            let in_closure = spawn_blocking(move || {
                set.spawn(async { 4 });
                set
            });
            let mut set = in_closure.await.unwrap();
            let mut sum = 0;
            while let Some(n) = set.join_next().await {
                sum += n.unwrap();
            }
            sum
        });
        assert_eq!(runtime.block_on(moved).unwrap(), 7);
    });
}
