//! Runs of leaves: what a container writes before its first part that is none.

use pickle_format::encode;

use crate::fast::view::{Kind, Set, View};
use crate::save::fault::Fault;
use crate::save::standing::Container;
use crate::save::write::leaf::is_to_be_opened;
use crate::save::write::numbers::{write_floats, write_ints};
use crate::save::write::prefetch::Prefetch;
use crate::save::write::writer::Writer;

/// Parts in the order in which they are written.
trait Run<'q> {
    /// The next part, and what its container says of it; None at the end.
    fn next(&mut self) -> Option<(View<'q>, Container)>;

    /// The part that was given out last is written.
    fn written(&mut self);

    /// Writes numbers of this kind, that of the next part, as far as they go.
    ///
    /// # Errors
    /// What writing fails with.
    #[inline(always)]
    fn write_numbers(&mut self, kind: Kind<'q>, to: &mut Writer) -> Result<(), Fault> {
        let _ = (kind, to);
        Ok(())
    }
}

/// Items from which on numbers have a loop of their own.
const LONG_RUN: usize = 16;

/// Items from which on room is made for all of them at once.
const MANY: usize = 256;

/// Bytes that are made room for besides, beside the few for each batch and frame: what comes behind the
/// numbers. More would be given back at the end, and the C library would map the memory anew each time.
const MARGIN: usize = 64;

/// Bytes that are made room for at the most, since what follows may be no numbers. Room that is not written to takes no
/// memory, but there may be no addresses for it.
const MAX_EXPECTED: usize = 1 << 28;

impl Writer {
    /// Makes room for numbers that take so many bytes each, so that what is written by then is not copied time
    /// and again. A file takes each frame by itself, and its room is small.
    #[inline(always)]
    fn expect_numbers(&mut self, count: usize, size: usize) -> Result<(), Fault> {
        if count >= MANY && !self.has_file {
            let expected = count * size + count / 300 + MARGIN;
            self.out.expect(expected.min(MAX_EXPECTED))?;
        }
        Ok(())
    }

    /// Writes leaves to the end of the run, or to the first part that is none. To be called where
    /// `direct`.
    #[inline(always)]
    fn write_run<'q>(&mut self, run: &mut impl Run<'q>) -> Result<(), Fault> {
        debug_assert!(self.direct);
        let mut next = run.next();
        while let Some((mut part, mut container)) = next {
            if let Some(mut leaves) = self.leaf_run() {
                while leaves.write(part, container) {
                    run.written();
                    match run.next() {
                        Some(next) => (part, container) = next,
                        None => return Ok(()),
                    }
                }
            }
            if !self.begin_object()? || !self.write_if_leaf(part, container, 0)? {
                break;
            }
            run.written();
            run.write_numbers(part.kind(), self)?;
            next = run.next();
        }
        Ok(())
    }

    /// Writes items of a list or tuple from `next` on, up to `end`.
    #[inline(always)]
    pub fn write_items(
        &mut self,
        items: &[Option<View<'_>>],
        next: &mut usize,
        end: usize,
        container: Container,
    ) -> Result<(), Fault> {
        if let Some(Some(first)) = items.get(*next)
            && is_to_be_opened(*first, container)
        {
            return Ok(());
        }
        self.write_items_from(items, next, end, container)
    }

    fn write_items_from(
        &mut self,
        items: &[Option<View<'_>>],
        next: &mut usize,
        end: usize,
        container: Container,
    ) -> Result<(), Fault> {
        let end = end.min(items.len());
        match Prefetch::of(items, *next, end) {
            None => self.write_items_and_fetch(items, next, end, Prefetch::none(), container),
            Some(prefetch) => self.write_items_and_fetch(items, next, end, prefetch, container),
        }
    }

    #[inline(never)]
    fn write_items_and_fetch<'q, const IS_LONG: bool>(
        &mut self,
        items: &[Option<View<'q>>],
        next: &mut usize,
        end: usize,
        prefetch: Prefetch<'_, 'q, IS_LONG>,
        container: Container,
    ) -> Result<(), Fault> {
        let after = items.len() - end;
        let items = items.get(*next..end).unwrap_or_default();
        let mut run = Items {
            rest: items,
            prefetch,
            after,
            container,
        };
        let result = self.write_numbers_and_run(&mut run);
        *next += items.len() - run.rest.len();
        result
    }

    #[inline(always)]
    fn write_numbers_and_run<const IS_LONG: bool>(
        &mut self,
        run: &mut Items<'_, '_, IS_LONG>,
    ) -> Result<(), Fault> {
        if self.plain
            && run.rest.len() >= LONG_RUN
            && let Some((first, _)) = run.next()
        {
            run.write_numbers(first.kind(), self)?;
        }
        self.write_run(run)
    }

    /// Writes the elements of a set from `position` on, and gives their number.
    pub fn write_elements(
        &mut self,
        set: Set<'_>,
        position: &mut isize,
        end: usize,
        container: Container,
    ) -> Result<usize, Fault> {
        let mut run = Elements {
            set,
            position: *position,
            done: 0,
            end,
            container,
            before: position,
        };
        self.write_run(&mut run)?;
        Ok(run.done)
    }
}

struct Items<'a, 'q, const IS_LONG: bool> {
    rest: &'a [Option<View<'q>>],
    prefetch: Prefetch<'a, 'q, IS_LONG>,
    /// How many items the container has after these.
    after: usize,
    container: Container,
}

impl<'q, const IS_LONG: bool> Run<'q> for Items<'_, 'q, IS_LONG> {
    #[inline(always)]
    fn next(&mut self) -> Option<(View<'q>, Container)> {
        let part = self.rest.first().copied().flatten()?;
        Some((part, self.container))
    }

    #[inline(always)]
    fn written(&mut self) {
        self.rest = self.rest.get(1..).unwrap_or_default();
        self.prefetch.fetch_next();
    }

    #[inline(always)]
    fn write_numbers(&mut self, kind: Kind<'q>, to: &mut Writer) -> Result<(), Fault> {
        match kind {
            Kind::Int(_) if self.next().is_some_and(|(next, _)| next.as_int().is_some()) => {
                to.expect_numbers(self.rest.len() + self.after, encode::BININT_SIZE)?;
                self.rest = write_ints(self.rest, &mut self.prefetch, to.out.cursor());
            }
            Kind::Float(_)
                if self
                    .next()
                    .is_some_and(|(next, _)| next.as_float().is_some()) =>
            {
                to.expect_numbers(self.rest.len() + self.after, encode::BINFLOAT_SIZE)?;
                self.rest = write_floats(self.rest, &mut self.prefetch, to.out.cursor());
            }
            _ => {}
        }
        Ok(())
    }
}

struct Elements<'a, 'q> {
    set: Set<'q>,
    position: isize,
    /// The position behind the last element that is written.
    before: &'a mut isize,
    done: usize,
    end: usize,
    container: Container,
}

impl<'q> Run<'q> for Elements<'_, 'q> {
    #[inline(always)]
    fn next(&mut self) -> Option<(View<'q>, Container)> {
        if self.done >= self.end {
            return None;
        }
        Some((self.set.next(&mut self.position)?, self.container))
    }

    #[inline(always)]
    fn written(&mut self) {
        self.done += 1;
        *self.before = self.position;
    }
}
