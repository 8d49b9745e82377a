//! The agent's flags for addresses and for networks of containers.

use super::{Agent, Bytes, Facts, Flag, FlagPath, MesosDuration};
use std::net::{IpAddr, Ipv6Addr};

flags! {
    Agent;

    /// IP announced to peers when it differs from the bound IP.
    ADVERTISE_IP: IpAddr = "advertise_ip" in "0.27..";
    /// Port announced to peers; only meaningful together with `advertise_ip`.
    ADVERTISE_PORT: u16 = "advertise_port" in "0.27..";
    /// Network/ports isolator looks only at ports inside the agent resources.
    CHECK_AGENT_PORT_RANGE_ONLY: bool = "check_agent_port_range_only" in "1.5..", default("false"),
        build("ENABLE_NETWORK_PORTS_ISOLATOR");
    /// Port range watched by the network/ports isolator.
    CONTAINER_PORTS_ISOLATED_RANGE: String = "container_ports_isolated_range" in "1.8..",
        build("ENABLE_NETWORK_PORTS_ISOLATOR");
    /// Polling period of the network/ports isolator.
    CONTAINER_PORTS_WATCH_INTERVAL: MesosDuration = "container_ports_watch_interval" in "1.5..", default("30secs"),
        build("ENABLE_NETWORK_PORTS_ISOLATOR");
    /// Burst size of egress traffic shaping.
    EGRESS_BURST: Bytes = "egress_burst" in "1.12..", build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Ceiling of egress traffic shaping.
    EGRESS_CEIL_LIMIT: Bytes = "egress_ceil_limit" in "1.12..", build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Parent tc handle of egress flow classifiers.
    EGRESS_FLOW_CLASSIFIER_PARENT: String = "egress_flow_classifier_parent" in "0.27..", default("root"),
        build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Egress bandwidth of each container, in bytes a second.
    EGRESS_RATE_LIMIT_PER_CONTAINER: Bytes = "egress_rate_limit_per_container" in "0.21..",
        build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Egress bandwidth granted per CPU.
    EGRESS_RATE_PER_CPU: String = "egress_rate_per_cpu" in "1.12..", build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Give every container its own egress flow.
    EGRESS_UNIQUE_FLOW_PER_CONTAINER: bool = "egress_unique_flow_per_container" in "0.23..", default("false"),
        build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Kill containers that listen outside their port resources.
    ENFORCE_CONTAINER_PORTS: bool = "enforce_container_ports" in "1.7..", default("false"),
        build("ENABLE_NETWORK_PORTS_ISOLATOR");
    /// Ephemeral ports per container (power of two; port mapping).
    EPHEMERAL_PORTS_PER_CONTAINER: u16 = "ephemeral_ports_per_container" in "0.20..", default("1024"),
        build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Public network interface name (port mapping).
    ETH0_NAME: String = "eth0_name" in "0.20..", build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Name announced to the cluster / in ZooKeeper.
    HOSTNAME: String = "hostname" in "0.19..";
    /// Resolve a host name when none is given; otherwise the IP is used.
    HOSTNAME_LOOKUP: bool = "hostname_lookup" in "0.25..", default("true");
    /// Burst size of ingress traffic shaping.
    INGRESS_BURST: Bytes = "ingress_burst" in "1.12..", build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Ceiling of ingress traffic shaping.
    INGRESS_CEIL_LIMIT: Bytes = "ingress_ceil_limit" in "1.12..", build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Apply ingress shaping to containers already running.
    INGRESS_ISOLATE_EXISTING_CONTAINERS: bool = "ingress_isolate_existing_containers" in "1.12..", default("true"),
        build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Ingress bandwidth per container.
    INGRESS_RATE_LIMIT_PER_CONTAINER: Bytes = "ingress_rate_limit_per_container" in "1.12..",
        build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Ingress bandwidth granted per CPU.
    INGRESS_RATE_PER_CPU: String = "ingress_rate_per_cpu" in "1.12..", build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// IP address to bind.
    IP: IpAddr = "ip" in "0.19..";
    /// IPv6 address announced for host-network containers.
    IP6: Ipv6Addr = "ip6" in "1.4..";
    /// Command printing the IPv6 address; excludes ip6.
    IP6_DISCOVERY_COMMAND: String = "ip6_discovery_command" in "1.4..";
    /// Command printing the IP to bind; excludes ip.
    IP_DISCOVERY_COMMAND: String = "ip_discovery_command" in "0.24..";
    /// Loopback interface name (port mapping).
    LO_NAME: String = "lo_name" in "0.20..", build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Upper bound of scaled egress rate.
    MAXIMUM_EGRESS_RATE_LIMIT: Bytes = "maximum_egress_rate_limit" in "1.12..", build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Upper bound of scaled ingress rate.
    MAXIMUM_INGRESS_RATE_LIMIT: Bytes = "maximum_ingress_rate_limit" in "1.12..",
        build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Lower bound of scaled egress rate.
    MINIMUM_EGRESS_RATE_LIMIT: Bytes = "minimum_egress_rate_limit" in "1.12..", build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Lower bound of scaled ingress rate.
    MINIMUM_INGRESS_RATE_LIMIT: Bytes = "minimum_ingress_rate_limit" in "1.12..",
        build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Directory of CNI network configs.
    NETWORK_CNI_CONFIG_DIR: FlagPath = "network_cni_config_dir" in "1.0..";
    /// Collect metrics of CNI operations.
    NETWORK_CNI_METRICS: bool = "network_cni_metrics" in "1.7..", default("true");
    /// Search path of CNI plugins.
    NETWORK_CNI_PLUGINS_DIR: FlagPath = "network_cni_plugins_dir" in "1.0..";
    /// Keep CNI state across reboots below `work_dir`.
    NETWORK_CNI_ROOT_DIR_PERSIST: bool = "network_cni_root_dir_persist" in "1.4.3..1.5 1.5.2..1.6 1.6.2..1.7 1.7.1..",
        default("false");
    /// Collect traffic-rate percentiles per container.
    NETWORK_ENABLE_RATE_STATISTICS: bool = "network_enable_rate_statistics" in "1.12..", default("false"),
        build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Collect SNMP counters per container.
    NETWORK_ENABLE_SNMP_STATISTICS: bool = "network_enable_snmp_statistics" in "0.28..", default("false"),
        build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Collect socket statistics per container (old).
    NETWORK_ENABLE_SOCKET_STATISTICS: bool = "network_enable_socket_statistics" in "0.21.1..0.22", default("false"),
        build("WITH_NETWORK_ISOLATOR");
    /// Collect detailed socket statistics.
    NETWORK_ENABLE_SOCKET_STATISTICS_DETAILS: bool = "network_enable_socket_statistics_details" in "0.22..",
        default("false"), build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Collect socket summary statistics.
    NETWORK_ENABLE_SOCKET_STATISTICS_SUMMARY: bool = "network_enable_socket_statistics_summary" in "0.22..",
        default("false"), build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Override of detected network link speed.
    NETWORK_LINK_SPEED: Bytes = "network_link_speed" in "1.12..", build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Sampling period of rate statistics.
    NETWORK_RATE_STATISTICS_INTERVAL: MesosDuration = "network_rate_statistics_interval" in "1.12..",
        build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// Window of rate statistics.
    NETWORK_RATE_STATISTICS_WINDOW: MesosDuration = "network_rate_statistics_window" in "1.12..",
        build("ENABLE_PORT_MAPPING_ISOLATOR");
    /// TCP port to listen on.
    PORT: u16 = "port" in "0.19..", default("5051");
}
