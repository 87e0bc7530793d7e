//! Parts of a file, byte by byte.

use hyper::header::{CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use hyper::{Method, StatusCode};

use super::folder::{Site, Visitor, bytes};
use crate::support::run;

#[test]
fn every_part_of_a_small_file() {
    const LEN: usize = 11;
    run(async {
        let site = Site::new("small");
        site.write("file", bytes(LEN));
        let visitor = site.visitor();
        for first in 0..LEN + 2 {
            for last in first..LEN + 2 {
                let wanted = (first < LEN).then(|| first..(last + 1).min(LEN));
                assert_part(&visitor, &format!("bytes={first}-{last}"), wanted, LEN).await;
            }
            let from = (first < LEN).then_some(first..LEN);
            assert_part(&visitor, &format!("bytes={first}-"), from, LEN).await;
            let suffix = (first > 0).then(|| LEN.saturating_sub(first)..LEN);
            assert_part(&visitor, &format!("bytes=-{first}"), suffix, LEN).await;
        }
        assert_part(&visitor, &format!("bytes=3-{}", u64::MAX), Some(3..LEN), LEN).await;
        assert_part(&visitor, &format!("bytes=-{}", u64::MAX), Some(0..LEN), LEN).await;
        assert_part(&visitor, &format!("bytes={}-", u64::MAX), None, LEN).await;
        // What is no range, or several, is answered with all; so is HEAD.
        for whole in [
            "bytes=3-2",
            "bytes=-",
            "bytes=",
            "bytes",
            "3-4",
            "lines=3-4",
            "bytes=a-b",
            "bytes=3-b",
            "bytes=+3-4",
            "bytes=--3",
            "bytes=3-4-5",
            "bytes=0-1,3-4",
            "bytes=3-99999999999999999999",
        ] {
            let reply = visitor.get_with("/file", &[(RANGE, whole)]).await;
            assert_eq!(reply.status, StatusCode::OK, "{whole}");
            assert_eq!(
                (&reply.body[..], reply.header(CONTENT_RANGE)),
                (&bytes(LEN)[..], ""),
                "{whole}"
            );
        }
        let head = visitor.ask(Method::HEAD, "/file", &[(RANGE, "bytes=0-1")]).await;
        assert_eq!((head.status, head.header(CONTENT_LENGTH)), (StatusCode::OK, "11"));

        site.write("empty", "");
        for beyond in ["bytes=0-", "bytes=0-0", "bytes=-1"] {
            let reply = visitor.get_with("/empty", &[(RANGE, beyond)]).await;
            assert_eq!(reply.status, StatusCode::RANGE_NOT_SATISFIABLE, "{beyond}");
            assert_eq!(reply.header(CONTENT_RANGE), "bytes */0");
        }
        drop(visitor);
        site.end().await;
    });
}

async fn assert_part(
    visitor: &Visitor,
    range: &str,
    wanted: Option<std::ops::Range<usize>>,
    len: usize,
) {
    let reply = visitor.get_with("/file", &[(RANGE, range)]).await;
    match wanted {
        Some(part) => {
            assert_eq!(reply.status, StatusCode::PARTIAL_CONTENT, "{range}");
            let told = format!("bytes {}-{}/{len}", part.start, part.end - 1);
            assert_eq!(reply.header(CONTENT_RANGE), told, "{range}");
            assert!(reply.body == bytes(len)[part], "{range}");
        }
        None => {
            assert_eq!(reply.status, StatusCode::RANGE_NOT_SATISFIABLE, "{range}");
            assert_eq!(reply.header(CONTENT_RANGE), format!("bytes */{len}"), "{range}");
            assert!(reply.body.is_empty(), "{range}");
        }
    }
}

/// Around the borders of pieces, and of what is read ahead.
#[test]
fn parts_of_a_large_file() {
    const LEN: usize = 3_000_001;
    run(async {
        let site = Site::new("large");
        site.write("file", bytes(LEN));
        let visitor = site.visitor();
        let around = |at: usize| [at - 1, at, at + 1];
        let edges =
            [around(1), around(64 << 10), around(256 << 10), around(2 << 20), around(LEN - 1)];
        for first in edges.into_iter().flatten() {
            for last in edges.into_iter().flatten().filter(|last| *last >= first) {
                let wanted = (first < LEN).then(|| first..(last + 1).min(LEN));
                assert_part(&visitor, &format!("bytes={first}-{last}"), wanted, LEN).await;
            }
        }
        drop(visitor);
        site.end().await;
    });
}
