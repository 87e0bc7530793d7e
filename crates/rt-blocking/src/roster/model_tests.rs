//! The roster against a model that is written for reading, over random histories.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

impl Work for u32 {
    type Brief = u32;

    fn brief(&self) -> u32 {
        *self
    }
}

/// What happens next. A number picks one of those to whom it can happen.
#[derive(Clone, Copy, Debug)]
enum Step {
    Submit,
    StartFails(usize),
    /// A thread that starts or ends its job asks what is next.
    Free(usize),
    /// The keep-alive of a thread that waits is over.
    Expires(usize),
    /// A thread that leaves has left.
    Left(usize),
    Close,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        24 => Just(Step::Submit),
        4 => any::<usize>().prop_map(Step::StartFails),
        24 => any::<usize>().prop_map(Step::Free),
        8 => any::<usize>().prop_map(Step::Expires),
        8 => any::<usize>().prop_map(Step::Left),
        1 => Just(Step::Close),
    ];
    prop::collection::vec(step, 0..120)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Starts,
    Runs(u32),
    /// Idle since this step.
    Waits(usize),
    Leaves,
}

/// Everything that there is to know, kept the slow way.
#[derive(Default)]
struct Model {
    now: usize,
    closed: bool,
    queue: Vec<u32>,
    desks: BTreeMap<usize, Does>,
    /// Jobs in the order in which they started.
    started: Vec<u32>,
    submitted: u32,
    /// Jobs that will never start.
    refused: Vec<u32>,
    peak: usize,
}

impl Model {
    fn pick(&self, n: usize, which: impl Fn(&Does) -> bool) -> Option<usize> {
        let desks: Vec<_> =
            self.desks.iter().filter(|(_, does)| which(does)).map(|(desk, _)| *desk).collect();
        (!desks.is_empty()).then(|| desks[n % desks.len()])
    }

    fn threads(&self) -> usize {
        self.desks.values().filter(|does| **does != Does::Leaves).count()
    }

    fn idle(&self) -> Vec<(usize, usize)> {
        let waits = self.desks.iter().filter_map(|(desk, does)| match does {
            Does::Waits(since) => Some((*since, *desk)),
            _ => None,
        });
        let mut idle: Vec<_> = waits.collect();
        idle.sort_unstable();
        idle
    }
}

fn run(max_threads: usize, steps: &[Step]) -> Result<(), TestCaseError> {
    // A seat is its desk's number here.
    let mut roster = Roster::<u32, usize>::new(max_threads);
    let mut model = Model::default();
    for step in steps {
        model.now += 1;
        match *step {
            Step::Submit => submit(&mut roster, &mut model, max_threads)?,
            Step::StartFails(n) => {
                let Some(desk) = model.pick(n, |does| *does == Does::Starts) else { continue };
                model.desks.remove(&desk);
                let stranded = roster.start_failed(desk);
                let expected = match model.threads() {
                    0 => mem::take(&mut model.queue),
                    _ => Vec::new(),
                };
                prop_assert_eq!(&stranded, &expected);
                model.refused.extend(expected);
            }
            Step::Free(n) => {
                let free = |does: &Does| matches!(does, Does::Starts | Does::Runs(_));
                let Some(desk) = model.pick(n, free) else { continue };
                free_thread(&mut roster, &mut model, desk)?;
            }
            Step::Expires(n) => {
                // Busy: it was handed a job, and has not looked yet.
                let waits = |does: &Does| !matches!(does, Does::Starts);
                let Some(desk) = model.pick(n, waits) else { continue };
                let leaves = !matches!(model.desks[&desk], Does::Runs(_));
                prop_assert_eq!(roster.expired(desk), leaves);
                if leaves {
                    model.desks.insert(desk, Does::Leaves);
                }
            }
            Step::Left(n) => {
                let Some(desk) = model.pick(n, |does| *does == Does::Leaves) else { continue };
                model.desks.remove(&desk);
                roster.left(desk);
            }
            Step::Close => {
                let closed = roster.close();
                let called: Vec<_> = closed.idle.iter().map(|(desk, _)| *desk).collect();
                let idle: Vec<_> = model.idle().into_iter().map(|(_, desk)| desk).collect();
                prop_assert_eq!(called, idle.clone());
                for desk in idle {
                    model.desks.insert(desk, Does::Leaves);
                }
                prop_assert_eq!(&closed.cancelled, &model.queue);
                let cancelled = mem::take(&mut model.queue);
                model.refused.extend(cancelled);
                model.closed = true;
            }
        }
        check(&roster, &model, max_threads)?;
    }
    Ok(())
}

fn submit(
    roster: &mut Roster<u32, usize>,
    model: &mut Model,
    max_threads: usize,
) -> Result<(), TestCaseError> {
    let job = model.submitted;
    model.submitted += 1;
    let most_recent = model.idle().last().map(|(_, desk)| *desk);
    match roster.submit(job) {
        Submitted::Closed(back) => {
            prop_assert!(model.closed && back == job);
            model.refused.push(job);
        }
        Submitted::HandOver(seat, back) => {
            prop_assert_eq!((Some(seat), back), (most_recent, job));
            model.desks.insert(seat, Does::Runs(job));
            model.started.push(job);
        }
        Submitted::Start(desk) => {
            prop_assert!(most_recent.is_none() && model.threads() < max_threads && !model.closed);
            prop_assert!(!model.desks.contains_key(&desk), "a desk is one thread's");
            model.desks.insert(desk, Does::Starts);
            model.queue.push(job);
        }
        Submitted::Queued => {
            prop_assert!(most_recent.is_none() && model.threads() == max_threads && !model.closed);
            model.queue.push(job);
        }
    }
    model.peak = model.peak.max(model.threads());
    Ok(())
}

fn free_thread(
    roster: &mut Roster<u32, usize>,
    model: &mut Model,
    desk: usize,
) -> Result<(), TestCaseError> {
    let does = match roster.next(desk, &desk) {
        Next::Run(job) => {
            prop_assert_eq!(job, model.queue.remove(0));
            model.started.push(job);
            Does::Runs(job)
        }
        Next::Wait => {
            prop_assert!(model.queue.is_empty() && !model.closed);
            Does::Waits(model.now)
        }
        Next::Leave => {
            prop_assert!(model.closed);
            Does::Leaves
        }
    };
    model.desks.insert(desk, does);
    Ok(())
}

fn check(
    roster: &Roster<u32, usize>,
    model: &Model,
    max_threads: usize,
) -> Result<(), TestCaseError> {
    let idle = model.idle().len();
    prop_assert_eq!(roster.queue_depth(), model.queue.len());
    prop_assert_eq!(roster.idle(), idle);
    prop_assert_eq!(roster.threads(), model.threads());
    prop_assert_eq!(roster.alive(), model.desks.len());
    prop_assert_eq!(roster.threads_peak(), model.peak);
    let running: Vec<_> = roster.running().map(|(desk, job)| (desk, Does::Runs(*job))).collect();
    let runs = model.desks.iter().filter(|(_, does)| matches!(does, Does::Runs(_)));
    let runs: Vec<_> = runs.map(|(desk, does)| (*desk, *does)).collect();
    prop_assert_eq!(running, runs);

    let waiting = model.queue.len();
    prop_assert!(waiting == 0 || idle == 0, "R1");
    prop_assert!(waiting == 0 || model.threads() > 0, "R2");
    prop_assert!(model.threads() <= max_threads, "R4");
    prop_assert!(!model.closed || waiting + idle == 0, "R5");
    // Jobs start in the order of their submission, and none is lost or run twice.
    prop_assert!(model.started.is_sorted_by(|a, b| a < b));
    let told = model.started.len() + model.refused.len() + waiting;
    prop_assert_eq!(told, model.submitted as usize);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_roster_does_as_the_model(max_threads in 1_usize..5, steps in steps()) {
        run(max_threads, &steps)?;
    }
}
