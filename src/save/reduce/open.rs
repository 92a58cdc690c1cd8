//! How an object is rebuilt: at once as far as its parts can be opened, and by the loop from there on.

use pickle_format::opcode::Opcode;
use pyo3::prelude::*;

use crate::fast::quiet::Quiet;
use crate::fast::view::{Kind, Tuple, View};
use crate::save::containers::batch::Step;
use crate::save::containers::open::Nest;
use crate::save::containers::opener::{Opener, Opening};
use crate::save::fault::Fault;
use crate::save::next::Next;
use crate::save::reduce::parts::{Form, Reduce, Stage};
use crate::save::standing::Standing;
use crate::save::walk::Walk;
use crate::save::work::Work;
use crate::save::write::writer::Writer;

impl Walk<'_, '_> {
    /// Writes what rebuilds an object. What can't be written at once goes on the stack.
    ///
    /// # Errors
    /// What writing fails with.
    #[inline(always)]
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
    nest: &mut Nest<'_>,
    quiet: &'q Quiet,
) -> Result<Step<'q>, Fault> {
    if writer.direct && !matches!(reduce.form, Form::NewObjectEx) {
        match open_at_once(reduce, writer, nest, quiet)? {
            Opening::Whole => return Ok(Step::Done),
            Opening::Begun => return Ok(Step::Yield),
            Opening::Refused => {}
        }
    }
    loop {
        let step = reduce.step(writer, quiet)?;
        let Step::Open(part, standing) = step else {
            return Ok(step);
        };
        match nest.open(part, standing, writer)? {
            Opening::Whole => {}
            Opening::Begun => return Ok(Step::Yield),
            Opening::Refused => return Ok(step),
        }
    }
}

/// Writes the parts of most reduce values, one after the other: a function or class that is in the memo, a
/// tuple of arguments, and a state that nobody else holds. Where it comes upon something else it stops
/// between two parts, and `Reduce::step` goes on from there.
#[inline(always)]
fn open_at_once(
    reduce: &mut Reduce,
    writer: &mut Writer,
    nest: &mut Nest<'_>,
    quiet: &Quiet,
) -> Result<Opening, Fault> {
    let (first, later) = reduce.standings(writer);
    match open_rebuilder(reduce, first, writer, nest, quiet)? {
        Opening::Whole => {}
        other => return Ok(other),
    }
    if !reduce.make(writer, quiet)? {
        return Ok(Opening::Whole);
    }
    match reduce.value(quiet).map_or(0, Tuple::len) {
        2 => Ok(Opening::Whole),
        3 => open_state(reduce, later, writer, nest, quiet),
        _ => Ok(Opening::Refused),
    }
}

/// Writes the function or class, and its arguments.
#[inline(always)]
fn open_rebuilder(
    reduce: &mut Reduce,
    inside: Standing,
    writer: &mut Writer,
    nest: &mut Nest<'_>,
    quiet: &Quiet,
) -> Result<Opening, Fault> {
    let (Some(function), Some(arguments)) = (reduce.rebuilder(quiet), reduce.arguments(quiet))
    else {
        return Ok(Opening::Refused);
    };
    let holding = function.holding();
    if !writer.write_if_met(function.object, function.container)?
        && !nest.fetch(function.object, holding, writer)?
    {
        return Ok(Opening::Refused);
    }
    let [function, with_arguments] = if matches!(reduce.form, Form::Reduce) {
        [Stage::Function, Stage::Arguments]
    } else {
        [Stage::Class, Stage::NewArguments]
    };
    reduce.stage = function;
    let Kind::Tuple(tuple) = arguments.object.kind() else {
        return Ok(Opening::Refused);
    };
    let holding = arguments.holding();
    if holding.is_shared() && tuple.len() > 0 || !writer.begin_object()? {
        return Ok(Opening::Refused);
    }
    reduce.stage = with_arguments;
    if tuple.len() == 0 {
        writer.opcode(Opcode::EMPTY_TUPLE)?;
        return Ok(Opening::Whole);
    }
    nest.open_tuple(tuple, inside.part(holding), writer)
}

/// Writes the state of an object that was made, if it is a dict.
#[inline(always)]
fn open_state(
    reduce: &mut Reduce,
    inside: Standing,
    writer: &mut Writer,
    nest: &mut Nest<'_>,
    quiet: &Quiet,
) -> Result<Opening, Fault> {
    let Some(state) = reduce.state(quiet) else {
        return Ok(Opening::Refused);
    };
    let holding = state.holding();
    let Some(dict) = state.object.as_dict() else {
        return Ok(Opening::Refused);
    };
    if holding.is_shared() || dict.len() == 0 {
        return Ok(Opening::Refused);
    }
    // An error within it tells that it lies in the state.
    let before = std::mem::replace(&mut reduce.stage, Stage::State);
    let opening = nest.open(state.object, inside.part(holding), writer)?;
    match opening {
        Opening::Whole => writer.opcode(Opcode::BUILD)?,
        Opening::Refused => reduce.stage = before,
        Opening::Begun => {}
    }
    Ok(opening)
}
