//! What tools see of the instructions of a pickle.

use pickle_format::instruction::Instruction;
use pickle_format::named_globals::{NamedGlobals, Naming, Unnamed};
use pickle_format::opcode::Opcode;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

use crate::fast::decode;
use crate::fast::fresh;
use crate::fast::no_memory::NoMemory;

/// The instructions that name globals, as tuples (opcode's character, argument, position), as
/// `pickletools.genops` has them: each GLOBAL, and each STACK_GLOBAL behind the two instructions whose strings
/// name its module and the object.
///
/// None where the pickle is malformed, or not written as a binary pickler writes.
#[pyfunction]
pub fn named_globals<'py>(pickle: &Bound<'py, PyBytes>) -> PyResult<Option<Bound<'py, PyList>>> {
    let py = pickle.py();
    let found = fresh::list(py)?;
    for naming in NamedGlobals::new(pickle.as_bytes()) {
        match naming {
            Ok(Naming::Global(instruction)) => found.append(shown(py, &instruction)?)?,
            Ok(Naming::StackGlobal {
                module,
                name,
                instruction,
            }) => {
                for each in [module, name, instruction] {
                    found.append(shown(py, &each)?)?;
                }
            }
            Err(Unnamed::Unclear) => return Ok(None),
            Err(Unnamed::NoMemory) => return Err(NoMemory.into()),
        }
    }
    Ok(Some(found))
}

fn shown<'py>(py: Python<'py>, instruction: &Instruction<'_>) -> PyResult<Bound<'py, PyTuple>> {
    let (opcode, argument) = (instruction.opcode, instruction.argument);
    let mut code = [0; 4];
    let code = fresh::text(py, char::from(opcode.code()).encode_utf8(&mut code))?;
    let argument = match opcode {
        Opcode::STACK_GLOBAL => py.None().into_bound(py),
        Opcode::GLOBAL => pair(py, argument)?,
        _ => decode::utf8(py, argument, c"surrogatepass")?,
    };
    let position = fresh::int(py, instruction.offset)?;
    fresh::tuple(py, [code.into_any(), argument, position])
}

/// The two lines of GLOBAL as `pickletools` joins them.
fn pair<'py>(py: Python<'py>, lines: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let mut joined = Vec::new();
    let reserved = joined.try_reserve_exact(lines.len());
    reserved.map_err(NoMemory::from)?;
    joined.extend_from_slice(lines);
    if let Some(end) = joined.iter().position(|byte| *byte == b'\n') {
        joined[end] = b' ';
    }
    decode::ascii(py, &joined)
}
