//! Marathon's flags: where it is, who may call it, what it allows.

use super::{Facts, Flag, FlagPath, List, Marathon, Milliseconds, NameAndPassword, Seconds};
use crate::roles::mesos::{MasterUrl, ZkUrl};
use crate::words::Secret;

flags! {
    Marathon;

    /// Which offers apps accept that name no roles: all, unreserved ones, or reserved ones.
    ACCEPTED_RESOURCE_ROLES_DEFAULT_BEHAVIOR: String = "accepted_resource_roles_default_behavior" in "1.10.26..",
        default("any"), choices(&[("1.10.26", &["any", "unreserved", "reserved"])]);
    /// Origins that browsers may call the API from, with commas between; `*` for all.
    ACCESS_CONTROL_ALLOW_ORIGIN: List = "access_control_allow_origin" in "0.8.2..";
    /// URL of the store for artifacts, such as `hdfs://host:port/path` or `file:///path`.
    ARTIFACT_STORE: String = "artifact_store" in "0.8.2..1.5.15";
    /// Directory of the web interface's files.
    ASSETS_PATH: FlagPath = "assets_path" in "1.8.244..", deprecated("1.8.244"), perhaps("0.0..1.8.244");
    /// URL of the default place of backups, such as `file:///path`.
    BACKUP_LOCATION: String = "backup_location" in "1.5.15..";
    /// Have agents keep tasks over their own restarts.
    CHECKPOINT: bool = "checkpoint" in "0.8.2..", off("disable_checkpoint", "0.15.3"), default("true");
    /// How long Mesos keeps back an offer that was declined.
    DECLINE_OFFER_DURATION: Milliseconds = "decline_offer_duration" in "0.15.3..", default("120000");
    /// Roles whose resources apps accept that name none, with commas between.
    DEFAULT_ACCEPTED_RESOURCE_ROLES: List = "default_accepted_resource_roles" in "0.15.3..", deprecated("1.10.26");
    /// The container network of apps that name none.
    DEFAULT_NETWORK_NAME: String = "default_network_name" in "1.4.13..";
    /// Deprecated features that are to go on working.
    DEPRECATED_FEATURES: List = "deprecated_features" in "1.8.244..";
    /// Serve HTTPS alone.
    DISABLE_HTTP: bool = "disable_http" in "1.8.244..", default("false"), perhaps("0.0..1.8.244");
    /// How long before a maintenance window offers of its agents are declined.
    DRAINING_SECONDS: Seconds = "draining_seconds" in "1.5.15..", default("0");
    /// Optional features that are switched on.
    ENABLE_FEATURES: List = "enable_features" in "1.1.7..", deprecated("1.8.244");
    /// What the names of the environment variables begin with that Marathon gives to tasks.
    ENV_VARS_PREFIX: String = "env_vars_prefix" in "0.15.3..";
    /// The executor of tasks that name none.
    EXECUTOR: String = "executor" in "0.8.2..", default("//cmd");
    /// How long Mesos keeps tasks while no Marathon is registered.
    FAILOVER_TIMEOUT: Seconds = "failover_timeout" in "0.8.2..", default("604800");
    /// The name under which Marathon registers with Mesos.
    FRAMEWORK_NAME: String = "framework_name" in "0.8.2..", default("marathon");
    /// Whether apps that need no GPU may run on agents that have some.
    GPU_SCHEDULING_BEHAVIOR: String = "gpu_scheduling_behavior" in "1.5.15..",
        defaults(&[("1.5.15", Some("undefined")), ("1.8.244", Some("restricted"))]),
        choices(&[("1.5.15", &["undefined", "restricted", "unrestricted"]), ("1.8.244", &["restricted",
            "unrestricted"])]);
    /// How long Marathon takes to end at most.
    GRACEFUL_SHUTDOWN_TIMEOUT: Milliseconds = "graceful_shutdown_timeout" in "1.8.244..", default("45000");
    /// Several Marathons, of which one leads.
    HA: bool = "ha" in "0.8.2..", off("disable_ha", "0.15.3"), default("true");
    /// The name under which the other Marathons and Mesos reach this one.
    HOSTNAME: String = "hostname" in "0.8.2..";
    /// The address that HTTP is served on.
    HTTP_ADDRESS: String = "http_address" in "1.8.244..", perhaps("0.0..1.8.244");
    /// Compress answers.
    HTTP_COMPRESSION: bool = "http_compression" in "1.8.244..", off("disable_http_compression", "1.8.244"),
        default("true"), perhaps("0.0..1.8.244");
    /// User and password that the API asks for, as `user:password`.
    HTTP_CREDENTIALS: NameAndPassword = "http_credentials" in "1.8.244..", perhaps("0.0..1.8.244");
    /// URLs that events are posted to, with commas between.
    HTTP_ENDPOINTS: List = "http_endpoints" in "0.8.2..1.5.15";
    /// The port that HTTP is served on.
    HTTP_PORT: u16 = "http_port" in "1.8.244..", default("8080"), perhaps("0.0..1.8.244");
    /// The realm that the API names as it asks for credentials.
    HTTP_REALM: String = "http_realm" in "1.8.244..", default("Mesosphere"), perhaps("0.0..1.8.244");
    /// The address that HTTPS is served on.
    HTTPS_ADDRESS: String = "https_address" in "1.8.244..", perhaps("0.0..1.8.244");
    /// The port that HTTPS is served on.
    HTTPS_PORT: u16 = "https_port" in "1.8.244..", default("8443"), perhaps("0.0..1.8.244");
    /// The highest port that apps are given.
    LOCAL_PORT_MAX: u16 = "local_port_max" in "0.8.2..", default("20000");
    /// The lowest port that apps are given.
    LOCAL_PORT_MIN: u16 = "local_port_min" in "0.8.2..", default("10000");
    /// The least level that is logged.
    LOGGING_LEVEL: String = "logging_level" in "0.8.2..", deprecated("1.5.15");
    /// Decline offers of agents in maintenance windows.
    MAINTENANCE_MODE: bool = "maintenance_mode" in "1.8.244..", off("disable_maintenance_mode", "1.8.244"),
        default("true");
    /// How long the store may take.
    MARATHON_STORE_TIMEOUT: Milliseconds = "marathon_store_timeout" in "0.8.2..1.4.13",
        defaults(&[("0.8.2", Some("2000")), ("0.15.3", None)]), deprecated("0.15.3");
    /// Where the masters are: a ZooKeeper URL, `host:port` or `http://host:port`.
    MASTER: MasterUrl = "master" in "0.8.2..";
    /// Apps that there may be.
    MAX_APPS: i64 = "max_apps" in "0.15.3..";
    /// Authenticate with Mesos.
    MESOS_AUTHENTICATION: bool = "mesos_authentication" in "1.4.13..", off("disable_mesos_authentication", "1.4.13"),
        default("false");
    /// The name to authenticate with.
    MESOS_AUTHENTICATION_PRINCIPAL: String = "mesos_authentication_principal" in "0.8.2..";
    /// The secret to authenticate with.
    MESOS_AUTHENTICATION_SECRET: Secret<String> = "mesos_authentication_secret" in "1.4.13..";
    /// The file of the secret to authenticate with.
    MESOS_AUTHENTICATION_SECRET_FILE: FlagPath = "mesos_authentication_secret_file" in "0.8.2..";
    /// The name of Mesos' bridge network.
    MESOS_BRIDGE_NAME: String = "mesos_bridge_name" in "1.5.15..", default("mesos-bridge");
    /// The URL under which browsers reach the leading master.
    MESOS_LEADER_UI_URL: String = "mesos_leader_ui_url" in "0.15.3..";
    /// Have Mesos filter offers by the constraints of apps.
    MESOS_OFFER_CONSTRAINTS: bool = "mesos_offer_constraints" in "1.12.0..",
        off("disable_mesos_offer_constraints", "1.12.0"), default("false");
    /// The role under which Marathon registers.
    MESOS_ROLE: String = "mesos_role" in "0.8.2..", default("*");
    /// The user that tasks run as.
    MESOS_USER: String = "mesos_user" in "0.8.2..";
    /// How often at most Mesos is told of changed offer constraints.
    MIN_MESOS_OFFER_CONSTRAINTS_UPDATE_INTERVAL: Milliseconds =
        "min_mesos_offer_constraints_update_interval" in "1.12.0..", default("1000");
    /// Whether new groups of the top level set the role of what is in them.
    NEW_GROUP_ENFORCE_ROLE: String = "new_group_enforce_role" in "1.10.26..", default("off"),
        choices(&[("1.10.26", &["off", "top"])]);
    /// The file that configures plugins.
    PLUGIN_CONF: FlagPath = "plugin_conf" in "0.15.3..";
    /// The directory of plugins.
    PLUGIN_DIR: FlagPath = "plugin_dir" in "0.15.3..";
    /// The password of the keystore.
    SSL_KEYSTORE_PASSWORD: Secret<String> = "ssl_keystore_password" in "1.8.244..", perhaps("0.0..1.8.244");
    /// The keystore that HTTPS is served with.
    SSL_KEYSTORE_PATH: FlagPath = "ssl_keystore_path" in "1.8.244..", perhaps("0.0..1.8.244");
    /// Ask Mesos for no offers while there is nothing to launch.
    SUPPRESS_OFFERS: bool = "suppress_offers" in "1.5.15..", off("disable_suppress_offers", "1.5.15"),
        defaults(&[("1.5.15", Some("false")), ("1.8.244", Some("true"))]);
    /// The URL of the web interface.
    WEBUI_URL: String = "webui_url" in "0.8.2..";
    /// The ZooKeeper URL of the state and the election.
    ZK: ZkUrl = "zk" in "0.8.2..", default("zk://localhost:2181/marathon");
    /// Compress what ZooKeeper keeps.
    ZK_COMPRESSION: bool = "zk_compression" in "0.15.3..", off("disable_zk_compression", "0.15.3"), default("true");
    /// From how many bytes on what ZooKeeper keeps is compressed.
    ZK_COMPRESSION_THRESHOLD: i64 = "zk_compression_threshold" in "0.15.3..", default("65536"), least("0");
    /// How long connecting to ZooKeeper may take.
    ZK_CONNECTION_TIMEOUT: Milliseconds = "zk_connection_timeout" in "1.4.13..", default("10000");
    /// The servers of ZooKeeper, `host:port` with commas between.
    ZK_HOSTS: List = "zk_hosts" in "0.8.2..0.15.3", default("localhost:2181"), deprecated("0.8.2");
    /// How many bytes a node of ZooKeeper may have.
    ZK_MAX_NODE_SIZE: i64 = "zk_max_node_size" in "1.1.7..", default("1024000"), least("0");
    /// Versions of apps and groups that are kept.
    ZK_MAX_VERSIONS: i64 = "zk_max_versions" in "0.8.2..",
        defaults(&[("0.15.3", Some("25")), ("1.4.13", Some("50"))]);
    /// After how long without a sign of life ZooKeeper ends the session.
    ZK_SESSION_TIMEOUT: Milliseconds = "zk_session_timeout" in "0.15.3..", default("10000");
    /// The path of the state in ZooKeeper.
    ZK_STATE: String = "zk_state" in "0.8.2..0.15.3", default("/marathon"), deprecated("0.8.2");
    /// How long a request to ZooKeeper may take.
    ZK_TIMEOUT: Milliseconds = "zk_timeout" in "0.8.2..", default("10000");
}
