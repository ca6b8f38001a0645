//! Alerts: a webhook hears once when something begins, and once when it is over. A dead one stalls nothing.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::settings::{self, Settings};
use crate::transport::{Webhook, WebhookError};
use crate::warehouse::{Alert, Warehouse, WarehouseError};

/// How often is looked for alerts.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How many alerts are sent at a look.
const AT_ONCE: u32 = 20;
/// The status of a webhook that wants fewer of them.
const TOO_MANY_REQUESTS: u16 = 429;
/// How long a stop waits for an alert that is being sent.
const LAST_DELIVERY: Duration = Duration::from_secs(1);
/// How long after an attempt in vain an alert is tried again, by whichever instance comes first.
const PATIENCE: TimeDelta = TimeDelta::minutes(1);

/// Sends alerts until `stop`. The settings may change meanwhile.
pub(super) async fn send_alerts(
    warehouse: Warehouse,
    settings: watch::Receiver<Arc<Settings>>,
    stop: CancellationToken,
) {
    let mut sender = Sender::default();
    while !stop.is_cancelled() {
        let alerts = settings.borrow().alerts.clone();
        tokio::select! {
            () = wait_past_stop(&stop) => return,
            sent = sender.send_due(&warehouse, &alerts, &stop) => {
                if let Err(error) = sent {
                    debug!(error = %error, "Alerts cannot be looked up");
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => (),
            () = sleep(LOOK_EVERY) => (),
        }
    }
}

/// Waits until `stop`, and then as long as the alert in hand may take: what somebody has heard is to be written down.
async fn wait_past_stop(stop: &CancellationToken) {
    stop.cancelled().await;
    sleep(LAST_DELIVERY).await;
}

/// The way to the webhook, and whether it works.
#[derive(Default)]
struct Sender {
    webhook: Option<Webhook>,
    url: String,
    is_dead: bool,
}

impl Sender {
    async fn send_due(
        &mut self,
        warehouse: &Warehouse,
        alerts: &settings::Alerts,
        stop: &CancellationToken,
    ) -> Result<(), WarehouseError> {
        if self.open(alerts).is_none() {
            return warehouse.skip_alerts().await;
        }
        let mut outcome = None;
        for alert in warehouse.take_alerts(PATIENCE, AT_ONCE).await? {
            if stop.is_cancelled() {
                return Ok(());
            }
            match self.send(&alert_json(&alert)).await {
                Ok(()) => {
                    warehouse.record_delivery(&alert).await?;
                    outcome.get_or_insert(Ok(()));
                }
                Err(error) => {
                    let concerns_all = !is_of_one(&error);
                    outcome = Some(Err(error));
                    if concerns_all {
                        // The others would wait for the same reason; their turn comes again.
                        break;
                    }
                }
            }
        }
        if let Some(outcome) = outcome {
            self.log_outcome(&outcome);
        }
        Ok(())
    }

    fn open(&mut self, alerts: &settings::Alerts) -> Option<&Webhook> {
        let url = alerts.webhook_url.as_ref()?;
        if self.webhook.is_none() || self.url != url.expose_secret() {
            url.expose_secret().clone_into(&mut self.url);
            self.webhook = Webhook::open(url.clone()).ok();
        }
        self.webhook.as_ref()
    }

    async fn send(&self, json: &serde_json::Value) -> Result<(), WebhookError> {
        match &self.webhook {
            Some(webhook) => webhook.send_json(json.to_string()).await,
            None => Err(WebhookError::Client),
        }
    }

    /// What is wrong is told once, and that it is over, too.
    fn log_outcome(&mut self, outcome: &Result<(), WebhookError>) {
        match outcome {
            Ok(()) if self.is_dead => info!("Alerts are delivered again"),
            Ok(()) => (),
            Err(error) if !self.is_dead => {
                warn!(error = %error, "Alerts cannot be delivered; they are kept and tried again every minute");
            }
            Err(error) => debug!(error = %error, "Alerts can still not be delivered"),
        }
        self.is_dead = outcome.is_err();
    }
}

/// True where it may be this alert alone that the webhook does not like.
fn is_of_one(error: &WebhookError) -> bool {
    matches!(error, WebhookError::Status(status) if *status != TOO_MANY_REQUESTS)
}

/// Tells of a database that is away for long, which no table can hold meanwhile.
#[derive(Default)]
pub(super) struct AwayAlarm {
    sender: Sender,
    is_told: bool,
}

impl AwayAlarm {
    /// The database is away, for so long by now.
    pub(super) async fn alert_of_outage(&mut self, alerts: &settings::Alerts, lasted: Duration, why: &str) {
        if self.is_told || lasted < alerts.database_away || self.sender.open(alerts).is_none() {
            return;
        }
        let text = format!(
            "The warehouse cannot be reached for {} minutes: {why}",
            lasted.as_secs() / 60
        );
        self.is_told = self.send_alert(&away_json(&text, "began")).await;
    }

    /// It is back.
    pub(super) async fn alert_of_return(&mut self, alerts: &settings::Alerts) {
        if std::mem::take(&mut self.is_told) && self.sender.open(alerts).is_some() {
            self.send_alert(&away_json("The warehouse can be reached again", "ended"))
                .await;
        }
    }

    async fn send_alert(&mut self, json: &serde_json::Value) -> bool {
        let outcome = self.sender.send(json).await;
        self.sender.log_outcome(&outcome);
        outcome.is_ok()
    }
}

fn away_json(text: &str, state: &str) -> serde_json::Value {
    json!({
        "text": format!("{} Convene: {text}", sign_of(state)),
        "kind": "database away",
        "state": state,
    })
}

fn sign_of(state: &str) -> &'static str {
    if state == "ended" { "✅" } else { "⚠️" }
}

/// An alert as Slack and its like take it: a text, and the same in fields for programs.
fn alert_json(alert: &Alert) -> serde_json::Value {
    let state = if alert.is_end {
        "ended"
    } else if alert.ended_at == Some(alert.at) {
        "happened"
    } else {
        "began"
    };
    let place = match (alert.source.as_str(), alert.stream.as_str()) {
        ("", _) => "Convene".to_owned(),
        (source, "") => source.to_owned(),
        (source, stream) => format!("{source}.{stream}"),
    };
    let kind = &alert.kind;
    let mut text = if alert.is_end {
        format!("{} {place}: {kind} is over ({})", sign_of(state), alert.text)
    } else {
        format!("{} {place}: {kind}: {}", sign_of(state), alert.text)
    };
    if let (Some(remedy), false) = (&alert.remedy, alert.is_end) {
        text = format!("{text}. To do: {remedy}");
    }
    json!({
        "text": text,
        "kind": kind,
        "state": state,
        "source": alert.source,
        "stream": alert.stream,
        "at": alert.at.to_rfc3339(),
        "ended_at": alert.ended_at.map(|at| at.to_rfc3339()),
        "remedy": alert.remedy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    #[test]
    fn an_alert_says_where_what_and_what_to_do() {
        let begun = Alert {
            id: 1,
            kind: "paused".to_owned(),
            source: "a".to_owned(),
            stream: String::new(),
            text: "the token was refused".to_owned(),
            remedy: Some("operator".to_owned()),
            at: DateTime::UNIX_EPOCH,
            ended_at: None,
            is_end: false,
        };
        let json = alert_json(&begun);
        assert_eq!(
            (json["text"].as_str(), json["state"].as_str()),
            (
                Some("⚠️ a: paused: the token was refused. To do: operator"),
                Some("began")
            )
        );
        let ended = Alert {
            is_end: true,
            stream: "calls".to_owned(),
            ended_at: Some(DateTime::UNIX_EPOCH + TimeDelta::minutes(1)),
            ..begun.clone()
        };
        assert_eq!(
            alert_json(&ended)["text"],
            "✅ a.calls: paused is over (the token was refused)"
        );
        let momentary = Alert {
            ended_at: Some(begun.at),
            ..begun
        };
        assert_eq!(alert_json(&momentary)["state"], "happened");
    }
}
