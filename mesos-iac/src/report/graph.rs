use crate::compile::CompiledHost;
use crate::model::{Reason, RefreshAction, Subscription};
use crate::words::ResourceId;
use std::fmt::Write as _;

/// The edges of a catalog as a drawing shows them: from what comes first to what comes after.
fn edges(host: &CompiledHost) -> impl Iterator<Item = (&ResourceId, &ResourceId, Reason, Option<RefreshAction>)> {
    host.catalog.entries.iter().flat_map(|entry| {
        entry.after.iter().map(|edge| {
            let refresh = entry.refresh_on.iter().find(|Subscription { on, .. }| *on == edge.on);
            (
                &edge.on,
                &entry.id,
                edge.because,
                refresh.map(|subscription| subscription.action),
            )
        })
    })
}

/// The resource graphs of hosts in Graphviz's language, anchors as points; with `verbose` the automatic edges that were dropped, in
/// red, each after a line that says why.
#[must_use]
pub fn dot(hosts: &[&CompiledHost], verbose: bool) -> String {
    let mut text = String::from("digraph catalog {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n");
    for host in hosts {
        let name = |id: &ResourceId| quoted(&format!("{}/{id}", host.name()));
        // A String takes everything.
        let _infallible = writeln!(
            text,
            "  subgraph {} {{\n    label={};",
            quoted(&format!("cluster_{}", host.name())),
            quoted(host.name().as_str())
        );
        for entry in &host.catalog.entries {
            let shape = match entry.is_anchor() {
                true => format!("shape=point, tooltip={}", quoted(&entry.id.key)),
                false => format!("label={}", quoted(&entry.id.to_string())),
            };
            let _infallible = writeln!(text, "    {} [{shape}];", name(&entry.id));
        }
        for (first, then, because, refresh) in edges(host) {
            let style = match (refresh, because.is_automatic()) {
                (Some(action), _) => format!("style=bold, label={}", quoted(&action.to_string())),
                (None, true) => format!("style=dashed, tooltip={}", quoted(&because.to_string())),
                (None, false) => "style=solid".to_owned(),
            };
            let _infallible = writeln!(text, "    {} -> {} [{style}];", name(first), name(then));
        }
        for dropped in host.provenance.dropped.iter().filter(|_| verbose) {
            let _infallible = writeln!(text, "    // dropped: {dropped}");
            let reason = quoted(&format!("dropped: {}", dropped.edge.because));
            let _infallible = writeln!(
                text,
                "    {} -> {} [style=dotted, color=red, constraint=false, label={reason}];",
                name(&dropped.edge.on),
                name(&dropped.of)
            );
        }
        text.push_str("  }\n");
    }
    text.push_str("}\n");
    text
}

/// The resource graphs of hosts in Mermaid's language, which many forges draw; with `verbose` the dropped edges as in [`dot`].
#[must_use]
pub fn mermaid(hosts: &[&CompiledHost], verbose: bool) -> String {
    let mut text = String::from("flowchart LR\n");
    for (number, host) in hosts.iter().enumerate() {
        let index = |id: &ResourceId| {
            host.catalog
                .entries
                .iter()
                .position(|entry| entry.id == *id)
                .unwrap_or(0)
        };
        let node = |id: &ResourceId| format!("n{number}_{}", index(id));
        let _infallible = writeln!(text, "  subgraph h{number} [{}]", label(host.name().as_str()));
        for entry in &host.catalog.entries {
            let shape = match entry.is_anchor() {
                true => format!("([{}])", label(&entry.id.key)),
                false => format!("[{}]", label(&entry.id.to_string())),
            };
            let _infallible = writeln!(text, "    {}{shape}", node(&entry.id));
        }
        for (first, then, because, refresh) in edges(host) {
            let arrow = match (refresh, because.is_automatic()) {
                (Some(action), _) => format!("== {action} ==>"),
                (None, true) => "-.->".to_owned(),
                (None, false) => "-->".to_owned(),
            };
            let _infallible = writeln!(text, "    {} {arrow} {}", node(first), node(then));
        }
        for dropped in host.provenance.dropped.iter().filter(|_| verbose) {
            let _infallible = writeln!(text, "    %% dropped: {dropped}");
            let reason = label(&format!("dropped: {}", dropped.edge.because));
            let _infallible = writeln!(
                text,
                "    {} -. {reason} .-x {}",
                node(&dropped.edge.on),
                node(&dropped.of)
            );
        }
        text.push_str("  end\n");
    }
    text
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Mermaid has no escapes within quotes, but entities.
fn label(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('&', "&amp;")
            .replace('"', "&quot;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    )
}
