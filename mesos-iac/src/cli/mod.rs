//! The command line that every cluster program gets from [`main`].

mod agents;
mod args;
mod commands;
mod environment;
mod error;
pub mod exit_code;
mod inputs_file;
mod main_fn;
mod other_tools;
mod plan_file;
mod run_over;
mod selection;
mod session;
mod signals;
mod table;

pub use main_fn::main;
