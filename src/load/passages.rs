//! The passages of the gate that a load of the hookable face takes to its unpickler: to hooks, to functions of the
//! dispatch, and to upstream's own code.

use pyo3::intern;
use pyo3::prelude::*;

use crate::fast::window::Window;
use crate::gate::home::Home;
use crate::load::lists::Below;
use crate::load::machine::Machine;
use crate::load::show::{hand_over, show_beside_what_was_set};
use crate::load::stack::Stack;
use crate::load::state::State;

impl<'py> Machine<'py, '_> {
    /// As `leave_and_wait`, for a hook of the unpickler, which may read from the pickle itself, and put
    /// something in the place of its stack. Upstream's code may look up `append` first, for what the hook gives.
    pub fn leave_to_hook<R>(
        &mut self,
        appends_first: bool,
        call: impl FnOnce(Python<'py>) -> PyResult<R>,
    ) -> PyResult<R> {
        self.put_window_home();
        self.hook_has_run = true;
        let append = match appends_first && self.stack.has_lists() {
            true => self.instance_dict()?.get_item(intern!(self.py, "append"))?,
            false => None,
        };
        let way = self.owner();
        let result = self.leave_and_wait(|py| {
            let result = call(py)?;
            if let Some((unpickler, home)) = way {
                show_beside_what_was_set(unpickler, home)?;
            }
            Ok(result)
        });
        if let Some(shown) = &mut self.state.shown
            && let Some((window, _)) = shown.window.take()
        {
            self.input.window = window;
        }
        if appends_first
            && self.stack.has_lists()
            && let Some(shown) = &self.state.shown
        {
            let shown = shown.append.as_ref().map(|append| append.bind(self.py));
            if let Some(append) = append.or(shown.cloned()) {
                self.stack.keep_appending(append);
            }
        }
        result
    }

    /// As `leave_to_hook`, for a function that carries an opcode out on the unpickler's lists. It is a part of the
    /// work, and called often: the collector stays paused.
    pub fn leave_to_handler<R>(&mut self, call: impl FnOnce(Python<'py>) -> R) -> R {
        self.put_window_home();
        self.hook_has_run = true;
        let result = self.leave(call);
        if let Some(shown) = &mut self.state.shown
            && let Some((window, _)) = shown.window.take()
        {
            self.input.window = window;
        }
        result
    }

    /// Goes on above the unpickler's lists, where it has shown them from the beginning.
    ///
    /// # Errors
    /// AttributeError where it has none.
    pub fn begin_above_lists(&mut self) -> PyResult<()> {
        if self
            .state
            .shown
            .as_ref()
            .is_some_and(|shown| shown.has_lists)
        {
            self.stack = Stack::above(Below::of(&self.instance_dict()?)?);
        }
        Ok(())
    }

    /// Leaves the stack as upstream's code would, for whoever looks at it after the load.
    pub fn leave_lists(&mut self) {
        if self.stack.has_lists() {
            self.leave(|_| ());
        }
    }

    fn put_window_home(&mut self) {
        self.give_back();
        if let Some(shown) = &mut self.state.shown {
            let window = std::mem::replace(&mut self.input.window, Window::empty());
            shown.window = Some((window, self.input.frame_end.is_some()));
        }
    }

    /// Leaves the rest of an INST to the unpickler's own methods, and all that follows to upstream's code.
    #[cold]
    pub fn leave_instantiating(&mut self, class: &Bound<'py, PyAny>) -> PyResult<()> {
        self.hand_over()?;
        let Some(unpickler) = self.unpickler() else {
            return Err(Home::<State>::in_use());
        };
        self.leave(|py| {
            let instantiate = unpickler.getattr(intern!(py, "_instantiate"))?;
            let args = unpickler.call_method0(intern!(py, "pop_mark"))?;
            instantiate.call1((class, args)).map(drop)
        })
    }

    /// Leaves the rest of the load to upstream's own code: all that there is becomes the unpickler's.
    pub fn hand_over(&mut self) -> PyResult<()> {
        let shown = self.state.shown.as_ref();
        let is_done = shown.is_some_and(|shown| shown.handed_over.is_some());
        if !is_done {
            self.put_window_home();
        }
        let Some((unpickler, home)) = self.owner() else {
            return Err(Home::<State>::in_use());
        };
        // What is done by then goes to the lists as well.
        self.leave(|_| match is_done {
            true => Ok(()),
            false => hand_over(unpickler, home),
        })?;
        self.pending.take().map_or(Ok(()), Err)
    }
}
