//! The programs of the suite, built by cargo as the documentation says that users build them.

use crate::bed::repository;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What the edited lab greets with.
pub(crate) const EDITED_GREETING: &str = "edited";

/// The examples that are shown on hosts.
const EXAMPLES: [&str; 8] = [
    "ansible_mesos",
    "cloud_native_stack",
    "photon_agents",
    "stacki_appliances",
    "storage_profiles",
    // Before its upgrade.
    "testbed_storage_profiles_before",
    // No examples: a repository of yum, and all settings of one role.
    "testbed_yum",
    "testbed_zookeeper",
];

pub(crate) struct Builds {
    /// [`EXAMPLES`] by name, ordinary builds.
    pub(crate) examples: BTreeMap<&'static str, PathBuf>,
    /// `examples/stacki_mesos.rs`, an ordinary build.
    pub(crate) stacki: PathBuf,
    /// `definitions/lab.rs`, an ordinary build.
    pub(crate) lab: PathBuf,
    /// The same with an edited definition: it greets with [`EDITED_GREETING`].
    pub(crate) edited_lab: PathBuf,
    /// `definitions/kills.rs`, an ordinary build.
    pub(crate) kills: PathBuf,
    /// `definitions/lockout.rs`, an ordinary build.
    pub(crate) lockout: PathBuf,
    /// `definitions/kinds.rs`, an ordinary build.
    pub(crate) kinds: PathBuf,
    /// `definitions/plans.rs`, an ordinary build.
    pub(crate) plans: PathBuf,
    /// `definitions/haproxy.rs`, an ordinary build.
    pub(crate) haproxy: PathBuf,
    /// `definitions/canary.rs`, an ordinary build.
    pub(crate) canary: PathBuf,
    /// The kinds-only agent.
    pub(crate) agent: PathBuf,
    /// `definitions/lab.rs`, statically linked.
    pub(crate) static_lab: PathBuf,
}

impl Builds {
    /// # Errors
    /// Which of them doesn't build.
    pub(crate) fn make() -> Result<Self, String> {
        let mut examples = vec!["build"];
        for name in [
            "stacki_mesos",
            "testbed_lab",
            "testbed_kills",
            "testbed_lockout",
            "testbed_canary",
            "testbed_kinds",
            "testbed_plans",
            "testbed_haproxy",
        ] {
            examples.extend(["--example", name]);
        }
        for name in EXAMPLES {
            examples.extend(["--example", name]);
        }
        let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        // Not optimised: what matters is how it is linked.
        let statically = ["build", "--example", "testbed_lab", "--target", &triple];
        // The next build puts the other one in its place.
        let edited = build(
            &["build", "--example", "testbed_lab"],
            &[("LAB_GREETING", EDITED_GREETING)],
        )?;
        let edited_lab = edited.of("testbed_lab")?.with_extension("edited");
        std::fs::copy(edited.of("testbed_lab")?, &edited_lab).map_err(|error| format!("the edited lab: {error}"))?;
        let built = build(&examples, &[])?;
        let by_name = EXAMPLES.into_iter().map(|name| Ok((name, built.of(name)?)));
        Ok(Self {
            examples: by_name.collect::<Result<_, String>>()?,
            stacki: built.of("stacki_mesos")?,
            lab: built.of("testbed_lab")?,
            edited_lab,
            canary: built.of("testbed_canary")?,
            kinds: built.of("testbed_kinds")?,
            kills: built.of("testbed_kills")?,
            lockout: built.of("testbed_lockout")?,
            plans: built.of("testbed_plans")?,
            haproxy: built.of("testbed_haproxy")?,
            agent: build(&["agent"], &[])?.of("mesos-iac-agent")?,
            static_lab: build(
                &statically,
                &[("RUSTFLAGS", "-C target-feature=+crt-static"), ("OPENSSL_STATIC", "1")],
            )?
            .of("testbed_lab")?,
        })
    }
}

struct Built(Vec<Value>);

impl Built {
    fn of(&self, name: &str) -> Result<PathBuf, String> {
        let artifact = self
            .0
            .iter()
            .find(|message| message["target"]["name"] == name && message["executable"].is_string());
        let executable = artifact.and_then(|message| message["executable"].as_str());
        executable
            .map(PathBuf::from)
            .ok_or_else(|| format!("cargo says nothing of {name}"))
    }
}

fn build(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Built, String> {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--quiet", "--message-format", "json-render-diagnostics"])
        .envs(variables.iter().copied())
        .current_dir(repository())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo doesn't start: {error}"))?;
    if !output.status.success() {
        return Err(format!("`cargo {}` fails", arguments.join(" ")));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    Ok(Built(
        messages
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect(),
    ))
}
