//! What a definition is made of: attributes, conditions, facts, roles, resources, hosts, clusters, and the interfaces
//! through which a resource sees and changes a machine.
//!
//! Everything here is data or a trait. Nothing does I/O; the thinking over whole catalogs is done a floor higher.

mod anchor;
mod appliance;
mod artifact;
mod catalog;
mod check;
mod cluster;
mod cluster_inputs;
mod condition;
mod container;
mod content;
mod context;
mod damage;
mod declare;
mod effect;
mod endpoint;
mod error;
mod facts;
mod fingerprint;
mod host;
mod host_view;
mod http;
mod inputs;
mod invocation;
mod key;
mod layer;
mod ledger;
mod lint;
mod orphan;
mod owned_paths;
mod package_source;
mod packages;
mod panicked;
mod peers;
mod problem;
mod provenance;
mod reach;
mod redactor;
pub mod registry;
mod resource;
mod retry;
mod role;
mod rollout;
mod scope;
mod secret_form;
mod suggestion;
mod system;
mod system_error;
mod system_ext;
mod template;
mod traces;
mod unit;
mod value;
mod workload;

pub use appliance::{Appliance, AttributeGroup, appliance, attributes_of};
pub use artifact::{Fetch, Sha256Digest, Sha256DigestError, Unpack};
pub use catalog::{CATALOG_FORMAT, Catalog, Edge, Entry, Reason, Subscription};
pub use check::{Change, Check, Diff, Shown};
pub use cluster::{Cluster, ClusterBuilder};
pub use condition::Condition;
pub use container::{RoleReference, Stage, StageDraft, Wait, role};
pub use content::{Content, ContentSource, IntoContent};
pub use context::{Block, Cx, ExposeCx, IncludeCx, RoleInstance};
pub use damage::Damage;
pub use declare::{
    Add, Declare, Declared, Dependencies, Dependency, Draft, Drafts, Handle, Parts, Reference, Trigger, resource,
};
pub use effect::{Effect, Effects};
pub use endpoint::EndpointInstance;
pub use error::{Consequence, Error, Result};
pub use facts::{Arch, DeclaredFacts, FactMismatch, Facts, Os};
pub use fingerprint::{Fingerprint, FingerprintError};
pub use host::{Host, Hosts, IntoHostPattern, fnmatch, host, hosts};
pub use host_view::HostView;
pub use http::{HttpAnswer, HttpChange, HttpQuestion, MOST_HTTP_BYTES};
pub use inputs::{HostInput, InputValue, Inputs, RawValue};
pub use invocation::{COMMAND_TIME_OUT, Invocation, Output, Probe};
pub use key::{Attributes, Key, attribute_json};
pub use ledger::{ChangeCause, Ledger, LedgerRecord, OwedRefresh, OwnedResource, Ownership, RefreshCause};
pub use lint::{Allowance, Finding, Level, Lint};
pub use orphan::{Inverse, Orphan};
pub use owned_paths::OwnedPaths;
pub use package_source::PackageSource;
pub use packages::{PackageChange, PackageForecast, PackageRequest};
pub use peers::World;
pub use problem::{Code, Place, Problem, Problems};
pub use provenance::{Declaration, DroppedEdge, LeftOut, Provenance, RoleOrigin};
pub use redactor::Redactor;
pub use registry::{AttributeRegistration, AttributeSpec, KindRegistration, RoleRegistration};
pub use resource::{
    AfterFailure, Converge, Kind, RefreshAction, Refreshed, Reload, Rerun, Resource, Restart, Timing, Work,
};
pub use retry::Retry;
pub use role::{Declares, Endpoint, Role, short_role_name};
pub use rollout::{Gate, MaxDown, Rollout, RolloutOrder};
pub use scope::{Assignment, Assignments, AttributeError, Origin, Precedence, Scope};
pub use secret_form::{FormedSecret, SecretForm, UnfitSecret};
pub use suggestion::nearest;
pub use system::{
    Account, AccountChange, Attributes as PathAttributes, FileDraft, FileWrite, GroupEntry, MOST_BYTES, PathEntry,
    PathKind, ReadSystem, System,
};
pub use system_error::{Ended, SystemError};
pub use system_ext::{invoke, probe};
pub use template::{
    AttributeTemplate, BUILT_INS, Template, TemplateError, TemplateRegistration, TemplateSource, template_value,
};
pub use unit::{UnitAction, UnitState, full_unit_name};
pub use value::{AttributeValue, IntoValue, Value, short_type_name};
pub use workload::{
    DeployedWorkload, Deployment, DeploymentCatalog, Scheduled, ScheduledHost, Scheduler, Workload, WorkloadCx,
};

pub(crate) use anchor::Anchor;
pub(crate) use check::hex;
pub(crate) use content::fits;
#[cfg(feature = "controller")]
pub(crate) use fingerprint::BASE64_ANY_PADDING;
pub(crate) use layer::Layer;
pub(crate) use panicked::caught;
#[cfg(feature = "testing")]
pub(crate) use template::render_values;
