//! The options by which a runtime's tasks are watched: hooks, and what a panic does.

use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use rt_task::base::context::{self, WeakEnv};
use rt_task::{Hooks, TaskMeta, TaskPanic};

use crate::builder::Builder;

/// What a runtime does when a task panics and nothing in the task catches it.
///
/// Such a panic is always caught at the task's border and kept for its `JoinHandle`, whether somebody
/// awaits that or not; this is about what happens besides. Meant are panics that the future's poll lets
/// out, and those of its drop, also when it is aborted or dropped by a shutdown. Not meant are: the
/// root future of `block_on`, whose panic unwinds into the caller; closures on the blocking pool and tasks
/// of a `LocalSet`, whose panic is in their `JoinHandle` alone; and the drop of an output that nobody took, whose panic is
/// contained (`std`'s panic hook tells of it, as of all).
///
/// ```should_panic
/// use rt_facade::runtime::{Builder, UnhandledPanic};
///
/// let runtime = Builder::new_multi_thread()
///     .unhandled_panic(UnhandledPanic::ShutdownRuntime)
///     .build()?;
/// runtime.spawn(async { panic!("boom") });
/// runtime.block_on(std::future::pending::<()>()); // panics, and says which task did
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnhandledPanic {
    /// Nothing: it is the `JoinHandle`'s.
    #[default]
    Ignore,
    /// Tells of it: which task, its name, where it was spawned, what it panicked with. By the hook of
    /// [`Builder::on_unhandled_panic`], or else in a line on the standard error stream.
    Report,
    /// Shuts the runtime down, at once: every task is dropped at its next yield point, what is spawned
    /// from then on is cancelled, and [`Runtime::block_on`] panics, now and whenever it is called later,
    /// with a message that names the task. Join handles say cancelled; that of the task which panicked
    /// has the panic.
    ///
    /// A task that panics while it is dropped because the runtime shuts down changes nothing more, nor
    /// does one that is refused because of that.
    ///
    /// [`Runtime::block_on`]: crate::runtime::Runtime::block_on
    ShutdownRuntime,
}

impl Builder {
    /// Runs `hook` for each task that is spawned: in `spawn`, on the thread that calls it, with the
    /// runtime entered, and before the task can run.
    ///
    /// A `hook` that spawns on the same runtime comes back to itself: let it end somewhere. One that
    /// keeps a `Handle` of the runtime keeps the runtime's memory for ever.
    ///
    /// # All task hooks
    /// Told of are the tasks of the runtime's scheduler. Not told of are closures on the blocking pool (the
    /// model runtime tells of their end, though not of their beginning), tasks of a `LocalSet`, and the root
    /// future of `block_on`. There is one hook of each sort: setting it again replaces it. Without any, a spawn costs a load and a branch
    /// more, and so does a poll; nothing else.
    ///
    /// A hook that panics ends there: the panic is contained, the task goes on as if the hook had
    /// returned, and no worker is lost. A hook must not block for long: it holds up its thread.
    ///
    /// ```
    /// use rt_facade::runtime::Builder;
    /// use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    ///
    /// static ALIVE: AtomicUsize = AtomicUsize::new(0);
    /// let runtime = Builder::new_current_thread()
    ///     .on_task_spawn(|_| { ALIVE.fetch_add(1, SeqCst); })
    ///     .on_task_terminate(|_| { ALIVE.fetch_sub(1, SeqCst); })
    ///     .build()?;
    /// runtime.block_on(async {
    ///     let task = rt_facade::spawn(async {});
    ///     assert_eq!(ALIVE.load(SeqCst), 1);
    ///     task.await.unwrap();
    ///     assert_eq!(ALIVE.load(SeqCst), 0);
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_task_spawn(
        &mut self,
        hook: impl Fn(&TaskMeta<'_>) + Send + Sync + 'static,
    ) -> &mut Self {
        self.hooks.spawn = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` before each poll of a task, on the thread that polls. The task is the current one
    /// ([`task::id`](crate::task::id)), and the task-locals that it inherited are in scope.
    ///
    /// See [`on_task_spawn`](Self::on_task_spawn) for what holds for all task hooks.
    pub fn on_before_task_poll(
        &mut self,
        hook: impl Fn(&TaskMeta<'_>) + Send + Sync + 'static,
    ) -> &mut Self {
        self.hooks.hooks.on_before_poll(hook);
        self
    }

    /// Runs `hook` after each poll of a task, on the thread that polled: also after one that ended the
    /// task, by its output or a panic. Its future is gone then.
    ///
    /// See [`on_task_spawn`](Self::on_task_spawn) for what holds for all task hooks.
    pub fn on_after_task_poll(
        &mut self,
        hook: impl Fn(&TaskMeta<'_>) + Send + Sync + 'static,
    ) -> &mut Self {
        self.hooks.hooks.on_after_poll(hook);
        self
    }

    /// Runs `hook` once for each task that `on_task_spawn` was told of, however it ends: by its output, a
    /// panic, an abort, a shutdown, or because it was spawned too late.
    ///
    /// Runs after the task's future was dropped and before who awaits it is woken: so whoever has the
    /// join result finds that the hook has run. On the thread that polled the task last or dropped it: a
    /// worker's, that which drops a single-thread runtime, or that which spawned too late. An output that
    /// nobody takes is dropped after the hook.
    ///
    /// See [`on_task_spawn`](Self::on_task_spawn) for what holds for all task hooks.
    pub fn on_task_terminate(
        &mut self,
        hook: impl Fn(&TaskMeta<'_>) + Send + Sync + 'static,
    ) -> &mut Self {
        self.hooks.hooks.on_terminate(hook);
        self
    }

    /// What a panic does that ends a task. [`UnhandledPanic::Ignore`] unless set. On both flavours, and
    /// stable.
    pub fn unhandled_panic(&mut self, does: UnhandledPanic) -> &mut Self {
        self.hooks.unhandled = does;
        self
    }

    /// Runs `hook` for each task that ends by a panic, whatever [`unhandled_panic`](Self::unhandled_panic)
    /// says, instead of the line that [`UnhandledPanic::Report`] writes. On the thread that polled or
    /// dropped the task, before `on_task_terminate`'s hook.
    ///
    /// See [`on_task_spawn`](Self::on_task_spawn) for what holds for all task hooks.
    ///
    /// ```
    /// use rt_facade::runtime::Builder;
    /// use std::sync::{Arc, Mutex};
    ///
    /// let told = Arc::new(Mutex::new(Vec::new()));
    /// let tells = told.clone();
    /// let runtime = Builder::new_current_thread()
    ///     .on_unhandled_panic(move |panic| tells.lock().unwrap().push(panic.to_string()))
    ///     .build()?;
    /// drop(runtime.block_on(runtime.spawn(async { panic!("boom") })));
    /// assert!(told.lock().unwrap()[0].ends_with("panicked with message \"boom\""));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_unhandled_panic(
        &mut self,
        hook: impl Fn(&TaskPanic) + Send + Sync + 'static,
    ) -> &mut Self {
        self.hooks.hooks.on_panic(hook);
        self.hooks.tells_of_panics = true;
        self
    }
}

type TaskHook = Arc<dyn Fn(&TaskMeta<'_>) + Send + Sync>;

/// What was set of the above.
#[derive(Default)]
pub(crate) struct TaskHooks {
    /// All but the spawn hook, which has to enter the runtime first.
    hooks: Hooks,
    spawn: Option<TaskHook>,
    unhandled: UnhandledPanic,
    tells_of_panics: bool,
}

impl TaskHooks {
    /// For a runtime that is entered as `env`. `None` if nothing was set.
    pub(crate) fn share(&self, env: &Arc<OnceLock<WeakEnv>>) -> Option<Arc<Hooks>> {
        let mut hooks = self.hooks.clone();
        if let Some(hook) = self.spawn.clone() {
            let env = env.clone();
            hooks.on_spawn(move |task| {
                let _entered = env.get().and_then(WeakEnv::upgrade).map(context::enter);
                hook(task);
            });
        }
        match self.unhandled {
            UnhandledPanic::Report if !self.tells_of_panics => drop(hooks.on_panic(report)),
            UnhandledPanic::ShutdownRuntime => drop(hooks.panics_are_fatal()),
            UnhandledPanic::Ignore | UnhandledPanic::Report => {}
        }
        hooks.share()
    }
}

/// A line for people. If nobody listens, nobody minds.
fn report(panic: &TaskPanic) {
    let _ = writeln!(io::stderr().lock(), "{panic}");
}
