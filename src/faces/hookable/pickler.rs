//! `HookablePickler`, the hookable face: stands in for the Python class `pickle._Pickler`.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyList, PyTuple};

use crate::faces::arguments::truth;
use crate::faces::memo_proxy::assign_to_pickler;
use crate::fast::held::{Held, give_up_late};
use crate::fast::thread_end::Frames;
use crate::gate::home::Home;
use crate::interpreter::face::Face;
use crate::save::list_references;
use crate::save::session::{self, Options};
use crate::save::state::State;

/// Writes pickles to `file`, which has a `write(bytes)` method, in `protocol` 0 to 5 (None: the
/// running release's default; negative: the highest).
///
/// Same bytes, order of questions and errors as the Python class `pickle._Pickler` of the running
/// release. Hooks, looked up at every object: `persistent_id`, `reducer_override`,
/// `dispatch_table`; `buffer_callback`, `resolve_global`; and `save`, to be called from a hook.
///
/// Raises TypeError for a file without `write`, ValueError for a protocol above 5 and for a
/// `buffer_callback` below protocol 5.
#[pyclass(subclass, dict, weakref, frozen, module = "oxipickle")]
pub struct HookablePickler {
    home: Home<State>,
}

#[pymethods]
impl HookablePickler {
    /// How globals are written below protocol 4: "interpreter", or "package" as torch.package does.
    #[classattr]
    #[allow(non_upper_case_globals)]
    const global_style: &'static str = "interpreter";

    #[new]
    #[pyo3(
        signature = (*_args, **_kwargs),
        text_signature = "(file, protocol=None, *, fix_imports=True, buffer_callback=None)"
    )]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            home: Home::default(),
        }
    }

    #[pyo3(signature = (file, protocol=None, *, fix_imports=true, buffer_callback=None))]
    fn __init__(
        slf: &Bound<'_, Self>,
        file: &Bound<'_, PyAny>,
        protocol: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = truth)] fix_imports: bool,
        buffer_callback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let _frames = Frames::enter();
        let options = Options {
            protocol,
            fix_imports,
            buffer_callback,
        };
        let mut state = session::new_state(
            slf.py(),
            Face::Hookable,
            Some(file),
            &options,
            Some(slf.py().get_type::<Self>()),
        )?;
        state.style = session::global_style(slf.as_any())?;
        drop(slf.get().home.initialize(state)?);
        give_up_late(slf.py());
        Ok(())
    }

    /// Writes a pickle of `obj` to the file.
    ///
    /// Raises PicklingError for what can't be pickled, RuntimeError within a dump of this pickler,
    /// and whatever a hook or the file raises; notes tell the path to the culprit.
    fn dump<'py>(slf: &Bound<'py, Self>, obj: &Bound<'py, PyAny>) -> PyResult<()> {
        let _frames = Frames::enter();
        session::dump(slf.as_any(), &slf.get().home, obj)
    }

    /// Saves `obj` in the middle of a dump: to be called from a hook.
    ///
    /// Raises what `dump` does, and RuntimeError from another thread.
    #[pyo3(signature = (obj, save_persistent_id=true))]
    fn save<'py>(
        slf: &Bound<'py, Self>,
        obj: &Bound<'py, PyAny>,
        save_persistent_id: bool,
    ) -> PyResult<()> {
        let _frames = Frames::enter();
        session::save(slf.as_any(), &slf.get().home, obj, save_persistent_id)
    }

    /// Forgets every object that was pickled.
    fn clear_memo(slf: &Bound<'_, Self>) -> PyResult<()> {
        let _frames = Frames::enter();
        session::clear_memo(&slf.get().home)
    }

    /// The id to save in place of `obj`; None to save the object itself.
    fn persistent_id(&self, obj: &Bound<'_, PyAny>) -> Option<Py<PyAny>> {
        let _ = obj;
        None
    }

    /// The pair (module_name, qualname) under which `obj` is saved as a global; `name` is the
    /// string that its `__reduce__` returned, or None. Follows `pickle.whichmodule`.
    ///
    /// Raises PicklingError where that name does not lead back to `obj`.
    #[pyo3(signature = (obj, name=None, /))]
    fn resolve_global<'py>(
        slf: &Bound<'py, Self>,
        obj: &Bound<'py, PyAny>,
        name: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let _frames = Frames::enter();
        session::resolve_global(slf.py(), obj, name, Face::Hookable)
    }

    /// Every global emitted by this pickler, as (module, qualified name), first seen first.
    #[getter]
    fn global_references(&self, py: Python<'_>) -> PyResult<Py<PyList>> {
        {
            let pairs = self
                .home
                .with(|state| state.references.held().map(|pairs| pairs.to_bound(py)))?;
            list_references(py, pairs)
        }
    }

    /// A copy of the memo: `{id(obj): (index, obj)}`.
    #[getter]
    fn memo<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        session::copy_memo(py, &self.home)
    }

    #[setter]
    fn set_memo(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let _frames = Frames::enter();
        assign_to_pickler(&self.home, value)
    }

    /// The protocol in which this pickler writes.
    #[getter]
    fn proto(&self) -> PyResult<u8> {
        self.home.with(|s| s.writer.protocol.number())
    }

    /// Whether names of Python 3 become those of Python 2 below protocol 3.
    #[getter]
    fn fix_imports(&self) -> PyResult<bool> {
        self.home.with(|s| s.fix_imports)
    }

    /// Whether numbers and strings are written in binary: True from protocol 1 on, False below.
    #[getter]
    fn bin(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.home.with(|s| match &s.bin_given {
            Some(given) => given.to_bound(py).unbind(),
            None => PyBool::new(py, s.writer.binary)
                .to_owned()
                .into_any()
                .unbind(),
        })
    }

    #[setter]
    fn set_bin(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let _frames = Frames::enter();
        let truth = value.is_truthy()?;
        let given = Held::from(value);
        let before = self.home.with(|s| {
            s.writer.binary = truth;
            s.bin_given.replace(given)
        })?;
        // Its finaliser may use the pickler, so it is released out here.
        drop(before);
        give_up_late(value.py());
        Ok(())
    }

    /// Whether nothing is memoized, 0 at first: smaller, and right only for data without shared or
    /// circular references.
    #[getter]
    fn fast(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let (given, fast) = self.home.with(|s| {
            (
                s.fast_given.as_ref().map(|g| g.to_bound(py).unbind()),
                s.writer.fast,
            )
        })?;
        match given {
            Some(given) => Ok(given),
            None => Ok(i32::from(fast).into_pyobject(py)?.into_any().unbind()),
        }
    }

    #[setter]
    fn set_fast(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let _frames = Frames::enter();
        let truth = value.is_truthy()?;
        let given = Held::from(value);
        let before = self.home.with(|s| {
            s.writer.fast = truth;
            s.fast_given.replace(given)
        })?;
        drop(before);
        give_up_late(value.py());
        Ok(())
    }

    fn __sizeof__(slf: &Bound<'_, Self>) -> PyResult<usize> {
        session::size_of(slf.get_type().as_any(), &slf.get().home)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.home.traverse(&visit)
    }

    fn __clear__(&self) {
        self.home.clear();
    }
}
