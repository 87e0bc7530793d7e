//! Large files: whole, broken off, and at the server's end.

use std::fs::{self, File};
use std::io::Write;

use http_body_util::BodyExt;
use hyper::Method;
use hyper::body::Incoming;
use rt_facade::net::TcpStream;
use rt_facade::time::Duration;
use rustix::process::Signal;

use super::folder::{Site, bytes};
use crate::support::{equal, run, until};

const MEGABYTE: usize = 1 << 20;

/// A file of so many megabytes, each of them the same.
fn write_megabytes(site: &Site, count: usize) {
    let mut file = File::create(site.folder.join("large")).expect("a file can be made");
    let megabyte = bytes(MEGABYTE);
    for _ in 0..count {
        file.write_all(&megabyte).expect("a file can be written");
    }
}

/// Asserts that it is the rest of such a file behind its byte `at`, and tells its length.
async fn assert_megabytes(mut body: Incoming, mut at: usize) -> usize {
    let (wanted, start) = (bytes(MEGABYTE).repeat(2), at);
    while let Some(frame) = body.frame().await {
        let piece = frame.expect("it comes whole").into_data().expect("no trailers");
        for part in piece.chunks(MEGABYTE) {
            let from = at % MEGABYTE;
            assert!(part == &wanted[from..from + part.len()], "at {at}");
            at += part.len();
        }
    }
    at - start
}

#[test]
fn a_hundred_megabytes_are_streamed_in_little_memory() {
    run(async {
        let site = Site::new("hundred");
        write_megabytes(&site, 100);
        let (visitor, mut begun) = (site.visitor(), Vec::new());
        // Nobody reads these for now.
        for _ in 0..8 {
            begun.push(visitor.begin(Method::GET, "/large", &[]).await);
        }
        let whole = visitor.begin(Method::GET, "/large", &[]).await;
        assert_eq!(assert_megabytes(whole.into_body(), 0).await, 100 * MEGABYTE);
        let one_of_those = begun.pop().expect("eight were begun");
        assert_eq!(assert_megabytes(one_of_those.into_body(), 0).await, 100 * MEGABYTE);
        if let Some(peak) = site.server.peak_mb() {
            println!("{peak} MB at most, for 9 downloads of 100 MB");
            assert!(peak < 40, "{peak} MB");
        }
        drop((begun, visitor));
        site.end().await;
    });
}

#[test]
fn downloads_that_are_broken_off_leave_nothing_behind() {
    run(async {
        let site = Site::new("aborted");
        write_megabytes(&site, 20);
        assert_eq!(site.visitor().get("/large").await.body.len(), 20 * MEGABYTE);
        let soon = Duration::from_secs(20);
        let Some(descriptors) = site.server.descriptors() else {
            return println!("skipped: the descriptors of a process, for want of /proc");
        };
        // What the one above had may be on its way out.
        let mut level = descriptors;
        for round in 0..5 {
            let mut begun = Vec::new();
            for _ in 0..20 {
                let visitor = site.visitor();
                let mut reply = visitor.begin(Method::GET, "/large", &[]).await;
                reply.body_mut().frame().await.expect("a piece").expect("a piece");
                begun.push((visitor, reply));
            }
            // A file and a socket each.
            let held = site.server.descriptors().expect("as before");
            assert!(held >= level + 2 * begun.len() - 2, "{held} of {level}");
            drop(begun);
            let back = async || {
                let now = site.server.descriptors().expect("as before");
                match now <= level {
                    true => Ok(()),
                    false => Err(format!("round {round}: {now} descriptors, not {level}")),
                }
            };
            until(soon, back).await;
            level = level.min(site.server.descriptors().expect("as before"));
        }
        site.end().await;
    });
}

#[test]
fn a_download_goes_on_to_its_end_when_the_server_is_told_to_end() {
    run(async {
        let site = Site::new("ending");
        write_megabytes(&site, 20);
        let visitor = site.visitor();
        let begun = visitor.begin(Method::GET, "/large", &[]).await;
        site.server.signal(Signal::INT);
        let addr = site.server.addr;
        until(Duration::from_secs(20), async || {
            equal("accepted", TcpStream::connect(addr).await.is_ok(), false)
        })
        .await;
        assert_eq!(assert_megabytes(begun.into_body(), 0).await, 20 * MEGABYTE);
        site.server.ended("every download has ended\n").await;
        _ = fs::remove_dir_all(site.folder);

        let site = Site::with_grace("hanging", "0.3");
        write_megabytes(&site, 20);
        let hanging = site.visitor().begin(Method::GET, "/large", &[]).await;
        site.server.signal(Signal::INT);
        site.server.ended("some downloads were dropped after 300ms\n").await;
        assert!(hanging.into_body().collect().await.is_err());
        _ = fs::remove_dir_all(site.folder);
    });
}

#[test]
fn a_file_that_becomes_shorter_ends_its_download_alone() {
    run(async {
        let site = Site::new("shorter");
        write_megabytes(&site, 50);
        let visitor = site.visitor();
        let begun = visitor.begin(Method::GET, "/large", &[]).await;
        let file = File::options().write(true).open(site.folder.join("large"));
        file.and_then(|file| file.set_len(MEGABYTE as u64)).expect("a file can be cut");
        assert!(begun.into_body().collect().await.is_err());
        assert_eq!(visitor.get("/large").await.body.len(), MEGABYTE);
        drop(visitor);
        site.end().await;
    });
}
