//! The program's allocator, told to give memory back to the system at once.
//!
//! A crate of its own because telling it so is the only unsafe call of the program; everywhere else the compiler forbids them.

use std::ffi::{c_int, c_long};

pub use mimalloc::MiMalloc as Allocator;

/// `mi_option_purge_delay`, by its place among the options of the version that `Cargo.toml` pins.
const PURGE_DELAY: c_int = 15;

/// Lets memory that nobody uses go back to the system without a delay: a third less at the peak of a large load, for a little more
/// work. To be called first, before other threads run. The variable `MIMALLOC_PURGE_DELAY` is not looked at any more.
pub fn return_memory_at_once() {
    set_option(PURGE_DELAY, 0);
}

#[expect(unsafe_code, reason = "the allocator has no other way to be told")]
fn set_option(option: c_int, value: c_long) {
    // SAFETY: the function only stores a number, and the option is one of the pinned version. Two threads must not call it at
    // once, and it is called before there is a second one.
    unsafe { libmimalloc_sys::mi_option_set(option, value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(unsafe_code, reason = "the allocator has no other way to be asked")]
    fn the_option_is_the_one_that_is_meant() {
        // Nothing else has the default of a second.
        // SAFETY: the function only reads a number.
        let before = unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) };
        assert_eq!(before, 1_000);
        return_memory_at_once();
        // SAFETY: as above.
        assert_eq!(unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) }, 0);
    }
}
