use super::File;
use super::builder::Mistake;
use super::rendered::{one_line, root_file};
use crate::model::{ContentSource, Declare, Error, HostView, IntoContent, Result, full_unit_name};
use crate::words::{AbsPath, ResourceId};
use std::fmt::Write as _;

/// A unit file of systemd in the making; what it declares is the [`File`] `/etc/systemd/system/NAME`.
///
/// It belongs to root and has mode 0644 (0600 if its content holds a secret). systemd reads it again before the service
/// that it is for is started or restarted:
///
/// ```
/// # use mesos_iac::prelude::*;
/// # fn declare(cx: &mut Cx<'_>) -> Result<()> {
/// let unit = cx.add(
///     unit_file("mesos-master.service")
///         .unit("Description", "Mesos master")
///         .unit("After", "network-online.target")
///         .exec_start(["/usr/sbin/mesos-master", "--work_dir=/var/lib/mesos"])
///         .service("Restart", "always")
///         .wanted_by("multi-user.target"),
/// );
/// cx.add(service("mesos-master").enabled().running().restart_on(unit));
/// # Ok(())
/// # }
/// ```
///
/// Settings stand in their sections in the order in which they are given; one that is given several times stands there
/// several times. What a setting means to systemd isn't checked: the file is what was said, and `systemd-analyze verify`
/// knows the rest. Ensures no directory: that of a drop-in has to be declared.
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct UnitFileBuilder {
    name: String,
    drop_in: Option<String>,
    present: bool,
    sections: Vec<(String, Vec<(String, String)>)>,
    content: Option<ContentSource>,
    mistake: Mistake,
}

/// The unit file of this name; a name without a suffix is a `.service`.
pub fn unit_file(name: impl AsRef<str>) -> UnitFileBuilder {
    UnitFileBuilder {
        name: full_unit_name(name.as_ref()),
        drop_in: None,
        present: true,
        sections: Vec::new(),
        content: None,
        mistake: Mistake::default(),
    }
}

impl UnitFileBuilder {
    /// Makes it a drop-in of the unit instead: `/etc/systemd/system/UNIT.d/NAME.conf`, which adds to the unit's own file.
    pub fn drop_in(mut self, name: impl Into<String>) -> Self {
        self.drop_in = Some(name.into());
        self
    }

    /// Adds a setting to a section: `.set("Socket", "ListenStream", "8080")`. An empty value resets what came before it.
    pub fn set(mut self, section: &str, key: &str, value: impl AsRef<str>) -> Self {
        if let Some(setting) = self.mistake.keep(setting(section, key, value.as_ref())) {
            match self.sections.iter_mut().find(|(name, _)| name == section) {
                Some((_, settings)) => settings.push(setting),
                None => self.sections.push((section.to_owned(), vec![setting])),
            }
        }
        self
    }

    /// Adds a setting to `[Unit]`.
    pub fn unit(self, key: &str, value: impl AsRef<str>) -> Self {
        self.set("Unit", key, value)
    }

    /// Adds a setting to `[Service]`.
    pub fn service(self, key: &str, value: impl AsRef<str>) -> Self {
        self.set("Service", key, value)
    }

    /// Adds a setting to `[Install]`.
    pub fn install(self, key: &str, value: impl AsRef<str>) -> Self {
        self.set("Install", key, value)
    }

    /// Runs this command as the service. Each word reaches it as it is: quoted for systemd, and no `%` or `$` in it means
    /// anything. For one that is to mean something: `.service("ExecStart", …)`.
    pub fn exec_start<W: AsRef<str>>(self, words: impl IntoIterator<Item = W>) -> Self {
        let words: Vec<String> = words.into_iter().map(|word| exec_word(word.as_ref())).collect();
        self.service("ExecStart", words.join(" "))
    }

    /// Starts it, once it is enabled, with this target: `multi-user.target`.
    pub fn wanted_by(self, target: &str) -> Self {
        self.install("WantedBy", target)
    }

    /// Sets all of the file, instead of settings one by one: text, or a template.
    pub fn content(mut self, content: impl IntoContent) -> Self {
        self.content = Some(content.into_content());
        self
    }

    /// Ensures that there is no such file. A unit that runs is stopped by its own resource.
    pub const fn absent(mut self) -> Self {
        self.present = false;
        self
    }

    pub(super) const fn is_present(&self) -> bool {
        self.present
    }

    /// Whether a setting was given.
    pub(super) fn has(&self, section: &str, is_it: impl Fn(&str) -> bool) -> bool {
        let settings = self.sections.iter().filter(|(name, _)| name == section);
        settings.flat_map(|(_, settings)| settings).any(|(key, _)| is_it(key))
    }

    fn path(&self) -> Result<AbsPath> {
        let suffix = self.name.rsplit_once('.').map(|(_, suffix)| suffix);
        let is_name = |name: &str| {
            !name.is_empty()
                && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c))
        };
        if self.name.len() > 255 || !is_name(&self.name) {
            return Err(Error::message(format!(
                "declare the unit file {:?}: that is no unit's name",
                self.name
            )));
        }
        if matches!(suffix, Some("device" | "scope")) {
            return Err(Error::message(format!(
                "declare the unit file {}: units of this sort have none",
                self.name
            )));
        }
        let path = match &self.drop_in {
            Some(name) if is_name(name) => format!("/etc/systemd/system/{}.d/{name}.conf", self.name),
            Some(name) => {
                return Err(Error::message(format!(
                    "declare a drop-in of {}: {name:?} can't be a file's name; leave out the directory and `.conf`",
                    self.name
                )));
            }
            None => format!("/etc/systemd/system/{}", self.name),
        };
        Ok(AbsPath::new(path)?)
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (section, settings) in &self.sections {
            let gap = if text.is_empty() { "" } else { "\n" };
            let _infallible = writeln!(text, "{gap}[{section}]");
            for (key, value) in settings {
                let _infallible = writeln!(text, "{key}={value}");
            }
        }
        text
    }
}

/// A setting, checked as far as it is a line of its section and nothing else.
fn setting(section: &str, key: &str, value: &str) -> Result<(String, String)> {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !is_word(section) || !is_word(key) {
        return Err(Error::message(format!(
            "set {key:?} in section {section:?} of a unit: expected names of letters, digits and `-`"
        )));
    }
    if value.is_empty() {
        return Ok((key.to_owned(), String::new()));
    }
    let value = one_line(&format!("the setting {key}="), value)?;
    // A line that ends so goes on with the next one.
    if value.ends_with('\\') {
        return Err(Error::message(format!(
            "set {key}={value} of a unit: the `\\` at its end would take the next line along"
        )));
    }
    Ok((key.to_owned(), value))
}

/// A word of a command as systemd reads it back: in quotes where need be, specifiers and variables as plain text.
fn exec_word(word: &str) -> String {
    let mut quoted = String::with_capacity(word.len() + 2);
    for c in word.chars() {
        match c {
            '%' => quoted.push_str("%%"),
            '$' => quoted.push_str("$$"),
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c => quoted.push(c),
        }
    }
    let is_plain = |c: char| c.is_alphanumeric() || "/-_=.:,+@%$\\".contains(c);
    match !word.is_empty() && quoted.chars().all(is_plain) && !word.contains(['"', '\\', '\n', '\t']) {
        true => quoted,
        false => format!("\"{quoted}\""),
    }
}

impl Declare for UnitFileBuilder {
    type Out = File;

    fn identity(&self) -> Result<ResourceId> {
        Ok(ResourceId::new("core.file", self.path()?.as_str())?)
    }

    fn build(self, host: &HostView<'_>) -> Result<File> {
        let path = self.path()?;
        let text = self.text();
        self.mistake.check()?;
        if !self.present {
            return super::file(path.as_str()).absent().build(host);
        }
        let content = match self.content {
            Some(_) if !text.is_empty() => {
                let why = "it has both settings and a content; say it in one of the two ways";
                return Err(Error::message(format!("declare {path}: {why}")));
            }
            Some(source) => source.resolve(host)?,
            None if text.is_empty() => {
                let why = "it says nothing; add settings, such as `.exec_start([…])`";
                return Err(Error::message(format!("declare {path}: {why}")));
            }
            None => crate::model::Content::text(text),
        };
        match content.is_secret() {
            true => super::file(path.as_str()).owner("root").group("root").content(content),
            false => root_file(path.as_str()).content(content),
        }
        .build(host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_systemd_would_read_them_otherwise() {
        for (word, quoted) in [
            ("--work_dir=/var/lib/mesos", "--work_dir=/var/lib/mesos"),
            ("a b", "\"a b\""),
            ("", "\"\""),
            (";", "\";\""),
            ("100%", "100%%"),
            ("$HOME", "$$HOME"),
            ("a\"b\\c", "\"a\\\"b\\\\c\""),
            ("{\"cpus\":1}", "\"{\\\"cpus\\\":1}\""),
            ("it's", "\"it's\""),
        ] {
            assert_eq!(exec_word(word), quoted);
        }
    }

    #[test]
    fn settings_are_lines_of_their_sections() {
        let unit = unit_file("a")
            .unit("Description", "A")
            .exec_start(["/bin/a", "b c"])
            .unit("After", "b.service")
            .service("ExecStartPre", "");
        assert_eq!(
            unit.text(),
            "[Unit]\nDescription=A\nAfter=b.service\n\n[Service]\nExecStart=/bin/a \"b c\"\nExecStartPre=\n"
        );
        assert_eq!(unit.path().unwrap().as_str(), "/etc/systemd/system/a.service");
        let drop_in = unit_file("a.timer").drop_in("often").path().unwrap();
        assert_eq!(drop_in.as_str(), "/etc/systemd/system/a.timer.d/often.conf");
    }

    #[test]
    fn what_would_be_another_line_is_refused() {
        for (section, key, value) in [
            ("Unit]", "After", "x"),
            ("Unit", "After=x\nWants", "x"),
            ("Unit", "After", "x\n[Service]"),
            ("Unit", "Description", "x \\"),
        ] {
            assert!(setting(section, key, value).is_err(), "{section} {key} {value}");
        }
        for name in ["a/b", "", "-a", "a b", "x.device"] {
            assert!(unit_file(name).path().is_err(), "{name}");
        }
        assert!(unit_file("a").drop_in("../b").path().is_err());
    }
}
