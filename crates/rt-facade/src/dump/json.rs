//! A dump as JSON, written by hand: a dozen keys do not need a library.

use std::fmt::{self, Display, Write};

use super::{Dump, TaskDump, WaitDump};

pub(super) fn write(dump: &Dump) -> String {
    let mut out = String::new();
    object(&mut out, |object| {
        object.number("runtime_id", dump.label.id.as_u64());
        object.text("runtime_name", dump.runtime_name());
        object.text("runtime_built_at", Some(dump.label.built));
        object.number("alive_tasks", dump.alive);
        object.number("never_polled", dump.never_polled);
        object.number("global_queue_depth", dump.shared_queue);
        object.number("blocking_queue_depth", dump.blocking_queue as u64);
        object.list("workers", &dump.workers, |object, worker| {
            object.number("queued", worker.queued as u64);
            object.number("never_polled", worker.never_polled);
            object.number("polls", worker.polls);
            if let Some(id) = worker.first_poll {
                object.number("first_poll", id.as_u64());
            }
        });
        object.list("tasks", &dump.tasks, task);
        object.list("blocking", &dump.blocking, |object, closure| {
            object.number("id", closure.id().as_u64());
            object.text("name", closure.name());
            object.text("spawned_at", Some(closure.spawned_at()));
        });
    });
    out
}

fn task(object: &mut Object<'_>, task: &TaskDump) {
    object.number("id", task.id().as_u64());
    object.text("name", task.name());
    object.text("spawned_at", Some(task.spawned_at()));
    object.text("state", Some(task.state()));
    object.word("is_aborted", task.is_aborted());
    object.number("polls", u64::from(task.polls()));
    object.number("leaves", u64::from(task.leaves()));
    for (key, wait) in [("waits_for", task.waits_for()), ("last_wait", task.last_wait())] {
        if let Some(wait) = wait {
            object.nested(key, |object| wait_dump(object, wait));
        }
    }
}

fn wait_dump(object: &mut Object<'_>, wait: &WaitDump) {
    object.text("kind", Some(wait.kind().as_str()));
    object.number("object", wait.object() as u64);
    object.text("at", Some(wait.at()));
    if let Some(holder) = wait.holder() {
        object.nested("holder", |object| {
            if let Some(task) = holder.task() {
                object.number("task", task.as_u64());
            }
            object.text("since", Some(holder.since()));
            object.word("is_alone", holder.is_alone());
        });
    }
    if let Some(left) = wait.time_left() {
        object.number("time_left", u64::try_from(left.as_nanos()).unwrap_or(u64::MAX));
    }
}

/// An object that is being written.
struct Object<'a> {
    out: &'a mut String,
    is_empty: bool,
}

fn object(out: &mut String, fill: impl FnOnce(&mut Object<'_>)) {
    out.push('{');
    fill(&mut Object { out, is_empty: true });
    out.push('}');
}

impl Object<'_> {
    fn key(&mut self, key: &str) {
        if !self.is_empty {
            self.out.push(',');
        }
        self.is_empty = false;
        string(self.out, key);
        self.out.push(':');
    }

    fn number(&mut self, key: &str, number: u64) {
        self.word(key, number);
    }

    /// A value that needs no quotes.
    fn word(&mut self, key: &str, word: impl Display) {
        self.key(key);
        let _ = write!(self.out, "{word}"); // to a string: cannot fail
    }

    fn text(&mut self, key: &str, text: Option<impl Display>) {
        if let Some(text) = text {
            self.key(key);
            string(self.out, text);
        }
    }

    fn nested(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) {
        self.key(key);
        object(self.out, fill);
    }

    fn list<T>(&mut self, key: &str, items: &[T], fill: impl Fn(&mut Object<'_>, &T)) {
        self.key(key);
        self.out.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            object(self.out, |object| fill(object, item));
        }
        self.out.push(']');
    }
}

/// Quoted, with what may not stand between quotes escaped.
fn string(out: &mut String, text: impl Display) {
    struct Escaped<'a>(&'a mut String);

    impl fmt::Write for Escaped<'_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            for c in text.chars() {
                match c {
                    '"' | '\\' => self.0.extend(['\\', c]),
                    c if u32::from(c) < 0x20 => write!(self.0, "\\u{:04x}", u32::from(c))?,
                    c => self.0.push(c),
                }
            }
            Ok(())
        }
    }

    out.push('"');
    let _ = write!(Escaped(out), "{text}"); // to a string: cannot fail
    out.push('"');
}
