//! Whether stdout was closed when the program began (`ser schema >&-`).
//!
//! Rust's runtime opens the null device in the place of a closed descriptor. Later nobody can tell that from a caller who
//! gave the null device, which means to discard what is printed. So it is asked before the runtime begins.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::{Errno, fcntl_getfd};

static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

// The loader calls the functions that this section points to, then `main`. What is called asks the kernel one thing and
// needs nothing that the runtime sets up.
#[used]
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
static BEFORE_THE_RUNTIME: extern "C" fn() = look;

extern "C" fn look() {
    WAS_CLOSED.store(fcntl_getfd(io::stdout()) == Err(Errno::BADF), Ordering::Relaxed);
}

/// Whether stdout was closed when the program began.
pub fn was_closed() -> bool {
    WAS_CLOSED.load(Ordering::Relaxed)
}
