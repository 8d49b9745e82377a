use crate::kinds::{AptRepository, Package, YumRepository};
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;
use crate::model::{Level, Lint};
use crate::words::ResourceId;

/// Packages or repositories are of another package manager than the operating system's.
pub static PACKAGE_MANAGER: Lint = Lint {
    name: "package-manager",
    level: Level::Error,
    summary: "packages or repositories are of a package manager that the operating system doesn't have",
    page: include_str!("../pages/package-manager.md"),
};

lint_rule!(package_managers => [&PACKAGE_MANAGER]);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manager {
    Apt,
    Yum,
}

/// What installs packages there; nothing for systems that aren't known.
fn manager(os: &str) -> Option<Manager> {
    match os {
        "debian" | "ubuntu" | "raspbian" | "linuxmint" => Some(Manager::Apt),
        // That of Photon, tdnf, reads yum's files.
        "centos" | "rhel" | "ol" | "fedora" | "rocky" | "almalinux" | "scientific" | "amzn" | "photon" => {
            Some(Manager::Yum)
        }
        _ => None,
    }
}

fn package_managers(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        let Some(os) = host.view().os() else { continue };
        let (others, hint) = match manager(&os.id) {
            Some(Manager::Apt) => (
                of_yum(host),
                "packages of this host come from repositories of apt: `apt_repository(…)`",
            ),
            Some(Manager::Yum) => (
                of_apt(host),
                "packages are installed by apt alone so far: bring the software as `Source::archive(…)`, or with the image \
                 and say `Source::present()`",
            ),
            None => continue,
        };
        for (id, what) in others {
            let message = format!("{id} is {what}, which {} doesn't have", os.id);
            cx.report(PACKAGE_MANAGER.finding(message).on(host.name()).of(&id).hint(hint));
        }
    }
}

/// What apt would read, or would be asked for.
fn of_apt(host: &LintHost<'_>) -> Vec<(ResourceId, &'static str)> {
    let packages = host
        .catalog()
        .all::<Package>()
        .filter(|(_, package)| package.is_present());
    let packages = packages.filter_map(|(name, _)| ResourceId::new("core.package", name).ok());
    let repositories = host.catalog().all::<AptRepository>();
    let repositories = repositories.filter(|(_, repository)| repository.is_present());
    let repositories = repositories.filter_map(|(name, _)| ResourceId::new("core.apt-repository", name).ok());
    let packages = packages.map(|id| (id, "a package of apt"));
    let repositories = repositories.map(|id| (id, "a repository of apt"));
    packages
        .chain(repositories)
        .chain(files(host, "/etc/apt/", "a file of apt"))
        .collect()
}

/// What yum would read.
fn of_yum(host: &LintHost<'_>) -> Vec<(ResourceId, &'static str)> {
    let repositories = host.catalog().all::<YumRepository>();
    let repositories = repositories.filter(|(_, repository)| repository.is_present());
    let repositories = repositories.filter_map(|(name, _)| ResourceId::new("core.yum-repository", name).ok());
    repositories
        .map(|id| (id, "a repository of yum"))
        .chain(files(host, "/etc/yum.repos.d/", "a file of yum"))
        .collect()
}

fn files<'h>(
    host: &'h LintHost<'_>,
    below: &'static str,
    what: &'static str,
) -> impl Iterator<Item = (ResourceId, &'static str)> + 'h {
    let files = host.files().iter().filter(move |file| file.path.starts_with(below));
    files.map(move |file| (file.id.clone(), what))
}
