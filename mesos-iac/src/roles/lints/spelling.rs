use super::flag_values::DEPRECATED_FLAG;
use super::found;
use super::read::marathon::marathon;
use super::read::mesos::{Daemon, Setting, Way, mesos};
use super::read::release::Release;
use super::read::zk_url;
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;
use crate::model::Problem;
use crate::roles::flags::{Agent, ByHand, Marathon, Master, by_hand};

lints! {
    UNKNOWN_FLAG = Error "unknown-flag": "a flag is set that the release doesn't know, and the daemon won't start";
    UNKNOWN_VARIABLE = Warning "unknown-variable": "a variable of Mesos is set that stands for no flag, and nothing says so";
    FLAG_VALUE_FORM = Error "flag-value-form": "a flag has a value that its daemon can't read";
}

lint_rule!(spelling => [&UNKNOWN_FLAG, &UNKNOWN_VARIABLE, &FLAG_VALUE_FORM]);

/// Variables that begin as those of flags do, and are for something else.
const OTHER_VARIABLES: [&str; 6] = [
    "native_java_library",
    "native_library",
    "directory",
    "sandbox",
    "home",
    "build_dir",
];

fn spelling(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        for mesos in Daemon::BOTH.into_iter().filter_map(|daemon| mesos(host, daemon)) {
            let Some(release) = mesos.release else { continue };
            let check = match mesos.daemon {
                Daemon::Master => by_hand::<Master>,
                Daemon::Agent => by_hand::<Agent>,
            };
            for setting in mesos.settings.iter().filter(|setting| setting.id.is_some()) {
                let is_variable = setting.way == Way::Environment;
                if is_variable && OTHER_VARIABLES.contains(&setting.name.as_str()) {
                    continue;
                }
                // A variable may switch a flag off by its name.
                let name = match is_variable {
                    true => setting.name.strip_prefix("no_").unwrap_or(&setting.name),
                    false => &setting.name,
                };
                // Another lint tells of old names.
                if mesos.daemon.deprecated(name, release).is_none() {
                    one(cx, host, setting, release, name, check);
                }
            }
        }
        if let Some(marathon) = marathon(host)
            && let Some(release) = marathon.release
        {
            for setting in marathon
                .settings
                .iter()
                .filter(|setting| setting.way != Way::Environment)
            {
                one(cx, host, setting, release, &setting.name, by_hand::<Marathon>);
            }
        }
    }
}

type Check = fn(&str, &str, crate::roles::Version) -> Result<(), ByHand>;

fn one(cx: &LintCx<'_>, host: &LintHost<'_>, setting: &Setting<'_>, release: Release, name: &str, check: Check) {
    // What is only known on the host is read there.
    let value = match setting.is_found_at_start() || setting.value.starts_with("file://") {
        true => None,
        false => Some(setting.value.trim_end_matches('\n')),
    };
    // That a password stands in the open, or a slash at the end of a path, keeps no daemon from starting.
    let address = value
        .filter(|value| value.starts_with("zk://"))
        .map(zk_url::without_login);
    let value = address
        .as_deref()
        .map(|address| address.trim_end_matches('/'))
        .or(value);
    let (lint, problem) = match check(name, value.unwrap_or_default(), release.version()) {
        Ok(()) => return,
        Err(ByHand::Name(problem)) if setting.way == Way::Environment => (&UNKNOWN_VARIABLE, problem),
        Err(ByHand::Name(problem)) => (&UNKNOWN_FLAG, problem),
        // Empty values and values that begin with a blank line have lints of their own.
        Err(ByHand::Value(_)) if value.is_none_or(|value| value.trim().is_empty() || value.starts_with('\n')) => return,
        Err(ByHand::Value(problem)) => (&FLAG_VALUE_FORM, problem),
        Err(ByHand::OldValue(problem)) => (&DEPRECATED_FLAG, problem),
    };
    let Problem { message, hint, .. } = problem;
    let finding = found(lint, host, setting.id, format!("{message} (by {})", setting.place));
    cx.report(match hint {
        Some(hint) => finding.hint(hint),
        None => finding,
    });
}
