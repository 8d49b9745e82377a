use super::error::CliError;
use super::session::Session;
use crate::compile::CompiledHost;
use crate::model::{Cluster, Host};
use crate::words::{HostName, HostPattern};
use std::collections::BTreeSet;

/// The hosts that `--limit` selects, as they are compiled.
pub(super) fn select<'s>(session: &'s Session<'_>, limit: Option<&str>) -> Result<Vec<&'s CompiledHost>, CliError> {
    let selected = matching(&session.cluster, limit)?;
    let selected: BTreeSet<&HostName> = selected.into_iter().map(Host::name).collect();
    let hosts = session.compiled.hosts.iter();
    Ok(hosts.filter(|host| selected.contains(host.name())).collect())
}

/// The hosts that `--limit` selects, in the order of the definition; all of them without it.
pub(super) fn matching<'c>(cluster: &'c Cluster, limit: Option<&str>) -> Result<Vec<&'c Host>, CliError> {
    let hosts = cluster.hosts();
    let Some(limit) = limit else {
        return Ok(hosts.iter().collect());
    };
    let mut patterns = Vec::new();
    for text in split(limit) {
        let pattern = HostPattern::new(text).map_err(|error| CliError::usage(format!("`--limit`: {error}")))?;
        if !hosts.iter().any(|host| pattern.matches(host.name())) {
            let unknown = unknown(cluster, &format!("`{text}` matches no host"));
            let meant = pattern.meant_as_classes(hosts.iter().map(Host::name));
            return Err(match meant {
                Some(meant) => unknown.hinted(meant),
                None => unknown,
            });
        }
        patterns.push(pattern);
    }
    let selected = |host: &&Host| patterns.iter().any(|pattern| pattern.matches(host.name()));
    Ok(hosts.iter().filter(selected).collect())
}

/// The one host of this name.
pub(super) fn host<'s>(session: &'s Session<'_>, name: &str) -> Result<(&'s Host, &'s CompiledHost), CliError> {
    let found = session
        .cluster
        .hosts()
        .iter()
        .zip(&session.compiled.hosts)
        .find(|(host, _)| host.name().as_str() == name);
    found.ok_or_else(|| no_host(&session.cluster, name))
}

/// Where the one host of this name stands in the definition.
pub(super) fn index_of(cluster: &Cluster, name: &str) -> Result<usize, CliError> {
    cluster.host_index(name).ok_or_else(|| no_host(cluster, name))
}

/// That no host has this name.
fn no_host(cluster: &Cluster, name: &str) -> CliError {
    let unknown = unknown(cluster, &format!("there is no host `{name}`"));
    match cluster.attributes().contains_key(name) {
        true => unknown.hinted(format!(
            "`{name}` is an attribute: the host comes first, `explain HOST {name}`"
        )),
        false => unknown,
    }
}

fn unknown(cluster: &Cluster, message: &str) -> CliError {
    let names: Vec<&HostName> = cluster.hosts().iter().map(Host::name).collect();
    CliError::usage(message).hinted(format!("the hosts are {}", crate::words::fold_names(names)))
}

/// Splits at commas outside of brackets: `a[1,3],b` is two patterns.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0_usize);
    for (at, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_brackets_belong_to_the_pattern() {
        assert_eq!(split("a[1,3],b-*, c"), ["a[1,3]", "b-*", "c"]);
        assert_eq!(split("a"), ["a"]);
    }
}
