//! What the client has already.

use std::fs::File;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::header::{ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED, RANGE};
use hyper::{Method, StatusCode};

use super::folder::Site;
use crate::support::run;

#[test]
fn what_the_client_has_is_not_sent_again() {
    run(async {
        let site = Site::new("conditions");
        let set_modified = |time: SystemTime| {
            let file = File::options().write(true).open(site.folder.join("file")).expect("there");
            file.set_modified(time).expect("a file has a date");
        };
        site.write("file", "0123456789");
        let noon = UNIX_EPOCH + Duration::from_millis(1_700_000_000_500);
        set_modified(noon);
        let visitor = site.visitor();
        let first = visitor.get("/file").await;
        let (tag, date) = (first.header(ETAG), first.header(LAST_MODIFIED));
        assert_eq!(date, "Tue, 14 Nov 2023 22:13:20 GMT");
        let (before, after) = ("Tue, 14 Nov 2023 22:13:19 GMT", "Tue, 14 Nov 2023 22:13:21 GMT");
        let (weak, list) = (format!("W/{tag}"), format!("\"other\", {tag}"));

        let known = StatusCode::NOT_MODIFIED;
        for (headers, status) in [
            (&[(IF_NONE_MATCH, tag)][..], known),
            (&[(IF_NONE_MATCH, &weak)], known),
            (&[(IF_NONE_MATCH, &list)], known),
            (&[(IF_NONE_MATCH, "\"other\""), (IF_NONE_MATCH, tag)], known),
            (&[(IF_NONE_MATCH, "*")], known),
            (&[(IF_NONE_MATCH, "\"other\"")], StatusCode::OK),
            (&[(IF_MODIFIED_SINCE, date)], known),
            (&[(IF_MODIFIED_SINCE, after)], known),
            (&[(IF_MODIFIED_SINCE, before)], StatusCode::OK),
            (&[(IF_MODIFIED_SINCE, "yesterday")], StatusCode::OK),
            // Of two answers the tag's counts.
            (&[(IF_NONE_MATCH, "\"other\""), (IF_MODIFIED_SINCE, date)], StatusCode::OK),
            (&[(IF_NONE_MATCH, tag), (IF_MODIFIED_SINCE, before)], known),
            (&[(IF_NONE_MATCH, tag), (RANGE, "bytes=0-1")], known),
            // The rest of what the client has begun; of another state it gets all.
            (&[(RANGE, "bytes=4-"), (IF_RANGE, tag)], StatusCode::PARTIAL_CONTENT),
            (&[(RANGE, "bytes=4-"), (IF_RANGE, date)], StatusCode::PARTIAL_CONTENT),
            (&[(RANGE, "bytes=4-"), (IF_RANGE, &weak)], StatusCode::OK),
            (&[(RANGE, "bytes=4-"), (IF_RANGE, "\"other\"")], StatusCode::OK),
            (&[(RANGE, "bytes=4-"), (IF_RANGE, before)], StatusCode::OK),
            (&[(RANGE, "bytes=4-"), (IF_RANGE, after)], StatusCode::OK),
        ] {
            for method in [Method::GET, Method::HEAD] {
                let reply = visitor.ask(method.clone(), "/file", headers).await;
                let get = method == Method::GET;
                let status = match status {
                    StatusCode::PARTIAL_CONTENT if !get => StatusCode::OK,
                    other => other,
                };
                assert_eq!(reply.status, status, "{method} {headers:?}");
                assert_eq!((reply.header(ETAG), reply.header(LAST_MODIFIED)), (tag, date));
                let body = match status {
                    StatusCode::OK if get => "0123456789",
                    StatusCode::PARTIAL_CONTENT => "456789",
                    _ => "",
                };
                assert_eq!(reply.body, body, "{method} {headers:?}");
            }
        }

        // As long as before, and in the same second.
        site.write("file", "9876543210");
        set_modified(noon + Duration::from_millis(1));
        let changed = visitor.get_with("/file", &[(IF_NONE_MATCH, tag)]).await;
        assert_eq!((changed.status, &changed.body[..]), (StatusCode::OK, &b"9876543210"[..]));
        // A date that HTTP has no words for.
        set_modified(UNIX_EPOCH - Duration::from_secs(1));
        let early = visitor.get_with("/file", &[(IF_MODIFIED_SINCE, date)]).await;
        assert_eq!((early.status, early.header(LAST_MODIFIED)), (StatusCode::OK, ""));
        drop(visitor);
        site.end().await;
    });
}
