//! What the process has one of: a slot for each signal, the bell, and the reactors that hear it.
//!
//! The way of a signal: the handler counts it and rings the bell ([`Process::arrived`]); the hub of
//! each reactor that has listeners hears, whichever is turned first ([`Hub`]); it then tells all
//! listeners, those of other reactors too ([`Process::tell`]). So a reactor that is not turned for a
//! while delays nobody but its own.
//!
//! A forked child has a `Process` of its own from its first listener on: with a bell that it does not
//! share, and locks that nobody held when it was forked.

use std::ffi::c_int;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rt_reactor::Handle;
use rt_task::base::contain;
use rt_task::base::fork::Generation;

use super::bell::Bell;
use super::handler;
use super::hub::Hub;
use super::slot::Slot;

/// The largest number that a signal has on any system.
const NUMBER_MAX: usize = 128;

#[derive(Debug)]
pub(super) struct Process {
    born: Generation,
    bell: Bell,
    /// By number.
    slots: Box<[Slot]>,
    /// Those of reactors with listeners; some may be gone.
    hubs: Mutex<Vec<Weak<Hub>>>,
    installing: Mutex<()>,
}

impl Process {
    /// That of this process, made first if need be.
    pub(super) fn current() -> io::Result<&'static Self> {
        loop {
            let found = handler::current();
            match found {
                Some(process) if !process.born.is_past() => return Ok(process),
                _ => handler::publish(found, Self::new(found)?),
            };
        }
    }

    /// A new one; handlers that the parent installed are there.
    fn new(parent: Option<&Self>) -> io::Result<Self> {
        let installed = |number: usize| parent.is_some_and(|it| it.slots[number].is_installed());
        Ok(Self {
            born: Generation::current(),
            bell: Bell::new()?,
            slots: (0..=NUMBER_MAX).map(|number| Slot::new(installed(number))).collect(),
            hubs: Mutex::default(),
            installing: Mutex::default(),
        })
    }

    /// Whether this is a forked child, and all here its parent's.
    pub(super) fn is_past(&self) -> bool {
        self.born.is_past()
    }

    pub(super) fn bell(&self) -> &Bell {
        &self.bell
    }

    /// In a handler.
    pub(super) fn arrived(&self, number: c_int) {
        if let Ok(Some(slot)) = usize::try_from(number).map(|number| self.slots.get(number)) {
            slot.record(); // H1
            self.bell.ring(); // H2
        }
    }

    /// The slot of a signal, its handler installed.
    ///
    /// # Errors
    /// When the system has no such signal, or keeps it for itself.
    pub(super) fn slot(&self, number: c_int) -> io::Result<&Slot> {
        let slot = usize::try_from(number).ok().and_then(|number| self.slots.get(number));
        let slot = slot.ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))?;
        if !slot.is_installed() {
            let _alone = self.installing.lock().unwrap_or_else(PoisonError::into_inner);
            if !slot.is_installed() {
                handler::install(number)?;
                slot.set_installed();
            }
        }
        Ok(slot)
    }

    /// The hub of a reactor, made first if need be.
    ///
    /// # Errors
    /// When the system has no descriptor, or the reactor is gone.
    pub(super) fn hub(&'static self, handle: &Handle) -> io::Result<Arc<Hub>> {
        let mut hubs = self.hubs.lock().unwrap_or_else(PoisonError::into_inner);
        hubs.retain(|hub| hub.strong_count() > 0);
        let mut found = hubs.iter().filter_map(Weak::upgrade).filter(|hub| !hub.is_gone());
        if let Some(hub) = found.find(|hub| hub.is_of(handle)) {
            return Ok(hub);
        }
        let hub = Hub::new(self, handle)?;
        hubs.push(Arc::downgrade(&hub));
        drop(hubs);
        hub.listen();
        self.tell(false); // of what rang before, and was found by others who use it already
        Ok(hub)
    }

    /// The hub of any reactor that still is.
    pub(super) fn any_hub(&self) -> Option<Arc<Hub>> {
        let hubs = self.hubs.lock().unwrap_or_else(PoisonError::into_inner);
        hubs.iter().filter_map(Weak::upgrade).find(|hub| !hub.is_gone())
    }

    /// Wakes whoever waits for a signal that came; everybody, if `anyway`.
    pub(super) fn tell(&self, anyway: bool) {
        let mut wakers = Vec::new();
        self.slots.iter().filter(|slot| slot.is_installed()).for_each(|slot| {
            slot.take_wakers(anyway, &mut wakers);
        });
        // One that panics keeps no other from being woken.
        wakers.into_iter().for_each(|waker| contain(|| waker.wake()));
    }
}
