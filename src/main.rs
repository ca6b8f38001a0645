//! Arguments to command to exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    // So that a daemon stays small after a large sync.
    system::limit_memory();
    convene::cli::main()
}
