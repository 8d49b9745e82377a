use super::machine::Machine;
use crate::model::{PackageChange, PackageForecast, PackageRequest, SystemError};
use std::collections::BTreeMap;

/// The packages that the repositories of a host in memory hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct FakeRepository(BTreeMap<String, Candidate>);

#[derive(Debug, Clone, PartialEq)]
struct Candidate {
    version: String,
    /// The packages that it depends on.
    needs: Vec<String>,
}

impl FakeRepository {
    /// Whether nothing was said of repositories: then every package is there, in a version that nobody knows.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add(&mut self, name: &str, version: &str, needs: &[&str]) {
        let candidate = Candidate {
            version: version.to_owned(),
            needs: needs.iter().map(|need| (*need).to_owned()).collect(),
        };
        self.0.insert(name.to_owned(), candidate);
    }

    pub(super) fn forecast(&self, machine: &Machine, install: &[PackageRequest], remove: &[String]) -> PackageForecast {
        let mut forecast = PackageForecast {
            has_lists: true,
            ..PackageForecast::default()
        };
        for name in remove {
            if let Some(version) = machine.packages.get(name) {
                forecast.changes.push(PackageChange {
                    name: name.clone(),
                    from: Some(version.clone()),
                    to: None,
                });
            }
        }
        for package in install {
            let mut changes = Vec::new();
            match self.closure(machine, &package.name, package.version.as_deref(), &mut changes) {
                Ok(()) => {
                    changes.retain(|change| !forecast.changes.contains(change));
                    forecast.changes.extend(changes);
                }
                Err(error) => drop(forecast.refused.insert(package.name.clone(), error)),
            }
        }
        forecast
    }

    fn closure(
        &self,
        machine: &Machine,
        name: &str,
        version: Option<&str>,
        changes: &mut Vec<PackageChange>,
    ) -> Result<(), SystemError> {
        let installed = machine.packages.get(name);
        let is_there = installed.is_some_and(|installed| version.is_none_or(|version| version == installed));
        if is_there || changes.iter().any(|change| change.name == name) {
            return Ok(());
        }
        let candidate = self.0.get(name);
        let candidate = candidate.filter(|candidate| version.is_none_or(|version| version == candidate.version));
        let candidate = candidate.ok_or_else(|| SystemError::Missing {
            what: "package".into(),
            name: version.map_or_else(|| name.to_owned(), |version| format!("{name}={version}")),
        })?;
        changes.push(PackageChange {
            name: name.to_owned(),
            from: installed.cloned(),
            to: Some(candidate.version.clone()),
        });
        candidate
            .needs
            .iter()
            .try_for_each(|need| self.closure(machine, need, None, changes))
    }
}
