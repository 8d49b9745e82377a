//! What a transaction of packages would come to, as apt-get foresees it.

use super::apt::{install_words, nothing_unasked, simulate};
use super::apt_words::{operand, plain_operand};
use super::dpkg::Dpkg;
use super::dpkg_status::PackageState;
use super::root::Root;
use crate::model::{PackageChange, PackageForecast, PackageRequest, SystemError};
use crate::words::AbsPath;

type Result<T> = std::result::Result<T, SystemError>;

/// Asks apt-get once for what is installed and once for what is removed. Only where it refuses is it asked again, to find
/// out which of the packages it refuses: that is told as the run would tell it, which tries them one by one then.
pub(super) fn forecast(
    root: &Root,
    dpkg: &Dpkg,
    install: &[PackageRequest],
    remove: &[String],
) -> Result<PackageForecast> {
    let mut forecast = PackageForecast {
        has_lists: has_lists(root),
        ..PackageForecast::default()
    };
    let present: Vec<&str> = remove
        .iter()
        .map(String::as_str)
        .filter_map(|name| is_present(dpkg, name).map(|is| is.then_some(name)).transpose())
        .collect::<Result<_>>()?;
    forecast.take(&present, |name| (*name).to_owned(), &removal)?;
    let installation = |packages: &[PackageRequest]| installation(dpkg, packages);
    forecast.take(install, |package| package.name.clone(), &installation)?;
    Ok(forecast)
}

impl PackageForecast {
    /// Takes in what becomes of these, asked together; of those that are refused together, as many as can be had one after
    /// the other.
    fn take<T: Clone>(
        &mut self,
        asked: &[T],
        name: impl Fn(&T) -> String,
        ask: &dyn Fn(&[T]) -> Result<Vec<PackageChange>>,
    ) -> Result<()> {
        if asked.is_empty() {
            return Ok(());
        }
        let mut had = (Vec::new(), Vec::new());
        let mut waiting = vec![asked.to_vec()];
        while let Some(group) = waiting.pop() {
            let together: Vec<T> = had.0.iter().chain(&group).cloned().collect();
            match (ask(&together), &*group) {
                (Ok(changes), _) => had = (together, changes),
                (Err(error), _) if !is_refusal(&error) => return Err(error),
                (Err(error), [one]) => {
                    // Alone it may be refused in other words, which are those of a run.
                    let error = ask(&group).err().unwrap_or(error);
                    self.refused.insert(name(one), error);
                }
                (Err(_), group) => {
                    let (first, second) = group.split_at(group.len() / 2);
                    waiting.extend([second.to_vec(), first.to_vec()]);
                }
            }
        }
        self.changes.extend(had.1);
        Ok(())
    }
}

/// Whether the package manager works, and won't do what it was asked for.
const fn is_refusal(error: &SystemError) -> bool {
    matches!(error, SystemError::Tool { .. } | SystemError::Other(_))
}

fn installation(dpkg: &Dpkg, packages: &[PackageRequest]) -> Result<Vec<PackageChange>> {
    let operands = packages.iter().map(operand).collect::<Result<Vec<_>>>()?;
    simulate(&install_words(dpkg, packages, &operands)?)
}

fn removal(names: &[&str]) -> Result<Vec<PackageChange>> {
    let operands = names
        .iter()
        .map(|name| plain_operand(name))
        .collect::<Result<Vec<_>>>()?;
    let mut words = vec!["remove", "--"];
    words.extend(operands.iter().map(String::as_str));
    nothing_unasked(names, simulate(&words)?)
}

fn is_present(dpkg: &Dpkg, name: &str) -> Result<bool> {
    let record = dpkg.record(name)?;
    Ok(record.is_some_and(|record| record.state != PackageState::Absent))
}

/// A freshly installed host may have none. What can't be looked up doesn't count against it.
fn has_lists(root: &Root) -> bool {
    let names = AbsPath::new("/var/lib/apt/lists").ok().map(|path| root.list(&path));
    match names {
        Some(Ok(names)) => names.is_some_and(|names| names.iter().any(|name| name.contains("_Packages"))),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::CommandLine;

    /// A package manager that has all but `bad`, and not `left` together with `right`.
    fn ask(names: &[&str]) -> Result<Vec<PackageChange>> {
        if names.contains(&"bad") || names.contains(&"left") && names.contains(&"right") {
            return Err(SystemError::Other(format!("have {}", names.join(" and "))));
        }
        let change = |name: &&str| PackageChange {
            name: (*name).to_owned(),
            from: None,
            to: Some("1".into()),
        };
        Ok(names.iter().map(change).collect())
    }

    fn foreseen(names: &[&'static str]) -> (Vec<String>, Vec<String>) {
        let mut forecast = PackageForecast::default();
        forecast.take(names, |name| (*name).to_owned(), &ask).unwrap();
        let changes = forecast.changes.into_iter().map(|change| change.name);
        (
            changes.collect(),
            forecast.refused.into_values().map(|error| error.to_string()).collect(),
        )
    }

    #[test]
    fn what_is_refused_is_found_among_the_rest() {
        let (changes, refused) = foreseen(&["a", "b", "bad", "c", "d"]);
        assert_eq!(
            (changes.join(" "), refused),
            ("a b c d".into(), vec!["have bad".into()])
        );
        // The run takes them one after the other, so the second of two that can't be together is refused.
        let (changes, refused) = foreseen(&["left", "a", "right"]);
        assert_eq!(
            (changes.join(" "), refused),
            ("left a".into(), vec!["have left and a and right".into()])
        );
        assert_eq!(foreseen(&["bad"]), (Vec::new(), vec!["have bad".into()]));
        assert_eq!(foreseen(&[]), (Vec::new(), Vec::new()));
    }

    #[test]
    fn a_package_manager_that_does_not_work_is_no_refusal() {
        let broken = |_: &[&str]| {
            Err(SystemError::Start {
                command: CommandLine::new(["apt-get"]).unwrap(),
                why: "no such file".into(),
            })
        };
        let mut forecast = PackageForecast::default();
        assert!(forecast.take(&["a", "b"], |name| (*name).to_owned(), &broken).is_err());
    }
}
