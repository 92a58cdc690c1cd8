//! The lists of an unpickler, `stack` and those of `metastack`, once somebody has looked at them: from then on
//! they lie below the machine's own stack, which holds only what was pushed since Python code last ran.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::fast::fresh;
use crate::fast::values::{copy_from, is_append_of, take_from_end};

/// What lies below the machine's stack.
pub enum Below<'py> {
    /// The unpickler's lists, and whether `stack` is another one by now than the unpickler shows.
    Lists {
        stack: Bound<'py, PyList>,
        metastack: Bound<'py, PyList>,
        moved: bool,
    },
    /// Something else that Python code has put in their place: values go to it by its own `append`.
    Other { append: Bound<'py, PyAny> },
}

impl<'py> Below<'py> {
    /// What the unpickler shows, by its `__dict__`.
    ///
    /// # Errors
    /// AttributeError where Python code has taken `append` away.
    pub fn of(dict: &Bound<'py, PyDict>) -> PyResult<Self> {
        let py = dict.py();
        let Some(append) = dict.get_item(intern!(py, "append"))? else {
            let words = "the unpickler has no attribute 'append' any more";
            return Err(pyo3::exceptions::PyAttributeError::new_err(words));
        };
        let stack = dict.get_item(intern!(py, "stack"))?;
        let metastack = dict.get_item(intern!(py, "metastack"))?;
        if let (Some(stack), Some(metastack)) = (stack, metastack)
            && let Ok(stack) = stack.cast_into_exact::<PyList>()
            && let Ok(metastack) = metastack.cast_into_exact::<PyList>()
            && is_append_of(&append, &stack)
        {
            return Ok(Self::Lists {
                stack,
                metastack,
                moved: false,
            });
        }
        Ok(Self::Other { append })
    }

    /// Moves up to `n` values from the top of the lists to the bottom of the machine's.
    pub fn take(&self, n: usize, values: &mut Vec<Bound<'py, PyAny>>) -> PyResult<()> {
        match self {
            Self::Lists { stack, .. } => take_from_end(stack, n, values),
            Self::Other { .. } => Ok(()),
        }
    }

    /// Whether a mark is on top of the lists.
    pub fn ends_with_mark(&self) -> bool {
        matches!(self, Self::Lists { stack, metastack, .. }
            if stack.is_empty() && !metastack.is_empty())
    }

    /// Takes the last mark of the lists away: the values above it go to the bottom of the machine's, and one
    /// more, if there is one, which lies below it. Gives the mark's place among the machine's values; None
    /// where there is no mark.
    pub fn pop_mark(&mut self, values: &mut Vec<Bound<'py, PyAny>>) -> PyResult<Option<usize>> {
        let Self::Lists {
            stack,
            metastack,
            moved,
        } = self
        else {
            return Ok(None);
        };
        let Some(last) = metastack.len().checked_sub(1) else {
            return Ok(None);
        };
        let Ok(next) = metastack.get_item(last)?.cast_into_exact::<PyList>() else {
            return Ok(None);
        };
        // The list above the mark stays as it is: somebody may have kept it.
        copy_from(stack, 0, values)?;
        metastack.del_slice(last, last + 1)?;
        *stack = next;
        *moved = true;
        let before = values.len();
        take_from_end(stack, 1, values)?;
        Ok(Some(values.len() - before))
    }

    /// Moves all values and marks of the machine to the lists, for Python code to find them there.
    ///
    /// # Errors
    /// MemoryError; what another `append` raises.
    pub fn lay_down(
        &mut self,
        values: Vec<Bound<'py, PyAny>>,
        marks: &[usize],
        dict: &Bound<'py, PyDict>,
    ) -> PyResult<()> {
        let py = dict.py();
        let (stack, metastack, moved) = match self {
            Self::Lists {
                stack,
                metastack,
                moved,
            } => (stack, metastack, moved),
            Self::Other { append } => {
                return values
                    .into_iter()
                    .try_for_each(|value| append.call1((value,)).map(drop));
            }
        };
        let mut marks = marks.iter().peekable();
        for (place, value) in values.into_iter().enumerate() {
            while marks.next_if_eq(&&place).is_some() {
                metastack.append(&*stack)?;
                *stack = fresh::list(py)?;
                *moved = true;
            }
            stack.append(value)?;
        }
        for _ in marks {
            metastack.append(&*stack)?;
            *stack = fresh::list(py)?;
            *moved = true;
        }
        if std::mem::take(moved) {
            dict.set_item(intern!(py, "append"), stack.getattr(intern!(py, "append"))?)?;
            dict.set_item(intern!(py, "stack"), &*stack)?;
        }
        Ok(())
    }
}
