//! Traces: what runs, slices, requests and loads took, sent by OTLP to the collector that the environment names.
//!
//! Only spans of this program go out, without log lines, and what they carry is names, counts and outcomes.

use std::env;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use thiserror::Error;
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::registry::LookupSpan;

use super::collector::CollectorClient;

/// How long a stop waits for the collector.
const LONGEST_FLUSH: Duration = Duration::from_secs(2);
/// The one protocol that is spoken.
const PROTOCOL: &str = "http/protobuf";

/// Why no traces are sent although the environment names a collector. It does not name the address, which may hold a secret.
#[derive(Debug, Error)]
pub(super) enum TraceError {
    /// Another protocol is wanted.
    #[error("`{variable}` wants `{wanted}`, and only `{PROTOCOL}` is spoken")]
    Protocol {
        /// The variable that says so.
        variable: &'static str,
        /// What it says.
        wanted: String,
    },
    /// The client cannot be built.
    #[error(
        "the HTTP client cannot start; are the system's root certificates installed (package ca-certificates)?"
    )]
    Client,
    /// The variables make no sense.
    #[error("the variables OTEL_EXPORTER_OTLP_… name no collector that can be used")]
    Exporter,
}

/// The way of the traces.
pub(super) struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Opens the way that the environment names; nothing where it names none.
    pub(super) fn start() -> Result<Option<Self>, TraceError> {
        if !is_wanted(read_variable) {
            return Ok(None);
        }
        check_protocol(read_variable)?;
        let client = CollectorClient::open().map_err(|_| TraceError::Client)?;
        let exporter = SpanExporter::builder().with_http().with_http_client(client);
        let exporter = exporter.build().map_err(|_| TraceError::Exporter)?;
        let provider = SdkTracerProvider::builder()
            .with_resource(describe_process())
            .with_batch_exporter(exporter)
            .build();
        Ok(Some(Self { provider }))
    }

    /// What turns spans into traces.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let own = filter_fn(|metadata: &Metadata<'_>| {
            metadata.is_span() && metadata.target().starts_with("convene")
        });
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("convene"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(own.and(LevelFilter::DEBUG))
    }

    /// Sends what waits, as far as that goes within a moment.
    pub(super) async fn flush(self) {
        let flushed = tokio::task::spawn_blocking(move || self.provider.shutdown_with_timeout(LONGEST_FLUSH));
        // What a collector that is away has missed is gone: traces are no books.
        let _ = flushed.await;
    }
}

fn read_variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// True where the environment names a collector, and nothing speaks against it.
fn is_wanted(variable: impl Fn(&str) -> Option<String>) -> bool {
    let is =
        |name: &str, word: &str| variable(name).is_some_and(|value| value.trim().eq_ignore_ascii_case(word));
    let endpoints = [
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    ];
    !is("OTEL_SDK_DISABLED", "true")
        && !is("OTEL_TRACES_EXPORTER", "none")
        && endpoints.iter().any(|name| variable(name).is_some())
}

fn check_protocol(variable: impl Fn(&str) -> Option<String>) -> Result<(), TraceError> {
    let names = [
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
    ];
    let said = names.into_iter().find_map(|name| Some((name, variable(name)?)));
    match said {
        Some((variable, wanted)) if wanted.trim() != PROTOCOL => {
            Err(TraceError::Protocol { variable, wanted })
        }
        _ => Ok(()),
    }
}

/// What all traces of the process have in common.
fn describe_process() -> Resource {
    let resource =
        Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    let is_named = read_variable("OTEL_SERVICE_NAME").is_some()
        || read_variable("OTEL_RESOURCE_ATTRIBUTES").is_some_and(|all| all.contains("service.name="));
    if is_named {
        resource.build()
    } else {
        resource.with_service_name("convene").build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(set: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        |name| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn traces_are_sent_where_a_collector_is_named_and_nothing_speaks_against_it() {
        const ALL: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
        const OWN: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
        assert!(!is_wanted(variables(&[])));
        assert!(!is_wanted(variables(&[("OTEL_SERVICE_NAME", "x")])));
        assert!(is_wanted(variables(&[(ALL, "http://collector:4318")])));
        assert!(is_wanted(variables(&[(OWN, "http://collector:4318/v1/traces")])));
        assert!(!is_wanted(variables(&[
            (ALL, "http://collector:4318"),
            ("OTEL_SDK_DISABLED", "TRUE")
        ])));
        assert!(is_wanted(variables(&[
            (ALL, "http://collector:4318"),
            ("OTEL_SDK_DISABLED", "no")
        ])));
        assert!(!is_wanted(variables(&[
            (ALL, "http://collector:4318"),
            ("OTEL_TRACES_EXPORTER", "none")
        ])));
    }

    #[test]
    fn a_protocol_that_is_not_spoken_is_named_with_its_variable() {
        let general = variables(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]);
        let error = check_protocol(general).unwrap_err().to_string();
        assert_eq!(
            error,
            "`OTEL_EXPORTER_OTLP_PROTOCOL` wants `grpc`, and only `http/protobuf` is spoken"
        );
        let own = variables(&[
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
        ]);
        assert!(check_protocol(own).is_ok());
        assert!(check_protocol(variables(&[])).is_ok());
    }
}
