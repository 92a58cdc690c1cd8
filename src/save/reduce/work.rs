//! An object that is being rebuilt: the parts of its reduce value, written in their order.

use pickle_format::opcode::Opcode;

use crate::fast::memo::Mark;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Tuple, View};
use crate::interpreter::face::Face;
use crate::save::containers::batch::{Items, Step};
use crate::save::fault::Fault;
use crate::save::reduce::parts::{Form, Part, Reduce, Stage};
use crate::save::standing::Standing;
use crate::save::write::writer::Writer;

impl Reduce {
    /// The opcode that rebuilds the object from what was written.
    #[inline(always)]
    fn opcode(&self) -> Opcode {
        match self.form {
            Form::Reduce => Opcode::REDUCE,
            Form::NewObject => Opcode::NEWOBJ,
            Form::NewObjectEx => Opcode::NEWOBJ_EX,
        }
    }

    /// Goes on until a part needs more than to be written as a leaf.
    ///
    /// # Errors
    /// What writing fails with.
    pub fn step<'q>(&mut self, writer: &mut Writer, quiet: &'q Quiet) -> Result<Step<'q>, Fault> {
        let (first, later) = self.standings(writer);
        if self.stage < Stage::Rebuilt
            && let Some(step) = self.rebuild(first, writer, quiet)?
        {
            return Ok(step);
        }
        // The value's length and the arguments' were looked at before anything was written.
        let parts = self.value(quiet).map_or(0, Tuple::len);
        if parts > 2
            && self.stage < Stage::Done
            && let Some(step) = self.fill(later, writer, quiet)?
        {
            return Ok(step);
        }
        Ok(Step::Done)
    }

    /// Writes what makes the object, up to its index.
    #[inline(always)]
    fn rebuild<'q>(
        &mut self,
        inside: Standing,
        writer: &mut Writer,
        quiet: &'q Quiet,
    ) -> Result<Option<Step<'q>>, Fault> {
        if self.stage == Stage::Start {
            self.stage = match self.form {
                Form::Reduce => Stage::Function,
                Form::NewObject | Form::NewObjectEx => Stage::Class,
            };
            let part = self.rebuilder(quiet);
            if let Some(part) = part
                && !writer.write_if_met(part.object, part.container)?
                && let Some(step) = part.write(inside, writer)?
            {
                return Ok(Some(step));
            }
        }
        if matches!(self.stage, Stage::Function | Stage::Class) {
            self.stage = if self.stage == Stage::Function {
                Stage::Arguments
            } else {
                Stage::NewArguments
            };
            if let Some(part) = self.arguments(quiet)
                && let Some(step) = part.write(inside, writer)?
            {
                return Ok(Some(step));
            }
        }
        if self.stage == Stage::NewArguments && self.form == Form::NewObjectEx {
            self.stage = Stage::KeywordArguments;
            if let Some(part) = self.newobj_ex_argument(2, quiet)
                && let Some(step) = part.write(inside, writer)?
            {
                return Ok(Some(step));
            }
        }
        self.make(writer, quiet)?;
        Ok(writer.asked.is_some().then_some(Step::Yield))
    }

    /// Makes the object of what was written. False where nothing more is to be written.
    ///
    /// # Errors
    /// What writing fails with.
    #[inline(always)]
    pub fn make(&mut self, writer: &mut Writer, quiet: &Quiet) -> Result<bool, Fault> {
        writer.opcode(self.opcode())?;
        let goes_on = self.memoize_obj(writer, quiet)?;
        self.stage = if goes_on { Stage::Rebuilt } else { Stage::Done };
        Ok(goes_on)
    }

    /// Writes what is put into the object that was made: items and state.
    #[inline(always)]
    fn fill<'q>(
        &mut self,
        inside: Standing,
        writer: &mut Writer,
        quiet: &'q Quiet,
    ) -> Result<Option<Step<'q>>, Fault> {
        if self.stage == Stage::Rebuilt {
            self.stage = Stage::ListItems;
            if self.optional_item(3, quiet).is_some() {
                return Ok(Some(Step::Iterate(Items::List)));
            }
        }
        if self.stage == Stage::ListItems {
            self.stage = Stage::DictItems;
            if self.optional_item(4, quiet).is_some() {
                return Ok(Some(Step::Iterate(Items::Dict)));
            }
        }
        let setter = self.optional_item(5, quiet);
        if self.stage == Stage::DictItems {
            if self.optional_item(2, quiet).is_none() {
                self.stage = Stage::Done;
                return Ok(None);
            }
            self.stage = Stage::StateSetter;
            if let Some(setter) = &setter
                && let Some(step) = setter.write(inside, writer)?
            {
                return Ok(Some(step));
            }
        }
        if self.stage == Stage::StateSetter {
            self.stage = Stage::SetterObject;
            if setter.is_some() {
                let obj = match &self.obj {
                    Some(obj) => obj.view(quiet),
                    None => View::none(quiet),
                };
                if let Some(step) = Part::shared(obj).write(inside, writer)? {
                    return Ok(Some(step));
                }
            }
        }
        if self.stage == Stage::SetterObject {
            self.stage = Stage::State;
            let state = if setter.is_some() {
                self.item(2, quiet)
            } else {
                self.state(quiet)
            };
            if let Some(state) = state
                && let Some(step) = state.write(inside, writer)?
            {
                return Ok(Some(step));
            }
        }
        self.stage = Stage::Done;
        if setter.is_some() {
            // The setter's result is of no use to anybody.
            writer.opcodes([Opcode::TUPLE2, Opcode::REDUCE, Opcode::POP])?;
        } else {
            writer.opcode(Opcode::BUILD)?;
        }
        Ok(None)
    }

    /// Gives the rebuilt object its index. False where nothing more is to be written: the object
    /// was met while its arguments were saved, and is fetched in place of the new one.
    #[inline(always)]
    fn memoize_obj(&self, writer: &mut Writer, quiet: &Quiet) -> Result<bool, Fault> {
        let Some(obj) = &self.obj else {
            return Ok(true);
        };
        let obj = obj.view(quiet);
        if obj.is_none() && matches!(writer.face, Face::Hookable) {
            // There, `obj=None` says that nothing is to be memoized.
            return Ok(true);
        }
        memoize_rebuilt(obj, self.met, writer)
    }
}

/// Gives an object that was just rebuilt its index, unless it was met since `met` while its arguments were
/// saved: then it is fetched in place of the new one. False where nothing more is to be written.
///
/// # Errors
/// What writing fails with.
#[inline(always)]
pub fn memoize_rebuilt(
    obj: View<'_>,
    met: Option<Mark>,
    writer: &mut Writer,
) -> Result<bool, Fault> {
    let found = match met {
        Some(met) => writer.memo.get_since(met, obj)?,
        None => writer.memo.get(obj)?,
    };
    if let Some(index) = found {
        writer.opcode(Opcode::POP)?;
        writer.get_in_place(index)?;
        return Ok(writer.face == Face::Hookable);
    }
    writer.memoize_owned(obj)?;
    writer.note_reduced(obj);
    Ok(true)
}
