//! Where the server is to be found, as all three processes know it.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Addresses of one run. A reload binds the same ones again.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) line: SocketAddr,
    pub(crate) http: SocketAddr,
    pub(crate) udp: SocketAddr,
    /// A folder of this run alone, for the Unix socket and for files.
    pub(crate) folder: PathBuf,
}

impl Place {
    pub(crate) fn unix(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// What the server reads when it is asked for a file.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What it reads again on a reload.
    pub(crate) fn config(&self) -> PathBuf {
        self.folder.join("config")
    }

    /// As [`Display`](fmt::Display) writes it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ',');
        let mut address = || parts.next()?.parse().ok();
        let (line, http, udp) = (address()?, address()?, address()?);
        Some(Self { line, http, udp, folder: parts.next()?.into() })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{},{}", self.line, self.http, self.udp, self.folder.display())
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let text = "127.64.1.2:20000,127.64.1.2:20001,127.64.1.2:20002,/tmp/a,b";
        assert_eq!(Place::parse(text).map(|place| place.to_string()).as_deref(), Some(text));
        assert!(Place::parse("127.0.0.1:1,127.0.0.1:2").is_none());
    }
}
