//! The agent's flags, but those for networks and containers.

use super::{Agent, Facts, Flag, FlagPath, Json, List, LoggingLevel, MesosDuration, ReconfigurationPolicy, Recover};
use crate::roles::mesos::{Attributes, MasterUrl, Resources, RoleName};

flags! {
    Agent;

    /// Authorization rules of the local authorizer, as JSON.
    ACLS: Json = "acls" in "1.0..";
    /// Explicit capability set the agent announces (`SlaveCapabilities` JSON).
    AGENT_FEATURES: Json = "agent_features" in "1.5..";
    /// Cgroup subsystems the agent process itself is put in (comma list).
    AGENT_SUBSYSTEMS: List = "agent_subsystems" in "1.0..", formerly("slave_subsystems", "0.19..1.0"),
        alias("slave_subsystems", "1.0.."), linux();
    /// What describes the agent to frameworks.
    ATTRIBUTES: Attributes = "attributes" in "0.19..";
    /// Require executors to authenticate on the v1 executor API.
    AUTHENTICATE_HTTP_EXECUTORS: bool = "authenticate_http_executors" in "1.3..", default("false"),
        build("USE_SSL_SOCKET");
    /// Require credentials on read-only HTTP endpoints.
    AUTHENTICATE_HTTP_READONLY: bool = "authenticate_http_readonly" in "1.0..", default("false");
    /// Require credentials on mutating HTTP endpoints.
    AUTHENTICATE_HTTP_READWRITE: bool = "authenticate_http_readwrite" in "1.0..", default("false");
    /// Client-side authentication mechanism used towards the master.
    AUTHENTICATEE: String = "authenticatee" in "0.22..", default("crammd5");
    /// Base of the randomised retry delay for authentication.
    AUTHENTICATION_BACKOFF_FACTOR: MesosDuration = "authentication_backoff_factor" in "0.28.3..", default("1secs");
    /// Largest timeout of one authentication attempt.
    AUTHENTICATION_TIMEOUT_MAX: MesosDuration = "authentication_timeout_max" in "1.4.3..1.5 1.5.2..1.6 1.6.2..",
        default("1mins");
    /// Smallest timeout of one authentication attempt.
    AUTHENTICATION_TIMEOUT_MIN: MesosDuration = "authentication_timeout_min" in "1.4.3..1.5 1.5.2..1.6 1.6.2..",
        default("5secs");
    /// Authorizer implementation of the agent.
    AUTHORIZER: String = "authorizer" in "1.0..", default("local");
    /// Persist state for recovery; always on from 0.22 on.
    CHECKPOINT: bool = "checkpoint" in "0.19..0.22", default("true");
    /// Path of the agent own principal/secret file.
    CREDENTIAL: FlagPath = "credential" in "0.19..";
    /// Role given to resources listed without one, and to auto-detected ones.
    DEFAULT_ROLE: RoleName = "default_role" in "0.19..", default("*");
    /// Fault domain (region and zone) of this process, JSON.
    DOMAIN: Json = "domain" in "1.4..";
    /// Log file written by others, shown in the web UI.
    EXTERNAL_LOG_FILE: FlagPath = "external_log_file" in "0.22..";
    /// HTTP endpoint disabling rules, JSON.
    FIREWALL_RULES: Json = "firewall_rules" in "0.23..";
    /// Print usage and exit.
    HELP: bool = "help" in "0.19..", default("false");
    /// Comma list of hook modules.
    HOOKS: List = "hooks" in "0.22..";
    /// HTTP authenticator implementations.
    HTTP_AUTHENTICATORS: List = "http_authenticators" in "1.0..", defaults(&[("1.0", Some("basic")), ("1.3", None)]);
    /// Path of the agent HTTP credentials file.
    HTTP_CREDENTIALS: FlagPath = "http_credentials" in "1.0..";
    /// Heartbeat period on v1 executor streams.
    HTTP_HEARTBEAT_INTERVAL: MesosDuration = "http_heartbeat_interval" in "1.2..", default("30secs");
    /// Initialise glog for scheduler/executor drivers.
    INITIALIZE_DRIVER_LOGGING: bool = "initialize_driver_logging" in "0.20..", default("true");
    /// Directory for log files; none means stderr only.
    LOG_DIR: FlagPath = "log_dir" in "0.19..";
    /// Seconds of log buffering.
    LOGBUFSECS: i64 = "logbufsecs" in "0.19..", default("0");
    /// Minimum level logged: INFO, WARNING or ERROR.
    LOGGING_LEVEL: LoggingLevel = "logging_level" in "0.19..", default("INFO");
    /// Where the masters are: a ZooKeeper URL, `host:port`, or `file://` and the file that has it.
    MASTER: MasterUrl = "master" in "0.19..";
    /// Leader-detection module.
    MASTER_DETECTOR: String = "master_detector" in "1.0..";
    /// Finished executors kept in memory per framework.
    MAX_COMPLETED_EXECUTORS_PER_FRAMEWORK: u32 = "max_completed_executors_per_framework" in "1.1..", default("150");
    /// Enable the jemalloc memory-profiler endpoints.
    MEMORY_PROFILING: bool = "memory_profiling" in "1.6..", default("false");
    /// Modules to load, JSON; excludes `modules_dir`.
    MODULES: Json = "modules" in "0.21..";
    /// Directory of module manifests; excludes modules.
    MODULES_DIR: FlagPath = "modules_dir" in "1.0..";
    /// Update period of revocable resource estimates.
    OVERSUBSCRIBED_RESOURCES_INTERVAL: MesosDuration = "oversubscribed_resources_interval" in "0.23..",
        default("15secs");
    /// `QoS` controller module for oversubscription.
    QOS_CONTROLLER: String = "qos_controller" in "0.23..";
    /// Minimum period between `QoS` corrections.
    QOS_CORRECTION_INTERVAL_MIN: MesosDuration = "qos_correction_interval_min" in "0.23..", default("0ns");
    /// Do not log to stderr.
    QUIET: bool = "quiet" in "0.19..", default("false");
    /// Which agent config changes recovery accepts: equal or additive.
    RECONFIGURATION_POLICY: ReconfigurationPolicy = "reconfiguration_policy" in "1.5..", default("equal");
    /// Reconnect to or cleanup old executors on start.
    RECOVER: Recover = "recover" in "0.19..", default("reconnect");
    /// Time executors wait for the agent to recover.
    RECOVERY_TIMEOUT: MesosDuration = "recovery_timeout" in "0.19..", default("15mins");
    /// Base of the randomised agent registration delay.
    REGISTRATION_BACKOFF_FACTOR: MesosDuration = "registration_backoff_factor" in "0.19..", default("1secs");
    /// Estimator module for oversubscription.
    RESOURCE_ESTIMATOR: String = "resource_estimator" in "0.23..";
    /// Sampling period of what executors use.
    RESOURCE_MONITORING_INTERVAL: MesosDuration = "resource_monitoring_interval" in "0.19..0.26", default("1secs");
    /// Directory of local resource provider configs.
    RESOURCE_PROVIDER_CONFIG_DIR: FlagPath = "resource_provider_config_dir" in "1.4..";
    /// What the agent offers.
    RESOURCES: Resources = "resources" in "0.19..";
    /// Non-persistent runtime state, cleared at reboot.
    RUNTIME_DIR: FlagPath = "runtime_dir" in "1.1..";
    /// Treat every recovery error as fatal.
    STRICT: bool = "strict" in "0.19..", default("true");
    /// Print version and exit.
    VERSION: bool = "version" in "0.19..", default("false");
    /// The directory of what outlives the process: the registry of a master, the checkpoints of an agent.
    WORK_DIR: FlagPath = "work_dir" in "0.19..", defaults(&[("0.19", Some("/tmp/mesos")), ("1.0", None)]);
    /// ZooKeeper session timeout.
    ZK_SESSION_TIMEOUT: MesosDuration = "zk_session_timeout" in "1.5..", default("10secs");
}
