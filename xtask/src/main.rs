//! Developer commands: `cargo xtask <command>`.
//!
//! Only the dispatch and the help text live here. Each command has a file of its own; its flags
//! are in `flags.rs`; what several commands need is in `util.rs`, and what several of them want
//! to know about Rust sources is in `source.rs` and `sites.rs`. Nothing here depends on a crate
//! of the runtime: the commands must build when the runtime does not.
#![allow(clippy::print_stdout, reason = "printing is what a command does")]

mod bench;
mod ci;
mod count;
mod flags;
mod loom;
mod report;
mod scaling;
mod sites;
mod size;
mod source;
mod tidy;
mod util;
mod verify;

use std::process::ExitCode;

use flags::Args;

const HELP: &str = "\
cargo xtask <command>

  ci     [--fast] [--no-test]     every gate, in order; --fast: fmt, clippy and tidy only;
                                  --no-test: leave out the README's test command
  tidy                            the laws of the tree: arrows, sites, claims, links, file map
  loom   [crate]... [--preemptions N] [--test NAME] [--asan]
                                  the models of every claim, exhaustively up to N preemptions
  loom   --weaken [crate]... [--limit SECS]
                                  lowers one ordering at a time and lists what no model notices
  size   [--save NAME] [--against NAME]
                                  bytes of the types users pay for, and of the hello binary
  count  [--check] [--write] [--only OP] [--instr] [--current | --multi | --sync]
                                  atomic read-modify-writes, instructions, allocations and system
                                  calls per operation; --check: against benches/ceilings.json;
                                  --write: into docs/costs.md; --instr: where they are executed
  bench  [WORKLOAD | GROUP]... [--vs tokio,smol,... | all] [--quick] [--current | --multi]
         [--rounds N] [--workers N] [--seed N] [--wakes] [--save NAME] [--against NAME]
                                  processor time, time on the clock and latency, ours and its
                                  peers' in turns; --wakes: futex and driver wakes, too
  bench  sync [WORKLOAD]... [--list] and as above, without --vs and --wakes
                                  channels and locks: ours and tokio's, on our runtime and on tokio's
  bench  io [WORKLOAD]...         the same with files and what else reads and writes; std's, too
  bench  --list | --show NAME [--against NAME] | --table NAME | --components [PART]...
                                  what there is; a saved run (`last`), and as Markdown; parts in
                                  each other's place, and micro benches of single parts
  report [NAME] [--out FILE]      a saved run (the last one) and the ledger as one HTML page
  scaling [--quick] [--seeds N]   the scheduler simulated with up to 128 workers, other queues and
                                  rules beside it, and what two workers really do
  scaling --search WORKERS [--only PROGRAM] [--seeds N | --seed N] | --test
                                  `verify search` with so many workers; the tests
  verify [LANE]... [--quick] [--only PART] [--seed N] [--seeds N] [--minutes N]
                                  whatever can show the runtime wrong, lane by lane
  verify --list | --write         what each lane shows; the same into docs/testing.md
  verify --selftest [LANE]... [--only BUG]
                                  puts a bug into a copy of the tree, which its lane must find
  help                            this text
";

fn main() -> ExitCode {
    let mut args = Args::new(std::env::args().skip(1).collect());
    let command = args.positional();
    let result = match command.as_deref() {
        Some("ci") => flags::Ci::parse(args).and_then(|flags| ci::run(&flags)),
        Some("tidy") => args.finish().and_then(|()| tidy::run()),
        Some("loom") => flags::Loom::parse(args).and_then(|flags| loom::run(&flags)),
        Some("size") => flags::Size::parse(args).and_then(|flags| size::run(&flags)),
        Some("count") => flags::Count::parse(args).and_then(|flags| count::run(&flags)),
        Some("bench") => flags::Bench::parse(args).and_then(|flags| bench::run(&flags)),
        Some("report") => flags::Report::parse(args).and_then(|flags| report::run(&flags)),
        Some("scaling") => flags::Scaling::parse(args).and_then(|flags| scaling::run(&flags)),
        Some("verify") => flags::Verify::parse(args).and_then(|flags| verify::run(&flags)),
        Some("help") | None => {
            print!("{HELP}");
            Ok(())
        }
        Some(other) => Err(anyhow::anyhow!("no command `{other}`; `cargo xtask help` lists them")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
