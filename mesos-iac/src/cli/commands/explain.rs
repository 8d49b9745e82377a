use crate::cli::args::Format;
use crate::cli::error::CliError;
use crate::cli::selection;
use crate::cli::session::{Session, Terminal};
use crate::compile::CompiledHost;
use crate::model::{AttributeSpec, Cluster, Entry, LeftOut, Scope, nearest, short_role_name};
use crate::words::{Location, ResourceId, visible};
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::ExitCode;

/// `explain`: of a host, its roles; of a resource, why it is there, or which condition left it out.
pub(in super::super) fn explain(
    session: &Session<'_>,
    host: &str,
    subject: Option<&str>,
) -> Result<ExitCode, CliError> {
    let (_, compiled) = selection::host(session, host)?;
    let index = session.cluster.host_index(host).unwrap_or_default();
    let explained = match subject {
        None => explain_host(compiled),
        Some(subject) => explain_resource(session, index, compiled, subject)?,
    };
    show(&session.terminal, &explained)
}

/// `explain` of an attribute: none has to be set for that.
pub(in super::super) fn explain_attribute(
    terminal: &Terminal<'_>,
    cluster: &Cluster,
    host: usize,
    spec: &AttributeSpec,
) -> Result<ExitCode, CliError> {
    show(terminal, &attribute(cluster, host, spec))
}

fn show(terminal: &Terminal<'_>, explained: &Explained) -> Result<ExitCode, CliError> {
    let mut out = std::io::stdout().lock();
    match terminal.format {
        Format::Json => writeln!(out, "{}", serde_json::to_string_pretty(&explained.json)?)?,
        Format::Human => explained
            .lines
            .iter()
            .try_for_each(|line| writeln!(out, "{}", visible(line)))?,
    }
    Ok(ExitCode::SUCCESS)
}

struct Explained {
    lines: Vec<String>,
    json: Value,
}

fn explain_host(host: &CompiledHost) -> Explained {
    let resources = host.catalog.resources().count();
    let mut lines = vec![format!("{}: {resources} resources", host.name())];
    for role in &host.provenance.roles {
        let how = match &role.included_by {
            Some(by) => format!("included by {} at {}", short_role_name(by), role.at),
            None => format!("given at {}", role.at),
        };
        lines.push(format!("  role {}  {how}", short_role_name(&role.role)));
    }
    let json = json!({ "host": host.name(), "roles": host.provenance.roles, "resources": resources });
    Explained { lines, json }
}

/// One line for each value, the winner first.
fn attribute(cluster: &Cluster, host: usize, spec: &AttributeSpec) -> Explained {
    let values = values(cluster, host, spec);
    let name = cluster.hosts()[host].name();
    let mut lines = vec![match values.first() {
        Some((_, value, _)) => format!("{} of {name} is {value}", spec.name),
        None => format!("{} of {name} isn't set and has no default", spec.name),
    }];
    let width = values
        .iter()
        .map(|(scope, ..)| scope.to_string().len())
        .max()
        .unwrap_or(0);
    let values_width = values
        .iter()
        .map(|(_, value, _)| visible(value).chars().count())
        .max()
        .unwrap_or(0);
    for (place, (scope, value, origin)) in values.iter().enumerate() {
        let word = if place == 0 { "wins    " } else { "shadowed" };
        let scope = scope.to_string();
        let value = visible(value);
        lines.push(format!("  {word}  {scope:width$}  {value:values_width$}  {origin}"));
    }
    lines.push(format!("  declared as {} at {}", spec.type_name(), spec.at));
    let listed: Vec<Value> = values
        .iter()
        .map(|(scope, value, origin)| json!({ "scope": scope, "value": value, "origin": origin }))
        .collect();
    let json = json!({ "host": name, "attribute": spec.name, "type": spec.type_name(), "declared": spec.at.to_string(), "values": listed });
    Explained { lines, json }
}

/// The values that scopes give an attribute, the winner first, the default last.
fn values(cluster: &Cluster, host: usize, spec: &AttributeSpec) -> Vec<(Scope, String, String)> {
    let set = cluster.assignments(host, &spec.name);
    let set = set
        .into_iter()
        .rev()
        .map(|(scope, a)| (scope, a.value.to_string(), a.origin.to_string()));
    let default = spec
        .default
        .as_ref()
        .map(|value| (Scope::Default, value.to_string(), spec.at.to_string()));
    set.chain(default).collect()
}

fn explain_resource(
    session: &Session<'_>,
    host: usize,
    compiled: &CompiledHost,
    subject: &str,
) -> Result<Explained, CliError> {
    let matches = |id: &ResourceId| id.to_string() == subject || id.key == subject || format!("{id:?}") == subject;
    let present: Vec<&Entry> = compiled
        .catalog
        .entries
        .iter()
        .filter(|entry| matches(&entry.id))
        .collect();
    let left_out: Vec<&LeftOut> = compiled
        .provenance
        .left_out
        .iter()
        .filter(|left| left.resource.as_ref().is_some_and(matches))
        .collect();
    let blocks: Vec<&LeftOut> = compiled
        .provenance
        .left_out
        .iter()
        .filter(|left| left.resource.is_none())
        .collect();
    let somewhere = session
        .compiled
        .hosts
        .iter()
        .any(|other| other.catalog.entries.iter().any(|entry| matches(&entry.id)));
    if present.is_empty() && left_out.is_empty() && somewhere && !blocks.is_empty() {
        return Ok(explain_blocks(session, host, compiled, subject, &blocks));
    }
    if present.is_empty() && left_out.is_empty() {
        let attributes = session.cluster.attributes().keys().map(String::as_str);
        let keys = compiled.catalog.resources().map(|entry| entry.id.key.as_str());
        let ids: Vec<String> = compiled.catalog.resources().map(|entry| entry.id.to_string()).collect();
        let known: Vec<&str> = attributes.chain(keys).chain(ids.iter().map(String::as_str)).collect();
        let mut message = format!(
            "{} has neither an attribute nor a resource `{subject}`",
            compiled.name()
        );
        let otherwise = "`list attributes` and `list resources` show what there is";
        let hint = nearest(subject, known.into_iter(), otherwise);
        let mut lines = Vec::new();
        if blocks.is_empty() {
            message += ", and no condition left one out";
        } else if hint == otherwise {
            message += "; one of these blocks, which were left out there, may have it:";
            for block in &blocks {
                explain_block(session, host, block, &mut lines);
            }
        }
        return Err(CliError::usage(message).detailed(&lines.join("\n")).hinted(hint));
    }
    let mut lines = Vec::new();
    for entry in &present {
        explain_entry(compiled, entry, &mut lines);
    }
    for left in &left_out {
        let id = left.resource.as_ref().map(ToString::to_string).unwrap_or_default();
        lines.push(match present.is_empty() {
            true => format!("{id} isn't on {}", compiled.name()),
            false => format!("another declaration of {id} doesn't count here"),
        });
        lines.push(format!("  left out by role {} at {}", left.role, left.at));
        explain_condition(session, host, left, &mut lines);
    }
    let json = json!({
        "host": compiled.name(),
        "resources": present.iter().map(|entry| json!({
            "id": entry.id.to_string(),
            "declared": compiled.provenance.declared.get(&entry.id),
            "after": entry.after,
            "refresh_on": entry.refresh_on,
        })).collect::<Vec<_>>(),
        "left_out": left_out,
    });
    Ok(Explained { lines, json })
}

/// A resource that other hosts have and this one doesn't: one of the blocks that were left out would have declared it. Which
/// one can't be known, because a block runs only where its condition holds.
fn explain_blocks(
    session: &Session<'_>,
    host: usize,
    compiled: &CompiledHost,
    subject: &str,
    blocks: &[&LeftOut],
) -> Explained {
    let mut lines = vec![format!(
        "{subject} isn't on {}; these blocks were left out there:",
        compiled.name()
    )];
    for block in blocks {
        explain_block(session, host, block, &mut lines);
    }
    let json = json!({ "host": compiled.name(), "resources": [], "left_out": blocks });
    Explained { lines, json }
}

fn explain_block(session: &Session<'_>, host: usize, block: &LeftOut, lines: &mut Vec<String>) {
    lines.push(format!("  a block of role {} at {}", block.role, block.at));
    explain_condition(session, host, block, lines);
}

/// The condition that didn't hold, and what its attributes are.
fn explain_condition(session: &Session<'_>, host: usize, left: &LeftOut, lines: &mut Vec<String>) {
    lines.push(format!("  because `{}` doesn't hold", left.condition));
    for attribute in &left.attributes {
        if let Some(spec) = session.cluster.attributes().get(attribute)
            && let Some((scope, value, origin)) = values(&session.cluster, host, spec).into_iter().next()
        {
            lines.push(format!("    {attribute} is {value}  ({scope}, {origin})"));
        }
    }
}

fn explain_entry(host: &CompiledHost, entry: &Entry, lines: &mut Vec<String>) {
    lines.push(format!("{} is on {}", entry.id, host.name()));
    if let Some(declaration) = host.provenance.declared.get(&entry.id) {
        let declared = |role: &str, at: &Location| format!("  declared by role {role} at {at}");
        lines.push(declared(&declaration.role, &declaration.at));
        for (at, role) in &declaration.also {
            lines.push(format!("{}, word for word", declared(role, at)));
        }
        for condition in &declaration.conditions {
            lines.push(format!("  because `{condition}` holds"));
        }
    }
    for edge in &entry.after {
        lines.push(format!("  after {} ({})", edge.on, edge.because));
    }
    for subscription in &entry.refresh_on {
        lines.push(format!("  {} when {} changes", subscription.action, subscription.on));
    }
    for dropped in host.provenance.dropped.iter().filter(|dropped| dropped.of == entry.id) {
        let way = dropped.way_in_words();
        lines.push(format!(
            "  not after {} ({}): that would close a cycle, since {way}",
            dropped.edge.on, dropped.edge.because
        ));
    }
}
