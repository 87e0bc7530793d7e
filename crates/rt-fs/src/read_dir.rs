//! What is in a folder, asked for in batches.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::fs::{FileType, Metadata};
use std::future::Future;
use std::io;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rt_task::wait::{Wait, WaitKind, poll_at};

use crate::Operation;
use crate::operation::{Answer, Site, ask, job, pool};

/// Entries that are asked for in one hop. A listing call of the kernel returns several hundred; so
/// many keep a hop short, and its cost per entry below that of the entry itself.
const BATCH: usize = 32;

/// What is in a folder, in no order, without the folder itself and its parent.
///
/// One hop, which brings the first 32 entries along.
///
/// # Errors
/// If it is no folder, there is nothing, or it may not be read.
///
/// ```
/// # use rt_task::{Job, base::{context::{Env, enter}, seam::{Blocking, Rejected}}};
/// # struct Here; // on this thread
/// # impl Blocking for Here { fn execute(&self, job: Job) -> Result<(), Rejected> { job.run(); Ok(()) } }
/// # let _guard = enter(Env::new().with_blocking(std::sync::Arc::new(Here)));
/// # rt_task::block_on(async {
/// let mut names = Vec::new();
/// let mut entries = rt_fs::read_dir("src").await?;
/// while let Some(entry) = entries.next_entry().await? {
///     names.push(entry.file_name());
/// }
/// assert!(names.contains(&"read_dir.rs".into()));
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[track_caller]
pub fn read_dir(path: impl AsRef<Path>) -> Operation<'static, ReadDir> {
    let (path, site) = (path.as_ref().to_owned(), Location::caller());
    Operation::new("fs::read_dir", site, move || {
        let mut batch = Batch { entries: VecDeque::new(), rest: Some(std::fs::read_dir(path)?) };
        batch.fill();
        Ok(ReadDir { state: State::Here(batch), site })
    })
}

/// The entries of a folder. Made by [`read_dir`].
#[must_use = "does nothing unless asked for entries"]
pub struct ReadDir {
    state: State,
    /// Where the folder was opened.
    site: Site,
}

enum State {
    Here(Batch),
    Asked(Answer<Batch>),
    /// The pool dropped what was asked for.
    Lost,
}

struct Batch {
    entries: VecDeque<io::Result<DirEntry>>,
    /// `None` at the end.
    rest: Option<std::fs::ReadDir>,
}

impl Batch {
    /// On the pool.
    fn fill(&mut self) {
        let Some(rest) = &mut self.rest else { return };
        let room = BATCH - self.entries.len();
        self.entries.extend(rest.by_ref().take(room).map(|entry| entry.map(DirEntry::new)));
        // Short of a full batch, that was all: and no hop is needed to learn it.
        if self.entries.len() < BATCH {
            self.rest = None;
        }
    }
}

impl ReadDir {
    /// The next entry, `None` after the last.
    ///
    /// One hop for every 32 entries. Cancel safe: nothing is lost.
    ///
    /// # Errors
    /// What reading the folder fails with; it may be asked again.
    #[track_caller]
    pub fn next_entry(&mut self) -> NextEntry<'_> {
        NextEntry { dir: self, site: Location::caller() }
    }

    /// [`next_entry`](Self::next_entry), polled.
    ///
    /// # Errors
    /// As it.
    pub fn poll_next_entry(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<DirEntry>>> {
        loop {
            match &mut self.state {
                State::Here(batch) => {
                    if let Some(entry) = batch.entries.pop_front() {
                        return Poll::Ready(entry.map(Some));
                    }
                    if batch.rest.is_none() {
                        return Poll::Ready(Ok(None));
                    }
                    self.ask()?;
                }
                State::Asked(answer) => {
                    let answer = ready!(answer.poll(cx));
                    self.state = State::Lost;
                    self.state = State::Here(answer?);
                }
                State::Lost => return Poll::Ready(Ok(None)),
            }
        }
    }

    fn ask(&mut self) -> io::Result<()> {
        let what = "ReadDir::next_entry";
        let pool = pool(what, self.site)?;
        let State::Here(mut batch) = std::mem::replace(&mut self.state, State::Lost) else {
            unreachable!("asked for when it is here");
        };
        let (job, answer) = job(self.site, move || {
            batch.fill();
            batch
        });
        ask(&*pool, job, what, self.site)?;
        self.state = State::Asked(answer);
        Ok(())
    }
}

impl fmt::Debug for ReadDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let here = match &self.state {
            State::Here(batch) => batch.entries.len(),
            State::Asked(_) | State::Lost => 0,
        };
        f.debug_struct("ReadDir").field("entries_here", &here).finish_non_exhaustive()
    }
}

/// The future of [`ReadDir::next_entry`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct NextEntry<'a> {
    dir: &'a mut ReadDir,
    site: Site,
}

impl Future for NextEntry<'_> {
    type Output = io::Result<Option<DirEntry>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (site, dir) = (self.site, &mut self.dir);
        let wait = || Wait { kind: WaitKind::Blocking, object: 0, site };
        poll_at(cx, wait, |cx| dir.poll_next_entry(cx))
    }
}

/// Something in a folder.
#[derive(Debug)]
pub struct DirEntry {
    pub(crate) std: Arc<std::fs::DirEntry>,
    /// What the folder itself says, when it was read. Some file systems say nothing.
    file_type: Option<FileType>,
}

impl DirEntry {
    /// On the pool: some systems ask the file for its type.
    fn new(std: std::fs::DirEntry) -> Self {
        Self { file_type: std.file_type().ok(), std: Arc::new(std) }
    }

    /// The path: that which the folder was opened by, and the name.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.std.path()
    }

    /// The name alone.
    #[must_use]
    pub fn file_name(&self) -> OsString {
        self.std.file_name()
    }

    /// What is known of it; of a link itself, not of that which it points to.
    ///
    /// One hop.
    ///
    /// # Errors
    /// If it is gone.
    #[track_caller]
    pub fn metadata(&self) -> Operation<'_, Metadata> {
        let std = self.std.clone();
        Operation::new("DirEntry::metadata", Location::caller(), move || std.metadata())
    }

    /// Whether it is a file, a folder, a link or else; of a link itself.
    ///
    /// No hop where the folder says it, as file systems mostly do; one where not.
    ///
    /// # Errors
    /// If it is gone, and the folder did not say.
    #[track_caller]
    pub fn file_type(&self) -> Operation<'_, FileType> {
        let what = "DirEntry::file_type";
        match self.file_type {
            Some(known) => Operation::known(what, known),
            None => {
                let std = self.std.clone();
                Operation::new(what, Location::caller(), move || std.file_type())
            }
        }
    }
}
