use super::app::App;
use super::checks::id_mistake;
use crate::model::{Code, Problem, Problems};
use crate::roles::Version;
use crate::words::Location;
use crate::workloads::json::Object;
use serde_json::Value as Json;

/// Apps under one path, and what all of them come after.
///
/// ```
/// use mesos_iac::workloads::marathon::{app, app_group};
///
/// let shop = app_group("/shop")
///     .app(app("db").cmd("./db"))
///     .group(app_group("front").depends_on("/shop/db").app(app("web").cmd("./web")));
/// let apps: Vec<String> = shop.apps().iter().map(|app| app.id().to_owned()).collect();
/// assert_eq!(apps, ["/shop/db", "/shop/front/web"]);
/// ```
#[derive(Debug, Clone)]
#[must_use = "a group runs when it is given to a cluster: `.workload(…)`"]
pub struct AppGroup {
    id: String,
    at: Location,
    apps: Vec<App>,
    groups: Vec<Self>,
    dependencies: Vec<String>,
}

/// A group under this id: an absolute path such as `/shop`, or within a group a name.
#[track_caller]
pub fn app_group(id: impl Into<String>) -> AppGroup {
    AppGroup {
        id: id.into(),
        at: Location::caller(),
        apps: Vec::new(),
        groups: Vec::new(),
        dependencies: Vec::new(),
    }
}

impl AppGroup {
    /// Adds an app; an id that doesn't begin with `/` is one within the group.
    pub fn app(mut self, app: App) -> Self {
        self.apps.push(app);
        self
    }

    /// Adds a group; an id that doesn't begin with `/` is one within this group.
    pub fn group(mut self, group: Self) -> Self {
        self.groups.push(group);
        self
    }

    /// All of it comes after an app or a group of the same cluster, by its absolute id.
    pub fn depends_on(mut self, id: impl Into<String>) -> Self {
        self.dependencies.push(id.into());
        self
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it was declared.
    #[must_use]
    pub const fn declared_at(&self) -> &Location {
        &self.at
    }

    /// Its apps and those of its groups, each under its absolute id and with what its groups depend on.
    #[must_use]
    pub fn apps(&self) -> Vec<App> {
        let mut apps = Vec::new();
        self.collect("", &[], &mut apps);
        apps
    }

    fn collect(&self, above: &str, inherited: &[String], apps: &mut Vec<App>) {
        let id = within(above, &self.id);
        let mut dependencies = inherited.to_vec();
        dependencies.extend(self.dependencies.iter().cloned());
        for app in &self.apps {
            let mut app = app.clone();
            app.id = within(&id, &app.id);
            let own = std::mem::take(&mut app.dependencies);
            app.dependencies = dependencies.iter().cloned().chain(own).collect();
            // What is within the group it comes after can't come after itself.
            app.dependencies
                .retain(|dependency| !is_within(&app.id, dependency) || *dependency == app.id);
            let mut seen = std::collections::BTreeSet::new();
            app.dependencies.retain(|dependency| seen.insert(dependency.clone()));
            apps.push(app);
        }
        self.groups
            .iter()
            .for_each(|group| group.collect(&id, &dependencies, apps));
    }

    /// Everything for which this version of Marathon would refuse the group or an app of it.
    #[must_use]
    pub fn problems(&self, version: Version) -> Problems {
        let mut problems = Problems::new();
        self.check("", &mut problems);
        for app in self.apps() {
            problems.extend(app.problems(version));
        }
        problems
    }

    pub(super) fn check(&self, above: &str, problems: &mut Problems) {
        let id = within(above, &self.id);
        let mut say = |what: String, hint: &str| {
            let problem = Problem::new(Code::InvalidWorkload, format!("group `{id}`: {what}"));
            problems.push(problem.at("declared", self.at.clone()).hint(hint));
        };
        if let Some(why) = id_mistake(&id) {
            say(
                format!("this is no group's id: {why}"),
                "an id is a path such as `/shop`",
            );
        }
        for dependency in &self.dependencies {
            if let Some(why) = id_mistake(dependency) {
                let hint = "name it by its absolute id: `/shop/db`";
                say(format!("it depends on {dependency:?}, which is no id: {why}"), hint);
            } else if is_within(&id, dependency) {
                say(
                    format!("it depends on `{dependency}`, and is a part of it"),
                    "name an app or group beside it",
                );
            }
        }
        for (inner, at) in (self.apps.iter().map(|app| (app.id(), app.declared_at())))
            .chain(self.groups.iter().map(|group| (group.id(), group.declared_at())))
        {
            if inner.starts_with('/') && !is_within(inner, &id) {
                let problem = Problem::new(
                    Code::InvalidWorkload,
                    format!("`{inner}` isn't within the group `{id}`"),
                );
                problems.push(
                    problem
                        .at("declared", at.clone())
                        .hint("leave the `/` at its beginning out"),
                );
            }
        }
        self.groups.iter().for_each(|group| group.check(&id, problems));
    }

    /// The JSON that this version of Marathon takes for the whole group.
    ///
    /// # Errors
    /// The version would refuse it; see [`AppGroup::problems`].
    pub fn render(&self, version: Version) -> Result<Json, Problems> {
        self.problems(version).into_result(())?;
        Ok(self.to_json("", version))
    }

    fn to_json(&self, above: &str, version: Version) -> Json {
        let id = within(above, &self.id);
        let mut object = Object::new();
        object.set("id", id.as_str());
        object.set_list("dependencies", self.dependencies.iter().map(|id| id.as_str().into()));
        object.set_list(
            "apps",
            self.apps.iter().map(|app| {
                let mut app = app.clone();
                app.id = within(&id, &app.id);
                app.to_json(version)
            }),
        );
        object.set_list("groups", self.groups.iter().map(|group| group.to_json(&id, version)));
        object.done()
    }
}

/// An id within a group, unless it is absolute.
fn within(group: &str, id: &str) -> String {
    if id.starts_with('/') || group.is_empty() {
        id.to_owned()
    } else {
        format!("{}/{id}", group.trim_end_matches('/'))
    }
}

/// Whether the id is this one or one below it.
pub(super) fn is_within(id: &str, group: &str) -> bool {
    id.strip_prefix(group)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
