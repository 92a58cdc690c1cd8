//! Objects without parts, the long way: with what only Python can say of them.

use pickle_format::encode;
use pyo3::exceptions::PyOverflowError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyFloat, PyInt, PyString, PyTuple};

use crate::fast::fresh;
use crate::fast::held::Held;
use crate::fast::memo::Holding;
use crate::fast::view::Kind;
use crate::interpreter::face::Face;
use crate::save::file::bytes_of;
use crate::save::next::Next;
use crate::save::standing::Standing;
use crate::save::walk::Walk;

impl Walk<'_, '_> {
    /// Saves None, a bool, an int or a float: nothing of them is memoized. False for anything else.
    ///
    /// # Errors
    /// MemoryError; OverflowError for an int that no opcode can say; what `repr` of an int raises.
    pub fn save_atom(&mut self, obj: &Held) -> PyResult<bool> {
        enum Atom {
            Written,
            Int(Option<i64>),
            FloatInText,
            Other,
        }
        let atom = self.write(|w, quiet| {
            match obj.view(quiet).kind() {
                Kind::None => encode::encode_none(&mut w.out)?,
                Kind::Bool(value) => encode::encode_bool(&mut w.out, w.protocol, value)?,
                Kind::Float(float) if w.encoding_protocol().is_binary() => {
                    encode::encode_binfloat(&mut w.out, float.value())?;
                }
                Kind::Float(_) => return Ok(Atom::FloatInText),
                Kind::Int(int) => return Ok(Atom::Int(int.value())),
                _ => return Ok(Atom::Other),
            }
            Ok(Atom::Written)
        })?;
        match atom {
            Atom::Other => return Ok(false),
            Atom::Written => {}
            Atom::Int(value) => self.save_long(obj, value)?,
            Atom::FloatInText => {
                let text = self.leave(|py| text_of(obj.cast::<PyFloat>(py)?.repr()?))?;
                self.write(|w, _| Ok(encode::encode_float_repr(&mut w.out, &text)?))?;
            }
        }
        Ok(true)
    }

    fn save_long(&mut self, obj: &Held, value: Option<i64>) -> PyResult<()> {
        let written = self.write(|w, _| {
            let Some(value) = value else {
                return Ok(false);
            };
            let protocol = w.encoding_protocol();
            // With `bin` off, the Python class goes on to LONG1.
            let skips_int = w.face == Face::Hookable && w.protocol.has_proto_opcode();
            if i32::try_from(value).is_ok() && (protocol.is_binary() || !skips_int) {
                encode::encode_i64(&mut w.out, protocol, value)?;
                return Ok(true);
            }
            if w.protocol.has_proto_opcode() {
                let (bytes, n) = pickle_format::long::minimal_bytes(value);
                encode::encode_long_bytes(&mut w.out, &bytes[..n])?;
                return Ok(true);
            }
            Ok(false)
        })?;
        if written {
            return Ok(());
        }
        if !self.writer().protocol.has_proto_opcode() {
            // The decimal digits of a large int take a while: the interpreter checks signals meanwhile.
            let digits = self.leave(|py| text_of(obj.cast::<PyInt>(py)?.repr()?))?;
            return self.write(|w, _| Ok(encode::encode_long_decimal(&mut w.out, &digits)?));
        }
        let bytes = self.leave(|py| {
            let int = obj.bind(py);
            let bits = int.call_method0(intern!(py, "bit_length"))?;
            let size = (bits.extract::<u64>()? >> 3) + 1;
            if size > 0x7fff_ffff {
                return Err(PyOverflowError::new_err("int too large to pickle"));
            }
            let options = fresh::dict(py)?;
            options.set_item(intern!(py, "signed"), true)?;
            let arguments = (size, intern!(py, "little"));
            let bytes = int.call_method(intern!(py, "to_bytes"), arguments, Some(&options))?;
            Ok(Held::from(bytes.cast_into::<PyBytes>()?))
        })?;
        self.write(|w, quiet| match bytes.view(quiet).kind() {
            Kind::Bytes(bytes) => {
                let digits = pickle_format::long::trim_twos_complement(bytes.data());
                Ok(encode::encode_long_bytes(&mut w.out, digits)?)
            }
            _ => Ok(()),
        })
    }

    /// Saves an exact str that was not memoized yet.
    ///
    /// # Errors
    /// MemoryError; OverflowError for one that the protocol can't say; what the file's `write` raises.
    pub fn save_str(&mut self, obj: &Held, standing: Standing) -> PyResult<Next> {
        let mut holding = standing.holding;
        if !self.writer().encoding_protocol().is_binary() {
            self.save_str_in_text(obj, holding)?;
            return Ok(Next::Step);
        }
        /// What is written beside the header: the string's own bytes, or those of another object.
        enum Form {
            Short,
            Long,
            Surrogates,
        }
        let form = self.write(|w, quiet| {
            let Kind::Str(text) = obj.view(quiet).kind() else {
                return Ok(Form::Short);
            };
            if text.is_interned() {
                holding = Holding::Shared;
            }
            let Some(data) = text.utf8() else {
                return Ok(Form::Surrogates);
            };
            if data.len() >= pickle_format::frame::FRAME_SIZE_TARGET {
                return Ok(Form::Long);
            }
            encode::encode_str(&mut w.out, w.protocol, data)?;
            w.memoize(obj.view(quiet), holding)?;
            Ok(Form::Short)
        })?;
        let is_long = match form {
            Form::Short => return Ok(Next::Step),
            Form::Long => true,
            Form::Surrogates => false,
        };
        let has_file = self.state().writer.has_file;
        let encoded = if is_long && !has_file {
            None
        } else {
            // The bytes live on by themselves, for the file to keep.
            let errors = if is_long { "strict" } else { "surrogatepass" };
            Some(self.leave(|py| {
                let text = obj.cast::<PyString>(py)?;
                let encoded = text.call_method1(
                    intern!(py, "encode"),
                    (intern!(py, "utf-8"), PyString::intern(py, errors)),
                )?;
                Ok(Held::from(encoded.cast_into::<PyBytes>()?))
            })?)
        };
        let payload = encoded.as_ref().unwrap_or(obj);
        let header = self.write(|w, quiet| {
            let data = bytes_of(payload.view(quiet));
            Ok(encode::str_header(data.len(), w.protocol))
        })?;
        let Some(header) = header else {
            return Err(PyOverflowError::new_err(
                "serializing a string larger than 4 GiB requires pickle protocol 4 or higher",
            ));
        };
        self.write_payload(header.as_slice(), payload)?;
        let holding = self.holding_after_payload(holding);
        self.write(|w, quiet| w.memoize(obj.view(quiet), holding))?;
        self.release([encoded]);
        Ok(Next::Step)
    }

    /// Saves an exact bytes object that was not memoized yet.
    ///
    /// # Errors
    /// As for `save_str`.
    pub fn save_bytes(&mut self, obj: &Held, standing: Standing) -> PyResult<Next> {
        if self.writer().protocol.has_native_bytes() {
            self.write_bytes(obj)?;
            let holding = self.holding_after_payload(standing.holding);
            self.write(|w, quiet| w.memoize(obj.view(quiet), holding))?;
            return Ok(Next::Step);
        }
        let imports = self.imports;
        let value = self.leave(|py| {
            let bytes = obj.cast::<PyBytes>(py)?;
            let (function, arguments) = if bytes.as_bytes().is_empty() {
                (imports.bytes_type.bind(py).as_any(), PyTuple::empty(py))
            } else {
                let latin1 = intern!(py, "latin1").as_any();
                let text = bytes.call_method1(intern!(py, "decode"), (latin1,))?;
                let arguments = fresh::tuple(py, [text, latin1.clone()])?;
                (imports.codecs_encode.bind(py), arguments)
            };
            let value = fresh::tuple(py, [function.clone(), arguments.into_any()])?;
            Ok(Held::from(value))
        })?;
        self.save_reduce(Some(obj.again(self.quiet())), value, standing, None)
    }

    /// Writes a bytes object with the opcode for its size.
    ///
    /// # Errors
    /// As for `save_str`.
    pub fn write_bytes(&mut self, obj: &Held) -> PyResult<()> {
        let header = self.write(|w, quiet| {
            let data = bytes_of(obj.view(quiet));
            Ok(encode::bytes_header(data.len(), w.protocol))
        })?;
        let Some(header) = header else {
            return Err(PyOverflowError::new_err(
                "serializing a bytes object larger than 4 GiB requires pickle protocol 4 or higher",
            ));
        };
        self.write_payload(header.as_slice(), obj)
    }

    /// Writes the bytes of a bytearray, of which `data` is a copy.
    ///
    /// # Errors
    /// MemoryError, and what the file's `write` raises.
    pub fn write_bytearray(&mut self, data: &Held) -> PyResult<()> {
        let len = self.write(|_, quiet| Ok(bytes_of(data.view(quiet)).len()))?;
        self.write_payload(encode::bytearray_header(len).as_slice(), data)
    }

    /// Saves an exact bytearray that was not memoized yet.
    ///
    /// # Errors
    /// MemoryError, and what the file's `write` raises.
    pub fn save_bytearray(&mut self, obj: &Held, standing: Standing) -> PyResult<Next> {
        let imports = self.imports;
        let has_buffers = self.writer().protocol.has_buffers();
        // Whether one byte gives a new object or the interpreter's shared one depends on the release, and
        // shows in the memo; so the type is called, as upstream does. The copy is what the file gets, since
        // its `write` may resize the array meanwhile.
        let made = self.leave(|py| {
            let array = obj.cast::<PyByteArray>(py)?;
            let copy = || imports.bytes_type.bind(py).call1((&*array,));
            if has_buffers {
                return Ok(Held::from(copy()?));
            }
            let arguments = if array.is_empty() {
                PyTuple::empty(py)
            } else {
                fresh::tuple(py, [copy()?])?
            };
            let function = imports.bytearray_type.bind(py).as_any().clone();
            Ok(fresh::tuple(py, [function, arguments.into_any()])?.into())
        })?;
        if !has_buffers {
            return self.save_reduce(Some(obj.again(self.quiet())), made, standing, None);
        }
        self.write_bytearray(&made)?;
        let holding = self.holding_after_payload(standing.holding);
        self.write(|w, quiet| w.memoize(obj.view(quiet), holding))?;
        self.release([Some(made)]);
        Ok(Next::Step)
    }
}

/// What `repr` gave, as text.
fn text_of(text: Bound<'_, PyString>) -> PyResult<String> {
    Ok(text.to_string_lossy().into_owned())
}
