//! Plain instances that are saved by themselves, and not as a part of a container.

use pyo3::intern;
use pyo3::prelude::*;

use crate::fast::attribute::optional_attribute;
use crate::fast::fresh;
use crate::fast::held::Held;
use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::view::View;
use crate::save::fault::Fault;
use crate::save::instances::instance::{
    Planned, begin_instance, inside, look_at_instance, open_instance,
};
use crate::save::instances::plain::Plain;
use crate::save::next::Next;
use crate::save::reduce::work::memoize_rebuilt;
use crate::save::standing::Standing;
use crate::save::state::State;
use crate::save::walk::Walk;
use crate::save::work::Work;

impl Walk<'_, '_> {
    /// Saves an instance whose class's plan says all about it; None where it has to be asked.
    ///
    /// # Errors
    /// What writing fails with, and what the getters of slots raise.
    pub fn save_plain_instance(
        &mut self,
        obj: &Held,
        plain: &Plain,
        standing: Standing,
    ) -> PyResult<Option<Next>> {
        let state = self.state();
        if !state.writer.direct {
            return Ok(None);
        }
        // The class is written without being asked about.
        let silence = &state.hooks.found.silence;
        if silence.is_declared() {
            let spoken = silence.answer(obj.view(self.quiet()).class());
            if spoken.is_none_or(|spoken| spoken.class) {
                return Ok(None);
            }
        }
        let opened = self.open_instance(obj, plain, standing)?;
        if opened.is_some() || plain.slots.is_empty() {
            return Ok(opened);
        }
        self.save_instance_with_slots(obj, plain, standing)
    }

    /// Saves a plain instance with slots of which not all are leaves: its state is made as
    /// `object.__getstate__` makes it.
    fn save_instance_with_slots(
        &mut self,
        obj: &Held,
        plain: &Plain,
        standing: Standing,
    ) -> PyResult<Option<Next>> {
        let looked = self
            .write(|w, quiet| Ok(look_at_instance(obj.view(quiet), plain, w, quiet)?.is_some()))?;
        if !looked {
            return Ok(None);
        }
        let state = self.state_of_slots(obj, plain)?;
        let standing = standing.seen();
        // Making the state may have run the collector, so everything is looked at once more.
        let again = self.write(|w, quiet| {
            let obj = obj.view(quiet);
            let Some((index, _)) = look_at_instance(obj, plain, w, quiet)? else {
                return Ok(None);
            };
            if !w.direct || !begin_instance(index, plain.making, w)? {
                return Ok(None);
            }
            memoize_rebuilt(obj, None, w).map(Some)
        })?;
        match again {
            None => Ok(None),
            Some(false) => Ok(Some(Next::Step)),
            Some(true) => {
                let Some(state) = state else {
                    return Ok(Some(Next::Step));
                };
                let quiet = self.quiet();
                let holding = if state.view(quiet).is_held_once() {
                    Holding::Temporary
                } else {
                    Holding::Shared
                };
                let build = Work::Build {
                    obj: obj.again(quiet),
                    holding: standing.holding,
                };
                self.push(build)?;
                Ok(Some(self.save_next(state, inside(standing).part(holding))))
            }
        }
    }

    /// The state of an instance with slots; None where it is empty.
    fn state_of_slots(&mut self, obj: &Held, plain: &Plain) -> PyResult<Option<Held>> {
        self.leave(|py| {
            let slots = fresh::dict(py)?;
            let obj = obj.bind(py);
            for name in &plain.names {
                let name = name.cast(py)?;
                if let Some(value) = optional_attribute(obj, name)? {
                    slots.set_item(name, value)?;
                }
            }
            let dict = if plain.has_dict {
                let dict = obj.getattr(intern!(py, "__dict__"))?;
                Some(dict).filter(|dict| dict.len().is_ok_and(|len| len > 0))
            } else {
                None
            };
            Ok(match (dict, slots.is_empty()) {
                (None, true) => None,
                (Some(dict), true) => Some(dict.into()),
                (dict, false) => {
                    let dict = dict.unwrap_or_else(|| py.None().into_bound(py));
                    Some(fresh::tuple(py, [dict, slots.into_any()])?.into())
                }
            })
        })
    }

    /// Opens a plain instance by its class's plan; None where it has to be asked.
    ///
    /// # Errors
    /// What writing fails with.
    fn open_instance(
        &mut self,
        obj: &Held,
        plain: &Plain,
        standing: Standing,
    ) -> PyResult<Option<Next>> {
        let (state, quiet) = self.split();
        let opened = open_plain(state, obj.view(quiet), plain, standing, quiet);
        Ok(self.checked(opened)?.map(|state| match state {
            Some((part, standing)) => self.save_next(part, standing),
            None => Next::Step,
        }))
    }
}

/// Opens a plain instance; what is left is its state, whose BUILD is on the stack. None where the instance
/// has to be asked.
fn open_plain(
    state: &mut State,
    obj: View<'_>,
    plain: &Plain,
    standing: Standing,
    quiet: &Quiet,
) -> Result<Option<Option<(Held, Standing)>>, Fault> {
    match open_instance(obj, plain, standing, &mut state.writer, quiet)? {
        Planned::NotOpened => Ok(None),
        Planned::Whole => Ok(Some(None)),
        Planned::State(part, standing, holding) => {
            let obj = obj.hold();
            state.push(Work::Build { obj, holding })?;
            Ok(Some(Some((part.hold(), standing))))
        }
    }
}
