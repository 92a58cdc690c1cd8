//! Protocols 0 to 5, and what each allows.

/// A version of the format.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Protocol(u8);

impl Protocol {
    /// The newest protocol.
    pub const HIGHEST: Protocol = Protocol(5);

    /// The protocol of this number, 0 to 5.
    #[must_use]
    pub const fn new(number: u8) -> Option<Protocol> {
        if number <= Self::HIGHEST.0 {
            Some(Protocol(number))
        } else {
            None
        }
    }

    /// 0 to 5.
    #[inline(always)]
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Binary opcodes, from protocol 1 on.
    #[inline(always)]
    #[must_use]
    pub const fn is_binary(self) -> bool {
        self.0 >= 1
    }

    /// The PROTO opcode and the others of PEP 307, from protocol 2 on.
    #[inline(always)]
    #[must_use]
    pub const fn has_proto_opcode(self) -> bool {
        self.0 >= 2
    }

    /// Opcodes for bytes, from protocol 3 on.
    #[inline(always)]
    #[must_use]
    pub const fn has_native_bytes(self) -> bool {
        self.0 >= 3
    }

    /// Frames and the other opcodes of PEP 3154, from protocol 4 on.
    #[inline(always)]
    #[must_use]
    pub const fn is_framed(self) -> bool {
        self.0 >= 4
    }

    /// Out-of-band buffers (PEP 574), from protocol 5 on.
    #[inline(always)]
    #[must_use]
    pub const fn has_buffers(self) -> bool {
        self.0 >= 5
    }
}
