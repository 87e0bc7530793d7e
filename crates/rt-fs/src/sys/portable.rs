//! Where nobody tells whether a read would wait.

use std::fs::File;

use super::Now;

pub(crate) fn read_now(_file: &File, _memory: &mut [u8]) -> Now {
    Now::Never
}
