//! The threads of a pool as the operating system knows them: which exist, and who joins them.
//!
//! A thread that leaves joins those that left before it, and whoever shuts the pool down joins
//! the last. So at most one that has left waits to be joined, and after a shutdown each is gone
//! with all its thread-locals. Nobody can wait in a circle: a thread joins those only that put
//! themselves on the list of leavers before it did.

use std::mem;

use rt_task::base::shim::thread::{JoinHandle, ThreadId};

/// Who exists, who left.
#[derive(Debug, Default)]
pub(crate) struct Crew {
    members: Vec<Member>,
    /// Threads that have left and that nobody has joined yet.
    leavers: Vec<JoinHandle<()>>,
}

/// A thread, known by itself, by who started it, or by both: either may come first.
#[derive(Debug)]
struct Member {
    thread: ThreadId,
    desk: usize,
    handle: Option<JoinHandle<()>>,
    /// It left before who started it told of it.
    gone: bool,
}

impl Crew {
    /// Told by a thread when it begins.
    pub(crate) fn arrived(&mut self, thread: ThreadId, desk: usize) {
        self.member(thread, desk);
    }

    /// Told by who started a thread.
    pub(crate) fn started(&mut self, handle: JoinHandle<()>, desk: usize) {
        let member = self.member(handle.thread().id(), desk);
        if member.gone {
            self.remove(handle.thread().id());
            self.leavers.push(handle);
        } else {
            member.handle = Some(handle);
        }
    }

    /// Told by a thread when it leaves. Hands out those that left before, for it to join.
    pub(crate) fn left(&mut self, thread: ThreadId, desk: usize) -> Vec<JoinHandle<()>> {
        let earlier = self.leavers();
        let member = self.member(thread, desk);
        match member.handle.take() {
            Some(handle) => {
                self.remove(thread);
                self.leavers.push(handle);
            }
            None => member.gone = true,
        }
        earlier
    }

    /// Those that have left, to be joined with no lock held.
    pub(crate) fn leavers(&mut self) -> Vec<JoinHandle<()>> {
        mem::take(&mut self.leavers)
    }

    /// The desk of `thread`, if it is one of ours.
    pub(crate) fn desk(&self, thread: ThreadId) -> Option<usize> {
        let member = self.members.iter().find(|member| member.thread == thread)?;
        Some(member.desk)
    }

    fn member(&mut self, thread: ThreadId, desk: usize) -> &mut Member {
        let at = self.members.iter().position(|member| member.thread == thread);
        let at = at.unwrap_or_else(|| {
            self.members.push(Member { thread, desk, handle: None, gone: false });
            self.members.len() - 1
        });
        &mut self.members[at]
    }

    fn remove(&mut self, thread: ThreadId) {
        self.members.retain(|member| member.thread != thread);
    }
}
