//! Plays workloads with many workers: see `cargo xtask scaling`.
#![allow(clippy::print_stdout, reason = "the output of a program")]

#[cfg(not(rt_sim))]
fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    println!("{words:?}");
}

#[cfg(rt_sim)]
fn main() {
    use rt_scaling::outcome::Play;
    let words: Vec<String> = std::env::args().skip(1).collect();
    let variant = rt_scaling::variants::ALL.iter().find(|(name, _)| *name == words[1]).unwrap().0;
    let play = Play {
        workload: rt_scaling::work::named(&words[0]).unwrap(),
        variant,
        workers: words[2].parse().unwrap(),
        seed: words[3].parse().unwrap(),
        costs: rt_scaling::cost::HERE,
    };
    let out = play.run().unwrap();
    for (name, number) in out.figures {
        println!("{name}\t{number:.4}");
    }
    println!("trace\t{:x}", out.trace);
}
