//! A dump as a table for people: aligned, and of bounded length however many tasks there are.

use std::fmt;
use std::panic::Location;

use super::{BlockingDump, Dump, TaskDump, TaskState};

/// Rows of tasks, at most.
const ROWS_MAX: usize = 100;
/// Rows of tasks that are alike: of one place and state, waiting at one place.
const ALIKE_MAX: usize = 3;
/// Workers that are told of, and closures.
const LIST_MAX: usize = 64;
/// The widest that a column is made; what is wider sticks out.
const WIDTH_MAX: usize = 48;

pub(super) fn write(dump: &Dump, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}: ", dump.label)?;
    match dump.alive {
        1 => f.write_str("1 task is alive")?,
        n => write!(f, "{n} tasks are alive")?,
    }
    match dump.never_polled {
        0 => writeln!(f)?,
        n => writeln!(f, ", {n} of them never polled yet")?,
    }
    write_workers(dump, f)?;
    write_blocking(dump, f)?;
    let (lines, left_out) = lines(&dump.tasks);
    write_lines(&lines, f)?;
    if left_out.tasks > 0 {
        writeln!(f, "… and {} more tasks, of {} more places", left_out.tasks, left_out.places)?;
    }
    Ok(())
}

fn write_workers(dump: &Dump, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut told = 0;
    for (index, worker) in dump.workers.iter().enumerate() {
        // One that has nothing to tell is not told of.
        if worker.queued == 0 && worker.never_polled == 0 && worker.first_poll.is_none() {
            continue;
        }
        told += 1;
        if told > LIST_MAX {
            continue;
        }
        write!(f, "worker {index}: {} queued", worker.queued)?;
        if worker.never_polled > 0 {
            let most = if dump.workers.len() > 1 { "up to " } else { "" };
            write!(f, ", {most}{} never polled", worker.never_polled)?;
        }
        if let Some(id) = worker.first_poll {
            write!(f, ", in the first poll of task {id}")?;
        }
        writeln!(f)?;
    }
    if told > LIST_MAX {
        writeln!(f, "… and {} more workers", told - LIST_MAX)?;
    }
    if dump.shared_queue > 0 {
        writeln!(f, "shared queue: {} queued", dump.shared_queue)?;
    }
    Ok(())
}

fn write_blocking(dump: &Dump, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if dump.blocking.is_empty() && dump.blocking_queue == 0 {
        return Ok(());
    }
    writeln!(f, "blocking pool: {} running, {} queued", dump.blocking.len(), dump.blocking_queue)?;
    for closure in dump.blocking.iter().take(LIST_MAX) {
        let BlockingDump { running } = closure;
        writeln!(f, "  {running}")?;
    }
    match dump.blocking.len().checked_sub(LIST_MAX) {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(f, "… and {more} more closures"),
    }
}

/// What is written for the tasks.
enum Line {
    /// A place, and how many tasks were spawned there.
    Place(&'static Location<'static>, usize),
    /// A task.
    Row([String; COLUMNS]),
    /// How many more are like the last one.
    More(usize),
}

const COLUMNS: usize = 5;
const HEADS: [&str; COLUMNS] = ["TASK", "STATE", "POLLS", "WAITS FOR", "AT"];
/// Numbers: aligned to the right.
const POLLS: usize = 2;

#[derive(Default)]
struct LeftOut {
    tasks: usize,
    places: usize,
}

/// The tasks by the place where they were spawned, places with running tasks first.
fn lines(tasks: &[TaskDump]) -> (Vec<Line>, LeftOut) {
    let mut tasks: Vec<&TaskDump> = tasks.iter().collect();
    tasks.sort_by_key(|task| (place(task.spawned_at()), likeness(task), task.id()));
    let mut places: Vec<_> =
        tasks.chunk_by(|a, b| place(a.spawned_at()) == place(b.spawned_at())).collect();
    places.sort_by_key(|tasks| {
        let runs = tasks.iter().any(|task| task.state() == TaskState::Running);
        (!runs, tasks.iter().map(|task| task.id()).min())
    });
    let (mut lines, mut rows, mut left_out) = (Vec::new(), 0, LeftOut::default());
    for tasks in places {
        if rows >= ROWS_MAX {
            left_out.tasks += tasks.len();
            left_out.places += 1;
            continue;
        }
        lines.push(Line::Place(tasks[0].spawned_at(), tasks.len()));
        let mut more = 0; // of this place, for which there is no room
        for alike in tasks.chunk_by(|a, b| likeness(a) == likeness(b)) {
            let shown = alike.len().min(ALIKE_MAX).min(ROWS_MAX - rows);
            rows += shown;
            lines.extend(alike[..shown].iter().map(|task| Line::Row(row(task))));
            match alike.len() - shown {
                0 => {}
                left if shown > 0 => lines.push(Line::More(left)),
                left => more += left,
            }
        }
        if more > 0 {
            lines.push(Line::More(more));
        }
    }
    (lines, left_out)
}

type Place = (&'static str, u32, u32);

fn place(location: &'static Location<'static>) -> Place {
    (location.file(), location.line(), location.column())
}

/// What tasks have in common that need not all be shown. Those with a name are told apart by it.
fn likeness(task: &TaskDump) -> impl Ord + '_ {
    let wait = task.last_wait().map(|wait| (wait.kind().as_str(), place(wait.at())));
    (task.state(), task.name(), task.is_aborted(), wait, task.leaves())
}

fn row(task: &TaskDump) -> [String; COLUMNS] {
    let name = match task.name() {
        Some(name) => format!("{} `{name}`", task.id()),
        None => task.id().to_string(),
    };
    let state = match task.is_aborted() {
        true => format!("{}, aborted", task.state()),
        false => task.state().to_string(),
    };
    let (waits_for, at) = match (task.waits_for(), task.last_wait()) {
        (Some(wait), _) => {
            let several = match task.leaves() {
                0 | 1 => String::new(),
                n => format!(" (last of {n})"),
            };
            let at = match wait.holder() {
                Some(holder) => format!("{}, {holder}", wait.at()),
                None => wait.at().to_string(),
            };
            (format!("{wait}{several}"), at)
        }
        (None, Some(last)) if task.state() == TaskState::Running => {
            (format!("(since {})", last.kind().as_str()), last.at().to_string())
        }
        (None, _) => (String::new(), String::new()),
    };
    [name, state, task.polls().to_string(), waits_for, at]
}

fn write_lines(lines: &[Line], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if lines.is_empty() {
        return Ok(());
    }
    let mut widths = HEADS.map(str::len);
    for line in lines {
        let Line::Row(cells) = line else { continue };
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = (*width).max(cell.chars().count()).min(WIDTH_MAX);
        }
    }
    write_row(&HEADS, &widths, f)?;
    for line in lines {
        match line {
            Line::Place(at, 1) => writeln!(f, "spawned at {at}")?,
            Line::Place(at, n) => writeln!(f, "spawned at {at}: {n} tasks")?,
            Line::Row(cells) => write_row(cells, &widths, f)?,
            Line::More(n) => writeln!(f, "  … and {n} more like it")?,
        }
    }
    Ok(())
}

fn write_row(
    cells: &[impl AsRef<str>; COLUMNS],
    widths: &[usize; COLUMNS],
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let mut line = String::new();
    for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let cell = cell.as_ref();
        let padded = match column {
            POLLS => format!("  {cell:>width$}"),
            _ => format!("  {cell:<width$}"),
        };
        line.push_str(&padded);
    }
    writeln!(f, "{}", line.trim_end())
}
