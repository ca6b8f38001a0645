//! Keeps a Postgres warehouse in step with contact-centre vendors, and proves up to when each table is complete.
//!
//! The rooms, from the decisions at the bottom to the wiring on top. A room imports only what stands behind it:
//!
//! | room | what it is for | imports |
//! |---|---|---|
//! | [`transport`] | from a request to its answer: credential, pacing, retries, limits | |
//! | [`warehouse`] | all SQL: loading, coverage, the ledger, leases | |
//! | [`engine`] | plan, fetch, load, verify, supervise | transport, warehouse |
//! | [`server`] | health, metrics, status as JSON and as a page | engine, warehouse |
//! | [`settings`] | the settings, every problem of them at once | |
//! | [`telemetry`] | logs and traces | |
//! | [`commands`] | what the commands do: settings become sources, sources become runs | all of the above |
//! | [`cli`] | the commands as they are typed: they print, and ask `commands` | commands, settings |
//!
//! The vendors, the contract with them and the common schema are the crate `connectors`, which is pure. The simulated
//! vendors are the crate `sandbox`, the private Postgres is the crate `embedded`.

pub mod cli;
pub mod commands;
pub mod engine;
pub mod server;
pub mod settings;
pub mod telemetry;
pub mod transport;
pub mod warehouse;
