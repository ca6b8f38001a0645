//! Whether the daemon is alive, and whether it can do its work.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::warehouse::{SourceLease, Warehouse};

use super::App;
use super::report::KnownSource;

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether the daemon can do its work, point by point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// True where every point holds.
    pub ready: bool,
    /// The points.
    pub checks: Vec<Check>,
}

/// One point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What is looked at: database, schema or sources.
    pub name: String,
    /// True where it is as it should be.
    pub ok: bool,
    /// What was found; empty for whoever has not shown the token.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl Check {
    fn of(name: &str, ok: bool, detail: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            ok,
            detail: detail.into(),
        }
    }
}

/// The process is alive: it answers.
pub(super) async fn show_health() -> &'static str {
    "ok\n"
}

/// 200 where the daemon can do its work, 503 where it cannot, with the points.
pub(super) async fn show_readiness(State(app): State<App>, headers: HeaderMap) -> Response {
    let mut readiness = judge_readiness(&app.warehouse, &app.known_sources()).await;
    if !app.guard.lets_in(&headers) {
        for check in &mut readiness.checks {
            check.detail.clear();
        }
    }
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness)).into_response()
}

async fn judge_readiness(warehouse: &Warehouse, sources: &[KnownSource]) -> Readiness {
    let checks = timeout(PATIENCE, check_points(warehouse, sources)).await;
    let checks = checks.unwrap_or_else(|_| {
        let detail = format!("no answer within {} s", PATIENCE.as_secs());
        vec![Check::of("database", false, detail)]
    });
    Readiness {
        ready: checks.iter().all(|check| check.ok),
        checks,
    }
}

async fn check_points(warehouse: &Warehouse, sources: &[KnownSource]) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Err(error) = warehouse.now().await {
        checks.push(Check::of("database", false, error.to_string()));
        return checks;
    }
    checks.push(Check::of("database", true, "answers"));
    if let Err(error) = warehouse.check_schema().await {
        checks.push(Check::of("schema", false, error.to_string()));
        return checks;
    }
    checks.push(Check::of("schema", true, "up to date"));
    checks.push(match warehouse.source_leases().await {
        Ok(leases) => check_leases(&leases, sources),
        Err(error) => Check::of("sources", false, error.to_string()),
    });
    checks
}

/// Somebody works on each source, this instance or another.
fn check_leases(leases: &[SourceLease], sources: &[KnownSource]) -> Check {
    let is_held = |source: &&KnownSource| {
        leases
            .iter()
            .any(|lease| lease.source == source.name && lease.is_held)
    };
    let idle: Vec<&str> = sources
        .iter()
        .filter(|source| !is_held(source))
        .map(|source| source.name.as_str())
        .collect();
    if idle.is_empty() {
        return Check::of("sources", true, format!("{} are worked on", sources.len()));
    }
    Check::of("sources", false, format!("nobody works on {}", idle.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_of_the_settings_must_be_worked_on() {
        let lease = |source: &str, is_held| SourceLease {
            source: source.to_owned(),
            holder: "host/1".to_owned(),
            epoch: 1,
            expires_at: chrono::DateTime::UNIX_EPOCH,
            is_held,
        };
        let sources = ["a", "b"].map(|name| KnownSource {
            name: name.to_owned(),
            vendor: "acme".to_owned(),
            requests_per_minute: 60,
        });
        assert!(check_leases(&[lease("a", true), lease("b", true), lease("c", false)], &sources).ok);
        let idle = check_leases(&[lease("a", true), lease("b", false)], &sources);
        assert_eq!((idle.ok, idle.detail.as_str()), (false, "nobody works on b"));
        assert!(!check_leases(&[], &sources).ok);
    }
}
