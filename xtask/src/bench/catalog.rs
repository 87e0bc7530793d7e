//! What there is to measure, as the programs of rt-benches tell it: subjects and workloads.
//!
//! `op list`, `sync list`, `io list` and `serve list` print a line each, in columns with tabs between. Behind the columns
//! that the line of a workload must have stand as many `key=value` as it likes; a key that nobody
//! knows is passed over, so that one side may learn a new one before the other does.
//!
//! ```text
//! subject    name  Current|Multi|Local  version  ours|peer  withholds  unavailable  about
//! operation  Current|Multi  name  Steps|Times|Memory|Idle  few  many  timed  about
//! server     Current|Multi|Both  name  words-of-serve  words-of-load  timed  about
//! ```
//!
//! | key | says |
//! |---|---|
//! | `group=timer` | `scheduler`, `timer`, `blocking`, `sockets`, `memory`, `latency`, `sync`, `io` |
//! | `growth=tasks:1000` | its place in a curve |
//! | `step=128` | it runs a multiple of this often |
//! | `n=fixed` | it runs `timed` times, never more or fewer |
//! | `kind=Idle` | of a server: its requests are seconds in which nothing happens |
//! | `rate=echo:50` | `{rate}` is 50 % of the requests a second of the slowest subject at `echo` |
//! | `rounds=3` | it has no more rounds than these |
//!
//! `-` stands for nothing: a subject that withholds no promise, one that can be had on this
//! machine. A server is started as `serve <subject> <words-of-serve> --workers N`; once it has
//! printed a word, `load <word> <words-of-load>` runs, in whose words `{n}` stands for the number
//! of requests. The second of them is the number of connections.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::results::{Flavor, Group, Growth, Kind};
use crate::util;

/// Whom we measure, and by what.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    pub(crate) subjects: Vec<Subject>,
    pub(crate) workloads: Vec<Workload>,
}

/// A runtime that workloads can be run on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) flavor: Flavor,
    pub(crate) version: String,
    pub(crate) ours: bool,
    pub(crate) same_promises: bool,
    /// Why it cannot be had on this machine, if so.
    pub(crate) unavailable: Option<String>,
    pub(crate) about: String,
}

/// Something that every subject of a table is given to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Workload {
    pub(crate) name: String,
    /// The table it belongs to.
    pub(crate) flavor: Flavor,
    pub(crate) about: String,
    pub(crate) kind: Kind,
    pub(crate) how: How,
    pub(crate) group: Group,
    pub(crate) growth: Option<Growth>,
    /// How often, if nobody calibrates.
    pub(crate) timed: u64,
    /// Whether it runs just so often.
    pub(crate) fixed: bool,
    /// It runs a multiple of this often.
    pub(crate) step: u64,
    pub(crate) rounds_max: Option<usize>,
    pub(crate) rate: Option<Rate>,
}

/// A part of what the slowest subject can do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rate {
    /// At this workload of the same table.
    pub(crate) of: String,
    pub(crate) percent: f64,
}

/// Which programs run it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum How {
    /// `op` alone. The two values of `n` are those of `count`.
    Operation { few: u64, many: u64 },
    /// `serve`, whose cost is told, and `load`, whose waiting is.
    Server { serve: Vec<String>, load: Vec<String> },
}

/// Asks the programs.
pub(crate) fn read(op: &Path, serve: &Path) -> Result<Catalog> {
    let mut catalog = parse(&util::output(Command::new(op).arg("list"))?)?;
    catalog.workloads.extend(parse(&util::output(Command::new(serve).arg("list"))?)?.workloads);
    Ok(catalog)
}

/// Asks a program of pairings.
pub(crate) fn read_pairings(program: &Path) -> Result<Catalog> {
    parse(&util::output(Command::new(program).arg("list"))?)
}

/// What `op list` or `serve list` printed.
pub(crate) fn parse(text: &str) -> Result<Catalog> {
    let mut catalog = Catalog::default();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let columns: Vec<&str> = line.split('\t').collect();
        add(&mut catalog, &columns).with_context(|| format!("a list has the line `{line}`"))?;
    }
    Ok(catalog)
}

fn add(catalog: &mut Catalog, columns: &[&str]) -> Result<()> {
    match *columns {
        ["subject", name, flavor, version, side, withholds, unavailable, about] => {
            catalog.subjects.push(Subject {
                name: name.to_owned(),
                flavor: flavor_named(flavor)?,
                version: version.to_owned(),
                ours: side == "ours",
                same_promises: withholds == "-",
                unavailable: (unavailable != "-").then(|| unavailable.to_owned()),
                about: about.to_owned(),
            });
        }
        ["operation", flavor, name, kind, few, many, timed, about, ref keys @ ..] => {
            let how = How::Operation { few: few.parse()?, many: many.parse()? };
            let of = [name, about, timed];
            catalog.workloads.push(workload(flavor, of, kind_named(kind)?, how, &Keys(keys))?);
        }
        ["server", flavor, name, serve, load, timed, about, ref keys @ ..] => {
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
            let flavors: &[&str] = match flavor {
                "Both" => &["Current", "Multi"],
                _ => &[flavor],
            };
            for flavor in flavors {
                let how = How::Server { serve: words(serve), load: words(load) };
                let of = [name, about, timed];
                let kind = Keys(keys).value("kind").map_or(Ok(Kind::Times), kind_named)?;
                catalog.workloads.push(workload(flavor, of, kind, how, &Keys(keys))?);
            }
        }
        _ => bail!("no such columns"),
    }
    Ok(())
}

fn workload(
    flavor: &str,
    [name, about, timed]: [&str; 3],
    kind: Kind,
    how: How,
    keys: &Keys<'_>,
) -> Result<Workload> {
    let timed: u64 = timed.parse()?;
    // What has no number of its own for timing is run as often as `count` does.
    let timed = match how {
        How::Operation { many, .. } if timed == 0 => many,
        _ => timed,
    };
    Ok(Workload {
        name: name.to_owned(),
        flavor: flavor_named(flavor)?,
        about: about.to_owned(),
        kind,
        how,
        group: group_named(keys.value("group").context("it has no group")?)?,
        growth: keys.value("growth").map(growth).transpose()?,
        timed,
        fixed: matches!(kind, Kind::Memory | Kind::Idle) || keys.value("n") == Some("fixed"),
        step: keys.value("step").map_or(Ok(1), str::parse)?.max(1),
        rounds_max: keys.value("rounds").map(str::parse).transpose()?,
        rate: keys.value("rate").map(rate).transpose()?,
    })
}

/// The columns behind those that a line must have.
struct Keys<'a>(&'a [&'a str]);

impl<'a> Keys<'a> {
    fn value(&self, key: &str) -> Option<&'a str> {
        let mut pairs = self.0.iter().filter_map(|column| column.split_once('='));
        pairs.find(|(name, _)| *name == key).map(|(_, value)| value)
    }
}

fn growth(text: &str) -> Result<Growth> {
    let (family, size) = text.split_once(':').context("growth is `family:size`")?;
    Ok(Growth { family: family.to_owned(), size: size.parse()? })
}

fn rate(text: &str) -> Result<Rate> {
    let (of, percent) = text.split_once(':').context("a rate is `workload:percent`")?;
    Ok(Rate { of: of.to_owned(), percent: percent.parse()? })
}

fn flavor_named(name: &str) -> Result<Flavor> {
    match name {
        "Current" => Ok(Flavor::Current),
        "Multi" => Ok(Flavor::Multi),
        "Local" => Ok(Flavor::Local),
        _ => bail!("no flavour is called `{name}`"),
    }
}

fn kind_named(name: &str) -> Result<Kind> {
    match name {
        "Steps" => Ok(Kind::Steps),
        "Times" => Ok(Kind::Times),
        "Memory" => Ok(Kind::Memory),
        "Idle" => Ok(Kind::Idle),
        _ => bail!("no kind is called `{name}`"),
    }
}

pub(super) fn group_named(name: &str) -> Result<Group> {
    match name {
        "scheduler" => Ok(Group::Scheduler),
        "timer" => Ok(Group::Timer),
        "blocking" => Ok(Group::Blocking),
        "sockets" => Ok(Group::Sockets),
        "memory" => Ok(Group::Memory),
        "latency" => Ok(Group::Latency),
        "sync" => Ok(Group::Sync),
        "io" => Ok(Group::Io),
        _ => bail!("no group is called `{name}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::results::{Flavor, Group};
    use super::{How, Kind, Rate, parse};

    #[test]
    fn subjects_say_what_they_promise_less() {
        let text = "subject\trt-multi\tMulti\t0.1.0\tours\t-\t-\tours\n\
                    subject\tmonoio\tLocal\t0.2.4\tpeer\tSend,Wakers\told kernel\tone thread\n";
        let catalog = parse(text).unwrap();
        let [ours, peer] = &catalog.subjects[..] else { panic!("{catalog:?}") };
        assert!(ours.ours && ours.same_promises && ours.unavailable.is_none());
        assert!(!peer.ours && !peer.same_promises && peer.flavor == Flavor::Local);
        assert_eq!(peer.unavailable.as_deref(), Some("old kernel"));
        assert_eq!((peer.version.as_str(), peer.about.as_str()), ("0.2.4", "one thread"));
    }

    #[test]
    fn keys_stand_behind_the_columns_in_any_order() {
        let text = "operation\tMulti\tyields\tSteps\t400\t800\t1000\ta yield\tstep=200\tgroup=timer\n\
                    operation\tCurrent\tgrown\tMemory\t0\t2\t0\tx\tnew=1\tgroup=memory\tgrowth=tasks:100\trounds=2\n";
        let catalog = parse(text).unwrap();
        let [yields, grown] = &catalog.workloads[..] else { panic!("{catalog:?}") };
        assert_eq!((yields.step, yields.timed, yields.fixed), (200, 1_000, false));
        assert_eq!(yields.how, How::Operation { few: 400, many: 800 });
        assert_eq!((grown.timed, grown.fixed, grown.rounds_max), (2, true, Some(2)));
        assert_eq!((grown.group, grown.growth.as_ref().unwrap().size), (Group::Memory, 100));
    }

    #[test]
    fn a_server_may_stand_in_both_tables() {
        let text = "server\tBoth\techo_64\techo\techo 64 {n}\t102400\tx\tgroup=sockets\tstep=64\n";
        let catalog = parse(text).unwrap();
        let [current, multi] = &catalog.workloads[..] else { panic!("{catalog:?}") };
        assert_eq!((current.flavor, multi.flavor), (Flavor::Current, Flavor::Multi));
        assert_eq!((multi.group, multi.kind, multi.step), (Group::Sockets, Kind::Times, 64));
        let How::Server { serve, load } = &multi.how else { panic!("{multi:?}") };
        assert_eq!((serve.join(" "), load.join(" ")), ("echo".into(), "echo 64 {n}".into()));
        let text = "server\tMulti\tquiet\techo\techo 9 {n}\t2\tx\tgroup=sockets\tkind=Idle\trate=echo:50\n";
        let quiet = &parse(text).unwrap().workloads[0];
        assert_eq!((quiet.kind, quiet.fixed), (Kind::Idle, true));
        assert_eq!(quiet.rate, Some(Rate { of: "echo".to_owned(), percent: 50.0 }));
    }

    #[test]
    fn a_line_that_nobody_understands_is_an_error() {
        assert!(parse("operation\tMulti\n").is_err());
        assert!(parse("subject\tx\tSideways\t1\tours\t-\t-\tx\n").is_err());
        let line = |many: &str, group: &str| {
            format!("operation\tMulti\ta\tSteps\t1\t{many}\t3\tx\tgroup={group}\n")
        };
        assert!(parse(&line("2", "timer")).is_ok());
        assert!(parse(&line("two", "timer")).is_err());
        assert!(parse(&line("2", "sundry")).is_err());
        assert!(parse("\n").unwrap().workloads.is_empty());
    }
}
