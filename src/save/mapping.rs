//! Exact dicts.

use std::collections::VecDeque;

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::Borrowed;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::fast::dict::{len, next_entry, shares_keys};
use crate::fast::memo::Holding;
use crate::fast::object::{exact, reference_count};
use crate::hooks::{Walk, in_use};
use crate::interpreter::face::Face;
use crate::save::leaf::{Container, EntriesEnd, holding_of};
use crate::save::state::State;
use crate::save::walk::{MAX_STEP, Opened};
use crate::save::work::{BATCH_SIZE, Batch, Standing, Work, key_note};

type Entry = (Py<PyAny>, Py<PyAny>);

/// An open dict.
pub struct DictWork {
    dict: Py<PyDict>,
    cursor: Cursor,
    /// The entry whose key is being saved (value still to come), or whose value is.
    entry: Option<Entry>,
    /// The rest of the open batch, if it was taken out of the dict.
    ahead: Option<VecDeque<Entry>>,
}

/// Where an open dict is.
#[derive(Copy, Clone)]
struct Cursor {
    position: isize,
    done: usize,
    left_in_batch: usize,
    /// The dict's size when it was opened.
    size: usize,
    batch: Batch,
    standing: Standing,
    /// Whether the keys' table is shared with other dicts.
    shares_keys: bool,
    /// Whether the value of the noted entry is still to come.
    value_next: bool,
    /// `State::passages` when that value was seen to be no leaf and not in the memo.
    seen_at: Option<u64>,
}

impl Cursor {
    /// What tells how keys are held, and how values. A key in a table that is shared is counted
    /// once, however many dicts show it.
    fn containers(&self) -> (Container, Container) {
        let values = Container::memoized_first(self.standing.holding);
        let keys = if self.shares_keys {
            Container::Open
        } else {
            values
        };
        (keys, values)
    }
}

impl DictWork {
    /// Takes the rest of the open batch out of the dict.
    pub fn take_batch(&mut self, py: Python<'_>) {
        let c = &mut self.cursor;
        if self.ahead.is_some() || c.batch != Batch::Marked {
            return;
        }
        let dict = self.dict.bind(py);
        let mut rest = VecDeque::with_capacity(c.left_in_batch);
        while rest.len() < c.left_in_batch
            && let Some((key, value)) = next_entry(dict, &mut c.position)
        {
            rest.push_back((key.to_owned().unbind(), value.to_owned().unbind()));
        }
        self.ahead = Some(rest);
    }

    /// The key whose value is being saved, for the path of an error.
    pub fn note(&self, py: Python<'_>) -> Option<String> {
        match &self.entry {
            Some((key, _)) if !self.cursor.value_next => key_note("dict", key.bind(py)),
            _ => None,
        }
    }

    /// Notes the entry that is being saved.
    fn hold(&mut self, key: Borrowed<'_, '_, PyAny>, value: Borrowed<'_, '_, PyAny>) {
        self.entry = Some((key.to_owned().unbind(), value.to_owned().unbind()));
    }
}

impl State {
    fn dict_at(&mut self, at: usize) -> PyResult<&mut DictWork> {
        match self.stack.get_mut(at) {
            Some(Work::Dict(w)) => Ok(w),
            _ => Err(in_use()),
        }
    }
}

impl<'py> Walk<'py, '_> {
    /// Writes a dict as far as its keys and values are leaves, and puts it on the stack if more are
    /// left.
    pub fn open_dict(
        &mut self,
        obj: Borrowed<'_, 'py, PyAny>,
        standing: Standing,
    ) -> PyResult<Opened> {
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
            return Ok(Opened::Whole);
        }
        let mut c = Cursor {
            position: 0,
            done: 0,
            left_in_batch: 0,
            size,
            batch: Batch::Closed,
            standing,
            shares_keys: shares_keys(&dict),
            value_next: false,
            seen_at: None,
        };
        let mut end = EntriesEnd::Key;
        // What fits in one batch ends the same way on every release.
        if size < BATCH_SIZE && self.is_direct() {
            if !self.open_dict_batch(&mut c, size)? {
                return Ok(Opened::Whole);
            }
            let containers = c.containers();
            let (position, done) = (&mut c.position, &mut c.done);
            end = self.save_leaf_entries(&dict, position, done, size, containers)?;
            if end == EntriesEnd::Complete {
                encode::encode_opcode(&mut self.out, set_opcode(c.batch))?;
                self.leave_fast(&obj);
                return Ok(Opened::Whole);
            }
            c.left_in_batch -= c.done;
        }
        let mut w = DictWork {
            dict: dict.to_owned().unbind(),
            cursor: c,
            entry: None,
            ahead: None,
        };
        if end == EntriesEnd::Value
            && let Some((key, value)) = next_entry(&dict, &mut w.cursor.position)
        {
            w.hold(key, value);
            w.cursor.done += 1;
            w.cursor.left_in_batch -= 1;
            w.cursor.value_next = true;
            w.cursor.seen_at = Some(self.passages);
        }
        self.push(Work::Dict(w))?;
        Ok(Opened::Pushed)
    }

    /// Goes on with the dict on top of the stack.
    pub fn step_dict(&mut self) -> PyResult<()> {
        let at = self.stack.len().saturating_sub(1);
        let py = self.py;
        let sees_all = self.face == Face::Lean || !self.has_batches();
        let w = self.dict_at(at)?;
        let dict = w.dict.bind(py).clone();
        let c = w.cursor;
        if sees_all && dict.len() != c.size {
            // The error is no entry's, so none is told.
            w.cursor.value_next = true;
            return Err(PyRuntimeError::new_err(
                "dictionary changed size during iteration",
            ));
        }
        if c.value_next {
            w.cursor.value_next = false;
            if !self.save_noted_value(at, &c)? {
                return Ok(());
            }
        }
        if let Some((key, value)) = self.dict_at(at)?.entry.take() {
            self.release(key);
            self.release(value);
        }
        // A release may have run Python code, and so have taken the batch out.
        let w = self.dict_at(at)?;
        let mut c = w.cursor;
        let mut is_taken = w.ahead.is_some();
        let containers = c.containers();
        let last = c.done + MAX_STEP;
        loop {
            if c.done >= last {
                self.dict_at(at)?.cursor = c;
                return Ok(());
            }
            if c.batch == Batch::Closed && !self.open_dict_batch(&mut c, dict.len())? {
                break;
            }
            let mut ended = EntriesEnd::Key;
            if c.left_in_batch > 0 && is_taken {
                let w = self.dict_at(at)?;
                if let Some((key, value)) = w.ahead.as_mut().and_then(|a| a.pop_front()) {
                    c.done += 1;
                    c.left_in_batch -= 1;
                    w.cursor = Cursor {
                        value_next: true,
                        seen_at: None,
                        ..c
                    };
                    // One reference is the dict's, the other ours.
                    let alone = reference_count(key.bind(py).as_borrowed()) == 2;
                    let standing = c.standing.part_held(Holding::Shared, alone);
                    w.entry = Some((key.clone_ref(py), value));
                    return self.save(key, standing, true);
                }
            } else if c.left_in_batch > 0 && self.is_direct() {
                let end = c.done + c.left_in_batch;
                let (position, done) = (&mut c.position, &mut c.done);
                ended = self.save_leaf_entries(&dict, position, done, end, containers)?;
                c.left_in_batch = end - c.done;
            }
            // Nothing may be there: the dict may have lost entries.
            let rest = c.left_in_batch > 0 && !is_taken;
            let next = rest.then(|| next_entry(&dict, &mut c.position)).flatten();
            let Some((key, value)) = next else {
                if c.left_in_batch > 0 && !is_taken {
                    c.done = c.size;
                }
                encode::encode_opcode(&mut self.out, set_opcode(c.batch))?;
                c.batch = Batch::Closed;
                if is_taken {
                    self.dict_at(at)?.ahead = None;
                    is_taken = false;
                }
                continue;
            };
            c.left_in_batch -= 1;
            c.done += 1;
            if ended == EntriesEnd::Key {
                // Python code may run before the value's turn, so it is held until then.
                let w = self.dict_at(at)?;
                w.cursor = Cursor {
                    value_next: true,
                    seen_at: None,
                    ..c
                };
                let standing = c.standing.part(holding_of(containers.0, key));
                match self.open(key, exact(key), standing)? {
                    Opened::Whole => {}
                    Opened::Pushed => {
                        self.dict_at(at)?.hold(key, value);
                        return Ok(());
                    }
                    Opened::Closed => {
                        self.dict_at(at)?.hold(key, value);
                        return self.save(key.to_owned().unbind(), standing, true);
                    }
                }
                if self.save_leaf(value, exact(value), holding_of(containers.1, value))? {
                    continue;
                }
            }
            self.dict_at(at)?.cursor = c;
            let standing = c.standing.part(holding_of(containers.1, value));
            let opened = self.open(value, exact(value), standing);
            if matches!(opened, Ok(Opened::Whole)) {
                continue;
            }
            self.dict_at(at)?.hold(key, value);
            return match opened? {
                Opened::Whole | Opened::Pushed => Ok(()),
                Opened::Closed => self.save(value.to_owned().unbind(), standing, true),
            };
        }
        self.leave_fast(dict.as_any());
        drop(dict);
        if let Some(Work::Dict(w)) = self.stack.pop() {
            self.close(w.dict, c.standing.holding);
        }
        Ok(())
    }

    /// Saves the value of the noted entry, whose key is written; true when it is written whole.
    fn save_noted_value(&mut self, at: usize, c: &Cursor) -> PyResult<bool> {
        let py = self.py;
        let Some((_, value)) = &self.dict_at(at)?.entry else {
            return Ok(true);
        };
        let value = value.clone_ref(py);
        // Python code that ran meanwhile may hold the value, and may have saved it.
        if c.seen_at != Some(self.passages) {
            // One reference is the dict's, two are the entry's and ours.
            let alone = reference_count(value.bind(py).as_borrowed()) == 3;
            let standing = c.standing.part_held(Holding::Shared, alone);
            self.save(value, standing, true)?;
            return Ok(false);
        }
        let part = value.bind(py).as_borrowed();
        // Two references are the entry's and ours.
        let holding = match c.containers().1 {
            _ if reference_count(part) > 3 => Holding::Shared,
            Container::Temporary => Holding::Temporary,
            Container::Entered => Holding::Deferred,
            Container::Open => Holding::Shared,
        };
        let standing = c.standing.part(holding);
        match self.open(part, exact(part), standing)? {
            Opened::Whole => Ok(true),
            Opened::Pushed => Ok(false),
            Opened::Closed => {
                self.save(value, standing, true)?;
                Ok(false)
            }
        }
    }

    /// Begins the next batch; false when the dict is done.
    fn open_dict_batch(&mut self, c: &mut Cursor, len: usize) -> PyResult<bool> {
        let left = c.size - c.done;
        // The hookable face looks on after a full batch only.
        if len != c.size && self.has_batches() && c.done.is_multiple_of(BATCH_SIZE) {
            return Err(PyRuntimeError::new_err(
                "dictionary changed size during iteration",
            ));
        }
        if !self.has_batches() {
            c.left_in_batch = 1;
            c.batch = Batch::Single;
            return Ok(left > 0);
        }
        let marks_last = self.marks_last_of_batch()?;
        if left == 0 {
            if marks_last && c.size.is_multiple_of(BATCH_SIZE) {
                // There, a full last batch is followed by an empty one.
                self.out
                    .write([Opcode::MARK.code(), Opcode::SETITEMS.code()])?;
            }
            return Ok(false);
        }
        if left == 1 && (c.done == 0 || !marks_last) {
            c.left_in_batch = 1;
            c.batch = Batch::Single;
            return Ok(true);
        }
        encode::encode_opcode(&mut self.out, Opcode::MARK)?;
        c.left_in_batch = left.min(BATCH_SIZE);
        c.batch = Batch::Marked;
        Ok(true)
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
