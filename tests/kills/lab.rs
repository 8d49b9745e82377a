//! What is converged: sixty resources, among them daemons that say what they have read.

use mesos_iac::converge::{ConvergeOptions, Event, converge};
use mesos_iac::prelude::*;
use mesos_iac::state::{HostIdentity, Store, Takeover};
use mesos_iac::system::local::LocalSystem;
use mesos_iac::{Effect, Effects, HostName, ResourceId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

/// What stands only in files that nobody else may read.
pub(crate) const SECRET: &str = "open sesame";

/// How many daemons there are, each with this many files.
pub(crate) const DAEMONS: usize = 6;
pub(crate) const FILES: usize = 7;

/// Two editions of the definition; the second changes every second file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edition {
    First,
    Second,
}

impl FromStr for Edition {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "1" => Ok(Self::First),
            "2" => Ok(Self::Second),
            _ => Err(format!("no edition: {text}")),
        }
    }
}

impl Edition {
    /// The content of a daemon's file.
    pub(crate) fn content(self, daemon: usize, number: usize) -> String {
        let edition = if number.is_multiple_of(2) { self.word() } else { "1" };
        let secret = if number == 0 { SECRET } else { "" };
        let lines = format!("daemon {daemon}, file {number}, edition {edition}\n").repeat(20);
        format!("{secret}\n{lines}")
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::First => "1",
            Self::Second => "2",
        }
    }
}

/// Ensures that a daemon runs. It has read its files when it was started, and what it read stands in `/run/NAME`.
#[derive(Debug, Clone, Serialize, Deserialize, Resource)]
#[resource(kind = "kills.daemon", key = name)]
pub(crate) struct Daemon {
    name: String,
    files: Vec<AbsPath>,
}

impl Daemon {
    fn mark(&self) -> Result<AbsPath> {
        Ok(AbsPath::new(format!("/run/{}", self.name))?)
    }

    fn start(&self, system: &dyn System) -> Result<()> {
        let mut contents = Vec::new();
        for file in &self.files {
            contents.push(String::from_utf8_lossy(&system.read(file)?.unwrap_or_default()).into_owned());
        }
        Ok(system.write_file(&self.mark()?, &FileWrite::new(loaded(contents.into_iter()).as_bytes()))?)
    }
}

/// What a daemon says that has read these files.
pub(crate) fn loaded(contents: impl Iterator<Item = String>) -> String {
    let mut digest = Sha256::new();
    contents.for_each(|content| digest.update(content));
    format!("{:x?}\n", digest.finalize())
}

impl Converge for Daemon {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let mut diff = Diff::new();
        let runs = system.entry(&self.mark()?)?.is_some();
        diff.compare("running", Some(runs), Some(true));
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, _: &Diff) -> Result<()> {
        self.start(system)
    }

    fn refresh(&self, system: &dyn System, _: RefreshAction) -> Result<Refreshed> {
        self.start(system)?;
        Ok(Refreshed::Done)
    }

    fn effects(&self) -> Effects {
        // Where a run that breaks off may leave a draft is known from what is declared here.
        match self.mark() {
            Ok(mark) => Effects::none().write(Effect::Path(mark)),
            Err(_) => Effects::none(),
        }
    }

    fn satisfies(&self, diff: &Diff, _: RefreshAction) -> bool {
        diff.has("running")
    }
}

impl Restart for Daemon {}

/// A daemon in the making.
struct Daemonize(Daemon);

impl Declare for Daemonize {
    type Out = Daemon;

    fn identity(&self) -> Result<ResourceId> {
        Ok(ResourceId::new("kills.daemon", &*self.0.name)?)
    }

    fn build(self, _: &HostView<'_>) -> Result<Daemon> {
        Ok(self.0)
    }
}

#[derive(Role, Clone)]
#[role(name = "daemons")]
struct Daemons {
    edition: Edition,
}

impl Declares for Daemons {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        for daemon in 0..DAEMONS {
            let directory = format!("/etc/daemon-{daemon}");
            cx.add(mesos_iac::prelude::directory(&*directory).mode("0755"));
            let mut files = Vec::new();
            let mut handles = Vec::new();
            for number in 0..FILES {
                let path = format!("{directory}/{number}.conf");
                let declared = file(&*path).content(self.edition.content(daemon, number));
                // The mode of the first keeps others out, and so must that of whatever it is made of.
                handles.push(cx.add(if number == 0 { declared.mode("0600") } else { declared }));
                files.push(AbsPath::new(path)?);
            }
            cx.add(symlink(
                format!("{directory}/current"),
                format!("{}.conf", self.edition.word()),
            ));
            let daemon = Daemon {
                name: format!("daemon-{daemon}"),
                files,
            };
            cx.add(Daemonize(daemon).restart_on(handles));
        }
        Ok(())
    }
}

/// Where the host keeps its state.
pub(crate) fn state(root: &Path) -> PathBuf {
    root.join(".state")
}

/// Whose it is.
pub(crate) fn identity() -> HostIdentity {
    HostIdentity {
        cluster: "kills".to_owned(),
        host: HostName::new("victim").unwrap(),
        machine: None,
    }
}

/// One line for each refresh that an earlier run came to owe: what the test counts.
pub(crate) const RECOVERED: &str = "recovered ";

/// Brings the host below `root` to an edition, on one thread, so that its steps are the same each time.
pub(crate) fn converge_at(root: &Path, edition: Edition) -> ExitCode {
    let cluster = Cluster::new("kills")
        .hosts(host("victim").addr("198.18.0.1").role(Daemons { edition }))
        .build()
        .unwrap();
    let compiled = cluster.compile().unwrap();
    let catalog = &compiled.host("victim").unwrap().catalog;
    assert_eq!(catalog.entries.len(), DAEMONS * (FILES + 3));
    let system = LocalSystem::with_root(root).unwrap();
    let mut store = Store::open(&state(root), &identity(), &Takeover::default(), "the test").unwrap();
    let options = ConvergeOptions {
        workers: NonZeroUsize::MIN,
        ..ConvergeOptions::default()
    };
    let mut recovered = Vec::new();
    let summary = converge(catalog, &system, &mut store, &options, &mut |event| {
        if let Event::RefreshFinished {
            target,
            is_recovered: true,
            ..
        } = event
        {
            recovered.push(target);
        }
    });
    for target in recovered {
        println!("{RECOVERED}{target}");
    }
    if summary.is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
