/// A variable that a file such as `/etc/default/mesos` sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Variable {
    /// Its name.
    pub(in super::super) name: String,
    /// Its value without the quotes around it; what a shell would put in its place is left as it stands.
    pub(in super::super) value: String,
    /// The line, from 1 on.
    pub(in super::super) line: usize,
}

/// The variables of a file that a shell or systemd reads: `NAME=value`, `export NAME=value`.
pub(in super::super) fn variables(text: &str) -> impl Iterator<Item = Variable> {
    text.lines().enumerate().filter_map(|(number, line)| {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
        let (name, value) = line.split_once('=')?;
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        is_name.then(|| Variable {
            name: name.to_owned(),
            value: unquoted(value),
            line: number + 1,
        })
    })
}

fn unquoted(value: &str) -> String {
    let value = value.trim();
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote)
            && let Some((inner, _)) = rest.split_once(quote)
        {
            return inner.to_owned();
        }
    }
    // A comment begins where a word does.
    match value.split_once(" #") {
        Some((value, _)) => value.trim_end().to_owned(),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_as_a_shell_reads_them() {
        let text =
            "# PORT=1\nPORT=5050\nexport ULIMIT=\"-n 8192\"\nZK=`cat /etc/mesos/zk`\nX='a b' # c\n[ -z $Y ] && Y=1\n";
        let read: Vec<_> = variables(text).map(|v| (v.name, v.value, v.line)).collect();
        let expected = [
            ("PORT", "5050", 2),
            ("ULIMIT", "-n 8192", 3),
            ("ZK", "`cat /etc/mesos/zk`", 4),
            ("X", "a b", 5),
        ];
        assert_eq!(
            read,
            expected.map(|(name, value, line)| (name.to_owned(), value.to_owned(), line))
        );
    }
}
