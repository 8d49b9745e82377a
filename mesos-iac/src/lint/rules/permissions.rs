use crate::kinds::{Directory, File};
use crate::lint::LintCx;
use crate::lint_rule;
use crate::model::{Level, Lint};
use std::any::Any;

/// Every user of a host may change a file or a directory.
pub static WORLD_WRITABLE: Lint = Lint {
    name: "world-writable",
    level: Level::Warning,
    summary: "every user of a host may change a file or a directory",
    page: include_str!("../pages/world-writable.md"),
};

/// A script can't be started.
pub static SCRIPT_NOT_EXECUTABLE: Lint = Lint {
    name: "script-not-executable",
    level: Level::Warning,
    summary: "a script stands where programs are and can't be started",
    page: include_str!("../pages/script-not-executable.md"),
};

/// cron passes over a file of its own.
pub static CRON_FILE_IGNORED: Lint = Lint {
    name: "cron-file-ignored",
    level: Level::Warning,
    summary: "cron passes over a file of jobs",
    page: include_str!("../pages/cron-file-ignored.md"),
};

lint_rule!(permissions => [&WORLD_WRITABLE, &SCRIPT_NOT_EXECUTABLE, &CRON_FILE_IGNORED]);

/// Where programs are looked for.
const PROGRAMS: [&str; 8] = [
    "/usr/local/bin/",
    "/usr/local/sbin/",
    "/usr/bin/",
    "/usr/sbin/",
    "/bin/",
    "/sbin/",
    "/etc/init.d/",
    "/etc/cron.hourly/",
];

fn permissions(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        for entry in host.catalog().resources() {
            let resource: &dyn Any = &*entry.resource;
            let (path, mode, is_shared) = if let Some(file) = resource.downcast_ref::<File>() {
                (file.path(), file.attributes().mode, false)
            } else if let Some(directory) = resource.downcast_ref::<Directory>() {
                // With the sticky bit everybody may add, and only owners remove.
                let mode = directory.attributes().mode;
                (
                    directory.path(),
                    mode,
                    mode.is_some_and(|mode| mode.bits() & 0o1000 != 0),
                )
            } else {
                continue;
            };
            if let Some(mode) = mode.filter(|mode| mode.bits() & 0o002 != 0 && !is_shared) {
                let message = format!("{path} has mode {:04o}", mode.bits());
                let finding = WORLD_WRITABLE.finding(message).on(host.name()).of(&entry.id);
                cx.report(finding.hint("give it to a group of those who write"));
            }
        }
        for file in host.files() {
            let mode = file.file.attributes().mode.map_or(0o644, crate::words::Mode::bits);
            let is_program = PROGRAMS.iter().any(|directory| file.path.starts_with(directory));
            if is_program && file.text.starts_with("#!") && mode & 0o111 == 0 {
                let message = format!("{} is a script of mode {mode:04o}", file.path);
                let finding = SCRIPT_NOT_EXECUTABLE.finding(message).on(host.name()).of(file.id);
                cx.report(finding.hint("`.mode(\"0755\")`"));
            }
            let Some(name) = file.path.strip_prefix("/etc/cron.d/") else {
                continue;
            };
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            let why = if !name.bytes().all(is_plain) {
                "its name has more than letters, digits, `-` and `_`"
            } else if mode & 0o022 != 0 {
                "others than its owner may change it"
            } else if !file.text.is_empty() && !file.text.ends_with('\n') {
                "its last line has no end"
            } else {
                continue;
            };
            let finding = CRON_FILE_IGNORED
                .finding(format!("{}: {why}", file.path))
                .on(host.name())
                .of(file.id);
            cx.report(finding.hint("declare `cron_job(…)`, which knows the rules"));
        }
    }
}
