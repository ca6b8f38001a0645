//! The integration tests: a real Postgres, real HTTP to simulated vendors, a database per test.

mod binary;
mod books;
mod columns;
mod commands;
mod convoso;
mod convoso_columns;
mod corrections;
mod crash;
mod credentials;
mod daylight_saving;
mod deletions;
mod faults;
mod field;
mod floor_plan;
mod instances;
mod loading;
mod lost_commits;
mod paging;
mod postgres;
mod proof;
mod rejects;
mod schema;
mod smoke;
mod stops;
