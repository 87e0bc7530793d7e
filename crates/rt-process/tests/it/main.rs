//! Children on a reactor, without any runtime: the promises that rt-process makes.

#![cfg(unix)]

mod command;
mod drive;
mod ends;
#[cfg(target_os = "linux")]
mod limits;
mod pipes;
#[cfg(target_os = "linux")]
mod zombies;
