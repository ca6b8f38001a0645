//! The program's allocator: that of the system, told to hold little.
//!
//! A crate of its own because telling it so takes the only unsafe calls of the program; everywhere else the compiler forbids them.
//! Where the system's allocator is not that of glibc, it is left as it is.

/// Tells the allocator to share one heap between all threads, to take large pieces from the system and give them back at once, and
/// to give back what is free at the end of the heap. To be called first, before other threads run.
///
/// Threads that each have a heap hold several times what is in use, and wait for each other here less than they wait for vendors.
pub fn limit_memory() {
    glibc::limit_memory();
}

/// Gives every page to the system that nothing uses. It looks through the whole heap, so it is for the end of something large.
pub fn return_memory() {
    glibc::return_memory();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc {
    use std::ffi::c_int;

    /// Larger pieces come from the system and go back to it.
    const LARGE_BYTES: c_int = 64 << 10;

    pub(super) fn limit_memory() {
        for (option, value) in [
            (libc::M_ARENA_MAX, 1),
            (libc::M_MMAP_THRESHOLD, LARGE_BYTES),
            (libc::M_TRIM_THRESHOLD, LARGE_BYTES),
        ] {
            set_option(option, value);
        }
    }

    #[expect(unsafe_code, reason = "the allocator has no other way to be told")]
    fn set_option(option: c_int, value: c_int) {
        // SAFETY: the function stores a number, and refuses one that it does not know.
        let is_taken = unsafe { libc::mallopt(option, value) };
        debug_assert_eq!(is_taken, 1, "the option {option} exists");
    }

    #[expect(unsafe_code, reason = "the allocator has no other way to be told")]
    pub(super) fn return_memory() {
        // SAFETY: the function touches nothing that is in use, and may be called by any thread at any time.
        unsafe { libc::malloc_trim(0) };
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod glibc {
    pub(super) fn limit_memory() {}

    pub(super) fn return_memory() {}
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use super::*;

    /// Memory of this process that no file stands behind, in KiB.
    fn anonymous_kib() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells it");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.expect("it is a number")
    }

    #[test]
    fn what_is_free_between_pieces_in_use_goes_back_to_the_system() {
        limit_memory();
        let mut pieces: Vec<Box<[u8]>> = (0..40_000).map(|_| vec![1; 1_000].into_boxed_slice()).collect();
        // One piece in a hundred stays, so that the end of the heap is never free.
        let mut place = 0;
        pieces.retain(|_| {
            place += 1;
            place % 100 == 0
        });
        let before = anonymous_kib();
        return_memory();
        let after = anonymous_kib();
        assert!(before - after > 20_000, "{before} KiB before, {after} after");
        assert_eq!(pieces.len(), 400);
    }
}
