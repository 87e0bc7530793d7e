//! What the operating system or the builder refuses: an error, and nothing left behind.

use rt_facade::runtime::{Builder, Runtime};

use crate::support::{multi, panic_message};

#[test]
fn absurd_numbers_are_refused_where_they_are_said() {
    let say = |message: String, words: &[&str]| {
        assert!(words.iter().all(|word| message.contains(word)), "{message}");
    };
    say(panic_message(|| drop(multi(0))), &["at least one worker"]);
    say(panic_message(|| drop(multi(1 << 20))), &["1048576", "32768"]);
    say(panic_message(|| drop(multi(usize::MAX))), &["32768"]);
    let zero = |set: fn(&mut Builder) -> &mut Builder| {
        panic_message(|| drop(set(&mut Builder::new_multi_thread()).build()))
    };
    say(zero(|it| it.max_blocking_threads(0)), &["at least one thread"]);
    say(zero(|it| it.event_interval(0)), &["event interval", "at least one"]);
    say(zero(|it| it.global_queue_interval(0)), &["global queue interval", "at least one"]);
}

#[test]
fn as_many_workers_as_processors_unless_set() {
    let processors = std::thread::available_parallelism().unwrap().get();
    assert_eq!(Runtime::new().unwrap().metrics().workers, processors);
    assert_eq!(multi(3).build().unwrap().metrics().workers, 3);
    let current = Builder::new_current_thread().worker_threads(3).build().unwrap();
    assert_eq!(current.metrics().workers, 1);
}

#[cfg(target_os = "linux")]
mod by_the_system {
    use std::fs;
    use std::io;
    use std::sync::mpsc;
    use std::thread;

    use rt_facade::runtime::{Builder, Runtime};
    use rt_facade::task::{block_in_place, yield_now};

    use crate::child;
    use crate::support::{block_until, multi};

    /// Looks at this process. Keeps a descriptor for that, in case there is no other left.
    struct Process(Option<fs::File>);

    impl Process {
        fn new() -> Self {
            Self(Some(fs::File::open("/proc/self/stat").expect("Linux tells")))
        }

        fn threads(&mut self) -> usize {
            self.count("/proc/self/task")
        }

        /// Without the one kept.
        fn descriptors(&mut self) -> usize {
            self.count("/proc/self/fd")
        }

        fn count(&mut self, directory: &str) -> usize {
            self.0 = None;
            let count = fs::read_dir(directory).expect("Linux tells").count();
            *self = Self::new();
            count
        }

        /// Builds what must fail, again and again.
        fn is_refused(&mut self, mut build: impl FnMut() -> io::Result<Runtime>) {
            let before = (self.threads(), self.descriptors());
            for _ in 0..20 {
                let error = build().map(drop).unwrap_err();
                assert!(!error.to_string().is_empty());
                // The system strikes a joined thread off its list a moment later.
                block_until(|| self.threads() == before.0);
                assert_eq!(self.descriptors(), before.1);
            }
        }
    }

    fn works(runtime: io::Result<Runtime>) {
        let runtime = runtime.unwrap();
        assert_eq!(runtime.block_on(runtime.spawn(async { 1 })).unwrap(), 1);
    }

    #[test]
    fn no_more_processes() {
        if !child::is_here() {
            // Root has no such limit, and one user's processes count together: be somebody new.
            let user = 20_000 + std::process::id() % 20_000;
            let (user, group) = (format!("--reuid={user}"), format!("--regid={user}"));
            let nobody = ["setpriv", &user, &group, "--clear-groups"];
            let limits = [&nobody[..], &["prlimit", "--nproc=8"]].concat();
            return child::run("refused::by_the_system::no_more_processes", &limits);
        }
        let mut process = Process::new();
        process.is_refused(|| multi(16).enable_all().build());
        process.is_refused(|| multi(8).build());
        works(multi(2).enable_all().build());
        // `block_in_place` does without another thread where none can be had.
        let runtime = multi(2).build().unwrap();
        let (ends, ended) = mpsc::channel::<()>();
        let ended = std::sync::Arc::new(std::sync::Mutex::new(ended));
        let mut fill = Vec::new();
        while let Ok(thread) = thread::Builder::new().spawn({
            let ended = ended.clone();
            move || {
                let _ = ended.lock().unwrap().recv();
            }
        }) {
            fill.push(thread);
        }
        assert!(!fill.is_empty());
        let task = runtime.spawn(async {
            for n in 0..10 {
                assert_eq!(block_in_place(|| n), n);
                yield_now().await;
            }
        });
        runtime.block_on(task).unwrap();
        drop(ends);
        fill.into_iter().for_each(|thread| thread.join().unwrap());
    }

    #[test]
    fn no_more_memory_for_stacks() {
        if !child::is_here() {
            let name = "refused::by_the_system::no_more_memory_for_stacks";
            return child::run(name, &["prlimit", "--as=1073741824"]);
        }
        let mut process = Process::new();
        process.is_refused(|| multi(32).thread_stack_size(64 << 20).enable_all().build());
        process.is_refused(|| multi(1).thread_stack_size(2 << 30).build());
        works(multi(2).enable_all().build());
    }

    #[test]
    fn no_more_descriptors() {
        if !child::is_here() {
            let name = "refused::by_the_system::no_more_descriptors";
            return child::run(name, &["prlimit", "--nofile=32"]);
        }
        let mut process = Process::new();
        for build in [Builder::new_current_thread, || multi(2)] {
            let before = process.descriptors();
            let mut built = Vec::new();
            let error = loop {
                match build().enable_all().build() {
                    Ok(runtime) => built.push(runtime),
                    Err(error) => break error,
                }
            };
            assert!(!built.is_empty(), "{error}");
            process.is_refused(|| build().enable_all().build());
            built.pop();
            works(build().enable_all().build());
            drop(built);
            assert_eq!(process.descriptors(), before);
        }
    }
}
