//! `size`: bytes that users pay for per task, per timer, per socket, and for the program itself.
//!
//! The sizes of types come from a small program in rt-benches, since only a compiler knows them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::flags::Size;
use crate::util::{self, cargo, columns};

/// The example whose machine code is weighed.
const HELLO: &str = "hello";

/// Bytes by name.
type Sizes = BTreeMap<String, u64>;

pub(crate) fn run(flags: &Size) -> Result<()> {
    let mut sizes = of_types()?;
    sizes.extend(of_hello()?);
    let before = flags.against.as_deref().map(load).transpose()?;
    print!("{}", columns(&table(&sizes, before.as_ref())));
    if let Some(name) = &flags.save {
        save(name, &sizes)?;
    }
    Ok(())
}

fn of_types() -> Result<Sizes> {
    let text = util::output(&mut cargo([
        "run",
        "--quiet",
        "--release",
        "-p",
        "rt-benches",
        "--bin",
        "sizes",
    ]))?;
    Ok(parse(&text))
}

/// Lines of a name and a number with a tab between.
fn parse(text: &str) -> Sizes {
    let lines = text.lines().filter_map(|line| line.split_once('\t'));
    lines.filter_map(|(name, bytes)| Some((name.to_owned(), bytes.trim().parse().ok()?))).collect()
}

/// The machine code of the hello example.
fn of_hello() -> Result<Sizes> {
    let source = util::root().join(format!("crates/rt-facade/examples/{HELLO}.rs"));
    if !source.is_file() || !util::installed("size") {
        println!("skipped: text size needs the example `{HELLO}` and the program `size`");
        return Ok(Sizes::new());
    }
    let built =
        util::built(&mut cargo(["build", "--release", "-p", "rt-facade", "--example", HELLO]))?;
    let (_, binary) = built.into_iter().next().context("cargo built no example")?;
    let text =
        util::output(Command::new("size").args(["--format=sysv".as_ref(), binary.as_os_str()]))?;
    let code = section(&text, ".text").context("`size` lists no .text")?;
    Ok(Sizes::from([(format!("{HELLO}: machine code"), code)]))
}

/// One section of what `size --format=sysv` prints.
fn section(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().map(str::split_whitespace);
    lines.find_map(|mut words| (words.next()? == name).then(|| words.next()?.parse().ok())?)
}

fn table(sizes: &Sizes, before: Option<&Sizes>) -> Vec<Vec<String>> {
    let mut rows = vec![vec!["bytes of".to_owned(), "now".to_owned()]];
    if before.is_some() {
        rows[0].extend(["before".to_owned(), "change".to_owned()]);
    }
    for (name, now) in sizes {
        let mut row = vec![name.clone(), now.to_string()];
        match before.map(|before| before.get(name)) {
            Some(Some(before)) => {
                row.extend([before.to_string(), format!("{:+}", *now as i64 - *before as i64)]);
            }
            Some(None) => row.push("-".to_owned()),
            None => {}
        }
        rows.push(row);
    }
    rows
}

fn saved(name: &str) -> PathBuf {
    util::target_dir().join("sizes").join(name)
}

fn save(name: &str, sizes: &Sizes) -> Result<()> {
    let path = saved(name);
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    let lines = sizes.iter().map(|(name, bytes)| format!("{name}\t{bytes}\n"));
    fs::write(&path, lines.collect::<String>())?;
    println!("saved as {name}; `--against {name}` compares");
    Ok(())
}

fn load(name: &str) -> Result<Sizes> {
    let text =
        fs::read_to_string(saved(name)).with_context(|| format!("nothing saved as {name}"))?;
    Ok(parse(&text))
}

#[cfg(test)]
mod tests {
    use super::{parse, section, table};

    #[test]
    fn changes_are_shown_against_what_was_saved() {
        let now = parse("a\t12\nb\t3\nnoise\n");
        let before = parse("a\t16\n");
        let rows = table(&now, Some(&before));
        assert_eq!(rows[1], ["a", "12", "16", "-4"]);
        assert_eq!(rows[2], ["b", "3", "-"]);
    }

    #[test]
    fn sections_are_read_by_name() {
        assert_eq!(section("x  :\nsection size addr\n.text 4711 12\n", ".text"), Some(4711));
        assert_eq!(section("", ".text"), None);
    }
}
