//! What Python sees: classes, functions and their arguments. No work is done here.

mod arguments;
pub mod dispatch_table;
pub mod functions;
pub mod hookable;
pub mod instructions;
pub mod looking;
pub mod memo_proxy;
pub mod pickler;
pub mod unpickler;
