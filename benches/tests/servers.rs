//! Every server on every subject, asked a little by the client that measures them, which checks
//! each answer.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

const SERVE: &str = env!("CARGO_BIN_EXE_serve");
const LOAD: &str = env!("CARGO_BIN_EXE_load");
const OP: &str = env!("CARGO_BIN_EXE_op");

/// Two processes each.
const AT_A_TIME: usize = 4;

/// Seconds after which a client has hung.
const LIMIT: &str = "60";

/// So many connections are enough, where there would be more.
const CONNECTIONS_MAX: u64 = 64;

/// Enough for the client to divide, and for a few to ask twice.
const REQUESTS: &str = "200";

/// A second, in which one request falls due every ten milliseconds.
const IDLE_SECONDS: &str = "1";
const RATE: &str = "2000";

struct Server {
    name: String,
    protocol: String,
    /// Words of `load`.
    load: Vec<String>,
}

fn list(program: &str) -> Vec<Vec<String>> {
    let output = Command::new(program).arg("list").output().expect("the program is there");
    let told = String::from_utf8(output.stdout).expect("a list is text");
    told.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// Every server of the list, with less to do.
fn servers() -> Vec<Server> {
    let server = |columns: &Vec<String>| {
        let seconds = columns.iter().any(|column| column == "kind=Idle");
        let n = if seconds { IDLE_SECONDS } else { REQUESTS };
        let mut load: Vec<String> = columns[4]
            .split(' ')
            .map(|word| word.replace("{n}", n).replace("{rate}", RATE))
            .collect();
        let connections: u64 = load[1].parse().expect("a number of connections");
        load[1] = connections.min(CONNECTIONS_MAX).to_string();
        Server { name: columns[2].clone(), protocol: columns[3].clone(), load }
    };
    list(SERVE).iter().map(server).collect()
}

/// Readings by name.
fn reading(told: &str, name: &str) -> Option<u64> {
    let mut readings = told.lines().filter_map(|line| line.split_once('\t'));
    readings.find(|(reading, _)| *reading == name)?.1.parse().ok()
}

/// Runs both ends; fails unless each tells what it is there for.
fn run(subject: &str, server: &Server) -> Result<(), String> {
    let mut child = Command::new(SERVE)
        .args([subject, &server.protocol])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program is there");
    let mut output = BufReader::new(child.stdout.take().expect("its output is piped"));
    let mut at = String::new();
    output.read_line(&mut at).expect("its output is text");
    if let Some(reason) = at.strip_prefix("skipped\t") {
        child.wait().expect("it has ended");
        let echoes = subject.starts_with("floor-") && server.protocol == "echo";
        return match subject.starts_with("rt-") || echoes {
            true => Err(format!("skipped: {reason}")),
            false => Ok(()),
        };
    }
    let load = Command::new(LOAD)
        .arg(at.trim())
        .args(&server.load)
        .args(["--limit", LIMIT])
        .output()
        .expect("the program is there");
    drop(child.stdin.take());
    let mut cost = String::new();
    output.read_to_string(&mut cost).expect("its output is text");
    child.wait().expect("it ends");
    if cost.starts_with("skipped\t") && !subject.starts_with("rt-") {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&load.stdout);
    if !load.status.success() {
        let why = String::from_utf8_lossy(&load.stderr);
        return Err(format!("the client failed: {}: {why}", load.status));
    }
    let idle = server.load.iter().any(|word| word == "--idle");
    let latency = reading(&told, "p999_ns") >= reading(&told, "p50_ns");
    if reading(&told, "wall_ns") < Some(1) || !latency && !idle {
        return Err(format!("the client told {told:?}"));
    }
    match reading(&cost, "cpu_ns") {
        None => Err(format!("the server told {cost:?}")),
        Some(0) if !idle => Err("the server did nothing".to_owned()),
        Some(_) => Ok(()),
    }
}

#[test]
fn every_server_answers_on_every_subject() {
    let servers = servers();
    let subjects = list(OP).into_iter().filter(|columns| columns[0] == "subject");
    let pairs: Vec<(String, &Server)> = subjects
        .flat_map(|columns| servers.iter().map(move |server| (columns[1].clone(), server)))
        .collect();
    assert!(pairs.len() > 50, "a list of {} runs has lost something", pairs.len());
    let left = Mutex::new(pairs.into_iter());
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let next = left.lock().unwrap().next();
                    let Some((subject, server)) = next else { break };
                    if let Err(failure) = run(&subject, server) {
                        let failure = format!("{subject} {}: {failure}", server.name);
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
