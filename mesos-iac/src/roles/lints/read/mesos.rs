use super::release::{self, Release};
use super::variables::variables;
use super::{shell, unit};
use crate::kinds::{Directory, File, Service};
use crate::lint::LintHost;
use crate::roles::Version;
use crate::roles::flags::{Agent, Facts, Master, Span, facts};
pub(in super::super) use crate::roles::mesos::Daemon;
use crate::words::ResourceId;
use std::fmt;

/// What a host's daemon is told, and by what.
#[derive(Debug)]
pub(in super::super) struct Mesos<'c> {
    pub(in super::super) daemon: Daemon,
    /// Everything, in the order of its sources, with what the package leaves there.
    pub(in super::super) settings: Vec<Setting<'c>>,
    /// Variables of its environment that are for something else than a flag, by their whole names.
    pub(in super::super) variables: Vec<Setting<'c>>,
    /// The release, where the package's version is pinned or a role says it.
    pub(in super::super) release: Option<Release>,
    /// Whether it is the package's start script that starts it, which reads `/etc/mesos-…` and `/etc/default`.
    pub(in super::super) by_wrapper: bool,
    /// The role by which the start script is called and its files are named: `master`, `slave` or `agent`.
    pub(in super::super) role: &'static str,
}

/// A flag that is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Setting<'c> {
    /// Its name as it is written, in lower case.
    pub(in super::super) name: String,
    pub(in super::super) value: String,
    /// Where it stands: `/etc/mesos-master/quorum`, or `` `IP` of /etc/default/mesos ``.
    pub(in super::super) place: String,
    /// The resource; none where the package leaves it there.
    pub(in super::super) id: Option<&'c ResourceId>,
    pub(in super::super) way: Way,
}

/// How a flag reaches a daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Way {
    /// On its command line, whoever puts it there.
    Line,
    /// By a variable that the start script makes of a file.
    Exported,
    /// By a variable of its environment, which the command line beats.
    Environment,
}

/// A program that a unit or a job of upstart starts.
#[derive(Debug)]
pub(in super::super) struct Start<'c> {
    pub(in super::super) id: &'c ResourceId,
    pub(in super::super) place: String,
    /// From the program on.
    pub(in super::super) words: Vec<String>,
    /// The unit's name; none for upstart.
    pub(in super::super) unit: Option<&'c str>,
}

/// What the package leaves in `/etc/mesos/zk`.
const PACKAGED_ZK: &str = "zk://localhost:2181/mesos";

impl Daemon {
    pub(in super::super) const BOTH: [Self; 2] = [Self::Master, Self::Agent];

    /// Its units' names, without `.service`.
    pub(in super::super) const fn units(self) -> &'static [&'static str] {
        match self {
            Self::Master => &["mesos-master"],
            Self::Agent => &["mesos-slave", "mesos-agent"],
        }
    }

    pub(in super::super) const fn other(self) -> Self {
        match self {
            Self::Master => Self::Agent,
            Self::Agent => Self::Master,
        }
    }

    /// The flag that says where ZooKeeper is.
    pub(in super::super) const fn zk_flag(self) -> &'static str {
        match self {
            Self::Master => "zk",
            Self::Agent => "master",
        }
    }

    const fn roles(self) -> &'static [&'static str] {
        match self {
            Self::Master => &["master"],
            Self::Agent => &["slave", "agent"],
        }
    }

    /// Whether the definition says that it runs, or that it doesn't.
    pub(in super::super) fn is_said_to_run(self, host: &LintHost<'_>) -> Option<bool> {
        let services = self.units().iter().filter_map(|unit| host.get::<Service>(unit));
        let said = services.filter_map(|service| match (service.is_running(), service.is_enabled()) {
            (Some(true), _) | (None, Some(true)) => Some(true),
            (Some(false), _) | (None, Some(false)) => Some(false),
            (None, None) => None,
        });
        if let Some(said) = said.reduce(|one, other| one || other) {
            return Some(said);
        }
        let masked = |unit: &&str| {
            let off = |path: String| host.get::<File>(&path).is_some_and(|file| !file.is_present());
            let manual = host.file(&format!("/etc/init/{unit}.override"));
            let job = format!("/etc/init/{unit}.conf");
            manual.is_some_and(|file| file.text.trim() == "manual")
                || host.file(&job).is_some_and(|file| !starts_by_itself(&file.text))
                || off(job)
        };
        self.units().iter().any(masked).then_some(false)
    }

    /// What is known of a flag, by whichever of its names.
    fn flag(self, name: &str) -> Option<&'static Facts> {
        let is_it = |facts: &&Facts| is_called(facts, name);
        match self {
            Self::Master => facts::<Master>().find(is_it),
            Self::Agent => facts::<Agent>().find(is_it),
        }
    }

    /// The newest name of a flag.
    pub(in super::super) fn newest(self, name: &str) -> &str {
        self.flag(name).map_or(name, |facts| facts.name())
    }

    /// The newest name of a flag whose other name this release only just reads, and the version that began to.
    pub(in super::super) fn deprecated(self, name: &str, release: Release) -> Option<(&'static str, Version)> {
        let facts = self.flag(name)?;
        let (_, spans) = facts.deprecated_name().filter(|(old, _)| *old == name)?;
        let version = release.version();
        let within = |span: &Span| span.from <= version && span.before.is_none_or(|before| version < before);
        let first = spans.iter().next()?.from;
        spans.iter().find(within).map(|_| (facts.name(), first))
    }
}

fn is_called(facts: &Facts, name: &str) -> bool {
    let others = [facts.former(), facts.deprecated_name()];
    facts.name() == name || others.into_iter().flatten().any(|(other, _)| other == name)
}

impl fmt::Display for Daemon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Master => "master",
            Self::Agent => "agent",
        })
    }
}

/// What this daemon of a host is told; none if the host doesn't run it.
pub(in super::super) fn mesos<'c>(host: &LintHost<'c>, daemon: Daemon) -> Option<Mesos<'c>> {
    let own = starts(host).into_iter().find(|start| match start.program() {
        "mesos-master" => daemon == Daemon::Master,
        "mesos-slave" | "mesos-agent" => daemon == Daemon::Agent,
        "mesos-init-wrapper" => start
            .words
            .get(1)
            .is_some_and(|role| daemon.roles().contains(&role.as_str())),
        _ => false,
    });
    let by_wrapper = own.as_ref().is_none_or(|start| start.program() == "mesos-init-wrapper");
    let has_files = |role: &&&str| {
        let directory = format!("/etc/mesos-{role}/");
        let default = format!("/etc/default/mesos-{role}");
        host.files()
            .iter()
            .any(|file| file.path.starts_with(&directory) || file.path == default)
    };
    let said_role = own.as_ref().and_then(|start| {
        let role = start.words.get(1).filter(|_| by_wrapper)?;
        daemon.roles().iter().find(|known| *known == role)
    });
    let role_of_files = daemon.roles().iter().find(has_files);
    let runs = daemon.is_said_to_run(host).unwrap_or_else(|| {
        let other = daemon.other().is_said_to_run(host) == Some(true);
        own.is_some() || (role_of_files.is_some() && !other)
    });
    if !runs {
        return None;
    }
    let role = said_role.or(role_of_files).unwrap_or(&daemon.roles()[0]);
    let mut mesos = Mesos {
        daemon,
        settings: Vec::new(),
        variables: Vec::new(),
        release: release::of_mesos(host, daemon),
        by_wrapper,
        role,
    };
    // Where neither its package nor any of its files is declared, nothing is known of what it is told.
    let is_declared = release::package(host, &["mesos"]).is_some()
        || host
            .files()
            .iter()
            .any(|file| file.path.starts_with("/etc/mesos") || file.path.starts_with("/etc/default/mesos"));
    if by_wrapper && is_declared {
        mesos.read_defaults(host);
        mesos.read_directory(host);
    } else if let Some(start) = own.as_ref().filter(|_| !by_wrapper) {
        mesos.read_words(start);
    }
    mesos.read_unit_environment(host, own.as_ref());
    Some(mesos)
}

/// Whether upstart starts a job without being told to by hand.
fn starts_by_itself(job: &str) -> bool {
    job.lines().any(|line| line.trim_start().starts_with("start on "))
}

/// Everything that units and jobs of upstart start by themselves.
pub(in super::super) fn starts<'c>(host: &LintHost<'c>) -> Vec<Start<'c>> {
    let mut starts = Vec::new();
    for unit in unit::units(host) {
        for words in unit.starts() {
            starts.push(Start {
                id: unit.file.id,
                place: format!("`ExecStart` of {}", unit.name),
                words: shell::from_program(&words).to_vec(),
                unit: Some(unit.name),
            });
        }
    }
    let jobs = host
        .files_in("/etc/init")
        .filter(|(name, file)| name.strip_suffix(".conf").is_some() && starts_by_itself(&file.text));
    for (_, file) in jobs {
        for words in shell::commands(&file.text)
            .iter()
            .flat_map(|words| super::runs::unfolded(words))
        {
            starts.push(Start {
                id: file.id,
                place: file.path.to_owned(),
                words: shell::from_program(&words).to_vec(),
                unit: None,
            });
        }
    }
    starts
}

impl Start<'_> {
    /// The program's name without its directory.
    pub(in super::super) fn program(&self) -> &str {
        self.words.first().map_or("", |word| shell::base(word))
    }
}

impl<'c> Mesos<'c> {
    /// What a flag is set to: the command line beats the environment.
    pub(in super::super) fn get(&self, name: &str) -> Option<&Setting<'c>> {
        let known = self.daemon.flag(name);
        let of = |way| {
            let is = move |setting: &&Setting<'_>| {
                let named = setting.name == name || known.is_some_and(|facts| is_called(facts, &setting.name));
                setting.way == way && named
            };
            self.settings.iter().rfind(is)
        };
        of(Way::Line).or_else(|| of(Way::Environment))
    }

    /// Where it finds ZooKeeper, or one master.
    pub(in super::super) fn zk(&self) -> Option<&Setting<'c>> {
        self.get(self.daemon.zk_flag())
    }

    /// The port that it listens on.
    pub(in super::super) fn port(&self) -> Option<u16> {
        match self.get("port") {
            Some(setting) => setting.value.trim().parse().ok(),
            None => Some(if self.daemon == Daemon::Master { 5050 } else { 5051 }),
        }
    }

    /// Whether it uses this containerizer.
    pub(in super::super) fn has_containerizer(&self, name: &str) -> bool {
        let set = self.get("containerizers");
        set.is_some_and(|setting| setting.value.split(',').any(|one| one.trim() == name))
    }

    /// The directory of its flag files.
    pub(in super::super) fn directory(&self) -> String {
        format!("/etc/mesos-{}", self.role)
    }

    /// What the start script makes of its variables: those of both daemons, then those of this one, the later instead of
    /// the earlier.
    fn read_defaults(&mut self, host: &LintHost<'c>) {
        let (common, own) = (
            "/etc/default/mesos".to_owned(),
            format!("/etc/default/mesos-{}", self.role),
        );
        let mut known: Vec<Setting<'c>> = Vec::new();
        for path in [&common, &own] {
            let Some(file) = host.file(path) else {
                if host.get::<File>(path).is_none() {
                    let packaged: &[(&str, &str)] = match (path == &common, self.role) {
                        (true, _) => &[("LOGS", "/var/log/mesos")],
                        (false, "master") => &[("PORT", "5050"), ("ZK", "`cat /etc/mesos/zk`")],
                        (false, "slave") => &[("MASTER", "`cat /etc/mesos/zk`")],
                        (false, _) => &[],
                    };
                    let left = packaged.iter().map(|(name, value)| Setting {
                        name: (*name).to_owned(),
                        value: (*value).to_owned(),
                        place: format!("`{name}` of the package's {path}"),
                        id: None,
                        way: Way::Line,
                    });
                    known.extend(left);
                }
                continue;
            };
            for variable in variables(&file.text) {
                let place = format!("`{}` of {path}", variable.name);
                let setting = match variable.name.strip_prefix("MESOS_") {
                    Some(flag) => {
                        let mut setting = Setting::of_line(&flag.to_lowercase(), &variable.value, &place, file.id);
                        setting.way = Way::Environment;
                        setting
                    }
                    None => Setting {
                        name: variable.name.clone(),
                        ..Setting::of_line("", &variable.value, &place, file.id)
                    },
                };
                known.retain(|before| before.name != setting.name || before.way != setting.way);
                known.push(setting);
            }
        }
        for mut setting in known {
            if setting.way == Way::Line {
                if setting.id.is_some() {
                    self.variables.push(setting.clone());
                }
                let flag = match (self.daemon, setting.name.as_str()) {
                    (Daemon::Master, "ZK") => "zk",
                    (Daemon::Master, "PORT") => "port",
                    (Daemon::Master, "CLUSTER") => "cluster",
                    (Daemon::Agent, "MASTER") => "master",
                    (Daemon::Agent, "ISOLATION") => "isolation",
                    (_, "IP") => "ip",
                    (_, "LOGS") => "log_dir",
                    _ => continue,
                };
                flag.clone_into(&mut setting.name);
                setting.look_into(host);
            }
            self.settings.push(setting);
        }
    }

    /// A file for each flag; the directories `attributes` and `resources` make one flag each.
    fn read_directory(&mut self, host: &LintHost<'c>) {
        let directory = self.directory();
        let packaged: &[(&str, &str)] = match self.role {
            "master" => &[("quorum", "1"), ("work_dir", "/var/lib/mesos")],
            "slave" => &[("work_dir", "/var/lib/mesos")],
            // No package leaves anything where a start script called with `agent` looks for it.
            _ => &[],
        };
        for (name, value) in packaged {
            let path = format!("{directory}/{name}");
            // An exclusive directory keeps nothing of the package.
            let stays = |directory: &Directory| directory.keeps(name);
            if host.get::<File>(&path).is_none() && host.get::<Directory>(&directory).is_none_or(stays) {
                self.settings.push(Setting {
                    name: (*name).to_owned(),
                    value: (*value).to_owned(),
                    place: format!("the package's {path}"),
                    id: None,
                    way: Way::Line,
                });
            }
        }
        for (name, file) in host.files_in(&directory).filter(|(name, _)| !name.starts_with('.')) {
            let value = file.text.trim_end_matches('\n');
            let setting = match name.strip_prefix('?') {
                None => Setting::of_file(name, value, file.path, file.id),
                Some(switch) => match switch.strip_prefix("no-") {
                    // The start script keeps it for itself.
                    Some("logger") => continue,
                    Some(off) => Setting::of_file(off, "false", file.path, file.id),
                    None => Setting::of_file(switch, "true", file.path, file.id),
                },
            };
            self.settings.push(setting);
        }
        for flag in ["attributes", "resources"] {
            let within = format!("{directory}/{flag}");
            let files: Vec<_> = host
                .files_in(&within)
                .filter(|(_, file)| !file.text.trim().is_empty())
                .collect();
            if let Some((_, first)) = files.first() {
                let items = files
                    .iter()
                    .map(|(key, file)| format!("{key}:{}", file.text.trim_end_matches('\n')));
                let value = items.collect::<Vec<_>>().join(";");
                self.settings.push(Setting::of_file(flag, &value, &within, first.id));
            }
        }
    }

    /// `--name=value`, `--name` and `--no-name`.
    fn read_words(&mut self, start: &Start<'c>) {
        for word in start.words.iter().skip(1).take_while(|word| *word != "--") {
            let Some(flag) = word.strip_prefix("--") else { continue };
            let (name, value) = match (flag.split_once('='), flag.strip_prefix("no-")) {
                (Some((name, value)), _) => (name, value),
                (None, Some(off)) => (off, "false"),
                (None, None) => (flag, "true"),
            };
            let mut setting = Setting::of_line(name, value, &start.place, start.id);
            // Variables of its unit aren't looked up.
            if !value.starts_with("${") {
                value.trim_matches(['"', '\'']).clone_into(&mut setting.value);
            }
            self.settings.push(setting);
        }
    }

    /// `MESOS_…` in `Environment=` of its unit, and in the files that `EnvironmentFile=` names.
    fn read_unit_environment(&mut self, host: &LintHost<'c>, own: Option<&Start<'c>>) {
        let named = own.and_then(|start| start.unit);
        let is_its = |name: &str| {
            Some(name) == named
                || self
                    .daemon
                    .units()
                    .iter()
                    .any(|unit| name.strip_suffix(".service") == Some(unit))
        };
        let mut found = Vec::new();
        for unit in unit::units(host).into_iter().filter(|unit| is_its(unit.name)) {
            for line in unit.service("Environment") {
                let place = format!("`Environment` of {}", unit.name);
                for word in shell::words(&line.value) {
                    found.extend(
                        word.split_once('=')
                            .map(|(name, value)| (name.to_owned(), value.to_owned(), place.clone(), unit.file.id)),
                    );
                }
            }
            for line in unit.service("EnvironmentFile") {
                let path = line.value.trim_start_matches('-');
                let Some(file) = host.file(path) else { continue };
                found.extend(variables(&file.text).map(|variable| {
                    let place = format!("`{}` of {path}", variable.name);
                    (variable.name, variable.value, place, file.id)
                }));
            }
        }
        for (name, value, place, id) in found {
            let flag = name.strip_prefix("MESOS_");
            let mut setting = Setting::of_line(flag.unwrap_or_default(), &value, &place, id);
            setting.way = Way::Environment;
            let known = match flag {
                Some(_) => &mut self.settings,
                None => {
                    setting.name = name;
                    &mut self.variables
                }
            };
            let is_there = known
                .iter()
                .any(|known| known.place == setting.place && known.name == setting.name);
            if !is_there {
                known.push(setting);
            }
        }
    }
}

impl<'c> Setting<'c> {
    pub(in super::super) fn of_line(name: &str, value: &str, place: &str, id: &'c ResourceId) -> Self {
        Self {
            name: name.to_lowercase(),
            value: value.to_owned(),
            place: place.to_owned(),
            id: Some(id),
            way: Way::Line,
        }
    }

    pub(in super::super) fn of_file(name: &str, value: &str, path: &str, id: &'c ResourceId) -> Self {
        Self::of_line(name, value, path, id)
    }

    /// Whether only the host knows it: something is put in its place when the daemon starts.
    pub(in super::super) fn is_found_at_start(&self) -> bool {
        self.value.contains(['$', '`', '«'])
    }

    /// What stands in the file that the value names by `file://`, where the definition writes it; else itself.
    pub(in super::super) fn behind(&self, host: &LintHost<'c>) -> Self {
        let path = self.value.trim().strip_prefix("file://");
        let Some(file) = path.and_then(|path| host.file(path)) else {
            return self.clone();
        };
        Self {
            value: file.text.clone(),
            place: file.path.to_owned(),
            id: Some(file.id),
            ..self.clone()
        }
    }

    /// Puts a file's content in the place of `` `cat FILE` ``.
    fn look_into(&mut self, host: &LintHost<'c>) {
        let value = self.value.as_str();
        let within = value.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
        let within = within.or_else(|| value.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')')));
        let Some(path) = within.and_then(|command| command.trim().strip_prefix("cat ")) else {
            return;
        };
        let path = path.trim();
        if let Some(file) = host.file(path) {
            self.value = file.text.trim_end_matches('\n').to_owned();
            self.place = file.path.to_owned();
            self.id = Some(file.id);
        } else if path == "/etc/mesos/zk" && host.get::<File>(path).is_none() {
            PACKAGED_ZK.clone_into(&mut self.value);
            "the package's /etc/mesos/zk".clone_into(&mut self.place);
            self.id = None;
        }
    }
}
