use super::TemplateSource;
use minijinja::ErrorKind;
use std::error::Error;

/// Why a template couldn't be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The template itself, or one that it includes, is at fault.
    #[error("render template {template}{}: {why}", at(*.line))]
    Render {
        /// The name of the template that failed: that of an included one if the reason is there.
        template: String,
        /// The line, counted from 1, if known.
        line: Option<usize>,
        /// The reason, and which templates included this one.
        why: String,
    },
    /// The template works on a secret, whose value isn't known yet.
    #[error(
        "render template {template}{}: {why}; a secret's value isn't known here: it may be printed, passed on and joined with text, \
         and tested with `is none` and `is defined`; what else the file needs, make a secret or an attribute of its own",
        at(*.line)
    )]
    SecretTransformed {
        /// The template's name.
        template: String,
        /// The line, counted from 1, if known.
        line: Option<usize>,
        /// What was done with which secret.
        why: String,
    },
    /// The template makes more text, or does more work, than a template may.
    #[error("render template {template}{}: {why}", at(*.line))]
    TooLarge {
        /// The template's name.
        template: String,
        /// The line, counted from 1, if known.
        line: Option<usize>,
        /// What was too large, and the limit.
        why: String,
    },
}

fn at(line: Option<usize>) -> String {
    line.map(|line| format!(":{line}")).unwrap_or_default()
}

/// What stopped a rendering from within: minijinja's own errors can't carry it, and some of its operations can't fail.
#[derive(Debug, Clone)]
pub(super) enum Stop {
    Secret(String),
    Limit(String),
}

impl Stop {
    /// The error for this template. `error` is what minijinja made of the stop, if it could.
    pub(super) fn into_error(self, source: &TemplateSource, error: Option<&minijinja::Error>) -> TemplateError {
        let place = error.map(innermost);
        let line = place.as_ref().and_then(|(place, _)| place.line());
        let template = place
            .and_then(|(place, _)| place.name())
            .unwrap_or(source.name)
            .to_owned();
        match self {
            Self::Secret(why) => TemplateError::SecretTransformed { template, line, why },
            Self::Limit(why) => TemplateError::TooLarge { template, line, why },
        }
    }
}

/// The error of minijinja as ours, with the place and reason in the template that failed.
pub(super) fn failed(source: &TemplateSource, error: &minijinja::Error) -> TemplateError {
    let (place, includers) = innermost(error);
    let mut why = reason(place);
    let mut cause = place.source();
    while let Some(error) = cause {
        why.push_str(": ");
        why.push_str(&error.downcast_ref().map_or_else(|| error.to_string(), reason));
        cause = error.source();
    }
    if !includers.is_empty() {
        why.push_str(" (included by ");
        why.push_str(&includers.join(", by "));
        why.push(')');
    }
    TemplateError::Render {
        template: place.name().unwrap_or(source.name).to_owned(),
        line: place.line(),
        why,
    }
}

/// The error in the template that failed, and the places that led there through includes, nearest first.
fn innermost(error: &minijinja::Error) -> (&minijinja::Error, Vec<String>) {
    let (mut place, mut includers) = (error, Vec::new());
    while matches!(place.kind(), ErrorKind::BadInclude | ErrorKind::EvalBlock)
        && let Some(inner) = place
            .source()
            .and_then(|inner| inner.downcast_ref::<minijinja::Error>())
        && inner.name().is_some()
    {
        let line = place.line().map(|line| format!(":{line}")).unwrap_or_default();
        includers.extend(place.name().map(|name| format!("{name}{line}")));
        place = inner;
    }
    includers.reverse();
    (place, includers)
}

fn reason(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}
