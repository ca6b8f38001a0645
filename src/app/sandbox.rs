//! The simulated vendors, standing alone.

use std::net::SocketAddr;

use chrono::Utc;

use crate::sandbox::{Options, Sandbox};

/// What the simulated vendors are made of.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// Where they listen.
    pub listen: SocketAddr,
    /// Everything random follows from it.
    pub seed: u64,
    /// Days of history.
    pub days: u32,
    /// Calls on each day.
    pub calls_per_day: u32,
    /// Length of comments; 0 for natural ones.
    pub comment_bytes: usize,
    /// True where the clock stands still.
    pub is_frozen: bool,
}

/// Simulated vendors that are running.
pub struct Simulated {
    /// The server.
    pub server: Sandbox,
    /// The address of the simulated Convoso.
    pub convoso_url: String,
    /// The token that it accepts.
    pub token: String,
    /// How many calls it has.
    pub call_count: usize,
}

/// Starts simulated vendors whose history ends now.
pub async fn sandbox(options: &SandboxOptions) -> std::io::Result<Simulated> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the simulated world begins at the present moment"
    )]
    let now = Utc::now();
    let world = Options {
        seed: options.seed,
        running: !options.is_frozen,
        days: options.days,
        calls_per_day: options.calls_per_day,
        comment_bytes: options.comment_bytes,
        ..Options::new(now)
    };
    let token = world.token.clone();
    let server = Sandbox::listen(world, options.listen).await?;
    let (convoso_url, call_count) = (server.convoso_url(), server.convoso().call_count());
    Ok(Simulated {
        server,
        convoso_url,
        token,
        call_count,
    })
}
