//! Saving: the walk over an object graph, and what it writes for each kind of object.
//!
//! The way of one object: `turn` is the loop, which takes the next step of the work on the stack (`work`)
//! or saves an object (`ask`, the questions in the order of the face). What is written without asking lies
//! in `write` and `containers`, where there is no token to call Python with; what an object is reduced to in
//! `reduce` and `instances`, how a global is named in `globals`. `walk` is the session that all of these
//! share, `state` what a pickler owns between two passages of the gate, `session` how a dump begins and ends.

mod ask;
mod ask_ids;
mod buffer;
pub mod called;
mod containers;
mod fault;
mod file;
pub mod framer;
mod globals;
mod hooks;
mod instances;
mod kinds;
mod known;
pub mod memo_contents;
mod next;
pub mod note;
mod older_save;
mod overrides;
mod path;
mod persistent;
mod reduce;
mod refresh_hooks;
mod report;
mod residence;
mod scalar;
pub mod session;
mod spare;
mod standing;
pub mod state;
mod step;
mod text_line;
mod turn;
mod unwind;
mod vocabulary;
mod walk;
mod work;
mod write;

pub use containers::batch::Items;
pub use globals::references::list as list_references;
pub use hooks::{Builtin, Own, global_style};
