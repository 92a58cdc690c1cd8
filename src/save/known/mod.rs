//! Types of which it is known what their reduce values say, so that these need not be made.

mod array;
mod collections;
mod dates;
mod decimal;
pub mod facts;
mod flat;
mod fraction;
mod named_tuple;
pub mod node;
pub mod open;
mod parts;
pub mod recognise;
mod seen;
mod uuid;
