use super::read::release::{Release, numbers};
use crate::lint::Finding;
use crate::lint_rule;
use crate::roles::Version;

lints! {
    UNPINNED_VERSION = Warning "unpinned-version": "a role says a version, and nothing says which one its packages get";
    VERSION_DIFFERS = Warning "version-differs": "a role says one version, and its packages are pinned to another";
}

lint_rule!(by_the_roles => [&UNPINNED_VERSION, &VERSION_DIFFERS]);

/// The roles report them: only they know which packages are to be of the version that they are told.
const fn by_the_roles(_: &crate::lint::LintCx<'_>) {}

/// What is wrong with packages that are to be software of this version, pinned or not.
pub(in crate::roles) fn of_packages(
    names: &[String],
    pinned: Option<&str>,
    software: &str,
    version: Version,
) -> Option<Finding> {
    if names.is_empty() {
        return None;
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
    if told == Release::from(version).0[..told.len()] {
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
        assert_eq!(of_packages(&[], None, "Docker", Version::new(1, 8, 1)), None);
    }
}
