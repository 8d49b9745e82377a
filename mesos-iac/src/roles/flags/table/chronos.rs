//! The flags of Chronos.

use super::{Chronos, Facts, Flag, FlagPath, List, Milliseconds, NameAndPassword, Seconds};
use crate::roles::mesos::{MasterUrl, ZkAuth};
use crate::words::Secret;

flags! {
    Chronos;

    /// How many replicas of Cassandra have to write.
    CASSANDRA_CONSISTENCY: String = "cassandra_consistency" in "3.1..", default("ANY");
    /// The servers of Cassandra.
    CASSANDRA_CONTACT_POINTS: List = "cassandra_contact_points" in "3.1..";
    /// The keyspace for what jobs did.
    CASSANDRA_KEYSPACE: String = "cassandra_keyspace" in "3.1..", default("metrics");
    /// The password for Cassandra.
    CASSANDRA_PASSWORD: Secret<String> = "cassandra_password" in "3.1..";
    /// The port of Cassandra.
    CASSANDRA_PORT: u16 = "cassandra_port" in "3.1..", default("9042");
    /// The table of counts.
    CASSANDRA_STAT_COUNT_TABLE: String = "cassandra_stat_count_table" in "3.1..", default("chronos_stat_count");
    /// The table for what jobs did.
    CASSANDRA_TABLE: String = "cassandra_table" in "3.1..", default("chronos");
    /// How long Cassandra keeps what jobs did.
    CASSANDRA_TTL: Seconds = "cassandra_ttl" in "3.1..", default("31536000");
    /// The user for Cassandra.
    CASSANDRA_USER: String = "cassandra_user" in "3.1..";
    /// The name of the cluster, in messages.
    CLUSTER_NAME: String = "cluster_name" in "3.1..";
    /// How long Mesos keeps back an offer that was declined.
    DECLINE_OFFER_DURATION: Milliseconds = "decline_offer_duration" in "3.1..";
    /// Failures in a row after which a job is disabled; 0 for never.
    DISABLE_AFTER_FAILURES: i64 = "disable_after_failures" in "3.1..", default("0");
    /// Serve HTTPS alone.
    DISABLE_HTTP: bool = "disable_http" in "", perhaps("0.0..");
    /// How long Mesos keeps tasks while no Chronos is registered.
    FAILOVER_TIMEOUT: Seconds = "failover_timeout" in "3.1..", default("604800");
    /// The pause before a failed job runs again.
    FAILURE_RETRY: Milliseconds = "failure_retry" in "3.1..", default("60000");
    /// What the names of metrics begin with.
    GRAPHITE_GROUP_PREFIX: String = "graphite_group_prefix" in "3.1..";
    /// The Graphite that metrics go to, `host:port`.
    GRAPHITE_HOST_PORT: String = "graphite_host_port" in "3.1..";
    /// How often metrics go to Graphite.
    GRAPHITE_REPORTING_INTERVAL: Seconds = "graphite_reporting_interval" in "3.1..", default("60");
    /// The name under which the other Chronoss and Mesos reach this one.
    HOSTNAME: String = "hostname" in "3.1..";
    /// The address that HTTP is served on.
    HTTP_ADDRESS: String = "http_address" in "", perhaps("0.0..");
    /// User and password that the API asks for, as `user:password`.
    HTTP_CREDENTIALS: NameAndPassword = "http_credentials" in "", perhaps("0.0..");
    /// User and password for notifications, as `user:password`.
    HTTP_NOTIFICATION_CREDENTIALS: Secret<String> = "http_notification_credentials" in "3.1..";
    /// URL that notifications are posted to.
    HTTP_NOTIFICATION_URL: String = "http_notification_url" in "3.1..";
    /// The port that HTTP is served on.
    HTTP_PORT: u16 = "http_port" in "", perhaps("0.0..");
    /// The realm that the API names as it asks for credentials.
    HTTP_REALM: String = "http_realm" in "", perhaps("0.0..");
    /// The address that HTTPS is served on.
    HTTPS_ADDRESS: String = "https_address" in "", perhaps("0.0..");
    /// The port that HTTPS is served on.
    HTTPS_PORT: u16 = "https_port" in "", perhaps("0.0..");
    /// Runs that are told of each job.
    JOB_HISTORY_LIMIT: i64 = "job_history_limit" in "3.1..", default("5");
    /// After how long without a sign of life the leader resigns.
    LEADER_MAX_IDLE_TIME: Milliseconds = "leader_max_idle_time" in "3.1..", default("5000");
    /// The sender of mails.
    MAIL_FROM: String = "mail_from" in "3.1..";
    /// The password for mails.
    MAIL_PASSWORD: Secret<String> = "mail_password" in "3.1..";
    /// The server for mails, `host:port`.
    MAIL_SERVER: String = "mail_server" in "3.1..";
    /// Send mails over TLS.
    MAIL_SSL: bool = "mail_ssl" in "3.1..", default("false");
    /// The user for mails.
    MAIL_USER: String = "mail_user" in "3.1..";
    /// Where the masters are: a ZooKeeper URL, `host:port` or `http://host:port`.
    MASTER: MasterUrl = "master" in "3.1..", default("local");
    /// URL of the Mattermost hook that notifications go to.
    MATTERMOST_URL: String = "mattermost_url" in "3.1..";
    /// The name to authenticate with.
    MESOS_AUTHENTICATION_PRINCIPAL: String = "mesos_authentication_principal" in "3.1..";
    /// The file of the secret to authenticate with.
    MESOS_AUTHENTICATION_SECRET_FILE: FlagPath = "mesos_authentication_secret_file" in "3.1..";
    /// Have agents keep tasks over their own restarts.
    MESOS_CHECKPOINT: bool = "mesos_checkpoint" in "3.1..", default("true");
    /// The name under which Chronos registers with Mesos.
    MESOS_FRAMEWORK_NAME: String = "mesos_framework_name" in "3.1..", default("chronos");
    /// The role under which Chronos registers.
    MESOS_ROLE: String = "mesos_role" in "3.1..", default("*");
    /// The processors of jobs that name none.
    MESOS_TASK_CPU: f64 = "mesos_task_cpu" in "3.1..", default("0.1");
    /// The disk of jobs that name none, in MB.
    MESOS_TASK_DISK: f64 = "mesos_task_disk" in "3.1..", default("256.0");
    /// The memory of jobs that name none, in MB.
    MESOS_TASK_MEM: f64 = "mesos_task_mem" in "3.1..", default("128.0");
    /// How often at most Mesos is asked for offers.
    MIN_REVIVE_OFFERS_INTERVAL: Milliseconds = "min_revive_offers_interval" in "3.1..", default("5000");
    /// Where errors go to by Sentry's protocol.
    RAVEN_DSN: Secret<String> = "raven_dsn" in "3.1..";
    /// How often Chronos compares its tasks with those of Mesos.
    RECONCILIATION_INTERVAL: Seconds = "reconciliation_interval" in "3.1..", default("600");
    /// Ask for offers as soon as there is something to run.
    REVIVE_OFFERS_FOR_NEW_JOBS: bool = "revive_offers_for_new_jobs" in "3.1..", default("false");
    /// URL of the Slack hook that notifications go to.
    SLACK_URL: String = "slack_url" in "3.1..";
    /// The password of the keystore.
    SSL_KEYSTORE_PASSWORD: Secret<String> = "ssl_keystore_password" in "", perhaps("0.0..");
    /// The keystore that HTTPS is served with.
    SSL_KEYSTORE_PATH: FlagPath = "ssl_keystore_path" in "", perhaps("0.0..");
    /// How late a job may start.
    TASK_EPSILON: Seconds = "task_epsilon" in "3.1..", default("60");
    /// The user that jobs run as.
    USER: String = "user" in "3.1..", default("root");
    /// The URL of the web interface.
    WEBUI_URL: String = "webui_url" in "3.1..";
    /// Scheme and credentials for ZooKeeper, such as `digest:user:password`.
    ZK_AUTH: ZkAuth = "zk_auth" in "3.1..";
    /// The servers of ZooKeeper, `host:port` with commas between.
    ZK_HOSTS: List = "zk_hosts" in "3.1..", default("localhost:2181");
    /// The path of the state in ZooKeeper.
    ZK_PATH: String = "zk_path" in "3.1..", default("/chronos/state");
    /// How long a request to ZooKeeper may take.
    ZK_TIMEOUT: Milliseconds = "zk_timeout" in "3.1..", default("10000");
}
