use super::shell;
use crate::lint::{LintHost, RenderedFile};

/// A unit of systemd that a definition writes.
#[derive(Debug)]
pub(in super::super) struct Unit<'a, 'c> {
    /// Its file; where only drop-ins are written, the first of them.
    pub(in super::super) file: &'a RenderedFile<'c>,
    /// Its name in full: `mesos-slave.service`.
    pub(in super::super) name: &'c str,
    /// Whether the definition writes all of it and not only drop-ins for one that a package brings.
    pub(in super::super) is_whole: bool,
    /// What it and its drop-ins set.
    pub(in super::super) lines: Vec<UnitLine>,
}

/// A line of a unit: `key=value` in a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct UnitLine {
    /// The section, such as `Service`.
    pub(in super::super) section: String,
    /// The key.
    pub(in super::super) key: String,
    /// The value, with continued lines put together.
    pub(in super::super) value: String,
    /// The line on which it begins, from 1 on.
    pub(in super::super) line: usize,
}

/// Where units are.
const DIRECTORIES: [&str; 4] = [
    "/etc/systemd/system/",
    "/usr/local/lib/systemd/system/",
    "/usr/lib/systemd/system/",
    "/lib/systemd/system/",
];

/// The units of a host, each with its drop-ins.
pub(in super::super) fn units<'a, 'c>(host: &'a LintHost<'c>) -> Vec<Unit<'a, 'c>> {
    let mut units: Vec<Unit<'a, 'c>> = Vec::new();
    for file in host.files() {
        let Some(rest) = DIRECTORIES
            .iter()
            .find_map(|directory| file.path.strip_prefix(directory))
        else {
            continue;
        };
        let (name, is_whole) = match rest.split_once('/') {
            None => (rest, true),
            Some((directory, drop_in)) => match directory.strip_suffix(".d") {
                Some(name) if drop_in.strip_suffix(".conf").is_some() => (name, false),
                _ => continue,
            },
        };
        let lines = lines(&file.text);
        match units.iter_mut().find(|unit| unit.name == name) {
            None => units.push(Unit {
                file,
                name,
                is_whole,
                lines,
            }),
            // A drop-in takes effect after the unit, wherever it stands in the catalog.
            Some(unit) if is_whole => {
                unit.file = file;
                unit.is_whole = true;
                unit.lines.splice(0..0, lines);
            }
            Some(unit) => unit.lines.extend(lines),
        }
    }
    units
}

/// What a unit's file sets.
pub(in super::super) fn lines(text: &str) -> Vec<UnitLine> {
    let mut found = Vec::new();
    let mut section = String::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            name.clone_into(&mut section);
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        let mut value = value.trim().to_owned();
        while let Some(open) = value.strip_suffix('\\') {
            let next = lines.next().map_or("", |(_, line)| line.trim());
            value = format!("{open} {next}");
        }
        found.push(UnitLine {
            section: section.clone(),
            key: key.trim().to_owned(),
            value,
            line: number + 1,
        });
    }
    found
}

impl Unit<'_, '_> {
    /// What a key of `[Service]` is set to, in its order; an empty value takes back what was set before.
    pub(in super::super) fn service(&self, key: &str) -> Vec<&UnitLine> {
        let mut set = Vec::new();
        for line in self
            .lines
            .iter()
            .filter(|line| line.section == "Service" && line.key == key)
        {
            match line.value.is_empty() {
                true => set.clear(),
                false => set.push(line),
            }
        }
        set
    }

    /// The last value of a key of `[Service]`.
    pub(in super::super) fn last(&self, key: &str) -> Option<&str> {
        self.service(key).last().map(|line| line.value.as_str())
    }

    /// The commands that `ExecStart` runs, each as its words.
    pub(in super::super) fn starts(&self) -> Vec<Vec<String>> {
        let started = self.service("ExecStart");
        started
            .iter()
            .flat_map(|line| super::runs::unfolded(&shell::words(&line.value)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_read() {
        let text = "[Unit]\nAfter=a\n[Service]\n# no\nExecStart=/bin/x \\\n  --y\nRestart=always\n";
        let read: Vec<_> = lines(text)
            .into_iter()
            .map(|l| (l.section, l.key, l.value, l.line))
            .collect();
        let expected = [
            ("Unit", "After", "a", 2),
            ("Service", "ExecStart", "/bin/x  --y", 5),
            ("Service", "Restart", "always", 7),
        ];
        assert_eq!(
            read,
            expected.map(|(s, k, v, l)| (s.to_owned(), k.to_owned(), v.to_owned(), l))
        );
    }
}
