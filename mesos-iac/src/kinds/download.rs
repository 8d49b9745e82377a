use super::builder::{Mistake, attribute_methods, compare_attributes};
use super::file::{in_the_way, location};
use super::rendered::one_line;
use crate::model::{
    Check, Converge, Declare, Diff, Effect, Effects, Error, Fetch, HostView, PathAttributes, PathKind, ReadSystem,
    Resource, Result, Sha256Digest, Shown, System,
};
use crate::words::{AbsPath, ResourceId};
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};

/// Ensures that a file with this digest is there, and fetches it over HTTP where it isn't.
///
/// The host fetches it with its own `curl`: an agent has no TLS, and what a host trusts and which proxy it uses is the
/// host's own business. Declare the package, and the download comes after it. The digest is looked at before the file takes
/// its place, and by every check; so the address needs no trust. A download that breaks off leaves nothing behind.
///
/// What isn't set of owner, group and mode is left as it is; a new file is root's, with mode 0644. What was fetched stays if
/// the run is undone. A sandbox has no network: a file that has to be fetched is unknown there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.download", key = path)]
pub struct Download {
    path: AbsPath,
    url: String,
    sha256: Sha256Digest,
    attributes: PathAttributes,
}

/// A download in the making; see [`Download`].
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct DownloadBuilder {
    path: String,
    url: Option<String>,
    sha256: Option<Sha256Digest>,
    attributes: PathAttributes,
    mistake: Mistake,
}

/// The file at this path, from the network.
///
/// ```
/// # use mesos_iac::prelude::*;
/// # fn declare(cx: &mut Cx<'_>) -> Result<()> {
/// # const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// cx.add(package("curl"));
/// let tarball = cx.add(
///     download("/var/cache/marathon-1.5.12.tgz")
///         .url("https://downloads.example.com/marathon-1.5.12.tgz")
///         .sha256(DIGEST),
/// );
/// cx.add(archive("/opt/marathon").from("/var/cache/marathon-1.5.12.tgz").sha256(DIGEST).strip(1));
/// # Ok(())
/// # }
/// ```
pub fn download(path: impl Into<String>) -> DownloadBuilder {
    DownloadBuilder {
        path: path.into(),
        url: None,
        sha256: None,
        attributes: PathAttributes::default(),
        mistake: Mistake::default(),
    }
}

impl DownloadBuilder {
    /// Sets where it is: `http://…` or `https://…`. It is seen in the host's list of processes, so it can't hold a password.
    pub fn url(mut self, url: &str) -> Self {
        self.url = self.mistake.keep(check_url(url));
        self
    }

    /// Sets its SHA-256 digest, in hexadecimal, as `sha256sum` prints it.
    pub fn sha256(mut self, digest: &str) -> Self {
        self.sha256 = self.mistake.keep(digest.parse::<Sha256Digest>());
        self
    }

    attribute_methods!();
}

fn check_url(url: &str) -> Result<String> {
    let url = one_line("the address of a download", url)?;
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let authority = rest.and_then(|rest| rest.split('/').next()).unwrap_or_default();
    // Brackets and braces are patterns to curl.
    if authority.is_empty()
        || authority.contains('@')
        || url.contains(|c: char| c.is_whitespace() || "[]{}\\".contains(c))
    {
        return Err(Error::message(format!(
            "declare the address {url:?} of a download: expected `http://…` or `https://…`, without spaces, brackets and passwords"
        )));
    }
    Ok(url)
}

impl Declare for DownloadBuilder {
    type Out = Download;

    fn identity(&self) -> Result<ResourceId> {
        Ok(ResourceId::new("core.download", AbsPath::new(&self.path)?.as_str())?)
    }

    fn build(self, _: &HostView<'_>) -> Result<Download> {
        self.mistake.check()?;
        let path = AbsPath::new(&self.path)?;
        let (Some(url), Some(sha256)) = (self.url, self.sha256) else {
            let why = "it needs a `.url(…)` and a `.sha256(…)`; without a digest, nobody knows what comes";
            return Err(Error::message(format!("declare the download {path}: {why}")));
        };
        Ok(Download {
            path,
            url,
            sha256,
            attributes: self.attributes,
        })
    }
}

impl Download {
    /// The path.
    #[must_use]
    pub const fn path(&self) -> &AbsPath {
        &self.path
    }

    /// The address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The digest.
    #[must_use]
    pub const fn sha256(&self) -> &Sha256Digest {
        &self.sha256
    }
}

impl Converge for Download {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let entry = system.entry(&system.resolve(&self.path)?)?;
        let mut diff = Diff::new();
        if let Some(found) = entry.as_ref().filter(|found| found.kind != PathKind::File) {
            return Err(in_the_way(&self.path, &found.kind, "a file").into());
        }
        let found = system.digest(&self.path)?;
        if found.as_ref() != Some(&self.sha256) {
            let from = found.map_or(Shown::Absent, |digest| digest.to_string().into());
            diff.push("sha256", from, self.sha256.to_string());
        }
        compare_attributes(&mut diff, entry.as_ref(), &self.attributes);
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, diff: &Diff) -> Result<()> {
        if !diff.has("sha256") {
            return Ok(system.set_attributes(&system.resolve(&self.path)?, &self.attributes)?);
        }
        let fetch = Fetch {
            url: &self.url,
            sha256: &self.sha256,
            attributes: &self.attributes,
        };
        Ok(system.fetch(&self.path, &fetch)?)
    }

    fn makes(&self, diff: &Diff) -> Option<&AbsPath> {
        diff.has("sha256").then_some(&self.path)
    }

    fn image(&self, system: &dyn ReadSystem) -> Result<Option<String>> {
        let found = system.digest(&self.path)?;
        Ok(Some(
            found.map_or_else(|| "absent".to_owned(), |digest| digest.to_string()),
        ))
    }

    fn location(&self, system: &dyn ReadSystem) -> Result<Option<AbsPath>> {
        location(system, &self.path, true)
    }

    fn lasts(&self) -> bool {
        true
    }

    fn inverse(&self) -> Option<Box<dyn Resource>> {
        Some(Box::new(super::File::absent_at(self.path.clone())))
    }

    fn effects(&self) -> Effects {
        Effects::none()
            .write(Effect::Path(self.path.clone()))
            .read(Effect::Package("curl".to_owned()))
            .read_if(self.attributes.owner.clone().map(Effect::User))
            .read_if(self.attributes.group.clone().map(Effect::Group))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_that_curl_reads_as_they_are() {
        for url in ["http://a/b?c=d&e", "https://a.example.com:8443/b%20c.tgz"] {
            assert_eq!(check_url(url).unwrap(), url);
        }
        for url in [
            "ftp://a/b",
            "https://",
            "https://u:p@a/b",
            "http://a/{b,c}",
            "http://a/b c",
            "-o/etc/passwd",
            "",
        ] {
            assert!(check_url(url).is_err(), "{url}");
        }
    }
}
