use std::cell::{Cell, RefCell};
use std::future::pending;

use super::*;
use crate::time::Instant;

fn v4(n: u8) -> SocketAddr {
    ([10, 0, 0, n], 80).into()
}

fn v6(n: u16) -> SocketAddr {
    ([0xfd00, 0, 0, 0, 0, 0, 0, n], 80).into()
}

/// What an address does, and after how many milliseconds.
#[derive(Clone, Copy)]
enum Does {
    Answers(u64),
    Refuses(u64),
    Nothing,
}

/// Who was tried and when, in milliseconds; and who won when, or how many failed.
type Story = (Vec<(SocketAddr, u128)>, Result<(SocketAddr, u128), usize>);

fn story(plan: &[(SocketAddr, Does)]) -> Story {
    let runtime =
        crate::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(async {
        let start = Instant::now();
        let tried = RefCell::new(Vec::new());
        let alive = Cell::new(0);
        let won = first(plan.iter().map(|(address, _)| *address), STAGGER, |address| {
            tried.borrow_mut().push((address, start.elapsed().as_millis()));
            let does = plan.iter().find(|(planned, _)| *planned == address).unwrap().1;
            let counted = Counted::new(&alive);
            async move {
                let _counted = counted;
                match does {
                    Does::Answers(after) => sleep(Duration::from_millis(after)).await,
                    Does::Refuses(after) => {
                        sleep(Duration::from_millis(after)).await;
                        return Err(io::Error::other(address.to_string()));
                    }
                    Does::Nothing => pending().await,
                }
                Ok(address)
            }
        })
        .await;
        assert_eq!(alive.get(), 0, "who lost is dropped");
        let won = won.map(|who| (who, start.elapsed().as_millis()));
        let lost = won.map_err(|failures| {
            assert!(failures.iter().all(|(who, error)| error.to_string() == who.to_string()));
            failures.len()
        });
        (tried.into_inner(), lost)
    })
}

struct Counted<'a>(&'a Cell<usize>);

impl<'a> Counted<'a> {
    fn new(count: &'a Cell<usize>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Timers are up to a tick late.
fn about(at: u128, wanted: u128) -> bool {
    (wanted..=wanted + 2).contains(&at)
}

#[track_caller]
fn assert_story(
    story: &Story,
    tried: &[(SocketAddr, u128)],
    won: Result<(SocketAddr, u128), usize>,
) {
    assert_eq!(story.0.len(), tried.len(), "{story:?}");
    for (was, wanted) in story.0.iter().zip(tried) {
        assert!(was.0 == wanted.0 && about(was.1, wanted.1), "{was:?} for {wanted:?}: {story:?}");
    }
    match (story.1, won) {
        (Ok(was), Ok(wanted)) => assert!(was.0 == wanted.0 && about(was.1, wanted.1), "{story:?}"),
        (was, wanted) => assert_eq!(was, wanted, "{story:?}"),
    }
}

#[test]
fn an_address_that_answers_at_once_is_the_only_one_tried() {
    let told = story(&[(v6(1), Does::Answers(10)), (v4(1), Does::Answers(1))]);
    assert_story(&told, &[(v6(1), 0)], Ok((v6(1), 10)));
}

#[test]
fn families_alternate_and_each_has_a_head_start() {
    let silent = |address| (address, Does::Nothing);
    let told = story(&[
        silent(v6(1)),
        silent(v6(2)),
        silent(v6(3)),
        silent(v4(1)),
        (v4(2), Does::Answers(100)),
    ]);
    let tried = [(v6(1), 0), (v4(1), 250), (v6(2), 500), (v4(2), 750)];
    assert_story(&told, &tried, Ok((v4(2), 850)));
}

#[test]
fn the_family_of_the_first_address_comes_first() {
    let silent = |address| (address, Does::Nothing);
    let told = story(&[silent(v4(1)), silent(v4(2)), (v6(1), Does::Answers(0))]);
    assert_story(&told, &[(v4(1), 0), (v6(1), 250)], Ok((v6(1), 250)));
}

#[test]
fn nobody_waits_for_one_that_has_failed() {
    let told =
        story(&[(v6(1), Does::Refuses(5)), (v6(2), Does::Answers(5)), (v4(1), Does::Refuses(20))]);
    assert_story(&told, &[(v6(1), 0), (v4(1), 5), (v6(2), 25)], Ok((v6(2), 30)));
}

#[test]
fn a_late_answer_of_an_early_address_still_wins() {
    let told = story(&[(v6(1), Does::Answers(400)), (v4(1), Does::Answers(400))]);
    assert_story(&told, &[(v6(1), 0), (v4(1), 250)], Ok((v6(1), 400)));
}

#[test]
fn when_all_fail_each_says_why() {
    let told = story(&[
        (v6(1), Does::Refuses(300)),
        (v4(1), Does::Refuses(100)),
        (v4(2), Does::Refuses(0)),
    ]);
    // The second is tried beside the first; the third once the first has failed, at 300.
    assert_story(&told, &[(v6(1), 0), (v4(1), 250), (v4(2), 300)], Err(3));
    assert_story(&story(&[]), &[], Err(0));
}
