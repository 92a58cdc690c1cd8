//! Exact sets and frozensets.

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::fast::memo::Holding;
use crate::fast::object::{exact, is_held_once, reference_count};
use crate::fast::set::{len, next_element};
use crate::hooks::Walk;
use crate::imports::Imports;
use crate::save::scalar::{Container, holding_of};
use crate::save::sequence::BATCH_SIZE;
use crate::save::state::Face;
use crate::save::walk::MAX_STEP;
use crate::save::work::{Batch, SetWork, Standing, Work};

impl<'py> Walk<'py, '_> {
    pub fn save_set(
        &mut self,
        obj: Bound<'py, PyAny>,
        frozen: bool,
        standing: Standing,
    ) -> PyResult<()> {
        let py = self.py;
        if !self.protocol.is_framed() {
            let imports = Imports::get(py)?;
            let class = if frozen {
                &imports.frozenset_type
            } else {
                &imports.set_type
            };
            self.before_allocating();
            let items = PyList::empty(py);
            let mut position = 0;
            while let Some(item) = next_element(obj.as_borrowed(), &mut position) {
                items.append(item)?;
            }
            let args = PyTuple::new(py, [items])?;
            let value = PyTuple::new(py, [class.bind(py).as_any(), args.as_any()])?;
            drop(args);
            return self.save_reduce(Some(&obj), value.into_any(), standing, false);
        }
        let deeper = self.deepen(standing)?;
        let size = len(obj.as_borrowed());
        if frozen {
            encode::encode_opcode(&mut self.out, Opcode::MARK)?;
        } else {
            encode::encode_opcode(&mut self.out, Opcode::EMPTY_SET)?;
            self.memoize(&obj, standing.holding)?;
            if size == 0 {
                return Ok(());
            }
        }
        // In `fast` mode a set is not looked for on the path, so it ends no chain.
        let chain = if frozen || self.fast {
            deeper.chain.max(standing.chain)
        } else {
            deeper.chain
        };
        let passages = self.passages;
        self.push(Work::Set(SetWork {
            set: obj.unbind(),
            frozen,
            position: 0,
            done: 0,
            left_in_batch: if frozen { usize::MAX } else { 0 },
            batch: if frozen { Batch::Marked } else { Batch::Closed },
            size,
            passages,
            ahead: None,
            standing: Standing { chain, ..standing },
        }))?;
        Ok(())
    }

    pub fn step_set(&mut self, mut w: SetWork) -> PyResult<()> {
        let set = w.set.bind(self.py).clone();
        if self.face == Face::Lean && len(set.as_borrowed()) != w.size {
            self.push(Work::Set(w))?;
            return Err(PyRuntimeError::new_err("set changed size during iteration"));
        }
        let mut turns = 0;
        let container = if w.frozen {
            Container::memoized_last(w.standing.holding)
        } else {
            Container::memoized_first(w.standing.holding)
        };
        loop {
            if turns == MAX_STEP {
                self.push(Work::Set(w))?;
                return Ok(());
            }
            turns += 1;
            if w.batch == Batch::Closed && !self.open_set_batch(&mut w)? {
                break;
            }
            if let Some(ahead) = &mut w.ahead
                && let Some(item) = ahead.pop_front()
            {
                w.done += 1;
                w.left_in_batch -= 1;
                // One reference is the set's, the other ours.
                let alone = reference_count(item.bind(self.py).as_borrowed()) == 2;
                let standing = w.standing.part_held(Holding::Shared, alone);
                self.push(Work::Set(w))?;
                return self.save(item, standing, true);
            }
            let item = if w.left_in_batch == 0 || w.ahead.is_some() {
                None
            } else {
                next_element(set.as_borrowed(), &mut w.position)
            };
            let Some(item) = item else {
                if w.frozen {
                    self.close_frozenset(&set, &w)?;
                    break;
                }
                w.batch = Batch::Closed;
                w.ahead = None;
                encode::encode_opcode(&mut self.out, Opcode::ADDITEMS)?;
                continue;
            };
            w.done += 1;
            w.left_in_batch -= 1;
            let kind = exact(item);
            match self.save_leaf(item, kind, container) {
                Ok(true) => {}
                Ok(false) => {
                    let holding = holding_of(container, item);
                    let standing = w.standing.part_held(holding, is_held_once(item));
                    self.push(Work::Set(w))?;
                    return self.descend(item, kind, standing);
                }
                Err(error) => {
                    self.push(Work::Set(w))?;
                    return Err(error);
                }
            }
        }
        drop(set);
        self.close(w.set, w.standing.holding);
        Ok(())
    }

    /// Begins the next batch of a set; false when it is done.
    fn open_set_batch(&mut self, w: &mut SetWork) -> PyResult<bool> {
        let left = w.size.saturating_sub(w.done);
        let changed = len(w.set.bind(self.py).as_borrowed()) != w.size;
        // The hookable face looks on after a full batch only.
        if changed && w.done.is_multiple_of(BATCH_SIZE) {
            return Err(PyRuntimeError::new_err("Set changed size during iteration"));
        }
        let old_lean =
            self.face == Face::Lean && Imports::get(self.py)?.behaviour.lean_marks_last_of_batch;
        if left == 0 {
            if old_lean && w.size.is_multiple_of(BATCH_SIZE) {
                // There, a full last batch is followed by an empty one.
                self.out
                    .write([Opcode::MARK.code(), Opcode::ADDITEMS.code()])?;
            }
            return Ok(false);
        }
        encode::encode_opcode(&mut self.out, Opcode::MARK)?;
        w.left_in_batch = left.min(BATCH_SIZE);
        w.batch = Batch::Marked;
        Ok(true)
    }

    fn close_frozenset(&mut self, set: &Bound<'py, PyAny>, w: &SetWork) -> PyResult<()> {
        let mut holding = w.standing.holding;
        if holding == Holding::Deferred && self.passages != w.passages {
            holding = Holding::Shared;
        }
        if holding == Holding::Shared
            && let Some(index) = self.memo.get(set.as_borrowed())?
        {
            // A recursive frozenset was saved on the way: what was written is thrown away.
            encode::encode_opcode(&mut self.out, Opcode::POP_MARK)?;
            return self.get(index);
        }
        encode::encode_opcode(&mut self.out, Opcode::FROZENSET)?;
        self.memoize(set, holding)
    }
}
