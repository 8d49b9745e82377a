use crate::kinds::{Package, Service};
use crate::lint::LintCx;
use crate::lint_rule;
use crate::model::{Effect, Level, Lint};
use std::any::Any;

/// A new version is installed, and the old one goes on running.
pub static UPGRADE_WITHOUT_RESTART: Lint = Lint {
    name: "upgrade-without-restart",
    level: Level::Warning,
    summary: "a package is pinned to a version, and its service isn't restarted when that changes",
    page: include_str!("../pages/upgrade-without-restart.md"),
};

lint_rule!(upgrades => [&UPGRADE_WITHOUT_RESTART]);

fn upgrades(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        for brings in host.catalog().resources() {
            let resource: &dyn Any = &*brings.resource;
            let Some(package) = resource
                .downcast_ref::<Package>()
                .filter(|package| package.is_present())
            else {
                continue;
            };
            let Some(version) = package.version() else { continue };
            let units = brings.resource.behavior().effects().provides;
            for runs in host.catalog().resources() {
                let resource: &dyn Any = &*runs.resource;
                let Some(service) = resource.downcast_ref::<Service>() else {
                    continue;
                };
                let is_its = units.contains(&Effect::Unit(service.unit()));
                let restarts = runs.refresh_on.iter().any(|cause| cause.on == brings.id);
                if is_its && service.is_running() == Some(true) && !restarts {
                    let message = format!(
                        "{} is pinned to {version}, and an upgrade leaves the old one running",
                        brings.id
                    );
                    let finding = UPGRADE_WITHOUT_RESTART.finding(message).on(host.name()).of(&runs.id);
                    cx.report(finding.hint("`.restart_on(…)` with the package's handle"));
                }
            }
        }
    }
}
