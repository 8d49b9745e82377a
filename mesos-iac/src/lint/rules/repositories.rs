use crate::kinds::{AptRepository, YumRepository};
use crate::lint::LintCx;
use crate::lint_rule;
use crate::model::{Level, Lint};
use crate::words::ResourceId;

/// Packages come from a repository that nothing vouches for.
pub static UNSIGNED_REPOSITORY: Lint = Lint {
    name: "unsigned-repository",
    level: Level::Warning,
    summary: "packages come from a repository that nothing vouches for",
    page: include_str!("../pages/unsigned-repository.md"),
};

lint_rule!(repositories => [&UNSIGNED_REPOSITORY]);

fn repositories(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        let apt = host.catalog().all::<AptRepository>().map(|(name, repository)| {
            let file = repository.is_present().then(|| repository.sources());
            ("core.apt-repository", name, file)
        });
        let yum = host.catalog().all::<YumRepository>().map(|(name, repository)| {
            let file = repository.is_present().then(|| repository.definition());
            ("core.yum-repository", name, file)
        });
        let own = apt.chain(yum).filter_map(|(kind, name, file)| {
            let id = ResourceId::new(kind, name).ok()?;
            Some((id, file?.path().to_string(), file?.text()?))
        });
        let files = host
            .files()
            .iter()
            .map(|file| (file.id.clone(), file.path.to_owned(), file.text.clone()));
        for (id, path, text) in own.chain(files.filter(|(_, path, _)| is_of_repositories(path))) {
            // What comes from the host itself is as safe as the host.
            let is_local = text.contains("file:/") && !text.contains("http");
            let line = text.lines().enumerate().find(|(_, line)| trusts_blindly(line));
            if let Some((number, line)) = line.filter(|_| !is_local) {
                let message = format!("line {} of {path}: `{}`", number + 1, line.trim());
                let finding = UNSIGNED_REPOSITORY.finding(message).on(host.name()).of(&id);
                cx.report(finding.hint("sign the repository and declare its key: `.signed_by(…)`"));
            }
        }
    }
}

fn is_of_repositories(path: &str) -> bool {
    path.starts_with("/etc/apt/") || path.starts_with("/etc/yum.repos.d/") || path == "/etc/yum.conf"
}

fn trusts_blindly(line: &str) -> bool {
    let line: String = line.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    if line.starts_with(['#', ';']) || line.starts_with("//") {
        return false;
    }
    let one_line = line.starts_with("deb")
        && ["trusted=yes", "allow-insecure=yes"]
            .iter()
            .any(|option| line.contains(option));
    let fields = matches!(line.as_str(), "trusted: yes" | "allow-insecure: yes");
    let apt = line.contains("allowunauthenticated") && ["true", "\"1\"", "yes"].iter().any(|on| line.contains(on));
    let yum = matches!(
        line.replace(' ', "").as_str(),
        "gpgcheck=0" | "gpgcheck=no" | "gpgcheck=false"
    );
    one_line || fields || apt || yum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_trust_blindly() {
        for line in [
            "deb [trusted=yes] http://apt.lan x main",
            "Trusted: yes",
            "APT::Get::AllowUnauthenticated \"true\";",
            "gpgcheck = 0",
        ] {
            assert!(trusts_blindly(line), "{line}");
        }
        for line in [
            "deb [signed-by=/etc/apt/keyrings/x.asc] http://apt.lan x main",
            "# Trusted: yes",
            "gpgcheck=1",
        ] {
            assert!(!trusts_blindly(line), "{line}");
        }
    }
}
