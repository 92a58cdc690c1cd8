//! How an object ends behind its parts.

use pickle_format::opcode::Opcode;

use crate::fast::view::View;
use crate::save::fault::Fault;
use crate::save::write::asked::{Asked, Ending};
use crate::save::write::writer::Writer;

/// The end of an object goes through these functions where upstream asks the pickler behind the parts, and not
/// before them, for its method: where the pickler is foreign by then, it is asked.
impl Writer {
    /// Writes the GET for an object that was met while its own parts were saved, in place of the new one.
    pub fn get_in_place(&mut self, index: usize) -> Result<(), Fault> {
        if self.asks_upstreams {
            self.asked = Some(Asked::Get(index));
            return Ok(());
        }
        self.get(index)
    }

    /// Writes the opcode that makes an object of its parts, and memoizes the object.
    #[inline(always)]
    pub fn make_of_parts(
        &mut self,
        opcode: Opcode,
        obj: Option<View<'_>>,
        memoize: impl FnOnce(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        if self.asks_upstreams {
            self.asked = Some(Asked::Write(Ending {
                opcode: (opcode, 1),
                get: None,
                memoize: obj.map(View::hold),
            }));
            return Ok(());
        }
        self.opcode(opcode)?;
        memoize(self)
    }

    /// Takes so many parts off the stack again, and writes the GET of the object that they were to be.
    pub fn pop_and_get(&mut self, pops: usize, index: usize) -> Result<(), Fault> {
        if self.asks_upstreams {
            self.asked = Some(Asked::Write(Ending {
                opcode: (Opcode::POP, pops),
                get: Some(index),
                memoize: None,
            }));
            return Ok(());
        }
        for _ in 0..pops {
            self.opcode(Opcode::POP)?;
        }
        self.get(index)
    }
}
