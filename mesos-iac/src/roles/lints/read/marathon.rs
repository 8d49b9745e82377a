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
}

/// What Marathon of a host is told; none if there is none.
///
/// Packages up to 1.4 read `/etc/marathon/conf` and take `--master` and `--zk` from `/etc/mesos/zk` unless they are given;
/// those from 1.5 on read variables only. Where the release isn't known, both are taken as read.
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
            settings.push(Setting::of_file(name, value, file.path, file.id));
        }
    }
    let mut own_unit = false;
    for start in starts(host) {
        if start.program() != "marathon" {
            continue;
        }
        own_unit = true;
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
    runs.then_some(Marathon { settings, release })
}

impl<'c> Marathon<'c> {
    /// What a flag is set to: by a file or on the command line, else by a variable.
    pub(in super::super) fn get(&self, name: &str) -> Option<&Setting<'c>> {
        let of = |way| {
            self.settings
                .iter()
                .rfind(move |setting| setting.name == name && setting.way == way)
        };
        of(Way::Line).or_else(|| of(Way::Environment))
    }

    /// Whether its package takes what isn't said from `/etc/mesos/zk`: the master's address, and its own with the path
    /// `/marathon`.
    pub(in super::super) fn takes_from_mesos(&self) -> bool {
        self.release.is_none_or(|release| !release.since(1, 5))
    }
}
