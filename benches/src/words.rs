//! The command lines of the programs, and a limit to how long they run.

use std::str::FromStr;

/// Takes an option and its value out of the words; `default` where it is not there, nothing where
/// its value is none.
pub fn option<T: FromStr>(words: &mut Vec<&str>, name: &str, default: T) -> Option<T> {
    let Some(at) = words.iter().position(|word| *word == name) else {
        return Some(default);
    };
    words.remove(at);
    let value = (at < words.len()).then(|| words.remove(at))?;
    value.parse().ok()
}

/// Takes a word out of the words; says whether it was there.
pub fn switch(words: &mut Vec<&str>, name: &str) -> bool {
    let before = words.len();
    words.retain(|word| *word != name);
    words.len() < before
}

/// Ends the process by a signal after so many seconds, however it hangs; nought is no limit.
pub fn end_after(seconds: u32) {
    // SAFETY: the call takes a number and nothing else; no handler is set, so that the signal's
    // default holds, which ends the process.
    unsafe { libc::alarm(seconds) };
}

/// Lets this process have as many descriptors as it may, and says how many that are.
pub fn raise_descriptor_limit() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is valid for one `rlimit`, which is all that the call writes.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return 0;
    }
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: the pointer is valid for one `rlimit`, which the call only reads.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    limit.rlim_cur
}

#[cfg(test)]
mod tests {
    use super::option;

    #[test]
    fn an_option_is_taken_wherever_it_stands() {
        let mut words = vec!["a", "--workers", "3", "b"];
        assert_eq!(option(&mut words, "--workers", 2), Some(3));
        assert_eq!(words, ["a", "b"]);
        assert_eq!(option(&mut words, "--workers", 2), Some(2));
    }

    #[test]
    fn a_value_that_is_none_is_not_passed_over() {
        assert_eq!(option::<u64>(&mut vec!["--workers"], "--workers", 2), None);
        assert_eq!(option::<u64>(&mut vec!["--workers", "many"], "--workers", 2), None);
    }
}
