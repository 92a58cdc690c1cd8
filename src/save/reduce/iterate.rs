//! Items four and five of a reduce value: how they are taken from their iterators.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyTuple};

use crate::fast::fresh;
use crate::fast::held::Held;
use crate::interpreter::face::Face;
use crate::interpreter::hookable;
use crate::save::containers::batch::{Batched, Items};
use crate::save::next::Next;
use crate::save::reduce::dict_items::{ReducedEntries, as_pair};
use crate::save::reduce::list_items::ReducedItems;
use crate::save::reduce::taken::Taken;
use crate::save::standing::Standing;
use crate::save::walk::Walk;
use crate::save::work::Work;

impl Walk<'_, '_> {
    /// Begins with the items of a reduce value: the lean face takes the iterator as it is, the hookable face
    /// takes any iterable.
    ///
    /// # Errors
    /// What `iter` raises; MemoryError.
    pub fn iterate(&mut self, kind: Items) -> PyResult<Next> {
        let (state, quiet) = self.split();
        let Some(Work::Reduce(reduce)) = state.stack.last() else {
            return Ok(Next::Step);
        };
        let Some((items, inside)) = reduce.items(kind, &state.writer, quiet) else {
            return Ok(Next::Step);
        };
        let owner = reduce.obj.as_ref().map(|obj| obj.again(quiet));
        let hook = match kind {
            Items::List => &state.hooks.found.batch_appends,
            Items::Dict => &state.hooks.found.batch_setitems,
        };
        if let Some(hook) = hook.as_ref().map(|hook| hook.again(quiet)) {
            return self.call_batch(hook, items, owner);
        }
        self.begin_items(kind, items, owner, inside)
    }

    /// Begins with the items of an iterable: to be appended, or pairs to be set. `owner` is the object whose they
    /// are, for the path of an error.
    ///
    /// # Errors
    /// What `iter` raises; MemoryError.
    pub fn begin_items(
        &mut self,
        kind: Items,
        items: Held,
        owner: Option<Held>,
        inside: Standing,
    ) -> PyResult<Next> {
        let writer = self.writer();
        let (face, has_batches) = (writer.face, writer.has_batches());
        let iterator = match face {
            Face::Lean => items,
            Face::Hookable => self.leave(|py| Ok(items.into_bound(py).try_iter()?.into()))?,
        };
        let asks = face == Face::Hookable
            && has_batches
            && hookable::does(|facts| facts.asks_past_the_end);
        let taken = Taken::new(iterator, owner, inside, has_batches, asks);
        let work = match kind {
            Items::List => Work::ListItems(fresh::boxed(Batched::within(
                ReducedItems::new(taken),
                None,
            ))?),
            Items::Dict => Work::DictItems(fresh::boxed(Batched::within(
                ReducedEntries::new(taken),
                None,
            ))?),
        };
        self.push(work)?;
        Ok(Next::Step)
    }

    /// Takes items off the iterator on top of the stack, or unpacks the first of those at hand.
    ///
    /// # Errors
    /// What the iterator raises; TypeError and ValueError for what is no pair.
    pub fn advance(&mut self) -> PyResult<Next> {
        let face = self.writer().face;
        let (state, quiet) = self.split();
        let (taken, is_dict) = match state.stack.last_mut() {
            Some(Work::ListItems(w)) => (&mut w.elements.taken, false),
            Some(Work::DictItems(w)) => (&mut w.elements.taken, true),
            _ => return Ok(Next::Step),
        };
        let wanted = taken.wanted(&state.writer);
        let is_filling = taken.is_filling();
        if let Some(first) = taken.first().filter(|_| is_dict && !is_filling)
            && as_pair(first.view(quiet)).is_none()
        {
            let first = first.again(quiet);
            return self.unpack_first(&first, face);
        }
        let iterator = taken.iterator.again(quiet);
        let mut missing = wanted.saturating_sub(taken.len()).max(1);
        while missing > 0 {
            // The lean face looks at the first pair before it asks for the second.
            let next = self.leave(|py| {
                let mut iterator = iterator.cast::<PyIterator>(py)?.to_owned();
                Ok(iterator.next().transpose()?.map(Held::from))
            })?;
            let (state, quiet) = self.split();
            let taken = match state.stack.last_mut() {
                Some(Work::ListItems(w)) => &mut w.elements.taken,
                Some(Work::DictItems(w)) => &mut w.elements.taken,
                _ => return Ok(Next::Step),
            };
            let Some(item) = next else {
                taken.exhausted = true;
                break;
            };
            let is_bad = is_dict && face == Face::Lean && as_pair(item.view(quiet)).is_none();
            let pushed = taken.push(item);
            let is_first = taken.len() == 1;
            self.checked(pushed)?;
            if is_bad && is_first && is_filling {
                return Err(not_a_pair());
            }
            missing -= 1;
        }
        Ok(Next::Step)
    }

    /// Puts a pair in place of the first item at hand, which is none: the hookable face unpacks whatever can
    /// be.
    fn unpack_first(&mut self, first: &Held, face: Face) -> PyResult<Next> {
        if face == Face::Lean {
            return Err(not_a_pair());
        }
        let pair = self.leave(|py| unpacked(first.bind(py)))?;
        let replaced = match self.state_mut().stack.last_mut() {
            Some(Work::DictItems(w)) => w.elements.taken.replace_first(pair),
            _ => None,
        };
        self.release([replaced]);
        Ok(Next::Step)
    }
}

fn not_a_pair() -> PyErr {
    PyTypeError::new_err("dict items iterator must return 2-tuples")
}

/// The two parts of whatever can be unpacked.
fn unpacked(item: &Bound<'_, PyAny>) -> PyResult<Held> {
    let py = item.py();
    let parts = item.try_iter().map_err(|error| {
        if error.is_instance_of::<PyTypeError>(py) {
            let name = item.get_type().name();
            let name = name.map_or_else(|_| String::new(), |name| name.to_string());
            PyTypeError::new_err(format!("cannot unpack non-iterable {name} object"))
        } else {
            error
        }
    })?;
    let parts = parts.take(3).collect::<PyResult<Vec<_>>>()?;
    match parts.len() {
        2 => Ok(PyTuple::new(py, parts)?.into()),
        3 => Err(PyValueError::new_err(
            "too many values to unpack (expected 2)",
        )),
        n => Err(PyValueError::new_err(format!(
            "not enough values to unpack (expected 2, got {n})"
        ))),
    }
}
