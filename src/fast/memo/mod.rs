//! The pickler's memo over live objects: which index an object was given, and who keeps it alive.
//!
//! The table that maps identity to index is `pickle_format`'s. This file adds what needs raw
//! pointers: an entry is *deferred* (counted, not yet in the table) as long as nobody can ask for
//! it, and *unowned* (no reference of ours) until the next passage of the gate, since between two
//! passages nothing is freed. `Attached::token` ends that: who wants to call Python hands the memo in,
//! and it takes its references first.

mod contents;
mod room;

use pickle_format::memo::PicklerMemo;
use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::fast::no_memory::NoMemory;
use crate::fast::view::View;
use crate::fast::watch;

/// Who holds an object that is about to be saved.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Holding {
    /// Others than the container being walked may hold it: it can be met again.
    Shared,
    /// Only the container being walked holds it, and that container outlives the dump's next step:
    /// only Python code could hand it over again.
    Deferred,
    /// Only the pickler holds it, through links that count one reference each: nobody can hand it
    /// over again, and it dies soon. It gets an index and no entry.
    Temporary,
}

impl Holding {
    /// Whether the object can be met again.
    #[inline(always)]
    pub fn is_shared(self) -> bool {
        matches!(self, Self::Shared)
    }
}

/// Entries are not in the table yet that would have to be looked for.
pub struct Deferred;

/// Set in a slot whose entry is not in the table yet. Objects are aligned, so the bit is free.
const DEFERRED: usize = 1;

/// Entries that are looked through one by one: two cache lines of them.
const FEW: usize = 16;

/// A moment in the life of a memo.
#[derive(Copy, Clone, PartialEq, Eq)]
pub struct Mark {
    next: usize,
    epoch: u32,
}

/// An index, and the object that has it; None stands for one that was never entered.
pub type Entry = (usize, Option<Py<PyAny>>);

/// Identity to index, in order of memoization, with references taken as late as is safe.
pub struct Memo {
    table: PicklerMemo,
    /// One for each index given: the object's address, with `DEFERRED` or without; 0 stands for
    /// an object that was never entered.
    slots: Vec<usize>,
    /// The indices of the first slots, where somebody chose them; else the index is the slot's position.
    chosen: Vec<usize>,
    /// Slots before this one own a reference.
    owned: usize,
    /// The number of slots, counted from the first, of which none is deferred any more: `fill` has entered them
    /// into the table.
    filled: usize,
    /// The number of slots whose objects Python code may have handed over since, so that a look-up has to find
    /// them: `fill` goes as far as this.
    fillable: usize,
    /// How many entries dumps before this one came to; zero at first.
    expected: usize,
    /// How often the contents were put aside.
    epoch: u32,
    /// Whether references are taken at once, since they will be needed anyway.
    keeps: bool,
}

impl Memo {
    /// `keeps` says that the memo outlives its dump: then its references are taken while the objects
    /// are at hand.
    pub fn new(keeps: bool) -> Self {
        Self {
            table: PicklerMemo::new(),
            slots: Vec::new(),
            chosen: Vec::new(),
            owned: 0,
            filled: 0,
            fillable: 0,
            expected: 0,
            epoch: 0,
            keeps,
        }
    }

    /// As for `new`, for a memo that began anew.
    pub fn choose(&mut self, keeps: bool) {
        self.keeps = keeps;
    }

    /// The index of an address that is in the table.
    #[inline(always)]
    fn entered(&self, address: usize) -> Option<usize> {
        let position = self.table.get(address, &self.slots)?;
        Some(self.chosen.get(position).copied().unwrap_or(position))
    }

    /// The index of an object that was memoized.
    #[inline(always)]
    pub fn get(&mut self, obj: View<'_>) -> Result<Option<usize>, NoMemory> {
        let found = self.entered(obj.address());
        if found.is_some() || self.filled == self.fillable {
            return Ok(found);
        }
        self.fill()?;
        Ok(self.entered(obj.address()))
    }

    /// The index of an object that is in the table; Err where it may have one all the same, which `get` tells.
    #[inline(always)]
    pub fn get_entered(&self, obj: View<'_>) -> Result<Option<usize>, Deferred> {
        match self.entered(obj.address()) {
            None if self.filled != self.fillable => Err(Deferred),
            found => Ok(found),
        }
    }

    /// Enters the deferred entries that Python code may hand over again.
    #[cold]
    #[inline(never)]
    fn fill(&mut self) -> Result<(), NoMemory> {
        for index in self.filled..self.fillable {
            let slot = self.slots[index];
            if slot & DEFERRED != 0 {
                self.table.insert(slot & !DEFERRED, index, &self.slots)?;
                self.slots[index] = slot & !DEFERRED;
            }
        }
        self.filled = self.fillable;
        Ok(())
    }

    /// Gives the object the next index.
    #[inline(always)]
    pub fn memoize(&mut self, obj: View<'_>, holding: Holding) -> Result<usize, NoMemory> {
        let index = self.slots.len();
        let address = obj.address();
        if index == self.slots.capacity() {
            self.grow()?;
        }
        let slot = match holding {
            Holding::Shared => {
                self.enter(address, index)?;
                address
            }
            Holding::Deferred => address | DEFERRED,
            Holding::Temporary => 0,
        };
        self.slots.push(slot);
        if self.keeps {
            // SAFETY: a view is alive, and shows that the GIL is held; 0 stands for none.
            unsafe { ffi::Py_XINCREF((slot & !DEFERRED) as *mut ffi::PyObject) }
            self.owned = self.slots.len();
        } else {
            watch::entry_unowned((slot & !DEFERRED) as *mut ffi::PyObject);
        }
        Ok(index)
    }

    #[inline(never)]
    fn enter(&mut self, address: usize, index: usize) -> Result<(), NoMemory> {
        self.table.insert(address, index, &self.slots)?;
        Ok(())
    }

    /// Gives the object the next index, with a reference of our own: whoever meets it again finds it
    /// held twice and so looks it up, and until then the table need not know it.
    #[inline(always)]
    pub fn memoize_owned(&mut self, obj: View<'_>) -> Result<usize, NoMemory> {
        let index = self.memoize(obj, Holding::Deferred)?;
        self.claim();
        Ok(index)
    }

    /// Where the memo stands now.
    #[inline(always)]
    pub fn mark(&self) -> Mark {
        Mark {
            next: self.slots.len(),
            epoch: self.epoch,
        }
    }

    /// A moment before everything that was memoized.
    pub fn no_mark(&self) -> Mark {
        // Of another epoch, so that all of the table counts.
        Mark {
            next: 0,
            epoch: self.epoch.wrapping_sub(1),
        }
    }

    /// The index of an object that had none at `mark`.
    ///
    /// The last few entries are nearer at hand than the table.
    #[inline(always)]
    pub fn get_since(&mut self, mark: Mark, obj: View<'_>) -> Result<Option<usize>, NoMemory> {
        match self.slots.get(mark.next..) {
            Some(since) if mark.epoch == self.epoch && since.len() <= FEW => {
                let address = obj.address();
                let found = since.iter().position(|slot| slot & !DEFERRED == address);
                Ok(found.map(|offset| mark.next + offset))
            }
            _ => self.get(obj),
        }
    }

    /// Takes a reference to every object memoized since the last time, and notes that each may be
    /// asked for, since Python code is about to run.
    #[inline(always)]
    pub fn claim(&mut self) {
        if self.owned < self.slots.len() {
            self.own_rest();
        }
        self.fillable = self.slots.len();
    }

    #[inline(never)]
    fn own_rest(&mut self) {
        for &slot in &self.slots[self.owned..] {
            let object = (slot & !DEFERRED) as *mut ffi::PyObject;
            watch::entry_owned(object);
            // SAFETY: a view of the object was alive when its slot was pushed. Between two passages
            // nothing is freed, and `claim` stands before each. 0 stands for none.
            unsafe { ffi::Py_XINCREF(object) }
        }
        self.owned = self.slots.len();
    }

    /// Shows the collector every object that a slot owns.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        for &slot in &self.slots[..self.owned] {
            let address = slot & !DEFERRED;
            if address != 0 {
                // SAFETY: `Py` is a pointer that is not null, laid out as this address is, and the
                // slot owns a reference, so the object is alive. The reference ends with the call.
                visit.call(unsafe { &*(&raw const address).cast::<Py<PyAny>>() })?;
            }
        }
        Ok(())
    }
}

impl Drop for Memo {
    fn drop(&mut self) {
        drop(self.clear());
    }
}

/// References to objects that were memoized, released when this is dropped.
pub struct Released(Vec<usize>);

impl Drop for Released {
    fn drop(&mut self) {
        for slot in self.0.drain(..) {
            // SAFETY: the slot owned this reference, and nobody else gives it back. Memos live in
            // picklers and walks, which end on threads that hold the GIL.
            unsafe { ffi::Py_XDECREF((slot & !DEFERRED) as *mut ffi::PyObject) }
        }
    }
}
