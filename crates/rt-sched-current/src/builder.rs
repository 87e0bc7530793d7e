//! The options of a scheduler.

use std::sync::Arc;

use rt_task::Hooks;
use rt_task::base::context::Env;
use rt_task::base::driver::Driver;

use crate::{Executor, LocalExecutor};

/// Local picks before the global queue is looked at, unless set:
/// `docs/decisions/0006-wakes-from-outside.md`.
const GLOBAL_INTERVAL: u32 = 4;
/// Picks before the driver is turned, unless set.
const EVENT_INTERVAL: u32 = 61;

/// Collects the options of a scheduler.
#[derive(Clone, Debug)]
#[must_use = "a builder builds nothing by itself"]
pub struct Builder {
    pub(crate) config: Config,
    env: Option<Env>,
    hooks: Option<Arc<Hooks>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Config {
    pub(crate) global_interval: u32,
    pub(crate) event_interval: u32,
}

impl Builder {
    /// The documented intervals, and an environment that offers nothing.
    pub fn new() -> Self {
        let config = Config { global_interval: GLOBAL_INTERVAL, event_interval: EVENT_INTERVAL };
        Self { config, env: None, hooks: None }
    }

    /// After how many local picks the global queue is looked at first. Four unless set.
    ///
    /// # Panics
    /// If `picks` is zero.
    #[track_caller]
    pub fn global_interval(mut self, picks: u32) -> Self {
        assert!(picks > 0, "the global queue interval must be at least one pick");
        self.config.global_interval = picks;
        self
    }

    /// After how many picks the driver is turned. 61 unless set.
    ///
    /// # Panics
    /// If `picks` is zero.
    #[track_caller]
    pub fn event_interval(mut self, picks: u32) -> Self {
        assert!(picks > 0, "the event interval must be at least one pick");
        self.config.event_interval = picks;
        self
    }

    /// What is entered while the scheduler runs.
    pub fn env(mut self, env: Env) -> Self {
        self.env = Some(env);
        self
    }

    /// What is told of each task. Without any (`None`, as unless set) nothing is asked per poll.
    pub fn hooks(mut self, hooks: Option<Arc<Hooks>>) -> Self {
        self.hooks = hooks;
        self
    }

    /// A scheduler of `Send` tasks over `driver`.
    pub fn build<D: Driver>(self, driver: D) -> Executor<D> {
        Executor::with(driver, self.config, self.env, self.hooks)
    }

    /// A scheduler of tasks that stay on this thread, over `driver`.
    pub fn local<D: Driver>(self, driver: D) -> LocalExecutor<D> {
        LocalExecutor::with(driver, self.config, self.env, self.hooks)
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}
