//! PROTO and FRAME, which make no object but say how to read on.

use pickle_format::protocol::Protocol;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::load::machine::Machine;

impl Machine<'_, '_> {
    pub fn load_proto(&mut self) -> PyResult<()> {
        let proto = self.take_byte()?;
        if Protocol::new(proto).is_none() {
            let words = format!("unsupported pickle protocol: {proto}");
            return Err(self.in_argument(PyValueError::new_err(words)));
        }
        self.state.proto = proto;
        match &mut self.premises {
            Some(premises) => premises.set_proto(proto),
            None => Ok(()),
        }
    }

    pub fn load_frame(&mut self) -> PyResult<()> {
        let bytes = self.take_array::<8>()?;
        // A frame within a frame is refused whatever its size.
        if self.minds_frames && self.input.is_in_frame() {
            return self.input.enter_frame(self.py, 0);
        }
        let size = self.as_size(u64::from_le_bytes(bytes), "FRAME length")?;
        self.input.check_reach(self.py, size)?;
        if self.input.window.rest() < size {
            self.refill(size)?;
        }
        if self.minds_frames {
            return self.input.enter_frame(self.py, size);
        }
        // What lies behind the frame is read after it, and no argument reaches across its end.
        let end = self.input.window.position() + size;
        self.input.keep_of_window(self.py, end)
    }
}
