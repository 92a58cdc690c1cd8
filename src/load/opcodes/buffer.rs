//! Out-of-band buffers.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyMemoryView;

use crate::error::unpickling_error;
use crate::load::machine::Machine;

impl Machine<'_, '_> {
    pub fn load_next_buffer(&mut self) -> PyResult<()> {
        let settings = self.settings;
        let Some(buffers) = &settings.buffers else {
            let words = "pickle stream refers to out-of-band data \
                         but no *buffers* argument was given";
            return Err(unpickling_error(self.py, words));
        };
        let next = self.leave_and_wait(|py| {
            let mut buffers = buffers.bind(py).cast::<pyo3::types::PyIterator>()?.clone();
            buffers.next().transpose()
        })?;
        match next {
            Some(buffer) => self.stack.push(buffer),
            None => Err(unpickling_error(self.py, "not enough out-of-band buffers")),
        }
    }

    pub fn load_readonly_buffer(&mut self) -> PyResult<()> {
        let buffer = self.stack.top(self.py)?.clone();
        let readonly = self.leave(|py| {
            let view = PyMemoryView::from(&buffer)?;
            if view.getattr(intern!(py, "readonly"))?.is_truthy()? {
                return Ok::<_, PyErr>(None);
            }
            view.call_method0(intern!(py, "toreadonly")).map(Some)
        })?;
        if let Some(view) = readonly {
            self.stack.pop(self.py)?;
            self.stack.push(view)?;
        }
        Ok(())
    }
}
