//! The walk: an explicit work stack where recursion would be, and the questions asked of each
//! object in the order of the face.

use std::time::{Duration, Instant};

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::Borrowed;
use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;

use crate::error::Path;
use crate::fast::memo::{Holding, Mark};
use crate::fast::object::{Exact, exact, is_class, reference_count, takes_weak_references};
use crate::fast::recursion::RecursionLevel;
use crate::fast::signals::is_interrupted;
use crate::hooks::Walk;
use crate::interpreter::face::Face;
use crate::interpreter::imports::Imports;
use crate::save::work::{Standing, Work};

/// Steps between two looks at signals: often enough for Ctrl-C to feel immediate, since a step
/// writes at most `MAX_STEP` elements.
const STEPS_PER_SIGNAL_CHECK: u32 = 256;

/// Time between two passages of the gate for signals other than Ctrl-C. Whether one came can't be
/// asked without running its handler, and what is memoized by then has to be entered after it.
const TIME_PER_SIGNAL_CHECK: Duration = Duration::from_millis(250);

/// Elements that one step writes before others get their turn.
pub const MAX_STEP: usize = 4096;

/// What became of a part that was to be opened.
pub enum Opened {
    /// It is written whole.
    Whole,
    /// It is written in part; what is left to do is on the stack.
    Pushed,
    /// Nothing is written: the part is to be saved like any other object.
    Closed,
}

impl<'py> Walk<'py, '_> {
    /// Writes one whole pickle of `obj`, and hands it to the file.
    pub fn dump(&mut self, obj: &Bound<'py, PyAny>) -> PyResult<()> {
        self.refresh_hooks()?;
        let protocol = self.protocol;
        encode::encode_proto(&mut self.out, protocol)?;
        if protocol.is_framed() {
            self.out.start_framing()?;
        }
        self.save_whole(obj, true)?;
        encode::encode_opcode(&mut self.out, Opcode::STOP)?;
        self.out.end_framing()?;
        self.flush()
    }

    /// Saves `obj` and everything it holds; a hook's `save` nests this in the walk under way.
    pub fn save_whole(&mut self, obj: &Bound<'py, PyAny>, ask: bool) -> PyResult<()> {
        let _level = RecursionLevel::enter(self.py)?;
        let base = self.stack.len();
        self.depth += 1;
        let standing = Standing::new(Holding::Shared, 0);
        let result = self
            .save(obj.clone().unbind(), standing, ask)
            .and_then(|()| self.work_off(base));
        let result = result.map_err(|error| self.unwind(base, error));
        self.depth = self.depth.saturating_sub(1);
        result
    }

    fn work_off(&mut self, base: usize) -> PyResult<()> {
        let mut steps = 0;
        let mut checked = None;
        while self.stack.len() > base {
            steps += 1;
            if steps == STEPS_PER_SIGNAL_CHECK {
                steps = 0;
                self.check_signals(&mut checked)?;
            }
            self.batches_taken = self.batches_taken.min(self.stack.len() - 1);
            // The hot ones stay on the stack while they go on.
            match self.stack.last() {
                Some(Work::List(_)) => self.step_list()?,
                Some(Work::Tuple(_)) => self.step_tuple()?,
                Some(Work::Dict(_)) => self.step_dict()?,
                Some(Work::Set(_)) => self.step_set()?,
                Some(Work::Reduce(_)) => self.step_reduce(false)?,
                _ => self.step_other()?,
            }
        }
        Ok(())
    }

    fn step_other(&mut self) -> PyResult<()> {
        match self.stack.pop() {
            None
            | Some(
                Work::List(_) | Work::Tuple(_) | Work::Dict(_) | Work::Set(_) | Work::Reduce(_),
            ) => Ok(()),
            Some(Work::ListItems(w)) => self.step_list_items(w),
            Some(Work::DictItems(w)) => self.step_dict_items(w),
            Some(Work::StackGlobal { obj, name }) => self.step_stack_global(obj, name),
            Some(Work::AttributeChain(w)) => self.step_attribute_chain(w),
            Some(Work::Memoize(obj)) => {
                self.memoize(obj.bind(self.py), Holding::Shared)?;
                self.release(obj);
                Ok(())
            }
            Some(Work::Build { obj, holding }) => self.finish_instance(obj, holding),
            Some(Work::PersistentId) => encode::encode_opcode(&mut self.out, Opcode::BINPERSID),
        }
    }

    /// Lets the handlers of signals run: that of Ctrl-C when it was pressed, others now and then.
    fn check_signals(&mut self, checked: &mut Option<Instant>) -> PyResult<()> {
        let now = Instant::now();
        let since = *checked.get_or_insert(now);
        if is_interrupted(self.py) || now.duration_since(since) >= TIME_PER_SIGNAL_CHECK {
            *checked = Some(now);
            self.leave(|py| py.check_signals())?;
        }
        Ok(())
    }

    /// Takes this walk's items off the stack, and tells the error the path they stand for.
    #[cold]
    fn unwind(&mut self, base: usize, error: PyErr) -> PyErr {
        self.fast_path.clear();
        let mut path = Path::default();
        // Telling it takes memory.
        let tells = !error.is_instance_of::<PyMemoryError>(self.py);
        // One by one, in place: there may be no memory for another stack.
        while self.stack.len() > base
            && let Some(work) = self.stack.pop()
        {
            let told = self.leave(|py| {
                if tells {
                    path.extend(work.notes(py));
                }
                drop(work);
                Ok(())
            });
            if let Err(lost) = told {
                return lost;
            }
        }
        let told = self.leave(|py| {
            path.tell(py, &error);
            Ok(())
        });
        told.err().unwrap_or(error)
    }

    /// Gives the object the next index and writes the opcode, unless in `fast` mode.
    #[inline(always)]
    pub fn memoize(&mut self, obj: &Bound<'py, PyAny>, holding: Holding) -> PyResult<()> {
        if self.fast {
            return Ok(());
        }
        let index = self.memo.memoize(obj.as_borrowed(), holding)?;
        self.put(index)
    }

    /// As `memoize`, for an object that Python code has seen.
    pub fn memoize_owned(&mut self, obj: &Bound<'py, PyAny>) -> PyResult<()> {
        if self.fast {
            return Ok(());
        }
        let index = self.memo.memoize_owned(obj.as_borrowed())?;
        self.put(index)
    }

    /// Writes the PUT for an index, or MEMOIZE.
    #[inline(always)]
    fn put(&mut self, index: usize) -> PyResult<()> {
        let s = &mut **self;
        let form = if s.protocol.is_framed() {
            s.protocol
        } else {
            s.form()
        };
        encode::encode_put(&mut s.out, form, index)
    }

    /// Writes a GET if the object was memoized.
    pub fn save_memoized(&mut self, obj: &Bound<'py, PyAny>) -> PyResult<bool> {
        let Some(index) = self.memo.get(obj.as_borrowed())? else {
            return Ok(false);
        };
        self.get(index)?;
        Ok(true)
    }

    /// Writes the GET for an index.
    pub fn get(&mut self, index: usize) -> PyResult<()> {
        let form = self.form();
        encode::encode_get(&mut self.out, form, index)
    }

    /// Commits a full frame, and hands it to the file where there is one.
    pub fn next_frame(&mut self) -> PyResult<()> {
        self.out.commit_frame();
        if self.write.is_some() {
            self.flush()?;
        }
        self.out.open_frame()
    }

    /// Opens a part of a container that is no leaf, if it is a container of an exact type and nobody
    /// has to be asked about it.
    #[inline(always)]
    pub fn open(
        &mut self,
        part: Borrowed<'_, 'py, PyAny>,
        kind: Exact,
        standing: Standing,
    ) -> PyResult<Opened> {
        // Whoever looked for a leaf has seen by now that it is not in the memo, under these same
        // conditions.
        if !self.is_direct() || self.out.is_frame_full() {
            return Ok(Opened::Closed);
        }
        match kind {
            Exact::Dict => self.open_dict(part, standing),
            Exact::List => self.open_list(part, standing),
            Exact::Tuple => self.open_tuple(part, standing),
            _ => Ok(Opened::Closed),
        }
    }

    /// Whether a last batch of one element, or none, is written like any other: the C class does up
    /// to 3.14.
    pub fn marks_last_of_batch(&self) -> PyResult<bool> {
        Ok(self.face == Face::Lean && Imports::get(self.py)?.behaviour.lean_marks_last_of_batch)
    }

    /// Saves any object: asks what the face asks, in its order, and opens what has parts.
    pub fn save(&mut self, obj: Py<PyAny>, standing: Standing, ask: bool) -> PyResult<()> {
        let bound = obj.into_bound(self.py);
        let passages = self.passages;
        let result = self.save_bound(&bound, standing, ask);
        self.end_saving(bound.unbind(), standing.holding, passages);
        result
    }

    /// Releases the walk's own reference to an object that it began to save when the gate had been
    /// passed so often.
    pub fn end_saving(&mut self, obj: Py<PyAny>, holding: Holding, passages: u64) {
        let shared = holding == Holding::Shared || self.passages != passages;
        if shared && reference_count(obj.bind(self.py).as_borrowed()) <= 2 {
            // Without this reference one holder is left. The memo's own keeps the count from
            // saying that the object was never met.
            self.memo.claim();
        }
        // What was memoized here may have no other holder than this reference.
        self.release(obj);
    }

    fn save_bound(
        &mut self,
        bound: &Bound<'py, PyAny>,
        mut standing: Standing,
        ask: bool,
    ) -> PyResult<()> {
        let passages = self.passages;
        if self.out.is_frame_full() {
            self.next_frame()?;
        }
        if self.face == Face::Hookable {
            self.refresh_hooks()?;
        }
        if ask {
            if self.save_persistent(bound, standing)? {
                return Ok(());
            }
        } else {
            self.ask_again(bound)?;
        }
        let kind = exact(bound.as_borrowed());
        let met = self.memo.mark();
        if self.face == Face::Lean && self.save_atom(bound, kind)? {
            return Ok(());
        }
        if (standing.holding == Holding::Shared || self.passages != passages)
            && self.save_memoized(bound)?
        {
            return Ok(());
        }
        if self.face == Face::Hookable {
            if self.ask_reducer_override(bound, standing, met)? {
                return Ok(());
            }
            if self.save_atom(bound, kind)? {
                return Ok(());
            }
        }
        if self.passages != passages {
            standing = standing.seen();
        }
        // Whoever holds a weak reference can hand even a temporary over again. The exact types up to
        // here take none, but for sets.
        if standing.holding == Holding::Temporary
            && matches!(kind, Exact::Set | Exact::FrozenSet | Exact::Other)
            && takes_weak_references(bound.as_borrowed())
        {
            standing = standing.seen();
        }
        match kind {
            Exact::Str => self.save_str(bound, standing),
            Exact::Bytes => self.save_bytes(bound, standing),
            Exact::Dict => self.open_dict(bound.as_borrowed(), standing).map(drop),
            Exact::Set => self.save_set(bound.clone(), false, standing),
            Exact::FrozenSet => self.save_set(bound.clone(), true, standing),
            Exact::List => self.open_list(bound.as_borrowed(), standing).map(drop),
            Exact::Tuple => self.open_tuple(bound.as_borrowed(), standing).map(drop),
            Exact::ByteArray => self.save_bytearray(bound, standing),
            _ => self.save_other(bound, kind, standing, met),
        }
    }

    fn save_other(
        &mut self,
        obj: &Bound<'py, PyAny>,
        kind: Exact,
        mut standing: Standing,
        met: Mark,
    ) -> PyResult<()> {
        let imports = Imports::get(self.py)?;
        let passages = self.passages;
        let class = obj.get_type();
        if class.is(&imports.buffer_type) {
            return self.save_picklebuffer(obj);
        }
        if self.face == Face::Lean && self.ask_reducer_override(obj, standing, met)? {
            return Ok(());
        }
        if kind == Exact::Type {
            return self.save_type(obj, standing);
        }
        if class.is(&imports.function_type) {
            return self.save_global(obj, None, standing);
        }
        let reducer = self.find_reducer(&class)?;
        if self.passages != passages {
            standing = standing.seen();
        }
        let value = match reducer {
            Some(reducer) => self.leave(|_| reducer.call1((obj,)))?,
            None if is_class(obj.as_borrowed()) => return self.save_global(obj, None, standing),
            None => match self.plans.take_plan_of(obj.as_borrowed()) {
                Some(plan) => {
                    let value = self.value_of_plan(obj, &plan.kind, standing)?;
                    self.plans.give_back(obj.as_borrowed(), plan);
                    match value {
                        Some(value) => value,
                        None => return Ok(()),
                    }
                }
                None => {
                    let value = self.call_reduce(obj)?;
                    self.consider_plan(obj, &value)?;
                    value
                }
            },
        };
        self.save_reduce_value(obj, value, standing, met)
    }

    /// Puts a work item on the stack.
    ///
    /// # Errors
    /// MemoryError.
    #[inline(always)]
    pub fn push(&mut self, work: Work) -> PyResult<()> {
        if self.stack.len() == self.stack.capacity() {
            let more = self.stack.len().max(16);
            let reserved = self.stack.try_reserve(more);
            reserved.map_err(|_| PyMemoryError::new_err(()))?;
        }
        self.stack.push(work);
        Ok(())
    }
}
