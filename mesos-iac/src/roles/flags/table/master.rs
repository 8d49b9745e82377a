//! The flags of `mesos-master`.

use super::{
    Bytes, Facts, Flag, FlagPath, Json, List, LoggingLevel, Master, MesosDuration, Percent, Rate, Registry, Sorter,
};
use crate::roles::mesos::ZkUrl;
use std::net::IpAddr;

flags! {
    Master;

    /// Authorization rules of the local authorizer, as JSON.
    ACLS: Json = "acls" in "0.20..";
    /// IP announced to peers when it differs from the bound IP.
    ADVERTISE_IP: IpAddr = "advertise_ip" in "0.24..";
    /// Port announced to peers; only meaningful together with `advertise_ip`.
    ADVERTISE_PORT: u16 = "advertise_port" in "0.24..";
    /// How long the master waits for each agent health-check reply.
    AGENT_PING_TIMEOUT: MesosDuration = "agent_ping_timeout" in "1.0..", formerly("slave_ping_timeout", "0.23..1.0"),
        alias("slave_ping_timeout", "1.0.."), default("15secs"), least("1secs"), most("15mins");
    /// How fast agents that fail are removed at the most, such as `1/10mins`.
    AGENT_REMOVAL_RATE_LIMIT: Rate = "agent_removal_rate_limit" in "1.0..",
        formerly("slave_removal_rate_limit", "0.22..1.0"), alias("slave_removal_rate_limit", "1.0..");
    /// Window for agents to come back after master failover before being marked unreachable.
    AGENT_REREGISTER_TIMEOUT: MesosDuration = "agent_reregister_timeout" in "1.0..",
        formerly("slave_reregister_timeout", "0.19..1.0"), alias("slave_reregister_timeout", "1.0.."),
        default("10mins"), least("10mins");
    /// Period between batch allocation rounds.
    ALLOCATION_INTERVAL: MesosDuration = "allocation_interval" in "0.19..", default("1secs");
    /// Allocator implementation: built-in or module name.
    ALLOCATOR: String = "allocator" in "0.23..",
        defaults(&[("0.23", Some("HierarchicalDRF")), ("1.4.2", Some("hierarchical")), ("1.5",
            Some("HierarchicalDRF")), ("1.5.2", Some("hierarchical")), ("1.6", Some("HierarchicalDRF")), ("1.6.1",
            Some("hierarchical"))]);
    /// Fraction of known agents that must return before offers resume after failover.
    ALLOCATOR_AGENT_RECOVERY_FACTOR: f64 = "allocator_agent_recovery_factor" in "1.11..", default("0.8");
    /// Upper bound on the allocator pause after failover.
    ALLOCATOR_RECOVERY_TIMEOUT: MesosDuration = "allocator_recovery_timeout" in "1.11..", default("10mins");
    /// Only authenticated agents may register.
    AUTHENTICATE_AGENTS: bool = "authenticate_agents" in "1.0..", formerly("authenticate_slaves", "0.19..1.0"),
        alias("authenticate_slaves", "1.0.."), default("false");
    /// Only authenticated frameworks may register.
    AUTHENTICATE_FRAMEWORKS: bool = "authenticate_frameworks" in "1.0..", formerly("authenticate", "0.19..1.0"),
        alias("authenticate", "1.0.."), default("false");
    /// Require v1 HTTP frameworks to authenticate.
    AUTHENTICATE_HTTP_FRAMEWORKS: bool = "authenticate_http_frameworks" in "1.0..", default("false");
    /// Require credentials on read-only HTTP endpoints.
    AUTHENTICATE_HTTP_READONLY: bool = "authenticate_http_readonly" in "1.0..", default("false");
    /// Require credentials on mutating HTTP endpoints.
    AUTHENTICATE_HTTP_READWRITE: bool = "authenticate_http_readwrite" in "1.0..",
        formerly("authenticate_http", "0.27..1.0"), alias("authenticate_http", "1.0.."), default("false");
    /// Time a v0 framework/agent gets to authenticate.
    AUTHENTICATION_V0_TIMEOUT: MesosDuration = "authentication_v0_timeout" in "1.4.3..1.5 1.5.2..1.6 1.6.2..",
        default("15secs");
    /// Server-side authenticator implementation.
    AUTHENTICATORS: List = "authenticators" in "0.21..", default("crammd5");
    /// The authorizer of the master; exactly one.
    AUTHORIZERS: String = "authorizers" in "0.24..", default("local");
    /// Cluster display name.
    CLUSTER: String = "cluster" in "0.19..";
    /// Path of the master principals/secrets file.
    CREDENTIALS: FlagPath = "credentials" in "0.19..";
    /// Fault domain (region and zone) of this process, JSON.
    DOMAIN: Json = "domain" in "1.4..";
    /// Log file written by others, shown in the web UI.
    EXTERNAL_LOG_FILE: FlagPath = "external_log_file" in "0.22..";
    /// Resources ignored by fair sharing (comma list).
    FAIR_SHARING_EXCLUDED_RESOURCE_NAMES: List = "fair_sharing_excluded_resource_names" in "1.0..";
    /// Hide GPU agents from frameworks lacking the GPU capability.
    FILTER_GPU_RESOURCES: bool = "filter_gpu_resources" in "1.4..", default("true");
    /// HTTP endpoint disabling rules, JSON.
    FIREWALL_RULES: Json = "firewall_rules" in "0.23..";
    /// Sharing policy among frameworks of one role.
    FRAMEWORK_SORTER: Sorter = "framework_sorter" in "0.19..", default("drf");
    /// Print usage and exit.
    HELP: bool = "help" in "0.19..", default("false");
    /// Comma list of hook modules.
    HOOKS: List = "hooks" in "0.22..";
    /// Name announced to the cluster / in ZooKeeper.
    HOSTNAME: String = "hostname" in "0.19..";
    /// Resolve a host name when none is given; otherwise the IP is used.
    HOSTNAME_LOOKUP: bool = "hostname_lookup" in "0.25..", default("true");
    /// HTTP authenticator implementations.
    HTTP_AUTHENTICATORS: List = "http_authenticators" in "0.27..", default("basic");
    /// Authenticator for v1 HTTP frameworks.
    HTTP_FRAMEWORK_AUTHENTICATORS: List = "http_framework_authenticators" in "1.0..";
    /// Initialise glog for scheduler/executor drivers.
    INITIALIZE_DRIVER_LOGGING: bool = "initialize_driver_logging" in "0.20..", default("true");
    /// IP address to bind.
    IP: IpAddr = "ip" in "0.19..";
    /// Command printing the IP to bind; excludes ip.
    IP_DISCOVERY_COMMAND: String = "ip_discovery_command" in "0.24..";
    /// Initialise an empty replicated log automatically on first start.
    LOG_AUTO_INITIALIZE: bool = "log_auto_initialize" in "0.19..", default("true");
    /// Directory for log files; none means stderr only.
    LOG_DIR: FlagPath = "log_dir" in "0.19..";
    /// Seconds of log buffering.
    LOGBUFSECS: i64 = "logbufsecs" in "0.19..", default("0");
    /// Minimum level logged: INFO, WARNING or ERROR.
    LOGGING_LEVEL: LoggingLevel = "logging_level" in "0.19..", default("INFO");
    /// Leader-election contender module (with `master_detector`, excludes zk).
    MASTER_CONTENDER: String = "master_contender" in "1.0..";
    /// Leader-detection module.
    MASTER_DETECTOR: String = "master_detector" in "1.0..";
    /// Missed pings after which an agent is considered unreachable.
    MAX_AGENT_PING_TIMEOUTS: u32 = "max_agent_ping_timeouts" in "1.0..",
        formerly("max_slave_ping_timeouts", "0.23..1.0"), alias("max_slave_ping_timeouts", "1.0.."), default("5"),
        least("1");
    /// Finished frameworks kept in memory.
    MAX_COMPLETED_FRAMEWORKS: u32 = "max_completed_frameworks" in "0.24.2..0.25 0.25.1..0.26 0.26.1..", default("50");
    /// Finished tasks kept in memory per framework.
    MAX_COMPLETED_TASKS_PER_FRAMEWORK: u32 =
        "max_completed_tasks_per_framework" in "0.24.2..0.25 0.25.1..0.26 0.26.1..", default("1000");
    /// Executor limit per agent (port mapping builds).
    MAX_EXECUTORS_PER_AGENT: u32 = "max_executors_per_agent" in "1.0..",
        formerly("max_executors_per_slave", "0.20..1.0"), alias("max_executors_per_slave", "1.0.."),
        build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Limit of operator API event subscribers.
    MAX_OPERATOR_EVENT_STREAM_SUBSCRIBERS: u32 = "max_operator_event_stream_subscribers" in "1.8..", default("1000");
    /// Unreachable tasks kept in memory per framework.
    MAX_UNREACHABLE_TASKS_PER_FRAMEWORK: u32 = "max_unreachable_tasks_per_framework" in "1.2..", default("1000");
    /// Enable the jemalloc memory-profiler endpoints.
    MEMORY_PROFILING: bool = "memory_profiling" in "1.6..", default("false");
    /// The smallest bundle that is offered; `|` parts alternatives.
    MIN_ALLOCATABLE_RESOURCES: String = "min_allocatable_resources" in "1.4.2..1.5 1.5.2..1.6 1.6.1..",
        default("cpus:0.01|mem:32");
    /// Modules to load, JSON; excludes `modules_dir`.
    MODULES: Json = "modules" in "0.21..";
    /// Directory of module manifests; excludes modules.
    MODULES_DIR: FlagPath = "modules_dir" in "1.0..";
    /// Memory limit of regexes in offer constraints.
    OFFER_CONSTRAINTS_RE2_MAX_MEM: Bytes = "offer_constraints_re2_max_mem" in "1.11..", default("4KB");
    /// Program-size limit of regexes in offer constraints.
    OFFER_CONSTRAINTS_RE2_MAX_PROGRAM_SIZE: i64 = "offer_constraints_re2_max_program_size" in "1.11..",
        default("100");
    /// Rescind offers unused for this long.
    OFFER_TIMEOUT: MesosDuration = "offer_timeout" in "0.21..";
    /// TCP port to listen on.
    PORT: u16 = "port" in "0.19..", default("5050");
    /// Expose metrics per framework.
    PUBLISH_PER_FRAMEWORK_METRICS: bool = "publish_per_framework_metrics" in "1.8..", default("true");
    /// Do not log to stderr.
    QUIET: bool = "quiet" in "0.19..", default("false");
    /// Replicas that must agree for the registry log; majority of the masters.
    QUORUM: i64 = "quorum" in "0.19..";
    /// Per-principal framework message limits, JSON.
    RATE_LIMITS: Json = "rate_limits" in "0.20..";
    /// Largest percentage of agents that may be lost at failover before master aborts.
    RECOVERY_AGENT_REMOVAL_LIMIT: Percent = "recovery_agent_removal_limit" in "1.0..",
        formerly("recovery_slave_removal_limit", "0.19..1.0"), alias("recovery_slave_removal_limit", "1.0.."),
        default("100%");
    /// Registry storage: `replicated_log` or `in_memory`.
    REGISTRY: Registry = "registry" in "0.19..", default("replicated_log");
    /// Timeout of reading the registry.
    REGISTRY_FETCH_TIMEOUT: MesosDuration = "registry_fetch_timeout" in "0.19..", default("1mins");
    /// Period of registry garbage collection.
    REGISTRY_GC_INTERVAL: MesosDuration = "registry_gc_interval" in "1.1..", default("15mins");
    /// Age after which unreachable agents are forgotten.
    REGISTRY_MAX_AGENT_AGE: MesosDuration = "registry_max_agent_age" in "1.1..", default("2weeks");
    /// Limit of unreachable agents remembered.
    REGISTRY_MAX_AGENT_COUNT: u32 = "registry_max_agent_count" in "1.1..", default("102400");
    /// Timeout of writing the registry.
    REGISTRY_STORE_TIMEOUT: MesosDuration = "registry_store_timeout" in "0.19..",
        defaults(&[("0.19", Some("5secs")), ("0.28", Some("20secs"))]);
    /// Strict registry; refused from 1.0 on.
    REGISTRY_STRICT: bool = "registry_strict" in "0.19..", default("false");
    /// Refuse agents without a fault domain.
    REQUIRE_AGENT_DOMAIN: bool = "require_agent_domain" in "1.5..", default("false");
    /// Sharing policy among roles.
    ROLE_SORTER: Sorter = "role_sorter" in "1.4.2..1.5 1.5.2..1.6 1.6.1..",
        formerly("user_sorter", "0.19..1.4.2 1.5..1.5.2 1.6..1.6.1"),
        alias("user_sorter", "1.4.2..1.5 1.5.2..1.6 1.6.1.."), default("drf");
    /// The roles that frameworks may have; all if unset. Not advised any more.
    ROLES: List = "roles" in "0.19..";
    /// Allow frameworks running as root.
    ROOT_SUBMISSIONS: bool = "root_submissions" in "0.19..", default("true");
    /// Print version and exit.
    VERSION: bool = "version" in "0.19..", default("false");
    /// Directory of web UI assets.
    WEBUI_DIR: FlagPath = "webui_dir" in "0.19..";
    /// Weights of roles, `role=weight` with commas between; they fill the registry once, then its endpoint counts.
    WEIGHTS: String = "weights" in "0.19..";
    /// File of agent host names whose resources are offered.
    WHITELIST: FlagPath = "whitelist" in "0.19..", defaults(&[("0.19", Some("*")), ("0.22", None)]);
    /// The directory of what outlives the process: the registry of a master, the checkpoints of an agent.
    WORK_DIR: FlagPath = "work_dir" in "0.19..";
    /// The ZooKeeper URL of the election; or `file://` and the file that has it.
    ZK: ZkUrl = "zk" in "0.19..";
    /// ZooKeeper session timeout.
    ZK_SESSION_TIMEOUT: MesosDuration = "zk_session_timeout" in "0.19..", default("10secs");
}
