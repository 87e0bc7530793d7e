//! What several commands need: the tree, the processes they start, tables.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The top of the tree.
pub(crate) fn root() -> PathBuf {
    // Cargo sets this for what it runs; asked for at run time, a moved clone still works.
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    match manifest.as_deref().and_then(Path::parent) {
        Some(root) => root.to_owned(),
        None => PathBuf::from("."),
    }
}

/// Where cargo builds to.
pub(crate) fn target_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// A cargo command at the top of the tree.
pub(crate) fn cargo<const N: usize>(args: [&str; N]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(args);
    // Cargo describes *this* package to what it runs; nobody further down should believe it.
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_")) {
            command.env_remove(name);
        }
    }
    command
}

/// The nightly tool chain's cargo, at the top of the tree; ask [`has_nightly`] first.
pub(crate) fn nightly<const N: usize>(args: [&str; N]) -> Command {
    cargo_of("nightly", args)
}

/// The cargo of a tool chain, at the top of the tree; ask [`has_toolchain`] first.
pub(crate) fn cargo_of<const N: usize>(toolchain: &str, args: [&str; N]) -> Command {
    // Not through `CARGO`, which is the toolchain that runs us.
    let mut command = Command::new("cargo");
    command.current_dir(root()).arg(format!("+{toolchain}")).args(args);
    for name in ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTC"] {
        command.env_remove(name);
    }
    command
}

/// Whether there is a nightly tool chain, which sanitizers need.
pub(crate) fn has_nightly() -> bool {
    has_toolchain("nightly")
}

/// Whether there is a tool chain of this name.
pub(crate) fn has_toolchain(name: &str) -> bool {
    let mut command = Command::new("rustup");
    let command = command.args(["run", name, "rustc", "--version"]);
    installed("rustup") && output(command).is_ok()
}

/// Runs to the end; fails unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", line(command)))?;
    if !status.success() {
        bail!("{} failed: {status}", line(command));
    }
    Ok(())
}

/// Runs to the end and returns what was printed; fails unless it succeeds.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {}", line(command)))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("{} failed: {}\n{stderr}", line(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command as one would type it.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let mut line = format!("`{}", program.to_string_lossy());
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&arg.to_string_lossy());
    }
    line + "`"
}

/// How `child` ended, if it has within `time`.
#[allow(clippy::disallowed_methods, reason = "a process that may hang is watched by the clock")]
pub(crate) fn ends_within(child: &mut Child, time: Duration) -> Option<ExitStatus> {
    let until = Instant::now() + time;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            _ if Instant::now() >= until => return None,
            _ => thread::park_timeout(Duration::from_millis(5)),
        }
    }
}

/// Whether a program of this name can be started.
pub(crate) fn installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

/// Every file below `dir` with this extension, sorted; build output and hidden folders left out.
pub(crate) fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// `path` as it is written in messages and in the file map: from the top of the tree.
pub(crate) fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().into_owned()
}

/// The workspace as cargo sees it, without what it depends on.
pub(crate) fn metadata() -> Result<Value> {
    let text = output(&mut cargo(["metadata", "--no-deps", "--format-version=1"]))?;
    Ok(serde_json::from_str(&text)?)
}

/// Builds and returns the programs that came out, by target name.
///
/// `command` must be a `cargo build`, or a `cargo test --no-run`.
pub(crate) fn built(command: &mut Command) -> Result<Vec<(String, PathBuf)>> {
    command.arg("--message-format=json-render-diagnostics").stderr(std::process::Stdio::inherit());
    let text = output(command)?;
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(messages
        .filter_map(|message| {
            let name = message["target"]["name"].as_str()?.to_owned();
            Some((name, PathBuf::from(message["executable"].as_str()?)))
        })
        .collect())
}

/// The rows in columns, the first row as the heading.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The rows as a Markdown table, the first row as the heading.
pub(crate) fn markdown(rows: &[Vec<String>]) -> String {
    let Some((heading, body)) = rows.split_first() else {
        return String::new();
    };
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule = vec!["---".to_owned(); heading.len()];
    let mut text = row(heading) + &row(&rule);
    for cells in body {
        text.push_str(&row(cells));
    }
    text
}

/// `12.0` as `12`, `0.125` as `0.13`: counts read better without noise digits.
pub(crate) fn figure(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    // Avoids the minus zero of a difference that is almost nothing.
    if rounded == 0.0 { "0".to_owned() } else { format!("{rounded}") }
}

#[cfg(test)]
mod tests {
    use super::{columns, figure, markdown};

    fn rows() -> Vec<Vec<String>> {
        vec![vec!["op".into(), "n".into()], vec!["wake".into(), "12".into()]]
    }

    #[test]
    fn tables_line_up() {
        assert_eq!(columns(&rows()), "op    n\nwake  12\n");
        assert_eq!(markdown(&rows()), "| op | n |\n| --- | --- |\n| wake | 12 |\n");
    }

    #[test]
    fn figures_carry_two_digits_at_most() {
        let figures = [12.0, 0.125, 4.004, -0.001].map(figure);
        assert_eq!(figures, ["12", "0.13", "4", "0"]);
    }
}
