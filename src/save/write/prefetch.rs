//! Parts of long containers, fetched into the processor's cache before their turn comes.
//!
//! Of data that lies in no cache the processor itself fetches what comes next, but only up to the end of a page.

use crate::fast::view::View;

/// How many items before its turn one is fetched: 2 KiB of ints, 4 of short strings.
const DISTANCE: usize = 64;

/// Items behind those that are written now by which a container is long: what fits in the cache gains nothing.
const MANY: usize = 50_000;

/// The items that are to be fetched next. Where the container is not long there are none, and no instruction is spent on them.
pub(super) struct Prefetch<'a, 'q, const IS_LONG: bool>(&'a [Option<View<'q>>]);

impl<'a, 'q> Prefetch<'a, 'q, false> {
    pub(super) fn none() -> Self {
        Self(&[])
    }
}

impl<'a, 'q> Prefetch<'a, 'q, true> {
    /// Those of items that are written from `next` on, and up to `end` for now; None where they are not many.
    pub(super) fn of(items: &'a [Option<View<'q>>], next: usize, end: usize) -> Option<Self> {
        if items.len() - end < MANY {
            return None;
        }
        Some(Self(items.get(next + DISTANCE..)?))
    }
}

impl<const IS_LONG: bool> Prefetch<'_, '_, IS_LONG> {
    /// Fetches one.
    #[inline(always)]
    pub(super) fn fetch_next(&mut self) {
        if IS_LONG && let Some((item, rest)) = self.0.split_first() {
            if let Some(item) = item {
                item.prefetch();
            }
            self.0 = rest;
        }
    }
}
