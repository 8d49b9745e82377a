#!/bin/bash
# selftest.sh: proves that each subcommand of testbed.sh does what it says, on hosts of its own.
#
# usage: selftest.sh        (as root; takes less than a minute once the base is built; refuses while hosts are up)

# Some commands are for the shell of a host.
# shellcheck disable=SC2016

set -uo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TESTBED=$HERE/testbed.sh
PASSED=0
NOT_PASSED=0

testbed() {
    "$TESTBED" "$@" </dev/null
}

# Checks that a command succeeds.
holds() {
    local claim=$1 output
    shift
    if output=$("$@" 2>&1); then
        PASSED=$((PASSED + 1))
        printf 'ok      %s\n' "$claim"
    else
        NOT_PASSED=$((NOT_PASSED + 1))
        printf 'FAILED  %s\n%s\n' "$claim" "$output"
    fi
}

fails() {
    ! "$@"
}

# Checks that a command prints exactly this.
prints() {
    local expected=$1 output
    shift
    output=$("$@" 2>/dev/null) || true
    [[ $output == "$expected" ]] || {
        printf 'expected: %s\nbut got:  %s\n' "$expected" "$output"
        return 1
    }
}

# Runs a command on a host over ssh, from the controller's side, with strict checking of the host's key.
on() {
    local user=$1 host=$2 known=${KNOWN_HOSTS:-$MESOS_IAC_TESTBED_KNOWN_HOSTS}
    shift 2
    testbed controller ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=3 \
        -o "UserKnownHostsFile=$known" -o "HostKeyAlias=$host" -i "$MESOS_IAC_TESTBED_KEY" \
        "$user@$(address_of "$host")" "$@"
}

address_of() {
    testbed list | awk -F '\t' -v name="$1" '$1 == name { print $2 }'
}

state_of() {
    testbed list | awk -F '\t' -v name="$1" '$1 == name { print $3 }'
}

in_host() {
    local host=$1
    shift
    testbed exec "$host" -- "$@"
}

srvr() {
    in_host "$1" bash -c 'exec 3<>/dev/tcp/127.0.0.1/2181 && echo srvr >&3 && cat <&3'
}

within() {
    local seconds=$1 end
    end=$((SECONDS + $1))
    shift
    until "$@"; do
        if ((SECONDS >= end)); then
            printf 'not within %s s\n' "$seconds"
            return 1
        fi
        sleep 0.5
    done
}

traces() {
    grep -c "$MESOS_IAC_TESTBED_DIR/hosts" /proc/self/mounts
    ip netns list | grep -c "^$MESOS_IAC_TESTBED_NETNS\b"
    find /sys/fs/cgroup -maxdepth 2 -name "$MESOS_IAC_TESTBED_NETNS" | wc -l
    pgrep --full --count "systemd-nspawn.*$MESOS_IAC_TESTBED_DIR/hosts"
}

[[ $EUID -eq 0 ]] || {
    echo "selftest: error: this must run as root" >&2
    exit 1
}
[[ -z $(testbed list) ]] || {
    echo "selftest: error: hosts are up; end them first with '$TESTBED down'" >&2
    exit 1
}
testbed install || exit 1
testbed base || exit 1
eval "$(testbed env)"
trap 'testbed down' EXIT

# ---- up
holds "up makes three hosts" testbed up self-0 self-1 self-2
holds "up leaves hosts that are up alone" prints "$(testbed list)" bash -c "'$TESTBED' up self-1 && '$TESTBED' list"
holds "addresses follow the order of creation" prints \
    $'self-0 198.18.0.11 up\nself-1 198.18.0.12 up\nself-2 198.18.0.13 up' \
    bash -c "'$TESTBED' list | awk '{ print \$1, \$2, \$3 }'"
holds "inputs are those of the file" prints "$(cat "$MESOS_IAC_TESTBED_INPUTS")" testbed inputs
for host in self-0 self-1 self-2; do
    holds "root logs in on $host" prints "$host" on root "$host" hostname
    holds "deploy becomes root on $host" prints root on deploy "$host" sudo -n id -un
    holds "$host is running" prints running in_host "$host" systemctl is-system-running
done
holds "nosudo logs in" prints nosudo on nosudo self-0 id -un
holds "nosudo does not become root" fails on nosudo self-0 sudo -n true
holds "nobody logs in with a password" fails testbed controller ssh -F none -o BatchMode=yes \
    -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o PubkeyAuthentication=no root@198.18.0.11 true
holds "a login prints nothing of its own" prints '' on root self-0 true
holds "machine-ids differ" fails prints "$(in_host self-0 cat /etc/machine-id)" in_host self-1 cat /etc/machine-id
holds "hosts reach each other" in_host self-0 bash -c 'exec 3<>/dev/tcp/198.18.0.12/22'
holds "no host has another route" prints '198.18.0.0/16 dev eth0 proto kernel scope link src 198.18.0.11' \
    bash -c "'$TESTBED' exec self-0 -- ip route | sed 's/ *$//'"
holds "exec passes the exit code on" bash -c "'$TESTBED' exec self-0 -- sh -c 'exit 7'; [[ \$? -eq 7 ]]"
holds "exec passes standard input on" prints hello bash -c "echo hello | '$TESTBED' exec self-0 -- cat"
holds "services of one host are not those of another" bash -c "
    '$TESTBED' exec self-0 -- systemctl restart cron && '$TESTBED' exec self-1 -- systemctl is-active cron ssh dbus"
holds "a closed standard input does no harm" bash -c "'$TESTBED' up self-0 <&- && '$TESTBED' exec self-0 -- true <&-"
holds "no terminal is needed" setsid --wait "$TESTBED" list
holds "without root: one clear line" prints 1 bash -c "
    setpriv --reuid 65534 --regid 65534 --clear-groups bash '$TESTBED' list 2>&1 | grep -c '^testbed: error: .*root'"
holds "a wrong name is refused" fails testbed up 'Self_0'

# ---- packages
holds "the lists are read already" in_host self-1 apt-get install --simulate zookeeperd haproxy nginx-light rsyslog jq
holds "zookeeperd installs" in_host self-1 env DEBIAN_FRONTEND=noninteractive apt-get install -y zookeeperd
holds "ZooKeeper answers" within 20 bash -c "$(declare -f testbed in_host srvr); TESTBED='$TESTBED'
    srvr self-1 | grep 'Mode: standalone'"
holds "mesos installs" in_host self-2 apt-get install -y mesos=1.11.0-fixture1
holds "mesos starts both services" in_host self-2 systemctl is-active mesos-master mesos-slave
holds "the master has the package's flags" within 5 prints \
    $'--zk=zk://localhost:2181/mesos\n--port=5050\n--log_dir=/var/log/mesos\n--quorum=1\n--work_dir=/var/lib/mesos' \
    in_host self-2 cat /run/mesos-fixture/mesos-master.argv
holds "marathon finds ZooKeeper and Mesos" bash -c "
    '$TESTBED' exec self-2 -- bash -c 'mkdir -p /etc/marathon/conf && echo 8081 >/etc/marathon/conf/http_port'
    '$TESTBED' exec self-2 -- apt-get install -y marathon"
holds "marathon has its options" within 5 prints \
    $'--http_port\n8081\n--zk\nzk://localhost:2181/marathon\n--master\nzk://localhost:2181/mesos' \
    in_host self-2 cat /run/mesos-fixture/marathon.argv
holds "mesos upgrades to the last version" in_host self-2 bash -c 'apt-get install -y mesos &&
    [[ $(dpkg-query -W -f "\${Version}" mesos) == 1.11.0-fixture2 ]] &&
    grep fixture2 /usr/share/mesos/fixture/version'
holds "attributes are joined" in_host self-2 bash -c 'mkdir /etc/mesos-slave/attributes &&
    echo r1 >/etc/mesos-slave/attributes/rack && echo ssd >/etc/mesos-slave/attributes/disk &&
    touch "/etc/mesos-slave/?no-switch_user" && systemctl restart mesos-slave && sleep 1 &&
    grep -x -- "--attributes=disk:ssd;rack:r1" /run/mesos-fixture/mesos-slave.argv &&
    grep -x -- "--no-switch_user" /run/mesos-fixture/mesos-slave.argv'
holds "a flag given twice ends the daemon" in_host self-2 bash -c 'echo 10.0.0.1 >/etc/mesos-slave/ip &&
    echo IP=10.0.0.1 >>/etc/default/mesos-slave && systemctl restart mesos-slave; sleep 1;
    journalctl -t "mesos-slave" --no-pager; journalctl --no-pager | grep "already loaded via name" &&
    [[ $(systemctl is-active mesos-slave) == activating ]]'
holds "a left-over file ends the daemon" in_host self-2 bash -c 'sed -i /IP=/d /etc/default/mesos-slave &&
    touch /etc/mesos-slave/port~ && /usr/bin/mesos-init-wrapper slave; journalctl --no-pager | grep "unknown flag .port~"'
holds "mesos leaves nothing when purged" in_host self-2 bash -c 'rm -r /etc/mesos-slave/*  &&
    apt-get purge -y mesos && ! systemctl cat mesos-master'

# ---- reboot, power, cable
boot_id=$(in_host self-0 cat /proc/sys/kernel/random/boot_id)
in_host self-0 touch /root/kept
holds "reboot" testbed reboot self-0
holds "a reboot changes the boot id" fails prints "$boot_id" in_host self-0 cat /proc/sys/kernel/random/boot_id
holds "a reboot keeps the files" on root self-0 test -e /root/kept
on root self-0 systemctl reboot
holds "a host that reboots itself comes back" within 20 on root self-0 test -e /root/kept
holds "poweroff" testbed poweroff self-0
holds "a host without power is off" prints off state_of self-0
holds "a host without power does not answer" fails on root self-0 true
holds "its processes are gone" fails pgrep --full "$MESOS_IAC_TESTBED_DIR/hosts/self-0/root"
holds "start" testbed start self-0
holds "a start keeps the files" on root self-0 test -e /root/kept
holds "ZooKeeper starts at boot" bash -c "$(declare -f testbed in_host srvr within); TESTBED='$TESTBED'
    testbed reboot self-1 && within 20 eval 'srvr self-1 | grep -q Mode:'"
holds "cut" testbed cut self-0
holds "a cut host does not answer" fails on root self-0 true
holds "a cut host runs on" in_host self-0 systemctl is-active ssh
holds "a cut host is listed as cut" prints cut state_of self-0
holds "mend" testbed mend self-0
holds "a mended host answers" on root self-0 true

# ---- pristine again
old_known=$(mktemp)
cp "$MESOS_IAC_TESTBED_KNOWN_HOSTS" "$old_known"
holds "reset" testbed reset self-0 self-1
holds "a reset host is pristine" on root self-0 test ! -e /root/kept
holds "a reset host has the same keys" env bash -c "cmp '$old_known' '$MESOS_IAC_TESTBED_KNOWN_HOSTS'"
machine_id=$(in_host self-0 cat /etc/machine-id)
holds "reimage" testbed reimage self-0
KNOWN_HOSTS=$old_known holds "a reimaged host is not the known one" fails on root self-0 true
holds "a reimaged host has new keys, and they are listed" on root self-0 true
holds "a reimaged host has a new machine-id" fails prints "$machine_id" in_host self-0 cat /etc/machine-id
holds "a reimaged host keeps its address" prints 198.18.0.11 address_of self-0
holds "rekey" testbed rekey self-1
KNOWN_HOSTS=$old_known holds "a rekeyed host is not the known one" fails on root self-1 true
holds "a rekeyed host has new keys, and they are listed" on root self-1 true
rm -f "$old_known"

# ---- down
holds "down of one" testbed down self-1
holds "the others stay" prints $'self-0\nself-2' bash -c "'$TESTBED' list | cut -f 1"
holds "a named host comes back to its address" bash -c "'$TESTBED' up self-1 && '$TESTBED' list | grep 198.18.0.12"
# As after a crash: a supervisor and a systemd-nspawn whose records are lost, and a host that is half made.
rm "$MESOS_IAC_TESTBED_DIR/hosts/self-1/supervisor" "$MESOS_IAC_TESTBED_DIR/hosts/self-1/nspawn"
rm "$MESOS_IAC_TESTBED_DIR/hosts/self-2/prepared"
holds "down of all" testbed down
holds "nothing is left" prints $'0\n0\n0\n0' traces
holds "down again" testbed down
holds "up again, from the first address" bash -c "'$TESTBED' up other-0 && '$TESTBED' list | grep 198.18.0.11"
testbed down

printf '\n%d passed, %d failed\n' "$PASSED" "$NOT_PASSED"
[[ $NOT_PASSED -eq 0 ]]
