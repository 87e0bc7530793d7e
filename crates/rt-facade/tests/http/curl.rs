//! A client that is not ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::server::{Server, for_each_flavor};
use crate::support::run;

const LEN: usize = 10 * 1024 * 1024;

#[test]
fn curl_is_served() {
    for_each_flavor(|flavor| {
        let Some(curl) = Curl::installed() else { return };
        let server = Server::start(flavor, &[]);
        let upload = upload();
        for version in curl.versions() {
            assert_eq!(curl.ask(&server, version, &[], "/"), b"Hello, World!");
            let bytes = curl.ask(&server, version, &[], &format!("/bytes/{LEN}"));
            assert!(bytes.iter().enumerate().all(|(n, byte)| usize::from(*byte) == n % 251));
            assert_eq!(bytes.len(), LEN);

            // By length and, in HTTP/1.1, in chunks; there curl first asks whether it may.
            let file = format!("@{}", upload.display());
            for encoding in ["x-none: none", "transfer-encoding: chunked"] {
                let args = ["--data-binary", &file, "--header", encoding];
                let back = curl.ask(&server, version, &args, "/echo");
                assert!(back == fs::read(&upload).expect("written above"), "{version} {encoding}");
            }
            println!("{version}: GET, 10 MB down, 10 MB up and down, with a length and in chunks");
        }
        run(server.end());
    });
}

/// 10 MB in a file.
fn upload() -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("upload");
    let bytes: Vec<u8> = (0..LEN).map(|n| (n / 7 % 251) as u8).collect();
    fs::write(&path, bytes).expect("a file can be written");
    path
}

/// The program, as it is installed.
struct Curl {
    about: String,
}

impl Curl {
    fn installed() -> Option<Self> {
        let Ok(about) = Command::new("curl").arg("--version").output() else {
            println!("skipped: curl is not installed");
            return None;
        };
        Some(Self { about: String::from_utf8_lossy(&about.stdout).into_owned() })
    }

    fn versions(&self) -> impl Iterator<Item = &'static str> {
        let http2 = self.about.contains(" HTTP2");
        if !http2 {
            println!("skipped: this curl does not speak HTTP/2");
        }
        ["--http1.1"].into_iter().chain(http2.then_some("--http2-prior-knowledge"))
    }

    /// The body that curl gets.
    fn ask(&self, server: &Server, version: &str, args: &[&str], path: &str) -> Vec<u8> {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail", "--max-time", "30", "--noproxy", "*"]);
        let url = format!("http://{}{path}", server.addr());
        let done = curl.arg(version).args(args).arg(url).output().expect("curl can be started");
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "curl {version} {path}: {}: {said}", done.status);
        done.stdout
    }
}
