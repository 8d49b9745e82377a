use super::mesos::{Setting, Way, starts};
use super::release::{self, Release};
use super::variables::variables;
use crate::kinds::Service;
use crate::lint::LintHost;

/// What a host's Marathon is told.
#[derive(Debug)]
pub(in super::super) struct Marathon<'c> {
    /// Everything, in the order of its sources.
    pub(in super::super) settings: Vec<Setting<'c>>,
    /// The release, where the package's version is pinned or a role says it.
    pub(in super::super) release: Option<Release>,
    /// Whether it is the package's start script that starts it, and not a program that somebody unpacked.
    by_wrapper: bool,
}

/// What Marathon of a host is told; none if there is none.
///
/// Packages up to 1.4 read `/etc/marathon/conf` and take `--master` and `--zk` from `/etc/mesos/zk` unless they are given:
/// those up to 1.3 make flags of it, those of 1.4 variables. Those from 1.5 on read variables only. Where the release isn't known, both are taken as read.
pub(in super::super) fn marathon<'c>(host: &LintHost<'c>) -> Option<Marathon<'c>> {
    let release = release::of_marathon(host);
    let by_files = release.is_none_or(|release| !release.since(1, 5));
    let mut settings = Vec::new();
    if by_files {
        for (name, file) in host
            .files_in("/etc/marathon/conf")
            .filter(|(name, _)| !name.starts_with('.'))
        {
            let (name, value) = match name.strip_prefix('?') {
                Some(switch) => (switch, "true"),
                None => (name, file.text.trim_end_matches('\n')),
            };
            let mut setting = Setting::of_file(name, value, file.path, file.id);
            if release.is_some_and(exports) {
                setting.way = Way::Exported;
            }
            settings.push(setting);
        }
    }
    let (mut own_unit, mut by_wrapper) = (false, true);
    for start in starts(host) {
        if start.program() != "marathon" {
            continue;
        }
        own_unit = true;
        by_wrapper &= start
            .words
            .first()
            .is_none_or(|word| !word.contains('/') || WRAPPERS.contains(&word.as_str()));
        let mut words = start.words.iter().peekable();
        while let Some(word) = words.next() {
            let Some(name) = word.strip_prefix("--") else { continue };
            let (name, value) = match name.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                None => {
                    let value = words.next_if(|next| !next.starts_with("--"));
                    (name, value.map_or("true", String::as_str).to_owned())
                }
            };
            settings.push(Setting::of_line(name, &value, &start.place, start.id));
        }
    }
    if let Some(file) = host.file("/etc/default/marathon") {
        for variable in variables(&file.text) {
            let name = variable
                .name
                .strip_prefix("MARATHON_CMD_")
                .or_else(|| variable.name.strip_prefix("MARATHON_"));
            let Some(name) = name.map(str::to_lowercase) else {
                continue;
            };
            let place = format!("`{}` of {}", variable.name, file.path);
            let mut setting = Setting::of_line(&name, &variable.value, &place, file.id);
            setting.way = Way::Environment;
            settings.push(setting);
        }
    }
    let service = host.get::<Service>("marathon");
    let runs = match service {
        Some(service) => service.is_running() == Some(true) || service.is_enabled() == Some(true),
        None => own_unit || !settings.is_empty() || release::package(host, &["marathon"]).is_some(),
    };
    runs.then_some(Marathon {
        settings,
        release,
        by_wrapper,
    })
}

/// Where packages that have one put their start script.
const WRAPPERS: [&str; 2] = ["/usr/bin/marathon", "/usr/local/bin/marathon"];

/// Whether its start script hands over as variables what earlier ones put on the command line.
fn exports(release: Release) -> bool {
    release.since(1, 4)
}

impl<'c> Marathon<'c> {
    /// What a flag is set to: by a file or on the command line, else by a variable.
    pub(in super::super) fn get(&self, name: &str) -> Option<&Setting<'c>> {
        let of = |way| {
            self.settings
                .iter()
                .rfind(move |setting| setting.name == name && setting.way == way)
        };
        of(Way::Line)
            .or_else(|| of(Way::Exported))
            .or_else(|| of(Way::Environment))
    }

    /// Whether its package takes what isn't said from `/etc/mesos/zk`: the master's address, and its own with the path
    /// `/marathon`.
    pub(in super::super) fn takes_from_mesos(&self) -> bool {
        self.release.is_none_or(|release| !release.since(1, 5))
    }

    /// What stands on its command line for this flag; for `master` and `zk` this may come from `/etc/mesos/zk`.
    pub(in super::super) fn on_command_line(&self, host: &LintHost<'c>, name: &str) -> Option<Setting<'c>> {
        if let Some(set) = self.get(name) {
            return (set.way == Way::Line).then(|| set.clone());
        }
        let derives = self.by_wrapper && self.takes_from_mesos() && !self.release.is_some_and(exports);
        let file = host
            .file("/etc/mesos/zk")
            .filter(|_| derives && matches!(name, "master" | "zk"))?;
        Some(Setting::of_file(name, file.text.trim_end(), file.path, file.id))
    }
}
