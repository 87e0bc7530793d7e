//! The flags of every command, parsed by hand: there are few of them, and none is clever.

use anyhow::{Context, Result, bail};

/// What is left of the command line.
pub(crate) struct Args {
    left: Vec<String>,
}

impl Args {
    pub(crate) fn new(left: Vec<String>) -> Self {
        Self { left }
    }

    /// Takes the first word that is not a flag.
    ///
    /// Ask for the options first, or their values are taken for positional words.
    pub(crate) fn positional(&mut self) -> Option<String> {
        let at = self.left.iter().position(|word| !word.starts_with("--"))?;
        Some(self.left.remove(at))
    }

    /// Fails on whatever nobody asked for.
    pub(crate) fn finish(self) -> Result<()> {
        match self.left.first() {
            Some(word) => bail!("unknown argument `{word}`; `cargo xtask help` lists them"),
            None => Ok(()),
        }
    }

    fn switch(&mut self, name: &str) -> bool {
        let before = self.left.len();
        self.left.retain(|word| word != name);
        self.left.len() < before
    }

    fn option(&mut self, name: &str) -> Result<Option<String>> {
        let Some(at) = self.left.iter().position(|word| word == name) else {
            return Ok(None);
        };
        if at + 1 == self.left.len() {
            bail!("`{name}` needs a value");
        }
        self.left.remove(at);
        Ok(Some(self.left.remove(at)))
    }

    fn number(&mut self, name: &str) -> Result<Option<u64>> {
        self.option(name)?
            .map(|value| value.parse().with_context(|| format!("`{name} {value}`: not a number")))
            .transpose()
    }

    /// Both of them, unless one is asked for.
    fn flavors(&mut self) -> Vec<Flavor> {
        let (current, multi) = (self.switch("--current"), self.switch("--multi"));
        let asked = [(current, Flavor::Current), (multi, Flavor::Multi)];
        asked.into_iter().filter(|(asked, _)| *asked || current == multi).map(|(_, f)| f).collect()
    }

    /// All of them, unless some are asked for.
    fn tables(&mut self) -> Vec<Table> {
        let all =
            [("--current", Table::Current), ("--multi", Table::Multi), ("--sync", Table::Sync)];
        let asked: Vec<Table> =
            all.into_iter().filter(|(name, _)| self.switch(name)).map(|(_, table)| table).collect();
        if asked.is_empty() { all.map(|(_, table)| table).to_vec() } else { asked }
    }

    fn all_positional(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.positional()).collect()
    }
}

/// Where a runtime polls tasks: on the thread that calls `block_on`, or on workers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Flavor {
    Current,
    Multi,
}

/// What `count` makes a table of: a flavour of runtime, or channels and locks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Table {
    Current,
    Multi,
    Sync,
}

pub(crate) struct Ci {
    pub(crate) fast: bool,
    pub(crate) no_test: bool,
}

impl Ci {
    pub(crate) fn parse(mut args: Args) -> Result<Self> {
        let flags = Self { fast: args.switch("--fast"), no_test: args.switch("--no-test") };
        args.finish()?;
        Ok(flags)
    }
}

#[derive(Default)]
pub(crate) struct Loom {
    /// Empty: every crate that has models.
    pub(crate) crates: Vec<String>,
    pub(crate) preemptions: Option<u64>,
    pub(crate) test: Option<String>,
    pub(crate) weaken: bool,
    pub(crate) asan: bool,
    /// Seconds that one model may take, weakened.
    pub(crate) limit_secs: Option<u64>,
}

impl Loom {
    pub(crate) fn parse(mut args: Args) -> Result<Self> {
        let flags = Self {
            preemptions: args.number("--preemptions")?,
            test: args.option("--test")?,
            weaken: args.switch("--weaken"),
            asan: args.switch("--asan"),
            limit_secs: args.number("--limit")?,
            crates: args.all_positional(),
        };
        args.finish()?;
        if flags.weaken && flags.asan {
            bail!("`--weaken` looks for orderings and `--asan` for memory errors; run them apart");
        }
        Ok(flags)
    }
}

/// What `verify` runs, and how far.
#[derive(Default)]
pub(crate) struct Verify {
    /// Empty: all lanes.
    pub(crate) lanes: Vec<String>,
    pub(crate) list: bool,
    pub(crate) write: bool,
    pub(crate) selftest: bool,
    /// What CI can afford.
    pub(crate) quick: bool,
    /// A part of a lane: a crate, a test's name, a bug's name; each lane says what.
    pub(crate) only: Option<String>,
    /// Where random choices begin.
    pub(crate) seed: Option<u64>,
    /// How many random programs, schedules or inputs.
    pub(crate) seeds: Option<u64>,
    /// For lanes that run as long as one lets them.
    pub(crate) minutes: Option<u64>,
}

impl Verify {
    pub(crate) fn parse(mut args: Args) -> Result<Self> {
        let flags = Self {
            list: args.switch("--list"),
            write: args.switch("--write"),
            selftest: args.switch("--selftest"),
            quick: args.switch("--quick"),
            only: args.option("--only")?,
            seed: args.number("--seed")?,
            seeds: args.number("--seeds")?,
            minutes: args.number("--minutes")?,
            lanes: args.all_positional(),
        };
        args.finish()?;
        Ok(flags)
    }
}

pub(crate) struct Size {
    pub(crate) save: Option<String>,
    pub(crate) against: Option<String>,
}

impl Size {
    pub(crate) fn parse(mut args: Args) -> Result<Self> {
        let flags = Self { save: args.option("--save")?, against: args.option("--against")? };
        args.finish()?;
        Ok(flags)
    }
}

pub(crate) struct Count {
    pub(crate) check: bool,
    pub(crate) write: bool,
    pub(crate) only: Option<String>,
    pub(crate) instr: bool,
    pub(crate) tables: Vec<Table>,
}

impl Count {
    pub(crate) fn parse(mut args: Args) -> Result<Self> {
        let flags = Self {
            check: args.switch("--check"),
            write: args.switch("--write"),
            only: args.option("--only")?,
            instr: args.switch("--instr"),
            tables: args.tables(),
        };
        args.finish()?;
        if flags.write && flags.check {
            bail!(
                "`--check` counts ours alone, and `--write` wants the peer's, too; run them apart"
            );
        }
        if flags.write && flags.only.is_some() {
            bail!("`--write` replaces a whole table, so it needs every operation");
        }
        Ok(flags)
    }

    /// Every operation of ours against its ceiling.
    pub(crate) fn check() -> Self {
        let tables = vec![Table::Current, Table::Multi, Table::Sync];
        Self { check: true, write: false, only: None, instr: false, tables }
    }
}

pub(crate) struct Report {
    /// A saved run; the last one if none is named.
    pub(crate) name: Option<String>,
    /// Where the page goes; beside the run if nobody says.
    pub(crate) out: Option<String>,
}

impl Report {
    pub(crate) fn parse(mut args: Args) -> Result<Self> {
        let flags = Self { out: args.option("--out")?, name: args.positional() };
        args.finish()?;
        Ok(flags)
    }
}

#[derive(Default)]
pub(crate) struct Scaling {
    pub(crate) quick: bool,
    /// The tests of the simulation alone.
    pub(crate) test: bool,
    /// Of each play, or of a search.
    pub(crate) seeds: Option<u64>,
    /// Random orders of steps with so many workers.
    pub(crate) search: Option<u64>,
    /// One seed of a search.
    pub(crate) seed: Option<u64>,
    /// One program of a search.
    pub(crate) only: Option<String>,
}

impl Scaling {
    pub(crate) fn parse(mut args: Args) -> Result<Self> {
        let flags = Self {
            quick: args.switch("--quick"),
            test: args.switch("--test"),
            seeds: args.number("--seeds")?,
            search: args.number("--search")?,
            seed: args.number("--seed")?,
            only: args.option("--only")?,
        };
        args.finish()?;
        if (flags.seed.is_some() || flags.only.is_some()) && flags.search.is_none() {
            bail!(
                "`--seed` and `--only` are of a search: `--search WORKERS --seed N --only PROGRAM`"
            );
        }
        Ok(flags)
    }
}

#[derive(Default)]
pub(crate) struct Bench {
    /// Pairings, such as channels and locks on two runtimes, instead of runtimes.
    pub(crate) pairings: Option<Pairings>,
    /// Workloads and groups of them; empty: all.
    pub(crate) workloads: Vec<String>,
    pub(crate) flavors: Vec<Flavor>,
    /// Runtimes and subjects beside ours; those that most people ask for if nobody says.
    pub(crate) versus: Option<Vec<String>>,
    pub(crate) rounds: Option<usize>,
    /// Of runtimes that have any.
    pub(crate) workers: u64,
    /// Repeats an order of turns.
    pub(crate) seed: Option<u64>,
    pub(crate) quick: bool,
    /// Count the system calls that wake and wait, too.
    pub(crate) wakes: bool,
    pub(crate) save: Option<String>,
    pub(crate) against: Option<String>,
    /// What else may be wanted than a run.
    pub(crate) instead: Instead,
}

/// Pairings of somebody's pieces with a runtime, which a program of their own runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pairings {
    /// Also the word for them.
    pub(crate) program: &'static str,
    /// Their last run.
    pub(crate) last: &'static str,
}

impl Pairings {
    /// Channels and locks; what reads and writes.
    const ALL: [Self; 2] =
        [Self { program: "sync", last: "last-sync" }, Self { program: "io", last: "last-io" }];
}

/// What `bench` does.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Instead {
    #[default]
    Run,
    /// Names what could be run.
    List,
    /// Shows a run that was saved.
    Show(String),
    /// Shows it as Markdown.
    Table(String),
    /// The parts on their own, and swapped.
    Components,
}

impl Bench {
    pub(crate) fn parse(mut args: Args) -> Result<Self> {
        const WORKERS: u64 = 2;
        let names = |text: String| text.split(',').map(|name| name.trim().to_owned()).collect();
        let instead = [
            args.switch("--list").then_some(Instead::List),
            args.switch("--components").then_some(Instead::Components),
            args.option("--show")?.map(Instead::Show),
            args.option("--table")?.map(Instead::Table),
        ];
        let mut instead = instead.into_iter().flatten();
        let mut flags = Self {
            pairings: None,
            instead: instead.next().unwrap_or_default(),
            rounds: args.number("--rounds")?.map(usize::try_from).transpose()?,
            flavors: args.flavors(),
            workers: args.number("--workers")?.unwrap_or(WORKERS),
            versus: args.option("--vs")?.map(names),
            seed: args.number("--seed")?,
            quick: args.switch("--quick"),
            wakes: args.switch("--wakes"),
            save: args.option("--save")?,
            against: args.option("--against")?,
            workloads: args.all_positional(),
        };
        args.finish()?;
        if instead.next().is_some() {
            bail!("`--list`, `--show`, `--table` and `--components` do not go together");
        }
        let first = flags.workloads.first().map(String::as_str);
        flags.pairings = Pairings::ALL.into_iter().find(|it| Some(it.program) == first);
        if let Some(Pairings { program, .. }) = flags.pairings {
            flags.workloads.remove(0);
            if flags.versus.is_some() || flags.wakes {
                bail!("`bench {program}` has pairings of its own: neither `--vs` nor `--wakes`");
            }
        }
        if flags.workers == 0 || flags.rounds == Some(0) {
            bail!("at least one round and one worker");
        }
        Ok(flags)
    }
}

#[cfg(test)]
mod tests {
    use super::{Args, Bench, Count, Flavor, Instead, Loom, Table};

    fn args(line: &str) -> Args {
        Args::new(line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn options_and_words_may_come_in_any_order() {
        let flags = Loom::parse(args("rt-task --preemptions 3 --weaken rt-timer")).unwrap();
        assert_eq!(flags.crates, ["rt-task", "rt-timer"]);
        assert_eq!(flags.preemptions, Some(3));
        assert!(flags.weaken && !flags.asan);
    }

    #[test]
    fn one_flavor_or_both() {
        let both = [Flavor::Current, Flavor::Multi];
        assert_eq!(Bench::parse(args("fan_in")).unwrap().flavors, both);
        assert_eq!(Bench::parse(args("--current --multi")).unwrap().flavors, both);
    }

    #[test]
    fn one_table_or_all() {
        let tables = |line| Count::parse(args(line)).unwrap().tables;
        assert_eq!(tables("--multi"), [Table::Multi]);
        assert_eq!(tables("--sync --only mutex"), [Table::Sync]);
        assert_eq!(tables("").len(), 3);
    }

    #[test]
    fn channels_and_locks_are_asked_for_by_their_word() {
        let flags = Bench::parse(args("sync mutex --quick --multi")).unwrap();
        let program = flags.pairings.map(|it| it.program);
        assert_eq!((program, flags.workloads), (Some("sync"), vec!["mutex".to_owned()]));
        assert!(Bench::parse(args("mutex")).unwrap().pairings.is_none());
        assert_eq!(Bench::parse(args("io")).unwrap().pairings.unwrap().last, "last-io");
        assert!(Bench::parse(args("sync --vs smol")).is_err());
    }

    #[test]
    fn unknown_flags_and_missing_values_are_errors() {
        assert!(Count::parse(args("--chekc")).is_err());
        assert!(Count::parse(args("--only")).is_err());
        assert!(Bench::parse(args("--rounds many")).is_err());
        assert!(Bench::parse(args("--rounds 0")).is_err());
    }

    #[test]
    fn one_thing_at_a_time() {
        let flags = Bench::parse(args("fan_in --vs tokio,smol --save x --quick")).unwrap();
        assert_eq!(flags.versus.unwrap(), ["tokio", "smol"]);
        assert_eq!(
            (flags.instead, flags.quick, flags.save.as_deref()),
            (Instead::Run, true, Some("x"))
        );
        let flags = Bench::parse(args("--show last --against x")).unwrap();
        assert_eq!(flags.instead, Instead::Show("last".to_owned()));
        assert!(Bench::parse(args("--list --table last")).is_err());
    }
}
