//! Which instructions of a program are atomic read-modify-writes or fences.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::util;

pub(super) struct Disassembly {
    /// The address of `main` in the file.
    pub(super) main: u64,
    /// What each read-modify-write or fence is.
    pub(super) atomics: BTreeMap<u64, String>,
    /// Where instructions start.
    pub(super) starts: HashSet<u64>,
}

impl Disassembly {
    pub(super) fn read(program: &Path) -> Result<Self> {
        let text =
            util::output(Command::new("objdump").args(["-d", "--no-show-raw-insn"]).arg(program))?;
        let symbols = util::output(Command::new("nm").arg(program))?;
        let main = symbols.lines().find_map(|line| line.strip_suffix(" T main"));
        let main = main.context("the program has no symbol `main`")?;
        let mut disassembly = Self {
            main: u64::from_str_radix(main, 16)?,
            atomics: BTreeMap::new(),
            starts: HashSet::new(),
        };
        for (address, instruction) in text.lines().filter_map(instruction) {
            disassembly.starts.insert(address);
            if is_atomic(instruction) {
                disassembly.atomics.insert(address, plain(instruction));
            }
        }
        Ok(disassembly)
    }
}

/// `  4711:\tlock xadd %rax,(%rdi)`, taken apart.
fn instruction(line: &str) -> Option<(u64, &str)> {
    let (address, instruction) = line.split_once(":\t")?;
    Some((u64::from_str_radix(address.trim(), 16).ok()?, instruction))
}

/// A `lock` prefix, an exchange with memory (which locks by itself) or a full fence.
fn is_atomic(instruction: &str) -> bool {
    let mut words = instruction.split_whitespace();
    match words.next() {
        Some("lock" | "mfence") => true,
        Some(word) if word.starts_with("xchg") => instruction.contains('('),
        _ => false,
    }
}

/// Without the comment that objdump adds.
fn plain(instruction: &str) -> String {
    let text = instruction.split('#').next().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{instruction, is_atomic, plain};

    #[test]
    fn exchanges_lock_only_with_memory() {
        assert!(is_atomic("lock cmpxchg %rcx,(%rdi)"));
        assert!(is_atomic("xchg   %al,0x10(%rbx)"));
        assert!(is_atomic("mfence"));
        assert!(!is_atomic("xchg   %ax,%ax"));
        assert!(!is_atomic("mov    (%rdi),%rax"));
    }

    #[test]
    fn lines_are_taken_apart() {
        assert_eq!(instruction("   91dc0:\tpush   %rax"), Some((0x91dc0, "push   %rax")));
        assert_eq!(instruction("0000000000091dc0 <main>:"), None);
        assert_eq!(plain("lock incq  0x1(%rip)  # 4711 <a>"), "lock incq 0x1(%rip)");
    }
}
