//! Marathon's flags for time-outs, threads, queues and metrics.

use super::{Facts, Flag, Marathon, Milliseconds, Seconds};
use crate::words::Secret;

flags! {
    Marathon;

    /// Threads that collect what the API tells of apps.
    APP_INFO_MODULE_EXECUTION_CONTEXT_SIZE: i64 = "app_info_module_execution_context_size" in "1.5.15..";
    /// Threads of the service that tells of apps and groups.
    DEFAULT_INFO_SERVICE_EXECUTION_CONTEXT_SIZE: i64 = "default_info_service_execution_context_size" in "1.5.15..";
    /// How long requests of deployments may take.
    DEPLOYMENT_MANAGER_REQUEST_TIMEOUT: Milliseconds = "deployment_manager_request_timeout" in "1.5.15..",
        default("1000");
    /// Measure the time of service calls.
    ENABLE_METRICS: bool = "enable_metrics" in "0.8.2..1.4.13", default("false");
    /// Log a trace of service calls.
    ENABLE_TRACING: bool = "enable_tracing" in "0.8.2..1.4.13",
        defaults(&[("0.8.2", Some("false")), ("0.15.3", None)]);
    /// Events that may wait for one slow reader of the event stream.
    EVENT_STREAM_MAX_OUTSTANDING_MESSAGES: i64 = "event_stream_max_outstanding_messages" in "0.15.3..",
        defaults(&[("0.15.3", Some("50")), ("1.5.15", Some("1024"))]);
    /// How events are delivered: `http_callback`.
    EVENT_SUBSCRIBER: String = "event_subscriber" in "0.8.2..1.5.15";
    /// Serve the API by another HTTP library.
    FEATURE_AKKA_HTTP_SERVICE_BACKEND: bool = "feature_akka_http_service_backend" in "1.5.15..1.8.244",
        default("false");
    /// Roots that the garbage collection of the store reads at a time.
    GC_ACTOR_SCAN_BATCH_SIZE: i64 = "gc_actor_scan_batch_size" in "1.5.15..1.8.244", default("32");
    /// Threads of the group manager.
    GROUP_MANAGER_EXECUTION_CONTEXT_SIZE: i64 = "group_manager_execution_context_size" in "1.5.15..";
    /// How long requests of groups may take.
    GROUP_MANAGER_REQUEST_TIMEOUT: Milliseconds = "group_manager_request_timeout" in "1.4.13..", default("10000");
    /// Versions of groups that are kept in memory.
    GROUP_VERSIONS_CACHE_SIZE: i64 = "group_versions_cache_size" in "1.8.244..", default("1000");
    /// After how long a receiver of events counts as slow.
    HTTP_EVENT_CALLBACK_SLOW_CONSUMER_TIMEOUT: Milliseconds =
        "http_event_callback_slow_consumer_timeout" in "0.15.3..1.5.15", default("10000");
    /// How long posting an event may take.
    HTTP_EVENT_REQUEST_TIMEOUT: Milliseconds = "http_event_request_timeout" in "1.4.13..1.5.15", default("10000");
    /// Requests that are served at a time.
    HTTP_MAX_CONCURRENT_REQUESTS: i64 = "http_max_concurrent_requests" in "0.15.3..";
    /// Instances that are loaded at a time.
    INSTANCE_TRACKER_NUM_PARALLEL_LOADS: i64 = "instance_tracker_num_parallel_loads" in "1.8.244..", default("16");
    /// Instances that are updated at a time.
    INSTANCE_TRACKER_NUM_PARALLEL_UPDATES: i64 = "instance_tracker_num_parallel_updates" in "1.8.244..",
        default("16");
    /// Updates of instances that may wait.
    INSTANCE_TRACKER_UPDATE_QUEUE_SIZE: i64 = "instance_tracker_update_queue_size" in "1.8.244..", default("4096");
    /// What keeps the state.
    INTERNAL_STORE_BACKEND: String = "internal_store_backend" in "0.15.3..",
        defaults(&[("0.15.3", Some("zk")), ("1.4.13", Some("legacy_zk")), ("1.5.15", Some("zk"))]),
        choices(&[("0.15.3", &["zk", "mesos_zk", "mem"]), ("1.4.13", &["legacy_zk", "mesos_zk", "mem", "zk"]),
            ("1.5.15", &["mem", "zk"])]);
    /// Keep versions of apps in memory.
    INTERNAL_VERSION_CACHING: bool = "internal_version_caching" in "1.4.13..",
        off("disable_internal_version_caching", "1.4.13"), default("true");
    /// Kills that may be under way at a time.
    KILL_CHUNK_SIZE: i64 = "kill_chunk_size" in "1.4.13..", default("100");
    /// After how long a kill is sent again.
    KILL_RETRY_TIMEOUT: Milliseconds = "kill_retry_timeout" in "1.4.13..",
        defaults(&[("1.4.13", Some("10000")), ("1.5.15", Some("30000"))]);
    /// How long the pause between batches of kills is.
    KILL_BATCH_DURATION: Milliseconds = "killBatchDuration" in "1.1.7..", default("10000");
    /// Kills of a batch.
    KILLS_PER_BATCH: i64 = "killsPerBatch" in "1.1.7..", default("100");
    /// How long requests of the launch queue may take.
    LAUNCH_QUEUE_REQUEST_TIMEOUT: Milliseconds = "launch_queue_request_timeout" in "0.15.3..",
        defaults(&[("0.15.3", Some("1000")), ("1.5.15", Some("3000"))]);
    /// How often the launch tokens are renewed.
    LAUNCH_TOKEN_REFRESH_INTERVAL: Milliseconds = "launch_token_refresh_interval" in "0.15.3..", default("30000");
    /// Launches between two renewals.
    LAUNCH_TOKENS: i64 = "launch_tokens" in "0.15.3..", defaults(&[("0.15.3", Some("1000")), ("1.1.7", Some("100"))]);
    /// What elects the leader.
    LEADER_ELECTION_BACKEND: String = "leader_election_backend" in "1.4.13..", default("curator"),
        choices(&[("1.4.13", &["twitter_commons", "curator"]), ("1.5.15", &["curator"])]);
    /// How long connecting to the leader may take, where a request is handed on to it.
    LEADER_PROXY_CONNECTION_TIMEOUT: Milliseconds = "leader_proxy_connection_timeout" in "0.15.3..", default("5000");
    /// Connections to the leader that may be open.
    LEADER_PROXY_MAX_OPEN_CONNECTIONS: i64 = "leader_proxy_max_open_connections" in "1.8.244..", default("64");
    /// How long the leader may take to answer.
    LEADER_PROXY_READ_TIMEOUT: Milliseconds = "leader_proxy_read_timeout" in "0.15.3..", default("10000");
    /// Don't compare the name in the leader's certificate.
    LEADER_PROXY_SSL_IGNORE_HOSTNAME: bool = "leader_proxy_ssl_ignore_hostname" in "1.4.13..", default("false");
    /// URL of a logstash that logs go to.
    LOGSTASH: String = "logstash" in "1.4.13..";
    /// How long parts of Marathon may take to start.
    MAX_ACTOR_STARTUP_TIME: Milliseconds = "max_actor_startup_time" in "0.15.3..", default("10000");
    /// Health checks that Marathon itself makes at a time.
    MAX_CONCURRENT_MARATHON_HEALTH_CHECKS: i64 = "max_concurrent_marathon_health_checks" in "1.5.15..",
        default("256");
    /// Instances that are launched on one offer.
    MAX_INSTANCES_PER_OFFER: i64 = "max_instances_per_offer" in "1.4.13..", default("5");
    /// Offers that are matched at a time.
    MAX_PARALLEL_OFFERS: i64 = "max_parallel_offers" in "1.5.15..";
    /// Status updates that are worked on at a time.
    MAX_PARALLEL_STATUS_UPDATES: i64 = "max_parallel_status_updates" in "0.15.3..", default("20");
    /// Offers that may wait.
    MAX_QUEUED_OFFERS: i64 = "max_queued_offers" in "1.5.15..", default("1024");
    /// Updates of groups that may wait.
    MAX_QUEUED_ROOT_GROUP_UPDATES: i64 = "max_queued_root_group_updates" in "0.15.3..", default("500");
    /// Status updates that may wait.
    MAX_QUEUED_STATUS_UPDATES: i64 = "max_queued_status_updates" in "0.15.3..", default("10000");
    /// Deployments that there may be at a time.
    MAX_RUNNING_DEPLOYMENTS: i64 = "max_running_deployments" in "1.5.15..", default("100");
    /// Tasks that are launched on one offer.
    MAX_TASKS_PER_OFFER: i64 = "max_tasks_per_offer" in "0.8.2..1.5.15",
        defaults(&[("0.8.2", Some("1")), ("0.15.3", Some("100")), ("1.1.7", Some("5"))]);
    /// Tasks that are launched for one batch of offers.
    MAX_TASKS_PER_OFFER_CYCLE: i64 = "max_tasks_per_offer_cycle" in "0.8.2..1.4.13", default("1000");
    /// Heartbeats that may be missed before the connection counts as lost.
    MESOS_HEARTBEAT_FAILURE_THRESHOLD: i64 = "mesos_heartbeat_failure_threshold" in "1.1.7..", default("5");
    /// How often Mesos is asked for a sign of life.
    MESOS_HEARTBEAT_INTERVAL: Milliseconds = "mesos_heartbeat_interval" in "1.1.7..", default("15000");
    /// Collect metrics.
    METRICS: bool = "metrics" in "0.15.3..", off("disable_metrics", "0.15.3"),
        defaults(&[("0.15.3", Some("true")), ("1.5.15", Some("false"))]);
    /// The seconds over which metrics are averaged.
    METRICS_AVERAGING_WINDOW: Seconds = "metrics_averaging_window" in "1.5.15..1.8.244";
    /// Send metrics to Datadog.
    METRICS_DATADOG: bool = "metrics_datadog" in "1.8.244..", off("disable_metrics_datadog", "1.8.244"),
        default("false");
    /// The key for Datadog's API.
    METRICS_DATADOG_API_KEY: Secret<String> = "metrics_datadog_api_key" in "1.8.244..";
    /// The host of the Datadog agent.
    METRICS_DATADOG_HOST: String = "metrics_datadog_host" in "1.8.244..";
    /// The port of the Datadog agent.
    METRICS_DATADOG_PORT: u16 = "metrics_datadog_port" in "1.8.244..";
    /// How metrics reach Datadog.
    METRICS_DATADOG_PROTOCOL: String = "metrics_datadog_protocol" in "1.8.244..", default("udp"),
        choices(&[("1.8.244", &["udp", "api"])]);
    /// How often metrics go to Datadog.
    METRICS_DATADOG_TRANSMISSION_INTERVAL_MS: Milliseconds =
        "metrics_datadog_transmission_interval_ms" in "1.8.244..", default("10000"), least("1");
    /// The greatest value of histograms.
    METRICS_HISTOGRAM_RESERVOIR_HIGHEST_TRACKABLE_VALUE: i64 =
        "metrics_histogram_reservoir_highest_trackable_value" in "1.8.244..", default("3600000000000"), least("2");
    /// Begin histograms anew now and then.
    METRICS_HISTOGRAM_RESERVOIR_RESET_PERIODICALLY: bool =
        "metrics_histogram_reservoir_reset_periodically" in "1.8.244..",
        off("disable_metrics_histogram_reservoir_reset_periodically", "1.8.244"), default("true");
    /// Parts that histograms drop one by one; 0, or 2 and more.
    METRICS_HISTOGRAM_RESERVOIR_RESETTING_CHUNKS: i64 = "metrics_histogram_reservoir_resetting_chunks" in "1.8.244..",
        default("0"), least("0");
    /// How often histograms begin anew.
    METRICS_HISTOGRAM_RESERVOIR_RESETTING_INTERVAL_MS: Milliseconds =
        "metrics_histogram_reservoir_resetting_interval_ms" in "1.8.244..", default("5000"), least("1");
    /// Digits to which histograms are exact.
    METRICS_HISTOGRAM_RESERVOIR_SIGNIFICANT_DIGITS: i64 =
        "metrics_histogram_reservoir_significant_digits" in "1.8.244..", default("3"), least("0"), most("5");
    /// What the names of metrics begin with.
    METRICS_NAME_PREFIX: String = "metrics_name_prefix" in "1.8.244..", default("marathon");
    /// Serve metrics to Prometheus.
    METRICS_PROMETHEUS: bool = "metrics_prometheus" in "1.8.244..", off("disable_metrics_prometheus", "1.8.244"),
        default("true");
    /// Send metrics to `StatsD`.
    METRICS_STATSD: bool = "metrics_statsd" in "1.8.244..", off("disable_metrics_statsd", "1.8.244"),
        default("false");
    /// The host of `StatsD`.
    METRICS_STATSD_HOST: String = "metrics_statsd_host" in "1.8.244..";
    /// The port of `StatsD`.
    METRICS_STATSD_PORT: u16 = "metrics_statsd_port" in "1.8.244..";
    /// How often metrics go to `StatsD`.
    METRICS_STATSD_TRANSMISSION_INTERVAL_MS: Milliseconds = "metrics_statsd_transmission_interval_ms" in "1.8.244..",
        default("10000"), least("1");
    /// How often at most Mesos is asked for offers.
    MIN_REVIVE_OFFERS_INTERVAL: Milliseconds = "min_revive_offers_interval" in "0.15.3..",
        defaults(&[("0.15.3", Some("5000")), ("1.8.244", Some("30000")), ("1.10.26", Some("5000"))]);
    /// How long an offer may be matched.
    OFFER_MATCHING_TIMEOUT: Milliseconds = "offer_matching_timeout" in "0.15.3..",
        defaults(&[("0.15.3", Some("1000")), ("1.5.15", Some("3000"))]);
    /// How long an elected Marathon may take to get ready.
    ON_ELECTED_PREPARE_TIMEOUT: Milliseconds = "on_elected_prepare_timeout" in "0.15.3..", default("180000");
    /// How long after its election Marathon first compares its tasks with those of Mesos.
    RECONCILIATION_INITIAL_DELAY: Milliseconds = "reconciliation_initial_delay" in "0.8.2..", default("15000");
    /// How often Marathon compares its tasks with those of Mesos.
    RECONCILIATION_INTERVAL: Milliseconds = "reconciliation_interval" in "0.8.2..",
        defaults(&[("0.8.2", Some("300000")), ("1.1.7", Some("600000"))]);
    /// URL of the Datadog that metrics go to.
    REPORTER_DATADOG: String = "reporter_datadog" in "0.15.3..1.8.244";
    /// URL of the Graphite that metrics go to.
    REPORTER_GRAPHITE: String = "reporter_graphite" in "0.15.3..1.8.244";
    /// Ask for offers as soon as there is something to launch.
    REVIVE_OFFERS_FOR_NEW_APPS: bool = "revive_offers_for_new_apps" in "0.15.3..1.10.26",
        off("disable_revive_offers_for_new_apps", "0.15.3"), default("true");
    /// How often offers are asked for again.
    REVIVE_OFFERS_REPETITIONS: i64 = "revive_offers_repetitions" in "0.15.3..1.10.26", default("3");
    /// How long the tasks of an offer may take to be saved.
    SAVE_TASKS_TO_LAUNCH_TIMEOUT: Milliseconds = "save_tasks_to_launch_timeout" in "0.15.3..1.8.244", default("3000"),
        deprecated("1.5.15");
    /// How long after its election Marathon first looks at the number of instances.
    SCALE_APPS_INITIAL_DELAY: Milliseconds = "scale_apps_initial_delay" in "0.8.2..", default("15000");
    /// How often Marathon looks at the number of instances.
    SCALE_APPS_INTERVAL: Milliseconds = "scale_apps_interval" in "0.8.2..", default("300000");
    /// Threads of the scheduler.
    SCHEDULER_ACTIONS_EXECUTION_CONTEXT_SIZE: i64 = "scheduler_actions_execution_context_size" in "1.5.15..";
    /// URL of a Sentry that errors go to.
    SENTRY: String = "sentry" in "1.4.13..";
    /// Tags of what goes to Sentry.
    SENTRY_TAGS: String = "sentry_tags" in "1.4.13..";
    /// How often old versions are taken out of the store.
    STORAGE_COMPACTION_INTERVAL: Seconds = "storage_compaction_interval" in "1.8.244..", default("30");
    /// Roots that are read at a time as old versions are taken out.
    STORAGE_COMPACTION_SCAN_BATCH_SIZE: i64 = "storage_compaction_scan_batch_size" in "1.8.244..", default("32");
    /// Threads of the store.
    STORAGE_EXECUTION_CONTEXT_SIZE: i64 = "storage_execution_context_size" in "1.5.15..";
    /// Keep the state in memory, too.
    STORE_CACHE: bool = "store_cache" in "0.15.3..", off("disable_store_cache", "0.15.3"), default("true");
    /// How long a launched task may take until its first status.
    TASK_LAUNCH_CONFIRM_TIMEOUT: Milliseconds = "task_launch_confirm_timeout" in "0.15.3..", default("300000");
    /// How long the outcome of a launch may take to be told.
    TASK_LAUNCH_NOTIFICATION_TIMEOUT: Milliseconds = "task_launch_notification_timeout" in "0.15.3..1.1.7",
        default("3000");
    /// How long a task may take to run once it was launched.
    TASK_LAUNCH_TIMEOUT: Milliseconds = "task_launch_timeout" in "0.8.2..", default("300000");
    /// After how long a lost task is forgotten.
    TASK_LOST_EXPUNGE_GC: Milliseconds = "task_lost_expunge_gc" in "1.1.7..1.8.244",
        defaults(&[("1.1.7", Some("86400000")), ("1.4.13", Some("75000"))]), deprecated("1.4.13");
    /// How long after its election Marathon first forgets lost tasks.
    TASK_LOST_EXPUNGE_INITIAL_DELAY: Milliseconds = "task_lost_expunge_initial_delay" in "1.1.7..", default("300000");
    /// How often Marathon looks for lost tasks to forget.
    TASK_LOST_EXPUNGE_INTERVAL: Milliseconds = "task_lost_expunge_interval" in "1.1.7..",
        defaults(&[("1.1.7", Some("3600000")), ("1.4.13", Some("30000"))]);
    /// How long the outcome of an operation may take to be told.
    TASK_OPERATION_NOTIFICATION_TIMEOUT: Milliseconds = "task_operation_notification_timeout" in "1.1.7..",
        defaults(&[("1.1.7", Some("3000")), ("1.4.13", Some("10000")), ("1.5.15", Some("30000"))]);
    /// How long reserving for a task may take.
    TASK_RESERVATION_TIMEOUT: Milliseconds = "task_reservation_timeout" in "1.1.7..", default("20000");
    /// How long requests of the task tracker may take.
    TASK_TRACKER_REQUEST_TIMEOUT: Milliseconds = "task_tracker_request_timeout" in "0.15.3..", default("10000");
    /// How long updates of tasks may take.
    TASK_UPDATE_REQUEST_TIMEOUT: Milliseconds = "task_update_request_timeout" in "0.15.3..", default("10000");
    /// Log a trace of service calls.
    TRACING: bool = "tracing" in "0.15.3..1.5.15", off("disable_tracing", "0.15.3"), default("false");
    /// Requests to ZooKeeper that may be under way.
    ZK_MAX_CONCURRENCY: i64 = "zk_max_concurrency" in "1.4.13..", default("32");
    /// The pause before a request to ZooKeeper is made again.
    ZK_OPERATION_BASE_RETRY_SLEEP_MS: Milliseconds = "zk_operation_base_retry_sleep_ms" in "1.5.15..", default("10");
    /// How often a request to ZooKeeper is made again.
    ZK_OPERATION_MAX_RETRIES: i64 = "zk_operation_max_retries" in "1.5.15..", default("5");
}
