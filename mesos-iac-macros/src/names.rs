//! Names that users give and names that they mistype.

/// The known name that is nearest to one that isn't known, if it is near enough to be a slip of the finger.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let close = known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(name.len()) / 3)
        .min();
    close.map(|(_, candidate)| candidate)
}

/// What was probably meant by a name that isn't known: the nearest known one, or any of them.
pub(crate) fn suggest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(name, known.iter().copied()) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None if known.is_empty() => otherwise.to_owned(),
        None => format!("expected {}", list(&known)),
    }
}

/// Names in backticks, with commas between them.
pub(crate) fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// A role's own name: it stands in commands and directory names.
pub(crate) fn is_role_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The name of a kind, by the rule of the library's `KindName`: `owner.kind` in lower case.
pub(crate) fn is_kind_name(name: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
    };
    name.split('.').count() >= 2 && name.split('.').all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_name_is_suggested_else_all_are_listed() {
        assert_eq!(suggest("nmae", ["name", "attributes"], ""), "did you mean `name`?");
        assert_eq!(
            suggest("kind", ["name", "attributes"], ""),
            "expected `name`, `attributes`"
        );
        assert_eq!(suggest("kind", [], "it has no fields"), "it has no fields");
    }

    #[test]
    fn names_are_lower_case() {
        for good in ["zookeeper", "mesos-node", "m3"] {
            assert!(is_role_name(good), "{good}");
        }
        for bad in ["", "Zookeeper", "mesos_node", "-a", "3m", "a.b", "é"] {
            assert!(!is_role_name(bad), "{bad}");
        }
        for good in ["core.file", "my_roles.hdfs-dir", "a.b.c"] {
            assert!(is_kind_name(good), "{good}");
        }
        for bad in [
            "",
            "file",
            "core.",
            ".file",
            "Core.file",
            "core..file",
            "core.3",
            "core file.x",
        ] {
            assert!(!is_kind_name(bad), "{bad}");
        }
    }
}
