//! The demo: a private Postgres, simulated vendors, and settings that bring them together.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use chrono::TimeDelta;
use secrecy::SecretString;

use crate::settings::{self, Alerts, History, Limits, Retention, Settings, Source};
use crate::warehouse::Warehouse;
use embedded::{Embedded, Fetched};

use super::sandbox::{SandboxOptions, Simulated, start_sandbox};

/// A question that analysts ask, with the query that answers it.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// The question.
    pub question: &'static str,
    /// The query.
    pub query: &'static str,
}

/// Three questions that analysts ask.
pub const EXAMPLES: [Example; 3] = [
    Example {
        question: "Which agents talked the most in the last seven complete days?",
        query: "select name as agent, team, sum(vendor_calls) as calls, round(sum(vendor_talk) / 60) as talk_minutes
from marts.agent_days a
join marts.complete_days k on k.table_name = 'calls' and k.source = a.source and k.day = a.day and k.is_complete
where a.day >= current_date - 8
group by 1, 2 order by 4 desc nulls last limit 5",
    },
    Example {
        question: "How many callers reached somebody within 20 seconds, by queue, in the last seven days?",
        query: "select coalesce(queue_name, queue_id) as queue, sum(offered) as offered, sum(answered_20s) as answered_20s,
       sum(abandoned) as abandoned, round(100 * sum(answered_20s) / sum(offered), 1) as percent_20s
from marts.queue_hours
where local_day >= current_date - 7 and queue_id is not null
group by 1 order by 2 desc limit 5",
    },
    Example {
        question: "Which customers called and wrote as well?",
        query: "select p.name as customer, count(*) filter (where m.kind = 'call') as calls,
       count(*) filter (where m.kind = 'conversation') as conversations, count(distinct m.source) as vendors
from marts.contacts_made m
join marts.people p on p.person_id = m.person_id
group by p.person_id, p.name having count(distinct m.kind) > 1 order by 4 desc, 2 desc, 1 limit 5",
    },
];

/// Days of simulated history.
const DAYS: u32 = 30;
/// Simulated calls of a day.
const CALLS_PER_DAY: u32 = 1_500;

/// A demo that is running.
pub struct Demo {
    /// The warehouse.
    pub warehouse: Warehouse,
    /// Settings that point at the simulated vendors.
    pub settings: Settings,
    /// How to connect with psql.
    pub database_url: String,
    /// Where Postgres comes from, for people.
    pub postgres: String,
    /// The simulated vendors.
    pub simulated: Simulated,
    embedded: Option<Embedded>,
}

impl Demo {
    /// Starts Postgres, unless `database_url` names one, and the simulated vendors, and brings the schema up to date.
    /// Where Postgres has to be fetched first, `report` hears how far that is.
    pub async fn start(
        database_url: Option<String>,
        report: &(dyn Fn(Fetched) + Sync),
    ) -> anyhow::Result<Self> {
        let embedded = match &database_url {
            Some(_) => None,
            None => Some(Embedded::start_with(report).await?),
        };
        let postgres = embedded
            .as_ref()
            .map_or_else(|| "the one of DATABASE_URL".to_owned(), Embedded::way);
        let database_url = match (&embedded, database_url) {
            (Some(embedded), _) => embedded.url("postgres"),
            (None, url) => url.context("a URL was given")?,
        };
        let simulated = start_sandbox(&SandboxOptions {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: 7,
            days: DAYS,
            calls_per_day: CALLS_PER_DAY,
            comment_bytes: 0,
            is_frozen: false,
        })
        .await?;
        let url = SecretString::from(database_url.clone());
        let warehouse = Warehouse::connect(&url, 8).await.context("No warehouse")?;
        warehouse.migrate().await?;
        let settings = demo_settings(url, &simulated);
        Ok(Self {
            warehouse,
            settings,
            database_url,
            postgres,
            simulated,
            embedded,
        })
    }

    /// Stops everything, and leaves nothing behind.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.warehouse.close().await;
        self.simulated.server.stop().await;
        if let Some(embedded) = self.embedded {
            embedded.stop().await?;
        }
        Ok(())
    }
}

fn demo_settings(url: SecretString, simulated: &Simulated) -> Settings {
    let since = simulated.server.now() - TimeDelta::days(i64::from(DAYS));
    let sources = simulated.sources.iter().cloned().map(|source| Source {
        since: Some(since),
        schedule: Some("*/10 * * * * *".to_owned()),
        ..source
    });
    Settings {
        warehouse: settings::Warehouse {
            url,
            max_connections: 8,
            pooler: false,
        },
        limits: Limits::default(),
        history: History::default(),
        lease: Duration::from_secs(30),
        server: settings::Server::off(),
        alerts: Alerts::default(),
        retention: Retention::default(),
        sources: sources.map(|source| (source.name.clone(), source)).collect(),
    }
}
