//! What apt-get is given to read, and what it writes.

use crate::model::{Output, PackageChange, PackageRequest, SystemError};
use crate::words::{check_package_name, check_package_version};

/// What apt-get takes for a package to install.
///
/// A version that ends in `+` and isn't to be had makes apt-get look for the one without it; [`super::apt::Apt::install`]
/// finds that the wrong one is there then.
pub(super) fn operand(package: &PackageRequest) -> Result<String, SystemError> {
    let name = plain_operand(&package.name)?;
    let Some(version) = &package.version else {
        return Ok(name);
    };
    check_package_version(version)
        .map_err(|error| SystemError::Other(format!("name a version of {} to apt-get: {error}", package.name)))?;
    Ok(format!("{name}={version}"))
}

/// What apt-get takes for a package, whatever its version. Nothing but a name may get through: a leading `-` is an option.
///
/// apt-get reads a trailing `+` or `-` as an order to install or remove the package of the name without it, unless one of
/// the whole name is known to it. So such a name gets the native architecture, after which no order can stand.
pub(super) fn plain_operand(name: &str) -> Result<String, SystemError> {
    check_package_name(name).map_err(|error| SystemError::Other(format!("name a package to apt-get: {error}")))?;
    Ok(match name.ends_with(['+', '-']) {
        true => format!("{name}:native"),
        false => name.to_owned(),
    })
}

/// What `apt-get --simulate` says that it would do.
pub(super) fn simulated(output: &[u8]) -> Vec<PackageChange> {
    String::from_utf8_lossy(output)
        .lines()
        .filter_map(simulated_line)
        .collect()
}

/// Reads `Inst zookeeper [3.8.0-10] (3.8.0-11 Debian:12.8/stable [all])` and `Remv zookeeperd [3.8.0-11]`.
fn simulated_line(line: &str) -> Option<PackageChange> {
    let mut words = line.split_whitespace();
    let (verb, name) = (words.next()?, words.next()?);
    let installs = match verb {
        "Inst" => true,
        "Remv" | "Purg" => false,
        _ => return None,
    };
    let rest: Vec<&str> = words.collect();
    let from = rest
        .first()
        .and_then(|word| word.strip_prefix('['))
        .map(|word| word.trim_end_matches(']').to_owned());
    let to = rest.iter().find_map(|word| word.strip_prefix('(')).filter(|_| installs);
    Some(PackageChange {
        name: name.to_owned(),
        from,
        to: to.map(|word| word.trim_end_matches(')').to_owned()),
    })
}

/// Whether the host's lists of packages may be too old: a name or version isn't in them, or a file isn't where they say.
pub(super) fn may_be_stale(output: &Output) -> bool {
    const SIGNS: [&str; 6] = [
        "Unable to locate package",
        "has no installation candidate",
        "was not found",
        "Failed to fetch",
        "Unable to fetch some archives",
        "Hash Sum mismatch",
    ];
    let says = String::from_utf8_lossy(&output.stderr);
    says.lines()
        .any(|line| line.starts_with("E: ") && SIGNS.iter().any(|sign| line.contains(sign)))
}

/// Whether another program has the lock that `apt-get update` doesn't wait for.
pub(super) fn is_locked(output: &Output) -> bool {
    String::from_utf8_lossy(&output.stderr).contains("Could not get lock")
}

/// What `apt-get update` says that it couldn't fetch. It ends well if it could fetch something, or has it from earlier.
pub(super) fn complaints(output: &Output) -> Vec<String> {
    let says = String::from_utf8_lossy(&output.stderr);
    let failures = says.lines().filter_map(|line| {
        line.strip_prefix("E: ").or_else(|| {
            line.strip_prefix("W: ")
                .filter(|text| text.starts_with("Failed to fetch"))
        })
    });
    failures
        .filter(|text| !text.starts_with("Some index files"))
        .map(str::to_owned)
        .collect()
}

/// What apt-get wrote to its standard error, and after it the gist in one line.
pub(super) fn with_gist(output: &Output) -> String {
    let (says, prints) = (
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&output.stdout),
    );
    let mut gist: Vec<String> = Vec::new();
    let mut lines = says.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("dpkg: error") {
            let reason = lines
                .peek()
                .filter(|next| next.starts_with(' '))
                .map_or("", |next| next.trim());
            gist.push(format!("{line} {reason}").trim_end().to_owned());
        }
    }
    let depends = prints.lines().filter(|line| {
        let words = ["Depends:", "Breaks:", "Conflicts:", "PreDepends:"];
        words.iter().any(|word| line.contains(&format!(" : {word} ")))
    });
    gist.extend(depends.map(|line| line.trim().to_owned()));
    let errors = says.lines().filter_map(|line| line.strip_prefix("E: "));
    // "Sub-process /usr/bin/dpkg returned an error code (1)" says nothing that isn't said better above.
    gist.extend(
        errors
            .filter(|line| gist.is_empty() || !line.starts_with("Sub-process"))
            .map(str::to_owned)
            .collect::<Vec<_>>(),
    );
    gist.dedup();
    format!("{}\n{}", says.trim_end(), gist.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Ended;

    fn request(name: &str, version: Option<&str>) -> PackageRequest {
        PackageRequest {
            name: name.into(),
            version: version.map(str::to_owned),
        }
    }

    #[test]
    fn operands_are_names_and_versions_and_nothing_else() {
        for name in ["libc6:i386", "zookeeperd", "0ad", "lib32gcc-s1", "python3.11"] {
            assert_eq!(operand(&request(name, None)).unwrap(), name);
        }
        assert_eq!(
            operand(&request("mesos", Some("1:1.11.0~rc1-2+b1"))).unwrap(),
            "mesos=1:1.11.0~rc1-2+b1"
        );
        let refused = operand(&request("a b", None)).unwrap_err().to_string();
        assert!(
            refused.starts_with("name a package to apt-get: \"a b\" is no name of a package: expected two or more"),
            "{refused}"
        );
        let refused = operand(&request("mesos", Some("1-"))).unwrap_err().to_string();
        assert!(
            refused
                .starts_with("name a version of mesos to apt-get: \"1-\" is no version of a package: expected letters"),
            "{refused}"
        );
    }

    #[test]
    fn a_name_that_ends_like_an_order_is_none() {
        for name in ["g++", "cron-", "cron+"] {
            assert_eq!(operand(&request(name, None)).unwrap(), format!("{name}:native"));
            assert_eq!(plain_operand(name).unwrap(), format!("{name}:native"));
        }
        assert_eq!(
            operand(&request("g++", Some("4:12.2.0-3"))).unwrap(),
            "g++:native=4:12.2.0-3"
        );
    }

    #[test]
    fn simulations_are_read() {
        let text = "Reading package lists...\nThe following packages will be REMOVED:\n  zookeeperd\n\
            Remv zookeeperd [3.8.0-11+deb12u2]\nRemv libfoo:i386 [1.0] [libbar:i386 ]\n\
            Inst zookeeper [3.8.0-10] (3.8.0-11 Debian:12.8/stable [all])\nInst cowsay (3.03 Debian:12.8/stable [all])\n\
            Conf cowsay (3.03 Debian:12.8/stable [all])\n";
        let change = |name: &str, from: Option<&str>, to: Option<&str>| PackageChange {
            name: name.into(),
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
        };
        let expected = [
            change("zookeeperd", Some("3.8.0-11+deb12u2"), None),
            change("libfoo:i386", Some("1.0"), None),
            change("zookeeper", Some("3.8.0-10"), Some("3.8.0-11")),
            change("cowsay", None, Some("3.03")),
        ];
        assert_eq!(simulated(text.as_bytes()), expected);
    }

    #[test]
    fn the_gist_of_an_error_comes_last() {
        let output = |stdout: &str, stderr: &str| Output {
            ended: Ended::Exit(100),
            stdout: stdout.into(),
            stderr: stderr.into(),
        };
        let gist = |output: &Output| with_gist(output).lines().last().unwrap().to_owned();
        let failed = output(
            "",
            "dpkg: error processing package x (--configure):\n installed x package post-installation script subprocess \
             returned error exit status 1\nErrors were encountered while processing:\n x\n\
             E: Sub-process /usr/bin/dpkg returned an error code (1)\n",
        );
        assert_eq!(
            gist(&failed),
            "dpkg: error processing package x (--configure): installed x package post-installation script subprocess \
             returned error exit status 1"
        );
        assert!(!may_be_stale(&failed));
        let unmet = output(
            "The following packages have unmet dependencies:\n a : Depends: b (= 1) but 2 is to be installed\n",
            "E: Unable to correct problems, you have held broken packages.\n",
        );
        assert!(gist(&unmet).starts_with("a : Depends: b (= 1)"), "{}", gist(&unmet));
        let lists = output(
            "",
            "W: Failed to fetch http://a/InRelease  Could not resolve 'a'\nW: Some index files failed to download.\n",
        );
        assert_eq!(
            complaints(&lists),
            ["Failed to fetch http://a/InRelease  Could not resolve 'a'"]
        );
        let unknown = output("", "E: Unable to locate package nosuch\n");
        assert_eq!(gist(&unknown), "Unable to locate package nosuch");
        assert!(may_be_stale(&unknown));
    }
}
