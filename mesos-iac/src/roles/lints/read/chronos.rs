use super::mesos::{Setting, starts};
use super::release;
use super::variables::variables;
use crate::kinds::Service;
use crate::lint::LintHost;

/// Where packages put their start script.
const WRAPPERS: [&str; 2] = ["/usr/bin/chronos", "/usr/local/bin/chronos"];

/// The flags of a host's Chronos. All of them stand on its command line, whatever they are read from: the packages' start
/// script makes arguments of `/etc/chronos/conf`, of its variables and of `/etc/mesos/zk`.
pub(in super::super) fn chronos<'c>(host: &LintHost<'c>) -> Vec<Setting<'c>> {
    let mut settings = Vec::new();
    let defaults = host.file("/etc/default/chronos");
    let variables: Vec<_> = defaults.iter().flat_map(|file| variables(&file.text)).collect();
    let mut by_wrapper = host.get::<Service>("chronos").is_some() || release::package(host, &["chronos"]).is_some();
    for start in starts(host) {
        if start.program() != "chronos" {
            continue;
        }
        by_wrapper = start
            .words
            .first()
            .is_some_and(|word| WRAPPERS.contains(&word.as_str()));
        let mut words = start.words.iter().peekable();
        while let Some(word) = words.next() {
            let Some(name) = word.strip_prefix("--") else { continue };
            let value = words
                .next_if(|next| !next.starts_with("--"))
                .map_or("true", String::as_str);
            let of_variable = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
            let variable = of_variable.and_then(|name| variables.iter().rfind(|variable| variable.name == name));
            let value = variable.map_or(value, |variable| &variable.value);
            let place = format!("`--{name}` of {}", start.place);
            settings.push(Setting::of_line(name, value, &place, start.id));
        }
    }
    if !by_wrapper {
        return settings;
    }
    for (name, file) in host.files_in("/etc/chronos/conf") {
        settings.push(Setting::of_file(
            name,
            file.text.trim_end_matches('\n'),
            file.path,
            file.id,
        ));
    }
    for variable in &variables {
        if let (Some(name), Some(file)) = (variable.name.strip_prefix("CHRONOS_"), defaults) {
            let place = format!("`{}` of {}", variable.name, file.path);
            settings.push(Setting::of_line(name, &variable.value, &place, file.id));
        }
    }
    if let Some(file) = host.file("/etc/mesos/zk")
        && !settings.iter().any(|setting| setting.name == "master")
    {
        settings.push(Setting::of_file("master", file.text.trim_end(), file.path, file.id));
    }
    settings
}
