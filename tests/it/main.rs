//! The integration tests: one binary, so that the workspace links once. None of them needs root or a host; those that do
//! are in `tests/testbed`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod agent;
mod automatic;
mod bad_input;
mod chronos;
mod compile;
mod conflicts;
mod damage;
mod definition;
mod deploy;
mod deploy_removals;
mod endpoints;
mod engine;
mod exactness;
mod examples;
mod exclusive;
mod failing_steps;
mod fake_marathon;
mod flag_tables;
mod flags;
mod graphs;
mod haproxy;
mod house;
mod kinds;
mod links;
mod lints;
mod looking;
#[path = "../testbed/marathon.rs"]
mod marathon;
mod ordering;
mod orphans;
mod output;
mod plan;
mod plan_packages;
mod retries;
mod roles;
mod sandbox;
mod saved_plan;
mod secrets;
mod support;
mod terminal;
mod truth_table;
mod undo;
mod workload_rules;
mod workloads;
mod yum_repositories;
