//! Which classes are known, told by what they rest on.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyModule, PyString, PyTuple};

use crate::fast::attached::Attached;
use crate::fast::attribute::optional_attribute;
use crate::fast::view::{
    Class, View, make_arrays_known, make_collections_known, make_dates_known, make_decimal_known,
};
use crate::interpreter::imports::Imports;
use crate::save::instances::plan::PlanKind;
use crate::save::known::facts::{
    Arrays, Counter, Fraction, Known, Method, NamedTuple, NewObject, Node, Uuid,
};
use crate::save::known::seen::{COUNTER, FRACTION, NAMED_TUPLE, Seen};
use crate::save::vocabulary::vocabulary;

/// What is known of an object's class, of which `kind` is planned. To be called in a passage of the gate, when the
/// object was reduced the long way: then the class tells the names of its slots.
///
/// # Errors
/// MemoryError, and what looking through the standard library raises.
pub fn recognise(
    obj: &Bound<'_, PyAny>,
    kind: &PlanKind,
    imports: &Imports,
) -> PyResult<Option<Known>> {
    let py = obj.py();
    make_dates_known(py, &obj.get_type());
    make_collections_known(&obj.get_type());
    make_decimal_known(&obj.get_type());
    let vocabulary = vocabulary(py, imports)?;
    let attached = Attached::new(py);
    let quiet = attached.quiet();
    let object = View::of(obj.as_unbound(), quiet);
    if let Some(known) = known_in_c(object) {
        return Ok(Some(known));
    }
    let class = object.class();
    if class.is_immutable() {
        return arrays(obj, imports);
    }
    let Some(names) = class.names() else {
        return Ok(None);
    };
    let seen = Seen {
        class,
        names,
        vocabulary,
        quiet,
    };
    if let Some((node, reduce)) = seen.node() {
        let told = imports.called_for_node.bind(py);
        let told: Option<bool> = told.call1((reduce.bind(py),))?.extract()?;
        let fields = match told {
            None => return Ok(None),
            Some(false) => None,
            Some(true) => match seen.fields() {
                None => return Ok(None),
                fields => fields,
            },
        };
        return Ok(Some(Known::Node(Node {
            plain: node,
            fields,
        })));
    }
    let Some((name, known_as)) = seen.known_name(kind) else {
        return Ok(None);
    };
    let Some(method) = seen.method(name) else {
        return Ok(None);
    };
    let told = imports.known_method.bind(py);
    let told = told.call1((method.code.bind(py),))?;
    if !told.cast::<PyString>().is_ok_and(|told| told == known_as) {
        return Ok(None);
    }
    match known_as {
        NAMED_TUPLE => Ok(Some(Known::NamedTuple(NamedTuple {
            getnewargs: method,
            newobj: new_object(py, imports),
        }))),
        FRACTION => Ok(seen.numbers().map(|slots| {
            Known::Fraction(Fraction {
                reduce: method,
                slots,
            })
        })),
        COUNTER => Ok(Some(Known::Counter(Counter {
            reduce: method,
            dict: intern!(py, "dict").into(),
        }))),
        _ => uuid_of(obj, method, new_object(py, imports)),
    }
}

/// A type written in C, which nobody can change.
fn known_in_c(object: View<'_>) -> Option<Known> {
    if object.dated(true).is_some() {
        Some(Known::Date)
    } else if object.as_defaultdict().is_some() {
        Some(Known::DefaultDict)
    } else if object.as_deque().is_some() {
        Some(Known::Deque)
    } else if object.as_ordered_dict().is_some() {
        Some(Known::OrderedDict)
    } else if object.is_decimal() {
        Some(Known::Decimal)
    } else {
        None
    }
}

/// For numpy's arrays.
fn arrays(obj: &Bound<'_, PyAny>, imports: &Imports) -> PyResult<Option<Known>> {
    let py = obj.py();
    let told = imports.reduced_as_array.bind(py).call1((obj,))?;
    let Ok(told) = told.cast::<PyTuple>() else {
        return Ok(None);
    };
    let module = told.get_item(0)?;
    make_arrays_known(&obj.get_type(), &module);
    let attached = Attached::new(py);
    let is_one = View::of(obj.as_unbound(), attached.quiet()).is_array();
    let Ok(module) = module.cast::<PyModule>() else {
        return Ok(None);
    };
    if !is_one {
        return Ok(None);
    }
    Ok(Some(Known::Array(Box::new(Arrays {
        contents: module.dict().into(),
        name: intern!(py, "_reconstruct").into(),
        reconstruct: told.get_item(1)?.into(),
        code: told.get_item(2)?.into(),
        flags: intern!(py, "flags").into(),
        nbytes: intern!(py, "nbytes").into(),
    }))))
}

fn new_object(py: Python<'_>, imports: &Imports) -> NewObject {
    NewObject {
        contents: imports.copyreg_contents.bind(py).into(),
        name: intern!(py, "__newobj__").into(),
        function: imports.newobj.bind(py).into(),
    }
}

/// For a class with the `__getstate__` of `uuid.UUID`.
fn uuid_of(obj: &Bound<'_, PyAny>, getstate: Method, newobj: NewObject) -> PyResult<Option<Known>> {
    let py = obj.py();
    let function = obj.get_type().getattr(intern!(py, "__getstate__"))?;
    let globals = function.getattr(intern!(py, "__globals__"))?;
    let safe_uuid = intern!(py, "SafeUUID");
    let safe = globals.get_item(safe_uuid)?;
    let unknown = optional_attribute(&safe, intern!(py, "unknown"))?;
    let unknown = unknown.filter(|unknown| unknown.get_type().is(&safe));
    if let Some(unknown) = &unknown {
        // A look-up on a member gives the class its version.
        let _ = optional_attribute(unknown, intern!(py, "value"))?;
    }
    let attached = Attached::new(py);
    let quiet = attached.quiet();
    let known = || {
        let safe = View::of(safe.as_unbound(), quiet);
        let version = safe.as_class().and_then(Class::version);
        let unknown = unknown.as_ref().filter(|_| {
            let class = safe.as_class();
            version.is_some() && class.is_some_and(Class::compares_by_identity)
        });
        let class = View::of(obj.as_unbound(), quiet).class();
        let names = class.names_as_seen(getstate.names)?;
        let int = intern!(py, "int").as_any();
        let is_safe = intern!(py, "is_safe").as_any();
        let descriptors = [int, is_safe].map(|name| names.get(View::of(name.as_unbound(), quiet)));
        let [Some(of_int), Some(of_is_safe)] = descriptors else {
            return None;
        };
        Some(Known::Uuid(Box::new(Uuid {
            slots: class.slots(&[of_int, of_is_safe])?,
            getstate,
            newobj,
            int: int.into(),
            safe_uuid: safe_uuid.into(),
            safe: (safe.address(), version),
            unknown: unknown.map(|unknown| View::of(unknown.as_unbound(), quiet).address()),
        })))
    };
    Ok(known())
}
