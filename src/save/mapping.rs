//! Exact dicts.

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::Borrowed;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::fast::dict::{len, next_entry, shares_keys};
use crate::fast::memo::Holding;
use crate::fast::object::exact;
use crate::hooks::Walk;
use crate::imports::Imports;
use crate::save::leaf::{Container, EntriesEnd, holding_of};
use crate::save::sequence::BATCH_SIZE;
use crate::save::state::Face;
use crate::save::walk::{MAX_STEP, Opened};
use crate::save::work::{Batch, DictWork, Standing, Work};

impl<'py> Walk<'py, '_> {
    /// Writes a dict as far as its keys and values are leaves; gives the rest of the work, if any is
    /// left.
    pub fn open_dict(
        &mut self,
        obj: Borrowed<'_, 'py, PyAny>,
        standing: Standing,
    ) -> PyResult<Option<Work>> {
        let chain = self.deepen(standing)?;
        let standing = Standing { chain, ..standing };
        self.enter_fast(&obj)?;
        if self.form().is_binary() {
            encode::encode_opcode(&mut self.out, Opcode::EMPTY_DICT)?;
        } else {
            self.out.write([Opcode::MARK.code(), Opcode::DICT.code()])?;
        }
        self.memoize(&obj, standing.holding)?;
        let dict = obj.cast::<PyDict>()?;
        let size = len(obj);
        if size == 0 {
            self.leave_fast(&obj);
            return Ok(None);
        }
        let containers = containers(shares_keys(&dict), standing);
        let (mut position, mut done) = (0, 0);
        let mut batch = Batch::Closed;
        let mut end = EntriesEnd::Key;
        // What fits in one batch ends the same way on every release.
        if size < BATCH_SIZE && self.is_direct() {
            batch = if size > 1 {
                encode::encode_opcode(&mut self.out, Opcode::MARK)?;
                Batch::Marked
            } else {
                Batch::Single
            };
            end = self.save_leaf_entries(&dict, &mut position, &mut done, size, containers)?;
        }
        if end == EntriesEnd::Complete {
            encode::encode_opcode(&mut self.out, set_opcode(batch))?;
            self.leave_fast(&obj);
            return Ok(None);
        }
        let mut w = DictWork {
            dict: dict.to_owned().unbind(),
            position,
            done,
            left_in_batch: if batch == Batch::Closed {
                0
            } else {
                size - done
            },
            batch,
            size,
            shares_keys: containers.0 != containers.1,
            entry: None,
            value_next: None,
            passages: self.passages,
            ahead: None,
            standing,
        };
        if end == EntriesEnd::Value
            && let Some((key, value)) = next_entry(&dict, &mut w.position)
        {
            w.done += 1;
            w.left_in_batch -= 1;
            w.value_next = Some(holding_of(containers.1, value));
            w.entry = Some((key.to_owned().unbind(), value.to_owned().unbind()));
        }
        Ok(Some(Work::Dict(w)))
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
        if let Some(holding) = w.value_next.take() {
            return self.step_value(w, holding);
        }
        if let Some((key, value)) = w.entry.take() {
            self.release(key);
            self.release(value);
        }
        let containers = containers(w.shares_keys, w.standing);
        let last = w.done + MAX_STEP;
        loop {
            if w.done >= last {
                return self.push(Work::Dict(w));
            }
            if w.batch == Batch::Closed && !self.open_dict_batch(&mut w)? {
                break;
            }
            if w.left_in_batch == 0 {
                self.close_dict_batch(&mut w)?;
                continue;
            }
            if let Some(ahead) = &mut w.ahead {
                let Some((key, value)) = ahead.pop_front() else {
                    self.close_dict_batch(&mut w)?;
                    continue;
                };
                w.done += 1;
                w.left_in_batch -= 1;
                let standing = w.standing.part(Holding::Shared);
                w.hold(key.bind(py).as_borrowed(), value.bind(py).as_borrowed());
                self.push(Work::Dict(w))?;
                return self.save(key, standing, true);
            }
            let mut ended = EntriesEnd::Key;
            if self.is_direct() {
                let end = w.done + w.left_in_batch;
                let (position, done) = (&mut w.position, &mut w.done);
                ended = self.save_leaf_entries(&dict, position, done, end, containers)?;
                w.left_in_batch = end - w.done;
                if w.left_in_batch == 0 {
                    continue;
                }
            }
            let Some((key, value)) = next_entry(&dict, &mut w.position) else {
                w.done = w.size;
                self.close_dict_batch(&mut w)?;
                continue;
            };
            w.left_in_batch -= 1;
            w.done += 1;
            if ended == EntriesEnd::Key {
                let standing = w.standing.part(holding_of(containers.0, key));
                match self.open(key, exact(key), standing) {
                    Ok(Opened::Whole) => {}
                    Ok(Opened::Part(rest)) => {
                        w.hold(key, value);
                        self.push(Work::Dict(w))?;
                        return self.push(rest);
                    }
                    Ok(Opened::Closed) => {
                        w.hold(key, value);
                        self.push(Work::Dict(w))?;
                        return self.save(key.to_owned().unbind(), standing, true);
                    }
                    Err(error) => {
                        self.push(Work::Dict(w))?;
                        return Err(error);
                    }
                }
                if self.save_leaf(value, exact(value), holding_of(containers.1, value))? {
                    continue;
                }
            }
            let standing = w.standing.part(holding_of(containers.1, value));
            match self.open(value, exact(value), standing) {
                Ok(Opened::Whole) => {}
                Ok(Opened::Part(rest)) => {
                    w.entry = Some((key.to_owned().unbind(), value.to_owned().unbind()));
                    self.push(Work::Dict(w))?;
                    return self.push(rest);
                }
                Ok(Opened::Closed) => {
                    w.entry = Some((key.to_owned().unbind(), value.to_owned().unbind()));
                    self.push(Work::Dict(w))?;
                    return self.save(value.to_owned().unbind(), standing, true);
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

    /// Saves the value of the entry whose key is written, and comes back to the dict.
    fn step_value(&mut self, w: DictWork, holding: Holding) -> PyResult<()> {
        let py = self.py;
        let Some((_, value)) = &w.entry else {
            return self.push(Work::Dict(w));
        };
        let value = value.clone_ref(py);
        // Python code that ran meanwhile may hold the value, and may have saved it.
        if self.passages != w.passages {
            let standing = w.standing.part(Holding::Shared);
            self.push(Work::Dict(w))?;
            return self.save(value, standing, true);
        }
        let standing = w.standing.part(holding);
        self.push(Work::Dict(w))?;
        let part = value.bind(py).as_borrowed();
        match self.open(part, exact(part), standing)? {
            Opened::Whole => Ok(()),
            Opened::Part(rest) => self.push(rest),
            Opened::Closed => self.save(value, standing, true),
        }
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
        let opcode = set_opcode(w.batch);
        w.left_in_batch = 0;
        w.batch = Batch::Closed;
        w.ahead = None;
        encode::encode_opcode(&mut self.out, opcode)
    }
}

/// The opcode that closes a batch of entries.
fn set_opcode(batch: Batch) -> Opcode {
    if batch == Batch::Single {
        Opcode::SETITEM
    } else {
        Opcode::SETITEMS
    }
}

/// What tells how the keys of a dict are held, and how its values. A key that is shared with other
/// dicts is counted once, however many show it.
fn containers(shares_keys: bool, standing: Standing) -> (Container, Container) {
    let values = Container::memoized_first(standing.holding);
    let keys = if shares_keys { Container::Open } else { values };
    (keys, values)
}
