//! Other systems and processors: what compiles there, and where programs for them can be run here,
//! the tests.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use super::super::ground::Ground;
use super::super::lane::{Bug, Ci, Lane, Outcome};
use super::super::suite::{self, Build, LeftOut};
use crate::{source, util};

pub(super) const LANE: Lane = Lane {
    name: "ports",
    technique: "the crates compiled for other systems; the tests run on i686, on aarch64 by qemu and on Windows by wine",
    shows: &[
        "the crates compile for Windows, macOS, FreeBSD, musl, i686, aarch64 and armv7",
        "what needs no operating system compiles without one, also where 64 bits are no atomic word",
        "what holds here holds where a word has 32 bits, and on another processor or system",
    ],
    ci: Ci::OnDemand("`std` is compiled for each of them: an hour on two processors"),
    run,
    bugs: &[Bug {
        name: "a_span_as_long_as_a_long",
        effect: "the span of a wait is laid out by the length of a `long`",
        file: "crates/rt-reactor/src/selector/mio/epoll.rs",
        from: "    nanos: i64,",
        to: "    nanos: libc::c_long,",
        only: "i686-unknown-linux-gnu",
        told: "error[E0277]",
    }],
};

/// All crates, all features.
const SYSTEMS: [&str; 8] = [
    "x86_64-pc-windows-msvc",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-gnu",
    "x86_64-unknown-freebsd",
    "x86_64-unknown-linux-musl",
    "i686-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "armv7-unknown-linux-gnueabihf",
];

/// Those that have it, without `std`.
const BARE: [&str; 2] = ["thumbv7m-none-eabi", "riscv32imac-unknown-none-elf"];
const BARE_CRATES: [&str; 3] = ["rt-task", "rt-sync", "rt-io"];

/// Where tests are run: a name for `--only`, what must be installed, and how.
const RUNS: [(&str, &[&str], Build); 3] = [
    ("i686", &["gcc"], I686),
    ("aarch64", &["aarch64-linux-gnu-gcc", "qemu-aarch64"], AARCH64),
    ("windows", &["x86_64-w64-mingw32-gcc", "wine"], WINDOWS),
];

/// Where the system knows the emulator: tests start themselves again, as programs like any other.
const EMULATED: &str = "/proc/sys/fs/binfmt_misc/qemu-aarch64";

const MEASURES: &str = "is of what a server takes: an emulator takes more, for itself";

pub(in super::super) const I686: Build = Build {
    rustflags: "",
    env: &[],
    args: &["--tests"],
    target: "i686-unknown-linux-gnu",
    std: true,
    quick: &[],
    left_out: &[],
};

pub(in super::super) const AARCH64: Build = Build {
    rustflags: "",
    env: &[
        ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc"),
        ("QEMU_LD_PREFIX", "/usr/aarch64-linux-gnu"),
        ("RT_TESTS_EMULATED", "1"),
    ],
    args: &["--tests"],
    target: "aarch64-unknown-linux-gnu",
    std: true,
    quick: &[],
    left_out: &[
        LeftOut {
            package: "rt-process",
            test: "command::an_error_before_the_program_runs",
            why: "the child of the emulator's `vfork` has no memory in common with its parent, and so no error to tell",
        },
        LeftOut {
            package: "rt-facade",
            test: "forking::a_child_is_told_and_the_parent_goes_on",
            why: "the emulator ends a fork of a process with threads as soon as it starts one",
        },
        LeftOut {
            package: "rt-facade",
            test: "net_tcp_socket::options_of_linux_are_told_again",
            why: "to the emulator each option that it does not know is a number, and the name of a device is none",
        },
        LeftOut {
            package: "rt-facade",
            test: "queues::the_driver_is_turned_every_so_many_picks",
            why: "polls are slower, and a worker whose polls are slow turns the driver more often",
        },
        LeftOut { package: "rt-facade", test: "five_thousand_idle_connections", why: MEASURES },
        LeftOut {
            package: "rt-facade",
            test: "a_server_out_of_descriptors_neither_spins",
            why: MEASURES,
        },
        LeftOut {
            package: "rt-facade",
            test: "memory_for_a_large_request_is_not_kept",
            why: MEASURES,
        },
        LeftOut { package: "rt-facade", test: "promises_cost_nothing", why: MEASURES },
        LeftOut {
            package: "rt-facade",
            test: "who_takes_no_replies_is_asked_for_no",
            why: MEASURES,
        },
        LeftOut { package: "rt-facade", test: "who_does_not_read_is_cut_off", why: MEASURES },
        LeftOut { package: "rt-facade", test: "a_hundred_megabytes_are_streamed", why: MEASURES },
        LeftOut {
            package: "rt-facade",
            test: "keys_go_that_nobody_asks_for",
            why: "a key lives for ten milliseconds there, which is too short for a server that is emulated",
        },
        LeftOut {
            package: "rt-facade",
            test: "ranges::parts_of_a_large_file",
            why: "a hundred parts of up to three megabytes: an emulator takes more than seven minutes",
        },
    ],
};

pub(in super::super) const WINDOWS: Build = Build {
    rustflags: "",
    env: &[
        ("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", "wine"),
        ("WINEDEBUG", "-all"),
        // A datagram goes by way of another process of wine's: milliseconds, if others want the processor.
        ("RT_TESTS_EMULATED", "1"),
    ],
    args: &["--tests"],
    target: "x86_64-pc-windows-gnu",
    std: true,
    quick: &[],
    left_out: &[
        LeftOut { package: "rt-process", test: "", why: "is for Unix" },
        LeftOut {
            package: "rt-signal",
            test: "",
            why: "its tests are of signals, which Windows has not",
        },
        LeftOut {
            package: "rt-net",
            test: "stream::a_reset_is_told_to_reader_and_writer",
            why: A_RESET,
        },
        LeftOut {
            package: "rt-net",
            test: "udp::nobody_there_is_told_by_a_later_call",
            why: "wine tells nobody, std's sockets neither, that a datagram came to a port without a socket",
        },
        LeftOut { package: "rt-facade", test: "a_reset_is_told_to_who_waits", why: A_RESET },
        LeftOut { package: "rt-facade", test: "peers::a_reset_while_a_read_waits", why: A_RESET },
        LeftOut { package: "rt-facade", test: "peers::a_reset_with_bytes_unread", why: A_RESET },
        LeftOut { package: "rt-facade", test: "peers::a_reset_after_the_end", why: A_RESET },
        LeftOut {
            package: "rt-facade",
            test: "quic",
            why: "`quinn` is told of congestion by marks on packets, which wine's sockets know nothing of",
        },
        LeftOut {
            package: "rt-facade",
            test: "runtime_life::a_runtime_in_a_thread_local_ends_with_its_thread",
            why: A_LOCK,
        },
        LeftOut {
            package: "rt-blocking",
            test: "a_shutdown_waits_for_the_locals_of_each_thread",
            why: A_LOCK,
        },
    ],
};

const A_RESET: &str =
    "wine shuts a socket down before it closes it: its peer reads an end, and then comes the reset";
const A_LOCK: &str = "where a thread drops its locals, Windows holds a lock that other threads need to start and to end";

/// Wine 8 lacks the library that `std` has its random numbers from.
const RANDOM: &str = "\
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
BOOL ProcessPrng(PBYTE to, SIZE_T n) { return SystemFunction036(to, n); }
";

/// One system.
const LIMIT: Duration = Duration::from_secs(30 * 60);

fn run(ground: &mut Ground<'_>) -> Result<Outcome> {
    if let Some(why) = suite::missing(true) {
        return Ok(Outcome::Skipped(why));
    }
    // `--only i686`, or one package of it: `--only i686:rt-timer`.
    let only = ground.flags.only.clone();
    let (only, package) = match only.as_deref() {
        Some(only) => {
            only.split_once(':').map_or((Some(only), None), |(part, name)| (Some(part), Some(name)))
        }
        None => (None, None),
    };
    let asked = |ground: &Ground<'_>, part: &str| match only {
        Some(only) => only == part,
        None => !ground.flags.quick || SYSTEMS[..2].contains(&part),
    };
    let mut told = Vec::new();
    let mut failed = Vec::new();
    let checks = SYSTEMS.iter().map(|system| (*system, false));
    for (target, is_bare) in checks.chain(BARE.iter().map(|target| (*target, true))) {
        if !asked(ground, target) {
            continue;
        }
        if target.ends_with("windows-gnu") && !util::installed("x86_64-w64-mingw32-dlltool") {
            println!(
                "   skipped: {target}: no x86_64-w64-mingw32-dlltool (binutils-mingw-w64-x86-64)"
            );
            continue;
        }
        match check(ground, target, is_bare) {
            Ok(()) => told.push(target.to_owned()),
            Err(error) => {
                println!("   {error:#}");
                failed.push(target);
            }
        }
    }
    for (name, needs, build) in &RUNS {
        if !asked(ground, name) {
            continue;
        }
        if let Some(tool) = needs.iter().find(|tool| !util::installed(tool)) {
            println!("   skipped: tests on {name}: no {tool}");
            continue;
        }
        if *name == "aarch64" && !Path::new(EMULATED).exists() {
            println!("   skipped: tests on {name}: no {EMULATED} (`qemu-user-binfmt` makes it)");
            continue;
        }
        match run_on(ground, build, package) {
            Ok(tests) => told.push(format!("{name}: {tests}")),
            Err(error) => {
                println!("   {error:#}");
                failed.push(name);
            }
        }
    }
    match failed.is_empty() {
        true => Ok(Outcome::Passed(told.join("; "))),
        false => bail!("{} failed", failed.join(", ")),
    }
}

/// Compiles the crates for a system; a warning of ours fails, too.
fn check(ground: &mut Ground<'_>, target: &str, is_bare: bool) -> Result<()> {
    let mut command = ground.nightly(["check", "--lib", "--target", target]);
    if is_bare {
        command.args(["-Zbuild-std=core,alloc", "--no-default-features"]);
        command.args(BARE_CRATES.iter().flat_map(|name| ["-p", name]));
    } else {
        command.args(["-Zbuild-std", "--all-features"]);
        let names = source::crates()?;
        command.args(names.iter().flat_map(|(name, _)| ["-p", name]));
    }
    let text = ground.run(LIMIT, &mut command)?;
    match text.lines().find(|line| line.starts_with("warning: `rt-")) {
        Some(warning) => bail!("{target}: {warning}; see target/verify/ports.log"),
        None => Ok(()),
    }
}

fn run_on(ground: &mut Ground<'_>, build: &Build, package: Option<&str>) -> Result<String> {
    if build.target.contains("windows") {
        random(ground)?;
    }
    let whole = Build { quick: &[], ..*build };
    suite::run_all(ground, &whole, package)
}

/// Puts a library that gives random numbers beside the programs, where wine looks.
fn random(ground: &mut Ground<'_>) -> Result<()> {
    const LIBRARY: &str = "bcryptprimitives.dll";
    let folder = ground.target_dir().join(WINDOWS.target).join("debug");
    let (tests, examples) = (folder.join("deps"), folder.join("examples"));
    fs::create_dir_all(&tests)?;
    fs::create_dir_all(&examples)?;
    let source = tests.join("bcryptprimitives.c");
    fs::write(&source, RANDOM)?;
    let mut command = Command::new("x86_64-w64-mingw32-gcc");
    command.args(["-shared", "-o"]).arg(tests.join(LIBRARY));
    ground.run(LIMIT, command.arg(source).arg("-ladvapi32"))?;
    fs::copy(tests.join(LIBRARY), examples.join(LIBRARY))?;
    Ok(())
}
