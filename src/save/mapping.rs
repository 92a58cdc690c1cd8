//! Exact dicts.

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::fast::dict::{next_entry, shares_keys};
use crate::fast::memo::Holding;
use crate::fast::object::{exact, reference_count};
use crate::hooks::Walk;
use crate::imports::Imports;
use crate::save::scalar::{Container, holding_of};
use crate::save::sequence::BATCH_SIZE;
use crate::save::state::Face;
use crate::save::walk::MAX_STEP;
use crate::save::work::{Batch, DictWork, Standing, Work};

impl<'py> Walk<'py, '_> {
    pub fn save_dict(&mut self, obj: Bound<'py, PyAny>, standing: Standing) -> PyResult<()> {
        let standing = self.deepen(standing)?;
        self.enter_fast(&obj)?;
        if self.form().is_binary() {
            encode::encode_opcode(&mut self.out, Opcode::EMPTY_DICT)?;
        } else {
            self.out.write([Opcode::MARK.code(), Opcode::DICT.code()])?;
        }
        self.memoize(&obj, standing.holding)?;
        let dict = obj.cast_into::<PyDict>()?;
        if dict.is_empty() {
            self.leave_fast(dict.as_any());
            return Ok(());
        }
        let size = dict.len();
        let shares_keys = shares_keys(&dict);
        self.push(Work::Dict(DictWork {
            dict: dict.unbind(),
            position: 0,
            done: 0,
            left_in_batch: 0,
            batch: Batch::Closed,
            size,
            shares_keys,
            entry: None,
            value_next: None,
            ahead: None,
            standing,
        }))?;
        Ok(())
    }

    pub fn step_dict(&mut self, mut w: DictWork) -> PyResult<()> {
        let py = self.py;
        let dict = w.dict.bind(py).clone();
        let sees_all = self.face == Face::Lean || !self.has_batches();
        if sees_all && dict.len() != w.size {
            w.entry = None;
            self.push(Work::Dict(w))?;
            return Err(PyRuntimeError::new_err(
                "dictionary changed size during iteration",
            ));
        }
        if let Some(holding) = w.value_next.take()
            && let Some((_, value)) = &w.entry
        {
            // One reference is the dict's, the other the entry's.
            let alone = reference_count(value.bind(py).as_borrowed()) == 2;
            let value = value.clone_ref(py);
            let standing = w.standing.part_held(holding, alone);
            self.push(Work::Dict(w))?;
            return self.save(value, standing, true);
        }
        if let Some((key, value)) = w.entry.take() {
            self.release(key);
            self.release(value);
        }
        let mut turns = 0;
        loop {
            if turns == MAX_STEP {
                self.push(Work::Dict(w))?;
                return Ok(());
            }
            turns += 1;
            if w.batch == Batch::Closed && !self.open_dict_batch(&mut w)? {
                break;
            }
            if w.left_in_batch == 0 {
                self.close_dict_batch(&mut w)?;
                continue;
            }
            if let Some(ahead) = &mut w.ahead {
                let Some((key, value)) = ahead.pop_front() else {
                    w.left_in_batch = 0;
                    self.close_dict_batch(&mut w)?;
                    continue;
                };
                w.done += 1;
                w.left_in_batch -= 1;
                // One reference is the dict's, the other ours.
                let alone = reference_count(key.bind(py).as_borrowed()) == 2;
                let standing = w.standing.part_held(Holding::Shared, alone);
                w.entry = Some((key.clone_ref(py), value));
                w.value_next = Some(Holding::Shared);
                self.push(Work::Dict(w))?;
                return self.save(key, standing, true);
            }
            let Some((key, value)) = next_entry(&dict, &mut w.position) else {
                w.left_in_batch = 0;
                w.done = w.size;
                self.close_dict_batch(&mut w)?;
                continue;
            };
            w.left_in_batch -= 1;
            w.done += 1;
            let container = Container::memoized_first(w.standing.holding);
            let key_leaf = if w.shares_keys {
                // Such a key is counted once, however many dicts show it.
                self.save_shared_leaf(key)
            } else {
                self.save_leaf(key, exact(key), container)
            };
            match key_leaf {
                Ok(true) => {}
                Ok(false) => {
                    let holding = if w.shares_keys {
                        Holding::Shared
                    } else {
                        holding_of(container, key)
                    };
                    // Python code may run before the value's turn, so the value is held until then
                    // and counts as shared.
                    let standing = w.standing.part(holding);
                    let key = key.to_owned().unbind();
                    w.value_next = Some(Holding::Shared);
                    w.entry = Some((key.clone_ref(py), value.to_owned().unbind()));
                    self.push(Work::Dict(w))?;
                    return self.save(key, standing, true);
                }
                Err(error) => {
                    self.push(Work::Dict(w))?;
                    return Err(error);
                }
            }
            let kind = exact(value);
            match self.save_leaf(value, kind, container) {
                Ok(true) => {}
                Ok(false) => {
                    let holding = holding_of(container, value);
                    let standing = w.standing.part(holding);
                    w.entry = Some((key.to_owned().unbind(), value.to_owned().unbind()));
                    self.push(Work::Dict(w))?;
                    return self.descend(value, kind, standing);
                }
                Err(error) => {
                    w.entry = Some((key.to_owned().unbind(), value.to_owned().unbind()));
                    self.push(Work::Dict(w))?;
                    return Err(error);
                }
            }
        }
        self.leave_fast(dict.as_any());
        drop(dict);
        self.close(w.dict, w.standing.holding);
        Ok(())
    }

    /// A leaf that others may hold, whatever its count says.
    #[inline(always)]
    fn save_shared_leaf(&mut self, key: pyo3::Borrowed<'_, 'py, PyAny>) -> PyResult<bool> {
        // A reference of our own makes the count tell the truth.
        let held = key.to_owned();
        self.save_leaf(
            held.as_borrowed(),
            exact(held.as_borrowed()),
            Container::Entered,
        )
    }

    /// Begins the next batch; false when the dict is done.
    fn open_dict_batch(&mut self, w: &mut DictWork) -> PyResult<bool> {
        let left = w.size - w.done;
        let changed = w.dict.bind(self.py).len() != w.size;
        // The hookable face looks on after a full batch only.
        if changed && self.has_batches() && w.done.is_multiple_of(BATCH_SIZE) {
            return Err(PyRuntimeError::new_err(
                "dictionary changed size during iteration",
            ));
        }
        if !self.has_batches() {
            w.left_in_batch = 1;
            w.batch = Batch::Single;
            return Ok(left > 0);
        }
        let old_lean =
            self.face == Face::Lean && Imports::get(self.py)?.behaviour.lean_marks_last_of_batch;
        // There, a full last batch is followed by an empty one.
        let trailing =
            old_lean && left == 0 && w.size.is_multiple_of(BATCH_SIZE) && w.size == w.done;
        if left == 0 && !trailing {
            return Ok(false);
        }
        if trailing {
            self.out
                .write([Opcode::MARK.code(), Opcode::SETITEMS.code()])?;
            return Ok(false);
        }
        if left == 1 && (w.done == 0 || !old_lean) {
            w.left_in_batch = 1;
            w.batch = Batch::Single;
            return Ok(true);
        }
        encode::encode_opcode(&mut self.out, Opcode::MARK)?;
        w.left_in_batch = left.min(BATCH_SIZE);
        w.batch = Batch::Marked;
        Ok(true)
    }

    fn close_dict_batch(&mut self, w: &mut DictWork) -> PyResult<()> {
        let opcode = if w.batch == Batch::Single {
            Opcode::SETITEM
        } else {
            Opcode::SETITEMS
        };
        w.batch = Batch::Closed;
        w.ahead = None;
        encode::encode_opcode(&mut self.out, opcode)
    }
}
