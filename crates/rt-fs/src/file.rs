//! Files: reading, writing and moving, buffered so that few of them cost a hop.
//!
//! What lives here: [`File`], its buffers and the order of what is done to it. What never does: a
//! path; those are for `paths.rs` and `open_options.rs`. Read on in `core.rs`, which says who works on
//! the descriptor when, and `front.rs`, where reading ahead is decided.

mod buffer;
mod core;
mod front;
mod into_std;
mod traits;

#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::{File as StdFile, Metadata, Permissions};
use std::io::{self, Seek};
use std::panic::Location;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use self::core::{Core, CoreRef};
use self::front::Front;
pub use self::into_std::IntoStd;
use crate::open_options::open;
use crate::operation::Site;
use crate::{FileTimes, OpenOptions, Operation};

/// An open file, whose blocking calls are made on the blocking pool.
///
/// Reads, writes and moves by the traits of `rt_io`.
///
/// # Buffers and hops
/// A *hop* is a closure on the pool, there and back. On Linux, what the kernel has in memory is read on the
/// spot: small reads 16 KiB at a time, larger ones straight to where they go, 64 KiB at most, and after
/// each MiB the other tasks have their turn. Where the kernel does not know without a disk (or another file
/// system cannot tell), the pool reads: 8 KiB at first, twice as much each time, up to 256 KiB, and from
/// the third on the next chunk is read while this one is handed out. Whoever asks for more gets it in one
/// read, up to [`max_buf_size`](Self::max_buf_size). So a hop brings 8 KiB to 2 MiB, and a stream rarely
/// waits for one.
///
/// Writes are copied and return at once; a closure writes them behind, and what comes meanwhile is gathered
/// for its next round. So there is at most one hop per write, and none while one is under way. A write
/// waits only while 256 KiB (or `max_buf_size`, if less) are gathered already.
///
/// Moving to a position from the start or from here takes no hop unless something is under way; from the
/// end it takes one. Every other method takes one.
///
/// At most two chunks for each direction are in memory; those for reading are given back at the end of the
/// file.
///
/// Only a file that was opened here, and not [cloned](Self::try_clone), is read ahead: the position of the
/// descriptor runs ahead of what was handed out then, and is put right before anything else is done with
/// it here, so that nobody sees the difference but who uses the raw descriptor. With
/// [`from_std`](Self::from_std) others may have the same position in hand, so reads are exact, one hop each;
/// so they are for what is no plain file. A part of a file that was read ahead is seen as it was then,
/// until something is written here or the position is moved.
///
/// # Errors come later
/// A write that was taken and fails is told by the next write, flush, shutdown or synchronisation,
/// whichever comes first; what was taken after it is not written, and nothing more is taken until it was
/// told. [`flush`](rt_io::AsyncWriteExt::flush) waits until all was written, so **flush before the file is
/// dropped** to be told. As with `std`, that is not yet a disk that has it: [`sync_all`](Self::sync_all).
///
/// # Dropped files
/// What is under way goes on: taken writes are written also if the file is dropped, or the runtime. (If
/// its pool is shut down before it gets to them, whoever shuts it down writes them.) The
/// descriptor is closed after that, so not at once; flush first if it has to be.
///
/// # Cancel safety
/// A read that is dropped loses no bytes: the next one has them. A write that pends has taken nothing;
/// `write_all` dropped half-way has written a part. A move that has begun goes on. `flush` may be dropped
/// and called again.
///
/// ```
/// # use rt_task::{Job, base::{context::{Env, enter}, seam::{Blocking, Rejected}}};
/// # struct Here; // on this thread
/// # impl Blocking for Here { fn execute(&self, job: Job) -> Result<(), Rejected> { job.run(); Ok(()) } }
/// # let _guard = enter(Env::new().with_blocking(std::sync::Arc::new(Here)));
/// # let path = std::env::temp_dir().join(format!("rt-fs-file-{}", std::process::id()));
/// use rt_fs::File;
/// use rt_io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, SeekFrom};
///
/// # rt_task::block_on(async {
/// let mut file = File::create_new(&path).await?;
/// file.write_all(b"once upon a time").await?;
/// file.seek(SeekFrom::Start(5)).await?;
/// let mut rest = String::new();
/// file.read_to_string(&mut rest).await?;
/// assert_eq!(rest, "upon a time");
/// # rt_fs::remove_file(path).await }).unwrap();
/// ```
pub struct File {
    front: Mutex<Front>,
    core: CoreRef,
}

impl File {
    /// Opens a file to read it.
    ///
    /// One hop.
    ///
    /// # Errors
    /// `NotFound`, `PermissionDenied`, and what else the system has.
    #[track_caller]
    pub fn open(path: impl AsRef<Path>) -> Operation<'static, File> {
        let mut options = OpenOptions::new();
        options.read(true);
        open("File::open", options, path.as_ref())
    }

    /// Opens a file to write it: makes it if it is missing, empties it if not.
    ///
    /// One hop.
    ///
    /// # Errors
    /// `PermissionDenied`, and what else the system has.
    #[track_caller]
    pub fn create(path: impl AsRef<Path>) -> Operation<'static, File> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        open("File::create", options, path.as_ref())
    }

    /// Makes a file, to read and write it.
    ///
    /// One hop.
    ///
    /// # Errors
    /// `AlreadyExists` if anything is there, and what else the system has.
    #[track_caller]
    pub fn create_new(path: impl AsRef<Path>) -> Operation<'static, File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        open("File::create_new", options, path.as_ref())
    }

    /// Options to open a file with: [`OpenOptions::new`].
    #[must_use]
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// A file of `std`, which stays where it is.
    ///
    /// Its reads are exact, since others may move in it by another descriptor; see [`File`].
    #[track_caller]
    #[must_use]
    pub fn from_std(std: StdFile) -> File {
        Self::new(Core::new(std, None), false, MAX_BUF_SIZE, Location::caller())
    }

    /// On the pool, with a file that nobody else has.
    pub(crate) fn opened(std: StdFile, site: Site) -> Self {
        let is_seekable = (&std).stream_position().is_ok();
        let reads_ahead = is_seekable && std.metadata().is_ok_and(|metadata| metadata.is_file());
        Self::new(Core::new(std, Some(is_seekable)), reads_ahead, MAX_BUF_SIZE, site)
    }

    fn new(core: Core, reads_ahead: bool, max_buf_size: usize, site: Site) -> Self {
        let front = Mutex::new(Front::new(reads_ahead, max_buf_size, site));
        Self { front, core: CoreRef::new(core) }
    }

    /// Waits until the disk has all that was written, and what is known of the file.
    ///
    /// One hop, after those under way. Cancel safe.
    ///
    /// # Errors
    /// Of a write before, if it was not told yet; what synchronising fails with.
    #[track_caller]
    pub fn sync_all(&self) -> Operation<'_, ()> {
        self.after_writes("File::sync_all", StdFile::sync_all)
    }

    /// Waits until the disk has all that was written.
    ///
    /// As [`sync_all`](Self::sync_all), but for what is known of the file only as much as reading it needs.
    ///
    /// # Errors
    /// As `sync_all`.
    #[track_caller]
    pub fn sync_data(&self) -> Operation<'_, ()> {
        self.after_writes("File::sync_data", StdFile::sync_data)
    }

    #[track_caller]
    fn after_writes(
        &self,
        what: &'static str,
        sync: fn(&StdFile) -> io::Result<()>,
    ) -> Operation<'_, ()> {
        let core = self.core.share();
        Operation::new(what, Location::caller(), move || {
            let _shift = core.shift();
            let failed = core.desk().take_error();
            failed.map_or_else(|| sync(&core.std), Err)
        })
    }

    /// Cuts the file off, or fills it up with zeroes, to a length of `size` bytes. The position stays.
    ///
    /// One hop, after those under way. Goes on if it is dropped, and may then come after what is asked of
    /// the file next.
    ///
    /// # Errors
    /// If the file was not opened to write, or the system says so.
    #[track_caller]
    pub fn set_len(&self, size: u64) -> Operation<'_, ()> {
        self.front().settle(&mut self.core.desk());
        let core = self.core.share();
        Operation::new("File::set_len", Location::caller(), move || {
            let _shift = core.shift();
            core.std.set_len(size)
        })
    }

    /// What is known of the file.
    ///
    /// One hop; after writes that are under way, so that the length is that after them.
    ///
    /// # Errors
    /// What the system fails with.
    #[track_caller]
    pub fn metadata(&self) -> Operation<'_, Metadata> {
        // Not after reads: one of a terminal may take for ever.
        let is_behind = self.core.desk().is_behind();
        let core = self.core.share();
        Operation::new("File::metadata", Location::caller(), move || {
            let _shift = is_behind.then(|| core.shift());
            core.std.metadata()
        })
    }

    /// Another descriptor of the same open file, with the same position: moving one moves the other.
    ///
    /// One hop, after those under way. From now on neither reads ahead.
    ///
    /// # Errors
    /// If the process has no descriptor left.
    #[track_caller]
    pub fn try_clone(&self) -> Operation<'_, File> {
        let site = Location::caller();
        let mut front = self.front();
        front.settle(&mut self.core.desk());
        front.reads_ahead = false;
        let max_buf_size = front.max_buf_size;
        drop(front);
        let core = self.core.share();
        Operation::new("File::try_clone", site, move || {
            let _shift = core.shift();
            let is_seekable = core.desk().is_seekable;
            let twin = Core::new(core.std.try_clone()?, is_seekable);
            Ok(Self::new(twin, false, max_buf_size, site))
        })
    }

    /// The file of `std`, once nothing is under way, at the position where this one is.
    ///
    /// No hop of its own. The error of a write that was not told yet is lost: flush before. Not cancel
    /// safe: the file is closed then.
    #[track_caller]
    pub fn into_std(mut self) -> IntoStd {
        self.settle();
        IntoStd::new(self.core, Location::caller())
    }

    /// The file of `std`, if nothing is under way.
    ///
    /// # Errors
    /// Gives the file back if something is.
    #[expect(clippy::result_large_err, reason = "the file itself, back")]
    pub fn try_into_std(mut self) -> Result<StdFile, Self> {
        self.settle();
        let Self { front, core } = self;
        core.into_alone().map_err(|core| Self { front, core })
    }

    /// Changes who may do what with the file.
    ///
    /// One hop. Goes on if it is dropped.
    ///
    /// # Errors
    /// If it is another's.
    #[track_caller]
    pub fn set_permissions(&self, permissions: Permissions) -> Operation<'_, ()> {
        let core = self.core.share();
        Operation::new("File::set_permissions", Location::caller(), move || {
            core.std.set_permissions(permissions)
        })
    }

    /// Sets times of the file.
    ///
    /// One hop, after those under way, so that none of these sets them again. Goes on if it is dropped.
    ///
    /// # Errors
    /// If it is another's, or the file system has no such times.
    #[track_caller]
    pub fn set_times(&self, times: FileTimes) -> Operation<'_, ()> {
        let core = self.core.share();
        Operation::new("File::set_times", Location::caller(), move || {
            let _shift = core.shift();
            core.std.set_times(times.into_std())
        })
    }

    /// Sets when the file was last written.
    ///
    /// As [`set_times`](Self::set_times).
    ///
    /// # Errors
    /// As it.
    #[track_caller]
    pub fn set_modified(&self, time: SystemTime) -> Operation<'_, ()> {
        self.set_times(FileTimes::new().set_modified(time))
    }

    /// Sets how many bytes one read or write may have at most. 2 MiB, unless set.
    ///
    /// # Panics
    /// If that is none.
    #[track_caller]
    pub fn set_max_buf_size(&mut self, max_buf_size: usize) {
        assert!(max_buf_size > 0, "`max_buf_size` must be greater than 0");
        self.front_mut().0.max_buf_size = max_buf_size;
    }

    /// How many bytes one read or write may have at most.
    #[must_use]
    pub fn max_buf_size(&self) -> usize {
        self.front().max_buf_size
    }

    pub(crate) fn std(&self) -> &StdFile {
        &self.core.std
    }

    fn front(&self) -> MutexGuard<'_, Front> {
        self.front.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn front_mut(&mut self) -> (&mut Front, &mut CoreRef) {
        (self.front.get_mut().unwrap_or_else(PoisonError::into_inner), &mut self.core)
    }

    fn settle(&mut self) {
        let (front, core) = self.front_mut();
        front.settle(&mut core.desk());
    }
}

impl From<StdFile> for File {
    #[track_caller]
    fn from(std: StdFile) -> Self {
        Self::from_std(std)
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("std", self.std()).finish_non_exhaustive()
    }
}

/// What one read or write may have at most.
const MAX_BUF_SIZE: usize = 2 * 1024 * 1024;
