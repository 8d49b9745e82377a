/// Says which of the known names was probably meant; `otherwise` if none is close.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>, otherwise: &str) -> String {
    let close = known
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(name.len()) / 3)
        .min();
    match close {
        Some((_, candidate)) => format!("did you mean `{candidate}`?"),
        None => otherwise.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_close_names_are_suggested() {
        let known = || ["zookeeper_ip", "mesos_cluster_name"].into_iter();
        assert_eq!(nearest("zookeper_ip", known(), ""), "did you mean `zookeeper_ip`?");
        assert_eq!(nearest("rack", known(), "see the list"), "see the list");
    }
}
