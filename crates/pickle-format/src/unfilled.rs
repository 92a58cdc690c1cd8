//! Bytes written to room that holds none yet.

use std::mem::MaybeUninit;

/// Fills a place of the same size.
#[inline(always)]
pub fn fill<const N: usize>(place: &mut [MaybeUninit<u8>; N], bytes: [u8; N]) {
    *place = bytes.map(MaybeUninit::new);
}

/// Fills the first places of a room; the rest of it.
///
/// # Panics
/// If the room is for fewer.
#[inline(always)]
pub fn fill_front<const N: usize>(
    room: &mut [MaybeUninit<u8>],
    bytes: [u8; N],
) -> &mut [MaybeUninit<u8>] {
    let (front, rest) = room.split_first_chunk_mut().expect("room for the bytes");
    fill(front, bytes);
    rest
}

/// Copies bytes to room for just as many. A function by itself, which the compiler then knows to be `memcpy`.
///
/// # Panics
/// If the room is for more, or for fewer.
#[inline(never)]
pub fn copy(to: &mut [MaybeUninit<u8>], from: &[u8]) {
    assert_eq!(to.len(), from.len());
    for (to, from) in to.iter_mut().zip(from) {
        to.write(*from);
    }
}

/// Copies bytes whose number is small, and not known beforehand, by pieces of fixed size, to room for just as many.
#[inline(always)]
pub(crate) fn copy_short(to: &mut [MaybeUninit<u8>], from: &[u8]) {
    if from.len() > 32 {
        copy(to, from);
    } else if let (Some(first), Some(last)) = (from.first_chunk::<16>(), from.last_chunk::<16>()) {
        copy_ends(to, *first, *last);
    } else if let (Some(first), Some(last)) = (from.first_chunk::<8>(), from.last_chunk::<8>()) {
        copy_ends(to, *first, *last);
    } else if let (Some(first), Some(last)) = (from.first_chunk::<4>(), from.last_chunk::<4>()) {
        copy_ends(to, *first, *last);
    } else {
        for (to, from) in to.iter_mut().zip(from) {
            to.write(*from);
        }
    }
}

/// Writes the first bytes and the last, which may overlap.
#[inline(always)]
fn copy_ends<const N: usize>(to: &mut [MaybeUninit<u8>], first: [u8; N], last: [u8; N]) {
    if let Some(place) = to.first_chunk_mut::<N>() {
        fill(place, first);
    }
    if let Some(place) = to.last_chunk_mut::<N>() {
        fill(place, last);
    }
}
