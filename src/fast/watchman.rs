//! The watchman: reports whatever could free an object, or run Python code, while entries of a memo
//! own no reference. For tests: only a build with the feature `watch` has it.
//!
//! The interpreter tells it of each call of a Python function, on every thread (a profile function),
//! of each collection (`gc.callbacks`), and from 3.13 on of each object that is made or dies (a
//! reference tracer). What is told while an entry is unowned becomes a report.

use std::collections::{BTreeMap, HashMap};
#[cfg(Py_3_13)]
use std::ffi::c_void;
use std::ffi::{CStr, c_int};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use pyo3::ffi;
use pyo3::prelude::*;

/// Reports of different events that are kept; what comes later is only counted.
const MOST_REPORTS: usize = 50;

/// Lines of the native stack that a report shows.
const MOST_LINES: usize = 30;

/// Each unowned entry's object, with the type that it had.
static UNOWNED: LazyLock<Mutex<HashMap<usize, usize>>> = LazyLock::new(Mutex::default);

/// How many entries are unowned. Read where no lock may be waited for.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// How many of them 3.11 would not have owned since the last `allocation_foreseen`.
static UNFORESEEN: AtomicUsize = AtomicUsize::new(0);

static WATCHING: AtomicBool = AtomicBool::new(false);

/// What was reported, with how often.
static REPORTS: LazyLock<Mutex<BTreeMap<String, usize>>> = LazyLock::new(Mutex::default);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn type_of(object: *mut ffi::PyObject) -> usize {
    // SAFETY: the memory was an object's when it was memoized. An object that has died since is the
    // fault that is looked for: a build for tests reads its memory, to report it.
    unsafe { (*object).ob_type as usize }
}

/// An object was given an index, without a reference.
pub fn entry_unowned(object: *mut ffi::PyObject) {
    if !object.is_null() {
        let mut unowned = locked(&UNOWNED);
        unowned.insert(object as usize, type_of(object));
        COUNT.store(unowned.len(), Relaxed);
        UNFORESEEN.fetch_add(1, Relaxed);
    }
}

/// A reference is about to be taken to an object that had none.
pub fn entry_owned(object: *mut ffi::PyObject) {
    if let Some(was) = entry_ended(object)
        && was != type_of(object)
    {
        report("an entry's object died before a reference was taken".into());
    }
}

/// An entry that never owned a reference is gone, with its memo.
pub fn entry_forgotten(object: *mut ffi::PyObject) {
    entry_ended(object);
}

fn entry_ended(object: *mut ffi::PyObject) -> Option<usize> {
    let mut unowned = locked(&UNOWNED);
    let was = unowned.remove(&(object as usize));
    COUNT.store(unowned.len(), Relaxed);
    if unowned.is_empty() {
        UNFORESEEN.store(0, Relaxed);
    }
    was
}

/// References would have been taken on 3.11.
pub fn allocation_foreseen() {
    UNFORESEEN.store(0, Relaxed);
}

/// A reference is about to be given back.
pub fn released(object: *mut ffi::PyObject) {
    // SAFETY: the caller owns the reference that it is about to give back.
    if is_watching() && unsafe { ffi::Py_REFCNT(object) } == 1 {
        // SAFETY: as above.
        unsafe { report_death(object) }
    }
}

fn is_watching() -> bool {
    WATCHING.load(Relaxed) && COUNT.load(Relaxed) != 0
}

/// # Safety
/// `object` is alive, or about to be destroyed, and the GIL is held.
unsafe fn report_death(object: *mut ffi::PyObject) {
    if locked(&UNOWNED).contains_key(&(object as usize)) {
        report("an entry's object dies while no reference is taken".into());
    }
    // SAFETY: the caller's word; types are alive as long as their instances.
    let (class, name) = unsafe { ((*object).ob_type, type_name(object)) };
    if !DIE_QUIETLY.contains(&(class as usize)) {
        report(format!("an object dies: {name}"));
    }
}

/// # Safety
/// `object` is alive, or about to be destroyed, and the GIL is held.
unsafe fn type_name(object: *mut ffi::PyObject) -> String {
    // SAFETY: the caller's word, and a type's name is text that ends with a zero byte.
    unsafe { CStr::from_ptr((*(*object).ob_type).tp_name) }
        .to_string_lossy()
        .into_owned()
}

unsafe extern "C" {
    static mut PyODictIter_Type: ffi::PyTypeObject;
}

/// Types whose objects run no Python code when they die: they have no finaliser and no weak
/// references, and their subclasses are other types. Texts, bytes and numbers hold nothing. What the
/// containers held dies in an event of its own, and so does the key that an error has: one is made for an
/// `OrderedDict` that lacks a key of its order.
static DIE_QUIETLY: LazyLock<[usize; 12]> = LazyLock::new(|| {
    // SAFETY: the interpreter sets the pointer before any module is imported, and leaves it.
    let key_error = unsafe { ffi::PyExc_KeyError };
    [
        &raw mut ffi::PyUnicode_Type,
        &raw mut ffi::PyBytes_Type,
        &raw mut ffi::PyByteArray_Type,
        &raw mut ffi::PyLong_Type,
        &raw mut ffi::PyFloat_Type,
        &raw mut ffi::PyComplex_Type,
        &raw mut ffi::PySlice_Type,
        &raw mut ffi::PyTuple_Type,
        &raw mut ffi::PyList_Type,
        &raw mut ffi::PyDict_Type,
        &raw mut PyODictIter_Type,
        key_error.cast(),
    ]
    .map(|class| class as usize)
});

/// Keeps what happened, with the native stack.
#[cold]
fn report(what: String) {
    // Capturing and keeping a stack runs no Python code, and so reports nothing on its way.
    let stack = std::backtrace::Backtrace::force_capture().to_string();
    // Lines that name a function, without those that tell its place.
    let names = stack
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("at "));
    let mut shown: Vec<_> = names
        .filter_map(|line| line.split_once(": ").map(|(_, name)| name))
        .skip_while(|name| !name.contains("watchman"))
        .filter(|name| !name.contains("watchman"))
        .take(MOST_LINES)
        .collect();
    // Who calls us is of no interest.
    let ours = shown.iter().rposition(|name| name.contains("_oxipickle::"));
    shown.truncate(ours.map_or(MOST_LINES, |last| last + 1));
    let text = shown.iter().fold(what, |text, name| text + "\n    " + name);
    let mut reports = locked(&REPORTS);
    if reports.len() < MOST_REPORTS || reports.contains_key(&text) {
        if !reports.contains_key(&text) {
            // What is reported may soon end the process.
            eprintln!("watchman: {text}");
        }
        *reports.entry(text).or_default() += 1;
    }
}

/// Hears of each call and each return of Python code on its thread.
///
/// # Safety
/// Only the interpreter calls this: the GIL is held, and the frame is alive.
#[expect(
    clippy::disallowed_methods,
    reason = "the interpreter calls this with the GIL held"
)]
unsafe extern "C" fn heard(
    _object: *mut ffi::PyObject,
    frame: *mut ffi::PyFrameObject,
    what: c_int,
    _argument: *mut ffi::PyObject,
) -> c_int {
    if is_watching() && what == ffi::PyTrace_CALL {
        // SAFETY: this function's own conditions. The frame holds its code besides, so that giving it
        // back frees nothing.
        let name = unsafe {
            let code = ffi::PyFrame_GetCode(frame).cast::<ffi::PyObject>();
            let code = Bound::from_owned_ptr(Python::assume_attached(), code);
            code.getattr("co_qualname").map(|name| name.to_string())
        };
        report(format!("Python code runs: {}", name.unwrap_or_default()));
    }
    0
}

#[cfg(Py_3_13)]
unsafe extern "C" {
    fn PyRefTracer_SetTracer(tracer: Option<Traced>, data: *mut c_void) -> c_int;
}

#[cfg(Py_3_13)]
type Traced = unsafe extern "C" fn(*mut ffi::PyObject, c_int, *mut c_void) -> c_int;

/// Hears of each object that is made or dies.
///
/// # Safety
/// Only the interpreter calls this: the GIL is held, and the object has its type.
#[cfg(Py_3_13)]
unsafe extern "C" fn traced(object: *mut ffi::PyObject, event: c_int, _: *mut c_void) -> c_int {
    const CREATE: c_int = 0;
    const DESTROY: c_int = 1;
    if is_watching() && event == DESTROY {
        // SAFETY: this function's own conditions; an object is destroyed after this.
        unsafe { report_death(object) }
    } else if is_watching() && event == CREATE && UNFORESEEN.load(Relaxed) != 0 {
        // SAFETY: this function's own conditions.
        let (flags, name) = unsafe { (ffi::PyType_GetFlags((*object).ob_type), type_name(object)) };
        if flags & ffi::Py_TPFLAGS_HAVE_GC != 0 {
            report(format!(
                "a tracked object is made (3.11 would collect): {name}"
            ));
        }
    }
    0
}

/// Begins to watch, on the thread that calls and, from 3.12 on, on all that are there.
#[pyfunction]
pub fn _watch_begin(py: Python<'_>) {
    _watch_thread(py);
    #[cfg(Py_3_12)]
    // SAFETY: the GIL is held, and `heard` is such a function.
    unsafe {
        ffi::PyEval_SetProfileAllThreads(Some(heard), std::ptr::null_mut());
    }
    #[cfg(Py_3_13)]
    // SAFETY: the GIL is held, and `traced` is such a function, which raises nothing.
    unsafe {
        PyRefTracer_SetTracer(Some(traced), std::ptr::null_mut());
    }
    WATCHING.store(true, Relaxed);
}

/// Watches the thread that calls. `threading.setprofile` can be given this.
#[pyfunction]
#[pyo3(signature = (*_event))]
pub fn _watch_thread_by_event(py: Python<'_>, _event: &Bound<'_, pyo3::types::PyTuple>) {
    _watch_thread(py);
}

fn _watch_thread(_py: Python<'_>) {
    // SAFETY: the GIL is held, and `heard` is such a function.
    unsafe { ffi::PyEval_SetProfile(Some(heard), std::ptr::null_mut()) }
}

/// To be put into `gc.callbacks`: reports that the collector runs.
#[pyfunction]
pub fn _watch_collection(phase: &str, _info: &Bound<'_, PyAny>) {
    if is_watching() && phase == "start" {
        report("the collector runs".into());
    }
}

/// What was reported since the last time, and whether entries are unowned now.
#[pyfunction]
pub fn _watch_reports() -> Vec<String> {
    let reports = std::mem::take(&mut *locked(&REPORTS));
    let told = reports.into_iter();
    told.map(|(text, times)| format!("{times} x {text}"))
        .collect()
}

/// Puts these functions into the extension module.
pub fn export(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_watch_begin, module)?)?;
    module.add_function(wrap_pyfunction!(_watch_thread_by_event, module)?)?;
    module.add_function(wrap_pyfunction!(_watch_collection, module)?)?;
    module.add_function(wrap_pyfunction!(_watch_reports, module)?)
}
