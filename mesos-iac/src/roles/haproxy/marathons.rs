//! Which Marathons the bridge asks, and how it logs in to them.

use super::role::wrong;
use crate::model::{Cx, Error, HostView, Result};
use crate::roles::marathon::{Marathon, MarathonApi};
use crate::words::{AbsPath, Secret, listed};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// A file on the host, by number from 1.
fn file_of_credentials(number: usize) -> String {
    let path = "/etc/mesos-iac/haproxy-bridge.credentials";
    match number {
        1 => path.to_owned(),
        _ => format!("{path}-{number}"),
    }
}

/// The Marathons that a bridge asks.
pub(super) struct Marathons {
    /// In this order.
    pub(super) addresses: Vec<SocketAddr>,
    /// The file for each that asks for a name and a password.
    pub(super) credentials: BTreeMap<SocketAddr, AbsPath>,
    /// What each file holds.
    pub(super) files: Vec<(AbsPath, Secret<String>)>,
}

impl Marathons {
    /// Those that are named, else those of the cluster. `credentials` are for those of which no role says any.
    pub(super) fn find(cx: &Cx<'_>, named: &[String], credentials: Option<&Secret<String>>) -> Result<Self> {
        let exposed = cx.endpoints::<MarathonApi>();
        let mut addresses = Vec::new();
        for marathon in named {
            let address = marathon.parse().map_err(|_| {
                wrong(format!(
                    "{marathon:?} is no Marathon that the bridge can ask: expected an address and a port, such as \
                     `10.0.0.1:8080`"
                ))
            })?;
            addresses.push(address);
        }
        if named.is_empty() {
            addresses.extend(exposed.iter().map(|(_, api)| api.addr));
        }
        let mut seen = BTreeSet::new();
        addresses.retain(|address| seen.insert(*address));
        if addresses.is_empty() {
            return Err(cx.no_endpoint_of(|_: &Marathon| true, nowhere(cx)));
        }
        let mut found = Self {
            addresses,
            credentials: BTreeMap::new(),
            files: Vec::new(),
        };
        for address in found.addresses.clone() {
            if let Some(secret) = of_roles(&exposed, address)?.or(credentials) {
                found.log_in(address, secret)?;
            }
        }
        Ok(found)
    }

    /// Has the bridge show this there: the same is one file, for however many.
    fn log_in(&mut self, address: SocketAddr, secret: &Secret<String>) -> Result<()> {
        let known = self.files.iter().find(|(_, held)| held == secret);
        let file = match known {
            Some((file, _)) => file.clone(),
            None => {
                let file = AbsPath::new(file_of_credentials(self.files.len() + 1))?;
                self.files.push((file.clone(), secret.clone()));
                file
            }
        };
        self.credentials.insert(address, file);
        Ok(())
    }
}

/// Why no Marathon is known: no host has the role, or those that have it are declared by names, of which an agent resolves
/// none.
fn nowhere(cx: &Cx<'_>) -> Error {
    let by_name = cx.hosts_with::<Marathon>();
    let by_name = listed(by_name.iter().map(|host| match host.addr() {
        Ok(address) => format!("{} (`{}`)", host.name(), address.escape_debug()),
        Err(_) => host.name().to_string(),
    }));
    let by_hand = "name its address with `.marathons([\"10.0.0.1:8080\"])`";
    wrong(match by_name.is_empty() {
        true => format!("nothing says where Marathon answers: no host has its role; give one the role, or {by_hand}"),
        false => format!(
            "nothing says where Marathon answers: the hosts that have its role are declared by name, and the bridge \
             asks by address only: {by_name}; declare them by IP address (`.addr(\"10.0.0.1\")`), or {by_hand}"
        ),
    })
}

/// What the roles of the cluster say of the credentials of the Marathon at this address.
fn of_roles<'e>(exposed: &'e [(HostView<'_>, MarathonApi)], address: SocketAddr) -> Result<Option<&'e Secret<String>>> {
    let mut said = exposed
        .iter()
        .filter(|(_, api)| api.addr == address)
        .filter_map(|(host, api)| Some((host.name(), api.credentials.as_ref()?)));
    let Some((first_host, first)) = said.next() else {
        return Ok(None);
    };
    let others = said.filter(|(_, secret)| *secret != first);
    let others = listed(others.map(|(host, secret)| format!("{} by {host}", secret.source())));
    match others.is_empty() {
        true => Ok(Some(first)),
        false => Err(wrong(format!(
            "the Marathon at {address} has credentials that differ: {} by {first_host}, {others}; have all roles that \
             expose it say the same",
            first.source()
        ))),
    }
}
