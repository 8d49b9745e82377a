//! What the crates of a program register: kinds, roles, attributes and templates.

use super::{AttributeValue, Code, Key, Problem, Problems, Value, short_type_name};
use crate::words::Location;
use std::any::type_name;
use std::collections::BTreeMap;

/// A kind of resource that some crate of the program has. Submitted by `#[derive(Resource)]`.
#[derive(Debug, Clone, Copy)]
pub struct KindRegistration {
    /// The kind's name, such as `core.file`.
    pub name: &'static str,
    /// Counts the changes of its serialised form.
    pub version: u32,
    type_name: fn() -> &'static str,
    place: (&'static str, u32),
}

impl KindRegistration {
    /// The kind of this name and version that `T` is, declared in this file at this line.
    #[must_use]
    pub const fn new<T: super::Resource>(name: &'static str, version: u32, place: (&'static str, u32)) -> Self {
        Self {
            name,
            version,
            type_name: type_name::<T>,
            place,
        }
    }
}

inventory::collect!(KindRegistration);

/// A role that some crate of the program has. Submitted by `#[derive(Role)]`.
#[derive(Debug, Clone, Copy)]
pub struct RoleRegistration {
    /// The role's qualified name, such as `my_roles.zookeeper`.
    pub name: &'static str,
    type_name: fn() -> &'static str,
    place: (&'static str, u32),
}

impl RoleRegistration {
    /// The role of this name that `T` is, declared in this file at this line.
    #[must_use]
    pub const fn new<T: super::Role>(name: &'static str, place: (&'static str, u32)) -> Self {
        Self {
            name,
            type_name: type_name::<T>,
            place,
        }
    }
}

inventory::collect!(RoleRegistration);

/// An attribute that some crate of the program declares. Submitted by `#[derive(Attributes)]`.
#[derive(Debug, Clone, Copy)]
pub struct AttributeRegistration {
    name: &'static str,
    doc: &'static str,
    type_name: fn() -> &'static str,
    parse: fn(&str) -> Result<Value, String>,
    from_json: fn(serde_json::Value) -> Result<Value, String>,
    default: fn() -> Option<Value>,
    default_error: fn() -> Option<String>,
    module: &'static str,
    place: (&'static str, u32),
}

impl AttributeRegistration {
    /// The attribute of type `T` under this name, declared in this module, at this place of its file.
    #[must_use]
    pub const fn new<T: AttributeValue>(
        name: &'static str,
        doc: &'static str,
        default: fn() -> Option<Value>,
        module: &'static str,
        place: (&'static str, u32),
    ) -> Self {
        Self {
            name,
            doc,
            type_name: type_name::<T>,
            parse: Value::parse::<T>,
            from_json: Value::from_json::<T>,
            default,
            default_error: || None,
            module,
            place,
        }
    }

    /// The same attribute, with a default that may turn out to be none; see [`Key::try_default`].
    #[must_use]
    pub const fn checked(self, default_error: fn() -> Option<String>) -> Self {
        Self { default_error, ..self }
    }
}

inventory::collect!(AttributeRegistration);

/// What is known of an attribute besides its values: how to read one, what it is for, where it was declared.
#[derive(Debug, Clone)]
pub struct AttributeSpec {
    /// The attribute's name.
    pub name: String,
    /// What its declaration says that it is for.
    pub doc: String,
    /// The value it has where no scope sets it.
    pub default: Option<Value>,
    /// Where it was declared.
    pub at: Location,
    module: &'static str,
    type_name: &'static str,
    parse: fn(&str) -> Result<Value, String>,
    from_json: fn(serde_json::Value) -> Result<Value, String>,
}

impl AttributeSpec {
    /// What is known of a key that was made by hand.
    pub(crate) fn of<T: AttributeValue>(key: Key<T>, at: Location) -> Self {
        Self {
            name: key.name().to_owned(),
            doc: String::new(),
            default: key.default_value().map(Value::new),
            at,
            module: "",
            type_name: type_name::<T>(),
            parse: Value::parse::<T>,
            from_json: Value::from_json::<T>,
        }
    }

    /// The first sentence of its documentation, on one line whatever its lines were.
    pub(crate) fn summary(&self) -> String {
        first_sentence(&self.doc)
    }

    /// The name of its type, without the paths of modules.
    #[must_use]
    pub fn type_name(&self) -> String {
        short_type_name(self.type_name)
    }

    pub(crate) fn same_type(&self, other: &Self) -> bool {
        self.type_name == other.type_name
    }

    /// Whether this library declares it, and not the program or another crate.
    #[must_use]
    pub fn is_own(&self) -> bool {
        let module = self.module.strip_prefix(env!("CARGO_CRATE_NAME"));
        module.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    }

    /// Reads a value as people type it.
    ///
    /// # Errors
    /// It isn't of the attribute's type; says why.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        (self.parse)(text)
    }

    /// Reads a value from a file of inputs.
    ///
    /// # Errors
    /// It isn't of the attribute's type; says why.
    pub fn from_json(&self, json: serde_json::Value) -> Result<Value, String> {
        (self.from_json)(json)
    }
}

impl From<&AttributeRegistration> for AttributeSpec {
    fn from(registration: &AttributeRegistration) -> Self {
        Self {
            name: registration.name.to_owned(),
            doc: registration.doc.trim().to_owned(),
            default: (registration.default)(),
            at: location(registration.place),
            module: registration.module,
            type_name: (registration.type_name)(),
            parse: registration.parse,
            from_json: registration.from_json,
        }
    }
}

fn location((file, line): (&'static str, u32)) -> Location {
    Location {
        file: file.to_owned(),
        line,
        column: 1,
    }
}

/// Every kind of the program with its version, sorted by name.
#[must_use]
pub fn kinds() -> BTreeMap<&'static str, u32> {
    inventory::iter::<KindRegistration>()
        .map(|kind| (kind.name, kind.version))
        .collect()
}

/// The qualified name of every role of the program, sorted.
#[must_use]
pub fn roles() -> Vec<&'static str> {
    let mut names: Vec<_> = inventory::iter::<RoleRegistration>().map(|role| role.name).collect();
    names.sort_unstable();
    names
}

/// Every template of the program, sorted by name and place.
#[must_use]
pub fn templates() -> Vec<&'static super::TemplateRegistration> {
    let mut templates: Vec<_> = inventory::iter::<super::TemplateRegistration>().collect();
    templates.sort_by_key(|template| (template.source.name, template.file, template.line));
    templates
}

/// Every attribute that a crate of the program declares, by name.
///
/// # Errors
/// One name is declared with two types.
pub fn attributes() -> Result<BTreeMap<String, AttributeSpec>, Problems> {
    let mut all: Vec<AttributeSpec> = inventory::iter::<AttributeRegistration>()
        .map(AttributeSpec::from)
        .collect();
    all.sort_by(|a, b| (&a.name, &a.at).cmp(&(&b.name, &b.at)));
    let mut problems = Problems::new();
    for registration in inventory::iter::<AttributeRegistration>() {
        if let Some(why) = (registration.default_error)() {
            let spec = AttributeSpec::from(registration);
            let message = format!(
                "the default of attribute `{}` is no {}: {why}",
                spec.name,
                spec.type_name()
            );
            problems.push(Problem::new(Code::WrongType, message).at("declared", spec.at));
        }
    }
    let mut by_name = BTreeMap::<String, AttributeSpec>::new();
    for spec in all {
        match by_name.get(&spec.name) {
            Some(first) if !first.same_type(&spec) => problems.push(two_types(first, &spec)),
            Some(first) if first.default != spec.default => problems.push(two_defaults(first, &spec)),
            _ => {
                by_name.insert(spec.name.clone(), spec);
            }
        }
    }
    problems.into_result(by_name)
}

pub(crate) fn two_types(first: &AttributeSpec, second: &AttributeSpec) -> Problem {
    let message = format!(
        "attribute `{}` is declared with two types: {} and {}",
        first.name,
        first.type_name(),
        second.type_name()
    );
    Problem::new(Code::ConflictingTypes, message)
        .at("declared", first.at.clone())
        .at("declared again", second.at.clone())
        .hint("give one of them a prefix: `#[attributes(prefix = \"…\")]`")
}

fn two_defaults(first: &AttributeSpec, second: &AttributeSpec) -> Problem {
    let shown = |spec: &AttributeSpec| {
        spec.default
            .as_ref()
            .map_or_else(|| "none".to_owned(), ToString::to_string)
    };
    let message = format!(
        "attribute `{}` is declared with two defaults: {} and {}",
        first.name,
        shown(first),
        shown(second)
    );
    Problem::new(Code::ConflictingTypes, message)
        .at("declared", first.at.clone())
        .at("declared again", second.at.clone())
        .hint("give one of them a prefix: `#[attributes(prefix = \"…\")]`")
}

/// Checks that every kind and role of the program has a name of its own.
///
/// # Errors
/// Two types register under one name, or no kind is registered at all.
pub fn check() -> Result<(), Problems> {
    let kinds = inventory::iter::<KindRegistration>().map(|kind| (kind.name, (kind.type_name)(), kind.place));
    let roles = inventory::iter::<RoleRegistration>().map(|role| (role.name, (role.type_name)(), role.place));
    let mut problems = duplicates("kind", kinds);
    problems.extend(duplicates("role", roles));
    if inventory::iter::<KindRegistration>().next().is_none() {
        let message = "no kind of resource is registered: the program was linked without its registries";
        problems.push(Problem::new(Code::DuplicateRegistration, message));
    }
    problems.into_result(())
}

/// The names that two types share. Sorted first, because registries come in no order.
fn duplicates<'a>(what: &str, named: impl Iterator<Item = (&'a str, &'a str, (&'static str, u32))>) -> Problems {
    let mut all: Vec<_> = named.collect();
    all.sort_unstable();
    let mut problems = Problems::new();
    for pair in all.windows(2) {
        if let [(name, first, at), (other, second, again)] = pair
            && name == other
        {
            let message = format!("the {what} `{name}` is registered by two types: {first} and {second}");
            let problem = Problem::new(Code::DuplicateRegistration, message)
                .at("declared", location(*at))
                .at("declared again", location(*again))
                .hint(format!("give one {what} another name"));
            problems.push(problem);
        }
    }
    problems
}

fn first_sentence(doc: &str) -> String {
    let paragraph: Vec<&str> = doc.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    let paragraph = paragraph.join(" ");
    match paragraph.find(". ") {
        Some(end) => paragraph[..=end].to_owned(),
        None => paragraph,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_types_under_one_name_are_found_in_any_order() {
        let (one, two, three) = (
            ("a.x", "one", ("one.rs", 1)),
            ("b.x", "two", ("two.rs", 2)),
            ("a.x", "three", ("three.rs", 3)),
        );
        for (what, names) in [("kind", [one, two, three]), ("role", [three, one, two])] {
            let problems = duplicates(what, names.into_iter());
            assert_eq!(problems.len(), 1);
            let said = problems.to_string();
            for words in [
                format!("the {what} `a.x` is registered by two types: one and three"),
                "one.rs:1".to_owned(),
                "three.rs:3".to_owned(),
                format!("give one {what} another name"),
            ] {
                assert!(said.contains(&words), "{words}: {said}");
            }
        }
    }

    #[test]
    fn a_sentence_ends_where_it_ends_and_not_with_its_line() {
        assert_eq!(
            first_sentence("The number of\n the server. More of it."),
            "The number of the server."
        );
        assert_eq!(first_sentence("Whether it\nruns.\n\nMore."), "Whether it runs.");
        assert_eq!(first_sentence(""), "");
    }
}
