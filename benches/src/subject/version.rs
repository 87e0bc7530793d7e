//! The versions that are built in, as the lock file has them.

/// At the root of the workspace.
const LOCK: &str = include_str!("../../../Cargo.lock");

/// The version of a package. Of several versions the first: of no subject are there several.
///
/// # Panics
/// If it is in no build.
pub(crate) fn of(package: &str) -> &'static str {
    let name = format!("name = \"{package}\"");
    let mut lines = LOCK.lines().skip_while(|line| *line != name).skip(1);
    let version = lines.next().and_then(|line| line.strip_prefix("version = "));
    version.unwrap_or_else(|| panic!("{package} is not in the lock file")).trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_version_is_that_of_the_lock_file() {
        assert_eq!(of("rt-benches"), env!("CARGO_PKG_VERSION"));
        assert!(of("tokio").starts_with("1."));
    }
}
