//! How an object is rebuilt: at once as far as its parts can be opened, and by the loop from there on.

use pyo3::prelude::*;

use crate::fast::quiet::Quiet;
use crate::fast::view::View;
use crate::save::containers::batch::{Opener, Opening, Step};
use crate::save::fault::Fault;
use crate::save::next::Next;
use crate::save::reduce::parts::Reduce;
use crate::save::walk::Walk;
use crate::save::work::Work;
use crate::save::write::writer::Writer;

impl Walk<'_, '_> {
    /// Writes what rebuilds an object. What can't be written at once goes on the stack.
    ///
    /// # Errors
    /// What writing fails with.
    pub fn open_reduce(&mut self, mut reduce: Reduce) -> PyResult<Next> {
        let imports = self.imports;
        let (state, quiet) = self.split();
        let at = state.stack.len();
        let table = View::of(&imports.dispatch_table, quiet);
        let (writer, mut nest) = state.nest(table, quiet);
        let step = open(&mut reduce, writer, &mut nest, quiet);
        if matches!(step, Ok(Step::Done)) {
            self.end_reduce(reduce);
            return Ok(Next::Step);
        }
        // The path that an error tells leads through this object too.
        let inserted = nest.insert(at, Work::Reduce(reduce));
        let next = step.map(|step| match step {
            Step::Open(part, standing) => {
                state.save_next(part.hold(), standing);
                Next::Save
            }
            Step::Iterate(items) => Next::Iterate(items),
            _ => state.next(),
        });
        self.checked(next.and_then(|next| inserted.map(|_| next)))
    }

    /// Gives up a reduce value that is written.
    #[inline(always)]
    pub fn end_reduce(&mut self, reduce: Reduce) {
        let (state, quiet) = self.split();
        if reduce.met.is_some() {
            // The value may lie in the graph too, where one holder is left of parts that were met as
            // shared. The memo's own reference keeps the count from saying that they were never met.
            state.writer.memo.claim();
        }
        if let Some(obj) = &reduce.obj {
            state.writer.close(obj.view(quiet), reduce.held);
        }
        self.release_after_passage([
            reduce.arguments,
            reduce.function,
            reduce.obj,
            Some(reduce.value),
        ]);
    }
}

/// Writes the parts of a reduce value as far as they can be opened, and tells what the next one needs.
#[inline(always)]
fn open<'q>(
    reduce: &mut Reduce,
    writer: &mut Writer,
    opener: &mut impl Opener,
    quiet: &'q Quiet,
) -> Result<Step<'q>, Fault> {
    loop {
        let step = reduce.step(writer, quiet)?;
        let Step::Open(part, standing) = step else {
            return Ok(step);
        };
        match opener.open(part, standing, writer)? {
            Opening::Whole => {}
            Opening::Begun => return Ok(Step::Yield),
            Opening::Refused => return Ok(step),
        }
    }
}
