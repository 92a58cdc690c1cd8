//! Methods of the standard library of which it is known what they make of a pickle's values, so that they need not be
//! called.
//!
//! Their code tells, by a digest, when a load has met them several times. What else they rest on is looked at for each
//! object.

pub mod counter;
pub mod named_tuple;
mod rests;
pub mod uuid;

use pyo3::prelude::*;

use crate::load::known::counter::Counter;
use crate::load::known::named_tuple::NamedTuple;
use crate::load::known::uuid::Uuid;

/// Times that an object is met before it is looked at, which takes as long as many calls.
const TIMES_BEFORE_LOOKING: u32 = 32;

/// Objects that are told apart, at the most.
const MOST: usize = 16;

/// What is known of a method, or of a class by which it is found.
pub enum Known<'py> {
    /// Nothing, so many times.
    NotYet(u32),
    /// It is called.
    Other,
    Uuid(Uuid<'py>),
    NamedTuple(NamedTuple<'py>),
    Counter(Box<Counter<'py>>),
}

/// Whether an object was found at a place.
pub enum Met {
    /// What is known of it is there.
    Known(usize),
    /// It is time to look at it, and to put there what is known.
    Often(usize),
    /// It is to be called.
    Other,
}

/// Methods and classes that a load has met, each with what is known of it.
#[derive(Default)]
pub struct KnownMethods<'py>(Vec<(Bound<'py, PyAny>, Known<'py>)>);

impl<'py> KnownMethods<'py> {
    /// The place of an object; None where there is none left.
    #[inline(always)]
    fn place(&mut self, object: &Bound<'py, PyAny>) -> Option<usize> {
        if let Some(place) = self.0.iter().position(|(met, _)| met.is(object)) {
            return Some(place);
        }
        if self.0.len() == MOST || self.0.try_reserve(1).is_err() {
            return None;
        }
        self.0.push((object.clone(), Known::NotYet(0)));
        Some(self.0.len() - 1)
    }

    /// An object is met, once more.
    #[inline(always)]
    pub fn meet(&mut self, object: &Bound<'py, PyAny>) -> Met {
        // Nobody keeps other threads from changing what a method rests on.
        if cfg!(Py_GIL_DISABLED) {
            return Met::Other;
        }
        let Some(place) = self.place(object) else {
            return Met::Other;
        };
        match &mut self.0[place].1 {
            Known::Other => Met::Other,
            Known::NotYet(times) if *times < TIMES_BEFORE_LOOKING => {
                *times += 1;
                Met::Other
            }
            Known::NotYet(_) => Met::Often(place),
            _ => Met::Known(place),
        }
    }

    /// What is known at a place.
    #[inline(always)]
    pub fn at(&self, place: usize) -> &Known<'py> {
        &self.0[place].1
    }

    /// Puts down what is known at a place.
    pub fn put(&mut self, place: usize, known: Known<'py>) {
        self.0[place].1 = known;
    }
}
