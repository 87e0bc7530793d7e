//! What callgrind writes with `--dump-instr=yes --compress-pos=no --compress-strings=no`.

use std::collections::HashMap;

use anyhow::{Context, Result};

/// How often each instruction of one program ran.
pub(super) struct Profile {
    /// By the address that the program's file gives it.
    instructions: HashMap<u64, Instruction>,
    /// Instructions executed, libraries included.
    pub(super) total: f64,
}

struct Instruction {
    executed: u64,
    place: String,
}

/// A line of the body.
enum Line<'a> {
    Object(&'a str),
    File(&'a str),
    Function(&'a str),
    /// The next line is the cost of a call and not of an instruction.
    Call,
    Cost {
        address: u64,
        line: &'a str,
        executed: u64,
    },
    Other,
}

impl Profile {
    /// `main` is the address of the function of that name in the file of the program: callgrind
    /// may have seen it elsewhere, by the offset that the program was loaded at.
    pub(super) fn parse(text: &str, program: &str, main: u64) -> Result<Self> {
        let mut seen: HashMap<u64, Instruction> = HashMap::new();
        let mut seen_main: Option<u64> = None;
        let (mut object, mut file, mut function) = ("", "", "");
        let mut total = 0.0;
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            match read(line) {
                Line::Object(name) => object = name,
                Line::File(name) => file = name,
                Line::Function(name) => function = name,
                Line::Call => drop(lines.next()),
                Line::Cost { address, line, executed } => {
                    total += executed as f64;
                    if object != program {
                        continue;
                    }
                    if function == "main" {
                        seen_main = Some(seen_main.map_or(address, |first| first.min(address)));
                    }
                    let place = || format!("{}:{line} in {function}", short(file));
                    let new = || Instruction { executed: 0, place: place() };
                    seen.entry(address).or_insert_with(new).executed += executed;
                }
                Line::Other => {}
            }
        }
        let seen_main = seen_main.context("callgrind has not seen `main`")?;
        let offset = seen_main.wrapping_sub(main);
        let at_home = |(address, seen): (u64, _)| (address.wrapping_sub(offset), seen);
        Ok(Self { instructions: seen.into_iter().map(at_home).collect(), total })
    }

    pub(super) fn executed(&self, address: u64) -> f64 {
        self.instructions.get(&address).map_or(0.0, |seen| seen.executed as f64)
    }

    pub(super) fn place(&self, address: u64) -> String {
        self.instructions.get(&address).map(|seen| seen.place.clone()).unwrap_or_default()
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = u64> {
        self.instructions.keys().copied()
    }
}

fn read(line: &str) -> Line<'_> {
    if let Some(rest) = line.strip_prefix("0x") {
        return cost(rest).unwrap_or(Line::Other);
    }
    match line.split_once('=') {
        Some(("ob", name)) => Line::Object(name),
        Some(("fl" | "fi" | "fe", name)) => Line::File(name),
        Some(("fn", name)) => Line::Function(name),
        Some(("calls", _)) => Line::Call,
        _ => Line::Other,
    }
}

fn cost(line: &str) -> Option<Line<'_>> {
    let mut words = line.split(' ');
    let address = u64::from_str_radix(words.next()?, 16).ok()?;
    Some(Line::Cost { address, line: words.next()?, executed: words.next()?.parse().ok()? })
}

/// The last parts of a path, which say enough.
fn short(path: &str) -> String {
    let parts: Vec<&str> = path.rsplit('/').take(3).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::Profile;

    const TEXT: &str = "\
positions: instr line
events: Ir
ob=/bin/op
fl=src/main.rs
fn=main
0x1010 7 1
0x1000 6 1
cob=/lib/libc.so.6
cfn=malloc
calls=3 0x9000 0
0x1004 6 300
fi=/a/b/c/atomic.rs
0x1020 9 5
ob=/lib/libc.so.6
fl=malloc.c
fn=malloc
0x1020 2 40
ob=/bin/op
fl=src/main.rs
fn=main
0x1020 9 2
";

    #[test]
    fn calls_are_skipped_and_libraries_only_summed() {
        let profile = Profile::parse(TEXT, "/bin/op", 0x1000).unwrap();
        assert_eq!(profile.executed(0x1020), 7.0);
        assert_eq!(profile.executed(0x1004), 0.0);
        assert_eq!(profile.total, 49.0);
        assert_eq!(profile.place(0x1020), "b/c/atomic.rs:9 in main");
    }

    #[test]
    fn the_load_offset_is_taken_off() {
        let profile = Profile::parse(TEXT, "/bin/op", 0x200).unwrap();
        assert_eq!(profile.executed(0x220), 7.0);
    }
}
