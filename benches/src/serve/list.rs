//! What is measured of servers.

use super::Protocol;
use crate::op::{Group, Growth};

/// One workload, in the columns of `serve list`.
struct Server {
    name: String,
    about: &'static str,
    protocol: Protocol,
    /// What `load` is told after the protocol: `{n}` and `{rate}` are filled in.
    load: String,
    /// Requests, or seconds.
    timed: u64,
    group: Group,
    growth: Option<Growth>,
    /// The closed loop whose slowest subject says how many requests a second are asked for, and
    /// what share of them, in percent.
    rate: Option<(&'static str, u64)>,
    idle: bool,
}

impl Server {
    fn line(&self) -> String {
        let Self { name, about, protocol, load, timed, group, growth, rate, idle } = self;
        let protocol = protocol.name();
        let mut line = format!(
            "server\tBoth\t{name}\t{protocol}\t{protocol} {load}\t{timed}\t{about}\tgroup={}",
            group.name()
        );
        if let Some(Growth { family, size }) = growth {
            line += &format!("\tgrowth={family}:{size}");
        }
        if let Some((of, percent)) = rate {
            line += &format!("\trate={of}:{percent}");
        }
        if *idle {
            line += "\tkind=Idle\tn=fixed";
        }
        line
    }
}

/// As much as can be done.
const REQUESTS: u64 = 100_000;

/// On a rate that leaves time to spare.
const PACED: u64 = 30_000;

/// Of what the slowest can do: enough that requests meet, not so much that they queue up.
const PERCENT: u64 = 50;

/// Every workload, a line each.
pub fn list() -> Vec<String> {
    let all = closed().into_iter().chain(open()).chain([idle()]).chain(growing());
    all.map(|server| server.line()).collect()
}

fn server(name: &str, protocol: Protocol, load: &str, about: &'static str) -> Server {
    Server {
        name: name.to_owned(),
        about,
        protocol,
        load: load.to_owned(),
        timed: REQUESTS,
        group: Group::Sockets,
        growth: None,
        rate: None,
        idle: false,
    }
}

/// Every connection asks again as soon as it has its answer.
#[rustfmt::skip] // A table: a line each.
fn closed() -> Vec<Server> {
    use Protocol::{Echo, Http, Hyper1, Hyper2, Mixed, Udp};
    vec![
        Server { timed: 20_000, ..server("serve_echo_1", Echo, "1 {n}", "64 bytes over TCP and back, one connection") },
        server("serve_echo_64", Echo, "64 {n}", "the same, 64 connections"),
        server("serve_echo_512", Echo, "512 {n}", "the same, 512 connections"),
        server("serve_echo_1000", Echo, "1000 {n}", "the same, 1,000 connections"),
        Server { timed: 20_000, ..server("serve_udp_1", Udp, "1 {n}", "64 bytes over UDP and back, one client") },
        server("serve_udp_64", Udp, "64 {n}", "the same, 64 clients"),
        server("serve_udp_1000", Udp, "1000 {n} --window 128", "the same, 1,000 clients of whom 128 wait at a time"),
        Server { timed: 20_000, ..server("serve_churn", Echo, "16 {n} --churn", "a connection made, 64 bytes there and back, the connection reset; 16 at a time") },
        server("serve_http", Http, "64 {n}", "a request of HTTP/1.1 parsed by hand, 64 connections"),
        server("serve_hyper1", Hyper1, "64 {n}", "a request of HTTP/1.1 by way of hyper, 64 connections"),
        server("serve_hyper2", Hyper2, "16 {n} --streams 8", "a request of HTTP/2 by way of hyper, 16 connections of 8 streams"),
        server("serve_mixed", Mixed, "64 {n}", "a request with a limit that asks another task, one of 100 a thread that blocks; 64 connections"),
    ]
}

/// Requests fall due by a schedule: how long they take is what is asked.
#[rustfmt::skip] // A table: a line each.
fn open() -> Vec<Server> {
    use Protocol::{Echo, Http, Hyper1, Hyper2, Mixed, Udp};
    let open = |name, of, protocol, load: &str, about| Server {
        timed: PACED,
        group: Group::Latency,
        rate: Some((of, PERCENT)),
        ..server(name, protocol, &format!("{load} {{n}} --rate {{rate}}"), about)
    };
    vec![
        open("open_echo_1", "serve_echo_1", Echo, "1", "64 bytes over TCP at half the rate of the slowest, one connection"),
        open("open_echo_64", "serve_echo_64", Echo, "64", "the same, 64 connections"),
        open("open_echo_1000", "serve_echo_1000", Echo, "1000", "the same, 1,000 connections"),
        open("open_udp_1", "serve_udp_1", Udp, "1", "64 bytes over UDP at half the rate of the slowest, one client"),
        open("open_udp_64", "serve_udp_64", Udp, "64", "the same, 64 clients"),
        open("open_udp_1000", "serve_udp_1000", Udp, "1000 --window 128", "the same, 1,000 clients of whom 128 wait at a time"),
        open("open_http", "serve_http", Http, "64", "a request of HTTP/1.1 at half the rate of the slowest, 64 connections"),
        open("open_hyper1", "serve_hyper1", Hyper1, "64", "the same by way of hyper"),
        open("open_hyper2", "serve_hyper2", Hyper2, "16 --streams 8", "a request of HTTP/2 by way of hyper at half the rate of the slowest"),
        open("open_mixed", "serve_mixed", Mixed, "64", "a request with all that a service does, at half the rate of the slowest"),
    ]
}

/// Nothing happens.
fn idle() -> Server {
    let about = "one second of 1,000 open connections, and the bytes of one";
    Server {
        timed: 2,
        idle: true,
        ..server("serve_idle_1000", Protocol::Echo, "1000 {n} --idle", about)
    }
}

/// A few ask among more and more that are silent. Every connection is a descriptor at either end,
/// and 20,000 descriptors are what systems commonly let a process have.
fn growing() -> impl Iterator<Item = Server> {
    const SIZES: [u64; 3] = [100, 1_000, 10_000];
    let about = "64 bytes over TCP and back on one of 16 connections; so many are open";
    SIZES.into_iter().map(move |size| Server {
        growth: Some(Growth { family: "connections", size }),
        ..server(
            &format!("serve_among_{size}"),
            Protocol::Echo,
            &format!("{size} {{n}} --active 16"),
            about,
        )
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::list;

    #[test]
    fn names_are_unique_and_every_rate_is_that_of_a_closed_loop() {
        let lines = list();
        let name = |line: &String| line.split('\t').nth(2).unwrap().to_owned();
        let closed = lines.iter().filter(|line| !line.contains("{rate}"));
        let closed: HashSet<String> = closed.map(name).collect();
        let open = lines.iter().filter(|line| line.contains("{rate}"));
        for line in open.clone() {
            let (_, of) = line.split_once("rate=").expect("a rate needs a measure");
            assert!(closed.contains(of.split_once(':').unwrap().0), "{line}");
        }
        assert_eq!(lines.iter().map(name).collect::<HashSet<_>>().len(), lines.len());
        assert_eq!(closed.len() + open.count(), lines.len());
    }
}
