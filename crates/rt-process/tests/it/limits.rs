//! Without descriptors left, a spawn fails and leaves nothing.

use std::fs::File;
use std::process::Stdio;

use rt_process::Command;
use rt_reactor::Driver;
use rustix::io::Errno;
use rustix::process::{WaitId, WaitIdOptions, waitid};

use crate::drive::{drive_on, until};

const MARK: &str = "RT_PROCESS_CHILD";
const NAME: &str = "limits::a_spawn_without_descriptors_fails_and_leaves_nothing";
const MOST: libc::rlim_t = 64;

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count() - 1
}

/// Whether this process has any, zombies included.
fn has_children() -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(waitid(WaitId::All, options), Err(Errno::CHILD))
}

#[test]
fn a_spawn_without_descriptors_fails_and_leaves_nothing() {
    if std::env::var_os(MARK).is_none() {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args([NAME, "--exact", "--nocapture", "--test-threads=1"])
            .env(MARK, "1")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(told.contains("running 1 test"), "{told}");
        assert!(output.status.success(), "{told}");
        return;
    }
    let limit = libc::rlimit { rlim_cur: MOST, rlim_max: MOST };
    // SAFETY: `limit` is there for the time of the call.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) }, 0);
    let mut driver = Driver::new().unwrap();
    let before = descriptors();
    let (mut failed, mut worked) = (0, 0);
    for left in 0..16 {
        let mut taken = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            taken.push(file);
        }
        taken.truncate(taken.len() - left);
        let spawned = drive_on(&mut driver, async {
            let mut command = Command::new("cat");
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            match command.spawn() {
                Ok(mut child) => {
                    assert!(child.wait().await.unwrap().success());
                    true
                }
                Err(error) => {
                    assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{left}: {error}");
                    false
                }
            }
        });
        *(if spawned { &mut worked } else { &mut failed }) += 1;
        until(|| !has_children()); // with no descriptor to be had, still
        drop(taken);
    }
    assert!(failed >= 4 && worked >= 4, "{failed}, {worked}");
    until(|| descriptors() == before); // the thread's own, when it ends
    assert_eq!(driver.handle().metrics().sources, 0);
}
