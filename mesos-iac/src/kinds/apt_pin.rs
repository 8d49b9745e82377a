use super::builder::Mistake;
use super::rendered::{RenderedFile, declare_rendered_file, file_name, one_line};
use crate::model::{Error, Result};
use crate::words::AbsPath;

/// Which versions of packages apt prefers, in the making; what it declares is the [`File`](super::File) `/etc/apt/preferences.d/NAME`.
///
/// ```
/// # use mesos_iac::prelude::*;
/// # fn declare(cx: &mut Cx<'_>) -> Result<()> {
/// // Even if that means a downgrade.
/// cx.add(apt_pin("mesos").package("mesos").version("0.22.*").priority(1001));
/// // Nothing from there unless it is asked for.
/// cx.add(apt_pin("mesosphere").package("*").origin("repos.example.com").priority(100));
/// # Ok(())
/// # }
/// ```
///
/// Packages come after it. It changes what apt prefers, not what is installed: [`package`](super::package()) takes any
/// version that is there, unless it names one.
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct AptPinBuilder {
    name: String,
    present: bool,
    packages: Vec<String>,
    pin: Option<String>,
    priority: Option<i16>,
    mistake: Mistake,
}

/// The preferences of this name, which is that of their file: letters, digits, `-` and `_`.
pub fn apt_pin(name: impl Into<String>) -> AptPinBuilder {
    AptPinBuilder {
        name: name.into(),
        present: true,
        packages: Vec::new(),
        pin: None,
        priority: None,
        mistake: Mistake::default(),
    }
}

impl AptPinBuilder {
    /// Says for which package: a name, a pattern (`mesos-*`), or `*` for all. May be said several times.
    pub fn package(mut self, name: &str) -> Self {
        self.packages
            .extend(self.mistake.keep(one_line("the package of a pin", name)));
        self
    }

    /// Says which versions: `1.11.*`.
    pub fn version(self, version: &str) -> Self {
        self.pin("version", version)
    }

    /// Says which versions: those that come from this host.
    pub fn origin(self, host: &str) -> Self {
        // In quotes it is the whole name; without, apt takes some words for others.
        let host = host.trim_matches('"');
        self.pin("origin", &format!("\"{host}\""))
    }

    /// Says which versions: those of releases that say so of themselves, such as `o=Debian,n=bookworm`.
    pub fn release(self, properties: &str) -> Self {
        self.pin("release", properties)
    }

    /// Sets how much they are preferred: -1 is never, 100 is what is installed, 500 is usual, above 1000 is even as a
    /// downgrade.
    pub const fn priority(mut self, priority: i16) -> Self {
        self.priority = Some(priority);
        self
    }

    /// Ensures that there are no such preferences.
    pub const fn absent(mut self) -> Self {
        self.present = false;
        self
    }

    fn pin(mut self, sort: &str, value: &str) -> Self {
        let value = self.mistake.keep(one_line(&format!("the {sort} of a pin"), value));
        if self.pin.is_some() {
            let twice = Error::message(format!(
                "pin {} by {sort}: it is pinned by something else already",
                self.name
            ));
            self.mistake.keep(Err::<(), _>(twice));
        }
        self.pin = value.map(|value| format!("{sort} {value}"));
        self
    }
}

declare_rendered_file!(AptPinBuilder);

impl RenderedFile for AptPinBuilder {
    fn path(&self) -> Result<AbsPath> {
        file_name("the preferences", &self.name, "-_")?;
        Ok(AbsPath::new(format!("/etc/apt/preferences.d/{}", self.name))?)
    }

    fn is_present(&self) -> bool {
        self.present
    }

    fn text(self) -> Result<String> {
        self.mistake.check()?;
        let refuse = |why: &str| Error::message(format!("declare the preferences {}: {why}", self.name));
        let pin = self
            .pin
            .ok_or_else(|| refuse("it needs one of `.version(…)`, `.origin(…)` and `.release(…)`"))?;
        let priority = self.priority.filter(|priority| *priority != 0);
        let priority = priority.ok_or_else(|| refuse("it needs a `.priority(…)`; apt has no priority of 0"))?;
        if self.packages.is_empty() {
            return Err(refuse("it needs a `.package(…)`, or `.package(\"*\")` for all"));
        }
        let packages = self.packages.join(" ");
        Ok(format!("Package: {packages}\nPin: {pin}\nPin-Priority: {priority}\n"))
    }
}
