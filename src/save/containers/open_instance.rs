//! Instances within containers: opened natively where a plan, or what is known of the class, says all.

use std::sync::Arc;

use pickle_format::opcode::Opcode;

use crate::fast::memo::Holding;
use crate::fast::view::View;
use crate::save::containers::open::{Nest, seen_weakly};
use crate::save::containers::opener::Opening;
use crate::save::fault::Fault;
use crate::save::hooks::builtin::Builtin;
use crate::save::hooks::silence::Silence;
use crate::save::instances::instance::{Planned, open_instance};
use crate::save::instances::plain::Plain;
use crate::save::instances::plan::{OPCODE_FUNCTIONS, Plan, PlanKind};
use crate::save::known::facts::Known;
use crate::save::known::open::write_known;
use crate::save::next::{Due, Questions};
use crate::save::standing::Standing;
use crate::save::work::Work;
use crate::save::write::writer::Writer;

impl Nest<'_> {
    /// Notes that somebody has to be asked about a part, which is not in the memo.
    #[inline(always)]
    pub(super) fn ask(
        &mut self,
        part: View<'_>,
        standing: Standing,
        plan: Option<Arc<Plan>>,
    ) -> Opening {
        *self.due = Some(Due {
            obj: part.hold(),
            standing,
            questions: match plan {
                Some(plan) => Questions::Planned(plan),
                // Somebody has to be asked before it is looked up.
                None if self.silence.is_some() => Questions::All,
                None => Questions::AllOfNew,
            },
        });
        Opening::Begun
    }

    /// Opens an instance of whose class nobody registered a reducer, and a plan says all.
    #[inline(always)]
    pub(super) fn open_instance(
        &mut self,
        obj: View<'_>,
        standing: Standing,
        writer: &mut Writer,
    ) -> Result<Opening, Fault> {
        if self
            .silence
            .is_some_and(|silence| !silence.is_silent(obj, self.quiet))
        {
            return Ok(self.ask(obj, standing, None));
        }
        let (quiet, nobody_minds) = (self.quiet, self.silence.is_none());
        let Some(plan) = self.plan_of(obj) else {
            return Ok(self.ask(obj, standing, None));
        };
        let plain = match (&plan.kind, &plan.known) {
            (PlanKind::Plain(plain), _) => Some((plain, plain.making)),
            (_, Some(Known::Node(node))) if !obj.class().may_be_named(OPCODE_FUNCTIONS) => {
                let making = node.making(obj, quiet);
                making.map(|making| (&node.plain, making))
            }
            _ => None,
        };
        if writer.plain
            && standing.is_ordinary()
            && let Some((plain, making)) = plain
            && plain.slots.is_empty()
            // Somebody may have something to say of arguments.
            && (making.has_no_arguments() || nobody_minds)
        {
            let has_dict = plain.has_dict;
            let opening =
                self.open_plain_instance(obj, has_dict, making, standing.holding, writer)?;
            return Ok(match opening {
                Some(opening) => opening,
                None => self.ask(obj, standing, None),
            });
        }
        let is_node = plain.is_some_and(|(_, making)| making.has_no_arguments());
        let plan = plan.clone();
        let standing = seen_weakly(obj, standing);
        if let PlanKind::Plain(plain) = &plan.kind {
            return self.open_plain(obj, plain, standing, writer);
        }
        match &plan.known {
            Some(Known::Node(node)) if is_node => {
                return self.open_plain(obj, &node.plain, standing, writer);
            }
            Some(known)
                if self.silence.is_none()
                    && write_known(obj, known, standing.holding, writer, self.quiet)? =>
            {
                return Ok(Opening::Whole);
            }
            Some(known) if known.is_stale(obj.class(), self.quiet) => {
                self.plans.forget(obj.class());
                return Ok(self.ask(obj, standing, None));
            }
            _ => {}
        }
        Ok(self.ask(obj, standing, Some(plan)))
    }

    /// Writes a GET for an object that is in the memo, where somebody may have to be asked about such, but nobody
    /// about this one.
    ///
    /// # Errors
    /// What writing fails with.
    pub fn fetch(
        &self,
        obj: View<'_>,
        holding: Holding,
        writer: &mut Writer,
    ) -> Result<bool, Fault> {
        if !writer.direct || !writer.minds_met || !holding.is_shared() {
            return Ok(false);
        }
        let is_silent = |silence: &Silence| silence.is_silent_of_met(obj, self.quiet);
        Ok(self.silence.is_some_and(is_silent)
            && writer.begin_object()?
            && writer.get_memoized(obj)?)
    }

    /// The plan for an object of whose class nobody registered a reducer.
    #[inline(always)]
    fn plan_of(&mut self, obj: View<'_>) -> Option<&Arc<Plan>> {
        let table = self.table.view(self.dispatch_table?, self.quiet)?;
        self.plans.unregistered(obj.class(), table)
    }

    /// Opens an instance of which a plan says all.
    #[inline(never)]
    fn open_plain(
        &mut self,
        obj: View<'_>,
        plain: &Plain,
        standing: Standing,
        writer: &mut Writer,
    ) -> Result<Opening, Fault> {
        if plain.has_dict && !writer.opened.has(Builtin::Dict) {
            return Ok(self.ask(obj, standing, None));
        }
        let at = self.stack.len();
        match open_instance(obj, plain, standing, writer, self.quiet)? {
            Planned::NotOpened => Ok(self.ask(obj, standing, None)),
            Planned::Whole => Ok(Opening::Whole),
            Planned::State(state, inside, holding) => {
                // There is room in the frame where a full one would have to go to the file.
                writer.begin_object()?;
                let is_shared = inside.holding.is_shared();
                let opening = if is_shared && writer.get_memoized(state)? {
                    Opening::Whole
                } else {
                    self.open_container(state, state.kind(), inside, writer)?
                };
                if matches!(opening, Opening::Whole) {
                    writer.opcode(Opcode::BUILD)?;
                    return Ok(Opening::Whole);
                }
                let obj = obj.hold();
                self.insert(at, Work::Build { obj, holding })
            }
        }
    }
}
