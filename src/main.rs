//! Arguments to command to exit code.

use std::process::ExitCode;

/// Gives memory back to the system, so that a daemon stays small after a large sync.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    convene::cli::main()
}
