//! Nothing is served but files in the folder.

use std::fs;
use std::os::unix::fs::symlink;

use hyper::StatusCode;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::folder::Site;
use crate::support::run;

#[test]
fn nothing_outside_the_folder_is_served() {
    run(async {
        let site = Site::new("paths");
        let beside = site.folder.with_file_name("paths-secret");
        fs::write(&beside, "secret").expect("a file can be written");
        site.write("inside/file", "public");
        let visitor = site.visitor();
        for path in [
            "/../paths-secret",
            "/inside/../../paths-secret",
            "/inside/../inside/file",
            "/%2e%2e/paths-secret",
            "/%2E%2e%2Fpaths-secret",
            "/inside/%2e%2e/%2e%2e/paths-secret",
            "/inside%2f..%2f..%2fpaths-secret",
            "/..%2fpaths-secret",
            "//etc/passwd",
            "/%2fetc/passwd",
            "///etc/passwd",
            "/./../paths-secret",
            "/inside/file%00.html",
            "/%00",
            "/..",
            "/../",
        ] {
            let reply = visitor.get(path).await;
            assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
            assert!(reply.body.is_empty(), "{path}");
        }
        let long = format!("/{}", "x".repeat(5000));
        assert_eq!(visitor.get(&long).await.status, StatusCode::NOT_FOUND);
        assert_eq!(visitor.get("/%ff").await.status, StatusCode::BAD_REQUEST);
        assert_eq!(visitor.get("/inside/file").await.body, "public");
        // One step back in a name is no step back in a path.
        site.write("inside/..file", "dots");
        assert_eq!(visitor.get("/inside/..file").await.body, "dots");

        // A link is what it leads to.
        symlink("inside/file", site.folder.join("within")).expect("a link can be made");
        symlink(&beside, site.folder.join("without")).expect("a link can be made");
        symlink("..", site.folder.join("up")).expect("a link can be made");
        symlink("nowhere", site.folder.join("dangling")).expect("a link can be made");
        assert_eq!(visitor.get("/within").await.body, "public");
        for path in ["/without", "/up/paths-secret", "/dangling"] {
            assert_eq!(visitor.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        // To open it would wait for a writer.
        let pipe = site.folder.join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR, 0).expect("a pipe can be made");
        assert_eq!(visitor.get("/pipe").await.status, StatusCode::NOT_FOUND);
        drop(visitor);
        site.end().await;
        _ = fs::remove_file(beside);
    });
}
