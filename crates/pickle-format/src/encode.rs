//! The shortest legal opcode for a value, per protocol, as CPython chooses it.
//!
//! All of these write into a [`Sink`] and fail where it has no room; those that say so also where no
//! opcode can say the value. [`instruction`](crate::instruction) writes the others.

#![allow(clippy::missing_errors_doc)]

use crate::long::minimal_bytes;
use crate::opcode::Opcode;
use crate::protocol::Protocol;
use crate::sink::Sink;

/// An opcode with its size argument: what stands before a payload.
#[derive(Copy, Clone, Debug)]
pub struct Header {
    bytes: [u8; 9],
    len: u8,
}

impl Header {
    fn new<const N: usize>(opcode: Opcode, size: [u8; N]) -> Self {
        let mut bytes = [opcode.code(); 9];
        bytes[1..=N].copy_from_slice(&size);
        Self {
            bytes,
            len: 1 + N as u8,
        }
    }

    /// The bytes to write.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// A bare opcode.
#[inline(always)]
pub fn encode_opcode<W: Sink>(w: &mut W, opcode: Opcode) -> Result<(), W::Error> {
    w.write([opcode.code()])
}

/// PROTO, from protocol 2 on.
pub fn encode_proto<W: Sink>(w: &mut W, protocol: Protocol) -> Result<(), W::Error> {
    if protocol.has_proto_opcode() {
        w.write([Opcode::PROTO.code(), protocol.number()])?;
    }
    Ok(())
}

/// NONE.
#[inline(always)]
pub fn encode_none<W: Sink>(w: &mut W) -> Result<(), W::Error> {
    encode_opcode(w, Opcode::NONE)
}

/// NEWTRUE, NEWFALSE; before protocol 2 INT with `01` or `00`.
#[inline(always)]
pub fn encode_bool<W: Sink>(w: &mut W, protocol: Protocol, value: bool) -> Result<(), W::Error> {
    if protocol.has_proto_opcode() {
        w.write([if value {
            Opcode::NEWTRUE
        } else {
            Opcode::NEWFALSE
        }
        .code()])
    } else {
        w.write_slice(if value { b"I01\n" } else { b"I00\n" })
    }
}

/// BININT1, BININT2, BININT, LONG1; in text INT and LONG.
#[inline(always)]
pub fn encode_i64<W: Sink>(w: &mut W, protocol: Protocol, value: i64) -> Result<(), W::Error> {
    if !protocol.is_binary() {
        return encode_i64_text(w, value);
    }
    let [a, b, ..] = value.to_le_bytes();
    if value & !0xff == 0 {
        w.write([Opcode::BININT1.code(), a])
    } else if value & !0xffff == 0 {
        w.write([Opcode::BININT2.code(), a, b])
    } else if let Ok(value) = i32::try_from(value) {
        let [a, b, c, d] = value.to_le_bytes();
        w.write([Opcode::BININT.code(), a, b, c, d])
    } else if protocol.has_proto_opcode() {
        let (bytes, n) = minimal_bytes(value);
        encode_long_bytes(w, &bytes[..n])
    } else {
        encode_long_decimal(w, &value.to_string())
    }
}

/// BININT1, BININT2 or BININT; false, with nothing written, for a value that is negative or too large.
#[inline(always)]
pub fn encode_positive<W: Sink>(w: &mut W, value: i64) -> Result<bool, W::Error> {
    let [a, b, c, d, ..] = value.to_le_bytes();
    if value & !0xff == 0 {
        w.write([Opcode::BININT1.code(), a])?;
    } else if value & !0xffff == 0 {
        w.write([Opcode::BININT2.code(), a, b])?;
    } else if value & !0x7fff_ffff == 0 {
        w.write([Opcode::BININT.code(), a, b, c, d])?;
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// Bytes of BININT.
pub const BININT_SIZE: usize = 5;

/// Bytes of BINFLOAT.
pub const BINFLOAT_SIZE: usize = 9;

/// BININT1, BININT2 or BININT in the first bytes, as many as told; None for what these can't say.
#[inline(always)]
#[must_use]
pub fn binint(value: i64) -> Option<([u8; 8], usize)> {
    if value >= 0 {
        return binint_of_positive(value as u64);
    }
    i32::try_from(value)
        .is_ok()
        .then(|| word_of(Opcode::BININT, value as u64, BININT_SIZE))
}

/// As `binint`, for a value that is not negative.
#[inline(always)]
#[must_use]
pub fn binint_of_positive(value: u64) -> Option<([u8; 8], usize)> {
    Some(if value > 0xffff {
        if value > 0x7fff_ffff {
            return None;
        }
        word_of(Opcode::BININT, value, BININT_SIZE)
    } else if value > 0xff {
        word_of(Opcode::BININT2, value, 3)
    } else {
        word_of(Opcode::BININT1, value, 2)
    })
}

#[inline(always)]
fn word_of(opcode: Opcode, value: u64, n: usize) -> ([u8; 8], usize) {
    ((value << 8 | u64::from(opcode.code())).to_le_bytes(), n)
}

/// BINFLOAT in the first nine bytes.
#[inline(always)]
#[must_use]
pub fn binfloat(value: f64) -> ([u8; 16], usize) {
    let bits = u128::from(value.to_bits().swap_bytes());
    let word = bits << 8 | u128::from(Opcode::BINFLOAT.code());
    (word.to_le_bytes(), BINFLOAT_SIZE)
}

#[cold]
fn encode_i64_text<W: Sink>(w: &mut W, value: i64) -> Result<(), W::Error> {
    if i32::try_from(value).is_ok() {
        w.write_slice(format!("I{value}\n").as_bytes())
    } else {
        encode_long_decimal(w, &value.to_string())
    }
}

/// LONG1 or LONG4 with bytes of two's complement; too large from 2³¹ of them on.
pub fn encode_long_bytes<W: Sink>(w: &mut W, bytes: &[u8]) -> Result<(), W::Error> {
    match u8::try_from(bytes.len()) {
        Ok(n) => w.write_with([Opcode::LONG1.code(), n], bytes),
        Err(_) => {
            let Ok(size) = i32::try_from(bytes.len()) else {
                return Err(w.too_large(Opcode::LONG4));
            };
            let [a, b, c, d] = size.to_le_bytes();
            w.write_with([Opcode::LONG4.code(), a, b, c, d], bytes)
        }
    }
}

/// LONG with decimal digits.
pub fn encode_long_decimal<W: Sink>(w: &mut W, digits: &str) -> Result<(), W::Error> {
    w.write([Opcode::LONG.code()])?;
    w.write_slice(digits.as_bytes())?;
    w.write(*b"L\n")
}

/// BINFLOAT: eight bytes, the most significant first.
#[inline(always)]
pub fn encode_binfloat<W: Sink>(w: &mut W, value: f64) -> Result<(), W::Error> {
    w.write_with([Opcode::BINFLOAT.code()], &value.to_be_bytes())
}

/// FLOAT with the shortest decimal that gives the value back.
pub fn encode_float_repr<W: Sink>(w: &mut W, repr: &str) -> Result<(), W::Error> {
    w.write_with([Opcode::FLOAT.code()], repr.as_bytes())?;
    w.write(*b"\n")
}

/// What stands before `len` bytes of UTF-8; None where the protocol can't say such a size.
#[must_use]
pub fn str_header(len: usize, protocol: Protocol) -> Option<Header> {
    match (u8::try_from(len), u32::try_from(len)) {
        (Ok(n), _) if protocol.is_framed() => Some(Header::new(Opcode::SHORT_BINUNICODE, [n])),
        (_, Ok(n)) => Some(Header::new(Opcode::BINUNICODE, n.to_le_bytes())),
        _ if protocol.is_framed() => {
            Some(Header::new(Opcode::BINUNICODE8, (len as u64).to_le_bytes()))
        }
        _ => None,
    }
}

/// What stands before `len` bytes; None where the protocol can't say such a size.
#[must_use]
pub fn bytes_header(len: usize, protocol: Protocol) -> Option<Header> {
    match (u8::try_from(len), u32::try_from(len)) {
        (Ok(n), _) => Some(Header::new(Opcode::SHORT_BINBYTES, [n])),
        (_, Ok(n)) => Some(Header::new(Opcode::BINBYTES, n.to_le_bytes())),
        _ if protocol.is_framed() => {
            Some(Header::new(Opcode::BINBYTES8, (len as u64).to_le_bytes()))
        }
        _ => None,
    }
}

/// What stands before the `len` bytes of a bytearray, from protocol 5 on.
#[must_use]
pub fn bytearray_header(len: usize) -> Header {
    Header::new(Opcode::BYTEARRAY8, (len as u64).to_le_bytes())
}

/// SHORT_BINUNICODE or BINUNICODE with UTF-8 that is shorter than a frame.
#[inline(always)]
pub fn encode_str<W: Sink>(w: &mut W, protocol: Protocol, utf8: &[u8]) -> Result<(), W::Error> {
    if protocol.is_framed() && utf8.len() < 256 {
        return w.write_with([Opcode::SHORT_BINUNICODE.code(), utf8.len() as u8], utf8);
    }
    let [a, b, c, d] = (utf8.len() as u32).to_le_bytes();
    w.write_with([Opcode::BINUNICODE.code(), a, b, c, d], utf8)
}

/// MEMOIZE, BINPUT, LONG_BINPUT or PUT. An index past four bytes is too large for LONG_BINPUT.
#[inline(always)]
pub fn encode_put<W: Sink>(w: &mut W, protocol: Protocol, index: usize) -> Result<(), W::Error> {
    if protocol.is_framed() {
        return encode_opcode(w, Opcode::MEMOIZE);
    }
    if !protocol.is_binary() {
        return w.write_slice(format!("p{index}\n").as_bytes());
    }
    encode_index(w, Opcode::BINPUT, Opcode::LONG_BINPUT, index)
}

/// BINGET, LONG_BINGET or GET. An index past four bytes is too large for LONG_BINGET.
#[inline(always)]
pub fn encode_get<W: Sink>(w: &mut W, protocol: Protocol, index: usize) -> Result<(), W::Error> {
    if !protocol.is_binary() {
        return w.write_slice(format!("g{index}\n").as_bytes());
    }
    encode_binget(w, index)
}

/// BINGET or LONG_BINGET. An index past four bytes is too large for LONG_BINGET.
#[inline(always)]
pub fn encode_binget<W: Sink>(w: &mut W, index: usize) -> Result<(), W::Error> {
    encode_index(w, Opcode::BINGET, Opcode::LONG_BINGET, index)
}

/// As `encode_binget`, in the first bytes, as many as told; None for an index past four bytes.
#[inline(always)]
#[must_use]
pub fn binget(index: usize) -> Option<([u8; 8], usize)> {
    let index = index as u64;
    Some(if index <= 0xff {
        word_of(Opcode::BINGET, index, 2)
    } else if index <= 0xffff_ffff {
        word_of(Opcode::LONG_BINGET, index, 5)
    } else {
        return None;
    })
}

/// BINGET or LONG_BINGET of a class, EMPTY_TUPLE, what makes an instance of these, and MEMOIZE, in the first bytes, as many as told; None for
/// an index past four bytes.
#[inline(always)]
#[must_use]
pub fn new_instance(class: usize, make: Opcode) -> Option<([u8; 8], usize)> {
    let (class, n) = binget(class)?;
    let [a, b, c] = [Opcode::EMPTY_TUPLE, make, Opcode::MEMOIZE].map(Opcode::code);
    let rest = u64::from_le_bytes([a, b, c, 0, 0, 0, 0, 0]);
    let word = u64::from_le_bytes(class) | rest << (8 * n);
    Some((word.to_le_bytes(), n + 3))
}

#[inline(always)]
fn encode_index<W: Sink>(
    w: &mut W,
    short: Opcode,
    long: Opcode,
    index: usize,
) -> Result<(), W::Error> {
    if let Ok(index) = u8::try_from(index) {
        return w.write([short.code(), index]);
    }
    let Ok(index) = u32::try_from(index) else {
        return Err(w.too_large(long));
    };
    let [a, b, c, d] = index.to_le_bytes();
    w.write([long.code(), a, b, c, d])
}

/// EXT1, EXT2 or EXT4 with a code from 1 to 2³¹ − 1.
pub fn encode_ext<W: Sink>(w: &mut W, code: u32) -> Result<(), W::Error> {
    let [a, b, c, d] = code.to_le_bytes();
    if code <= 0xff {
        w.write([Opcode::EXT1.code(), a])
    } else if code <= 0xffff {
        w.write([Opcode::EXT2.code(), a, b])
    } else {
        w.write([Opcode::EXT4.code(), a, b, c, d])
    }
}

/// GLOBAL with the module's and the object's name.
pub fn encode_global<W: Sink>(w: &mut W, module: &[u8], name: &[u8]) -> Result<(), W::Error> {
    w.write_with([Opcode::GLOBAL.code()], module)?;
    w.write_with([b'\n'], name)?;
    w.write([b'\n'])
}
