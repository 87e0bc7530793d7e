//! A stretch of a server's life, of which its client says when it begins and when it ends.
//!
//! What a server does before its client is connected and warm, and after the last answer, is not
//! what is measured. The client tells over a socket of its own, served by a thread that sleeps
//! meanwhile.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::meter::{Cost, Meter, resident_bytes};

/// Before anybody has connected: what the server has resident is noted.
const BEFORE: u8 = b'0';
/// Connected and warm: the measurement begins.
const BEGIN: u8 = b'1';
/// The last answer is there.
const END: u8 = b'2';

/// What the server has been told, and what it cost between.
#[derive(Clone, Debug)]
pub struct Ledger(Arc<Mutex<Entry>>);

#[derive(Debug)]
struct Entry {
    /// Until the end.
    meter: Option<Meter>,
    cost: Cost,
    resident_before: u64,
}

impl Ledger {
    /// Begins here, until it is told otherwise.
    pub fn open() -> Self {
        let meter = Some(Meter::start());
        let entry = Entry { meter, cost: Cost::default(), resident_before: resident_bytes() };
        Self(Arc::new(Mutex::new(entry)))
    }

    /// What was between the marks; without an end, all until now.
    pub fn cost(&self) -> Cost {
        let mut entry = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match entry.meter.take() {
            Some(meter) => meter.stop(),
            None => entry.cost,
        }
    }

    /// Starts the thread that takes marks, and says where.
    #[allow(clippy::disallowed_methods, reason = "it must not be a task of the server")]
    pub fn listen(&self) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let ledger = self.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that goes away tells no more.
                let _ = stream.and_then(|stream| ledger.take(stream));
            }
        });
        Ok(address)
    }

    fn take(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut mark = [0];
        loop {
            stream.read_exact(&mut mark)?;
            self.note(mark[0]);
            stream.write_all(&mark)?;
        }
    }

    fn note(&self, mark: u8) {
        let mut entry = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match mark {
            BEFORE => entry.resident_before = resident_bytes(),
            BEGIN => entry.meter = Some(Meter::start()),
            END => {
                if let Some(meter) = entry.meter.take() {
                    let resident_bytes = resident_bytes().saturating_sub(entry.resident_before);
                    entry.cost = Cost { resident_bytes, ..meter.stop() };
                }
            }
            _ => {}
        }
    }
}

/// The client's end of it; nothing where the server takes no marks.
#[derive(Debug)]
pub struct Marks(Option<TcpStream>);

impl Marks {
    /// Connects to where a [`Ledger`] listens.
    pub fn connect(at: Option<SocketAddr>) -> io::Result<Self> {
        let stream = at.map(TcpStream::connect).transpose()?;
        if let Some(stream) = &stream {
            stream.set_nodelay(true)?;
        }
        Ok(Self(stream))
    }

    /// Before anybody has connected.
    pub fn before(&mut self) -> io::Result<()> {
        self.tell(BEFORE)
    }

    /// Connected and warm.
    pub fn begin(&mut self) -> io::Result<()> {
        self.tell(BEGIN)
    }

    /// Done.
    pub fn end(&mut self) -> io::Result<()> {
        self.tell(END)
    }

    /// Returns once the server knows.
    fn tell(&mut self, mark: u8) -> io::Result<()> {
        let Some(stream) = &mut self.0 else { return Ok(()) };
        stream.write_all(&[mark])?;
        let mut answer = [0];
        stream.read_exact(&mut answer)?;
        if answer == [mark] { Ok(()) } else { Err(io::Error::other("the server heard otherwise")) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ledger, Marks};
    use crate::op::work;

    #[test]
    fn only_what_is_between_the_marks_is_told() {
        let ledger = Ledger::open();
        let mut marks = Marks::connect(Some(ledger.listen().unwrap())).unwrap();
        work(1_000_000);
        marks.before().unwrap();
        marks.begin().unwrap();
        marks.end().unwrap();
        work(1_000_000);
        let between = ledger.cost().wall_ns;
        marks.begin().unwrap();
        work(1_000_000);
        marks.end().unwrap();
        let (told, again) = (ledger.cost().wall_ns, ledger.cost().wall_ns);
        assert!(between < told, "{between} ns of nothing, {told} ns of work");
        assert_eq!(told, again);
    }
}
