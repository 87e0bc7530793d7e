//! OpenOptions.

use std::panic::Location;
use std::path::Path;

use crate::{File, Operation};

/// How to open a [`File`]: for what, and what if it is there or is not.
///
/// ```
/// # use rt_task::{Job, base::{context::{Env, enter}, seam::{Blocking, Rejected}}};
/// # struct Here; // on this thread
/// # impl Blocking for Here { fn execute(&self, job: Job) -> Result<(), Rejected> { job.run(); Ok(()) } }
/// # let _guard = enter(Env::new().with_blocking(std::sync::Arc::new(Here)));
/// # let path = std::env::temp_dir().join(format!("rt-fs-open-options-{}", std::process::id()));
/// use rt_fs::OpenOptions;
/// use rt_io::AsyncWriteExt;
///
/// # rt_task::block_on(async {
/// let mut log = OpenOptions::new().append(true).create(true).open(&path).await?;
/// log.write_all(b"it began\n").await?;
/// log.flush().await?;
/// assert_eq!(rt_fs::read(&path).await?, b"it began\n");
/// # rt_fs::remove_file(path).await }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions(pub(crate) std::fs::OpenOptions);

/// Options that are on or off.
macro_rules! switches {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        pub fn $name(&mut self, $name: bool) -> &mut Self {
            self.0.$name($name);
            self
        }
    )*};
}

impl OpenOptions {
    /// Nothing yet: at least one of [`read`](Self::read), [`write`](Self::write) and
    /// [`append`](Self::append) is needed.
    #[must_use]
    pub fn new() -> Self {
        Self(std::fs::OpenOptions::new())
    }

    switches! {
        /// To read.
        read,
        /// To write, from the start on, over what is there.
        write,
        /// To write at the end, wherever that is at each write, also if others write there.
        append,
        /// Empties the file. Needs [`write`](Self::write).
        truncate,
        /// Makes the file if it is missing. Needs [`write`](Self::write) or [`append`](Self::append).
        create,
        /// Makes the file, and fails if anything is there; nobody else comes between. Needs
        /// [`write`](Self::write) or [`append`](Self::append).
        create_new,
    }

    /// Opens the file.
    ///
    /// One hop. Dropped before it is ready, the file is closed by whoever opened it, if it was.
    ///
    /// # Errors
    /// If the options contradict each other; `NotFound`, `PermissionDenied`, `AlreadyExists` as their
    /// names say; others that the operating system has.
    #[track_caller]
    pub fn open(&self, path: impl AsRef<Path>) -> Operation<'_, File> {
        open("OpenOptions::open", self.clone(), path.as_ref())
    }
}

#[track_caller]
pub(crate) fn open(
    what: &'static str,
    options: OpenOptions,
    path: &Path,
) -> Operation<'static, File> {
    let (path, site) = (path.to_owned(), Location::caller());
    Operation::new(what, site, move || Ok(File::opened(options.0.open(path)?, site)))
}

impl From<std::fs::OpenOptions> for OpenOptions {
    fn from(options: std::fs::OpenOptions) -> Self {
        Self(options)
    }
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self::new()
    }
}
