//! The file as its user sees it: what was read ahead, and what is under way.

use std::io::{self, Read, Seek, SeekFrom};
use std::mem;
use std::task::{Context, Poll, ready};

use rt_io::ReadBuf;
use rt_task::wait::{Wait, WaitKind, poll_leaf};

use super::buffer::Buffer;
use super::core::{Call, Core, CoreRef, Desk};
use crate::operation::{Answer, Site, ask, job, pool, refusal};
use crate::sys::{Now, read_now};

/// Touched by who has `&mut File`, without a lock; by others for a few lines.
#[derive(Debug)]
pub(super) struct Front {
    current: Buffer,
    /// Memory for the next read.
    spare: Vec<u8>,
    reading: Option<Reading>,
    /// A move has begun, and what came of it was not told yet.
    is_seeking: bool,
    /// Where the last move went.
    position: u64,
    /// A plain file that nobody else moves in: more may be read than was asked for.
    pub(super) reads_ahead: bool,
    /// What is in memory is read on the spot.
    pub(super) reads_now: bool,
    /// Bytes that were read so without a wait between.
    now: usize,
    /// How much to read, if less is asked for.
    chunk: usize,
    /// Full chunks that were read one after the other.
    streak: u32,
    pub(super) max_buf_size: usize,
    site: Site,
}

#[derive(Debug)]
struct Reading {
    answer: Answer<Chunk>,
    /// Nobody has asked for it yet.
    is_ahead: bool,
}

/// What came of a read on the pool.
#[derive(Debug)]
struct Chunk {
    memory: Vec<u8>,
    asked: usize,
    /// `None` if it was not wanted any more.
    read: Option<io::Result<usize>>,
    version: u64,
}

impl Front {
    pub(super) fn new(reads_ahead: bool, max_buf_size: usize, site: Site) -> Self {
        Self {
            current: Buffer::default(),
            spare: Vec::new(),
            reading: None,
            is_seeking: false,
            position: 0,
            reads_ahead,
            reads_now: true,
            now: 0,
            chunk: CHUNK_MIN,
            streak: 0,
            max_buf_size,
            site,
        }
    }

    /// What was read ahead is not wanted any more; see `core.rs`.
    pub(super) fn settle(&mut self, desk: &mut Desk) {
        if desk.is_seekable == Some(false) {
            return; // no way back: it is kept for the next read
        }
        let unread = self.current.len() as u64 + mem::take(&mut desk.ahead);
        if unread > 0 || self.reading.is_some() {
            self.current.clear();
            desk.unread += unread;
            desk.version += 1;
        }
        (self.chunk, self.streak) = (CHUNK_MIN, 0);
    }

    pub(super) fn poll_read(
        &mut self,
        core: &mut CoreRef,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_still(core, cx));
        let (object, site) = (core.address(), self.site);
        let wait = || Wait { kind: WaitKind::Blocking, object, site };
        while self.current.len() == 0 {
            let Some(reading) = &mut self.reading else {
                let can_be_now = self.reads_ahead && self.reads_now;
                if can_be_now && ready!(poll_leaf(cx, wait, |cx| self.poll_now(core, cx, buf))) {
                    return Poll::Ready(Ok(()));
                }
                self.read(core, buf.remaining(), false)?;
                continue;
            };
            let answer = ready!(reading.answer.poll(cx));
            let is_ahead = reading.is_ahead;
            self.reading = None;
            let done = answer?;
            let asked = done.asked;
            match self.adopt(core, done) {
                // What was read before it was asked for tells nothing of an end that moves.
                Some(Ok(0) | Err(_)) if is_ahead => {}
                Some(Ok(0)) => {
                    self.forget_memory();
                    return Poll::Ready(Ok(()));
                }
                Some(Err(error)) => return Poll::Ready(Err(error)),
                Some(Ok(_)) if self.streak >= STREAK => drop(self.read(core, asked, true)),
                Some(Ok(_)) | None => {}
            }
        }
        poll_leaf(cx, wait, |_| {
            self.current.move_to(buf);
            Poll::Ready(Ok(()))
        })
    }

    /// Reads what is in memory already, if nothing is under way; whether that was so. A large read goes
    /// to `buf` itself.
    fn poll_now(
        &mut self,
        core: &mut CoreRef,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<bool> {
        let Some(core) = core.alone() else { return Poll::Ready(false) };
        let desk = core.desk_mut();
        if desk.unread > 0 || desk.ahead > 0 {
            return Poll::Ready(false);
        }
        if self.now >= NOW_IN_A_ROW {
            self.now = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let read = match buf.remaining() < NOW_SMALL {
            true => self.read_small_now(core, buf),
            false => {
                let n = buf.remaining().min(self.max_buf_size).min(NOW_MAX);
                let read = read_now(&core.std, buf.initialize_unfilled_to(n));
                if let Now::Read(n) = read {
                    buf.advance(n);
                }
                read
            }
        };
        self.reads_now = read != Now::Never;
        match read {
            Now::Read(0) => self.forget_memory(),
            Now::Read(n) => self.now += n,
            Now::Waits | Now::Never => self.now = 0,
        }
        Poll::Ready(matches!(read, Now::Read(_)))
    }

    fn read_small_now(&mut self, core: &Core, buf: &mut ReadBuf<'_>) -> Now {
        let n = NOW_SMALL.min(self.max_buf_size);
        if self.spare.len() < n {
            self.spare = vec![0; n];
        }
        let read = read_now(&core.std, &mut self.spare[..n]);
        if let Now::Read(n) = read {
            let memory = mem::take(&mut self.spare);
            let before = mem::replace(&mut self.current, Buffer::new(memory, n));
            self.spare = before.into_memory();
            self.current.move_to(buf);
        }
        read
    }

    /// Asks the pool to read so much, or more.
    fn read(&mut self, core: &CoreRef, wanted: usize, is_ahead: bool) -> io::Result<()> {
        let what = "reading the `File` opened";
        let pool = pool(what, self.site)?;
        let asked = match self.reads_ahead {
            true => wanted.max(self.chunk),
            false => wanted,
        };
        let asked = asked.min(self.max_buf_size);
        let (memory, version) = (mem::take(&mut self.spare), core.desk().version);
        let share = core.share();
        let (job, answer) = job(self.site, move || read(&share, memory, asked, version));
        ask(&*pool, job, what, self.site)?;
        self.reading = Some(Reading { answer, is_ahead });
        Ok(())
    }

    /// Takes over what was read, if it is wanted still.
    fn adopt(&mut self, core: &Core, done: Chunk) -> Option<io::Result<usize>> {
        let mut desk = core.desk();
        let read = done.read.filter(|_| done.version == desk.version);
        let n = read.as_ref().map_or(0, |read| *read.as_ref().unwrap_or(&0));
        if n > 0 {
            desk.ahead -= n as u64;
        }
        drop(desk);
        let read = read?;
        let before = mem::replace(&mut self.current, Buffer::new(done.memory, n));
        self.spare = before.into_memory();
        self.streak = match self.reads_ahead && n == done.asked {
            true => self.streak.saturating_add(1),
            false => 0,
        };
        if self.streak > 0 {
            self.chunk = (self.chunk * 2).clamp(CHUNK_MIN, CHUNK_MAX);
        }
        Some(read)
    }

    /// At the end of the file.
    fn forget_memory(&mut self) {
        self.spare = Vec::new();
        self.current = Buffer::default();
    }

    /// Waits for a move that is under way. What came of it is told by the end of the move alone.
    pub(super) fn poll_still(&mut self, core: &Core, cx: &mut Context<'_>) -> Poll<()> {
        match self.is_seeking {
            true => self.poll_complete(core, cx).map(drop),
            false => Poll::Ready(()),
        }
    }

    pub(super) fn start_seek(&mut self, core: &mut CoreRef, to: SeekFrom) -> io::Result<()> {
        if self.is_seeking {
            return Err(io::Error::other(
                "the file is being moved already: wait for `poll_complete` before `start_seek`",
            ));
        }
        if let Some(sought) = self.seek_here(core, to) {
            core.desk().set_sought(sought);
            self.is_seeking = true;
            return Ok(());
        }
        let mut desk = core.desk();
        self.settle(&mut desk);
        let must_call = desk.lay_seek(to);
        drop(desk);
        if must_call
            && let Err(error) = call("moving in the `File` opened", core, self.site)
            && core.take_back()
        {
            return Err(error);
        }
        self.is_seeking = true;
        Ok(())
    }

    /// Moves in a plain file, which waits for nothing: if nothing is under way and nobody has to ask
    /// where the end is.
    fn seek_here(&mut self, core: &mut CoreRef, to: SeekFrom) -> Option<io::Result<u64>> {
        if !self.reads_ahead || matches!(to, SeekFrom::End(_)) {
            return None;
        }
        let core = core.alone()?;
        self.settle(core.desk_mut());
        let unread = i64::try_from(core.desk_mut().unread).ok()?;
        let to = match to {
            SeekFrom::Current(by) => SeekFrom::Current(by.checked_sub(unread)?),
            to => to,
        };
        let sought = (&core.std).seek(to);
        if sought.is_ok() {
            core.desk_mut().unread = 0;
        }
        Some(sought)
    }

    pub(super) fn poll_complete(
        &mut self,
        core: &Core,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<u64>> {
        if !self.is_seeking {
            return Poll::Ready(Ok(self.position));
        }
        let (object, site) = (core.address(), self.site);
        let wait = || Wait { kind: WaitKind::Blocking, object, site };
        let sought = ready!(poll_leaf(cx, wait, |cx| {
            core.wait(cx, Desk::has_sought).map(|mut desk| desk.take_sought())
        }));
        self.is_seeking = false;
        let sought = sought.unwrap_or(Ok(self.position));
        if let Ok(position) = sought {
            self.position = position;
        }
        Poll::Ready(sought)
    }

    pub(super) fn opened_at(&self) -> Site {
        self.site
    }
}

/// Calls somebody who catches up. The desk says so already.
pub(super) fn call(what: &str, core: &CoreRef, site: Site) -> io::Result<()> {
    let pool = pool(what, site).inspect_err(|_| core.uncall())?;
    let call = Call(core.share());
    let (job, _) = job(site, move || drop(call));
    pool.execute(job).map_err(|rejected| {
        core.refuse(); // so that the call, dropped with its job, does nothing
        refusal(&rejected, what, site)
    })
}

/// On the pool: reads at most `asked` bytes, in one read.
fn read(core: &CoreRef, mut memory: Vec<u8>, asked: usize, version: u64) -> Chunk {
    let shift = core.shift();
    if core.desk().version != version {
        return Chunk { memory, asked, read: None, version };
    }
    if memory.len() < asked {
        memory = vec![0; asked]; // what was in it is not copied
    }
    let read = loop {
        match (&core.std).read(&mut memory[..asked]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read,
        }
    };
    let n = *read.as_ref().unwrap_or(&0) as u64;
    let mut desk = core.desk();
    match desk.version == version {
        true => desk.ahead += n,
        false => desk.unread += n,
    }
    drop(desk);
    drop(shift);
    Chunk { memory, asked, read: Some(read), version }
}

/// What a read of less reads ahead at first: two pages.
const CHUNK_MIN: usize = 8 * 1024;

/// And at last. Two of them stay in a core's own cache; a hop costs a tenth of reading one.
const CHUNK_MAX: usize = 256 * 1024;

/// After so many full chunks the next is read while this one is handed out.
const STREAK: u32 = 2;

/// Smaller reads go through memory of ours, which is filled on the spot: so many bytes are copied in
/// about two microseconds.
const NOW_SMALL: usize = 16 * 1024;

/// What one read on the spot has at most, so that it holds its thread up for less than a hop takes.
const NOW_MAX: usize = 64 * 1024;

/// After so many bytes that nobody had to wait for, others have their turn: they take a tenth of a
/// millisecond or so.
const NOW_IN_A_ROW: usize = 1024 * 1024;
