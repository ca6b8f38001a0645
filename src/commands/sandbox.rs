//! The simulated vendors, standing alone.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::Context;
use chrono::Utc;
use secrecy::SecretString;

use crate::settings::Source;
use sandbox::{Options, Sandbox, conversocial, convertalk};

/// How many requests a minute the simulated vendors let through.
const REQUESTS_PER_MINUTE: u32 = 60_000;

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
    /// Sources that read them, one for each vendor.
    pub sources: Vec<Source>,
}

/// Starts simulated vendors whose history ends now.
pub async fn start_sandbox(options: &SandboxOptions) -> anyhow::Result<Simulated> {
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
    let server = Sandbox::listen(world, options.listen)
        .await
        .with_context(|| format!("Cannot listen on {}", options.listen))?;
    let sources = simulated_sources(&server, &token)?;
    Ok(Simulated { server, sources })
}

/// The sources that read the simulated vendors.
fn simulated_sources(server: &Sandbox, token: &str) -> anyhow::Result<Vec<Source>> {
    Ok(vec![
        bare_source("convoso", &server.convoso_url(), token)?,
        conversocial_source(server, token)?,
        converz_source(server, token)?,
        convertalk_source(server, token)?,
    ])
}

/// The source of Converz, with a report.
fn converz_source(server: &Sandbox, token: &str) -> anyhow::Result<Source> {
    let source = bare_source("converz", &server.converz_url(), token)?;
    let reports = vec!["date,campaign: n_calls, avg_handle_time".to_owned()];
    Ok(Source {
        options: BTreeMap::from([("reports", reports)]),
        ..source
    })
}

/// The source of Convertalk, with both of its credentials.
fn convertalk_source(server: &Sandbox, token: &str) -> anyhow::Result<Source> {
    let mut source = bare_source("convertalk", &server.convertalk_url(), token)?;
    let key = SecretString::from(convertalk::API_KEY.to_owned());
    source.secrets.insert("api_key", key);
    let bots = convertalk::BOTS.map(str::to_owned).to_vec();
    source.options = BTreeMap::from([
        ("customer_id", vec![convertalk::CUSTOMER.to_owned()]),
        ("bot_ids", bots),
    ]);
    Ok(source)
}

/// The source of Conversocial, with the door to its customer profiles.
fn conversocial_source(server: &Sandbox, token: &str) -> anyhow::Result<Source> {
    let source = bare_source("conversocial", &server.conversocial_url(), token)?;
    Ok(Source {
        options: BTreeMap::from([
            ("token_name", vec![conversocial::TOKEN_NAME.to_owned()]),
            ("profiles_base_url", vec![server.conversocial_profiles_url()]),
        ]),
        ..source
    })
}

/// A source without considerations: our own server needs none. The token is the credential of its main host.
fn bare_source(vendor: &str, url: &str, token: &str) -> anyhow::Result<Source> {
    let name = format!("{vendor}_sandbox");
    let vendor = connectors::vendors::find_vendor(vendor).context("A vendor that is simulated")?;
    let host = vendor.hosts.first().context("A vendor with a host")?;
    Ok(Source {
        name,
        vendor,
        base_url: Some(url.parse().context("The sandbox's own address")?),
        allow_plain_http: false,
        secrets: BTreeMap::from([(host.secret, SecretString::from(token.to_owned()))]),
        options: BTreeMap::new(),
        time_zone: None,
        default_region: None,
        since: None,
        schedule: None,
        requests_per_minute: Some(REQUESTS_PER_MINUTE),
        max_in_flight: None,
        timeout: None,
        streams: BTreeMap::new(),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use connectors::vendors::VENDORS;
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::settings;

    #[tokio::test]
    async fn the_demos_settings_read_the_simulated_vendors_that_there_are() {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let options = SandboxOptions {
            listen,
            seed: 7,
            days: 1,
            calls_per_day: 1,
            comment_bytes: 0,
            is_frozen: true,
        };
        let simulated = start_sandbox(&options).await.expect("it starts");
        let text =
            include_str!("../../config/demo.toml").replace("http://sandbox:8055", &simulated.server.origin());
        let file = std::env::temp_dir().join(format!("convene-demo-{}.toml", std::process::id()));
        fs::write(&file, text).expect("it can be written");
        let written = settings::load(std::slice::from_ref(&file), std::iter::empty(), VENDORS);
        fs::remove_file(&file).expect("it is there");
        let mut written = written.expect("no problems").sources;
        for mut source in simulated.sources {
            let mut own = written.remove(&source.name).expect("every vendor");
            let secrets = |source: &Source| {
                let secrets = source.secrets.iter();
                secrets
                    .map(|(key, secret)| (*key, secret.expose_secret().to_owned()))
                    .collect::<Vec<_>>()
            };
            assert_eq!(secrets(&own), secrets(&source));
            assert!(own.allow_plain_http, "the containers' network is no loopback");
            own.allow_plain_http = false;
            source.schedule = own.schedule.clone();
            assert_eq!(format!("{own:?}"), format!("{source:?}"));
        }
        assert!(written.is_empty(), "{written:?}");
        simulated.server.stop().await;
    }
}
