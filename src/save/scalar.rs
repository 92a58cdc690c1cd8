//! Objects without parts: None, bools, numbers, strings, bytes.

use pickle_format::encode;
use pickle_format::frame::FRAME_SIZE_TARGET;
use pickle_format::opcode::Opcode;
use pickle_format::text;
use pyo3::exceptions::{PyMemoryError, PyOverflowError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyString, PyTuple};

use crate::fast::fresh;
use crate::fast::int::int_value;
use crate::fast::memo::Holding;
use crate::fast::object::{Exact, float_value};
use crate::fast::output::BytesOutput;
use crate::fast::text::{code_points, is_interned, utf8};
use crate::hooks::Walk;
use crate::interpreter::face::Face;
use crate::interpreter::imports::Imports;
use crate::save::work::Standing;

impl<'py> Walk<'py, '_> {
    /// None, bools, ints and floats: nothing of them is memoized.
    pub fn save_atom(&mut self, obj: &Bound<'py, PyAny>, kind: Exact) -> PyResult<bool> {
        let form = self.form();
        match kind {
            Exact::None => encode::encode_none(&mut self.out)?,
            Exact::Bool => {
                let protocol = self.protocol;
                encode::encode_bool(&mut self.out, protocol, obj.is_truthy()?)?;
            }
            Exact::Int => self.save_long(obj)?,
            Exact::Float if form.is_binary() => {
                encode::encode_binfloat(&mut self.out, float_value(obj.as_borrowed()))?;
            }
            Exact::Float => {
                let repr = obj.repr()?;
                encode::encode_float_repr(&mut self.out, &repr.to_string_lossy())?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn save_long(&mut self, obj: &Bound<'py, PyAny>) -> PyResult<()> {
        let py = self.py;
        let form = self.form();
        let value = int_value(obj.as_borrowed());
        if let Some(value) = value {
            // With `bin` off, the Python class goes on to LONG1.
            let skips_int = self.face == Face::Hookable && self.protocol.has_proto_opcode();
            if i32::try_from(value).is_ok() && (form.is_binary() || !skips_int) {
                return encode::encode_i64(&mut self.out, form, value);
            }
            if self.protocol.has_proto_opcode() {
                let (bytes, n) = pickle_format::long::minimal_bytes(value);
                return encode::encode_long_bytes(&mut self.out, &bytes[..n]);
            }
        }
        if !self.protocol.has_proto_opcode() {
            let repr = obj.repr()?;
            return encode::encode_long_decimal(&mut self.out, &repr.to_string_lossy());
        }
        self.before_allocating();
        let bits = obj
            .call_method0(intern!(py, "bit_length"))?
            .extract::<u64>()?;
        let size = (bits >> 3) + 1;
        if size > 0x7fff_ffff {
            return Err(PyOverflowError::new_err("int too large to pickle"));
        }
        let options = fresh::dict(py)?;
        options.set_item(intern!(py, "signed"), true)?;
        let bytes = obj
            .call_method(
                intern!(py, "to_bytes"),
                (size, intern!(py, "little")),
                Some(&options),
            )?
            .cast_into::<PyBytes>()?;
        let digits = pickle_format::long::trim_twos_complement(bytes.as_bytes());
        encode::encode_long_bytes(&mut self.out, digits)
    }

    /// A str that was not memoized yet.
    pub fn save_str(&mut self, obj: &Bound<'py, PyAny>, standing: Standing) -> PyResult<()> {
        let py = self.py;
        let mut holding = standing.holding;
        if is_interned(obj.as_borrowed()) {
            holding = Holding::Shared;
        }
        if !self.form().is_binary() {
            let mut line = Vec::new();
            let mut points = code_points(obj.as_borrowed());
            text::raw_unicode_escape(points.clone(), &mut line)
                .map_err(|_| PyMemoryError::new_err(()))?;
            self.out.write_with([Opcode::UNICODE.code()], &line)?;
            self.out.write(*b"\n")?;
            if points.any(|c| matches!(c, 0 | 10 | 13 | 26 | 92))
                && self.face == Face::Hookable
                && !Imports::get(py)?.behaviour.hookable_memoizes_escaped_text
            {
                // There the escaped copy is memoized, which nobody can meet again.
                holding = Holding::Temporary;
            }
            return self.memoize(obj, holding);
        }
        let surrogates;
        let data = match utf8(obj.as_borrowed()) {
            Some(data) => data,
            None => {
                let text = obj.cast::<PyString>()?;
                let encoded = text.call_method1(
                    intern!(py, "encode"),
                    (intern!(py, "utf-8"), intern!(py, "surrogatepass")),
                )?;
                surrogates = encoded.cast_into::<PyBytes>()?;
                surrogates.as_bytes()
            }
        };
        let Some(header) = encode::str_header(data.len(), self.protocol) else {
            return Err(PyOverflowError::new_err(
                "serializing a string larger than 4 GiB requires pickle protocol 4 or higher",
            ));
        };
        if data.len() < FRAME_SIZE_TARGET {
            self.out.write_slice(header.as_slice())?;
            self.out.write_slice(data)?;
        } else if self.write.is_some() {
            let payload = PyBytes::new_with(py, data.len(), |room| {
                room.copy_from_slice(data);
                Ok(())
            })?;
            self.write_large(header.as_slice(), payload.as_any(), data)?;
        } else {
            self.write_large(header.as_slice(), obj, data)?;
        }
        self.memoize_after(obj, holding)
    }

    /// Memoizes an object whose payload may have gone to the file, so that others may hold it.
    pub fn memoize_after(&mut self, obj: &Bound<'py, PyAny>, holding: Holding) -> PyResult<()> {
        let holding = if self.write.is_some() && !self.writes_natively {
            Holding::Shared
        } else {
            holding
        };
        self.memoize(obj, holding)
    }

    pub fn save_bytes(&mut self, obj: &Bound<'py, PyAny>, standing: Standing) -> PyResult<()> {
        let py = self.py;
        let imports = Imports::get(py)?;
        let bytes = obj.cast::<PyBytes>()?;
        if self.protocol.has_native_bytes() {
            self.write_bytes(bytes.as_bytes(), obj)?;
            return self.memoize_after(obj, standing.holding);
        }
        self.before_allocating();
        let value = if bytes.as_bytes().is_empty() {
            PyTuple::new(
                py,
                [
                    imports.bytes_type.bind(py).as_any(),
                    PyTuple::empty(py).as_any(),
                ],
            )?
        } else {
            let latin1 = intern!(py, "latin1").as_any();
            let text = obj.call_method1(intern!(py, "decode"), (latin1,))?;
            let args = PyTuple::new(py, [&text, latin1])?;
            drop(text);
            PyTuple::new(py, [imports.codecs_encode.bind(py), args.as_any()])?
        };
        self.save_reduce(Some(obj), value.into_any(), standing, None)
    }

    /// Writes `data` with the opcode for bytes; `payload` is the object that is given to the file
    /// when the data is large.
    pub fn write_bytes(&mut self, data: &[u8], payload: &Bound<'py, PyAny>) -> PyResult<()> {
        let Some(header) = encode::bytes_header(data.len(), self.protocol) else {
            return Err(PyOverflowError::new_err(
                "serializing a bytes object larger than 4 GiB requires pickle protocol 4 or higher",
            ));
        };
        self.write_payload(header.as_slice(), payload, data)
    }

    pub fn save_bytearray(&mut self, obj: &Bound<'py, PyAny>, standing: Standing) -> PyResult<()> {
        let py = self.py;
        let imports = Imports::get(py)?;
        let array = obj.cast::<PyByteArray>()?;
        if self.protocol.has_buffers() {
            // A copy, since the file's `write` may resize the array while it is being written.
            let data = imports.bytes_type.bind(py).call1((array,))?;
            let data = data.cast_into::<PyBytes>()?;
            let header = encode::bytearray_header(data.as_bytes().len());
            self.write_payload(header.as_slice(), data.as_any(), data.as_bytes())?;
            return self.memoize_after(obj, standing.holding);
        }
        self.before_allocating();
        let args = if array.is_empty() {
            PyTuple::empty(py)
        } else {
            // Whether one byte gives a new object or the interpreter's shared one depends on the
            // release, and shows in the memo; so the type is called, as upstream does.
            let data = imports.bytes_type.bind(py).call1((array,))?;
            PyTuple::new(py, [data])?
        };
        let value = PyTuple::new(
            py,
            [imports.bytearray_type.bind(py).as_any(), args.as_any()],
        )?;
        self.save_reduce(Some(obj), value.into_any(), standing, None)
    }

    /// Writes a header and its payload: inside the frame, or past it when large.
    pub fn write_payload(
        &mut self,
        header: &[u8],
        payload: &Bound<'py, PyAny>,
        data: &[u8],
    ) -> PyResult<()> {
        if data.len() >= FRAME_SIZE_TARGET {
            return self.write_large(header, payload, data);
        }
        self.out.write_slice(header)?;
        self.out.write_slice(data)
    }

    /// A payload of a frame's size or more stands outside of frames, and goes to the file by
    /// itself, uncopied.
    fn write_large(
        &mut self,
        header: &[u8],
        payload: &Bound<'py, PyAny>,
        data: &[u8],
    ) -> PyResult<()> {
        self.out.commit_frame();
        self.out.write_slice(header)?;
        if self.write.is_some() {
            self.flush()?;
            self.hand_over(payload)?;
        } else {
            self.out.write_slice(data)?;
        }
        self.out.open_frame()
    }

    /// Hands what was written to the file. The frame must be closed.
    pub fn flush(&mut self) -> PyResult<()> {
        if self.write.is_none() {
            return Ok(());
        }
        let (output, filled) = self.out.replace_output(BytesOutput::new());
        if filled == 0 {
            return Ok(());
        }
        let data = output.finish(self.py, filled)?;
        self.hand_over(data.as_any())
    }

    /// Calls the file's `write`.
    fn hand_over(&mut self, data: &Bound<'py, PyAny>) -> PyResult<()> {
        let py = self.py;
        let Some(write) = self.write.as_ref().map(|w| w.clone_ref(py)) else {
            return Ok(());
        };
        if self.writes_natively {
            // The error of a failure is an allocation, which may run the collector up to 3.11.
            self.memo.own();
            return write.bind(py).call1((data,)).map(drop);
        }
        self.leave(|py| write.bind(py).call1((data,)).map(drop))
    }
}
