//! DirBuilder.

use std::panic::Location;
use std::path::Path;

use crate::Operation;

/// Makes folders, with options.
///
/// ```
/// # use rt_task::{Job, base::{context::{Env, enter}, seam::{Blocking, Rejected}}};
/// # struct Here; // on this thread
/// # impl Blocking for Here { fn execute(&self, job: Job) -> Result<(), Rejected> { job.run(); Ok(()) } }
/// # let _guard = enter(Env::new().with_blocking(std::sync::Arc::new(Here)));
/// # let root = std::env::temp_dir().join(format!("rt-fs-dir-builder-{}", std::process::id())); let path = root.join("a/b");
/// # rt_task::block_on(async {
/// rt_fs::DirBuilder::new().recursive(true).create(&path).await?;
/// assert!(rt_fs::metadata(&path).await?.is_dir());
/// # rt_fs::remove_dir_all(root).await }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct DirBuilder {
    is_recursive: bool,
    /// Read where files have one.
    pub(crate) mode: Option<u32>,
}

impl DirBuilder {
    /// Makes one folder whose parent exists, with the permissions that folders get here.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether to make every parent that is missing, and not to mind if the folder is there.
    pub fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.is_recursive = recursive;
        self
    }

    /// Makes the folder.
    ///
    /// One hop; goes on if it is dropped.
    ///
    /// # Errors
    /// As [`create_dir`](crate::create_dir), or [`create_dir_all`](crate::create_dir_all) if
    /// [`recursive`](Self::recursive).
    #[track_caller]
    pub fn create(&self, path: impl AsRef<Path>) -> Operation<'_, ()> {
        let path = path.as_ref().to_owned();
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(self.is_recursive);
        crate::sys::set_mode(&mut builder, self.mode);
        Operation::new("DirBuilder::create", Location::caller(), move || builder.create(path))
    }
}
