//! Which of the interpreter's classes is stood in for.

/// The face of a pickler or an unpickler.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Face {
    /// The C class: `pickle.Pickler`, `pickle.Unpickler`.
    Lean,
    /// The Python class: `pickle._Pickler`, `pickle._Unpickler`.
    Hookable,
}

/// How globals are written below protocol 4.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum GlobalStyle {
    /// As the running interpreter does.
    Interpreter,
    /// As torch.package does: `getattr(parent, name)` with the parent saved as an object.
    Package,
}
