//! How an object is held, and how it came to be: what decides whether it can be met again.

use crate::fast::count;
use crate::fast::memo::Holding;
use crate::fast::view::View;
use crate::save::fault::Fault;

/// The longest chain of objects made during the dump, each inside the one before. A chain that
/// never ends would otherwise fill the memory; real data stays far below.
pub const MAX_CHAIN: u32 = 100_000;

/// The chain, past an object that was not made during the dump: there it ends.
///
/// Where counts prove nothing nobody knows what was made, and so it goes on, and counts how many objects lie one
/// inside the other that were reduced or replaced by an id: Python code made those, maybe just now.
#[inline(always)]
pub const fn chain_through_others(chain: u32) -> u32 {
    if count::PROVES { 0 } else { chain }
}

/// What is known of an object beside what it is.
#[derive(Copy, Clone, Debug)]
pub struct Standing {
    /// How it is held.
    pub holding: Holding,
    /// Whether only the pickler held it when it was met. A hook that saw it since may hold it too, which
    /// changes `holding`, but the object is no less new.
    pub made: bool,
    /// Whether it lies in the state or in the items of an object that only the pickler held. Such an
    /// object may hold a part of itself twice, and so a count of two does not say that somebody else has
    /// the part.
    pub within_made: bool,
    /// How many objects made during the dump lie one inside the other up to here.
    pub chain: u32,
}

impl Standing {
    #[inline(always)]
    pub const fn new(holding: Holding, chain: u32) -> Self {
        Self {
            holding,
            made: matches!(holding, Holding::Temporary),
            within_made: false,
            chain,
        }
    }

    /// Whether nothing of it was made during the dump, and no chain leads to it.
    #[inline(always)]
    pub fn is_ordinary(self) -> bool {
        !(self.made | self.within_made) & (self.chain == 0)
    }

    /// The standing after Python code ran that may hold the object now. It was made during the dump
    /// all the same.
    pub fn seen(self) -> Self {
        Self {
            holding: Holding::Shared,
            within_made: self.within_made || self.made,
            ..self
        }
    }

    /// The standing of a part that is held like this.
    #[inline(always)]
    pub fn part(self, holding: Holding) -> Self {
        self.part_held(holding, matches!(holding, Holding::Deferred))
    }

    /// The standing of a part, and whether its container alone holds it. If so it was made with the
    /// container, even where Python code has seen that since.
    #[inline(always)]
    pub fn part_held(self, holding: Holding, alone: bool) -> Self {
        let part = Self::new(holding, self.chain);
        Self {
            within_made: self.within_made,
            made: part.made || self.made && alone,
            ..part
        }
    }

    /// The standing with the chain that its parts lie in, one level further in.
    ///
    /// # Errors
    /// `Endless` for a chain that is too long.
    #[inline(always)]
    pub fn deepen(self) -> Result<Self, Fault> {
        if !(self.made | self.within_made) {
            let chain = chain_through_others(self.chain);
            return Ok(Self { chain, ..self });
        }
        let chain = self.chain + u32::from(self.made);
        if chain > MAX_CHAIN {
            return Err(Fault::Endless);
        }
        Ok(Self { chain, ..self })
    }
}

/// What a container's own standing says of its parts.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Container {
    /// It has its index already, so it is walked once: a part that it alone holds is met once.
    Entered,
    /// Each of its parts can be met again. Either the container gets its index after its parts, so that it
    /// may itself be met again before; or a part's count does not tell how many hold it.
    Open,
    /// Only the pickler holds it.
    Temporary,
}

impl Container {
    /// A list, dict or set: memoized before its parts.
    #[inline(always)]
    pub fn memoized_first(holding: Holding) -> Self {
        match holding {
            Holding::Shared | Holding::Deferred => Self::Entered,
            Holding::Temporary => Self::Temporary,
        }
    }

    /// A tuple or frozenset: memoized after its parts. One that only a container already walked
    /// holds can't be met again.
    #[inline(always)]
    pub fn memoized_last(holding: Holding) -> Self {
        match holding {
            Holding::Shared => Self::Open,
            Holding::Deferred => Self::Entered,
            Holding::Temporary => Self::Temporary,
        }
    }

    /// What makes a part that nobody else holds be held like this.
    #[inline(always)]
    pub fn of_alone(holding: Holding) -> Self {
        match holding {
            Holding::Deferred => Self::Entered,
            Holding::Shared => Self::Open,
            Holding::Temporary => Self::Temporary,
        }
    }

    /// How a part is held that nobody but the container, and so many references of the walk's own,
    /// holds.
    #[inline(always)]
    pub fn holding(self, part: View<'_>, ours: usize) -> Holding {
        if part.has_others(1 + ours) {
            return Holding::Shared;
        }
        self.holding_alone()
    }

    /// How a part is held that nobody but the container holds.
    #[inline(always)]
    pub fn holding_alone(self) -> Holding {
        match self {
            Self::Entered => Holding::Deferred,
            Self::Open => Holding::Shared,
            Self::Temporary => Holding::Temporary,
        }
    }
}
