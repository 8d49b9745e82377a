use crate::state::Takeover;
use crate::transport::Method;
use crate::words::{HostName, HumanDuration, ResourceId};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Checks, renders, plans and converges the cluster that this program defines.
#[derive(Debug, Parser)]
#[command(version, disable_help_subcommand = true, after_help = EXIT_CODES)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXIT_CODES: &str = "Exit status (the worst wins):
  0  it went well; with --detailed-exitcode: and nothing changed
  2  with --detailed-exitcode: something changed, or would, or a plan can't know
  1  the definition or the command line has a mistake; no host was touched
  6  another run was at work on a host
  4  a resource failed, or a host refused the run
  5  a host wasn't reached, or was lost
130  the run was stopped by a signal";

#[derive(Debug, Args)]
pub(super) struct Global {
    /// Set an attribute for all hosts; shadows what the definition says
    #[arg(long, value_name = "KEY=VALUE", global = true)]
    pub(super) set: Vec<String>,
    /// Read attributes and addresses of hosts from a TOML file
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) inputs: Vec<PathBuf>,
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t, global = true)]
    pub(super) format: Format,
    /// Say more; twice for the program's own log
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(super) verbose: u8,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    #[default]
    Human,
    Json,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check the definition, without a host: what can't be built, and what lints find
    Check {
        /// Fail if a lint finds anything, not only where the definition can't be applied; for CI
        #[arg(long)]
        deny_warnings: bool,
    },
    /// List the lints of this program, or show the page of one
    Lints {
        /// Such as `ssh-root-login`
        name: Option<String>,
    },
    /// List hosts, roles, attributes, resources or workloads
    List {
        #[arg(value_enum)]
        what: Listed,
        /// All attributes that the program knows, also those of the role library that nothing sets
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        selection: Selection,
    },
    /// Say where an attribute's value comes from, or why a resource is there or isn't
    Explain {
        host: String,
        /// An attribute (`zookeeper_ip`), a resource (`file[/etc/mesos/zk]`), or a resource's key (`/etc/mesos/zk`)
        subject: Option<String>,
    },
    /// Show every file of every host as it would be written; secrets stand by name
    Render {
        /// Write the files below this directory instead of showing them
        #[arg(short, long, value_name = "DIR")]
        output: Option<PathBuf>,
        #[command(flatten)]
        selection: Selection,
    },
    /// Draw the resource graph of hosts
    Graph {
        /// In which language
        #[arg(long = "as", value_enum, default_value_t)]
        language: GraphLanguage,
        #[command(flatten)]
        selection: Selection,
    },
    /// Show what a run would change, and change nothing
    Plan {
        /// Save the plan in a file, for `show` and `apply FILE`
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// List also what an `apply --confirm` couldn't undo: packages, users, commands
        #[arg(long)]
        confirm: bool,
        #[command(flatten)]
        looking: Looking,
    },
    /// Show a plan that was saved with `plan -o FILE`
    Show {
        /// The file
        plan: PathBuf,
        /// In which language
        #[arg(long = "as", value_enum, default_value_t)]
        language: PlanLanguage,
    },
    /// Bring the hosts to what the definition says
    Apply {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        takeover: TakeoverArguments,
        #[command(flatten)]
        how: ApplyArguments,
        #[command(flatten)]
        outcome: Outcome,
    },
    /// Make the apps and jobs so, through the APIs of their schedulers, which are asked on hosts of the cluster
    Deploy {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        how: DeployArguments,
        #[command(flatten)]
        outcome: Outcome,
    },
    /// Say for each host how far it is from what the definition says
    Status(Looking),
    /// Show the refreshes that earlier runs came to owe: of services that have not read their new files yet
    Pending(Looking),
    /// Show what earlier runs made or took over and the definition doesn't have any more
    Orphans(Looking),
    /// Take resources that left the definition out of the hosts' ledgers, and leave them where they are
    Forget {
        #[command(flatten)]
        place: Place,
        /// Such as `file[/etc/mesos/zk]`; `orphans` lists them
        #[arg(required = true, value_name = "RESOURCE")]
        resources: Vec<ResourceId>,
    },
    /// Show what is true of hosts: operating system, architecture, addresses, what starts their services
    Facts {
        #[command(flatten)]
        selection: Selection,
        #[command(flatten)]
        connection: Connection,
        /// An agent to bring to hosts instead of this program; one for each architecture
        #[arg(long, value_name = "FILE", env = "MESOS_IAC_AGENT", value_delimiter = ':')]
        agent: Vec<PathBuf>,
    },
    /// Run a command on the hosts
    Run {
        #[command(flatten)]
        selection: Selection,
        #[command(flatten)]
        connection: Connection,
        /// How long the command may take on each host; after that it is ended
        #[arg(long, value_name = "TIME", default_value = "10m")]
        time_out: HumanDuration,
        /// The command and its arguments; no shell reads them
        #[arg(last = true, required = true, value_name = "CMD")]
        command: Vec<String>,
    },
    /// Show the SSH keys of hosts, and add them to the known hosts
    Trust {
        #[command(flatten)]
        selection: TrustSelection,
        #[command(flatten)]
        connection: Connection,
        /// Add the keys without asking
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Listed {
    Hosts,
    /// With what changing their hosts one by one has to heed; `apply` doesn't do that by itself yet, `--limit` does
    Roles,
    Attributes,
    Resources,
    Workloads,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphLanguage {
    #[default]
    Dot,
    Mermaid,
}

#[derive(Debug, Args)]
pub(super) struct Selection {
    /// Only the hosts that these patterns match; peers still mean the whole cluster
    #[arg(long, value_name = "PATTERN,…")]
    pub(super) limit: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum PlanLanguage {
    #[default]
    Text,
    /// For a pull request
    Markdown,
}

/// What the commands take that look at hosts and change nothing.
#[derive(Debug, Args)]
pub(super) struct Looking {
    #[command(flatten)]
    pub(super) place: Place,
    #[command(flatten)]
    pub(super) takeover: TakeoverArguments,
    #[command(flatten)]
    pub(super) outcome: Outcome,
}

/// How an `apply` goes about it.
#[derive(Debug, Args)]
pub(super) struct ApplyArguments {
    /// Do what this plan says and nothing else; made with `plan -o FILE`
    #[arg(value_name = "FILE")]
    pub(super) plan: Option<PathBuf>,
    /// Apply the plan although another definition was applied since it was made. It makes the plan's own changes: what that
    /// definition changed besides stays
    #[arg(long, requires = "plan")]
    pub(super) force: bool,
    /// Stop at the first failure of a host, instead of leaving out what depends on it
    #[arg(long)]
    pub(super) fail_fast: bool,
    /// Remove what earlier runs made and the definition doesn't have any more; `orphans` lists it
    #[arg(long)]
    pub(super) prune: bool,
    /// Undo the run on each host that isn't reached over a new connection within this time of the run's end, by itself and
    /// even after a reboot: files, directories, links, units. What can't be undone (packages, users, commands) is told
    #[arg(long, value_name = "TIME", conflicts_with = "sandbox")]
    pub(super) confirm: Option<HumanDuration>,
}

/// How a `deploy` goes about it.
#[derive(Debug, Args)]
pub(super) struct DeployArguments {
    /// Show what would be deployed, and change nothing
    #[arg(long)]
    pub(super) plan: bool,
    /// Remove what earlier deployments of this cluster left and the definition doesn't have any more
    #[arg(long)]
    pub(super) prune: bool,
}

#[derive(Debug, Args)]
pub(super) struct TrustSelection {
    /// The hosts, by patterns
    #[arg(required = true, value_name = "HOST,…")]
    pub(super) hosts: String,
}

#[derive(Debug, Args)]
pub(super) struct Outcome {
    /// Tell by the exit status whether anything changed, or would, or a plan can't know
    #[arg(long)]
    pub(super) detailed_exitcode: bool,
}

/// What a run may take over though the host's state says that it belongs to something else.
#[derive(Debug, Args)]
pub(super) struct TakeoverArguments {
    /// The machine was installed anew, or cloned from another: forget what the state on it says
    #[arg(long)]
    pub(super) reimaged: bool,
    /// The host had this name in the definition
    #[arg(long, value_name = "NAME")]
    pub(super) renamed_from: Option<HostName>,
    /// The host belonged to another cluster: take it over, and leave alone what that one owned
    #[arg(long)]
    pub(super) adopt: bool,
}

impl Command {
    /// Whether lints are looked for first: where the definition is judged, and where it is about to reach hosts.
    pub(super) const fn needs_lints(&self) -> bool {
        matches!(self, Self::Check { .. } | Self::Plan { .. } | Self::Apply { .. })
    }
}

impl TakeoverArguments {
    pub(super) fn takeover(&self) -> Takeover {
        Takeover {
            reimaged: self.reimaged,
            renamed_from: self.renamed_from.clone(),
            adopt: self.adopt,
        }
    }
}

/// Where a run takes place.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// Work in DIR/HOST for each host instead of on real hosts; needs no host and no root
    #[arg(long, value_name = "DIR")]
    pub(super) sandbox: Option<PathBuf>,
    #[command(flatten)]
    pub(super) selection: Selection,
    #[command(flatten)]
    pub(super) connection: Connection,
    /// An agent to bring to hosts instead of this program; one for each architecture
    #[arg(long, value_name = "FILE", env = "MESOS_IAC_AGENT", value_delimiter = ':')]
    pub(super) agent: Vec<PathBuf>,
}

/// How hosts are reached.
#[derive(Debug, Args)]
pub(super) struct Connection {
    /// SSH within the program, or the user's own `ssh`
    #[arg(long, value_enum, default_value_t)]
    pub(super) transport: TransportMethod,
    /// How many hosts are worked on at once
    #[arg(long, value_name = "N", default_value = "50")]
    pub(super) parallel: NonZeroUsize,
    /// A private key to log in with; else those of the agent and the usual ones in ~/.ssh
    #[arg(long, value_name = "FILE")]
    pub(super) identity: Vec<PathBuf>,
    /// A known-hosts file; else the user's and the system's, as for ssh
    #[arg(long, value_name = "FILE")]
    pub(super) known_hosts: Vec<PathBuf>,
    /// The `ssh_config` for `--transport openssh`
    #[arg(long, value_name = "FILE")]
    pub(super) ssh_config: Option<PathBuf>,
    /// Who logs in, whatever the definition or `ssh_config` says
    #[arg(long, value_name = "NAME")]
    pub(super) user: Option<String>,
    /// How long reaching a host may take
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub(super) connect_timeout: HumanDuration,
    /// How long a host may say nothing before it counts as lost
    #[arg(long, value_name = "TIME", default_value = "30s")]
    pub(super) silence: HumanDuration,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum TransportMethod {
    #[default]
    Libssh2,
    Openssh,
}

impl From<TransportMethod> for Method {
    fn from(method: TransportMethod) -> Self {
        match method {
            TransportMethod::Libssh2 => Self::Libssh2,
            TransportMethod::Openssh => Self::OpenSsh,
        }
    }
}
