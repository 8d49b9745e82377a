//! Finds a template with all that it includes, checks each, and embeds them.

use super::filters;
use super::names::{Made, line_of, made};
use super::references::{Reference, references};
use super::scan::{Tag, tags};
use super::spelled_out::spelled_out;
use super::syntax;
use crate::errors::Errors;
use crate::names::list;
use crate::surroundings::shown;
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use syn::LitStr;

/// What the user wrote: the name of a file, or the template itself.
#[derive(Debug, Clone)]
pub(crate) enum Given {
    File(LitStr),
    Inline(LitStr),
}

impl Given {
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::File(literal) | Self::Inline(literal) => literal.span(),
        }
    }
}

/// A template that was found and checked.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// A `TemplateSource`, as a constant expression.
    pub(crate) source: TokenStream,
    /// What it, or one that it includes, takes from its context.
    pub(crate) uses: Vec<Use>,
}

/// A variable that a template takes from its context.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) template: String,
    pub(crate) line: usize,
    pub(crate) variable: String,
}

/// A template: the given one, or one that it includes.
struct Member {
    name: String,
    /// None: it stands in the source code.
    path: Option<PathBuf>,
    text: String,
}

/// The template, if it and all that it includes are there and in order. `inline_name` is what errors call a template
/// that stands in the source code.
pub(crate) fn load(given: &Given, inline_name: &str, dirs: &[PathBuf], errors: &mut Errors) -> Option<Loaded> {
    let mut loader = Loader {
        span: given.span(),
        dirs,
        members: Vec::new(),
        whole: true,
    };
    match given {
        Given::File(name) => match loader.find(&name.value()) {
            Some(path) => loader.read(name.value(), path, errors),
            None => {
                let message = format!("there is no template `{}`; looked in {}", name.value(), loader.places());
                errors.at_span(loader.span, message);
                return None;
            }
        },
        Given::Inline(text) => loader.members.push(Member {
            name: inline_name.to_owned(),
            path: None,
            text: text.value(),
        }),
    }
    loader.follow(errors);
    if !loader.whole {
        return None;
    }
    Some(Loaded {
        source: loader.embed(given, errors)?,
        uses: loader.uses(),
    })
}

struct Loader<'a> {
    span: Span,
    dirs: &'a [PathBuf],
    /// The template itself, then those that it includes, in the order in which they are named.
    members: Vec<Member>,
    whole: bool,
}

impl Loader<'_> {
    fn find(&self, name: &str) -> Option<PathBuf> {
        self.dirs.iter().map(|dir| dir.join(name)).find(|path| path.is_file())
    }

    fn places(&self) -> String {
        let places: Vec<String> = self.dirs.iter().map(|dir| shown(dir)).collect();
        list(&places.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn fail(&mut self, message: String, errors: &mut Errors) {
        self.whole = false;
        errors.at_span(self.span, message);
    }

    fn read(&mut self, name: String, path: PathBuf, errors: &mut Errors) {
        match fs::read_to_string(&path) {
            Ok(text) => self.members.push(Member {
                name,
                path: Some(path),
                text,
            }),
            Err(why) => self.fail(
                format!("failed to read template `{name}` ({}): {why}", shown(&path)),
                errors,
            ),
        }
    }

    /// Checks every template and reads those that it names, until none is new.
    fn follow(&mut self, errors: &mut Errors) {
        let mut next = 0;
        while next < self.members.len() {
            let (name, text) = (self.members[next].name.clone(), self.members[next].text.clone());
            next += 1;
            if let Err(why) = syntax::environment().template_from_named_str(&name, &text) {
                self.fail(syntax_error(&name, &why), errors);
                continue;
            }
            let tags = tags(&text);
            for (line, what) in filters::unknown(&tags) {
                self.fail(format!("template `{name}`, line {line}: {what}"), errors);
            }
            for (line, reference) in tags.iter().filter_map(references) {
                match reference {
                    Ok(reference) => self.follow_reference(&name, line, &reference, errors),
                    Err(keyword) => {
                        let message = format!(
                            "template `{name}`, line {line}: `{keyword}` needs a name in quotes; a name that is computed can't be \
                             embedded"
                        );
                        self.fail(message, errors);
                    }
                }
            }
        }
    }

    fn follow_reference(&mut self, by: &str, line: usize, reference: &Reference, errors: &mut Errors) {
        let mut found = false;
        for name in &reference.names {
            // The first one is found by no name: it is the one that is rendered.
            if self.members.iter().skip(1).any(|member| member.name == *name) {
                found = true;
            } else if let Some(path) = self.find(name) {
                found = true;
                self.read(name.clone(), path, errors);
            }
        }
        if !found && !reference.may_be_missing {
            let names: Vec<&str> = reference.names.iter().map(String::as_str).collect();
            let message = format!(
                "template `{by}`, line {line}: there is no template {}; looked in {}",
                list(&names),
                self.places()
            );
            self.fail(message, errors);
        }
    }

    /// The `TemplateSource`. `include_str!` has Cargo build again when a file changes.
    fn embed(&self, given: &Given, errors: &mut Errors) -> Option<TokenStream> {
        let mut embedded = Vec::new();
        for member in &self.members {
            let tokens = match (&member.path, given) {
                (Some(path), _) => include(path, self.span, errors)?,
                (None, Given::Inline(literal) | Given::File(literal)) => quote_spanned!(self.span=> #literal),
            };
            embedded.push((member.name.as_str(), tokens));
        }
        let ((name, text), includes) = embedded.split_first()?;
        let includes = includes
            .iter()
            .map(|(name, text)| quote_spanned!(self.span=> (#name, #text)));
        Some(quote_spanned! {self.span=>
            ::mesos_iac::TemplateSource {
                name: #name,
                text: #text,
                includes: &[#(#includes),*],
            }
        })
    }

    /// What the templates take from their context: what is neither global nor made by one of them.
    fn uses(&self) -> Vec<Use> {
        let environment = syntax::environment();
        let globals: BTreeSet<String> = environment.globals().map(|(name, _)| name.to_owned()).collect();
        let tags: Vec<Vec<Tag<'_>>> = self.members.iter().map(|member| tags(&member.text)).collect();
        let made: Vec<Made<'_>> = tags.iter().map(|tags| made(tags)).collect();
        let mut uses = Vec::new();
        for (index, member) in self.members.iter().enumerate() {
            // What was checked before compiles, in its own words at least.
            let spelled_out = spelled_out(&member.text);
            let template = environment
                .template_from_named_str(&member.name, &spelled_out)
                .or_else(|_| environment.template_from_named_str(&member.name, &member.text));
            let Ok(template) = template else { continue };
            let is_made = |name: &str| {
                made.iter()
                    .enumerate()
                    .any(|(other, made)| made.lasting.contains(name) || other != index && made.local.contains(name))
            };
            let variables = template.undeclared_variables(false);
            let taken = variables
                .into_iter()
                .filter(|name| !globals.contains(name) && !is_made(name));
            let mut of_member: Vec<Use> = taken
                .map(|variable| Use {
                    template: member.name.clone(),
                    line: line_of(&variable, &tags[index]),
                    variable,
                })
                .collect();
            of_member.sort_by(|a, b| (a.line, &a.variable).cmp(&(b.line, &b.variable)));
            uses.extend(of_member);
        }
        uses
    }
}

fn syntax_error(name: &str, error: &minijinja::Error) -> String {
    let line = error.line().map(|line| format!(", line {line}")).unwrap_or_default();
    let why = error
        .detail()
        .map_or_else(|| error.kind().to_string(), ToOwned::to_owned);
    format!("template `{name}`{line}: {why}")
}

fn include(path: &Path, span: Span, errors: &mut Errors) -> Option<TokenStream> {
    let Some(path) = path.to_str() else {
        errors.at_span(
            span,
            format!("the path {} isn't UTF-8, so it can't be embedded", path.display()),
        );
        return None;
    };
    Some(quote_spanned!(span=> ::core::include_str!(#path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(text: &str) -> Vec<String> {
        let literal = LitStr::new(text, Span::call_site());
        let mut errors = Errors::default();
        let loaded = load(&Given::Inline(literal), "inline", &[fixtures()], &mut errors);
        assert_eq!(errors.messages(), [""; 0], "{text}");
        loaded
            .into_iter()
            .flat_map(|loaded| loaded.uses)
            .map(|used| format!("{}:{} {}", used.template, used.line, used.variable))
            .collect()
    }

    fn mistakes(text: &str) -> Vec<String> {
        let literal = LitStr::new(text, Span::call_site());
        let mut errors = Errors::default();
        assert!(
            load(&Given::Inline(literal), "inline", &[fixtures()], &mut errors).is_none(),
            "{text}"
        );
        errors.messages()
    }

    fn fixtures() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates")
    }

    #[test]
    fn what_comes_from_the_context_is_found() {
        assert_eq!(uses("{{ b }}\n{{ a.c }}{{ a }}"), ["inline:1 b", "inline:2 a"]);
        assert_eq!(
            uses("{% for x in xs %}{{ loop.index }}{{ x }}{% endfor %}{{ range(3) }}{{ dict() }}"),
            ["inline:1 xs"]
        );
        assert_eq!(
            uses("{% macro m(a) %}{{ a }}{{ b }}{{ caller() }}{% endmacro %}{{ m(1) }}"),
            ["inline:1 b"]
        );
    }

    #[test]
    fn variables_are_found_wherever_they_stand() {
        for text in [
            "{{ a[1:] }}",
            "{{ a[:b][c:d:e]|join }}",
            "{{ a.f[0][1:2] }}",
            "{% for x in a[1:] %}{{ x[b:] }}{% endfor %}",
            "{% filter replace(a, b[1:]) %}x{% endfilter %}",
            "{% set x | indent(width=a) %}y{% endset %}{{ x }}",
            "{% autoescape a %}{% endautoescape %}",
            "{% macro m(x) %}{{ x }}{{ a[1:] }}{% endmacro %}",
        ] {
            assert_eq!(uses(text)[0], "inline:1 a", "{text}");
        }
        assert_eq!(uses("{{ a[:b][c:d:e] }}").len(), 5);
        assert_eq!(
            uses("{% for x in [1] %}{{ x[1:] }}{% endfor %}{{ 'a[b:]' }} a[b:]"),
            [""; 0]
        );
    }

    #[test]
    fn what_a_template_sets_itself_is_no_use_of_the_context() {
        assert_eq!(
            uses("{% if a %}{% set b = 1 %}{% else %}{% set b = 2 %}{% endif %}{{ b }}"),
            ["inline:1 a"]
        );
        assert_eq!(
            uses("{% for x in [1] %}{% endfor %}\n{{ x }}"),
            ["inline:1 x"],
            "a loop's variable ends with it"
        );
    }

    #[test]
    fn included_templates_are_followed() {
        let text = "{% for server in servers %}{% include 'server.j2' %}{% endfor %}";
        assert_eq!(uses(text), ["inline:1 servers", "server.j2:2 domain"]);
        assert_eq!(
            uses("{% extends 'base.j2' %}{% block body %}{{ super() }}{{ a }}{% endblock %}"),
            ["inline:1 a", "base.j2:1 title"]
        );
        assert_eq!(
            uses("{% from 'macros.j2' import line %}{{ line('x') }}{% import 'macros.j2' as m %}{{ m.line(1) }}"),
            ["macros.j2:1 mark"]
        );
        assert_eq!(uses("{% include 'nowhere.j2' ignore missing %}"), [""; 0]);
        assert_eq!(
            uses("{% include 'loop_a.j2' %}"),
            [""; 0],
            "templates that include each other end"
        );
    }

    #[test]
    fn mistakes_name_template_and_line() {
        assert_eq!(
            mistakes("a\n{% if %}"),
            ["template `inline`, line 2: unexpected end of block"]
        );
        let missing = mistakes("{% include 'nowhere.j2' %}");
        assert!(
            missing[0].starts_with("template `inline`, line 1: there is no template `nowhere.j2`; looked in `"),
            "{missing:?}"
        );
        assert_eq!(
            mistakes("{% include 'broken.j2' %}{{ a|uper }}"),
            [
                "template `inline`, line 1: there is no filter `uper`; did you mean `upper`?",
                "template `broken.j2`, line 2: unexpected end of variable block"
            ]
        );
    }
}
