//! Runs of numbers, each written by one loop.

use pickle_format::cursor::Cursor;
use pickle_format::encode;

use crate::fast::view::{Int, View};
use crate::save::write::prefetch::Prefetch;

/// Writes the ints that items begin with, as far as BININT1, BININT2 and BININT can say them; the rest of
/// the items.
#[inline(never)]
pub(super) fn write_ints<'a, 'q, const IS_LONG: bool>(
    items: &'a [Option<View<'q>>],
    prefetch: &mut Prefetch<'_, 'q, IS_LONG>,
    cursor: Option<Cursor<'_>>,
) -> &'a [Option<View<'q>>] {
    let Some(mut cursor) = cursor else {
        return items;
    };
    let mut rest = items.iter();
    cursor.write_run(|| {
        prefetch.fetch_next();
        let before = rest.as_slice();
        let int = rest.next().copied().flatten().and_then(View::as_int);
        if let Some(value) = int.and_then(Int::positive_short_value)
            && let Some(word) = encode::binint_of_positive(value as u64)
        {
            return Some(word);
        }
        let word = int.and_then(Int::value).and_then(encode::binint);
        if word.is_none() {
            rest = before.iter();
        }
        word
    });
    rest.as_slice()
}

/// Writes the floats that items begin with; the rest of the items.
#[inline(never)]
pub(super) fn write_floats<'a, 'q, const IS_LONG: bool>(
    items: &'a [Option<View<'q>>],
    prefetch: &mut Prefetch<'_, 'q, IS_LONG>,
    cursor: Option<Cursor<'_>>,
) -> &'a [Option<View<'q>>] {
    let Some(mut cursor) = cursor else {
        return items;
    };
    let mut rest = items.iter();
    cursor.write_run(|| {
        prefetch.fetch_next();
        let float = rest.as_slice().first().copied().flatten()?.as_float()?;
        rest.next();
        Some(encode::binfloat(float.value()))
    });
    rest.as_slice()
}
