# shellcheck shell=bash
# The private network: a bridge in a network namespace of its own, and one namespace per host that is joined to it.
# Nothing of it is visible in the machine's own network, and no packet leaves it.

readonly BRIDGE_ADDRESS=198.18.0.1
readonly FIRST_HOST_NUMBER=11

address_of_number() {
    local number=$1
    printf '198.18.%d.%d' "$((number >> 8))" "$((number & 255))"
}

# The far end of a host's cable, in the namespace of the bridge.
port_of_number() {
    printf 'host%d' "$1"
}

# The same number always has the same hardware address, so that nobody's neighbour table is wrong after a reset.
hardware_address_of_number() {
    local number=$1
    printf '02:00:c6:12:%02x:%02x' "$((number >> 8))" "$((number & 255))"
}

namespace_of_host() {
    printf '%s-%s' "$NETNS" "$1"
}

namespace_exists() {
    [[ -e /run/netns/$1 ]]
}

make_bridge() {
    namespace_exists "$NETNS" || ip netns add "$NETNS"
    ip -n "$NETNS" link set lo up
    if ! ip -n "$NETNS" link show dev bridge >/dev/null 2>&1; then
        ip -n "$NETNS" link add bridge type bridge
    fi
    ip -n "$NETNS" address replace "$BRIDGE_ADDRESS/16" dev bridge
    ip -n "$NETNS" link set bridge up
}

remove_bridge() {
    if namespace_exists "$NETNS"; then ip netns delete "$NETNS"; fi
}

# Makes the host's namespace and cable anew, whatever a host may have done to an earlier one.
connect_host() {
    local name=$1 number=$2 namespace port
    namespace=$(namespace_of_host "$name")
    port=$(port_of_number "$number")
    disconnect_host "$name" "$number"
    ip netns add "$namespace"
    ip -n "$namespace" link set lo up
    ip -n "$NETNS" link add "$port" type veth \
        peer name eth0 address "$(hardware_address_of_number "$number")" netns "$namespace"
    ip -n "$namespace" address add "$(address_of_number "$number")/16" dev eth0
    ip -n "$namespace" link set eth0 up
    ip -n "$NETNS" link set "$port" up
    ip -n "$NETNS" link set "$port" master bridge
}

# The last step of connecting is the port's place on the bridge.
host_is_connected() {
    local name=$1 number=$2
    namespace_exists "$(namespace_of_host "$name")" &&
        ip -n "$NETNS" -o link show dev "$(port_of_number "$number")" 2>/dev/null | grep -q ' master bridge '
}

disconnect_host() {
    local name=$1 number=$2 namespace port
    namespace=$(namespace_of_host "$name")
    port=$(port_of_number "$number")
    if namespace_exists "$NETNS"; then ip -n "$NETNS" link delete "$port" 2>/dev/null || true; fi
    if namespace_exists "$namespace"; then ip netns delete "$namespace"; fi
}

set_cable() {
    local number=$1 state=$2
    ip -n "$NETNS" link set "$(port_of_number "$number")" "$state"
}

cable_is_cut() {
    local number=$1 flags
    flags=$(ip -n "$NETNS" -o link show dev "$(port_of_number "$number")" 2>/dev/null) || return 1
    # The flags stand in angle brackets after the name: <...,UP,...>.
    flags=${flags#*<}
    [[ ,${flags%%>*}, != *,UP,* ]]
}
