//! Reports: readers of one stream of events, each in its own way. This floor and the command line alone print.

mod declared;
mod graph;
mod json;
mod markdown;
mod paint;
mod plan;
mod run;
mod state;
mod tally;

pub use declared::Declared;
pub use graph::{dot, mermaid};
pub use json::JsonReporter;
pub use markdown::write_markdown;
pub use paint::Paint;
pub use plan::write_plans;
pub use run::RunReporter;
pub use state::View;
pub use tally::Tally;

use crate::fleet::FleetEvent;

/// A reader of the events of a run over many hosts.
pub trait Reporter {
    /// Takes an event.
    ///
    /// # Errors
    /// Whoever reads the report has gone away.
    fn take(&mut self, event: &FleetEvent) -> std::io::Result<()>;

    /// Says what there is to say at the end.
    ///
    /// # Errors
    /// Whoever reads the report has gone away.
    fn finish(&mut self, tally: &Tally) -> std::io::Result<()>;
}
