//! The page in a real browser: a headless Chromium, spoken to over a pipe.
//!
//! Here is the browser, and no more of its protocol than the test needs; what must hold of a page
//! is in `inspect.js`, which is put into it, and in the test at the foot. Where no Chromium is
//! installed the test says so and passes. With `RT_REPORT_PICTURES=DIR` it leaves what it has
//! seen there as PNG files, for people to look at; with `RT_REPORT_RUN=NAME` it is a saved run
//! that is looked at.
#![allow(clippy::disallowed_methods, reason = "the thread of a test that reads from a process")]

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write, stderr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::tests::page_to_look_at;
use crate::util;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

#[rustfmt::skip] // A table: a line each.
const FLAGS: [&str; 12] = [
    "--headless",
    // Whoever runs tests in a container is root.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
];

/// The protocol's two pipes are descriptors 3 and 4, which only a shell can give to a child
/// without help.
const SHELL: &str = "exec \"$0\" \"$@\" 3<&0 4>&1 1>&2 0</dev/null";

/// On a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const TRIES_MAX: usize = 10;

struct Browser {
    child: Child,
    to: Option<ChildStdin>,
    from: Receiver<Value>,
    /// What the browser told without being asked.
    events: Vec<Value>,
    calls: u64,
    session: Option<String>,
    folder: PathBuf,
}

impl Browser {
    /// A reason if there is no browser here, or one that does not run.
    fn start() -> Result<Self, String> {
        let name = NAMES.into_iter().find(|name| util::installed(name));
        let name = name.ok_or_else(|| "no chromium is installed".to_owned())?;
        let folder = env::temp_dir().join(format!("rt-report-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let log = fs::File::create(folder.join("log")).unwrap();
        let mut child = Command::new("sh")
            .args(["-c", SHELL, name])
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", folder.join("profile").display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, from) = channel();
        // Ends with the browser, whose end of the pipe closes.
        thread::spawn(move || {
            for message in output.split(0).map_while(Result::ok) {
                let Ok(message) = serde_json::from_slice(&message) else { break };
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let to = child.stdin.take();
        let mut browser =
            Self { child, to, from, events: Vec::new(), calls: 0, session: None, folder };
        browser.try_call("Browser.getVersion", &json!({}))?;
        browser.attach();
        Ok(browser)
    }

    fn attach(&mut self) {
        let target = self.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let to = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.call("Target.attachToTarget", &to);
        self.session = Some(session["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(&format!("{domain}.enable"), &json!({}));
        }
    }

    fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.try_call(method, parameters).unwrap()
    }

    /// An error is the browser's, or says that there is none any more.
    fn try_call(&mut self, method: &str, parameters: &Value) -> Result<Value, String> {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        // Whether it was heard is seen by the answer.
        let _ = self.to.as_mut().unwrap().write_all(format!("{message}\0").as_bytes());
        loop {
            let mut message = self.next()?;
            if message["id"] != json!(self.calls) {
                self.events.push(message);
                continue;
            }
            return match message.get("error") {
                None => Ok(message["result"].take()),
                Some(error) => Err(format!("{method}: {error}")),
            };
        }
    }

    fn next(&self) -> Result<Value, String> {
        self.from.recv_timeout(PATIENCE).map_err(|error| {
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            format!("the browser does not answer ({error}):\n{log}")
        })
    }

    fn open(&mut self, url: &str) {
        let is_load = |event: &Value| event["method"] == "Page.loadEventFired";
        self.events.retain(|event| !is_load(event));
        let told = self.call("Page.navigate", &json!({ "url": url }));
        assert!(told.get("errorText").is_none(), "{url}: {told}");
        while !self.events.iter().any(is_load) {
            let event = self.next().unwrap();
            self.events.push(event);
        }
    }

    /// The value of an expression, or of the promise that it is.
    fn evaluate(&mut self, expression: &str) -> Value {
        let how = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true
        });
        let mut told = self.call("Runtime.evaluate", &how);
        assert!(told.get("exceptionDetails").is_none(), "{}", told["exceptionDetails"]);
        told["result"]["value"].take()
    }

    /// A window of this size and in this scheme, on this medium.
    fn become_like(&mut self, width: u32, scheme: &str, medium: &str) {
        let size = json!({
            "width": width, "height": 1600, "deviceScaleFactor": 1, "mobile": width < 600
        });
        self.call("Emulation.setDeviceMetricsOverride", &size);
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.call("Emulation.setEmulatedMedia", &json!({ "media": medium, "features": [feature] }));
    }

    /// A part of the page as a PNG, in base64.
    fn picture(&mut self, part: &Value) -> String {
        let mut clip = part.clone();
        clip["scale"] = json!(1);
        let how = json!({ "format": "png", "clip": clip });
        self.call("Page.captureScreenshot", &how)["data"].as_str().unwrap().to_owned()
    }

    /// A chart, and what is on its picture.
    fn look_at(&mut self, name: &str) -> (String, Value) {
        let mut tries = 0;
        loop {
            let at = self.evaluate(&format!("window.show('{name}')"));
            let picture = self.picture(&at);
            let seen = self.evaluate(&format!("window.look('data:image/png;base64,{picture}')"));
            tries += 1;
            // A busy browser may show a place to which it has just come before it has drawn it.
            if !is_blank(&seen) || tries == TRIES_MAX {
                return (picture, seen);
            }
        }
    }

    /// Complaints of the page, and what it asked the network for.
    fn complaints(&self) -> Vec<String> {
        let events = self.events.iter().filter_map(|event| {
            let told = &event["params"];
            match event["method"].as_str()? {
                "Runtime.exceptionThrown" => Some(told["exceptionDetails"].to_string()),
                "Runtime.consoleAPICalled" => Some(told["args"].to_string()),
                "Log.entryAdded" => Some(told["entry"].to_string()),
                "Network.requestWillBeSent" => {
                    let url = told["request"]["url"].as_str().unwrap_or_default();
                    let is_own =
                        ["file:", "data:", "about:"].iter().any(|own| url.starts_with(own));
                    (!is_own).then(|| format!("asks for {url}"))
                }
                _ => None,
            }
        });
        events.collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.to.take());
        // It may have ended by itself, its pipe being closed.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Of a handful of colours only, or next to nothing but one.
fn is_blank(seen: &Value) -> bool {
    seen["colours"].as_u64() < Some(8) || seen["inked"].as_f64() < Some(0.005)
}

/// What base64 stands for.
fn decode(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        let value = LETTERS.iter().position(|known| *known == letter).unwrap();
        held = held << 6 | value as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
        }
    }
    bytes
}

fn keep(folder: Option<&Path>, name: &str, picture: &str) {
    if let Some(folder) = folder {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(format!("{name}.png")), decode(picture)).unwrap();
    }
}

#[test]
fn the_page_looks_right_in_a_browser() {
    let mut browser = match Browser::start() {
        Ok(browser) => browser,
        Err(reason) => {
            // Past the test's captured output, so that a skip is seen.
            let _ = writeln!(stderr(), "skipped: nobody has looked at the report: {reason}");
            return;
        }
    };
    let (results, page) = page_to_look_at();
    let file = browser.folder.join("page.html");
    fs::write(&file, page).unwrap();
    let pictures = env::var_os("RT_REPORT_PICTURES").map(PathBuf::from);
    let address = format!("file://{}", file.display());
    let windows = [(360, "light"), (360, "dark"), (768, "light"), (1280, "light"), (1280, "dark")];
    for (turn, (width, scheme)) in windows.into_iter().enumerate() {
        browser.become_like(width, scheme, "screen");
        browser.open(&address);
        let place = format!("{width} px, {scheme}");
        let inspected = browser.evaluate(include_str!("inspect.js"));
        if pictures.is_some() {
            for (at, part) in inspected["screens"].as_array().unwrap().iter().enumerate() {
                browser.evaluate(&format!("scrollTo(0, {})", part["y"]));
                let picture = browser.picture(part);
                keep(pictures.as_deref(), &format!("{width}-{scheme}-screen-{at:02}"), &picture);
            }
        }
        let problems: Vec<&str> =
            inspected["problems"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(problems.is_empty(), "{place}:\n{}", problems.join("\n"));
        assert_eq!(inspected["width"], json!(width), "{place}");
        assert_eq!(inspected["dark"], json!(scheme == "dark"), "{place}");
        assert_eq!(inspected["charts"], json!(results.workloads.len()), "{place}");
        let title = inspected["title"].as_str().unwrap();
        assert!(title.contains("benchmark report"), "{place}: {title}");
        let figures = inspected["figures"].as_array().unwrap();
        // Each is looked at in one window or another; for people, in all of them.
        let step = if pictures.is_some() { 1 } else { 3 };
        for figure in figures.iter().skip(turn % step).step_by(step) {
            let name = figure["name"].as_str().unwrap();
            let (picture, seen) = browser.look_at(name);
            keep(pictures.as_deref(), &format!("{width}-{scheme}-{name}"), &picture);
            assert!(!is_blank(&seen), "{place}: {name} is all but blank: {seen}");
        }
    }
    // On paper nothing is folded.
    browser.become_like(800, "light", "print");
    browser.open(&address);
    let folded = "document.querySelector('details:not([open]) table').checkVisibility()";
    assert_eq!(browser.evaluate(folded), json!(true), "folded tables are not printed");
    browser.become_like(800, "light", "screen");
    assert_eq!(browser.evaluate(folded), json!(false), "nothing is folded on a screen");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn pictures_are_decoded() {
    assert_eq!(decode("aGVsbG8="), b"hello");
    assert_eq!(decode("/+8A"), [0xff, 0xef, 0]);
}
