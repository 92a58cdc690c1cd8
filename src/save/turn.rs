//! The loop: an explicit work stack where recursion would be. It alone saves, asks and calls; what the
//! steps of the work want is told by `Step` and `Next`.

use std::time::{Duration, Instant};

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::prelude::*;

use crate::fast::held::Held;
use crate::fast::memo::Holding;
use crate::fast::recursion::RecursionLevel;
use crate::fast::signals;
use crate::fast::view::View;
use crate::interpreter::face::Face;
use crate::save::next::{Due, Next, Questions};
use crate::save::standing::Standing;
use crate::save::step::{Pause, step_quietly};
use crate::save::walk::Walk;
use crate::save::work::Work;

/// Steps between two looks at signals: often enough for Ctrl-C to feel immediate, since a step
/// writes at most `MAX_STEP` elements.
const STEPS_PER_SIGNAL_CHECK: u32 = 256;

/// Time between two passages of the gate for signals other than Ctrl-C, where any has a handler. Whether one came can't be
/// asked without running its handler, and what is memoized by then is given references before it.
const TIME_PER_SIGNAL_CHECK: Duration = Duration::from_millis(250);

impl Walk<'_, '_> {
    /// Writes one whole pickle of `obj`, and hands it to the file.
    ///
    /// # Errors
    /// What hooks, methods and the file raise; PicklingError for what can't be pickled.
    #[inline(always)]
    pub fn dump(&mut self, obj: &Held) -> PyResult<()> {
        if self.state().progress.is_some() {
            return self.dump_and_report(obj);
        }
        self.dump_silently(obj)
    }

    /// As `dump`, without telling anybody at its end.
    ///
    /// # Errors
    /// As for `dump`.
    pub fn dump_silently(&mut self, obj: &Held) -> PyResult<()> {
        self.refresh_hooks()?;
        self.write(|w, _| {
            encode::encode_proto(&mut w.out, w.protocol)?;
            if w.protocol.is_framed() {
                w.out.start_framing()?;
            }
            Ok(())
        })?;
        self.save_whole(obj, Questions::All)?;
        if self.writer().face == Face::Hookable {
            self.refresh_hooks()?;
            if self.end_by_upstream()? {
                return Ok(());
            }
        }
        self.write(|w, _| {
            w.opcode(Opcode::STOP)?;
            Ok(w.out.end_framing()?)
        })?;
        self.flush()
    }

    /// Saves `obj` and everything it holds.
    ///
    /// # Errors
    /// As for `nest`.
    pub fn save_whole(&mut self, obj: &Held, questions: Questions) -> PyResult<()> {
        self.nest(|walk| {
            walk.state_mut().due = Some(Due {
                obj: obj.again(walk.quiet()),
                standing: Standing::new(Holding::Shared, 0),
                questions,
            });
            Ok(Next::Save)
        })
    }

    /// Does what `begin` begins, to its end; what a hook calls nests this in the walk under way.
    ///
    /// # Errors
    /// As for `dump`; RecursionError where hooks nest too deep.
    pub fn nest(&mut self, begin: impl FnOnce(&mut Self) -> PyResult<Next>) -> PyResult<()> {
        let _level = self.call_in_c(RecursionLevel::enter)?;
        let base = self.state().stack.len();
        self.state_mut().depth += 1;
        let result = match begin(self) {
            Ok(next) => self.work_off(base, next),
            Err(error) => Err(error),
        };
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
                Next::Save => self.save_due()?,
                Next::Iterate(items) => self.iterate(items)?,
                Next::Step => {
                    if self.writer().face == Face::Hookable {
                        self.refresh_hooks()?;
                    }
                    if self.state().asks_ids_alone() {
                        match self.ask_ids(base, &mut steps)? {
                            Next::Step => {}
                            other => {
                                next = other;
                                continue;
                            }
                        }
                    }
                    let imports = self.imports;
                    let (state, quiet) = self.split();
                    let table = View::of(&imports.dispatch_table, quiet);
                    let pause = step_quietly(state, base, &mut steps, table, quiet);
                    match self.checked(pause)? {
                        Pause::Done => return Ok(()),
                        Pause::Save => self.save_due()?,
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
                        Pause::Asked => {
                            self.call_asked()?;
                            Next::Step
                        }
                        Pause::Finish => self.finish()?,
                        Pause::Advance => self.advance()?,
                        Pause::Iterate(items) => self.iterate(items)?,
                    }
                }
            };
        }
    }

    /// Finishes the work on top of the stack.
    fn finish(&mut self) -> PyResult<Next> {
        match self.state_mut().stack.pop() {
            Some(Work::StackGlobal { obj, name, chain }) => {
                self.step_stack_global(obj, name, chain)
            }
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
                self.write(|w, _| w.make_of_parts(Opcode::BINPERSID, None, |_| Ok(())))?;
                Ok(Next::Step)
            }
            _ => Ok(Next::Step),
        }
    }

    /// Gives up what a work item held that is done.
    pub fn end(&mut self, work: Work) {
        match work {
            Work::Reduce(reduce) => self.end_reduce(reduce),
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

    /// Lets the handlers of signals run: that of Ctrl-C when it was pressed, others now and then.
    fn check_signals(&mut self, checked: &mut Option<Instant>) -> PyResult<()> {
        let now = Instant::now();
        let since = *checked.get_or_insert(now);
        let is_interrupted = signals::is_interrupted(self.quiet());
        let is_due = now.duration_since(since) >= TIME_PER_SIGNAL_CHECK;
        if is_due {
            *checked = Some(now);
        }
        if is_interrupted || is_due && signals::have_handlers() {
            self.leave(|py| py.check_signals())?;
        }
        if self.writer().reports {
            self.report()?;
        }
        Ok(())
    }
}
