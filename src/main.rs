//! Arguments to command to exit code.

use std::process::ExitCode;

/// Gives memory back to the system, so that a daemon stays small after a large sync.
#[global_allocator]
static ALLOCATOR: allocator::Allocator = allocator::Allocator;

fn main() -> ExitCode {
    allocator::return_memory_at_once();
    convene::cli::main()
}
