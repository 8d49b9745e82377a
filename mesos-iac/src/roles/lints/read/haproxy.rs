use crate::lint::{LintHost, RenderedFile};
use std::ops::RangeInclusive;

/// A section of HAProxy's configuration: `frontend web`, and the lines below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Section {
    /// `global`, `defaults`, `frontend`, `backend`, `listen` and the rarer ones.
    pub(in super::super) kind: String,
    /// Its name; empty where it has none.
    pub(in super::super) name: String,
    /// The line on which it begins, from 1 on.
    pub(in super::super) line: usize,
    /// What stands in it.
    pub(in super::super) lines: Vec<Line>,
}

/// A line of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Line {
    /// Its number in the file, from 1 on.
    pub(in super::super) number: usize,
    /// Its words.
    pub(in super::super) words: Vec<String>,
}

const SECTIONS: [&str; 17] = [
    "global",
    "defaults",
    "frontend",
    "backend",
    "listen",
    "peers",
    "resolvers",
    "userlist",
    "mailers",
    "cache",
    "program",
    "http-errors",
    "ring",
    "log-forward",
    "fcgi-app",
    "crt-store",
    "traces",
];

/// The configurations of HAProxy on a host, each with its sections.
pub(in super::super) fn configs<'a, 'c>(
    host: &'a LintHost<'c>,
) -> impl Iterator<Item = (&'a RenderedFile<'c>, Vec<Section>)> {
    let is_config = |path: &str| {
        path.strip_suffix(".cfg").is_some() && path.split('/').any(|part| part == "haproxy" || part == "haproxy.cfg")
    };
    host.files()
        .iter()
        .filter(move |file| is_config(file.path))
        .map(|file| (file, sections(&file.text)))
}

/// The sections of a configuration.
pub(in super::super) fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let words = words(line);
        let Some(first) = words.first() else { continue };
        if SECTIONS.contains(&first.as_str()) {
            sections.push(Section {
                kind: first.clone(),
                name: words.get(1).cloned().unwrap_or_default(),
                line: number + 1,
                lines: Vec::new(),
            });
            // Before 1.5, an address could stand beside the name.
            if let Some(address) = words.get(2).filter(|word| word.contains(':') && first != "backend")
                && let Some(section) = sections.last_mut()
            {
                section.lines.push(Line {
                    number: number + 1,
                    words: vec!["bind".to_owned(), address.clone()],
                });
            }
        } else if let Some(section) = sections.last_mut() {
            section.lines.push(Line {
                number: number + 1,
                words,
            });
        }
    }
    sections
}

impl Section {
    /// The lines that begin with this word, each with what comes after it.
    pub(in super::super) fn all<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = (&'a Line, &'a [String])> {
        self.lines.iter().filter_map(move |line| {
            let (first, rest) = line.words.split_first()?;
            (first == keyword).then_some((line, rest))
        })
    }

    /// Whether a line begins with these words.
    pub(in super::super) fn has(&self, words: &[&str]) -> bool {
        let begins = |line: &Line| line.words.len() >= words.len() && line.words.iter().zip(words).all(|(a, b)| a == b);
        self.lines.iter().any(begins)
    }

    /// The addresses and ports that it binds: `*`, an address or nothing, and a range of ports, which is never taken apart.
    pub(in super::super) fn binds(&self) -> impl Iterator<Item = (&Line, &str, RangeInclusive<u16>)> {
        self.all("bind").flat_map(|(line, rest)| {
            let addresses = rest.first().map_or("", String::as_str).split(',');
            addresses.filter_map(move |address| {
                let (host, ports) = address.rsplit_once(':')?;
                let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
                let (first, last) = (first.parse().ok()?, last.parse().ok()?);
                (first <= last).then_some((line, host, first..=last))
            })
        })
    }
}

/// Words are set apart by spaces, but for quoted and escaped ones; `#` begins a comment.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\\') => word.get_or_insert_default().extend(chars.next()),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') => break,
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_read() {
        let text =
            "global\n  daemon # yes\n\nlisten web-80\n  bind 0.0.0.0:80,:8000-8001\n  server a\\ b 1.2.3.4:1 check\n";
        let sections = sections(text);
        assert_eq!(sections.len(), 2);
        assert!(sections[0].has(&["daemon"]));
        assert_eq!((sections[1].name.as_str(), sections[1].line), ("web-80", 4));
        let binds: Vec<_> = sections[1]
            .binds()
            .map(|(line, host, port)| (line.number, host, port))
            .collect();
        assert_eq!(binds, [(5, "0.0.0.0", 80..=80), (5, "", 8000..=8001)]);
        assert_eq!(sections[1].lines[1].words[1], "a b");
    }

    #[test]
    fn an_address_beside_the_name_is_a_bind() {
        let sections = sections("listen stats 127.0.0.1:9090\n");
        let binds: Vec<_> = sections[0].binds().map(|(_, host, port)| (host, port)).collect();
        assert_eq!(binds, [("127.0.0.1", 9090..=9090)]);
    }
}
