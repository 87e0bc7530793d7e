//! Sessions with a program that only says that it measures, fails and hangs.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process;

use super::super::catalog;
use super::super::plan::Budget;
use super::super::results::tests::results;
use super::super::results::{Kind, Results};
use super::super::turns::Programs;
use super::{Random, Session, two_digits};

/// What there is to run. `later` fails in its second process, which is that of the first round.
const LIST: &str = "\
subject\trt-multi\tMulti\t0.1.0\tours\t-\t-\tx
subject\ttokio-multi\tMulti\t1.2.3\tpeer\t-\t-\tx
subject\tfails\tMulti\t1\tpeer\t-\t-\tx
subject\thangs\tMulti\t1\tpeer\t-\t-\tx
subject\tcannot\tMulti\t1\tpeer\t-\t-\tx
subject\tlater\tMulti\t1\tpeer\t-\t-\tx
subject\tcrashes\tMulti\t1\tpeer\t-\t-\tx
subject\tabsent\tMulti\t1\tpeer\t-\tnot on this machine\tx
operation\tMulti\tyields\tTimes\t100\t200\t100\tx\tgroup=scheduler\tstep=10
operation\tMulti\tgrown\tMemory\t0\t100\t0\tx\tgroup=memory
server\tMulti\techo\techo\techo 4 {n} 0\t100\tx\tgroup=sockets
server\tMulti\topen\techo\techo 4 {n} {rate}\t100\tx\tgroup=latency\trate=echo:50
server\tMulti\tnever\techo\techo 4 {n} {rate}\t100\tx\tgroup=latency\trate=unknown:50
";

/// Says what `op` says: 10 ns an operation, of tokio 20; or what `serve` says, until its input is
/// closed; or what `load` says of it: 40 ns a request, and as latency the rate that it was told.
const OP: &str = r#"#!/bin/sh
told() { printf 'cpu_ns\t%d\nwall_ns\t%d\nresident_bytes\t%d\n' $(($1 * $2)) $(($1 * $2)) $(($2 * 300)); }
case $1,$2 in
    word,echo) told 40 $4; printf 'p50_ns\t%d\n' $5; exit ;;
    lonely,echo) exec 2>&-; exit 9 ;;
    crashes,echo) echo lonely; echo 'out of memory' >&2; exit 7 ;;
    rt-multi,echo | tokio-multi,echo) echo word; cat >&2; told 30 100; exit ;;
esac
case $1 in
    rt-multi) told 10 $3 ;;
    tokio-multi) told 20 $3 ;;
    fails) echo 'lost a task' >&2; exit 3 ;;
    hangs) exec cat "$(dirname "$0")/never" ;;
    cannot) printf 'skipped\tno such thing\n' ;;
    later) mkdir "$(dirname "$0")/$2" 2>/dev/null || exit 4; told 5 $3 ;;
esac
"#;

/// A folder of one test, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("xtask-bench-{name}-{}", process::id()));
        fs::create_dir_all(&path).unwrap();
        // Nobody ever writes to it, so that whoever reads it waits.
        let pipe = process::Command::new("mkfifo").arg(path.join("never")).status().unwrap();
        assert!(pipe.success());
        // Written by somebody else: a child of another test that begins meanwhile would hold the
        // open file, and what is open for writing cannot be run.
        let mut shell = process::Command::new("sh")
            .args(["-c", "cat > op && chmod +x op"])
            .current_dir(&path)
            .stdin(process::Stdio::piped())
            .spawn()
            .unwrap();
        shell.stdin.take().unwrap().write_all(OP.as_bytes()).unwrap();
        assert!(shell.wait().unwrap().success());
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(name: &str, seed: u64) -> Results {
    let folder = Folder::new(name);
    let op = folder.0.join("op");
    let programs = Programs { serve: op.clone(), load: op.clone(), op, workers: "2".to_owned() };
    let catalog = catalog::parse(LIST).unwrap();
    let budget =
        Budget { patience_s: 0.3, most_s: 0.01, rounds: 3, few_rounds: 2, ..Budget::QUICK };
    let mut session = Session::new(programs, &catalog.subjects, catalog.workloads, budget, seed);
    session.try_all(&[]).unwrap();
    let mut rounds_seen = Vec::new();
    session
        .run(|session, round| {
            let told = &session.workloads()[0].rows[0];
            rounds_seen.push((round, told.of("cpu_ns").len()));
            Ok(())
        })
        .unwrap();
    assert_eq!(rounds_seen, [(1, 1), (2, 2), (3, 3)]);
    results(Vec::new(), session.workloads())
}

#[test]
fn who_fails_or_hangs_is_a_row_with_its_reason() {
    let run = run("reasons", 7);
    let [yields, grown, ..] = &run.workloads[..] else { panic!("{run:?}") };
    let reason = |name| yields.row(name).unwrap().skipped.clone().unwrap_or_default();
    assert_eq!(reason("rt-multi"), "");
    assert_eq!(reason("fails"), "in its trial: exit status: 3: lost a task");
    assert_eq!(reason("hangs"), "in its trial: no end within 1 s");
    assert_eq!(reason("cannot"), "no such thing");
    assert_eq!(reason("later"), "in round 1: exit status: 4");
    assert_eq!(reason("absent"), "not on this machine");
    assert!(yields.row("hangs").unwrap().of("cpu_ns").is_empty());
    assert_eq!(yields.row("tokio-multi").unwrap().of("cpu_ns"), [20.0; 3]);
    assert_eq!(
        (grown.kind, grown.row("rt-multi").unwrap().of("bytes")),
        (Kind::Memory, &[300.0; 2][..])
    );
}

#[test]
fn ours_beside_itself_is_the_noise() {
    let run = run("noise", 8);
    let yields = &run.workloads[0];
    // What only says that it measures is never far from itself.
    assert_eq!((yields.noise_of("cpu_ns"), yields.noise_of("p50_ns")), (Some(0.0), None));
    assert_eq!(yields.twin["cpu_ns"], [10.0; 3]);
    assert!(yields.n.is_multiple_of(10) && yields.n >= 10);
}

#[test]
fn servers_are_asked_at_a_rate_that_the_slowest_can_keep() {
    let run = run("servers", 9);
    let [.., echo, open, never] = &run.workloads[..] else { panic!("{run:?}") };
    assert_eq!((echo.rate, open.rate), (None, Some(12_000_000)));
    let ours = open.row("rt-multi").unwrap();
    assert_eq!(ours.of("p50_ns")[0], 12_000_000.0);
    // The server's processor time, its client's clock; both per request.
    assert_eq!((ours.of("cpu_ns")[0], ours.of("wall_ns")[0]), (3_000.0 / open.n as f64, 40.0));
    let reason = echo.row("hangs").unwrap().skipped.as_deref();
    assert_eq!(reason, Some("in its trial: no end within 1 s"));
    let reason = echo.row("crashes").unwrap().skipped.as_deref();
    assert_eq!(reason, Some("in its trial: exit status: 7: out of memory"));
    let reason = never.row("rt-multi").unwrap().skipped.as_deref();
    assert_eq!((reason, never.rate), (Some("nobody can do unknown"), None));
}

#[test]
fn a_seed_repeats_an_order_and_orders_differ() {
    let orders = |seed| {
        let mut random = Random(seed);
        std::array::from_fn::<_, 6, _>(|_| {
            let mut these = [0, 1, 2, 3, 4];
            random.shuffle(&mut these);
            these
        })
    };
    assert_eq!(orders(7), orders(7));
    assert_ne!(orders(7), orders(8));
    let mut sorted = orders(7)[0];
    sorted.sort_unstable();
    assert_eq!(sorted, [0, 1, 2, 3, 4]);
    assert!(orders(7).iter().any(|order| *order != orders(7)[0]));
}

#[test]
fn rates_are_round_and_below() {
    assert_eq!([123_456.0, 99.9, 7.6, 0.2].map(two_digits), [120_000, 99, 7, 1]);
}
