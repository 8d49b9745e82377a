use crate::model::Content;
use crate::roles::Version;
use serde_json::{Map, Value as Json, json};

/// Who may do what: the rules of the local authorizer, for `--acls`.
///
/// Of the rules for one action the first counts whose principals and objects fit. Where none does, the action is allowed if
/// they are permissive, which they are until told otherwise.
///
/// ```
/// use mesos_iac::roles::Version;
/// use mesos_iac::roles::mesos::{AclAction, Acls, Entities};
///
/// let acls = Acls::new()
///     .permissive(false)
///     .rule(AclAction::RegisterFrameworks, Entities::some(["marathon"]), Entities::some(["prod"]))
///     .rule(AclAction::RunTasks, Entities::Any, Entities::none());
/// let json = acls.json(Version::new(1, 11, 0));
/// assert_eq!(json["register_frameworks"][0]["principals"]["values"][0], "marathon");
/// assert_eq!(json["run_tasks"][0]["users"]["type"], "NONE");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acls {
    permissive: bool,
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    action: AclAction,
    principals: Entities,
    objects: Entities,
}

/// What may be done. Each action has objects of its own kind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AclAction {
    /// To register frameworks, under these roles.
    RegisterFrameworks,
    /// To run tasks, as these users of the host.
    RunTasks,
    /// To tear down frameworks, of these principals. Before 0.23 it was `shutdown_frameworks`.
    TeardownFrameworks,
    /// Any other action, by its name and that of its objects, such as `reserve_resources` and `roles`. **Neither is checked.**
    Other {
        /// The name of the action.
        action: String,
        /// The name of what it is done to.
        objects: String,
    },
}

impl AclAction {
    /// The names of the action and of its objects.
    fn names(&self, version: Version) -> (&str, &str) {
        match self {
            Self::RegisterFrameworks => ("register_frameworks", "roles"),
            Self::RunTasks => ("run_tasks", "users"),
            Self::TeardownFrameworks if version < Version::new(0, 23, 0) => {
                ("shutdown_frameworks", "framework_principals")
            }
            Self::TeardownFrameworks => ("teardown_frameworks", "framework_principals"),
            Self::Other { action, objects } => (action, objects),
        }
    }
}

/// Whom or what a rule is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entities {
    /// These. None of them is nobody and nothing.
    Some(Vec<String>),
    /// All.
    Any,
}

impl Entities {
    /// These.
    #[must_use]
    pub fn some<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        Self::Some(names.into_iter().map(Into::into).collect())
    }

    /// Nobody and nothing: as objects, a rule that forbids.
    #[must_use]
    pub const fn none() -> Self {
        Self::Some(Vec::new())
    }

    fn json(&self) -> Json {
        match self {
            Self::Any => json!({"type": "ANY"}),
            Self::Some(names) if names.is_empty() => json!({"type": "NONE"}),
            Self::Some(names) => json!({"values": names}),
        }
    }
}

impl Default for Acls {
    fn default() -> Self {
        Self {
            permissive: true,
            rules: Vec::new(),
        }
    }
}

impl Acls {
    /// No rules: everything is allowed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether an action is allowed that no rule fits.
    #[must_use]
    pub const fn permissive(mut self, permissive: bool) -> Self {
        self.permissive = permissive;
        self
    }

    /// Adds a rule after those that are there: these principals may do this to these objects, and to no others.
    #[must_use]
    pub fn rule(mut self, action: AclAction, principals: Entities, objects: Entities) -> Self {
        self.rules.push(Rule {
            action,
            principals,
            objects,
        });
        self
    }

    /// The rules as this version reads them, for the flag itself.
    #[must_use]
    pub fn json(&self, version: Version) -> Json {
        let mut acls = Map::new();
        acls.insert("permissive".to_owned(), json!(self.permissive));
        for rule in &self.rules {
            let (action, objects) = rule.action.names(version);
            let entry = acls.entry(action).or_insert_with(|| json!([]));
            if let Json::Array(rules) = entry {
                rules.push(json!({"principals": rule.principals.json(), objects: rule.objects.json()}));
            }
        }
        Json::Object(acls)
    }

    /// The rules as the content of a file, which `--acls=file://…` names. It is no secret.
    #[must_use]
    pub fn content(&self, version: Version) -> Content {
        Content::text(format!("{:#}\n", self.json(version)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_keep_their_order() {
        let acls = Acls::new()
            .rule(AclAction::RunTasks, Entities::some(["a"]), Entities::Any)
            .rule(AclAction::RunTasks, Entities::Any, Entities::none());
        let json = acls.json(Version::new(1, 0, 0));
        assert_eq!(
            json,
            json!({
                "permissive": true,
                "run_tasks": [
                    {"principals": {"values": ["a"]}, "users": {"type": "ANY"}},
                    {"principals": {"type": "ANY"}, "users": {"type": "NONE"}},
                ],
            })
        );
        let content = acls.content(Version::new(1, 0, 0)).to_string();
        assert_eq!(serde_json::from_str::<Json>(&content).unwrap(), json);
    }

    #[test]
    fn tearing_down_had_another_name() {
        let acls = Acls::new().rule(AclAction::TeardownFrameworks, Entities::Any, Entities::Any);
        assert!(acls.json(Version::new(0, 22, 2)).get("shutdown_frameworks").is_some());
        assert!(acls.json(Version::new(0, 23, 0)).get("teardown_frameworks").is_some());
        let other = AclAction::Other {
            action: "view_roles".into(),
            objects: "roles".into(),
        };
        let json = Acls::new()
            .rule(other, Entities::Any, Entities::none())
            .json(Version::new(1, 4, 0));
        assert_eq!(json["view_roles"][0]["roles"]["type"], "NONE");
    }
}
