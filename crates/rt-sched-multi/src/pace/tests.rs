//! What follows from the mean; time itself is real here, and told by nobody.

use super::*;

fn of_mean(mean: Duration) -> Pace {
    Pace::new(Monotonic::new(), 0, mean.as_nanos() as u64)
}

#[test]
fn the_shared_queue_is_looked_at_every_so_many_polls() {
    let intervals = [
        (Duration::from_nanos(1), 127),
        (Duration::from_nanos(200), 100),
        (Duration::from_micros(2), 10),
        (Duration::from_micros(15), 2),
        (Duration::from_secs(1), 2),
    ];
    for (mean, polls) in intervals {
        assert_eq!(of_mean(mean).global_interval(), polls, "{mean:?}");
    }
}

#[test]
fn the_driver_is_turned_once_a_millisecond_if_polls_are_long() {
    for (mean, polls) in [(1, 61), (16, 61), (25, 40), (500, 2), (2_000, 1)] {
        assert_eq!(of_mean(Duration::from_micros(mean)).event_interval(61), polls, "{mean} us");
    }
}

#[test]
fn a_new_worker_calls_at_once() {
    let pace = Pace::new(Monotonic::new(), 0, 0);
    assert!(pace.is_worth_a_call(1, &Latency::new()));
    assert!(!pace.is_worth_a_call(0, &Latency::new()));
}

#[test]
fn short_polls_are_worth_a_call_only_together() {
    let pace = of_mean(Duration::from_micros(1));
    let least = (1..).find(|backlog| pace.is_worth_a_call(*backlog, &Latency::new()));
    assert_eq!(least, Some(CALL_MIN.as_micros() as usize));
}

#[test]
fn the_mean_falls_with_polls_that_cost_nothing_and_grows_slowly() {
    let mut pace = of_mean(Duration::from_micros(100));
    let mut before = pace.mean_ns();
    // Hardly any time passes between these.
    for polls in 1..=20_u64 {
        pace.measure(polls * 1_000_000);
        assert!(pace.mean_ns() <= before);
        before = pace.mean_ns();
    }
    assert!(before < 1_000, "{before}");
    assert_eq!(pace.global_interval(), 127);
    // One measure of one poll, however long it took: an outlier counts four times what was expected.
    let mut late = of_mean(Duration::from_micros(10));
    late.since = Nanos(0);
    late.clock = Monotonic::new();
    late.measure(1);
    assert!(late.mean_ns() <= (10_000 * 32 + 10_000 * OUTLIER + OUTLIER_MIN_NS) / 33);
}

#[test]
fn a_measure_without_polls_keeps_the_mean() {
    let mut pace = of_mean(Duration::from_micros(10));
    pace.measure(0);
    assert_eq!(pace.mean_ns(), 10_000);
    pace.restart(5);
    pace.measure(5);
    assert_eq!(pace.mean_ns(), 10_000);
}

#[test]
fn calls_that_come_late_are_worth_less() {
    let pace = of_mean(Duration::from_micros(100));
    let latency = Latency::new();
    assert!(pace.is_worth_a_call(1, &latency));
    for _ in 0..100 {
        latency.learn(10_000_000);
    }
    assert!(!pace.is_worth_a_call(9, &latency));
    assert!(pace.is_worth_a_call(10, &latency), "so much is, however late they come");
    // What is not tried is forgotten, some time.
    assert!((0..20_000).any(|_| pace.is_worth_a_call(1, &latency)));
}
