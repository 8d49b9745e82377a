use super::protocol::{Hello, Refusal};
use crate::model::registry;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// The version of the protocol.
pub const PROTOCOL: u32 = 2;

/// What an agent writes before its first frame, so that the controller finds it behind whatever a login prints.
pub const GREETING: &[u8] = b"\n\0mesos-iac agent\0\n";

/// The digest of kinds and their versions, by which two programs agree on them in one comparison.
#[must_use]
pub fn kinds_digest<'a>(kinds: impl IntoIterator<Item = (&'a str, u32)>) -> String {
    let mut sorted: Vec<(&str, u32)> = kinds.into_iter().collect();
    sorted.sort_unstable();
    let mut digest = Sha256::new();
    for (name, version) in sorted {
        digest.update(name);
        digest.update(b"\0");
        digest.update(version.to_be_bytes());
    }
    crate::model::hex(&digest.finalize())
}

/// Why this agent can't serve the request; `None` if it can.
#[must_use]
pub fn refuse(hello: &Hello) -> Option<Refusal> {
    if hello.protocol != PROTOCOL {
        return Some(Refusal::Protocol {
            agent: PROTOCOL,
            controller: hello.protocol,
        });
    }
    if let Err(problems) = registry::check() {
        return Some(Refusal::Kinds(problems.to_string()));
    }
    let ours = registry::kinds();
    let lacking = lacking(&hello.kinds, &ours);
    if lacking.is_empty() {
        None
    } else {
        Some(Refusal::Kinds(lacking.join(", ")))
    }
}

/// The kinds that are asked for and aren't there, or not in that version.
pub(crate) fn lacking(asked: &BTreeMap<String, u32>, ours: &BTreeMap<&'static str, u32>) -> Vec<String> {
    asked
        .iter()
        .filter(|(name, version)| ours.get(name.as_str()) != Some(version))
        .map(|(name, version)| match ours.get(name.as_str()) {
            Some(other) => format!("{name} (version {version}; it has {other})"),
            None => name.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_depends_on_names_and_versions_and_not_on_order() {
        let one = kinds_digest([("core.file", 1), ("core.user", 1)]);
        assert_eq!(one, kinds_digest([("core.user", 1), ("core.file", 1)]));
        assert_ne!(one, kinds_digest([("core.file", 2), ("core.user", 1)]));
    }

    #[test]
    fn lacking_kinds_are_named() {
        let asked = BTreeMap::from([
            ("core.file".to_owned(), 1),
            ("hdfs.dir".to_owned(), 1),
            ("core.user".to_owned(), 2),
        ]);
        let ours = BTreeMap::from([("core.file", 1), ("core.user", 1)]);
        assert_eq!(lacking(&asked, &ours), ["core.user (version 2; it has 1)", "hdfs.dir"]);
    }
}
