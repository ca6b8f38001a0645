//! `convene completions`: what a shell needs to complete our commands.

use std::io;

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use super::COMPLETE;

/// What a shell needs to complete our commands.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    /// Prints the script for a command line.
    pub(super) fn run(&self, mut command: Command) -> u8 {
        let mut script = Vec::new();
        generate(self.shell, &mut command, "convene", &mut script);
        // A reader that went away is no reason to break off.
        let _ = io::Write::write_all(&mut io::stdout(), &script);
        COMPLETE
    }
}
