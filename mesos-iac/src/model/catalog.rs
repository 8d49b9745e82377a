use super::secret_form::formed_secrets;
use super::{
    AfterFailure, Anchor, DeclaredFacts, FormedSecret, Kind, RefreshAction, Resource, Retry, Timing, UnfitSecret,
};
use crate::words::{HostName, ResourceId, SECRET_FIELD, Secret, SecretSource, SecretText};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The version of the catalog's serialised form.
pub const CATALOG_FORMAT: u32 = 1;

/// The compiled resource graph of one host: byte-identical for the same program, without locations and without secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    /// The version of this form, [`CATALOG_FORMAT`].
    pub format: u32,
    /// The cluster's name.
    pub cluster: String,
    /// The host's name in the definition.
    pub host: HostName,
    /// What the definition says about the host; verified on contact.
    pub declared: DeclaredFacts,
    /// The resources in an order that respects every edge; where edges leave it open, the order of declaration. Among them
    /// are [anchors](Entry::is_anchor), which are nothing on a host; [`Catalog::resources`] leaves them out.
    pub entries: Vec<Entry>,
}

/// A resource with its edges.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its identity.
    pub id: ResourceId,
    /// What is desired.
    pub resource: Box<dyn Resource>,
    /// What must be in place first, sorted.
    pub after: Vec<Edge>,
    /// Whose changes cause a refresh of it, sorted.
    pub refresh_on: Vec<Subscription>,
    /// How often it is tried again when it fails.
    pub retry: Option<Retry>,
}

impl Entry {
    /// Whether it is no resource but a point in the order, such as the end of a role, that many come before or after.
    #[must_use]
    pub fn is_anchor(&self) -> bool {
        let resource: &dyn Any = &*self.resource;
        resource.is::<Anchor>()
    }

    /// The SHA-256 digest of what is desired, in hexadecimal: of the resource, without its edges.
    ///
    /// # Errors
    /// The resource can't be serialised.
    pub fn digest(&self) -> Result<String, serde_json::Error> {
        let mut text = Vec::new();
        write_sorted(&serde_json::to_value(&self.resource)?, &mut text)?;
        Ok(super::hex(&Sha256::digest(text)))
    }

    /// The secrets that it refers to, sorted.
    ///
    /// # Errors
    /// The resource can't be serialised.
    pub fn secrets(&self) -> Result<BTreeSet<SecretSource>, serde_json::Error> {
        let mut found = BTreeSet::new();
        collect_secrets(&serde_json::to_value(&self.resource)?, &mut found);
        Ok(found)
    }
}

impl PartialEq for Entry {
    /// Resources are equal if they serialise to the same data, so that kinds need no equality of their own.
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
            && self.after == other.after
            && self.refresh_on == other.refresh_on
            && self.retry == other.retry
            && serde_json::to_value(&self.resource).ok() == serde_json::to_value(&other.resource).ok()
    }
}

/// Something that must be in place first, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// The resource that comes first.
    pub on: ResourceId,
    /// Why.
    pub because: Reason,
}

/// Why one resource comes before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Reason {
    /// The definition says so.
    Declared,
    /// The definition says that the one refreshes the other.
    Refresh,
    /// It is the nearest managed directory above the path.
    Directory,
    /// It is the path that is read.
    Path,
    /// It owns the user.
    User,
    /// It owns the group.
    Group,
    /// It owns the package.
    Package,
    /// It owns the unit.
    Unit,
    /// It is the package that brings it along.
    Provider,
    /// It is the repository that packages come from.
    Repository,
    /// It owns the port.
    Port,
}

impl Reason {
    /// Whether the edge was found, not declared.
    #[must_use]
    pub const fn is_automatic(self) -> bool {
        !matches!(self, Self::Declared | Self::Refresh)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Declared => "declared",
            Self::Refresh => "refreshed by it",
            Self::Directory => "its directory",
            Self::Path => "the path it reads",
            Self::User => "its user",
            Self::Group => "its group",
            Self::Package => "its package",
            Self::Unit => "its unit",
            Self::Provider => "the package that brings it",
            Self::Repository => "its repository",
            Self::Port => "its port",
        })
    }
}

/// A change that causes a refresh.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// Whose change.
    pub on: ResourceId,
    /// What the refresh does.
    pub action: RefreshAction,
    /// When.
    pub timing: Timing,
    /// What becomes of it when something failed.
    pub after_failure: AfterFailure,
}

impl Catalog {
    /// The resources, in the catalog's order: all entries but the anchors.
    pub fn resources(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| !entry.is_anchor())
    }

    /// The entry of a resource.
    #[must_use]
    pub fn entry(&self, id: &ResourceId) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == *id)
    }

    /// Whether a resource of this kind and key is desired.
    ///
    /// ```
    /// # use mesos_iac::prelude::*;
    /// # fn test(catalog: &Catalog) {
    /// assert!(catalog.has::<Service>("mesos-master"));
    /// # }
    /// ```
    #[must_use]
    pub fn has<R: Kind>(&self, key: &str) -> bool {
        self.get::<R>(key).is_some()
    }

    /// The resource of this kind and key.
    #[must_use]
    pub fn get<R: Kind>(&self, key: &str) -> Option<&R> {
        let id = ResourceId::new(R::KIND, key).ok()?;
        let resource: &dyn Any = &*self.entry(&id)?.resource;
        resource.downcast_ref()
    }

    /// All resources of this kind with their keys, in the catalog's order.
    pub fn all<R: Kind>(&self) -> impl Iterator<Item = (&str, &R)> {
        self.entries.iter().filter_map(|entry| {
            let resource: &dyn Any = &*entry.resource;
            Some((entry.id.key.as_str(), resource.downcast_ref::<R>()?))
        })
    }

    /// The names of the kinds that it uses, sorted.
    #[must_use]
    pub fn kinds(&self) -> BTreeSet<&str> {
        self.entries.iter().map(|entry| entry.id.kind.as_str()).collect()
    }

    /// The secrets that it refers to, sorted.
    ///
    /// # Errors
    /// A resource can't be serialised.
    pub fn secrets(&self) -> Result<BTreeSet<SecretSource>, serde_json::Error> {
        let mut found = BTreeSet::new();
        for entry in &self.entries {
            collect_secrets(&serde_json::to_value(&entry.resource)?, &mut found);
        }
        Ok(found)
    }

    /// The resources that refer to a secret.
    ///
    /// # Errors
    /// A resource can't be serialised.
    pub fn users_of(&self, secret: &SecretSource) -> Result<Vec<&ResourceId>, serde_json::Error> {
        let mut users = Vec::new();
        for entry in &self.entries {
            let mut found = BTreeSet::new();
            collect_secrets(&serde_json::to_value(&entry.resource)?, &mut found);
            if found.contains(secret) {
                users.push(&entry.id);
            }
        }
        Ok(users)
    }

    /// The resources that would write a secret where its value can't stand.
    ///
    /// # Errors
    /// A resource can't be serialised.
    pub fn unfit_secrets(
        &self,
        values: &BTreeMap<SecretSource, SecretText>,
    ) -> Result<Vec<(&ResourceId, UnfitSecret)>, serde_json::Error> {
        let mut unfit = Vec::new();
        for entry in &self.entries {
            let mut formed = Vec::new();
            formed_secrets(&serde_json::to_value(&entry.resource)?, &mut formed);
            let wrong = |secret: FormedSecret| secret.written(values.get(secret.source())?).err();
            let found: BTreeSet<UnfitSecret> = formed.into_iter().filter_map(wrong).collect();
            unfit.extend(found.into_iter().map(|wrong| (&entry.id, wrong)));
        }
        Ok(unfit)
    }

    /// The catalog as JSON whose bytes depend on nothing but the definition: keys sorted at every depth.
    ///
    /// # Errors
    /// A resource can't be serialised.
    pub fn to_canonical_json(&self) -> Result<String, serde_json::Error> {
        // All but the entries as a whole, and each entry by itself: a large catalog as one value takes three times as long.
        let head = Self {
            format: self.format,
            cluster: self.cluster.clone(),
            host: self.host.clone(),
            declared: self.declared.clone(),
            entries: Vec::new(),
        };
        let mut text = Vec::new();
        write_sorted(&serde_json::to_value(&head)?, &mut text)?;
        // In a value its quotes would be escaped.
        let none = b"\"entries\":[";
        let Some(at) = text.windows(none.len()).position(|window| window == none) else {
            return Err(serde::ser::Error::custom("a catalog without entries"));
        };
        let rest = text.split_off(at + none.len());
        for (index, entry) in self.entries.iter().enumerate() {
            if index > 0 {
                text.push(b',');
            }
            write_entry(entry, &mut text)?;
        }
        text.extend(rest);
        String::from_utf8(text).map_err(serde::ser::Error::custom)
    }

    /// The SHA-256 digest of [`Catalog::to_canonical_json`], in hexadecimal.
    ///
    /// # Errors
    /// A resource can't be serialised.
    pub fn digest(&self) -> Result<String, serde_json::Error> {
        Ok(super::hex(&Sha256::digest(self.to_canonical_json()?)))
    }
}

fn collect_secrets(json: &Json, found: &mut BTreeSet<SecretSource>) {
    match json {
        Json::Object(map) if map.contains_key(SECRET_FIELD) => {
            if let Ok(secret) = serde_json::from_value::<Secret>(json.clone()) {
                found.insert(secret.source().clone());
            }
        }
        Json::Object(map) => map.values().for_each(|value| collect_secrets(value, found)),
        Json::Array(items) => items.iter().for_each(|value| collect_secrets(value, found)),
        _ => {}
    }
}

/// An entry as [`write_sorted`] writes it. Of a large catalog most is edges, so these are written without a detour.
fn write_entry(entry: &Entry, text: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let write_id = |id: &ResourceId, text: &mut Vec<u8>| {
        text.extend(b"{\"key\":");
        serde_json::to_writer(&mut *text, &id.key)?;
        text.extend(b",\"kind\":");
        serde_json::to_writer(&mut *text, &id.kind)?;
        text.push(b'}');
        Ok::<_, serde_json::Error>(())
    };
    text.extend(b"{\"after\":[");
    for (index, edge) in entry.after.iter().enumerate() {
        text.extend(if index > 0 {
            &b",{\"because\":"[..]
        } else {
            b"{\"because\":"
        });
        serde_json::to_writer(&mut *text, &edge.because)?;
        text.extend(b",\"on\":");
        write_id(&edge.on, text)?;
        text.push(b'}');
    }
    text.extend(b"],\"id\":");
    write_id(&entry.id, text)?;
    text.extend(b",\"refresh_on\":");
    write_sorted(&serde_json::to_value(&entry.refresh_on)?, text)?;
    text.extend(b",\"resource\":");
    write_sorted(&serde_json::to_value(&entry.resource)?, text)?;
    text.extend(b",\"retry\":");
    write_sorted(&serde_json::to_value(entry.retry)?, text)?;
    text.push(b'}');
    Ok(())
}

/// Sorts by hand: any crate of the program may have turned on `serde_json`'s `preserve_order`.
fn write_sorted(json: &Json, text: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    match json {
        Json::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            text.push(b'{');
            for (index, (name, value)) in fields.into_iter().enumerate() {
                if index > 0 {
                    text.push(b',');
                }
                serde_json::to_writer(&mut *text, name)?;
                text.push(b':');
                write_sorted(value, text)?;
            }
            text.push(b'}');
        }
        Json::Array(items) => {
            text.push(b'[');
            for (index, value) in items.iter().enumerate() {
                if index > 0 {
                    text.push(b',');
                }
                write_sorted(value, text)?;
            }
            text.push(b']');
        }
        scalar => serde_json::to_writer(&mut *text, scalar)?,
    }
    Ok(())
}
