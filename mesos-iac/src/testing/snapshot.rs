use crate::compile::CompiledHost;
use crate::kinds::File;
use crate::model::{AfterFailure, Entry, Resource, Retry, Timing, short_role_name};
use crate::words::{HostName, ResourceId, fold_names};
use serde_json::Value;
use std::any::Any;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A host's catalog as people read it: what the host is, its roles, and its resources in order with what is managed of
/// them and the contents of files. The same for the same definition, without digests and without locations.
#[must_use]
pub fn snapshot_text(host: &CompiledHost) -> String {
    let catalog = &host.catalog;
    let mut text = format!("host {} of {}\n", host.name(), catalog.cluster);
    let declared = &catalog.declared;
    let facts = [
        declared.address.map(|address| format!("address {address}")),
        declared.os.as_ref().map(|os| format!("os {os}")),
        declared.arch.as_ref().map(|arch| format!("arch {arch}")),
    ];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    if !facts.is_empty() {
        let _infallible = writeln!(text, "{}", facts.join(", "));
    }
    let roles: Vec<&str> = host
        .provenance
        .roles
        .iter()
        .map(|role| short_role_name(&role.role))
        .collect();
    let _infallible = writeln!(text, "roles {}", roles.join(", "));
    for entry in &catalog.entries {
        write_entry(entry, &mut text);
    }
    text
}

/// Makes an assertion about each of the hosts, and fails once, naming all that fail it.
///
/// # Panics
/// The assertion panics for one of them.
#[doc(hidden)]
pub fn assert_each_host(hosts: &[CompiledHost], assert: impl Fn(&CompiledHost)) {
    // An assertion of insta's keeps the new snapshot and then panics: whatever comes after the first would be lost.
    let fails = |host: &&CompiledHost| catch_unwind(AssertUnwindSafe(|| assert(host))).is_err();
    let failing: Vec<&HostName> = hosts.iter().filter(fails).map(CompiledHost::name).collect();
    assert!(
        failing.is_empty(),
        "{} of {} hosts don't read as they did: {}; the differences are above",
        failing.len(),
        hosts.len(),
        fold_names(failing.iter().copied())
    );
}

fn write_entry(entry: &Entry, text: &mut String) {
    let _infallible = writeln!(text, "\n{}", entry.id);
    let any: &dyn Any = &*entry.resource;
    let file = any.downcast_ref::<File>();
    for (field, value) in fields(&*entry.resource) {
        // The key is in the heading already, and a file's content follows as it is.
        let repeated = field == key_field(&entry.id) || (file.is_some() && field == "content");
        if !repeated && !is_usual(&field, &value) {
            write_field(&field, &value, text);
        }
    }
    for edge in &entry.after {
        let _infallible = writeln!(text, "  after {} ({})", edge.on, edge.because);
    }
    if let Some(Retry { times, pause }) = entry.retry {
        let _infallible = writeln!(text, "  tried again {times} times, {pause} apart");
    }
    for subscription in &entry.refresh_on {
        let when = match subscription.timing {
            Timing::Delayed => "",
            Timing::Immediate => ", at once",
        };
        let policy = match subscription.after_failure {
            AfterFailure::HoldIfNeeded => "",
            AfterFailure::Deliver => ", despite failures",
            AfterFailure::Hold => ", unless anything failed",
        };
        let _infallible = writeln!(text, "  {} on {}{when}{policy}", subscription.action, subscription.on);
    }
    if let Some(content) = file.and_then(File::content) {
        let shown = content.to_string();
        for line in shown.lines() {
            let _infallible = writeln!(text, "  | {line}");
        }
        if !shown.ends_with('\n') && !shown.is_empty() {
            text.push_str("  \\ no newline at the end\n");
        }
    }
}

/// The field that holds the key of a built-in kind; it stands in the heading already.
fn key_field(id: &ResourceId) -> &'static str {
    match id.kind.as_str() {
        "core.file" | "core.directory" | "core.symlink" => "path",
        "core.package" | "core.service" | "core.command" | "core.user" | "core.group" => "name",
        _ => "",
    }
}

/// The fields of a resource in the order of their names. A resource serialises as its kind and what it holds.
fn fields(resource: &dyn Resource) -> Vec<(String, Value)> {
    let Ok(Value::Object(tagged)) = serde_json::to_value(resource) else {
        return Vec::new();
    };
    let mut fields: Vec<(String, Value)> = match tagged.into_iter().next() {
        Some((_, Value::Object(fields))) => fields.into_iter().collect(),
        _ => Vec::new(),
    };
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    fields
}

/// What isn't managed, and what is the case for nearly everything. All else is shown, or a change of it would be hidden.
fn is_usual(name: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(true) => name == "present",
        Value::Bool(false) => matches!(name, "refresh_only" | "system" | "create_home" | "read_only"),
        Value::Array(items) => items.is_empty() && matches!(name, "provides" | "ports"),
        Value::Object(map) => map.iter().all(|(name, value)| is_usual(name, value)),
        _ => false,
    }
}

fn write_field(name: &str, value: &Value, text: &mut String) {
    match value {
        Value::Object(map) if !map.contains_key(crate::words::SECRET_FIELD) => {
            let mut inner: Vec<_> = map.iter().collect();
            inner.sort_by_key(|(name, _)| *name);
            inner
                .into_iter()
                .filter(|(name, value)| !is_usual(name, value))
                .for_each(|(field, value)| write_field(field, value, text));
        }
        Value::String(word) => {
            let _infallible = writeln!(text, "  {name} {word}");
        }
        other => {
            let _infallible = writeln!(text, "  {name} {other}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::{Cluster, hosts};
    use std::cell::RefCell;

    #[test]
    fn every_host_is_looked_at_and_all_that_differ_are_named() {
        let cluster = Cluster::new("lab").hosts(hosts("zk[1-4]")).build().unwrap();
        let compiled = cluster.compile().unwrap();
        let looked_at = RefCell::new(Vec::new());
        let failed = catch_unwind(AssertUnwindSafe(|| {
            assert_each_host(&compiled.hosts, |host| {
                looked_at.borrow_mut().push(host.name().to_string());
                assert!(["zk1", "zk3"].contains(&host.name().as_str()), "it differs");
            });
        }));
        assert_eq!(looked_at.into_inner(), ["zk1", "zk2", "zk3", "zk4"]);
        let said = failed.unwrap_err().downcast::<String>().unwrap();
        assert!(
            said.starts_with("2 of 4 hosts don't read as they did: zk[2,4]"),
            "{said}"
        );
        assert_each_host(&compiled.hosts, |_| {});
    }
}
