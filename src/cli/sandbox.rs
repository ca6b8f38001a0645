//! `convene sandbox`: the simulated vendors alone.

use std::net::SocketAddr;

use clap::Args;
use secrecy::ExposeSecret as _;
use tokio_util::sync::CancellationToken;

use crate::commands::{self, SandboxOptions};
use crate::settings::Source;

use super::COMPLETE;
use super::output::print_line;

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
        let simulated = commands::start_sandbox(&options).await?;
        print_line("The simulated vendors are there. For the settings:");
        for source in &simulated.sources {
            print_line(&settings_block(source));
        }
        let control = format!("{}/sandbox", simulated.server.origin());
        print_line(&format!(
            "\nCtrl-C stops it. Clock, faults, quirks and rows can be changed below {control}."
        ));
        stop.cancelled().await;
        simulated.server.stop().await;
        Ok(COMPLETE)
    }
}

/// A source as a block of a settings file. The secrets are those of invented accounts.
fn settings_block(source: &Source) -> String {
    let mut lines = vec![
        format!("\n[sources.{}]", source.name),
        format!("vendor = \"{}\"", source.vendor.name),
    ];
    let url = source.base_url.iter().map(|url| format!("base_url = \"{url}\""));
    lines.extend(url);
    let secrets = source.secrets.iter();
    lines.extend(secrets.map(|(key, secret)| format!("{key} = \"{}\"", secret.expose_secret())));
    for (key, values) in &source.options {
        let texts: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
        lines.push(match texts.as_slice() {
            [text] => format!("{key} = {text}"),
            texts => format!("{key} = [{}]", texts.join(", ")),
        });
    }
    let pace = source.requests_per_minute.iter();
    lines.extend(pace.map(|pace| format!("requests_per_minute = {pace}")));
    lines.join("\n")
}
