//! The framer of a hookable pickler, where its state lives: upstream's pickler has an object of this name in its
//! `__dict__`, and so has ours.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::faces::arguments::truth;
use crate::faces::hookable::memo::PicklerMemo;
use crate::fast::held::give_up_late;
use crate::fast::thread_end::Frames;
use crate::gate::home::Home;
use crate::save::framer;
use crate::save::session::{new_hookable_state, size_of};
use crate::save::state::State;

/// Collects what is pickled in frames, and hands each to the file, as `pickle._Framer`.
///
/// `file_write` is the file's `write`, a function that takes bytes.
#[pyclass(frozen, weakref, module = "oxipickle")]
pub struct Framer {
    pub home: Home<State>,
    file_write: Py<PyAny>,
}

#[pymethods]
impl Framer {
    /// Bytes from which on a frame gets a header.
    #[classattr]
    const _FRAME_SIZE_MIN: usize = pickle_format::frame::FRAME_SIZE_MIN;

    /// Bytes from which on `commit_frame` ends a frame.
    #[classattr]
    const _FRAME_SIZE_TARGET: usize = pickle_format::frame::FRAME_SIZE_TARGET;

    #[new]
    fn new(file_write: &Bound<'_, PyAny>) -> PyResult<Py<Self>> {
        Ok(Self::make(file_write, None)?.unbind())
    }

    /// The file's `write`.
    #[getter]
    fn file_write<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.file_write.bind(py).clone()
    }

    /// The frame that is open, or None: it has `tell`, `getvalue`, `getbuffer` and `write`.
    #[getter]
    fn current_frame(slf: &Bound<'_, Self>) -> PyResult<Option<CurrentFrame>> {
        let is_open = framer::is_framing(&slf.get().home)?;
        Ok(is_open.then(|| CurrentFrame {
            framer: slf.clone().unbind(),
        }))
    }

    /// Begins to collect in frames.
    fn start_framing(&self) -> PyResult<()> {
        framer::start_framing(&self.home)
    }

    /// Hands the open frame to the file, and collects in frames no more.
    fn end_framing(&self, py: Python<'_>) -> PyResult<()> {
        let _frames = Frames::enter();
        framer::end_framing(py, &self.home)
    }

    /// Hands the open frame to the file if it is full, or if `force` is true, and opens the next.
    #[pyo3(signature = (force=false))]
    fn commit_frame(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = truth)] force: bool,
    ) -> PyResult<()> {
        let _frames = Frames::enter();
        framer::commit_frame(py, &self.home, force)
    }

    /// Puts bytes into the open frame; hands them to the file where none is open.
    fn write<'py>(&self, data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let _frames = Frames::enter();
        framer::write(&self.home, data)
    }

    /// Hands the open frame, and then both of these, to the file.
    fn write_large_bytes(
        &self,
        header: &Bound<'_, PyAny>,
        payload: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let _frames = Frames::enter();
        framer::write_large_bytes(&self.home, header, payload)
    }

    fn __sizeof__(slf: &Bound<'_, Self>) -> PyResult<usize> {
        size_of(slf.get_type().as_any(), &slf.get().home)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.file_write)?;
        self.home.traverse(&visit)
    }

    fn __clear__(&self) {
        self.home.clear();
    }
}

impl Framer {
    /// Where an object that is one has its state.
    ///
    /// # Errors
    /// TypeError for another object.
    pub fn home_of<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<&'a Home<State>> {
        Ok(&object.cast::<Self>()?.get().home)
    }

    /// A framer with a state of its own. `progress`, which can be called, is told how far a dump has got.
    ///
    /// # Errors
    /// MemoryError.
    pub fn make<'py>(
        file_write: &Bound<'py, PyAny>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, Self>> {
        let py = file_write.py();
        let framer = Bound::new(
            py,
            Self {
                home: Home::default(),
                file_write: file_write.clone().unbind(),
            },
        )?;
        let own = crate::save::Own {
            framer: framer.as_ptr() as usize,
            is_memo: Some(PicklerMemo::belongs_to),
        };
        let state = new_hookable_state(file_write, progress, own)?;
        drop(framer.get().home.initialize(py, state)?);
        give_up_late(py);
        Ok(framer)
    }
}

/// The frame that is open, as somebody's method sees it.
#[pyclass(frozen, module = "oxipickle")]
pub struct CurrentFrame {
    framer: Py<Framer>,
}

#[pymethods]
impl CurrentFrame {
    /// The bytes in the frame.
    fn tell(&self, py: Python<'_>) -> PyResult<usize> {
        framer::frame_size(&self.framer.bind(py).get().home)
    }

    /// A copy of the frame's bytes.
    fn getvalue<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        framer::frame_contents(py, &self.framer.bind(py).get().home)
    }

    /// A view of a copy of the frame's bytes.
    fn getbuffer<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let contents = self.getvalue(py)?;
        let class = py.get_type::<pyo3::types::PyMemoryView>();
        class.call1((contents,))
    }

    /// Puts bytes into the frame.
    fn write<'py>(&self, data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let _frames = Frames::enter();
        framer::write(&self.framer.bind(data.py()).get().home, data)
    }
}
