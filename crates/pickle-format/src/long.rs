//! Integers in two's complement, least significant byte first, in as few bytes as hold the sign.

/// Drops what CPython's `encode_long` drops: one last byte that only repeats a negative sign.
#[must_use]
pub fn trim_twos_complement(bytes: &[u8]) -> &[u8] {
    match bytes {
        [front @ .., before, 0xff] if before & 0x80 != 0 => &bytes[..=front.len()],
        _ => bytes,
    }
}

/// The bytes of a small integer, and how many of them count. Zero takes none.
#[inline]
#[must_use]
pub fn minimal_bytes(value: i64) -> ([u8; 8], usize) {
    if value == 0 {
        return ([0; 8], 0);
    }
    let magnitude = if value < 0 { !value } else { value };
    let bits = 64 - magnitude.leading_zeros() as usize;
    (value.to_le_bytes(), bits / 8 + 1)
}

/// The value of up to eight bytes of two's complement.
#[must_use]
pub fn from_bytes(bytes: &[u8]) -> Option<i64> {
    let Some(last) = bytes.last() else {
        return Some(0);
    };
    if bytes.len() > 8 {
        return None;
    }
    let fill = if last & 0x80 != 0 { 0xff } else { 0 };
    let mut all = [fill; 8];
    all[..bytes.len()].copy_from_slice(bytes);
    Some(i64::from_le_bytes(all))
}

#[cfg(test)]
mod tests {
    use super::{from_bytes, minimal_bytes, trim_twos_complement};

    #[test]
    fn round_trip_at_every_size() {
        for shift in 0..63 {
            for value in [
                1i64 << shift,
                (1 << shift) - 1,
                -(1 << shift),
                -(1 << shift) - 1,
            ] {
                let (bytes, n) = minimal_bytes(value);
                assert_eq!(from_bytes(&bytes[..n]), Some(value));
                if n > 1 {
                    assert_ne!(
                        from_bytes(&bytes[..n - 1]),
                        Some(value),
                        "{value} is not minimal"
                    );
                }
            }
        }
        assert_eq!(minimal_bytes(i64::MIN), ([0, 0, 0, 0, 0, 0, 0, 0x80], 8));
    }

    #[test]
    fn only_a_redundant_sign_byte_is_dropped() {
        assert_eq!(trim_twos_complement(&[0x80, 0xff]), [0x80]);
        assert_eq!(trim_twos_complement(&[0x7f, 0xff]), [0x7f, 0xff]);
        assert_eq!(trim_twos_complement(&[0xff]), [0xff]);
    }
}
