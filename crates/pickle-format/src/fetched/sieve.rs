//! What a pickle may fetch, told from single bytes: more than it does fetch, in less time than a pass over its opcodes
//! takes.

use crate::fetched::Fetched;
use crate::opcode::Opcode;

const LONG_BINGET: u8 = Opcode::LONG_BINGET.code();
const GET: u8 = Opcode::GET.code();

/// Bytes that are looked at at once: as many as the processor compares in a few instructions.
const BLOCK: usize = 32;

impl Fetched {
    /// What any bytes of `data` would fetch if they were a GET or LONG_BINGET and its argument. To be asked once there are
    /// more entries than a BINGET can name, which all count as fetched.
    ///
    /// It holds for counted indices only ([`Fetched::counts_only`]): a PUT among the opcodes is not seen. None where there
    /// is no memory.
    #[must_use]
    pub fn sieve(data: &[u8], entries: usize) -> Option<Self> {
        let first = usize::from(u8::MAX) + 1;
        if entries < first {
            return None;
        }
        let mut fetched = Self::empty(data, entries);
        fetched.counts_only = true;
        for index in 0..first {
            fetched.insert(index)?;
        }
        let (blocks, rest) = data.as_chunks::<BLOCK>();
        let mut at = 0;
        for block in blocks {
            if block.iter().fold(false, |any, &byte| any | is_sign(byte)) {
                fetched.look_at(block, at, data)?;
            }
            at += BLOCK;
        }
        fetched.look_at(rest, at, data)?;
        Some(fetched)
    }

    /// Looks at a part of the data, which begins at `start`.
    fn look_at(&mut self, part: &[u8], start: usize, data: &[u8]) -> Option<()> {
        for (offset, &byte) in part.iter().enumerate() {
            if !is_sign(byte) {
                continue;
            }
            let at = start + offset;
            if byte == LONG_BINGET {
                if let Some(Ok(index)) = data.get(at + 1..at + 5).map(TryInto::try_into) {
                    self.insert(u32::from_le_bytes(index) as usize)?;
                }
            } else if let Some(index) = index_of_get(&data[..at]) {
                self.insert(index)?;
            }
        }
        Some(())
    }
}

/// Whether a byte may be a LONG_BINGET, or end the line of a GET.
#[inline(always)]
fn is_sign(byte: u8) -> bool {
    (byte == LONG_BINGET) | (byte == b'\n')
}

/// The index of a GET at the end of these bytes, behind which its line ends; None where there is none. Whatever the
/// interpreter takes for a number is read as one, by its digits.
fn index_of_get(bytes: &[u8]) -> Option<usize> {
    let is_of_number = |byte: &u8| {
        byte.is_ascii_digit() || matches!(byte, b'_' | b'+' | b'-' | b' ' | b'\t' | 0x0b..=b'\r')
    };
    let before = bytes.iter().rposition(|byte| !is_of_number(byte))?;
    if bytes[before] != GET {
        return None;
    }
    let digits = bytes[before..].iter().filter(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |index: usize, digit| {
        index
            .saturating_mul(10)
            .saturating_add(usize::from(digit - b'0'))
    }))
}

#[cfg(test)]
mod tests {
    use super::BLOCK;
    use crate::fetched::Fetched;

    fn indices(data: &[u8]) -> Option<Vec<usize>> {
        let fetched = Fetched::sieve(data, 320)?;
        Some((256..320).filter(|&i| fetched.contains(i)).collect())
    }

    #[test]
    fn finds_an_index_wherever_it_stands() {
        for before in 0..2 * BLOCK + 3 {
            for after in 0..BLOCK + 3 {
                let data = [
                    &vec![b'N'; before],
                    &b"j\x2c\x01\0\0"[..],
                    &vec![b'N'; after],
                ]
                .concat();
                let found = indices(&data).unwrap();
                assert!(found.first() == Some(&300), "{before} {after}");
            }
        }
    }

    #[test]
    fn finds_an_index_in_decimal() {
        for line in [
            "g300\n",
            "g +3_0 0\r\n",
            "g\t\x0b\x0c-0300\n",
            "gg300\n",
            "1\ng300\n",
        ] {
            for before in 0..BLOCK + 3 {
                let data = [&vec![b'N'; before], line.as_bytes()].concat();
                assert_eq!(indices(&data), Some(vec![300]), "{line} {before}");
            }
        }
        for text in ["g300", "g30x0\n", "300\n", "xg\x7f300\n", "\n", "g\n", ""] {
            assert_eq!(indices(text.as_bytes()), Some(Vec::new()), "{text}");
        }
        let far = "g99999999999999999999999999\n";
        assert_eq!(indices(far.as_bytes()), Some(Vec::new()));
    }

    #[test]
    fn what_binget_can_name_counts_as_fetched() {
        let fetched = Fetched::sieve(b"N.", 256).unwrap();
        assert!((0..256).all(|index| fetched.contains(index)) && !fetched.contains(256));
        assert!(fetched.counts_only());
        assert!(Fetched::sieve(b"N.", 255).is_none());
    }

    #[test]
    fn what_has_no_bit_counts_as_fetched() {
        let fetched = Fetched::sieve(b"j\xff\xff\xff\xff.", 256).unwrap();
        assert!(fetched.contains(u32::MAX as usize) && fetched.contains(usize::MAX));
    }
}
