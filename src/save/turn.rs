//! The loop: an explicit work stack where recursion would be. It alone saves, asks and calls; what the
//! steps of the work want is told by `Step` and `Next`.

use std::time::{Duration, Instant};

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyTuple};

use crate::error::{Path, settled};
use crate::fast::fresh;
use crate::fast::held::Held;
use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::recursion::RecursionLevel;
use crate::fast::signals::is_interrupted;
use crate::fast::view::View;
use crate::interpreter::face::Face;
use crate::save::containers::batch::{Batched, Items, Opener, Opening, Step};
use crate::save::fault::Fault;
use crate::save::instances::instance::{Planned, open_instance};
use crate::save::instances::plan::Plain;
use crate::save::next::Next;
use crate::save::path::{notes, number_of_notes};
use crate::save::reduce::dict_items::{ReducedEntries, as_pair};
use crate::save::reduce::list_items::ReducedItems;
use crate::save::reduce::taken::Taken;
use crate::save::standing::Standing;
use crate::save::state::State;
use crate::save::walk::Walk;
use crate::save::work::Work;

/// Steps between two looks at signals: often enough for Ctrl-C to feel immediate, since a step
/// writes at most `MAX_STEP` elements.
const STEPS_PER_SIGNAL_CHECK: u32 = 256;

/// Time between two passages of the gate for signals other than Ctrl-C. Whether one came can't be
/// asked without running its handler, and what is memoized by then has to be entered after it.
const TIME_PER_SIGNAL_CHECK: Duration = Duration::from_millis(250);

/// Where the quiet steps of a walk end.
enum Pause {
    /// The stack is worked off.
    Done,
    /// Signals are to be looked for.
    Signals,
    /// A part is to be saved: somebody has to be asked about it. It was looked up in the memo if so said.
    Save(Held, Standing, bool),
    /// A reference is to be given up that may be the last one.
    Release(Held),
    /// The work on top is done, and holds what may be a last reference.
    Ended,
    /// The work on top is no container: it is to be finished.
    Finish,
    /// The items on top need more from their iterator.
    Advance,
    /// Items of the reduce value on top are to be begun.
    Iterate(Items, Held, Standing),
}

impl Walk<'_, '_> {
    /// Writes one whole pickle of `obj`, and hands it to the file.
    ///
    /// # Errors
    /// What hooks, methods and the file raise; PicklingError for what can't be pickled.
    pub fn dump(&mut self, obj: &Held) -> PyResult<()> {
        self.refresh_hooks()?;
        self.write(|w, _| {
            encode::encode_proto(&mut w.out, w.protocol)?;
            if w.protocol.is_framed() {
                w.out.start_framing()?;
            }
            Ok(())
        })?;
        self.save_whole(obj, true)?;
        self.write(|w, _| {
            w.opcode(Opcode::STOP)?;
            Ok(w.out.end_framing()?)
        })?;
        self.flush()
    }

    /// Saves `obj` and everything it holds; a hook's `save` nests this in the walk under way.
    ///
    /// # Errors
    /// As for `dump`; RecursionError where hooks nest too deep.
    pub fn save_whole(&mut self, obj: &Held, asks_id: bool) -> PyResult<()> {
        let _level = self.call_in_c(RecursionLevel::enter)?;
        let base = self.state().stack.len();
        self.state_mut().depth += 1;
        let first = obj.again(self.quiet());
        let standing = Standing::new(Holding::Shared, 0);
        let next = if asks_id {
            Next::Save(first, standing)
        } else {
            Next::SaveId(first, standing)
        };
        let result = self.work_off(base, next);
        let result = result.map_err(|error| self.unwind(base, error));
        let state = self.state_mut();
        state.depth = state.depth.saturating_sub(1);
        result
    }

    fn work_off(&mut self, base: usize, mut next: Next) -> PyResult<()> {
        let mut steps = STEPS_PER_SIGNAL_CHECK;
        let mut checked = None;
        loop {
            next = match next {
                Next::Save(obj, standing) => self.save(obj, standing, true, false)?,
                Next::SaveId(obj, standing) => self.save(obj, standing, false, false)?,
                Next::Step => {
                    let imports = self.imports;
                    let (state, quiet) = self.split();
                    let table = View::of(&imports.dispatch_table, quiet);
                    let pause = step_quietly(state, base, &mut steps, table, quiet);
                    match self.checked(pause)? {
                        Pause::Done => return Ok(()),
                        Pause::Save(obj, standing, is_new) => {
                            self.save(obj, standing, true, is_new)?
                        }
                        Pause::Signals => {
                            steps = STEPS_PER_SIGNAL_CHECK;
                            self.check_signals(&mut checked)?;
                            Next::Step
                        }
                        Pause::Release(held) => {
                            self.release([Some(held)]);
                            Next::Step
                        }
                        Pause::Ended => {
                            if let Some(work) = self.state_mut().stack.pop() {
                                self.end(work);
                            }
                            Next::Step
                        }
                        Pause::Finish => self.finish()?,
                        Pause::Advance => self.advance()?,
                        Pause::Iterate(kind, items, inside) => self.iterate(kind, items, inside)?,
                    }
                }
            };
        }
    }

    /// Finishes the work on top of the stack.
    fn finish(&mut self) -> PyResult<Next> {
        match self.state_mut().stack.pop() {
            Some(Work::StackGlobal { obj, name }) => self.step_stack_global(obj, name),
            Some(Work::AttributeChain(chain)) => self.step_attribute_chain(chain),
            Some(Work::Memoize(obj)) => {
                self.write(|w, quiet| w.memoize(obj.view(quiet), Holding::Shared))?;
                self.release([Some(obj)]);
                Ok(Next::Step)
            }
            Some(Work::Build { obj, holding }) => {
                self.write(|w, quiet| {
                    w.opcode(Opcode::BUILD)?;
                    w.close(obj.view(quiet), holding);
                    Ok(())
                })?;
                self.release([Some(obj)]);
                Ok(Next::Step)
            }
            Some(Work::PersistentId) => {
                self.write(|w, _| w.opcode(Opcode::BINPERSID))?;
                Ok(Next::Step)
            }
            _ => Ok(Next::Step),
        }
    }

    /// Gives up what a work item held that is done.
    fn end(&mut self, work: Work) {
        match work {
            Work::Reduce(reduce) => {
                let (state, quiet) = self.split();
                if reduce.met.is_some() {
                    // The value may lie in the graph too, where one holder is left of parts that were met
                    // as shared. The memo's own reference keeps the count from saying that they were never
                    // met.
                    state.writer.memo.claim();
                }
                if let Some(obj) = &reduce.obj {
                    state.writer.close(obj.view(quiet), reduce.held);
                }
                self.release([
                    reduce.arguments,
                    reduce.function,
                    reduce.obj,
                    Some(reduce.value),
                ]);
            }
            // Pairs may lie in the graph too, where one holder is left of what they hold.
            Work::ListItems(items) => {
                self.writer().memo.claim();
                let taken = items.elements.taken;
                self.release([Some(taken.iterator), taken.owner]);
            }
            Work::DictItems(items) => {
                self.writer().memo.claim();
                let taken = items.elements.taken;
                self.release([Some(taken.iterator), taken.owner]);
            }
            Work::List(w) => self.release([Some(w.elements.into_container())]),
            Work::Tuple(w) => self.release([Some(w.elements.into_container())]),
            Work::Dict(w) => self.release([Some(w.elements.into_container())]),
            Work::Set(w) => self.release([Some(w.elements.into_container())]),
            Work::FrozenSet(w) => self.release([Some(w.elements.into_container())]),
            _ => {}
        }
    }

    /// Begins with the items of a reduce value: the lean face takes the iterator as it is, the hookable face
    /// takes any iterable.
    fn iterate(&mut self, kind: Items, items: Held, inside: Standing) -> PyResult<Next> {
        let writer = self.writer();
        let (face, has_batches) = (writer.face, writer.has_batches());
        let iterator = match face {
            Face::Lean => items,
            Face::Hookable => self.leave(|py| Ok(items.into_bound(py).try_iter()?.into()))?,
        };
        let asks = face == Face::Hookable
            && has_batches
            && self.imports.behaviour.hookable_asks_past_the_end;
        let quiet = self.quiet();
        let owner = match self.state().stack.last() {
            Some(Work::Reduce(reduce)) => reduce.obj.as_ref().map(|obj| obj.again(quiet)),
            _ => None,
        };
        let taken = Taken::new(iterator, owner, inside, asks);
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
    fn advance(&mut self) -> PyResult<Next> {
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

    /// Lets the handlers of signals run: that of Ctrl-C when it was pressed, others now and then.
    fn check_signals(&mut self, checked: &mut Option<Instant>) -> PyResult<()> {
        let now = Instant::now();
        let since = *checked.get_or_insert(now);
        let is_interrupted = self.call_in_c(|py| Ok(is_interrupted(py)))?;
        if is_interrupted || now.duration_since(since) >= TIME_PER_SIGNAL_CHECK {
            *checked = Some(now);
            self.leave(|py| py.check_signals())?;
        }
        Ok(())
    }

    /// Takes this walk's items off the stack, and tells the error the path they stand for.
    #[cold]
    fn unwind(&mut self, base: usize, error: PyErr) -> PyErr {
        self.writer().fast_path.clear();
        let settled = self.leave(|py| {
            let error = settled(py, error);
            // Telling the path takes memory.
            let tells = !error.is_instance_of::<pyo3::exceptions::PyMemoryError>(py);
            Ok((error, tells))
        });
        let (error, tells) = match settled {
            Ok(settled) => settled,
            Err(lost) => return lost,
        };
        let items = self.state().stack.get(base..).unwrap_or_default();
        let mut path = Path::of(items.iter().map(number_of_notes).sum());
        // One by one, in place: there may be no memory for another stack.
        while self.state().stack.len() > base
            && let Some(work) = self.state_mut().stack.pop()
        {
            let told = self.leave(|py| {
                if tells {
                    path.add(number_of_notes(&work), || notes(&work, py));
                }
                Ok(())
            });
            self.end(work);
            if let Err(lost) = told {
                return lost;
            }
        }
        match self.leave(|py| Ok(path.tell(py, error))) {
            Ok(error) | Err(error) => error,
        }
    }

    /// Opens a plain instance by its class's plan; None where it has to be asked.
    ///
    /// # Errors
    /// What writing fails with.
    pub fn open_instance(
        &mut self,
        obj: &Held,
        plain: &Plain,
        standing: Standing,
    ) -> PyResult<Option<Next>> {
        let (state, quiet) = self.split();
        let opened = open_plain(state, obj.view(quiet), plain, standing, quiet);
        Ok(self.checked(opened)?.map(|state| match state {
            Some((part, standing)) => Next::Save(part, standing),
            None => Next::Step,
        }))
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

/// Takes steps until Python code may have to run.
#[inline(always)]
fn step_quietly(
    state: &mut State,
    base: usize,
    steps: &mut u32,
    copyreg_table: View<'_>,
    quiet: &Quiet,
) -> Result<Pause, Fault> {
    loop {
        if state.stack.len() <= base {
            return Ok(Pause::Done);
        }
        *steps -= 1;
        if *steps == 0 {
            return Ok(Pause::Signals);
        }
        state.note_top();
        let Some(top) = state.stack.last_mut() else {
            return Ok(Pause::Done);
        };
        let Some(step) = top.step(&mut state.writer, quiet) else {
            return Ok(Pause::Finish);
        };
        match step? {
            Step::Yield => {}
            Step::Open(part, standing) => {
                if let Some(pause) = open(state, part, standing, copyreg_table, quiet)? {
                    return Ok(pause);
                }
            }
            Step::Save(part, standing) => {
                top.hold(quiet);
                return Ok(Pause::Save(part, standing, false));
            }
            Step::Release(held) => return Ok(Pause::Release(held)),
            Step::Advance => return Ok(Pause::Advance),
            Step::Iterate(kind, items, inside) => {
                return Ok(Pause::Iterate(kind, items, inside));
            }
            Step::Done => {
                if let Some((container, holding)) = top.container() {
                    let container = container.view(quiet);
                    state.writer.close(container, holding);
                    if !container.is_released_loudly() {
                        state.stack.pop();
                        continue;
                    }
                }
                return Ok(Pause::Ended);
            }
        }
    }
}

/// Opens a part of the work on top of the stack.
#[inline(always)]
fn open(
    state: &mut State,
    part: View<'_>,
    standing: Standing,
    copyreg_table: View<'_>,
    quiet: &Quiet,
) -> Result<Option<Pause>, Fault> {
    let at = state.stack.len();
    // Where nobody has to be asked, each part was tried as a leaf, and so looked up in the memo, unless a
    // full frame has to go to the file first.
    let is_new = state.writer.direct && !state.writer.out.is_frame_full();
    let (writer, mut nest) = state.nest(copyreg_table, quiet);
    let opening = nest.open(part, standing, writer);
    if matches!(opening, Ok(Opening::Whole)) {
        return Ok(None);
    }
    if let Some(top) = at.checked_sub(1).and_then(|top| state.stack.get_mut(top)) {
        top.hold(quiet);
    }
    Ok(match opening? {
        Opening::Refused => Some(Pause::Save(part.hold(), standing, is_new)),
        Opening::Whole | Opening::Begun => None,
    })
}

/// Opens a plain instance; what is left is its state, whose BUILD is on the stack. None where the instance
/// has to be asked.
fn open_plain(
    state: &mut State,
    obj: View<'_>,
    plain: &Plain,
    standing: Standing,
    quiet: &Quiet,
) -> Result<Option<Option<(Held, Standing)>>, Fault> {
    match open_instance(obj, plain, standing, &mut state.writer, quiet)? {
        Planned::NotOpened => Ok(None),
        Planned::Whole => Ok(Some(None)),
        Planned::State(part, standing, holding) => {
            let obj = obj.hold();
            state.push(Work::Build { obj, holding })?;
            Ok(Some(Some((part.hold(), standing))))
        }
    }
}
