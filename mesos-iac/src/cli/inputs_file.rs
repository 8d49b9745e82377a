use super::error::CliError;
use crate::model::{HostInput, InputValue, Inputs, RawValue};
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

const SHAPE: &str =
    "the file holds a table `set` (KEY = VALUE) and tables `host.PATTERN` with address, connect, user, port and set";

const AS_TEXT: &str = "save the file as UTF-8 text";

/// Gathers `--set` and `--inputs`. What is given later shadows what was given earlier; `--set` comes last.
pub(super) fn gather(set: &[String], files: &[PathBuf]) -> Result<Inputs, CliError> {
    let mut inputs = Inputs::default();
    for file in files {
        let text = std::fs::read_to_string(file).map_err(|error| {
            let failed = CliError::usage(format!("failed to read the inputs {}: {error}", file.display()));
            match error.kind() {
                ErrorKind::NotFound => {
                    failed.hinted("name a TOML file that is there; a relative path begins where the program is started")
                }
                ErrorKind::InvalidData => failed.hinted(AS_TEXT),
                _ => failed.hinted("name a TOML file that this program may read"),
            }
        })?;
        read(&text, file, &mut inputs)?;
    }
    for pair in set {
        let Some((key, value)) = pair.split_once('=') else {
            return Err(CliError::usage("`--set` needs KEY=VALUE: there is no `=` in it"));
        };
        inputs.attributes.push(InputValue {
            key: key.trim().to_owned(),
            value: RawValue::Text(value.to_owned()),
            origin: "--set".into(),
        });
    }
    Ok(inputs)
}

/// The keys that lead to a value, from the top: `host`, `web-0`, `address`.
type Way = Vec<String>;

/// A file that is read, and on which line each of its keys stands.
struct Source {
    file: String,
    lines: BTreeMap<Way, usize>,
}

impl Source {
    fn new(text: &str, file: &Path) -> Result<Self, CliError> {
        let mut source = Self {
            file: file.display().to_string(),
            lines: BTreeMap::new(),
        };
        let table = DeTable::parse(text).map_err(|error| source.unreadable(text, &error))?;
        let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
        source.note_lines(&ends, &mut Vec::new(), table.get_ref());
        Ok(source)
    }

    /// Notes on which lines the keys of a table stand, in a text whose lines end there.
    fn note_lines(&mut self, ends: &[usize], way: &mut Way, table: &DeTable<'_>) {
        for (key, value) in table {
            way.push(key.get_ref().clone().into_owned());
            let line = ends.partition_point(|end| *end < key.span().start) + 1;
            self.lines.insert(way.clone(), line);
            if let DeValue::Table(inner) = value.get_ref() {
                self.note_lines(ends, way, inner);
            }
            way.pop();
        }
    }

    /// Where a key stands: `lab.toml:3`.
    fn at(&self, way: &[String]) -> String {
        match self.lines.get(way) {
            Some(line) => format!("{}:{line}", self.file),
            None => self.file.clone(),
        }
    }

    fn wrong(&self, way: &[String], why: &str) -> CliError {
        wrong(&self.at(way), why)
    }

    /// What the reader of TOML says, with the line and what stands there.
    fn unreadable(&self, text: &str, error: &toml::de::Error) -> CliError {
        let at = match error.span() {
            Some(span) => format!("{}:{}", self.file, line_of(text, span.start)),
            None => self.file.clone(),
        };
        wrong(&at, error.message()).detailed(&error.to_string())
    }
}

fn wrong(at: &str, why: &str) -> CliError {
    CliError::usage(format!("failed to read the inputs {at}: {why}")).hinted(SHAPE)
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// The way to what stands one key further.
fn to(way: &[String], key: &str) -> Way {
    [way, &[key.to_owned()]].concat()
}

fn read(text: &str, file: &Path, inputs: &mut Inputs) -> Result<(), CliError> {
    if let Some(at) = text.find('\0') {
        let at = format!("{}:{}", file.display(), line_of(text, at));
        return Err(wrong(&at, "there is a NUL byte on this line").hinted(AS_TEXT));
    }
    let source = Source::new(text, file)?;
    let table: Table = text
        .parse()
        .map_err(|error: toml::de::Error| source.unreadable(text, &error))?;
    for (name, value) in table {
        let way = to(&[], &name);
        match (name.as_str(), value) {
            ("set", Value::Table(values)) => inputs.attributes.extend(attributes(&source, &way, values)?),
            ("host", Value::Table(hosts)) => {
                for (pattern, value) in hosts {
                    let way = to(&way, &pattern);
                    let Value::Table(fields) = value else {
                        return Err(source.wrong(&way, &format!("`host.{pattern}` is no table")));
                    };
                    inputs.hosts.push(host(&source, &way, pattern, fields)?);
                }
            }
            (other, _) => return Err(source.wrong(&way, &format!("`{other}` means nothing here"))),
        }
    }
    Ok(())
}

fn host(source: &Source, way: &[String], pattern: String, fields: Table) -> Result<HostInput, CliError> {
    let mut input = HostInput {
        pattern,
        origin: source.file.clone(),
        line: source.lines.get(way).copied(),
        ..HostInput::default()
    };
    for (name, value) in fields {
        let way = to(way, &name);
        let wrong = |what: &str| source.wrong(&way, &format!("`{}` {what}", way.join(".")));
        match (name.as_str(), value) {
            (_, Value::String(text)) if text.contains('\0') => return Err(wrong("has a NUL byte in it")),
            ("address", Value::String(text)) => input.address = Some(text),
            ("connect", Value::String(text)) => input.connect = Some(text),
            ("user", Value::String(text)) => input.user = Some(text),
            ("port", Value::Integer(port)) => {
                input.port = Some(u16::try_from(port).map_err(|_| wrong("is no port"))?);
            }
            ("set", Value::Table(values)) => input.attributes = attributes(source, &way, values)?,
            _ => return Err(wrong("means nothing here, or has the wrong type")),
        }
    }
    Ok(input)
}

fn attributes(source: &Source, way: &[String], values: Table) -> Result<Vec<InputValue>, CliError> {
    let mut all: Vec<InputValue> = Vec::new();
    flatten(source, way, "", values, &mut all)?;
    // TOML sees no double in `"lab.port" = 1` beside `lab.port = 2`.
    let mut seen = BTreeSet::new();
    if let Some(twice) = all.iter().find(|input| !seen.insert(&input.key)) {
        let why = format!(
            "`{}` gives `{}` twice, as a table and in quotes: keep one of them",
            way.join("."),
            twice.key
        );
        return Err(wrong(&twice.origin, &why));
    }
    Ok(all)
}

/// A prefix may be written as a table: `[set.lab] port = 5050` is `set."lab.port" = 5050`.
fn flatten(
    source: &Source,
    way: &[String],
    prefix: &str,
    values: Table,
    all: &mut Vec<InputValue>,
) -> Result<(), CliError> {
    for (name, value) in values {
        let way = to(way, &name);
        let key = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            Value::Table(inner) => flatten(source, &way, &key, inner, all)?,
            // No argument, variable or line of a configuration can carry one.
            value if has_nul(&value) => {
                let wrong = source.wrong(&way, &format!("the value of `{key}` has a NUL byte in it"));
                return Err(wrong.hinted("take the `\\u0000` out of it"));
            }
            value => all.push(InputValue {
                value: RawValue::Data(serde_json::to_value(value)?),
                key,
                origin: source.at(&way),
            }),
        }
    }
    Ok(())
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Table(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Inputs, String> {
        let mut inputs = Inputs::default();
        read(text, Path::new("lab.toml"), &mut inputs).map_err(|error| error.render(crate::report::Paint::plain()))?;
        Ok(inputs)
    }

    #[test]
    fn attributes_and_hosts_are_read() {
        let inputs = parse(
            "[set]\nzookeeper_ip = '10.0.0.1'\nlab.port = 5050\n[host.backend-0-0]\naddress = '198.18.0.11'\nset.is_mesos_master = true\n[host.'backend-*']\nuser = 'deploy'\nport = 2222\n",
        )
        .unwrap();
        let keys: Vec<&str> = inputs.attributes.iter().map(|input| input.key.as_str()).collect();
        assert_eq!(keys, ["lab.port", "zookeeper_ip"]);
        let origins: Vec<&str> = inputs.attributes.iter().map(|input| input.origin.as_str()).collect();
        assert_eq!(origins, ["lab.toml:3", "lab.toml:2"]);
        assert!(inputs.hosts.iter().any(|host| {
            let origins: Vec<&str> = host.attributes.iter().map(|input| input.origin.as_str()).collect();
            origins == ["lab.toml:6"]
        }));
        assert_eq!(inputs.hosts.len(), 2);
        assert!(
            inputs
                .hosts
                .iter()
                .any(|host| host.port == Some(2222) && host.user.as_deref() == Some("deploy"))
        );
    }

    #[test]
    fn mistakes_name_the_file_and_the_field() {
        for (text, why) in [
            ("\n\nsett = 1", "lab.toml:3: `sett` means nothing here"),
            ("[host.a]\n# typo\nadress = 'x'", "lab.toml:3: `host.a.adress`"),
            ("[host.a]\nport = 70000", "lab.toml:2: `host.a.port` is no port"),
            ("host.a.address = 1", "lab.toml:1: `host.a.address`"),
            ("a = 1\n[set", "lab.toml:2: "),
            // The reader of values finds this one, not that of TOML.
            ("[set]\nn = 99999999999999999999", "lab.toml:2: "),
            ("[set]\na = 1\nb = '\0'", "lab.toml:3: there is a NUL byte on this line"),
            (
                "[set]\nlab.a = \"x\\u0000\"",
                "lab.toml:2: the value of `lab.a` has a NUL byte in it",
            ),
            ("[set]\na = ['x', \"\\u0000\"]", "the value of `a` has a NUL byte in it"),
            ("[host.a]\nuser = \"\\u0000\"", "`host.a.user` has a NUL byte in it"),
            ("\nhost.a = 1", "lab.toml:2: `host.a` is no table"),
            (
                "[set]\nlab.port = 1\n'lab.port' = 2",
                "lab.toml:3: `set` gives `lab.port` twice, as a table and in quotes",
            ),
            (
                "[host.a.set]\nlab.port = 1\n'lab.port' = 1",
                "`host.a.set` gives `lab.port` twice",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(why) && error.contains("lab.toml"), "{text}: {error}");
        }
    }
}
