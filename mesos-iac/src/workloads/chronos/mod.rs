//! Chronos' jobs.
//!
//! ```
//! use mesos_iac::workloads::chronos::{JobConstraint, job};
//!
//! let report = job("report")
//!     .schedule("R/2026-01-01T03:00:00Z/P1D")
//!     .command("/opt/report/run")
//!     .mem(512)
//!     .constraint(JobConstraint::equals("storage", "ssd"));
//! let mail = job("mail-report").after("report").command("/opt/report/mail");
//! assert_eq!(report.render().unwrap()["schedule"], "R/2026-01-01T03:00:00Z/P1D");
//! assert_eq!(mail.render().unwrap()["parents"][0], "report");
//! ```

mod checks;
mod constraint;
mod job;
mod schedule;
mod scheduler;

pub use constraint::JobConstraint;
pub use job::{Job, JobContainer, job};
pub use schedule::{Schedule, ScheduleError};
