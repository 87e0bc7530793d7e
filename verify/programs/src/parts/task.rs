//! One task and its state word: woken, run, aborted, joined and dropped in any order.

use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use rt_task::{AbortHandle, JoinError, JoinHandle, Ran, Runnable, Schedule, Why};

use super::Woken;
use crate::world::lock;

/// What the task's next poll does: pend, unless it is one of these.
const WAKES_ITSELF: u8 = 1;
const ABORTS_ITSELF: u8 = 2;
const READY: u8 = 3;
const PANICS: u8 = 4;

#[derive(Clone, Default)]
struct Shared(Arc<Inner>);

#[derive(Default)]
struct Inner {
    queue: Mutex<Vec<Runnable<Shared>>>,
    script: AtomicU8,
    polls: AtomicU32,
    futures: AtomicU32,
    outputs: AtomicU32,
    wakers: Mutex<Vec<Waker>>,
    abort: Mutex<Option<AbortHandle>>,
}

impl Schedule for Shared {
    fn schedule(&self, runnable: Runnable<Self>, _: Why) {
        lock(&self.0.queue).push(runnable);
    }
}

struct Scripted(Arc<Inner>);

struct Output(Arc<Inner>);

impl Future for Scripted {
    type Output = Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Output> {
        let inner = &self.0;
        inner.polls.fetch_add(1, Relaxed);
        lock(&inner.wakers).push(cx.waker().clone());
        match inner.script.load(Relaxed) {
            WAKES_ITSELF => cx.waker().wake_by_ref(),
            ABORTS_ITSELF => lock(&inner.abort).as_ref().expect("there from the start").abort(),
            READY => return Poll::Ready(Output(inner.clone())),
            PANICS => resume_unwind(Box::new(())),
            _ => {}
        }
        Poll::Pending
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.0.futures.fetch_add(1, Relaxed);
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.0.outputs.fetch_add(1, Relaxed);
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Ready,
    Panicked,
    Cancelled,
}

/// What is to be true.
#[derive(Debug)]
struct Model {
    queued: bool,
    aborted: bool,
    polls: u32,
    end: Option<End>,
    joined: bool,
    /// Somebody waits for the end, woken so often before.
    waits: Option<usize>,
}

impl Model {
    fn wake(&mut self) {
        self.queued |= self.end.is_none();
    }

    fn end(&mut self, end: End) {
        self.end = Some(end);
        self.queued = false;
    }

    /// The queued one is run.
    fn run(&mut self, script: u8) {
        self.queued = false;
        if self.aborted {
            return self.end(End::Cancelled);
        }
        self.polls += 1;
        match script {
            WAKES_ITSELF => self.queued = true,
            ABORTS_ITSELF => (self.aborted, self.queued) = (true, true),
            READY => self.end(End::Ready),
            PANICS => self.end(End::Panicked),
            _ => {}
        }
    }
}

/// Two bytes a step: what is done, and to which.
///
/// # Panics
/// If the task does what the model does not.
pub fn run(bytes: &[u8]) {
    let shared = Shared::default();
    let inner = shared.0.clone();
    let (runnable, handle) = rt_task::spawn(Scripted(inner.clone()), shared.clone());
    *lock(&inner.abort) = Some(handle.abort_handle());
    lock(&inner.queue).push(runnable);
    let mut handle = Some(handle);
    let joins = Arc::new(Woken::default());
    let mut model =
        Model { queued: true, aborted: false, polls: 0, end: None, joined: false, waits: None };
    for step in bytes.chunks_exact(2) {
        let pick = |len: usize| usize::from(step[1]) % len.max(1);
        match step[0] % 12 {
            0..4 => {
                inner.script.store(step[1] % 8, Relaxed);
                let next = lock(&inner.queue).pop();
                if let Some(runnable) = next {
                    if let Ran::Yielded(again) = runnable.run() {
                        lock(&inner.queue).push(again);
                    }
                    model.run(step[1] % 8);
                }
            }
            4 => {
                let waker = take(&inner.wakers, pick);
                if let Some(waker) = waker {
                    model.wake();
                    waker.wake();
                }
            }
            5 | 6 => {
                let waker = take(&inner.wakers, pick);
                if let Some(waker) = waker {
                    model.wake();
                    waker.wake_by_ref();
                    lock(&inner.wakers).push(waker.clone());
                }
            }
            7 => drop(take(&inner.wakers, pick)),
            8 => {
                let abort = lock(&inner.abort).clone();
                if let (Some(abort), None) = (abort, model.end) {
                    (model.aborted, model.queued) = (true, true);
                    abort.abort();
                }
            }
            9 => join(&mut handle, &mut model, &joins),
            10 => {
                // The scheduler is gone: so is the task.
                let queued = std::mem::take(&mut *lock(&inner.queue));
                if !queued.is_empty() {
                    model.end(End::Cancelled);
                }
                drop(queued);
            }
            _ if step[1] == 0 => handle = None,
            _ => {}
        }
        check(&inner, &model, handle.is_some());
        if let (Some(_), Some(before)) = (model.end, model.waits.filter(|_| handle.is_some())) {
            assert_eq!(joins.count(), before + 1, "who joins is woken once: {model:?}");
            model.waits = None;
        }
    }
    // No registry knows it: without this a task that nobody wakes again is never freed.
    if let Some(abort) = lock(&inner.abort).take() {
        abort.abort();
    }
    let queued = std::mem::take(&mut *lock(&inner.queue));
    drop(queued);
    drop(handle);
    let wakers = std::mem::take(&mut *lock(&inner.wakers));
    drop(wakers);
    assert_eq!(inner.futures.load(Relaxed), 1, "dropped once");
    assert_eq!(inner.outputs.load(Relaxed), u32::from(model.end == Some(End::Ready)), "{model:?}");
}

fn take(wakers: &Mutex<Vec<Waker>>, pick: impl Fn(usize) -> usize) -> Option<Waker> {
    let mut wakers = lock(wakers);
    let at = pick(wakers.len());
    (at < wakers.len()).then(|| wakers.swap_remove(at))
}

fn join(handle: &mut Option<JoinHandle<Output>>, model: &mut Model, joins: &Arc<Woken>) {
    let Some(waiting) = handle.as_mut().filter(|_| !model.joined) else { return };
    let waker = Waker::from(joins.clone());
    let polled = Pin::new(waiting).poll(&mut Context::from_waker(&waker));
    let end = |ended: Result<Output, JoinError>| match ended {
        Ok(_) => End::Ready,
        Err(error) if error.is_cancelled() => End::Cancelled,
        Err(_) => End::Panicked,
    };
    match polled {
        Poll::Pending => {
            assert_eq!(model.end, None, "it has ended, and the handle waits");
            model.waits = Some(joins.count());
        }
        Poll::Ready(ended) => {
            assert_eq!(Some(end(ended)), model.end);
            model.joined = true;
        }
    }
}

fn check(inner: &Inner, model: &Model, has_handle: bool) {
    assert_eq!(lock(&inner.queue).len(), usize::from(model.queued), "{model:?}");
    assert_eq!(inner.polls.load(Relaxed), model.polls, "{model:?}");
    assert_eq!(inner.futures.load(Relaxed), u32::from(model.end.is_some()), "{model:?}");
    let taken = model.end == Some(End::Ready) && (model.joined || !has_handle);
    assert_eq!(inner.outputs.load(Relaxed), u32::from(taken), "{model:?}");
}
