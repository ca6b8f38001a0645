//! `convene sandbox`: the simulated vendors alone.

use std::net::SocketAddr;

use anyhow::Context;
use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::app::{self, SandboxOptions};

use super::COMPLETE;
use super::output::{number, say};

/// The simulated vendors alone.
#[derive(Debug, Args)]
pub(super) struct Sandbox {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8055")]
    listen: SocketAddr,
    /// Everything random follows from it
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Days of history
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// Calls on each day
    #[arg(long, default_value_t = 400)]
    calls_per_day: u32,
    /// Length of comments; 0 for natural ones
    #[arg(long, default_value_t = 0)]
    comment_bytes: usize,
    /// Let the simulated clock stand still
    #[arg(long)]
    frozen: bool,
}

impl Sandbox {
    pub(super) async fn run(&self, stop: &CancellationToken) -> anyhow::Result<u8> {
        let options = SandboxOptions {
            listen: self.listen,
            seed: self.seed,
            days: self.days,
            calls_per_day: self.calls_per_day,
            comment_bytes: self.comment_bytes,
            is_frozen: self.frozen,
        };
        let simulated = app::sandbox(&options)
            .await
            .with_context(|| format!("Cannot listen on {}", self.listen))?;
        say(&format!(
            "A simulated Convoso with {} calls. For the settings:\n",
            number(i64::try_from(simulated.call_count)?)
        ));
        say("[sources.convoso_sandbox]\nvendor = \"convoso\"");
        say(&format!(
            "base_url = \"{}\"\ntoken = \"{}\"",
            simulated.convoso_url, simulated.token
        ));
        say("requests_per_minute = 60000\n\nCtrl-C stops it.");
        stop.cancelled().await;
        simulated.server.stop().await;
        Ok(COMPLETE)
    }
}
