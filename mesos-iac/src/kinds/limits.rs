use super::builder::Mistake;
use super::rendered::{RenderedFile, declare_rendered_file, file_name, one_line};
use crate::model::{Error, Result};
use crate::words::AbsPath;
use std::fmt::Write as _;

/// The items that `pam_limits` knows.
const ITEMS: [&str; 19] = [
    "chroot",
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "maxlogins",
    "maxsyslogins",
    "memlock",
    "msgqueue",
    "nice",
    "nofile",
    "nonewprivs",
    "nproc",
    "priority",
    "rss",
    "rtprio",
    "sigpending",
    "stack",
];

/// Limits of what people who log in may use, in the making; what it declares is the [`File`](super::File)
/// `/etc/security/limits.d/NAME.conf`.
///
/// ```
/// # use mesos_iac::prelude::*;
/// # fn declare(cx: &mut Cx<'_>) -> Result<()> {
/// cx.add(limits("mesos").both("mesos", "nofile", 65536).soft("@ops", "core", "unlimited"));
/// # Ok(())
/// # }
/// ```
///
/// They hold from the next login on. Services of systemd don't read them: for those, `LimitNOFILE` in the unit.
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct LimitsBuilder {
    name: String,
    present: bool,
    lines: Vec<String>,
    mistake: Mistake,
}

/// The limits of this name, which is that of their file: letters, digits, `-` and `_`.
pub fn limits(name: impl Into<String>) -> LimitsBuilder {
    LimitsBuilder {
        name: name.into(),
        present: true,
        lines: Vec::new(),
        mistake: Mistake::default(),
    }
}

impl LimitsBuilder {
    /// Sets a limit that a user may raise up to the hard one. `whom` is a user, `@group`, or `*` for all.
    pub fn soft(self, whom: &str, item: &str, value: impl ToString) -> Self {
        self.line(whom, "soft", item, &value.to_string())
    }

    /// Sets a limit that only root may raise.
    pub fn hard(self, whom: &str, item: &str, value: impl ToString) -> Self {
        self.line(whom, "hard", item, &value.to_string())
    }

    /// Sets both.
    pub fn both(self, whom: &str, item: &str, value: impl ToString) -> Self {
        self.line(whom, "-", item, &value.to_string())
    }

    /// Ensures that there is no such file.
    pub const fn absent(mut self) -> Self {
        self.present = false;
        self
    }

    fn line(mut self, whom: &str, sort: &str, item: &str, value: &str) -> Self {
        self.lines.extend(self.mistake.keep(limit(whom, sort, item, value)));
        self
    }
}

fn limit(whom: &str, sort: &str, item: &str, value: &str) -> Result<String> {
    let whom = one_line("whom a limit is for", whom)?;
    let is_number = value
        .strip_prefix('-')
        .unwrap_or(value)
        .bytes()
        .all(|byte| byte.is_ascii_digit());
    let is_value = !value.is_empty() && (is_number || matches!(value, "unlimited" | "infinity"));
    if whom.contains(char::is_whitespace) || whom.starts_with('#') || !ITEMS.contains(&item) || !is_value {
        return Err(Error::message(format!(
            "declare the limit {item:?} of {whom:?} as {value:?}: expected one word, one of {}, and a number or `unlimited`",
            ITEMS.join(", ")
        )));
    }
    Ok(format!("{whom} {sort} {item} {value}"))
}

declare_rendered_file!(LimitsBuilder);

impl RenderedFile for LimitsBuilder {
    fn path(&self) -> Result<AbsPath> {
        file_name("the limits", &self.name, "-_")?;
        Ok(AbsPath::new(format!("/etc/security/limits.d/{}.conf", self.name))?)
    }

    fn is_present(&self) -> bool {
        self.present
    }

    fn text(self) -> Result<String> {
        self.mistake.check()?;
        if self.lines.is_empty() {
            return Err(Error::message(format!(
                "declare the limits {}: there is none",
                self.name
            )));
        }
        let mut text = String::new();
        for line in &self.lines {
            let _infallible = writeln!(text, "{line}");
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_four_words_that_pam_knows() {
        assert_eq!(limit("@ops", "-", "nofile", "65536").unwrap(), "@ops - nofile 65536");
        assert_eq!(limit("*", "hard", "nice", "-5").unwrap(), "* hard nice -5");
        for (whom, item, value) in [
            ("a b", "nofile", "1"),
            ("a", "files", "1"),
            ("a", "nofile", "many"),
            ("a", "nofile", ""),
            ("", "nofile", "1"),
            ("# a", "nofile", "1"),
        ] {
            assert!(limit(whom, "-", item, value).is_err(), "{whom} {item} {value}");
        }
    }
}
