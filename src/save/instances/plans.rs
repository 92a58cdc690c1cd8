//! Where plans are kept: those that one pickler came across, and those of the whole process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::fast::class_table::ClassTable;
use crate::fast::view::Class;
use crate::save::instances::plan::Plan;

/// Plans of one generation, of some 150 bytes each; with the next one they are forgotten, unless they were used
/// since. Classes come and go.
const GENERATION: usize = 16 * 1024;

/// The plans that one pickler came across, found without lock or hash.
#[derive(Default)]
pub struct PlanCache {
    /// At the place that the class's address says.
    met: Vec<Option<Met>>,
}

/// A class that a pickler came across.
struct Met {
    /// The class's address.
    address: usize,
    plan: Arc<Plan>,
    /// The dispatch table that has no entry for the class, by identity and version.
    unregistered_in: Option<(usize, u64)>,
}

/// Places in a pickler's own cache of plans, of 40 bytes each: so many at first, since most data has
/// few classes, and at most so many.
const PLACES: [usize; 2] = [16, 512];

impl PlanCache {
    #[inline(always)]
    fn index(&self, address: usize) -> usize {
        // The number of places is a power of two.
        (address >> 4 ^ address >> 10) & self.met.len().wrapping_sub(1)
    }

    /// A class of whose instances there is a plan that still holds.
    #[inline(always)]
    fn met(&mut self, class: Class<'_>) -> Option<&mut Met> {
        let version = class.version()?;
        let mut index = self.index(class.address());
        let is_met = self.met.get(index).is_some_and(|met| {
            met.as_ref()
                .is_some_and(|met| met.address == class.address() && met.plan.version == version)
        });
        if !is_met {
            index = self.meet(class)?;
        }
        self.met.get_mut(index)?.as_mut()
    }

    /// The plan for instances of a class for which a dispatch table has no entry: it is looked up once for
    /// each version of the table. None where it has one, or no plan holds.
    #[inline(always)]
    pub fn unregistered(&mut self, class: Class<'_>, table: ClassTable<'_>) -> Option<&Arc<Plan>> {
        let met = self.met(class)?;
        if met.unregistered_in != Some(table.version()) {
            if !class.is_known_by_identity() || table.get(class).is_some() {
                return None;
            }
            met.unregistered_in = Some(table.version());
        }
        Some(&met.plan)
    }

    /// The plan for instances of a class, if there is one that still holds.
    pub fn plan_of(&mut self, class: Class<'_>) -> Option<Arc<Plan>> {
        self.met(class).map(|met| met.plan.clone())
    }

    /// Forgets the plan for instances of a class, here and in the process: the next of them is asked, and another plan
    /// made.
    pub fn forget(&mut self, class: Class<'_>) {
        let index = self.index(class.address());
        let forgotten = self.met.get_mut(index).map(Option::take);
        drop((forgotten, Plans::take(class.address())));
    }

    /// Looks the plan up in the process's own cache, and tells its place in this one, which may grow.
    #[inline(never)]
    fn meet(&mut self, class: Class<'_>) -> Option<usize> {
        let address = class.address();
        let plan = Plans::find(address)?;
        if Some(plan.version) != class.version() {
            return None;
        }
        self.make_room(address)?;
        let index = self.index(address);
        let place = self.met.get_mut(index)?;
        *place = Some(Met {
            address,
            plan,
            unregistered_in: None,
        });
        Some(index)
    }

    /// Makes room where there is none, or where two classes compete for a place.
    fn make_room(&mut self, address: usize) -> Option<()> {
        if self.met.is_empty() {
            self.met.try_reserve_exact(PLACES[0]).ok()?;
            self.met.resize_with(PLACES[0], || None);
        }
        while self.met.len() < PLACES[1]
            && let Some(Some(met)) = self.met.get(self.index(address))
            && met.address != address
        {
            let mut larger = Vec::new();
            larger.try_reserve_exact(2 * self.met.len()).ok()?;
            larger.resize_with(2 * self.met.len(), || None);
            for met in std::mem::replace(&mut self.met, larger)
                .into_iter()
                .flatten()
            {
                let index = self.index(met.address);
                self.met[index] = Some(met);
            }
        }
        Some(())
    }
}

/// The plans of the process by the class's address, in two generations.
#[derive(Default)]
struct Plans {
    young: HashMap<usize, Arc<Plan>>,
    old: HashMap<usize, Arc<Plan>>,
}

/// Nothing is freed, and no Python code runs, while this is locked.
static PLANS: Mutex<Option<Plans>> = Mutex::new(None);

impl Plans {
    fn find(address: usize) -> Option<Arc<Plan>> {
        let mut plans = PLANS.lock().unwrap_or_else(PoisonError::into_inner);
        let plans = plans.as_mut()?;
        if let Some(plan) = plans.young.get(&address) {
            return Some(plan.clone());
        }
        let plan = plans.old.remove(&address)?;
        // What is pushed out by this was in use two generations ago at the latest.
        plans.young.insert(address, plan.clone());
        Some(plan)
    }

    /// Takes out what is kept in either generation.
    fn take(address: usize) -> [Option<Arc<Plan>>; 2] {
        let mut plans = PLANS.lock().unwrap_or_else(PoisonError::into_inner);
        let remove = |plans: &mut Self| {
            let Self { young, old } = plans;
            [young, old].map(|plans| plans.remove(&address))
        };
        plans.as_mut().map(remove).unwrap_or_default()
    }
}

/// Keeps a plan for whoever meets the class at this address next.
pub fn keep(address: usize, plan: Plan) {
    let plan = Arc::new(plan);
    let forgotten = {
        let mut plans = PLANS.lock().unwrap_or_else(PoisonError::into_inner);
        let plans = plans.get_or_insert_default();
        let replaced = plans.young.insert(address, plan);
        let old = if plans.young.len() >= GENERATION {
            std::mem::replace(&mut plans.old, std::mem::take(&mut plans.young))
        } else {
            HashMap::new()
        };
        (replaced, old)
    };
    drop(forgotten);
}
