//! Makes the running Python's version known to the compiler (`cfg(Py_3_12)` and so on), and the name of its
//! library (`cfg(libpython = "python312")`), which linking on Windows takes.
//! Without the version the oldest memory layout would be compiled in, silently.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
    println!("cargo:rustc-check-cfg=cfg(libpython, values(any()))");
    if let Some(name) = pyo3_build_config::get().lib_name() {
        println!("cargo:rustc-cfg=libpython={name:?}");
    }
}
