//! How what an agent tells of itself is written as the value of a flag.

use super::{Attributes, GrammarError, Resources, RoleName};
use crate::roles::flags::{FlagValue, Form, Written};

fn written(checked: Result<(), GrammarError>, text: impl ToString) -> Written {
    match checked {
        Ok(()) => Written::Text(text.to_string()),
        Err(error) => Written::Wrong(error.to_string()),
    }
}

impl FlagValue for Attributes {
    const FORM: Form = Form::Attributes;

    fn written(&self) -> Written {
        written(self.check(), self)
    }
}

impl FlagValue for Resources {
    const FORM: Form = Form::Resources;

    fn written(&self) -> Written {
        written(self.check(), self)
    }
}

impl FlagValue for RoleName {
    const FORM: Form = Form::Role;

    fn written(&self) -> Written {
        Written::Text(self.as_str().to_owned())
    }
}
