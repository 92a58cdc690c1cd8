//! A thread that the interpreter ends while it waits for the GIL, kept from running through our frames.
//!
//! Up to 3.13 a daemon thread that asks for the GIL of a finalizing interpreter is ended by
//! `pthread_exit`. With glibc that unwinds the thread's stack, and Rust's frames can't be unwound by
//! anything but a panic: the process aborts, or their destructors touch objects without the GIL. So a
//! thread that has frames of ours on its stack is stopped instead, before the first frame is left, and
//! sleeps until the process ends: this is what the interpreter itself does from 3.14 on. The C
//! libraries of other systems end a thread without unwinding, and so without harm.
//!
//! glibc calls the cleanup handlers of `_pthread_cleanup_push` while it unwinds, each as soon as a frame
//! is left that lies beyond the handler's buffer. A buffer outside the stack lies beyond no frame, and
//! so its handler is called before any is left.

use std::marker::PhantomData;

/// Stands for frames of ours on this thread's stack, which the thread's end must not unwind.
#[must_use]
pub struct Frames {
    /// A value belongs to the thread that made it.
    thread: PhantomData<*mut ()>,
}

impl Frames {
    /// To be held from a call by the interpreter until its return, wherever Python code can run in
    /// between. Calls may nest, in any order.
    #[inline(always)]
    pub fn enter() -> Self {
        handler::enter();
        Self {
            thread: PhantomData,
        }
    }
}

impl Drop for Frames {
    #[inline(always)]
    fn drop(&mut self) {
        handler::leave();
    }
}

#[cfg(all(not(Py_3_14), target_os = "linux", target_env = "gnu"))]
mod handler {
    use std::cell::{Cell, UnsafeCell};
    use std::ffi::{CStr, c_char, c_int, c_void};
    use std::sync::OnceLock;

    type Routine = unsafe extern "C" fn(*mut c_void);
    type Push = unsafe extern "C" fn(*mut Buffer, Routine, *mut c_void);
    type Pop = unsafe extern "C" fn(*mut Buffer, c_int);

    /// glibc's `struct _pthread_cleanup_buffer`, which glibc fills in.
    #[repr(C)]
    struct Buffer {
        routine: Option<Routine>,
        argument: *mut c_void,
        kind: c_int,
        previous: *mut Buffer,
    }

    unsafe extern "C" {
        fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    }

    /// glibc's two functions. They are looked up, since linking to them would demand the glibc of the
    /// machine that builds the wheel.
    struct Functions {
        push: Push,
        pop: Pop,
    }

    fn functions() -> Option<&'static Functions> {
        static FUNCTIONS: OnceLock<Option<Functions>> = OnceLock::new();
        // SAFETY: a null handle stands for every library that is loaded; the name is a C string.
        let find = |name: &CStr| unsafe { dlsym(std::ptr::null_mut(), name.as_ptr()) };
        FUNCTIONS
            .get_or_init(|| {
                let push = find(c"_pthread_cleanup_push");
                let pop = find(c"_pthread_cleanup_pop");
                if push.is_null() || pop.is_null() {
                    return None;
                }
                // SAFETY: these are the types that `pthread.h` gives the functions of these names.
                unsafe {
                    Some(Functions {
                        push: std::mem::transmute::<*mut c_void, Push>(push),
                        pop: std::mem::transmute::<*mut c_void, Pop>(pop),
                    })
                }
            })
            .as_ref()
    }

    /// What one thread has under way.
    struct Thread {
        depth: Cell<usize>,
        /// On the heap, which is outside every stack.
        buffer: Box<UnsafeCell<Buffer>>,
    }

    thread_local! {
        static THREAD: Thread = Thread {
            depth: Cell::new(0),
            buffer: Box::new(UnsafeCell::new(Buffer {
                routine: None,
                argument: std::ptr::null_mut(),
                kind: 0,
                previous: std::ptr::null_mut(),
            })),
        };
    }

    /// Sleeps for ever, on a thread that holds no GIL and would be ended.
    ///
    /// # Safety
    /// There is nothing to mind: the argument is not looked at.
    unsafe extern "C" fn sleep(_: *mut c_void) {
        loop {
            std::thread::park();
        }
    }

    #[inline]
    pub fn enter() {
        // A thread whose locals are gone is past its last call by the interpreter.
        let _ = THREAD.try_with(|thread| {
            let depth = thread.depth.get();
            thread.depth.set(depth + 1);
            if depth == 0
                && let Some(functions) = functions()
            {
                // SAFETY: the buffer is as glibc wants it, stays where it is as long as the thread has
                // locals, and is in no list: it leaves the list whenever `depth` gets back to 0.
                unsafe { (functions.push)(thread.buffer.get(), sleep, std::ptr::null_mut()) }
            }
        });
    }

    #[inline]
    pub fn leave() {
        let _ = THREAD.try_with(|thread| {
            let depth = thread.depth.get() - 1;
            thread.depth.set(depth);
            if depth == 0
                && let Some(functions) = functions()
            {
                // SAFETY: `enter` put the buffer in when `depth` left 0. 0: its routine is not called.
                unsafe { (functions.pop)(thread.buffer.get(), 0) }
            }
        });
    }
}

#[cfg(not(all(not(Py_3_14), target_os = "linux", target_env = "gnu")))]
mod handler {
    #[inline(always)]
    pub fn enter() {}

    #[inline(always)]
    pub fn leave() {}
}
