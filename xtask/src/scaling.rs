//! `scaling`: the scheduler on more processors than there are.
//!
//! Builds `rt-scaling` twice: as it is, for what two workers really do, and with `--cfg rt_sim`, in a
//! target folder of its own, for what many would. All else is there.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::flags::Scaling;
use crate::util::{self, cargo};

/// What is counted for real, each so often that it takes a fraction of a second.
const REAL: [(&str, u64); 9] = [
    ("spawn_inside", 20),
    ("spawn_outside", 20),
    ("chained_spawn", 200),
    ("yield_many", 20),
    ("ping_pong", 100),
    ("wake_storm", 2_000),
    ("fan_in", 40),
    ("skewed_fan_out", 60),
    ("fan_out", 2),
];

pub(crate) fn run(flags: &Scaling) -> Result<()> {
    if flags.test {
        return test();
    }
    if let Some(workers) = flags.search {
        let (first, count) =
            flags.seed.map_or((0, flags.seeds.unwrap_or(SEARCHED)), |seed| (seed, 1));
        let words = [workers, first, count].map(|number| number.to_string());
        let program = flags.only.as_deref().unwrap_or("all");
        return util::run(played(["search", program]).args(words));
    }
    let played = build(true)?;
    let dir = util::target_dir().join("bench");
    fs::create_dir_all(&dir)?;
    let real = dir.join("scaling-real.txt");
    fs::write(&real, count()?).with_context(|| format!("writing {}", real.display()))?;
    let mut command = Command::new(played);
    command.arg("all").arg("--real").arg(&real).arg("--json").arg(dir.join("scaling.json"));
    if flags.quick {
        command.arg("--quick");
    }
    if let Some(seeds) = flags.seeds {
        command.arg("--seeds").arg(seeds.to_string());
    }
    util::run(&mut command)
}

/// Seeds of each program of a search, unless told otherwise.
const SEARCHED: u64 = 1_000;

/// The program of the simulation with these words, to which others may be added; built first.
pub(crate) fn played<const N: usize>(words: [&str; N]) -> Command {
    let mut command = cargo(["run", "--quiet", "--release", "-p", "rt-scaling"]);
    command.args(simulated()).env(FLAGS, SIM).arg("--").args(words);
    command
}

/// What the tests of the simulation say.
pub(crate) fn test() -> Result<()> {
    util::run(
        cargo(["test", "--quiet", "--release", "-p", "rt-scaling"])
            .args(simulated())
            .env(FLAGS, SIM),
    )
}

const FLAGS: &str = "RUSTFLAGS";
const SIM: &str = "--cfg rt_sim";

fn simulated() -> [PathBuf; 2] {
    ["--target-dir".into(), sim_dir()]
}

fn sim_dir() -> PathBuf {
    util::target_dir().join("sim")
}

fn build(sim: bool) -> Result<PathBuf> {
    let mut command = cargo(["build", "--quiet", "--release", "-p", "rt-scaling"]);
    let dir = match sim {
        true => {
            command.args(simulated()).env(FLAGS, SIM);
            sim_dir()
        }
        false => util::target_dir(),
    };
    util::run(&mut command)?;
    Ok(dir.join("release").join("scaling"))
}

/// What two workers do for real: a block each, after a line `= workload workers`.
fn count() -> Result<String> {
    let program = build(false)?;
    let mut text = String::new();
    for (workload, rounds) in REAL {
        let words = ["real", workload, "2", &rounds.to_string()];
        let figures = util::output(Command::new(&program).args(words))?;
        text += &format!("= {workload} 2\n{figures}");
    }
    Ok(text)
}
