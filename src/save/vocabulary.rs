//! Names and objects that are needed where there is no token to make them with.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

use crate::fast::held::Held;
use crate::interpreter::imports::Imports;

/// Names that are looked up between two passages of the gate, and what they are compared with.
pub struct Vocabulary {
    pub reduce_ex: Held,
    pub reduce: Held,
    pub getstate: Held,
    pub class: Held,
    pub getnewargs: Held,
    pub getnewargs_ex: Held,
    pub dict: Held,
    pub slotnames: Held,
    pub name: Held,
    pub fields: Held,
    pub numerator: Held,
    pub denominator: Held,
    /// `object` itself.
    pub object: Held,
    /// The type of the descriptors that C gives to a class.
    pub getset_type: Held,
    /// `copyreg.__newobj__`.
    pub newobj: Held,
}

impl Vocabulary {
    fn new(py: Python<'_>, imports: &Imports) -> PyResult<Self> {
        let name = |name: &Bound<'_, PyString>| Held::from(name);
        let object = py.get_type::<PyAny>();
        let of_type = py
            .get_type::<pyo3::types::PyType>()
            .getattr(intern!(py, "__dict__"))?;
        let getset = of_type.get_item(intern!(py, "__module__"))?.get_type();
        Ok(Self {
            reduce_ex: name(intern!(py, "__reduce_ex__")),
            reduce: name(intern!(py, "__reduce__")),
            getstate: name(intern!(py, "__getstate__")),
            class: name(intern!(py, "__class__")),
            getnewargs: name(intern!(py, "__getnewargs__")),
            getnewargs_ex: name(intern!(py, "__getnewargs_ex__")),
            dict: name(intern!(py, "__dict__")),
            slotnames: name(intern!(py, "__slotnames__")),
            name: name(intern!(py, "__name__")),
            fields: name(intern!(py, "_fields")),
            numerator: name(intern!(py, "_numerator")),
            denominator: name(intern!(py, "_denominator")),
            object: object.into(),
            getset_type: getset.into(),
            newobj: imports.newobj.bind(py).into(),
        })
    }
}

static VOCABULARY: PyOnceLock<Vocabulary> = PyOnceLock::new();

/// The one instance, made at first use.
///
/// # Errors
/// What looking up an attribute of `type` raises.
pub fn vocabulary(py: Python<'_>, imports: &Imports) -> PyResult<&'static Vocabulary> {
    VOCABULARY.get_or_try_init(py, || Vocabulary::new(py, imports))
}
