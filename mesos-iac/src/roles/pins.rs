//! Whether packages are of the version that their role is told: only the roles know which ones are to be.

use super::version::{Version, numbers};
use crate::lint_rule;
use crate::model::{Finding, Level, Lint};

/// `unpinned-version`: a role says a version, and nothing says which one its packages get.
pub static UNPINNED_VERSION: Lint = Lint {
    name: "unpinned-version",
    level: Level::Warning,
    summary: "a role says a version, and nothing says which one its packages get",
    page: include_str!("lints/pages/unpinned-version.md"),
};

/// `version-differs`: a role says one version, and its packages are pinned to another.
pub static VERSION_DIFFERS: Lint = Lint {
    name: "version-differs",
    level: Level::Warning,
    summary: "a role says one version, and its packages are pinned to another",
    page: include_str!("lints/pages/version-differs.md"),
};

/// `pin-without-packages`: a role pins a version, and has no packages that it could hold.
pub static PIN_WITHOUT_PACKAGES: Lint = Lint {
    name: "pin-without-packages",
    level: Level::Warning,
    summary: "a role pins a version, and has no packages that it could hold",
    page: include_str!("lints/pages/pin-without-packages.md"),
};

lint_rule!([&UNPINNED_VERSION, &PIN_WITHOUT_PACKAGES, &VERSION_DIFFERS]);

/// What is wrong with packages that are to be software of this version, pinned or not.
pub(super) fn of_packages(names: &[String], pinned: Option<&str>, software: &str, version: Version) -> Option<Finding> {
    if names.is_empty() {
        let message = format!(
            "{software} {version} is pinned to `{}`, and has no packages that this could hold",
            pinned?
        );
        let hint = "leave the pin out; or say the packages, `.source(Source::packages([\"NAME\"]))` before the pin";
        return Some(PIN_WITHOUT_PACKAGES.finding(message).hint(hint));
    }
    let (packages, are) = match names {
        [name] => (format!("the package `{name}`"), "is"),
        names => (format!("the packages `{}`", names.join("`, `")), "are"),
    };
    let Some(pinned) = pinned else {
        let message = format!(
            "the role is told {software} {version}, and {packages} {are} told no version: a host gets what its repository has \
             that day"
        );
        let hint = "pin it, `.pinned(\"VERSION\")` of the layout or `.version(\"VERSION\")` of the `Source`; or allow it where the \
                    release is left to the operating system";
        return Some(UNPINNED_VERSION.finding(message).hint(hint));
    };
    // A packager may name fewer numbers, and none where the version isn't upstream's.
    let told = numbers(pinned);
    if told == [version.major(), version.minor(), version.patch()].map(u32::from)[..told.len()] {
        return None;
    }
    let message = format!("the role is told {software} {version}, and {packages} {are} pinned to `{pinned}`");
    Some(VERSION_DIFFERS.finding(message).hint("say one release in both places"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lint(pinned: Option<&str>, version: Version) -> Option<&'static str> {
        of_packages(&["mesos".to_owned()], pinned, "Mesos", version).map(|finding| finding.lint.name)
    }

    #[test]
    fn a_pin_is_compared_without_what_is_the_packagers() {
        let declared = Version::new(0, 21, 1);
        assert_eq!(lint(None, declared), Some("unpinned-version"));
        for pinned in ["0.21.1-1", "1:0.21.1-1.1.debian77", "0.21.1~rc2-1", "0.21.*", "0.21"] {
            assert_eq!(lint(Some(pinned), declared), None, "{pinned}");
        }
        for pinned in ["0.22.0-1", "1:0.22.1-1", "0.21.10-1", "1.*", "7"] {
            assert_eq!(lint(Some(pinned), declared), Some("version-differs"), "{pinned}");
        }
    }

    #[test]
    fn software_that_is_there_already_is_of_no_package() {
        let lint = |pinned| of_packages(&[], pinned, "Docker", Version::new(1, 8, 1)).map(|finding| finding.lint.name);
        assert_eq!(lint(None), None);
        assert_eq!(lint(Some("1.8.1-1")), Some("pin-without-packages"));
    }
}
