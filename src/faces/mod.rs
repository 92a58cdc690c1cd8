//! What Python sees: classes, functions and their arguments. No work is done here.

mod arguments;
pub mod functions;
pub mod hookable;
pub mod pickler;
pub mod pickler_memo_proxy;
pub mod unpickler;
pub mod unpickler_memo_proxy;
