use crate::kinds::mesos_agent::{AgentResource, Resources, Scalar, Value};
use crate::model::{Endpoint, WorkloadCx};
use crate::roles::mesos::{MesosAgent, MesosAgentAt};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// An agent of Mesos as a scheduler's constraints see it.
///
/// Values are Mesos text: what follows the colon in `--attributes=rack:r1;level:10`. They are compared as the schedulers
/// render them: scalars with three decimals at the most, ranges sorted and joined.
///
/// Agents of the role [`MesosAgent`](crate::roles::mesos::MesosAgent) are seen by themselves. Another role that runs agents exposes
/// this, so that `check` finds apps that no declared agent could run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentView {
    /// The host's name in the definition, for messages.
    pub host: String,
    /// What the agent calls itself: its `--hostname`.
    pub hostname: String,
    attributes: Vec<(String, String)>,
    region: Option<String>,
    zone: Option<String>,
    ports: Option<Vec<RangeInclusive<u16>>>,
    /// In thousandths, which is as exact as Mesos is.
    amounts: BTreeMap<String, u64>,
}

/// What an agent offers that is told no ports.
const PORTS: RangeInclusive<u16> = 31_000..=32_000;

impl Endpoint for AgentView {}

impl AgentView {
    /// An agent without attributes, which calls itself as the definition does.
    #[must_use]
    pub fn new(host: impl Into<String>) -> Self {
        let host = host.into();
        Self {
            hostname: host.clone(),
            host,
            attributes: Vec::new(),
            region: None,
            zone: None,
            ports: None,
            amounts: BTreeMap::new(),
        }
    }

    /// Says what the agent calls itself.
    #[must_use]
    pub fn hostname(mut self, name: impl Into<String>) -> Self {
        self.hostname = name.into();
        self
    }

    /// Adds an attribute; the value is Mesos text.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>, value: &str) -> Self {
        self.attributes.push((name.into(), compared(value)));
        self
    }

    /// Says the fault domain.
    #[must_use]
    pub fn domain(mut self, region: impl Into<String>, zone: impl Into<String>) -> Self {
        (self.region, self.zone) = (Some(region.into()), Some(zone.into()));
        self
    }

    /// Says which ports it offers to tasks.
    #[must_use]
    pub fn ports(mut self, ranges: impl IntoIterator<Item = RangeInclusive<u16>>) -> Self {
        self.ports = Some(ranges.into_iter().collect());
        self
    }

    /// Says how much of a resource it has for tasks: `cpus`, `mem` and `disk` in megabytes, `gpus`. What is said again is added
    /// up. What isn't said is what the host has, which isn't known here.
    #[must_use]
    pub fn offers(mut self, name: impl Into<String>, amount: f64) -> Self {
        if let Some(amount) = Scalar::new(amount) {
            self.add(name, amount);
        }
        self
    }

    fn add(&mut self, name: impl Into<String>, amount: Scalar) {
        let known = self.amounts.entry(name.into()).or_default();
        *known = known.saturating_add(amount.thousandths());
    }

    /// How many thousandths of a resource it has for tasks; none where that isn't known.
    pub(super) fn offered(&self, name: &str) -> Option<u64> {
        self.amounts.get(name).copied()
    }

    /// The ports that it offers; none where that isn't known.
    #[must_use]
    pub fn offered_ports(&self) -> Option<&[RangeInclusive<u16>]> {
        self.ports.as_deref()
    }

    /// What a constraint on this field compares: an attribute, or `hostname`, `@hostname`, `@region`, `@zone`. `None`: the
    /// agent doesn't have it. Of two attributes of one name the first counts.
    #[must_use]
    pub fn field(&self, field: &str) -> Option<&str> {
        match field {
            "hostname" | "@hostname" => Some(&self.hostname),
            "@region" => self.region.as_deref(),
            "@zone" => self.zone.as_deref(),
            name => {
                let found = self.attributes.iter().find(|(known, _)| known == name);
                found.map(|(_, value)| value.as_str())
            }
        }
    }

    /// The names of its attributes, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(|(name, _)| name.as_str())
    }
}

/// The agents that roles of the cluster declare. None where one of them can't say what it is like: what none of the others
/// could run, that one might.
pub(super) fn declared(cx: &WorkloadCx<'_>) -> Vec<AgentView> {
    if cx.lacks_endpoints_of::<MesosAgent>() {
        return Vec::new();
    }
    let of_library = cx.endpoints::<MesosAgentAt>().into_iter().map(|(host, agent)| {
        let view = AgentView::new(host.name().as_str()).hostname(agent.hostname);
        let view = view.ports(offered(&agent.resources));
        // Of what is reserved for roles, an app may have what is its role's and what is nobody's: it is all counted.
        let amounts = agent.resources.iter().filter_map(|resource| match resource.value() {
            Some(Value::Scalar(amount)) => Some((resource.name(), *amount)),
            _ => None,
        });
        let view = amounts.fold(view, |mut view, (name, amount)| {
            view.add(name, amount);
            view
        });
        let attributes = agent.attributes.iter();
        attributes.fold(view, |view, (name, value)| view.attribute(name, &value.to_string()))
    });
    let of_others = cx.endpoints::<AgentView>().into_iter().map(|(_, agent)| agent);
    of_library.chain(of_others).collect()
}

/// A value of Mesos text as schedulers render it.
fn compared(text: &str) -> String {
    let text: String = text.chars().filter(|c| *c != ' ').collect();
    if let Some(ranges) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return ranges_of(ranges).unwrap_or(text);
    }
    scalar(&text).map_or(text, rounded)
}

/// The value, if Mesos would take the text for a scalar.
pub(super) fn scalar(text: &str) -> Option<f64> {
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
    let value = (!text.is_empty() && !text.starts_with('-') && text.chars().all(plain)).then(|| text.parse::<f64>());
    value?.ok().filter(|value| value.is_finite())
}

/// Three decimals at the most, halves to the even neighbour.
fn rounded(value: f64) -> String {
    let thousandths = (value * 1000.0).round_ties_even() / 1000.0;
    format!("{thousandths}")
}

fn ranges_of(text: &str) -> Option<String> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for range in text.split(',') {
        let (begin, end) = range.split_once('-')?;
        ranges.push((begin.parse().ok()?, end.parse().ok()?));
    }
    ranges.sort_unstable();
    let mut joined: Vec<(u64, u64)> = Vec::new();
    for (begin, end) in ranges {
        match joined.last_mut() {
            Some((_, last)) if begin <= last.saturating_add(1) => *last = end.max(*last),
            _ => joined.push((begin, end)),
        }
    }
    let words: Vec<String> = joined.iter().map(|(begin, end)| format!("{begin}-{end}")).collect();
    Some(format!("[{}]", words.join(",")))
}

/// The ports among what an agent has to offer.
fn offered(resources: &Resources) -> Vec<RangeInclusive<u16>> {
    let mut ports = resources
        .iter()
        .filter(|resource| resource.name() == "ports")
        .peekable();
    if ports.peek().is_none() {
        return vec![PORTS];
    }
    let mut offered = Vec::new();
    for value in ports.filter_map(AgentResource::value) {
        if let Value::Ranges(ranges) = value {
            let range =
                |(from, to): &(u64, u64)| Some(u16::try_from(*from).ok()?..=u16::try_from(*to).unwrap_or(u16::MAX));
            offered.extend(ranges.iter().filter_map(range));
        }
    }
    offered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_compared_as_schedulers_render_them() {
        for (text, seen) in [
            ("r1", "r1"),
            ("10", "10"),
            ("10.50", "10.5"),
            ("0.12345", "0.123"),
            ("0.0625", "0.062"),
            ("-1", "-1"),
            ("[30-40, 10-20,21-25]", "[10-25,30-40]"),
            ("1.2.3", "1.2.3"),
            ("", ""),
        ] {
            assert_eq!(compared(text), seen, "{text}");
        }
    }

    #[test]
    fn fields_are_attributes_and_what_every_agent_has() {
        let agent = AgentView::new("a-1")
            .hostname("a-1.lab")
            .attribute("rack", "r1")
            .attribute("rack", "r2");
        assert_eq!(agent.field("rack"), Some("r1"));
        assert_eq!(agent.field("hostname"), Some("a-1.lab"));
        assert_eq!(agent.field("@region"), None);
        assert_eq!(agent.domain("eu", "a").field("@zone"), Some("a"));
    }
}
