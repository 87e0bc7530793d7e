//! How often each workload runs, so that the whole run takes the time that was promised.
//!
//! Every subject has a trial of every workload, which tells what its process takes before the
//! loop begins and what one operation takes. All subjects of a workload run its loop equally
//! often; how often follows from the time that is there. No clock is read here.

use super::stats;

/// What a run may take, and what of it a process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Budget {
    /// Seconds for all that is planned.
    pub(crate) total_s: f64,
    /// Of workloads that are timed.
    pub(crate) rounds: usize,
    /// Of those that tell what hardly moves, or take long: memory, idle, points of a curve, what
    /// cannot be made shorter.
    pub(crate) few_rounds: usize,
    /// Of those that tell how soon: each has many samples in one process.
    pub(crate) latency_rounds: usize,
    /// Seconds that they take, whatever else is short: the last in a hundred of few is chance.
    pub(crate) latency_s: f64,
    /// Whether the number of rounds was asked for, and so stays.
    pub(crate) rounds_stay: bool,
    /// Seconds that a loop need not take more than, in the middle of all subjects.
    pub(crate) loop_s: f64,
    /// Seconds that ours takes at least: less is mostly chance.
    pub(crate) least_s: f64,
    /// Seconds that the slowest subject takes at most.
    pub(crate) most_s: f64,
    /// Seconds that a process which seems to hang is given.
    pub(crate) patience_s: f64,
}

impl Budget {
    /// What a run takes unless it is to be quick.
    pub(crate) const FULL: Self = Self {
        total_s: 26.0 * 60.0,
        rounds: 11,
        few_rounds: 3,
        latency_rounds: 5,
        latency_s: 0.5,
        rounds_stay: false,
        loop_s: 0.4,
        least_s: 0.02,
        most_s: 2.0,
        patience_s: 15.0,
    };

    pub(crate) const QUICK: Self = Self {
        total_s: 150.0,
        rounds: 5,
        few_rounds: 1,
        latency_rounds: 1,
        latency_s: 0.15,
        rounds_stay: false,
        loop_s: 0.1,
        least_s: 0.005,
        most_s: 0.4,
        patience_s: 10.0,
    };

    /// Rounds below which medians say nothing.
    const ROUNDS_LEAST: usize = 3;

    /// How far a plan may be missed.
    const OVER: f64 = 1.1;

    /// Whether one more round is to be run after so many, if it ends then: where everything takes
    /// longer than in its trial, there are fewer.
    pub(crate) fn has_time_for(&self, round: usize, ends_s: f64) -> bool {
        self.rounds_stay || round < Self::ROUNDS_LEAST || ends_s < self.total_s * Self::OVER
    }
}

/// What the trials of one workload have told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trial {
    /// Of each turn of a round: the subjects that can, and our second one.
    pub(crate) turns: Vec<Turn>,
    /// Which of them is ours.
    pub(crate) ours: Option<usize>,
    pub(crate) timed: u64,
    pub(crate) step: u64,
    /// It runs `timed` times, whatever that takes.
    pub(crate) fixed: bool,
    /// Seconds of its loop, whatever the others have.
    pub(crate) loop_s: Option<f64>,
    pub(crate) rounds_max: Option<usize>,
}

/// What a process of one subject takes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Turn {
    /// Seconds outside its loop.
    pub(crate) start_s: f64,
    /// Seconds of an operation.
    pub(crate) each_s: f64,
}

/// What is done with a workload.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Planned {
    pub(crate) n: u64,
    pub(crate) rounds: usize,
    /// Seconds that one round takes.
    pub(crate) round_s: f64,
}

impl Planned {
    pub(crate) fn seconds(&self) -> f64 {
        self.rounds as f64 * self.round_s
    }
}

/// One for each trial, in their order; `spent_s` of the budget is gone already.
///
/// Loops become shorter first, down to the least that makes sense, then rounds fewer.
pub(crate) fn plan(trials: &[Trial], budget: &Budget, spent_s: f64) -> Vec<Planned> {
    let left_s = budget.total_s - spent_s;
    let mut rounds = budget.rounds;
    loop {
        let planned = fit(trials, budget, rounds, left_s);
        let seconds: f64 = planned.iter().map(Planned::seconds).sum();
        let stays = budget.rounds_stay || rounds <= Budget::ROUNDS_LEAST;
        if seconds <= left_s || stays {
            return planned;
        }
        rounds -= 1;
    }
}

/// The longest loops that fit, or the shortest if none do.
fn fit(trials: &[Trial], budget: &Budget, rounds: usize, left_s: f64) -> Vec<Planned> {
    let planned = |loop_s: f64| -> Vec<Planned> {
        trials.iter().map(|trial| trial.planned(budget, rounds, loop_s)).collect()
    };
    let takes = |loop_s: f64| planned(loop_s).iter().map(Planned::seconds).sum::<f64>();
    if takes(budget.loop_s) <= left_s {
        return planned(budget.loop_s);
    }
    // What it takes grows with the length of a loop, so halving the gap finds the place.
    const HALVINGS: usize = 24;
    let (mut short, mut long) = (0.0, budget.loop_s);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(short, long);
        match takes(middle) <= left_s {
            true => short = middle,
            false => long = middle,
        }
    }
    planned(short)
}

impl Trial {
    /// With a loop that takes so long in the middle of all turns.
    fn planned(&self, budget: &Budget, rounds: usize, loop_s: f64) -> Planned {
        let n = match self.fixed {
            true => self.timed,
            false => self.times(budget, self.loop_s.unwrap_or(loop_s)),
        };
        let rounds = rounds.min(self.rounds_max.unwrap_or(rounds));
        let turn_s = |turn: &Turn| turn.start_s + turn.each_s * n as f64;
        Planned { n, rounds, round_s: self.turns.iter().map(turn_s).sum() }
    }

    fn times(&self, budget: &Budget, loop_s: f64) -> u64 {
        // More than so many times what somebody thought right, something unforeseen grows.
        const TIMES_MOST: u64 = 20;
        let each: Vec<f64> = self.turns.iter().map(|turn| turn.each_s).collect();
        let slowest = each.iter().copied().fold(0.0, f64::max);
        let middle = stats::median(&each).unwrap_or_default();
        let Some(ours) = self.ours.map(|at| each[at]).or(Some(middle)).filter(|ours| *ours > 0.0)
        else {
            return self.timed;
        };
        let wanted = (loop_s / middle).max(budget.least_s / ours).min(budget.most_s / slowest);
        let most = self.timed.saturating_mul(TIMES_MOST) as f64;
        let groups = (wanted.min(most) / self.step as f64).round() as u64;
        groups.max(1) * self.step
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, Planned, Trial, Turn, plan};

    const MICRO: f64 = 1e-6;

    fn trial(each: &[f64]) -> Trial {
        let turns = each.iter().map(|each_s| Turn { start_s: 0.003, each_s: *each_s }).collect();
        Trial {
            turns,
            ours: (!each.is_empty()).then_some(0),
            timed: 500_000,
            step: 1_000,
            ..Trial::default()
        }
    }

    fn seconds(planned: &[Planned]) -> f64 {
        planned.iter().map(Planned::seconds).sum()
    }

    #[test]
    fn alone_a_workload_has_all_the_time_that_it_can_use() {
        let [planned] = plan(&[trial(&[MICRO; 5])], &Budget::FULL, 0.0)[..] else { panic!() };
        assert_eq!((planned.n, planned.rounds), (400_000, Budget::FULL.rounds));
        assert!((planned.round_s - 5.0 * 0.403).abs() < 1e-9);
    }

    #[test]
    fn many_workloads_share_the_time() {
        for (budget, workloads) in [(Budget::FULL, 90), (Budget::QUICK, 90), (Budget::FULL, 400)] {
            let trials: Vec<Trial> =
                (0..workloads).map(|at| trial(&[MICRO * f64::from(at + 1); 5])).collect();
            let spent = budget.total_s / 10.0;
            let planned = plan(&trials, &budget, spent);
            let all = seconds(&planned) + spent;
            assert!(all <= budget.total_s, "{all} s of {} s", budget.total_s);
            assert!(all > budget.total_s * 0.6, "{all} s of {} s", budget.total_s);
            assert!(planned.iter().all(|planned| planned.n % 1_000 == 0 && planned.rounds >= 3));
        }
    }

    #[test]
    fn rounds_that_were_asked_for_stay() {
        let budget = Budget { rounds: 21, rounds_stay: true, ..Budget::QUICK };
        let trials = vec![trial(&[MICRO; 5]); 300];
        assert!(plan(&trials, &budget, 0.0).iter().all(|planned| planned.rounds == 21));
        let fewer = plan(&trials, &Budget { rounds_stay: false, ..budget }, 0.0);
        assert!(fewer[0].rounds < 21);
    }

    #[test]
    fn where_time_is_up_there_are_fewer_rounds() {
        let (in_time, late) = (Budget::FULL.total_s, Budget::FULL.total_s * 1.2);
        assert!(Budget::FULL.has_time_for(10, in_time) && !Budget::FULL.has_time_for(10, late));
        assert!(Budget::FULL.has_time_for(2, late));
        assert!(Budget { rounds_stay: true, ..Budget::FULL }.has_time_for(10, late));
        // Whatever happens, it is less than was promised.
        const { assert!(Budget::FULL.total_s * Budget::OVER < 30.0 * 60.0) };
        const { assert!(Budget::QUICK.total_s * Budget::OVER < 3.0 * 60.0) };
    }

    #[test]
    fn a_slow_subject_neither_starves_the_others_nor_takes_all() {
        let [planned] = plan(&[trial(&[MICRO, MICRO, MICRO, 1e-3])], &Budget::FULL, 0.0)[..] else {
            panic!()
        };
        // The slow one takes its two seconds, and no more.
        assert_eq!(planned.n, 2_000);
    }

    #[test]
    fn what_is_fixed_runs_as_often_as_it_says() {
        let fixed = Trial { fixed: true, timed: 1_000_000, ..trial(&[MICRO; 5]) };
        let fixed = Trial { rounds_max: Some(2), ..fixed };
        let [planned] = plan(&[fixed], &Budget::FULL, 0.0)[..] else { panic!() };
        assert_eq!((planned.n, planned.rounds), (1_000_000, 2));
    }

    #[test]
    fn latency_has_its_time_however_many_there_are() {
        let latency = Trial { loop_s: Some(0.5), ..trial(&[100.0 * MICRO; 5]) };
        let others = vec![trial(&[MICRO; 5]); 400];
        let all: Vec<Trial> = [latency].into_iter().chain(others).collect();
        let planned = plan(&all, &Budget::FULL, 0.0);
        assert_eq!(planned[0].n, 5_000);
        assert!(planned[1].n < 400_000 && seconds(&planned) <= Budget::FULL.total_s);
    }

    #[test]
    fn groups_stay_whole_and_there_is_always_one() {
        let slow = Trial { step: 40_000, ..trial(&[1e-2; 5]) };
        assert_eq!(plan(&[slow], &Budget::QUICK, 0.0)[0].n, 40_000);
        // Nobody could run it.
        let none = trial(&[]);
        assert_eq!(plan(&[none], &Budget::FULL, 0.0)[0].round_s, 0.0);
    }
}
