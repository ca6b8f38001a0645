//! What the operating system is told for the program: it holds little memory, and sockets send at once.
//!
//! A crate of its own because telling it so takes the only unsafe calls of the program; everywhere else the compiler forbids them.
//! Where the system is not Linux, or its allocator not that of glibc, both are left as they are.

/// Tells the allocator to share one heap between all threads, to take large pieces from the system and give them back at once, and
/// to give back what is free at the end of the heap. To be called first, before other threads run.
///
/// Threads that each have a heap hold several times what is in use, and wait for each other here less than they wait for vendors.
pub fn limit_memory() {
    glibc::limit_memory();
}

/// Gives every page to the system that nothing uses: of the heap, and of the program's own file, most of which is needed once, at
/// the start, and would stay with the process for months. It looks through the whole heap, so it is for the end of something large.
pub fn return_memory() {
    glibc::return_memory();
    program::return_pages();
}

/// Has every TCP socket of the process send at once what is written. To be called when a connection was made.
///
/// Otherwise the end of whatever is longer than a segment waits until the other side has confirmed what came before, and the other
/// side has nothing to answer before the end is there: it confirms after 40 ms. The library of Postgres leaves its sockets so since
/// 0.9.0 and does not let anybody reach them (mended there, and not released yet); those of HTTP send at once by themselves.
pub fn send_at_once() {
    sockets::send_at_once();
}

#[cfg(target_os = "linux")]
mod sockets {
    use std::ffi::c_int;

    pub(super) fn send_at_once() {
        let open = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
        let numbers = open.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        numbers.for_each(set_no_delay);
    }

    #[expect(unsafe_code, reason = "the socket belongs to a library that does not lend it")]
    fn set_no_delay(file: c_int) {
        let is_set: c_int = 1;
        let length = libc::socklen_t::try_from(size_of_val(&is_set)).unwrap_or_default();
        // SAFETY: the function reads one number of this length. What is no TCP socket, or closed by now, is refused and stays as it is.
        unsafe {
            libc::setsockopt(
                file,
                libc::IPPROTO_TCP,
                libc::TCP_NODELAY,
                (&raw const is_set).cast(),
                length,
            );
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod sockets {
    pub(super) fn send_at_once() {}
}

#[cfg(target_os = "linux")]
mod program {
    use std::ops::Range;
    use std::ptr::with_exposed_provenance_mut;

    /// Lets go of the pages of the program's file. The system keeps them where it keeps all files, and what runs next is there again
    /// at its first step.
    pub(super) fn return_pages() {
        let Ok(file) = std::fs::read_link("/proc/self/exe") else {
            return;
        };
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        for range in maps
            .lines()
            .filter_map(|line| unwritten_range(line, &file.to_string_lossy()))
        {
            let_go(range);
        }
    }

    /// The addresses of a line, where they are the program's code or the head of its file: nobody has ever written there. Other parts
    /// that are read only now were written while the program started.
    fn unwritten_range(line: &str, file: &str) -> Option<Range<usize>> {
        let mut words = line.strip_suffix(file)?.split_whitespace();
        let (begin, end) = words.next()?.split_once('-')?;
        let (rights, offset) = (words.next()?, words.next()?);
        let is_unwritten = rights == "r-xp" || rights == "r--p" && offset.bytes().all(|digit| digit == b'0');
        let address = |text| usize::from_str_radix(text, 16).ok();
        is_unwritten.then_some(address(begin)?..address(end)?)
    }

    #[expect(unsafe_code, reason = "the library of the system lends no safe way")]
    fn let_go(range: Range<usize>) {
        // SAFETY: the range is a whole mapping of a file, as the system has just told, and was never written, so that whoever reads it
        // next reads the same from the file.
        unsafe {
            libc::madvise(
                with_exposed_provenance_mut(range.start),
                range.len(),
                libc::MADV_DONTNEED,
            );
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn only_what_nobody_wrote_is_let_go() {
            let range = |line| unwritten_range(line, "/usr/local/bin/convene");
            let code = "5571d5a00000-5571d6b10000 r-xp 00a43000 fe:00 1234    /usr/local/bin/convene";
            assert_eq!(range(code), Some(0x5571_d5a0_0000..0x5571_d6b1_0000));
            let head = "5571d5000000-5571d5a00000 r--p 00000000 fe:00 1234    /usr/local/bin/convene";
            assert_eq!(range(head), Some(0x5571_d500_0000..0x5571_d5a0_0000));
            for other in [
                "5571d6b10000-5571d6d50000 r--p 01f6b000 fe:00 1234    /usr/local/bin/convene",
                "5571d6d50000-5571d6d60000 rw-p 021ab000 fe:00 1234    /usr/local/bin/convene",
                "7f0000000000-7f0000100000 r-xp 00028000 fe:00 99      /usr/lib/libc.so.6",
                "7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0       [stack]",
                "",
            ] {
                assert_eq!(range(other), None, "{other}");
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod program {
    pub(super) fn return_pages() {}
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
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn sockets_send_at_once_and_other_files_are_left_alone() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a port");
        let stream =
            TcpStream::connect(listener.local_addr().expect("it has an address")).expect("it listens");
        assert!(!stream.nodelay().expect("it is a socket"));
        send_at_once();
        assert!(stream.nodelay().expect("it is a socket"));
    }

    /// A line of the status of this process, in KiB.
    fn kib_of(name: &str) -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells it");
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.expect("it is a number")
    }

    /// Memory that no file stands behind.
    fn anonymous_kib() -> u64 {
        kib_of("RssAnon:")
    }

    #[test]
    fn pages_of_the_program_go_back_to_the_system_and_are_there_again_when_they_are_needed() {
        let before = kib_of("RssFile:");
        // Other tests bring theirs back meanwhile.
        let is_less = (0..20).any(|_| {
            return_memory();
            kib_of("RssFile:") < before
        });
        assert!(is_less, "{before} KiB stay");
        // Whoever unwinds needs tables of the file's head.
        let caught = std::panic::catch_unwind(|| std::panic::resume_unwind(Box::new(7)));
        let caught = caught.expect_err("it was thrown");
        assert_eq!(caught.downcast_ref::<i32>(), Some(&7));
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
