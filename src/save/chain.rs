//! What would never end: chains of objects made during the dump, and cycles in `fast` mode.

use pyo3::exceptions::{PyMemoryError, PyValueError};
use pyo3::prelude::*;

use crate::error::{endless, error_of};
use crate::fast::object::identity;
use crate::hooks::Walk;
use crate::interpreter::face::Face;
use crate::save::work::Standing;

/// The longest chain of objects made during the dump, each inside the one before. A chain that
/// never ends would otherwise fill the memory; real data stays far below.
pub const MAX_CHAIN: u32 = 100_000;

impl<'py> Walk<'py, '_> {
    /// Opens a container one level further in: the chain that its parts lie in.
    ///
    /// # Errors
    /// RecursionError for a chain that is too long.
    #[inline(always)]
    pub fn deepen(&self, standing: Standing) -> PyResult<u32> {
        let chain = if standing.made {
            standing.chain + 1
        } else if standing.within_made {
            standing.chain
        } else {
            return Ok(0);
        };
        if chain > MAX_CHAIN {
            return Err(endless());
        }
        Ok(chain)
    }

    /// In `fast` mode: notes that a list or dict is open, and refuses one that is open already.
    #[inline(always)]
    pub fn enter_fast(&mut self, obj: &Bound<'py, PyAny>) -> PyResult<()> {
        if self.fast {
            self.enter_fast_path(obj)?;
        }
        Ok(())
    }

    #[cold]
    fn enter_fast_path(&mut self, obj: &Bound<'py, PyAny>) -> PyResult<()> {
        let reserved = self.fast_path.try_reserve(1);
        reserved.map_err(|_| PyMemoryError::new_err(()))?;
        if self.fast_path.insert(identity(obj.as_borrowed())) {
            return Ok(());
        }
        if self.face == Face::Hookable {
            return Err(endless());
        }
        let value_error = self.py.get_type::<PyValueError>();
        Err(error_of(
            &value_error,
            format!(
                "fast mode: can't pickle cyclic objects including object type {} at {:p}",
                obj.get_type().name()?,
                obj.as_ptr()
            ),
        ))
    }

    /// Of a list or dict opened in `fast` mode, which may be off again: it is closed.
    #[inline(always)]
    pub fn leave_fast(&mut self, obj: &Bound<'py, PyAny>) {
        if !self.fast_path.is_empty() {
            self.fast_path.remove(&identity(obj.as_borrowed()));
        }
    }
}
