//! What a pickle needs to be loaded, and what takes its bytes, told without loading it.

mod follow;
mod listener;
mod run;

pub use follow::Memo;
pub use listener::{Listener, Named, Naming};
pub use run::{Ended, survey};
