use super::render::render;
use crate::model::{Content, Error, HostView, Result};
use crate::words::Location;
use serde::Serialize;

/// A template's text, with those it includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TemplateSource {
    /// Its name, as errors show it.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
    /// The names and texts of the templates that it includes, imports or extends, directly or not.
    pub includes: &'static [(&'static str, &'static str)],
}

/// A struct whose fields are what a template may use. Derived: `#[derive(Template)] #[template("zoo.cfg.j2")]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no template's context",
    label = "not a template's context",
    note = "add `#[derive(Template)] #[template(\"file.j2\")]`"
)]
pub trait Template {
    /// The template.
    const SOURCE: TemplateSource;

    /// The fields, by name.
    ///
    /// # Errors
    /// A field can't be serialised.
    fn context(&self) -> Result<Vec<(&'static str, serde_json::Value)>>;

    /// The text that the template makes of the fields.
    ///
    /// # Errors
    /// The template uses something undefined, or fails otherwise.
    fn render(&self) -> Result<Content> {
        Ok(render(&Self::SOURCE, &self.context()?)?)
    }
}

/// A template over attributes: what `template!("zk.j2", Lab)` makes. It reads only the attributes that it uses.
#[derive(Debug, Clone, Copy)]
pub struct AttributeTemplate {
    /// The template.
    pub source: TemplateSource,
    /// The fields that it uses.
    pub fields: &'static [&'static str],
    /// How to read one of them.
    pub field: fn(&HostView<'_>, &str) -> Result<serde_json::Value>,
}

/// The names that every template over attributes may use besides its fields.
pub const BUILT_INS: [&str; 2] = ["host", "cluster"];

impl AttributeTemplate {
    /// The text that the template makes for this host.
    ///
    /// # Errors
    /// An attribute is unset, or the template fails.
    pub fn render(&self, host: &HostView<'_>) -> Result<Content> {
        let mut context = self
            .fields
            .iter()
            .map(|field| Ok((*field, (self.field)(host, field)?)))
            .collect::<Result<Vec<_>>>()?;
        context.push(("host", host.template_value()));
        context.push(("cluster", serde_json::json!({ "name": host.cluster_name() })));
        Ok(render(&self.source, &context)?)
    }
}

/// A field of a template's context as data.
///
/// # Errors
/// It can't be serialised.
pub fn template_value<T: Serialize + ?Sized>(field: &str, value: &T) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(|error| Error::message(format!("serialise field `{field}`: {error}")))
}

/// A template that some crate of the program holds, for the render test of every template.
#[derive(Debug, Clone)]
pub struct TemplateRegistration {
    /// The template.
    pub source: TemplateSource,
    /// The names that it may use.
    pub fields: &'static [&'static str],
    /// The file and line that hold it.
    pub file: &'static str,
    /// The line.
    pub line: u32,
}

impl TemplateRegistration {
    /// Where it was declared.
    #[must_use]
    pub fn at(&self) -> Location {
        Location {
            file: self.file.to_owned(),
            line: self.line,
            column: 1,
        }
    }
}

inventory::collect!(TemplateRegistration);
