//! A memo's contents as Python code sees them and changes them.

use pyo3::ffi;
use pyo3::prelude::*;

use super::{Entry, Memo, Released};
use crate::fast::no_memory::NoMemory;

impl Memo {
    /// Puts `objects` in place of what is there, with the indices they come with.
    ///
    /// # Errors
    /// Where there is no memory; what was put in by then stays.
    pub fn assign(&mut self, objects: Vec<(usize, Py<PyAny>)>) -> Result<Released, NoMemory> {
        let released = if self.slots.is_empty() {
            // Room that was kept stays.
            self.epoch = self.epoch.wrapping_add(1);
            Released(Vec::new())
        } else {
            self.clear()
        };
        for (index, object) in objects {
            self.choose_index(index, object)?;
            self.owned = self.slots.len();
        }
        self.filled = self.slots.len();
        self.fillable = self.slots.len();
        Ok(released)
    }

    /// The number of indices that were given.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// The index of the object at an address, and the object; None where no object that was entered is there.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn entry_at(
        &mut self,
        py: Python<'_>,
        address: usize,
    ) -> Result<Option<(usize, Py<PyAny>)>, NoMemory> {
        self.claim();
        if self.filled != self.fillable {
            self.fill()?;
        }
        Ok(self.entered(address).map(|index| {
            // SAFETY: the table has addresses of objects that slots have, and by now every slot owns its own.
            let object = unsafe { Bound::from_borrowed_ptr(py, address as *mut ffi::PyObject) };
            (index, object.unbind())
        }))
    }

    /// Gives an object an index that somebody chose, whether it has one or not.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn put(&mut self, index: usize, object: Py<PyAny>) -> Result<(), NoMemory> {
        self.claim();
        if self.filled != self.fillable {
            self.fill()?;
        }
        // An index is a slot's place no longer, which those rest on who look through the last slots.
        self.epoch = self.epoch.wrapping_add(1);
        self.choose_index(index, object)?;
        self.owned = self.slots.len();
        self.filled = self.owned;
        self.fillable = self.owned;
        Ok(())
    }

    /// Enters an object with an index that somebody chose, where all slots own their objects and are in the table.
    fn choose_index(&mut self, index: usize, object: Py<PyAny>) -> Result<(), NoMemory> {
        let position = self.slots.len();
        let unchosen = self.chosen.len()..position;
        self.chosen.try_reserve(unchosen.len() + 1)?;
        self.chosen.extend(unchosen);
        self.slots.try_reserve(1)?;
        let address = object.as_ptr() as usize;
        match self.table.get(address, &self.slots) {
            Some(known) => self.chosen[known] = index,
            None => {
                self.table.insert(address, position, &self.slots)?;
                // The slot owns the reference from here on.
                self.slots.push(object.into_ptr() as usize);
                self.chosen.push(index);
            }
        }
        Ok(())
    }

    /// Every entry as (index, object); None stands for one that was never entered.
    pub fn entries(&mut self, py: Python<'_>) -> Result<Vec<Entry>, NoMemory> {
        self.claim();
        self.fill()?;
        let mut entries = Vec::new();
        entries.try_reserve(self.slots.len())?;
        for (position, &slot) in self.slots.iter().enumerate() {
            let index = self.entered(slot).unwrap_or(position);
            // SAFETY: `claim` made every slot own its object, so it is alive.
            let object = unsafe { Bound::from_borrowed_ptr_or_opt(py, slot as *mut ffi::PyObject) };
            let object = object.map(Bound::unbind);
            entries.push((index, object));
        }
        Ok(entries)
    }
}
