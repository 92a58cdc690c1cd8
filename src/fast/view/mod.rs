//! Objects as they are seen between two passages of the gate.
//!
//! A view is a pointer to an object that something holds: a container that is walked, a work item, the
//! caller. It offers *quiet* operations only: such as run no Python code, allocate nothing that the
//! collector tracks, check no signal, release nothing, and make no exception. Each says in its SAFETY
//! comment why.

mod array;
mod attribute;
mod class;
mod collection;
mod date;
mod decimal;
mod dict;
mod function;
mod instance;
mod kind;
mod number;
mod object;
mod ordered;
mod sequence;
mod set;
mod shared_keys;
mod slots;
mod text;

pub use array::{ArrayBytes, make_arrays_known};
pub use attribute::Having;
pub use class::Names;
pub use class::{Class, ClassVersion, SeenNames};
pub use collection::make_collections_known;
pub use date::{Dated, make_dates_known};
pub use decimal::make_decimal_known;
pub use dict::{AnyEntries, Dict, TextEntries};
pub use function::Function;
pub use kind::Kind;
pub use number::{DIGIT_BITS, Digits, Int, LONG_BYTES};
pub use object::View;
pub use sequence::{Bytes, List, Tuple};
pub use set::Set;
pub use shared_keys::SharedEntries;
pub use slots::Slots;
pub use text::Text;
