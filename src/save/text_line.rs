//! Protocol 0's string: a line of characters and escapes.

use pickle_format::opcode::Opcode;
use pickle_format::sink::Sink;
use pickle_format::text;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::fast::fresh;
use crate::fast::held::Held;
use crate::fast::memo::Holding;
use crate::fast::view::Kind;
use crate::interpreter::face::Face;
use crate::interpreter::hookable;
use crate::save::fault::Fault;
use crate::save::walk::Walk;

/// The characters that a string has no place for in a line, and how upstream writes them; the backslash first.
const ESCAPES: [(u32, &str); 5] = [
    (0x5c, "\\u005c"),
    (0x00, "\\u0000"),
    (0x0a, "\\u000a"),
    (0x0d, "\\u000d"),
    (0x1a, "\\u001a"),
];

impl Walk<'_, '_> {
    /// Saves an exact str that was not memoized yet, as a line.
    ///
    /// # Errors
    /// MemoryError; what the file's `write` raises.
    pub fn save_str_in_text(&mut self, obj: &Held, holding: Holding) -> PyResult<()> {
        let memoizes = hookable::does(|facts| facts.memoizes_escaped_text);
        let asks_with_copy = self.write(|w, quiet| {
            let Kind::Str(text) = obj.view(quiet).kind() else {
                return Ok(false);
            };
            let mut holding = if text.is_interned() {
                Holding::Shared
            } else {
                holding
            };
            let mut line = Vec::new();
            let mut points = text.code_points();
            text::raw_unicode_escape(points.clone(), &mut line).map_err(|_| Fault::NoMemory)?;
            w.out.write_with([Opcode::UNICODE.code()], &line)?;
            w.out.write(*b"\n")?;
            if !memoizes
                && w.face == Face::Hookable
                && points.any(|c| ESCAPES.iter().any(|(escaped, _)| *escaped == c))
            {
                // There the escaped copy is memoized, which nobody can meet again.
                if w.asks_memoize {
                    return Ok(true);
                }
                holding = Holding::Temporary;
            }
            w.memoize(text.object(), holding)?;
            Ok(false)
        })?;
        if asks_with_copy {
            let copy = self.leave(|py| escaped_copy(obj.cast::<PyString>(py)?))?;
            self.write(|w, quiet| w.memoize(copy.view(quiet), Holding::Shared))?;
        }
        Ok(())
    }
}

/// The copy of a string with escapes that upstream hands to `memoize`, where it does that.
fn escaped_copy(text: &Bound<'_, PyString>) -> PyResult<Held> {
    let py = text.py();
    let mut copy = text.clone().into_any();
    for (character, escape) in ESCAPES {
        let mut buffer = [0; 4];
        let character = char::from_u32(character).map_or("", |c| c.encode_utf8(&mut buffer));
        let arguments = [fresh::text(py, character)?, fresh::text(py, escape)?];
        let arguments = fresh::tuple(py, arguments.map(Bound::into_any))?;
        copy = copy.call_method1(intern!(py, "replace"), arguments)?;
    }
    Ok(Held::from(copy))
}
