use super::found;
use crate::kinds::{AptRepository, YumRepository};
use crate::lint::LintCx;
use crate::lint_rule;
use crate::words::ResourceId;

lints! {
    REPOSITORY_GONE = Warning "repository-gone": "packages are to come from a repository that is gone";
}

lint_rule!(repositories => [&REPOSITORY_GONE]);

/// Where they were: the host, and how the path begins.
const GONE: [(&str, &str); 5] = [
    ("repos.mesosphere.io", ""),
    ("repos.mesosphere.com", ""),
    ("downloads.mesosphere.io", ""),
    ("ppa.launchpad.net", "webupd8team/"),
    ("ppa.launchpadcontent.net", "webupd8team/"),
];

fn repositories(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        let apt = host.catalog().all::<AptRepository>().map(|(name, repository)| {
            let file = Some(repository.sources()).filter(|_| repository.is_present());
            ("core.apt-repository", name, file)
        });
        let yum = host.catalog().all::<YumRepository>().map(|(name, repository)| {
            let file = Some(repository.definition()).filter(|_| repository.is_present());
            ("core.yum-repository", name, file)
        });
        let declared = apt.chain(yum).filter_map(|(kind, name, file)| {
            let (id, file) = (ResourceId::new(kind, name).ok()?, file?);
            Some((id, file.path().to_string(), file.text()?))
        });
        let files = host.files().iter().filter(|file| is_of_repositories(file.path));
        let files = files.map(|file| (file.id.clone(), file.path.to_owned(), file.text.clone()));
        for (id, path, text) in declared.chain(files) {
            let line = text.lines().enumerate().find(|(_, line)| names_one(line));
            if let Some((number, line)) = line {
                let message = format!(
                    "line {} of {path} names a repository that is gone: `{}`",
                    number + 1,
                    line.trim()
                );
                cx.report(
                    found(&REPOSITORY_GONE, host, Some(&id), message)
                        .hint("declare a mirror of its packages, or another `Source`"),
                );
            }
        }
    }
}

fn is_of_repositories(path: &str) -> bool {
    path.starts_with("/etc/apt/sources.list") || path.starts_with("/etc/yum.repos.d/") || path == "/etc/yum.conf"
}

/// A line that isn't a comment, with an address there. A mirror may have the name in its path.
fn names_one(line: &str) -> bool {
    if line.trim_start().starts_with(['#', ';']) {
        return false;
    }
    line.split_whitespace()
        .filter_map(|word| word.split_once("://"))
        .any(|(_, rest)| {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            GONE.iter()
                .any(|(gone, begin)| host.eq_ignore_ascii_case(gone) && path.starts_with(begin))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_may_have_the_name_in_its_path() {
        for line in [
            "deb http://repos.mesosphere.io/debian wheezy main",
            "URIs: https://repos.mesosphere.com/debian/",
            "baseurl=http://repos.mesosphere.io/el/7/x86_64/",
            "deb [arch=amd64] http://ppa.launchpad.net/webupd8team/java/ubuntu trusty main",
        ] {
            assert!(names_one(line), "{line}");
        }
        for line in [
            "# deb http://repos.mesosphere.io/debian wheezy main",
            "deb http://mirror.lan/repos.mesosphere.io/debian wheezy main",
            "deb http://ppa.launchpad.net/openjdk-r/ppa/ubuntu trusty main",
        ] {
            assert!(!names_one(line), "{line}");
        }
    }
}
