//! Convene keeps a Postgres warehouse in step with contact-centre vendors, and proves up to when each table is complete.
//!
//! The rooms, from the decisions at the bottom to the wiring on top. A room imports only what stands behind it:
//!
//! | room | what it is for | imports |
//! |---|---|---|
//! | [`model`] | the common schema: entities, tables, batches | nothing |
//! | [`stream`] | the contract with vendors: questions, answers, windows, paging | model |
//! | [`vendors`] | a folder per vendor: its streams as values, its records, the mapping | stream, model |
//! | [`http`] | from a request to its answer: credential, pacing, retries, limits | stream |
//! | [`warehouse`] | all SQL: loading, coverage, the ledger, leases | stream, model |
//! | [`sync`] | the engine: plan, walk, keep | http, warehouse, stream, model |
//! | [`settings`] | the settings, every problem of them at once | nothing |
//! | [`telemetry`] | logs | nothing |
//! | [`sandbox`] | simulated vendors, for the demo and the tests | nothing |
//! | [`embedded`] | a private Postgres, for the demo and the tests | nothing |
//! | [`app`] | the only wiring: settings become sources, sources become jobs | all of the above |
//! | [`cli`] | the commands: they print, and ask `app` | app |

pub mod app;
pub mod cli;
pub mod embedded;
pub mod http;
pub mod model;
pub mod sandbox;
pub mod settings;
pub mod stream;
pub mod sync;
pub mod telemetry;
pub mod vendors;
pub mod warehouse;
