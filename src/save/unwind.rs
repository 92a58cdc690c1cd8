//! How a failed walk ends: its work is given up, and the error tells the path to the culprit.

use pyo3::prelude::*;

use crate::error::{Path, settled};
use crate::save::path::{notes, number_of_notes};
use crate::save::walk::Walk;
use crate::save::write::asked::Asked;

impl Walk<'_, '_> {
    /// Takes this walk's items off the stack, and tells the error the path they stand for.
    #[cold]
    pub fn unwind(&mut self, base: usize, error: PyErr) -> PyErr {
        let writer = self.writer();
        writer.fast_path.clear();
        writer.fast_nesting = 0;
        self.state_mut().due = None;
        let obj = match self.writer().asked.take() {
            Some(Asked::Memoize(obj)) => Some(obj),
            Some(Asked::Write(ending)) => ending.memoize,
            Some(Asked::Get(_) | Asked::Report) | None => None,
        };
        self.release([obj]);
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
}
