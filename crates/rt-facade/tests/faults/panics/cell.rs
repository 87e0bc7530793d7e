//! One cell of the matrix: a fault of a task, a closure or a hook, at one stage, on one flavour.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::task::{Context, Poll, Waker};

use rt_facade::runtime::{Builder, Handle};
use rt_facade::sync::{mpsc as channel, oneshot};
use rt_facade::task::{JoinError, JoinHandle};
use rt_facade::task_local;
use rt_facade::time::{Duration, sleep};

use super::flavour::{Flavour, Ground};
use super::ledger::{Guard, Ledger, Worse, boom, is_boom};
use super::wakers::{FAULTS, WakerFault, Woken};
use super::{Stage, workers_meet};
use crate::support::{Gate, LetGo, block_until, hold, receive, until};

/// What panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A task's poll, the second.
    Poll,
    /// The drop of a task's future; by the first poll after the gate opens, if not before.
    FutureDrop,
    /// The drop of an output that nobody takes.
    OutputDrop,
    /// The drop of what a task panicked with.
    PayloadDrop,
    /// The drop of a task-local value with its scope.
    TaskLocal,
    /// The drop of a task-local value that the task inherited.
    Inherited,
    /// The clone of a task-local value for the task that inherits it.
    InheritedClone,
    /// A waker that waits for the task.
    Joining(WakerFault),
    /// A closure on the blocking pool.
    Closure,
    /// The drop of what a closure captured.
    ClosureDrop,
    /// The drop of what a closure returned, and nobody takes.
    ClosureOutput,
    /// The drop of what a closure panicked with.
    ClosurePayload,
    /// Every call of a hook.
    Hook(&'static str),
}
use Fault::*;

const HOOKS: [&str; 10] = [
    "thread name",
    "thread start",
    "thread stop",
    "thread park",
    "thread unpark",
    "task spawn",
    "before poll",
    "after poll",
    "task terminate",
    "unhandled panic",
];

impl Fault {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let tasks =
            [Poll, FutureDrop, OutputDrop, PayloadDrop, TaskLocal, Inherited, InheritedClone];
        let closures = [Closure, ClosureDrop, ClosureOutput, ClosurePayload];
        tasks.into_iter().chain(FAULTS.map(Joining)).chain(closures).chain(HOOKS.map(Hook))
    }

    fn set_hook(self, builder: &mut Builder) {
        let Hook(name) = self else { return };
        match name {
            "thread name" => builder.thread_name_fn(|| boom()),
            "thread start" => builder.on_thread_start(|| boom()),
            "thread stop" => builder.on_thread_stop(|| boom()),
            "thread park" => builder.on_thread_park(|| boom()),
            "thread unpark" => builder.on_thread_unpark(|| boom()),
            "task spawn" => builder.on_task_spawn(|_| boom()),
            "before poll" => builder.on_before_task_poll(|_| boom()),
            "after poll" => builder.on_after_task_poll(|_| boom()),
            "task terminate" => builder.on_task_terminate(|_| boom()),
            "unhandled panic" => builder.on_unhandled_panic(|_| boom()),
            _ => unreachable!("{name}"),
        };
    }

    fn is_of_a_closure(self) -> bool {
        matches!(self, Closure | ClosureDrop | ClosureOutput | ClosurePayload)
    }
}

task_local! {
    static STAYS: Guard;
    #[inherit]
    static FOLLOWS: Inherits;
}

/// Panics when it is cloned, if it should.
struct Inherits(Guard, bool);

impl Clone for Inherits {
    fn clone(&self) -> Self {
        if self.1 {
            boom();
        }
        Self(self.0.clone(), self.1)
    }
}

pub(super) fn run(flavour: Flavour, fault: Fault, stage: Stage, kept: bool) {
    let ledger = Ledger::default();
    let mut builder = flavour.builder();
    builder.max_blocking_threads(1);
    fault.set_hook(&mut builder);
    let ground = flavour.build(&mut builder);
    let bystanders = Bystanders::new(&ground, &ledger);
    let result = match fault.is_of_a_closure() {
        true => closure(&ground, &ledger, fault, stage, kept),
        false => task(flavour, &ground, &ledger, fault, stage, kept),
    };
    if stage != Stage::Shutdown {
        bystanders.are_well(flavour, &ground);
    }
    let ended = catch_unwind(AssertUnwindSafe(|| drop(ground)));
    assert!(ended.is_ok(), "the drop of the runtime panicked");
    result.check();
    drop(bystanders);
    ledger.is_balanced();
}

/// Those who have nothing to do with the fault.
struct Bystanders {
    tasks: Vec<(channel::Sender<oneshot::Sender<()>>, JoinHandle<()>)>,
}

impl Bystanders {
    fn new(ground: &Ground, ledger: &Ledger) -> Self {
        let tasks = (0..3).map(|_| {
            let guard = ledger.good();
            let (asks, mut asked) = channel::channel::<oneshot::Sender<()>>(1);
            let task = ground.spawn(async move {
                let _guard = guard;
                while let Some(answers) = asked.recv().await {
                    let _ = answers.send(());
                }
            });
            (asks, task)
        });
        let this = Self { tasks: tasks.collect() };
        this.answer(ground);
        this
    }

    fn answer(&self, ground: &Ground) {
        ground.block_on(async {
            for (asks, _) in &self.tasks {
                let (answers, answer) = oneshot::channel();
                asks.send(answers).await.unwrap();
                answer.await.unwrap();
            }
        });
    }

    /// They go on, every worker works at the same time as all others, and so do pool and timers.
    fn are_well(&self, flavour: Flavour, ground: &Ground) {
        self.answer(ground);
        workers_meet(ground, flavour);
        let pool = ground.handle().spawn_blocking(|| 1);
        ground.block_on(async {
            assert_eq!(pool.await.unwrap(), 1);
            sleep(Duration::from_millis(1)).await;
        });
    }
}

/// What is to come of the victim, looked at when the runtime is gone.
enum Result {
    /// It was looked at, or is nobody's.
    Seen,
    Ends(JoinHandle<Output>, fn(&std::result::Result<Output, JoinError>) -> bool),
    /// Dropped without a look.
    Dropped(JoinHandle<Output>),
}

impl Result {
    #[track_caller]
    fn check(self) {
        match self {
            Self::Seen => {}
            Self::Ends(handle, expected) => {
                let ended = rt_task::block_on(handle);
                let told = match &ended {
                    Ok(_) => "an output".to_owned(),
                    Err(error) => error.to_string(),
                };
                assert!(expected(&ended), "it ended by {told}");
                // What the user drops is the user's panic.
                let _ = catch_unwind(AssertUnwindSafe(|| drop(ended)));
            }
            Self::Dropped(handle) => {
                let dropped = catch_unwind(AssertUnwindSafe(|| drop(handle)));
                assert!(dropped.is_ok(), "the drop of a handle panicked");
            }
        }
    }
}

fn by_panic(ended: &std::result::Result<Output, JoinError>) -> bool {
    ended.as_ref().is_err_and(JoinError::is_panic)
}

fn by_abort(ended: &std::result::Result<Output, JoinError>) -> bool {
    ended.as_ref().is_err_and(JoinError::is_cancelled)
}

fn by_output(ended: &std::result::Result<Output, JoinError>) -> bool {
    ended.is_ok()
}

/// What tasks end with.
type Output = Option<Box<dyn Any + Send>>;

/// A future whose drop panics: its own, not that of something in its scope.
struct Holds<F> {
    inner: F,
    #[expect(dead_code, reason = "it is dropped")]
    last: Last,
}

#[expect(dead_code, reason = "they are dropped")]
enum Last {
    Bad(Guard),
    Worse(Worse),
    Good(Guard),
}

impl<F: Future + Unpin> Future for Holds<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        Pin::new(&mut self.inner).poll(cx)
    }
}

/// Returns when the runtime takes no more tasks.
fn shutdown_has_begun(handle: &Handle) {
    block_until(|| is_shutting_down(handle));
}

/// Whether the runtime takes no more tasks.
pub(super) fn is_shutting_down(handle: &Handle) -> bool {
    let mut probe = pin!(handle.spawn(async {}));
    if !probe.is_finished() {
        return false;
    }
    let mut cx = Context::from_waker(Waker::noop());
    matches!(probe.as_mut().poll(&mut cx), Poll::Ready(Err(error)) if error.is_cancelled())
}

/// A task, from its spawn to the fault; at the shutdown the fault is still to come.
fn task(
    flavour: Flavour,
    ground: &Ground,
    ledger: &Ledger,
    fault: Fault,
    stage: Stage,
    kept: bool,
) -> Result {
    let gate = Gate::new();
    // A worker alone is in a poll when the runtime is dropped.
    let in_a_poll = fault == Poll && stage == Stage::Shutdown && flavour.has_workers();
    let (aborts, own) = mpsc::channel::<rt_facade::task::AbortHandle>();
    let (starts, started) = mpsc::channel();
    let body = {
        let (passed, handle, guard) = (gate.passed(), ground.handle().clone(), ledger.good());
        let ledger = ledger.clone();
        async move {
            let _guard = guard;
            passed.await;
            if fault == Poll || fault == Hook("unhandled panic") {
                if in_a_poll {
                    starts.send(()).unwrap();
                    shutdown_has_begun(&handle);
                }
                if stage == Stage::Abort {
                    receive(&own).abort();
                }
                boom();
            }
            if fault == PayloadDrop {
                resume_unwind(Box::new(ledger.bad()));
            }
            let output: Output = match fault {
                // With the future's drop, the output is nobody's either.
                OutputDrop | FutureDrop => Some(Box::new(ledger.bad())),
                _ => None,
            };
            output
        }
    };
    let last = match fault {
        FutureDrop => Last::Bad(ledger.bad()),
        PayloadDrop if stage != Stage::Run => Last::Worse(ledger.worse()),
        _ => Last::Good(ledger.good()),
    };
    let body = Holds { inner: Box::pin(body), last };
    let mut handle = match fault {
        TaskLocal => ground.spawn(STAYS.scope(ledger.bad(), body)),
        Inherited | InheritedClone => {
            let value = Inherits(
                if fault == Inherited { ledger.bad() } else { ledger.good() },
                fault != Inherited,
            );
            let mut body = Some(body);
            let mut task = None;
            // The scope's own value panics here, too: the user's panic.
            let spawned = catch_unwind(AssertUnwindSafe(|| {
                FOLLOWS.sync_scope(value, || task = body.take().map(|body| ground.spawn(body)));
            }));
            assert!(is_boom(&*spawned.unwrap_err()));
            match task {
                Some(task) => task,
                // Nothing was spawned; the future is gone.
                None => return Result::Seen,
            }
        }
        _ => ground.spawn(body),
    };
    ground.block_on(until(|| gate.is_waited_for()));
    let woken = match fault {
        Joining(what) => Some((what, joining(&mut handle, what))),
        _ => None,
    };
    // The event.
    let ends_first = fault == OutputDrop
        || (stage == Stage::Abort && matches!(fault, Poll | Hook("unhandled panic")));
    if !kept && ends_first {
        // Nobody waits for the output.
        aborts.send(handle.abort_handle()).unwrap();
        let watches = handle.abort_handle();
        drop(handle);
        gate.open();
        ground.block_on(until(|| watches.is_finished()));
        if stage == Stage::Abort {
            watches.abort();
        }
        return Result::Seen;
    }
    let _ = aborts.send(handle.abort_handle());
    match stage {
        _ if ends_first => {
            gate.open();
            ground.block_on(until(|| handle.is_finished()));
            handle.abort();
        }
        Stage::Run => {
            gate.open();
            ground.block_on(until(|| handle.is_finished()));
        }
        Stage::Abort => {
            handle.abort();
            ground.block_on(until(|| handle.is_finished()));
        }
        Stage::Shutdown if in_a_poll => {
            gate.open();
            receive(&started);
        }
        Stage::Shutdown => {}
    }
    if let Some((what, woken)) = woken {
        return joined(what, woken, handle, stage);
    }
    if !kept || fault == OutputDrop || (fault == PayloadDrop && stage == Stage::Run) {
        return Result::Dropped(handle);
    }
    let expected = match (fault, stage) {
        (FutureDrop | TaskLocal | PayloadDrop, _) => by_panic,
        (Poll, Stage::Shutdown) if !in_a_poll => by_abort,
        (Poll, _) => by_panic,
        (Hook("unhandled panic"), Stage::Run | Stage::Abort) => by_panic,
        (_, Stage::Run) => by_output,
        (_, Stage::Abort | Stage::Shutdown) => by_abort,
    };
    Result::Ends(handle, expected)
}

/// Leaves a bad waker in the handle.
fn joining(handle: &mut JoinHandle<Output>, what: WakerFault) -> Arc<Woken> {
    let woken = Woken::bomb(what);
    let waker = woken.waker();
    let mut cx = Context::from_waker(&waker);
    let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(handle).poll(&mut cx).is_pending()));
    match what {
        WakerFault::Clone => assert!(is_boom(&*polled.unwrap_err()), "whose waker it is, panics"),
        _ => assert!(matches!(polled, Ok(true))),
    }
    let _ = catch_unwind(AssertUnwindSafe(|| drop(waker)));
    woken
}

fn joined(what: WakerFault, woken: Arc<Woken>, handle: JoinHandle<Output>, stage: Stage) -> Result {
    if stage == Stage::Shutdown {
        return match what {
            // Still waits, when the runtime is gone.
            WakerFault::Drop => Result::Dropped(handle),
            _ => Result::Ends(handle, by_abort),
        };
    }
    // A moment after it has finished.
    block_until(|| woken.was_woken() == (what != WakerFault::Clone));
    let expected = if stage == Stage::Run { by_output } else { by_abort };
    Result::Ends(handle, expected)
}

/// A closure, from its spawn to the fault; at the shutdown the fault is still to come.
fn closure(ground: &Ground, ledger: &Ledger, fault: Fault, stage: Stage, kept: bool) -> Result {
    let pool = ground.handle();
    // For what is dropped without a call, the only thread is busy.
    let uncalled = fault == ClosureDrop && stage != Stage::Run;
    let busy = uncalled.then(|| occupied(pool, stage));
    let (good, bad) = (ledger.good(), (fault == ClosureDrop).then(|| ledger.bad()));
    let (starts, started) = mpsc::channel();
    let (opens, opened) = hold();
    let (ledger, handle) = (ledger.clone(), pool.clone());
    let closure = pool.spawn_blocking(move || {
        let _captured = (good, bad);
        let _ = starts.send(()); // it may yet be called, between the end of the scheduler and that of the pool
        match stage {
            Stage::Shutdown => shutdown_has_begun(&handle),
            _ => opened.stay(),
        }
        let output: Output = match fault {
            Closure => boom(),
            ClosurePayload => resume_unwind(Box::new(ledger.bad())),
            ClosureOutput => Some(Box::new(ledger.bad())),
            _ => None,
        };
        output
    });
    let watches = closure.abort_handle();
    if uncalled {
        if stage == Stage::Abort {
            closure.abort();
        }
        if let Some(Some(let_go)) = busy {
            let_go.go();
        }
        drop(opens);
    } else {
        receive(&started);
        match stage {
            // Takes no effect: it has started.
            Stage::Abort => closure.abort(),
            Stage::Run | Stage::Shutdown => {}
        }
        opens.go();
    }
    if !kept && stage != Stage::Shutdown {
        drop(closure);
        block_until(|| watches.is_finished());
        return Result::Seen;
    }
    if stage != Stage::Shutdown {
        block_until(|| watches.is_finished());
    }
    if !kept || fault == ClosureOutput || fault == ClosurePayload {
        return Result::Dropped(closure);
    }
    // What a closure that was never called captured may well panic: cancelled it is all the same.
    let expected = if uncalled { |ended: &_| by_abort(ended) || by_panic(ended) } else { by_panic };
    Result::Ends(closure, expected)
}

/// Keeps the pool's only thread, until it is let go or the runtime ends.
fn occupied(pool: &Handle, stage: Stage) -> Option<LetGo> {
    let (let_go, held) = hold();
    let (starts, started): (_, Receiver<()>) = mpsc::channel();
    let handle = pool.clone();
    drop(pool.spawn_blocking(move || {
        starts.send(()).unwrap();
        match stage {
            Stage::Shutdown => shutdown_has_begun(&handle),
            _ => held.stay(),
        }
    }));
    receive(&started);
    (stage != Stage::Shutdown).then_some(let_go)
}
