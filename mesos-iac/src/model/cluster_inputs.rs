//! What whoever runs the program adds to a cluster.

use super::cluster::no_host;
use super::reach::{Wrong, check_address, check_login, check_port};
use super::{
    Assignment, AttributeSpec, Cluster, Code, Host, HostInput, InputValue, Inputs, Origin, Problem, Problems, RawValue,
    nearest,
};
use crate::words::HostPattern;
use std::collections::BTreeMap;

/// A section of inputs for some hosts, with its pattern and its attributes read.
struct Section<'a> {
    input: &'a HostInput,
    pattern: HostPattern,
    assignments: Vec<Assignment>,
}

impl Cluster {
    /// The cluster with inputs, which shadow what the definition says.
    ///
    /// A later source shadows an earlier one. Within one, a section for one host by its name shadows those for patterns;
    /// two patterns that give one host different values are a mistake, since nothing says which one is meant.
    ///
    /// # Errors
    /// A key is unknown, a value isn't of its attribute's type, can't be an address, a login or a port, a pattern matches
    /// no host, or two patterns disagree. All mistakes at once.
    pub fn with_inputs(mut self, inputs: &Inputs) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        for input in &inputs.attributes {
            match self.typed(input) {
                Ok(assignment) => self.inputs.push(assignment),
                Err(problem) => problems.push(problem),
            }
        }
        for source in inputs.hosts.chunk_by(|one, next| one.origin == next.origin) {
            let sections: Vec<Section<'_>> = source
                .iter()
                .filter_map(|input| self.section(input, &mut problems))
                .collect();
            for host in &mut self.hosts {
                add_sections(host, &sections, &mut problems);
            }
        }
        problems.into_result(self)
    }

    fn typed(&self, input: &InputValue) -> Result<Assignment, Problem> {
        let InputValue { key, value, origin } = input;
        let Some(spec) = self.keys.get(key) else {
            let problem = Problem::new(
                Code::UnknownAttribute,
                format!("{origin} sets the attribute `{key}`, which nothing declares"),
            );
            return Err(problem.hint(nearest(
                key,
                self.keys.keys().map(String::as_str),
                "`list attributes --all` shows all of them",
            )));
        };
        let parsed = match value {
            RawValue::Text(text) => spec.parse(text),
            RawValue::Data(json) => spec.from_json(json.clone()),
        };
        let value = parsed.map_err(|why| {
            let message = format!(
                "{origin} gives attribute `{key}` a value that isn't of type {}: {why}",
                spec.type_name()
            );
            Problem::new(Code::WrongType, message)
                .at("the attribute is declared", spec.at.clone())
                .hint(what_is_right(spec, value))
        })?;
        Ok(Assignment {
            key: key.clone(),
            value,
            origin: Origin::Input(origin.clone()),
        })
    }

    /// The section, read and checked; none if its pattern is none.
    fn section<'a>(&self, input: &'a HostInput, problems: &mut Problems) -> Option<Section<'a>> {
        let origin = input.place();
        let pattern = match HostPattern::new(&input.pattern) {
            Ok(pattern) => pattern,
            Err(error) => {
                problems.push(Problem::new(Code::InvalidValue, format!("{origin}: {error}")));
                return None;
            }
        };
        let mut assignments = Vec::new();
        for attribute in &input.attributes {
            match self.typed(attribute) {
                Ok(assignment) => assignments.push(assignment),
                Err(problem) => problems.push(problem),
            }
        }
        let matched = self.hosts.iter().filter(|host| pattern.matches(host.name())).count();
        if matched == 0 {
            let hosts = self.hosts.iter().map(Host::name);
            problems.push(no_host(&pattern, &format!("{origin}: "), hosts));
        }
        if matched > 1 && input.address.is_some() {
            let message = format!("{origin} gives one address to the {matched} hosts of `{pattern}`");
            problems.push(Problem::new(Code::InvalidValue, message).hint("name one host for each address"));
        }
        let given = |check: fn(&str) -> Result<(), Wrong>, text: &Option<String>| text.as_deref().map_or(Ok(()), check);
        for (field, checked) in [
            ("address", given(check_address, &input.address)),
            ("connect", given(check_address, &input.connect)),
            ("user", given(check_login, &input.user)),
            ("port", input.port.map_or(Ok(()), check_port)),
        ] {
            if let Err(wrong) = checked {
                let message = format!("{origin}: `host.{pattern}.{field}`: {}", wrong.message);
                problems.push(Problem::new(Code::InvalidValue, message));
            }
        }
        Some(Section {
            input,
            pattern,
            assignments,
        })
    }
}

/// What helps whoever wrote a value of another type: the default, in the same form, if it is short; else what it is for.
fn what_is_right(spec: &AttributeSpec, wrong: &RawValue) -> String {
    let default = spec
        .default
        .as_ref()
        .filter(|default| default.to_json().is_ok_and(|json| !json.is_null()));
    let default = default.and_then(|default| match wrong {
        RawValue::Text(_) => Some(default.to_string()),
        RawValue::Data(_) => default.to_json().ok().map(|json| json.to_string()),
    });
    match default.filter(|text| !text.is_empty() && text.len() < 60 && !text.contains(char::is_control)) {
        Some(default) => format!("a value of that type is `{default}`, its default"),
        None if !spec.doc.is_empty() => format!("its documentation: {}", spec.summary()),
        None => "`list attributes --all` shows it with its type".to_owned(),
    }
}

/// Gives a host what the sections of one source say of it, that of its own name last.
fn add_sections(host: &mut Host, sections: &[Section<'_>], problems: &mut Problems) {
    let (own, others): (Vec<_>, Vec<_>) = sections
        .iter()
        .filter(|section| section.pattern.matches(host.name()))
        .partition(|section| section.pattern.as_str() == host.name().as_str());
    let decided: BTreeMap<String, RawValue> = own.iter().flat_map(|section| fields(section.input)).collect();
    let mut said = BTreeMap::<String, (RawValue, &Section<'_>)>::new();
    for section in &others {
        for (field, value) in fields(section.input) {
            match said.get(&field) {
                Some((first, by)) if *first != value && !decided.contains_key(&field) => {
                    let place = |section: &Section<'_>| format!("`{}` ({})", section.pattern, section.input.place());
                    let (one, two) = (place(by), place(section));
                    let message = format!("{one} and {two} both match the host, and disagree about `{field}`");
                    problems.push(Problem::new(Code::InvalidValue, message).on(host.name()).hint(format!(
                        "say it in one of them only, or in a section of the host's own: `[host.\"{}\"]`",
                        host.name()
                    )));
                }
                Some(_) => {}
                None => {
                    said.insert(field, (value, section));
                }
            }
        }
    }
    for section in others.iter().chain(&own) {
        host.reach_by_input(section.input);
        for assignment in &section.assignments {
            host.inputs.push(assignment.clone());
        }
    }
}

/// Everything that a section says, under the names that it has there.
fn fields(input: &HostInput) -> impl Iterator<Item = (String, RawValue)> {
    let reach = [
        ("address", input.address.clone()),
        ("connect", input.connect.clone()),
        ("user", input.user.clone()),
        ("port", input.port.map(|port| port.to_string())),
    ];
    let reach = reach
        .into_iter()
        .filter_map(|(field, value)| Some((field.to_owned(), RawValue::Text(value?))));
    let attributes = input
        .attributes
        .iter()
        .map(|attribute| (format!("set.{}", attribute.key), attribute.value.clone()));
    reach.chain(attributes)
}
