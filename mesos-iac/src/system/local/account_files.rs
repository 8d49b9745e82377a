//! The files of the user database.

use std::collections::HashMap;

/// A line of `/etc/passwd`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct User {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub comment: String,
    pub home: String,
    pub shell: String,
}

impl User {
    /// Reads a line; none: it is no entry, as the C library sees it.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let mut next = || fields.next();
        let (name, _password, uid, gid) = (next()?, next()?, next()?, next()?);
        let (comment, home, shell) = (next()?, next()?, next().unwrap_or_default());
        Some(Self {
            name: entry_name(name)?,
            uid: uid.parse().ok()?,
            gid: gid.parse().ok()?,
            comment: comment.to_owned(),
            home: home.to_owned(),
            shell: shell.to_owned(),
        })
    }
}

/// A line of `/etc/group`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub name: String,
    pub gid: u32,
    pub members: Vec<String>,
}

impl Group {
    /// Reads a line; none: it is no entry, as the C library sees it.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let mut next = || fields.next();
        let (name, _password, gid, members) = (next()?, next()?, next()?, next().unwrap_or_default());
        Some(Self {
            name: entry_name(name)?,
            gid: gid.parse().ok()?,
            members: members
                .split(',')
                .filter(|member| !member.is_empty())
                .map(str::to_owned)
                .collect(),
        })
    }
}

/// Comments, and the `+` and `-` of NIS, are no names.
fn entry_name(name: &str) -> Option<String> {
    (!name.is_empty() && !name.starts_with(['#', '+', '-'])).then(|| name.to_owned())
}

/// Entries by name and by number. Where there are several, the first counts, as for the C library.
#[derive(Debug)]
pub(super) struct Entries<T> {
    all: Vec<T>,
    names: HashMap<String, usize>,
    numbers: HashMap<u32, usize>,
}

pub(super) type Passwd = Entries<User>;
pub(super) type Groups = Entries<Group>;

impl<T> Entries<T> {
    fn read(content: &[u8], parse: fn(&str) -> Option<T>, keys: fn(&T) -> (&str, u32)) -> Self {
        let text = String::from_utf8_lossy(content);
        let all: Vec<T> = text.lines().filter_map(parse).collect();
        let mut names = HashMap::with_capacity(all.len());
        let mut numbers = HashMap::with_capacity(all.len());
        for (index, entry) in all.iter().enumerate() {
            let (name, number) = keys(entry);
            names.entry(name.to_owned()).or_insert(index);
            numbers.entry(number).or_insert(index);
        }
        Self { all, names, numbers }
    }

    pub(super) fn by_name(&self, name: &str) -> Option<&T> {
        self.names.get(name).and_then(|index| self.all.get(*index))
    }

    pub(super) fn by_number(&self, number: u32) -> Option<&T> {
        self.numbers.get(&number).and_then(|index| self.all.get(*index))
    }
}

impl Entries<User> {
    pub(super) fn parse(content: &[u8]) -> Self {
        Self::read(content, User::parse, |user| (&user.name, user.uid))
    }
}

impl Entries<Group> {
    pub(super) fn parse(content: &[u8]) -> Self {
        Self::read(content, Group::parse, |group| (&group.name, group.gid))
    }

    /// The names of the groups that list the user as a member, sorted.
    pub(super) fn with_member(&self, user: &str) -> Vec<String> {
        let groups = self
            .all
            .iter()
            .filter(|group| group.members.iter().any(|member| member == user));
        let mut names: Vec<String> = groups.map(|group| group.name.clone()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// What `/etc/nsswitch.conf` says of where users and groups come from.
#[derive(Debug, Default)]
pub(super) struct Sources {
    beyond: Vec<String>,
}

impl Sources {
    /// Sources that add nothing which is kept anywhere: `systemd` makes up the users of running units.
    const OWN: [&'static str; 3] = ["files", "compat", "systemd"];

    pub(super) fn parse(content: &[u8]) -> Self {
        let text = String::from_utf8_lossy(content);
        let lines = text.lines().filter_map(|line| line.split('#').next()?.split_once(':'));
        let goes_beyond = |sources: &str| {
            let mut words = sources
                .split_whitespace()
                .filter(|word| !word.starts_with('[') && !word.ends_with(']'));
            words.any(|word| !Self::OWN.contains(&word))
        };
        let beyond = lines
            .filter(|(_, sources)| goes_beyond(sources))
            .map(|(database, _)| database.trim().to_owned());
        Self {
            beyond: beyond.collect(),
        }
    }

    /// Whether entries of the database may come from anywhere but its file.
    pub(super) fn go_beyond_files(&self, database: &str) -> bool {
        self.beyond.iter().any(|name| name == database)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_read_as_the_c_library_reads_them() {
        let text = "root:x:0:0:root:/root:/bin/bash\n\n# a comment\n+nis::::::\nbroken:x:a:0:::\n\
                    zookeeper:x:110:116:ZooKeeper,,,:/var/lib/zookeeper:/usr/sbin/nologin\ntoor:x:0:0::/root:\n";
        let passwd = Passwd::parse(text.as_bytes());
        assert_eq!(passwd.all.len(), 3);
        assert_eq!(passwd.by_number(0).unwrap().name, "root");
        let user = passwd.by_name("zookeeper").unwrap();
        assert_eq!((user.uid, user.gid, user.comment.as_str()), (110, 116, "ZooKeeper,,,"));
        assert_eq!(
            (user.home.as_str(), user.shell.as_str()),
            ("/var/lib/zookeeper", "/usr/sbin/nologin")
        );
        assert!(passwd.by_name("+nis").is_none() && passwd.by_name("broken").is_none());
    }

    #[test]
    fn groups_know_their_members() {
        let groups = Groups::parse(b"root:x:0:\nwheel:x:10:bob,alice\nadm:x:4:alice\n");
        assert_eq!(groups.by_name("wheel").unwrap().members, ["bob", "alice"]);
        assert_eq!(groups.with_member("alice"), ["adm", "wheel"]);
        assert!(groups.with_member("root").is_empty());
    }

    #[test]
    fn only_real_directories_go_beyond_the_files() {
        let sources = Sources::parse(b"# x\npasswd: files systemd # sss\ngroup: files [!UNAVAIL=return] sss\n");
        assert!(!sources.go_beyond_files("passwd"));
        assert!(sources.go_beyond_files("group"));
        assert!(!Sources::parse(b"").go_beyond_files("passwd"));
    }
}
