use super::{GrammarError, RoleName, Scalar, Value, attributes};
use serde_json::{Value as Json, json};
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// What an agent has to offer. What isn't named of `cpus`, `mem`, `disk`, `gpus` and `ports`, the agent finds out itself.
///
/// It is written as text, or as JSON as soon as a disk has a [`DiskSource`].
///
/// ```
/// use mesos_iac::kinds::mesos_agent::{AgentResource, DiskSource, Resources};
///
/// let resources = Resources::from([
///     AgentResource::cpus(3.5),
///     AgentResource::mem(8192),
///     AgentResource::ports([31000..=32000]).role("prod".parse()?),
/// ]);
/// assert_eq!(resources.to_string(), "cpus:3.5;mem:8192;ports(prod):[31000-32000]");
///
/// let ssd = AgentResource::disk(100_000).source(DiskSource::Mount("/mnt/ssd".into()));
/// assert!(Resources::from([ssd]).to_string().starts_with(r#"[{"disk":{"source":{"mount":{"root":"/mnt/ssd"}"#));
/// # Ok::<(), mesos_iac::kinds::mesos_agent::GrammarError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resources(Vec<AgentResource>);

/// One resource of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentResource {
    name: String,
    role: Option<RoleName>,
    value: Result<Value, GrammarError>,
    source: Option<DiskSource>,
}

/// Where a disk is that isn't the one of the agent's work directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiskSource {
    /// A directory, which frameworks may share.
    Path(String),
    /// The mount point of a file system, which one framework gets as a whole.
    Mount(String),
    /// A block device.
    Block,
    /// Storage that isn't set up yet.
    Raw,
}

impl AgentResource {
    /// Any resource.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl Into<Value>) -> Self {
        Self {
            name: name.into(),
            role: None,
            value: Ok(value.into()),
            source: None,
        }
    }

    fn scalar(name: &str, number: f64) -> Self {
        let value = Scalar::new(number).map(Value::Scalar);
        let wrong = || GrammarError::new(format!("{number} is no amount, which isn't negative"));
        Self {
            value: value.ok_or_else(wrong),
            ..Self::new(name, 0)
        }
    }

    /// Processors, or parts of them, to three decimals.
    #[must_use]
    pub fn cpus(cpus: f64) -> Self {
        Self::scalar("cpus", cpus)
    }

    /// Memory in MB, each of 1024 × 1024 bytes.
    #[must_use]
    pub fn mem(megabytes: u32) -> Self {
        Self::new("mem", megabytes)
    }

    /// Disk in MB, each of 1024 × 1024 bytes.
    #[must_use]
    pub fn disk(megabytes: u32) -> Self {
        Self::new("disk", megabytes)
    }

    /// Whole graphics processors.
    #[must_use]
    pub fn gpus(gpus: u32) -> Self {
        Self::new("gpus", gpus)
    }

    /// Ports that tasks may be given.
    #[must_use]
    pub fn ports(ranges: impl IntoIterator<Item = RangeInclusive<u16>>) -> Self {
        let ranges = ranges
            .into_iter()
            .map(|range| u64::from(*range.start())..=u64::from(*range.end()));
        Self {
            value: Value::ranges(ranges),
            ..Self::new("ports", 0)
        }
    }

    /// Reserves it for this role.
    #[must_use]
    pub fn role(mut self, role: RoleName) -> Self {
        self.role = Some(role);
        self
    }

    /// Says where a disk is.
    #[must_use]
    pub fn source(mut self, source: DiskSource) -> Self {
        self.source = Some(source);
        self
    }

    /// The name, such as `cpus`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The role that it is reserved for; none for that of the agent's `--default_role`.
    #[must_use]
    pub const fn reserved_for(&self) -> Option<&RoleName> {
        self.role.as_ref()
    }

    /// The value; none if it was given one that can't be.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        self.value.as_ref().ok()
    }

    /// Where it is, of a disk.
    #[must_use]
    pub const fn disk_source(&self) -> Option<&DiskSource> {
        self.source.as_ref()
    }

    /// The name, and the role between parentheses.
    fn key(&self) -> String {
        match &self.role {
            Some(role) => format!("{}({role})", self.name),
            None => self.name.clone(),
        }
    }

    fn check(&self) -> Result<&Value, GrammarError> {
        let wrong = |why: &str| GrammarError::new(format!("resource `{}`: {why}", self.key()));
        let unfit = |c: char| "():;[]{},".contains(c) || c.is_whitespace() || c.is_control();
        if self.name.is_empty() || self.name.contains(unfit) {
            return Err(wrong(
                "a name isn't empty and has neither white space nor any of `():;[]{},`",
            ));
        }
        let value = self.value.as_ref().map_err(|error| wrong(&error.to_string()))?;
        value.check().map_err(|error| wrong(&error.to_string()))?;
        match value {
            Value::Text(text) => Err(wrong(&format!(
                "`{text}` is a text, and resources are numbers, ranges or sets"
            ))),
            Value::Scalar(number) if self.name == "gpus" && !number.is_whole() => Err(wrong("gpus are whole")),
            value if matches!(self.name.as_str(), "cpus" | "mem" | "disk" | "gpus") && value.kind() != "scalar" => {
                Err(wrong("it is a number"))
            }
            value if self.name == "ports" && value.kind() != "ranges" => {
                Err(wrong("ports are ranges, such as `[31000-32000]`"))
            }
            Value::Ranges(ranges)
                if self.name == "ports" && ranges.iter().any(|(_, end)| *end > u64::from(u16::MAX)) =>
            {
                Err(wrong("ports end at 65535"))
            }
            _ if self.source.is_some() && self.name != "disk" => Err(wrong("only disks have a source")),
            value => match &self.source {
                Some(DiskSource::Path(root) | DiskSource::Mount(root)) if !root.starts_with('/') => {
                    Err(wrong(&format!("`{root}` is no absolute path")))
                }
                _ => Ok(value),
            },
        }
    }

    fn json(&self, value: &Value) -> Json {
        let mut item = json!({"name": self.name});
        match value {
            Value::Scalar(number) => {
                #[expect(clippy::cast_precision_loss, reason = "a scalar is below 2⁵³ thousandths")]
                let decimal = number.thousandths() as f64 / 1000.0;
                item["type"] = json!("SCALAR");
                item["scalar"] = json!({"value": decimal});
            }
            Value::Ranges(ranges) => {
                let range = |(begin, end): &(u64, u64)| json!({"begin": begin, "end": end});
                item["type"] = json!("RANGES");
                item["ranges"] = json!({"range": ranges.iter().map(range).collect::<Vec<_>>()});
            }
            Value::Set(items) => {
                item["type"] = json!("SET");
                item["set"] = json!({"item": items});
            }
            Value::Text(text) => item["text"] = json!(text),
        }
        if let Some(role) = &self.role {
            item["role"] = json!(role.as_str());
        }
        if let Some(source) = &self.source {
            item["disk"] = json!({"source": match source {
                DiskSource::Path(root) => json!({"type": "PATH", "path": {"root": root}}),
                DiskSource::Mount(root) => json!({"type": "MOUNT", "mount": {"root": root}}),
                DiskSource::Block => json!({"type": "BLOCK"}),
                DiskSource::Raw => json!({"type": "RAW"}),
            }});
        }
        item
    }

    /// Reads `name(role):value`.
    fn read(item: &str) -> Result<Self, GrammarError> {
        let wrong = |why: &str| GrammarError::new(format!("`{item}` is no resource: {why}"));
        let (key, value) = match item.split(':').collect::<Vec<_>>()[..] {
            [key, value] => (key.trim(), value),
            _ => return Err(wrong("exactly one `:` stands between its name and its value")),
        };
        let (name, role) = match key.split_once('(') {
            None => (key, None),
            Some((name, rest)) => {
                let role = rest
                    .strip_suffix(')')
                    .ok_or_else(|| wrong("its role isn't between parentheses"))?;
                (
                    name,
                    Some(role.parse().map_err(|error: GrammarError| wrong(&error.to_string()))?),
                )
            }
        };
        let resource = Self {
            role,
            value: Value::read(value),
            ..Self::new(name, 0)
        };
        // Mesos joins ranges of attributes, but refuses those of resources that overlap.
        overlaps(value).map_err(|why| wrong(&why))?;
        resource.check()?;
        Ok(resource)
    }

    fn read_json(item: &Json) -> Result<Self, GrammarError> {
        let wrong = |why: &str| GrammarError::new(format!("{item} is no resource: {why}"));
        let fields = item.as_object().ok_or_else(|| wrong("it is no object"))?;
        let known = ["name", "type", "scalar", "ranges", "set", "role", "disk"];
        if let Some(field) = fields.keys().find(|field| !known.contains(&field.as_str())) {
            return Err(wrong(&format!(
                "its field `{field}` isn't looked at here: such a flag is set by `unchecked`"
            )));
        }
        let text = |pointer: &str| item.pointer(pointer).and_then(Json::as_str);
        let name = text("/name").ok_or_else(|| wrong("it has no `name`"))?;
        let value = match text("/type") {
            Some("SCALAR") => item
                .pointer("/scalar/value")
                .and_then(Json::as_f64)
                .and_then(Scalar::new)
                .map(Value::Scalar),
            Some("RANGES") => item
                .pointer("/ranges/range")
                .and_then(Json::as_array)
                .and_then(|ranges| {
                    let end = |range: &Json, end: &str| range.get(end).and_then(Json::as_u64);
                    let ranges = ranges
                        .iter()
                        .map(|range| Some(end(range, "begin")?..=end(range, "end")?));
                    Value::ranges(ranges.collect::<Option<Vec<_>>>()?).ok()
                }),
            Some("SET") => item.pointer("/set/item").and_then(Json::as_array).and_then(|items| {
                let items = items.iter().map(|item| item.as_str().map(ToOwned::to_owned));
                Some(Value::Set(items.collect::<Option<_>>()?))
            }),
            _ => return Err(wrong("its `type` is SCALAR, RANGES or SET")),
        };
        let value = value.ok_or_else(|| wrong("its value isn't of its type"))?;
        let role = text("/role").map(str::parse).transpose();
        let root = |kind: &str| {
            let root = text(&format!("/disk/source/{kind}/root")).map(ToOwned::to_owned);
            root.ok_or_else(|| wrong("its source has no `root`"))
        };
        let source = match text("/disk/source/type") {
            Some("PATH") => Some(DiskSource::Path(root("path")?)),
            Some("MOUNT") => Some(DiskSource::Mount(root("mount")?)),
            Some("BLOCK") => Some(DiskSource::Block),
            Some("RAW") => Some(DiskSource::Raw),
            Some(_) => return Err(wrong("its source is PATH, MOUNT, BLOCK or RAW")),
            None => None,
        };
        let resource = Self {
            role: role.map_err(|error: GrammarError| wrong(&error.to_string()))?,
            source,
            ..Self::new(name, value)
        };
        resource.check()?;
        Ok(resource)
    }
}

/// Whether the ranges of a text overlap: says why not.
fn overlaps(text: &str) -> Result<(), String> {
    let bare = text.replace(' ', "");
    let Some(inner) = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return Ok(());
    };
    let number = |text: &str| text.parse::<u64>().unwrap_or(0);
    let ranges = inner.split(',').filter_map(|range| range.split_once('-'));
    let mut ranges: Vec<(u64, u64)> = ranges.map(|(begin, end)| (number(begin), number(end))).collect();
    ranges.sort_unstable();
    match ranges.windows(2).find(|pair| pair[1].0 <= pair[0].1) {
        Some(pair) => Err(format!(
            "{}-{} and {}-{} overlap",
            pair[0].0, pair[0].1, pair[1].0, pair[1].1
        )),
        None => Ok(()),
    }
}

impl Resources {
    /// None: the agent finds everything out itself.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one. What Mesos wouldn't read, is told by [`check`](Self::check).
    #[must_use]
    pub fn with(mut self, resource: AgentResource) -> Self {
        self.0.push(resource);
        self
    }

    /// The resources, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &AgentResource> {
        self.0.iter()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Holds them against what Mesos reads.
    ///
    /// # Errors
    /// A name that can't be one, a value of the wrong kind, a part of a GPU, a source of anything but a disk, or one name for
    /// values of two kinds.
    pub fn check(&self) -> Result<(), GrammarError> {
        for (index, resource) in self.0.iter().enumerate() {
            let value = resource.check()?;
            let other = self.0[..index]
                .iter()
                .filter_map(|earlier| Some((earlier, earlier.value()?)));
            let mut other =
                other.filter(|(earlier, other)| earlier.name == resource.name && other.kind() != value.kind());
            if let Some((_, other)) = other.next() {
                return Err(GrammarError::new(format!(
                    "resource `{}` is a {} and a {}",
                    resource.name,
                    other.kind(),
                    value.kind()
                )));
            }
        }
        Ok(())
    }

    /// A file for each, name and content, for the directory that the packages read resources from, such as `/etc/mesos-slave/resources`.
    ///
    /// # Errors
    /// Those of [`check`](Self::check); a disk with a source, which only JSON can say; a key that can't be the name of a file.
    pub fn files(&self) -> Result<Vec<(String, String)>, GrammarError> {
        self.check()?;
        let file = |resource: &AgentResource| match &resource.source {
            Some(_) => Err(GrammarError::new(
                "a disk with a source is written as JSON, in one file `resources` in the place of the directory",
            )),
            None => attributes::file(&resource.key(), resource.check()?),
        };
        self.0.iter().map(file).collect()
    }
}

impl<const N: usize> From<[AgentResource; N]> for Resources {
    fn from(resources: [AgentResource; N]) -> Self {
        Self(resources.into())
    }
}

impl FromIterator<AgentResource> for Resources {
    fn from_iter<I: IntoIterator<Item = AgentResource>>(resources: I) -> Self {
        Self(resources.into_iter().collect())
    }
}

impl fmt::Display for Resources {
    /// As Mesos reads them; those that can't be are left out, as [`check`](Self::check) tells.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = || self.0.iter().filter_map(|resource| Some((resource, resource.value()?)));
        if self.0.iter().any(|resource| resource.source.is_some()) {
            let items: Vec<Json> = known().map(|(resource, value)| resource.json(value)).collect();
            return Json::Array(items).fmt(f);
        }
        let items: Vec<String> = known()
            .map(|(resource, value)| format!("{}:{value}", resource.key()))
            .collect();
        f.write_str(&items.join(";"))
    }
}

impl FromStr for Resources {
    type Err = GrammarError;

    /// Reads `name(role):value` with `;` between, or a JSON array.
    fn from_str(text: &str) -> Result<Self, GrammarError> {
        let resources: Self = match serde_json::from_str::<Json>(text) {
            Ok(Json::Array(items)) => items.iter().map(AgentResource::read_json).collect::<Result<_, _>>()?,
            _ => {
                let items = text.split(';').filter(|item| !item.trim().is_empty());
                items.map(AgentResource::read).collect::<Result<_, _>>()?
            }
        };
        resources.check()?;
        Ok(resources)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_read_what_they_print() {
        for text in [
            "cpus:4;mem:1024;ports:[31000-32000]",
            "cpus(prod/web):0.5",
            "bugs:{a,b}",
            r#"[{"disk":{"source":{"path":{"root":"/data"},"type":"PATH"}},"name":"disk","role":"prod","scalar":{"value":10.5},"type":"SCALAR"}]"#,
        ] {
            assert_eq!(text.parse::<Resources>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_mesos_refuses_is_refused() {
        for text in [
            "cpus",
            "cpus:four",
            "cpus:-1",
            "cpus:1:2",
            "cpus(:1",
            "cpus():1",
            "gpus:0.5",
            "ports:31000",
            "ports:[65535-65536]",
            "ports:[1-3,2-4]",
            "ports:[3-1]",
            "mem:[1-2]",
            "a:1;a(prod):{x}",
            r#"[{"name":"cpus"}]"#,
            r#"[{"name":"cpus","type":"SCALAR","scalar":{"value":-1}}]"#,
            r#"[{"name":"disk","type":"SCALAR","scalar":{"value":1},"disk":{"source":{"type":"MOUNT"}}}]"#,
            r#"[{"name":"cpus","type":"SCALAR","scalar":{"value":1},"shared":{}}]"#,
        ] {
            assert!(text.parse::<Resources>().is_err(), "{text}");
        }
        assert!(Resources::from([AgentResource::cpus(-1.0)]).check().is_err());
        assert!(Resources::from([AgentResource::cpus(f64::NAN)]).check().is_err());
        assert!(Resources::from([AgentResource::new("x", "text")]).check().is_err());
        let source = DiskSource::Mount("mnt".into());
        assert!(
            Resources::from([AgentResource::disk(1).source(source)])
                .check()
                .is_err()
        );
        assert!(
            Resources::from([AgentResource::mem(1).source(DiskSource::Raw)])
                .check()
                .is_err()
        );
    }

    #[test]
    fn each_stands_in_a_file_of_its_own() {
        let role: RoleName = "prod".parse().unwrap();
        let resources = Resources::from([AgentResource::cpus(2.0).role(role), AgentResource::ports([80..=80])]);
        let names: Vec<_> = resources.files().unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["cpus(prod)", "ports"]);
        let raw = Resources::from([AgentResource::disk(1).source(DiskSource::Raw)]);
        assert!(raw.files().is_err());
        let nested = Resources::from([AgentResource::cpus(1.0).role("a/b".parse().unwrap())]);
        assert!(nested.files().is_err());
    }
}
