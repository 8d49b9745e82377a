use super::builder::Mistake;
use super::rendered::{one_line, root_file};
use super::{File, parts};
use crate::model::{
    Check, Converge, Declare, Diff, Effect, Effects, Error, HostView, ReadSystem, Resource, Result, System,
    SystemError, invoke,
};
use crate::words::{AbsPath, ResourceId};
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};

/// Where the kernel shows its settings.
const LIVE: &str = "/proc/sys";

/// How the property is called that the running kernel has.
const NOW: &str = "now";

/// Ensures a setting of the kernel, now and after each boot.
///
/// After a boot it comes from `/etc/sysctl.d/60-NAME.conf`; a later file there may say otherwise (`99-sysctl.conf`, say), and
/// then every run finds it so. Now it is set by the host's own `sysctl`. A setting that the kernel doesn't know is an error.
/// A sandbox has no kernel: there it is a file. What the kernel has now stays until the next boot if the run is undone, or
/// if the setting leaves the definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.sysctl", key = name)]
pub struct Sysctl {
    name: String,
    value: String,
    file: File,
}

/// A setting of the kernel in the making; see [`Sysctl`].
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct SysctlBuilder {
    name: String,
    value: Option<String>,
    mistake: Mistake,
}

/// The setting of the kernel with this name, such as `vm.max_map_count`.
///
/// ```
/// # use mesos_iac::prelude::*;
/// # fn declare(cx: &mut Cx<'_>) -> Result<()> {
/// cx.add(sysctl("vm.swappiness").value(1));
/// cx.add(sysctl("net.ipv4.ip_local_port_range").value("32768 57344"));
/// # Ok(())
/// # }
/// ```
pub fn sysctl(name: impl Into<String>) -> SysctlBuilder {
    SysctlBuilder {
        name: name.into(),
        value: None,
        mistake: Mistake::default(),
    }
}

impl SysctlBuilder {
    /// Sets its value: a number, or text. Words are one space apart, as they are compared.
    pub fn value(mut self, value: impl ToString) -> Self {
        let value = self.mistake.keep(one_line("the value of a sysctl", &value.to_string()));
        self.value = value.map(|value| words(&value));
        self
    }
}

fn words(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The name with dots between its parts. In a part, such as the name of an interface, a dot is written as a slash.
fn check_name(name: &str) -> Result<()> {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "_-/".contains(c))
            && !part.starts_with(['/', '-'])
    };
    if name.contains('.') && name.len() <= 200 && name.split('.').all(is_part) {
        return Ok(());
    }
    Err(Error::message(format!(
        "declare the sysctl {name:?}: expected a name such as `vm.swappiness`, with `/` for a dot in the name of an interface"
    )))
}

impl Declare for SysctlBuilder {
    type Out = Sysctl;

    fn identity(&self) -> Result<ResourceId> {
        Ok(ResourceId::new("core.sysctl", &*self.name)?)
    }

    fn build(self, host: &HostView<'_>) -> Result<Sysctl> {
        check_name(&self.name)?;
        self.mistake.check()?;
        let value = self
            .value
            .ok_or_else(|| Error::message(format!("declare the sysctl {}: it needs a `.value(…)`", self.name)))?;
        let path = format!("/etc/sysctl.d/60-{}.conf", self.name.replace('/', "_"));
        let file = root_file(&path)
            .content(format!("{} = {value}\n", self.name))
            .build(host)?;
        Ok(Sysctl {
            name: self.name,
            value,
            file,
        })
    }
}

impl Sysctl {
    /// Where the kernel shows it.
    fn live(&self) -> Result<AbsPath> {
        let parts: Vec<String> = self.name.split('.').map(|part| part.replace('/', ".")).collect();
        Ok(AbsPath::new(format!("{LIVE}/{}", parts.join("/")))?)
    }
}

impl Converge for Sysctl {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let mut diff = Diff::new();
        parts::compare(&self.file, &mut diff, system)?;
        if system.entry(&AbsPath::new(LIVE)?)?.is_some() {
            let now = system.read(&self.live()?)?.ok_or_else(|| SystemError::Missing {
                what: "sysctl".into(),
                name: self.name.clone(),
            })?;
            let now = words(&String::from_utf8_lossy(&now));
            diff.compare(NOW, Some(now), Some(self.value.clone()));
        }
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, diff: &Diff) -> Result<()> {
        parts::apply(&self.file, diff, system)?;
        if diff.has(NOW) {
            // No quotes: nothing but sysctl itself reads the word.
            let setting = format!("{}={}", self.name, self.value);
            system.run_checked(&invoke(["sysctl", "--quiet", "--write", &setting])?)?;
        }
        Ok(())
    }

    fn image(&self, system: &dyn ReadSystem) -> Result<Option<String>> {
        parts::image([&self.file], system).map(Some)
    }

    fn inverse(&self) -> Option<Box<dyn Resource>> {
        Some(Box::new(File::absent_at(self.file.path().clone())))
    }

    fn effects(&self) -> Effects {
        Effects::none()
            .write(Effect::Path(self.file.path().clone()))
            .read(Effect::Package("procps".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_sysctl() {
        for name in [
            "vm.swappiness",
            "net.ipv4.conf.eth0/100.rp_filter",
            "kernel.core_pattern",
        ] {
            check_name(name).unwrap();
        }
        for name in ["swappiness", "", "vm..x", "../etc/passwd", "vm.x y", "-w.x", "vm./x"] {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert_eq!(words(" 4096\t87380   6291456\n"), "4096 87380 6291456");
    }
}
