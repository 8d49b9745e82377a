#!/bin/bash
# testbed.sh: real systemd hosts with sshd on one Debian machine, for the tests of mesos-iac.
#
# Each host is a container of systemd-nspawn with an overlay over a shared base, its own address, ssh host keys and
# machine-id, on a private bridge that nothing else can reach. Must run as root; README.md beside this file tells more.
#
# usage: testbed.sh SUBCOMMAND [ARGUMENT...]
#
#   install               install with apt-get what this machine lacks
#   base                  build the base root file system and the package repository, unless they are current
#   up NAME...            make and boot hosts; those that are up are left alone
#   down [NAME...]        take hosts away with all that belongs to them; without names: all, and forget their addresses
#   reset NAME...         pristine again: same address, ssh host keys and machine-id
#   reimage NAME...       pristine again: same address, new ssh host keys and machine-id
#   reboot NAME...        reboot, as the host's own "systemctl reboot" does, and wait for sshd
#   cut NAME...           unplug the host's network cable
#   mend NAME...          plug it in again
#   poweroff NAME...      the host dies at once, as when its power fails
#   start NAME...         boot a host that is off, with the file system it had
#   rekey NAME...         give a running host new ssh host keys
#   exec NAME -- CMD...   run a command in a host, without ssh; its exit code is passed on
#   controller CMD...     run a command where the hosts, and nothing else, can be reached
#   list                  name, address, state (up, cut, booting, off), pid of the host's init; separated by tabs
#   env                   shell assignments that tests read
#   inputs                a TOML file with the address of each host
#   destroy               take everything away, the base and the repository too
#
# environment:
#   MESOS_IAC_TESTBED_DIR      where everything lives (default: /var/lib/mesos-iac-testbed)
#   MESOS_IAC_TESTBED_TIMEOUT  seconds that a boot may take (default: 60)

# Most functions are called by their names.
# shellcheck disable=SC2317

set -euo pipefail
umask 022
export PATH=$PATH:/usr/sbin:/sbin
# With a closed standard input the first file that is opened would become it.
if ! true 2>/dev/null <&0; then exec </dev/null; fi

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib/common.sh
. "$HERE/lib/common.sh"
# shellcheck source=lib/base.sh
. "$HERE/lib/base.sh"
# shellcheck source=lib/repository.sh
. "$HERE/lib/repository.sh"
# shellcheck source=lib/network.sh
. "$HERE/lib/network.sh"
# shellcheck source=lib/hosts.sh
. "$HERE/lib/hosts.sh"

usage() {
    sed -n '/^# usage:/,/^$/ s/^# \{0,1\}//p' "$HERE/testbed.sh"
}

# ---- names

require_names() {
    local name
    [[ $# -gt 0 ]] || fail "name at least one host"
    for name in "$@"; do
        [[ $name =~ ^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$ ]] ||
            fail "'$name' cannot be the name of a host: at most 40 of a-z, 0-9 and '-', no '-' at either end"
    done
    [[ -z $(printf '%s\n' "$@" | sort | uniq --repeated) ]] || fail "a host is named twice"
}

require_hosts() {
    local name
    require_names "$@"
    for name in "$@"; do
        host_exists "$name" || fail "there is no host '$name': run '$0 up $name' first"
    done
}

require_running_hosts() {
    local name
    require_hosts "$@"
    for name in "$@"; do
        leader_of "$name" >/dev/null || fail "the host '$name' is not running"
    done
}

# Ends an invocation that changed hosts.
finish() {
    write_known_hosts
    write_inputs
    exit "$FAILED"
}

# ---- subcommands

command_base() {
    ensure_base
    say "base: is current"
}

# Each host needs several inotify instances, and the kernel's default of 128 is used up by about 20 hosts.
raise_limits() {
    local limit=/proc/sys/fs/inotify/max_user_instances
    if (($(<"$limit") < 8192)); then echo 8192 >"$limit"; fi
}

boot_one() {
    local name=$1 number directory
    if host_is_running "$name"; then
        wait_for_host "$name"
        return
    fi
    directory=$(directory_of "$name")
    number=$(number_of "$name")
    mkdir -p "$directory"
    # What a crash may have left.
    kill_host "$name"
    complete_identity "$name"
    # A cable that is cut stays cut until it is mended.
    if ! host_is_connected "$name" "$number"; then connect_host "$name" "$number"; fi
    if [[ -e $directory/prepared ]]; then
        mount_overlay "$directory"
    else
        prepare_overlay "$name"
    fi
    launch "$name"
    wait_for_host "$name"
}

command_up() {
    local name
    require_names "$@"
    if [[ -n $(existing_hosts) ]] && ! base_is_current; then
        say "the base is not current; it stays, since hosts are made from it"
    else
        ensure_base
    fi
    raise_limits
    make_bridge
    for name in "$@"; do assign_number "$name"; done
    for_each_at_once boot_one "$@"
    finish
}

take_away() {
    local name=$1
    mkdir -p "$(directory_of "$name")"
    kill_host "$name"
    disconnect_host "$name" "$(number_of "$name")"
    discard_overlay "$name"
}

command_down() {
    local name
    local -a names=()
    if [[ $# -eq 0 ]]; then
        take_all_away
        return
    fi
    require_names "$@"
    for name in "$@"; do
        if host_exists "$name"; then names+=("$name"); fi
    done
    [[ ${#names[@]} -gt 0 ]] || return 0
    for_each_at_once take_away "${names[@]}"
    finish
}

take_all_away() {
    local directory
    local -a names=()
    for directory in "$STATE"/identities/*/; do
        if [[ -s $directory/number ]]; then names+=("$(basename "$directory")"); fi
    done
    for_each_at_once take_away "${names[@]}"
    [[ $FAILED -eq 0 ]] || fail "not everything could be taken away"
    remove_bridge
    remove_cgroup
    remove_tree "$STATE/identities"
    remove_tree "$STATE/hosts"
    rm -f "$KNOWN_HOSTS" "$INPUTS"
}

reset_one() {
    take_away "$1"
    boot_one "$1"
}

command_reset() {
    require_hosts "$@"
    for_each_at_once reset_one "$@"
    finish
}

reimage_one() {
    take_away "$1"
    forget_keys_and_machine_id "$1"
    boot_one "$1"
}

command_reimage() {
    require_hosts "$@"
    for_each_at_once reimage_one "$@"
    finish
}

reboot_one() {
    local name=$1 leader
    leader=$(leader_of "$name")
    in_host "$leader" systemctl --no-block reboot </dev/null || fail "$name does not reboot"
    wait_for_host "$name" "$leader"
}

command_reboot() {
    require_running_hosts "$@"
    for_each_at_once reboot_one "$@"
    finish
}

command_cut() {
    local name
    require_hosts "$@"
    for name in "$@"; do set_cable "$(number_of "$name")" down; done
}

command_mend() {
    local name
    require_hosts "$@"
    for name in "$@"; do set_cable "$(number_of "$name")" up; done
}

command_poweroff() {
    require_hosts "$@"
    for_each_at_once kill_host "$@"
    exit "$FAILED"
}

command_start() {
    require_hosts "$@"
    raise_limits
    make_bridge
    for_each_at_once boot_one "$@"
    finish
}

rekey_one() {
    local name=$1 leader
    leader=$(leader_of "$name")
    make_host_keys "$(identity_directory_of "$name")" "root@$name"
    install_host_keys "$name" "$(directory_of "$name")/root"
    in_host "$leader" systemctl restart ssh.service </dev/null
    if ! cable_is_cut "$(number_of "$name")"; then wait_for_sshd "$name" $((SECONDS + BOOT_TIMEOUT)); fi
}

command_rekey() {
    require_running_hosts "$@"
    for_each_at_once rekey_one "$@"
    finish
}

command_exec() {
    local name=${1:-} leader
    [[ $# -lt 2 || $2 != -- ]] || set -- "$1" "${@:3}"
    [[ $# -ge 2 ]] || fail "usage: exec NAME -- CMD..."
    require_running_hosts "$name"
    leader=$(leader_of "$name")
    exec nsenter --target "$leader" --all env -i "${HOST_ENVIRONMENT[@]}" "${@:2}"
}

command_controller() {
    [[ $# -gt 0 ]] || fail "usage: controller CMD..."
    namespace_exists "$NETNS" || fail "there is no host to reach: run '$0 up NAME...' first"
    exec ip netns exec "$NETNS" "$@"
}

command_list() {
    local name
    for name in $(existing_hosts); do
        printf '%s\t%s\t%s\t%s\n' "$name" "$(address_of "$name")" "$(state_of "$name")" \
            "$(leader_of "$name" || printf -- -)"
    done
}

command_env() {
    printf 'MESOS_IAC_TESTBED_DIR=%q\n' "$STATE"
    printf 'MESOS_IAC_TESTBED_NETNS=%q\n' "$NETNS"
    printf 'MESOS_IAC_TESTBED_KEY=%q\n' "$KEY"
    printf 'MESOS_IAC_TESTBED_KNOWN_HOSTS=%q\n' "$KNOWN_HOSTS"
    printf 'MESOS_IAC_TESTBED_INPUTS=%q\n' "$INPUTS"
}

command_destroy() {
    local entry
    take_all_away
    for entry in building base base.stamp base.log repo cache controller; do remove_tree "$STATE/$entry"; done
    rmdir "$STATE" 2>/dev/null || true
}

main() {
    local subcommand=${1:-help}
    [[ $# -eq 0 ]] || shift
    case $subcommand in
        help | -h | --help) ;;
        exec | controller | list | env | inputs | __supervise)
            require_root
            locate_state
            ;;
        install | base | up | down | reset | reimage | reboot | cut | mend | poweroff | start | rekey | destroy)
            require_root
            locate_state
            take_lock
            ;;
        *) fail "no such subcommand: '$subcommand' (see '$0 help')" ;;
    esac
    case $subcommand in
        help | -h | --help) usage ;;
        install) install_needs ;;
        base) command_base ;;
        up) command_up "$@" ;;
        down) command_down "$@" ;;
        reset) command_reset "$@" ;;
        reimage) command_reimage "$@" ;;
        reboot) command_reboot "$@" ;;
        cut) command_cut "$@" ;;
        mend) command_mend "$@" ;;
        poweroff) command_poweroff "$@" ;;
        start) command_start "$@" ;;
        rekey) command_rekey "$@" ;;
        exec) command_exec "$@" ;;
        controller) command_controller "$@" ;;
        list) command_list ;;
        env) command_env ;;
        inputs) print_inputs ;;
        destroy) command_destroy ;;
        __supervise) supervise "$@" ;;
    esac
}

main "$@"
exit
