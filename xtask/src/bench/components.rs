//! `bench --components`: single parts. First each of ours in the place of somebody else's, all else
//! the same, in processes that take turns; then micro benches, one file a part.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::session::Random;
use super::stats::{self, Spread};
use crate::count;
use crate::flags::Bench;
use crate::util::{self, cargo, columns, figure};

const ROUNDS: usize = 10;

const ROUNDS_QUICK: usize = 3;

/// A part in its place, as `swap list` tells it.
#[derive(Debug, PartialEq)]
struct Swap {
    piece: String,
    part: String,
    ours: bool,
    timed: u64,
    about: String,
}

pub(crate) fn run(flags: &Bench) -> Result<()> {
    let program = count::built("swap")?;
    let mut swaps = parse(&util::output(Command::new(&program).arg("list"))?)?;
    let nobody = |name: &&String| !swaps.iter().any(|swap| swap.piece == **name);
    if let Some(name) = flags.workloads.iter().find(nobody) {
        let mut pieces: Vec<&str> = swaps.iter().map(|swap| swap.piece.as_str()).collect();
        pieces.dedup();
        bail!("no piece is called `{name}`; there are {}", pieces.join(", "));
    }
    swaps.retain(|swap| flags.workloads.is_empty() || flags.workloads.contains(&swap.piece));
    let rounds = flags.rounds.unwrap_or(if flags.quick { ROUNDS_QUICK } else { ROUNDS });
    println!("parts in each other's place, {rounds} rounds each: medians of ns per operation,");
    println!("and how many times as fast as ours by processor time\n");
    let samples = samples(&program, &swaps, rounds, flags.seed.unwrap_or_default())?;
    println!("{}", columns(&table(&swaps, &samples)));
    if flags.workloads.is_empty() {
        let mut bench = cargo(["bench", "-p", "rt-benches", "--benches", "--"]);
        util::run(bench.args(flags.quick.then_some("--quick")))?;
    }
    Ok(())
}

fn parse(list: &str) -> Result<Vec<Swap>> {
    let swap = |line: &str| {
        let columns: Vec<&str> = line.split('\t').collect();
        let ["swap", piece, part, side, timed, about] = columns[..] else {
            bail!("`swap list` has the line `{line}`")
        };
        let [piece, part, about] = [piece, part, about].map(str::to_owned);
        Ok(Swap { piece, part, ours: side == "ours", timed: timed.parse()?, about })
    };
    list.lines().map(swap).collect()
}

/// Processor time and time on the clock per operation: for each swap a sample of each per round.
fn samples(program: &Path, swaps: &[Swap], rounds: usize, seed: u64) -> Result<Vec<[Vec<f64>; 2]>> {
    let mut samples = vec![[Vec::new(), Vec::new()]; swaps.len()];
    let mut turns: Vec<usize> = (0..swaps.len()).collect();
    let mut random = Random(seed);
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds} …");
        random.shuffle(&mut turns);
        for at in &turns {
            let Swap { piece, part, timed, .. } = &swaps[*at];
            let mut command = Command::new(program);
            let told = util::output(command.args([piece, part, &timed.to_string()]))?;
            for (reading, samples) in ["cpu_ns", "wall_ns"].into_iter().zip(&mut samples[*at]) {
                samples.push(value(&told, reading)? / *timed as f64);
            }
        }
    }
    Ok(samples)
}

/// The reading of this name.
fn value(told: &str, reading: &str) -> Result<f64> {
    let mut readings = told.lines().filter_map(|line| line.split_once('\t'));
    let found = readings.find(|(name, _)| *name == reading);
    Ok(found.with_context(|| format!("no {reading} in `{told}`"))?.1.parse()?)
}

/// A row per swap; pieces in their order.
fn table(swaps: &[Swap], samples: &[[Vec<f64>; 2]]) -> Vec<Vec<String>> {
    let heading = ["piece", "part", "cpu", "± %", "clock", "x ours", "an operation is"];
    let mut rows = vec![heading.map(str::to_owned).into()];
    for (swap, [cpu, wall]) in swaps.iter().zip(samples) {
        let ours = swaps.iter().position(|it| it.ours && it.piece == swap.piece);
        let times_as_fast = match ours {
            Some(ours) if !swap.ours => stats::median(&stats::ratios(&samples[ours][0], cpu)),
            _ => None,
        };
        let spread = Spread::of(cpu).map_or(0.0, |spread| spread.relative());
        rows.push(vec![
            swap.piece.clone(),
            swap.part.clone(),
            format!("{:.0}", stats::median(cpu).unwrap_or_default()),
            format!("{:.0}", spread * 100.0),
            format!("{:.0}", stats::median(wall).unwrap_or_default()),
            times_as_fast.map_or_else(String::new, figure),
            if swap.ours { swap.about.clone() } else { String::new() },
        ]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::{parse, table, value};

    const LIST: &str = "swap\ttimer\trt-timer\tours\t10\ta sleep\n\
                        swap\ttimer\tasync-io\tpeer\t10\ta sleep\n";

    #[test]
    fn a_swap_stands_beside_what_it_takes_the_place_of() {
        let swaps = parse(LIST).unwrap();
        let samples =
            [[vec![10.0, 30.0, 10.0], vec![1.0; 3]], [vec![20.0, 60.0, 40.0], vec![2.0; 3]]];
        let rows = table(&swaps, &samples);
        assert_eq!(rows[1], ["timer", "rt-timer", "10", "100", "1", "", "a sleep"]);
        assert_eq!(rows[2], ["timer", "async-io", "40", "25", "2", "0.5", ""]);
    }

    #[test]
    fn what_nobody_understands_is_an_error() {
        assert!(parse("swap\ttimer\n").is_err());
        assert!(value("cpu_ns\t7\n", "wall_ns").is_err());
        assert_eq!(value("allocs\t1\ncpu_ns\t7", "cpu_ns").unwrap(), 7.0);
    }
}
