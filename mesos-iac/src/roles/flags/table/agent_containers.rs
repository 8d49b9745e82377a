//! The agent's flags for containers, their executors, images and disks.

use super::Word;
use super::{Agent, Bytes, Facts, Flag, FlagPath, ImageBackend, Json, Launcher, List, MesosDuration, UintList};

const EXTERNAL_GONE: &str = "the external containerizer was removed in 1.1";

flags! {
    Agent;

    /// Extra devices containers may use (needs cgroups/devices isolation), JSON.
    ALLOWED_DEVICES: Json = "allowed_devices" in "1.3..", linux();
    /// URI scheme/host prefix for appc image discovery.
    APPC_SIMPLE_DISCOVERY_URI_PREFIX: String = "appc_simple_discovery_uri_prefix" in "0.28..", default("http://");
    /// Local cache for appc images.
    APPC_STORE_DIR: FlagPath = "appc_store_dir" in "0.24..", default("/tmp/mesos/store/appc");
    /// Upper limit of Linux capabilities a container may hold, JSON.
    BOUNDING_CAPABILITIES: Json = "bounding_capabilities" in "1.4..", linux();
    /// Count processes/threads per container in statistics.
    CGROUPS_CPU_ENABLE_PIDS_AND_TIDS_COUNT: bool = "cgroups_cpu_enable_pids_and_tids_count" in "0.23..",
        default("false"), linux();
    /// Time allowed to tear down a cgroup.
    CGROUPS_DESTROY_TIMEOUT: MesosDuration = "cgroups_destroy_timeout" in "1.7..", default("1mins"), linux();
    /// Hard CPU caps through CFS quotas.
    CGROUPS_ENABLE_CFS: bool = "cgroups_enable_cfs" in "0.19..", default("false"), linux();
    /// Mount root of the cgroup hierarchies.
    CGROUPS_HIERARCHY: FlagPath = "cgroups_hierarchy" in "0.19..", default("/sys/fs/cgroup"), linux();
    /// Limit memory plus swap rather than memory only.
    CGROUPS_LIMIT_SWAP: bool = "cgroups_limit_swap" in "0.20..", default("false"), linux();
    /// The primary handle of the `net_cls` cgroup, 16 bits, such as `0xAAAA`.
    CGROUPS_NET_CLS_PRIMARY_HANDLE: String = "cgroups_net_cls_primary_handle" in "0.28..", linux();
    /// The range of secondary handles of the `net_cls` cgroup, such as `0xAAAA,0xBBBB`.
    CGROUPS_NET_CLS_SECONDARY_HANDLES: String = "cgroups_net_cls_secondary_handles" in "0.28..", linux();
    /// Name of the cgroup below which containers live.
    CGROUPS_ROOT: String = "cgroups_root" in "0.19..", default("mesos"), linux();
    /// Without effect.
    CGROUPS_SUBSYSTEMS: String = "cgroups_subsystems" in "0.19..0.22", linux();
    /// Polling period of container disk usage.
    CONTAINER_DISK_WATCH_INTERVAL: MesosDuration = "container_disk_watch_interval" in "0.22..", default("15secs");
    /// Container logger module for stdout/stderr.
    CONTAINER_LOGGER: String = "container_logger" in "0.27..";
    /// External containerizer executable (feature removed in 1.1).
    CONTAINERIZER_PATH: FlagPath = "containerizer_path" in "0.19..1.1";
    /// Ordered comma list of containerizers (mesos, docker).
    CONTAINERIZERS: List = "containerizers" in "0.20..", default("mesos"), members(&["mesos", "docker"]),
        words(&[("external", "0.20..1.1", Word::Member), ("external", "1.1..", Word::Gone(EXTERNAL_GONE))]);
    /// Directory of CSI plugin configs.
    CSI_PLUGIN_CONFIG_DIR: FlagPath = "csi_plugin_config_dir" in "1.11..";
    /// DNS settings applied to CNI / docker containers without their own, JSON.
    DEFAULT_CONTAINER_DNS: Json = "default_container_dns" in "1.4..";
    /// Image for the external containerizer (removed).
    DEFAULT_CONTAINER_IMAGE: String = "default_container_image" in "0.19..1.1";
    /// `ContainerInfo` used by tasks that bring none, JSON.
    DEFAULT_CONTAINER_INFO: Json = "default_container_info" in "0.21..";
    /// Size of /dev/shm for containers with private IPC.
    DEFAULT_CONTAINER_SHM_SIZE: Bytes = "default_container_shm_size" in "1.9..", linux();
    /// Every top-level container gets its own IPC namespace.
    DISALLOW_SHARING_AGENT_IPC_NAMESPACE: bool = "disallow_sharing_agent_ipc_namespace" in "1.9..", default("false"),
        linux();
    /// Every top-level container gets its own PID namespace.
    DISALLOW_SHARING_AGENT_PID_NAMESPACE: bool = "disallow_sharing_agent_pid_namespace" in "1.4..", default("false"),
        linux();
    /// Module mapping disk profiles to CSI parameters.
    DISK_PROFILE_ADAPTOR: String = "disk_profile_adaptor" in "1.5..", build("ENABLE_GRPC");
    /// Period of disk-usage checks driving sandbox garbage collection.
    DISK_WATCH_INTERVAL: MesosDuration = "disk_watch_interval" in "0.19..", default("1mins");
    /// The Docker client: a path or a name.
    DOCKER: FlagPath = "docker" in "0.20..", default("docker");
    /// Auth server of the early docker registry client.
    DOCKER_AUTH_SERVER: String = "docker_auth_server" in "0.26..0.28",
        defaults(&[("0.26", Some("auth.docker.io")), ("0.27", Some("https://auth.docker.io"))]);
    /// Port of `docker_auth_server`.
    DOCKER_AUTH_SERVER_PORT: String = "docker_auth_server_port" in "0.26..0.27", default("443");
    /// Agent-wide docker client config (registry credentials), JSON.
    DOCKER_CONFIG: Json = "docker_config" in "1.0..";
    /// Ignore non-default runtime settings in image manifests.
    DOCKER_IGNORE_RUNTIME: bool = "docker_ignore_runtime" in "1.9..", default("false");
    /// Docker containerizer removes unknown mesos-* containers at start.
    DOCKER_KILL_ORPHANS: bool = "docker_kill_orphans" in "0.23..", default("true");
    /// Directory of docker-save archives (early local puller).
    DOCKER_LOCAL_ARCHIVES_DIR: FlagPath = "docker_local_archives_dir" in "0.26..0.27",
        default("/tmp/mesos/images/docker");
    /// Image used to run the docker executor when the agent itself runs in docker.
    DOCKER_MESOS_IMAGE: String = "docker_mesos_image" in "0.23..";
    /// Which docker puller to use (early).
    DOCKER_PULLER: String = "docker_puller" in "0.26..0.27", default("local");
    /// Timeout of the early docker registry puller.
    DOCKER_PULLER_TIMEOUT: String = "docker_puller_timeout" in "0.26..0.28", default("60");
    /// Default registry or archive location for the Mesos containerizer.
    DOCKER_REGISTRY: String = "docker_registry" in "0.26..",
        defaults(&[("0.26", Some("registry-1.docker.io")), ("0.27", Some("https://registry-1.docker.io"))]);
    /// Port of `docker_registry` (early).
    DOCKER_REGISTRY_PORT: String = "docker_registry_port" in "0.26..0.27", default("443");
    /// Delay before finished docker containers are removed.
    DOCKER_REMOVE_DELAY: MesosDuration = "docker_remove_delay" in "0.21..", default("6hrs");
    /// Docker daemon UNIX socket.
    DOCKER_SOCKET: FlagPath = "docker_socket" in "0.23..", default("/var/run/docker.sock");
    /// Docker stop grace before kill; deprecated by task kill policy.
    DOCKER_STOP_TIMEOUT: MesosDuration = "docker_stop_timeout" in "0.21.1..", default("0ns");
    /// Local cache for docker image layers.
    DOCKER_STORE_DIR: FlagPath = "docker_store_dir" in "0.26..", default("/tmp/mesos/store/docker");
    /// State directory of the docker/volume isolator.
    DOCKER_VOLUME_CHECKPOINT_DIR: FlagPath = "docker_volume_checkpoint_dir" in "1.0..",
        default("/var/run/mesos/isolators/docker/volume");
    /// Change owner of docker volumes to the task user.
    DOCKER_VOLUME_CHOWN: bool = "docker_volume_chown" in "1.9..", default("false");
    /// Path of the agent executor UNIX socket.
    DOMAIN_SOCKET_LOCATION: FlagPath = "domain_socket_location" in "1.10..";
    /// Linux capabilities given to containers by default, JSON.
    EFFECTIVE_CAPABILITIES: Json = "effective_capabilities" in "1.4..", formerly("allowed_capabilities", "1.1..1.4"),
        alias("allowed_capabilities", "1.4.."), linux();
    /// Kill containers that exceed their disk allocation.
    ENFORCE_CONTAINER_DISK_QUOTA: bool = "enforce_container_disk_quota" in "0.22..", default("false");
    /// Environment of executors, JSON object of strings.
    EXECUTOR_ENVIRONMENT_VARIABLES: Json = "executor_environment_variables" in "0.23..";
    /// Time an executor has to register before being killed.
    EXECUTOR_REGISTRATION_TIMEOUT: MesosDuration = "executor_registration_timeout" in "0.19..", default("1mins");
    /// Retry period of executor reconnect messages after agent restart.
    EXECUTOR_REREGISTRATION_RETRY_INTERVAL: MesosDuration =
        "executor_reregistration_retry_interval" in "1.1.3..1.2 1.2.2..1.3 1.3.1..";
    /// Time executors have to reconnect after agent restart.
    EXECUTOR_REREGISTRATION_TIMEOUT: MesosDuration =
        "executor_reregistration_timeout" in "1.1.3..1.2 1.2.2..1.3 1.3.1..", default("2secs"), most("15secs");
    /// Grace between executor shutdown request and kill.
    EXECUTOR_SHUTDOWN_GRACE_PERIOD: MesosDuration = "executor_shutdown_grace_period" in "0.19..", default("5secs");
    /// Parent directory of the fetcher cache.
    FETCHER_CACHE_DIR: FlagPath = "fetcher_cache_dir" in "0.23..", default("/tmp/mesos/fetch");
    /// Maximum size of the fetcher cache.
    FETCHER_CACHE_SIZE: Bytes = "fetcher_cache_size" in "0.23..", default("2GB");
    /// Abort a download that makes no progress for this long.
    FETCHER_STALL_TIMEOUT: MesosDuration = "fetcher_stall_timeout" in "1.4.3..1.5 1.5.2..", default("1mins");
    /// Prefix for relative executor URIs.
    FRAMEWORKS_HOME: String = "frameworks_home" in "0.19..", default("");
    /// Longest time old sandboxes are kept.
    GC_DELAY: MesosDuration = "gc_delay" in "0.19..", default("1weeks");
    /// Fraction of disk kept free; shortens `gc_delay` as disk fills.
    GC_DISK_HEADROOM: f64 = "gc_disk_headroom" in "0.22..", default("0.1"), least("0.0"), most("1.0");
    /// Also collect sandboxes of nested / standalone containers.
    GC_NON_EXECUTOR_CONTAINER_SANDBOXES: bool = "gc_non_executor_container_sandboxes" in "1.7..", default("false");
    /// Hadoop installation used by the fetcher for hdfs URIs.
    HADOOP_HOME: String = "hadoop_home" in "0.19..", defaults(&[("0.19", Some("")), ("1.7", None)]);
    /// Colon list of host paths created on demand for volumes.
    HOST_PATH_VOLUME_FORCE_CREATION: String = "host_path_volume_force_creation" in "1.8..", linux();
    /// Use the v1-API based command executor.
    HTTP_COMMAND_EXECUTOR: bool = "http_command_executor" in "1.0..", default("false");
    /// Executors talk to the agent over a UNIX socket.
    HTTP_EXECUTOR_DOMAIN_SOCKETS: bool = "http_executor_domain_sockets" in "1.10..", default("false");
    /// Automatic image garbage collection settings, JSON.
    IMAGE_GC_CONFIG: Json = "image_gc_config" in "1.5..";
    /// Comma list of image types accepted by the Mesos containerizer.
    IMAGE_PROVIDERS: List = "image_providers" in "0.25..", members(&["APPC", "DOCKER"]);
    /// How image layers are assembled into a rootfs.
    IMAGE_PROVISIONER_BACKEND: ImageBackend = "image_provisioner_backend" in "0.25..",
        defaults(&[("0.25", Some("copy")), ("1.2", None)]);
    /// Comma list of isolators for the Mesos containerizer.
    ISOLATION: List = "isolation" in "0.19..", default("posix/cpu,posix/mem"),
        members(&["appc/runtime", "cgroups/all", "cgroups/blkio", "cgroups/cpu", "cgroups/cpuset", "cgroups/devices",
            "cgroups/hugetlb", "cgroups/mem", "cgroups/net_cls", "cgroups/net_prio", "cgroups/perf_event",
            "cgroups/pids", "disk/du", "disk/xfs", "docker/runtime", "docker/volume", "environment_secret",
            "filesystem/linux", "filesystem/posix", "filesystem/shared", "gpu/nvidia", "linux/capabilities",
            "linux/devices", "linux/nnp", "linux/seccomp", "namespaces/ipc", "namespaces/pid", "network/cni",
            "network/port_mapping", "network/ports", "posix/cpu", "posix/mem", "posix/rlimits", "volume/csi",
            "volume/host_path", "volume/image", "volume/sandbox_path", "volume/secret"]),
        words(&[("process", "0.19..", Word::StandsFor("posix/cpu,posix/mem")),
            ("cgroups", "0.19..", Word::StandsFor("cgroups/cpu,cgroups/mem")), ("external", "0.19..0.20", Word::Member),
            ("external", "0.20..1.1", Word::SaidBy("--containerizers=external")),
            ("external", "1.1..", Word::Gone(EXTERNAL_GONE))]);
    /// Path of the key signing executor/provider JWTs (SSL builds).
    JWT_SECRET_KEY: FlagPath = "jwt_secret_key" in "1.5..", formerly("executor_secret_key", "1.3..1.5"),
        alias("executor_secret_key", "1.5.."), build("USE_SSL_SOCKET");
    /// Process launcher of the Mesos containerizer (linux or posix).
    LAUNCHER: Launcher = "launcher" in "0.25..";
    /// Directory of Mesos helper binaries.
    LAUNCHER_DIR: FlagPath = "launcher_dir" in "0.19..";
    /// Comma list of GPU indices handed to Mesos; needs gpus resource and gpu isolator.
    NVIDIA_GPU_DEVICES: UintList = "nvidia_gpu_devices" in "1.0..", linux();
    /// Length of one perf sample; must be below `perf_interval`.
    PERF_DURATION: MesosDuration = "perf_duration" in "0.20..", default("10secs"), linux();
    /// Perf events sampled per container.
    PERF_EVENTS: List = "perf_events" in "0.20..", linux();
    /// Period between perf samples.
    PERF_INTERVAL: MesosDuration = "perf_interval" in "0.20..", default("1mins"), linux();
    /// Image provisioners (early).
    PROVISIONERS: List = "provisioners" in "0.24..0.25";
    /// Run revocable CPU containers at low shares.
    REVOCABLE_CPU_LOW_PRIORITY: bool = "revocable_cpu_low_priority" in "0.23..", default("true"), linux();
    /// Sandbox mount point inside containers.
    SANDBOX_DIRECTORY: FlagPath = "sandbox_directory" in "0.24..", formerly("docker_sandbox_directory", "0.20..0.24"),
        default("/mnt/mesos/sandbox");
    /// Directory of Seccomp profiles.
    SECCOMP_CONFIG_DIR: FlagPath = "seccomp_config_dir" in "1.8..", build("ENABLE_SECCOMP_ISOLATOR");
    /// Default Seccomp profile file name.
    SECCOMP_PROFILE_NAME: String = "seccomp_profile_name" in "1.8..", build("ENABLE_SECCOMP_ISOLATOR");
    /// Secret resolver module.
    SECRET_RESOLVER: String = "secret_resolver" in "1.4..";
    /// Run tasks as the submitting user (needs root).
    SWITCH_USER: bool = "switch_user" in "0.19..", default("true");
    /// Put executors in a systemd slice so that they outlive the agent unit.
    SYSTEMD_ENABLE_SUPPORT: bool = "systemd_enable_support" in "0.27.1..", default("true"), linux();
    /// Systemd run-time unit directory.
    SYSTEMD_RUNTIME_DIRECTORY: FlagPath = "systemd_runtime_directory" in "0.25..", default("/run/systemd/system"),
        linux();
    /// Group ids for shared volumes, such as `[10000-20000]`.
    VOLUME_GID_RANGE: String = "volume_gid_range" in "1.8..";
    /// Kill on project-quota excess instead of EDQUOT.
    XFS_KILL_CONTAINERS: bool = "xfs_kill_containers" in "1.6..", default("false"), build("ENABLE_XFS_DISK_ISOLATOR");
    /// XFS project ids used by disk/xfs.
    XFS_PROJECT_RANGE: String = "xfs_project_range" in "1.0..", default("[5000-10000]"),
        build("ENABLE_XFS_DISK_ISOLATOR");
    /// Extra quota slack for disk/xfs kill mode.
    XFS_QUOTA_HEADROOM: Bytes = "xfs_quota_headroom" in "1.12..", default("10MB"), build("ENABLE_XFS_DISK_ISOLATOR");
}
