//! What is said of a file besides its bytes.

use hyper::header::{
    ACCEPT_RANGES, ALLOW, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LAST_MODIFIED, LOCATION,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, StatusCode};

use super::folder::{Site, bytes};
use crate::support::run;

#[test]
fn a_file_comes_with_its_type_and_length_and_a_head_without_it() {
    run(async {
        let site = Site::new("types");
        let visitor = site.visitor();
        for (name, content_type, len) in [
            ("page.html", "text/html; charset=utf-8", 10),
            ("Photo.JPG", "image/jpeg", 100_000),
            ("data.tar.gz", "application/octet-stream", 65_536),
            ("module.wasm", "application/wasm", 65_537),
            ("none", "application/octet-stream", 1),
            ("empty.txt", "text/plain; charset=utf-8", 0),
            ("ein schöner Tag.css", "text/css; charset=utf-8", 12),
        ] {
            site.write(name, bytes(len));
            let path = format!("/{}", name.replace(' ', "%20").replace('ö', "%C3%B6"));
            let whole = visitor.get(&path).await;
            assert_eq!(whole.status, StatusCode::OK, "{name}");
            assert!(whole.body == bytes(len), "{name}");
            let head = visitor.ask(Method::HEAD, &path, &[]).await;
            assert_eq!(head.status, StatusCode::OK, "{name}");
            assert!(head.body.is_empty(), "{name}");
            for reply in [&whole, &head] {
                assert_eq!(reply.header(CONTENT_TYPE), content_type, "{name}");
                assert_eq!(reply.header(CONTENT_LENGTH), len.to_string(), "{name}");
                assert_eq!(reply.header(ACCEPT_RANGES), "bytes", "{name}");
                assert_eq!(reply.header(X_CONTENT_TYPE_OPTIONS), "nosniff", "{name}");
                assert!(reply.header(ETAG).starts_with('"'), "{name}");
                assert!(reply.header(LAST_MODIFIED).ends_with(" GMT"), "{name}");
            }
        }
        let refused = visitor.ask(Method::POST, "/page.html", &[]).await;
        assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED);
        assert!(refused.header(ALLOW).contains("GET"), "{}", refused.header(ALLOW));
        drop(visitor);
        site.end().await;
    });
}

#[test]
fn a_folder_is_its_index() {
    run(async {
        let site = Site::new("index");
        let visitor = site.visitor();
        assert_eq!(visitor.get("/").await.status, StatusCode::NOT_FOUND);
        site.write("index.html", "home");
        site.write("a b/index.html", "inside");
        site.write("bare/file.txt", "there");
        let home = visitor.get("/").await;
        assert_eq!(
            (home.header(CONTENT_TYPE), &home.body[..]),
            ("text/html; charset=utf-8", &b"home"[..])
        );
        assert_eq!(visitor.get("/a%20b/").await.body, "inside");
        let moved = visitor.get("/a%20b").await;
        assert_eq!(moved.status, StatusCode::PERMANENT_REDIRECT);
        assert_eq!(moved.header(LOCATION), "./a%20b/");
        assert_eq!(visitor.get("/bare/").await.status, StatusCode::NOT_FOUND);
        assert_eq!(visitor.get("/bare/file.txt").await.body, "there");
        assert_eq!(visitor.get("/bare/file.txt/").await.status, StatusCode::NOT_FOUND);
        drop(visitor);
        site.end().await;
    });
}
