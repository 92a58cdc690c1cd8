//! Exact sets and frozensets.

use std::collections::VecDeque;

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::fast::fresh;
use crate::fast::memo::Holding;
use crate::fast::object::{exact, is_held_once, reference_count};
use crate::fast::set::{len, next_element};
use crate::hooks::{Walk, in_use};
use crate::interpreter::face::Face;
use crate::interpreter::imports::Imports;
use crate::save::leaf::{Container, holding_of};
use crate::save::state::State;
use crate::save::walk::{MAX_STEP, Opened};
use crate::save::work::{BATCH_SIZE, Batch, Standing, Work};

/// An open set or frozenset.
pub struct SetWork {
    set: Py<PyAny>,
    cursor: Cursor,
    /// The rest of the open batch, if it was taken out of the set.
    ahead: Option<VecDeque<Py<PyAny>>>,
}

/// Where an open set is.
#[derive(Copy, Clone)]
struct Cursor {
    frozen: bool,
    position: isize,
    done: usize,
    left_in_batch: usize,
    /// The set's size when it was opened.
    size: usize,
    batch: Batch,
    standing: Standing,
    /// `State::passages` when it was opened.
    passages: u64,
}

impl Cursor {
    fn container(&self) -> Container {
        if self.frozen {
            Container::memoized_last(self.standing.holding)
        } else {
            Container::memoized_first(self.standing.holding)
        }
    }
}

impl SetWork {
    /// Takes the rest of the open batch out of the set. A frozenset can't change.
    pub fn take_batch(&mut self, py: Python<'_>) {
        let c = &mut self.cursor;
        if self.ahead.is_some() || c.batch != Batch::Marked || c.frozen {
            return;
        }
        let set = self.set.bind(py).as_borrowed();
        let mut rest = VecDeque::with_capacity(c.left_in_batch);
        while rest.len() < c.left_in_batch
            && let Some(item) = next_element(set, &mut c.position)
        {
            rest.push_back(item.to_owned().unbind());
        }
        self.ahead = Some(rest);
    }

    /// For the path of an error.
    pub fn note(&self) -> String {
        let kind = if self.cursor.frozen {
            "frozenset"
        } else {
            "set"
        };
        format!("when serializing {kind} element")
    }
}

impl State {
    fn set_at(&mut self, at: usize) -> PyResult<&mut SetWork> {
        match self.stack.get_mut(at) {
            Some(Work::Set(w)) => Ok(w),
            _ => Err(in_use()),
        }
    }
}

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
            let items = fresh::list(py)?;
            let mut position = 0;
            while let Some(item) = next_element(obj.as_borrowed(), &mut position) {
                items.append(item)?;
            }
            let args = PyTuple::new(py, [items])?;
            let value = PyTuple::new(py, [class.bind(py).as_any(), args.as_any()])?;
            drop(args);
            return self.save_reduce(Some(&obj), value.into_any(), standing, None);
        }
        let chain = self.deepen(standing)?;
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
            chain.max(standing.chain)
        } else {
            chain
        };
        let mut c = Cursor {
            frozen,
            position: 0,
            done: 0,
            left_in_batch: if frozen { usize::MAX } else { 0 },
            size,
            batch: if frozen { Batch::Marked } else { Batch::Closed },
            standing: Standing { chain, ..standing },
            passages: self.passages,
        };
        // What fits in one batch ends the same way on every release.
        if size < BATCH_SIZE && self.is_direct() && (frozen || self.open_set_batch(&mut c, size)?) {
            let container = c.container();
            let (position, done) = (&mut c.position, &mut c.done);
            self.save_leaf_elements(obj.as_borrowed(), position, done, container)?;
            c.left_in_batch -= c.done;
            if c.done == size {
                return if frozen {
                    self.close_frozenset(&obj, standing.holding)
                } else {
                    encode::encode_opcode(&mut self.out, Opcode::ADDITEMS)
                };
            }
        }
        self.push(Work::Set(SetWork {
            set: obj.unbind(),
            cursor: c,
            ahead: None,
        }))
    }

    /// Goes on with the set on top of the stack.
    pub fn step_set(&mut self) -> PyResult<()> {
        let at = self.stack.len().saturating_sub(1);
        let py = self.py;
        let w = self.set_at(at)?;
        let set = w.set.bind(py).clone();
        let mut c = w.cursor;
        let mut is_taken = w.ahead.is_some();
        if self.face == Face::Lean && len(set.as_borrowed()) != c.size {
            return Err(PyRuntimeError::new_err("set changed size during iteration"));
        }
        let container = c.container();
        let last = c.done + MAX_STEP;
        loop {
            if c.done >= last {
                self.set_at(at)?.cursor = c;
                return Ok(());
            }
            let size = len(set.as_borrowed());
            if c.batch == Batch::Closed && !self.open_set_batch(&mut c, size)? {
                break;
            }
            if c.left_in_batch > 0 && is_taken {
                let w = self.set_at(at)?;
                if let Some(item) = w.ahead.as_mut().and_then(|ahead| ahead.pop_front()) {
                    c.done += 1;
                    c.left_in_batch -= 1;
                    w.cursor = c;
                    // One reference is the set's, the other ours.
                    let alone = reference_count(item.bind(py).as_borrowed()) == 2;
                    let standing = c.standing.part_held(Holding::Shared, alone);
                    return self.save(item, standing, true);
                }
            }
            let rest = c.left_in_batch > 0 && !is_taken;
            let next = rest.then(|| next_element(set.as_borrowed(), &mut c.position));
            let Some(item) = next.flatten() else {
                if c.frozen {
                    if c.standing.holding == Holding::Deferred && c.passages != self.passages {
                        self.close_seen_frozenset(&set)?;
                    } else {
                        self.close_frozenset(&set, c.standing.holding)?;
                    }
                    break;
                }
                encode::encode_opcode(&mut self.out, Opcode::ADDITEMS)?;
                c.batch = Batch::Closed;
                if is_taken {
                    self.set_at(at)?.ahead = None;
                    is_taken = false;
                }
                continue;
            };
            c.done += 1;
            c.left_in_batch -= 1;
            let holding = holding_of(container, item);
            let standing = c.standing.part_held(holding, is_held_once(item));
            if self.save_leaf(item, exact(item), standing.holding)? {
                continue;
            }
            self.set_at(at)?.cursor = c;
            match self.open(item, exact(item), standing)? {
                Opened::Whole => {}
                Opened::Pushed => return Ok(()),
                Opened::Closed => return self.save(item.to_owned().unbind(), standing, true),
            }
        }
        drop(set);
        if let Some(Work::Set(w)) = self.stack.pop() {
            self.close(w.set, c.standing.holding);
        }
        Ok(())
    }

    /// Begins the next batch of a set; false when it is done.
    fn open_set_batch(&mut self, c: &mut Cursor, len: usize) -> PyResult<bool> {
        let left = c.size.saturating_sub(c.done);
        // The hookable face looks on after a full batch only.
        if len != c.size && c.done.is_multiple_of(BATCH_SIZE) {
            return Err(PyRuntimeError::new_err("Set changed size during iteration"));
        }
        if left == 0 {
            if self.marks_last_of_batch()? && c.size.is_multiple_of(BATCH_SIZE) {
                // There, a full last batch is followed by an empty one.
                self.out
                    .write([Opcode::MARK.code(), Opcode::ADDITEMS.code()])?;
            }
            return Ok(false);
        }
        encode::encode_opcode(&mut self.out, Opcode::MARK)?;
        c.left_in_batch = left.min(BATCH_SIZE);
        c.batch = Batch::Marked;
        Ok(true)
    }

    /// Makes the frozenset of what was written, and memoizes it; or fetches it, where it was saved
    /// on the way.
    fn close_frozenset(&mut self, set: &Bound<'py, PyAny>, holding: Holding) -> PyResult<()> {
        if holding == Holding::Shared
            && let Some(index) = self.memo.get(set.as_borrowed())?
        {
            // A recursive frozenset: what was written is thrown away.
            encode::encode_opcode(&mut self.out, Opcode::POP_MARK)?;
            return self.get(index);
        }
        encode::encode_opcode(&mut self.out, Opcode::FROZENSET)?;
        self.memoize(set, holding)
    }

    /// As `close_frozenset`, where Python code has run since a frozenset was opened that only one
    /// container held.
    fn close_seen_frozenset(&mut self, set: &Bound<'py, PyAny>) -> PyResult<()> {
        // Had it been met again, whoever handed it over or the memo would hold it, besides its
        // container, the item on the stack and the caller.
        if reference_count(set.as_borrowed()) > 3 {
            return self.close_frozenset(set, Holding::Shared);
        }
        encode::encode_opcode(&mut self.out, Opcode::FROZENSET)?;
        self.memoize_owned(set)
    }
}
