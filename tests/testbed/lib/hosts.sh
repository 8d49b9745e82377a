# shellcheck shell=bash
# One host: who it is, its file system, its processes, and waiting for it.
#
#   $STATE/identities/NAME/   number (hence the address), machine-id, ssh host keys; outlives a reset
#   $STATE/hosts/NAME/        root (the overlay, mounted), upper and work (its layers), console.log, and
#                             prepared: the overlay holds a whole host; supervisor, nspawn: recorded processes

readonly BOOT_TIMEOUT=${MESOS_IAC_TESTBED_TIMEOUT:-60}
# What systemd-nspawn --keep-unit ends with when the host has asked for a reboot.
readonly REBOOT_CODE=133
readonly HOST_ENVIRONMENT=(
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "TERM=${TERM:-dumb}"
)

directory_of() {
    printf '%s/hosts/%s' "$STATE" "$1"
}

identity_directory_of() {
    printf '%s/identities/%s' "$STATE" "$1"
}

number_of() {
    cat "$(identity_directory_of "$1")/number"
}

address_of() {
    address_of_number "$(number_of "$1")"
}

# Names of hosts that up made and down did not take away, in the order of their addresses.
existing_hosts() {
    local directory name
    for directory in "$STATE"/hosts/*/; do
        [[ -d $directory ]] || continue
        name=${directory%/}
        name=${name##*/}
        [[ -s $STATE/identities/$name/number ]] || continue
        printf '%s %s\n' "$(number_of "$name")" "$name"
    done | sort -n | cut -d ' ' -f 2
}

host_exists() {
    [[ -d $(directory_of "$1") && -s $(identity_directory_of "$1")/number ]]
}

host_is_running() {
    recorded_process "$(directory_of "$1")/supervisor" >/dev/null
}

# The process that is number 1 inside of the host.
leader_of() {
    local name=$1 nspawn child line
    local -a children=()
    nspawn=$(recorded_process "$(directory_of "$name")/nspawn") || return 1
    read -ra children 2>/dev/null <"/proc/$nspawn/task/$nspawn/children" || true
    for child in "${children[@]}"; do
        line=$(grep '^NSpid:' "/proc/$child/status" 2>/dev/null) || continue
        if [[ $line =~ ^NSpid:[[:space:]]+[0-9]+([[:space:]]+[0-9]+)*[[:space:]]+1$ ]]; then
            printf '%s' "$child"
            return
        fi
    done
    return 1
}

# up: running; cut: running, its cable unplugged; booting: between two boots; off: not running.
state_of() {
    local name=$1
    if ! host_is_running "$name"; then
        printf off
    elif ! leader_of "$name" >/dev/null; then
        printf booting
    elif cable_is_cut "$(number_of "$name")"; then
        printf cut
    else
        printf up
    fi
}

# ---- identity

# Gives the host the next free number. Not to be called for two hosts at once.
assign_number() {
    local directory file number next=$FIRST_HOST_NUMBER
    directory=$(identity_directory_of "$1")
    [[ ! -s $directory/number ]] || return 0
    for file in "$STATE"/identities/*/number; do
        [[ -s $file ]] || continue
        number=$(<"$file")
        if ((number >= next)); then next=$((number + 1)); fi
    done
    ((next < 65535)) || fail "no address is left"
    mkdir -p "$directory"
    printf '%d\n' "$next" | replace_file "$directory/number" 0644
}

make_host_keys() {
    local directory=$1/ssh
    rm -rf --one-file-system "$directory.new" "$directory"
    mkdir -m 0700 "$directory.new"
    ssh-keygen -q -t ed25519 -N '' -C "$2" -f "$directory.new/ssh_host_ed25519_key"
    # 2048 bits: making a longer one would take longer than the boot.
    ssh-keygen -q -t rsa -b 2048 -N '' -C "$2" -f "$directory.new/ssh_host_rsa_key"
    mv "$directory.new" "$directory"
}

complete_identity() {
    local name=$1 directory id
    directory=$(identity_directory_of "$name")
    if [[ ! -s $directory/machine-id ]]; then
        id=$(</proc/sys/kernel/random/uuid)
        printf '%s\n' "${id//-/}" | replace_file "$directory/machine-id" 0444
    fi
    if [[ ! -d $directory/ssh ]]; then make_host_keys "$directory" "root@$name"; fi
}

forget_keys_and_machine_id() {
    local directory
    directory=$(identity_directory_of "$1")
    rm -rf --one-file-system "$directory/ssh" "$directory/machine-id"
}

install_host_keys() {
    local name=$1 root=$2 source type
    source=$(identity_directory_of "$name")/ssh
    for type in ed25519 rsa; do
        install -m 0600 "$source/ssh_host_${type}_key" "$root/etc/ssh/"
        install -m 0644 "$source/ssh_host_${type}_key.pub" "$root/etc/ssh/"
    done
}

# ---- file system

mount_overlay() {
    local directory=$1
    if mountpoint --quiet "$directory/root"; then return; fi
    mkdir -p "$directory/root" "$directory/upper" "$directory/work"
    # redirect_dir lets a host rename directories of the base, as it could on a disk.
    mount -t overlay "mesos-iac-testbed" "$directory/root" \
        -o "lowerdir=$STATE/base,upperdir=$directory/upper,workdir=$directory/work,redirect_dir=on"
}

unmount_overlay() {
    local directory=$1
    while mountpoint --quiet "$directory/root"; do
        umount "$directory/root" 2>/dev/null || umount --lazy "$directory/root"
    done
}

# Makes a pristine file system with the host's identity in it.
prepare_overlay() {
    local name=$1 directory
    directory=$(directory_of "$name")
    discard_overlay "$name"
    mkdir -p "$directory"
    mount_overlay "$directory"
    printf '%s\n' "$name" >"$directory/root/etc/hostname"
    printf '127.0.0.1\tlocalhost\n127.0.1.1\t%s\n' "$name" >"$directory/root/etc/hosts"
    install -m 0444 "$(identity_directory_of "$name")/machine-id" "$directory/root/etc/machine-id"
    install_host_keys "$name" "$directory/root"
    : >"$directory/prepared"
}

discard_overlay() {
    local directory
    directory=$(directory_of "$1")
    unmount_overlay "$directory"
    remove_tree "$directory"
}

# ---- processes

# systemd-nspawn keeps the processes of a host in cgroups below the one it was started in. Hosts that were started in
# the same cgroup would share them, and their systemds would end each other's services; so each host has its own.
cgroup_roots() {
    awk '$3 == "cgroup2" || ($3 == "cgroup" && $4 ~ /(^|,)name=systemd(,|$)/) { print $2 }' /proc/self/mounts |
        sort -u
}

join_cgroup() {
    local group=$1 root
    while read -r root; do
        mkdir -p "$root/$NETNS/$group"
        printf '%s\n' "$BASHPID" >"$root/$NETNS/$group/cgroup.procs"
    done < <(cgroup_roots)
}

processes_in_cgroup() {
    local group=$1 root
    while read -r root; do
        [[ -d $root/$NETNS/$group ]] || continue
        find "$root/$NETNS/$group" -name cgroup.procs -exec cat {} + 2>/dev/null || true
    done < <(cgroup_roots) | sort -u
}

# Without a name: the cgroup above those of the hosts.
remove_cgroup() {
    local group=${1:-} root directory
    while read -r root; do
        directory=$root/$NETNS${group:+/$group}
        [[ -d $directory ]] || continue
        find "$directory" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done < <(cgroup_roots)
}

# Starts the host's supervisor in a session of its own; it goes on when this script ends.
launch() {
    local name=$1 directory
    directory=$(directory_of "$name")
    # The lock is not for it to hold.
    (
        exec {LOCK}>&-
        exec setsid --fork "$BASH" "$HERE/testbed.sh" __supervise "$name"
    ) </dev/null >>"$directory/console.log" 2>&1
}

# Whoever waits for the end of a pipe that the caller had open must not wait for the host.
close_inherited_files() {
    local file number
    for file in /proc/"$BASHPID"/fd/*; do
        number=${file##*/}
        # bash reads this script from 255.
        if ((number > 2 && number != 255)); then exec {number}>&-; fi
    done
}

# Boots the host, and boots it again whenever it reboots.
supervise() {
    local name=$1 directory code
    directory=$(directory_of "$name")
    close_inherited_files
    record_process "$directory/supervisor" "$BASHPID"
    join_cgroup "$name.supervisor"
    while true; do
        remove_cgroup "$name"
        (
            # exec keeps number and start time: from here on this is systemd-nspawn.
            record_process "$directory/nspawn" "$BASHPID"
            join_cgroup "$name"
            # Its network is its own, so it may have a firewall in it.
            exec systemd-nspawn --quiet --settings=no --register=no --keep-unit --capability=CAP_NET_ADMIN \
                --network-namespace-path="/run/netns/$(namespace_of_host "$name")" \
                --machine="$NETNS-$name" --hostname="$name" \
                --resolv-conf=off --timezone=off --link-journal=no \
                --bind-ro="$STATE/repo:/srv/apt" --setenv=SYSTEMD_COLORS=0 \
                --directory="$directory/root" --boot
        ) &
        code=0
        wait $! || code=$?
        rm -f "$directory/nspawn"
        printf -- '---- %s: the host has ended with code %d\n' "$(date --utc '+%F %T')" "$code"
        [[ $code -eq $REBOOT_CODE ]] || break
    done
    rm -f "$directory/supervisor"
}

# Ends all of the host's processes at once, as a power loss does.
kill_host() {
    local name=$1 directory leader pid tries left
    directory=$(directory_of "$name")
    # First the one that would boot it again.
    kill_recorded "$directory/supervisor"
    # The kernel ends everything inside of the host with its first process; systemd-nspawn then tidies up and ends.
    if leader=$(leader_of "$name"); then
        identity_of_process "$leader" >"$directory/victim"
        kill_recorded "$directory/victim"
        for ((tries = 0; tries < 40; tries++)); do
            recorded_process "$directory/nspawn" >/dev/null || break
            sleep 0.05
        done
    fi
    kill_recorded "$directory/nspawn"
    # Only processes of this host were ever put into its cgroups.
    for ((tries = 0; tries < 100; tries++)); do
        left=0
        for pid in $(processes_in_cgroup "$name") $(processes_in_cgroup "$name.supervisor"); do
            identity_of_process "$pid" >"$directory/victim" || continue
            left=1
            kill_recorded "$directory/victim"
        done
        [[ $left -eq 1 ]] || break
        sleep 0.05
    done
    [[ $left -eq 0 ]] || fail "$name: some of its processes do not end"
    rm -f "$directory/supervisor" "$directory/nspawn" "$directory/victim"
    # What a systemd-nspawn that had to be killed leaves.
    rmdir "/run/systemd/nspawn/propagate/$NETNS-$name" 2>/dev/null || true
    remove_cgroup "$name"
    remove_cgroup "$name.supervisor"
}

# Runs a command inside of a host, without ssh.
in_host() {
    local leader=$1
    shift
    nsenter --target "$leader" --all env -i "${HOST_ENVIRONMENT[@]}" "$@"
}

# ---- waiting

# Waits until the host has booted and its sshd answers. A leader that is named is that of an earlier boot.
wait_for_host() {
    local name=$1 old_leader=${2:-} deadline=$((SECONDS + BOOT_TIMEOUT)) leader state
    while true; do
        if leader=$(leader_of "$name") && [[ $leader != "$old_leader" ]] &&
            [[ -S /proc/$leader/root/run/systemd/private ]]; then
            break
        fi
        still_waiting "$name" "$deadline" "it has not started its service manager"
        sleep 0.1
    done
    # Also for the end of the boot: until then only root may log in.
    while true; do
        state=$(timeout "$((deadline > SECONDS ? deadline - SECONDS : 1))" nsenter --target "$leader" --all \
            systemctl is-system-running --wait 2>/dev/null </dev/null) || true
        [[ $state != running && $state != degraded ]] || break
        still_waiting "$name" "$deadline" "it has not finished its boot"
        sleep 0.1
    done
    if [[ $state == degraded ]]; then
        say "$name: degraded: $(in_host "$leader" systemctl list-units --failed --plain --no-legend | tr '\n' ' ')"
    fi
    if ! cable_is_cut "$(number_of "$name")"; then wait_for_sshd "$name" "$deadline"; fi
}

wait_for_sshd() {
    local name=$1 deadline=$2 address
    address=$(address_of "$name")
    until nsenter --net="/run/netns/$NETNS" timeout 2 "$BASH" -c \
        "exec 3<>/dev/tcp/$address/22 && read -r -u 3 line && [[ \$line == SSH-2.0-* ]]" 2>/dev/null </dev/null; do
        still_waiting "$name" "$deadline" "no sshd answers at $address"
        sleep 0.1
    done
}

still_waiting() {
    local name=$1 deadline=$2 trouble=$3
    # The supervisor needs a moment to record itself, hence not at once.
    if ((SECONDS > deadline - BOOT_TIMEOUT + 2)) && ! host_is_running "$name"; then
        show_console "$name"
        fail "$name has ended: $trouble"
    fi
    if ((SECONDS >= deadline)); then
        show_console "$name"
        fail "$name: $trouble within $BOOT_TIMEOUT s"
    fi
}

show_console() {
    local log
    log=$(directory_of "$1")/console.log
    printf -- '---- the end of %s\n' "$log" >&2
    tail -n 25 "$log" >&2 2>/dev/null || true
    printf -- '----\n' >&2
}

# ---- what tests read

write_known_hosts() {
    local name file
    for name in $(existing_hosts); do
        for file in "$(identity_directory_of "$name")"/ssh/*.pub; do
            [[ -s $file ]] || continue
            printf '%s,%s %s\n' "$(address_of "$name")" "$name" "$(cut -d ' ' -f 1,2 "$file")"
        done
    done | replace_file "$KNOWN_HOSTS" 0644
}

print_inputs() {
    local name
    for name in $(existing_hosts); do
        printf '[host.%s]\naddress = "%s"\n' "$name" "$(address_of "$name")"
    done
}

write_inputs() {
    print_inputs | replace_file "$INPUTS" 0644
}
