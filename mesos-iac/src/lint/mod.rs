//! Mistakes that can be built and yet hurt, found before any host is touched.
//!
//! A [`Lint`] is one such mistake: a name, a level, a page. A [`Rule`] looks for one or more of them in what the hosts of a
//! cluster will have: in the files as they will be written and the resources as they will be, whoever declared them. So a
//! definition that writes `/etc/mesos-master/quorum` by hand is looked at as closely as one that uses the role library.
//! What only a role can see it reports itself ([`Cx::report`](crate::Cx::report)); `lint_rule!([&ITS_LINT])` makes that
//! lint known.
//!
//! `check` shows all findings; those of level [`Level::Error`] keep `plan` and `apply` from beginning. The command `lints`
//! lists the lints of a program, and `lints NAME` shows the page of one. What is meant that way is allowed by name, for a
//! reason: [`ClusterBuilder::allow`](crate::ClusterBuilder::allow), [`Host::allow`](crate::Host::allow).
//!
//! # Rules of your own
//!
//! ```
//! use mesos_iac::lint::{Level, Lint, LintCx};
//!
//! pub static MOTD_TOO_LONG: Lint = Lint {
//!     name: "motd-too-long",
//!     level: Level::Warning,
//!     summary: "the message of the day fills more than a screen",
//!     page: "Nobody reads it, and the last login scrolls away. Keep it under 24 lines.",
//! };
//!
//! fn motd(cx: &LintCx<'_>) {
//!     for host in cx.hosts() {
//!         if let Some(file) = host.file("/etc/motd")
//!             && file.text.lines().count() > 24
//!         {
//!             cx.report(MOTD_TOO_LONG.finding("it has over 24 lines").on(host.name()).of(file.id));
//!         }
//!     }
//! }
//!
//! mesos_iac::lint_rule!(motd => [&MOTD_TOO_LONG]);
//! ```

mod findings;
mod look;
mod rules;

pub use crate::model::{Allowance, Finding, Level, Lint};
pub use findings::{Allowed, Findings, UNUSED_ALLOWANCE, check};
pub use look::{LintCx, LintHost, RenderedFile};
pub use rules::*;

/// Looks for some lints in a whole cluster. Registered with [`lint_rule!`](crate::lint_rule).
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// What it can find. All of it is known to `lints`, found or not.
    pub lints: &'static [&'static Lint],
    /// Looks, and reports what it finds.
    pub look: fn(&LintCx<'_>),
}

inventory::collect!(Rule);

/// Registers a [`Rule`]: the function that looks, and what it can find. Without a function it makes lints known that roles
/// report themselves ([`Cx::report`](crate::Cx::report)).
///
/// ```
/// use mesos_iac::lint::{Level, Lint};
///
/// pub static TOO_OLD: Lint = Lint {
///     name: "too-old",
///     level: Level::Warning,
///     summary: "the broker is older than its clients",
///     page: "Raise the version of the role.",
/// };
///
/// mesos_iac::lint_rule!([&TOO_OLD]);
/// assert!(mesos_iac::lint::all().contains(&&TOO_OLD));
/// ```
#[macro_export]
macro_rules! lint_rule {
    ([$($lint:expr),+ $(,)?]) => {
        $crate::__private::inventory::submit! {
            $crate::lint::Rule { lints: &[$($lint),+], look: |_| {} }
        }
    };
    ($look:path => [$($lint:expr),+ $(,)?]) => {
        $crate::__private::inventory::submit! {
            $crate::lint::Rule { lints: &[$($lint),+], look: $look }
        }
    };
}

/// Every lint of the program, by name: those of this crate and of every crate of rules that it is made of.
#[must_use]
pub fn all() -> Vec<&'static Lint> {
    let mut all: Vec<&'static Lint> = inventory::iter::<Rule>()
        .flat_map(|rule| rule.lints.iter().copied())
        .chain(findings::OWN.iter().copied())
        .collect();
    all.sort_by_key(|lint| lint.name);
    all.dedup_by(|one, two| std::ptr::eq(*one, *two));
    all
}
