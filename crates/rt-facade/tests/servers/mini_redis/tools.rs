//! The programs that come with Redis, where they are installed.

use std::process::{Command, Stdio};

use super::{end, for_each_flavor};
use crate::server::Server;
use crate::support::run;

#[test]
fn redis_benchmark_is_served() {
    for_each_flavor(|server| {
        if !installed("redis-benchmark") {
            return;
        }
        for args in [
            &["-n", "5000", "-c", "20"][..],
            &["-n", "20000", "-c", "50", "-P", "32", "-r", "1000"],
        ] {
            let said = tool(
                &server,
                "redis-benchmark",
                &[&["-q", "-t", "ping,set,get,incr"], args].concat(),
            );
            for line in said.split(['\r', '\n']).filter(|line| line.contains("requests per second"))
            {
                println!("{}", line.trim());
            }
            for test in ["PING_INLINE: ", "PING_MBULK: ", "SET: ", "GET: ", "INCR: "] {
                assert!(said.contains(test), "{test}: {said}");
            }
            assert_eq!(said.matches("requests per second").count(), 5, "{said}");
        }
        run(end(server));
    });
}

#[test]
fn redis_cli_is_served() {
    for_each_flavor(|server| {
        if !installed("redis-cli") {
            return;
        }
        for protocol in ["-2", "-3"] {
            let cli = |args: &[&str]| tool(&server, "redis-cli", &[&[protocol], args].concat());
            assert_eq!(cli(&["set", "key", "two words", "ex", "100"]), "OK\n");
            assert_eq!(cli(&["get", "key"]), "two words\n");
            assert_eq!(cli(&["ttl", "key"]), "100\n");
            assert_eq!(cli(&["del", "key"]), "1\n");
            assert_eq!(cli(&["get", "key"]), "\n");
            assert!(cli(&["info"]).contains("connected_clients:1"));
            assert_eq!(cli(&["-r", "3", "incr", protocol]), "1\n2\n3\n");
        }
        run(end(server));
    });
}

fn installed(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output().is_ok();
    if !found {
        println!("skipped: {tool} is not installed");
    }
    found
}

/// What it prints.
fn tool(server: &Server, tool: &str, args: &[&str]) -> String {
    let (host, port) = (server.addr.ip().to_string(), server.addr.port().to_string());
    let mut command = Command::new(tool);
    command.args(["-h", &host, "-p", &port]).args(args).stdin(Stdio::null());
    let done = command.output().expect("it can be started");
    let (said, errors) =
        (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{tool} {args:?}: {}: {said}{errors}", done.status);
    said.into_owned()
}
