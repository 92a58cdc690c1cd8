//! In which form a global that was found is written.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::fast::fresh;
use crate::fast::held::Held;
use crate::interpreter::face::{Face, GlobalStyle};
use crate::interpreter::hookable;
use crate::interpreter::imports::Imports;
use crate::save::globals::attribute_chain::AttributeChain;
use crate::save::globals::extension::{Extension, extension_of};
use crate::save::globals::line::{GlobalLine, LineStyle};
use crate::save::globals::references::plain;
use crate::save::globals::resolve::{Resolved, is_dotted};

/// How globals are written in this dump.
#[derive(Copy, Clone)]
pub struct Ways {
    pub face: Face,
    pub style: GlobalStyle,
    pub line: LineStyle,
    pub is_framed: bool,
    pub has_proto_opcode: bool,
}

/// How one global is written.
pub enum Form {
    /// EXT1, EXT2 or EXT4.
    Extension(Extension),
    /// STACK_GLOBAL behind the module's name and this one.
    StackGlobal { module_name: Held, name: Held },
    /// Attribute by attribute.
    Chain(Box<AttributeChain>),
    /// A call of `getattr`, this reduce value, with the parent saved as an object of its own.
    Getattr(Held),
    /// GLOBAL.
    Line(GlobalLine),
}

/// How a global that was found is written. Runs Python code.
///
/// # Errors
/// What looking for an extension code raises; MemoryError.
pub fn form_of(obj: &Bound<'_, PyAny>, found: Resolved<'_>, ways: Ways) -> PyResult<Form> {
    let py = obj.py();
    let imports = Imports::get(py)?;
    let shortens = ways.style == GlobalStyle::Package
        || match ways.face {
            Face::Lean => imports.lean.shortens_paths,
            Face::Hookable => hookable::does(|facts| facts.shortens_paths),
        };
    let through_module = found.parent.is_none() && shortens;
    if ways.has_proto_opcode
        && let Some(extension) = extension_of(obj, &found, ways.face)?
    {
        return Ok(Form::Extension(extension));
    }
    let is_dotted = is_dotted(found.qualname.cast()?)?;
    if ways.is_framed {
        // A name that leads back to the module needs its last part only. The lean face takes even
        // a name without dots for a part, which is no subclass of str.
        let is_part = is_dotted || ways.face == Face::Lean;
        let name = if through_module && is_part {
            last_name(found.qualname.cast()?)?.into_any()
        } else {
            found.qualname
        };
        return Ok(Form::StackGlobal {
            module_name: found.module_name.into(),
            name: name.into(),
        });
    }
    let chains = ways.style == GlobalStyle::Interpreter
        && match ways.face {
            Face::Lean => imports.lean.chains_attributes,
            Face::Hookable => hookable::does(|facts| facts.chains_attributes),
        };
    let module_name = found.module_name.cast::<PyString>()?;
    if chains && is_dotted && !through_module {
        let line = |top: &Bound<'_, PyString>| GlobalLine::new(module_name, top, ways.line);
        let chain = AttributeChain::new(obj.into(), found.qualname.cast()?, line)?;
        return Ok(Form::Chain(chain));
    }
    let name = last_name(found.qualname.cast()?)?;
    if let Some(parent) = found.parent {
        let arguments = fresh::tuple(py, [parent, name.into_any()])?;
        let getattr = imports.getattr.bind(py).clone();
        let value = fresh::tuple(py, [getattr, arguments.into_any()])?;
        return Ok(Form::Getattr(value.into()));
    }
    Ok(Form::Line(GlobalLine::new(module_name, &name, ways.line)?))
}

/// The last part of a dotted name, an exact str.
fn last_name<'py>(qualname: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyString>> {
    let qualname = if qualname.is_exact_instance_of::<PyString>() {
        qualname.clone()
    } else {
        plain(qualname)?
    };
    if !is_dotted(&qualname)? {
        return Ok(qualname);
    }
    let parts = qualname.call_method1(intern!(qualname.py(), "rpartition"), (".",))?;
    Ok(parts.get_item(2)?.cast_into::<PyString>()?)
}
