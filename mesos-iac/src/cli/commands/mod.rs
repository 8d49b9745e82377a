//! One command a file; each takes what it needs from the [`Session`](super::session::Session) and says what it found.

mod apply;
mod check;
mod deploy;
mod explain;
mod facts;
mod forget;
mod graph;
mod lints;
mod list;
mod plan;
mod render;
mod run;
mod show;
mod trust;

pub(super) use apply::apply;
pub(super) use check::{check, check_failed};
pub(super) use deploy::deploy;
pub(super) use explain::{explain, explain_attribute};
pub(super) use facts::facts;
pub(super) use forget::forget;
pub(super) use graph::graph;
pub(super) use lints::lints;
pub(super) use list::{list, list_attributes};
pub(super) use plan::plan;
pub(super) use render::render;
pub(super) use run::run;
pub(super) use show::show;
pub(super) use trust::trust;
