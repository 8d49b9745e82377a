mod made;

use super::fake_repository::FakeRepository;
use super::known_secrets::KnownSecrets;
use super::local::ask;
use super::machine::Machine;
use crate::model::{
    Account, AccountChange, Arch, Ended, Facts, Fetch, FileWrite, GroupEntry, HttpAnswer, HttpChange, HttpQuestion,
    Invocation, Os, Output, PackageForecast, PackageRequest, PackageSource, PathAttributes, PathEntry, PathKind, Probe,
    ReadSystem, Sha256Digest, System, SystemError, UnitAction, UnitState, Unpack,
};
use crate::words::{AbsPath, CommandLine, Mode, SecretSource, SecretText};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

type Result<T> = std::result::Result<T, SystemError>;

/// A machine in memory, for tests of definitions and kinds. No part of the real one is touched.
///
/// It knows the usual top-level directories and root. Commands answer what they were told to answer; one that wasn't
/// told is an error, so that no test passes by accident.
#[derive(Debug)]
pub struct FakeSystem {
    state: Mutex<State>,
    facts: Facts,
    boot: Option<String>,
    secrets: KnownSecrets,
    has_real_http: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct State {
    machine: Machine,
    nodes: BTreeMap<AbsPath, Node>,
    answers: BTreeMap<CommandLine, i32>,
    network: BTreeMap<String, Vec<u8>>,
    /// What commands make.
    makes: BTreeMap<CommandLine, AbsPath>,
    missing_units: Vec<String>,
    repository: FakeRepository,
    changes: usize,
    fails_at: Option<usize>,
    looks: usize,
    fails_to_look_at: Option<usize>,
    fails_to_sync: bool,
    unconfigured: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    File(Vec<u8>),
    Directory,
    Symlink(String),
}

impl Default for FakeSystem {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeSystem {
    /// A freshly installed Debian 12 with nothing on it.
    #[must_use]
    pub fn new() -> Self {
        let usual = [
            "/",
            "/etc",
            "/etc/apt",
            "/etc/apt/preferences.d",
            "/etc/apt/sources.list.d",
            "/etc/cron.d",
            "/etc/default",
            "/etc/init.d",
            "/etc/security",
            "/etc/security/limits.d",
            "/etc/sysctl.d",
            "/etc/systemd",
            "/etc/systemd/system",
            "/home",
            "/opt",
            "/root",
            "/run",
            "/srv",
            "/tmp",
            "/usr",
            "/usr/bin",
            "/usr/local",
            "/usr/local/bin",
            "/usr/sbin",
            "/var",
            "/var/lib",
            "/var/log",
        ];
        let nodes = usual
            .iter()
            .filter_map(|path| AbsPath::new(path).ok())
            .map(|path| (path, Node::Directory));
        Self {
            state: Mutex::new(State {
                machine: Machine::default(),
                nodes: nodes.collect(),
                answers: BTreeMap::new(),
                network: BTreeMap::new(),
                makes: BTreeMap::new(),
                missing_units: Vec::new(),
                repository: FakeRepository::default(),
                changes: 0,
                fails_at: None,
                looks: 0,
                fails_to_look_at: None,
                fails_to_sync: false,
                unconfigured: None,
            }),
            facts: Facts {
                hostname: "fake".into(),
                os: Os::debian("12"),
                arch: Arch::x86_64(),
                addresses: Vec::new(),
                init: "systemd".into(),
            },
            boot: None,
            secrets: KnownSecrets::default(),
            has_real_http: false,
        }
    }

    fn http(&self, question: &HttpQuestion, method: &str, body: Option<&[u8]>) -> Result<HttpAnswer> {
        match self.has_real_http {
            true => ask(question, method, body),
            false => Err(SystemError::Unknowable {
                system: "a fake host".into(),
                what: format!(
                    "what http://{}{} answers: start a server and say `.with_real_http()`",
                    question.address, question.target
                ),
            }),
        }
    }

    /// How many times something tried to change it.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.lock().changes
    }

    /// The same machine, on which the `nth` look at something from now on fails, as if its disk were worn out; the others
    /// succeed.
    #[must_use]
    pub fn failing_to_look_at(self, nth: usize) -> Self {
        let mut state = self.lock();
        state.fails_to_look_at = Some(state.looks + nth);
        drop(state);
        self
    }

    /// How many times something looked at it: at a file, a package, a unit, an account.
    #[must_use]
    pub fn looks(&self) -> usize {
        self.lock().looks
    }

    /// The content of a file as text.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<String> {
        let path = AbsPath::new(path).ok()?;
        match self.lock().nodes.get(&path) {
            Some(Node::File(content)) => Some(String::from_utf8_lossy(content).into_owned()),
            _ => None,
        }
    }

    /// Everything that isn't a file.
    #[must_use]
    pub fn machine(&self) -> Machine {
        self.lock().machine.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_to_look(&self) -> Result<MutexGuard<'_, State>> {
        let mut state = self.lock();
        state.looks += 1;
        if state.fails_to_look_at == Some(state.looks) {
            return Err(SystemError::Other(format!(
                "look at a fake host: it was told to fail at look {}",
                state.looks
            )));
        }
        Ok(state)
    }

    fn lock_to_change(&self) -> Result<MutexGuard<'_, State>> {
        let mut state = self.lock();
        state.changes += 1;
        if state.fails_at == Some(state.changes) {
            return Err(SystemError::Other(format!(
                "change a fake host: it was told to fail at change {}",
                state.changes
            )));
        }
        Ok(state)
    }
}

impl State {
    /// How a transaction ends that did what it could.
    fn end_transaction(&self) -> Result<()> {
        match &self.unconfigured {
            None => Ok(()),
            Some(name) => Err(SystemError::Other(format!(
                "configure {name}: a fake host was told that it can't be"
            ))),
        }
    }

    fn make_directories(&mut self, path: &AbsPath) {
        for above in path.ancestors() {
            self.nodes.entry(above).or_insert(Node::Directory);
        }
    }

    fn follow(&self, path: &AbsPath) -> Result<AbsPath> {
        let mut current = path.clone();
        for _ in 0..40 {
            let Some(Node::Symlink(target)) = self.nodes.get(&current) else {
                return Ok(current);
            };
            let next = match target.starts_with('/') {
                true => AbsPath::new(target),
                false => current.parent().unwrap_or_else(AbsPath::root).join(target),
            };
            current = next.map_err(|error| refused("follow", path, error.to_string()))?;
        }
        Err(refused("follow", path, "its links go in circles".into()))
    }

    fn need_directory(&self, path: &AbsPath) -> Result<()> {
        let directory = path.parent().unwrap_or_else(AbsPath::root);
        match self.nodes.get(&self.follow(&directory)?) {
            Some(Node::Directory) => Ok(()),
            _ => Err(SystemError::NoDirectory {
                path: path.clone(),
                directory,
            }),
        }
    }

    fn need_accounts(&self, attributes: &PathAttributes) -> Result<()> {
        let missing = |what: &str, name: &String| SystemError::Missing {
            what: what.to_owned(),
            name: name.clone(),
        };
        match (&attributes.owner, &attributes.group) {
            (Some(owner), _) if !self.machine.users.contains_key(owner) => Err(missing("user", owner)),
            (_, Some(group)) if !self.machine.groups.contains_key(group) => Err(missing("group", group)),
            _ => Ok(()),
        }
    }

    fn make(&mut self, path: &AbsPath, node: Node, attributes: &PathAttributes, mode: Mode) -> Result<()> {
        self.need_directory(path)?;
        self.need_accounts(attributes)?;
        if !self.nodes.contains_key(path) {
            let new = PathAttributes {
                mode: Some(mode),
                owner: Some("root".into()),
                group: Some("root".into()),
            };
            self.machine.keep_attributes(path, &new);
        }
        self.nodes.insert(path.clone(), node);
        self.machine.keep_attributes(path, attributes);
        Ok(())
    }

    fn answer(&mut self, invocation: &Invocation) -> Result<Output> {
        let answer = self.answers.get(&invocation.command).copied();
        let status = answer.ok_or_else(|| SystemError::Unknowable {
            system: "a fake host".into(),
            what: format!("what `{}` does: say so with `.with_command(…)`", invocation.command),
        })?;
        self.machine.commands.push(invocation.command.clone());
        Ok(Output {
            ended: Ended::Exit(status),
            stdout: Vec::new(),
            stderr: Vec::new(),
        })
    }
}

fn refused(action: &str, path: &AbsPath, why: String) -> SystemError {
    SystemError::Path {
        action: action.to_owned(),
        path: path.clone(),
        why,
    }
}

impl ReadSystem for FakeSystem {
    fn facts(&self) -> Result<Facts> {
        Ok(self.facts.clone())
    }

    fn entry(&self, path: &AbsPath) -> Result<Option<PathEntry>> {
        let state = self.lock_to_look()?;
        let kept = state.machine.attributes.get(path).cloned().unwrap_or_default();
        Ok(state.nodes.get(path).map(|node| PathEntry {
            kind: match node {
                Node::File(_) => PathKind::File,
                Node::Directory => PathKind::Directory,
                Node::Symlink(target) => PathKind::Symlink(target.clone()),
            },
            mode: kept.mode.or(Some(if *node == Node::Directory {
                Mode::DIRECTORY
            } else {
                Mode::FILE
            })),
            owner: kept.owner.or_else(|| Some("root".into())),
            group: kept.group.or_else(|| Some("root".into())),
        }))
    }

    fn resolve(&self, path: &AbsPath) -> Result<AbsPath> {
        self.lock_to_look()?.follow(path)
    }

    fn read(&self, path: &AbsPath) -> Result<Option<Vec<u8>>> {
        let state = self.lock_to_look()?;
        match state.nodes.get(&state.follow(path)?) {
            Some(Node::File(content)) => Ok(Some(content.clone())),
            Some(_) => Err(refused("read", path, "it is no regular file".into())),
            None => Ok(None),
        }
    }

    fn digest(&self, path: &AbsPath) -> Result<Option<Sha256Digest>> {
        Ok(self.read(path)?.map(|content| Sha256Digest::of(&content)))
    }

    fn list(&self, path: &AbsPath) -> Result<Option<Vec<String>>> {
        let state = self.lock_to_look()?;
        let path = state.follow(path)?;
        match state.nodes.get(&path) {
            Some(Node::Directory) => {
                let inside = state.nodes.keys().filter(|node| node.parent().as_ref() == Some(&path));
                Ok(Some(inside.map(|node| node.file_name().to_owned()).collect()))
            }
            Some(_) => Err(refused("list", &path, "it is no directory".into())),
            None => Ok(None),
        }
    }

    fn package(&self, name: &str) -> Result<Option<String>> {
        Ok(self.lock_to_look()?.machine.packages.get(name).cloned())
    }

    fn package_is_unfinished(&self, name: &str) -> Result<bool> {
        let _ = name;
        Ok(false)
    }

    fn foresee_packages(&self, install: &[PackageRequest], remove: &[String]) -> Result<PackageForecast> {
        let state = self.lock_to_look()?;
        if state.repository.is_empty() {
            return Err(SystemError::Unknowable {
                system: "a fake host".into(),
                what: "what a transaction of packages brings along".into(),
            });
        }
        Ok(state.repository.forecast(&state.machine, install, remove))
    }

    fn knows_package_source(&self, source: &PackageSource) -> Result<bool> {
        Ok(self.lock_to_look()?.machine.knows_package_source(source))
    }

    fn unit(&self, name: &str) -> Result<UnitState> {
        let state = self.lock_to_look()?;
        if state.missing_units.iter().any(|missing| missing == name) {
            return Ok(UnitState::default());
        }
        Ok(state.machine.unit(name))
    }

    fn user(&self, name: &str) -> Result<Option<Account>> {
        Ok(self.lock_to_look()?.machine.users.get(name).cloned())
    }

    fn group(&self, name: &str) -> Result<Option<GroupEntry>> {
        Ok(self.lock_to_look()?.machine.groups.get(name).cloned())
    }

    fn http_get(&self, question: &HttpQuestion) -> Result<HttpAnswer> {
        self.http(question, "GET", None)
    }

    fn probe(&self, probe: &Probe) -> Result<bool> {
        match self.lock_to_look()?.answer(&probe.invocation)?.ended {
            Ended::Exit(0) => Ok(true),
            Ended::Exit(1) => Ok(false),
            ended => Err(SystemError::Tool {
                command: probe.invocation.command.clone(),
                ended,
                stderr: String::new(),
            }),
        }
    }

    fn boot(&self) -> Result<Option<String>> {
        Ok(self.boot.clone())
    }

    fn reveal(&self, secret: &SecretSource) -> Result<SecretText> {
        self.secrets.reveal(secret)
    }

    fn redacted(&self, text: String) -> String {
        self.secrets.redacted(text)
    }
}

impl System for FakeSystem {
    /// Nobody waits in memory; a test undoes the run by itself.
    fn start_guard(&self) -> Result<()> {
        Ok(())
    }

    fn sync(&self) -> Result<()> {
        match self.lock().fails_to_sync {
            true => Err(SystemError::Other(
                "flush the disk: a fake host was told that it can't be".to_owned(),
            )),
            false => Ok(()),
        }
    }

    fn write_file(&self, path: &AbsPath, write: &FileWrite<'_>) -> Result<()> {
        let mut state = self.lock_to_change()?;
        let path = state.follow(path)?;
        match state.nodes.get(&path) {
            Some(Node::Directory) => Err(refused("write", &path, "it is a directory".into())),
            _ => state.make(&path, Node::File(write.content.to_vec()), write.attributes, Mode::FILE),
        }
    }

    fn create_directory(&self, path: &AbsPath, attributes: &PathAttributes) -> Result<()> {
        let mut state = self.lock_to_change()?;
        if state.nodes.contains_key(path) {
            return Err(refused("create directory", path, "something stands there".into()));
        }
        state.make(path, Node::Directory, attributes, Mode::DIRECTORY)
    }

    fn write_symlink(&self, path: &AbsPath, target: &str) -> Result<()> {
        let mut state = self.lock_to_change()?;
        match state.nodes.get(path) {
            Some(Node::File(_) | Node::Directory) => Err(refused("link", path, "no link stands there".into())),
            _ => {
                let node = Node::Symlink(target.to_owned());
                state.make(path, node, &PathAttributes::default(), Mode::FILE)
            }
        }
    }

    fn fetch(&self, path: &AbsPath, fetch: &Fetch<'_>) -> Result<()> {
        let mut state = self.lock_to_change()?;
        let Some(content) = state.network.get(fetch.url).cloned() else {
            return Err(SystemError::Unknowable {
                system: "a fake host".into(),
                what: format!("what is at {}: say so with `.with_url(…)`", fetch.url),
            });
        };
        fetch.sha256.require(fetch.url, &Sha256Digest::of(&content))?;
        state.make(path, Node::File(content), fetch.attributes, Mode::FILE)
    }

    /// What is in the archive nobody looks at: the directory is there, with what says from which archive it is.
    fn unpack(&self, directory: &AbsPath, unpack: &Unpack<'_>) -> Result<()> {
        let mut state = self.lock_to_change()?;
        let archive = match state.nodes.get(&state.follow(unpack.archive)?) {
            Some(Node::File(content)) => Sha256Digest::of(content),
            _ => return Err(refused("unpack", unpack.archive, "there is no such file".into())),
        };
        unpack.sha256.require(unpack.archive.as_str(), &archive)?;
        state
            .nodes
            .retain(|path, _| path == directory || !path.is_within(directory));
        state.make(directory, Node::Directory, unpack.attributes, Mode::DIRECTORY)?;
        let marker = unpack.marker_in(directory)?;
        let text = unpack.marker_text().into_bytes();
        state.make(&marker, Node::File(text), &PathAttributes::default(), Mode::FILE)
    }

    fn set_attributes(&self, path: &AbsPath, attributes: &PathAttributes) -> Result<()> {
        let mut state = self.lock_to_change()?;
        let path = state.follow(path)?;
        state.need_accounts(attributes)?;
        if !state.nodes.contains_key(&path) {
            return Err(refused("change", &path, "it doesn't exist".into()));
        }
        state.machine.keep_attributes(&path, attributes);
        Ok(())
    }

    fn remove(&self, path: &AbsPath) -> Result<()> {
        let mut state = self.lock_to_change()?;
        if state.nodes.keys().any(|node| node != path && node.is_within(path)) {
            return Err(SystemError::NotEmpty { path: path.clone() });
        }
        state.nodes.remove(path);
        state.machine.attributes.remove(path);
        Ok(())
    }

    fn install_packages(&self, packages: &[PackageRequest]) -> Result<()> {
        let mut state = self.lock_to_change()?;
        if state.repository.is_empty() {
            state.machine.install(packages);
            return state.end_transaction();
        }
        let forecast = state.repository.forecast(&state.machine, packages, &[]);
        if let Some(refused) = forecast.refused.into_values().next() {
            return Err(refused);
        }
        for change in forecast.changes {
            state
                .machine
                .packages
                .extend(change.to.map(|version| (change.name, version)));
        }
        state.end_transaction()
    }

    fn remove_packages(&self, names: &[String]) -> Result<()> {
        let mut state = self.lock_to_change()?;
        state.machine.remove_packages(names);
        state.end_transaction()
    }

    fn read_package_source(&self, source: &PackageSource) -> Result<()> {
        self.lock_to_change()?.machine.read_package_source(source);
        Ok(())
    }

    fn control_unit(&self, name: &str, action: UnitAction) -> Result<()> {
        self.lock_to_change()?.machine.control(name, action)
    }

    fn reload_units(&self) -> Result<()> {
        self.lock_to_change().map(drop)
    }

    fn create_user(&self, name: &str, change: &AccountChange) -> Result<()> {
        self.lock_to_change()?.machine.create_user(name, change)
    }

    fn change_user(&self, name: &str, change: &AccountChange) -> Result<()> {
        self.lock_to_change()?.machine.change_user(name, change)
    }

    fn remove_user(&self, name: &str) -> Result<()> {
        self.lock_to_change()?.machine.users.remove(name);
        Ok(())
    }

    fn create_group(&self, name: &str, gid: Option<u32>, _system: bool) -> Result<()> {
        self.lock_to_change()?.machine.create_group(name, gid);
        Ok(())
    }

    fn change_group(&self, name: &str, gid: u32) -> Result<()> {
        self.lock_to_change()?.machine.change_group(name, gid)
    }

    fn remove_group(&self, name: &str) -> Result<()> {
        self.lock_to_change()?.machine.groups.remove(name);
        Ok(())
    }

    fn http_send(&self, question: &HttpQuestion, change: HttpChange, body: &[u8]) -> Result<HttpAnswer> {
        drop(self.lock_to_change()?);
        self.http(question, change.as_str(), Some(body))
    }

    fn run(&self, invocation: &Invocation) -> Result<Output> {
        let mut state = self.lock_to_change()?;
        let output = state.answer(invocation)?;
        if let Some(path) = state.makes.get(&invocation.command).cloned() {
            state.make_directories(&path);
            state.nodes.entry(path).or_insert_with(|| Node::File(Vec::new()));
        }
        Ok(output)
    }
}
