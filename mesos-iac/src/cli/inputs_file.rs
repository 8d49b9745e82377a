use super::error::CliError;
use crate::model::{HostInput, InputValue, Inputs, RawValue};
use std::collections::BTreeSet;
use std::path::Path;
use toml::{Table, Value};

const SHAPE: &str =
    "the file holds a table `set` (KEY = VALUE) and tables `host.PATTERN` with address, connect, user, port and set";

/// Gathers `--set` and `--inputs`. What is given later shadows what was given earlier; `--set` comes last.
pub(super) fn gather(set: &[String], files: &[std::path::PathBuf]) -> Result<Inputs, CliError> {
    let mut inputs = Inputs::default();
    for file in files {
        let text = std::fs::read_to_string(file)
            .map_err(|error| CliError::usage(format!("failed to read the inputs {}: {error}", file.display())))?;
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

fn read(text: &str, file: &Path, inputs: &mut Inputs) -> Result<(), CliError> {
    let origin = file.display().to_string();
    let wrong = |why: String| CliError::usage(format!("failed to read the inputs {origin}: {why}")).hinted(SHAPE);
    if let Some(at) = text.find('\0') {
        let line = text[..at].matches('\n').count() + 1;
        return Err(wrong(format!("line {line} has a NUL byte in it")).hinted("save the file as UTF-8 text"));
    }
    let table: Table = text
        .parse()
        .map_err(|error: toml::de::Error| wrong(error.message().to_owned()).detailed(&error.to_string()))?;
    for (name, value) in table {
        match (name.as_str(), value) {
            ("set", Value::Table(values)) => inputs.attributes.extend(attributes("set", values, &origin, &wrong)?),
            ("host", Value::Table(hosts)) => {
                for (pattern, value) in hosts {
                    let Value::Table(fields) = value else {
                        return Err(wrong(format!("`host.{pattern}` is no table")));
                    };
                    inputs.hosts.push(host(pattern, fields, &origin, &wrong)?);
                }
            }
            (other, _) => return Err(wrong(format!("`{other}` means nothing here"))),
        }
    }
    Ok(())
}

fn host(
    pattern: String,
    fields: Table,
    origin: &str,
    wrong: &impl Fn(String) -> CliError,
) -> Result<HostInput, CliError> {
    let mut input = HostInput {
        pattern,
        origin: origin.to_owned(),
        ..HostInput::default()
    };
    for (name, value) in fields {
        match (name.as_str(), value) {
            (_, Value::String(text)) if text.contains('\0') => {
                return Err(wrong(format!("`host.{}.{name}` has a NUL byte in it", input.pattern)));
            }
            ("address", Value::String(text)) => input.address = Some(text),
            ("connect", Value::String(text)) => input.connect = Some(text),
            ("user", Value::String(text)) => input.user = Some(text),
            ("port", Value::Integer(port)) => {
                let port =
                    u16::try_from(port).map_err(|_| wrong(format!("`host.{}.port` is no port", input.pattern)))?;
                input.port = Some(port);
            }
            ("set", Value::Table(values)) => {
                let table = format!("host.{}.set", input.pattern);
                input.attributes = attributes(&table, values, origin, wrong)?;
            }
            (other, _) => {
                return Err(wrong(format!(
                    "`host.{}.{other}` means nothing here, or has the wrong type",
                    input.pattern
                )));
            }
        }
    }
    Ok(input)
}

fn attributes(
    table: &str,
    values: Table,
    origin: &str,
    wrong: &impl Fn(String) -> CliError,
) -> Result<Vec<InputValue>, CliError> {
    let mut all: Vec<InputValue> = Vec::new();
    flatten("", values, origin, &mut all)?;
    // TOML sees no double in `"lab.port" = 1` beside `lab.port = 2`.
    let mut seen = BTreeSet::new();
    if let Some(twice) = all.iter().find(|input| !seen.insert(&input.key)) {
        return Err(wrong(format!(
            "`{table}` gives `{}` twice, as a table and in quotes: keep one of them",
            twice.key
        )));
    }
    Ok(all)
}

/// A prefix may be written as a table: `[set.lab] port = 5050` is `set."lab.port" = 5050`.
fn flatten(prefix: &str, values: Table, origin: &str, all: &mut Vec<InputValue>) -> Result<(), CliError> {
    for (name, value) in values {
        let key = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            Value::Table(inner) => flatten(&key, inner, origin, all)?,
            // No argument, variable or line of a configuration can carry one.
            value if has_nul(&value) => {
                let why = format!("failed to read the inputs {origin}: the value of `{key}` has a NUL byte in it");
                return Err(CliError::usage(why).hinted("take the `\\u0000` out of it"));
            }
            value => all.push(InputValue {
                value: RawValue::Data(serde_json::to_value(value)?),
                key,
                origin: origin.to_owned(),
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
            ("sett = 1", "`sett` means nothing here"),
            ("[host.a]\nadress = 'x'", "`host.a.adress`"),
            ("[host.a]\nport = 70000", "no port"),
            ("[host.a]\naddress = 1", "`host.a.address`"),
            ("[set", "lab.toml"),
            ("[set]\na = 1\nb = '\0'", "line 3 has a NUL byte in it"),
            (
                "[set]\nlab.a = \"x\\u0000\"",
                "the value of `lab.a` has a NUL byte in it",
            ),
            ("[set]\na = ['x', \"\\u0000\"]", "the value of `a` has a NUL byte in it"),
            ("[host.a]\nuser = \"\\u0000\"", "`host.a.user` has a NUL byte in it"),
            ("host.a = 1", "no table"),
            (
                "[set]\nlab.port = 1\n'lab.port' = 2",
                "`set` gives `lab.port` twice, as a table and in quotes",
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
